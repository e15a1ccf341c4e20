"""A fitted estimator goes into one file and comes out as it was."""

import copy
import json
import os
import shutil
import subprocess
import sys
import zipfile
from functools import partial
from importlib import import_module
from inspect import signature

import h5py
import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from keras.src.applications import convnext
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    LabelEncoder,
    OneHotEncoder,
    StandardScaler,
)

from skin_lesion import (
    AugmentingOverSampler,
    Backbone,
    BorderCropper,
    ColorConstancy,
    ConvNet,
    HairRemover,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    ImageSampler,
    TestTimeAugmentation,
    load_image_folder,
    load_model,
    save_model,
)
from skin_lesion.models._persistence.allowed_classes import _OF_OTHERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def folder(lesion_folder):
    return load_image_folder(lesion_folder)


@pytest.fixture(scope="module")
def fitted(small, lesions):
    return small(epochs=1).fit(lesions.images, lesions.target)


@pytest.fixture
def assert_same_after_loading(tmp_path):
    """Return a function that saves and loads, and compares what comes out bit by bit."""

    def check(estimator, X, method="predict_proba"):
        save_model(estimator, tmp_path / "estimator.model")
        loaded = load_model(tmp_path / "estimator.model")
        assert os.listdir(tmp_path) == ["estimator.model"]
        assert type(loaded) is type(estimator)
        found, expected = (getattr(each, method)(X) for each in (loaded, estimator))
        if issparse(expected):
            found, expected = found.toarray(), expected.toarray()
        np.testing.assert_array_equal(found, expected)
        return loaded

    return check


@pytest.fixture
def embedder(tiny_file):
    loader = ImageLoader((32, 32))
    return ImageEmbedder(Backbone("TinyNet", weights=tiny_file), loader=loader, engine="keras")


@pytest.mark.backends
def test_classifier_of_images(small, lesions, assert_same_after_loading):
    classifier = small(
        early_stopping=True,
        augmenter=ImageAugmenter(),
        sampler=AugmentingOverSampler(),
        optimizer="sgd",
        random_state=np.random.RandomState(0),
    ).fit(lesions.images, lesions.target)
    loaded = assert_same_after_loading(classifier, lesions.images)
    assert (loaded.predict(lesions.images) == classifier.predict(lesions.images)).all()
    assert loaded.history_ == classifier.history_
    assert loaded.best_epoch_ == classifier.best_epoch_
    assert loaded.classes_.dtype == classifier.classes_.dtype
    state, expected = loaded.random_state.get_state(), classifier.random_state.get_state()
    assert (state[1] == expected[1]).all()
    loaded.fit(lesions.images, lesions.target)


def test_classifier_of_paths_that_cleans(smallest, folder, assert_same_after_loading):
    loader = ImageLoader((24, 24), resize="pad", preprocess=[BorderCropper(), ColorConstancy()])
    classifier = smallest(loader=loader).fit(folder.data, folder.target)
    loaded = assert_same_after_loading(classifier, folder.data)
    assert loaded.loader.preprocess[1].method == classifier.loader.preprocess[1].method


def test_classifier_of_features(smallest, assert_same_after_loading):
    X = pd.DataFrame(np.random.RandomState(0).normal(size=(40, 3)), columns=["a", "b", "c"])
    classifier = smallest().fit(X, np.repeat([1, 2], 20))
    loaded = assert_same_after_loading(classifier, X)
    assert loaded.feature_names_in_.tolist() == ["a", "b", "c"]
    assert loaded.classes_.dtype == classifier.classes_.dtype


def test_backbone(small, lesions, tiny_file, assert_same_after_loading):
    images = lesions.images.repeat(2, axis=1).repeat(2, axis=2)[:20, :32, :32]
    classifier = small(architecture=Backbone("TinyNet", weights=tiny_file), epochs=1)
    loaded = assert_same_after_loading(classifier.fit(images, lesions.target[:20]), images)
    assert loaded.architecture.name == "TinyNet"


