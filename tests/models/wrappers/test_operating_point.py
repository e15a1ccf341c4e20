"""A threshold on the probability of a class: what is wrong is said before the fit."""

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skin_lesion import OperatingPointClassifier


def test_unknown_positive_class_is_named_before_the_fit():
    class Unfitted(LogisticRegression):
        def fit(self, X, y):
            raise AssertionError

    X, y = load_iris(return_X_y=True)
    y = load_iris().target_names[y]
    wrong = OperatingPointClassifier(Unfitted(), 0.3, positive="virginca")
    with pytest.raises(ValueError, match="Did you mean 'virginica'"):
        wrong.fit(X, y)
