import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from skin_lesion import ConformalClassifier, load_model, save_model


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


@pytest.mark.parametrize("confidence", [0.8, 0.9])
def test_each_class_is_held_as_promised(confidence):
    rng = np.random.default_rng(0)
    conformal = ConformalClassifier(Given(), confidence=confidence).fit(*draw(3000, rng))
    X, y = draw(20_000, rng)
    sets = conformal.predict_set(X)
    assert sets.dtype == bool
    for number, name in enumerate(Given.classes_):
        held = sets[y == name, number].mean()
        assert abs(held - confidence) < 0.035, name


def test_better_models_have_smaller_sets():
    rng = np.random.default_rng(0)
    sizes = []
    for signal in (0.5, 3):
        conformal = ConformalClassifier(Given()).fit(*draw(1000, rng, signal))
        sizes.append(conformal.predict_set(draw(1000, rng, signal)[0]).sum(axis=1).mean())
    assert sizes[1] < 0.6 * sizes[0]


def test_quantile_worked_by_hand():
    """Ten melanomas with p = 0.1 to 1: 0.8 of 11 are the 9 highest, so that 0.2 is enough."""
    p = np.arange(1, 11) / 10
    X = np.column_stack([(1 - p) / 2, p, (1 - p) / 2])
    with pytest.warns(UserWarning, match=r"\['bkl', 'nv'\] have too few lesions"):
        conformal = ConformalClassifier(Given(), confidence=0.8).fit(X, ["mel"] * 10)
    sets = conformal.predict_set(np.array([[0.4, 0.21, 0.39], [0.4, 0.19, 0.41]]))
    assert sets.tolist() == [[True, True, True], [True, False, True]]
    assert conformal.n_calibration_.tolist() == [0, 10, 0]


@pytest.mark.parametrize(("confidence", "n_least"), [(0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_fewest_lesions_that_can_keep_the_promise(confidence, n_least):
    def fit(n):
        p = np.linspace(0.5, 1, n)
        X = np.column_stack([(1 - p) / 2, p, (1 - p) / 2])
        with pytest.warns(UserWarning, match=f"at least {n_least} are needed") as raised:
            conformal = ConformalClassifier(Given(), confidence=confidence).fit(X, ["mel"] * n)
        assert [warning.filename for warning in raised] == [__file__]
        return conformal.thresholds_[1], str(raised[0].message)

    threshold, message = fit(n_least)
    assert threshold == 0.5  # all of them are held
    assert "['bkl', 'nv']" in message
    threshold, message = fit(n_least - 1)
    assert threshold == 0
    assert "['bkl', 'mel', 'nv']" in message


def test_neither_an_empty_set_nor_a_single_class_tells_what_is_like_the_others():
    """Two classes of lesions far apart: empty between them, and one class at ten times as far."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    X = rng.normal(np.where(y, 2.0, -2.0))[:, np.newaxis]
    model = LogisticRegression().fit(X[:200], y[:200])
    conformal = ConformalClassifier(model, confidence=0.8).fit(X[200:], y[200:])
    between, outlier = conformal.predict_set([[0.0], [40.0]])
    assert between.tolist() == [False, False]
    assert outlier.tolist() == [False, True]


def test_saved_and_loaded(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    X = rng.normal(y)[:, np.newaxis]
    conformal = ConformalClassifier(LogisticRegression().fit(X[:100], y[:100])).fit(
        X[100:], y[100:]
    )
    save_model(conformal, tmp_path / "model")
    sets = load_model(tmp_path / "model").predict_set(X)
    np.testing.assert_array_equal(sets, conformal.predict_set(X))


def test_one_image_of_each_lesion():
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


def test_any_photograph_of_a_lesion_counts_alike():
    """The first of two photographs is the easier one: their halves share the promise."""
    rng = np.random.default_rng(0)
    p = np.column_stack([rng.uniform(0.5, 1, 4000), rng.uniform(0, 0.5, 4000)]).ravel()
    X = np.column_stack([(1 - p) / 2, p, (1 - p) / 2])
    with pytest.warns(UserWarning, match="too few lesions"):
        conformal = ConformalClassifier(Given(), confidence=0.8).fit(
            X, ["mel"] * 8000, groups=np.repeat(np.arange(4000), 2)
        )
    assert conformal.n_calibration_.tolist() == [0, 4000, 0]
    assert conformal.thresholds_[1] == pytest.approx(0.2, abs=0.02)
    assert conformal.predict_set(X)[:, 1].mean() == pytest.approx(0.8, abs=0.02)


def test_rows_of_unknown_classes_are_named():
    X, y = draw(600, np.random.default_rng(0))
    with pytest.warns(UserWarning, match=r"3 of 603 rows have the classes \['akiec', 'df'\]"):
        more = ConformalClassifier(Given()).fit(
            np.concatenate([X, X[:3]]), [*y, "df", "akiec", "df"]
        )
    assert more.n_calibration_.sum() == 600


def test_classes_of_which_the_estimator_knows_none():
    X, _ = draw(50, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"y has the classes \['akiec'\].*at least one class in"):
        ConformalClassifier(Given()).fit(X, ["akiec"] * 50)


def test_bad_input():
    X, y = draw(50, np.random.default_rng(0))
    with pytest.raises(ValueError, match="'confidence' parameter"):
        ConformalClassifier(Given(), confidence=90).fit(X, y)
    with pytest.raises(ValueError, match="do not sum to 1"):
        ConformalClassifier(Given()).fit(2 * X / 3, y)
