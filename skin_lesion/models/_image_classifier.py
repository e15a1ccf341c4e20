"""Shared by the image classifiers: reading X, and predicting the most probable class."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._utils.documentation_link import DocumentedMixin
from .._utils.validation.labels import check_labels
from .._utils.validation.messages import warn_caller
from .._utils.validation.rows import check_order
from ._training.image_source import open_source


class MostProbableClassMixin(DocumentedMixin):
    """Predict the most probable class of `predict_proba`, and accept paths."""

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            As for :meth:`predict_proba`.

        Returns
        -------
        y : ndarray of shape (n,)
            Class names.

        Raises
        ------
        ValueError
            If probabilities are not finite.
        """
        probabilities = check_finite(self.predict_proba(X))
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            As for :meth:`predict_proba`.

        Returns
        -------
        log_probabilities : ndarray of shape (n, n_classes)
            Minus infinity where a probability is 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def score(self, X, y, sample_weight=None):
        """Return the accuracy. Rows whose label was not seen in training count as wrong.

        On imbalanced classes accuracy is misleading: also compute
        :func:`sklearn.metrics.balanced_accuracy_score`.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, (n, height, width, 3), or (n, n_features)
            As for :meth:`predict_proba`.

        y : array-like of shape (n,)
            True class names.

        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        accuracy : float
            From 0 to 1.

        Raises
        ------
        ValueError
            If labels are missing.

        Warns
        -----
        UserWarning
            If y has labels that were not seen in training.
        """
        check_is_fitted(self)
        check_order(X=X, y=y, sample_weight=sample_weight)
        y = check_labels(y, name="y")
        unseen = np.setdiff1d(y, self.classes_)
        if len(unseen):
            warn_caller(
                f"y has the classes {unseen.tolist()}, which were not seen in training."
                f" {np.isin(y, unseen).sum()} of {len(y)} rows count as wrong."
            )
        return super().score(X, y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags


def check_finite(probabilities):
    """Return probabilities, or raise an error if a row has none: argmax would return any class."""
    n_unknown = np.count_nonzero(~np.isfinite(probabilities).all(axis=1))
    if n_unknown:
        raise ValueError(
            f"{n_unknown} of {len(probabilities)} rows have probabilities that are not finite."
            " Expected a network with finite weights that suit the range of X. Fit it again,"
            " with a smaller learning_rate if training diverged."
        )
    return probabilities


def predicts_most_probable(classifier):
    """Return whether `predict` is known to return the class with the highest probability."""
    return getattr(type(classifier), "predict", None) is MostProbableClassMixin.predict


def open_images(classifier, X, *, reset=False):
    """Return X as a source of images, read as SkinLesionClassifier does; see open_source.

    With ``reset=False`` the images must have the shape that the classifier was fitted on.
    """
    return open_source(
        classifier,
        X,
        loader=classifier.loader,
        image_shape=classifier.image_shape,
        expected_shape=None if reset else classifier.model_.input_shape[1:],
    )
