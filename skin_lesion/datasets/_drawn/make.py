"""Draw dermoscopic images with labels and lesion ids."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch, check_random_state

from ..._utils.sklearn_private import Interval, validate_params
from ..._utils.validation.pixels import check_image_size
from .photograph import draw_photograph
from .profiles import CLASS_PROFILES

_MIN_SIDE = 16

_DESCRIPTION = """\
Drawn dermoscopic images of skin lesions: {} photographs of {} lesions of {} classes,
{} x {} pixels, RGB.

No image shows a patient. Each class follows a profile of dermoscopic criteria. Classes overlap.
Skin, light and artefacts (hair, rulers, ink, gel bubbles, dark fields of view) do not depend on the
class. The images are for demonstrations, tests and teaching. Scores on them say nothing about
scores on real images.
"""
_MAX_SEED = np.iinfo(np.int32).max

DRAWING_CONSTRAINTS = {
    "n_samples": [Interval(Integral, 1, None, closed="left")],
    "n_classes": [Interval(Integral, 2, len(CLASS_PROFILES), closed="both")],
    "weights": ["array-like", None],
    "images_per_lesion": [Interval(Real, 1, None, closed="left")],
    "image_size": "no_validation",  # our message says more
    "random_state": ["random_state"],
}


@validate_params(DRAWING_CONSTRAINTS, prefer_skip_nested_validation=True)
def make_lesion_images(
    n_samples=100,
    *,
    n_classes=9,
    weights=None,
    images_per_lesion=1.3,
    image_size=(96, 96),
    random_state=None,
):
    """Draw labelled dermoscopic images, some of them of the same lesion.

    The images need no download and show no patient. Each class follows a profile of dermoscopic
    criteria [1]_ [2]_: the typical size, asymmetry, irregularity and colours of its lesions, and
    the frequencies of their structures. The classes overlap. A small convolutional network learns
    to distinguish them, but not immediately and not perfectly.

    Parameters
    ----------
    n_samples : int, default=100
        Number of images, at least `n_classes`.

    n_classes : int, default=9
        Number of classes, from 2 to 9. They are taken in this order: melanoma, nevus, seborrheic
        keratosis, basal cell carcinoma, actinic keratosis, dermatofibroma, vascular lesion,
        squamous cell carcinoma, pigmented benign keratosis.

    weights : array-like of shape (n_classes,), default=None
        Proportions of the classes, in the alphabetical order of `target_names`. They need not sum
        to 1. With None, all classes are equally frequent. Every class gets at least one image, even
        if its weight is 0.

    images_per_lesion : float, default=1.3
        Mean number of photographs of one lesion, at least 1.

    image_size : int or tuple of 2 ints, default=(96, 96)
        Height and width in pixels, at least 16. The same `random_state` gives the same lesions at
        every size.

    random_state : int, RandomState instance or None, default=None
        Pass an int to get the same images at each call.

    Returns
    -------
    lesions : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes. Rows are in random order.

        images : ndarray of shape (n_samples, height, width, 3), of uint8
            RGB.
        target : ndarray of shape (n_samples,), of str
            The class of each image.
        target_names : ndarray of shape (n_classes,), of str
            The classes in alphabetical order.
        groups : ndarray of shape (n_samples,), of str
            The lesion of each image, such as "lesion_00012".
        DESCR : str
            A short description.

    Raises
    ------
    ValueError
        If there are fewer images than classes, if `weights` has another length, is negative or
        sums to 0, if `image_size` is not two integers of at least 16, or if another parameter is
        out of range.

    See Also
    --------
    write_lesion_folder : Writes such images as a folder with a training and a test set.

    Notes
    -----
    =========================== ==============================================================
    class                       criteria drawn
    =========================== ==============================================================
    melanoma                    asymmetry, irregular border, several colours, irregular
                                globules, streaks, blotch, blue-white veil, regression
    nevus                       symmetry, even brown, network, globules, darker centre
    seborrheic keratosis        sharp border, milia-like cysts, comedo-like openings
    basal cell carcinoma        arborising vessels, blue-grey ovoid nests, erosion, shiny white
                                lines
    actinic keratosis           strawberry pattern, scale, blurred border
    dermatofibroma              central white patch, delicate network at the periphery
    vascular lesion             red, purple or black lacunae
    squamous cell carcinoma     keratin, scale, dotted and hairpin vessels, erosion
    pigmented benign keratosis  moth-eaten border, fingerprint-like ridges
    =========================== ==============================================================

    Skin tone, light, focus and artefacts (hair, ruler, ink, gel bubbles, a round dark field) do
    not depend on the class. Photographs of one lesion share its geometry and the patient's skin.
    Each has its own rotation, zoom, shift, light and artefacts. A class of ``n`` images has
    ``round(n / images_per_lesion)`` lesions, at least one.

    References
    ----------
    .. [1] G. Argenziano et al., "Dermoscopy of pigmented skin lesions: Results of a consensus
       meeting via the Internet", Journal of the American Academy of Dermatology 48(5), 679-693,
       2003. :doi:`10.1067/mjd.2003.281`
    .. [2] H. Kittler et al., "Standardization of terminology in dermoscopy/dermatoscopy: Results of
       the third consensus conference of the International Society of Dermoscopy", Journal of the
       American Academy of Dermatology 74(6), 1093-1106, 2016. :doi:`10.1016/j.jaad.2015.12.038`

    Examples
    --------
    >>> from skin_lesion import make_lesion_images
    >>> lesions = make_lesion_images(12, n_classes=2, image_size=(48, 64), random_state=0)
    >>> lesions.images.shape, lesions.images.dtype
    ((12, 48, 64, 3), dtype('uint8'))
    >>> [str(name) for name in lesions.target_names]
    ['melanoma', 'nevus']
    >>> len(set(lesions.groups))
    10

    One melanoma among ten lesions, each photographed once:

    >>> lesions = make_lesion_images(
    ...     10, n_classes=2, weights=[0.1, 0.9], images_per_lesion=1, image_size=(32, 32)
    ... )
    >>> int((lesions.target == "melanoma").sum())
    1
    """
    n_classes = int(n_classes)
    height, width = check_image_size(image_size, at_least=_MIN_SIDE)
    target_names = np.array(sorted(list(CLASS_PROFILES)[:n_classes]))
    proportions = _check_weights(weights, n_samples, target_names)
    class_sizes = _share_out(n_samples, proportions)
    rng = check_random_state(random_state)

    lesion_classes, photographs = _plan_photographs(class_sizes, images_per_lesion, rng)
    lesion_seeds = rng.randint(_MAX_SEED, size=len(lesion_classes))
    photograph_seeds = rng.randint(_MAX_SEED, size=n_samples)

    target = target_names[lesion_classes[photographs]]
    images = np.empty((n_samples, height, width, 3), dtype=np.uint8)
    for row, lesion in enumerate(photographs):
        seeds = lesion_seeds[lesion], photograph_seeds[row]
        images[row] = draw_photograph((height, width), CLASS_PROFILES[target[row]], *seeds)
    return Bunch(
        images=images,
        target=target,
        target_names=target_names,
        groups=np.array([f"lesion_{lesion:05d}" for lesion in photographs]),
        DESCR=_DESCRIPTION.format(n_samples, len(lesion_classes), n_classes, height, width),
    )


def _check_weights(weights, n_samples, target_names):
    n_classes = len(target_names)
    if n_samples < n_classes:
        raise ValueError(
            f"n_samples={n_samples} is less than n_classes={n_classes}. Expected at least one image"
            " of each class. Increase n_samples or decrease n_classes."
        )
    if weights is None:
        return np.full(n_classes, 1 / n_classes)
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (n_classes,):
        raise ValueError(
            f"weights has shape {weights.shape}. Expected {n_classes} numbers, one for each class"
            f" in the order {target_names.tolist()}. Change weights or n_classes."
        )
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or weights.sum() == 0:
        raise ValueError(
            f"weights is {weights.tolist()}. Expected finite numbers of at least 0, not all of them"
            " 0. Give a class the weight 0 to draw a single image of it."
        )
    return weights / weights.sum()


def _share_out(n_samples, proportions):
    """Return the number of images of each class, at least one, in the given proportions."""
    sizes = np.ones(len(proportions), dtype=int)
    for _ in range(n_samples - len(sizes)):
        sizes[np.argmax(n_samples * proportions - sizes)] += 1  # the class that lacks most
    return sizes


def _plan_photographs(class_sizes, images_per_lesion, rng):
    """Return the class of each lesion, and the lesion of each photograph, both in random order."""
    n_lesions = np.maximum(1, np.rint(class_sizes / images_per_lesion).astype(int))
    lesion_classes = np.repeat(np.arange(len(class_sizes)), n_lesions)
    further = [
        rng.multinomial(size - n, np.full(n, 1 / n))
        for size, n in zip(class_sizes, n_lesions, strict=True)
    ]
    order = rng.permutation(len(lesion_classes))
    photographs = np.repeat(np.arange(len(order)), 1 + np.concatenate(further)[order])
    return lesion_classes[order], rng.permutation(photographs)
