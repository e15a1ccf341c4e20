"""The features ahead of the last layer of a fitted network."""

import keras
import numpy as np

from skin_lesion.models import LastLayerInput


def test_features_are_those_of_the_network(small, lesions):
    classifier = small(epochs=1).fit(lesions.images, lesions.target)
    network = keras.Model(classifier.model_.input, classifier.model_.layers[-1].input)
    expected = np.asarray(network(lesions.images.astype(np.float32), training=False))
    features = LastLayerInput(classifier)
    for n_images in (1, 45, 90):
        found = features.compute(lesions.images[:n_images])
        assert found.shape == (n_images, expected.shape[1])
        np.testing.assert_allclose(found, expected[:n_images], atol=1e-5)
