"""Degrade an image as cameras and files do, by blur, noise and compression, or cut out a part."""

from functools import cache

import cv2
import numpy as np
from scipy.special import ndtri

from .._opencv_dtypes import for_opencv, to_dtype

_N_QUANTILES = 2**16


def degrade(image, draw):
    """Return the image blurred, noisy, compressed and with a part cut out, or unchanged.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels), of uint8, or floating from 0 to 255
        Three channels, RGB, if it is compressed.

    draw : record of DRAW_DTYPE
    """
    if draw["blur"] > 0:
        image = _blur(image, draw["blur"] * min(image.shape[:2]))
    if draw["noise"] > 0:
        image = _add_noise(
            image, 255 * float(draw["noise"]), np.random.default_rng([draw["seed"], 0])
        )
    if draw["jpeg_quality"] < 100:
        image = _compress(image, int(draw["jpeg_quality"]))
    if draw["cutout"] > 0:
        image = _cut_out(image, draw["cutout"], draw["cutout_x"], draw["cutout_y"])
    return image


def _blur(image, sigma):
    blurred = cv2.GaussianBlur(for_opencv(image), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return to_dtype(blurred.reshape(image.shape), image.dtype)  # sums of weights may exceed 1


def _add_noise(image, deviation, rng):
    # Several times as fast as drawing floats from a normal distribution.
    numbers = np.frombuffer(rng.bytes(2 * image.size), dtype="<u2")
    noise = (deviation * _make_quantiles()).take(numbers).reshape(image.shape)
    if image.dtype == np.uint8:
        rows = image.reshape(len(image), -1)
        return cv2.add(rows, noise.reshape(rows.shape), dtype=cv2.CV_8U).reshape(image.shape)
    return to_dtype(image + noise, image.dtype)


@cache
def _make_quantiles():
    """Return a quantile of the normal distribution for each number of 16 bits."""
    return ndtri((np.arange(_N_QUANTILES) + 0.5) / _N_QUANTILES).astype(np.float32)


def _compress(image, quality):
    bgr = cv2.cvtColor(to_dtype(image, np.uint8), cv2.COLOR_RGB2BGR)
    _, code = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(image.dtype, copy=False)


def _cut_out(image, share, x, y):
    """Fill a rectangle with the mean colour of the image, which carries the least information."""
    height, width = image.shape[:2]
    top, bottom = (round(np.clip(y + side * share / 2, 0, 1) * height) for side in (-1, 1))
    left, right = (round(np.clip(x + side * share / 2, 0, 1) * width) for side in (-1, 1))
    rows = cv2.reduce(for_opencv(image), 0, cv2.REDUCE_AVG, dtype=cv2.CV_64F).reshape(width, -1)
    mean = to_dtype(rows.mean(axis=0), image.dtype)
    image = image.copy()
    image[top:bottom, left:right] = mean
    return image
