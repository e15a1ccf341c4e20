"""Draw hair, a ruler and dark corners on an image, so that a model learns to look past them."""

import cv2
import numpy as np

from .._opencv_dtypes import to_dtype

_SUBPIXEL_BITS = 4
_N_STEPS = 12  # pieces of a hair
_HAIR_COLOURS = np.array([[22, 15, 12], [45, 30, 22], [85, 58, 40]])
_INK = np.array([20, 20, 25])
_BLACK = np.array([4, 4, 5])


def draw_artefacts(image, draw):
    """Return the image with what was drawn for it, or itself.

    All sizes are fractions of the shorter side, and the same seed draws the same at every size.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels), of uint8, or floating from 0 to 255
        Three channels, RGB, for hair and a ruler.

    draw : record of DRAW_DTYPE
    """
    if draw["hair"] > 0:
        image = _draw_hair(image, int(draw["hair"]), np.random.default_rng([draw["seed"], 1]))
    if draw["ruler"]:
        image = _draw_ruler(image, np.random.default_rng([draw["seed"], 2]))
    if draw["corners"] > 0:
        image = _darken_corners(image, draw["corners"])
    return image


def _draw_hair(image, n_hairs, rng):
    """Draw dark hairs, bent a little, mostly in one direction."""
    main_direction, disorder = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.7)
    start = rng.uniform(0, 1, size=(n_hairs, 1, 2)) * _size(image)
    heading = main_direction + disorder * rng.standard_normal((n_hairs, 1))
    heading = heading + np.cumsum(0.08 * rng.standard_normal((n_hairs, _N_STEPS)), axis=1)
    length = rng.uniform(0.3, 1.2, size=(n_hairs, 1, 1)) * min(image.shape[:2])
    steps = length / _N_STEPS * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    lines = np.concatenate([start, start + np.cumsum(steps, axis=1)], axis=1)
    widths = rng.uniform(0.004, 0.014, size=n_hairs)
    colour = _HAIR_COLOURS[rng.integers(len(_HAIR_COLOURS))]
    return _cover(image, _draw_lines(image, lines, widths), colour, rng.uniform(0.7, 0.95))


def _draw_ruler(image, rng):
    """Draw ticks along one side, every fifth longer."""
    height, width = image.shape[:2]
    short = min(height, width)
    ticks = np.arange(-1.5, 1.5, rng.uniform(0.03, 0.07)) * short
    lengths = np.where(np.arange(len(ticks)) % 5 == 0, 0.07, 0.04) * short
    distance = rng.uniform(0.01, 0.08) * short
    side = rng.integers(4)
    # From the middle of the side: along it, and towards the middle of the image.
    towards = np.array([(0, 1), (-1, 0), (0, -1), (1, 0)][side])
    along = np.array([-towards[1], towards[0]])
    middle = _size(image) / 2 * (1 - towards)
    starts = middle + ticks[:, np.newaxis] * along + distance * towards
    lines = np.stack([starts, starts + lengths[:, np.newaxis] * towards], axis=1)
    mask = _draw_lines(image, lines, np.full(len(lines), 0.006))
    return _cover(image, mask, _INK, rng.uniform(0.7, 0.95))


def _darken_corners(image, strength):
    """Draw the dark around a round field of view, whose rim is soft."""
    height, width = image.shape[:2]
    half_diagonal = np.hypot(height, width) / 2
    down = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / half_diagonal
    right = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / half_diagonal
    distance = np.hypot(down[:, np.newaxis], right)
    # The strongest leaves a circle that touches the sides of a square, the weakest a speck of dark.
    radius = 1 - 0.3 * strength
    return _cover(image, np.clip((distance - radius) / 0.04, 0, 1), _BLACK, 1.0)


def _draw_lines(image, lines, widths):
    """Return the share of each pixel, from 0 to 1, that lines of some widths cover."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), dtype=np.uint8)
    points = np.rint((lines - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
    for line, line_width in zip(points, widths, strict=True):
        thickness = max(1, round(line_width * min(height, width)))
        cv2.polylines(mask, [line], False, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask.astype(np.float32) / 255


def _cover(image, mask, colour, opacity):
    covered = mask > 0
    share = (opacity * mask[covered])[:, np.newaxis]
    # Corners are drawn on images of any number of channels.
    colour = colour if image.shape[2] == 3 else colour.mean()
    image = image.copy()
    image[covered] = to_dtype(image[covered] * (1 - share) + share * colour, image.dtype)
    return image


def _size(image):
    return np.array(image.shape[1::-1])