def test_network_whose_softmax_is_in_half_precision(smallest, lesions, linear, tmp_path):
    """As in files of half precision that were written before networks ended in float32."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        classifier = smallest(epochs=1).fit(lesions.images, lesions.target)
        save_model(classifier, tmp_path / "model")
        expected = classifier.predict_proba(lesions.images)
    finally:
        keras.config.set_dtype_policy("float32")
    assert classifier.model_.layers[-1].compute_dtype == "bfloat16"
    loaded = load_model(tmp_path / "model")
    np.testing.assert_allclose(loaded.predict_proba(lesions.images), expected, rtol=1e-2)


def scaled_network(input_shape, n_classes):
    inputs = keras.Input(input_shape)
    # The one layer of keras.applications that is its own.
    x = convnext.LayerScale(1.0, input_shape[-1])(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(x))


def test_layer_of_convnext(smallest, lesions, assert_same_after_loading):
    classifier = smallest(architecture=scaled_network, epochs=1)
    classifier.fit(lesions.images, lesions.target)
    assert_same_after_loading(classifier, lesions.images)


def test_pipeline_of_all_steps_of_images(smallest, folder, assert_same_after_loading):
    model = make_pipeline(
        ImageLoader((24, 24)),
        ColorConstancy(),
        HairRemover(),
        BorderCropper(),
        ImageSampler(),
        ImageAugmenter(random_state=0),
        smallest(),
    ).fit(folder.data, folder.target)
    assert_same_after_loading(model, folder.data)


def test_embedder_takes_its_weights_along(folder, embedder, tiny_file, tmp_path):
    model = make_pipeline(embedder, StandardScaler(), SMOTE(random_state=0), LogisticRegression())
    model.fit(folder.data, folder.target)
    hidden = tiny_file.with_name("hidden")
    expected = model.predict_proba(folder.data)
    embedder.set_params(cache_dir=tmp_path / "cache")
    save_model(model, tmp_path / "first")
    tiny_file.rename(hidden)
    try:
        loaded = load_model(tmp_path / "first")
        np.testing.assert_array_equal(loaded.predict_proba(folder.data), expected)
        assert loaded[0].cache_dir is None
        save_model(loaded, tmp_path / "again")
    finally:
        hidden.rename(tiny_file)
    again = load_model(tmp_path / "again")
    np.testing.assert_array_equal(again.predict_proba(folder.data), expected)
    # Of another backbone the weights are another matter.
    again[0].set_params(backbone=Backbone("TinyNet", weights=None))
    assert (again[0].transform(folder.data) != loaded[0].transform(folder.data)).any()


def test_embedder_takes_the_weights_of_several_networks_along(
    folder, embedder, tiny_file, assert_same_after_loading, tmp_path
):
    other = shutil.copy(tiny_file, tiny_file.with_name("other.weights.h5"))
    with h5py.File(other, "r+") as weights:
        weights["layers/conv2d/vars/0"][...] *= 2
    backbones = [Backbone("TinyNet", weights=weights) for weights in (other, None, tiny_file)]
    embedder.set_params(backbone=backbones).fit(folder.data)
    loaded = assert_same_after_loading(embedder, folder.data, method="transform")
    other.unlink()
    names = loaded.get_feature_names_out().tolist()
    assert names == embedder.get_feature_names_out().tolist()
    save_model(loaded, tmp_path / "again")
    again = load_model(tmp_path / "again")
    expected = loaded.transform(folder.data)
    np.testing.assert_array_equal(again.transform(folder.data), expected)
    # Each has its own, in any order.
    turned = again.set_params(backbone=again.backbone[::-1]).transform(folder.data)
    np.testing.assert_array_equal(turned[:, :16], expected[:, 32:])


def test_column_transformer(folder, embedder, assert_same_after_loading):
    rng = np.random.RandomState(0)
    table = pd.DataFrame(
        {
            "path": np.ravel(folder.data),
            "age": np.append(rng.randint(20, 90, 59), np.nan),
            "sex": np.array([*rng.choice(["female", "male"], 59), np.nan], dtype=object),
            "size": rng.rand(60),
        }
    )
    columns = make_column_transformer(
        (embedder, "path"),
        (
            make_pipeline(
                SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
            ),
            ["sex"],
        ),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
        remainder="passthrough",
    )
    model = make_pipeline(columns, LogisticRegression()).fit(table, folder.target)
    assert_same_after_loading(model, table)
    assert_same_after_loading(columns, table, "transform")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda classifier: VotingClassifier([("a", classifier)], voting="soft"),
        lambda classifier: CalibratedClassifierCV(classifier, method="temperature"),
        OneVsRestClassifier,
    ],
    ids=["vote", "calibrate", "one against the rest"],
)
def test_classifier_inside_another(wrap, fitted, lesions, assert_same_after_loading):
    model = wrap(FrozenEstimator(fitted)).fit(lesions.images, lesions.target)
    assert_same_after_loading(model, lesions.images)


def test_average_over_variants(fitted, lesions, assert_same_after_loading):
    model = TestTimeAugmentation(fitted, n_augmentations=2, random_state=0)
    assert_same_after_loading(model, lesions.images)


def test_optimizer_and_callbacks(smallest, lesions, tmp_path):
    callbacks = [keras.callbacks.TerminateOnNaN()]
    classifier = smallest(callbacks=callbacks).fit(lesions.images, lesions.target)
    save_model(classifier, tmp_path / "model")
    assert load_model(tmp_path / "model").callbacks is None
    assert classifier.callbacks is callbacks


def test_callbacks_of_scikit_learn_stay_out_of_the_file(assert_same_after_loading):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brought them")
    rows, labels = np.arange(8.0).reshape(-1, 1), list("abababbb")
    model = LogisticRegression().set_callbacks(callback.ProgressBar()).fit(rows, labels)
    loaded = assert_same_after_loading(model, rows)
    loaded.fit(rows, labels)  # without them


def test_optimizer_object_stays_out_of_the_file(
    small, lesions, tmp_path, assert_same_after_loading
):
    optimizer = keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.01, 10))
    classifier = small(architecture=ConvNet(filters=(4,)), epochs=1, optimizer=optimizer)
    classifier.fit(lesions.images, lesions.target)
    calibrated = CalibratedClassifierCV(FrozenEstimator(classifier), method="temperature")
    assert_same_after_loading(calibrated.fit(lesions.images, lesions.target), lesions.images)
    averaged = TestTimeAugmentation(classifier, n_augmentations=2, random_state=0)
    assert_same_after_loading(averaged, lesions.images)

    save_model(classifier, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.optimizer is None
    assert classifier.optimizer is optimizer
    # Another optimizer in its place would be a silent change.
    with pytest.raises(TypeError, match=r"optimizer is None.*Expected a name") as raised:
        clone(loaded).fit(lesions.images, lesions.target)
    assert "save_model does not save optimizer objects" in str(raised.value)
    assert "set_params(optimizer=...)" in str(raised.value)
    loaded.set_params(optimizer="sgd").fit(lesions.images, lesions.target)


def test_training_does_not_go_on_silently(fitted, lesions, tmp_path):
    save_model(fitted, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    with pytest.raises(ValueError, match=r"loaded from a file.*partial_fit of a clone"):
        loaded.partial_fit(lesions.images, lesions.target)
    with pytest.raises(ValueError, match=r"loaded from a file.*warm_start=False"):
        loaded.set_params(warm_start=True).fit(lesions.images, lesions.target)


def own_network(input_shape, n_classes):
    """A network of layers of Keras: convolutions, a residual, attention."""
    layers = keras.layers
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(4, 3, strides=4, activation="gelu")(layers.Rescaling(1 / 255)(inputs))
    x = layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(4, 1)(x))])
    x = layers.Reshape((-1, 4))(x)
    x = layers.MultiHeadAttention(2, 2)(x, x)
    x = layers.Conv1D(4, 3, activation="relu")(layers.MaxPooling1D()(x))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(n_classes, activation="softmax")(x))


def short_network(input_shape, n_classes, width=4):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Conv2D(width, 3),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


class OwnArchitecture:
    def __call__(self, input_shape, n_classes):
        return short_network(input_shape, n_classes)


class OwnLayer(keras.layers.Layer):
    def call(self, inputs):
        return inputs / 255


def network_with_own_layer(input_shape, n_classes):
    rest = short_network(input_shape, n_classes)
    return keras.Sequential([keras.Input(input_shape), OwnLayer(), rest])


class OwnModel(keras.Model):
    def __init__(self, input_shape, n_classes):
        inside = short_network(input_shape, n_classes)
        super().__init__(inside.inputs, inside.outputs)


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        (own_network, "own_network"),
        (partial(short_network, width=6), "short_network"),
        (OwnArchitecture(), "OwnArchitecture"),
        (lambda *shapes: short_network(*shapes), "<lambda>"),
    ],
)
def test_own_architecture_is_saved_as_its_network(
    architecture, name, smallest, lesions, assert_same_after_loading
):
    classifier = smallest(architecture=architecture, epochs=1)
    classifier.fit(lesions.images, lesions.target)
    loaded = assert_same_after_loading(classifier, lesions.images)
    assert classifier.architecture is architecture
    assert f"{name}'" in repr(loaded)
    message = rf"loaded from a file.* not the code of .*'.*{name}' that built it.*set_params"
    with pytest.raises(ValueError, match=message):
        loaded.fit(lesions.images, lesions.target)


def test_network_of_an_own_architecture_is_saved_again_and_trained_with_its_code(
    smallest, lesions, assert_same_after_loading
):
    classifier = smallest(architecture=short_network, epochs=1)
    classifier.fit(lesions.images, lesions.target)
    loaded = assert_same_after_loading(classifier, lesions.images)
    again = assert_same_after_loading(loaded, lesions.images)
    averaged = TestTimeAugmentation(classifier, n_augmentations=2, random_state=0)
    assert_same_after_loading(averaged, lesions.images)
    expected = loaded.predict_proba(lesions.images)
    message = r"loaded from a file.* not the code of .*'.*short_network' that built it.*set_params"
    for model in (loaded, clone(loaded), again):
        with pytest.raises(ValueError, match=message):
            model.fit(lesions.images, lesions.target)
    # A fit that failed leaves the classifier as it was.
    np.testing.assert_array_equal(loaded.predict_proba(lesions.images), expected)
    loaded.set_params(architecture=short_network).fit(lesions.images, lesions.target)
    assert (loaded.predict(lesions.images) == classifier.predict(lesions.images)).all()


def network_with_a_patched_layer(input_shape, n_classes):
    inputs = keras.Input(input_shape)
    pool = keras.layers.GlobalAveragePooling2D()
    pool.call = lambda images: keras.ops.max(images, axis=(1, 2))
    x = pool(keras.layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(x))


def test_network_that_is_not_what_its_configuration_says(smallest, lesions, tmp_path):
    classifier = smallest(architecture=network_with_a_patched_layer, epochs=1)
    classifier.fit(lesions.images, lesions.target)
    with pytest.raises(ValueError, match="built from its configuration gives different results"):
        save_model(classifier, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def network_with_lambda(input_shape, n_classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.Lambda(keras.ops.square)(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(x))


def test_what_cannot_be_saved_is_named(smallest, lesions, folder, embedder, tmp_path):
    path = tmp_path / "model"
    for architecture, layer in (
        (network_with_lambda, "'Lambda' of 'keras.layers'"),
        (network_with_own_layer, "'OwnLayer' of 'tests"),
        (OwnModel, "OwnModel"),
    ):
        code = smallest(architecture=architecture, epochs=1).fit(lesions.images, lesions.target)
        with pytest.raises(ValueError, match=rf"{layer}.*known to contain no code.*export_onnx"):
            save_model(code, path)
    forest = make_pipeline(embedder, RandomForestClassifier(2)).fit(folder.data, folder.target)
    with pytest.raises(TypeError, match=r"steps\[1\]\[1\] is RandomForestClassifier.*leave that"):
        save_model(forest, path)
    function = make_pipeline(FunctionTransformer(np.sqrt), LogisticRegression())
    with pytest.raises(TypeError, match=r"steps\[0\]\[1\]\.func is <ufunc 'sqrt'>"):
        save_model(function.fit(np.eye(4), [0, 1, 0, 1]), path)
    search = GridSearchCV(LogisticRegression(), {"C": [1]}, cv=2).fit(np.eye(4), [0, 1, 0, 1])
    with pytest.raises(TypeError, match="For a search, save its best_estimator_"):
        save_model(search, path)
    with pytest.raises(NotFittedError):
        save_model(smallest(), path)
    several = OneVsRestClassifier(LogisticRegression()).fit(np.eye(4), np.eye(4, dtype=int))
    with pytest.raises(TypeError, match=r"OneVsRestClassifier predicts several classes"):
        save_model(several, path)
    scaler = StandardScaler().fit(np.eye(4))
    scaler.mean_ = np.ma.masked_array(scaler.mean_)
    with pytest.raises(TypeError, match=r"mean_ is an array: MaskedArray"):
        save_model(scaler, path)
    with pytest.raises(TypeError, match=r"'model', of type str. Expected a fitted estimator"):
        save_model("model", path)
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").touch()
    with pytest.raises(
        NotADirectoryError, match=r"file' is not a folder, so .* Choose another path"
    ):
        save_model(search.best_estimator_, tmp_path / "file" / "folder" / "model")


@pytest.fixture
def plain(tmp_path):
    """A file without a network, and its estimator."""
    estimator = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], list("aabb"))
    save_model(estimator, tmp_path / "plain.model")
    return tmp_path / "plain.model", estimator


def test_file_without_a_network_needs_no_keras(plain):
    code = f"""
