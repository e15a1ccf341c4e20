"""All scores are those of scikit-learn and of the public metrics, one by one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
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
from skin_lesion._utils.intervals import draw_groups, estimate_smooth, wilson
from skin_lesion.evaluation._intervals.estimates import OF_CUT_OFF, Estimates
from skin_lesion.evaluation._intervals.grouped_rows import number_groups
from skin_lesion.evaluation._intervals.parts import Draws, Part, Predictions
from skin_lesion.evaluation._intervals.ranked_parts import WITHOUT_JACKKNIFE
from skin_lesion.evaluation._intervals.score_tables import make_tables


def estimate(predictions, groups=None, draws=None):
    return Estimates([Part(predictions, groups, np.arange(len(predictions)))], draws)


def score(predictions):
    found = estimate(predictions)
    return {key: one.value for key, one in found.score(found.list_scores()).items()}


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


def expect(predictions):
    y, predicted, p = predictions.y, predictions.predicted, predictions.probabilities
    labels = list(range(p.shape[1]))
    expected = {
        ("accuracy", None): accuracy_score(y, predicted),
        ("balanced_accuracy", None): balanced_accuracy_score(y, predicted),
        ("f1_macro", None): f1_score(y, predicted, average="macro"),
        ("brier_score", None): brier_score_loss(y, p, labels=labels),
        ("expected_calibration_error", None): expected_calibration_error(y, p, labels=labels),
    }
    areas = []
    for label in labels:
        of_one = [y == label, p[:, label]]
        areas.append(roc_auc_score(*of_one))
        expected |= {
            ("sensitivity", label): recall_score(y == label, predicted == label),
            ("specificity", label): specificity_score(y, predicted, pos_label=label),
            ("ppv", label): precision_score(y == label, predicted == label),
            ("npv", label): npv_score(y, predicted, pos_label=label),
            ("f1", label): f1_score(y == label, predicted == label),
            ("roc_auc", label): areas[-1],
            ("average_precision", label): average_precision_score(*of_one),
        }
        for name, metric in (
            ("partial_auc", partial_auc_score),
            ("auc_above_80_sensitivity", auc_above_sensitivity_score),
            ("sensitivity_at_90_specificity", sensitivity_at_specificity),
            ("specificity_at_90_sensitivity", specificity_at_sensitivity),
        ):
            expected[name, label] = metric(*of_one, pos_label=True)
    expected["roc_auc_ovr", None] = np.mean(areas)
    return expected


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("decimals", [1, 8], ids=["ties", "no ties"])
def test_scores_are_those_of_scikit_learn(n_classes, decimals):
    predictions = predict(n_classes=n_classes, decimals=decimals)
    found, expected = score(predictions), expect(predictions)
    assert set(expected) == {key for key in found if not key[0].startswith("calibration_")}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("most_blocks", [1000, 10])
def test_jackknife_leaves_out_one_lesion_or_block_after_the_other(most_blocks):
    predictions, lesions = predict(60), np.arange(60) // 2
    part = Part(predictions, lesions, np.arange(60))
    estimates = Estimates([part], numbers=number_groups([part], most_blocks))
    blocks = estimates.grouped.blocks
    assert len(np.unique(blocks)) == min(most_blocks, 30)
    of_class = [
        np.unique(blocks[predictions.y == 1]).size,
        np.setdiff1d(blocks, blocks[predictions.y == 1]).size,
    ]
    for name in ("roc_auc", "average_precision", "partial_auc"):
        one = estimates.estimate(name, 1)
        for block in (0, 3):
            rows = np.flatnonzero(blocks != block)
            without = score(predictions.take(rows))[name, 1]
            n = of_class[0 if (predictions.y[blocks == block] == 1).any() else 1]
            moved = (one.value - without) * np.sqrt((n - 1) / n) if n > 1 else one.value - without
            if name != "partial_auc":  # which has too few lesions for an interval
                assert one.influence[block] == pytest.approx(moved, abs=1e-12)


def test_lesions_of_a_rare_class_are_in_blocks_of_their_own():
    """They are ten lesions apart: in the order of their numbers all would be in one block."""
    predictions = replace(predict(100), y=np.where(np.arange(100) % 10 == 3, 1, 0))
    groups, blocks = number_groups([Part(predictions, np.arange(100), np.arange(100))], 10)
    assert len(np.unique(groups)) == 100
    assert len(np.unique(blocks[predictions.y == 1])) == 10
    assert np.bincount(blocks).tolist() == [10] * 10


def test_scores_without_a_patient_of_many_images_say_how_far_that_moves_them():
    """A third of the images are of one patient, whom the whole follows."""
    predictions, patients = predict(300), np.r_[np.zeros(100, dtype=int), np.arange(200) // 4 + 1]
    whole = estimate(predictions, patients)
    for patient in (0, 5):
        rows = np.flatnonzero(patients != patient)
        without = estimate(predictions.take(rows), patients[rows])
        for name, number, tolerance in [
            ("brier_score", None, 1e-9),
            ("calibration_intercept", 1, 0.15),  # one step of the fit, and not all of them
            ("calibration_slope", 1, 0.15),
        ]:
            one = whole.estimate(name, number)
            moved = one.value - without.estimate(name, number).value
            assert one.influence[patient] == pytest.approx(moved, rel=tolerance), name


def test_scores_of_classes_without_a_lesion_say_how_far_it_moves_them():
    """A lesion that is right, and a lesion of which the first of two images is wrong."""
    y, lesions = np.repeat([0, 1], 100), np.arange(200) // 2
    predicted = np.where(np.arange(200) % 10 == 0, 1 - y, y)
    predictions = Predictions(y, predicted, None, np.arange(2), np.ones(2, dtype=bool))
    whole = estimate(predictions, lesions)
    for lesion in (51, 50):
        rows = np.flatnonzero(lesions != lesion)
        without = estimate(predictions.take(rows), lesions[rows])
        for key in [("f1", 1), ("f1_macro", None), ("balanced_accuracy", None)]:
            one = whole.estimate(*key)
            moved = one.value - without.estimate(*key).value
            assert one.influence[lesion] == pytest.approx(moved, rel=0.05), key


def test_resampled_scores_are_those_of_the_drawn_images():
    predictions, lesions = predict(150), np.arange(150) // 2
    samples = estimate(predictions, lesions, Draws(20, 0))
    drawn = np.concatenate(list(draw_groups(75, 20, 0)), axis=1)
    for number, times in enumerate(drawn.T):
        rows = np.arange(150).repeat(times.astype(int)[lesions])
        alone = score(predictions.take(rows))
        for name in ("auc_above_80_sensitivity", "sensitivity_at_90_specificity"):
            found = samples.curves.samples(name, 1)[number]
            assert found == pytest.approx(alone[name, 1], abs=1e-12)


def test_class_that_is_absent_or_was_never_seen():
    predictions = predict()
    scores = score(predictions.take(predictions.y != 1))
    for name in ("sensitivity", "f1", "roc_auc", "partial_auc", "average_precision"):
        assert np.isnan(scores[name, 1]), name
        assert np.isfinite(scores[name, 0]), name
    for mean, name in (("balanced_accuracy", "sensitivity"), ("f1_macro", "f1")):
        expected = np.mean([scores[name, 0], scores[name, 2]])
        assert scores[mean, None] == pytest.approx(expected)
    predictions.seen = np.array([True, False, True])
    scores = score(predictions)
    assert np.isnan(scores["roc_auc", 1])
    assert np.isfinite(scores["roc_auc_ovr", None])


def test_all_of_one_class_leaves_no_curve():
    predictions = predict()
    scores = score(predictions.take(predictions.y == 0))
    assert np.isnan(scores["roc_auc_ovr", None])
    assert np.isnan(scores["calibration_slope", 0])
    assert np.isfinite(scores["accuracy", None])


@pytest.mark.parametrize("seed", range(3))
def test_mean_auc_of_two_classes_is_the_auc_of_either(seed):
    """And has its interval, over folds too: one curve, seen from both sides, is one part."""
    groups = np.arange(120) // 2
    one, other = (predict(120, n_classes=2, decimals=6, seed=seed + number) for number in (0, 9))
    for parts in (
        [Part(one, groups, np.arange(120))],
        [Part(one, groups, np.arange(120)), Part(other, groups + 60, np.arange(120, 240))],
    ):
        found = Estimates(parts)
        mean = found.estimate("roc_auc_ovr")
        for number in (0, 1):
            of_class = found.estimate("roc_auc", number)
            assert [mean.value, mean.low, mean.high, mean.n_groups] == pytest.approx(
                [of_class.value, of_class.low, of_class.high, of_class.n_groups], abs=1e-12
            )
            assert mean.freedom == pytest.approx(of_class.freedom)


def test_auc_of_two_classes_that_differ_by_ties_are_averaged():
    y = np.repeat([0, 1], 20)
    small = np.linspace(1e-3, 0.4, 20)
    of_first = np.append(small[::-1], small / 2)
    tied = np.where(of_first < 0.2, 1.0, 1 - of_first)
    found = estimate(
        Predictions(y, y, np.column_stack([of_first, tied]), np.arange(2), np.ones(2, dtype=bool))
    )
    areas = [found.estimate("roc_auc", number).value for number in (0, 1)]
    assert areas[0] != pytest.approx(areas[1])
    assert found.estimate("roc_auc_ovr").value == pytest.approx(np.mean(areas))


def test_mean_auc_of_two_present_classes_of_three_has_two_parts():
    three = predict(90)
    two = three.take(np.flatnonzero(three.y < 2))
    found = estimate(two)
    areas = [found.estimate("roc_auc", number).value for number in (0, 1)]
    assert areas[0] != pytest.approx(areas[1])
    assert found.estimate("roc_auc_ovr").value == pytest.approx(np.mean(areas))


@pytest.mark.parametrize(
    ("mean", "of_class"), [("balanced_accuracy", "sensitivity"), ("f1_macro", "f1")]
)
def test_mean_over_a_single_present_class_is_the_score_of_that_class(mean, of_class):
    everything = predict(90)
    only = everything.take(np.flatnonzero(everything.y == 1))
    found = estimate(only, groups=np.arange(len(only)) // 2)
    one, other = found.estimate(mean), found.estimate(of_class, 1)
    assert (one.value, one.low, one.high, one.freedom) == (
        other.value,
        other.low,
        other.high,
        other.freedom,
    )


def test_without_probabilities():
    predictions = predict()
    predictions.probabilities = None
    names = {name for name, _ in score(predictions)}
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
    estimates = estimate(predictions)
    for threshold in (0.1, 0.37, 0.9):
        found = {name: estimates.cut_off(name, 1, threshold) for name in OF_CUT_OFF}
        is_called = scores >= threshold
        expected = {
            "sensitivity": recall_score(is_positive, is_called),
            "specificity": recall_score(~is_positive, ~is_called),
            "ppv": precision_score(is_positive, is_called),
            "npv": precision_score(~is_positive, ~is_called),
            "net_benefit": net_benefit(is_positive, scores, threshold=threshold),
        }
        assert {name: one.value for name, one in found.items()} == pytest.approx(expected)
        for one in found.values():
            assert one.low < one.value + 1e-12
            assert one.value - 1e-12 < one.high


def test_score_of_folds_rests_on_the_lesions_of_all_of_them():
    """One lesion of a class in each of five folds: three of them are right."""
    y = np.tile([1, *[0] * 9], 5)
    predicted = y.copy()
    predicted[[0, 10]] = 0
    whole = Predictions(y, predicted, None, np.arange(2), np.ones(2, dtype=bool))
    parts = [Part(whole, None, np.arange(50)).take(np.arange(10) + 10 * i) for i in range(5)]
    one = Estimates(parts).estimate("sensitivity", 1)
    exact = binomtest(3, 5).proportion_ci(method="exact")
    assert one.value == pytest.approx(0.6)
    assert [one.low, one.high] == pytest.approx([exact.low, exact.high])
    assert one.n_groups == 5


def test_intervals_of_folds_of_unequal_size_lie_around_the_mean_over_folds():
    """All of 100 images are right and none of 20: the mean is 0.5, the pooled accuracy 0.83."""
    y = np.tile([0, 1], 60)
    predicted = np.r_[y[:100], 1 - y[100:]]
    seen = np.ones(2, dtype=bool)
    whole = Part(
        Predictions(y, predicted, np.eye(2)[predicted], np.arange(2), seen), None, np.arange(120)
    )
    estimates = Estimates([whole.take(np.arange(100)), whole.take(np.arange(100, 120))])
    for name, number in [("accuracy", None), ("brier_score", None), ("f1", 1)]:
        one = estimates.estimate(name, number)
        assert one.value == pytest.approx(0.5), name
        assert (one.low + one.high) / 2 == pytest.approx(0.5, abs=0.05), name


def test_deviation_over_fits_is_that_of_the_values_of_the_fits():
    """Calibration intercept and slope are of all folds of a fit, not means over its folds."""
    rows = np.arange(90)
    wholes = [Part(predict(90, seed=seed), None, rows, seed) for seed in range(3)]
    folds = [whole.take(rows[number::3]) for whole in wholes for number in range(3)]
    for parts in (wholes, folds):
        _, table = make_tables(Estimates(parts))
        for name in ("calibration_intercept", "calibration_slope"):
            values = [Estimates([whole]).estimate(name, 1).value for whole in wholes]
            line = table.loc[1, name]
            assert line["value"] == pytest.approx(np.mean(values))
            assert line["run_deviation"] == pytest.approx(np.std(values, ddof=1))


def test_average_precision_has_the_interval_of_a_skewed_score():
    whole = Part(predict(120), None, np.arange(120))
    folds = [whole.take(np.arange(120)[number::4]) for number in range(4)]
    for parts in ([whole], folds):
        one = Estimates(parts).estimate("average_precision", 1)
        skewed, usual = (
            estimate_smooth(one.value, one.influence, one.n_groups, is_skewed=is_skewed)
            for is_skewed in (True, False)
        )
        assert [one.low, one.high] == pytest.approx([skewed.low, skewed.high])
        assert one.low != pytest.approx(usual.low, abs=1e-4)


def test_interval_of_a_score_at_a_rate_includes_that_its_threshold_is_estimated():
    found = estimate(predict(300, 2, decimals=8), np.arange(300) // 2, Draws(200, 0))
    for name in WITHOUT_JACKKNIFE:
        one = found.estimate(name, 1)
        variance = np.nanvar(found.curves.samples(name, 1))
        low, high = wilson(one.value, one.value * (1 - one.value) / variance)
        assert one.high - one.low >= 0.99 * (high - low), name


def test_scores_at_a_rate_are_compared_only_where_each_fold_has_enough_lesions():
    """Of folds of 5 lesions, two equally good models had p < 0.05 in 10%."""
    first, second = (predict(300, 2, seed=seed) for seed in (0, 1))
    first.y = second.y = np.tile([1, *[0] * 9], 30)
    wholes = [Part(one, None, np.arange(300)) for one in (first, second)]
    for n_folds, is_given in [(1, True), (6, False)]:
        a, b = (
            Estimates(
                [whole.take(rows) for rows in np.split(np.arange(300), n_folds)], Draws(50, 0)
            )
            for whole in wholes
        )
        for name in WITHOUT_JACKKNIFE:
            line = a.compare(b, [(name, 1)])[name, 1]
            assert np.isfinite(line[-3:]).all() == is_given, name
            assert np.isnan(line[-3:]).all() != is_given, name
