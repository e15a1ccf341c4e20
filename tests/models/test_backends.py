"""Fit and predict on whichever backend KERAS_BACKEND names."""

import os

import keras
import numpy as np
import pytest

from skin_lesion import ImageAugmenter, ImageLoader, load_image_folder

pytestmark = pytest.mark.backends


def test_runs_on_the_backend_that_was_asked_for():
    assert keras.backend.backend() == os.environ.get("KERAS_BACKEND", "tensorflow")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fit_predict_and_pickle(small, lesion_folder):
    import pickle

    folder = load_image_folder(lesion_folder, split="train")
    classifier = small(
        loader=ImageLoader(image_size=(24, 24)),
        augmenter=ImageAugmenter(),
        early_stopping=True,
        epochs=3,
    ).fit(folder.data, folder.target, groups=folder.groups)
    probabilities = classifier.predict_proba(folder.data)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_allclose(again.predict_proba(folder.data), probabilities, atol=1e-6)
    repeated = small(**classifier.get_params(deep=False))
    repeated.fit(folder.data, folder.target, groups=folder.groups)
    np.testing.assert_allclose(repeated.predict_proba(folder.data), probabilities, atol=1e-5)
