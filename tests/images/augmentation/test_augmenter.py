import pickle

import numpy as np
import pytest
import sklearn
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from skin_lesion import ImageAugmenter, make_lesion_images

NOTHING = {
    "rotation": 0,
    "width_shift": 0,
    "height_shift": 0,
    "zoom": 0,
    "shear": 0,
    "horizontal_flip": False,
    "vertical_flip": False,
    "brightness": 0,
    "contrast": 0,
    "saturation": 0,
    "hue": 0,
    "blur": 0,
    "noise": 0,
    "jpeg": 0,
    "hair": 0,
    "ruler": 0,
    "corners": 0,
    "cutout": 0,
}
EVERYTHING = {
    "shear": 20,
    "saturation": 0.5,
    "hue": 30,
    "blur": 0.02,
    "noise": 0.1,
    "jpeg": 60,
    "hair": 0.5,
    "ruler": 0.5,
    "corners": 0.5,
    "cutout": 0.5,
}
# A parameter, a strength, the field that it rules, and the range that it allows.
RANGES = [
    ("rotation", 60, "angle", -60, 60),
    ("width_shift", 0.3, "shift_x", -0.3, 0.3),
    ("height_shift", 0.2, "shift_y", -0.2, 0.2),
    ("zoom", 0.4, "zoom", 0.6, 1.4),
    ("shear", 30, "shear", -30, 30),
    ("brightness", 0.5, "brightness", -0.5, 0.5),
    ("contrast", 0.7, "contrast", 0.3, 1.7),
    ("saturation", 0.6, "saturation", 0.4, 1.6),
    ("hue", 90, "hue", -90, 90),
    ("blur", 0.05, "blur", 0, 0.05),
    ("noise", 0.3, "noise", 0, 0.3),
    ("cutout", 0.6, "cutout", 0, 0.6),
]
FLIPS = [("horizontal_flip", "flip_x"), ("vertical_flip", "flip_y")]
# A parameter, and the field that is not 0 where the artefact is drawn.
ARTEFACTS = [("hair", "hair"), ("ruler", "ruler"), ("corners", "corners")]


@pytest.fixture(scope="module")
def images():
    images = make_lesion_images(6, n_classes=2, image_size=(32, 32), random_state=0).images
    images.setflags(write=False)  # nothing may be written into what the caller passed
    return images


def noise(*shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)


def change(X, **fields):
    """Do this and nothing else to each image."""
    augmenter = ImageAugmenter(**NOTHING)
    draws = augmenter.draw(len(X))
    for name, value in fields.items():
        draws[name] = value
    return augmenter.apply(X, draws)


# When it varies


def test_fit_transform_varies_and_transform_leaves_alone(images):
    augmenter = ImageAugmenter(random_state=0)
    varied = augmenter.fit_transform(images)
    assert all(np.abs(a.astype(int) - b).mean() > 1 for a, b in zip(varied, images, strict=True))
    np.testing.assert_array_equal(augmenter.transform(images), images)


def test_each_image_is_varied_in_its_own_way(images):
    varied = ImageAugmenter(random_state=0).fit_transform(np.repeat(images[:1], 20, axis=0))
    assert len(np.unique(varied.reshape(20, -1), axis=0)) == 20


def test_transform_needs_no_fit_and_repeats(images):
    augmenter = ImageAugmenter()
    np.testing.assert_array_equal(augmenter.transform(augmenter.transform(images)), images)
    assert augmenter.fit(images) is augmenter
    np.testing.assert_array_equal(augmenter.transform(images), images)


