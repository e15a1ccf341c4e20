"""Predictive values and net benefit where a class is as frequent as is said."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest

from skin_lesion import EvaluationReport, evaluate
from skin_lesion._utils.intervals import Estimate
from skin_lesion.evaluation._decisions.prevalence import scores_at_prevalence


def estimate(value, low, high, influence=(0.0, 0.0)):
    return Estimate(value, low, high, 10, np.array(influence))


def test_by_bayes_rule():
    exact = estimate(0.8, 0.8, 0.8), estimate(0.9, 0.9, 0.9)
    scores = scores_at_prevalence(*exact, 0.1, threshold=0.2)
    # Of 1,000 patients 100 have it: 80 are found, and of 900 others 90 are called.
    np.testing.assert_allclose(scores["ppv"], 80 / 170)
    np.testing.assert_allclose(scores["npv"], 810 / 830)
    np.testing.assert_allclose(scores["net_benefit"], (80 - 90 / 4) / 1000)
    assert np.isnan(scores_at_prevalence(*exact, 0.1, threshold=1)["net_benefit"]).all()


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "ppv", "npv"),
    [((1, 0.7, 1), (1, 0.9, 1), 1, 1), ((0, 0, 0.3), (1, 0.9, 1), np.nan, 0.9)],
)
def test_perfect_rates_and_nobody_called(sensitivity, specificity, ppv, npv):
    scores = scores_at_prevalence(estimate(*sensitivity), estimate(*specificity), 0.1)
    np.testing.assert_allclose(scores["ppv"][0], ppv)
    np.testing.assert_allclose(scores["npv"][0], npv)
    value, low, high = scores["npv"]
    assert 0 < low < value <= high <= 1


def test_all_calls_are_wrong():
    rate = estimate(0, 0, 0.3)
    scores = scores_at_prevalence(rate, rate, 0.1)
    for score in (scores["ppv"], scores["npv"]):
        value, low, high = score
        assert value == low == 0
        assert 0 < high < 1
    exact = scores_at_prevalence(estimate(0, 0, 0), estimate(0, 0, 0), 0.1)
    assert [exact[name].tolist() for name in ("ppv", "npv")] == [[0, 0, 0]] * 2


@pytest.mark.parametrize("rates", [(0.8, 0.9), (0.95, 0.6), (0.5, 0.98)])
def test_intervals_hold_the_truth(rates):
    rng = np.random.default_rng(0)
    sizes = (40, 300)
    intervals = []
    for n, rate in zip(sizes, rates, strict=True):
        of_count = np.full((n + 1, 3), np.nan)
        counts = rng.binomial(n, rate, 1000)
        for count in np.unique(counts):
            interval = binomtest(int(count), n).proportion_ci(method="wilson")
            of_count[count] = count / n, *interval
        intervals.append(of_count[counts])
    truth = scores_at_prevalence(*(estimate(rate, rate, rate) for rate in rates), 0.05, 0.1)
    found = [
        scores_at_prevalence(*(estimate(*rate) for rate in pair), 0.05, 0.1)
        for pair in zip(*intervals, strict=True)
    ]
    for name, (value, *_) in truth.items():
        _, low, high = np.array([scores[name] for scores in found]).T
        assert 0.93 <= np.mean((low <= value) & (value <= high)) <= 0.975, name


def test_interval_allows_for_how_the_rates_vary_together():
    """A patient whose images all look like the class adds to sensitivity and to false alarms."""
    apart, against = (
        scores_at_prevalence(
            estimate(0.8, 0.7, 0.88, [0.02, 0.02, -0.02, -0.02]),
            estimate(0.9, 0.84, 0.95, influence),
            0.1,
            threshold=0.2,
        )
        for influence in ([0.02, -0.02, 0.02, -0.02], [-0.02, -0.02, 0.02, 0.02])
    )
    for name, (value, low, high) in against.items():
        assert apart[name][1] < low < value < high < apart[name][2]


def test_report_at_a_stated_prevalence(lesions, no_curves):
    def judge(**options):
        return evaluate(
            lesions.model,
            lesions.test.X,
            lesions.test.y,
            positive="melanoma",
            n_bootstraps=50,
            random_state=0,
            **options,
        )

    report = judge(prevalence=0.02, thresholds={"rule out": 0.3})
    table = report.at_prevalence
    for name, rates in (
        ("predicted class", report.class_scores.loc["melanoma", "value"]),
        ("rule out", report.operating_points.loc["rule out", "value"]),
    ):
        called = 0.02 * rates["sensitivity"], 0.98 * (1 - rates["specificity"])
        assert table.loc[(name, "ppv"), "value"] == pytest.approx(called[0] / sum(called))
        assert table.loc[(name, "ppv"), "value"] < rates["ppv"]
        assert (table.loc[name, "low"] <= table.loc[name, "value"]).all()
    expected = called[0] - called[1] * 0.3 / 0.7
    assert table.loc[("rule out", "net_benefit"), "value"] == pytest.approx(expected)
    rows = json.loads(report.to_json())["scores"]
    assert {row["prevalence"] for row in rows if row["section"] == "prevalence"} == {0.02}
    assert {row["prevalence"] for row in rows if row["section"] == "scores"} == {None}
    page = report._repr_html_().partition("At a prevalence of 0.02</h2>")[2]
    assert "Net benefit takes the threshold as a risk" in page.partition("<table")[0]

    assert judge().at_prevalence is None
    assert judge(prevalence=0.5).at_prevalence.index.unique(0).tolist() == ["predicted class"]


@pytest.mark.filterwarnings("ignore:The test set lacks")
def test_a_rate_without_cases_leaves_no_limits():
    """No melanoma in the test set, and each nevus is called one."""
    with pytest.warns(match="All images are of one class"):
        report = EvaluationReport.from_predictions(
            ["nv"] * 12, [0.9] * 12, classes=["mel", "nv"], positive="mel", prevalence=0.1
        )
    table = report.at_prevalence.loc["predicted class", ["value", "low", "high"]]
    assert table.isna().all(axis=None)


def test_bad_input(lesions):
    with pytest.raises(ValueError, match="prevalence without positive"):
        evaluate(lesions.model, lesions.test.X, lesions.test.y, prevalence=0.1)
    with pytest.raises(ValueError, match="'prevalence' parameter"):
        evaluate(lesions.model, lesions.test.X, lesions.test.y, prevalence=10, positive="nevus")
