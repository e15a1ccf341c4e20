"""The verbs "predict" and "evaluate"."""

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skin_lesion import (
    AveragedClassifier,
    ConvNet,
    EvaluationReport,
    ImageLoader,
    OnnxClassifier,
    OperatingPointClassifier,
    SkinLesionClassifier,
    TestTimeAugmentation,
    audit_dataset,
    evaluate,
    load_image_folder,
    load_model,
    save_model,
)
from skin_lesion._utils.atomic_writing import write_text
from skin_lesion.cli import _predict, _unlike, main
from skin_lesion.cli._on_onnx import onnx_path_beside
from skin_lesion.cli._predict import find_photographs, find_readable
from skin_lesion.cli._tables.images import read_csv
from skin_lesion.cli._tables.predictions import check_submission, make_submission, make_table
from skin_lesion.cli._train.page import remove_description
from skin_lesion.cli._unlike import fit_unlike, load_unlike, path_beside

CODES = ["MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"]
OF_TRAINING = f"""class,predicted,{",".join(CODES).lower()}
a,nv,nv,.1,.9,0,0,0,0,0
b,mel,nv,.4,.6,0,0,0,0,0"""


@pytest.fixture(scope="module")
def model(root, tmp_path_factory):
    """The path of a model with a threshold."""
    train = load_image_folder(root, split="train")
    network = SkinLesionClassifier(
        ConvNet(filters=(8,)), epochs=1, loader=ImageLoader(16), random_state=0
    )
    path = tmp_path_factory.mktemp("model") / "model.zip"
    fitted = network.fit(train.data, train.target)
    save_model(OperatingPointClassifier(fitted, 0.2, positive="melanoma"), path)
    return path


def predict(model, *arguments, output):
    return main(["predict", str(model), *map(str, arguments), "--output", str(output)])


def test_predicts_folders_files_and_tables_and_names_what_cannot_be_read(
    model, root, tmp_path, capsys
):
    folder = load_image_folder(root, split="test")
    names = [f"../{name}" for name in ("a.png", "b.png")]
    for name in ("a.png", "b.png"):
        Image.new("L", (40, 30), 90).save(tmp_path / name)  # grey, and of another size
    (tmp_path / "tables").mkdir()
    table = pd.DataFrame({"id": [1, 2, 3], "file": [*names, "gone.png"]})
    table.to_csv(tmp_path / "tables" / "t.csv", index=False, sep=";")
    (tmp_path / "damaged.jpg").write_bytes(b"no image")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.csv").write_text("path\na.jpg\n")
    problems = {
        "nowhere.jpg": "nowhere.jpg does not exist",
        "damaged.jpg": "damaged.jpg",
        "tables/t.csv": "gone.png",
        "empty": "empty holds no photographs",
        "other.csv": "['path']. Expected a column 'file'",
    }
    places = (root / "Test", *(tmp_path / name for name in problems))
    output = tmp_path / "new" / "predictions.csv"
    assert predict(model, *places, "--path-column", "file", output=output) == 3
    printed = capsys.readouterr()
    for problem in problems.values():
        assert re.search(f"^Not read: .*{re.escape(problem)}", printed.err, re.M)
    assert f"{len(folder.data) + 2} photographs predicted, 5 not read" in printed.out
    assert "not marked" in printed.out
    assert "Probabilities assume equally frequent classes" in printed.out
    assert "The column call has melanoma from a probability of 0.2." in printed.out
    table = pd.read_csv(output).set_index("image")
    loaded = load_model(model)
    rows = table.loc[folder.data[:, 0]]
    expected = loaded.predict_proba(folder.data)
    np.testing.assert_allclose(rows[loaded.classes_], expected, atol=1e-5)
    assert rows["predicted"].tolist() == loaded.classes_[expected.argmax(axis=1)].tolist()
    assert rows["call"].tolist() == loaded.predict(folder.data).tolist()


def test_nothing_is_marked_without_a_limit(model, root, tmp_path, capsys):
    path = tmp_path / "model.zip"
    shutil.copyfile(model, path)
    X = load_image_folder(root, split="train").data
    of_one_lesion = np.zeros(3)
    fit_unlike(load_model(model).estimator, X, X[:3], of_one_lesion, 0).save(path)
    assert predict(path, root / "Test", output=tmp_path / "p.csv") == 0
    out = capsys.readouterr().out
    assert "not marked: the test set of the model had too few lesions to set a limit." in out
    assert "nan" not in out
    assert "unlike_training" not in pd.read_csv(tmp_path / "p.csv")


def test_false_marks_are_counted_among_lesions_that_did_not_set_the_limit(monkeypatch):
    """Of five lesions, the most unusual alone is above the limit that the four others set."""
    monkeypatch.setattr(_unlike, "LastLayerInput", lambda _: SimpleNamespace(compute=np.asarray))
    monkeypatch.setattr(_unlike, "digest_of_network", str)
    rng = np.random.default_rng(0)
    X, X_test = rng.normal(size=(30, 2)), rng.normal(size=(5, 2))
    assert fit_unlike(None, X, X_test, np.arange(5), 0).false_marks == 0.2
    # Three photographs of each lesion are held out together.
    X_test, groups = np.repeat(X_test, 3, axis=0), np.repeat(np.arange(5), 3)
    assert fit_unlike(None, X, X_test, groups, 0).false_marks == 0.2


def test_rounding_of_features_changes_no_mark(monkeypatch):
    """The limit comes from one of these images, and ONNX Runtime rounds otherwise than Keras."""
    monkeypatch.setattr(_unlike, "LastLayerInput", lambda _: SimpleNamespace(compute=np.asarray))
    monkeypatch.setattr(_unlike, "digest_of_network", str)
    rng = np.random.default_rng(0)
    X, X_test = rng.normal(size=(50, 4)), rng.normal(size=(41, 4))
    unlike = fit_unlike(None, X, X_test, np.arange(41), 0)
    is_marked = unlike.measure(X_test) > unlike.limit
    assert is_marked.sum() == 2
    for _ in range(20):
        rounded = X_test * rng.uniform(1 - 1e-6, 1 + 1e-6, size=X_test.shape)
        np.testing.assert_array_equal(unlike.measure(rounded) > unlike.limit, is_marked)


def test_features_mark_photographs_for_the_network_that_computed_them(
    model, root, tmp_path, capsys
):
    path, output = tmp_path / "a.v1.zip", tmp_path / "p.csv"
    network = load_model(model).estimator
    train, test = (load_image_folder(root, split=split) for split in ("train", "test"))
    fit_unlike(network, train.data, test.data, test.groups, 0).save(path)
    save_model(network, path)
    # Saved again with a threshold, it still is the same network.
    for saved in (network, OperatingPointClassifier(load_model(path), 0.3, positive="melanoma")):
        save_model(saved, path)
        assert predict(path, root / "Test", output=output) == 0
        assert "marked as unlike the training images" in capsys.readouterr().out
    of_another = [weight * 1.01 for weight in network.model_.get_weights()]
    network.model_.set_weights(of_another)
    save_model(network, path)
    assert predict(path, root / "Test", output=output) == 0
    assert (
        "Photographs unlike the training images are not marked:"
        f" {tmp_path / 'a.v1.features.npz'} was written with another model."
    ) in capsys.readouterr().out
    assert "unlike_training" not in pd.read_csv(output)


@pytest.mark.parametrize("damage", ["nothing in it", "text", "other shapes", "cut off"])
def test_damaged_features_are_named(tmp_path, damage):
    path = path_beside(tmp_path / "model.zip")
    limit = np.zeros(3) if damage == "other shapes" else 1.0
    np.savez(path, features=np.eye(30), network="x", limit=limit, false_marks=0.05)
    content = {"nothing in it": b"", "text": b"text", "cut off": path.read_bytes()[:500]}
    path.write_bytes(content.get(damage, path.read_bytes()))
    with pytest.raises(ValueError, match=r"model.features.npz is damaged: .*Copy it again"):
        load_unlike(tmp_path / "model.zip")


