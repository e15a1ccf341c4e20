"""Find bars, frames and dark corners of one colour around a photograph."""

import cv2
import numpy as np

# Chosen on 300 lesions of HAM10000 in 18 borders and on 3,000 without; benchmarks/README.md has the
# results on 300 others.
_DARK = 40  # below it, noise and stray light are taken for one colour
_TOLERANCE = 12  # from the colour of the corner; JPEGs ring around sharp edges
_MAX_DEVIATION = 3.0  # skin that is within the tolerance varies more
_MIN_STEP = 20  # at the inner edge; that of blurred skin is gradual
_MIN_SHARE = 0.02
_BRIGHT = 180  # of a photograph in good light, the brightness of the 95th percentile

_ONE_AWAY, _THREE_AWAY = np.ones((3, 3), np.uint8), np.ones((7, 7), np.uint8)
_FILL = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (1 << 8)


def find_constant_border(image):
    """Return where a photograph has a border of one colour.

    A border is what can be reached from a corner over pixels of nearly its colour. It is dark or
    varies little, and ends in a step.

    Parameters
    ----------
    image : ndarray of shape (side, side, 3), uint8
        A thumbnail: all lengths are in its pixels.

    Returns
    -------
    border : ndarray of shape (side, side), uint8
        1 in the border; 0 everywhere if it covers less than 2% of the image, or all of it.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    place = int(0.95 * grey.size)
    light = np.partition(grey, place, axis=None)[place]  # np.percentile takes six times as long
    image = cv2.convertScaleAbs(image, alpha=max(1, _BRIGHT / max(int(light), 1)))
    image = np.maximum(image, _DARK)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    border = np.zeros_like(grey)
    last = len(image) - 1
    for corner in ((0, 0), (last, 0), (0, last), (last, last)):
        if border[corner]:
            continue
        mask = np.zeros((last + 3, last + 3), dtype=np.uint8)
        tolerance = (_TOLERANCE,) * 3
        cv2.floodFill(image, mask, corner[::-1], 0, tolerance, tolerance, _FILL)
        part = mask[1:-1, 1:-1]
        mean, deviation = cv2.meanStdDev(grey, mask=part)
        # The pixel at the edge is a mixture.
        inner_edge = cv2.dilate(part, _THREE_AWAY) > cv2.dilate(part, _ONE_AWAY)
        is_dark = mean.item() <= _DARK + _TOLERANCE
        if (
            (is_dark or deviation.item() <= _MAX_DEVIATION)
            and inner_edge.any()
            and abs(np.median(grey[inner_edge]) - mean.item()) >= _MIN_STEP
        ):
            border |= part
    return border if _MIN_SHARE <= border.mean() < 1 else np.zeros_like(border)
