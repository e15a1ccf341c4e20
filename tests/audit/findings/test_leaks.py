import numpy as np
import pandas as pd
import pytest

from skin_lesion import assert_no_leak, audit_dataset, make_lesion_images

pytestmark = pytest.mark.usefixtures("measure_once")


def test_sound_split_passes(folder):
    assert_no_leak(
        folder.X[:20],
        folder.X[20:],
        groups_train=folder.groups[:20],
        groups_test=folder.groups[20:],
    )


def test_copy_under_another_name_is_named(folder):
    copy = folder.add_copy(3)
    with pytest.raises(
        ValueError, match=r"1 of 3 test rows are exact copies .* row 2 is training row 3. Expected"
    ):
        assert_no_leak(folder.paths[:20], [*folder.paths[20:22], folder.paths[copy]])


def test_the_same_path_on_both_sides(folder):
    with pytest.raises(ValueError, match="2 of 2 test rows are exact copies"):
        assert_no_leak(folder.X[:5], folder.X[[4, 0]])


def test_group_on_both_sides(folder):
    with pytest.raises(
        ValueError, match=r"1 of 2 test rows are in a group .* test row 1 has the group"
    ):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=["a", "b"], groups_test=["c", "b"])
    with pytest.raises(ValueError, match="Groups of two audits are not the same lesions"):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=[0, 1], groups_test=[0, 2])


def test_images_in_memory():
    images = make_lesion_images(6, n_classes=2, image_size=(16, 16), random_state=0).images
    assert_no_leak(images[:3], images[3:])
    with pytest.raises(ValueError, match="1 of 4 test rows"):
        assert_no_leak(images[:3], images[2:])
    # Equal bytes of another shape are another image.
    assert_no_leak(np.zeros((1, 2, 8, 3), np.uint8), np.ones((1, 4, 4, 3), np.uint8))


def test_bad_arguments(folder):
    with pytest.raises(ValueError, match="groups for one side only"):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=["a", "b"])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=["a"], groups_test=["b", "c"])
    with pytest.raises(FileNotFoundError, match="nowhere"):
        assert_no_leak(folder.X[:2], ["nowhere.jpg"])


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ([1.0, 2.0], ["1", "3"], "train holds values such as 1.0, and groups_test such as '1'"),
        (["1", "2"], [1, 3], "train holds values such as '1', and groups_test such as 1. "),
        ([1, "a"], ["a", "b"], "groups_train holds values of the types 'int', 'str'"),
        (["a", "b"], np.array([1, "a"], dtype=object), "groups_test holds values of the types"),
    ],
)
def test_ids_that_cannot_be_compared(folder, train, test, message):
    with pytest.raises(TypeError, match=message):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=train, groups_test=test)


def test_groups_in_series_are_not_compared_one_by_one():
    class Id(str):
        n_compared = 0
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            Id.n_compared += 1
            return str.__eq__(self, other)

    images = np.zeros((600, 1, 1, 3), np.uint8)
    images[:, 0, 0, :2] = np.column_stack(np.divmod(np.arange(600), 256))
    groups = pd.Series([Id(f"lesion {n}") for n in range(600)], dtype=object)
    assert_no_leak(images[:300], images[300:], groups_train=groups[:300], groups_test=groups[300:])
    assert Id.n_compared < 5000  # each with each, 90,000


def test_ids_that_are_missing_are_no_group(folder):
    with pytest.raises(ValueError, match="groups_test is missing in 1 of 2 rows"):
        assert_no_leak(
            folder.X[:2], folder.X[2:4], groups_train=[1.0, 2.0], groups_test=[np.nan, 3.0]
        )


def test_whole_numbers_of_two_types_are_compared(folder):
    with pytest.raises(ValueError, match="1 of 2 test rows are in a group"):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=[1, 2], groups_test=[2.0, 3.0])


def test_counterparts_in_a_large_group_are_counted_not_listed():
    X = np.full((400, 2, 2, 3), np.arange(400).reshape(400, 1, 1, 1) % 256, dtype=np.uint8)
    X[:, 0, 0, 0] = np.arange(400) // 256
    groups, split = np.arange(400) % 4, ["train", "test"] * 200
    groups[0] = -1
    split[1::4] = ["val"] * 100
    audit = audit_dataset(X, groups=groups, split=split, near_duplicates=False)
    leaks = audit.split_leaks
    assert len(leaks) == 0  # even rows train, odd ones are tested: no group is on two sides

    audit = audit_dataset(X, groups=groups // 2, split=split, near_duplicates=False)
    leaks = audit.split_leaks
    assert leaks.groupby(["split", "other_split"])["n_others"].agg(["size", "max"]).to_dict() == {
        "size": {("test", "train"): 100, ("val", "train"): 100},
        "max": {("test", "train"): 100, ("val", "train"): 99},
    }
    assert leaks["other_rows"].map(len).max() == leaks["other_paths"].map(len).max() == 3
    assert len(audit.split_leaks.to_csv()) < 100_000


def test_all_counterparts_go_with_the_leaks_though_few_are_named():
    images = make_lesion_images(
        20, n_classes=2, images_per_lesion=1, image_size=(64, 64), random_state=0
    ).images
    groups = [0] * 10 + list(range(1, 11))
    audit = audit_dataset(images, groups=groups, split=["test"] + ["train"] * 19)
    assert audit.split_leaks[["row", "n_others", "other_rows"]].values.tolist() == [
        [0, 9, (1, 2, 3)]
    ]
    assert np.flatnonzero(~audit.keep("drop_leaks")).tolist() == list(range(1, 10))
    assert "and 6 more images" in audit._repr_html_()
    without = audit_dataset(images, split=["test"] + ["train"] * 19)
    assert without.keep("drop_leaks").all()


def test_without_groups_leaks_by_group_are_said_not_to_be_checked():
    lesions = make_lesion_images(
        12, n_classes=2, images_per_lesion=2, image_size=(64, 64), random_state=0
    )
    split, frame = ["train", "test"] * 6, pd.DataFrame({"lesion_id": lesions.groups})
    audit = audit_dataset(lesions.images, split=split, frame=frame)
    assert len(audit.split_leaks) == 0
    reason = "no groups were given, only lesion_id of frame"
    assert audit.not_checked["leaks by group"] == reason
    assert f"none (leaks by group not checked: {reason})" in audit._repr_html_()

    audit = audit_dataset(lesions.images, split=split)
    assert "none (leaks by group not checked: no groups were given)" in audit._repr_html_()

    audit = audit_dataset(lesions.images, split=split, frame=frame, groups=lesions.groups)
    assert set(audit.split_leaks["kind"]) == {"group"}
    assert "leaks by group" not in audit.not_checked
