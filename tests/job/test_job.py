"""The main job on a small folder, and what it says to bad ones."""

import json
import shutil

import joblib
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import balanced_accuracy_score

from skin_lesion import load_image_folder, write_lesion_folder
from skin_lesion.job import main

pytestmark = pytest.mark.filterwarnings("ignore:Training ended at epochs")

PICTURES = {
    "class_counts.png",
    "confusion_matrix.png",
    "predictions.png",
    "sample_images.png",
    "training_curves.png",
}
SMALL = ("--epochs", "1", "--image-size", "16", "--folds", "2", "--random-state", "3")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_lesion_folder(
        tmp_path_factory.mktemp("job") / "root",
        60,
        n_classes=2,
        weights=[0.3, 0.7],
        image_size=(24, 24),
        random_state=0,
    )


@pytest.fixture(scope="module")
def output(root, tmp_path_factory):
    output = tmp_path_factory.mktemp("job") / "new" / "report"
    assert main([str(root), "--output", str(output), *SMALL]) == 0
    return output


def test_writes_pictures_report_and_model(output):
    assert {path.name for path in output.iterdir()} == PICTURES | {
        "report.txt",
        "report.json",
        "model.joblib",
    }
    for name in PICTURES:
        with Image.open(output / name) as picture:
            assert min(picture.size) >= 200
            assert len(np.unique(np.asarray(picture))) > 10


def test_model_gives_the_scores_of_the_report(root, output):
    test = load_image_folder(root, split="test")
    predicted = joblib.load(output / "model.joblib").predict(test.data)
    report = json.loads((output / "report.json").read_text())
    score = report["scores"]["balanced accuracy"]
    assert score["value"] == pytest.approx(balanced_accuracy_score(test.target, predicted))
    low, high = score["interval"]
    assert low <= score["value"] <= high
    assert report["random_state"] == 3
    assert report["data"]["counts"]["nevus"]["test"] == (test.target == "nevus").sum()
    assert len(report["search"]["candidates"]) == 2
    text = (output / "report.txt").read_text()
    for expected in ("precision", "balanced accuracy", "95% interval", "random_state=3"):
        assert expected in text


def test_prints_the_way_and_the_report(root, tmp_path, capsys):
    assert main([str(root), "--output", str(tmp_path / "report"), *SMALL]) == 0
    out = capsys.readouterr().out
    assert "not a medical device" in out
    assert "train and test as in the folder tree" in out
    assert out.count("[CV ") == 4
    assert "balanced accuracy" in out


def test_tree_without_a_test_split_is_split_by_lesion(root, tmp_path, capsys):
    flat = tmp_path / "flat"
    for path in root.glob("*/*/*.jpg"):
        (flat / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, flat / path.parent.name)
    shutil.copy(root / "metadata.csv", flat)
    assert (
        main([str(flat), "--output", str(tmp_path / "report"), "--test-size", "0.3", *SMALL]) == 0
    )
    assert "30% of the images held out, stratified by class, grouped by lesion" in (
        capsys.readouterr().out
    )


def test_copies_across_the_split_are_counted(root, tmp_path, capsys):
    copied = shutil.copytree(root, tmp_path / "root")
    image = next((copied / "Train" / "nevus").iterdir())
    shutil.copy(image, copied / "Test" / "nevus" / "again.jpg")
    (copied / "Train" / "nevus" / "broken.jpg").write_bytes(b"")
    assert main([str(copied), "--output", str(tmp_path / "report"), *SMALL]) == 2
    out, err = capsys.readouterr()
    assert "1 of the" in out
    assert "exact copies of a training image" in " ".join(out.split())
    # The broken image ends the job before anything is written.
    assert "broken.jpg" in err
    assert not (tmp_path / "report").exists()


def test_missing_root(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere"), "--output", str(tmp_path / "report")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_one_class_and_no_class(root, tmp_path, capsys):
    one = tmp_path / "one"
    shutil.copytree(root / "Train" / "nevus", one / "nevus")
    assert main([str(one), "--output", str(tmp_path / "report")]) == 2
    assert "1 class, 'nevus'" in capsys.readouterr().err
    (tmp_path / "none").mkdir()
    assert main([str(tmp_path / "none"), "--output", str(tmp_path / "report")]) == 2
    assert "none" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    "arguments", [("--epochs", "0"), ("--folds", "1"), ("--test-size", "2"), ("--epochs", "many")]
)
def test_bad_arguments_say_what_is_expected(arguments, capsys):
    with pytest.raises(SystemExit) as exit_info:
        main([*arguments])
    assert exit_info.value.code == 2
    assert f"found '{arguments[1]}', expected" in capsys.readouterr().err


def test_class_of_too_few_lesions_leaves_nothing_behind(root, tmp_path, capsys):
    few = shutil.copytree(root, tmp_path / "few")
    for path in sorted((few / "Train" / "melanoma").iterdir())[2:]:
        path.unlink()
    assert main([str(few), "--output", str(tmp_path / "report"), *SMALL]) == 2
    assert "Class 'melanoma' has" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()
