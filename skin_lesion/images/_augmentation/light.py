"""Change brightness, contrast, saturation and hue."""

import cv2
import numpy as np

from .._opencv_dtypes import for_opencv, to_dtype

_LEVELS = np.arange(256)
# Rows: luma, and two axes of chroma, in which hue is an angle. ITU-R BT.601, YIQ of NTSC.
_RGB_TO_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
)
_YIQ_TO_RGB = np.linalg.inv(_RGB_TO_YIQ)


def change_light(image, draw):
    """Return the image in another light, or the image itself if nothing changes.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels), of uint8, or floating from 0 to 255
        Three channels, RGB, if saturation or hue change.

    draw : record of DRAW_DTYPE
    """
    is_coloured = draw["saturation"] != 1 or draw["hue"] != 0
    if draw["contrast"] == 1 and draw["brightness"] == 0 and not is_coloured:
        return image
    (mean, *_) = cv2.mean(for_opencv(image).reshape(len(image), -1))
    offset = mean * (1 - draw["contrast"]) + 255 * draw["brightness"]
    if is_coloured:
        return _mix_channels(image, draw["contrast"] * _mix_for_colour(draw), offset)

    if image.dtype == np.uint8:
        table = to_dtype(_LEVELS * draw["contrast"] + offset, np.uint8)
        return cv2.LUT(image, table).reshape(image.shape)  # OpenCV drops an axis of length 1
    return to_dtype(image * draw["contrast"] + offset, image.dtype)


def _mix_for_colour(draw):
    """Return the matrix that changes saturation and hue but neither luma nor greys."""
    hue = np.deg2rad(draw["hue"])
    chroma = draw["saturation"] * np.array(
        [[np.cos(hue), np.sin(hue)], [-np.sin(hue), np.cos(hue)]]
    )
    turned = np.eye(3)
    turned[1:, 1:] = chroma
    return _YIQ_TO_RGB @ turned @ _RGB_TO_YIQ


def _mix_channels(image, matrix, offset):
    """Return ``matrix @ pixel + offset`` for every pixel, rounded once."""
    affine = np.column_stack([matrix, np.full(3, offset)])
    if image.dtype == np.uint8:
        return cv2.transform(image, affine)
    return to_dtype(cv2.transform(for_opencv(image), affine), image.dtype)
