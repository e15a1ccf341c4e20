"""What cameras and files do to an image: blur, noise and compression; and a part of it left out."""

import cv2
import numpy as np


def degrade(image, draw):
    """Return the image blurred, noisy, compressed and with a part cut out, or itself.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels), of uint8, or floating from 0 to 255
        Three channels, RGB, where it is compressed.

    draw : record of DRAW_DTYPE
    """
    if draw["blur"] > 0:
        image = _blur(image, draw["blur"] * min(image.shape[:2]))
    if draw["noise"] > 0:
        image = _add_noise(image, 255 * draw["noise"], np.random.default_rng([draw["seed"], 0]))
    if draw["jpeg_quality"] < 100:
        image = _compress(image, int(draw["jpeg_quality"]))
    if draw["cutout"] > 0:
        image = _cut_out(image, draw["cutout"], draw["cutout_x"], draw["cutout_y"])
    return image


def to_dtype(pixels, dtype):
    """Return pixels, floating, as the dtype, rounded and clipped where it is uint8."""
    if dtype == np.uint8:
        return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
    return np.clip(pixels, 0, 255).astype(dtype)


def _blur(image, sigma):
    known = image if image.dtype in (np.uint8, np.float64) else image.astype(np.float32)
    blurred = cv2.GaussianBlur(known, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return blurred.reshape(image.shape).astype(image.dtype, copy=False)


def _add_noise(image, deviation, rng):
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    noise *= deviation
    noise += image
    return to_dtype(noise, image.dtype)


def _compress(image, quality):
    bgr = np.ascontiguousarray(to_dtype(image, np.uint8)[..., ::-1])
    _, code = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1].astype(image.dtype)


def _cut_out(image, share, x, y):
    """Fill a rectangle with the mean colour, which says least."""
    height, width = image.shape[:2]
    top, bottom = (round(np.clip(y + side * share / 2, 0, 1) * height) for side in (-1, 1))
    left, right = (round(np.clip(x + side * share / 2, 0, 1) * width) for side in (-1, 1))
    known = image if image.dtype == np.uint8 else image.astype(np.float32)
    rows = cv2.reduce(known, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F).reshape(width, -1)
    mean = to_dtype(rows.mean(axis=0), image.dtype)
    image = image.copy()
    image[top:bottom, left:right] = mean
    return image
