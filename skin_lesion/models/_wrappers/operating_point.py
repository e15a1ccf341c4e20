"""Decide by a threshold on the probability of one class."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..._utils.sklearn_private import HasMethods, Interval
from ..._utils.validation.messages import did_you_mean
from .._image_classifier import check_finite
from .wrapper import WrapperMixin, check_no_threshold, list_classes


class OperatingPointClassifier(WrapperMixin, BaseEstimator):
    """Predict a class wherever its probability reaches a threshold.

    It applies an operating point of :func:`choose_thresholds` to new images. :func:`save_model`
    saves it together with the classifier. If the classifier is already fitted, it can predict at
    once. :meth:`fit` fits a clone. With two classes it does the same as
    :class:`sklearn.model_selection.FixedThresholdClassifier`, which takes no more than two.

    Parameters
    ----------
    estimator : classifier with predict_proba
        Fitted or not.

    threshold : float, default=0.5
        The class `positive` is predicted if its probability, from 0 to 1, is at least this.

    positive : str or int, default=None
        The class to detect. None means the second of two classes.

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
    choose_thresholds : Chooses `threshold`.

    Notes
    -----
    Make it the outermost wrapper, as in
    ``OperatingPointClassifier(TestTimeAugmentation(model), 0.3)``. A classifier around it would use
    only its probabilities, so that the threshold would have no effect. The wrappers of this library
    raise an error in that case.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skin_lesion import OperatingPointClassifier, choose_thresholds
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X[::3], y[::3])
    >>> points = choose_thresholds(model, X[1::3], y[1::3], positive=2, sensitivity=0.95)
    >>> careful = OperatingPointClassifier(
    ...     model, points.loc["sensitivity 0.95", "threshold"], positive=2)
    >>> careful.predict(X[2::3])[-5:]
    array([2, 2, 2, 2, 2])
    """

    _decides_by_threshold = True
    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        # A threshold just above 1 predicts no positive; choose_thresholds may return one.
        "threshold": [Interval(Real, 0, np.nextafter(1, 2), closed="both")],
        "positive": [Real, str, "boolean", None],
    }

    def __init__(self, estimator, threshold=0.5, *, positive=None):
        self.estimator = estimator
        self.threshold = threshold
        self.positive = positive

    def _validate_params(self):
        if np.ndim(self.threshold):  # the table of choose_thresholds, or a row of it
            raise TypeError(
                f"threshold is a {type(self.threshold).__name__}. Expected one number, such as"
                " table.loc['sensitivity 0.95', 'threshold'] of the table of choose_thresholds."
            )
        super()._validate_params()

    def _check_labels(self, y, params):
        classes = list_classes(y)
        if classes is not None:  # otherwise the fit of the estimator raises an error
            _find_positive(self.positive, classes.tolist())

    def predict(self, X):
        """Return `positive` if its probability reaches the threshold, or the best other class.

        Parameters
        ----------
        X : array-like of n rows
            Images or rows as the classifier takes them.

        Returns
        -------
        y : ndarray of shape (n,)
            Class names.

        Raises
        ------
        ValueError
            If `positive` is not a class of the classifier, or is None with more than two classes.
            If probabilities are not finite, or if the classifier decides by a threshold itself.
        """
        self._validate_params()
        check_no_threshold(self, self._fitted())
        check_is_fitted(self)
        place = _find_positive(self.positive, self.classes_.tolist())
        probabilities = np.array(check_finite(self.predict_proba(X)), dtype=float)
        is_called = probabilities[:, place] >= self.threshold
        probabilities[:, place] = np.where(is_called, np.inf, -np.inf)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probabilities of the classifier; the threshold does not change them.

        Parameters
        ----------
        X : array-like of n rows
            Images or rows as the classifier takes them.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Columns in the order of `classes_`.
        """
        check_is_fitted(self)
        return self._fitted().predict_proba(X)


def _find_positive(positive, known):
    """Return the position of the positive class among the known classes."""
    chosen = known[1] if positive is None and len(known) == 2 else positive
    if chosen not in known:
        raise ValueError(
            f"positive={chosen!r}, but the estimator has the classes {known}. Expected one"
            f" of them.{did_you_mean(chosen, known)}"
        )
    return known.index(chosen)
