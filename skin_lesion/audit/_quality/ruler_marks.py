"""Count the marks of a ruler among the short dark lines of a thumbnail."""

import numpy as np
from scipy import ndimage

_LENGTHS = (4, 30)
_ELONGATION = 2.2
_TURN = 0.2  # the sine of the angle between parallel marks
_STEP = 0.6  # largest offset between neighbouring marks, as a share of the longer mark
_LEAST_SPACING = 2.5
_UNEVENNESS = 0.2  # of the spacing
_MARGIN = 0.72  # share of the way from the middle to the side: rulers lie beside the lesion
_BY_CHANCE = 12  # short lines in a photograph without hair; among more, rows arise by chance


def count_ruler_marks(is_line):
    """Return the number of marks in evenly spaced rows, scaled down if there are many short lines.

    Parameters
    ----------
    is_line : ndarray of shape (side, side), of bool
        The dark and thin pixels. Lengths in pixels apply to a side of 192.
    """
    y, x, angle, length = _find_short_lines(is_line)
    if len(y) < 3:
        return 0.0
    dy, dx = y - y[:, np.newaxis], x - x[:, np.newaxis]
    cosine, sine = np.cos(angle)[:, np.newaxis], np.sin(angle)[:, np.newaxis]
    along, across = np.abs(dx * cosine + dy * sine), dy * cosine - dx * sine
    could_be_next = (
        (np.abs(np.sin(angle - angle[:, np.newaxis])) < _TURN)
        & (np.abs(across) > _LEAST_SPACING)
        & (along < _STEP * np.maximum(length, length[:, np.newaxis]))
    )
    after = np.where(could_be_next & (across > 0), across, np.inf).min(axis=1)
    before = np.where(could_be_next & (across < 0), -across, np.inf).min(axis=1)
    middle = (len(is_line) - 1) / 2
    is_mark = (
        np.isfinite(after)
        & np.isfinite(before)
        & (np.maximum(np.abs(y - middle), np.abs(x - middle)) > _MARGIN * middle)
    )
    after, before = after[is_mark], before[is_mark]
    # Positions are accurate to about a pixel.
    is_even = np.abs(after - before) < np.maximum(1.2, _UNEVENNESS * np.minimum(after, before))
    return np.count_nonzero(is_even) / max(1.0, len(y) / _BY_CHANCE)


def _find_short_lines(is_line):
    """Return row, column, angle and length of the short thin pieces of a mask."""
    labels, n_pieces = ndimage.label(is_line, structure=np.ones((3, 3)))
    places = np.flatnonzero(labels)
    labels = labels.ravel()[places] - 1
    rows, columns = np.divmod(places, is_line.shape[1])
    area = np.bincount(labels, minlength=n_pieces)

    def mean(values):
        return np.bincount(labels, values, minlength=n_pieces) / area

    y, x = mean(rows), mean(columns)
    # A bar of n pixels has a variance of n**2 / 12 if each pixel itself has a variance of 1 / 12.
    var_y, var_x = mean(rows**2) - y**2 + 1 / 12, mean(columns**2) - x**2 + 1 / 12
    covariance = mean(rows * columns) - x * y
    spread = np.hypot((var_x - var_y) / 2, covariance)
    length = np.sqrt(12 * ((var_x + var_y) / 2 + spread))
    width = np.sqrt(12 * np.maximum((var_x + var_y) / 2 - spread, 1 / 12))
    angle = 0.5 * np.arctan2(2 * covariance, var_x - var_y)

    shortest, longest = _LENGTHS
    is_short = (length >= shortest) & (length <= longest) & (length >= _ELONGATION * width)
    return y[is_short], x[is_short], angle[is_short], length[is_short]