def test_a_model_around_copies_of_its_network_has_no_features(model, root, tmp_path, capsys):
    data = load_image_folder(root, split="train")
    network = load_model(model).estimator
    path = tmp_path / "model.zip"
    fit_unlike(network, data.data, data.data[:20], np.arange(20), random_state=0).save(path)
    copies = CalibratedClassifierCV(clone(network), cv=2).fit(data.data, data.target)
    save_model(copies, path)
    output = tmp_path / "p.csv"
    assert predict(path, root / "Test", output=output) == 0
    assert "are not marked" in capsys.readouterr().out
    assert "unlike_training" not in pd.read_csv(output)


@pytest.mark.parametrize("find", [path_beside, onnx_path_beside])
def test_models_do_not_share_the_files_beside_them(find):
    suffix = find("a.zip").name.removeprefix("a")
    models = ("a.v1.zip", "a.v2.ZIP", "a.v1", "a.v2", "a.onnx")
    stems = ("a.v1", "a.v2", "a.v1", "a.v2", "a.onnx")
    assert [find(model).name for model in models] == [stem + suffix for stem in stems]


def test_probabilities_that_are_not_numbers_are_refused(model, root, tmp_path, capsys):
    network = load_model(model).estimator
    network.model_.set_weights([weight * np.nan for weight in network.model_.get_weights()])
    save_model(network, tmp_path / "model.zip")
    output = tmp_path / "p.csv"
    assert predict(tmp_path / "model.zip", root / "Test", output=output) == 2
    assert "Of 12 images, 12 have probabilities that are not finite" in capsys.readouterr().err
    assert not output.exists()


def test_a_class_with_the_name_of_a_column_is_refused(model, root, tmp_path, capsys):
    network = load_model(model).estimator
    network.classes_ = np.array(["nevus", "predicted"])
    save_model(network, tmp_path / "model.zip")
    assert predict(tmp_path / "model.zip", root / "Test", output=tmp_path / "p.csv") == 2
    err = capsys.readouterr().err
    assert f"{tmp_path / 'model.zip'} has a class 'predicted', which is the name of another" in err
    assert "Rename the folder or the label" in err


def test_a_model_that_is_no_classifier_is_refused(root, tmp_path, capsys):
    path = str(tmp_path / "model.zip")
    save_model(make_pipeline(StandardScaler()).fit([[1.0]]), path)
    for command in (["predict", path, str(root / "Test")], ["evaluate", path, str(root)]):
        assert main([*command, "--output", str(tmp_path / command[0] / "output")]) == 2
        err = capsys.readouterr().err
        assert f"{path} holds a model of type Pipeline, which gives no probabilities" in err
        assert not (tmp_path / command[0]).exists()


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_a_model_that_reads_no_files_is_named(root, tmp_path, capsys, verb):
    of_numbers = LogisticRegression().fit([[0.0], [1.0]], ["melanoma", "nevus"])
    of_images = TestTimeAugmentation(make_pipeline(of_numbers))
    for model, reason in ((of_numbers, "numeric values"), (of_images, "X holds paths")):
        path = tmp_path / "model.zip"
        save_model(model, path)
        assert main([verb, str(path), str(root), "--output", str(tmp_path / "output")]) == 2
        err = capsys.readouterr().err
        assert f"{path} holds a model that cannot predict {root}" in err
        assert reason in err
        assert "Expected a model that reads image files" in err
        assert not (tmp_path / "output").exists()


