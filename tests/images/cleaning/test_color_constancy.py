import numpy as np
import pytest

from skin_lesion import ColorConstancy, make_lesion_images

METHODS = ["shades_of_gray", "gray_world", "max_rgb"]


@pytest.fixture(scope="module")
def images():
    """Half as bright, so that no gain clips anything."""
    return make_lesion_images(8, n_classes=2, image_size=(48, 48), random_state=0).images // 2


def light_of(image, power):
    """The Minkowski mean of each channel, by the formula."""
    pixels = image.reshape(-1, 3).astype(float)
    return pixels.max(axis=0) if np.isinf(power) else np.mean(pixels**power, axis=0) ** (1 / power)


@pytest.mark.parametrize(
    ("params", "power"),
    [
        ({}, 6),
        ({"power": 3}, 3),
        ({"power": 2.5}, 2.5),
        ({"power": 1}, 1),
        ({"method": "gray_world", "power": 4}, 1),
        ({"method": "max_rgb", "power": 4}, np.inf),
    ],
)
def test_light_becomes_grey_at_the_same_brightness(images, params, power):
    cleaned = ColorConstancy(**params).transform(images.astype(float))
    for before, after in zip(images, cleaned, strict=True):
        light = light_of(after, power)
        np.testing.assert_allclose(light, light.mean(), rtol=1e-6)
        brightness = np.sqrt(np.mean(light_of(before, power) ** 2))
        np.testing.assert_allclose(light.mean(), brightness, rtol=1e-6)
        # Every channel by a factor of its own.
        gains = after / np.maximum(before, 1)
        lit = before > 0
        for channel in range(3):
            assert np.ptp(gains[..., channel][lit[..., channel]]) < 1e-9


def test_power_is_of_shades_of_gray_alone(images):
    assert not np.array_equal(
        ColorConstancy(power=2).transform(images), ColorConstancy(power=9).transform(images)
    )
    for method in ("gray_world", "max_rgb"):
        np.testing.assert_array_equal(
            ColorConstancy(method, power=2).transform(images),
            ColorConstancy(method, power=9).transform(images),
        )


def test_a_large_power_is_nearly_the_maximum(images):
    """Of an image in which many pixels are as bright as the brightest."""
    large = ColorConstancy(power=20).transform(images // 60 * 60).astype(int)
    assert np.abs(large - ColorConstancy("max_rgb").transform(images // 60 * 60)).max() <= 20
    dark = np.full((4, 4, 3), (3, 2, 1), dtype=np.uint8)
    assert ColorConstancy(power=20).transform(dark)[0, 0].tolist() == [2, 2, 2]


@pytest.mark.parametrize("gamma", [None, 2.2, 5])
@pytest.mark.parametrize("power", [6, 20])
def test_channels_of_very_different_light_become_equal(power, gamma):
    flat = np.full((8, 8, 3), (250, 60, 1), dtype=np.float64)
    cleaned = ColorConstancy(power=power, gamma=gamma).transform(flat)
    np.testing.assert_allclose(cleaned, np.broadcast_to(cleaned[0, 0, 0], flat.shape), rtol=1e-5)
    brightness = np.mean(flat[0, 0] ** (2 * (gamma or 1))) ** (0.5 / (gamma or 1))
    np.testing.assert_allclose(cleaned[0, 0, 0], brightness, rtol=1e-5)


@pytest.mark.parametrize("gamma", [None, 2.2])
@pytest.mark.parametrize("method", METHODS)
def test_a_cast_is_taken_out(images, method, gamma):
    clean = ColorConstancy(method, gamma=gamma).transform(images.astype(float))
    cast = ColorConstancy(method, gamma=gamma).transform(images * np.array([1.0, 0.9, 0.7]))
    # Down to the brightness, which goes with the cast, and what rounding for the estimate costs.
    brightness = clean.mean(axis=(1, 2, 3)) / cast.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(
        cast * brightness[:, np.newaxis, np.newaxis, np.newaxis], clean, rtol=0.03
    )


@pytest.mark.parametrize("gamma", [None, 2.2])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_neutral_images_do_not_drift(method, gamma, dtype):
    grey = np.random.default_rng(0).integers(0, 256, (20, 9, 7, 1)).astype(dtype).repeat(3, axis=3)
    constancy = ColorConstancy(method, gamma=gamma)
    np.testing.assert_array_equal(constancy.transform(grey), grey)
    # Equal light of unequal pixels, too.
    shuffled = grey.copy()
    shuffled[..., 1] = grey[:, ::-1, :, 1]
    np.testing.assert_array_equal(constancy.transform(shuffled), shuffled)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_cleaned_stays_as_it_is(images, method):
    once = ColorConstancy(method).transform(images)
    again = once
    for _ in range(5):
        again = ColorConstancy(method).transform(again)
    assert np.abs(again.astype(int) - once).max() <= 1


def test_gamma_scales_intensities(images):
    gamma = 2.2
    intensities = 255 * (images / 255) ** gamma
    cleaned = ColorConstancy("gray_world", gamma=gamma).transform(images.astype(float))
    gains = intensities.mean(axis=(1, 2), keepdims=True)
    gains = np.sqrt(np.mean(gains**2, axis=3, keepdims=True)) / gains
    expected = 255 * (gains * intensities / 255) ** (1 / gamma)
    np.testing.assert_allclose(cleaned, expected, rtol=1e-5)
    assert np.abs(cleaned - ColorConstancy("gray_world").transform(images.astype(float))).max() > 1


def test_too_bright_pixels_are_clipped():
    image = np.full((4, 4, 3), (200, 100, 50), dtype=np.uint8)
    image[0, 0] = 250
    cleaned = ColorConstancy("gray_world").transform(image)
    assert cleaned[0, 0].tolist()[1:] == [255, 255]


def test_dark_surroundings_take_no_part(images):
    framed = np.pad(images[0], ((20, 20), (20, 20), (0, 0)))
    expected = ColorConstancy().transform(images[0])
    np.testing.assert_array_equal(ColorConstancy().transform(framed)[20:-20, 20:-20], expected)


def test_a_channel_without_light_stays_dark():
    image = np.zeros((4, 4, 3), dtype=np.uint8)
    image[..., 0], image[..., 1] = 100, 50
    cleaned = ColorConstancy().transform(image)
    assert cleaned[0, 0].tolist() == [79, 79, 0]
