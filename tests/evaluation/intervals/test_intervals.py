"""Intervals over lesions and patients: their limits, and how often they hold the truth."""

import tracemalloc

import numpy as np
import pytest
from scipy import stats

from skin_lesion import EvaluationReport
from skin_lesion._utils.intervals import (
    Estimate,
    combine,
    correlate,
    draw_groups,
    estimate_rate,
    estimate_smooth,
)
from skin_lesion.evaluation._intervals.estimates import Estimates
from skin_lesion.evaluation._intervals.parts import Part, Predictions


def judge(y, p, groups=None, **options):
    """Report on two classes, of which 1 is positive, from its probability."""
    options = {"positive": 1, "n_bootstraps": 200, "random_state": 0} | options
    return EvaluationReport.from_predictions(y, p, classes=[0, 1], groups=groups, **options)


def score(y, p, *names):
    """Return some of the scores of such a report, in a hundredth of its time."""
    probabilities = np.column_stack([1 - p, p])
    predictions = Predictions(
        y, probabilities.argmax(axis=1), probabilities, np.arange(2), np.ones(2, dtype=bool)
    )
    found = Estimates([Part(predictions, None, np.arange(len(y)))], None).score(names)
    return {name: one for (name, _), one in found.items()}


def predict(n_right, n_wrong):
    """Two classes of `n_right + n_wrong` rows each, equally well predicted."""
    y = np.repeat([1, 0], n_right + n_wrong)
    is_right = np.tile(np.repeat([True, False], [n_right, n_wrong]), 2)
    return y, np.where(is_right == (y == 1), 0.9, 0.1)


def limits(table, name):
    return table.loc[name, ["low", "high"]].to_numpy(dtype=float)


@pytest.mark.filterwarnings("ignore:Classes with fewer than 10")
@pytest.mark.parametrize("n_melanomas", [3, 1])
def test_a_rate_rests_on_the_lesions_of_its_own_denominator(n_melanomas):
    """500 nevi that are all right, beside a few melanomas."""
    y = np.repeat([1, 0], [n_melanomas, 500])
    of_class = judge(y, np.where(y == 1, 0.9, 0.1)).class_scores.loc[1]
    exact = 0.025 ** (1 / 500)
    for name, n in (("specificity", 500), ("npv", 500), ("sensitivity", n_melanomas)):
        assert of_class.loc[name, "groups"] == n
        assert limits(of_class, name) == pytest.approx([0.025 ** (1 / n), 1])
    assert limits(of_class, "specificity") == pytest.approx([exact, 1])


def test_rates_of_few_lesions_are_exact():
    y = np.repeat([1, 0], [8, 40])
    p = np.where(np.arange(48) < 6, 0.9, 0.1)
    with pytest.warns(match="Classes with fewer than 10"):
        found = limits(judge(y, p).class_scores.loc[1], "sensitivity")
    expected = stats.binomtest(6, 8).proportion_ci(method="exact")
    assert found == pytest.approx([expected.low, expected.high])


def test_rates_of_many_lesions_have_the_interval_of_wilson():
    y, p = predict(160, 40)
    report = judge(y, p)
    expected = stats.binomtest(320, 400).proportion_ci(method="wilson")
    assert limits(report.scores, "accuracy") == pytest.approx([expected.low, expected.high])