def test_transform_takes_lists_and_whole_numbers(images):
    expected = ImageAugmenter(random_state=0).fit_transform(images)
    for X in (images.tolist(), list(images), images.astype(np.int64)):
        transformed = ImageAugmenter().transform(X)
        assert transformed.dtype == np.uint8
        np.testing.assert_array_equal(transformed, images)
        np.testing.assert_array_equal(ImageAugmenter(random_state=0).fit_transform(X), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_strength_zero_changes_nothing(dtype):
    X = noise(5, 9, 7, 3, dtype=dtype)
    varied = ImageAugmenter(**NOTHING).fit_transform(X)
    np.testing.assert_array_equal(varied, X)
    assert varied.dtype == dtype
    assert not np.shares_memory(varied, X)


# What each step does


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize("shape", [(8, 8), (5, 8), (8, 5), (2, 3), (1, 1)])
def test_flips(shape, dtype):
    X = noise(3, *shape, 3, dtype=dtype)
    np.testing.assert_array_equal(change(X, flip_x=True), X[:, :, ::-1])
    np.testing.assert_array_equal(change(X, flip_y=True), X[:, ::-1])
    np.testing.assert_array_equal(change(X, flip_x=True, flip_y=True), X[:, ::-1, ::-1])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.uint8, 1), (np.float64, 1e-3)])
@pytest.mark.parametrize("n_quarters", [-1, 1, 2])
def test_quarter_turns_are_counterclockwise(n_quarters, dtype, tolerance):
    X = noise(3, 8, 8, 3, dtype=dtype)
    turned = change(X, angle=90 * n_quarters)
    expected = np.rot90(X, n_quarters, axes=(1, 2))
    np.testing.assert_allclose(turned.astype(float), expected, atol=tolerance)


def test_half_turn_of_a_rectangle():
    X = noise(2, 5, 8, 3, dtype=np.float32)
    np.testing.assert_allclose(change(X, angle=180), X[:, ::-1, ::-1], atol=1e-2)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_shift_moves_right_and_down_and_mirrors_what_comes_into_view(dtype):
    X = noise(2, 10, 8, 3, dtype=dtype)
    right = change(X, shift_x=0.25)
    np.testing.assert_array_equal(right[:, :, 2:], X[:, :, :-2])
    np.testing.assert_array_equal(right[:, :, :2], X[:, :, 1::-1])
    up = change(X, shift_y=-0.3)
    np.testing.assert_array_equal(up[:, :-3], X[:, 3:])
    np.testing.assert_array_equal(up[:, -3:], X[:, :-4:-1])


def test_shift_by_half_a_pixel_mixes_neighbours():
    X = noise(2, 6, 8, 3, dtype=np.float32)
    moved = change(X, shift_x=0.5 / 8)
    np.testing.assert_allclose(moved[:, :, 1:], (X[:, :, 1:] + X[:, :, :-1]) / 2, atol=1e-3)


def test_shift_by_the_whole_width_shows_the_mirror_image():
    X = noise(2, 6, 8, 3)
    np.testing.assert_array_equal(change(X, shift_x=1), X[:, :, ::-1])
    np.testing.assert_array_equal(change(X, shift_y=-1), X[:, ::-1])


def test_zoom_about_the_centre():
    tiles = noise(2, 4, 6, 3)
    X = tiles.repeat(8, axis=1).repeat(8, axis=2)
    # Looked at inside the tiles, where interpolation has nothing to mix.
    enlarged = change(X, zoom=2)
    np.testing.assert_allclose(enlarged[:, 8::16, 16:40:16].astype(int), tiles[:, 1:3, 2:4], atol=1)
    shrunk = change(X, zoom=0.5)
    np.testing.assert_allclose(shrunk[:, 10:24:4, 14:36:4].astype(int), tiles, atol=1)


