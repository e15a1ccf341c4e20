"""Draw the random parameters of an augmentation, as one record for each image."""

import numpy as np

from ..._utils.validation.messages import say

DRAW_DTYPE = np.dtype(
    [
        ("angle", float),
        ("shift_x", float),
        ("shift_y", float),
        ("zoom", float),
        ("shear", float),
        ("flip_x", bool),
        ("flip_y", bool),
        ("brightness", float),
        ("contrast", float),
        ("saturation", float),
        ("hue", float),
        ("blur", float),
        ("noise", float),
        ("jpeg_quality", np.int64),
        ("hair", np.int64),
        ("ruler", bool),
        ("corners", float),
        ("cutout", float),
        ("cutout_x", float),
        ("cutout_y", float),
        ("seed", np.uint32),
    ]
)

_MAX_HAIRS = 30
_WEAKEST_CORNERS = 0.2  # less is not visible
# Each parameter has its own random number, drawn even if it is unused, so that switching one step
# off does not change the others.
_CHANCES = (*DRAW_DTYPE.names, "has_hair", "has_corners")


def draw_variants(augmenter, n_images, rng):
    """Draw one record for each image.

    All random numbers of an image are drawn from `rng` at once. The record of an image depends on
    the number of earlier images, but neither on the number of later ones nor on batches.

    Parameters
    ----------
    augmenter : ImageAugmenter
        Its parameters are the strengths.

    n_images : int

    rng : RandomState

    Returns
    -------
    draws : ndarray of shape (n_images,), of DRAW_DTYPE
    """
    numbers = rng.uniform(size=(n_images, len(_CHANCES)))
    chance = dict(zip(_CHANCES, numbers.T, strict=True))

    def symmetric(name, bound):
        return bound * (2 * chance[name] - 1)

    draws = np.empty(n_images, dtype=DRAW_DTYPE)
    draws["angle"] = symmetric("angle", augmenter.rotation)
    draws["shift_x"] = symmetric("shift_x", augmenter.width_shift)
    draws["shift_y"] = symmetric("shift_y", augmenter.height_shift)
    draws["shear"] = symmetric("shear", augmenter.shear)
    draws["flip_x"] = (chance["flip_x"] < 0.5) & augmenter.horizontal_flip
    draws["flip_y"] = (chance["flip_y"] < 0.5) & augmenter.vertical_flip
    draws["brightness"] = symmetric("brightness", augmenter.brightness)
    draws["hue"] = symmetric("hue", augmenter.hue)
    for name in ("zoom", "contrast", "saturation"):
        draws[name] = 1 + symmetric(name, getattr(augmenter, name))
    for name in ("blur", "noise", "cutout"):
        draws[name] = chance[name] * getattr(augmenter, name)
    draws["jpeg_quality"] = np.rint(100 - chance["jpeg_quality"] * augmenter.jpeg)
    # Squared, so that few hairs are more frequent than many.
    n_hairs = 1 + (_MAX_HAIRS * chance["hair"] ** 2).astype(np.int64)
    draws["hair"] = np.where(chance["has_hair"] < augmenter.hair, n_hairs, 0)
    draws["ruler"] = chance["ruler"] < augmenter.ruler
    corners = _WEAKEST_CORNERS + (1 - _WEAKEST_CORNERS) * chance["corners"]
    draws["corners"] = np.where(chance["has_corners"] < augmenter.corners, corners, 0)
    draws["cutout_x"] = chance["cutout_x"]
    draws["cutout_y"] = chance["cutout_y"]
    draws["seed"] = chance["seed"] * 2**32
    return draws


def check_draws(draws, images):
    """Raise an error unless there is a record for each image that can be applied to it."""
    if images.ndim != 4 or (images.dtype != np.uint8 and images.dtype.kind != "f"):
        raise ValueError(
            f"X has shape {images.shape} and dtype {images.dtype}. Expected images of shape"
            " (n, height, width, n_channels), uint8, or floating dtype with values from 0 to 255."
            " For a single image, use X[np.newaxis]."
        )
    if getattr(draws, "dtype", None) != DRAW_DTYPE:
        raise TypeError(
            f"draws is of type {type(draws).__name__}. Expected the result of draw(): an array of"
            f" records with the fields {list(DRAW_DTYPE.names)}."
        )
    if len(images) != len(draws):
        raise ValueError(
            f"Got {say(len(draws), 'draw')} for {say(len(images), 'image')}. Expected one draw for"
            " each image: use draw(len(X))."
        )
    if images.shape[-1] == 3:
        return
    needs_colour = {
        "saturation": (draws["saturation"] != 1).any(),
        "hue": draws["hue"].any(),
        "jpeg": (draws["jpeg_quality"] < 100).any(),
        "hair": draws["hair"].any(),
        "ruler": draws["ruler"].any(),
    }
    if any(needs_colour.values()):
        names = ", ".join(name for name, is_needed in needs_colour.items() if is_needed)
        raise ValueError(
            f"X has {images.shape[-1]} channels, but draws change {names}. Expected three channels,"
            " RGB. Set these parameters to 0, or repeat a grey channel three times."
        )
