"""The command on a set of arrays: DermaMNIST, which has no files of images."""

import numpy as np
import pytest

from skin_lesion import ConvNet, load_image_folder, load_model, make_lesion_images
from skin_lesion.cli import main


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "dermamnist.npz"
    drawn = make_lesion_images(72, n_classes=2, image_size=(28, 28), random_state=0)
    numbers = np.where(drawn.target == "melanoma", 4, 5).astype(np.uint8).reshape(-1, 1)
    parts = dict(zip(("train", "val", "test"), np.split(np.arange(72), [40, 48]), strict=True))
    arrays = {f"{name}_images": drawn.images[rows] for name, rows in parts.items()}
    np.savez(path, **arrays, **{f"{name}_labels": numbers[rows] for name, rows in parts.items()})
    return path


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_train_predict_and_evaluate(archive, root, tmp_path, capsys, few_trees, monkeypatch):
    monkeypatch.setattr("skin_lesion.models._presets.ConvNet", lambda: ConvNet(filters=(8,)))
    output = tmp_path / "report"
    train = ["train", str(archive), "--output", str(output)]
    assert main(train) == 2
    err = capsys.readouterr().err
    assert "are arrays of 28 x 28 pixels" in err
    assert "pass --from-scratch" in err
    train += ["--from-scratch", "--epochs", "1", "--candidates", "1", "--folds", "2"]
    assert main([*train, "--image-size", "32"]) == 2
    assert "--image-size is 32, and the images are arrays of 28 x 28" in capsys.readouterr().err
    assert main(train) == 0
    assert "final fit on all training images at 28 x 28 pixels" in capsys.readouterr().out
    assert load_model(output / "model.zip").estimator_.loader.image_size == (28, 28)

    assert main(["evaluate", str(output / "model.zip"), str(archive)]) == 0
    assert "Evaluated on the test split only: 24 images" in capsys.readouterr().out
    # As an archive of its own, the training images are all that there is to evaluate.
    with np.load(archive) as arrays:
        part = {name: arrays[name] for name in arrays}
    for kind in ("images", "labels"):
        part[f"test_{kind}"] = part[f"train_{kind}"]
    np.savez(tmp_path / "dermamnist.npz", **part)
    assert main(["evaluate", str(output / "model.zip"), str(tmp_path / "dermamnist.npz")]) == 2
    assert "the model was trained on all of 40 images" in capsys.readouterr().err

    photographs = load_image_folder(root, split="test").data[:3, 0].tolist()
    table = str(tmp_path / "predictions.csv")
    assert main(["predict", str(output / "model.zip"), *photographs, "--output", table]) == 0
    assert "3 photographs predicted, 0 not read" in capsys.readouterr().out
