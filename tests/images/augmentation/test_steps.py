"""What each step of the augmenter does, beside position, brightness and contrast."""

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from skin_lesion import ImageAugmenter, make_lesion_images

OFF = dict.fromkeys(
    ("rotation", "width_shift", "height_shift", "zoom", "brightness", "contrast"), 0
) | {"horizontal_flip": False, "vertical_flip": False}
# A strength for each parameter, and the largest that it may have.
STRENGTHS = {
    "rotation": 180,
    "width_shift": 1,
    "height_shift": 1,
    "zoom": 0.8,
    "shear": 45,
    "brightness": 1,
    "contrast": 1,
    "saturation": 1,
    "hue": 180,
    "blur": 0.1,
    "noise": 1,
    "jpeg": 99,
    "hair": 1,
    "ruler": 1,
    "corners": 1,
    "cutout": 1,
}


@pytest.fixture(scope="module")
def images():
    images = make_lesion_images(6, n_classes=2, image_size=(64, 80), random_state=0).images
    images.setflags(write=False)
    return images


def change(X, seed=0, **fields):
    """Do this and nothing else to each image."""
    augmenter = ImageAugmenter(**OFF, random_state=seed)
    draws = augmenter.draw(len(X))
    for name, value in fields.items():
        draws[name] = value
    return augmenter.apply(X, draws)


def colour(*rgb, dtype=np.float64):
    return np.array(rgb, dtype=dtype).reshape(1, 1, 1, 3)


# Properties of all


pixels = arrays.arrays(
    st.sampled_from([np.uint8, np.float32, np.float64]),
    st.tuples(st.integers(1, 3), st.integers(1, 24), st.integers(1, 24), st.just(3)),
    elements=st.integers(0, 255),
    fill=st.integers(2, 255),
)
strengths = st.fixed_dictionaries(
    {},
    optional={name: st.floats(0, high) for name, high in STRENGTHS.items()},
)
seeds = st.integers(0, 2**32 - 1)


@given(pixels, strengths, seeds)
@settings(max_examples=60)
def test_dtype_shape_and_range_are_kept_and_the_log_replays(X, strengths, seed):
    augmenter = ImageAugmenter(**strengths, random_state=seed)
    draws = augmenter.draw(len(X))
    before = X.copy()
    varied = augmenter.apply(X, draws)
    assert (varied.shape, varied.dtype) == (X.shape, X.dtype)
    assert np.isfinite(varied).all()
    assert varied.min() >= 0
    assert varied.max() <= 255
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(augmenter.draw(len(X)), draws)
    # From a file, by another augmenter, in another order.
    stored = np.frombuffer(draws.tobytes(), dtype=draws.dtype)[::-1]
    np.testing.assert_array_equal(ImageAugmenter().apply(X[::-1], stored)[::-1], varied)


@given(pixels, seeds)
@settings(max_examples=40)
def test_steps_of_strength_zero_do_nothing(X, seed):
    nothing = {**dict.fromkeys(STRENGTHS, 0), **OFF}
    augmenter = ImageAugmenter(**nothing, random_state=seed)
    np.testing.assert_array_equal(augmenter.apply(X, augmenter.draw(len(X))), X)


@pytest.mark.parametrize("name", STRENGTHS)
def test_each_step_does_something(images, name):
    strengths = {**OFF, name: STRENGTHS[name]}
    varied = ImageAugmenter(**strengths, random_state=0).fit_transform(images)
    changes = (varied != images).any(axis=(1, 2, 3))
    assert changes.all() if name in ("hair", "ruler", "corners") else changes.sum() >= 4


# Colour


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_no_saturation_is_grey_of_the_same_luma(dtype):
    grey = change(colour(200, 100, 50, dtype=dtype), saturation=0)[0, 0, 0]
    luma = 0.299 * 200 + 0.587 * 100 + 0.114 * 50
    np.testing.assert_allclose(grey, [luma] * 3, atol=1 if dtype == np.uint8 else 0.1)


def test_saturation_scales_the_distance_from_grey():
    luma = 0.299 * 150 + 0.587 * 120 + 0.114 * 100
    for factor in (0.5, 1.3, 2):
        expected = luma + factor * (np.array([150, 120, 100]) - luma)
        varied = change(colour(150, 120, 100), saturation=factor)[0, 0, 0]
        np.testing.assert_allclose(varied, expected, atol=0.1)


