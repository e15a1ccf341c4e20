import numpy as np
import pytest

from skin_lesion import assert_no_leak, make_lesion_images


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
    with pytest.raises(ValueError, match=r"1 of 2 test rows are of a group .* test row 1 shares"):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=["a", "b"], groups_test=["c", "b"])


def test_images_in_memory():
    images = make_lesion_images(6, n_classes=2, image_size=(16, 16), random_state=0).images
    assert_no_leak(images[:3], images[3:])
    with pytest.raises(ValueError, match="1 of 4 test rows"):
        assert_no_leak(images[:3], images[2:])
    # Equal bytes of another shape are another image.
    assert_no_leak(np.zeros((1, 2, 8, 3), np.uint8), np.ones((1, 4, 4, 3), np.uint8))


def test_bad_arguments(folder):
    with pytest.raises(ValueError, match="groups of one side only"):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=["a", "b"])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        assert_no_leak(folder.X[:2], folder.X[2:4], groups_train=["a"], groups_test=["b", "c"])
    with pytest.raises(FileNotFoundError, match="nowhere"):
        assert_no_leak(folder.X[:2], ["nowhere.jpg"])
