import sys

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from skin_lesion import ConformalClassifier


class Given(ClassifierMixin, BaseEstimator):
    """X is its probabilities."""

    classes_ = np.array(["bkl", "mel", "nv"])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return self.classes_[X.argmax(axis=1)]


def draw(n, rng, signal=1.5):
    y = rng.choice(3, n, p=[0.2, 0.2, 0.6])
    logits = rng.normal(0, 1, (n, 3))
    logits[np.arange(n), y] += signal
    # Priors that are off, as after training on balanced classes.
    p = np.exp(logits) * [1, 0.5, 2]
    return p / p.sum(axis=1, keepdims=True), Given.classes_[y]


def test_without_mapie(monkeypatch):
    monkeypatch.setitem(sys.modules, "mapie.classification", None)
    X, y = draw(100, np.random.default_rng(0))
    with pytest.raises(ImportError, match=r'pip install "skin_lesion\[conformal\]"'):
        ConformalClassifier(Given()).fit(X, y)


@pytest.mark.parametrize("confidence", [0.8, 0.9])
def test_each_class_is_held_as_promised(confidence):
    pytest.importorskip("mapie")
    rng = np.random.default_rng(0)
    conformal = ConformalClassifier(Given(), confidence=confidence).fit(*draw(3000, rng))
    X, y = draw(20_000, rng)
    sets = conformal.predict_set(X)
    assert sets.dtype == bool
    for number, name in enumerate(Given.classes_):
        held = sets[y == name, number].mean()
        assert abs(held - confidence) < 0.035, name


def test_better_models_have_smaller_sets():
    pytest.importorskip("mapie")
    rng = np.random.default_rng(0)
    sizes = []
    for signal in (0.5, 3):
        conformal = ConformalClassifier(Given()).fit(*draw(1000, rng, signal))
        sizes.append(conformal.predict_set(draw(1000, rng, signal)[0]).sum(axis=1).mean())
    assert sizes[1] < 0.6 * sizes[0]


def test_quantile_worked_by_hand():
    """Ten melanomas with p = 0.1 to 1: 0.8 of 11 are the 9 highest, so that 0.2 is enough."""
    pytest.importorskip("mapie")
    p = np.arange(1, 11) / 10
    X = np.column_stack([(1 - p) / 2, p, (1 - p) / 2])
    with pytest.warns(UserWarning, match=r"\['bkl', 'nv'\] have too few lesions"):
        conformal = ConformalClassifier(Given(), confidence=0.8).fit(X, ["mel"] * 10)
    sets = conformal.predict_set(np.array([[0.4, 0.21, 0.39], [0.4, 0.19, 0.41]]))
    assert sets.tolist() == [[True, True, True], [True, False, True]]
    assert conformal.n_calibration_.tolist() == [0, 10, 0]


def test_one_image_of_each_lesion():
    pytest.importorskip("mapie")
    X, y = draw(600, np.random.default_rng(0))
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    once = ConformalClassifier(Given()).fit(X, y)
    groups = np.repeat(np.arange(600), 3)
    thrice = ConformalClassifier(Given()).fit(X.repeat(3, axis=0), y.repeat(3), groups=groups)
    np.testing.assert_array_equal(thrice.n_calibration_, once.n_calibration_)
    assert once.n_calibration_.sum() == 600
    np.testing.assert_array_equal(thrice.predict_set(X), once.predict_set(X))
    np.testing.assert_array_equal(once.predict(X), Given().predict(X))


def test_bad_input():
    X, y = draw(50, np.random.default_rng(0))
    with pytest.raises(ValueError, match="'confidence' parameter"):
        ConformalClassifier(Given(), confidence=90).fit(X, y)
    pytest.importorskip("mapie")
    with pytest.raises(ValueError, match="do not sum to 1"):
        ConformalClassifier(Given()).fit(2 * X / 3, y)
