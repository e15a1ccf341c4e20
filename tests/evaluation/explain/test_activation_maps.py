"""Maps show where the class is, and depend on what was learnt (Adebayo et al., 2018)."""

import os
from pathlib import Path

import imblearn.pipeline
import keras
import matplotlib
import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skin_lesion import (
    ActivationMapDisplay,
    Backbone,
    ConvNet,
    ImageLoader,
    ImageSampler,
    OperatingPointClassifier,
    PriorCorrectedClassifier,
    SkinLesionClassifier,
    TestTimeAugmentation,
    class_activation_maps,
    load_image_folder,
    write_lesion_folder,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SIDE = 32


def draw_spots(n, seed):
    """Noise with a spot in one of the four corners: red in one class, blue in the other."""
    rng = np.random.default_rng(seed)
    images = rng.integers(100, 140, (n, SIDE, SIDE, 3)).astype(np.uint8)
    y, corners = rng.integers(0, 2, n), rng.integers(0, 2, (n, 2))
    for image, label, corner in zip(images, y, corners, strict=True):
        top, left = 4 + 16 * corner
        image[top : top + 8, left : left + 8, 2 * label] = 255
    return images, np.array(["red", "blue"])[y], corners


def make_classifier(**parameters):
    defaults = {"epochs": 12, "augmenter": None, "batch_size": 16, "random_state": 0}
    return SkinLesionClassifier(ConvNet(filters=(8, 16)), **(defaults | parameters))


@pytest.fixture(scope="module")
def spots():
    return draw_spots(40, seed=1)


@pytest.fixture(scope="module")
def fitted():
    images, y, _ = draw_spots(200, seed=0)
    return make_classifier().fit(images, y)


@pytest.mark.backends
def test_maps_show_where_the_class_is(fitted, spots):
    images, y, corners = spots
    assert fitted.score(images, y) > 0.95
    maps = class_activation_maps(fitted, images)
    assert maps.shape == (40, SIDE, SIDE)
    assert maps.dtype == np.float32
    assert maps.min() == 0
    np.testing.assert_allclose(maps.max(axis=(1, 2)), 1, rtol=1e-6)
    peaks = np.array([np.unravel_index(one.argmax(), one.shape) for one in maps])
    np.testing.assert_array_equal(peaks // (SIDE // 2), corners)


@pytest.mark.backends
def test_maps_of_another_class_are_others(fitted, spots):
    images, y, _ = spots
    predicted = class_activation_maps(fitted, images)
    np.testing.assert_array_equal(class_activation_maps(fitted, images, target=y), predicted)
    other = np.where(y == "red", "blue", "red")
    assert np.abs(class_activation_maps(fitted, images, target=other) - predicted).mean() > 0.1
    of_red = class_activation_maps(fitted, images, target="red")
    np.testing.assert_array_equal(of_red[y == "red"], predicted[y == "red"])


def similarity(maps, others):
    """Mean rank correlation of the maps of each image."""
    pairs = [
        spearmanr(one.ravel(), other.ravel()).statistic
        for one, other in zip(maps, others, strict=True)
        if one.std() and other.std()
    ]
    return np.mean(pairs) if pairs else 0.0


def test_randomised_weights_change_the_maps(fitted, spots):
    """Layer by layer from the output on: the less of what was learnt is left, the less alike."""
    images, y, _ = spots
    maps = class_activation_maps(fitted, images, target=y)
    weights = fitted.model_.get_weights()
    rng = np.random.default_rng(0)
    try:
        layers = [
            layer for layer in fitted.model_.layers if layer.name.startswith(("conv", "dense"))
        ]
        for layer in reversed(layers):
            layer.set_weights(
                [rng.permutation(one.ravel()).reshape(one.shape) for one in layer.get_weights()]
            )
        randomised = class_activation_maps(fitted, images, target=y)
    finally:
        fitted.model_.set_weights(weights)
    assert similarity(maps, randomised) < 0.5
    np.testing.assert_array_equal(class_activation_maps(fitted, images, target=y), maps)


def test_randomised_output_layer_changes_the_maps(fitted, spots):
    images, y, _ = spots
    maps = class_activation_maps(fitted, images, target=y)
    weights = fitted.model_.get_weights()
    try:
        kernel, bias = fitted.model_.layers[-1].get_weights()
        fitted.model_.layers[-1].set_weights([-kernel, bias])
        changed = class_activation_maps(fitted, images, target=y)
    finally:
        fitted.model_.set_weights(weights)
    assert similarity(maps, changed) < 0.2


@pytest.mark.slow  # those of randomised weights say so within a second
def test_labels_at_random_give_other_maps(fitted, spots):
    images, y, _ = spots
    train, labels, _ = draw_spots(200, seed=0)
    shuffled = np.random.default_rng(0).permutation(labels)
    other = make_classifier().fit(train, shuffled)
    maps = class_activation_maps(fitted, images, target=y)
    assert similarity(maps, class_activation_maps(other, images, target=y)) < 0.8


@pytest.mark.filterwarnings("ignore:Training ended at epochs")
def test_paths_through_a_pipeline_and_of_a_classifier(fitted, tmp_path):
    root = write_lesion_folder(tmp_path, 40, n_classes=2, image_size=(24, 24), random_state=0)
    lesions = load_image_folder(root)
    loader = ImageLoader((SIDE, SIDE)).fit(lesions.data)
    maps = class_activation_maps(Pipeline([("load", loader), ("cnn", fitted)]), lesions.data[:5])
    expected = class_activation_maps(fitted, loader.transform(lesions.data[:5]))
    np.testing.assert_array_equal(maps, expected)
    sampled = imblearn.pipeline.Pipeline(
        [("load", loader), ("skip", None), ("balance", ImageSampler()), ("cnn", fitted)]
    )
    np.testing.assert_array_equal(class_activation_maps(sampled, lesions.data[:5]), expected)
    direct = make_classifier(epochs=1, early_stopping=False, loader=ImageLoader((20, 28))).fit(
        lesions.data, lesions.target
    )
    assert class_activation_maps(direct, lesions.data[:5]).shape == (5, 20, 28)


def build_nested(input_shape, n_classes):
    """As a transfer architecture: a network inside, and the softmax as a layer of its own."""
    import keras
    from keras import layers

    inside = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
        ]
    )
    inputs = keras.Input(input_shape)
    x = inside(layers.Rescaling(1 / 127.5, offset=-1)(inputs))
    x = layers.Dense(n_classes)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Softmax()(x))


