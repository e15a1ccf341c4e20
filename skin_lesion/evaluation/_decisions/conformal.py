"""Prediction sets that contain the true class with a given confidence."""

import math
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import HasMethods, Interval, fit_context
from ..._utils.validation.labels import check_labels, number_labels
from ..._utils.validation.messages import warn_caller
from ..._utils.validation.rows import check_lengths, check_order, check_rows
from .._metrics.input_checks import check_common_class, check_probabilities


class ConformalClassifier(DocumentedMixin, BaseEstimator):
    """Predict a set of classes that contains the true class with a given confidence.

    This is class-conditional split conformal prediction: for the lesions of each class, at least
    the share `confidence` of the prediction sets contain that class, however good the model is
    [1]_ [2]_. A poor model gives large sets. A class needs at least 9 lesions for a confidence of
    0.9, and 19 for 0.95.

    Parameters
    ----------
    estimator : fitted classifier
        Must have `predict_proba`. It is not fitted again.

    confidence : float in (0, 1), default=0.9
        The coverage: share of the lesions of each class whose set must contain the class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class names of the estimator.

    n_calibration_ : ndarray of shape (n_classes,), of int
        Number of lesions of each class that were used for calibration.

    thresholds_ : ndarray of shape (n_classes,)
        A class with at least this probability is in the set. 0 if there are too few lesions.

    See Also
    --------
    referral_curve : Accuracy after the least certain cases are referred.

    Notes
    -----
    Fit it on images that are used for neither training, early stopping nor the test. The coverage
    is guaranteed for lesions from the same population as those of `fit`, and not for a clinic with
    other patients or dermatoscopes. If you change what the estimator predicts, such as its `prior`
    or `temperature`, call `fit` again: the thresholds apply to the old probabilities.

    For a lesion with several photographs, one of them is used, selected at random. Coverage over
    all photographs may be lower than `confidence` if difficult lesions are photographed more often.

    A set does not tell whether an image resembles those of `fit`. In an empty set, each class is
    less probable than it was for the share `confidence` of its lesions in `fit`. This happens
    between classes that the model separates well. An image without a lesion, or of an unknown
    class, may get a set with a single class.

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
            The lesion of each image. One image per lesion and class is used, because the guarantee
            needs independent cases. The choice is random, and the same in each call.

        Returns
        -------
        self : ConformalClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If lengths differ, values are missing, or y has none of the estimator's classes.

        Warns
        -----
        UserWarning
            If a class has too few lesions for the confidence, so that it is in every set. If y has
            classes that the estimator does not know; their rows are not used. If several rows
            have a group such as "unknown".
        """
        check_rows(X)
        check_order(X=X, y=y, groups=groups)
        y = check_labels(y, name="y")
        check_lengths(y=y, groups=groups)
        groups = np.arange(len(y)) if groups is None else number_labels(groups, name="groups")[1]
        probabilities = check_probabilities(self.estimator.predict_proba(X))
        check_lengths(y=y, X=probabilities)
        self.classes_ = np.asarray(self.estimator.classes_)
        check_common_class(self.classes_, y, "y", "the estimator was fitted on")
        self.thresholds_ = np.zeros(len(self.classes_))
        self.n_calibration_ = np.zeros(len(self.classes_), dtype=int)
        is_unknown = ~(y[:, np.newaxis] == self.classes_).any(axis=1)
        if is_unknown.any():
            warn_caller(
                f"{is_unknown.sum()} of {len(y)} rows have the classes"
                f" {np.unique(y[is_unknown]).tolist()}, but the estimator knows"
                f" {self.classes_.tolist()}. These rows are not used, and the coverage is not"
                " guaranteed for such lesions. Leave them out, or rename their classes."
            )
        # Any photograph of a lesion: the first may be easier than those of later visits.
        shuffled = np.random.RandomState(0).permutation(len(y))
        for number, name in enumerate(self.classes_):
            of_class = shuffled[y[shuffled] == name]
            rows = of_class[np.unique(groups[of_class], return_index=True)[1]]
            self.n_calibration_[number] = len(rows)
            # All ranks of a new lesion among these are equally likely. Rounded: 10 * 0.1 is 1.
            n_missed = int(round((len(rows) + 1) * (1 - self.confidence), 9))
            if n_missed:
                self.thresholds_[number] = np.sort(probabilities[rows, number])[n_missed - 1]
        n_needed = math.ceil(round(1 / (1 - self.confidence), 9)) - 1
        always = self.classes_[self.n_calibration_ < n_needed].tolist()
        if always:
            warn_caller(
                f"The classes {always} have too few lesions for confidence={self.confidence:g}"
                f" (at least {n_needed} are needed), so they are in every set. Calibrate on more"
                " lesions, or lower the confidence."
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
            Columns in the order of `classes_`. An empty set does not mean that the image belongs to
            none of the classes: see Notes.
        """
        check_is_fitted(self)
        check_rows(X)
        probabilities = check_probabilities(self.estimator.predict_proba(X))
        return probabilities >= self.thresholds_

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