def spot(x, y, height=60, width=80):
    """A bright spot at (x, y) as seen from the centre, x to the right and y up."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    distance = np.hypot(columns - width / 2 - x, height / 2 - rows - y)
    light = 255 * np.exp(-((distance / 2) ** 2))
    return np.repeat(light[np.newaxis, :, :, np.newaxis], 3, axis=3)


def place_of_spot(image):
    light = image[..., 0] / image[..., 0].sum()
    height, width = light.shape
    rows, columns = np.mgrid[:height, :width] + 0.5
    return (light * columns).sum() - width / 2, height / 2 - (light * rows).sum()


@pytest.mark.parametrize(
    "fields",
    [
        {"angle": 30},
        {"angle": -75, "zoom": 1.2},
        {"shift_x": 0.1, "shift_y": -0.2},
        {"angle": 45, "flip_x": True},
        {"angle": 45, "flip_y": True, "shift_x": -0.15},
        {"angle": 110, "flip_x": True, "flip_y": True, "zoom": 0.8, "shift_y": 0.1},
        {"shear": 30},
        {"shear": -20, "angle": 60, "flip_x": True, "zoom": 1.1, "shift_x": 0.1},
    ],
)
def test_mirror_then_turn_and_scale_then_shear_then_shift(fields):
    x, y = 7.0, 4.0
    place = complex(
        -x if fields.get("flip_x") else x,
        -y if fields.get("flip_y") else y,
    )
    place *= np.exp(1j * np.deg2rad(fields.get("angle", 0))) * fields.get("zoom", 1)
    place += place.imag * np.tan(np.deg2rad(fields.get("shear", 0)))
    place += complex(80 * fields.get("shift_x", 0), -60 * fields.get("shift_y", 0))
    seen = place_of_spot(change(spot(x, y), **fields)[0])
    np.testing.assert_allclose(seen, (place.real, place.imag), atol=0.1)


def test_brightness_adds_a_share_of_the_range_and_clips():
    X = np.array([0, 100, 250], dtype=np.uint8).reshape(1, 1, 3, 1).repeat(3, axis=3)
    assert change(X, brightness=0.1)[0, 0, :, 0].tolist() == [26, 126, 255]
    assert change(X, brightness=-0.5)[0, 0, :, 0].tolist() == [0, 0, 122]
    as_float = change(X.astype(np.float32), brightness=0.1)[0, 0, :, 0]
    np.testing.assert_allclose(as_float, [25.5, 125.5, 255])


def test_contrast_scales_the_distance_from_the_mean_of_each_image_and_clips():
    X = np.array([[40, 80, 120], [10, 60, 230]], dtype=np.uint8)
    X = X.reshape(2, 1, 3, 1).repeat(3, axis=3)  # means of 80 and 100
    assert change(X, contrast=1.5)[:, 0, :, 0].tolist() == [[20, 80, 140], [0, 40, 255]]
    assert change(X, contrast=0.5)[:, 0, :, 0].tolist() == [[60, 80, 100], [55, 80, 165]]
    assert change(X, contrast=0)[:, 0, :, 0].tolist() == [[80] * 3, [100] * 3]


def test_contrast_is_about_the_mean_of_all_channels_and_brightness_follows_it():
    X = np.array([[[[200.0, 100, 60]], [[100.0, 80, 60]]]])  # mean 100
    varied = change(X, contrast=0.5, brightness=0.2)
    np.testing.assert_allclose(varied[0, :, 0], [[201, 151, 131], [151, 141, 131]])


def test_no_dark_corners_and_no_new_values():
    X = np.full((40, 12, 20, 3), 200, dtype=np.uint8)
    strong = {"rotation": 180, "width_shift": 1, "height_shift": 1, "zoom": 0.7, "random_state": 0}
    varied = ImageAugmenter(**{**NOTHING, **strong}).fit_transform(X)
    assert varied.min() >= 199
    assert varied.max() <= 200


# Draws


@pytest.mark.parametrize(("parameter", "strength", "field", "low", "high"), RANGES)
def test_draws_fill_their_range(parameter, strength, field, low, high):
    values = ImageAugmenter(**{parameter: strength}, random_state=0).draw(2000)[field]
    assert low <= values.min() < low + 0.02 * (high - low)
    assert high >= values.max() > high - 0.02 * (high - low)
    assert abs(values.mean() - (low + high) / 2) < 0.03 * (high - low)
    assert len(np.unique(values)) == 2000


@pytest.mark.parametrize(("parameter", "field"), ARTEFACTS)
def test_artefacts_are_drawn_on_a_share_of_the_images(parameter, field):
    for share in (0.2, 1):
        drawn = ImageAugmenter(**{parameter: share}, random_state=0).draw(2000)[field]
        assert abs((drawn > 0).mean() - share) < 0.03


def test_quality_and_number_of_hairs_fill_their_range():
    draws = ImageAugmenter(jpeg=40, hair=1, random_state=0).draw(2000)
    assert set(draws["jpeg_quality"]) == set(range(60, 101))
    assert set(draws["hair"]) == set(range(1, 31))
    assert np.median(draws["hair"]) < 10


@pytest.mark.parametrize(("parameter", "field"), FLIPS)
def test_every_other_image_is_mirrored(parameter, field):
    assert abs(ImageAugmenter(random_state=0).draw(2000)[field].mean() - 0.5) < 0.04
    assert not ImageAugmenter(**{parameter: False}, random_state=0).draw(2000)[field].any()


def test_draws_are_independent_of_each_other():
    draws = ImageAugmenter(**EVERYTHING, random_state=0).draw(2000)
    values = np.array([draws[name].astype(float) for name in draws.dtype.names])
    assert np.abs(np.corrcoef(values) - np.eye(len(values))).max() < 0.1


@pytest.mark.parametrize("parameter", NOTHING)
def test_switching_one_step_off_leaves_the_other_draws_alone(parameter):
    fields = dict([*((name, field) for name, _, field, _, _ in RANGES), *FLIPS, *ARTEFACTS])
    fields["jpeg"] = "jpeg_quality"
    draws = ImageAugmenter(**EVERYTHING, random_state=0).draw(50)
    without = {**EVERYTHING, parameter: NOTHING[parameter]}
    without = ImageAugmenter(**without, random_state=0).draw(50)
    for field in draws.dtype.names:
        is_same = np.array_equal(draws[field], without[field])
        assert is_same == (field != fields[parameter])


def test_zero_strengths_draw_nothing():
    draws = ImageAugmenter(**NOTHING).draw(10)
    whatever = {"cutout_x", "cutout_y", "seed"}
    identity = {"zoom": 1, "contrast": 1, "saturation": 1, "jpeg_quality": 100}
    for field in set(draws.dtype.names) - whatever:
        assert (draws[field] == identity.get(field, 0)).all()


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_n_jobs_and_batches_do_not_matter(images, n_jobs):
    X = np.concatenate([images] * 4)
    expected = ImageAugmenter(**EVERYTHING, random_state=0).fit_transform(X)
    augmenter = ImageAugmenter(**EVERYTHING, n_jobs=n_jobs, random_state=0)
    np.testing.assert_array_equal(augmenter.fit_transform(X), expected)
    rng = np.random.RandomState(0)
    for start, stop in ((0, 1), (1, 11), (11, 11), (11, 24)):
        part = augmenter.apply(X[start:stop], augmenter.draw(stop - start, rng))
        np.testing.assert_array_equal(part, expected[start:stop])


def test_a_draw_for_many_begins_with_that_for_few():
    augmenter = ImageAugmenter(**EVERYTHING, random_state=0)
    np.testing.assert_array_equal(augmenter.draw(50)[:7], augmenter.draw(7))


def test_no_image_no_draw():
    assert ImageAugmenter().draw(0).shape == (0,)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_what_was_drawn_is_replayed(images, dtype):
    X = images.astype(dtype)
    augmenter = ImageAugmenter(**EVERYTHING)
    varied = augmenter.fit_transform(X)
    np.testing.assert_array_equal(augmenter.apply(X, augmenter.draws_), varied)
    # By another one too, whatever its parameters; and image by image.
    one_by_one = [
        ImageAugmenter(**NOTHING).apply(X[i : i + 1], augmenter.draws_[i : i + 1])
        for i in range(len(X))
    ]
    np.testing.assert_array_equal(np.concatenate(one_by_one), varied)


def test_random_state_of_fit_transform(images):
    def varied(random_state):
        return ImageAugmenter(random_state=random_state).fit_transform(images)

    np.testing.assert_array_equal(varied(0), varied(0))
    np.testing.assert_array_equal(varied(np.random.RandomState(0)), varied(0))
    assert not np.array_equal(varied(0), varied(1))
    assert not np.array_equal(varied(None), varied(None))
    rng = np.random.RandomState(0)
    assert not np.array_equal(varied(rng), varied(rng))
    augmenter = ImageAugmenter(random_state=0)
    np.testing.assert_array_equal(augmenter.fit_transform(images), augmenter.fit_transform(images))


def test_random_state_of_draw_goes_before_that_of_the_constructor():
    drawn = ImageAugmenter(random_state=0).draw(5, random_state=1)
    np.testing.assert_array_equal(drawn, ImageAugmenter(random_state=1).draw(5))
    np.testing.assert_array_equal(drawn, ImageAugmenter().draw(5, random_state=1))
    assert not np.array_equal(drawn, ImageAugmenter(random_state=0).draw(5))


def test_global_random_state_is_not_reseeded():
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.get_state()[1].copy()  # noqa: NPY002
    ImageAugmenter(random_state=3).draw(5)
    np.testing.assert_array_equal(np.random.get_state()[1], expected)  # noqa: NPY002


# Kinds of images


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 40), (40, 1), (33, 20)])
def test_dtype_shape_and_range_are_kept(shape, dtype):
    X = noise(8, *shape, 3, dtype=dtype)
    strong = dict.fromkeys(("width_shift", "height_shift", "brightness", "contrast"), 1)
    strong |= dict.fromkeys(EVERYTHING, 1) | {"shear": 45, "blur": 0.1, "hue": 180, "jpeg": 99}
    varied = ImageAugmenter(**strong, zoom=0.8, random_state=0).fit_transform(X)
    assert varied.shape == X.shape
    assert varied.dtype == dtype
    assert np.isfinite(varied).all()
    assert varied.min() >= 0
    assert varied.max() <= 255


def test_uint8_and_float_agree_within_rounding(images):
    draws = ImageAugmenter(random_state=0).draw(len(images))
    moved = draws.copy()
    moved["brightness"], moved["contrast"] = 0, 1
    lit = ImageAugmenter(**{**NOTHING, "brightness": 0.2, "contrast": 0.3}).draw(len(images))
    for step, tolerance in ((moved, 1.01), (lit, 0.51), (draws, 1.1 * 1.01 + 0.51)):
        as_uint8 = ImageAugmenter().apply(images, step).astype(float)
        for dtype in (np.float32, np.float64):
            as_float = ImageAugmenter().apply(images.astype(dtype), step)
            assert np.abs(as_uint8 - as_float).max() < tolerance


def test_any_number_of_channels_is_applied_to():
    X = noise(4, 9, 12, 5)
    draws = ImageAugmenter(random_state=0, contrast=0).draw(4)
    varied = ImageAugmenter().apply(X, draws).astype(int)
    assert varied.shape == X.shape
    # Channels do not mix in the warp; the light is the same shift in all.
    draws["brightness"] = 0
    moved = ImageAugmenter().apply(X, draws)
    for channel in range(5):
        alone = ImageAugmenter().apply(X[..., channel : channel + 1], draws)
        np.testing.assert_array_equal(moved[..., channel], alone[..., 0])


def test_views_and_fortran_order(images):
    draws = ImageAugmenter(random_state=0).draw(3)
    expected = ImageAugmenter().apply(images[::2].copy(), draws)
    np.testing.assert_array_equal(ImageAugmenter().apply(images[::2], draws), expected)
    fortran = np.asfortranarray(images[::2])
    np.testing.assert_array_equal(ImageAugmenter().apply(fortran, draws), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_input_is_not_modified(images, dtype):
    X = images.astype(dtype)
    before = X.copy()
    augmenter = ImageAugmenter(random_state=0)
    varied = augmenter.fit_transform(X)
    np.testing.assert_array_equal(X, before)
    draws = augmenter.draws_.copy()
    varied[:] = 0
    augmenter.apply(X, augmenter.draws_)[:] = 0
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(augmenter.draws_, draws)


# Errors


@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.random.default_rng(0).random((2, 8, 8, 3)), "never exceeds 1.*Multiply by 255"),
        (noise(2, 3, 8, 8), r"channels come first: use np\.moveaxis"),
        (noise(2, 8, 8), "grey images"),
        (noise(2, 8, 8, 1), "grey images"),
        (noise(8, 8, 3), r"one image: use X\[np\.newaxis\]"),
        (noise(2, 192), r"shape \(2, 192\)\. Expected RGB images"),
        (np.full((2, 8, 8, 3), np.nan), "contains NaN"),
        (np.full((2, 8, 8, 3), np.inf), "infinity"),
        (noise(2, 8, 8, 3) - 128.0, "values from -1.*Expected pixels from 0 to 255"),
        (noise(2, 8, 8, 3).astype(int) * 256, "Expected pixels from 0 to 255"),
        (noise(0, 8, 8, 3), "0 sample"),
    ],
)
def test_no_rgb_images(X, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(ImageAugmenter(), method)(X)


@pytest.mark.parametrize(
    "scale",
    [
        lambda X: X / 255,
        lambda X: X / 127.5 - 1,
        lambda X: np.floor(X / 64 - 4),
        lambda X: X / 0,
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning")
def test_pixels_of_another_scale_are_not_augmented(scale, dtype):
    X = scale(noise(2, 8, 8, 3).astype(dtype))
    with pytest.raises(ValueError, match=r"never exceeds 1|Expected pixels from 0 to 255|contains"):
        ImageAugmenter().apply(X, ImageAugmenter().draw(2))


def test_an_image_of_another_scale_is_refused_in_any_batch():
    X = noise(8, 8, 8, 3).astype(np.float32)
    X[5] = 0.4
    draws = ImageAugmenter().draw(8)
    with pytest.raises(ValueError, match=r"X\[5\], the first of 1 such image\(s\), has float32"):
        ImageAugmenter().apply(X, draws)
    with pytest.raises(ValueError, match="never exceeds 1"):
        ImageAugmenter().apply(X[5:6], draws[5:6])
    assert ImageAugmenter().apply(X[:5], draws[:5]).shape == (5, 8, 8, 3)


def test_augmented_black_floats_are_black():
    X = np.zeros((400, 4, 4, 3))
    augmenter = ImageAugmenter(brightness=0.01)
    augmented = augmenter.apply(X, augmenter.draw(400, 0))
    highest = augmented.max(axis=(1, 2, 3))
    assert set(highest[highest <= 1]) == {0, 1}
    augmenter.apply(augmented, augmenter.draw(400, 1))


def test_black_floats_and_no_images_are_augmented():
    nearly = np.zeros((1, 8, 8, 3), dtype=np.float32)
    nearly[0, 0] = 1
    assert ImageAugmenter().apply(nearly, ImageAugmenter().draw(1)).shape == nearly.shape
    for X in (np.zeros((2, 8, 8, 3), np.float32), np.zeros((0, 8, 8, 3))):
        augmenter = ImageAugmenter(brightness=0)
        assert not augmenter.apply(X, augmenter.draw(len(X))).any()


def test_augmented_floats_can_be_augmented_again():
    X = 255.0 - (noise(40, 16, 16, 3) < 128)
    augmenter = ImageAugmenter(noise=0.2, blur=0.1, random_state=0)
    for _ in range(5):
        X = augmenter.apply(X, augmenter.draw(len(X)))
    assert X.shape == (40, 16, 16, 3)


@pytest.mark.parametrize("n_draws", [0, 2, 4])
def test_draws_of_another_length(n_draws):
    draws = ImageAugmenter().draw(n_draws)
    with pytest.raises(ValueError, match=f"Got {n_draws} draws? for 3 images"):
        ImageAugmenter().apply(noise(3, 8, 8, 3), draws)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("rotation", -1),
        ("rotation", 180.1),
        ("rotation", (0, 90)),
        ("width_shift", -0.1),
        ("width_shift", 1.1),
        ("height_shift", 20),
        ("zoom", -0.1),
        ("zoom", 1),
        ("horizontal_flip", "yes"),
        ("vertical_flip", None),
        ("brightness", 1.5),
        ("shear", 46),
        ("contrast", -0.5),
        ("saturation", 1.1),
        ("hue", 181),
        ("blur", 0.2),
        ("noise", -0.1),
        ("jpeg", 100),
        ("hair", 2),
        ("ruler", -1),
        ("corners", 1.5),
        ("cutout", 1.5),
        ("n_jobs", 0.5),
        ("contrast", np.nan),
        ("random_state", "seed"),
    ],
)
def test_parameter_out_of_range(images, parameter, value):
    augmenter = ImageAugmenter(**{parameter: value})
    for call in (
        lambda: augmenter.fit(images),
        lambda: augmenter.fit_transform(images),
        lambda: augmenter.draw(3),
    ):
        with pytest.raises(ValueError, match=f"The '{parameter}' parameter of ImageAugmenter"):
            call()


def test_nothing_is_drawn_where_the_images_are_wrong():
    augmenter = ImageAugmenter()
    with pytest.raises(ValueError, match="Expected RGB images"):
        augmenter.fit_transform(noise(2, 8, 8))
    assert not hasattr(augmenter, "draws_")


# As an estimator


def test_common_checks(common_check):
    common_check(ImageAugmenter())


def test_every_parameter_is_checked():
    assert set(ImageAugmenter._parameter_constraints) == set(ImageAugmenter().get_params())


def test_tags():
    tags = get_tags(ImageAugmenter())
    assert tags.non_deterministic
    assert not tags.requires_fit
    assert not tags.target_tags.required
    assert not tags.input_tags.two_d_array
    assert set(tags.transformer_tags.preserves_dtype) == {"uint8", "float32", "float64"}


def test_clone_and_repr(images):
    augmenter = ImageAugmenter(rotation=20, horizontal_flip=False, random_state=3)
    augmenter.fit_transform(images)
    copy = clone(augmenter)
    assert copy.get_params() == augmenter.get_params()
    assert not hasattr(copy, "draws_")
    assert repr(augmenter) == "ImageAugmenter(horizontal_flip=False, random_state=3, rotation=20)"


def test_pickle(images):
    augmenter = ImageAugmenter(random_state=0)
    varied = augmenter.fit_transform(images)
    copy = pickle.loads(pickle.dumps(augmenter))
    np.testing.assert_array_equal(copy.apply(images, copy.draws_), varied)
    np.testing.assert_array_equal(copy.fit_transform(images), varied)


def test_parameters_stay_as_they_were_passed(images):
    rng = np.random.RandomState(0)
    augmenter = ImageAugmenter(rotation=np.float32(30), random_state=rng)
    before = augmenter.get_params()
    augmenter.fit(images).fit_transform(images)
    after = augmenter.get_params()
    assert all(after[name] is before[name] for name in before)


class Recorder(ClassifierMixin, BaseEstimator):
    """A classifier that keeps what it is given."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.fitted_on_ = X
        return self

    def predict(self, X):
        self.predicted_on_ = X
        return np.repeat(self.classes_[:1], len(X))