def test_steps_of_a_frozen_pipeline_run_once(fitted, spots):
    images = spots[0][:4]
    pipeline = Pipeline([("invert", FunctionTransformer(np.invert)), ("classifier", fitted)])
    maps = class_activation_maps(FrozenEstimator(pipeline), images, target="red")
    np.testing.assert_array_equal(maps, class_activation_maps(fitted, ~images, target="red"))


@pytest.mark.backends
def test_maps_of_a_network_inside_a_network(spots):
    images, y, corners = spots
    train, labels, _ = draw_spots(200, seed=0)
    classifier = SkinLesionClassifier(
        build_nested, epochs=15, early_stopping=False, batch_size=16, random_state=0
    ).fit(train, labels)
    assert classifier.score(images, y) > 0.95
    maps = class_activation_maps(classifier, images)
    assert maps.shape == (40, SIDE, SIDE)
    peaks = np.array([np.unravel_index(one.argmax(), one.shape) for one in maps])
    assert (peaks // (SIDE // 2) == corners).all(axis=1).mean() > 0.9


@pytest.mark.slow
@pytest.mark.skipif("SKIN_LESION_DATA" not in os.environ, reason="needs SKIN_LESION_DATA")
def test_maps_of_a_backbone(spots):
    weights = Path(os.environ["SKIN_LESION_DATA"], "weights/mobilenet_v2_imagenet_notop.weights.h5")
    images = np.kron(spots[0][:16], np.ones((1, 2, 2, 1), dtype=np.uint8))  # to maps of 2 x 2
    classifier = SkinLesionClassifier(
        Backbone("MobileNetV2", weights=weights, trainable="head"),
        epochs=1,
        early_stopping=False,
        random_state=0,
    ).fit(images, spots[1][:16])
    red, blue = (class_activation_maps(classifier, images, name) for name in ("red", "blue"))
    assert red.shape == (16, 64, 64)
    assert red.max() == blue.max() == 1
    # Of two classes, what speaks for one speaks against the other.
    assert np.abs(red - blue).mean() > 0.1


def test_maps_of_the_network_inside_an_average_over_variants(fitted, spots):
    images = spots[0][:4]
    averaged = TestTimeAugmentation(fitted, random_state=0)
    expected = class_activation_maps(fitted, images, target="red")
    np.testing.assert_array_equal(class_activation_maps(averaged, images, target="red"), expected)


@pytest.mark.parametrize("wrap", ["operating point", "prior"])
def test_maps_follow_the_class_that_a_wrapper_predicts(fitted, spots, wrap):
    """Where it calls all images red, which the network does not."""
    images, y, _ = spots
    images = images[:6]
    assert set(y[:6]) == {"red", "blue"}
    if wrap == "operating point":
        wrapped = OperatingPointClassifier(fitted, positive="red", threshold=0.0)
    else:
        wrapped = PriorCorrectedClassifier(
            fitted, {"red": 1 - 1e-12, "blue": 1e-12}, class_prior="uniform"
        )
    assert set(wrapped.predict(images)) == {"red"}
    np.testing.assert_array_equal(
        class_activation_maps(wrapped, images), class_activation_maps(fitted, images, target="red")
    )


def test_network_without_maps():
    def build(input_shape, n_classes):
        import keras
        from keras import layers

        inputs = keras.Input(input_shape)
        x = layers.Flatten()(inputs)
        return keras.Model(inputs, layers.Dense(n_classes, activation="softmax")(x))

    images, y, _ = draw_spots(20, seed=0)
    classifier = SkinLesionClassifier(build, epochs=1, early_stopping=False).fit(images, y)
    with pytest.raises(ValueError, match="has no feature maps of more than one pixel"):
        class_activation_maps(classifier, images)


def test_bad_input(fitted, spots):
    images, _, _ = spots
    with pytest.raises(ValueError, match=r"target has \['green'\].*\['blue', 'red'\]"):
        class_activation_maps(fitted, images, target="green")
    with pytest.raises(ValueError, match=r"inconsistent.*\(X, target\)"):
        class_activation_maps(fitted, images, target=["red"])
    with pytest.raises(ValueError, match="ends in LogisticRegression"):
        class_activation_maps(LogisticRegression(), images)
    with pytest.raises(NotFittedError):
        class_activation_maps(make_classifier(), images)
    with pytest.raises(ValueError, match="The 'method' parameter"):
        class_activation_maps(fitted, images, method="lime")


def test_backend_without_gradients_is_named(fitted, spots, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "openvino")
    with pytest.raises(RuntimeError, match=r"backend 'openvino'. Expected .* set KERAS_BACKEND"):
        class_activation_maps(fitted, spots[0][:2])


def test_display(fitted, spots):
    images, _, _ = spots
    display = ActivationMapDisplay.from_estimator(fitted, images[:7])
    assert display.ax_.shape == (7,)
    assert [axes.get_title() for axes in display.ax_] == fitted.predict(images[:7]).tolist()
    assert all(len(axes.images) == 2 for axes in display.ax_)
    _, ax = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="2 Axes for 7 images"):
        display.plot(ax=ax)
    plt.close("all")
