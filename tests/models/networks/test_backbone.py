import os
import pickle
import shutil
import socket
import sys
import threading
import urllib.request
from io import BytesIO
from pathlib import Path
from urllib.error import URLError

import h5py
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from skin_lesion import Backbone, ImageEmbedder, SkinLesionClassifier, make_lesion_images
from skin_lesion.models._backend import downloads
from skin_lesion.models._networks import backbone as _backbone
from skin_lesion.models._networks.applications import (
    _preprocess,
    application_names,
    build_application,
)

RANDOM = "ignore:.*has random weights"


@pytest.fixture(scope="module")
def images():
    return make_lesion_images(24, n_classes=2, image_size=(32, 32), random_state=0)


@pytest.mark.parametrize("name", [n for n in application_names() if hasattr(keras.applications, n)])
def test_preprocessing_of_every_network_is_that_of_keras(name):
    application = getattr(keras.applications, name)
    pixels = np.random.RandomState(0).randint(0, 256, (1, 8, 8, 3)).astype(np.float32)
    expected = sys.modules[application.__module__].preprocess_input(pixels.copy())

    inputs = keras.Input((8, 8, 3))
    found = keras.Model(inputs, _preprocess(application, inputs)).predict_on_batch(pixels)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-4)


def test_probabilities_are_in_single_precision(tiny_file):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = Backbone("TinyNet", weights=tiny_file)((32, 32, 3), 2)
    finally:
        keras.config.set_dtype_policy("float32")
    last = model.layers[-1]
    assert last.input.dtype == "bfloat16"
    assert last.compute_dtype == last.output.dtype == "float32"  # of logits, too


def test_weights_of_a_file_give_what_keras_gives(tiny_file, images):
    network = keras.applications.TinyNet(
        include_top=False,
        weights=None,
        input_tensor=keras.Input((32, 32, 3)),
        input_shape=(32, 32, 3),
    )
    network.load_weights(tiny_file)
    pixels = images.images[:4].astype(np.float32)
    expected = network.predict_on_batch(keras.applications.mobilenet.preprocess_input(pixels + 0))

    model = Backbone("TinyNet", weights=tiny_file)((32, 32, 3), 2)
    pooling = next(
        layer for layer in model.layers if isinstance(layer, keras.layers.GlobalAveragePooling2D)
    )
    features = keras.Model(model.input, pooling.output).predict_on_batch(pixels)
    assert np.std(expected, axis=0).mean() > 0.1
    np.testing.assert_allclose(features, np.mean(expected, axis=(1, 2)), atol=1e-3)


@pytest.fixture(scope="module")
def vgg16():
    return build_application("VGG16", (32, 32, 3), None)


@pytest.mark.filterwarnings(RANDOM)
@pytest.mark.parametrize(
    ("trainable", "trained"),
    [
        ("head", set()),
        (0, set()),
        (1, {"block5"}),
        (2, {"block4", "block5"}),
        (5, {"block1", "block2", "block3", "block4", "block5"}),
        ("all", {"block1", "block2", "block3", "block4", "block5"}),
    ],
)
def test_head_last_blocks_or_all_are_trained(trainable, trained, vgg16, monkeypatch):
    monkeypatch.setattr(_backbone, "build_application", lambda *_: vgg16)  # build it once
    model = Backbone("VGG16", weights=None, trainable=trainable)((32, 32, 3), 3)
    *body, head = model.layers
    assert {layer.name.split("_")[0] for layer in body if layer.trainable_weights} == trained
    assert len(head.trainable_weights) == 2


def test_blocks_of_a_residual_network_end_at_its_sums(monkeypatch):
    network = build_application("MobileNetV2", (32, 32, 3), None)
    n_sums = sum(isinstance(layer, keras.layers.Add) for layer in network.layers)
    monkeypatch.setattr(_backbone, "build_application", lambda *_: network)
    with pytest.raises(ValueError, match=rf"MobileNetV2 has {n_sums + 1} blocks.*or\s+'all'"):
        Backbone("MobileNetV2", weights=None, trainable=n_sums + 2)((32, 32, 3), 2)


