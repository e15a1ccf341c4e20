"""What a fit takes: memory, threads and time, and what it gives back."""

import gc
import logging
import os
import subprocess
import sys
import threading
import time
import tracemalloc
import weakref
from collections import Counter, defaultdict
from importlib import import_module

import keras
import numpy as np
import pytest

from skin_lesion import (
    ImageAugmenter,
    ImageLoader,
    load_image_folder,
    make_lesion_images,
)
from skin_lesion.models._backend import tensorflow_private
from skin_lesion.models._backend.memory import forget_traces

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

MIB = 2**20
PIXELS_OF_BLOCK = "skin_lesion.models._training.batches._PIXELS_OF_BLOCK"


class SlowSource:
    """Images that take a while to read, and note who read them and when."""

    n_readers = 3

    def __init__(self, n):
        self.n = n
        self.reads = []
        self.threads = set()

    def take(self, rows):
        self.reads.append(rows.tolist())
        self.threads.add(threading.current_thread().name)
        time.sleep(0.02)
        return np.repeat(rows.astype(np.uint8), 4).reshape(-1, 2, 2, 1)


def names_of_threads():
    return {thread.name for thread in threading.enumerate()}


def test_batches_are_read_ahead_and_only_a_few_of_them():
    from skin_lesion.models._training.batches import ImageBatches

    source = SlowSource(40)
    before = names_of_threads()
    batches = ImageBatches(source, np.arange(40), batch_size=2)
    with batches.in_use():
        (first,) = batches[0]
        assert first[:, 0, 0, 0].tolist() == [0, 1]
        time.sleep(0.2)
        assert sorted(source.reads) == [[0, 1], [2, 3], [4, 5], [6, 7]]
        assert len(source.threads) > 1
        rest = np.concatenate([batches[index][0][:, 0, 0, 0] for index in range(1, 20)])
        assert rest.tolist() == list(range(2, 40))
        # Keras looks at the first two before it begins with the first: neither is read twice.
        batches.start_epoch(0)
        del source.reads[:]
        for index in (0, 1, 0, 1, 2):
            batches[index]
        assert names_of_threads() - before
    # Others' threads may have ended meanwhile.
    assert names_of_threads() <= before
    assert sorted(source.reads) == sorted({tuple(rows): rows for rows in source.reads}.values())


def test_few_batches_are_held_in_every_epoch(smallest, lesions, monkeypatch):
    from skin_lesion.models._training.batches import ImageBatches
    from skin_lesion.models._training.image_source import ArraySource

    held, most_held, n_reads = defaultdict(set), Counter(), Counter()
    read = ImageBatches._read_places

    def read_and_count(self, places):
        if self.targets is None:
            use = "prediction"
        else:
            use = "validation" if self._seed is None else "training"
        images = read(self, places)
        key = object()
        held[use].add(key)
        weakref.finalize(images, held[use].discard, key)
        most_held[use] = max(most_held[use], len(held[use]))
        n_reads[use] += 1
        return images

    monkeypatch.setattr(ImageBatches, "_read_places", read_and_count)
    monkeypatch.setattr(PIXELS_OF_BLOCK, 0)  # as if the images were large
    classifier = smallest(
        epochs=3, patience=3, early_stopping=True, validation_fraction=0.5, batch_size=2
    )
    classifier.fit(lesions.images, lesions.target).predict(lesions.images)
    assert max(most_held.values()) <= ArraySource(lesions.images).n_readers + 2
    n_held_out = len(classifier.validation_indices_)
    assert n_reads == {
        "training": 3 * np.ceil((90 - n_held_out) / 2),
        "validation": 3 * np.ceil(n_held_out / 2),
        "prediction": np.ceil(90 / 8),
    }


def test_small_images_are_predicted_more_than_a_batch_at_a_time(smallest, lesions, monkeypatch):
    sizes = []
    predict = keras.Model.predict_on_batch

    def note(self, batch):
        sizes.append(len(batch))
        return predict(self, batch)

    classifier = smallest(epochs=1, batch_size=8).fit(lesions.images, lesions.target)
    monkeypatch.setattr(keras.Model, "predict_on_batch", note)
    monkeypatch.setattr("skin_lesion.models._training.image_source.count_workers", lambda _: 2)
    at_once = classifier.predict_proba(lesions.images)
    monkeypatch.setattr(PIXELS_OF_BLOCK, 0)
    np.testing.assert_array_equal(classifier.predict_proba(lesions.images), at_once)
    assert sizes == [32] * 3 + [8] * 12  # of 90 images, with blocks for both threads that read


