"""What classifiers of images share: they read X alike, and predict the most probable class."""

import warnings

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._utils.documentation_link import DocumentedMixin
from .._utils.validation.labels import check_labels
from ._training.image_source import open_source


class MostProbableClassMixin(DocumentedMixin):
    """Predicts by `predict_proba`, and takes paths."""

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
        probabilities = self.predict_proba(X)
        n_unknown = np.count_nonzero(~np.isfinite(probabilities).all(axis=1))
        if n_unknown:  # of which argmax takes the first class
            raise ValueError(
                f"{n_unknown} of {len(probabilities)} rows have probabilities that are not finite."
                " Expected a network whose weights are finite and fit the range of X: fit it anew,"
                " with a smaller learning_rate if training diverged."
            )
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
        """Return the accuracy; a label that was not seen in training counts as wrong.

        On imbalanced classes accuracy flatters: look at
        :func:`sklearn.metrics.balanced_accuracy_score` beside it.

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
        y = check_labels(y, name="y")
        unseen = np.setdiff1d(y, self.classes_)
        if len(unseen):
            warnings.warn(
                f"y has the classes {unseen.tolist()}, which were not seen in training."
                f" {np.isin(y, unseen).sum()} of {len(y)} rows count as wrong.",
                UserWarning,
                stacklevel=2,
            )
        return super().score(X, y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags


def predicts_most_probable(classifier):
    """Tell whether `predict` is known to return the class of the highest probability."""
    return getattr(type(classifier), "predict", None) is MostProbableClassMixin.predict


def open_images(classifier, X, *, reset=False):
    """Return X as a source of images, as a SkinLesionClassifier reads it; see open_source.

    With ``reset=False`` the images must have the shape that was fitted.
    """
    return open_source(
        classifier,
        X,
        loader=classifier.loader,
        image_shape=classifier.image_shape,
        expected_shape=None if reset else classifier.model_.input_shape[1:],
    )
