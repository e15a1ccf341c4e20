"""What cleaning leaves to train on, and what a reader without an audit would use."""

import shutil

import numpy as np
import pytest
from PIL import Image

from skin_lesion import load_image_folder, make_lesion_images
from skin_lesion.cli._arguments.parse import parse_arguments
from skin_lesion.cli._data import load_data
from skin_lesion.cli._train.clean import clean

pytestmark = pytest.mark.usefixtures("few_trees")


@pytest.fixture
def write(tmp_path):
    """Write as many melanomas and nevi into class folders."""

    def write(n_melanomas, n_nevi):
        weights = np.array([n_melanomas, n_nevi]) / (n_melanomas + n_nevi)
        drawn = make_lesion_images(
            n_melanomas + n_nevi, n_classes=2, weights=weights, image_size=(24, 24), random_state=0
        )
        for number, (image, name) in enumerate(zip(drawn.images, drawn.target, strict=True)):
            (tmp_path / name).mkdir(exist_ok=True)
            Image.fromarray(image).save(tmp_path / name / f"{number:02}.png")
        return tmp_path

    return write


def clean_folder(root, *options):
    arguments = parse_arguments(["train", str(root), *options])
    return clean(load_data(arguments), arguments)


def list_sides(data):
    return [np.unique(data.part(is_test=is_test)[1]).tolist() for is_test in (False, True)]


def test_a_class_of_one_faulty_image_prevents_no_training(write):
    root = write(10, 20)
    (root / "other").mkdir()
    shutil.copy(next((root / "nevus").iterdir()), root / "other" / "1.png")
    cleaned = clean_folder(root)
    assert cleaned.left_out
    assert cleaned.faulty is None
    assert list_sides(cleaned.used) == [["melanoma", "nevus"]] * 2
    compared = clean_folder(root, "--compare-with-faults")
    assert list_sides(compared.faulty) == [["melanoma", "nevus"]] * 2
    assert len(compared.faulty.y) == 30 == len(compared.used.y) + 1


def test_a_class_without_a_readable_training_image_is_not_compared(write):
    root = write(10, 20)
    for side, names in (("train", "0"), ("test", "1")):
        for name in ("melanoma", "nevus"):
            shutil.copytree(root / name, root / side / name)
        (root / side / "other").mkdir()
        for number in names:
            Image.new("RGB", (24, 24), (90, 60, 50)).save(root / side / "other" / f"{number}.png")
    for path in (root / "test").glob("*/*"):
        if path.parent.name != "other":
            with Image.open(path) as image:
                image.resize((20, 20)).rotate(5).save(path)
    (root / "train" / "other" / "0.png").write_bytes(b"")
    for name in ("melanoma", "nevus"):
        shutil.rmtree(root / name)
    compared = clean_folder(root, "--compare-with-faults")
    assert "other" in load_image_folder(root).target
    assert list_sides(compared.faulty) == [["melanoma", "nevus"]] * 2


@pytest.mark.parametrize("options", [(), ("--compare-with-faults",)])
def test_a_test_set_of_fewer_images_than_classes(write, options):
    root = write(8, 10)
    shutil.copy(next((root / "nevus").iterdir()), root / "nevus" / "copy.png")
    cleaned = clean_folder(root, "--test-size", "0.05", *options)
    assert list_sides(cleaned.used) == [["melanoma", "nevus"]] * 2
    if options:
        assert list_sides(cleaned.faulty) == [["melanoma", "nevus"]] * 2


def test_a_class_needs_a_lesion_in_each_fold(write):
    root = write(4, 20)  # one is for the test
    assert clean_folder(root).used.counts().loc["melanoma", "train"] == 3
    next((root / "melanoma").iterdir()).unlink()
    with pytest.raises(ValueError, match=r"2 group.* at least 3 groups, for cross-validation"):
        clean_folder(root)
    assert clean_folder(root, "--folds", "2").used.counts().loc["melanoma", "train"] == 2


def test_a_validation_folder_without_a_test_folder_is_no_test_set(write):
    root = write(10, 20)
    for name in ("melanoma", "nevus"):
        for number, path in enumerate(sorted((root / name).iterdir())):
            side = root / ("val" if number < 3 else "train") / name
            side.mkdir(parents=True, exist_ok=True)
            path.rename(side / path.name)
        (root / name).rmdir()
    split = clean_folder(root, "--test-size", "0.1").used.split
    assert split.startswith("3 of 30 images held out")
    assert split.endswith(
        "the split of the data (train, val) is not used: it has no train and test"
    )
