import keras
import numpy as np
import pytest

from skin_lesion import Backbone, ConvNet


def find_blocks(model):
    """Return the filters of each convolution that halves the image."""
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    return tuple(layer.filters for layer in convolutions if layer.strides == (2, 2))


def test_blocks_halve_the_image_and_hidden_layer_is_optional():
    model = ConvNet(filters=(4, 8), dense_units=16, dropout=0.2)((32, 48, 3), 5)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert find_blocks(model) == (4, 8)
    assert kinds.count("Dense") == 2
    assert model.layers[kinds.index("GlobalAveragePooling2D")].input.shape == (None, 8, 12, 8)
    assert model.output_shape == (None, 5)
    assert [type(layer).__name__ for layer in ConvNet()((32, 32, 3), 2).layers].count("Dense") == 1


@pytest.mark.parametrize(
    ("shape", "filters", "side"),
    [
        ((48, 64, 3), (32, 64, 128, 256), 3),
        ((64, 48, 3), (32, 64, 128, 256), 3),
        ((28, 28, 3), (32, 64, 128, 256), 2),
        ((45, 61, 3), (32, 64, 128, 256), 3),
        ((80, 112, 3), (32, 64, 128, 256), 5),
        ((96, 128, 3), (32, 64, 128, 256), 3),
        ((224, 224, 3), (32, 64, 128, 256), 7),
        ((225, 300, 3), (32, 64, 128, 256), 7),
        ((448, 600, 3), (32, 64, 128, 256, 256), 7),
        ((1, 10, 1), (32, 64, 128, 256), 1),
        ((6, 6, 1), (32, 64, 128, 256), 1),
    ],
)
def test_depth_follows_the_image(shape, filters, side):
    model = ConvNet()(shape, 2)
    assert find_blocks(model) == filters
    last = next(
        layer for layer in model.layers if isinstance(layer, keras.layers.GlobalAveragePooling2D)
    )
    assert min(last.input.shape[1:3]) == side


@pytest.mark.parametrize("filters", ["automatic", 3, (), (0,)])
def test_wrong_filters(filters):
    with pytest.raises(ValueError, match=r"filters.*'auto'|filters=.*Expected a positive number"):
        ConvNet(filters=filters)((16, 16, 3), 2)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 1), (5, 3, 3)])
def test_images_smaller_than_the_blocks(shape):
    model = ConvNet(filters=(4, 4, 4))(shape, 2)
    output = np.asarray(model.predict_on_batch(np.full((2, *shape), 128.0)))
    np.testing.assert_allclose(output.sum(axis=1), 1, rtol=1e-5)


def test_first_layer_maps_pixels_to_minus_one_to_one():
    model = ConvNet()((16, 16, 3), 2)
    rescaling = next(layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
    np.testing.assert_allclose(np.asarray(rescaling(np.array([0.0, 255.0]))), [-1, 1], atol=1e-6)


def build_tiny(input_shape, n_classes):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


def test_callable_builds_the_network(small, lesions):
    classifier = small(architecture=build_tiny).fit(lesions.images, lesions.target)
    assert classifier.model_.count_params() == 3 * 3 + 3
    assert classifier.predict(lesions.images).shape == (90,)


def test_callable_that_returns_something_else(small, lesions):
    with pytest.raises(TypeError, match=r"Expected a\s+keras.Model"):
        small(architecture=lambda shape, n: "model").fit(lesions.images, lesions.target)
    with pytest.raises(ValueError, match=r"output shape \(None, 4\).*Expected \(None, 3\)"):
        small(architecture=lambda shape, n: build_tiny(shape, n + 1)).fit(
            lesions.images, lesions.target
        )


def test_images_whose_channels_would_come_first(smallest, lesions):
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match=r"Expected 'channels_last'.* in keras\.json"):
            smallest().fit(lesions.images, lesions.target)
        with pytest.raises(ValueError, match=r"Expected 'channels_last'.* in keras\.json"):
            Backbone(weights=None)((32, 32, 3), 2)
    finally:
        keras.config.set_image_data_format("channels_last")
