"""The main job on a small folder, and what it says to bad ones."""

import io
import json
import shutil
from contextlib import redirect_stdout

import joblib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import balanced_accuracy_score

from skin_lesion import ConvNet, load_image_folder, write_lesion_folder
from skin_lesion.cli import main
from skin_lesion.cli._train import search as _search

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
def printed(root, tmp_path_factory):
    """The folder that the job wrote, and what it printed meanwhile."""
    output = tmp_path_factory.mktemp("job") / "new" / "report"
    with redirect_stdout(io.StringIO()) as out:
        assert main([str(root), "--output", str(output), *SMALL]) == 0
    return output, out.getvalue()


@pytest.fixture(scope="module")
def output(printed):
    return printed[0]


def test_writes_pictures_report_and_model(output):
    assert {path.name for path in output.iterdir()} == PICTURES | {
        "audit.html",
        "report.txt",
        "report.json",
        "report.html",
        "model_card.md",
        "model.joblib",
    }
    for name in PICTURES:
        with Image.open(output / name) as picture:
            assert min(picture.size) >= 200
            assert len(np.unique(np.asarray(picture))) > 10


def balanced_accuracy(report):
    (score,) = [
        line
        for line in report["scores"]
        if (line["section"], line["score"]) == ("scores", "balanced_accuracy")
    ]
    return score


def test_model_gives_the_scores_of_the_report(root, output):
    test = load_image_folder(root, split="test")
    predicted = joblib.load(output / "model.joblib").predict(test.data)
    report = json.loads((output / "report.json").read_text())
    score = balanced_accuracy(report["report"])
    assert score["value"] == pytest.approx(balanced_accuracy_score(test.target, predicted))
    assert score["low"] <= score["value"] <= score["high"]
    assert report["report"]["random_state"] == 3
    assert report["data"]["counts"]["nevus"]["test"] == (test.target == "nevus").sum()
    assert len(report["search"]["candidates"]) == 2
    text = (output / "report.txt").read_text()
    for expected in ("precision", "balanced accuracy", "95% interval", "random_state=3"):
        assert expected in text
    # The drawn folder is sound: there is nothing to leave out, and no other score.
    assert set(report["audit"]["findings"].values()) <= {0, None}
    assert report["audit"]["left_out"] == {}
    assert report["with_faults"] is None
    assert "with the faults" not in text


def test_report_is_a_page_with_slices_and_baselines(output):
    page = (output / "report.html").read_text(encoding="utf-8")
    for expected in ("melanoma against the rest", "colour and size", "Decision curve"):
        assert expected.lower() in page.lower()
    assert "TRIPOD" in (output / "model_card.md").read_text(encoding="utf-8")


def test_prints_the_way_and_the_report(printed):
    out = printed[1]
    assert "not a medical device" in out
    assert "The audit found no faults" in out
    assert "train and test as in the folder tree" in out
    assert out.count("[CV ") == 4
    assert out.count("partial_auc: (test=") == 4
    assert "balanced accuracy" in out


@pytest.fixture
def small_job(monkeypatch, few_trees):
    """Search among one candidate, of a small network: the job in full is done for `printed`."""
    monkeypatch.setattr(_search, "CANDIDATES", _search.CANDIDATES[:1])
    monkeypatch.setattr(_search, "ConvNet", lambda: ConvNet(filters=(8,)))


@pytest.fixture
def faulty(root, tmp_path):
    """A conflict, a copy in one class, a turned training image in the test, and an empty file."""
    faulty = shutil.copytree(root, tmp_path / "faulty")
    nevi = sorted((faulty / "Train" / "nevus").iterdir())
    shutil.copy(nevi[0], faulty / "Test" / "melanoma" / "conflict.jpg")
    shutil.copy(nevi[1], faulty / "Train" / "nevus" / "copy.jpg")
    with Image.open(nevi[2]) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(
            faulty / "Test" / "nevus" / "turned.jpg", quality=95
        )
    (faulty / "Train" / "nevus" / "empty.jpg").write_bytes(b"")
    metadata = pd.read_csv(faulty / "metadata.csv")
    added = pd.DataFrame(
        {
            "image_id": ["conflict", "copy", "turned", "empty"],
            "lesion_id": ["lesion a", "lesion b", "lesion c", "lesion d"],
        }
    )
    pd.concat([metadata, added]).to_csv(faulty / "metadata.csv", index=False)
    return faulty


