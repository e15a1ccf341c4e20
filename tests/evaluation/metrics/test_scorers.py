import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    make_scorer,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV, cross_validate

from skin_lesion import cross_evaluate, isic_scorers, partial_auc_score

NAMES = np.array(["bkl", "melanoma", "nevus"])


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        300, n_classes=3, n_informative=4, weights=[0.2, 0.3, 0.5], random_state=0
    )
    return X, NAMES[y]


class Counting(ClassifierMixin, BaseEstimator):
    """Counts how often it predicts."""

    n_calls = 0

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y):
        self.model_ = LogisticRegression(C=self.C).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        Counting.n_calls += 1
        return self.model_.predict_proba(X)

    def predict(self, X):
        Counting.n_calls += 1
        return self.model_.predict(X)


def test_values_are_those_of_the_metrics(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    scores = {name: scorer(model, X, y) for name, scorer in isic_scorers("melanoma").items()}
    probability = model.predict_proba(X)
    assert scores["balanced_accuracy"] == balanced_accuracy_score(y, model.predict(X))
    assert scores["roc_auc_ovr"] == pytest.approx(
        roc_auc_score(y, probability, multi_class="ovr"), abs=1e-12
    )
    assert scores["partial_auc"] == partial_auc_score(y, probability[:, 1], pos_label="melanoma")
    assert scores["roc_auc"] == pytest.approx(roc_auc_score(y == "melanoma", probability[:, 1]))
    assert scores["neg_brier_score"] == pytest.approx(
        -np.square(probability - (y[:, None] == NAMES)).sum(axis=1).mean()
    )
    assert -1 < scores["neg_expected_calibration_error"] < 0
    assert len(scores) == 15


def test_without_a_positive_class(data):
    assert set(isic_scorers()) == {
        "balanced_accuracy",
        "accuracy",
        "roc_auc_ovr",
        "neg_brier_score",
        "neg_expected_calibration_error",
    }


def test_of_two_classes_either_can_be_positive(data):
    X, y = data
    y = np.where(y == "melanoma", "melanoma", "nevus")
    model = LogisticRegression().fit(X, y)
    for column, name in enumerate(["melanoma", "nevus"]):
        score = isic_scorers(name)["partial_auc"](model, X, y)
        probability = model.predict_proba(X)[:, column]
        expected = partial_auc_score(y, probability, pos_label=name)
        assert score == pytest.approx(expected, abs=1e-12)


def test_search_predicts_once_for_all_scorers(data):
    X, y = data
    Counting.n_calls = 0
    search = GridSearchCV(
        Counting(),
        {"C": [0.1, 1]},
        scoring=isic_scorers(positive="melanoma"),
        refit="balanced_accuracy",
        cv=3,
    ).fit(X, y)
    assert Counting.n_calls == 2 * 3 * 2  # classes and probabilities, of 3 folds of 2 candidates
    for name in isic_scorers(positive="melanoma"):
        assert np.isfinite(search.cv_results_[f"mean_test_{name}"]).all()
    assert search.best_score_ == search.cv_results_["mean_test_balanced_accuracy"].max()


@pytest.mark.filterwarnings("ignore:sensitivity of")
def test_fold_without_a_class(data):
    X, y = data
    order = np.argsort(y)  # the last fold is all nevi
    folds = [(order[:270], order[270:]), (order[60:], order[:60])]
    with pytest.warns(UserWarning, match="'melanoma' is NaN: the fold lacks this class") as said:
        scores = cross_validate(
            LogisticRegression(),
            X,
            y,
            cv=folds,
            scoring=isic_scorers("melanoma"),
            error_score="raise",
        )
    assert {one.filename for one in said if "lacks" in str(one.message)} == {__file__}
    assert np.isnan(scores["test_partial_auc"]).all()
    assert np.isfinite(scores["test_balanced_accuracy"]).all()
    # The second model has never seen a bkl, and its test fold has hardly anything else.
    assert scores["test_accuracy"][1] < 0.1


def test_folds_have_the_scale_of_the_report(data):
    """The Brier score of two classes is half that of more."""
    X, y = data
    rows = np.arange(len(y))
    unseen = np.flatnonzero((y == "bkl") | (rows % 3 == 0))  # all bkl, and some of the others
    others = np.setdiff1d(rows, unseen)
    folds = [(others, unseen), (np.r_[unseen, others[100:]], others[:100])]
    model = LogisticRegression()
    scores = cross_validate(model, X, y, cv=folds, scoring=isic_scorers())
    report = cross_evaluate(model, X, y, groups=None, cv=folds, n_bootstraps=2)
    of_report = report.scores.loc["brier_score", "value"]
    assert -scores["test_neg_brier_score"].mean() == pytest.approx(of_report)


@pytest.mark.filterwarnings("ignore:the negative predictive value")
def test_scorers_of_classes_tune_a_threshold(data):
    X, y = data
    y = np.where(y == "melanoma", "melanoma", "nevus")
    scorers = isic_scorers("melanoma")
    for name, metric, pos_label in (
        ("sensitivity", recall_score, "melanoma"),
        ("specificity", recall_score, "nevus"),
        ("ppv", precision_score, "melanoma"),
        ("npv", precision_score, "nevus"),
    ):

        def score(y, y_pred, pos_label, metric=metric, of=pos_label):
            return metric(y, y_pred, pos_label=of, zero_division=np.nan)

        found, expected = (
            TunedThresholdClassifierCV(
                LogisticRegression(), scoring=scoring, cv=2, store_cv_results=True
            ).fit(X, y)
            for scoring in (scorers[name], make_scorer(score, pos_label="melanoma"))
        )
        for key, values in expected.cv_results_.items():
            np.testing.assert_array_equal(found.cv_results_[key], values)
        if name in ("sensitivity", "npv"):  # every row positive: no use, as the docstring says
            assert found.best_threshold_ == found.cv_results_["thresholds"][0]


def test_positive_that_is_no_class(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    for name in ("sensitivity", "partial_auc"):
        with pytest.raises(ValueError, match=r"positive='melanom'.*Did you mean 'melanoma'\?"):
            isic_scorers("melanom")[name](model, X, y)


def test_survive_a_journey_to_another_process(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    scorers = isic_scorers("melanoma")
    for name, scorer in pickle.loads(pickle.dumps(scorers)).items():
        assert scorer(model, X, y) == scorers[name](model, X, y)
    assert "partial_auc" in repr(scorers["partial_auc"])
