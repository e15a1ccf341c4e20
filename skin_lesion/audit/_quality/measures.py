"""Measure light, sharpness, artefacts and colour of thumbnails, and flag poor images."""

import cv2
import numpy as np
import pandas as pd

from ...images import find_dark_lines, measure_thin_darkness, take_brightest_channel
from .ruler_marks import count_ruler_marks

# Up to a side of 225, JPEGs of 600x450 are decoded at half their size. Up to 192, those of 1024x768
# are decoded at a quarter. At this side, hair is still more than a pixel wide.
THUMBNAIL_SIDE = 192

_CHANNELS = ("red", "green", "blue")
COLOUR_MEASURES = [f"{what}_{channel}" for what in ("mean", "std") for channel in _CHANNELS]
BORDER_MEASURES = [
    f"{where}_{measure}" for where in ("border", "corners") for measure in COLOUR_MEASURES
]

# The measure behind each flag, and whether values below or above a limit are flagged.
# docs/know_your_data.rst has the share of flagged photographs that show the fault, judged by eye.
_LIMITS = {
    # The skin around a dark lesion keeps its highlights, and a dark red lesion keeps its red. In
    # HAM10000, 0.1% of the images are below the limit; at half the exposure, all are.
    "too_dark": ("highlights", "below", 150),
    "too_bright": ("brightness", "above", 210),
    # After a Gaussian blur of 1.5 pixels, nine in ten images are below.
    "blurred": ("sharpness", "below", 2.5),
    "low_contrast": ("contrast", "below", 42),
    # From about 0.03, the rim of a round field is visible in the corners.
    "black_corners": ("black_corner_share", "above", 0.06),
    # Hair across the image covers 0.005 to 0.01.
    "hair": ("hair_share", "above", 0.005),
    # Reached by one mark between two others, if there are at most 15 short lines in all.
    "ruler": ("ruler_marks", "above", 0.79),
}
QUALITY_FLAGS = tuple(_LIMITS)

_MEASURES = [*dict.fromkeys(measure for measure, _, _ in _LIMITS.values())]
_MEASURES += COLOUR_MEASURES + BORDER_MEASURES

_BLOCK = 4  # colour and contrast use means over 4x4 pixels: they ignore noise and single hairs
_NEARLY_BLACK = 50  # of 255: the unlit field of a dermatoscope holds noise and some stray light
_WITHIN_RIM = 0.8  # half sides; the rim of a dark field is sharp even if the lesion is out of focus
_RULER_DARKNESS = 16  # grey levels; most skin lines and JPEG blocks stay below 12


def measure_pixels(images):
    """Measure light, sharpness, artefacts and colour of photographs.

    Each image is measured by itself: its values do not depend on the rest of the stack.

    Parameters
    ----------
    images : ndarray of shape (n, side, side, 3), of uint8
        RGB thumbnails of whole photographs, stretched to squares of `THUMBNAIL_SIDE`. All lengths
        in pixels apply to that side.

    Returns
    -------
    measures : dict of str to ndarray of shape (n,), of float32
        "The ellipse" touches the four sides of the photograph.

        highlights
            Value of the brightest channel, 0 to 255, that a tenth of the ellipse exceeds.
        brightness
            Mean luminance in the ellipse.
        sharpness
            Standard deviation of the Laplacian of the luminance in the ellipse, away from its rim
            [1]_.
        contrast
            Range of the luminance in the ellipse, without its darkest 0.3% and brightest 1%.
        black_corner_share
            Share of nearly black pixels outside the ellipse.
        hair_share
            Share of pixels on long thin dark lines, which :class:`HairRemover` would remove.
        ruler_marks
            Number of thin marks near the margin with an evenly spaced parallel mark on either side.
            It is scaled down if there are many short lines, such as stubble.
        mean_red, mean_green, mean_blue, std_red, std_green, std_blue
            Colour of the whole image.
        border_mean_red, ..., border_std_blue
            Colour of the outer tenth on each side.
        corners_mean_red, ..., corners_std_blue
            Colour of the four corner squares, an eighth of the side wide.

    References
    ----------
    .. [1] J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative
       study", ICPR 2000. :doi:`10.1109/ICPR.2000.903548`
    """
    side = images.shape[1]
    distance, block_distance = _distance_from_middle(side), _distance_from_middle(side // _BLOCK)
    regions = _cut_regions(side // _BLOCK)
    rows = [_measure(image, distance, block_distance, regions) for image in images]
    return {name: np.array([row[name] for row in rows], dtype=np.float32) for name in _MEASURES}


def _measure(image, distance, block_distance, regions):
    luminance = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    brightest = take_brightest_channel(image)
    n_blocks = len(block_distance)
    blocks = cv2.resize(
        image.astype(np.float32), (n_blocks, n_blocks), interpolation=cv2.INTER_AREA
    )
    is_in_ellipse = block_distance <= 1
    light = cv2.cvtColor(blocks, cv2.COLOR_RGB2GRAY)[is_in_ellipse]
    darkest, lightest = np.quantile(light, [0.003, 0.99])
    curvature = cv2.Laplacian(luminance, cv2.CV_32F)[distance < _WITHIN_RIM]
    is_dark_line = measure_thin_darkness(luminance) > _RULER_DARKNESS
    measures = {
        "highlights": np.quantile(blocks.max(axis=2)[is_in_ellipse], 0.9),
        "brightness": light.mean(),
        "sharpness": curvature.std(),
        "contrast": lightest - darkest,
        "black_corner_share": np.mean(brightest[distance > 1] < _NEARLY_BLACK),
        "hair_share": np.count_nonzero(find_dark_lines(brightest)) / brightest.size,
        "ruler_marks": count_ruler_marks(is_dark_line),
    }
    for prefix, region in regions.items():
        colours = blocks[region]
        values = [*colours.mean(axis=0), *colours.std(axis=0)]
        measures |= zip([prefix + name for name in COLOUR_MEASURES], values, strict=True)
    return measures


def _distance_from_middle(side):
    """Return the distance of each pixel from the middle of a square, in half sides."""
    position = (2 * np.arange(side) + 1) / side - 1
    return np.hypot(position, position[:, np.newaxis])


def _cut_regions(side):
    """Return masks of the whole, the border and the corners."""
    position = np.arange(side)
    from_edge = np.minimum(position, side - 1 - position)
    y, x = from_edge[:, np.newaxis], from_edge
    return {
        "": np.ones((side, side), dtype=bool),
        "border_": np.minimum(y, x) < round(side / 10),
        "corners_": np.maximum(y, x) < round(side / 8),
    }


def flag(measures):
    """Flag the images whose measures are out of the ordinary.

    Parameters
    ----------
    measures : DataFrame or dict of str to array-like of shape (n,)
        From :func:`measure_pixels`. NaN if an image cannot be read.

    Returns
    -------
    flags : DataFrame of bool, of n rows
        A column for each of `QUALITY_FLAGS`. NaN is not flagged.
    """
    measures = pd.DataFrame(measures)
    flags = {
        name: measures[measure] < limit if where == "below" else measures[measure] > limit
        for name, (measure, where, limit) in _LIMITS.items()
    }
    return pd.DataFrame(flags, index=measures.index)