def test_pictures_of_reports_are_skipped(model, root, tmp_path, capsys):
    folder = tmp_path / "lesions"
    shutil.copytree(root / "Test", folder)
    n_images = len(list(folder.glob("*/*")))
    for report, name in (("skin_lesion_report", None), ("nevus/old", "report.html")):
        (folder / report / "pictures").mkdir(parents=True)
        for place in (report, f"{report}/pictures"):
            Image.new("RGB", (8, 8)).save(folder / place / "sample_images.png")
        if name is not None:
            (folder / report / name).touch()
    output = tmp_path / "p.csv"
    assert predict(model, folder, output=output) == 0
    out = capsys.readouterr().out
    assert "Skipped: 2 folders with reports, such as " in out
    assert f"{n_images} photographs predicted, 0 not read" in out
    assert predict(model, folder / "nevus" / "old", output=output) == 2
    assert "old holds a report of this program, whose pictures" in capsys.readouterr().err
    picture = folder / "nevus" / "old" / "sample_images.png"
    assert predict(model, picture, output=output) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_a_folder_that_cannot_be_written(model, root, tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError(f"{folder} cannot be written")

    monkeypatch.setattr(_predict, "check_output", refuse)
    assert predict(model, root / "Test", output=tmp_path / "p.csv") == 2
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((tmp_path / "pipe").read_text)
        assert predict(model, root / "Test", output=tmp_path / "pipe") == 0
        assert "melanoma" in read.result(timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize("ended_by", ["SIGTERM", "an error", "no memory"])
def test_what_was_predicted_before_an_early_end_is_kept(
    model, root, tmp_path, capsys, monkeypatch, ended_by
):
    output, kept = tmp_path / "new" / "p.csv", tmp_path / "new" / "p.unfinished.csv"
    (tmp_path / "damaged.jpg").write_bytes(b"no image")
    places = [tmp_path / "nowhere.jpg", tmp_path / "damaged.jpg", root / "Test"]
    arguments = model, *places, *(["--isic"] if ended_by == "an error" else [])
    parts = []

    def fail_at_the_third(*of_part):
        parts.append(make_table(*of_part))
        if len(parts) < 3:
            return parts[-1]
        if ended_by == "no memory":
            raise MemoryError
        if ended_by == "an error":
            raise ValueError("It is not finite.")
        return signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(_predict, "_CHUNK", 5)
    monkeypatch.setattr(_predict, "make_table", fail_at_the_third)
    if ended_by == "no memory":
        with pytest.raises(MemoryError):
            predict(*arguments, output=output)
    else:
        assert predict(*arguments, output=output) == (143 if ended_by == "SIGTERM" else 2)
    err = capsys.readouterr().err
    assert f"The predictions of 9 of 13 photographs are in {kept}. The same command begins" in err
    assert "Nothing is" not in err
    for place in places[:2]:
        assert re.search(f"^Not read: .*{re.escape(str(place))}", err, re.M)
    assert list(kept.parent.iterdir()) == [kept]
    table = pd.read_csv(kept)
    assert {"image", "predicted", "call", "melanoma", "nevus"} == {*table}
    pd.testing.assert_frame_equal(table[[*parts[0]]], pd.concat(parts[:2], ignore_index=True))
    monkeypatch.undo()
    capsys.readouterr()
    assert predict(model, next(root.glob("Train/*/*.jpg")), output=output) == 0
    assert f"Kept: {kept}, which may hold predictions of other" in capsys.readouterr().out
    assert kept.is_file()
    assert predict(model, *places, output=output) == 3
    assert list(kept.parent.iterdir()) == [output]


def test_an_end_before_the_first_predictions_names_what_could_not_be_read(
    model, root, tmp_path, capsys, monkeypatch
):
    def interrupt(*of_part):
        raise KeyboardInterrupt

    places = [tmp_path / name for name in ("nowhere.jpg", "a.jpg", "b.jpg")]
    for place in places[1:]:
        place.write_bytes(b"no image")
    assert predict(model, *places, output=tmp_path / "p.csv") == 2
    monkeypatch.setattr(_predict, "make_table", interrupt)
    errors = [capsys.readouterr().err]
    assert predict(model, *places, root / "Test", output=tmp_path / "p.csv") == 130
    errors.append(capsys.readouterr().err)
    for place in places:
        for err in errors:
            assert len(re.findall(f"^Not read: .*{re.escape(str(place))}", err, re.M)) == 1


def test_of_an_early_end_nothing_is_kept_that_cannot_be_written(
    model, root, tmp_path, capsys, monkeypatch
):
    def fail(table, path, *, index):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(_predict, "write_csv", fail)
    output = tmp_path / "p.csv"
    assert predict(model, root / "Test", output=output) == 2
    err = capsys.readouterr().err
    assert f"Nothing is kept, because {tmp_path / 'p.unfinished.csv'} cannot be written" in err
    assert f"error: {output}: No space left on device." in err


def test_a_column_of_paths_needs_a_table(model, root, capsys):
    with pytest.raises(SystemExit):
        predict(model, root, "--path-column", "file", output="p.csv")
    assert (
        "--path-column names a column of CSV files, and no PATH is one" in capsys.readouterr().err
    )


@pytest.mark.parametrize(("sizes", "n_files"), [([16], 1), ([16, 16], 1), ([16, 20], 2)])
def test_many_photographs_are_predicted_on_onnx_runtime(
    model, root, tmp_path, monkeypatch, sizes, n_files
):
    pytest.importorskip("tf2onnx")
    network = load_model(model).estimator
    train = load_image_folder(root, split="train")
    parts = [TestTimeAugmentation(network, n_augmentations=1, random_state=0)]
    for size in sizes[1:]:
        other = clone(network).set_params(loader__image_size=size, random_state=1)
        part = clone(parts[0]).set_params(estimator=other.fit(train.data, train.target))
        parts.append(part)
    averaged = AveragedClassifier(parts) if len(parts) > 1 else parts[0]
    save_model(OperatingPointClassifier(averaged, 0.2, positive="melanoma"), tmp_path / "m.zip")
    monkeypatch.setattr(_predict, "_MANY", 1)
    files = set()
    predict_on_onnx = OnnxClassifier._predict

    def note_file(self, X):
        files.add(self.path)
        return predict_on_onnx(self, X)

    monkeypatch.setattr(OnnxClassifier, "_predict", note_file)
    output = tmp_path / "p.csv"
    assert predict(tmp_path / "m.zip", root / "Test", output=output) == 0
    assert len(files) == n_files
    table = pd.read_csv(output)
    X = table[["image"]].to_numpy(dtype=str)
    expected = averaged.predict_proba(X)
    np.testing.assert_allclose(table[network.classes_], expected, atol=1e-4)


def test_a_submission_is_judged_by_lesion(model, root, tmp_path, capsys):
    submission, truth, report = (tmp_path / name for name in ("s.csv", "t.csv", "report"))
    assert predict(model, root / "Test", "--isic", output=submission) == 0
    table = pd.read_csv(submission)
    assert table.columns.tolist() == ["image", *CODES]
    data = load_image_folder(root, split="test")
    is_melanoma = (data.target == "melanoma").astype(float)
    columns = dict.fromkeys(CODES, 0.0) | {"MEL": is_melanoma, "NV": 1 - is_melanoma}
    pd.DataFrame({"image": table["image"], **columns}).to_csv(truth, index=False)
    options = ("--predictions", submission, "--truth", truth, "--output", report)
    options = [*map(str, options), "--metadata", str(root / "metadata.csv")]
    capsys.readouterr()
    assert main(["evaluate", *options]) == 0
    assert "balanced accuracy" in capsys.readouterr().out
    found = json.loads((report / "report.json").read_text())
    network = load_model(model).estimator
    expected = evaluate(network, data.data, data.target, groups=data.groups, random_state=0)
    assert found["groups"] == expected.n_groups
    scores = {line["score"]: line for line in found["scores"] if line["section"] == "scores"}
    of_model = expected.scores.loc["balanced_accuracy"]
    for name in ("value", "low", "high"):
        assert scores["balanced_accuracy"][name] == pytest.approx(of_model[name])


def test_a_model_is_judged_on_the_test_split(model, root, tmp_path, capsys):
    output = tmp_path / "report"
    assert main(["evaluate", str(model), str(root), "--output", str(output)]) == 0
    test = load_image_folder(root, split="test")
    out = capsys.readouterr().out
    n_lesions = len(np.unique(test.groups))
    assert f"{len(test.data)} images, {n_lesions} groups" in out
    n_train = 60 - len(test.data)
    assert (
        f"Evaluated on the test split only: {len(test.data)} images of {n_lesions} lesions or"
        f" patients. The other {n_train} images may have been trained on."
    ) in out
    assert {path.name for path in output.iterdir()} == {
        "report.html",
        "report.json",
        "model_card.md",
    }


def test_a_model_is_not_judged_on_images_that_it_was_trained_on(
    model, root, tmp_path, capsys, few_trees
):
    folder, copied = tmp_path / "lesions", tmp_path / "model.zip"
    shutil.copyfile(model, copied)
    for part in ("Train", "Test"):
        shutil.copytree(root / part, folder, dirs_exist_ok=True)
    train, test = (load_image_folder(root, split=split) for split in ("train", "test"))
    split = np.full(len(train.data), "train")
    audit_dataset(train.data, train.target, split=split).to_manifest(tmp_path / "split.csv")
    (folder / "nevus" / "damaged.jpg").write_bytes(b"no image")
    # The training excluded one image, and a copy of a test image.
    excluded = folder / "nevus" / "excluded.png"
    Image.new("RGB", (24, 24), "red").save(excluded)
    with open(tmp_path / "split.csv", "a") as manifest:
        for path, sides in ((excluded, [""]), (test.data[0, 0], ["test", ""])):
            with open(path, "rb") as image:
                digest = hashlib.file_digest(image, "sha256").hexdigest()
            manifest.writelines(f"x,{digest},nevus,{side},\n" for side in sides)
    assert main(["evaluate", str(copied), str(folder)]) == 3
    out = capsys.readouterr().out
    assert f"training excluded it by {tmp_path / 'split.csv'}: 1 image." in out
    assert f"trained on it by {tmp_path / 'split.csv'}: {len(train.data)} images." in out
    assert f"Evaluated on all other images: {len(test.data)} images." in out
    assert "training images: only identical files were searched for, by split.csv." in out
    assert main(["evaluate", str(copied), str(root / "Train")]) == 2
    assert f"trained on all of {len(train.data)} images" in capsys.readouterr().err
    # Another table of this name says nothing of the model.
    (tmp_path / "split.csv").write_text("image,part\na,train\n")
    assert main(["evaluate", str(copied), str(root / "Train")]) == 0
    out = capsys.readouterr().out
    assert "training images, if any, are not left out" in out
    assert "search for training images: there is no split.csv of the model." in out


def test_a_table_of_patients_of_the_training(model, root, tmp_path, capsys):
    """Patients are no subgroups, unknown ages are missing, and known patients are counted."""
    copied, output = tmp_path / "model.zip", tmp_path / "report"
    shutil.copyfile(model, copied)
    train, test = (load_image_folder(root, split=split) for split in ("train", "test"))
    n = len(test.data)
    audit_dataset(
        train.data, train.target, groups=[f"P{row}" for row in range(len(train.data))]
    ).to_manifest(tmp_path / "split.csv")
    manifest = pd.read_csv(tmp_path / "split.csv", dtype=str)
    manifest.assign(split="train").to_csv(tmp_path / "split.csv", index=False)
    table = {
        "file": test.data[:, 0],
        "dx": test.target,
        "Patient": ["P1", "P1", *(f"new {row // 2}" for row in range(n - 2))],
        "age": ["unknown", "85+", *("30" for _ in range(n - 2))],
        "sex": ["male", "unknown"] * (n // 2),
    }
    pd.DataFrame(table).to_csv(tmp_path / "table.csv", index=False)
    columns = ("--path-column", "file", "--label-column", "dx", "--group-column", "Patient")
    options = ("--table", str(tmp_path / "table.csv"), *columns, "--output", str(output))
    assert main(["evaluate", str(copied), *options]) == 0
    out = " ".join(capsys.readouterr().out.split())
    report = json.loads((output / "report.json").read_text())
    card = (output / "model_card.md").read_text(encoding="utf-8")
    for subgroup in ("age = 30 to 49", "age = 70 and over", "age = missing", "sex = missing"):
        assert subgroup in card
    assert "P1" not in card
    assert "unknown" not in str(re.findall("(?:age|sex) = .*", card))
    assert "Note: 2 images of" in out
    assert "have the id of a training image, by split.csv" in out
    assert "search for training lesions" not in report["left_out"]
    assert "The estimator predicts melanoma from a probability of 0.2: accuracy" in out
    assert "operating points: the command chooses none" in out


def test_classes_by_other_names_are_named_with_the_remedy(model, root, tmp_path, capsys):
    folder = tmp_path / "lesions"
    shutil.copytree(root / "Test", folder)
    (folder / "nevus").rename(folder / "mole")
    assert main(["evaluate", str(model), str(folder)]) == 0
    found = (
        "^Note: .*not seen the classes \\['mole'\\] .* count as wrong. .* rename the class folders"
    )
    assert re.search(found, capsys.readouterr().out, re.M)


def test_a_model_is_judged_on_what_can_be_read(model, root, tmp_path, capsys):
    folder = tmp_path / "lesions"
    shutil.copytree(root / "Test", folder)
    (folder / "nevus" / "damaged.jpg").write_bytes(b"no image")
    with redirect_stderr(sys.stdout):
        assert main(["evaluate", str(model), str(folder)]) == 3
    n_images = len(list((root / "Test").glob("*/*")))
    out = capsys.readouterr().out
    expected = rf"^Not read: .*damaged\.jpg.*\nEvaluated on all images: {n_images} images"
    assert re.search(expected, out, re.M)
    paths = list(folder.glob("*/*"))
    for path in paths:
        path.write_bytes(b"no image")
    assert main(["evaluate", str(model), str(folder)]) == 2
    err = capsys.readouterr().err
    for path in paths:
        assert re.search(f"^Not read: .*{re.escape(str(path))}", err, re.M)


def test_bad_input_of_predict(model, root, tmp_path, capsys):
    output = tmp_path / "p.csv"
    (tmp_path / "damaged.zip").write_bytes(model.read_bytes()[:5000])
    (tmp_path / "t.csv").write_text("file\na.jpg\n")
    (tmp_path / "no_rows.csv").write_text("file\n")
    (tmp_path / "nothing.csv").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    for arguments, expected in (
        ((tmp_path / "none.zip", root), "none.zip' does not exist"),
        ((tmp_path / "damaged.zip", root), "damaged.zip"),
        ((model.parent, root), f"is a folder. Expected a model file, such as {model}"),
        ((model, tmp_path / "nowhere"), "nowhere does not exist"),
        ((model, tmp_path / "empty"), "holds no photographs"),
        ((model, ""), "PATH '' is empty"),
        ((model, tmp_path / "t.csv"), "in its column 'file', the first is 'a.jpg'"),
        ((model, tmp_path / "no_rows.csv"), "no_rows.csv has no path in its column 'file'"),
        ((model, tmp_path / "nothing.csv"), "nothing.csv cannot be read"),
        (
            (model, tmp_path / "t.csv", "--path-column", "path"),
            "['file']. Expected a column 'path'",
        ),
        ((model, tmp_path / "bad.jpg"), "No photograph could be read"),
    ):
        assert predict(*arguments, output=output) == 2
        err = capsys.readouterr().err
        assert expected in err
        assert "path=" not in err
    assert not output.exists()
    assert predict(model, root, output=tmp_path) == 2
    assert "is a folder" in capsys.readouterr().err


def test_an_output_that_is_an_input_is_refused(model, root, tmp_path, capsys):
    photographs, table = tmp_path / "photographs", tmp_path / "t.csv"
    shutil.copytree(root / "Test" / "nevus", photographs)
    photograph = next(photographs.iterdir())
    table.write_text(f"file\n{photograph}\n")
    copied = shutil.copy(model, tmp_path / "m.zip")
    features = tmp_path / "m.features.npz"
    unfinished = shutil.copy(table, tmp_path / "p.unfinished.csv")
    (tmp_path / "link.csv").symlink_to(table)
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    inside = sorted(tmp_path.rglob("*"))
    before = [path.read_bytes() for path in inside if path.is_file()]
    for place, output, expected in (
        (photographs, copied, f"{copied}, the model"),
        (photographs, features, f"{features}, a part of the model"),
        (table, table, f"{table}, a table of paths"),
        (unfinished, tmp_path / "p.csv", f"{unfinished}, a table of paths"),
        (table, tmp_path / "link.csv", f"{table}, a table of paths"),
        (photograph, photograph, f"{photograph}, a photograph"),
        (photographs, photographs / ".." / "photographs" / photograph.name, f"{photograph}, a"),
        (table, photograph, f"{photograph}, a photograph"),
    ):
        assert predict(copied, place, output=output) == 2
        err = capsys.readouterr().err
        when = ", if interrupted," if place == unfinished else ""
        assert f"--output {output} would{when} overwrite {expected}" in err
        assert "Pass another --output" in err
    assert predict(copied, tmp_path / "loop.csv", output=tmp_path / "p.csv") == 2
    assert "loop.csv does not exist" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == inside
    assert [path.read_bytes() for path in inside if path.is_file()] == before


def test_a_submission_lists_an_id_once(model, tmp_path, capsys):
    paths = [tmp_path / folder / "0.png" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        Image.new("RGB", (40, 30)).save(path)
    output = tmp_path / "p.csv"
    assert predict(model, *paths, "--isic", output=output) == 2
    err = capsys.readouterr().err
    assert f"{paths[0]} and {paths[1]} both have the id '0'" in err
    assert not output.exists()
    assert predict(model, *paths, output=output) == 0


def test_classes_of_a_submission_are_codes_or_names():
    table = pd.DataFrame({"image": ["a.jpg"], "predicted": "MEL", "MEL": 0.75, "nevus": 0.25})
    submission = make_submission(table, ["MEL", "nevus"])
    assert submission.iloc[0].tolist() == ["a", 0.75, 0.25, 0, 0, 0, 0, 0]
    table = pd.DataFrame({"image": ["1.2.840.tif"], "predicted": "MEL", "MEL": 0.75, "SCC": 0.25})
    submission = make_submission(table, ["MEL", "SCC"])
    assert submission.columns.tolist() == ["image", *CODES[:3], "AK", *CODES[4:], "SCC", "UNK"]
    assert submission.iloc[0].tolist() == ["1.2.840", 0.75, 0, 0, 0, 0, 0, 0, 0.25, 0]
    for classes in (["MEL", "melanoma", "NV"], ["MEL", "benign"]):
        with pytest.raises(ValueError, match="Expected those of ISIC 2018"):
            check_submission(classes)


@pytest.mark.parametrize("target", ["outside", "root", "here", "inside"])
def test_photographs_in_folders_that_are_links_are_predicted(target, tmp_path):
    root, outside = tmp_path / "photographs", tmp_path / "outside"
    for place in (root / "inner", outside):
        place.mkdir(parents=True)
        Image.new("RGB", (40, 30)).save(place / f"{place.name}.png")
    to = {"outside": outside, "root": tmp_path, "here": root, "inside": root / "inner"}[target]
    (root / "link").symlink_to(to, target_is_directory=True)
    paths, problems, _ = find_photographs([str(root)])
    expected = ["inner.png", "outside.png"] if target == "outside" else ["inner.png"]
    assert sorted(path.rsplit("/", 1)[-1] for path in paths) == expected
    assert not problems


def test_what_a_folder_lacks_today_is_named_and_what_is_hidden_is_skipped(tmp_path):
    for name in ("a.png", "p17/b.png", ".thumbnails/a.png", "__MACOSX/a.png", "._a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 30)).save(tmp_path / name)
    (tmp_path / "README").touch()
    for link in ("c.png", "p.18"):
        (tmp_path / link).symlink_to(tmp_path / "disk" / link)
    paths, problems, _ = find_photographs([str(tmp_path)])
    assert paths == [str(tmp_path / name) for name in ("a.png", "c.png", "p.18", "p17/b.png")]
    assert not problems
    rows, problems = find_readable(np.array(paths).reshape(-1, 1))
    assert rows.tolist() == [0, 3]
    for link, problem in zip(("c.png", "p.18"), problems, strict=True):
        target = str(tmp_path / "disk" / link)
        assert f"{tmp_path / link}' does not exist. It is a link to {target!r}." in problem
        assert "Relative paths" not in problem


@pytest.mark.parametrize("place", ["p17", ""])
def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch, place):
    (tmp_path / "p17").mkdir()
    for name in ("a.png", "p17/b.png"):
        Image.new("RGB", (40, 30)).save(tmp_path / name)
    closed, scandir = str(tmp_path / place), os.scandir

    def refuse(folder):
        if folder == closed:
            raise PermissionError(errno.EACCES, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    paths, problems, _ = find_photographs([str(tmp_path)])
    assert paths == ([str(tmp_path / "a.png")] if place else [])
    assert problems == [f"{closed}: Permission denied."]


def test_metadata_name_the_images_of_the_truth(tmp_path, capsys):
    metadata = tmp_path / "metadata.csv"
    options = ["--metadata", str(metadata)]
    tables = ("label\n007,n\n008,m", "m,n\nx/007.jpg,0.2,0.8\nx/008.jpg,0.6,0.4")
    metadata.write_text("image,lesion_id\n007,a\n")
    assert judge(tmp_path, *tables, *options) == 0
    assert "has no lesion_id of 1 image: each counts as" in capsys.readouterr().out
    report = (tmp_path / "report" / "report.json").read_text(encoding="utf-8")
    assert "The lesion and the patient of 1 of 2 images are unknown" in report
    metadata.write_text("image,lesion_id\n7,a\n8,a\n")
    assert judge(tmp_path, *tables, *options) == 2
    assert "has the lesion_id of none of 2 images, the first is '007'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "n_groups", "n_unknown"),
    [
        (["lesion_id,sex", "unknown,male", "?,male", "-1,female", "0,female"], 4, 4),
        (["lesion_id,patient_id", "L1,P1", "L2,P1", ",P1", "L3,"], 2, 0),
        (["Lesion_ID,patient_id", "L1,", "L1,P1", ",P1", "NA,none"], 2, 1),
        (["patient_id", "M\u00fcller", "Mu\u0308ller", "p8", "P8"], 3, 0),
    ],
)
def test_metadata_give_groups_as_loaders_do(tmp_path, capsys, lines, n_groups, n_unknown):
    metadata = tmp_path / "metadata.csv"
    rows = zip(["image", *"abcd"], lines, strict=True)
    metadata.write_text("".join(f"{image},{line}\n" for image, line in rows), encoding="utf-8")
    tables = ("label\na,n\nb,m\nc,n\nd,m", "m,n\na,0,1\nb,1,0\nc,0,1\nd,1,0")
    assert judge(tmp_path, *tables, "--metadata", str(metadata)) == 0
    out, err = capsys.readouterr()
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["groups"] == n_groups
    assert ("'patient_id' differ only by upper and lower case" in err) == ("p8" in lines)
    if n_unknown == 4:
        assert "1 image(s) have the lesion_id 0" in err
        assert "has no lesion_id of any image: all are blank, or placeholders" in out
        assert "intervals (95%) are over images" in out
        assert "sex = female: " in out
        return
    unknown = "has no Lesion_ID or patient_id of 1 image: each counts as a lesion of its own"
    assert (unknown.lower() in out.lower()) == bool(n_unknown)


def test_metadata_of_one_large_lesion_are_doubted(tmp_path, capsys):
    metadata, images = tmp_path / "metadata.csv", [f"i{n}" for n in range(40)]
    lesions = ["x" if n < 20 else n for n in range(40)]
    pd.DataFrame({"image": images, "lesion_id": lesions}).to_csv(metadata, index=False)
    truth = "\n".join(["label", *(f"{image},{'mn'[image < 'i3']}" for image in images)])
    predictions = "\n".join(["m,n", *(f"{image},0.5,0.5" for image in images)])
    assert judge(tmp_path, truth, predictions, "--metadata", str(metadata)) == 0
    assert capsys.readouterr().err.startswith("Warning: 20 of 40 images are in one group, 'x'")


def test_unknown_in_metadata_is_missing(tmp_path, capsys):
    metadata = tmp_path / "metadata.csv"
    metadata.write_text("image,lesion_id,sex\na,1,male\nb,2,Unknown\nc,3,male\nd,4,Unknown\n")
    tables = ("label\na,n\nb,n\nc,m\nd,m", "m,n\na,0,1\nb,0,1\nc,1,0\nd,1,0")
    assert judge(tmp_path, *tables, "--metadata", str(metadata)) == 0
    printed = capsys.readouterr()
    assert re.findall("sex = (.*?):", printed.out) == ["male", "missing"]
    # What the report notes is no warning, too.
    assert "Note: Classes with fewer than 10 lesions or patients" in printed.out
    assert printed.err == ""


def test_all_columns_of_metadata_but_ids_and_labels_give_slices(tmp_path, capsys):
    metadata = tmp_path / "metadata.csv"
    labels = "benign_malignant,Malignant,diagnosis_1,iddx_full,class"
    names = f"image,Lesion_ID,Sex,site,skin_type,note,{labels}"
    rows = ["a,1,f,back,1,x", "b,2,m,back,2,x", "c,3,m,,1,x", "d,4,f,,2,x"]
    lines = [f"{row}{f',{number % 2}' * 5}" for number, row in enumerate(rows)]
    metadata.write_text("\n".join([names, *lines]))
    tables = ("label\na,n\nb,n\nc,m\nd,m", "m,n\na,0,1\nb,0,1\nc,1,0\nd,1,0")
    assert judge(tmp_path, *tables, "--metadata", str(metadata)) == 0
    out = capsys.readouterr().out
    assert re.findall(r"^  (\S+) = (\S+):", out, re.M) == [
        *(("Sex", "f"), ("Sex", "m"), ("skin_type", "1"), ("skin_type", "2"))
    ]
    assert "Not reported: slices by site: each of its values occurs in a single class" in out
    assert "Not reported: slices by note: it has a single value." in out


@pytest.mark.parametrize("name", ["age", "age_approx", "Age"])
def test_metadata_give_slices_by_age_in_the_bands_of_reports(tmp_path, capsys, name):
    metadata = tmp_path / "metadata.csv"
    rows = zip("abcdef", [20, 40, 70, 29, 50, "85+"], strict=True)
    lines = [f"{image},{image},{age}\n" for image, age in rows]
    metadata.write_text(f"image,lesion_id,{name}\n{''.join(lines)}")
    tables = (
        "\n".join([first, *(f"{image},{last[image > 'c']}" for image in "adbecf")])
        for first, last in (("label", "nm"), ("m,n", ("0,1", "1,0")))
    )
    assert judge(tmp_path, *tables, "--metadata", str(metadata)) == 0
    slices = re.findall(r"age = (.*?): .*? (\d) image", capsys.readouterr().out)
    bands = [("under 30", "2"), ("30 to 49", "1"), ("50 to 69", "1"), ("70 and over", "2")]
    assert slices == bands


def test_none_is_a_class_and_images_without_a_class_are_counted(tmp_path, capsys):
    truth = "label\na,None\nb,nevus\nc,melanoma\nd,\ne,NA"
    rows = "".join(f"\n{image},0.2,0.3,0.5" for image in "abcde")
    assert judge(tmp_path, truth, f"None,melanoma,nevus{rows}") == 0
    assert "truth.csv gives no class: 2 images." in capsys.readouterr().out
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [line["class"] for line in report["classes"]] == ["None", "melanoma", "nevus"]
    for row in (",", "0,0"):
        assert judge(tmp_path, f"n,m\na,1,0\nb,0,1\nc,{row}", "n,m\na,1,0\nb,0,1\nc,0,1") == 0
        assert "truth.csv gives no class: 1 image." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "predicted"),
    [
        (["P1.1", "P2.1"], ["P1.1.jpg", "P2.1.JPG"]),
        (["1.2.840.1", "1.2.840.2"], ["1.2.840.1", "1.2.840.2"]),
        (["p1/1", "p2/1"], ["photos/p1/1.jpg", "photos/p2/1.jpg", "photos/p1/2.jpg"]),
        (["p1/1.jpg", "p2/2.jpg"], ["/a/p1/1.jpg", "/a/p2/2.jpg", "/a/p2/1.jpg", "/a/p1/2.jpg"]),
        (["x/007", "008"], [r"photos\007.jpg", r".\008.jpg"]),
        (["1.0", "2.0"], ["a/1.jpg", "b/2.jpg"]),
        (["1.0", "2.0"], ["1.0.jpg", "a/2.0.jpg"]),
        (["1.0.jpg", "2.0.jpg"], ["1.0", "2"]),
        (["ISIC_0000001", "ISIC_0000002"], ["a/ISIC_0000001_downsampled.jpg", "b/isic_0000002"]),
    ],
)
def test_images_are_known_by_their_names(tmp_path, names, predicted):
    labels = [f"{name},{label}" for name, label in zip(names, "nm", strict=True)]
    truth = "\n".join(["label", *labels])
    scores = ["1,0", "0,1", "0,1", "1,0"][: len(predicted)]  # of others, the wrong ones
    lines = [f"{name},{row}" for name, row in zip(predicted, scores, strict=True)]
    assert judge(tmp_path, truth, "\n".join(["n,m", *reversed(lines)])) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    scores = {line["score"]: line["value"] for line in report["scores"]}
    assert scores["balanced_accuracy"] == 1


@pytest.mark.parametrize(
    ("names", "predicted", "expected"),
    [
        (
            ["P1.1", "P2.1"],
            ["P1.2", "P2.2"],
            "lacks 2 of 2 images of the truth, the first is 'P1.1'",
        ),
        (
            ["a", "b"],
            ["b"],
            "Predict the others, too, or remove their rows from the truth.",
        ),
        (["a", "b"], ["c", "d"], "are in the column 'image', the first is 'c'"),
        (["1", "2"], ["p1/1.jpg", "p2/1.jpg", "p2/2.jpg"], "lacks 1 of 2 images"),
        (["a", "b"], ["a.jpg", "a.png", "b.jpg"], "rows of the image 'a' in the column 'image'"),
        (["1.0", "2.0"], ["1.jpg", "1.0.jpg", "2.jpg"], "several rows of the image '1'"),
    ],
)
def test_images_of_other_names_are_not_taken_for_them(tmp_path, capsys, names, predicted, expected):
    labels = [f"{name},{label}" for name, label in zip(names, "nm", strict=True)]
    truth = "\n".join(["label", *labels])
    predictions = "\n".join(["n,m", *(f"{name},1,0" for name in predicted)])
    assert judge(tmp_path, truth, predictions) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        ",image,label\n0,a,n\n1,b,m\n",
        "Unnamed: 0,case,label\n0,a,n\n1,b,m\n",
        "image,label,\na,n,\nb,m,\n",
        "image,label\na,n,\nb,m,\n",
        ",image,n,m\n0,a,1,0\n1,b,0,1\n",
        ",Filename,n,m\n3,a,1,0\n5,b,0,1\n",
    ],
)
def test_columns_without_a_name_are_none(tmp_path, text):
    assert judge(tmp_path, "", "n,m\na,1,0\nb,0,1", truth_file=text) == 0


