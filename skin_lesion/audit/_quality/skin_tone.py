"""Estimate the tone of the skin around a lesion by the individual typology angle."""

from functools import partial
from numbers import Integral

import cv2
import numpy as np
import pandas as pd

from ..._utils.read_ahead import ReadAhead, count_threads
from ..._utils.sklearn_private import validate_params
from ...images import find_dark_lines, take_brightest_channel
from .measures import THUMBNAIL_SIDE
from .scan import open_images

SKIN_TONE = "estimated_skin_tone"
ON_SKIN_TONE = (
    "estimated_skin_tone is not a recorded skin type. It is estimated from the colour of the skin"
    " in the photograph. The light is not calibrated, so two photographs of one lesion may have"
    " different tones."
)

# Lower limits of Chardon et al. and Del Bino et al., in degrees.
# Above 90 degrees, and at or below -90, the light is bluish: skin is never bluish.
_TONES = {"dark": -90, "brown": -30, "tan": 10, "intermediate": 28, "light": 41, "very light": 55}
_N_CELLS = 8  # along each side
_CELL = THUMBNAIL_SIDE // _N_CELLS
_LEAST_SKIN = 0.5  # smallest share of skin in a cell of skin
_LEAST_CELLS = 10  # of 64; fewer are a scar, a reflection on the lesion, or the rim of the field
_LEAST_CHROMA = 2  # in CIELAB; below, the eye sees grey and b* is noise
_UNLIT = 25  # of 255, in the brightest channel; the darkest skin is brighter
_GLARE = 250  # of 255, in each channel
_AROUND = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))  # soft edges of lesion and field


@validate_params(
    {"X": "no_validation", "n_jobs": [Integral, None]}, prefer_skip_nested_validation=True
)
def estimate_skin_tone(X, *, n_jobs=-1):
    """Estimate the tone of the skin around each lesion by the individual typology angle.

    The angle (ITA) is the direction of the skin colour in the plane of lightness L* and yellowness
    b* of CIELAB, ``atan2(L* - 50, b*)`` in degrees [1]_. It is large for light skin, and below 0
    for dark skin. Most public dermoscopic datasets do not record skin tone. In clinical
    photographs, models performed worse on dark skin than on light skin [3]_. In ISIC 2018 and
    SD-198, accuracy does not correlate with the angle, but few of their images show dark skin [4]_.

    Parameters
    ----------
    X : array-like of shape (n, 1) or (n,), of paths, or ndarray of shape (n, height, width, 3)
        Paths as in :class:`ImageLoader`, or RGB pixels from 0 to 255.

    n_jobs : int or None, default=-1
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    Returns
    -------
    skin : DataFrame of n rows
        `estimated_skin_tone`
            A category: "very light" above 55 degrees, "light" above 41, "intermediate" above 28,
            "tan" above 10, "brown" above -30, and "dark" [2]_.
        `estimated_ita`
            The angle in degrees, of the median colour of the parts of the photograph that show
            skin.
        `ita_spread`
            The standard deviation of the angle over these parts, in degrees, estimated from the
            quartiles.
        `skin_share`
            The share of the photograph that shows skin, from 0 to 1.

        The first three are missing if less than 15% of the photograph shows skin, if the photograph
        is a greyscale image (the skin has no chroma), or if the angle would be at or below -90. The
        tone is also missing if the angle is above 90. Skin is never so blue: the light is bluish.

    Raises
    ------
    ValueError
        If an image cannot be read; the message names it.
    TypeError
        If `X` holds neither paths nor images.

    See Also
    --------
    evaluate : Slices scores by the columns of a frame, such as this one.

    Notes
    -----
    **The estimate is rough.** The angle is meant for a colorimeter. Light and white balance of a
    dermatoscope are not calibrated and shift the angle by tens of degrees. In HAM10000, a release
    of light skin, 37% of the photographs have an angle above 90. Within a lesion, angles have a
    standard deviation of 11.1 degrees (1,954 lesions; 8.3 for angles below 90); over all
    photographs it is 24.5 degrees. Photographs of one lesion often share the device, too, so the
    error between clinics is larger. The tones are 13 to 40 degrees wide. 72 lesions have a
    photograph below "very light"; 24% of them have the same tone in all photographs. Compare slices
    within one source, and prefer a recorded skin type. `ita_spread` only describes how even the
    skin is in one photograph.

    Pixels count as skin if they are brighter than the lesion by Otsu's threshold [5]_ and away from
    dark corners, hair and reflections. They must fill at least half of a cell of an 8 by 8 grid. If
    a lesion fills the photograph, its light parts count as skin.

    References
    ----------
    .. [1] A. Chardon, I. Cretois and C. Hourseau, "Skin colour typology and suntanning pathways",
       International Journal of Cosmetic Science 13(4), 191-208, 1991.
       :doi:`10.1111/j.1467-2494.1991.tb00561.x`
    .. [2] S. Del Bino and F. Bernerd, "Variations in skin colour and the biological consequences of
       ultraviolet radiation exposure", British Journal of Dermatology 169(s3), 33-40, 2013.
       :doi:`10.1111/bjd.12529`
    .. [3] R. Daneshjou et al., "Disparities in dermatology AI performance on a diverse, curated
       clinical image set", Science Advances 8(32), eabq6147, 2022. :doi:`10.1126/sciadv.abq6147`
    .. [4] N. M. Kinyanjui et al., "Fairness of classifiers across skin tones in dermatology",
       MICCAI 2020, 320-329. :doi:`10.1007/978-3-030-59725-2_31`
    .. [5] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on
       Systems, Man, and Cybernetics 9(1), 62-66, 1979. :doi:`10.1109/TSMC.1979.4310076`

    Examples
    --------
    >>> from skin_lesion import estimate_skin_tone, make_lesion_images
    >>> lesions = make_lesion_images(20, n_classes=2, random_state=0)
    >>> skin = estimate_skin_tone(lesions.images)
    >>> skin.columns.tolist()
    ['estimated_skin_tone', 'estimated_ita', 'ita_spread', 'skin_share']
    >>> skin["estimated_skin_tone"].cat.categories.tolist()
    ['dark', 'brown', 'tan', 'intermediate', 'light', 'very light']
    """
    images = open_images(X)
    with ReadAhead(partial(_measure, images), range(len(images)), count_threads(n_jobs)) as rows:
        table = pd.DataFrame(list(rows), columns=["estimated_ita", "ita_spread", "skin_share"])
    tones = pd.cut(table["estimated_ita"], [*_TONES.values(), 90], labels=list(_TONES))
    table.insert(0, SKIN_TONE, tones)
    return table


