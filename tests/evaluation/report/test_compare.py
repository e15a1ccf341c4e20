import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score

from skin_lesion import EvaluationReport, compare, cross_evaluate, evaluate
from skin_lesion.evaluation._intervals.ranked_parts import OF_CURVE


class Saying(ClassifierMixin, BaseEstimator):
    """Says what it is told; X is the number of the row."""

    def __init__(self, predicted):
        self.predicted = predicted
        self.classes_ = np.array(["mel", "nv"])

    def predict(self, X):
        return self.predicted[np.ravel(X)]


def judge(predicted, y, groups=None, seed=0, n_bootstraps=1000):
    rows = np.arange(len(y))[:, np.newaxis]
    return evaluate(
        Saying(predicted), rows, y, groups=groups, n_bootstraps=n_bootstraps, random_state=seed
    )


def answer(y, share, rng, lesion):
    is_right = (rng.random(lesion.max() + 1) < share)[lesion]
    return np.where(is_right, y, np.where(y == "mel", "nv", "mel"))


def test_differences_and_their_intervals():
    rng = np.random.default_rng(0)
    y, lesion = np.repeat(["mel", "nv"], 200), np.arange(400) // 2
    a, b = answer(y, 0.6, rng, lesion), answer(y, 0.8, rng, lesion)
    comparison = compare(judge(a, y, lesion), judge(b, y, lesion, seed=5))
    line = comparison.loc[("all", "accuracy")]
    assert line["a"] == accuracy_score(y, a)
    assert line["difference"] == pytest.approx(accuracy_score(y, b) - accuracy_score(y, a))
    assert 0 < line["low"] < line["difference"] < line["high"]
    assert line["p_value"] < 0.01
    other = compare(judge(b, y, lesion), judge(a, y, lesion)).loc[("all", "accuracy")]
    assert other["difference"] == pytest.approx(-line["difference"])
    # As many images of either class: the mean of two sensitivities is the accuracy.
    mean = comparison.loc[("all", "balanced_accuracy")]
    width = line["high"] - line["low"]
    assert mean["high"] - mean["low"] == pytest.approx(width, rel=0.1)


def test_scores_of_all_classes_and_of_the_positive_one_unless_each_is_asked_for():
    rng = np.random.default_rng(0)
    y, lesion = np.repeat(["mel", "nv"], 50), np.arange(100)
    rows = np.arange(100)[:, np.newaxis]
    a, b = (Saying(answer(y, share, rng, lesion)) for share in (0.6, 0.8))

    def judge_for(model, positive):
        return evaluate(model, rows, y, positive=positive, n_bootstraps=100, random_state=0)

    def classes(*positive, **options):
        reports = [judge_for(model, name) for model, name in zip((a, b), positive, strict=True)]
        comparison = compare(*reports, **options)
        assert not comparison.index.duplicated().any()
        return comparison.index.unique("class").tolist()

    assert classes(None, None) == ["all"]
    assert classes(None, "nv") == ["all", "nv"]
    assert classes("mel", "nv") == ["all", "mel", "nv"]
    assert classes(None, None, each_class=True) == ["all", "mel", "nv"]
    short = compare(judge_for(a, "mel"), judge_for(b, "mel"))
    whole = compare(judge_for(a, "mel"), judge_for(b, "mel"), each_class=True)
    np.testing.assert_array_equal(short, whole.loc[short.index])


def test_pairing_cancels_what_is_hard_for_both():
    """b is right where a is, and in a few more: a small difference, and a sure one."""
    rng = np.random.default_rng(0)
    y, lesion = np.repeat(["mel", "nv"], 200), np.arange(400)
    a = answer(y, 0.6, rng, lesion)
    b = np.where(rng.random(400) < 0.12, y, a)
    reports = judge(a, y), judge(b, y)
    line = compare(*reports).loc[("all", "accuracy")]
    apart = [report.scores.loc["accuracy"] for report in reports]
    assert apart[0]["high"] > apart[1]["low"]
    assert line["low"] > 0
    assert line["p_value"] < 0.05


def test_model_beside_itself():
    rng = np.random.default_rng(0)
    y, lesion = np.repeat(["mel", "nv"], 50), np.arange(100)
    report = judge(answer(y, 0.7, rng, lesion), y)
    comparison = compare(report, report)
    assert (comparison["difference"] == 0).all()
    assert comparison[["low", "high"]].isna().all(axis=None)  # no lesion tells them apart
    assert (comparison["p_value"] == 1).all()


