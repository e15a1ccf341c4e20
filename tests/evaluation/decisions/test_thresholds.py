"""Thresholds for the model that is used, what they reach, and the object that applies them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.neighbors import KNeighborsClassifier

from skin_lesion import (
    EvaluationReport,
    OperatingPointClassifier,
    OperatingPointDisplay,
    choose_thresholds,
    choose_thresholds_from_predictions,
    evaluate,
    load_model,
    save_model,
)

RATES = {"sensitivity": [0.8, 0.95], "specificity": 0.9}


class Given(ClassifierMixin, BaseEstimator):
    """X is the probability of a melanoma. To fit it again would be another model."""

    classes_ = np.array(["mel", "nv"])

    def fit(self, X, y):
        raise AssertionError

    def __sklearn_is_fitted__(self):
        return True

    def predict_proba(self, X):
        return np.column_stack([np.ravel(X), 1 - np.ravel(X)])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture
def judge():
    """Return a function that evaluates thresholds on probabilities of a melanoma."""

    def judge(p, y, thresholds):
        report = evaluate(
            Given(), p, y, positive="mel", thresholds=thresholds, n_bootstraps=20, random_state=0
        )
        return report.operating_points["value"]

    return judge


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(0)
    y = np.repeat(["mel", "nv"], [40, 160])
    return np.clip(rng.normal(np.where(y == "mel", 0.6, 0.4), 0.15), 0, 1), y


def test_thresholds_of_the_fitted_model_and_what_they_reach(scored, judge):
    p, y = scored
    points = choose_thresholds(Given(), p, y, positive="mel", **RATES)
    assert points.index.tolist() == ["sensitivity 0.80", "sensitivity 0.95", "specificity 0.90"]
    assert points["target"].tolist() == [0.8, 0.95, 0.9]
    assert points["n_positive"].tolist() == [40] * 3
    assert points["n_negative"].tolist() == [160] * 3
    reached = judge(p, y, points)
    for rate in ("sensitivity", "specificity"):
        np.testing.assert_allclose(reached[:, rate], points[rate])
    # The highest and the lowest that keep them.
    is_positive = y == "mel"
    for name, target in (("sensitivity 0.80", 0.8), ("sensitivity 0.95", 0.95)):
        assert points.loc[name, "sensitivity"] >= target
        assert np.mean(p[is_positive] > points.loc[name, "threshold"]) < target
    threshold = points.loc["specificity 0.90", "threshold"]
    below = p[p < threshold].max()
    assert np.mean(p[~is_positive] < threshold) >= 0.9 > np.mean(p[~is_positive] < below)


@pytest.mark.parametrize("n_saturated", [3, 8])
@pytest.mark.parametrize("cap", [1.0, 0.97])
def test_saturated_scores(judge, n_saturated, cap):
    """Of 20 nevi some have the cap: a specificity of 0.9 can be kept by no call, or not at all."""
    y = np.repeat(["mel", "nv"], [10, 20])
    p = np.minimum(
        np.r_[np.ones(9), 0.2, np.ones(n_saturated), np.full(20 - n_saturated, 0.1)], cap
    )
    with pytest.warns(UserWarning, match=r"specificity 0.90.*only with a sensitivity of 0"):
        points = choose_thresholds(Given(), p, y, positive="mel", specificity=[0.9, 0.6])
    reached = judge(p, y, points)
    assert reached["specificity 0.90", "specificity"] == 1
    assert reached["specificity 0.90", "sensitivity"] == 0
    assert reached["specificity 0.60", "specificity"] == 1 - n_saturated / 20
    assert reached["sensitivity 0.90", "sensitivity"] == 0.9
    assert points.loc["sensitivity 0.90", "threshold"] == cap
    assert np.isnan(reached["sensitivity 0.90", "net_benefit"]) == (cap == 1)
    assert np.isfinite(reached["sensitivity 0.95", "net_benefit"])
    assert (
        OperatingPointClassifier(
            Given(), points.loc["specificity 0.90", "threshold"], positive="mel"
        ).predict(p)
        == "nv"
    ).all()


def test_names_of_close_targets_differ(scored):
    p, y = scored
    points = choose_thresholds_from_predictions(
        y, p, positive="mel", sensitivity=[0.99, 0.995, 0.99], specificity=None
    )
    assert points.index.tolist() == ["sensitivity 0.99", "sensitivity 0.995"]


def test_folds_predict_rows_that_their_model_has_not_seen():
    """A nearest neighbour is right about its own rows, and about others only by chance."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 2)), rng.choice(["mel", "nv"], 100)
    neighbour = KNeighborsClassifier(1)
    with pytest.warns(UserWarning, match="only with a specificity of 0"):
        points = choose_thresholds(
            neighbour, X, y, positive="mel", sensitivity=0.9, specificity=None, cv=5
        )
    assert points["specificity"].tolist() == [0]


