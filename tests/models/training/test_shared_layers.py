"""Layers that an architecture hands out twice: two networks would train each other's weights."""

import functools
import gc

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from skin_lesion.models._training.build_model import _VARIABLES_OF_NETWORKS

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
def test_a_second_fit_is_refused_and_the_first_stays(smallest, lesions, make):
    first = smallest(architecture=make(), epochs=1).fit(lesions.images, lesions.target)
    expected = first.predict_proba(lesions.images)
    second = smallest(architecture=first.architecture, epochs=1)
    for classifier, method in [(second, "fit"), (second, "partial_fit"), (first, "fit")]:
        with pytest.raises(ValueError, match=r"conv2d.*/kernel' would change in both.*Build or"):
            getattr(classifier, method)(lesions.images, lesions.target)
    np.testing.assert_array_equal(first.predict_proba(lesions.images), expected)


def test_folds_of_a_cross_validation(smallest, lesions):
    classifier = smallest(architecture=keeping(), epochs=1)
    with pytest.raises(ValueError, match="architecture returned layers of an earlier network"):
        cross_val_predict(classifier, lesions.images, lesions.target, cv=2)
    # scikit-learn copies objects, and what they keep.
    classifier = smallest(architecture=Keeping(), epochs=1)
    fold, other = (clone(classifier) for _ in range(2))
    fold.fit(lesions.images, lesions.target)
    expected = fold.predict_proba(lesions.images)
    other.fit(lesions.images[::2], lesions.target[::2])
    np.testing.assert_array_equal(fold.predict_proba(lesions.images), expected)


def test_frozen_layers_may_be_shared_until_they_are_trained(smallest, lesions):
    base = make_base(trainable=False)
    build = keeping(base)
    first = smallest(architecture=build, epochs=1).fit(lesions.images, lesions.target)
    expected = first.predict_proba(lesions.images)
    second = smallest(architecture=build, epochs=1).fit(lesions.images, lesions.target)
    np.testing.assert_array_equal(second.predict_proba(lesions.images), expected)
    base.layers[0].trainable = True
    with pytest.raises(ValueError, match="returned layers of an earlier network, and trains them"):
        smallest(architecture=build).fit(lesions.images, lesions.target)


@pytest.mark.parametrize("make", [keeping, cached])
def test_a_classifier_goes_on_with_its_own_layers(smallest, lesions, make):
    classifier = smallest(architecture=make(), epochs=1, warm_start=True)
    classifier.fit(lesions.images, lesions.target)
    kernel = np.array(classifier.model_.layers[1].get_weights()[0])
    classifier.set_params(learning_rate=1e-9).fit(lesions.images, lesions.target)
    np.testing.assert_allclose(classifier.model_.layers[1].get_weights()[0], kernel, atol=1e-6)
    classifier.set_params(loss="focal").partial_fit(lesions.images, lesions.target)
    np.testing.assert_allclose(classifier.model_.layers[1].get_weights()[0], kernel, atol=1e-6)
    assert classifier.n_iter_ == 2


def test_networks_are_not_held(smallest, lesions):
    classifier = smallest(epochs=1).fit(lesions.images, lesions.target)
    mine = {id(variable) for variable in classifier.model_.variables}
    assert mine <= set(_VARIABLES_OF_NETWORKS)
    del classifier
    gc.collect()
    assert not mine & set(_VARIABLES_OF_NETWORKS)
