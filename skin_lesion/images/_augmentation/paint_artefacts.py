"""Draw hair, a ruler and dark corners on an image, so that a model learns to ignore them.

The augmenter draws them on photographs, and `make_lesion_images` on synthetic skin.
"""

import cv2
import numpy as np

from .._opencv_dtypes import to_dtype

_SUBPIXEL_BITS = 4
_DARK_HAIR = np.array([[22, 15, 12], [45, 30, 22], [85, 58, 40]])
_RULER_INK = (20, 20, 25)


def draw_artefacts(image, draw):
    """Return the image with the artefacts of its draw, or the image itself if there are none.

    All sizes are fractions of the shorter side. A seed gives the same artefacts at every image
    size.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels), of uint8, or floating from 0 to 255
        Three channels, RGB, for hair and a ruler.

    draw : record of DRAW_DTYPE
    """
    if draw["hair"] > 0:
        rng = np.random.default_rng([draw["seed"], 1])
        image = draw_hair(image, int(draw["hair"]), rng.choice(_DARK_HAIR), rng)
    if draw["ruler"]:
        image = draw_ruler(image, np.random.default_rng([draw["seed"], 2]))
    if draw["corners"] > 0:
        # At the strongest, a circle that touches the sides of a square remains bright. At the
        # weakest, only specks in the corners are dark.
        image = darken_corners(image, 1 - 0.3 * draw["corners"])
    return image


def draw_hair(image, n_hairs, colour, rng):
    """Draw slightly bent hairs, mostly in one direction."""
    side = min(image.shape[:2])
    headings = rng.uniform(0, 2 * np.pi) + rng.uniform(0.1, 0.7) * rng.standard_normal(n_hairs)
    starts = rng.uniform(0, 1, size=(n_hairs, 2)) * image.shape[1::-1]
    lengths = rng.uniform(0.3, 1.2, n_hairs) * side
    widths = rng.uniform(0.004, 0.013, n_hairs) * side
    lines = bend_lines(starts, headings, lengths, rng, wander=0.1)
    return cover(image, rng.uniform(0.7, 0.95) * draw_lines(image, lines, widths), colour)


def draw_ruler(image, rng, *, tilt=0.0):
    """Draw ticks along one side, tilted by an angle in radians. Every fifth tick is longer."""
    side = min(image.shape[:2])
    ticks = np.arange(-1.5, 1.5, rng.uniform(0.03, 0.07)) * side
    lengths = np.where(np.arange(len(ticks)) % 5 == 0, 0.07, 0.04) * side
    distance = rng.uniform(0.01, 0.08) * side
    # Coordinates from the middle of a side: along it, and inwards.
    inwards = np.array([(0, 1), (-1, 0), (0, -1), (1, 0)][rng.integers(4)])
    middle = np.array(image.shape[1::-1]) / 2 * (1 - inwards) + distance * inwards
    inwards = inwards @ [[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]]
    starts = middle + np.outer(ticks, [-inwards[1], inwards[0]])
    lines = np.stack([starts, starts + np.outer(lengths, inwards)], axis=1)
    mask = draw_lines(image, lines, np.full(len(lines), 0.005 * side))
    return cover(image, rng.uniform(0.7, 0.95) * mask, _RULER_INK)


def darken_corners(image, radius, *, softness=0.04, shade=4, off_centre=(0, 0)):
    """Darken the area around a round field of view. Lengths are in half diagonals."""
    height, width = image.shape[:2]
    half_diagonal = np.hypot(height, width) / 2
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / half_diagonal - off_centre[0]
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / half_diagonal - off_centre[1]
    distance = np.hypot(x, y[:, np.newaxis])
    return cover(image, np.clip((distance - radius) / softness, 0, 1), shade)


def bend_lines(starts, headings, lengths, rng, *, wander, n_steps=12):
    """Return lines that change their heading a little at each step.

    Returns
    -------
    lines : ndarray of shape (n_lines, n_steps + 1, 2)
        x and y of the points of each line.
    """
    turns = wander * rng.standard_normal((len(starts), n_steps))
    headings = np.reshape(headings, (-1, 1)) + np.cumsum(turns, axis=1)
    steps = direction(headings) * (np.reshape(lengths, (-1, 1, 1)) / n_steps)
    return np.asarray(starts)[:, np.newaxis] + np.pad(
        np.cumsum(steps, axis=1), [(0, 0), (1, 0), (0, 0)]
    )


def direction(angles):
    """Return unit vectors, with x and y on the last axis."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def draw_lines(image, lines, widths):
    """Return the share of each pixel, from 0 to 1, that the lines cover. Widths are in pixels."""
    mask = np.zeros(image.shape[:2], dtype=np.uint8)
    points = np.rint((lines - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
    for line, width in zip(points, widths, strict=True):
        thickness = max(1, round(width))
        share = min(1, width / thickness)  # a line thinner than a pixel is paler
        cv2.polylines(mask, [line], False, 255 * share, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask.astype(np.float32) / 255


def cover(image, opacity, colour):
    """Return the image covered by a colour. Opacity is from 0 to 1, of shape (height, width)."""
    covered = np.empty_like(image)
    # Channel by channel is several times faster here.
    for channel, shade in enumerate(np.broadcast_to(colour, image.shape[2]).tolist()):
        below = image[..., channel]
        covered[..., channel] = to_dtype(below * (1 - opacity) + opacity * shade, image.dtype)
    return covered