def assert_one_lesion_is_right(folder):
    """Evaluate the tables in a folder, whose images are all of one lesion."""
    names = ("truth", "predictions", "metadata")
    arguments = [f"--{name}={folder / name}.csv" for name in names]
    assert main(["evaluate", *arguments, "--output", str(folder / "report")]) == 0
    report = json.loads((folder / "report" / "report.json").read_text())
    assert report["groups"] == 1
    assert {line["score"]: line["value"] for line in report["scores"]}["accuracy"] == 1


def test_a_first_column_without_a_name_holds_the_images(tmp_path, capsys):
    metadata = tmp_path / "metadata.csv"
    for images in (["007", "008"], ["2", "1"], ["a.jpg", "b.jpg"]):
        classes = pd.DataFrame(np.eye(2), index=images, columns=["n", "m"])
        labels, lesions = (pd.Series(values, index=images) for values in (["n", "m"], ["L1", "L1"]))
        lesions.to_csv(metadata, header=["lesion_id"])
        for truth, predictions in ((labels, classes), (classes, classes.assign(case=[1, 2]))):
            truth.to_csv(tmp_path / "truth.csv")
            predictions.to_csv(tmp_path / "predictions.csv")
            assert_one_lesion_is_right(tmp_path)
    assert "no lesion_id" not in capsys.readouterr().out


