"""Images, their sizes and their pixels."""

import os
from collections import Counter
from numbers import Integral

import numpy as np
from PIL import Image
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite

from .paths import are_paths
from .rows import IMAGES_EXPECTED, check_rows

_N_SHAPES_NAMED = 5


def check_image_size(size, *, name="image_size", at_least=1):
    """Return height and width of images. One number stands for a square.

    Parameters
    ----------
    size : int or sequence of 2 ints

    name : str
        The name of the parameter in messages.

    at_least : int
        The smallest valid side.

    Returns
    -------
    size : tuple of (int, int)

    Raises
    ------
    ValueError
        If it is not one or two such integers.
    """
    sides = [size] * 2 if isinstance(size, Integral) else size
    if not isinstance(sides, (list, tuple, np.ndarray)):
        sides = ()
    if len(sides) != 2 or not all(
        isinstance(side, Integral) and not isinstance(side, bool) and side >= at_least
        for side in sides
    ):
        raise ValueError(
            f"{name} is {size!r}. Expected (height, width), two integers of at least {at_least}, or"
            f" one integer for a square: {name}=(224, 224), or {name}=224."
        )
    return int(sides[0]), int(sides[1])


def check_images(X, *, name="X", scale_is_known=False):
    """Return X as a stack of RGB images, without a copy if it is one already.

    Parameters
    ----------
    X : array-like of shape (n, height, width, 3)
        Pixels from 0 to 255, of an integer or floating dtype.

    name : str
        The name of X in messages.

    scale_is_known : bool
        See :func:`check_pixels`.

    Returns
    -------
    images : ndarray of shape (n, height, width, 3)
        uint8 if X has an integer dtype, otherwise in the floating dtype of X.

    Raises
    ------
    ValueError
        If X has another shape or range, or holds NaN or infinity.
    TypeError
        If X holds paths, or has no rows.
    """
    if are_paths(X) and not isinstance(X, (str, os.PathLike)):
        raise TypeError(
            f"{name} holds paths or text. Expected {IMAGES_EXPECTED}. Read the files first:"
            f" ImageLoader().transform({name}), or put ImageLoader ahead in a pipeline."
        )
    images = stack_images(X, name=name)
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(_explain_shape(images, name))
    return check_pixels(images, name=name, scale_is_known=scale_is_known)


def stack_images(X, *, name="X"):
    """Return images, or rows, as one array.

    Parameters
    ----------
    X : array-like of shape (n, ...)
        Also a list, object array or Series of n arrays of one shape.

    name : str
        The name of X in messages.

    Returns
    -------
    images : ndarray of shape (n, ...)
        X itself if it is such an array.

    Raises
    ------
    ValueError
        If X is None, a single path, sparse, or holds arrays of several shapes.
    TypeError
        If X has no rows.
    """
    check_rows(X, name=name, expected=IMAGES_EXPECTED)
    if issparse(X):
        raise ValueError(
            f"{name} is a sparse matrix of shape {X.shape}. Expected {IMAGES_EXPECTED}. Use"
            f" {name}.toarray(), and reshape it."
        )
    try:
        images = np.asarray(X)
        is_list_of_arrays = images.dtype == object and images.ndim == 1
    except ValueError:  # of arrays of several shapes
        is_list_of_arrays = True
    if not is_list_of_arrays:
        return images
    arrays = [np.asarray(image) for image in X]
    shapes = Counter(image.shape for image in arrays)
    if len(shapes) > 1:
        named = [f"{shape} in {n}" for shape, n in shapes.most_common(_N_SHAPES_NAMED)]
        found = ", ".join(named + ["..."] * (len(shapes) > _N_SHAPES_NAMED))
        raise ValueError(
            f"{name} holds {len(arrays)} arrays of {len(shapes)} shapes: {found}. Expected"
            f" {IMAGES_EXPECTED}, all of one size. Read the files with"
            f" ImageLoader(image_size=(224, 224)), or resize the arrays:"
            f" np.stack([cv2.resize(image, (224, 224)) for image in {name}])."
        )
    return np.stack(arrays) if arrays[0].ndim > 1 else images


def holds_arrays(X):
    """Tell whether X is an image, or a stack or sequence of images of any sizes."""
    if isinstance(X, Image.Image) or len(getattr(X, "shape", ())) > 2:
        return True
    return np.ndim(next(iter(X), None)) > 1


def check_pixels(pixels, *, name="X", scale_is_known=False):
    """Check dtype and range of an array of pixels of any shape. uint8 is returned unchanged.

    Parameters
    ----------
    pixels : ndarray

    name : str
        Their name in messages.

    scale_is_known : bool
        Whether it is already known that pixels are from 0 to 255, from `fit` or from the purpose of
        the step. If so, black images alone are valid. Otherwise floats that never exceed 1 are
        refused. In both cases an image with fractions that never exceeds 1 is refused, because
        other steps receive it in another batch.
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
        highs = pixels.max(axis=tuple(range(1, pixels.ndim)))
        # Whole numbers up to 1 are a black image. Only fractions show that pixels are 0 to 1.
        rescaled = [row for row in np.flatnonzero(highs <= 1) if (pixels[row] % 1).any()]
        if not rescaled and (scale_is_known or high > 1):
            return pixels
        subject = name
        if 0 < len(rescaled) < len(pixels):
            high = highs[rescaled].max()
            subject = f"{name}[{rescaled[0]}], the first of {len(rescaled)} such image(s),"
        raise ValueError(
            f"{subject} has {pixels.dtype} pixels and never exceeds 1 (maximum"
            f" {high:g}). Expected pixels from 0 to 255; the model rescales them itself."
            f" Multiply by 255, or pass uint8."
        )
    return pixels.astype(np.uint8)


def _explain_shape(images, name):
    found = f"{name} has shape {images.shape}."
    expected = f" Expected {IMAGES_EXPECTED}."
    if images.ndim == 4 and images.shape[3] == 4:
        return f"{found}{expected} The fourth channel is transparency: use {name}[..., :3]."
    if images.ndim == 4 and images.shape[1] == 3:
        return found + expected + " The channels come first: use np.moveaxis(X, 1, 3)."
    if images.ndim == 3 and images.shape[2] == 3:
        return found + expected + " This is one image: use X[np.newaxis]."
    if images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 1):
        return found + expected + " These are grey images: repeat the channel three times."
    return found + expected