def test_number_of_threads_changes_nothing(smallest, lesion_folder):
    folder = load_image_folder(lesion_folder, split="train")
    probabilities = [
        smallest(
            loader=ImageLoader((24, 24), n_jobs=n_jobs),
            augmenter=ImageAugmenter(),
            early_stopping=True,
            batch_size=8,
        )
        .fit(folder.data, folder.target)
        .predict_proba(folder.data)
        for n_jobs in (1, 5)
    ]
    np.testing.assert_array_equal(probabilities[0], probabilities[1])


@pytest.mark.parametrize("is_flat", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_array_is_not_copied(smallest, is_flat):
    X = np.random.RandomState(0).randint(0, 256, (1250, 80, 80, 3), dtype=np.uint8)
    y = np.tile(["melanoma", "nevus"], 625)
    assert X.nbytes > 22 * MIB
    classifier = smallest(early_stopping=True, epochs=1)
    classifier.fit(X[:100], y[:100])  # what is loaded and traced once is no copy
    if is_flat:
        X = X.reshape(len(X), -1)
        classifier.set_params(image_shape=(80, 80))
    tracemalloc.start()
    try:
        classifier.fit(X, y).predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 18 * MIB  # some batches, as floats


def test_images_are_let_go_after_fit_and_predict(smallest):
    lesions = make_lesion_images(60, n_classes=2, image_size=(24, 24), random_state=0)
    images = lesions.images.copy()
    gone = weakref.ref(images)
    smallest(batch_size=8, early_stopping=True).fit(images, lesions.target).predict(images)
    del images
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="of TensorFlow")
def test_kernels_are_released_every_eighth_time(monkeypatch):
    released = []
    monkeypatch.setattr(tensorflow_private, "clear_kernel_cache", lambda: released.append(True))
    for _ in range(16):
        with forget_traces():
            pass
    assert len(released) == 2


FITS = """
import gc, os, warnings
from skin_lesion import ConvNet, SkinLesionClassifier, make_lesion_images

warnings.simplefilter("ignore")
lesions = make_lesion_images(64, n_classes=3, image_size=(24, 24), random_state=0)
classifier = SkinLesionClassifier(ConvNet(filters=(8,)), epochs=1, early_stopping=False)

def fit(times):
    for _ in range(times):
        classifier.fit(lesions.images, lesions.target).predict(lesions.images)
    gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    print(len(gc.get_objects()), pages * os.sysconf("SC_PAGE_SIZE"))

fit(5)
fit(20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
def test_memory_is_flat_over_20_fits():
    # In a process of its own: what other tests leave and take is none of its business.
    process = subprocess.run(
        [sys.executable, "-c", FITS], capture_output=True, text=True, check=True
    )
    before, after = (np.array(line.split(), int) for line in process.stdout.splitlines()[-2:])
    objects, memory = after - before
    # Each fit used to leave 15,000 objects and 10 MB behind.
    assert objects < 20 * 50
    assert memory < 40 * MIB


@pytest.mark.parametrize(
    ("told", "expected"), [(None, 8), ("2", 2), ("3,1", 3), ("99", 8), ("0", 8), ("all", 8)]
)
def test_cores_of_a_process(monkeypatch, told, expected):
    from skin_lesion._utils import read_ahead

    monkeypatch.setattr(read_ahead, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert read_ahead.n_own_cores() == expected


def test_threads_that_the_user_gave_tensorflow_stay(monkeypatch):
    from skin_lesion.models._backend import threads as _cores

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS", raising=False)
    _cores.limit_backend_threads()
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "7"
    assert os.environ["TF_NUM_INTEROP_THREADS"] == "1"


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="of TensorFlow")
def test_tensorflow_says_nothing_of_retracing(smallest, monkeypatch):
    # Otherwise it warns from the fifth trace on, and no more than twice in a process.
    tracing = import_module("tensorflow.python.eager.polymorphic_function.polymorphic_function")
    monkeypatch.setattr(tracing, "FREQUENT_TRACING_WARNING_THRESHOLD", 1)
    monkeypatch.setattr(tracing, "FREQUENT_TRACING_WARNING_MAX_WARNING_PER_DETECTOR", 1000)
    lesions = make_lesion_images(10, n_classes=2, image_size=(16, 16), random_state=0)
    records = []
    logger, handler = logging.getLogger("tensorflow"), logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    try:
        model = smallest(epochs=1)
        model.fit(lesions.images, lesions.target).predict(lesions.images)
        logger.warning("of something else")
    finally:
        logger.removeHandler(handler)
    assert [record.getMessage() for record in records] == ["of something else"]
