"""What is drawn, and what the intervals are."""

import numpy as np
import pytest

from skin_lesion._utils.bootstrap import GroupBootstrap
from skin_lesion.evaluation._intervals.score_tables import Draws, Part, make_tables
from skin_lesion.evaluation._report.predictions import number_predictions


def predictions(n_right, n_wrong):
    """Two classes of `n_right + n_wrong` rows each, equally well predicted."""
    y_true = np.repeat(["melanoma", "nevus"], n_right + n_wrong)
    is_right = np.tile(np.repeat([True, False], [n_right, n_wrong]), 2)
    other = np.where(y_true == "nevus", "melanoma", "nevus")
    return y_true, np.where(is_right, y_true, other)


def interval(y_true, y_pred, groups=None, score="accuracy", n_bootstraps=500, seed=0):
    part = Part(
        number_predictions(np.union1d(y_true, y_pred), y_true, y_pred, None),
        groups,
        np.arange(len(y_true)),
    )
    scores, _ = make_tables([part], Draws(n_bootstraps, seed))
    return tuple(scores.loc[score, ["low", "high"]])


def draw(y, groups, n_bootstraps=50):
    """The weights of the rows, of shape (n_bootstraps, n)."""
    bootstrap = GroupBootstrap(y, groups, n_bootstraps=n_bootstraps, random_state=0)
    drawn = np.concatenate(list(bootstrap.draw()), axis=1)
    return (bootstrap.membership @ drawn).T


def width(bounds):
    return bounds[1] - bounds[0]


def test_matches_the_normal_approximation_of_accuracy():
    y_true, y_pred = predictions(160, 40)
    low, high = interval(y_true, y_pred, n_bootstraps=4000)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    np.testing.assert_allclose([low, high], [0.8 - half, 0.8 + half], atol=0.08 * half + 0.0013)


def test_classes_are_drawn_separately():
    # One class wholly right, the other half: drawn together, the shares of the classes would vary.
    y_true = np.repeat(["a", "b"], 200)
    y_pred = np.where(np.arange(400) < 300, y_true, "a")
    half = width(interval(y_true, y_pred, n_bootstraps=4000)) / 2
    assert abs(half / (1.96 * np.sqrt(0.5 * 0.5 / 200) / 2) - 1) < 0.08


def test_every_draw_has_as_many_groups_of_each_class():
    y_true = np.repeat(["a", "b", "c"], [12, 6, 2])
    weights = draw(y_true, np.arange(20) // 2)
    assert weights.shape == (50, 20)
    np.testing.assert_array_equal(weights[:, ::2], weights[:, 1::2])  # whole groups
    for name, n_rows in (("a", 12), ("b", 6), ("c", 2)):
        assert (weights[:, y_true == name].sum(axis=1) == n_rows).all()
    assert len(np.unique(weights, axis=0)) > 40


def test_groups_of_two_classes_stay_whole():
    weights = draw(np.tile(["a", "b"], 20), np.arange(40) // 2)
    np.testing.assert_array_equal(weights[:, ::2], weights[:, 1::2])
    assert (weights.sum(axis=1) == 40).all()


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
    assert interval(y_true, y_pred, seed=0) == interval(y_true, y_pred, seed=0)
    bounds = {interval(y_true, y_pred, seed=i, n_bootstraps=50) for i in range(5)}
    assert len(bounds) > 1


def test_draws_are_the_same_each_time():
    y, groups = np.repeat(["a", "b"], 20), np.arange(40) // 2
    bootstrap = GroupBootstrap(y, groups, n_bootstraps=600, random_state=1)
    assert sum(drawn.shape[1] for drawn in bootstrap.draw()) == 600
    first, second = (np.concatenate(list(bootstrap.draw()), axis=1) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_covers_the_true_score_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    y_true = np.repeat(["a", "b"], 60)
    n_covered = 0
    for seed in range(100):
        y_pred = np.where(rng.random(120) < 0.75, y_true, np.where(y_true == "a", "b", "a"))
        low, high = interval(y_true, y_pred, n_bootstraps=200, seed=seed)
        n_covered += low <= 0.75 <= high
    assert 88 <= n_covered <= 100
