"""Sets of classes that hold the true one as often as they promise, through MAPIE."""

import warnings
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import HasMethods, Interval, fit_context
from ..._utils.validation import check_labels, check_rows, number_labels
from .._metrics.input_checks import check_probabilities


class ConformalClassifier(DocumentedMixin, BaseEstimator):
    """Give each image a set of classes that holds the true one with a given confidence.

    Split conformal prediction of each class by itself: of the images of any class, at least
    `confidence` have it in their set, whatever the model is worth [1]_ [2]_. A poor model has large
    sets. The quantiles are those of MAPIE, which has to be installed:
    ``pip install "skin_lesion[conformal]"``.

    Parameters
    ----------
    estimator : fitted classifier
        With `predict_proba`. It is not fitted again.

    confidence : float in (0, 1), default=0.9
        The share of the images of each class whose set shall hold it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Those of the estimator.

    n_calibration_ : ndarray of shape (n_classes,), of int
        Number of lesions of each class that were used.

    See Also
    --------
    referral_curve : What is gained by passing on what a model is not sure of.

    Notes
    -----
    It must be fitted on images that served neither for training, nor for early stopping, nor serve
    for the test, at their natural prevalence. The promise is for lesions drawn as those of `fit`: a
    clinic of other patients or other dermatoscopes has no part in it.

    References
    ----------
    .. [1] V. Vovk, "Conditional validity of inductive conformal predictors", Machine Learning 92,
       349-376, 2013. :doi:`10.1007/s10994-013-5355-6`
    .. [2] M. Sadinle, J. Lei and L. Wasserman, "Least ambiguous set-valued classifiers with bounded
       error levels", Journal of the American Statistical Association 114(525), 223-234, 2019.
       :doi:`10.1080/01621459.2017.1395341`

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skin_lesion import ConformalClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X[::3], y[::3])
    >>> conformal = ConformalClassifier(model, confidence=0.9)
    >>> conformal.fit(X[1::3], y[1::3]).predict_set(X[2::3]).shape
    (50, 3)
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["predict_proba"])],
        "confidence": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(self, estimator, *, confidence=0.9):
        self.estimator = estimator
        self.confidence = confidence

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, groups=None):
        """Learn how probable a class must be to be in the set.

        Parameters
        ----------
        X : array-like of n rows
            Images that the estimator has not seen.

        y : array-like of shape (n,)
            Their classes.

        groups : array-like of shape (n,), default=None
            The lesion of each image. Of those of a lesion that have one class, the first is used:
            the promise needs cases that are independent.

        Returns
        -------
        self : ConformalClassifier
            The estimator itself.

        Raises
        ------
        ImportError
            If MAPIE is not installed.
        ValueError
            If lengths differ, or values are missing.

        Warns
        -----
        UserWarning
            If a class has too few lesions for the confidence: it is in every set.
        """
        try:
            from mapie.classification import SplitConformalClassifier
        except ImportError as error:
            raise ImportError(
                'ConformalClassifier needs MAPIE. Install it: pip install "skin_lesion[conformal]".'
            ) from error
        check_rows(X)
        y = check_labels(y, name="y")
        check_consistent_length(y, groups)
        groups = np.arange(len(y)) if groups is None else number_labels(groups, name="groups")[1]
        probabilities = check_probabilities(self.estimator.predict_proba(X))
        check_consistent_length(y, probabilities)
        self.classes_ = np.asarray(self.estimator.classes_)
        self._conformalized, n_used, always = [], [], []
        for number, name in enumerate(self.classes_):
            of_class = np.flatnonzero(y == name)
            rows = of_class[np.unique(groups[of_class], return_index=True)[1]]
            n_used.append(len(rows))
            if len(rows) * (1 - self.confidence) <= 1:
                self._conformalized.append(None)
                always.append(str(name))
                continue
            conformal = SplitConformalClassifier(
                _Probabilities(len(self.classes_)),
                confidence_level=self.confidence,
                conformity_score="lac",
                prefit=True,
            )
            with warnings.catch_warnings():
                # One class at a time is what is wanted.
                warnings.filterwarnings("ignore", ".*conformalization dataset has less labels")
                conformal.conformalize(probabilities[rows], np.full(len(rows), number))
            self._conformalized.append(conformal)
        self.n_calibration_ = np.array(n_used)
        if always:
            warnings.warn(
                f"The classes {always} have too few lesions for confidence={self.confidence:g}"
                f" (more than {1 / (1 - self.confidence):.0f} are needed): they are in every set."
                " Calibrate on more, or promise less.",
                UserWarning,
                stacklevel=2,
            )
        return self

    def predict_set(self, X):
        """Return which classes are in the set of each image.

        Parameters
        ----------
        X : array-like of n rows
            Images as the estimator takes them.

        Returns
        -------
        sets : ndarray of shape (n, n_classes), of bool
            Columns in the order of `classes_`. An empty set says that the image is like none of
            the classes.
        """
        check_is_fitted(self)
        check_rows(X)
        probabilities = check_probabilities(self.estimator.predict_proba(X))
        sets = np.ones(probabilities.shape, dtype=bool)
        for number, conformal in enumerate(self._conformalized):
            if conformal is not None:
                _, of_all = conformal.predict_set(probabilities)
                sets[:, number] = of_all[:, number, 0]
        return sets

    def predict(self, X):
        """Return the most probable class, as the estimator does.

        Parameters
        ----------
        X : array-like of n rows
            Images as the estimator takes them.

        Returns
        -------
        y : ndarray of shape (n,)
            Class names.
        """
        check_is_fitted(self)
        return self.estimator.predict(X)


class _Probabilities(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose X is its probabilities, so that images are read once for all."""

    def __init__(self, n_classes):
        self.n_classes = n_classes

    def __sklearn_is_fitted__(self):
        return True

    @property
    def classes_(self):
        return np.arange(self.n_classes)

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return np.asarray(X)

    def predict(self, X):
        return np.argmax(X, axis=1)