def test_numbers_of_rows_may_begin_at_any_number(tmp_path):
    """As of tables of R, and of a selection of rows with pandas."""
    metadata = tmp_path / "metadata.csv"
    for numbers in (["1", "2"], ["3", "17"]):
        images = ["a.jpg", "b.jpg"]
        truth = pd.DataFrame({"photograph": images, "n": [1, 0], "m": [0, 1]}, index=numbers)
        truth.to_csv(tmp_path / "truth.csv")
        truth.iloc[::-1].set_axis(numbers).to_csv(tmp_path / "predictions.csv")
        truth[["photograph"]].assign(lesion_id="L1").to_csv(metadata)
        assert_one_lesion_is_right(tmp_path)


@pytest.mark.parametrize(
    ("header", "rows", "images"),
    [
        (",photograph", ["1,a", "2,b"], ["a", "b"]),
        # Numbers that do not rise, repeated text, ids of lesions and numbers.
        (",photograph", ["2,a", "1,b"], ["2", "1"]),
        (",diagnosis", ["1,n", "2,m", "3,n"], ["1", "2", "3"]),
        (",lesion_id", ["1,L1", "2,L2"], ["1", "2"]),
        (",n,m", ["1,0,1", "2,1,0"], ["1", "2"]),
        (",photograph", ["01,a", "02,b"], ["01", "02"]),
    ],
)
def test_numbers_in_a_first_column_without_a_name(tmp_path, header, rows, images):
    (tmp_path / "t.csv").write_text("\n".join([header, *rows]))
    table = read_csv(tmp_path / "t.csv")
    assert table[table.columns[0]].tolist() == images


