import matplotlib.pyplot as plt
import numpy as np
import pytest

from skin_lesion import AugmentationDisplay, ImageAugmenter, make_lesion_images


@pytest.fixture(scope="module")
def image():
    return make_lesion_images(2, n_classes=2, image_size=(24, 32), random_state=0).images[0]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def pixels_of(axes):
    return axes.get_images()[0].get_array()


@pytest.mark.parametrize("n_variants", [1, 2, 3, 4, 11])
def test_shows_the_image_and_its_variants(image, n_variants):
    augmenter = ImageAugmenter(hair=1, random_state=0)
    display = AugmentationDisplay.from_augmenter(augmenter, image, n_variants=n_variants)
    assert len(display.ax_) == n_variants + 1 == len(display.figure_.axes)
    np.testing.assert_array_equal(pixels_of(display.ax_[0]), image)
    expected = augmenter.apply(np.repeat(image[np.newaxis], n_variants, axis=0), display.draws)
    np.testing.assert_array_equal(display.variants, expected)
    for axes, variant in zip(display.ax_[1:], expected, strict=True):
        np.testing.assert_array_equal(pixels_of(axes), variant)
    assert display.ax_[0].get_title() == "original"


def test_random_state_goes_before_that_of_the_augmenter(image):
    def variants(constructor, random_state=None):
        augmenter = ImageAugmenter(random_state=constructor)
        return AugmentationDisplay.from_augmenter(
            augmenter, image, n_variants=2, random_state=random_state
        ).variants

    np.testing.assert_array_equal(variants(0), variants(0))
    np.testing.assert_array_equal(variants(0), variants(5, random_state=0))
    assert not np.array_equal(variants(0), variants(5))


def test_floats_and_given_axes(image):
    _, ax = plt.subplots(2, 2)
    display = AugmentationDisplay.from_augmenter(
        ImageAugmenter(), image.astype(np.float32), n_variants=3, ax=ax
    )
    assert list(display.ax_) == list(ax.ravel())
    assert display.variants.dtype == np.float32
    np.testing.assert_array_equal(pixels_of(ax[0, 0]), image)
    with pytest.raises(ValueError, match=r"ax holds 4 Axes\. Expected 3"):
        AugmentationDisplay.from_augmenter(ImageAugmenter(), image, n_variants=2, ax=ax)


@pytest.mark.parametrize(
    ("augmenter", "replace", "error", "message"),
    [
        ("augmenter", {}, TypeError, "Expected an ImageAugmenter"),
        (ImageAugmenter(), {"n_variants": 0}, ValueError, "n_variants is 0"),
        (ImageAugmenter(), {"image": "a.png"}, ValueError, "image is a single path"),
        (ImageAugmenter(), {"image": np.zeros((8, 8), np.uint8)}, ValueError, "grey image"),
        (ImageAugmenter(), {"image": np.zeros((2, 8, 8, 3), np.uint8)}, ValueError, "a stack of 2"),
        (ImageAugmenter(zoom=5), {}, ValueError, "The 'zoom' parameter"),
    ],
)
def test_errors(image, augmenter, replace, error, message):
    with pytest.raises(error, match=message):
        AugmentationDisplay.from_augmenter(augmenter, **{"image": image, **replace})
