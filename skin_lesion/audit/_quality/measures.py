"""Estimate what is wrong with the pixels of photographs, from thumbnails of them.

All measures are cheap estimates, for finding images to look at and shares to compare between
classes, not for judging a single image. Of the images of HAM10000 that are flagged, up to 60 a flag
were looked at, by a layman: about 9 in 10 have hair, rulers, black corners or low contrast, 6 in 10
have ink, and the others are blue lesions that reach the margin. "Blurred" are the softest images,
of which he would have called half so. What is faint is missed: blond hair, rulers of which fewer
than three marks show, pale ink.
"""

import numpy as np
import pandas as pd
from scipy import ndimage

from .artefacts import find_thin_dark_lines, measure_hair, measure_ink, measure_ruler

# A JPEG of 600x450 is decoded at half its size up to a side of 225, one of 1024x768 at a quarter up
# to 192, and hair is still more than a pixel wide.
THUMBNAIL_SIDE = 192

_CHANNELS = ("red", "green", "blue")
COLOUR_MEASURES = [f"{what}_{channel}" for what in ("mean", "std") for channel in _CHANNELS]
BORDER_MEASURES = [
    f"{where}_{measure}" for where in ("border", "corners") for measure in COLOUR_MEASURES
]

QUALITY_FLAGS = (
    "too_dark",
    "too_bright",
    "blurred",
    "low_contrast",
    "odd_size",
    "black_corners",
    "hair",
    "ruler",
    "ink",
)

# Shares are of the 10,015 images of HAM10000, a curated collection.

# The highlights of a photograph of full exposure are above 130 in 99.8%. Half the exposure brings
# nearly all below it, and 92% below this.
_TOO_DARK = 105
# 0.3% are brighter: the skin has lost its texture, or its colour is burnt out.
_TOO_BRIGHT = 210
# Together they flag 0.2%. A Gaussian blur with a standard deviation of 2 pixels, or 1% of the side,
# brings 98% of images above both, one of 1.5 pixels 85%.
_BLURRED, _WIDE_EDGES = 0.55, 0.84
# 0.6% have less: pale lesions, and a few dark ones of less than 1% of the area.
_LOW_CONTRAST = 38
# The rim of a round field is seen in the corners from about 0.03; 6% have more than this.
_BLACK_CORNERS = 0.06
# One hair across the image covers 0.004 to 0.01. From 0.002 to 0.004 a third of what is found is
# skin lines, vessels and network.
_HAIRY = 0.004
# A single mark between two others, if there are no more than 15 short lines in all.
_RULER = 0.8
# 37 pixels, such as a spot 7 wide.
_INKED = 0.001
# Sizes that so many share are no exception; that classes differ in size is another finding.
_COMMON_SIZE = 0.05
_ODD_ZOOM, _ODD_ASPECT = 2, 1.25

_MEASURES = [
    "brightness",
    "highlights",
    "contrast",
    "blur",
    "edge_width",
    "black_corner_share",
    "hair_share",
    "ruler_marks",
    "ink_share",
    *COLOUR_MEASURES,
    *BORDER_MEASURES,
]

_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_BLOCK = 4  # colour and contrast are those of means over 4x4 pixels: no noise, and no single hair
_NEARLY_BLACK = 50  # of 255: the unlit field of a dermatoscope holds noise and some stray light
_BLUR_WINDOW = 9  # as proposed by Crete et al.
_EDGE_REACH = 4
_EDGE_QUANTILE = 0.999  # some 45 places: one hair in focus, or part of the rim of a small lesion
_BLUR_MARGIN = 0.1  # of the side, left out: the rim of a dark field is sharp, whatever the focus


