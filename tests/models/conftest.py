"""Small lesions and a classifier that learns them in a second or two."""

import warnings
from functools import partial

import keras
import numpy as np
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
def linear():
    """A network of one layer, for what is asked of a classifier, whatever it trains."""

    def build(input_shape, n_classes):
        layers = keras.layers
        pixels = [keras.Input(input_shape), layers.Rescaling(1 / 32, -4), layers.Flatten()]
        return keras.Sequential([*pixels, layers.Dense(n_classes, activation="softmax")])

    return build


@pytest.fixture(scope="session")
def smallest(small, linear):
    """Return a function that makes the classifier that is built and traced in the least time."""
    return partial(small, architecture=linear, optimizer="sgd")


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
def tiny_file(tmp_path_factory):
    """Weights of TinyNet, which is a network of keras.applications from here on.

    Its three blocks are built and traced in no time. It serves where any backbone does.
    """
    path = tmp_path_factory.mktemp("weights") / "tiny.weights.h5"

    def tiny_net(*, include_top, weights, input_tensor, input_shape):
        x = input_tensor
        for filters in (8, 16, 16):
            x = keras.layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(x)
            x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
        network = keras.Model(keras.utils.get_source_inputs(input_tensor)[0], x)
        if weights == "imagenet":
            network.load_weights(path)
        return network

    tiny_net.__module__ = keras.applications.MobileNet.__module__  # it prepares its pixels likewise
    inputs, shape = keras.Input((32, 32, 3)), (32, 32, 3)
    network = tiny_net(include_top=False, weights=None, input_tensor=inputs, input_shape=shape)
    with warnings.catch_warnings(action="ignore"):  # Keras's, where a test makes them errors
        save_weights(network, path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keras.applications, "TinyNet", tiny_net, raising=False)
        yield path


def save_weights(network, path):
    """Save weights that tell images of 32 pixels apart.

    They are random, the same in each process, but for the batch normalisation, which knows its
    inputs: with random weights alone the features vanish.
    """
    rng = np.random.default_rng(0)
    for kernel in network.trainable_weights:
        if len(kernel.shape) == 4:
            scale = np.sqrt(2 / np.prod(kernel.shape[:3]))
            kernel.assign(scale * rng.standard_normal(kernel.shape))
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    images = make_lesion_images(64, n_classes=2, image_size=(32, 32), random_state=1).images
    network(images.astype("float32") / 127.5 - 1, training=True)
    network.save_weights(path)
    return path
