"""Find thin dark lines that go straight on for a while."""

from functools import lru_cache

import cv2
import numpy as np

_N_DIRECTIONS = 12
_N_PIECES = 3  # in which a line is searched for, to let it bend between them
_AROUND = 0.1  # of the shorter side, over which the black-hat is averaged for comparison
# How much darker than its surroundings' black-hat a line must be, and the most that can ask, for
# dense hair to be found. Fitted to drawn images with and without hair; README of the benchmarks.
_AROUND_WEIGHT = 2.0
_MOST_FOR_AROUND = 32
_CORE, _RIM = 0.5, 0.25  # of the contrast asked for, in the middle of the line and at its edges
_REACH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # from the middle to the edges


def find_dark_lines(grey, *, width, length, contrast):
    """Return a mask of dark lines, 255 on them.

    Parameters
    ----------
    grey : ndarray of shape (height, width), of uint8

    width, length : float
        The largest width and the smallest length, as fractions of the shorter side.

    contrast : float
        Grey levels by which a line is darker than both sides.

    Returns
    -------
    is_line : ndarray of shape (height, width), of uint8
    """
    side = min(grey.shape)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_odd(width * side),) * 2)
    darkness = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc)
    if darkness.max() <= contrast:
        return np.zeros_like(grey)
    straight = _measure_straightness(darkness, _odd(length * side / _N_PIECES))
    window = (_odd(_AROUND * side),) * 2
    around = cv2.blur(darkness.astype(np.float32), window, borderType=cv2.BORDER_REFLECT)
    asked = contrast + np.minimum(_AROUND_WEIGHT * around, _MOST_FOR_AROUND)
    core = (straight > asked) & (darkness > _CORE * asked)
    near = cv2.dilate(core.view(np.uint8), _REACH).view(bool)
    return np.where(near & (darkness > _RIM * asked), np.uint8(255), np.uint8(0))


def _measure_straightness(darkness, piece_length):
    """Return how dark the best line through each pixel is, in the lightest of its pieces.

    The pieces follow each other, and those at the ends may turn by one direction.
    """
    pieces = _make_pieces(piece_length)
    means = [cv2.filter2D(darkness, -1, kernel) for kernel, _, _ in pieces]
    best = np.zeros_like(darkness)
    for number, (_, down, right) in enumerate(pieces):
        middle = means[number]
        end = cv2.max(cv2.max(means[number - 1], middle), means[(number + 1) % len(pieces)])
        line = cv2.min(cv2.min(middle, _shift(end, down, right)), _shift(end, -down, -right))
        # All of the line, not its middle alone.
        for whole in (line, _shift(line, down, right), _shift(line, -down, -right)):
            best = cv2.max(best, whole)
    return best


@lru_cache(maxsize=16)
def _make_pieces(length):
    """Return for each direction a kernel that averages along it, and the step of its length."""
    pieces = []
    for angle in np.pi / _N_DIRECTIONS * np.arange(_N_DIRECTIONS):
        across, down = np.cos(angle), np.sin(angle)
        half = (length - 1) / 2
        ends = [
            (round(half + sign * half * across), round(half + sign * half * down))
            for sign in (-1, 1)
        ]
        kernel = cv2.line(np.zeros((length, length), np.float32), *ends, 1.0)
        pieces.append((kernel / kernel.sum(), round(length * down), round(length * across)))
    return pieces


def _shift(image, down, right):
    """Move an image, and fill with 0."""
    height, width = image.shape
    shifted = np.zeros_like(image)
    shifted[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = image[
        max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return shifted


def _odd(n):
    return max(3, int(n) | 1)
