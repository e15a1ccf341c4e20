"""Small lesions and a classifier that learns them in a second or two."""

import keras
import pytest

from skin_lesion import ConvNet, SkinLesionClassifier, make_lesion_images, write_lesion_folder


@pytest.fixture(scope="session")
def lesions():
    return make_lesion_images(
        90, n_classes=3, images_per_lesion=1.5, image_size=(24, 24), random_state=0
    )


@pytest.fixture(scope="session")
def lesion_folder(tmp_path_factory):
    return write_lesion_folder(
        tmp_path_factory.mktemp("lesions") / "root",
        60,
        n_classes=2,
        image_size=(24, 24),
        random_state=0,
    )


@pytest.fixture(scope="session")
def small():
    """Return a function that makes a small, fast classifier, of which nothing is automatic."""

    def make(**parameters):
        defaults = {
            "architecture": ConvNet(filters=(8,)),
            "learning_rate": None,
            "class_weight": None,
            "prior": None,
            "epochs": 2,
            "early_stopping": False,
            "augmenter": None,
            "random_state": 0,
        }
        return SkinLesionClassifier(**{**defaults, **parameters})

    return make


@pytest.fixture(scope="session")
def mobilenet_file(tmp_path_factory):
    """Weights of a MobileNet, as Keras saves them, that tell images of 32 pixels apart.

    They are random, but for the batch normalisation, which knows its inputs: with random weights
    alone the features vanish.
    """
    network = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3))
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    images = make_lesion_images(64, n_classes=2, image_size=(32, 32), random_state=1).images
    network(images.astype("float32") / 127.5 - 1, training=True)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    network.save_weights(path)
    return path