def test_hue_turns_colours_and_keeps_luma():
    red = colour(150, 90, 90)
    for angle, expected in ((120, 120), (-120, 240), (60, 60)):
        r, g, b = change(red, hue=angle)[0, 0, 0]
        assert 0.299 * r + 0.587 * g + 0.114 * b == pytest.approx(
            0.299 * 150 + 0.587 * 90 + 0.114 * 90, abs=0.1
        )
        # Angles of YIQ are not quite those of HSV.
        hue = 360 * colorsys.rgb_to_hsv(r, g, b)[0]
        assert abs((hue - expected + 180) % 360 - 180) < 25
    np.testing.assert_allclose(change(red, hue=180), change(red, hue=-180), atol=1e-9)
    np.testing.assert_allclose(change(change(red, hue=50), hue=-50), red, atol=1e-6)


@pytest.mark.parametrize("fields", [{"saturation": 1.8}, {"hue": 100}, {"saturation": 0, "hue": 9}])
def test_greys_have_no_hue_and_no_saturation(fields):
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    assert np.abs(change(grey, **fields).astype(int) - grey).max() <= 1


def test_light_is_one_map_that_is_clipped_once():
    # Brightened beyond white, and darkened by contrast: nothing is lost in between.
    X = np.array([[[[250.0, 200, 180]], [[10, 20, 30]]]])
    varied = change(X, brightness=0.2, contrast=0.5, saturation=0.9)
    assert varied.max() < 255
    assert varied[0, 0, 0, 0] - varied[0, 1, 0, 0] == pytest.approx(0.5 * 240, abs=15)


@pytest.mark.parametrize("fields", [{"saturation": 1.3}, {"hue": 20, "brightness": 0.1}])
def test_colour_of_uint8_and_float_agree(images, fields):
    as_float = change(images.astype(np.float32), **fields)
    assert np.abs(change(images, **fields) - as_float).max() < 1.2


# Sharpness


def test_blur_is_a_gaussian_of_a_share_of_the_shorter_side():
    X = np.zeros((1, 100, 140, 3))
    X[0, 50, 70] = 255
    blurred = change(X, blur=0.03)[0, :, :, 0]
    assert blurred.sum() == pytest.approx(255, rel=1e-3)
    rows = np.arange(100) - 50
    assert np.sqrt((blurred.sum(axis=1) * rows**2).sum() / 255) == pytest.approx(3, rel=0.05)
    even = np.full((1, 20, 30, 3), 77, dtype=np.uint8)
    np.testing.assert_array_equal(change(even, blur=0.1), even)


def test_noise_has_the_deviation_and_differs_between_images():
    X = np.full((3, 60, 60, 3), 128.0)
    noisy = change(X, noise=0.05)
    np.testing.assert_allclose(noisy.std(axis=(1, 2, 3)), 0.05 * 255, rtol=0.03)
    np.testing.assert_allclose(noisy.mean(axis=(1, 2, 3)), 128, atol=0.5)
    assert abs(np.corrcoef(noisy[0].ravel(), noisy[1].ravel())[0, 1]) < 0.05
    assert np.abs(np.corrcoef(noisy[0].reshape(-1, 3).T) - np.eye(3)).max() < 0.1


def test_jpeg_is_compression_in_the_right_order_of_channels(images, tmp_path):
    previous = 0
    for quality in (95, 60, 20, 5):
        compressed = change(images, jpeg_quality=quality)
        error = np.abs(compressed.astype(int) - images).mean()
        assert error > previous
        previous = error
        Image.fromarray(images[0]).save(tmp_path / "image.jpg", quality=quality, subsampling=2)
        with Image.open(tmp_path / "image.jpg") as image:
            by_pillow = np.asarray(image).astype(int)
        assert np.abs(compressed[0] - by_pillow).mean() < 1
    np.testing.assert_array_equal(change(images, jpeg_quality=100), images)


# Artefacts


def test_hair_is_thin_and_dark_and_more_for_more(images):
    shares = []
    for n_hairs in (1, 5, 30):
        varied = change(images, hair=n_hairs)
        is_hair = (varied != images).any(axis=3)
        shares.append(is_hair.mean())
        assert varied[is_hair].mean() < images[is_hair].mean() - 20
    assert 0 < shares[0] < shares[1] < shares[2] < 0.5


