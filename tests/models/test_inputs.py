"""X in all its forms: arrays, rows, paths."""

import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skin_lesion import (
    AugmentingOverSampler,
    ConvNet,
    ImageAugmenter,
    ImageLoader,
    TestTimeAugmentation,
    load_image_folder,
)

SIZE = (24, 24)


@pytest.fixture(scope="module")
def folder(lesion_folder):
    return load_image_folder(lesion_folder, split="train")


@pytest.fixture(scope="module")
def fitted(smallest, lesions):
    return smallest(epochs=1).fit(lesions.images, lesions.target)


def test_pixels_as_integers_floats_and_rows_are_one(smallest, lesions):
    uint8 = smallest().fit(lesions.images, lesions.target)
    expected = uint8.predict_proba(lesions.images)
    for images in (lesions.images.astype(np.float64), lesions.images.astype(np.int64)):
        other = smallest().fit(images, lesions.target)
        np.testing.assert_allclose(other.predict_proba(images), expected, atol=1e-6)
    rows = lesions.images.reshape(90, -1)
    for shape in (SIZE, (*SIZE, 3)):
        flat = smallest(image_shape=shape).fit(rows, lesions.target)
        np.testing.assert_allclose(flat.predict_proba(rows), expected, atol=1e-6)
        assert flat.n_features_in_ == 24 * 24 * 3


def test_unreadable_files_are_counted_in_one_warning(smallest, folder, tmp_path):
    paths = folder.data[:40].copy()
    for row in (3, 30):
        paths[row] = str(tmp_path / f"{row}.jpg")
        Path(paths[row, 0]).write_bytes(b"no image")
    loader = ImageLoader(SIZE, on_error="warn")
    classifier = smallest(loader=loader, batch_size=8, epochs=2)
    augmenting = TestTimeAugmentation(classifier, n_augmentations=1, random_state=0)
    calls = [
        partial(classifier.fit, y=folder.target[:40]),
        classifier.predict_proba,
        partial(augmenting.fit, y=folder.target[:40]),
        augmenting.predict_proba,
        partial(classifier.partial_fit, y=folder.target[:40]),
    ]
    message = r"2 of 40 images cannot be read and are black. '.*3.jpg' cannot .*30.jpg' cannot"
    for call in calls:
        with pytest.warns(UserWarning, match=message) as caught:
            call(X=paths)
        assert len(caught) == 1


def test_rows_without_a_shape_are_features_of_any_scale(small):
    rng = np.random.RandomState(0)
    y = np.repeat(["benign", "malignant"], 60)
    X = rng.normal(size=(120, 4)) * 1e-3
    X[y == "malignant", 2] += 2e-3
    network = ConvNet(filters=(32, 64))  # enough to tell columns apart by their place
    classifier = small(architecture=network, epochs=20, learning_rate=0.01).fit(X, y)
    assert classifier.model_.input_shape == (None, 1, 4, 1)
    assert classifier.score(X, y) > 0.75


def test_features_are_brought_to_the_range_of_pixels():
    from skin_lesion.models._training.build_model import build_model
    from skin_lesion.models._training.image_source import FeatureSource

    n = 1200  # more than a block of rows
    X = np.random.RandomState(0).normal([0, 1e3, -5], [1e-9, 1, 100], size=(n, 3))
    X = np.column_stack([X, np.full(n, 0.1)])  # the last is constant
    images = X.reshape(n, 1, 4, 1)
    scale = FeatureSource(images).feature_scale(np.arange(n))
    model = build_model(ConvNet(), (1, 4, 1), 2, scale, "adam", None, "crossentropy", 0)
    scaled = np.asarray(model.layers[1](images.astype(np.float32)))
    np.testing.assert_allclose(scaled.mean(axis=0).ravel(), 127.5, atol=0.01)
    np.testing.assert_allclose(scaled.std(axis=0).ravel(), [64, 64, 64, 0], atol=0.01)


