"""Paths of image files."""

import os
import reprlib

import numpy as np
import pandas as pd

from ..image_files import image_extensions, image_file_exists
from .messages import say_why_missing
from .rows import LIST_FOLDER, PATHS_EXPECTED, check_rows

_N_LOOKED_AT = 100


def are_paths(X):
    """Tell whether X seems to hold paths, in any of the accepted forms, rather than numbers.

    Bytes, and a table with a column of text, count as paths, too: :func:`check_paths` explains what
    to do about them. Only the first row that is not missing is checked, because X may be large.
    """
    if isinstance(X, (str, os.PathLike)):
        return True
    if hasattr(X, "iloc"):
        X = X.iloc[:_N_LOOKED_AT].to_numpy()
    if isinstance(X, np.ndarray) and (X.ndim == 0 or X.dtype.kind not in "OSUT"):
        return False
    if not isinstance(X, (np.ndarray, list, tuple)):
        return False
    for row in X[:_N_LOOKED_AT]:
        values = row if isinstance(row, (list, tuple)) or np.ndim(row) == 1 else [row]
        if any(isinstance(value, (str, bytes, os.PathLike)) for value in values):
            return True
        if not all(_is_missing(value) for value in values):
            return False
    return False


def _is_missing(value):
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def find_path_columns(X):
    """Return the columns of X that hold the path of an existing image file in each row.

    Parameters
    ----------
    X : array-like of shape (n,) or (n, n_columns)
        Paths, or a table that may have other columns.

    Returns
    -------
    columns : dict of str to ndarray of shape (n,), of str
        The columns, by name or number.
    """
    if not are_paths(X):
        return {}
    table = pd.DataFrame(X if hasattr(X, "iloc") else np.asarray(X, dtype=object))
    extensions, found = {"", *image_extensions()}, {}  # entries of HDF5 files have none

    def is_image_file(value):
        return (
            isinstance(value, (str, os.PathLike))
            and os.path.splitext(value)[1].lower() in extensions
            and image_file_exists(value)
        )

    for name, column in table.items():
        values = column.to_numpy(dtype=object)
        if all(map(is_image_file, values)):
            found[name] = np.array([os.fspath(value) for value in values], dtype=str)
    return found


def check_paths(X, *, name="X"):
    """Return the paths in X as an array of str.

    Parameters
    ----------
    X : array-like of shape (n,) or (n, 1), Series or one-column DataFrame
        Paths, `str` or `os.PathLike`.

    name : str
        The name of X in messages.

    Returns
    -------
    paths : ndarray of shape (n,), of str

    Raises
    ------
    ValueError
        If X has another shape, or is empty.
    TypeError
        If a value is not a path.
    """
    check_rows(X, name=name, expected=PATHS_EXPECTED)
    values = np.asarray(X, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(
            f"{name} has shape {values.shape}. Expected {PATHS_EXPECTED}."
            f"{_name_path_columns(X, name)}"
        )
    if values.size == 0:
        raise ValueError(f"Found array with 0 sample(s) in {name}. Expected at least one path.")
    for row, value in enumerate(values):
        if not isinstance(value, (str, os.PathLike)):
            advice = "Drop the rows without a path, or fill them in."
            if isinstance(value, bytes):
                advice = f"Decode them: [os.fsdecode(path) for path in {name}]."
            raise TypeError(
                f"{name}[{row}] is {reprlib.repr(value)}, of type {type(value).__name__}. Expected"
                f" {PATHS_EXPECTED}. {advice}"
            )
    return np.array([os.fspath(value) for value in values], dtype=str)


def _name_path_columns(X, name):
    """Return a sentence on which column of a table to pass, or "" if no column holds paths."""
    columns = list(find_path_columns(X)) if np.ndim(X) == 2 else []
    if not columns:
        return ""
    column = f"{name}[:, [{columns[0]}]]"
    if hasattr(X, "iloc"):
        column = f"{name}[[{columns[0]!r}]]"
    elif not hasattr(X, "shape"):
        column = f"[row[{columns[0]}] for row in {name}]"
    return f" Pass only its column of paths: {column}."


def check_files_exist(paths):
    """Raise a FileNotFoundError that names the first missing file and counts them all."""
    missing = [path for path in paths if not image_file_exists(path)]
    if missing:
        found = (
            f"{len(missing)} of {len(paths)} paths are not existing files. The first is"
            f" {str(missing[0])!r}"
        )
        if missing[0].startswith(("http://", "https://")):
            raise FileNotFoundError(f"{found}, a web address. Download the files first.")
        if os.path.isdir(missing[0]):
            raise FileNotFoundError(f"{found}, a folder. List its images: {LIST_FOLDER}.")
        raise FileNotFoundError(f"{found}.{say_why_missing(missing[0])}")
