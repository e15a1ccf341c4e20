"""Class activation maps."""

import numpy as np
from PIL import Image
from sklearn.pipeline import Pipeline
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from ..._utils.sklearn_private import HasMethods, StrOptions, validate_params
from ..._utils.validation.rows import check_lengths, check_order
from ...models import SkinLesionClassifier, find_answering, open_images

_BATCH_SIZE = 32


@validate_params(
    {"estimator": [HasMethods(["predict"])], "method": [StrOptions({"gradcam"})]},
    prefer_skip_nested_validation=True,
)
def class_activation_maps(estimator, X, target=None, method="gradcam"):
    """Show which parts of images raise the score of a class.

    Grad-CAM [1]_: the sum of the last feature maps of the network, weighted by the mean gradient of
    the class score. Negative values are set to 0.

    Parameters
    ----------
    estimator : fitted SkinLesionClassifier
        Or a pipeline, a search or a wrapper, such as TestTimeAugmentation, that ends in one. Its
        architecture may be any functional Keras model that ends in a softmax.

    X : array-like of n rows
        Images as the estimator takes them.

    target : str, int, array-like of shape (n,) or None, default=None
        The class to explain, for all images or for each image. None means the class that
        `estimator` predicts, with the threshold or prior of a wrapper.

    method : {"gradcam"}, default="gradcam"
        The method.

    Returns
    -------
    maps : ndarray of shape (n, height, width), of float32
        Values from 0 to 1, where 1 is the maximum of each image, at the image size of the network.
        All values are 0 if nothing raises the score.

    Raises
    ------
    ValueError
        If the estimator does not end in a SkinLesionClassifier, a target is not a class, or the
        network has no feature maps of more than one pixel.
    NotFittedError
        If the estimator is not fitted.
    RuntimeError
        If the backend of Keras is not TensorFlow, JAX or PyTorch.

    Notes
    -----
    A map shows where the score rises, but not why, and only at the resolution of the last feature
    maps. A plausible map proves nothing: some methods give nearly the same maps for random weights
    [2]_. Grad-CAM passes that check, which is among the tests of this library. Look at the maps of
    errors first.

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
    return np.concatenate([maps for maps, _, _ in make_maps(estimator, X, target)])


def make_maps(estimator, X, target):
    """Yield maps, their images as the network sees them, and their classes, batch by batch."""
    *_, classifier = parts = list(find_answering(estimator))
    if not isinstance(classifier, SkinLesionClassifier):
        raise ValueError(
            f"The estimator ends in {type(classifier).__name__}. Expected a fitted"
            " SkinLesionClassifier, or a pipeline, a search or a wrapper, such as"
            " TestTimeAugmentation, that ends in one."
        )
    check_is_fitted(classifier)
    check_order(X=X, target=target)
    if target is None:  # the final prediction: a wrapper may change that of the network
        target = estimator.predict(X)
    for part in parts:
        # Not by the attribute, which FrozenEstimator also has.
        for _, step in part.steps[:-1] if isinstance(part, Pipeline) else []:
            if hasattr(step, "transform"):  # neither "passthrough" nor a sampler
                X = step.transform(X)
    source = open_images(classifier, X)
    columns = _find_columns(classifier, target, len(source))

    # Imported here, because it loads Keras.
    from ...models import find_activations_and_gradients

    for start in range(0, len(source), _BATCH_SIZE):
        rows = np.arange(start, min(start + _BATCH_SIZE, len(source)))
        batch = source.take(rows)
        activations, gradients = find_activations_and_gradients(
            classifier.model_, batch, columns[rows]
        )
        weights = gradients.mean(axis=(1, 2), keepdims=True)
        maps = _scale(np.maximum((weights * activations).sum(axis=3), 0), batch.shape[1:3])
        yield maps, batch, classifier.classes_[columns[rows]]
    source.warn_of_unreadable()


def _find_columns(classifier, target, n):
    classes = classifier.classes_.tolist()
    targets = [target] * n if np.ndim(target) == 0 else column_or_1d(np.asarray(target)).tolist()
    if np.ndim(target):
        check_lengths(X=range(n), target=targets)
    strange = set(targets) - set(classes)
    if strange:
        raise ValueError(
            f"target has {sorted(map(str, strange))}, which the classifier does not know. Expected"
            f" classes among {classes}."
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