def test_rows_without_weight_do_not_scale_features(smallest):
    X = np.random.RandomState(0).normal(size=(100, 3))
    X[80:, 1] = 1e6  # for a value that is unknown
    weight = np.repeat([1.0, 0.0], [80, 20])
    y = np.tile(["benign", "malignant"], 50)
    for method in ("fit", "partial_fit"):
        classifier = smallest(epochs=1)
        getattr(classifier, method)(X, y, sample_weight=weight)
        images = X[:80].reshape(80, 1, 3, 1).astype(np.float32)
        scaled = np.asarray(classifier.model_.layers[1](images))
        np.testing.assert_allclose(scaled.std(axis=0).ravel(), [64, 64, 64], rtol=1e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_validation_rows_do_not_scale_features(smallest):
    X = np.random.RandomState(0).normal(size=(100, 3))
    y = np.tile(["benign", "malignant"], 50)
    classifier = smallest(epochs=1, early_stopping=True).fit(X, y)
    trained = np.delete(X, classifier.validation_indices_, axis=0)
    images = trained.reshape(-1, 1, 3, 1).astype(np.float32)
    scaled = np.asarray(classifier.model_.layers[1](images))
    assert len(trained) < 100
    np.testing.assert_allclose(scaled.mean(axis=0).ravel(), 127.5, rtol=1e-4)


@pytest.mark.parametrize(
    "parameters", [{"augmenter": ImageAugmenter()}, {"sampler": AugmentingOverSampler()}]
)
def test_features_are_not_augmented(smallest, parameters):
    X = np.random.RandomState(0).randint(256, size=(40, 12)).astype(float)
    y = np.repeat(["benign", "malignant"], [30, 10])
    with pytest.raises(ValueError, match=r"X has rows of features.*set image_shape.*RandomOver"):
        smallest(**parameters).fit(X, y)
    pixels = smallest(**parameters, image_shape=(2, 2), epochs=1).fit(X, y)
    assert pixels.predict(X).shape == (40,)


def test_sums_of_half_precision_features_do_not_overflow(smallest):
    X = np.random.RandomState(0).normal(500, 50, size=(200, 4)).astype(np.float16)
    classifier = smallest(epochs=1).fit(X, np.tile(["benign", "malignant"], 100))
    assert np.ptp(classifier.predict_proba(X)[:, 0]) > 0.1


def test_paths_in_all_forms_equal_the_loaded_array(smallest, folder):
    loader = ImageLoader(image_size=SIZE)
    images = loader.transform(folder.data)
    expected = smallest().fit(images, folder.target).predict_proba(images)
    classifier = smallest(loader=loader).fit(folder.data, folder.target)
    assert classifier.n_features_in_ == 1
    paths = folder.data[:, 0]
    for X in (
        folder.data,
        paths,
        paths.tolist(),
        [Path(path) for path in paths],
        pd.Series(paths),
        images,
    ):
        np.testing.assert_allclose(classifier.predict_proba(X), expected, atol=1e-6)


def test_data_frame_gives_the_name_of_its_column(smallest, folder):
    frame = folder.frame[["path"]]
    classifier = smallest(loader=ImageLoader(image_size=SIZE), epochs=1).fit(frame, folder.target)
    assert classifier.feature_names_in_.tolist() == ["path"]
    assert classifier.predict(frame).shape == (len(frame),)
    images = classifier.loader.transform(frame)
    assert not hasattr(classifier.fit(images, folder.target), "feature_names_in_")


def test_default_loader_reads_at_224_pixels(smallest, folder):
    classifier = smallest(epochs=1).fit(folder.data, folder.target)
    assert classifier.model_.input_shape == (None, 224, 224, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda X: X[:, :16], r"shape \(16, 24, 3\).*fitted on images of shape \(24, 24, 3\)"),
        (lambda X: X / 255.0, "never exceeds 1"),
        (lambda X: np.moveaxis(X, 3, 1), r"np.moveaxis\(X, 1, 3\)"),
        (lambda X: X[0], r"X\[np.newaxis\]"),
        (lambda X: X[..., 0], "grey"),
        (lambda X: X + np.where(X > 200, np.nan, 0), "NaN"),
        (lambda X: X * 2.0, "Expected pixels from 0 to 255"),
        (lambda X: X[:0], "minimum of 1"),
    ],
)
def test_bad_images_at_predict(fitted, lesions, make, message):
    with pytest.raises(ValueError, match=message):
        fitted.predict(make(lesions.images))