def test_a_seed_gives_the_same_folds():
    rng = np.random.default_rng(0)
    y = rng.choice(["mel", "nv"], 100)
    X = rng.normal(np.where(y == "mel", 1.0, 0.0))[:, np.newaxis]
    points, again, other = (
        choose_thresholds(LogisticRegression(), X, y, positive="mel", cv=5, random_state=seed)
        for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(again, points)
    assert (other["threshold"] != points["threshold"]).all()


def test_calibrated_scores_where_they_are_calibrated(lesions):
    model = CalibratedClassifierCV(FrozenEstimator(lesions.model), method="temperature")
    model.fit(lesions.test.X, lesions.test.y)
    points, bare = (
        choose_thresholds(one, lesions.test.X, lesions.test.y, positive="melanoma", **RATES)
        for one in (model, lesions.model)
    )
    p = model.predict_proba(lesions.test.X)
    given = choose_thresholds_from_predictions(
        lesions.test.y, p, positive="melanoma", classes=model.classes_, **RATES
    )
    pd.testing.assert_frame_equal(points, given)
    turned = choose_thresholds_from_predictions(
        lesions.test.y, p[:, ::-1], positive="melanoma", classes=model.classes_[::-1], **RATES
    )
    pd.testing.assert_frame_equal(points, turned)
    assert (points["threshold"] != bare["threshold"]).all()


def test_out_of_fold(lesions, make_model):
    train = lesions.train
    points = choose_thresholds(
        make_model(),
        train.X,
        train.y,
        positive="melanoma",
        groups=train.groups,
        cv=5,
        random_state=0,
        **RATES,
    )
    is_positive = train.y == "melanoma"
    assert (points["n_positive"] == len(np.unique(train.groups[is_positive]))).all()
    report = evaluate(
        lesions.model,
        lesions.test.X,
        lesions.test.y,
        positive="melanoma",
        thresholds=points,
        n_bootstraps=20,
        random_state=0,
    )
    reached = report.operating_points["value"]
    assert reached["sensitivity 0.95", "sensitivity"] > 0.85
    assert reached["specificity 0.90", "specificity"] > 0.8


def test_operating_point_is_applied_saved_and_loaded(lesions, tmp_path):
    points = choose_thresholds(
        lesions.model, lesions.train.X, lesions.train.y, positive="melanoma", **RATES
    )
    threshold = points.loc["sensitivity 0.95", "threshold"]
    model = LogisticRegression(C=0.003, max_iter=500)
    rows, test = (side.X.reshape(len(side.X), -1) / 255.0 for side in (lesions.train, lesions.test))
    model.fit(rows, lesions.train.y)
    careful = OperatingPointClassifier(model, threshold, positive="melanoma")
    predicted = careful.predict(test)
    p = model.predict_proba(test)
    np.testing.assert_array_equal(careful.predict_proba(test), p)
    place = model.classes_.tolist().index("melanoma")
    np.testing.assert_array_equal(predicted == "melanoma", p[:, place] >= threshold)
    others = np.delete(p, place, axis=1).argmax(axis=1)
    others = np.delete(model.classes_, place)[others]
    is_called = predicted == "melanoma"
    np.testing.assert_array_equal(predicted[~is_called], others[~is_called])
    assert (predicted != model.predict(test)).any()

    save_model(careful, tmp_path / "model")
    np.testing.assert_array_equal(load_model(tmp_path / "model").predict(test), predicted)


def test_of_two_classes_as_scikit_learn(scored):
    p, y = scored
    X = p[:, np.newaxis]
    ours = OperatingPointClassifier(LogisticRegression(), 0.3).fit(X, y)
    theirs = FixedThresholdClassifier(LogisticRegression(), threshold=0.3, pos_label="nv")
    np.testing.assert_array_equal(ours.predict(X), theirs.fit(X, y).predict(X))


def test_display_takes_the_table(scored):
    p, y = scored
    points = choose_thresholds_from_predictions(y, p, positive="mel", **RATES)
    display = OperatingPointDisplay.from_predictions(y, p, pos_label="mel", thresholds=points)
    texts = {text.get_text() for text in display.ax_.texts}
    assert set(points.index) <= texts


@pytest.mark.parametrize(
    ("tested", "match"),
    [("mel", "the folds are of the class 'mel'"), ("nv", r"the folds has the classes \['nv'\]")],
)
def test_folds_that_test_one_class_are_found_before_anything_is_trained(scored, tested, match):
    p, y = scored
    rows = np.arange(200)
    test = rows[y == tested][::2]
    folds = [(np.setdiff1d(rows, test), test)]
    with pytest.raises(ValueError, match=f"y in the test sets of {match}"):
        choose_thresholds(Given(), p, y, positive="mel", cv=folds)


class Unasked:
    classes_ = np.array(["mel", "nv"])

    def predict_proba(self, X):
        raise AssertionError("asked before the arguments were checked")


def test_bad_input(scored, lesions, make_model):
    p, y = scored
    for call in (
        lambda **options: choose_thresholds(Unasked(), p, y, **options),
        lambda **options: choose_thresholds_from_predictions(y, p, **options),
    ):
        with pytest.raises(ValueError, match=r"Did you mean 'mel'\?"):
            call(positive="mell")
        with pytest.raises(ValueError, match=r"sensitivity has 95.*Expected rates above 0"):
            call(positive="mel", sensitivity=[95])
        with pytest.raises(ValueError, match=r"sensitivity has 'a'.*Expected rates above 0"):
            call(positive="mel", sensitivity=[0.9, "a"])
    for classes in (["mel"], ["nv", "nv"], ["bcc", "nv"]):
        with pytest.raises(ValueError, match="in the order of the columns"):
            choose_thresholds_from_predictions(
                y, Given().predict_proba(p), positive="mel", classes=classes
            )
    with pytest.raises(NotFittedError, match="pass cv=5"):
        choose_thresholds(make_model(), lesions.train.X, lesions.train.y, positive="nevus")
    with pytest.raises(ValueError, match="the estimator has the classes"):
        choose_thresholds(Unasked(), p, np.where(y == "mel", "bcc", y), positive="bcc")
    with pytest.raises(ValueError, match="All rows of y_true are of the class 'nv'"):
        choose_thresholds_from_predictions(["nv", "nv"], [0.1, 0.2], positive="nv")
    with pytest.raises(ValueError, match="1 group in both training and test set"):
        choose_thresholds(
            make_model(),
            lesions.train.X,
            lesions.train.y,
            positive="nevus",
            groups=np.zeros(len(lesions.train.y)),
            cv=[(np.arange(100), np.arange(100, 150))],
        )
    with pytest.raises(ValueError, match=r"positive='mell'.*Did you mean 'mel'\?"):
        OperatingPointClassifier(Given(), positive="mell").predict(p)
    with pytest.raises(ValueError, match="'threshold' parameter"):
        OperatingPointClassifier(Given(), 90).predict(p)
    points = choose_thresholds_from_predictions(y, p, positive="mel")
    for table in (points, points.loc["sensitivity 0.95"]):
        with pytest.raises(TypeError, match=r"Expected one number, such as table\.loc\["):
            OperatingPointClassifier(Given(), table).predict(p)
    with pytest.raises(ValueError, match="Expected a column 'threshold'"):
        OperatingPointDisplay.from_predictions(
            y, p, pos_label="mel", thresholds=pd.DataFrame({"cut": [0.5]})
        )


def test_two_operating_points_of_one_name_are_refused(scored, judge):
    """Of two tables that were joined, only one of the thresholds would be scored."""
    p, y = scored
    tables = [
        choose_thresholds_from_predictions(y[rows], p[rows], positive="mel", specificity=None)
        for rows in (np.arange(0, 200, 2), np.arange(1, 200, 2))
    ]
    for points in (pd.concat(tables), pd.concat(tables)["threshold"]):
        with pytest.raises(ValueError, match=r"points are named 'sensitivity 0\.90'\. Expected"):
            judge(p, y, points)
    with pytest.raises(ValueError, match="Several operating points are named '1'"):
        judge(p, y, {1: 0.2, "1": 0.6})
    points = {"predicted class": 0.2}
    with pytest.raises(ValueError, match="named 'predicted class', as the decision without a thr"):
        EvaluationReport.from_predictions(
            y, p, classes=["mel", "nv"], positive="mel", thresholds=points, prevalence=0.1
        )


def test_constant_scores_predict_every_case_positive():
    with pytest.warns(
        UserWarning, match="can be reached only with a (sensitivity|specificity) of 0"
    ) as raised:
        points = choose_thresholds_from_predictions(
            ["mel", "nv", "nv"], [0.5] * 3, positive="mel", **RATES
        )
    assert len(raised) == 2
    assert points["sensitivity"].tolist() == [1, 1, 0]


def test_a_threshold_that_no_image_reaches_is_not_shown_as_1(capsys):
    y, p = ["mel", "nv", "mel", "nv"], [1.0, 1.0, 1.0, 0.2]
    with pytest.warns(UserWarning, match="can be reached only with a sensitivity of 0"):
        points = choose_thresholds_from_predictions(y, p, positive="mel", specificity=0.9)
    assert points.loc["specificity 0.90", "threshold"] > 1
    options = {"classes": ["mel", "nv"], "positive": "mel", "n_bootstraps": 20}
    report = EvaluationReport.from_predictions(y, p, thresholds=points, **options)
    report.summary()
    assert "above 1" in capsys.readouterr().out


def test_scores_without_ties_that_do_not_separate_the_classes():
    with pytest.warns(UserWarning, match=r"with a specificity of 0.*hardly separate the classes"):
        choose_thresholds_from_predictions(
            ["mel", "nv", "nv"], [0.1, 0.2, 0.3], positive="mel", specificity=None
        )


def test_common_checks(common_check):
    common_check(OperatingPointClassifier(LogisticRegression()))