def test_batch_normalisation_with_loaded_weights_is_in_inference_mode(tiny_file, images):
    model = Backbone("TinyNet", weights=tiny_file, dropout=0)((32, 32, 3), 2)
    pixels = images.images[:8].astype(np.float32)
    training, inference = (np.asarray(model(pixels, training=t)) for t in (True, False))
    np.testing.assert_allclose(training, inference, atol=1e-6)
    assert len(model.trainable_weights) == 5  # neither scales nor shifts

    model = Backbone("TinyNet", weights=None, dropout=0)((32, 32, 3), 2)
    training, inference = (np.asarray(model(pixels, training=t)) for t in (True, False))
    assert np.abs(training - inference).max() > 1e-3


@pytest.mark.filterwarnings("ignore:Training ended at epochs")
def test_fit_of_the_head_leaves_the_network_alone(tiny_file, images, tmp_path):
    classifier = SkinLesionClassifier(
        Backbone("TinyNet", weights=tiny_file, trainable="head"),
        learning_rate=0.01,
        epochs=3,
        early_stopping=False,
        random_state=0,
    ).fit(images.images, images.target)
    assert classifier.history_["loss"][-1] < classifier.history_["loss"][0]

    fresh = Backbone("TinyNet", weights=tiny_file)((32, 32, 3), 2)
    for trained, loaded in zip(classifier.model_.layers[:-1], fresh.layers[:-1], strict=True):
        for a, b in zip(trained.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)

    expected = classifier.predict_proba(images.images)
    again = pickle.loads(pickle.dumps(classifier)).predict_proba(images.images)
    np.testing.assert_allclose(again, expected, atol=1e-6)
    classifier.set_params(architecture__trainable=2)
    assert classifier.architecture.trainable == 2


def test_model_with_channels_turned_around_is_saved_and_loaded_in_safe_mode(tmp_path, images):
    model = Backbone("VGG16", weights=None)((32, 32, 3), 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    pixels = images.images[:4].astype(np.float32)
    np.testing.assert_allclose(
        np.asarray(loaded.predict_on_batch(pixels)), np.asarray(model.predict_on_batch(pixels))
    )


def test_name_of_a_network_stands_for_a_backbone_that_is_trained_from_imagenet(images, tiny_file):
    classifier = SkinLesionClassifier(
        "TinyNet", learning_rate=1e-4, epochs=1, early_stopping=False, random_state=0
    ).fit(images.images, images.target)
    assert all(
        layer.trainable
        for layer in classifier.model_.layers
        if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)
    )
    fresh = Backbone("TinyNet", weights="imagenet", trainable="all")((32, 32, 3), 2)
    for trained, loaded in zip(classifier.model_.layers[:-1], fresh.layers[:-1], strict=True):
        for a, b in zip(trained.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-3)
    assert clone(Backbone()).get_params() == Backbone("EfficientNetLite0").get_params()
    with pytest.raises(ValueError, match=r"'MobileNetv3'. Did you mean 'MobileNetV2'\?|Small"):
        SkinLesionClassifier("MobileNetv3").fit(images.images, images.target)


def test_random_weights_that_stay_as_they_are():
    with pytest.warns(UserWarning, match=r"random weights.*weights='imagenet'.*trainable='all'"):
        Backbone("MobileNet", weights=None, trainable="head")((32, 32, 3), 2)


@pytest.mark.parametrize(
    ("parameters", "shape", "message"),
    [
        ({"name": "MobilNet"}, (32, 32, 3), r"backbone 'MobilNet'. Did you mean 'MobileNet'\?"),
        ({"name": "MobileNet"}, (31, 40, 3), "31x40 pixels:.*32x32.*Expected larger images"),
        ({"name": "MobileNet"}, (32, 32, 1), r"shape \(32, 32, 1\). Expected RGB images"),
        ({"name": "VGG16", "weights": None, "trainable": 6}, (32, 32, 3), "VGG16 has 5 blocks"),
        ({"name": "MobileNet", "trainable": "none"}, (32, 32, 3), "'trainable' parameter"),
        ({"trainable": True}, (32, 32, 3), "trainable=True. Expected .* Pass 'all'"),
        ({"trainable": False}, (32, 32, 3), "trainable=False. Expected .* Pass 'head'"),
    ],
)
def test_invalid_parameters_and_shapes(parameters, shape, message):
    with pytest.raises(ValueError, match=message):
        Backbone(**parameters)(shape, 2)