import sys
from skin_lesion.models._persistence.save_model import load_model
print(load_model({str(plain[0])!r}).predict([[0.0], [3.0]]).tolist(), "keras" in sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "['a', 'b'] False"


def classes_of_others():
    """Yield the listed classes that need no estimator inside."""
    for module, names in _OF_OTHERS.items():
        for cls in (getattr(import_module(module), name) for name in names.split()):
            parameters = signature(cls).parameters.values()
            if all(parameter.default is not parameter.empty for parameter in parameters):
                yield cls


# SGDClassifier and Perceptron are special: see `_LEFT_OUT`.
@pytest.mark.parametrize(
    "cls",
    [
        cls if cls in (Perceptron, SGDClassifier) else pytest.param(cls, marks=pytest.mark.slow)
        for cls in classes_of_others()
    ],
)
def test_each_class_of_others_can_be_saved(cls, assert_same_after_loading):
    X, y = load_iris(return_X_y=True)
    X, y = X[::3], np.array(["a", "b", "c"])[y[::3]]
    if cls in (LabelBinarizer, LabelEncoder):
        assert_same_after_loading(cls().fit(y), y, "transform")
    elif not cls.__name__.startswith("_"):  # a part of a CalibratedClassifierCV
        few = {"Cs": [1.0], "cv": 2} if cls is LogisticRegressionCV else {}  # of 150 fits
        estimator = cls(**few).fit(X, y)
        methods = ("predict_proba", "predict", "transform")
        assert_same_after_loading(estimator, X, next(m for m in methods if hasattr(cls(), m)))


def test_what_belongs_to_training_is_left_out(assert_same_after_loading):
    X, y = np.random.RandomState(0).normal(size=(20, 2)), ["a", "b"] * 10
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(
            StandardScaler(),
            SMOTE(random_state=0),
            LogisticRegression().set_fit_request(sample_weight=True),
        ).fit(X, y)
        loaded = assert_same_after_loading(model.set_params(memory="a folder"), X)
        assert loaded.memory is None
        assert not hasattr(loaded[1], "nn_k_")
        assert (clone(loaded).fit(X, y).predict(X) == model.predict(X)).all()


def rewrite_manifest(path, change):
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries["manifest.json"])
    change(manifest)
    entries["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("package", ["skin_lesion", "scikit-learn", "keras"])
def test_another_version_is_named(package, plain):
    path, estimator = plain
    rewrite_manifest(path, lambda manifest: manifest["versions"].update({package: "0.0.1"}))
    with pytest.warns(UserWarning, match=rf"plain.model' was saved with {package} 0.0.1 \(here"):
        loaded = load_model(path)
    assert loaded.predict([[3.0]]) == estimator.predict([[3.0]])


def test_a_parameter_that_was_added_since_has_its_default(fitted, lesions, tmp_path):
    older = copy.copy(fitted)
    del older.temperature
    save_model(older, tmp_path / "older.model")
    loaded = load_model(tmp_path / "older.model")
    assert loaded.temperature == 1
    np.testing.assert_array_equal(
        loaded.predict_proba(lesions.images), fitted.predict_proba(lesions.images)
    )


def test_format_of_a_later_version(plain):
    rewrite_manifest(plain[0], lambda manifest: manifest.update(format=2))
    with pytest.raises(
        ValueError, match=r"plain.model' was not opened: it has format 2, of skin.*Install"
    ):
        load_model(plain[0])


def test_wrong_and_damaged_files(plain, tmp_path):
    data = plain[0].read_bytes()
    with pytest.raises(FileNotFoundError, match="missing' does not exist"):
        load_model(tmp_path / "missing")
    with pytest.raises(ValueError, match="is a folder or a special file"):
        load_model(tmp_path)
    damaged = tmp_path / "damaged.model"
    for length in range(0, len(data), 7):
        damaged.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"damaged.model' was not opened: it"):
            load_model(damaged)
    for place in range(0, len(data), 11):
        changed = bytearray(data)
        changed[place] ^= 255
        damaged.write_bytes(changed)
        try:
            loaded = load_model(damaged)
        except ValueError as error:
            assert "damaged.model' was not opened" in str(error)  # noqa: PT017
        else:  # a date, or the like
            np.testing.assert_array_equal(loaded.coef_, plain[1].coef_)


def test_file_is_replaced_at_once(plain, tmp_path, monkeypatch):
    path, estimator = plain
    before = path.read_bytes()
    save_model(estimator, path)
    assert path.read_bytes() == before  # it holds no date

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            save_model(LogisticRegression(C=2).fit([[0], [1]], [0, 1]), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("dump", [joblib.dump, pd.to_pickle], ids=["joblib", "pickle"])
def test_pickles_of_a_loaded_model_work(dump, fitted, lesions, tmp_path):
    save_model(fitted, tmp_path / "model")
    dump(load_model(tmp_path / "model"), tmp_path / "pickle")
    load = joblib.load if dump is joblib.dump else pd.read_pickle
    np.testing.assert_array_equal(
        load(tmp_path / "pickle").predict_proba(lesions.images),
        fitted.predict_proba(lesions.images),
    )
