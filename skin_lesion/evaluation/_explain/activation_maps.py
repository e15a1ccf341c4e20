"""Where a network looks: class activation maps."""

import numpy as np
from PIL import Image
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted

from ..._utils.sklearn_private import HasMethods, StrOptions, validate_params
from ...models import SkinLesionClassifier, find_answering, open_images

_BATCH_SIZE = 32


@validate_params(
    {"estimator": [HasMethods(["predict"])], "method": [StrOptions({"gradcam"})]},
    prefer_skip_nested_validation=True,
)
def class_activation_maps(estimator, X, target=None, method="gradcam"):
    """Show which parts of images raise the score of a class.

    Grad-CAM [1]_: the last feature maps of the network, added up with the weights by which they
    raise the score of the class, as far as they raise it.

    Parameters
    ----------
    estimator : fitted SkinLesionClassifier
        Or a pipeline, a search or a wrapper, such as TestTimeAugmentation, that ends in one. Of its
        own architecture or another functional Keras model that ends in a softmax.

    X : array-like of n rows
        Images as the estimator takes them.

    target : str, int, array-like of shape (n,) or None, default=None
        The class whose score is followed, for all images or for each. None means the class that
        `estimator` predicts, with the threshold or prior of a wrapper.

    method : {"gradcam"}, default="gradcam"
        How the maps are made.

    Returns
    -------
    maps : ndarray of shape (n, height, width), of float32
        From 0 to 1, the maximum of each image, at the size of the images that the network sees.
        All 0 where nothing raises the score.

    Raises
    ------
    ValueError
        If the estimator is, or ends in, no SkinLesionClassifier, a target is no class, or the
        network has no feature maps of more than one pixel.
    NotFittedError
        If it was not fitted.
    RuntimeError
        If the backend of Keras is none of TensorFlow, JAX and PyTorch.

    Notes
    -----
    A map says where, not why, as coarsely as the last feature maps are, and a convincing one is no
    proof: some methods give nearly the same maps for random weights [2]_. Grad-CAM passes that
    check, which is among the tests of this library. Look at the maps of errors first.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via
       gradient-based localization", ICCV, 2017. :doi:`10.1109/ICCV.2017.74`
    .. [2] J. Adebayo et al., "Sanity checks for saliency maps", NeurIPS, 2018.
       `arXiv:1810.03292 <https://arxiv.org/abs/1810.03292>`_

    Examples
    --------
    >>> from skin_lesion import ConvNet, SkinLesionClassifier
    >>> from skin_lesion import class_activation_maps, make_lesion_images
    >>> lesions = make_lesion_images(40, n_classes=2, image_size=(32, 32), random_state=0)
    >>> classifier = SkinLesionClassifier(
    ...     ConvNet(filters=(8, 16)), epochs=1, early_stopping=False, random_state=0
    ... ).fit(lesions.images, lesions.target)
    >>> maps = class_activation_maps(classifier, lesions.images[:3], target="melanoma")
    >>> maps.shape
    (3, 32, 32)
    """
    maps, _, _ = make_maps(estimator, X, target)
    return maps


def make_maps(estimator, X, target):
    """Return the maps, the images as the network sees them, and the class of each map."""
    *_, classifier = parts = list(find_answering(estimator))
    if not isinstance(classifier, SkinLesionClassifier):
        raise ValueError(
            f"The estimator ends in {type(classifier).__name__}. Expected a fitted"
            " SkinLesionClassifier, or what ends in one: a pipeline, a search, or"
            " a wrapper such as TestTimeAugmentation."
        )
    check_is_fitted(classifier)
    if target is None:  # as the user sees it: what wraps a network may decide otherwise
        target = estimator.predict(X)
    for part in parts:
        if len(getattr(part, "steps", ())) > 1:
            X = part[:-1].transform(X)
    source = open_images(classifier, X)
    columns = _find_columns(classifier, target, len(source))

    # Not before: it loads Keras.
    from ...models import find_activations_and_gradients

    maps, images = [], []
    for start in range(0, len(source), _BATCH_SIZE):
        rows = np.arange(start, min(start + _BATCH_SIZE, len(source)))
        batch = source.take(rows)
        activations, gradients = find_activations_and_gradients(
            classifier.model_, batch, columns[rows]
        )
        weights = gradients.mean(axis=(1, 2), keepdims=True)
        maps.append(_scale(np.maximum((weights * activations).sum(axis=3), 0), batch.shape[1:3]))
        images.append(batch)
    return np.concatenate(maps), np.concatenate(images), classifier.classes_[columns]


def _find_columns(classifier, target, n):
    classes = classifier.classes_.tolist()
    targets = [target] * n if np.ndim(target) == 0 else column_or_1d(np.asarray(target)).tolist()
    if np.ndim(target):
        check_consistent_length(targets, range(n))
    strange = set(targets) - set(classes)
    if strange:
        raise ValueError(
            f"target has {sorted(map(str, strange))}, which the classifier does not know. Expected"
            f" some of its classes, {classes}."
        )
    return np.array([classes.index(name) for name in targets])


def _scale(maps, size):
    """Return maps from 0 to 1, enlarged to (height, width)."""
    height, width = size
    enlarged = np.stack(
        [
            np.asarray(
                Image.fromarray(one.astype(np.float32)).resize(
                    (width, height), Image.Resampling.BILINEAR
                )
            )
            for one in maps
        ]
    )
    highest = enlarged.max(axis=(1, 2), keepdims=True)
    return np.divide(enlarged, highest, out=np.zeros_like(enlarged), where=highest > 0)