@pytest.mark.parametrize(("better", "worse"), [(5, 0), (6, 0), (7, 1), (8, 1), (10, 2), (9, 3)])
def test_few_discordant_lesions_are_tested_as_by_mcnemar(better, worse):
    y = np.repeat(["mel", "nv"], 50)
    a, b = y.copy(), y.copy()
    a[:better] = "nv"
    b[50 : 50 + worse] = "mel"
    line = compare(judge(a, y), judge(b, y)).loc[("all", "accuracy")]
    exact = binomtest(worse, better + worse).pvalue
    assert line["p_value"] == pytest.approx(exact, rel=0.35)
    assert (line["p_value"] < 0.05) == (exact < 0.05)


def test_p_is_small_exactly_where_the_interval_leaves_out_0():
    rng = np.random.default_rng(0)
    y, lesion = np.repeat([0, 1], 80), np.arange(160) // 2
    tables = []
    for _ in range(12):
        reports = [
            EvaluationReport.from_predictions(
                y,
                np.clip(rng.normal(0.4 + shift * y, 0.2), 0.01, 0.99),
                classes=[0, 1],
                positive=1,
                groups=lesion,
                n_bootstraps=100,
                random_state=0,
            )
            for shift in (0.2, 0.3)
        ]
        tables.append(compare(*reports))
    table = pd.concat(tables).dropna()
    leaves_out = (table["low"] > 0) | (table["high"] < 0)
    assert leaves_out.any()
    assert not leaves_out.all()
    assert ((table["p_value"] < 0.05) == leaves_out).all()


@pytest.mark.filterwarnings("ignore:Classes with fewer than 10", "ignore:The probabilities are")
@pytest.mark.parametrize(
    ("n_negative", "n_positive"), [(3, 2), (5, 3), (12, 10), (24, 20), (32, 20)]
)
def test_no_lesion_moves_constant_scores_nor_perfect_ones(n_negative, n_positive):
    """All influences are 0, and p that of a sign test, which such few lesions can give at most."""
    y = np.repeat([0, 1], [n_negative, n_positive])
    n = len(y)
    perfect = np.r_[np.linspace(0, 0.3, n_negative), np.linspace(0.7, 1, n_positive)]
    reports = [
        EvaluationReport.from_predictions(
            y, p, classes=[0, 1], positive=1, n_bootstraps=100, random_state=0
        )
        for p in (np.full(n, 0.5), perfect)
    ]
    table = compare(*reports).dropna()
    smallest = binomtest(0, n_positive).pvalue
    for key in [(1, "roc_auc"), ("all", "roc_auc_ovr")]:
        assert table.loc[key, "difference"] == 0.5
        assert table.loc[key, "p_value"] == pytest.approx(smallest)
    of_curve = table[table.index.get_level_values("score").isin(OF_CURVE)]
    assert (of_curve["p_value"] >= smallest * (1 - 1e-9)).all()
    assert (("all", "brier_score") in table.index) == (n >= 50)
    if n >= 50:
        assert table.loc[("all", "brier_score"), "p_value"] >= 0.5 ** (n - 1) * (1 - 1e-9)
    assert len(of_curve) == (5 if n_positive == 20 else 2 if n_positive == 10 else 1)
    assert (table["high"] - table["low"] > 0.01).all()
    assert ((table["p_value"] < 0.05) == ((table["low"] > 0) | (table["high"] < 0))).all()


@pytest.mark.filterwarnings("ignore:Classes with fewer than 10")
def test_limits_of_a_difference_are_differences_that_are_possible():
    y = np.repeat([0, 1], [4, 2])
    reports = [
        EvaluationReport.from_predictions(
            y, p, classes=[0, 1], positive=1, n_bootstraps=2, random_state=0
        )
        for p in ([0.9, 0.2, 0.6, 0.1, 0.4, 0.3], [0.1, 0.2, 0.3, 0.2, 0.6, 0.7])
    ]
    line = compare(*reports).loc[(1, "roc_auc")]
    assert line["difference"] == 0.5
    assert line[["low", "high"]].tolist() == [-1, 1]
    assert line["p_value"] > 0.05