def test_weights_that_do_not_fit(tiny_file, tmp_path):
    with pytest.raises(ValueError, match=r"holds \d+ arrays of weights, but VGG16 has 26.*Choose"):
        Backbone("VGG16", weights=tiny_file)((32, 32, 3), 2)
    narrow = shutil.copy(tiny_file, tmp_path / "narrow.weights.h5")
    with h5py.File(narrow, "r+") as weights:
        del weights["layers/conv2d/vars/0"]
        weights["layers/conv2d/vars/0"] = np.zeros((3, 3, 3, 2), dtype=np.float32)
    with pytest.raises(
        ValueError, match=r"shapes that TinyNet does not have, such as \(.*\)\..*same width"
    ):
        Backbone("TinyNet", weights=str(narrow))((32, 32, 3), 2)
    text = tmp_path / "text.h5"
    text.write_text("no weights")
    with pytest.raises(ValueError, match="is not an HDF5 file"):
        Backbone("MobileNet", weights=text)((32, 32, 3), 2)
    with pytest.raises(FileNotFoundError, match=r"missing.h5.* Expected 'imagenet', None, or"):
        Backbone("MobileNet", weights="missing.h5")((32, 32, 3), 2)


def test_names_by_which_keras_recognises_a_format(tiny_file, tmp_path):
    network = build_application("TinyNet", (32, 32, 3), tiny_file)
    of_keras_2 = tmp_path / "tiny.h5"
    network.save(of_keras_2)
    loaded = build_application("TinyNet", (32, 32, 3), of_keras_2)
    for found, expected in zip(loaded.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    for file, name, message in (
        (tiny_file, "renamed.h5", r"format of Keras 3,.* in '\.weights\.h5'\. Rename"),
        (
            of_keras_2,
            "renamed.weights.h5",
            r"format of Keras 2,.* in '\.h5', but not in '\.wei.*Rena",
        ),
    ):
        renamed = shutil.copy(file, tmp_path / name)
        with pytest.raises(ValueError, match=message):
            Backbone("TinyNet", weights=renamed)((32, 32, 3), 2)


def test_weights_of_a_model_around_the_network(tiny_file, tmp_path):
    network = build_application("TinyNet", (32, 32, 3), tiny_file)
    around = keras.Sequential([network, keras.layers.GlobalAveragePooling2D()])
    around.save_weights(tmp_path / "around.weights.h5")
    with pytest.raises(
        ValueError, match=r"TinyNet in another structure.* of the network itself\.$"
    ):
        Backbone("TinyNet", weights=tmp_path / "around.weights.h5")((32, 32, 3), 2)


@pytest.fixture
def not_downloaded():
    file = "mobilenet_1_0_224_tf_no_top.h5"
    path = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"), "models", file)
    if path.exists():
        pytest.skip("the weights have been downloaded already")
    yield path
    path.unlink(missing_ok=True)


def test_download_without_a_network_says_which_file_and_where_to_put_it(
    monkeypatch, not_downloaded
):
    def fail(*args, **kwargs):
        raise URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    with pytest.raises(
        OSError,
        match=rf"from https://.*{not_downloaded.name}: Name or service not known.* or the file"
        rf" '.*models.*{not_downloaded.name}'.*weights=FILE. 'EfficientNetLite0' needs no",
    ):
        Backbone("MobileNet")((64, 64, 3), 2)


def test_download_without_an_answer_ends_in_seconds(monkeypatch, not_downloaded):
    """As behind a firewall that drops what is sent, where the system waits for minutes."""
    answered = threading.Event()
    monkeypatch.setattr(downloads, "_PATIENCE", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answered.wait(60) and [])
    with pytest.raises(OSError, match=r"MobileNet could not.*: no answer within 0.1 seconds. Exp"):
        Backbone("MobileNet")((64, 64, 3), 2)
    answered.set()


def test_download_of_another_file_than_expected(monkeypatch, not_downloaded):
    """A proxy may answer everything with a page of its own."""
    monkeypatch.setattr(urllib.request, "urlopen", lambda *args, **kwargs: BytesIO())
    monkeypatch.setattr(
        urllib.request, "urlretrieve", lambda _, path, *args: Path(path).write_text("Log in")
    )
    with pytest.raises(OSError, match=r"could not be downloaded from https:.*\. Expected network"):
        Backbone("MobileNet")((64, 64, 3), 2)


@pytest.mark.skipif("SKIN_LESION_DATA" not in os.environ, reason="needs SKIN_LESION_DATA")
def test_imagenet_weights_of_a_real_file():
    path = Path(os.environ["SKIN_LESION_DATA"], "weights/mobilenet_v2_imagenet_notop.weights.h5")
    model = Backbone("MobileNetV2", weights=path, trainable=2)((64, 64, 3), 7)
    trained = [layer.name for layer in model.layers if layer.trainable_weights]
    assert trained[0].startswith("block_15_")
    assert not any("BN" in name for name in trained)
    with pytest.raises(ValueError, match=r"but MobileNet has.*its name suggests MobileNetV2"):
        Backbone("MobileNet", weights=path)((64, 64, 3), 2)


@pytest.mark.parametrize("n_classes", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_head_comes_first(n_classes, tiny_file):
    lesions = make_lesion_images(30, n_classes=n_classes, image_size=(32, 32), random_state=0)
    backbone = Backbone("TinyNet", weights=tiny_file)
    classifier = SkinLesionClassifier(
        backbone, learning_rate=1e-12, epochs=1, early_stopping=False, random_state=0
    ).fit(lesions.images, lesions.target)

    embedder = ImageEmbedder(backbone, engine="keras")
    features = embedder.fit_transform(lesions.images)
    probe = LogisticRegression(C=0.01).fit(features, lesions.target)
    np.testing.assert_allclose(
        classifier.predict_proba(lesions.images), probe.predict_proba(features), atol=0.01
    )


def test_the_head_comes_first_in_partial_fit_too(tiny_file, images):
    def fit(method):
        classifier = SkinLesionClassifier(
            Backbone("TinyNet", weights=tiny_file, trainable="head", dropout=0.0),
            learning_rate=1e-12,
            epochs=1,
            early_stopping=False,
            random_state=0,
        )
        return getattr(classifier, method)(images.images, images.target)

    expected = fit("fit").predict_proba(images.images)
    found = fit("partial_fit").predict_proba(images.images)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("n_classes", [pytest.param(2, marks=pytest.mark.slow), 3])
def test_class_that_the_head_has_not_seen(n_classes, tiny_file):
    lesions = make_lesion_images(30, n_classes=n_classes, image_size=(32, 32), random_state=0)
    names = lesions.target_names.tolist()
    classifier = SkinLesionClassifier(
        Backbone("TinyNet", weights=tiny_file, trainable="head"),
        learning_rate=1e-9,
        epochs=1,
        early_stopping=False,
        random_state=0,
    )
    weighted = classifier.set_params(class_weight={**dict.fromkeys(names, 1.0), names[0]: 0.0})
    weighted.fit(lesions.images, lesions.target)
    rare = [weighted.predict_proba(lesions.images)[:, 0]]
    seen = lesions.target != names[0]
    later = classifier.set_params(class_weight=None)
    later = clone(later).partial_fit(lesions.images[seen], lesions.target[seen], classes=names)
    rare.append(later.predict_proba(lesions.images)[:, 0])
    assert np.isfinite(rare).all()
    assert np.max(rare) < 1
    if n_classes == 3:  # of two, there was nothing to tell apart, and the head stayed as it was
        assert 0 < np.min(rare) < np.max(rare) < 0.2


def test_a_fit_that_goes_on_keeps_its_head(tiny_file, images):
    classifier = SkinLesionClassifier(
        Backbone("TinyNet", weights=tiny_file, trainable="head"),
        learning_rate=0.1,
        epochs=1,
        early_stopping=False,
        warm_start=True,
        random_state=0,
    ).fit(images.images, images.target)
    first = classifier.predict_proba(images.images)

    classifier.set_params(learning_rate=1e-12)
    classifier.fit(images.images, images.target)
    np.testing.assert_allclose(classifier.predict_proba(images.images), first, atol=1e-6)
