"""Checks that several rooms share, and the messages they give.

Messages follow one form: what was found, what was expected, what to do.
"""

import os
from difflib import get_close_matches

import numpy as np
import pandas as pd
from sklearn.utils import assert_all_finite, column_or_1d

from .image_files import image_file_exists

PATHS_EXPECTED = (
    "paths as an (n, 1) or (n,) array, a list of str or pathlib.Path, a Series or a one-column"
    " DataFrame"
)
_N_NAMED = 5


def did_you_mean(name, choices):
    """Return " Did you mean 'x'?", or an empty string where nothing is close."""
    by_lower_case = {choice.lower(): choice for choice in choices}
    close = get_close_matches(str(name).lower(), by_lower_case, n=1)
    return f" Did you mean {by_lower_case[close[0]]!r}?" if close else ""


def name_some(names):
    """Write out the first few names."""
    named = ", ".join(repr(name) for name in names[:_N_NAMED])
    return named if len(names) <= _N_NAMED else f"{named} and {len(names) - _N_NAMED} more"


def are_paths(X):
    """Tell whether X holds paths, in any of the accepted forms, rather than numbers.

    Only the first value is looked at: X may be large.
    """
    if hasattr(X, "iloc"):
        X = X.iloc[:1].to_numpy()
    while isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.ndim):
        if len(X) == 0:
            return False
        X = X[0]
    return isinstance(X, (str, os.PathLike))


def check_paths(X, *, name="X"):
    """Return the paths in X as an array of str.

    Parameters
    ----------
    X : array-like of shape (n,) or (n, 1), Series or one-column DataFrame
        Paths, `str` or `os.PathLike`.

    name : str
        What to call X in messages.

    Returns
    -------
    paths : ndarray of shape (n,), of str

    Raises
    ------
    ValueError
        If X has another shape, or is empty.
    TypeError
        If a value is no path.
    """
    if isinstance(X, (str, os.PathLike)):
        raise ValueError(
            f"{name} is a single path, {os.fspath(X)!r}. Expected {PATHS_EXPECTED}. Put it into a"
            f" list: [{os.fspath(X)!r}]."
        )
    values = np.asarray(X, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"{name} has shape {values.shape}. Expected {PATHS_EXPECTED}.")
    if values.size == 0:
        raise ValueError(f"Found array with 0 sample(s) in {name}. Expected at least one path.")
    for row, value in enumerate(values):
        if not isinstance(value, (str, os.PathLike)):
            raise TypeError(
                f"{name}[{row}] is {value!r}, of type {type(value).__name__}. Expected"
                f" {PATHS_EXPECTED}. Drop the rows without a path, or fill them in."
            )
    return np.array([os.fspath(value) for value in values], dtype=str)


def check_files_exist(paths):
    """Raise a FileNotFoundError that names the first missing file and counts them all."""
    missing = [path for path in paths if not image_file_exists(path)]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} paths are no existing files, the first is"
            f" {str(missing[0])!r}. Relative paths are looked up in {os.getcwd()!r}."
        )


def number_labels(values, *, name):
    """Return the distinct labels, sorted, and the number of the label of each row.

    Parameters
    ----------
    values : array-like of shape (n,)
        Classes or groups: text or numbers.

    name : str
        What to call them in messages.

    Returns
    -------
    labels : ndarray of shape (n_labels,)

    numbers : ndarray of shape (n,), of int

    Raises
    ------
    ValueError
        If values are missing, or if there are none.
    """
    values = column_or_1d(values)
    if not len(values):
        raise ValueError(f"{name} is empty. Expected at least one row.")
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise ValueError(
            f"{name} is missing in {len(missing)} of {len(values)} rows, the first is row"
            f" {missing[0]}. Expected a value in each: fill them in (an id of its own for each row"
            " whose group is unknown), or drop the rows."
        )
    return np.unique(values, return_inverse=True)


def check_images(X, *, name="X", scale_is_known=False):
    """Return X as a stack of RGB images, without copying it where it is one already.

    Parameters
    ----------
    X : array-like of shape (n, height, width, 3)
        Pixels from 0 to 255, of an integer or floating dtype.

    name : str
        What to call X in messages.

    scale_is_known : bool
        See :func:`check_pixels`.

    Returns
    -------
    images : ndarray of shape (n, height, width, 3)
        uint8 where X has an integer dtype, else of the floating dtype of X.

    Raises
    ------
    ValueError
        If X has another shape or range, or holds NaN or infinity.
    """
    images = np.asarray(X)
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(_explain_shape(images, name))
    return check_pixels(images, name=name, scale_is_known=scale_is_known)


def check_pixels(pixels, *, name="X", scale_is_known=False):
    """Check dtype and range of an array of pixels of any shape; uint8 passes through as it is.

    Parameters
    ----------
    pixels : ndarray

    name : str
        What to call them in messages.

    scale_is_known : bool
        Whether `fit`, or what the step is for, has settled that pixels are from 0 to 255. Then each
        image along the first axis is judged by itself, whatever the others are, and a black one
        passes. Otherwise floats of which none exceeds 1 are refused.
    """
    if pixels.size == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={pixels.shape}) in {name} while a minimum of 1"
            " is required."
        )
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind not in "uif":
        raise ValueError(
            f"{name} has dtype {pixels.dtype}. Expected pixels from 0 to 255: uint8, or a floating"
            " dtype."
        )
    assert_all_finite(pixels, input_name=name)
    low, high = pixels.min(), pixels.max()
    if low < 0 or high > 255:
        raise ValueError(
            f"{name} has values from {low:g} to {high:g}. Expected pixels from 0 to 255; the model"
            " rescales them itself. Undo the normalisation first."
        )
    if pixels.dtype.kind == "f":
        subject = name
        if scale_is_known:
            highs = pixels.max(axis=tuple(range(1, pixels.ndim)))
            # Whole numbers up to 1 are black; fractions alone are pixels from 0 to 1.
            rescaled = [row for row in np.flatnonzero(highs <= 1) if (pixels[row] % 1).any()]
            if not rescaled:
                return pixels
            high = highs[rescaled].max()
            if len(rescaled) < len(pixels):
                subject = f"{name}[{rescaled[0]}], one of {len(rescaled)} such image(s) in {name},"
        if high <= 1:
            raise ValueError(
                f"{subject} has {pixels.dtype} pixels and never exceeds 1 (maximum"
                f" {high:g}). Expected pixels from 0 to 255; the model rescales them itself."
                f" Multiply by 255, or pass uint8."
            )
        return pixels
    return pixels.astype(np.uint8)


def _explain_shape(images, name):
    found = f"{name} has shape {images.shape}."
    expected = " Expected RGB images of shape (n, height, width, 3)."
    if images.ndim == 4 and images.shape[1] == 3:
        return found + expected + " The channels come first: use np.moveaxis(X, 1, 3)."
    if images.ndim == 3 and images.shape[2] == 3:
        return found + expected + " This is one image: use X[np.newaxis]."
    if images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 1):
        return found + expected + " These are grey images: repeat the channel three times."
    return found + expected
