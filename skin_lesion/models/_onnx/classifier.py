"""An exported classifier that runs on ONNX Runtime."""

import os

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from ..._utils.read_ahead import ReadAhead, n_own_cores
from ..._utils.validation.paths import are_paths
from ..._utils.validation.pixels import check_images
from ...images import ImageAugmenter
from .._image_classifier import MostProbableClassMixin
from .._networks.digest import hash_weights
from .._networks.onnx_network import run_for_all_outputs
from .._training.image_source import open_source
from .._training.priors import average_variants, shift
from .onnx_file import open_onnx_file

# Images that a thread reads and predicts at a time. The feature maps of a larger batch do not fit
# into the cache of a core.
_BATCH_SIZE = 8


class OnnxClassifier(MostProbableClassMixin, ClassifierMixin, BaseEstimator):
    """A file that :func:`export_onnx` wrote, as a fitted classifier.

    It takes the same input as the exported classifier or pipeline. Its probabilities mostly agree
    within 1e-5: :func:`export_onnx` checks that they do within 1e-4 plus 0.1%. It needs no Keras,
    and is much faster for few images. Each core of this process reads and predicts images of its
    own. The file is opened in the first call, and again after it has changed. A pickle contains the
    path, not the file.

    It needs ``onnxruntime``, which the extra "onnx" installs.

    Parameters
    ----------
    path : str or os.PathLike
        The ONNX file.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class names, sorted.

    class_prior_ : ndarray of shape (n_classes,)
        The class shares that the probabilities assume: a :class:`PriorCorrectedClassifier` around
        this classifier needs no others. Not in files that average classifiers with different
        shares.

    n_features_in_ : int
        Number of features of the exported classifier or pipeline.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Feature names of the exported classifier or pipeline, if it was fitted on a DataFrame.

    See Also
    --------
    export_onnx : Writes the file.

    Examples
    --------
    >>> from skin_lesion import OnnxClassifier
    >>> OnnxClassifier("missing.onnx").predict(["lesion.jpg"])
    Traceback (most recent call last):
    ...
    FileNotFoundError: The file path='...missing.onnx' does not exist. Expected a file that...
    """

    _learns = False  # from y: see PriorCorrectedClassifier
    _parameter_constraints = {"path": [str, os.PathLike]}

    def __init__(self, path):
        self.path = path

    def fit(self, X, y=None):
        """Do nothing: the classifier in the file is already fitted.

        Meta-estimators may call this, as with :class:`sklearn.frozen.FrozenEstimator`.

        Parameters
        ----------
        X : object
            Ignored.

        y : object
            Ignored.

        Returns
        -------
        self : OnnxClassifier
            The estimator itself.
        """
        self._validate_params()
        return self

    @property
    def classes_(self):
        """Class names, sorted."""
        return self._file_as_attribute().classes

    @property
    def class_prior_(self):
        """Class shares that the probabilities assume, if the file has them."""
        return np.array(self._describe("class_prior", "class shares"))

    @property
    def n_features_in_(self):
        """Number of columns of a two-dimensional X, or of pixels times channels."""
        return self._file_as_attribute().n_features_in

    @property
    def feature_names_in_(self):
        """Feature names, if the exported estimator was fitted on a DataFrame."""
        return np.array(self._describe("feature_names_in", "feature names"), dtype=object)

    def _prior_factors(self):
        """Return the factors that corrected the probabilities, or None; see `find_correction`."""
        self._validate_params()
        factors = open_onnx_file(self.path).factors
        return factors[0] if len(factors) == 1 else None

    def _describe(self, key, what):
        found = self._file_as_attribute().description[key]
        if found is None:
            raise AttributeError(f"The file path={os.fspath(self.path)!r} has no {what}.")
        return found

    def _file_as_attribute(self):
        """Open the file. Errors become AttributeErrors, so that `dir` and notebooks still work."""
        try:
            return open_onnx_file(self.path)
        except (ImportError, OSError, ValueError) as error:
            raise AttributeError(str(error)) from error

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            Paths or images of the shape that was fitted.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows sum to 1; columns are in the order of `classes_`.

        Raises
        ------
        FileNotFoundError
            If the file of the classifier, or of an image, does not exist.
        ImportError
            If ``onnxruntime`` is not installed.
        TypeError
            If `X` holds paths, but the exported estimator takes only images, or the other way
            round.
        ValueError
            If the file is not an ONNX file written by :func:`export_onnx`, or is damaged, or if `X`
            has another shape.
        """
        return self._predict(X)[0]

    def _predict(self, X):
        """Return the probabilities, and the features of each image or None if the file has none."""
        self._validate_params()
        file = open_onnx_file(self.path)
        steps = file.steps
        if are_paths(X):
            if file.loader is None:
                raise TypeError(
                    "X holds paths, but the exported estimator was fitted on arrays. The file does"
                    " not say how their images were read and cleaned. Expected such arrays. To"
                    " predict paths, export the whole pipeline, or a classifier with"
                    f" loader=ImageLoader({file.input_shape[:2]})."
                )
        elif not file.reads_images:
            raise TypeError(
                "X holds no paths. Expected paths, because the exported pipeline begins with an"
                " ImageLoader."
            )
        else:
            for step in steps:
                X = step.transform(X)
            steps = []
        source = open_source(
            self,
            X,
            loader=file.loader,
            image_shape=file.image_shape,
            expected_shape=file.input_shape,
        )

        def run(rows):
            images = source.take(rows)
            for step in steps:
                images = step.transform(images)
            return _run(file, images)

        n_threads = n_own_cores()
        size = min(_BATCH_SIZE, -(-len(source) // n_threads))
        batches = np.split(np.arange(len(source)), range(size, len(source), size))
        with ReadAhead(run, batches, n_threads if len(batches) > 1 else 0) as outputs:
            probabilities, *features = map(np.concatenate, zip(*outputs, strict=True))
        source.warn_of_unreadable()
        return probabilities, features[0] if features else None

    def __sklearn_is_fitted__(self):
        return True


def predict_with_features(classifier, X):
    """Return the probabilities of an OnnxClassifier, and what its last layer sees of the images.

    Returns
    -------
    probabilities : ndarray of shape (n, n_classes)

    features : ndarray of shape (n, n_features), or None
        None if the file was not written with features.
    """
    return classifier._predict(X)


def digest_of_network(classifier):
    """Return the SHA-256 of the weights of a fitted network: the same one in each of its files.

    Parameters
    ----------
    classifier : SkinLesionClassifier or OnnxClassifier
        For the latter no Keras is needed.

    Returns
    -------
    digest : str
    """
    if isinstance(classifier, OnnxClassifier):
        return open_onnx_file(classifier.path).description["weights_sha256"]
    return hash_weights(classifier.model_)


def _run(file, images):
    """Return the probabilities of images, averaged over variants, and the other outputs."""
    has_variants = len(file.augmentations) > 0
    n_each = len(file.factors) if has_variants and len(file.factors) > 1 else 0

    def run(images):
        """Return the probabilities of the networks, or else their mean, and the other outputs."""
        mean, *others = run_for_all_outputs(file.session, images)
        networks = np.array(others[:n_each] or [mean], dtype=np.float64)
        return shift(networks, None), others[n_each:]  # those of half precision do not sum to 1

    found, others = run(images)
    if not has_variants:
        return found[0], *others
    images, augmenter = check_images(images, scale_is_known=True), ImageAugmenter()
    variants = (augmenter.apply(images, np.repeat(d, len(images))) for d in file.augmentations)
    of_networks = np.stack([found, *(run(each)[0] for each in variants)], axis=1)
    averaged = map(average_variants, of_networks, file.factors)
    return np.mean(list(averaged), axis=0), *others