def test_photographs_of_a_lesion_are_worth_as_much_as_they_differ():
    y, p = predict(160, 40)
    alike = limits(judge(y, p, np.arange(400) // 4).scores, "accuracy")
    expected = stats.binomtest(80, 100).proportion_ci(method="wilson")
    # The usual correlation is mixed in, which is less than that of photographs all alike.
    assert alike == pytest.approx([expected.low, expected.high], abs=0.01)
    mixed = limits(judge(y, p, np.arange(400) % 100).scores, "accuracy")
    alone = limits(judge(y, p).scores, "accuracy")
    assert np.ptp(alone) < np.ptp(mixed) < np.ptp(alike)


@pytest.mark.parametrize(
    ("sizes", "least", "most"),
    [
        ([100] + [1] * 29, 0.93, 1.0),
        ([60] * 3 + [2] * 27, 0.94, 1.0),
        ([30] * 10, 0.94, 0.98),
        ([30, 20, 20, 15] + [5] * 8 + [1] * 48, 0.93, 0.98),
        ([5] * 30, 0.93, 0.97),
        ([60, 40, 35, 30, 25, 20], 0.94, 0.98),
    ],
    ids=["one patient", "three", "ten", "tail", "equal", "six"],
)
def test_rates_of_patients_of_unequal_numbers_of_images_are_covered(sizes, least, most):
    """By the correlation as observed, the first two held 0.6 in 81% to 89%.

    As if it were known, three patients held 0.6 in 94%, and in 81% of images that are nearly alike.
    Exact intervals of the effective number of images, as if it were known, held 0.6 of six in 92%.
    """
    rng = np.random.default_rng(0)
    groups, held = np.repeat(np.arange(len(sizes)), sizes), []
    for _ in range(1000):
        hits = (rng.random(len(groups)) < rng.beta(0.72, 0.48, len(sizes))[groups]) * 1.0
        one = estimate_rate(hits, np.ones(len(groups)), groups, len(sizes))
        held.append(one.low <= 0.6 <= one.high)
    assert least <= np.mean(held) <= most


@pytest.mark.parametrize("sizes", [[60] * 3 + [2] * 27, [30] * 10])
def test_rates_of_few_patients_whose_images_are_nearly_alike_are_covered(sizes):
    rng = np.random.default_rng(0)
    groups, held = np.repeat(np.arange(len(sizes)), sizes), []
    for _ in range(1000):
        hits = (rng.random(len(groups)) < rng.beta(0.15, 0.1, len(sizes))[groups]) * 1.0
        one = estimate_rate(hits, np.ones(len(groups)), groups, len(sizes))
        held.append(one.low <= 0.6 <= one.high)
    assert np.mean(held) >= 0.93


@pytest.mark.parametrize(("rate", "weak"), [(0.6, 10.0), (0.9, 10.0), (0.9, 50.0)])
def test_rates_of_patients_with_many_slightly_similar_images_are_not_too_wide(rate, weak):
    """As if images of a patient were as alike as those of a lesion, 99% to 100% were covered."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(600):
        sizes = rng.integers(1, 100, 25)
        groups = np.repeat(np.arange(25), sizes)
        right = rng.beta(rate * weak, (1 - rate) * weak, 25)[groups]
        one = estimate_rate(1.0 * (rng.random(len(groups)) < right), groups * 0 + 1.0, groups, 25)
        held.append(one.low <= rate <= one.high)
    assert 0.93 <= np.mean(held) <= 0.985


def test_lesions_whose_photographs_are_all_alike_count_as_one_each():
    """Seven lesions of five photographs, of which one is wrong in all of them."""
    groups = np.repeat(np.arange(7), 5)
    one = estimate_rate(1.0 * (groups > 0), np.ones(35), groups, 7)
    exact = stats.binomtest(6, 7).proportion_ci(method="exact")
    assert [one.low, one.high] == pytest.approx([exact.low, exact.high])
    # A mean with a score that hardly varies has half of this interval.
    mean = combine([one, Estimate(0.9, 0.9, 0.9, 100, np.zeros(7))], [0.5, 0.5])
    expected = [(exact.low + 0.9) / 2, (exact.high + 0.9) / 2]
    assert [mean.low, mean.high] == pytest.approx(expected)


def test_two_patients_with_most_images_count_as_two():
    """They agree by chance, which does not show that images of a patient are independent."""
    groups = np.r_[np.repeat([0, 1], 50), np.arange(2, 22)]
    hits = np.r_[np.tile([1.0] * 4 + [0.0], 20), np.tile([1.0] * 4 + [0.0], 4)]
    one = estimate_rate(hits, np.ones(120), groups, 22)
    n = 120**2 / (2 * 50**2 + 20)
    exact = [
        stats.beta.ppf(0.025, 0.8 * n, 0.2 * n + 1),
        stats.beta.ppf(0.975, 0.8 * n + 1, 0.2 * n),
    ]
    assert [one.low, one.high] == pytest.approx(exact)


def test_a_rate_whose_errors_are_those_of_few_patients_has_a_wider_quantile():
    groups = np.repeat(np.arange(40), 10)
    by_few, by_many = (
        estimate_rate(1.0 - wrong, np.ones(400), groups, 40)
        for wrong in (groups < 4, (groups < 13) & (np.arange(400) % 10 < 3))
    )
    assert by_few.freedom < 10 < by_many.freedom


def test_auc_of_few_patients_with_most_of_the_images_has_a_wider_quantile():
    """Twelve patients with five melanomas each, or three with 17 and nine with one."""
    rng = np.random.default_rng(2)
    y, p = np.tile([0, 1], 60), np.empty(120)
    p[y == 1], p[y == 0] = rng.normal(0.6, 0.1, 60), rng.normal(0.4, 0.1, 60)
    found = []
    for sizes in ([5] * 12, [17] * 3 + [1] * 9):
        patients = np.repeat(np.repeat(np.arange(12), sizes), 2)
        predictions = Predictions(
            y, y, np.column_stack([1 - p, p]), np.arange(2), np.ones(2, dtype=bool)
        )
        part = Part(predictions, patients, np.arange(120))
        found.append(Estimates([part], None).estimate("roc_auc", 1))
    equal, few = found
    assert equal.n_groups == few.n_groups == 12
    assert few.freedom == pytest.approx(60**2 / (3 * 17**2 + 9) - 1)
    assert few.freedom < equal.freedom


@pytest.mark.parametrize("value", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_interval_of_a_skewed_score_is_symmetrical_in_its_double_logarithm(value):
    """A score that is more often far too high than far too low has an interval that lies lower."""
    influence = np.tile([0.001, -0.001], 20)
    usual = estimate_smooth(value, influence, 40)
    skewed = estimate_smooth(value, influence, 40, is_skewed=True)
    assert 0 < skewed.low < usual.low < value < skewed.high < usual.high < 1
    low, middle, high = (np.log(-np.log(one)) for one in (skewed.low, value, skewed.high))
    assert low - middle == pytest.approx(middle - high)
    wide = estimate_smooth(value, 100 * influence, 40, is_skewed=True)
    assert 0 <= wide.low < value < wide.high <= 1


def test_scores_that_few_groups_share_are_less_correlated():
    few, many = (
        correlate(*(Estimate(0.7, 0.5, 0.9, 100, np.resize(one, n)) for one in ([1, -1], [2, -2])))
        for n in (2, 100)
    )
    assert few == pytest.approx(2 / 3)
    assert many == pytest.approx(100 / 101)
    apart = [Estimate(0.7, 0.5, 0.9, 100, np.array(one)) for one in ([1, 0], [0, 1])]
    assert correlate(*apart) == 0


def test_parts_that_vary_against_each_other_make_a_mean_more_certain():
    """Where lesions of a patient are mostly called melanoma, more melanomas are right, not nevi."""
    rng = np.random.default_rng(0)
    influence = rng.normal(0, 0.01, 100)
    rest = rng.normal(0, 0.005, 100)
    width = {}
    for sign in (1, 0, -1):
        other = sign * influence + (rest if sign else rng.permutation(influence))
        parts = [Estimate(0.7, 0.5, 0.9, 100, one) for one in (influence, other)]
        mean = combine(parts, [0.5, 0.5])
        width[sign] = mean.high - mean.low
    assert width[-1] < 0.6 * width[0] < 0.6 * width[1]
    # Few patients may vary against each other by chance.
    few, many = (
        combine([Estimate(0.7, 0.5, 0.9, n, one) for one in (up, -0.8 * up)], [0.5, 0.5])
        for n in (2, 100)
        for up in [np.resize([0.1, -0.1], n)]
    )
    assert few.high - few.low > 1.3 * (many.high - many.low)
    opposite = [Estimate(0.7, 0.5, 0.9, 100, one) for one in (influence, -influence)]
    assert np.ptp([combine(opposite, [0.5, 0.5]).low, combine(opposite, [0.5, 0.5]).high]) > 0.05


def test_scores_at_a_specificity_rest_on_more_than_the_number_of_patients():
    """Twenty patients with 30 independent images of each class."""
    rng = np.random.default_rng(0)
    y, patients = np.tile([0, 1], 600), np.repeat(np.arange(20), 60)
    p = np.clip(rng.normal(0.3 + 0.2 * y, 0.15), 0.01, 0.99)
    table = judge(y, p, patients).class_scores.loc[1]
    for name in ("sensitivity_at_90_specificity", "specificity_at_90_sensitivity"):
        assert np.ptp(limits(table, name)) < 0.3


def test_patients_of_several_classes_count_in_each():
    """Every patient has three nevi and a melanoma."""
    rng = np.random.default_rng(0)
    y, patients = np.tile([0, 0, 0, 1], 60), np.repeat(np.arange(60), 4)
    report = judge(y, np.clip(rng.normal(0.3 + 0.2 * y, 0.2), 0.01, 0.99), patients)
    auc = report.class_scores.loc[(1, "roc_auc")]
    assert auc["groups"] == 60
    assert auc["value"] - 0.12 < auc["low"] < auc["value"] < auc["high"] < auc["value"] + 0.12
    assert (report.class_counts["groups"] == 60).all()


def test_names_and_order_of_groups_do_not_matter():
    y, p = predict(20, 10)
    groups = np.arange(60) // 3
    expected = limits(judge(y, p, groups).scores, "accuracy")
    named = np.array([f"lesion {i:03}" for i in groups])
    order = np.random.default_rng(0).permutation(60)
    assert limits(judge(y, p, named).scores, "accuracy") == pytest.approx(expected)
    mixed = judge(y[order], p[order], groups[order]).scores
    assert limits(mixed, "accuracy") == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The probabilities are the same")
def test_no_interval_has_zero_width_and_each_holds_its_value():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 12])
    for p in (
        np.full(72, 0.5),
        np.where(y == 1, 0.9, 0.1),
        np.clip(rng.normal(0.3 + 0.3 * y, 0.2), 0, 1),
    ):
        table = judge(y, p).to_frame().dropna()
        assert (table["high"] - table["low"] > 1e-4).all()
        assert (table["low"] <= table["value"] + 1e-9).all()
        assert (table["value"] <= table["high"] + 1e-9).all()


def test_calibration_error_has_no_interval():
    report = judge(*predict(40, 20))
    line = report.scores.loc["expected_calibration_error"]
    assert line["value"] == pytest.approx(0.9 - 2 / 3)
    assert np.isnan(line["low"])


@pytest.mark.parametrize(
    ("name", "n_needed"),
    [
        ("average_precision", 10),
        ("calibration_slope", 10),
        ("sensitivity_at_90_specificity", 20),
        ("partial_auc", 50),
    ],
)
@pytest.mark.filterwarnings("ignore:Classes with fewer than 10")
def test_scores_of_few_lesions_have_no_interval(name, n_needed):
    rng = np.random.default_rng(0)
    for n in (n_needed - 1, n_needed):
        y = np.repeat([0, 1], [100, n])
        report = judge(y, np.clip(rng.normal(0.3 + 0.2 * y, 0.2), 0.01, 0.99))
        of_class = report.class_scores.loc[1]
        assert np.isfinite(of_class.loc[name, "low"]) == (n == n_needed)
        assert np.isfinite(of_class.loc["roc_auc", "low"])


@pytest.mark.parametrize("n_images", [1, 2])
def test_brier_score_of_few_images_has_no_interval(n_images):
    """Of a good model, intervals over 3 to 12 lesions held the truth in 80% to 86%."""
    for n_lesions in (
        (49, 50) if n_images == 1 else (39, 40)
    ):  # two images of a lesion count as 1.25
        lesions = np.repeat(np.arange(n_lesions), n_images)
        y = (lesions % 3 == 0).astype(int)
        p = np.clip(np.random.default_rng(0).normal(0.3 + 0.4 * y, 0.1), 0.01, 0.99)
        line = judge(y, p, lesions).scores.loc["brier_score"]
        assert np.isfinite(line["low"]) == (n_lesions in (40, 50))


def test_scores_that_depend_on_prevalence_vary_with_it():
    """Of constant scores, only the share of melanomas can vary: draws class by class would not."""
    y = np.repeat([1, 0], [30, 270])
    with pytest.warns(match="The probabilities are the same for all images"):
        report = judge(y, np.full(300, 0.1), thresholds=[0.05])
    share = np.ptp(stats.binomtest(30, 300).proportion_ci(method="wilson"))
    of_class, at_cut_off = report.class_scores.loc[1], report.operating_points.loc["0.05"]
    for table, name, factor in (
        (report.scores, "accuracy", 1),
        (report.scores, "brier_score", 0.9**2 - 0.1**2),
        (of_class, "npv", 1),
        (of_class, "average_precision", 1),
        (at_cut_off, "ppv", 1),
        (at_cut_off, "net_benefit", 1 + 1 / 19),
    ):
        width = np.ptp(limits(table, name))
        assert width == pytest.approx(factor * share, rel=0.15), name


def test_means_leave_out_an_absent_class():
    """One false call of a class that no image has costs that image, and not a ninth of the mean."""
    y = np.repeat(["a", "b"], 100)
    p = np.repeat([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]], 100, axis=0)
    p[0] = [0.1, 0.2, 0.7]
    with pytest.warns(match=r"lacks the classes \['c'\].* scikit-learn, F1 is 0 for those"):
        report = EvaluationReport.from_predictions(
            y, p, classes=["a", "b", "c"], n_bootstraps=2, random_state=0
        )
    assert np.isnan(report.class_scores.loc[("c", "f1"), "value"])
    assert report.scores.loc["f1_macro", "value"] == pytest.approx((198 / 199 + 1) / 2)
    assert report.scores.loc["balanced_accuracy", "value"] == pytest.approx(0.995)


def test_calibration_intercept_and_slope():
    """Odds that are four times too high on the whole, and logits twice too large."""
    rng = np.random.default_rng(0)
    logit = rng.normal(-1, 1.5, 20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(-logit))).astype(int)
    names = [("calibration_intercept", 1), ("calibration_slope", 1)]
    shifted = score(y, 1 / (1 + np.exp(-logit - np.log(4))), *names)
    assert shifted["calibration_intercept"].value == pytest.approx(-np.log(4), abs=0.06)
    assert shifted["calibration_slope"].value == pytest.approx(1, abs=0.05)
    slope = score(y, 1 / (1 + np.exp(-2 * logit)), *names)["calibration_slope"]
    assert slope.low < 0.5 < slope.high
    assert 0.03 < slope.high - slope.low < 0.06


def test_what_depends_on_prevalence_is_covered_in_natural_samples():
    """At 10% melanoma and 300 lesions, draws class by class held the accuracy in 81%."""
    rng = np.random.default_rng(1)
    truth = {"accuracy": 0.912, "npv": 0.882 / (0.882 + 0.07), "ppv": 0.03 / (0.03 + 0.018)}
    held = dict.fromkeys(truth, 0)
    for _ in range(120):
        y = (rng.random(300) < 0.1).astype(int)
        called = rng.random(300) < np.where(y == 1, 0.3, 0.02)
        p = np.where(called, 0.9, 0.1)
        found = score(y, p, ("accuracy", None), ("npv", 1), ("ppv", 1))
        for name, value in truth.items():
            held[name] += found[name].low <= value <= found[name].high
    for name, n in held.items():
        assert n >= 0.89 * 120, name
    report = judge(y, p, n_bootstraps=2)
    of_report = limits(report.scores, "accuracy"), limits(report.class_scores.loc[1], "npv")
    expected = [[found[name].low, found[name].high] for name in ("accuracy", "npv")]
    np.testing.assert_array_equal(of_report, expected)


def test_draws_are_the_same_each_time_and_of_whole_size():
    first, second = (np.concatenate(list(draw_groups(30, 600, 1)), axis=1) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (30, 600)
    assert (first.sum(axis=0) == 30).all()
    assert len(np.unique(first, axis=1).T) == 600


def test_few_patients_with_many_images_need_little_memory():
    """The sums of a curve have three rows for each image of its class, however few the patients."""
    y = np.arange(20_000) % 2
    p = np.clip(np.random.default_rng(0).random(len(y)) * 0.6 + 0.4 * y, 0, 1)
    tracemalloc.start()
    try:
        judge(y, p, groups=np.arange(len(y)) % 60, n_bootstraps=256)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 120e6  # four times 16 MB, and what the images need; as one batch, 270 MB
