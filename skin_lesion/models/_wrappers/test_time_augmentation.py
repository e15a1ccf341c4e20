"""Test-time augmentation: average a classifier's probabilities over augmented images."""

from itertools import chain
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._utils.sklearn_private import HasMethods, Interval
from ..._utils.validation.paths import are_paths
from ..._utils.validation.pixels import check_images
from ..._utils.validation.rows import IMAGES_EXPECTED, check_rows
from ...images import ImageAugmenter
from .._classifier import SkinLesionClassifier
from .._image_classifier import open_images
from .._training.image_source import ArraySource, read_batches
from .._training.priors import average_variants
from .wrapper import WrapperMixin, check_no_threshold, find_correction

_BATCH_SIZE = 256  # images that are augmented and predicted at a time


class TestTimeAugmentation(WrapperMixin, BaseEstimator):
    """Average a classifier's probabilities over each image and augmented variants of it.

    The class of a lesion does not depend on rotation, flips or light. The errors of a network on
    such variants partly cancel out [1]_. This costs `n_augmentations` extra predictions per image.

    If the classifier corrects its probabilities for a `prior`, the mean is corrected, not each
    variant. It is then the same whether the classifier inside or a
    :class:`PriorCorrectedClassifier` around this one corrects. To average several networks, put
    test-time augmentation around each. Around an :class:`AveragedClassifier`, it averages
    probabilities that are already corrected.

    If the classifier is already fitted, it can predict at once. :meth:`fit` fits a clone.

    Parameters
    ----------
    estimator : classifier with predict_proba
        A :class:`SkinLesionClassifier`, or another classifier that takes arrays of images.

    augmenter : ImageAugmenter, default=None
        Draws the variants. None means ``ImageAugmenter()``. Use the augmenter that the classifier
        was trained with.

    n_augmentations : int, default=8
        Number of variants, in addition to the unchanged image.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same variants in each call. All images of a call get the same
        augmentations, so that with an int the result for an image does not depend on the others.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone, after :meth:`fit`.

    classes_ : ndarray of shape (n_classes,)
        Class names, in the order of the probabilities.

    n_features_in_ : int
        Number of features of the classifier.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Feature names of the classifier.

    See Also
    --------
    ImageAugmenter : Draws the variants.

    References
    ----------
    .. [1] Perez, F., Vasconcelos, C., Avila, S. and Valle, E. "Data Augmentation for Skin Lesion
       Analysis." OR 2.0/CARE/CLIP/ISIC@MICCAI, 303-311 (2018).
       :doi:`10.1007/978-3-030-01201-4_33`

    Examples
    --------
    >>> from skin_lesion import ConvNet, SkinLesionClassifier, TestTimeAugmentation
    >>> from skin_lesion import make_lesion_images
    >>> lesions = make_lesion_images(60, n_classes=2, image_size=(32, 32), random_state=0)
    >>> classifier = SkinLesionClassifier(
    ...     ConvNet(filters=(8, 16)), epochs=2, early_stopping=False, random_state=0
    ... ).fit(lesions.images, lesions.target)
    >>> averaging = TestTimeAugmentation(classifier, n_augmentations=4, random_state=0)
    >>> averaging.predict_proba(lesions.images[:3]).shape
    (3, 2)
    """

    __test__ = False  # the name looks like a class of tests to pytest

    _changeable_after_fit = ("augmenter", "n_augmentations", "random_state")
    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "augmenter": [ImageAugmenter, None],
        "n_augmentations": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator, augmenter=None, n_augmentations=8, random_state=None):
        self.estimator = estimator
        self.augmenter = augmenter
        self.n_augmentations = n_augmentations
        self.random_state = random_state

    def _check_input(self, X):
        _refuse_paths(self.estimator, X)

    def predict_proba(self, X):
        """Return the mean probability of each class, corrected for the `prior` of the classifier.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            Images. Paths and rows of flattened images require a SkinLesionClassifier, whose loader
            and `image_shape` define how to read them.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows sum to 1; columns are in the order of `classes_`.

        Raises
        ------
        ValueError
            If `X` does not hold RGB images, a parameter has an invalid value, or the classifier
            decides by a threshold: put :class:`OperatingPointClassifier` around this one instead.
        TypeError
            If `X` holds paths, but the classifier is not a SkinLesionClassifier.
        """
        self._validate_params()
        check_no_threshold(self, self._fitted())
        estimator = self._fitted()
        check_is_fitted(estimator)
        augmenter, draws = self._augmenter(), self._draw()
        factors = find_correction(estimator)

        def average(images):
            variants = (
                augmenter.apply(images, np.repeat(draw, len(images)))
                for draw in np.split(draws, len(draws))
            )
            found = [estimator.predict_proba(each) for each in chain([images], variants)]
            return average_variants(np.array(found), factors)

        source = _open(estimator, X)
        with read_batches(source, np.arange(len(source)), _BATCH_SIZE) as batches:
            found = [average(check_images(images, scale_is_known=True)) for images in batches]
        source.warn_of_unreadable()
        return np.concatenate(found)

    def _augmenter(self):
        return ImageAugmenter() if self.augmenter is None else self.augmenter

    def _draw(self):
        """Return one record of random parameters for each variant."""
        random_state = check_random_state(self.random_state)
        return self._augmenter().draw(self.n_augmentations, random_state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


def _open(estimator, X):
    """Return X as a source of images."""
    if isinstance(estimator, SkinLesionClassifier):
        return open_images(estimator, X)
    check_rows(X, expected=IMAGES_EXPECTED)
    _refuse_paths(estimator, X)
    return ArraySource(check_images(X, scale_is_known=True))


def _refuse_paths(estimator, X):
    """Raise a TypeError for paths, unless the classifier knows how to read them."""
    if are_paths(X) and not isinstance(estimator, SkinLesionClassifier):
        raise TypeError(
            f"X holds paths, but the estimator is of type {type(estimator).__name__}. Expected an"
            " array of images: TestTimeAugmentation reads paths only for a SkinLesionClassifier."
            " Put TestTimeAugmentation around this classifier itself: inside of a search and of"
            " PriorCorrectedClassifier, around each network of an average, and in a pipeline after"
            " the loader."
        )
