"""What an audit finds, and what follows from it."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.model_selection import StratifiedGroupKFold

from skin_lesion import DatasetAudit, assert_no_leak, audit_dataset, make_lesion_images

pytestmark = pytest.mark.usefixtures("few_trees", "measure_once")

FINDINGS = (
    "unreadable",
    "exact_duplicates",
    "label_conflicts",
    "near_duplicates",
    "split_leaks",
    "group_conflicts",
    "suspected_labels",
)


def audit_folder(folder, **options):
    return audit_dataset(
        folder.X,
        folder.y,
        **{
            "groups": folder.groups,
            "split": folder.split,
            "frame": pd.DataFrame({"lesion_id": folder.groups}),
            **options,
        },
    )


def assert_nothing_found(audit, but=()):
    assert {
        name: len(getattr(audit, name)) for name in FINDINGS if name not in but
    } == dict.fromkeys((name for name in FINDINGS if name not in but), 0)


# Findings


def test_sound_data_has_no_findings(folder):
    audit = audit_folder(folder)

    assert isinstance(audit, DatasetAudit)
    assert_nothing_found(audit)
    assert list(audit.not_checked) == ["suspected_labels"]
    for policy in ("drop_conflicts", "first", "drop_leaks"):
        assert audit.keep(policy).all()
    assert len(set(audit.groups)) == 30
    counts = audit.class_counts
    assert counts["images"].sum() == counts["contents"].sum() == counts["groups"].sum() == 30
    assert counts["train"].sum() == 20
    assert counts["test"].sum() == 10


def test_unreadable_files_are_rows(folder):
    def truncate(path):
        path.write_bytes(Path(folder.paths[0]).read_bytes()[:500])

    empty = folder.add(lambda path: path.write_bytes(b""), "nevus", "a", "train")
    also_empty = folder.add(lambda path: path.write_bytes(b""), "melanoma", "b", "test")
    truncated = folder.add(truncate, "nevus", "c", "train")
    no_image = folder.add(lambda path: path.write_text("no image"), "nevus", "d", "train")
    missing = folder.add(lambda path: None, "nevus", "e", "train")
    audit = audit_folder(folder)

    assert audit.unreadable["row"].tolist() == [empty, also_empty, truncated, no_image, missing]
    for error, reason in zip(
        audit.unreadable["error"],
        ("is empty", "is empty", "runcated", "in a format", "does not exist"),
        strict=True,
    ):
        assert reason in error
    assert "image 030.jpg" in audit.unreadable["error"].iloc[0]
    # Two empty files are no copies of each other.
    assert_nothing_found(audit, but={"unreadable"})
    unreadable = np.isin(np.arange(35), audit.unreadable["row"])
    np.testing.assert_array_equal(audit.keep("drop_conflicts"), ~unreadable)
    assert audit.quality["brightness"].isna().sum() == 5
    assert len(set(audit.groups)) == 35
    assert audit.class_counts[["images", "contents"]].sum().tolist() == [35, 30]


def test_quality_is_that_of_readable_images(tmp_path, capsys):
    X = [tmp_path / f"{row}.png" for row in range(6)]
    for path in X[:2]:
        Image.new("RGB", (8, 8), (9, 5, int(path.stem))).save(path)
    for path in X[2:]:
        path.write_bytes(b"")
    audit = audit_dataset(X, ["nevus", "nevus", "nevus", "nevus", "nevus", "melanoma"])
    assert audit.quality_by_class["too_dark"].to_dict() == {"nevus": 1}
    assert audit.class_counts["contents"].to_dict() == {"melanoma": 0, "nevus": 2}
    audit.summary()
    assert "  too dark           100.0%\n" in capsys.readouterr().out


def test_unreadable_images_leak_nothing(folder):
    in_train, in_val = folder.of_class("nevus")[0], folder.of_class("melanoma")[0]
    for row, split in ((in_train, "test"), (in_val, "test"), (in_val, "val")):
        folder.add(lambda path: path.write_bytes(b""), folder.y[row], folder.groups[row], split)
    folder.split[in_val] = "val"
    audit = audit_folder(folder)
    assert len(audit.split_leaks) == 0
    assert np.flatnonzero(~audit.keep("drop_leaks")).tolist() == audit.unreadable["row"].tolist()


def test_nothing_but_unreadable_files(tmp_path, capsys):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"")
    audit = audit_dataset(
        [tmp_path / "a.jpg", tmp_path / "b.jpg"], ["nevus", "melanoma"], split=["train", "test"]
    )

    assert len(audit.unreadable) == 2
    assert not audit.keep("first").any()
    assert not audit.keep("drop_leaks").any()
    assert_nothing_found(audit, but={"unreadable"})
    assert len(audit.shortcuts) == 0
    audit.summary()
    assert capsys.readouterr().out.endswith("share of images\n  no readable image\n")
    assert "2 unreadable" in repr(audit)
    assert "<h2>Unreadable images" in audit._repr_html_()


def test_copies_of_one_class_and_of_two(folder):
    nevus, melanoma = folder.of_class("nevus")[0], folder.of_class("melanoma")[0]
    copy = folder.add_copy(nevus)
    conflict = folder.add_copy(melanoma, label="nevus")
    audit = audit_folder(folder)

    duplicates = audit.exact_duplicates.set_index("rows")
    assert set(duplicates.index) == {(nevus, copy), (melanoma, conflict)}
    assert duplicates.loc[[(nevus, copy)], "labels"].item() == ("nevus",)
    assert audit.label_conflicts["labels"].tolist() == [("melanoma", "nevus")]
    assert audit.label_conflicts["rows"].tolist() == [(melanoma, conflict)]
    assert audit.label_conflicts["paths"].item() == (folder.paths[melanoma], folder.paths[conflict])
    assert np.flatnonzero(~audit.keep("drop_conflicts")).tolist() == [melanoma, conflict]
    assert np.flatnonzero(~audit.keep("first")).tolist() == [melanoma, copy, conflict]
    # The conflict is one within its group, too.
    assert audit.group_conflicts["kind"].tolist() == ["labels of one lesion"]
    assert audit.group_conflicts["groups"].item() == (folder.groups[melanoma],)


def test_a_photograph_of_two_labels_is_a_conflict_whatever_its_bytes(folder):
    melanoma, nevus = folder.of_class("melanoma")[0], folder.of_class("nevus")[0]
    turned = folder.add_altered(
        melanoma, lambda image: image.transpose(Image.Transpose.ROTATE_90), quality=60
    )
    smaller = folder.add_altered(turned, lambda image: image.resize((80, 60)))
    folder.y[smaller] = "nevus"
    same_label = folder.add_altered(nevus, lambda image: image.resize((80, 60)))
    audit = audit_folder(folder)

    assert len(audit.exact_duplicates) == 0
    assert audit.label_conflicts["labels"].tolist() == [("melanoma", "nevus")]
    assert audit.label_conflicts["rows"].tolist() == [(melanoma, turned, smaller)]
    for policy in ("drop_conflicts", "first"):
        assert np.flatnonzero(~audit.keep(policy)).tolist() == [melanoma, turned, smaller]
        assert audit.keep(policy)[[nevus, same_label]].all()
    assert "1 photograph with several labels: 1 melanoma / nevus" in audit._repr_html_()


def test_lesions_of_the_number_0_are_named():
    X = make_lesion_images(6, n_classes=2, image_size=(32, 32), random_state=0).images[:6]
    frame = pd.DataFrame({"lesion_id": [0, 0, 2, 2, 3, 3]})
    with pytest.warns(
        UserWarning, match=r"^2 image\(s\) have the lesion_id 0 in frame. .* unknown"
    ):
        audit = audit_dataset(X, ["m", "n"] * 3, frame=frame)
    assert audit.group_conflicts["groups"].tolist() == [("2",), ("3",)]
    audit = audit_dataset(X, ["m", "n"] * 3, frame=frame.replace(2, 1))
    assert audit.group_conflicts["groups"].tolist() == [("0",), ("1",), ("3",)]


def test_groups_of_an_audit_are_a_copy():
    X = make_lesion_images(4, n_classes=2, image_size=(32, 32), random_state=0).images[:4]
    audit = audit_dataset(X)
    audit.groups[:] = -1
    assert len(set(audit.groups)) == 4


def test_patients_may_have_lesions_of_several_classes(folder):
    melanoma, nevus, other = folder.of_class("melanoma")[0], *folder.of_class("nevus")[:2]
    patients, lesions = list(folder.groups), list(folder.groups)
    patients[nevus] = patients[other] = patients[melanoma]
    frame = pd.DataFrame({"lesion_id": lesions}, index=range(100, 130))
    assert len(audit_folder(folder, groups=patients, frame=frame).group_conflicts) == 0

    unknown = audit_folder(folder, groups=patients, frame=None)
    assert len(unknown.group_conflicts) == 0
    assert unknown.not_checked["labels of one lesion"] == "no lesion ids were given in frame"
    assert "none (labels of one lesion not checked: no lesion ids" in unknown._repr_html_()

    frame["lesion_id"] = [None, " ", np.nan, *lesions[3:]]
    frame.iloc[[melanoma, nevus], 0] = "one lesion"
    audit = audit_folder(folder, groups=patients, frame=frame)
    conflict = audit.group_conflicts.iloc[0]
    assert len(audit.group_conflicts) == 1
    assert (conflict["kind"], conflict["groups"]) == ("labels of one lesion", ("one lesion",))
    assert conflict["rows"] == tuple(sorted([melanoma, nevus]))
    without_groups = audit_folder(folder, groups=None, frame=frame)
    assert len(without_groups.group_conflicts) == 1
    assert len(set(without_groups.groups)) == 30


@pytest.mark.parametrize("ids", [("L1", "L1 "), (7, "7"), (7.0, "7")])
def test_a_lesion_may_be_spelled_in_several_ways(ids):
    lesions = make_lesion_images(4, n_classes=2, image_size=(32, 32), random_state=0)
    frame = pd.DataFrame({"lesion_id": [*ids, *ids]}, dtype=object)
    audit = audit_dataset(lesions.images, ["a", "b", "b", "a"], frame=frame)
    assert audit.group_conflicts["rows"].tolist() == [(0, 1, 2, 3)]


@pytest.mark.parametrize("placeholder", ["unknown", -1, "?"])
def test_a_placeholder_is_no_lesion(placeholder):
    lesions = make_lesion_images(8, n_classes=2, image_size=(32, 32), random_state=0)
    frame = pd.DataFrame({"lesion_id": [placeholder] * 8})
    audit = audit_dataset(lesions.images, lesions.target, frame=frame)
    assert len(audit.group_conflicts) == 0
    assert audit.not_checked["group_conflicts"] == "no groups were given"


@pytest.mark.parametrize("name", ["lesion_id", "source"])
def test_a_frame_with_a_column_twice(name):
    lesions = make_lesion_images(4, n_classes=2, image_size=(32, 32), random_state=0)
    frame = pd.DataFrame([["a", "b"]] * 4, columns=[name, name])
    with pytest.raises(ValueError, match=f"frame has more than one column .* '{name}'"):
        audit_dataset(lesions.images, lesions.target, frame=frame)


def test_leaks_by_content_group_and_near_duplicate(folder):
    train = folder.of_class("nevus")
    by_content = folder.add_copy(train[0], group="another", split="test")
    by_group = folder.add_altered(
        train[1], lambda image: image.crop((30, 20, 100, 90)), split="test"
    )
    by_look = folder.add_altered(
        train[2], lambda image: image.transpose(Image.Transpose.ROTATE_90), group="b", split="test"
    )
    audit = audit_folder(folder)

    leaks = audit.split_leaks.set_index("kind")
    assert leaks["row"].to_dict() == {
        "content": by_content,
        "group": by_group,
        "near duplicate": by_look,
    }
    assert leaks["other_rows"].to_dict() == {
        "content": (train[0],),
        "group": (train[1],),
        "near duplicate": (train[2],),
    }
    assert set(leaks["split"]) == {"test"}
    assert set(leaks["other_split"]) == {"train"}
    # Training rows go, test rows stay.
    assert np.flatnonzero(~audit.keep("drop_leaks")).tolist() == sorted(train[:3])
    assert audit.group_conflicts["kind"].tolist() == ["groups of one photograph"] * 2
    # Both policies together leave the content where it counts.
    both = audit.keep("drop_leaks") & audit.keep("first")
    assert both[by_content]
    assert not both[train[0]]


def test_no_lesion_is_left_on_two_sides_over_any_number_of_steps():
    X = make_lesion_images(
        9, n_classes=2, images_per_lesion=1, image_size=(64, 64), random_state=0
    ).images
    # A test image is a photograph of lesion a, turned. Another one leads to a copy in lesion b.
    X[8] = np.rot90(X[0])
    X[3] = X[2]
    groups = np.array(["a", "a", "b", "c", "c", "e", "f", "g", "d"])
    split = np.array(["train"] * 9)
    split[[4, 8]] = "test"
    audit = audit_dataset(X, groups=groups, split=split)

    assert np.flatnonzero(~audit.keep("drop_leaks")).tolist() == [0, 1, 2, 3]
    keep = audit.keep("first") & audit.keep("drop_leaks")
    train, test = (
        np.flatnonzero(keep & (split == "train")),
        np.flatnonzero(keep & (split == "test")),
    )
    assert_no_leak(
        X[train], X[test], groups_train=audit.groups[train], groups_test=audit.groups[test]
    )


def test_validation_images_leak_into_the_test_and_are_leaked_into(folder):
    train, test = folder.of_class("nevus")[0], folder.of_class("nevus", "test")[0]
    in_val = folder.add_copy(train, split="val")
    of_test = folder.add_copy(test, split="val")
    audit = audit_folder(folder, split=[name.upper() for name in folder.split])

    leaks = audit.split_leaks[audit.split_leaks["kind"] == "content"]
    assert set(zip(leaks["row"], leaks["other_rows"], strict=True)) == {
        (in_val, (train,)),
        (test, (of_test,)),
    }
    assert np.flatnonzero(~audit.keep("drop_leaks")).tolist() == sorted([train, of_test])


def test_groups_are_merged_over_any_number_of_steps(folder):
    """A copy links two lesions, a near duplicate a third one to them."""
    one, other, third = folder.of_class("nevus")[:3]
    folder.add_copy(one, group=folder.groups[other])
    turned = folder.add_altered(
        other, lambda image: image.transpose(Image.Transpose.ROTATE_180), group=folder.groups[third]
    )
    groups = audit_folder(folder).groups

    assert groups[one] == groups[other] == groups[third] == groups[turned]
    assert len(set(groups)) == 28
    folds = StratifiedGroupKFold(2).split(folder.X, folder.y, groups)
    for train, test in folds:
        assert len({one, other, third, turned} & set(train)) in (0, 4)
        assert len(train) + len(test) == 32


def test_without_groups_each_photograph_is_one(folder):
    row = folder.of_class("nevus")[0]
    copy = folder.add_copy(row)
    audit = audit_folder(folder, groups=None, frame=None)

    assert len(set(audit.groups)) == 30
    assert audit.groups[row] == audit.groups[copy]
    assert audit.not_checked["group_conflicts"] == "no groups were given"
    assert "groups" not in audit.class_counts


def test_images_in_memory():
    lesions = make_lesion_images(
        20, n_classes=2, images_per_lesion=1, image_size=(64, 64), random_state=0
    )
    X = np.concatenate([lesions.images, lesions.images[:1], lesions.images[1:2, :, ::-1]])
    audit = audit_dataset(X, [*lesions.target, *lesions.target[:2]])

    assert audit.exact_duplicates["rows"].tolist() == [(0, 20)]
    assert audit.near_duplicates[["row", "other_row"]].values.tolist() == [[1, 21]]
    assert audit.images["path"].iloc[3] == "row 3"
    assert audit.images["n_bytes"].isna().all()
    assert "file size" not in audit.shortcuts.index
    assert "data:image/jpeg" in audit._repr_html_()


def test_labels_are_optional(folder):
    folder.add_copy(0)
    audit = audit_dataset(folder.paths)

    assert len(audit.exact_duplicates) == 1
    assert len(audit.label_conflicts) == 0
    assert len(audit.class_counts) == 0
    assert len(audit.shortcuts) == 0
    assert set(audit.not_checked) == {
        "label_conflicts",
        "shortcuts",
        "group_conflicts",
        "split_leaks",
        "suspected_labels",
    }
    assert list(audit.quality_by_class.index) == ["all"]


def test_threads_and_order_change_nothing(folder):
    folder.add_copy(0, label="vascular lesion")
    folder.add_altered(1, lambda image: image.resize((80, 60)))
    one, two = audit_folder(folder), audit_folder(folder, n_jobs=2)
    for name in ("images", "shortcuts", "quality", *FINDINGS):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.groups, two.groups)

    order = np.random.default_rng(0).permutation(len(folder.paths))
    shuffled = audit_dataset(folder.X[order], np.array(folder.y)[order])
    assert len(shuffled.label_conflicts) == 1
    assert {order[row] for row in shuffled.label_conflicts["rows"].item()} == {0, 30}
    pair = shuffled.near_duplicates.iloc[0]
    assert {order[pair["row"]], order[pair["other_row"]]} == {1, 31}


def test_is_pickled(folder):
    folder.add_copy(0)
    audit = audit_folder(folder)
    again = pickle.loads(pickle.dumps(audit))
    pd.testing.assert_frame_equal(again.exact_duplicates, audit.exact_duplicates)
    assert again._repr_html_() == audit._repr_html_()


# Suspected labels


def test_suspected_labels_are_ranked_by_self_confidence(folder):
    """Northcutt et al.: above the mean confidence of another class, and below it for its own."""
    classes = sorted(set(folder.y))
    labels = np.searchsorted(classes, folder.y)
    probas = np.full((30, 3), 0.1)
    probas[np.arange(30), labels] = 0.8
    worse, bad, unsure = 4, 7, 11
    probas[worse] = 0.05
    probas[worse, (labels[worse] + 1) % 3] = 0.9
    probas[bad] = 0.08
    probas[bad, (labels[bad] + 2) % 3] = 0.84
    probas[unsure] = 1 / 3  # no class is confidently its own
    audit = audit_folder(folder, pred_probas=probas)

    suspected = audit.suspected_labels
    assert suspected["row"].tolist() == [worse, bad]
    assert suspected["suggested_label"].tolist() == [
        classes[(labels[worse] + 1) % 3],
        classes[(labels[bad] + 2) % 3],
    ]
    assert suspected["self_confidence"].tolist() == [0.05, 0.08]

    frame = pd.DataFrame(probas, columns=classes)[classes[::-1]]
    again = audit_folder(folder, pred_probas=frame).suspected_labels
    pd.testing.assert_frame_equal(again, suspected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda probas: probas[:, :2], r"shape \(30, 2\). Expected \(30, 3\)"),
        (lambda probas: probas * 2, r"30 row\(s\) of pred_probas .* row 0, which sums to 2"),
        (lambda probas: np.where(probas > 0.5, np.nan, probas), "NaN"),
        (lambda probas: probas[:5], "inconsistent numbers of samples|shape"),
        (lambda probas: pd.DataFrame(probas, columns=list("abc")), "Expected one for each class"),
    ],
)
def test_bad_probabilities(folder, change, message):
    probas = np.full((30, 3), 0.1)
    probas[:, 0] = 0.8
    with pytest.raises(ValueError, match=message):
        audit_folder(folder, pred_probas=change(probas))


def test_probabilities_without_labels(folder):
    with pytest.raises(ValueError, match="pred_probas without y"):
        audit_dataset(folder.X, pred_probas=np.full((30, 3), 1 / 3))


# Relabel


def test_relabel_by_isic_id(folder):
    known = folder.add(
        lambda path: Image.new("RGB", (8, 8)).save(path),
        "melanoma",
        "a",
        "train",
        name="ISIC_0000001_downsampled (1).jpg",
    )
    unknown = folder.add(
        lambda path: Image.new("RGB", (9, 9)).save(path),
        "melanoma",
        "b",
        "train",
        name="ISIC_0000002.jpg",
    )
    audit = audit_folder(folder)
    assert audit.images["isic_id"].iloc[known] == "ISIC_0000001"
    expected = [*folder.y]
    expected[known] = "seborrheic keratosis"
    reference = {"ISIC_0000001": "seborrheic keratosis", "ISIC_7777777": "nevus"}
    for table in (
        reference,
        pd.Series(reference),
        pd.DataFrame({"image": list(reference), "dx": list(reference.values())}),
        {"ISIC_0000001.jpg": "seborrheic keratosis"},
        # Stacked tables, the first of which has no diagnosis.
        pd.DataFrame(
            [("ISIC_0000001", None), ("ISIC_0000001_downsampled", "seborrheic keratosis")]
        ),
    ):
        y = audit.relabel(table)
        assert y.tolist() == expected
        assert y[unknown] == "melanoma"
    assert audit.images["label"].iloc[known] == "melanoma"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({"ISIC_7777777": "nevus"}, "none of the 0 ISIC ids"),
        (pd.Series(["a", "b"], index=["ISIC_0000001"] * 2), "several labels for .*'ISIC_0000001'"),
        (pd.DataFrame({"id": ["a"], "x": [1], "y": [2]}), "3 columns, .* Expected two"),
    ],
)
def test_bad_reference(folder, reference, message):
    with pytest.raises(ValueError, match=message):
        audit_folder(folder).relabel(reference)


def test_a_reference_of_labels_of_another_kind(tmp_path):
    lesions = make_lesion_images(2, n_classes=2, image_size=(32, 32), random_state=0)
    paths = [str(tmp_path / f"ISIC_000000{n}.png") for n in range(2)]
    for path, image in zip(paths, lesions.images, strict=True):
        Image.fromarray(image).save(path)
    audit = audit_dataset(paths, [0, 1])
    assert audit.relabel({"ISIC_0000001": 2}).tolist() == [0, 2]
    with pytest.raises(
        TypeError, match=r"labels are such as 0, .* such as 'nevus'. Expected text in"
    ):
        audit.relabel({"ISIC_0000001": "nevus"})


# Bad input


def test_unknown_policy(folder):
    audit = audit_folder(folder)
    with pytest.raises(
        ValueError, match=r"'drop_leak'. Expected one of .* Did you mean 'drop_leaks'"
    ):
        audit.keep("drop_leak")
    with pytest.raises(ValueError, match=r"given no split. Expected a split"):
        audit_folder(folder, split=None).keep("drop_leaks")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": ["nevus"]}, "inconsistent numbers of samples"),
        ({"groups": [1, 2]}, "inconsistent numbers of samples"),
        ({"split": ["train"] * 29}, "inconsistent numbers of samples"),
        ({"frame": pd.DataFrame({"source": ["a"]})}, "inconsistent numbers of samples"),
        (
            {"split": ["train"] * 29 + ["fold 3"]},
            r"\['fold 3'\]. Expected 'train', 'val' or 'test'",
        ),
        ({"split": ["train"] * 29 + [None]}, "split is missing in 1 of 30"),
        ({"y": ["nevus"] * 29 + [None]}, "y is missing in 1 of 30 rows. The first is row 29"),
        ({"near_duplicates": [[1.0, 2.0]]}, "inconsistent numbers of samples"),
        ({"near_duplicates": "yes"}, "near_duplicates"),
        ({"n_jobs": "two"}, "n_jobs"),
    ],
)
def test_bad_arguments(folder, options, message):
    with pytest.raises(ValueError, match=message):
        audit_dataset(folder.X, **{"y": folder.y, **options})


def test_X_that_is_neither_paths_nor_images():
    with pytest.raises(ValueError, match="Expected RGB images"):
        audit_dataset(np.zeros((4, 10)))
    with pytest.raises(ValueError, match=r"0 sample\(s\) in X\. Expected paths"):
        audit_dataset([])


@pytest.mark.parametrize("labels", [["nevus"] * 6, list("abcdef")])
def test_labels_that_no_shortcut_can_predict(labels, tmp_path, capsys):
    images = make_lesion_images(6, n_classes=2, image_size=16, random_state=0).images
    audit = audit_dataset(images, labels)
    audit.summary()
    assert "fewer than two classes have two groups" in capsys.readouterr().out
    assert "fewer than two classes have two groups" in audit.to_html(tmp_path / "p").read_text()
