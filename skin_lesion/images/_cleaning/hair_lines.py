"""Find thin dark lines that are straight over some length, such as hair."""

from functools import lru_cache

import cv2
import numpy as np

_N_DIRECTIONS = 16
# A line is searched for in pieces. All of them must be dark, and the last may be bent.
_N_PIECES = 5
_AROUND = 2.5  # widths, over which the black-hat is averaged for comparison
# How much darker a line must be if its surroundings are dark, and if there are straight lines in
# other directions. Fitted, as the constants below, to drawn images with and without hair.
_AROUND_WEIGHT, _ASTRAY_WEIGHT = 1.25, 0.75
_HIGHEST = 6  # times the contrast; higher values are clipped, so that a black spot is not a line
_CORE = 0.5  # share of the required darkness that each pixel in the middle of a line must have
_REACH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # from the middle to the edges


def take_brightest_channel(image):
    """Return the largest channel value of each pixel, in which hair stands out.

    Hair blocks light of all colours. Vessels and pigment let red light pass.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), of uint8
    """
    red, green, blue = cv2.split(image)
    return cv2.max(cv2.max(red, green), blue)


def find_dark_lines(grey, *, width=0.04, length=0.12, contrast=12):
    """Return a mask of dark lines, 255 on them. The defaults are those of :class:`HairRemover`.

    Parameters
    ----------
    grey : ndarray of shape (height, width), of uint8

    width, length : float
        The largest width and the smallest length, as fractions of the shorter side.

    contrast : float
        Grey levels by which a line is darker than the pixels on both sides.

    Returns
    -------
    is_line : ndarray of shape (height, width), of uint8
    """
    side = min(grey.shape)
    darkness = measure_thin_darkness(grey, width=width)
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


def measure_thin_darkness(grey, *, width=0.04):
    """Return how many grey levels thin dark structures are darker than their sides: a black-hat.

    It is 0 in structures wider than `width`, a fraction of the shorter side, in all directions.
    """
    n = _odd(width * min(grey.shape))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n))
    # Continue a dark frame or corner beyond the image: otherwise the visible part would look thin.
    padded = cv2.copyMakeBorder(grey, n, n, n, n, cv2.BORDER_REPLICATE)
    return cv2.morphologyEx(padded, cv2.MORPH_BLACKHAT, disc)[n:-n, n:-n]


def _measure_straightness(darkness, piece_length):
    """Return how dark the lines through each pixel are, in the lightest of their pieces.

    Returns
    -------
    best : ndarray of shape (height, width), of uint8
        The darkness in the direction of the darkest line.

    mean : ndarray of shape (height, width), of float32
        The mean over all directions.
    """
    kernels, directions = _make_pieces(piece_length)
    margin = piece_length * (_N_PIECES // 2)  # of zeros: no line continues outside the image
    distinct = [_pad(cv2.filter2D(darkness, -1, kernel), margin) for kernel in kernels]
    means = [distinct[number] for number, _ in directions]
    best = np.zeros_like(darkness)
    total = np.zeros(darkness.shape, dtype=np.uint16)
    for number, (_, steps) in enumerate(directions):
        middle = means[number]
        end = cv2.max(cv2.max(means[number - 1], middle), means[(number + 1) % len(means)])
        line = _window(middle, margin, (0, 0)).copy()
        for n, step in enumerate(steps, 1):
            _take_in_both_sides(np.minimum, line, end if n == len(steps) else middle, margin, step)
        # The whole line, not only its middle.
        whole, padded = line.copy(), _pad(line, margin)
        for step in steps:
            _take_in_both_sides(np.maximum, whole, padded, margin, step)
        np.maximum(best, whole, out=best)
        total += whole
    return best, total.astype(np.float32) / len(means)


@lru_cache(maxsize=16)
def _make_pieces(length):
    """Return kernels that average along a piece, and the kernel and steps of each direction.

    Returns
    -------
    kernels : ndarray of shape (n_kernels, length, length), of float32
        Distinct kernels. Neighbouring directions of short pieces share a kernel.

    directions : list of (int, list of (int, int))
        The number of the kernel, and the steps down and right to the other pieces.
    """
    kernels, steps = [], []
    for angle in np.pi / _N_DIRECTIONS * np.arange(_N_DIRECTIONS):
        across, down = np.cos(angle), np.sin(angle)
        half = (length - 1) / 2
        ends = [
            (round(half + sign * half * across), round(half + sign * half * down))
            for sign in (-1, 1)
        ]
        kernel = cv2.line(np.zeros((length, length), np.float32), *ends, 1.0)
        kernels.append(kernel / kernel.sum())
        steps.append(
            [
                (round(n * length * down), round(n * length * across))
                for n in range(1, _N_PIECES // 2 + 1)
            ]
        )
    kernels, numbers = np.unique(kernels, axis=0, return_inverse=True)
    return kernels, list(zip(numbers.ravel().tolist(), steps, strict=True))


def _take_in_both_sides(extremum, image, padded, margin, step):
    """Replace an image by its extremum with another one, shifted by a step in either direction."""
    down, right = step
    extremum(image, _window(padded, margin, (down, right)), out=image)
    extremum(image, _window(padded, margin, (-down, -right)), out=image)


def _window(padded, margin, step):
    (height, width), (down, right) = padded.shape, step
    return padded[margin + down : height - margin + down, margin + right : width - margin + right]


def _pad(image, margin):
    return cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_CONSTANT)


def _odd(n):
    return max(3, int(n) | 1)
