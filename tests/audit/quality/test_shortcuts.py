import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.metrics import recall_score

from skin_lesion import audit_dataset, make_lesion_images
from skin_lesion.audit._quality import shortcuts as _shortcuts
from skin_lesion.audit._quality.measures import (
    BORDER_MEASURES,
    THUMBNAIL_SIDE,
    measure_pixels,
)
from skin_lesion.audit._quality.shortcuts import measure_shortcuts

COLUMNS = ["balanced_accuracy", "low", "high", "chance", "n_images", "n_classes"]


def make_labels(n_per_class=100, n_classes=3, per_group=2):
    y = np.repeat([f"class {label}" for label in range(n_classes)], n_per_class)
    return y, np.arange(len(y)) // per_group


def test_a_shortcut_is_found_and_noise_is_not():
    rng = np.random.default_rng(0)
    y, groups = make_labels()
    is_first = y == "class 0"
    features = {
        "file size": rng.normal(np.where(is_first, 100.0, 60.0), 10.0)[:, np.newaxis],
        "noise": rng.normal(size=(300, 4)),
        "source": np.where(is_first, "clinic a", rng.choice(["clinic b", "clinic c"], 300)),
    }
    table = measure_shortcuts(features, y, groups)
    assert list(table.index) == ["file size", "noise", "source"]
    assert table.index.name == "shortcut"
    assert list(table.columns) == COLUMNS
    assert (table["chance"] == 1 / 3).all()
    assert (table["n_images"] == 300).all()
    assert (table["n_classes"] == 3).all()
    assert (table["low"] <= table["balanced_accuracy"]).all()
    assert (table["balanced_accuracy"] <= table["high"]).all()
    assert table.loc["noise", "low"] < 1 / 3 < table.loc["noise", "high"]
    # One class is known for certain, the others are guessed between two.
    assert table.loc["source", "balanced_accuracy"] == pytest.approx(2 / 3, abs=0.05)
    assert table.loc["file size", "balanced_accuracy"] == pytest.approx(2 / 3, abs=0.08)
    assert table.loc["file size", "low"] > 0.5


def test_a_coloured_border_of_drawn_photographs_is_found():
    lesions = make_lesion_images(
        60, n_classes=2, image_size=(THUMBNAIL_SIDE, THUMBNAIL_SIDE), random_state=0
    )
    tinted = lesions.images.copy()
    is_nevus = lesions.target == "nevus"
    tinted[is_nevus, :6] = tinted[is_nevus, :6] // 2
    borders = {
        name: pd.DataFrame(measure_pixels(images))[BORDER_MEASURES].to_numpy()
        for name, images in {"as drawn": lesions.images, "tinted": tinted}.items()
    }
    table = measure_shortcuts(borders, lesions.target, pd.factorize(lesions.groups)[0])
    assert table.loc["tinted", "low"] > 0.6
    assert table.loc["as drawn", "balanced_accuracy"] < table.loc["tinted", "low"]


def test_rows_of_one_group_do_not_help_to_predict_each_other():
    # What tells the group, and nothing else, predicts the class of images seen before.
    y, groups = make_labels(n_per_class=200, n_classes=2, per_group=20)
    order = np.random.default_rng(0).permutation(len(y))
    ids = np.random.default_rng(1).permutation(groups.max() + 1)[groups][:, np.newaxis]
    by_group = measure_shortcuts({"id": ids[order]}, y[order], groups[order])
    by_image = measure_shortcuts({"id": ids[order]}, y[order], np.arange(len(y)))
    assert by_image.loc["id", "balanced_accuracy"] > 0.95
    assert by_group.loc["id", "balanced_accuracy"] < 0.8


def test_the_interval_is_wider_where_images_are_not_independent():
    y, groups = make_labels(n_per_class=200, n_classes=2, per_group=10)
    is_hit = np.random.default_rng(0).random(40)[groups] < 0.7
    labels = pd.factorize(y)[0]
    score, low, high = _shortcuts._score(labels, is_hit, groups)
    _, low_alone, high_alone = _shortcuts._score(labels, is_hit, np.arange(len(y)))
    assert score == pytest.approx(
        recall_score(
            y, np.where(is_hit, y, "other"), average="macro", labels=["class 0", "class 1"]
        )
    )
    assert high - low > 2 * (high_alone - low_alone)


def test_the_interval_is_that_of_a_bootstrap_written_out():
    rng = np.random.default_rng(0)
    labels = rng.choice(3, 300, p=[0.6, 0.3, 0.1])
    groups = labels * 1000 + rng.integers(0, 60, 300)
    is_hit = rng.random(300) < np.array([0.8, 0.5, 0.3])[labels]
    scores = []
    members = {group: np.flatnonzero(groups == group) for group in np.unique(groups)}
    of_class = [np.unique(groups[labels == label]) for label in range(3)]
    for _ in range(1500):
        drawn = np.concatenate([rng.choice(candidates, len(candidates)) for candidates in of_class])
        rows = np.concatenate([members[group] for group in drawn])
        scores.append(np.mean([is_hit[rows][labels[rows] == label].mean() for label in range(3)]))
    _, low, high = _shortcuts._score(labels, is_hit, groups)
    np.testing.assert_allclose([low, high], np.quantile(scores, [0.025, 0.975]), atol=0.015)


def test_the_interval_covers_chance_where_predictions_are_guesses():
    covered = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.repeat([0, 1, 2], [120, 60, 40]))
        _, low, high = _shortcuts._score(labels, rng.random(220) < 1 / 3, np.arange(220))
        covered.append(low <= 1 / 3 <= high)
    assert 0.88 <= np.mean(covered) <= 1