def test_an_index_that_is_read_as_the_images_is_named(tmp_path, capsys):
    assert judge(tmp_path, "", "n,m\na,1,0\nb,0,1", truth_file=",photo,label\nx,a,n\ny,b,m\n") == 2
    expected = "Those of the truth are in the column 'unnamed first column'."
    assert expected in capsys.readouterr().err


def test_a_table_of_paths_may_have_them_in_an_index(tmp_path):
    paths = [str(tmp_path / name) for name in ("1", "0")]
    for path in paths:
        open(path, "w").close()
    table = tmp_path / "t.csv"
    pd.DataFrame({"class": ["n", "m"]}, index=["1", "0.jpg"]).to_csv(table)
    assert find_photographs([str(table)])[0] == [paths[0], "0.jpg"]
    pd.DataFrame({"file": paths}, index=[1, 0]).to_csv(table)  # the numbers of rows, shuffled
    assert find_photographs([str(table)])[0] == paths


def test_rows_without_a_path_are_named(tmp_path):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "t.csv").write_text("id,file\n1,a.jpg\n2,\n3,\n,\n")  # at last a blank row
    paths, problems, _ = find_photographs([str(tmp_path / "t.csv")], "file")
    assert paths == [str(tmp_path / "a.jpg")]
    (problem,) = problems
    assert "t.csv has 2 rows without a path in the column 'file'. The first is row 2" in problem
    (tmp_path / "t.csv").write_text("id,file\n1,\n")
    (problem,) = find_photographs([str(tmp_path / "t.csv")], "file")[1]
    assert "has no path in its column 'file'" in problem


