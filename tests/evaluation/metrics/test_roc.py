"""Against the official definitions, worked by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import auc, average_precision_score, roc_auc_score, roc_curve

from skin_lesion import (
    auc_above_sensitivity_score,
    partial_auc_score,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from skin_lesion.evaluation._metrics.ranked_scores import RankedScores

ALL = [
    partial_auc_score,
    auc_above_sensitivity_score,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
]

# The ROC curve of these, from (0, 0): (0, .2) (.25, .2) (.25, .6) (.5, .8) [a tie] (.5, 1) (1, 1).
Y = np.array([1, 0, 1, 1, 1, 0, 1, 0, 0])
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.3, 0.2])


def isic_2024(y, scores, min_tpr, sample_weight=None):
    """The challenge's definition: labels and scores exchanged, the area left of a largest FPR."""
    fpr, tpr, _ = roc_curve(1 - y, -scores, sample_weight=sample_weight)
    max_fpr = 1 - min_tpr
    stop = np.searchsorted(fpr, max_fpr, "right")
    end = np.interp(max_fpr, fpr[stop - 1 : stop + 1], tpr[stop - 1 : stop + 1])
    return auc([*fpr[:stop], max_fpr], [*tpr[:stop], end])


def isic_2018(y, scores, sensitivity, sample_weight=None):
    """The challenge's definition: the area right of where the curve reaches a sensitivity."""
    fpr, tpr, _ = roc_curve(y, scores, sample_weight=sample_weight, drop_intermediate=False)
    first = np.searchsorted(tpr, sensitivity, "left")
    start = np.interp(sensitivity, tpr[first - 1 : first + 1], fpr[first - 1 : first + 1])
    return auc([start, *fpr[first:]], [sensitivity, *tpr[first:]])


@pytest.mark.parametrize(
    ("min_tpr", "expected"),
    [
        (0.8, 0.2 * 0.5),  # from the end of the tie
        (0.7, 0.1 * (1 - (0.375 + 0.5) / 2) + 0.2 * 0.5),  # from the middle of its slope
        (0.6, 0.2 * (1 - 0.375) + 0.2 * 0.5),
        (0.5, 0.1 * 0.75 + 0.2 * 0.625 + 0.2 * 0.5),
        (0, 0.2 + 0.4 * 0.75 + 0.2 * 0.625 + 0.2 * 0.5),
    ],
)
def test_partial_auc_worked_by_hand(min_tpr, expected):
    assert partial_auc_score(Y, SCORES, min_tpr=min_tpr) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("sensitivity", "expected"),
    [
        (0.8, 0.5),
        (0.7, 0.125 * (0.7 + 0.8) / 2 + 0.5),
        (0.9, 0.5),
        (0.5, 0.25 * 0.7 + 0.5),
        (0.1, 0.25 * 0.2 + 0.25 * 0.7 + 0.5),
    ],
)
def test_auc_above_sensitivity_worked_by_hand(sensitivity, expected):
    score = auc_above_sensitivity_score(Y, SCORES, sensitivity=sensitivity)
    assert score == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("specificity", "expected"),
    [(1, 0.2), (0.8, 0.2), (0.75, 0.6), (0.74, 0.6), (0.5, 1), (0.51, 0.6)],
)
def test_sensitivity_at_specificity_worked_by_hand(specificity, expected):
    assert sensitivity_at_specificity(Y, SCORES, specificity=specificity) == expected


@pytest.mark.parametrize(
    ("sensitivity", "expected"), [(0.2, 1), (0.21, 0.75), (0.6, 0.75), (0.8, 0.5), (1, 0.5)]
)
def test_specificity_at_sensitivity_worked_by_hand(sensitivity, expected):
    assert specificity_at_sensitivity(Y, SCORES, sensitivity=sensitivity) == expected


@pytest.mark.parametrize("decimals", [1, 2, 8], ids=["many ties", "ties", "no ties"])
@pytest.mark.parametrize("weighted", [False, True])
def test_agree_with_the_challenges_and_with_scikit_learn(decimals, weighted):
    rng = np.random.default_rng(decimals)
    for _ in range(30):
        y = np.append(rng.integers(0, 2, 80), [0, 1])
        scores = np.round(rng.normal(y, 1.3), decimals)
        weights = rng.integers(0, 4, 82) + np.r_[np.zeros(80), 1, 1] if weighted else None
        rate = rng.uniform(0.05, 0.95)
        assert partial_auc_score(y, scores, min_tpr=rate, sample_weight=weights) == pytest.approx(
            isic_2024(y, scores, rate, weights), abs=1e-12
        )
        assert auc_above_sensitivity_score(
            y, scores, sensitivity=rate, sample_weight=weights
        ) == pytest.approx(isic_2018(y, scores, rate, weights), abs=1e-12)
        fpr, tpr, _ = roc_curve(y, scores, sample_weight=weights, drop_intermediate=False)
        assert sensitivity_at_specificity(
            y, scores, specificity=rate, sample_weight=weights
        ) == pytest.approx(tpr[1 - fpr >= rate].max(), abs=1e-12)
        assert specificity_at_sensitivity(
            y, scores, sensitivity=rate, sample_weight=weights
        ) == pytest.approx(1 - fpr[tpr >= rate].min(), abs=1e-12)


