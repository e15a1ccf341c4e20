"""Find thin dark lines that go straight on for a while."""

from functools import lru_cache

import cv2
import numpy as np

_N_DIRECTIONS = 16
# In which a line is searched for, so that none may be missing, and the last may be bent.
_N_PIECES = 5
_AROUND = 2.5  # widths, over which the black-hat is averaged for comparison
# By how much darker a line must be for what is dark around it, and for what is straight in other
# directions, too. Fitted, as the next, to drawn images with hair and the same ones without.
_AROUND_WEIGHT, _ASTRAY_WEIGHT = 1.25, 0.75
_HIGHEST = 6  # times the contrast: what is darker counts no more, for a black spot to be no line
_CORE = 0.5  # of the darkness asked for, that the middle of a line has in each pixel
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
    limited = np.minimum(darkness, np.uint8(min(_HIGHEST * contrast, 255)))
    straight, astray = _measure_straightness(limited, _odd(length * side / _N_PIECES))
    window = (_odd(_AROUND * width * side),) * 2
    around = cv2.blur(limited.astype(np.float32), window, borderType=cv2.BORDER_REFLECT)
    asked = contrast + _AROUND_WEIGHT * around + _ASTRAY_WEIGHT * astray
    core = (straight > asked) & (limited > _CORE * asked)
    near = cv2.dilate(core.view(np.uint8), _REACH).view(bool)
    return np.where(near & (darkness > contrast), np.uint8(255), np.uint8(0))


def _measure_straightness(darkness, piece_length):
    """Return how dark the lines through each pixel are, in the lightest of their pieces.

    Returns
    -------
    best : ndarray of shape (height, width), of uint8
        In the direction where they are darkest.

    mean : ndarray of shape (height, width), of float32
        In all directions.
    """
    pieces = _make_pieces(piece_length)
    means = [cv2.filter2D(darkness, -1, kernel) for kernel, _ in pieces]
    best = np.zeros_like(darkness)
    total = np.zeros(darkness.shape, dtype=np.uint16)
    for number, (_, steps) in enumerate(pieces):
        middle = means[number]
        end = cv2.max(cv2.max(means[number - 1], middle), means[(number + 1) % len(pieces)])
        line = middle
        for n, step in enumerate(steps, 1):
            line = _with_both_sides(cv2.min, line, end if n == len(steps) else middle, step)
        # All of the line, not its middle alone.
        whole = line
        for step in steps:
            whole = _with_both_sides(cv2.max, whole, line, step)
        best = cv2.max(best, whole)
        total += whole
    return best, total.astype(np.float32) / len(pieces)


@lru_cache(maxsize=16)
def _make_pieces(length):
    """Return for each direction a kernel that averages along a piece, and steps to further ones."""
    pieces = []
    for angle in np.pi / _N_DIRECTIONS * np.arange(_N_DIRECTIONS):
        across, down = np.cos(angle), np.sin(angle)
        half = (length - 1) / 2
        ends = [
            (round(half + sign * half * across), round(half + sign * half * down))
            for sign in (-1, 1)
        ]
        kernel = cv2.line(np.zeros((length, length), np.float32), *ends, 1.0)
        steps = [
            (round(n * length * down), round(n * length * across))
            for n in range(1, _N_PIECES // 2 + 1)
        ]
        pieces.append((kernel / kernel.sum(), steps))
    return pieces


def _with_both_sides(extremum, image, other, step):
    """Combine an image with another that is moved by a step, and by its opposite."""
    down, right = step
    image = extremum(image, _shift(other, down, right))
    return extremum(image, _shift(other, -down, -right))


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