def test_shuffled_labels_are_not_predicted():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(["a", "b", "c"], [60, 30, 20]))
    table = measure_shortcuts({n: rng.normal(size=(110, 2)) for n in "xyz"}, y, np.arange(110))
    assert (table["low"] <= 1 / 3).all()
    assert (table["balanced_accuracy"] < 0.45).all()


def test_the_same_seed_gives_the_same_numbers(few_trees):
    rng = np.random.default_rng(0)
    y, groups = make_labels(20)
    features = {"a": rng.normal(size=(60, 2)), "b": rng.choice(["x", "y"], 60)}
    first = measure_shortcuts(features, y, groups)
    pd.testing.assert_frame_equal(first, measure_shortcuts(features, y, groups, n_jobs=2))
    # Nor does a shortcut depend on what else is asked.
    alone = measure_shortcuts({"b": features["b"]}, y, groups)
    pd.testing.assert_frame_equal(first.loc[["b"]], alone)


def test_missing_values_are_allowed_and_tell_what_they_tell(few_trees):
    rng = np.random.default_rng(0)
    y, groups = make_labels(n_classes=2)
    sizes = rng.normal(size=(200, 1))
    sizes[y == "class 1"] = np.nan
    source = np.where(y == "class 1", None, rng.choice(["x", "y"], 200))
    nothing = np.full((200, 2), np.nan)
    table = measure_shortcuts({"size": sizes, "source": source, "nothing": nothing}, y, groups)
    assert table.loc["size", "balanced_accuracy"] > 0.95
    assert table.loc["source", "balanced_accuracy"] > 0.95
    assert table.loc["nothing", "balanced_accuracy"] == pytest.approx(0.5, abs=0.1)


def test_classes_without_two_groups_and_images_without_a_class_are_left_out(few_trees):
    y, groups = make_labels(n_per_class=20, n_classes=3)
    y = y.astype(object)
    groups[y == "class 2"] = 1000
    y[:3] = None
    line = measure_shortcuts({"x": np.arange(60.0)[:, np.newaxis]}, y, groups).loc["x"]
    assert line.n_classes == 2
    assert line.n_images == 37
    assert line.chance == 0.5


def test_a_class_of_two_groups_is_measured_in_two_folds(few_trees):
    y = np.repeat(["a", "b"], [40, 4])
    groups = np.concatenate([np.arange(40), [100, 100, 101, 101]])
    line = measure_shortcuts({"x": (y == "b").astype(float)[:, np.newaxis]}, y, groups).loc["x"]
    assert 0 <= line.low <= line.balanced_accuracy <= line.high <= 1
    assert line.n_images == 44


@pytest.mark.parametrize("y", [None, ["a"] * 6, ["a"] * 5 + ["b"], [None] * 6])
def test_without_two_classes_there_are_no_rows(y):
    table = measure_shortcuts({"x": np.zeros((6, 1))}, y, np.arange(6))
    assert table.shape == (0, 6)
    assert list(table.columns) == COLUMNS
    assert table.index.name == "shortcut"


def test_the_largest_classes_are_thinned(monkeypatch):
    monkeypatch.setattr(_shortcuts, "_MAX_IMAGES", 100)
    y = np.repeat(["rare", "common", "frequent"], [20, 70, 200])
    rows, labels, _ = _shortcuts._choose_rows(y, np.arange(290), np.random.default_rng(0))
    assert len(rows) == 100
    assert (np.diff(rows) > 0).all()
    assert sorted(np.bincount(labels)) == [20, 40, 40]


def test_metadata_routing_does_not_matter(few_trees):
    y, groups = make_labels(20, n_classes=2)
    x = {"x": (y == "class 1").astype(float)[:, np.newaxis]}
    with sklearn.config_context(enable_metadata_routing=True):
        assert measure_shortcuts(x, y, groups).loc["x", "balanced_accuracy"] == 1


def test_source_that_gives_the_class_away_is_measured(folder, few_trees):
    source = ["Vienna" if label == "melanoma" else "Queensland" for label in folder.y]
    audit = audit_dataset(folder.X, folder.y, frame=pd.DataFrame({"source": source}))
    assert list(audit.shortcuts.index) == [
        "image size",
        "file size",
        "border",
        "mean colour",
        "source",
    ]
    told = audit.shortcuts.loc["source"]
    # Melanomas for certain, and of the two other classes one.
    assert told["balanced_accuracy"] == pytest.approx(2 / 3, abs=0.05)
    assert told["chance"] == pytest.approx(1 / 3)
    assert audit.shortcuts.loc["image size", "balanced_accuracy"] == pytest.approx(1 / 3, abs=0.05)


def test_a_single_source_is_no_shortcut(folder, few_trees):
    one_source = pd.DataFrame({"source": ["Vienna"] * 30})
    assert "source" not in audit_dataset(folder.X, folder.y, frame=one_source).shortcuts.index


def test_an_audit_measures_shortcuts_by_lesion_and_without_copies(few_trees):
    """A source of one lesion each says nothing about another lesion."""
    lesions = make_lesion_images(
        120, n_classes=2, images_per_lesion=4, image_size=(32, 32), random_state=0
    )
    rows = np.r_[:120, 0, 1]
    y = lesions.target[rows]
    y[-1] = "nevus" if y[1] == "melanoma" else "melanoma"
    shortcuts = audit_dataset(
        lesions.images[rows],
        y,
        groups=lesions.groups[rows],
        frame=pd.DataFrame({"source": lesions.groups[rows]}),
        near_duplicates=False,
    ).shortcuts
    # Neither the second copy of image 0, nor image 1, which has two labels.
    assert (shortcuts["n_images"] == 119).all()
    assert shortcuts.loc["source", "low"] < 0.5
