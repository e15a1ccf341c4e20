"""Mirror, rotate, scale, shear and shift an image in a single step."""

import cv2
import numpy as np

_OPENCV_CHANNELS = 4  # that OpenCV warps at a time


def warp(image, draw):
    """Return the image after all geometric changes, or the image itself if there are none.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels), of uint8 or floating

    draw : record of DRAW_DTYPE
    """
    height, width, n_channels = image.shape
    matrix, offset = _map_output_to_input(draw, height, width)
    if np.array_equal(matrix, np.eye(2)) and not offset.any():
        return image
    # OpenCV counts from the middle of the first pixel; draws count from its corner.
    offset = offset + matrix @ (0.5, 0.5) - 0.5
    # OpenCV warps float64 with coordinates rounded to 1/32.
    pixels = np.ascontiguousarray(image, dtype=None if image.dtype == np.uint8 else np.float32)
    parts = [
        cv2.warpAffine(
            pixels[..., start : start + _OPENCV_CHANNELS],
            np.column_stack([matrix, offset]),
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        ).reshape(height, width, -1)
        for start in range(0, n_channels, _OPENCV_CHANNELS)
    ]
    return np.concatenate(parts, axis=2).astype(image.dtype, copy=False)


def _map_output_to_input(draw, height, width):
    """Return the map from (x, y) in the output to (x, y) in the input, about the centre."""
    angle = np.deg2rad(draw["angle"])
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    lean = np.array([[1.0, np.tan(np.deg2rad(draw["shear"]))], [0.0, 1.0]])
    mirror = np.array([-1.0 if draw["flip_x"] else 1.0, -1.0 if draw["flip_y"] else 1.0])
    matrix = mirror[:, np.newaxis] * turn @ lean / draw["zoom"]
    centre = np.array([width, height]) / 2
    shift = np.array([draw["shift_x"] * width, draw["shift_y"] * height])
    return matrix, centre - matrix @ (centre + shift)