def _measure(images, row):
    """Return the angle, its spread and the share of skin of one photograph."""
    pixels, *_ = images.load(row, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), "stretch")
    is_skin = _cut(_find_skin(pixels))
    cells = is_skin.mean(axis=1) >= _LEAST_SKIN
    share = float(cells.mean())
    if cells.sum() < _LEAST_CELLS:
        return np.nan, np.nan, share
    colours = _cut(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))[cells]
    medians = np.nanmedian(
        np.where(is_skin[cells, :, np.newaxis], colours, np.nan), axis=1
    )  # hair that was not found, and ink, do not move a median
    angle = float(_angle(np.median(medians, axis=0)))
    is_grey = (np.hypot(medians[:, 1], medians[:, 2]) < _LEAST_CHROMA).all()
    if is_grey or angle <= _TONES["dark"]:
        return np.nan, np.nan, share
    low, high = np.quantile(_angle(medians), [0.25, 0.75])
    return angle, float(high - low) / 1.349, share


def _angle(colours):
    """Return the angle of colours in L*, a*, b*. In bluish light it exceeds 90 degrees."""
    return np.degrees(np.arctan2(colours[..., 0] - 50, colours[..., 2]))


def _find_skin(image):
    """Return where a thumbnail shows skin."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), 2)
    brightest = take_brightest_channel(image)
    is_lit = ~_widen((brightest <= _UNLIT) | (image.min(axis=2) >= _GLARE))
    if not is_lit.any():
        return is_lit
    # Lit pixels alone: otherwise the threshold would separate corners or reflections from the rest.
    limit = cv2.threshold(grey[is_lit], 0, 255, cv2.THRESH_OTSU)[0]
    return is_lit & ~_widen(grey <= limit) & (find_dark_lines(brightest) == 0)


def _widen(mask):
    return cv2.dilate(mask.astype(np.uint8), _AROUND) > 0


def _cut(pixels):
    """Return the pixels of each cell, as an array of shape (n_cells, n_pixels, ...)."""
    cells = pixels.reshape(_N_CELLS, _CELL, _N_CELLS, _CELL, *pixels.shape[2:]).swapaxes(1, 2)
    return cells.reshape(_N_CELLS**2, _CELL**2, *pixels.shape[2:])
