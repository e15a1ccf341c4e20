"""A threshold on the probability of a class: what is wrong is said before the fit."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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


def test_classes_of_a_frozen_classifier_are_its_own():
    X, y = load_iris(return_X_y=True)
    frozen = FrozenEstimator(LogisticRegression(max_iter=1000).fit(X, y))
    for inside in (frozen, make_pipeline(StandardScaler(), frozen)):
        detector = OperatingPointClassifier(inside, 0.3, positive=2).fit(X[y < 2], y[y < 2])
        assert detector.classes_.tolist() == [0, 1, 2]
    calibrated = CalibratedClassifierCV(frozen, method="temperature")
    with pytest.raises(ValueError, match="positive=7, but the estimator has the classes"):
        OperatingPointClassifier(calibrated, 0.3, positive=7).fit(X, y)
    with pytest.raises(TypeError, match="provide an instance"):
        OperatingPointClassifier(LogisticRegression, 0.3, positive=2).fit(X, y)
    learning = make_pipeline(FrozenEstimator(StandardScaler().fit(X)), LogisticRegression())
    with pytest.raises(ValueError, match="positive=2, but"):
        OperatingPointClassifier(learning, 0.3, positive=2).fit(X[y < 2], y[y < 2])


def test_a_probability_that_is_not_finite_is_not_taken_for_the_other_class():
    model = LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True))
    model.coef_[:] = np.nan
    model.intercept_[:] = np.nan
    X = load_iris().data
    with pytest.raises(ValueError, match="150 of 150 rows have probabilities that are not finite"):
        OperatingPointClassifier(model, 0.3, positive=2).predict(X)


def test_a_threshold_inside_has_no_effect_and_is_refused():
    X, y = load_iris(return_X_y=True)
    X, y = X[:100], y[:100]
    for inner in (OperatingPointClassifier, FixedThresholdClassifier):
        twice = OperatingPointClassifier(inner(LogisticRegression(), threshold=0.1), 0.3)
        with pytest.raises(ValueError, match=f"Pass the classifier inside the {inner.__name__}"):
            twice.fit(X, y)
        twice.estimator.fit(X, y)
        with pytest.raises(ValueError, match="no threshold inside"):
            twice.predict(X)


def test_a_number_among_classes_is_suggested_as_a_number():
    model = LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True))
    with pytest.raises(ValueError, match=r"positive='2'.*Did you mean 2\?"):
        OperatingPointClassifier(model, positive="2").predict(load_iris().data)
