import os
import pickle
import shutil
import time
from pathlib import Path

import h5py
import keras
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skin_lesion import Backbone, HairRemover, ImageEmbedder, ImageLoader, make_lesion_images
from skin_lesion.models._features import embedder as _image_embedder
from skin_lesion.models._features import engine as _feature_engine
from skin_lesion.models._features.engine import open_engine
from skin_lesion.models._networks import onnx_network as _onnx

SIZE = (32, 32)
N_FEATURES = 16


@pytest.fixture(scope="module")
def lesions():
    return make_lesion_images(24, n_classes=2, image_size=SIZE, random_state=0)


@pytest.fixture(scope="module")
def paths(lesions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    paths = [str(folder / f"{number}.png") for number in range(len(lesions.images))]
    for path, image in zip(paths, lesions.images, strict=True):
        Image.fromarray(image).save(path)
        os.utime(path, (time.time() - 60,) * 2)
    return np.array(paths)


@pytest.fixture
def embed(tiny_file):
    """Return a function that makes an embedder with a small backbone."""

    def make(**parameters):
        defaults = {"engine": "keras", "loader": ImageLoader(SIZE)}
        defaults["backbone"] = Backbone("TinyNet", weights=tiny_file)
        return ImageEmbedder(**{**defaults, **parameters})

    return make


@pytest.fixture
def computed(monkeypatch):
    """The number of images in each batch that is computed."""
    sizes = []

    def count(*args):
        compute, *rest = open_engine(*args)
        return lambda images: (sizes.append(len(images)), compute(images))[1], *rest

    monkeypatch.setattr(_image_embedder, "open_engine", count)
    return sizes


def test_features_are_those_of_keras(embed, lesions, tiny_file):
    inputs, shape = keras.Input((32, 32, 3)), (32, 32, 3)
    network = keras.applications.TinyNet(
        include_top=False, weights=None, input_tensor=inputs, input_shape=shape
    )
    network.load_weights(tiny_file)
    pixels = keras.applications.mobilenet.preprocess_input(lesions.images.astype(np.float32))
    maps = np.asarray(network.predict_on_batch(pixels))
    assert maps.std(axis=0).mean() > 0.1

    for pooling, expected in [("avg", maps.mean(axis=(1, 2))), ("max", maps.max(axis=(1, 2)))]:
        features = embed(pooling=pooling).fit_transform(lesions.images)
        assert features.dtype == np.float32
        np.testing.assert_allclose(features, expected, atol=1e-3)


def test_paths_and_images_in_batches_of_any_size(embed, lesions, paths):
    expected = embed().fit_transform(lesions.images)
    for X in (paths, paths.reshape(-1, 1), [Path(path) for path in paths], pd.Series(paths)):
        found = embed(batch_size=5, n_jobs=2).fit_transform(X)
        np.testing.assert_allclose(found, expected, atol=1e-3)
    one = embed().fit(paths).transform(paths[7:8])
    np.testing.assert_allclose(one, expected[7:8], atol=1e-3)


def test_random_weights_are_the_same_wherever_they_are_drawn(embed, lesions):
    fitted = embed(backbone=Backbone("TinyNet", weights=None)).fit(lesions.images)
    expected = fitted.transform(lesions.images)
    assert np.std(expected, axis=0).max() > 0
    open_engine.cache_clear()
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_allclose(again.transform(lesions.images), expected, rtol=1e-4, atol=1e-30)


def test_engines_agree(embed, paths):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    expected = embed(engine="keras").fit_transform(paths)
    found = embed(engine="onnx", batch_size=7).fit_transform(paths)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    # With ONNX Runtime the features of an image depend on no other image.
    alone = np.concatenate(
        [embed(engine="onnx").fit_transform(paths[row : row + 1]) for row in range(3)]
    )
    np.testing.assert_array_equal(alone, found[:3])


def test_network_that_cannot_be_exported(embed, lesions, monkeypatch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")

    def fail(*args):
        raise ValueError("an operation that ONNX has not")

    monkeypatch.setattr(_feature_engine, "export_model", fail)
    open_engine.cache_clear()
    with pytest.warns(UserWarning, match=r"TinyNet cannot be exported.*an operation.*so Keras"):
        found = embed(engine="auto").fit_transform(lesions.images)
    np.testing.assert_array_equal(found, embed().fit_transform(lesions.images))
    with pytest.raises(ValueError, match="an operation"):
        embed(engine="onnx").fit(lesions.images)
    open_engine.cache_clear()


@pytest.mark.slow
@pytest.mark.skipif("SKIN_LESION_DATA" not in os.environ, reason="needs SKIN_LESION_DATA")
def test_features_of_real_weights_are_those_of_keras():
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    path = Path(os.environ["SKIN_LESION_DATA"], "weights/mobilenet_v2_imagenet_notop.weights.h5")
    images = make_lesion_images(8, n_classes=2, image_size=(96, 96), random_state=0).images
    network = keras.applications.MobileNetV2(
        include_top=False, weights=str(path), input_shape=(96, 96, 3), pooling="avg"
    )
    pixels = keras.applications.mobilenet_v2.preprocess_input(images.astype(np.float32))
    expected = np.asarray(network.predict_on_batch(pixels))
    assert expected.std(axis=0).mean() > 0.1
    for engine in ("keras", "onnx"):
        embedder = ImageEmbedder(Backbone("MobileNetV2", weights=path), engine=engine)
        np.testing.assert_allclose(embedder.fit_transform(images), expected, atol=1e-4)


def test_engine_without_the_extra(embed, lesions, monkeypatch):
    monkeypatch.setattr(_onnx, "find_spec", lambda name: None)
    expected = embed(engine="keras").fit_transform(lesions.images)
    open_engine.cache_clear()
    np.testing.assert_array_equal(embed(engine="auto").fit_transform(lesions.images), expected)
    with pytest.raises(ImportError, match=r'onnx and tf2onnx.*pip install "skin_lesion\[onnx\]"'):
        embed(engine="onnx").fit(lesions.images)


def test_backend_that_cannot_export_is_not_asked_for_devices(embed, lesions, monkeypatch):
    """JAX without a GPU raises an error, and with PyTorch Keras has no list."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")  # in name
    monkeypatch.setattr(keras.distribution, "list_devices", None)
    monkeypatch.setattr(_feature_engine, "can_export_and_run", lambda: True)
    open_engine.cache_clear()
    found = embed(engine="auto").fit_transform(lesions.images)
    np.testing.assert_array_equal(found, embed(engine="keras").fit_transform(lesions.images))
    open_engine.cache_clear()


def test_features_are_computed_once_for_each_content(embed, paths, computed, tmp_path):
    cache_dir = tmp_path / "cache"
    expected = embed().fit_transform(paths)
    computed.clear()

    first = embed(cache_dir=cache_dir, batch_size=10).fit_transform(paths)
    np.testing.assert_allclose(first, expected, atol=1e-3)
    assert computed == [10, 10, 4]
    again = pickle.loads(pickle.dumps(embed(cache_dir=cache_dir).fit(paths)))
    np.testing.assert_array_equal(again.transform(paths[::-1]), first[::-1])
    copy = shutil.copy(paths[3], tmp_path / "copy.png")
    np.testing.assert_array_equal(again.transform([copy]), first[3:4])
    assert computed == [10, 10, 4]

    Image.open(paths[4]).save(copy)
    np.testing.assert_array_equal(again.transform([copy]), first[4:5])
    embed(cache_dir=cache_dir, pooling="max").fit_transform(paths[:6])
    embed(cache_dir=cache_dir, loader=ImageLoader(SIZE, resize="pad")).fit_transform(paths[:6])
    assert computed[3:] == [6, 6]


def test_embedding_goes_on_after_ctrl_c(embed, paths, computed, tmp_path, monkeypatch):
    count = _image_embedder.open_engine

    def interrupt_third(*args):
        compute, *rest = count(*args)

        def compute_or_not(images):
            if len(computed) == 3:
                raise KeyboardInterrupt
            return compute(images)

        return compute_or_not, *rest

    cached = {"cache_dir": tmp_path, "batch_size": 5}
    with monkeypatch.context() as interrupted:
        interrupted.setattr(_image_embedder, "open_engine", interrupt_third)
        with pytest.raises(KeyboardInterrupt):
            embed(**cached).fit_transform(paths)
    assert computed == [5, 5, 5]
    features = embed(**cached).fit_transform(paths)
    assert sum(computed) == len(paths)
    np.testing.assert_allclose(features, embed().fit_transform(paths), atol=1e-3)


def test_file_that_changes_before_its_pixels_are_read(embed, paths, tmp_path, monkeypatch):
    path = tmp_path / "image.png"
    shutil.copy(paths[0], path)
    look_up = _image_embedder.FeatureCache.look_up

    def look_up_and_change(self, item):
        found = look_up(self, item)
        shutil.copy(paths[1], path)
        return found

    embedder = embed(cache_dir=tmp_path / "cache").fit(paths[2:3])
    with monkeypatch.context() as changing:
        changing.setattr(_image_embedder.FeatureCache, "look_up", look_up_and_change)
        embedder.transform([path])
    expected = embed().fit(paths).transform(paths[:2])
    np.testing.assert_allclose(embedder.transform(paths[:2]), expected, atol=1e-3)


def test_images_in_memory_are_cached_too(embed, lesions, computed, tmp_path):
    embedder = embed(cache_dir=tmp_path)
    first = embedder.fit_transform(lesions.images)
    np.testing.assert_array_equal(embedder.transform(lesions.images), first)
    assert sum(computed) == len(first)
    embedder.transform(255 - lesions.images)
    assert sum(computed) == 2 * len(first)


def test_features_are_float32_whatever_the_policy_of_keras(embed, lesions, computed, tmp_path):
    embedder = embed(cache_dir=tmp_path)
    expected = embedder.fit_transform(lesions.images)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        for _ in ("computed", "from the cache"):
            features = embedder.transform(lesions.images)
            assert features.dtype == np.float32
            np.testing.assert_allclose(features, expected, atol=1e-2)
            assert (features != expected).any()  # they are of another precision
    finally:
        keras.config.set_dtype_policy(before)
    np.testing.assert_array_equal(embedder.transform(lesions.images), expected)
    assert computed == [24, 24]


def test_random_weights_of_another_backend_are_others(
    embed, lesions, computed, tmp_path, monkeypatch
):
    embedder = embed(backbone=Backbone("TinyNet", weights=None), cache_dir=tmp_path)
    embedder.fit_transform(lesions.images)
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")  # in name
    embedder.transform(lesions.images)
    assert computed == [24, 24]


def test_file_of_weights_that_changed_is_another(lesions, tiny_file, tmp_path):
    file = shutil.copy(tiny_file, tmp_path)
    embedder = ImageEmbedder(Backbone("TinyNet", weights=file), engine="keras", cache_dir=tmp_path)
    first = embedder.fit_transform(lesions.images)
    with h5py.File(file, "r+") as weights:
        weights["layers/conv2d/vars/0"][...] *= 2
    assert np.abs(embedder.transform(lesions.images) - first).max() > 1e-3


@pytest.mark.parametrize("content", [b"no image", b""])
def test_unreadable_files_are_not_cached(embed, paths, computed, tmp_path, content):
    broken = tmp_path / "broken.png"
    broken.write_bytes(content)
    embedder = embed(cache_dir=tmp_path, loader=ImageLoader(SIZE, on_error="warn")).fit(paths[:1])
    computed.clear()
    for _ in range(2):
        with pytest.warns(UserWarning, match="1 of 1 images cannot be read"):
            embedder.transform([broken])
    assert computed == [1, 1]
    with pytest.raises(ValueError, match=r"broken.png"):
        embed(cache_dir=tmp_path).fit(paths).transform([broken])


def test_unreadable_files_are_counted_in_one_warning(embed, paths, tmp_path):
    for name in ("first.png", "second.png"):
        (tmp_path / name).write_bytes(b"no image")
    X = [tmp_path / "first.png", *paths, tmp_path / "second.png"]
    embedder = embed(loader=ImageLoader(SIZE, on_error="warn"), batch_size=8).fit(paths)
    with pytest.warns(UserWarning, match="2 of 26 images cannot be read and are black") as caught:
        embedder.transform(X)
    assert len(caught) == 1


def test_names_of_features_and_data_frames(embed, paths, lesions):
    embedder = embed().set_output(transform="pandas")
    frame = embedder.fit_transform(pd.DataFrame({"path": paths}, index=range(100, 124)))
    assert frame.index.tolist() == list(range(100, 124))
    assert frame.columns.tolist() == embedder.get_feature_names_out().tolist()
    assert frame.columns[:2].tolist() == ["tinynet_0", "tinynet_1"]
    assert frame.shape == (24, N_FEATURES)
    assert embedder.feature_names_in_.tolist() == ["path"]
    assert not hasattr(embedder.fit(lesions.images), "feature_names_in_")


def test_in_a_pipeline_with_smote_and_in_a_search(embed, lesions, paths, tmp_path, computed):
    few = np.r_[np.flatnonzero(lesions.target == lesions.target[0]), [0]]
    rows = np.unique(np.r_[few, np.flatnonzero(lesions.target != lesions.target[0])[:8]])
    model = make_pipeline(
        embed(cache_dir=tmp_path),
        StandardScaler(),
        SMOTE(k_neighbors=2, random_state=0),
        LogisticRegression(),
    )
    search = GridSearchCV(model, {"logisticregression__C": [1, 100]}, cv=2)
    search.fit(paths[rows].reshape(-1, 1), lesions.target[rows])
    assert search.score(paths[rows], lesions.target[rows]) > 0.8
    assert sum(computed) == len(rows)


def test_joins_metadata_in_a_column_transformer(embed, lesions, paths):
    rng = np.random.RandomState(0)
    frame = pd.DataFrame(
        {
            "path": paths,
            "age": rng.randint(20, 80, len(paths)),
            "sex": rng.choice(["female", "male"], len(paths)),
        }
    )
    for column in ("path", ["path"]):
        columns = ColumnTransformer(
            [
                ("image", embed(), column),
                ("sex", OneHotEncoder(), ["sex"]),
                ("age", "passthrough", ["age"]),
            ]
        )
        model = make_pipeline(columns, StandardScaler(), LogisticRegression())
        model.fit(frame, lesions.target)
        assert columns.fit_transform(frame).shape == (24, N_FEATURES + 2 + 1)
        assert columns.get_feature_names_out()[0] == "image__tinynet_0"
        assert model.score(frame, lesions.target) > 0.8
    with pytest.raises(ValueError, match="age"):
        model.predict(frame.drop(columns="age"))


@pytest.fixture
def two(tiny_file):
    """Two small backbones, of which the first has weights that a file brings."""
    return [Backbone("TinyNet", weights=tiny_file), Backbone("TinyNet", weights=None)]


def test_features_of_several_networks_stand_side_by_side(embed, two, paths, computed, tmp_path):
    expected = [embed(backbone=one).fit_transform(paths) for one in two]
    computed.clear()
    cached = {"cache_dir": tmp_path / "cache", "batch_size": 10}
    joined = embed(backbone=two, **cached).fit(paths)
    found = joined.transform(paths)
    np.testing.assert_allclose(found, np.hstack(expected), rtol=1e-4, atol=1e-3)
    names = joined.get_feature_names_out()
    assert len(set(names)) == found.shape[1] == 2 * N_FEATURES
    assert names[[0, 15, 16]].tolist() == ["tinynet-1_0", "tinynet-1_15", "tinynet-2_0"]
    assert sum(computed) == 2 * len(paths)

    # In the cache each has its own, whatever it is joined with.
    alone = embed(backbone=two[1], **cached).fit_transform(paths)
    np.testing.assert_array_equal(alone, found[:, N_FEATURES:])
    turned = embed(backbone=two[::-1], **cached).fit_transform(paths)
    np.testing.assert_array_equal(turned, np.roll(found, N_FEATURES, axis=1))
    assert sum(computed) == 2 * len(paths)


def test_each_image_is_read_once_for_several_networks(embed, two, paths, tmp_path, monkeypatch):
    embedder = embed(backbone=two, cache_dir=tmp_path, batch_size=5)
    embed(backbone=two[0], cache_dir=tmp_path).fit_transform(paths[:3])
    read = []
    read_batches = _image_embedder.read_batches

    def note(source, rows, batch_size):
        read.extend(rows)
        return read_batches(source, rows, batch_size)

    monkeypatch.setattr(_image_embedder, "read_batches", note)
    found = embedder.fit(paths[:1]).transform(paths)
    assert read == [0, *range(1, len(paths))]
    expected = embed(backbone=two).fit_transform(paths)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_several_networks_are_cloned_set_and_searched(embed, two, lesions):
    embedder = clone(embed(backbone=two))
    assert [one.weights for one in embedder.backbone] == [one.weights for one in two]
    assert embedder.backbone[0] is not two[0]
    model = make_pipeline(embedder, StandardScaler(), LogisticRegression())
    grid = {"imageembedder__backbone": [two[0], two]}
    search = GridSearchCV(model, grid, cv=2).fit(lesions.images, lesions.target)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert embed().set_params(backbone__weights=None).backbone.weights is None
    with pytest.raises(ValueError, match=r"(?s)backbone is \[Backbone.*Pass an object first, such"):
        embedder.set_params(backbone__weights=None)


def test_networks_that_are_none(lesions):
    for wrong in ([], ["MobileNet"], (Backbone(), None)):
        with pytest.raises(TypeError, match=r"backbone=.*Expected a Backbone, or a list of at lea"):
            ImageEmbedder(wrong).fit(lesions.images)
    with pytest.raises(ValueError, match="'backbone' parameter"):
        ImageEmbedder("MobileNet").fit(lesions.images)


def test_common_checks(common_check):
    common_check(ImageEmbedder(Backbone("MobileNet", weights=None)))


def test_clone_and_not_fitted(embed, paths):
    with pytest.raises(NotFittedError):
        embed().transform(paths)
    assert clone(embed(pooling="max")).pooling == "max"


def test_bad_input(embed, lesions, paths, tmp_path):
    with pytest.raises(FileNotFoundError, match="1 of 2 paths"):
        embed().fit(paths).transform([paths[0], "missing.png"])
    with pytest.raises(FileNotFoundError, match=r"missing.h5.*Expected 'imagenet'"):
        ImageEmbedder(Backbone("MobileNet", weights="missing.h5")).fit(lesions.images)
    with pytest.raises(ValueError, match="Expected larger images"):
        ImageEmbedder(Backbone("MobileNet", weights=None), loader=ImageLoader(16)).fit(paths)
    with pytest.raises(ValueError, match="This is one image"):
        embed().fit(lesions.images[0])
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot be used"):
        embed(cache_dir=tmp_path / "file").fit(paths)
    with pytest.raises(ValueError, match="'resize' parameter of ImageLoader"):
        embed(loader=ImageLoader(SIZE, resize="zoom")).fit(paths)
    with pytest.raises(ValueError, match="'width' parameter of HairRemover"):
        embed(loader=ImageLoader(SIZE, preprocess=[HairRemover(width=2)])).fit(paths)
    with pytest.raises(ValueError, match="'on_error' parameter of ImageLoader"):
        embed(loader=ImageLoader(SIZE, on_error="ignore"), cache_dir=tmp_path).fit(paths)
    with pytest.raises(OSError, match="cannot be used"):
        embed(loader=ImageLoader(SIZE, cache_dir=tmp_path / "file")).fit_transform(paths)


def test_images_of_another_shape_than_were_fitted(embed, lesions, paths):
    with pytest.raises(
        ValueError, match=r"shape \(48, 48, 3\), but ImageEmbedder was fitted on .*32"
    ):
        embed().fit(paths).transform(np.zeros((1, 48, 48, 3), dtype=np.uint8))


def test_engines_never_share_features_in_a_cache(embed, paths, computed, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    open_engine.cache_clear()  # of tests without the extra
    by_onnx = embed(engine="auto", cache_dir=tmp_path).fit_transform(paths[:2])
    monkeypatch.setattr(_onnx, "find_spec", lambda name: None)
    open_engine.cache_clear()
    by_keras = embed(engine="auto", cache_dir=tmp_path).fit_transform(paths[:2])
    assert computed == [2, 2]
    assert (by_onnx != by_keras).any()
    again = embed(engine="keras", cache_dir=tmp_path).fit_transform(paths[:2])
    np.testing.assert_array_equal(again, by_keras)
    assert computed == [2, 2]
    open_engine.cache_clear()
