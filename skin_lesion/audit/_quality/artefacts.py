"""Estimate how much of a thumbnail is hair, a ruler or ink."""

import numpy as np
from scipy import ndimage

_LINE_WIDTH = 7  # wider ones are left alone, as lesions are
_LINE_DARKNESS = 16  # grey levels below both sides; most skin lines and JPEG blocks stay below 12

_HAIR_DIRECTIONS = 12
_HAIR_LENGTH = 24  # 3 * 8; an eighth of the side: the meshes of a pigment network are shorter
_HAIR_FILLED = 20  # of the 24 pixels: hair bends, and its ends fade
_HAIR_LINEAR = 12  # more of them than in the mean of all directions; a network fills them all

_TICK_LENGTHS = (4, 30)
_TICK_WIDTH = 5
_TICK_ELONGATION = 2.2
_TICK_TURN = 0.2  # the sine of the angle between parallel ticks
_TICK_LENGTH_RATIO = 3  # every fifth or tenth is longer
_TICK_SPACINGS = (2.5, 28)
_TICK_UNEVENNESS = 0.2  # of the spacing
_TICK_MARGIN = 0.72  # of the way from the middle to the side: scales lie beside the lesion
_TICKS_BY_CHANCE = 12  # short lines in a photograph without hair; among more, rows are no evidence

# Of 19 images of HAM10000 with marker ink, its median chroma is 58 to 127, saturation 0.35 to 0.73
# and blue 137 to 239. Blue naevi and vascular lesions have a chroma of 26 to 60, and are darker.
_INK_CHROMA = 58
_INK_SATURATION = 0.35
_INK_BLUE = 120
_INK_BLUE_OVER_RED = 5
_INK_BLUER_THAN_SKIN = 30
_INK_MARGIN = 0.6  # beyond it, in half sides, the colour of the skin is read
_BLUE_CAST = (
    30  # blue minus red of the skin: -44 to 16 around ink, 44 to 81 in photographs all blue
)
_SKIN_GREEN = 60  # darker is the unlit field, or hair
_INK_CLEARANCE = 0.45  # from the middle, in half sides: what comes nearer is a lesion
_INK_AREA = 12  # pixels; smaller spots are colour fringes of hairs
_INK_GAP = 2  # pixels between parts of one stroke


def find_thin_dark_lines(luminance):
    """Return a mask of what is dark, and less than 7 pixels wide in some direction: a black-hat.

    Parameters
    ----------
    luminance : ndarray of shape (side, side), of uint8
    """
    # Dark fields that leave the image must not look thin: the margin is made wide enough.
    closed = np.pad(luminance, _LINE_WIDTH - 1, mode="edge")
    for extremum in (np.maximum, np.minimum):
        for _ in range(2):
            closed = _running(extremum, closed, _LINE_WIDTH).T
    return closed - luminance > _LINE_DARKNESS


def _running(extremum, rows, n):
    """Return the extremum of each n neighbours in a column, n - 1 fewer than there are.

    Doubling the window on bytes is ten times as fast as the filters of scipy.ndimage.
    """
    width = 1
    while width < n:
        step = min(width, n - width)
        rows = extremum(rows[: len(rows) - step], rows[step:])
        width += step
    return rows


def measure_hair(is_line):
    """Return the share of pixels in the middle of long straight pieces of thin dark lines."""
    most, total = _count_along_lines(is_line)
    is_filled = most >= _HAIR_FILLED
    is_linear = (most - total / _HAIR_DIRECTIONS) >= _HAIR_LINEAR
    return (is_filled & is_linear).mean()


def _count_along_lines(mask):
    """Count the pixels of a mask on line segments around each pixel.

    Returns
    -------
    most : ndarray of shape (side, side), of uint8
        In the direction where there are most.

    total : ndarray of shape (side, side), of uint16
        In all directions.
    """
    # On the flattened mask a step in any direction is an offset, and the zeros around it keep lines
    # from leaving on one side and coming in on the other.
    margin = _HAIR_LENGTH
    padded = np.pad(mask.view(np.uint8), margin)
    width = padded.shape[1]
    first, size = margin * width, mask.shape[0] * width
    most, total = np.zeros(size, dtype=np.uint8), np.zeros(size, dtype=np.uint16)
    for angle in np.pi / _HAIR_DIRECTIONS * np.arange(_HAIR_DIRECTIONS):
        steps = {
            n: int(round(n * np.sin(angle)) * width + round(n * np.cos(angle)))
            for n in (1, 2, 4, 8, 12, 16)
        }
        counts, start = padded.ravel(), 0  # counts[i]: on the segment that starts at i + start
        for further in [(steps[1],), (steps[2],), (steps[4],), (steps[8], steps[16])]:
            counts, start = _add_further(counts, start, further)
        begin = first - steps[12] - start
        counts = counts[begin : begin + size]
        np.maximum(most, counts, out=most)
        total += counts
    inside = slice(margin, margin + mask.shape[1])
    return most.reshape(-1, width)[:, inside], total.reshape(-1, width)[:, inside]


def _add_further(counts, start, steps):
    """Add to each count those some steps further, as far as there are such."""
    back = max(0, -min(steps))
    n = len(counts) - back - max(0, *steps)
    added = counts[back : back + n].copy()
    for step in steps:
        added += counts[back + step : back + step + n]
    return added, start + back