@pytest.mark.usefixtures("small_job")
def test_faults_are_left_out_and_both_scores_are_reported(faulty, root, tmp_path, capsys):
    output = tmp_path / "report"
    assert main([str(faulty), "--output", str(output), *SMALL]) == 0
    out = " ".join(capsys.readouterr().out.split())
    report = json.loads((output / "report.json").read_text())
    # The other photographs of the lesion that was turned must not be trained on, either.
    lesions = pd.read_csv(root / "metadata.csv").set_index("image_id")["lesion_id"]
    turned = sorted((root / "Train" / "nevus").iterdir())[2].stem
    n_of_turned = int((lesions == lesions[turned]).sum())
    assert n_of_turned > 1
    assert report["audit"]["left_out"] == {
        "unreadable": 1,
        "under several labels": 2,
        "copies of others": 1,
        "for training, with a counterpart in the test set": n_of_turned,
    }
    for expected in (
        "Label conflicts: 1 photograph under several labels: 1 melanoma / nevus",
        "1 image: unreadable",
        "2 images: under several labels",
        "Pictures of what the audit found are in",
        "Once more with the faults",
    ):
        assert expected in out
    assert "turned by 90" in (output / "audit.html").read_text(encoding="utf-8")
    # All but the conflict is tested on; with the faults, all is.
    n_test = len(list((root / "Test").glob("*/*")))
    assert sum(row["test"] for row in report["data"]["counts"].values()) == n_test + 1
    with_faults = report["with_faults"]
    assert with_faults["report"]["images"] == n_test + 2
    assert with_faults["n_train"] == len(list((root / "Train").glob("*/*"))) + 1
    score = balanced_accuracy(with_faults["report"])
    assert score["low"] <= score["value"] <= score["high"]
    assert "The same parameters with the faults" in (output / "report.txt").read_text()


@pytest.mark.usefixtures("small_job")
def test_faults_can_be_kept_and_a_tree_without_a_test_split_is_split_by_lesion(
    faulty, tmp_path, capsys
):
    flat = tmp_path / "flat"
    for path in faulty.glob("*/*/*.jpg"):
        if path.stat().st_size:
            (flat / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, flat / path.parent.name)
    shutil.copy(faulty / "metadata.csv", flat)
    output = tmp_path / "report"
    options = ("--keep-faults", "--test-size", "0.3", "--output", str(output))
    assert main([str(flat), *options, *SMALL]) == 0
    out = " ".join(capsys.readouterr().out.split())
    report = json.loads((output / "report.json").read_text())
    assert "30% of the images held out, stratified by class, grouped by lesion" in out
    assert "The score below counts the faults" in out
    assert report["audit"]["findings"]["label_conflicts"] == 1
    assert report["audit"]["left_out"] == {}
    assert report["with_faults"] is None
    n_images = sum(sum(row.values()) for row in report["data"]["counts"].values())
    assert n_images == len(list(flat.glob("*/*.jpg")))


@pytest.mark.usefixtures("few_trees")
def test_unreadable_image_cannot_be_kept(faulty, tmp_path, capsys):
    output = tmp_path / "report"
    assert main([str(faulty), "--keep-faults", "--output", str(output), *SMALL]) == 2
    assert "empty.jpg" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("small_job")
def test_class_that_cleaning_empties_is_left_out(root, tmp_path, capsys):
    """As the seborrheic keratoses of the 9-class set, nearly all of which are also melanomas."""
    emptied = shutil.copytree(root, tmp_path / "emptied")
    (emptied / "Train" / "other").mkdir()
    for number, path in enumerate(sorted((emptied / "Train" / "nevus").iterdir())[:6]):
        shutil.copy(path, emptied / "Train" / "other" / f"{number}.jpg")
    with Image.open(path) as image:
        image.crop((2, 2, 16, 16)).save(emptied / "Train" / "other" / "sound.jpg")
    (emptied / "metadata.csv").unlink()
    output = tmp_path / "report"
    assert main([str(emptied), "--output", str(output), *SMALL]) == 0
    out = capsys.readouterr().out
    assert "1 image: the rest of other, 1 of 7, too few to train on" in out
    assert "and with them all of: other" in out
    assert "other" not in json.loads((output / "report.json").read_text())["data"]["counts"]


@pytest.mark.usefixtures("few_trees")
def test_nothing_left_after_cleaning(root, tmp_path, capsys):
    doubled = tmp_path / "doubled"
    shutil.copytree(root / "Train" / "nevus", doubled / "nevus")
    shutil.copytree(root / "Train" / "nevus", doubled / "melanoma")
    assert main([str(doubled), "--output", str(tmp_path / "report"), *SMALL]) == 2
    err = capsys.readouterr().err
    assert "0 class(es) are left" in err
    assert "0 image" not in err
    assert "under several labels" in err
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


@pytest.mark.usefixtures("few_trees")
def test_class_of_too_few_lesions_leaves_nothing_behind(root, tmp_path, capsys):
    few = shutil.copytree(root, tmp_path / "few")
    for path in sorted((few / "Train" / "melanoma").iterdir())[2:]:
        path.unlink()
    assert main([str(few), "--output", str(tmp_path / "report"), *SMALL]) == 2
    assert "Class 'melanoma' has" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()
