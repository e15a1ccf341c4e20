"""Training with fixed batch normalisation folded into convolutions changes nothing but its time."""

import gc
import weakref

import keras
import numpy as np
import pytest

from skin_lesion import Backbone, SkinLesionClassifier, make_lesion_images
from skin_lesion.models._backend.fold_normalization import fold_normalization

IMAGES = np.random.RandomState(0).uniform(0, 255, (4, 32, 32, 3)).astype("float32")
TARGETS = np.eye(2, dtype="float32")[[0, 1, 0, 1]]


def with_statistics(network, fixed=True):
    """Return the network with normalisation that changes what it gets."""
    rng = np.random.RandomState(0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in layer.weights])
            layer.trainable = not fixed
    return network


def build(make, fixed=True):
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.GlobalAveragePooling2D()(make(keras.layers.Rescaling(1 / 255)(inputs)))
    outputs = keras.layers.Dense(2, activation="softmax")(x)
    return with_statistics(keras.Model(inputs, outputs), fixed)


def convolve(x, **options):
    return keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, **options)(x))


def shrink(x):
    x = keras.layers.DepthwiseConv2D(
        3, strides=2, depth_multiplier=2, padding="same", use_bias=False
    )(x)
    return keras.layers.ReLU(6)(keras.layers.BatchNormalization(scale=False, center=False)(x))


def used_twice(x):
    x = keras.layers.Conv2D(4, 3)(x)
    return keras.layers.Concatenate()([x, keras.layers.BatchNormalization()(x)])


def used_by_an_operation(x):
    x = keras.layers.Conv2D(4, 3)(x)
    return keras.ops.add(x, keras.layers.BatchNormalization()(x))


def called_twice(x):
    convolution = keras.layers.Conv2D(4, 1)
    x = keras.layers.BatchNormalization()(convolution(x))
    return convolution(keras.layers.Conv2D(3, 1)(x))


def between_operations(x):
    """MobileNetV3 computes its activations so."""
    x = convolve(x)
    return keras.ops.multiply(x, keras.ops.relu6(x + 3.0))


def count_folded(network):
    folded = fold_normalization(network)
    number = sum("folded" in layer.name for layer in folded.layers)
    assert (folded is network) == (number == 0)
    return number


@pytest.mark.parametrize(
    ("make", "n_folded"),
    [
        (lambda x: convolve(convolve(x, dilation_rate=2), padding="same", groups=2), 2),
        (lambda x: shrink(convolve(x, strides=2, kernel_regularizer="l2")), 2),
        (between_operations, 1),
        (used_twice, 0),
        (used_by_an_operation, 0),
        (called_twice, 0),
        (lambda x: convolve(x, activation="relu"), 0),
        (keras.layers.BatchNormalization(), 0),
    ],
    ids=[
        "convolutions",
        "depthwise",
        "between operations",
        "output used twice",
        "output used by an operation",
        "layer used twice",
        "activation",
        "no convolution",
    ],
)
def test_a_step_of_training_is_the_same(make, n_folded):
    network = build(make)
    assert count_folded(network) == n_folded
    steps = []
    for trained in (network, fold_normalization(network)):
        before = [weight.copy() for weight in network.get_weights()]
        trained.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
        loss = trained.train_on_batch(IMAGES, TARGETS)
        steps.append([loss, trained.predict_on_batch(IMAGES), *network.get_weights()])
        network.set_weights(before)
    assert not all(map(np.array_equal, before, steps[0][2:]))
    for plain, folded in zip(*steps, strict=True):
        np.testing.assert_allclose(folded, plain, rtol=1e-4, atol=1e-5)


def test_normalization_that_is_trained_is_not_folded():
    assert count_folded(build(convolve, fixed=False)) == 0


def test_at_prediction_all_normalization_is_folded():
    network = build(convolve, fixed=False)
    folded = fold_normalization(network, at_prediction=True)
    assert folded is not network
    expected = network.predict_on_batch(IMAGES)
    np.testing.assert_allclose(folded.predict_on_batch(IMAGES), expected, rtol=1e-4)
    with_statistics(network).layers[-1].set_weights([np.ones((4, 2)), np.arange(2)])
    np.testing.assert_allclose(
        folded.predict_on_batch(IMAGES), network.predict_on_batch(IMAGES), rtol=1e-4
    )


def test_half_precision_is_not_folded():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert count_folded(build(convolve)) == 0
    finally:
        keras.config.set_dtype_policy("float32")


def test_the_precision_is_that_of_the_network_whatever_the_global_one():
    network = build(convolve)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        folded = fold_normalization(network)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(
        folded.predict_on_batch(IMAGES), network.predict_on_batch(IMAGES), rtol=1e-4
    )


def test_the_optimizer_of_a_compiled_network_is_not_copied():
    class Unregistered(keras.optimizers.SGD):
        """Keras could not find it to make a copy."""

    network = build(convolve)
    network.compile(Unregistered(0.1), "categorical_crossentropy")
    assert not fold_normalization(network, at_prediction=True).compiled


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("is_folded", [False, True])
def test_a_network_that_predicted_is_let_go(smallest, tiny_file, is_folded):
    images = make_lesion_images(20, n_classes=2, image_size=(32, 32), random_state=0)
    model = smallest(epochs=1)
    if is_folded:
        model.set_params(architecture=Backbone("TinyNet", weights=tiny_file), learning_rate="auto")
    model.fit(images.images, images.target)
    model.predict(images.images)
    network = weakref.ref(model.model_)
    del model
    gc.collect()
    assert network() is None


def test_the_network_of_a_fit_has_only_layers_of_keras(tiny_file):
    images = make_lesion_images(20, n_classes=2, image_size=(32, 32), random_state=0)
    model = SkinLesionClassifier(Backbone("TinyNet", weights=tiny_file), epochs=1, random_state=0)
    model.fit(images.images, images.target)
    assert {type(layer).__module__.split(".")[0] for layer in model.model_.layers} == {"keras"}
    assert not any("folded" in layer.name for layer in model.model_.layers)


def test_a_fit_that_keras_restores_goes_on_at_its_epoch(tiny_file, tmp_path):
    images = make_lesion_images(20, n_classes=2, image_size=(32, 32), random_state=0)
    trained = []

    def stop(epoch, logs):
        trained.append(epoch)
        if len(trained) == 2:
            raise KeyboardInterrupt

    def fit():
        callbacks = [
            keras.callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False),
            keras.callbacks.LambdaCallback(on_epoch_begin=stop),
        ]
        backbone = Backbone("TinyNet", weights=tiny_file)
        model = SkinLesionClassifier(backbone, epochs=3, callbacks=callbacks, random_state=0)
        return model.fit(images.images, images.target)

    with pytest.warns(UserWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
        fit()
    fit()
    assert trained == [0, 1, 1, 2]
