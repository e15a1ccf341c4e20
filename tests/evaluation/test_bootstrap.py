import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from skin_lesion.evaluation._bootstrap import bootstrap_interval


def accuracy(y_true, y_pred, sample_weight):
    """scikit-learn's, without its checks, which take most of its time."""
    return np.average(y_true == y_pred, weights=sample_weight)


def predictions(n_right, n_wrong):
    """Two classes of `n_right + n_wrong` rows each, equally well predicted."""
    y_true = np.repeat(["melanoma", "nevus"], n_right + n_wrong)
    is_right = np.tile(np.repeat([True, False], [n_right, n_wrong]), 2)
    other = np.where(y_true == "nevus", "melanoma", "nevus")
    return y_true, np.where(is_right, y_true, other)


def interval(y_true, y_pred, groups=None, metric=accuracy, **kwargs):
    groups = np.arange(len(y_true)) if groups is None else groups
    kwargs = {"n_bootstraps": 500, "random_state": 0} | kwargs
    return bootstrap_interval(metric, y_true, y_pred, groups, **kwargs)


def width(bounds):
    return bounds[1] - bounds[0]


@pytest.mark.parametrize("metric", [accuracy_score, balanced_accuracy_score])
def test_contains_the_score(metric):
    rng = np.random.default_rng(0)
    y_true = rng.choice(["a", "b", "c"], 120, p=[0.2, 0.3, 0.5])
    y_pred = np.where(rng.random(120) < 0.7, y_true, "c")
    low, high = interval(y_true, y_pred, metric=metric, n_bootstraps=200)
    assert type(low) is type(high) is float
    assert 0 <= low < metric(y_true, y_pred) < high <= 1


@pytest.mark.parametrize(("confidence", "z"), [(0.95, 1.96), (0.8, 1.2816), (0.5, 0.6745)])
def test_matches_the_normal_approximation_of_accuracy(confidence, z):
    y_true, y_pred = predictions(160, 40)
    low, high = interval(y_true, y_pred, confidence=confidence, n_bootstraps=4000)
    half = z * np.sqrt(0.8 * 0.2 / 400)
    np.testing.assert_allclose([low, high], [0.8 - half, 0.8 + half], atol=0.08 * half + 0.0013)


def test_classes_are_drawn_separately():
    # One class wholly right, the other half: drawn together, the shares of the classes would vary.
    y_true = np.repeat(["a", "b"], 200)
    y_pred = np.where(np.arange(400) < 300, y_true, "a")
    half = width(interval(y_true, y_pred, n_bootstraps=4000)) / 2
    assert abs(half / (1.96 * np.sqrt(0.5 * 0.5 / 200) / 2) - 1) < 0.08


def test_every_resample_has_as_many_groups_of_each_class():
    y_true = np.repeat(["a", "b", "c"], [12, 6, 2])
    groups = np.arange(20) // 2
    weights = []

    def keep(y_true, y_pred, sample_weight):
        weights.append(sample_weight)
        return 0.5

    assert interval(y_true, y_true, groups, keep, n_bootstraps=50) == (0.5, 0.5)
    weights = np.array(weights)
    assert weights.shape == (50, 20)
    np.testing.assert_array_equal(weights[:, ::2], weights[:, 1::2])  # whole groups
    for name, n_rows in (("a", 12), ("b", 6), ("c", 2)):
        assert (weights[:, y_true == name].sum(axis=1) == n_rows).all()
    assert len(np.unique(weights, axis=0)) > 40


def test_clustered_rows_widen_the_interval():
    # Four photographs of each lesion, all right or all wrong: a quarter as many cases.
    y_true, y_pred = predictions(160, 40)
    alone = width(interval(y_true, y_pred, n_bootstraps=2000))
    clustered = width(interval(y_true, y_pred, np.arange(400) // 4, n_bootstraps=2000))
    assert abs(clustered / alone - 2) < 0.2


def test_names_and_order_of_groups_do_not_matter():
    y_true, y_pred = predictions(20, 10)
    groups = np.arange(60) // 3
    expected = interval(y_true, y_pred, groups)
    assert interval(y_true, y_pred, np.array([f"lesion {i:03}" for i in groups])) == expected
    order = np.random.default_rng(0).permutation(60)
    assert interval(y_true[order], y_pred[order], groups[order]) == pytest.approx(expected)


def test_random_state():
    y_true, y_pred = predictions(37, 14)
    expected = interval(y_true, y_pred, random_state=0)
    assert interval(y_true, y_pred, random_state=0) == expected
    assert interval(y_true, y_pred, random_state=np.random.RandomState(0)) == expected
    bounds = {interval(y_true, y_pred, random_state=i, n_bootstraps=50) for i in range(5)}
    assert len(bounds) > 1


def test_confidence_nests_the_intervals():
    y_true, y_pred = predictions(37, 14)
    narrow, middle, wide = (interval(y_true, y_pred, confidence=c) for c in (0.5, 0.8, 0.99))
    assert wide[0] < middle[0] < narrow[0] < narrow[1] < middle[1] < wide[1]


@pytest.mark.parametrize(("n_right", "n_wrong", "score"), [(10, 0, 1.0), (0, 10, 0.0)])
def test_all_right_or_all_wrong_has_no_width(n_right, n_wrong, score):
    assert interval(*predictions(n_right, n_wrong), n_bootstraps=20) == (score, score)


def test_covers_the_true_score_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    y_true = np.repeat(["a", "b"], 60)
    n_covered = 0
    for seed in range(100):
        y_pred = np.where(rng.random(120) < 0.75, y_true, "neither")
        low, high = interval(y_true, y_pred, confidence=0.9, n_bootstraps=200, random_state=seed)
        n_covered += low <= 0.75 <= high
    assert 80 <= n_covered <= 97


def test_groups_of_two_classes_stay_whole():
    y_true = np.tile(["a", "b"], 20)
    weights = []

    def keep(y_true, y_pred, sample_weight):
        weights.append(sample_weight)
        return 0.5

    interval(y_true, y_true, np.arange(40) // 2, keep, n_bootstraps=20)
    weights = np.array(weights)
    np.testing.assert_array_equal(weights[:, ::2], weights[:, 1::2])
    assert (weights.sum(axis=1) == 40).all()
