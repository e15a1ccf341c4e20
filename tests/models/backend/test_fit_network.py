"""How the backend reads the batches that a network is trained on."""

import keras
import numpy as np
import pytest

from skin_lesion import Backbone
from skin_lesion.models._backend.fit_network import open_dataset
from skin_lesion.models._training.batches import ImageBatches
from skin_lesion.models._training.image_source import ArraySource

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.skipif(
        keras.backend.backend() != "tensorflow", reason="other backends read batches themselves"
    ),
]


@pytest.mark.parametrize("trainable", [None, pytest.param("all", marks=pytest.mark.slow), "head"])
def test_tensorflow_does_not_tune_the_reading_of_batches(
    trainable, smallest, tiny_file, lesions, monkeypatch
):
    read = []
    fit = keras.Model.fit

    def note(self, x, *, validation_data, **options):
        read.extend([x, validation_data])
        return fit(self, x, validation_data=validation_data, **options)

    monkeypatch.setattr(keras.Model, "fit", note)
    classifier = smallest(early_stopping=True)
    if trainable is not None:
        classifier.set_params(
            architecture=Backbone("TinyNet", weights=tiny_file, trainable=trainable)
        )
    classifier.fit(lesions.images, lesions.target)
    assert len(read) == 2
    assert all(dataset.options().autotune.enabled is False for dataset in read)


def test_a_dataset_has_all_batches_in_each_epoch():
    images = np.arange(7 * 4, dtype=np.uint8).reshape(7, 2, 2, 1)
    batches = ImageBatches(ArraySource(images), np.arange(7), np.eye(7), batch_size=3)
    with batches.in_use():
        dataset = open_dataset(batches)
        assert len(dataset) == 3
        for _ in range(2):
            found = [[part.numpy() for part in batch] for batch in dataset]
            np.testing.assert_array_equal(np.concatenate([x for x, _ in found]), images)
            np.testing.assert_array_equal(np.concatenate([y for _, y in found]), np.eye(7))