def test_both_reports_are_resampled_with_the_draws_of_the_first():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)
    p = np.clip(rng.normal(0.4 + 0.2 * y, 0.2), 0.01, 0.99)
    similar = np.clip(p + rng.normal(0, 0.03, 200), 0.01, 0.99)
    a, b, of_other_seed = (
        EvaluationReport.from_predictions(
            y, scores, classes=[0, 1], positive=1, n_bootstraps=100, random_state=seed
        )
        for scores, seed in ((p, 0), (similar, 0), (similar, 1))
    )
    pd.testing.assert_frame_equal(compare(a, of_other_seed), compare(a, b))


def test_predictions_from_anywhere_are_compared_with_those_of_an_estimator():
    rng = np.random.default_rng(0)
    y = np.repeat(["mel", "nv"], 50)
    predicted = answer(y, 0.7, rng, np.arange(100))
    p = np.where(predicted == "mel", 0.9, 0.1)
    other = EvaluationReport.from_predictions(
        y, np.column_stack([p, 1 - p]), classes=["mel", "nv"], n_bootstraps=2
    )
    comparison = compare(judge(predicted, y), other)
    assert (comparison["difference"] == 0).all()
    assert ("all", "brier_score") not in comparison.index


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_they_should_be():
    """Two models equally good: of 200 comparisons of clustered lesions, about 10 have p < 0.05."""
    rng = np.random.default_rng(0)
    y, lesion = np.repeat(["mel", "nv"], 120), np.arange(240) // 3
    p_values = []
    for seed in range(200):
        reports = [
            judge(answer(y, 0.7, rng, lesion), y, lesion, seed, n_bootstraps=200) for _ in "ab"
        ]
        p_values.append(compare(*reports).loc[("all", "accuracy"), "p_value"])
    assert 2 <= np.sum(np.array(p_values) < 0.05) <= 20


def test_models_of_two_and_of_more_classes_have_one_scale():
    """The Brier score of two classes is half that of more."""
    y, p = np.repeat(["a", "b", "d"], [40, 40, 10]), np.linspace(0.05, 0.95, 90)
    p = np.column_stack([p, 1 - p, np.zeros(90)])
    with pytest.warns(UndefinedMetricWarning, match="not seen the classes"):
        two = EvaluationReport.from_predictions(y, p[:, :2], classes=["a", "b"], n_bootstraps=2)
    three = EvaluationReport.from_predictions(y, p, classes=["a", "b", "d"], n_bootstraps=2)
    values = [report.scores.loc["brier_score", "value"] for report in (two, three)]
    assert 2 * values[0] == pytest.approx(values[1])
    for pair in ((two, three), (three, two)):
        line = compare(*pair).loc[("all", "brier_score")]
        assert line["a"] == line["b"] == pytest.approx(values[1])
        assert line["p_value"] == 1
    assert two.scores.loc["brier_score", "value"] == values[0]


def test_folds(lesions, make_model):
    train = lesions.train
    reports = [
        cross_evaluate(
            make_model(C=C),
            train.X,
            train.y,
            groups=train.groups,
            cv=3,
            n_bootstraps=100,
            random_state=0,
        )
        for C in (1e-8, 1e-2)
    ]
    comparison = compare(*reports)
    line = comparison.loc[("all", "roc_auc_ovr")]
    assert line["b"] == reports[1].scores.loc["roc_auc_ovr", "value"]
    assert line["low"] < line["difference"] < line["high"]


def test_reports_that_cannot_be_compared():
    rng = np.random.default_rng(0)
    y, lesion = np.repeat(["mel", "nv"], 50), np.arange(100)
    predicted = answer(y, 0.7, rng, lesion)
    report = judge(predicted, y)
    exchanged = y[np.r_[:49, 50, 49, 51:100]]
    with pytest.raises(ValueError, match=r"of 100 images in 1 fold.* of 90"):
        compare(report, judge(predicted[:90], y[:90]))
    fits = evaluate([Saying(predicted)] * 2, np.arange(100)[:, np.newaxis], y, n_bootstraps=2)
    with pytest.raises(ValueError, match=r"1 fold and 2 fits, and of 100 images in 1 fold and 1 f"):
        compare(fits, report)
    with pytest.raises(
        ValueError, match="different true classes for 2 of 100 images; the first is"
    ):
        compare(report, judge(predicted, exchanged))
    with pytest.raises(ValueError, match="different groups"):
        compare(report, judge(predicted, y, lesion // 2))
    with pytest.raises(ValueError, match="report_b"):
        compare(report, None)
