"""The ONNX file that "train" writes beside a model, and "predict" uses in place of Keras."""

import json
import shutil
import subprocess
import sys
from copy import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skin_lesion import (
    AveragedClassifier,
    ConvNet,
    ImageLoader,
    OperatingPointClassifier,
    SkinLesionClassifier,
    TestTimeAugmentation,
    load_image_folder,
    save_model,
)
from skin_lesion.cli import _on_onnx, _predict, main
from skin_lesion.cli._unlike import fit_unlike

pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")

_WITHOUT_KERAS = """
import json, sys
from skin_lesion.cli import main
status = main(sys.argv[1:])
print(json.dumps([status, sorted({"keras", "tensorflow", "scikeras"} & set(sys.modules))]))
"""


@pytest.fixture(scope="module")
def fitted(root):
    train = load_image_folder(root, split="train")
    network = SkinLesionClassifier(
        ConvNet(filters=(16,)), epochs=1, loader=ImageLoader((16, 20)), random_state=0
    )
    network.fit(train.data, train.target)
    return TestTimeAugmentation(network, n_augmentations=2, random_state=0)


@pytest.fixture(scope="module")
def saved(fitted, root, tmp_path_factory):
    """A folder with a model, its features, and its ONNX file."""
    path = tmp_path_factory.mktemp("saved") / "model.zip"
    save_model(fitted, path)
    train, test = (load_image_folder(root, split=split) for split in ("train", "test"))
    fit_unlike(fitted.estimator, train.data, test.data, test.groups, 0).save(path)
    _on_onnx.export_beside(fitted, path)
    return path.parent


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copied")


@pytest.fixture(scope="module")
def by_keras(saved, root, tmp_path_factory):
    """The table without the ONNX file."""
    folder = shutil.copytree(saved, tmp_path_factory.mktemp("without") / "folder")
    (folder / "model.onnx").unlink()
    assert predict(folder, root) == 0
    return pd.read_csv(folder / "p.csv")


def predict(folder, *places):
    output = folder / "p.csv"
    return main(["predict", str(folder / "model.zip"), *map(str, places), "--output", str(output)])


def assert_same(found, expected):
    assert found.columns.tolist() == expected.columns.tolist()
    numbers = expected.select_dtypes(float).columns
    assert len(numbers) == 2
    np.testing.assert_allclose(found[numbers], expected[numbers], atol=1e-5)
    others = expected.columns.difference(numbers)
    pd.testing.assert_frame_equal(found[others], expected[others])


def test_predict_needs_no_keras_and_gives_the_same(copied, by_keras, root):
    damaged = copied / "damaged.jpg"
    damaged.write_bytes(b"no image")
    arguments = (copied / "model.zip", root, damaged, "--output", copied / "p.csv")
    ended = subprocess.run(
        [sys.executable, "-c", _WITHOUT_KERAS, "predict", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout.splitlines()[-1]) == [3, []]
    assert f"Not read: '{damaged}'" in ended.stderr
    table = pd.read_csv(copied / "p.csv")
    assert table["unlike_training"].any()
    assert_same(table, by_keras)


def test_a_photograph_has_the_same_probabilities_in_any_company(copied, by_keras, monkeypatch):
    monkeypatch.setattr(_predict, "load_model", None)  # only the ONNX file is used
    for rows in ([3], [40, 3, 7]):
        expected = by_keras.iloc[rows].reset_index(drop=True)
        assert predict(copied, *expected["image"]) == 0
        assert_same(pd.read_csv(copied / "p.csv"), expected)


@pytest.mark.parametrize("damage", ["weights", "end", "all", "version"])
def test_a_damaged_file_is_not_used(copied, by_keras, root, capsys, monkeypatch, damage):
    file = copied / "model.onnx"
    content = bytearray(file.read_bytes())
    if damage == "weights":
        content[len(content) // 3] ^= 1
    elif damage == "end":
        del content[-5:]
    elif damage == "all":
        content = b""
    else:
        monkeypatch.setattr("skin_lesion.models._onnx.onnx_file.version", lambda name: "9.9")
    file.write_bytes(content)
    assert predict(copied, root) == 0
    reason = "is of skin_lesion" if damage == "version" else "is damaged: its checksum is wrong"
    assert f"'{file}' {reason}" in capsys.readouterr().err
    assert_same(pd.read_csv(copied / "p.csv"), by_keras)


def test_the_file_of_another_model_is_not_used(copied, fitted, by_keras, root, capsys):
    with_threshold = OperatingPointClassifier(fitted, 0.0, positive="melanoma")
    save_model(with_threshold, copied / "model.zip")
    assert predict(copied, root) == 0
    assert "'model.zip', which has changed" in capsys.readouterr().err.replace(f"{copied}/", "")
    table = pd.read_csv(copied / "p.csv")
    assert (table.pop("call") == "melanoma").all()
    assert_same(table, by_keras)


def test_features_of_another_model_are_not_used_without_keras_either(
    copied, root, capsys, monkeypatch
):
    monkeypatch.setattr(_predict, "load_model", None)  # only the ONNX file is used
    features = copied / "model.features.npz"
    with np.load(features) as arrays:
        others = {**arrays, "network": "of another model"}
    np.savez(features, **others)
    assert predict(copied, root) == 0
    assert f"not marked: {features} was written with another model." in capsys.readouterr().out
    assert "unlike_training" not in pd.read_csv(copied / "p.csv")


def test_the_file_is_no_output_and_no_model(copied, root, capsys):
    file = copied / "model.onnx"
    before = file.read_bytes()
    arguments = ["predict", str(copied / "model.zip"), str(root), "--output", str(file)]
    assert main(arguments) == 2
    assert "a part of the model" in capsys.readouterr().err
    assert main(["predict", str(file), str(root), "--output", str(copied / "p.csv")]) == 2
    assert "was not opened" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_averaged_networks_have_a_file_too(copied, root, fitted, by_keras, capsys, monkeypatch):
    path = copied / "model.zip"
    corrected = copy(fitted.estimator).set_params(prior=[0.9, 0.1])
    averaged = AveragedClassifier([fitted, clone(fitted).set_params(estimator=corrected)])
    save_model(averaged, path)
    _on_onnx.export_beside(averaged, path)
    monkeypatch.setattr(_predict, "load_model", None)  # only the ONNX file is used
    assert predict(copied, root) == 0
    assert capsys.readouterr().err == ""
    found = pd.read_csv(copied / "p.csv")
    expected = by_keras.copy()
    expected[fitted.classes_] = averaged.predict_proba(found[["image"]].to_numpy(dtype=str))
    expected["predicted"] = fitted.classes_[expected[fitted.classes_].to_numpy().argmax(axis=1)]
    assert_same(found, expected)
    assert "unlike_training" in found


def test_what_cannot_be_exported_leaves_no_file(copied, fitted, capsys, monkeypatch):
    file, path = copied / "model.onnx", copied / "model.zip"

    def fail(*_, **__):
        raise RuntimeError("no such layer")

    monkeypatch.setattr(_on_onnx, "write_onnx_file", fail)
    _on_onnx.export_beside(fitted, path)
    assert not file.exists()
    assert "model.onnx cannot be written: no such layer" in capsys.readouterr().out
    monkeypatch.setattr(_on_onnx, "can_export_and_run", lambda: False)
    _on_onnx.export_beside(fitted, path)
    assert capsys.readouterr().out == ""
