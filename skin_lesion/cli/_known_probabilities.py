"""A classifier whose probabilities are known, for all that asks a classifier for them."""

from sklearn.base import BaseEstimator, ClassifierMixin


class KnownProbabilities(ClassifierMixin, BaseEstimator):
    """Gives the same probabilities for any X."""

    def __init__(self, classes, probabilities):
        self.classes = classes
        self.probabilities = probabilities

    @property
    def classes_(self):
        """Class names."""
        return self.classes

    def fit(self, X, y):
        """Do nothing: all is known."""
        return self

    def predict_proba(self, X):
        """Return the probabilities."""
        return self.probabilities

    def predict(self, X):
        """Return the most probable classes."""
        return self.classes[self.probabilities.argmax(axis=1)]

    def __sklearn_is_fitted__(self):
        return True