def measure_pixels(images):
    """Measure light, sharpness, artefacts and colour of photographs.

    Each image is measured by itself: its values do not depend on the rest of the stack.

    Parameters
    ----------
    images : ndarray of shape (n, side, side, 3), of uint8
        RGB thumbnails of whole photographs, stretched to squares of `THUMBNAIL_SIDE`. What is
        counted in pixels is meant for that side.

    Returns
    -------
    measures : dict of str to ndarray of shape (n,), of float32
        "The ellipse" touches the four sides of the photograph.

        brightness
            Mean luminance in the ellipse, 0 to 255.
        highlights
            Luminance that a tenth of the ellipse exceeds. The skin around a dark lesion keeps it
            high.
        contrast
            Range of the luminance in the ellipse, from the first to the 99th percentile.
        blur
            The blur effect [1]_, 0 (sharp) to 1: how little another blur takes away from the
            differences between neighbours.
        edge_width
            Width of the sharpest edges, 0.25 (a step) to about 1 (a ramp): the change of luminance
            over four pixels, divided by four times that over one, both at the 0.999 quantile.
            About 0.62 for a Gaussian edge of standard deviation 1 pixel, 0.87 for one of 2.
        black_corner_share
            Share of nearly black pixels outside the ellipse.
        hair_share
            Share of pixels on long thin dark lines: a black-hat as in DullRazor [2]_ that fills
            a line in one direction, and not in the others.
        ruler_marks
            Number of marks with an evenly spaced parallel mark on either side, near the margin or
            in a row of four and more. Where there are many short lines, such as stubble, it is
            scaled down.
        ink_share
            Share of pixels in spots of the vivid blue or violet of surgical markers [3]_, away
            from the middle.
        mean_red, mean_green, mean_blue, std_red, std_green, std_blue
            Colour of the whole image.
        border_mean_red, ..., border_std_blue
            Colour of the outer tenth on each side.
        corners_mean_red, ..., corners_std_blue
            Colour of the four corner squares, an eighth of the side wide.

    References
    ----------
    .. [1] F. Crete et al., "The blur effect: perception and estimation with a new no-reference
       perceptual blur metric", Human Vision and Electronic Imaging XII, 2007.
       :doi:`10.1117/12.702790`
    .. [2] T. Lee et al., "DullRazor: A software approach to hair removal from images", Computers in
       Biology and Medicine 27(6), 533-543, 1997. :doi:`10.1016/S0010-4825(97)00020-6`
    .. [3] J. K. Winkler et al., "Association between surgical skin markings in dermoscopic images
       and diagnostic performance of a deep learning convolutional neural network for melanoma
       recognition", JAMA Dermatology 155(10), 1135-1141, 2019.
       :doi:`10.1001/jamadermatol.2019.1735`
    """
    side = images.shape[1]
    distance, block_distance = _distance_from_middle(side), _distance_from_middle(side // _BLOCK)
    regions = _cut_regions(side // _BLOCK)
    rows = [_measure(image, distance, block_distance, regions) for image in images]
    return {name: np.array([row[name] for row in rows], dtype=np.float32) for name in _MEASURES}


def _measure(image, distance, block_distance, regions):
    luminance = image @ _LUMINANCE
    blocks = _average_blocks(image)
    light = (blocks @ _LUMINANCE)[block_distance <= 1]
    darkest, highlights, brightest = np.quantile(light, [0.01, 0.9, 0.99])
    margin = round(_BLUR_MARGIN * len(image))
    inner = luminance[margin:-margin, margin:-margin]
    is_line = find_thin_dark_lines(luminance.astype(np.uint8))
    corners = image[distance > 1].max(axis=1)
    measures = {
        "brightness": light.mean(),
        "highlights": highlights,
        "contrast": brightest - darkest,
        "blur": _measure_blur(inner),
        "edge_width": _measure_edge_width(inner),
        "black_corner_share": np.mean(corners < _NEARLY_BLACK),
        "hair_share": measure_hair(is_line),
        "ruler_marks": measure_ruler(is_line),
        "ink_share": measure_ink(image, distance),
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


def _average_blocks(image):
    n = len(image) // _BLOCK
    sums = image.reshape(n, _BLOCK, -1).sum(axis=1, dtype=np.uint16)
    return sums.reshape(n, n, _BLOCK, 3).sum(axis=2, dtype=np.uint16) / np.float32(_BLOCK**2)


def _measure_blur(luminance):
    """Return the blur effect, the larger of the two directions."""
    return max(_measure_blur_down(luminance), _measure_blur_down(luminance.T))


def _measure_blur_down(luminance):
    blurred = ndimage.uniform_filter1d(luminance, _BLUR_WINDOW, axis=0)
    differences = np.abs(np.diff(luminance, axis=0))
    total = differences.sum(dtype=np.float64)
    if total == 0:  # no detail, as if all had been blurred away
        return 1.0
    lost = np.maximum(differences - np.abs(np.diff(blurred, axis=0)), 0)
    return 1 - lost.sum(dtype=np.float64) / total


def _measure_edge_width(luminance):
    near, far = _steepest(luminance, 1), _steepest(luminance, _EDGE_REACH)
    return far / (_EDGE_REACH * near) if near > 0 else 1.0


def _steepest(luminance, reach):
    down = np.abs(luminance[reach:] - luminance[:-reach])
    across = np.abs(luminance[:, reach:] - luminance[:, :-reach])
    differences = np.concatenate([down, across], axis=None)
    place = int(_EDGE_QUANTILE * len(differences))
    return float(np.partition(differences, place)[place])


def flag(measures, heights, widths):
    """Flag the images whose measures are out of the ordinary.

    An image has an odd size if its shorter side is less than half or more than twice the median, or
    if the ratio of its longer to its shorter side differs from the median by more than a factor of
    1.25; unless a twentieth of the images have exactly its size.

    Parameters
    ----------
    measures : DataFrame or dict of str to array-like of shape (n,)
        From :func:`measure_pixels`. NaN where an image cannot be read.

    heights, widths : array-like of shape (n,)
        Of the photographs, in pixels. NaN where unknown.

    Returns
    -------
    flags : DataFrame of bool, of n rows
        A column for each of `QUALITY_FLAGS`. NaN is not flagged.
    """
    measures = pd.DataFrame(measures)
    flags = {
        "too_dark": measures["highlights"] < _TOO_DARK,
        "too_bright": measures["brightness"] > _TOO_BRIGHT,
        "blurred": (measures["blur"] > _BLURRED) & (measures["edge_width"] > _WIDE_EDGES),
        "low_contrast": measures["contrast"] < _LOW_CONTRAST,
        "odd_size": _are_odd_sizes(
            np.asarray(heights, dtype=float), np.asarray(widths, dtype=float)
        ),
        "black_corners": measures["black_corner_share"] > _BLACK_CORNERS,
        "hair": measures["hair_share"] > _HAIRY,
        "ruler": measures["ruler_marks"] >= _RULER,
        "ink": measures["ink_share"] > _INKED,
    }
    return pd.DataFrame(flags, index=measures.index)


def _are_odd_sizes(heights, widths):
    is_known = np.isfinite(heights) & np.isfinite(widths)
    is_odd = np.zeros(len(heights), dtype=bool)
    if not is_known.any():
        return is_odd
    sizes = np.stack([heights, widths], axis=1)[is_known]
    _, number, count = np.unique(sizes, axis=0, return_inverse=True, return_counts=True)
    is_rare = count[number.ravel()] < _COMMON_SIZE * len(sizes)
    shorter, longer = sizes.min(axis=1), sizes.max(axis=1)
    is_odd[is_known] = is_rare & (
        _is_far(shorter, _ODD_ZOOM) | _is_far(longer / shorter, _ODD_ASPECT)
    )
    return is_odd


def _is_far(values, factor):
    """Tell which values are more than a factor from their median."""
    ratio = values / np.median(values)
    return (ratio > factor) | (ratio < 1 / factor)