def test_ruler_is_at_one_side(images):
    sides = set()
    for seed in range(20):
        is_ink = (change(images[:1], seed=seed, ruler=True) != images[:1]).any(axis=3)[0]
        rows, columns = np.nonzero(is_ink)
        assert 0 < is_ink.mean() < 0.1
        distances = {
            "top": rows.max(),
            "bottom": 63 - rows.min(),
            "left": columns.max(),
            "right": 79 - columns.min(),
        }
        side = min(distances, key=distances.get)
        assert distances[side] < 0.2 * 64
        sides.add(side)
    assert len(sides) == 4


def test_corners_are_dark_around_a_circle(images):
    weak, strong = change(images, corners=0.3), change(images, corners=1)
    assert (weak <= np.maximum(images, 5)).all()
    assert (strong.astype(int) <= np.maximum(weak, 5)).all()
    np.testing.assert_array_equal(strong[:, 25:40, 20:60], images[:, 25:40, 20:60])
    for varied in (weak, strong):
        for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
            assert varied[:, row, column].max() <= 60
    assert strong[:, 0, 0].max() <= 5


def test_the_same_seed_draws_the_same_at_other_sizes(images):
    X = np.full((1, 100, 100, 3), 200, dtype=np.uint8)
    small = change(X, hair=4, ruler=True)[0]
    large = change(X.repeat(3, axis=1).repeat(3, axis=2), hair=4, ruler=True)[0]
    reduced = large.reshape(100, 3, 100, 3, 3).mean(axis=(1, 3))
    assert np.corrcoef(small[..., 0].ravel(), reduced[..., 0].ravel())[0, 1] > 0.8


def test_artefacts_lie_on_the_image_that_was_moved(images):
    moved = change(images, angle=30)
    both = change(images, angle=30, hair=5)
    alone = change(images, hair=5)
    np.testing.assert_array_equal(both != moved, change(moved, hair=5) != moved)
    assert ((alone != images).any(axis=3) == (both != moved).any(axis=3)).mean() > 0.99


# Cutout


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_cutout_fills_a_rectangle_with_the_mean(images, dtype):
    X = images.astype(dtype)
    varied = change(X, cutout=0.5, cutout_x=0.5, cutout_y=0.25)
    means = X.mean(axis=(1, 2))
    for image, cut, mean in zip(X, varied, means, strict=True):
        assert (np.abs(cut[0:32, 20:60] - mean) < 0.51).all()
        outside = np.ones((64, 80), dtype=bool)
        outside[0:32, 20:60] = False
        np.testing.assert_array_equal(cut[outside], image[outside])


def test_cutout_at_a_corner_is_cut_off(images):
    varied = change(images, cutout=0.5, cutout_x=1, cutout_y=1)
    np.testing.assert_array_equal(varied[:, :48], images[:, :48])
    np.testing.assert_array_equal(varied[:, :, :60], images[:, :, :60])
    assert (varied[:, 48:, 60:] == varied[:, 48:49, 60:61]).all()


# Images that are not RGB


@pytest.mark.parametrize("name", ["saturation", "hue", "jpeg", "hair", "ruler"])
def test_what_needs_colours_says_so(name):
    X = np.full((4, 9, 9, 1), 100, dtype=np.uint8)
    augmenter = ImageAugmenter(**{name: STRENGTHS[name]}, random_state=0)
    with pytest.raises(ValueError, match=f"X has 1 channels, but draws change {name}"):
        augmenter.apply(X, augmenter.draw(4))


@pytest.mark.parametrize("n_channels", [1, 2, 4, 6])
def test_all_else_takes_any_number_of_channels(n_channels):
    X = np.random.default_rng(0).integers(0, 256, (4, 12, 9, n_channels), dtype=np.uint8)
    strengths = {name: STRENGTHS[name] for name in ("shear", "blur", "noise", "corners", "cutout")}
    varied = ImageAugmenter().apply(X, ImageAugmenter(**strengths, random_state=0).draw(4))
    assert varied.shape == X.shape
    assert (varied != X).any()