@pytest.mark.parametrize("weight", [0.1, 1 / 3, 0.7])
def test_equal_weights_change_nothing(weight):
    """Ten times 0.1 is less than 1 if it is added one by one."""
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], [10, 20])
    weights = np.full(30, weight)
    for scores in (np.arange(30)[::-1], rng.permutation(30), rng.permutation(30)):
        for metric, name in zip(
            ALL[1:], ("sensitivity", "specificity", "sensitivity"), strict=True
        ):
            for rate in np.arange(1, 11) / 10:
                options = {name: rate}
                expected = metric(y, scores, **options)
                found = metric(y, scores, sample_weight=weights, **options)
                assert found == pytest.approx(expected, abs=1e-9), options


def test_partial_auc_is_the_rescaled_one_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    scores = rng.normal(y)
    scaled = roc_auc_score(1 - y, -scores, max_fpr=0.2)
    lowest, highest = 0.2**2 / 2, 0.2
    expected = lowest + (scaled - 0.5) / 0.5 * (highest - lowest)
    assert partial_auc_score(y, scores) == pytest.approx(expected, abs=1e-12)


def test_many_weightings_at_once_are_those_one_by_one():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    scores = np.round(rng.normal(y), 1)
    weights = rng.poisson(1, (60, 25)).astype(float)
    ranked = RankedScores(y == 1, scores)
    curve = ranked.curve(ranked.sums @ weights)
    for column, area, precision in zip(
        weights.T, curve.area(), curve.average_precision(), strict=True
    ):
        assert area == pytest.approx(roc_auc_score(y, scores, sample_weight=column), abs=1e-12)
        expected = average_precision_score(y, scores, sample_weight=column)
        assert precision == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "perfect", "constant", "reversed_"),
    [
        (partial_auc_score, 0.2, 0.02, 0),
        (auc_above_sensitivity_score, 1, 0.18, 0),
        (sensitivity_at_specificity, 1, 0, 0),
        (specificity_at_sensitivity, 1, 0, 0),
    ],
)
def test_perfect_constant_and_reversed_scores(metric, perfect, constant, reversed_):
    y = np.repeat([0, 1], 10)
    assert metric(y, np.arange(20)) == pytest.approx(perfect, abs=1e-12)
    assert metric(y, np.ones(20)) == pytest.approx(constant, abs=1e-12)
    assert metric(y, -np.arange(20)) == pytest.approx(reversed_, abs=1e-12)


@pytest.mark.filterwarnings("ignore:No row of y_true has pos_label='melanom'")
@pytest.mark.parametrize("metric", ALL)
def test_class_names(metric):
    names = np.where(Y == 1, "melanoma", np.where(SCORES > 0.4, "nevus", "keratosis"))
    assert metric(names, SCORES, pos_label="melanoma") == metric(Y, SCORES)
    with pytest.raises(ValueError, match="the label of the positive class as pos_label"):
        metric(names, SCORES)
    with pytest.warns(UndefinedMetricWarning, match="no row of y_true is positive"):
        assert np.isnan(metric(names, SCORES, pos_label="melanom"))


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize(("value", "which"), [(0, "positive"), (1, "negative")])
def test_one_class_is_nan(metric, value, which):
    with pytest.warns(UndefinedMetricWarning, match=f"no row of y_true is {which}"):
        assert np.isnan(metric(np.full(9, value), SCORES))


@pytest.mark.parametrize("metric", ALL)
def test_classes_without_weight_are_nan_and_the_warning_is_at_the_caller(metric):
    match = "all positive rows of y_true have a weight of 0"
    with pytest.warns(UndefinedMetricWarning, match=match) as warned:
        assert np.isnan(metric(Y, SCORES, sample_weight=1 - Y))
    assert warned[0].filename == __file__


@pytest.mark.parametrize("metric", ALL)
def test_bad_scores(metric):
    with pytest.raises(ValueError, match="contains NaN"):
        metric(Y, np.where(SCORES == 0.5, np.nan, SCORES))
    with pytest.raises(ValueError, match=r"\[9, 8\] \(y_true, y_score\)"):
        metric(Y, SCORES[:-1])
    with pytest.raises(ValueError, match="at least one non-zero"):
        metric([0, 1, 1], [0.1, 0.2, 0.3], sample_weight=[0, 0, 0])
    with pytest.raises(ValueError, match=r"shape \(9, 2\). Expected the scores of one class"):
        metric(Y, np.stack([SCORES, SCORES], axis=1))
    with pytest.raises(ValueError, match="y_true is empty"):
        metric([], [])


@pytest.mark.parametrize(
    ("metric", "parameter"),
    [
        (partial_auc_score, "min_tpr"),
        (auc_above_sensitivity_score, "sensitivity"),
        (sensitivity_at_specificity, "specificity"),
        (specificity_at_sensitivity, "sensitivity"),
    ],
)
def test_rates_are_rates(metric, parameter):
    with pytest.raises(ValueError, match=f"The '{parameter}' parameter"):
        metric(Y, SCORES, **{parameter: 80})