def measure_ruler(is_line):
    """Return the number of marks in evenly spaced rows, scaled down where short lines abound."""
    y, x, angle, length = _find_ticks(is_line)
    if len(y) < 3:
        return 0.0
    dy, dx = y - y[:, np.newaxis], x - x[:, np.newaxis]
    cosine, sine = np.cos(angle)[:, np.newaxis], np.sin(angle)[:, np.newaxis]
    along, across = np.abs(dx * cosine + dy * sine), dy * cosine - dx * sine
    longer = np.maximum(length, length[:, np.newaxis])
    low, high = _TICK_SPACINGS
    could_be_next = (
        (np.abs(np.sin(angle - angle[:, np.newaxis])) < _TICK_TURN)
        & (longer < _TICK_LENGTH_RATIO * np.minimum(length, length[:, np.newaxis]))
        & (np.abs(across) > low)
        & (np.abs(across) < high)
        & (along < np.minimum(0.6 * longer, 0.8 * np.abs(across)))  # long ticks start level
    )
    after = np.where(could_be_next & (across > 0), across, np.inf)
    before = np.where(could_be_next & (across < 0), -across, np.inf)
    neighbours = after.argmin(axis=1), before.argmin(axis=1)
    gaps = np.stack([after.min(axis=1), before.min(axis=1)])
    is_between = np.isfinite(gaps).all(axis=0)
    gaps = gaps[:, is_between]
    unevenness = np.abs(gaps[0] - gaps[1])
    is_between[is_between] = unevenness < np.maximum(1.2, _TICK_UNEVENNESS * gaps.min(axis=0))

    middle = (is_line.shape[0] - 1) / 2
    is_marginal = np.maximum(np.abs(y - middle), np.abs(x - middle)) > _TICK_MARGIN * middle
    is_in_row = is_between[neighbours[0]] | is_between[neighbours[1]]
    n_marks = np.count_nonzero(is_between & (is_in_row | is_marginal))
    return n_marks / max(1.0, len(y) / _TICKS_BY_CHANCE)


def _find_ticks(is_line):
    """Return row, column, angle and length of the short thin pieces of a mask."""
    labels, n_pieces = ndimage.label(is_line, structure=np.ones((3, 3)))
    places = np.flatnonzero(labels)
    labels = labels.ravel()[places] - 1
    rows, columns = np.divmod(places, is_line.shape[1])
    area = np.bincount(labels, minlength=n_pieces)

    def mean(values):
        return np.bincount(labels, values, minlength=n_pieces) / area

    y, x = mean(rows), mean(columns)
    # A bar of n pixels has a variance of n**2 / 12, if each pixel has one of 1 / 12 in itself.
    var_y, var_x = mean(rows**2) - y**2 + 1 / 12, mean(columns**2) - x**2 + 1 / 12
    covariance = mean(rows * columns) - x * y
    spread = np.sqrt(((var_x - var_y) / 2) ** 2 + covariance**2)
    length = np.sqrt(12 * ((var_x + var_y) / 2 + spread))
    width = np.sqrt(12 * np.maximum((var_x + var_y) / 2 - spread, 1 / 12))
    angle = 0.5 * np.arctan2(2 * covariance, var_x - var_y)

    low, high = _TICK_LENGTHS
    is_tick = (
        (length >= low)
        & (length <= high)
        & (width <= _TICK_WIDTH)
        & (length >= _TICK_ELONGATION * width)
    )
    return y[is_tick], x[is_tick], angle[is_tick], length[is_tick]


def measure_ink(image, distance):
    """Return the share of pixels in vivid blue or violet spots away from the middle.

    It is 0 where the skin itself is blue: there, ink cannot be told from the white balance.

    Parameters
    ----------
    image : ndarray of shape (side, side, 3), of uint8

    distance : ndarray of shape (side, side)
        From the middle, in half sides.
    """
    red, green, blue = image.transpose(2, 0, 1).astype(np.int16)
    blue_over_red = blue - red
    is_blue = (blue > _INK_BLUE) & (blue > green) & (blue_over_red > _INK_BLUE_OVER_RED)
    if not is_blue.any():
        return 0.0
    chroma = blue - np.minimum(red, green)
    is_skin = (distance > _INK_MARGIN) & (green > _SKIN_GREEN)
    skin = np.median(blue_over_red[is_skin]) if is_skin.any() else 0
    if skin > _BLUE_CAST:
        return 0.0
    is_ink = (
        is_blue
        & (chroma >= _INK_CHROMA)
        & (chroma >= _INK_SATURATION * blue)
        & (blue_over_red > skin + _INK_BLUER_THAN_SKIN)
    )
    if not is_ink.any():
        return 0.0
    strokes, n_strokes = ndimage.label(ndimage.binary_dilation(is_ink, iterations=_INK_GAP))
    area = np.bincount(strokes[is_ink], minlength=n_strokes + 1)
    clearance = ndimage.minimum(distance, strokes, np.arange(n_strokes + 1))
    return area[(area >= _INK_AREA) & (clearance > _INK_CLEARANCE)].sum() / is_ink.size