def test_tables_that_cannot_be_used_are_explained(tmp_path, capsys):
    predictions = "n,m\na,1,0\nb,0,1"
    for text, expected in (
        ("image,label\na,n,x\nb,m,\n", "its rows have more cells than its first line"),
        ("image,label,label\na,n,n\n", "more than one column with the name(s) 'label'"),
        ("\nimage,label\na,n\n", "its first line is blank"),
        ("image,label\na,n\xe4vus\n", "Expected a table in UTF-8"),
    ):
        assert judge(tmp_path, "", predictions, truth_file=text) == 2
        err = capsys.readouterr().err
        assert expected in err
        assert "truth.csv" in err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image;n;m\na;0,9;0,1\nb;0,2;0,8\n", "Write decimals with a point: '0,9' is no number"),
        ("image|n|m\na|1|0\nb|0|1\n", "separate columns by commas, semicolons or tabs."),
        ("image,n,m\n", "has column names, but no rows"),
    ],
)
def test_predictions_without_numbers_are_explained(tmp_path, capsys, text, expected):
    truth, predictions = tmp_path / "truth.csv", tmp_path / "predictions.csv"
    truth.write_text("image,label\na,n\nb,m\n")
    predictions.write_text(text)
    assert main(["evaluate", "--predictions", str(predictions), "--truth", str(truth)]) == 2
    err = capsys.readouterr().err
    assert f"{predictions} has " in err
    assert expected in err


def test_a_column_of_paths_is_text(tmp_path):
    (tmp_path / "007").touch()
    (tmp_path / "t.csv").write_text(",id,file\n0,1,007\n")
    assert find_photographs([str(tmp_path / "t.csv")], "file")[0] == [str(tmp_path / "007")]
    (tmp_path / "t.csv").write_text(",file\n0,007\n")
    assert find_photographs([str(tmp_path / "t.csv")])[0] == [str(tmp_path / "007")]


def test_the_unknown_class_of_a_submission_is_no_class_of_the_report(tmp_path):
    codes = [*CODES[:3], "AK", *CODES[4:], "SCC", "UNK"]
    scores = f"{','.join(codes)}\na,0.9,0.1{',0' * 7}\nb,0.2,0.8{',0' * 7}"
    assert judge(tmp_path, "label\na,melanoma\nb,nevus", scores) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert len(report["classes"]) == 8


def test_bad_input_of_evaluate(tmp_path, capsys):
    truth, predictions = tmp_path / "truth.csv", tmp_path / "predictions.csv"
    truth.write_text("image,label\na,nevus\nb,melanoma\n")
    predictions.write_text("image,nevus,melanoma\na,0.5,0.5\n")
    options = ("evaluate", "--predictions", str(predictions), "--truth", str(truth))
    assert main([*options]) == 2
    assert "lacks 1 of 2 images" in capsys.readouterr().err
    predictions.write_text("image,nevus,melanoma\na,0.5,0.5\na,0.5,0.5\n")
    assert main([*options]) == 2
    assert "several rows of the image 'a'" in capsys.readouterr().err
    predictions.unlink()
    assert main([*options]) == 2
    err = capsys.readouterr().err
    assert f"{predictions} cannot be opened: No such file" in err
    assert "Errno" not in err
    table = ("--table", "t.csv", "--path-column", "image", "--label-column", "label")
    for wrong in (
        ["evaluate"],
        ["evaluate", "model.zip"],
        options[:3],
        [*options, "model.zip"],
        [*options, *table],
        [*options, "--dataset", "2019"],
    ):
        with pytest.raises(SystemExit):
            main([*wrong])


@pytest.mark.parametrize(
    ("truth", "predictions", "expected"),
    [
        ("n,m,fold\na,1,0,0\nb,0,1,3", "n,m\na,1,0\nb,1,0", "'b' with n=0.0, m=1.0, fold=3.0"),
        ("label\na,\nb,", "n,m\na,1,0\nb,1,0", "truth.csv has the class of none of 2 images"),
        (
            "grade,sex\na,n,male\nb,m,male",
            "n,m\na,1,0\nb,1,0",
            "names. The images were read from 'image'; the other columns are ['grade', 'sex']",
        ),
        ("label,sex\na,n,x\nb,n,x", "n,m\na,1,0\nb,1,0", "of 1 class, 'n', by its column 'label'"),
        (
            "None,MEL,NV\na,1,0,0\nb,0,1,0",
            "none,MEL,NV\na,1,0,0\nb,0,1,0",
            "for ['none', 'melanoma', 'nevus'] and lacks ['None']",
        ),
        ("n,m\na,1,0\nb,0,1", "MEL,mel,n\na,1,0,0\nb,0,1,0", "with the name(s) 'melanoma'"),
        ("n,m\na,0,0\nb,,", "n,m\na,1,0\nb,1,0", "truth.csv has the class of none of 2 images"),
        ("n,m\na,1,0\nb,1,1", "n,m\na,1,0\nb,1,0", "'b' with n=1.0, m=1.0"),
        (
            "melanoma,seborrheic_keratosis\na,1,0\nb,0,0",  # of ISIC 2017: a nevus
            "n,m\na,1,0\nb,1,0",
            "'b' with melanoma=0.0, seborrheic_keratosis=0.0",
        ),
        ("n,m\na,1,0\nb,0,1", "n,o\na,1,0\nb,1,0", "lacks ['m']"),
        ("MEL,NV\na,1,0\nb,0,1", "MEL,n\na,1,0\nb,1,0", "lacks ['nevus']"),
        ("n,m\na,1,0\nb,0,1", "n,m\na,1,0\nb,-0.1,1.1", "'b' with n=-0.1, m=1.1"),
        ("n,m\na,1,0\nb,0,1", "n,m\na,1,0\nb,,1", "'b' with n=nan, m=1"),
        ("n,m\na,1,0\nb,0,1", "n,m\na,1,0\nb,0.2,0.2", "'b' with n=0.2, m=0.2 (sum 0.4)"),
        ("NV,MEL\na,1,0\nb,0,1", "NV,MEL\na,1,0\nb,0,0", "0 for each class, the first is 'b'"),
        ("n,m\na,1,0\nb,0,1", "label\na,n\nb,m", "0 columns of numbers. Expected predictions"),
        ("n,m\na,1,0\nb,0,1", "score\na,.2\nb,.8", "1 column of numbers. Expected predictions"),
        ("n,m\na,1,0\nb,0,1", "score\na,.2\nb,.8", "column for the other"),
        ("n,m\na,1,0\n,0,1", "n,m\na,1,0\nb,0,1", "1 row without an image in the column 'image'"),
    ],
)
def test_what_is_no_truth_or_no_probability_is_refused(
    tmp_path, capsys, truth, predictions, expected
):
    assert judge(tmp_path, truth, predictions) == 2
    err = capsys.readouterr().err
    assert expected in err
    assert re.search(r"\.csv'? has ", err)


def test_an_edited_model_card_is_kept(tmp_path, capsys):
    report = tmp_path / "report"
    runs = [("", []), ("Of Ann.", []), ("", [""]), ("Of Bob.", [""]), ("", ["", "2"])]
    for edits, kept in runs:
        assert judge(tmp_path, "n,m\na,1,0\nb,0,1", "n,m\na,.9,.1\nb,.2,.8") == 0
        expected = {f"model_card.earlier{number}.md" for number in kept}
        assert {path.name for path in report.glob("*earlier*")} == expected
        card = report / "model_card.md"
        card.write_text(card.read_text(encoding="utf-8") + edits, encoding="utf-8")
    capsys.readouterr()
    card.unlink()
    for number, author in (("", "Ann"), ("2", "Bob")):
        assert author in (report / f"model_card.earlier{number}.md").read_text(encoding="utf-8")
    card.write_bytes(b"Of Zo\xeb.")
    remove_description(report)
    assert f"Kept as {report / 'model_card.earlier3.md'}" in capsys.readouterr().out
    assert (report / "model_card.earlier3.md").read_bytes() == b"Of Zo\xeb."


