"""Layers that an architecture keeps: the networks of two fits would train each other's weights."""

import functools
import gc
import weakref

import keras
import numpy as np
import pytest
from sklearn.model_selection import cross_val_predict

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def around(base, input_shape, n_classes):
    pixels = [keras.Input(input_shape), keras.layers.Rescaling(1 / 32, -4)]
    output = keras.layers.Dense(n_classes, activation="softmax")
    return keras.Sequential([*pixels, base, keras.layers.Flatten(), output])


def make_base(**options):
    return keras.Sequential([keras.layers.Conv2D(2, 5, strides=5, **options)])


def keeping(base=None):
    base = base or make_base()

    def build(input_shape, n_classes):
        return around(base, input_shape, n_classes)

    return build


def cached():
    @functools.cache
    def build(input_shape, n_classes):
        return around(make_base(), input_shape, n_classes)

    return build


def of_layers():
    """Return a function that keeps no model, but the layers of one."""
    base = make_base()

    def build(input_shape, n_classes):
        network = around(base, input_shape, n_classes)
        output = keras.layers.Dense(n_classes, activation="softmax")
        return keras.Model(network.inputs[0], output(network.layers[-1].input))

    return build


class Keeping:
    def __init__(self):
        self.base = make_base()

    def __call__(self, input_shape, n_classes):
        return around(self.base, input_shape, n_classes)


@pytest.mark.parametrize("make", [keeping, cached, of_layers, Keeping])
def test_layers_that_are_kept_are_refused(smallest, lesions, make):
    # In the first fit: its clones, and those in other processes, would copy layers that it trained.
    for method in ("fit", "partial_fit"):
        classifier = smallest(architecture=make())
        with pytest.raises(ValueError, match=r"conv2d.*/kernel' would change in both.*Build or"):
            getattr(classifier, method)(lesions.images, lesions.target)


def test_layers_that_are_kept_after_a_fit_are_refused(smallest, lesions, linear):
    classifier = smallest(architecture=linear, epochs=1, warm_start=True)
    classifier.fit(lesions.images, lesions.target)
    network = classifier.model_
    expected = network.get_weights()
    classifier.set_params(architecture=lambda *_: network)
    with pytest.raises(ValueError, match="returned the same layers in two calls"):
        classifier.fit(lesions.images, lesions.target)
    assert classifier.model_ is network
    for one, other in zip(network.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_folds_of_a_cross_validation(smallest, lesions):
    classifier = smallest(architecture=keeping(), epochs=1)
    with pytest.raises(ValueError, match="architecture returned the same layers in two calls"):
        cross_val_predict(classifier, lesions.images, lesions.target, cv=2)


def test_frozen_layers_may_be_shared_until_they_are_trained(smallest, lesions):
    base = make_base(trainable=False)
    build = keeping(base)
    first = smallest(architecture=build, epochs=1).fit(lesions.images, lesions.target)
    expected = first.predict_proba(lesions.images)
    second = smallest(architecture=build, epochs=1).fit(lesions.images, lesions.target)
    np.testing.assert_array_equal(second.predict_proba(lesions.images), expected)
    base.layers[0].trainable = True
    with pytest.raises(ValueError, match="returned the same layers in two calls, and trains them"):
        smallest(architecture=build).fit(lesions.images, lesions.target)


def test_the_second_network_is_not_held(smallest, lesions, linear):
    built = []

    def build(input_shape, n_classes):
        network = linear(input_shape, n_classes)
        built.append(weakref.ref(network))
        return network

    classifier = smallest(architecture=build, epochs=1).fit(lesions.images, lesions.target)
    gc.collect()
    assert [network() for network in built] == [classifier.model_, None]
