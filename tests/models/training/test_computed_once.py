"""What stays the same in every epoch is computed once, and predictions come without a pipeline."""

import os
import threading
from collections import Counter
from copy import copy
from functools import partial

import keras
import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler

from skin_lesion import (
    AugmentingOverSampler,
    Backbone,
    ConvNet,
    FitCheckpoint,
    ImageAugmenter,
    ImageLoader,
    SkinLesionClassifier,
    load_image_folder,
    make_lesion_images,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Varies nothing. With an augmenter, Keras trains on images that are read anew in every epoch.
UNCHANGED = ImageAugmenter(
    rotation=0,
    width_shift=0,
    height_shift=0,
    zoom=0,
    horizontal_flip=False,
    vertical_flip=False,
    brightness=0,
    contrast=0,
)


@pytest.fixture(scope="module")
def images():
    return make_lesion_images(40, n_classes=2, image_size=(32, 32), random_state=0)


@pytest.fixture
def frozen(tiny_file):
    def make(**parameters):
        defaults = {
            "architecture": Backbone("TinyNet", weights=tiny_file, trainable="head"),
            "learning_rate": 0.01,
            "epochs": 4,
            "batch_size": 16,
            "validation_fraction": 0.2,
            "random_state": 0,
        }
        return SkinLesionClassifier(**{**defaults, **parameters})

    return make


@pytest.fixture
def reads(monkeypatch):
    """How often a loader was given each path."""
    counted = Counter()
    transform = ImageLoader.transform

    def transform_and_count(self, X):
        counted.update(np.ravel(X).tolist())
        return transform(self, X)

    monkeypatch.setattr(ImageLoader, "transform", transform_and_count)
    return counted


@pytest.fixture(scope="module")
def fitted(small, lesions):
    return small(epochs=1).fit(lesions.images, lesions.target)


@pytest.mark.parametrize("batch_size", [2, 20, 32])
def test_a_row_is_predicted_alike_wherever_it_stands(fitted, lesions, batch_size):
    classifier = copy(fitted).set_params(batch_size=batch_size)
    X = lesions.images
    expected = classifier.predict_proba(X)
    by_keras = classifier.model_.predict(X.astype("float32"), verbose=0)
    np.testing.assert_allclose(expected, by_keras, atol=1e-6)
    for n in (2, 31, 33, 65):
        np.testing.assert_array_equal(classifier.predict_proba(X[:n]), expected[:n])
    order = np.random.RandomState(0).permutation(len(X))
    np.testing.assert_array_equal(classifier.predict_proba(X[order]), expected[order])


def test_keras_gets_batches_without_its_pipeline_and_folded_networks(
    images, tiny_file, monkeypatch
):
    """It predicts by predict_on_batch, and neither trains nor computes batch normalisation."""
    used = {"fit": set(), "predict_on_batch": set(), "predict": set()}

    def watch(name):
        call = getattr(keras.Model, name)

        def note(self, *args, **options):
            used[name].add(any("folded" in layer.name for layer in self.layers))
            return call(self, *args, **options)

        monkeypatch.setattr(keras.Model, name, note)

    for name in used:
        watch(name)
    classifier = SkinLesionClassifier(Backbone("TinyNet", weights=tiny_file), epochs=1)
    classifier.fit(images.images, images.target).predict(images.images)
    assert used == {"fit": {True}, "predict_on_batch": {True}, "predict": set()}


def test_a_last_batch_is_not_traced_anew(small, lesions):
    calls = []

    @keras.saving.register_keras_serializable("tests")
    class Counted(keras.layers.Layer):
        def call(self, inputs):
            calls.append(inputs.shape)
            return inputs

    def build(input_shape, n_classes):
        inputs = keras.Input(input_shape)
        network = ConvNet(filters=(2,))(input_shape, n_classes)
        return keras.Model(inputs, network(Counted()(inputs)))

    classifier = small(architecture=build, epochs=1).fit(lesions.images, lesions.target)
    del calls[:]
    classifier.predict(lesions.images[:45])
    if keras.backend.backend() == "tensorflow":
        assert len(calls) == 1


def test_prediction_leaves_no_thread_behind(smallest, lesion_folder, reads, monkeypatch):
    # As if the images were large.
    monkeypatch.setattr("skin_lesion.models._training.batches._PIXELS_OF_BLOCK", 0)
    folder = load_image_folder(lesion_folder, split="train")
    classifier = smallest(loader=ImageLoader((24, 24), n_jobs=2), batch_size=8)
    classifier.fit(folder.data, folder.target)
    before = set(threading.enumerate())
    damaged = folder.data.copy()
    damaged[20] = str(lesion_folder / "no image.png")
    (lesion_folder / "no image.png").write_text("damaged")
    reads.clear()
    with pytest.raises(ValueError, match=r"no image\.png"):
        classifier.predict(damaged)
    assert set(threading.enumerate()) <= before
    assert len(reads) < len(damaged)
    reads.clear()
    classifier.predict(folder.data)
    assert set(reads.values()) == {1}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        pytest.param(
            {"sampler": RandomOverSampler(), "class_weight": "balanced", "dropout": 0.0},
            marks=pytest.mark.slow,
        ),
        pytest.param({"early_stopping": False, "optimizer": "sgd"}, marks=pytest.mark.slow),
        pytest.param(
            {"sampler": AugmentingOverSampler(ImageAugmenter()), "loss": "focal"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["plain", "copies", "all rows", "new images"],
)
def test_a_frozen_head_trains_as_the_whole_network_does(frozen, images, parameters):
    parameters = dict(parameters)
    dropout = parameters.pop("dropout", 0.2)
    y = np.where(np.arange(40) % 5 == 0, "melanoma", "nevus")
    results = []
    for augmenter in (UNCHANGED, None):
        rates = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=10)
        classifier = frozen(augmenter=augmenter, callbacks=[rates], **parameters)
        classifier.set_params(architecture__dropout=dropout)
        results.append(classifier.fit(images.images, y))
    expected, found = results
    assert found.history_.keys() == expected.history_.keys()
    for name, values in expected.history_.items():
        np.testing.assert_allclose(found.history_[name], values, atol=1e-4, err_msg=name)
    assert len(set(found.history_["learning_rate"])) > 2
    assert found.best_epoch_ == expected.best_epoch_
    np.testing.assert_allclose(
        found.predict_proba(images.images), expected.predict_proba(images.images), atol=1e-4
    )


class EndsAtBatch(keras.callbacks.Callback):
    n_batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.n_batches += 1
        if batch == 1:
            self.layers = [layer.name for layer in self.model.layers]
            self.model.stop_training = True


def test_a_frozen_network_sees_each_image_once_and_callbacks_see_the_network(
    frozen, images, tmp_path, reads
):
    paths = [str(tmp_path / f"{number}.png") for number in range(40)]
    for path, image in zip(paths, images.images, strict=True):
        keras.utils.save_img(path, image, scale=False)
    classifier = frozen(loader=ImageLoader((32, 32)), epochs=50, patience=1, learning_rate=0.3)
    classifier.fit(paths, images.target)
    assert classifier.n_iter_ == classifier.best_epoch_ + 1 < 50
    assert set(reads) == set(paths)
    assert set(reads.values()) == {1}

    # In the middle of an epoch, which has four batches.
    ended = classifier.set_params(batch_size=8, callbacks=[EndsAtBatch()])
    ended.fit(images.images, images.target)
    assert ended.callbacks_[0].n_batches == 2
    assert ended.callbacks_[0].layers == [layer.name for layer in ended.model_.layers]
    assert ended.n_iter_ == 1
    ended.set_params(callbacks=None).partial_fit(images.images, images.target)
    assert ended.n_iter_ == 2


class CtrlC(keras.callbacks.Callback):
    """Interrupt the third epoch, as long as it is told to from outside of the fit."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2 and "SKIN_LESION_TEST_GOES_ON" not in os.environ:
            raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:Training was interrupted")
@pytest.mark.parametrize("trainable", [pytest.param("head", marks=pytest.mark.slow), "all"])
def test_a_fit_through_another_network_goes_on_from_its_checkpoint(
    frozen, tiny_file, images, tmp_path, monkeypatch, trainable
):
    backbone = Backbone("TinyNet", weights=tiny_file, trainable=trainable)
    frozen = partial(frozen, architecture=backbone, epochs=3)
    checkpointed = frozen(callbacks=[CtrlC(), FitCheckpoint(tmp_path)])
    with pytest.raises(KeyboardInterrupt):
        checkpointed.fit(images.images, images.target)
    assert checkpointed.n_iter_ == 2
    monkeypatch.setenv("SKIN_LESION_TEST_GOES_ON", "1")
    whole = frozen(callbacks=[CtrlC()]).fit(images.images, images.target)
    checkpointed.fit(images.images, images.target)
    assert checkpointed.history_ == whole.history_
    np.testing.assert_array_equal(
        checkpointed.predict_proba(images.images), whole.predict_proba(images.images)
    )


def test_a_frozen_head_that_is_trained_already_computes_no_features(
    frozen, images, tmp_path, monkeypatch
):
    widths = set()
    predict = keras.Model.predict_on_batch

    def note(self, batch):
        output = predict(self, batch)
        widths.add(output.shape[-1])
        return output

    monkeypatch.setattr(keras.Model, "predict_on_batch", note)
    classifier = frozen(epochs=1, callbacks=[FitCheckpoint(tmp_path)])
    classifier.fit(images.images, images.target)
    n_features = 16
    assert n_features in widths
    history, expected = classifier.history_, classifier.predict_proba(images.images)
    widths.clear()
    classifier.fit(images.images, images.target)
    assert n_features not in widths
    assert classifier.history_ == history
    np.testing.assert_array_equal(classifier.predict_proba(images.images), expected)


@pytest.mark.parametrize(
    "augmenter", [pytest.param(None, marks=pytest.mark.slow), ImageAugmenter()]
)
def test_files_are_decoded_once_a_fit(smallest, lesion_folder, reads, augmenter):
    folder = load_image_folder(lesion_folder, split="train")
    parameters = {"augmenter": augmenter, "early_stopping": True, "epochs": 3, "batch_size": 8}
    loader = ImageLoader((24, 24), n_jobs=2)
    from_files = smallest(loader=loader, **parameters).fit(folder.data, folder.target)
    assert len(reads) == len(folder.data)
    assert set(reads.values()) == {1}
    from_array = smallest(**parameters).fit(loader.transform(folder.data), folder.target)
    assert from_files.history_ == from_array.history_


def test_files_of_a_validation_set_of_ones_own_are_decoded_once(smallest, lesion_folder, reads):
    folder = load_image_folder(lesion_folder)
    is_own = np.isin(folder.groups, np.unique(folder.groups)[:10])
    classifier = smallest(loader=ImageLoader((24, 24), n_jobs=2), epochs=3, batch_size=4)
    classifier.fit(
        folder.data[~is_own],
        folder.target[~is_own],
        X_val=folder.data[is_own],
        y_val=folder.target[is_own],
    )
    assert len(reads) == len(folder.data)
    assert set(reads.values()) == {1}


def test_images_that_find_no_room_are_decoded_in_each_epoch(
    smallest, lesion_folder, reads, monkeypatch
):
    folder = load_image_folder(lesion_folder, split="train")
    monkeypatch.setattr(
        "skin_lesion.models._training.image_source._BYTES_TO_KEEP", 10 * 24 * 24 * 3
    )
    monkeypatch.setenv("OMP_NUM_THREADS", "999")
    classifier = smallest(loader=ImageLoader((24, 24), n_jobs=1), epochs=3)
    classifier.fit(folder.data, folder.target)
    assert Counter(reads.values()) == {1: 10, 3: len(folder.data) - 10}
