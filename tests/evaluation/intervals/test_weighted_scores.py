"""All scores at once are those of scikit-learn and of the public metrics, one by one."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from skin_lesion import (
    auc_above_sensitivity_score,
    expected_calibration_error,
    net_benefit,
    npv_score,
    partial_auc_score,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
    specificity_score,
)
from skin_lesion._utils.bootstrap import GroupBootstrap, find_intervals
from skin_lesion.evaluation._intervals.weighted_scores import (
    Predictions,
    make_cut_off_sheet,
    make_score_sheet,
)


def predict(n=150, n_classes=3, decimals=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.append(rng.integers(0, n_classes, n - n_classes), np.arange(n_classes))
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), y] += 1
    probabilities = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), decimals)
    probabilities[:, -1] = 1 - probabilities[:, :-1].sum(axis=1)
    return Predictions(
        y,
        probabilities.argmax(axis=1),
        np.clip(probabilities, 0, 1),
        np.arange(n_classes),
        np.ones(n_classes, dtype=bool),
    )


def expect(predictions, weights):
    y, predicted, p = predictions.y, predictions.predicted, predictions.probabilities
    labels = list(range(p.shape[1]))
    w = {"sample_weight": weights}
    expected = {
        ("accuracy", None): accuracy_score(y, predicted, **w),
        ("balanced_accuracy", None): balanced_accuracy_score(y, predicted, **w),
        ("f1_macro", None): f1_score(y, predicted, average="macro", **w),
        ("brier_score", None): brier_score_loss(y, p, labels=labels, **w),
        ("expected_calibration_error", None): expected_calibration_error(y, p, labels=labels, **w),
    }
    areas = []
    for label in labels:
        of_one = [y == label, p[:, label]]
        areas.append(roc_auc_score(*of_one, **w))
        expected |= {
            ("sensitivity", label): recall_score(y == label, predicted == label, **w),
            ("specificity", label): specificity_score(y, predicted, pos_label=label, **w),
            ("ppv", label): precision_score(y == label, predicted == label, **w),
            ("npv", label): npv_score(y, predicted, pos_label=label, **w),
            ("f1", label): f1_score(y == label, predicted == label, **w),
            ("roc_auc", label): areas[-1],
            ("average_precision", label): average_precision_score(*of_one, **w),
        }
        for name, metric in (
            ("partial_auc", partial_auc_score),
            ("auc_above_80_sensitivity", auc_above_sensitivity_score),
            ("sensitivity_at_90_specificity", sensitivity_at_specificity),
            ("specificity_at_90_sensitivity", specificity_at_sensitivity),
        ):
            expected[name, label] = metric(*of_one, pos_label=True, **w)
    expected["roc_auc_ovr", None] = np.mean(areas)
    return expected


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("decimals", [1, 8], ids=["ties", "no ties"])
def test_scores_are_those_of_scikit_learn(n_classes, decimals):
    predictions = predict(n_classes=n_classes, decimals=decimals)
    sheet = make_score_sheet(predictions)
    weights = np.random.default_rng(1).integers(1, 4, len(predictions)).astype(float)
    for found, weighting in (
        (sheet.score(), None),
        (sheet.values(weights[:, np.newaxis])[:, 0], weights),
    ):
        expected = expect(predictions, weighting)
        assert set(sheet.names) == set(expected)
        for name, value in zip(sheet.names, found, strict=True):
            assert value == pytest.approx(expected[name], abs=1e-12), name


def test_resampled_scores_are_those_of_the_drawn_images():
    predictions = predict(60)
    lesions = np.arange(60) // 2
    predictions.y = predictions.y[::2].repeat(2)
    sheet = make_score_sheet(predictions)
    bootstrap = GroupBootstrap(predictions.y, lesions, n_bootstraps=20, random_state=0)
    samples = sheet.resample(bootstrap)
    assert samples.shape == (len(sheet.names), 20)
    drawn = np.concatenate(list(bootstrap.draw()), axis=1)
    for number, times in enumerate(drawn.T):
        rows = np.arange(60).repeat(times.astype(int)[lesions])
        alone = make_score_sheet(predictions.take(rows)).score()
        np.testing.assert_allclose(samples[:, number], alone, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(sheet.resample(bootstrap), samples)


def test_class_that_is_absent_or_was_never_seen():
    predictions = predict()
    rows = predictions.y != 1
    sheet = make_score_sheet(predictions.take(rows))
    scores = dict(zip(sheet.names, sheet.score(), strict=True))
    for name in ("sensitivity", "roc_auc", "partial_auc", "average_precision"):
        assert np.isnan(scores[name, 1]), name
        assert np.isfinite(scores[name, 0]), name
    assert scores["balanced_accuracy", None] == pytest.approx(
        np.mean([scores["sensitivity", 0], scores["sensitivity", 2]])
    )
    predictions.seen = np.array([True, False, True])
    sheet = make_score_sheet(predictions)
    scores = dict(zip(sheet.names, sheet.score(), strict=True))
    assert np.isnan(scores["roc_auc", 1])
    assert np.isfinite(scores["roc_auc_ovr", None])


def test_all_of_one_class_leaves_no_curve():
    predictions = predict()
    sheet = make_score_sheet(predictions.take(predictions.y == 0))
    samples = sheet.values(np.ones((sheet.sums.shape[1], 3)))
    scores = dict(zip(sheet.names, samples, strict=True))
    assert scores["roc_auc_ovr", None].shape == (3,)
    assert np.isnan(scores["roc_auc_ovr", None]).all()
    assert np.isfinite(scores["accuracy", None]).all()


def test_without_probabilities():
    predictions = predict()
    predictions.probabilities = None
    names = {name for name, _ in make_score_sheet(predictions).names}
    assert names == {
        "accuracy",
        "balanced_accuracy",
        "f1_macro",
        "sensitivity",
        "specificity",
        "ppv",
        "npv",
        "f1",
    }


def test_cut_offs():
    predictions = predict()
    is_positive, scores = predictions.y == 1, predictions.probabilities[:, 1]
    thresholds = np.array([0.1, 0.37, 0.9])
    sheet = make_cut_off_sheet(is_positive, scores, thresholds)
    found = dict(zip(sheet.names, sheet.score(), strict=True))
    for number, threshold in enumerate(thresholds):
        is_called = scores >= threshold
        assert found["sensitivity", number] == recall_score(is_positive, is_called)
        assert found["specificity", number] == recall_score(~is_positive, ~is_called)
        assert found["ppv", number] == precision_score(is_positive, is_called)
        assert found["npv", number] == precision_score(~is_positive, ~is_called)
        assert found["net_benefit", number] == pytest.approx(
            net_benefit(is_positive, scores, threshold=threshold), abs=1e-12
        )


def test_groups_of_several_classes_are_drawn_with_the_rarest():
    # Patients 0 to 3 have a melanoma among their nevi, 4 to 9 have none.
    y = np.array([*["mel", "nv", "nv"] * 4, *["nv"] * 12])
    groups = np.repeat(np.arange(10), [3] * 4 + [2] * 6)
    bootstrap = GroupBootstrap(y, groups, n_bootstraps=300, random_state=0)
    drawn = np.concatenate(list(bootstrap.draw()), axis=1)
    assert drawn.shape == (10, 300)
    assert (drawn[:4].sum(axis=0) == 4).all()
    assert (drawn[4:].sum(axis=0) == 6).all()
    assert bootstrap.n_groups_of_class == {"mel": 4, "nv": 10}


def test_one_group_a_class_does_not_vary():
    y = np.array(["mel", "mel", "nv", "nv"])
    bootstrap = GroupBootstrap(y, [0, 0, 1, 1], n_bootstraps=5, random_state=0)
    assert not bootstrap.varies
    assert GroupBootstrap(y, [0, 0, 1, 2], n_bootstraps=5, random_state=0).varies
    assert GroupBootstrap(y, None, n_bootstraps=5, random_state=0).varies


def test_interval_of_many_cases_is_that_of_the_percentiles():
    samples = np.random.default_rng(0).normal(0.7, 0.05, 100_000)
    (low, high), *_ = find_intervals(np.array([0.7]), samples[np.newaxis], np.array([10_000]))
    assert low == pytest.approx(0.7 - 1.96 * 0.05, abs=0.001)
    assert high == pytest.approx(0.7 + 1.96 * 0.05, abs=0.001)


def test_interval_of_few_cases_is_that_of_a_t_distribution():
    samples = np.random.default_rng(0).normal(0, 1, 200_000)
    (low, high), *_ = find_intervals(np.array([0.0]), samples[np.newaxis], np.array([10]))
    assert high == pytest.approx(2.262 * np.sqrt(10 / 9), abs=0.03)
    assert low == pytest.approx(-high, abs=0.03)


def test_interval_is_moved_against_a_bias_of_the_draws():
    # Draws lie half a standard deviation too high: the interval goes down twice as far.
    samples = np.random.default_rng(0).normal(0.5, 1, 200_000)
    (low, high), *_ = find_intervals(np.array([0.0]), samples[np.newaxis], np.array([10**6]))
    assert low == pytest.approx(0.5 - 1 - 1.96, abs=0.06)
    assert high == pytest.approx(0.5 - 1 + 1.96, abs=0.06)


def test_interval_leaves_out_what_is_undefined():
    samples = np.array([np.arange(101.0), np.full(101, np.nan), np.arange(101.0)])
    samples[0, 0] = np.nan
    found = find_intervals(np.array([50.0, 3.0, np.nan]), samples, np.array([50, 50, 50]))
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1:]).all()
    # Of a single lesion nothing can be said.
    assert np.isnan(find_intervals(np.array([50.0]), samples[:1], np.array([1]))).all()


def test_a_score_hangs_on_the_lesions_of_the_smaller_class():
    predictions = predict(100, n_classes=2)
    predictions.y = np.repeat([0, 1], [20, 80])
    bootstrap = GroupBootstrap(predictions.y, np.arange(100) // 2, n_bootstraps=1, random_state=0)
    sheet = make_score_sheet(predictions)
    cases = dict(zip(sheet.names, sheet.count_cases(bootstrap).tolist(), strict=True))
    assert cases["accuracy", None] == 50
    assert cases["balanced_accuracy", None] == 10
    assert cases["roc_auc", 1] == cases["sensitivity", 0] == 10