def test_a_black_image_is_predicted_alone_as_in_a_stack(smallest, lesions):
    X = lesions.images.astype(float)
    X[3] = 0
    classifier = smallest(epochs=1).fit(X, lesions.target)
    expected = classifier.predict_proba(X[:8])[3:4]
    np.testing.assert_allclose(classifier.predict_proba(X[3:4]), expected, atol=1e-5)
    rows = smallest(epochs=1, image_shape=(24, 24)).fit(X.reshape(90, -1), lesions.target)
    assert rows.predict_proba(X[3:4].reshape(1, -1)).shape == (1, len(rows.classes_))
    # One of another scale is found among others, too.
    X[5] /= 255
    for mixed in (X[5:6], X[:8]):
        with pytest.raises(ValueError, match="never exceeds 1"):
            classifier.predict(mixed)
    with pytest.raises(ValueError, match="never exceeds 1"):
        smallest().fit(np.zeros_like(X), lesions.target)


def test_image_shape_that_does_not_fit_the_rows(smallest, lesions):
    with pytest.raises(ValueError, match=r"has 1200 values, but rows of X have 1728"):
        smallest(image_shape=(20, 20)).fit(lesions.images.reshape(90, -1), lesions.target)


def test_missing_paths_are_counted_and_the_first_is_named(smallest, folder):
    paths = [*folder.data[:, 0].tolist(), "lost_1.jpg", "lost_2.jpg"]
    with pytest.raises(FileNotFoundError, match=r"2 of \d+ paths .*'lost_1.jpg'"):
        smallest().fit(paths, [*folder.target, "nevus", "nevus"])


def test_unreadable_image_is_named_by_the_loaders_own_error(smallest, folder, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(Path(folder.data[0, 0]).read_bytes()[:300])
    paths = [*folder.data[:, 0], str(broken)]
    y = [*folder.target, folder.target[0]]
    classifier = smallest(loader=ImageLoader(image_size=SIZE))
    with pytest.raises(ValueError, match=r"broken\.jpg") as caught:
        classifier.fit(paths, y)
    assert "tensorflow" not in str(caught.value).lower()
    classifier.fit(folder.data, folder.target)
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        classifier.predict(paths)


def test_images_of_any_size_in_a_folder(smallest, tmp_path):
    rng = np.random.RandomState(0)
    paths = []
    for i, size in enumerate([(40, 30), (25, 60), (31, 31), (100, 24)]):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(rng.randint(0, 255, (*size, 3), dtype=np.uint8)).save(paths[-1])
    classifier = smallest(loader=ImageLoader(image_size=SIZE), epochs=1)
    assert classifier.fit(paths, ["a", "b", "a", "b"]).predict(paths).shape == (4,)


@pytest.mark.parametrize("warm_start", [False, True])
def test_features_that_were_constant_in_the_first_fit_are_named(smallest, warm_start):
    varied = np.random.default_rng(0).normal(size=(40, 4))
    first, y = varied.copy(), np.repeat(["mel", "nv"], 20)
    first[:, [0, 3]] = 1, 2
    model = smallest(epochs=1, warm_start=warm_start)

    def fit(X):
        return model.fit(X, y) if warm_start else model.partial_fit(X, y, classes=["mel", "nv"])

    with warnings.catch_warnings(action="error"):
        fit(first)
        fit(first)
    with pytest.warns(UserWarning, match="features 0, 3 were constant in the first") as caught:
        fit(varied)
    assert caught[0].filename == __file__