@pytest.mark.parametrize("pipeline_class", [Pipeline, ImbalancedPipeline])
def test_as_a_step_it_varies_what_is_fitted_and_not_what_is_predicted(images, pipeline_class):
    y = np.array(["nevus", "melanoma"] * 3)
    pipeline = pipeline_class(
        [
            ("augment", ImageAugmenter(random_state=0)),
            ("flatten", FunctionTransformer(lambda X: X.reshape(len(X), -1))),
            ("classify", Recorder()),
        ]
    )
    pipeline.fit(images, y)
    pipeline.predict(images)
    expected = ImageAugmenter(random_state=0).fit_transform(images)
    np.testing.assert_array_equal(pipeline["classify"].fitted_on_, expected.reshape(6, -1))
    np.testing.assert_array_equal(pipeline["classify"].predicted_on_, images.reshape(6, -1))


def test_a_search_reaches_its_parameters(images):
    pipeline = Pipeline([("augment", ImageAugmenter()), ("classify", Recorder())])
    y = np.array(["nevus", "melanoma"] * 3)
    grid = {"augment__rotation": [0, 90], "augment__zoom": [0.2]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(images, y)
    assert search.best_estimator_["augment"].zoom == 0.2
    assert len(search.cv_results_["params"]) == 2


def test_images_stay_images_where_pandas_output_is_asked_for(images):
    with sklearn.config_context(transform_output="pandas"):
        assert ImageAugmenter().fit_transform(images).shape == images.shape
        assert ImageAugmenter().transform(images).shape == images.shape


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((4, 4, 3)),
        np.ones((3, 4, 4, 3), dtype=bool),
        # Of no other integers, because each step would cut off what it should round.
        np.full((3, 4, 4, 3), 200),
    ],
)
def test_what_is_no_stack_of_images_is_not_augmented(X):
    augmenter = ImageAugmenter()
    with pytest.raises(ValueError, match=r"X has shape .* Expected images of shape \(n, height"):
        augmenter.apply(X, augmenter.draw(len(X)))
