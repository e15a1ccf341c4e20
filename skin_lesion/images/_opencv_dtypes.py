"""Convert pixels for OpenCV and back: it takes few float dtypes, and does not clip floats."""

import numpy as np

_KNOWN_TO_OPENCV = (np.uint8, np.float32, np.float64)


def for_opencv(pixels):
    """Return pixels as an array that OpenCV takes, without a copy if it takes them already."""
    dtype = None if pixels.dtype in _KNOWN_TO_OPENCV else np.float32
    return np.ascontiguousarray(pixels, dtype=dtype)


def to_dtype(pixels, dtype):
    """Return pixels in the given dtype, clipped, and rounded for uint8."""
    if pixels.dtype == dtype == np.uint8:
        return pixels
    if dtype == np.uint8:
        return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
    return np.clip(pixels, 0, 255).astype(dtype, copy=False)