def test_columns_beside_the_classes_are_no_classes(tmp_path, capsys):
    predictions = "predicted,0,1\na,0,0.9,0.1\nb,0,0.6,0.4"  # numbers, like the classes
    assert judge(tmp_path, "0,1\na,1,0\nb,0,1", predictions) == 0
    assert "predicted" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("truth", "options"),
    [
        ("lesion_id,dx,dx_type,age\na,1,nv,histo,50\nb,2,mel,histo,60", []),  # as of HAM10000
        ("grade,age\na,NV,50\nb,MEL,60", ["--label-column", "grade"]),
        ("Diagnosis,age,mm\na,nevus,50,1.5\nb,melanoma,60,2.5", []),
        ("dx,benign_malignant\na,nv,benign\nb,mel,malignant", ["--label-column", "dx"]),
        ("class,predicted,nevus,melanoma\na,nevus,nevus,1,0\nb,melanoma,nevus,0.9,0.1", []),
        (f"{','.join(CODES)},label\na,0,1,0,0,0,0,0,x\nb,1,0,0,0,0,0,0,y", []),
        # One-hot columns that text repeats; and other columns of 0 and 1, which it does not.
        ("melanoma,nevus,diagnosis\na,0,1,Nevus\nb,1,0,Melanoma", []),
        ("diagnosis,male,female\na,nevus,1,0\nb,melanoma,0,1\nc,nevus,0,1", []),
        ("diagnosis,biopsied,again\na,nevus,0,0\nb,melanoma,1,0\nc,nevus,0,0", []),
        ("diagnosis,melanoma,bcc\na,nevus,0,0\nb,melanoma,1,0\nc,nevus,0,0", []),
        (OF_TRAINING, []),
        ("class,predicted,malignant,nevus\na,nevus,nevus,1,0\nb,melanoma,nevus,0.9,0.1", []),
    ],
)
def test_a_truth_may_have_labels_beside_other_columns(tmp_path, truth, options):
    predictions = "melanoma,nevus\na,0,1\nb,1,0\nc,0,1"
    assert judge(tmp_path, truth, predictions, *options) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert {line["score"]: line["value"] for line in report["scores"]}["accuracy"] == 1
    assert sum(line["images"] for line in report["classes"]) == truth.count("\n")


def test_a_class_beside_codes_of_a_challenge_is_a_class(tmp_path):
    names = f"{','.join(CODES).lower()},other"
    truth = f"{names}\na,0,1,0,0,0,0,0,0\nb,0,0,0,0,0,0,0,1"
    assert judge(tmp_path, truth, truth) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert {line["class"]: line["images"] for line in report["classes"]}["other"] == 1


@pytest.mark.parametrize(
    "truth",
    [
        "benign,malignant\na,1,0\nb,0,1",
        "class,predicted,benign,malignant\na,benign,benign,1,0\nb,malignant,benign,0.9,0.1",
        "class,predicted,benign,malignant\na,benign,malignant,0,1\nb,malignant,benign,1,0",
    ],
)
def test_malignant_beside_benign_is_a_class(tmp_path, truth):
    assert judge(tmp_path, truth, "benign,malignant\na,0.9,0.1\nb,0.2,0.8") == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    scores = {line["score"]: line["value"] for line in report["scores"]}
    assert [line["class"] for line in report["classes"]] == ["benign", "malignant"]
    assert scores["sensitivity"] == scores["specificity"] == 1


def test_the_class_by_a_threshold_is_said_to_be_ignored(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("image,dx\na,mel\nb,nv\n")
    (tmp_path / "p.csv").write_text("image,predicted,call,mel,nv\na,nv,mel,.4,.6\nb,nv,nv,.1,.9\n")
    options = ["--predictions", str(tmp_path / "p.csv"), "--truth", str(tmp_path / "t.csv")]
    assert main(["evaluate", *options]) == 0
    assert "The column call of " in (out := capsys.readouterr().out)
    assert "ignored: scores are of the most probable class" in out


def test_a_truth_of_numbers_has_them_as_labels(tmp_path):
    for truth in ("target,age\na,1.0,50\nb,0.0,60\nc,,60", "malignant\na,1\nb,0"):  # ISIC 2024
        assert judge(tmp_path, truth, "0,1\na,0,1\nb,1,0") == 0


def test_a_column_of_labels_that_is_not_clear_is_asked_for(tmp_path, capsys):
    truth = "dx,target\na,nv,0\nb,mel,1"
    for options, expected in (
        ([], "labels in each of the columns ['dx', 'target']. Expected one of them: name it"),
        (["--label-column", "DX"], "no column 'DX', which is named by --label-column. Expected"),
    ):
        assert judge(tmp_path, truth, "n,m\na,1,0\nb,0,1", *options) == 2
        assert expected in capsys.readouterr().err


@pytest.mark.parametrize(("first", "status"), [(0.37, 0), (0.36, 2)])
def test_probabilities_may_miss_1_by_the_rounding_of_each(tmp_path, first, status):
    names = ",".join(f"c{n}" for n in range(7))
    truth = f"{names}\na,1{',0' * 6}\nb,0,1{',0' * 5}"
    predictions = f"{names}\na,{first}{',.1' * 6}\nb,.4{',.1' * 6}"
    assert judge(tmp_path, truth, predictions) == status


def test_true_and_false_count_as_1_and_0(tmp_path):
    one_hot = "n,m\na,True,False\nb,False,True"
    for predictions in (one_hot, "n,m,correct\na,1,0,False\nb,0,1,False"):
        assert judge(tmp_path, one_hot, predictions) == 0
        report = json.loads((tmp_path / "report" / "report.json").read_text())
        assert [line["class"] for line in report["classes"]] == ["m", "n"]
        assert {line["score"]: line["value"] for line in report["scores"]}["accuracy"] == 1


@pytest.mark.parametrize(
    "change_case", [pytest.param(str.upper, marks=pytest.mark.slow), str.lower]
)
def test_the_truth_decides_which_columns_are_classes(tmp_path, capsys, change_case):
    codes = change_case(",".join(CODES))
    rest = ",0" * 5
    truth = f"{codes},score_weight\na,1,0{rest},0.5\nb,0,1{rest},1"
    scores = f"{codes},age_approx\na,0.9,0.6{rest},55\nb,0.1,0.2{rest},60"
    assert judge(tmp_path, truth, scores) == 0
    out = capsys.readouterr().out
    assert "truth.csv that are no class of the truth are ignored: score_weight" in out
    assert "predictions.csv that are no class of the truth are ignored: age_approx" in out
    assert "Scores that do not sum to 1 were divided by their sum: 2 images." in out
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert len(report["classes"]) == 7
    # Other classes that the model knows, and no scores of UNK.
    unknown = change_case("UNK")
    scores = f"{codes},{unknown},age\na,0.5,0.4,0.1{',0' * 4},0,55\nb,0,0.5,0.5{',0' * 4},0,60"
    assert judge(tmp_path, "MEL,NV\na,1,0\nb,0,1", scores) == 0
    assert "ignored: age." in capsys.readouterr().out
    # Of a truth of labels, a class that no image has is one still.
    assert judge(tmp_path, "label\na,n\nb,m", "m,n,o\na,0.2,0.5,0.3\nb,0.6,0.4,0") == 0
    assert "ignored" not in capsys.readouterr().out
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [line["class"] for line in report["classes"]] == ["m", "n", "o"]


def test_a_report_is_written_before_its_summary_is_printed(tmp_path, monkeypatch):
    def summary(self):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(EvaluationReport, "summary", summary)
    assert judge(tmp_path, "0,1\na,1,0\nb,0,1", "0,1\na,1,0\nb,0,1") == 2
    written = {path.name for path in (tmp_path / "report").iterdir()}
    assert written == {"report.html", "report.json", "model_card.md"}


def judge(folder, truth, predictions, *more, truth_file=None):
    options = ["evaluate", *more, "--output", str(folder / "report")]
    for name, text in (("truth", truth), ("predictions", predictions)):
        (folder / f"{name}.csv").write_text(f"image,{text}\n")
        options += [f"--{name}", str(folder / f"{name}.csv")]
    if truth_file is not None:
        (folder / "truth.csv").write_text(truth_file, encoding="latin-1")
    # Without drawing the page, which takes most of the time.
    with patch.object(EvaluationReport, "to_html", lambda _, path: write_text(path, "")):
        return main(options)
