import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from skin_lesion import make_lesion_images
from skin_lesion.audit._quality.measures import (
    BORDER_MEASURES,
    COLOUR_MEASURES,
    QUALITY_FLAGS,
    THUMBNAIL_SIDE,
    flag,
    measure_pixels,
)

SIDE = THUMBNAIL_SIDE
DARK_BROWN = (60, 40, 30)


def photograph(depth=1.0):
    """Skin with texture, and a lesion in the middle."""
    rng = np.random.default_rng(0)
    texture = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 1.0)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    lesion = 1 / (1 + np.exp((np.hypot(x, y) - 35) / 0.7))
    image = np.array([205, 165, 150]) - depth * lesion[..., np.newaxis] * [90, 95, 100]
    image += 15 * texture[..., np.newaxis]
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def plain():
    """A photograph in which nothing is flagged."""
    return photograph()


def measure(image):
    return {name: float(values[0]) for name, values in measure_pixels(image[np.newaxis]).items()}


def flags_of(*images):
    return flag(measure_pixels(np.stack(images)))


def names_of_flags(image):
    row = flags_of(image).iloc[0]
    return set(row.index[row])


def draw(image, paint):
    """Return a copy of the image on which `paint(pen)` has drawn, enlarged twice."""
    large = Image.fromarray(image).resize((2 * SIDE, 2 * SIDE))
    paint(ImageDraw.Draw(large))
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))


def hairs(n, seed=0):
    rng = np.random.default_rng(seed)

    def paint(pen):
        for _ in range(n):
            start, angle = rng.uniform(0.1, 0.9, 2) * 2 * SIDE, rng.uniform(0, 2 * np.pi)
            bend = angle + 0.15 * np.linspace(-1, 1, 20)[:, np.newaxis]
            steps = np.hstack([np.cos(bend), np.sin(bend)]) * 2 * SIDE * 0.03
            points = start + np.cumsum(steps, axis=0)
            pen.line([tuple(point) for point in points.tolist()], fill=DARK_BROWN, width=4)

    return paint


def ruler(n_ticks, *, spacing=20, left=100, top=340, turn=0.0):
    def paint(pen):
        for tick in range(n_ticks):
            x, y = left + tick * spacing, top
            end = x + 20 * np.sin(turn), y + 20 * np.cos(turn)
            pen.line([(x, y), end], fill=(20, 20, 20), width=4)

    return paint


def blur(image, sigma):
    return ndimage.gaussian_filter(image, (sigma, sigma, 0))


def black_corners(image, radius=0.95):
    position = (2 * np.arange(SIDE) + 1) / SIDE - 1
    is_outside = np.hypot(position, position[:, np.newaxis]) > radius
    return np.where(is_outside[..., np.newaxis], np.uint8(8), image)


def test_a_plain_photograph_has_no_flags(plain):
    assert names_of_flags(plain) == set()


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda image: (0.4 * image).astype(np.uint8), {"too_dark"}),
        (lambda image: np.clip(image * 1.5, 0, 255).astype(np.uint8), {"too_bright"}),
        (lambda image: blur(image, 2.5), {"blurred"}),
        (lambda image: photograph(depth=0.2), {"low_contrast"}),
        (black_corners, {"black_corners"}),
        (lambda image: draw(image, hairs(8)), {"hair"}),
        (lambda image: draw(image, ruler(6)), {"ruler"}),
    ],
    ids=QUALITY_FLAGS,
)
def test_each_fault_is_flagged_and_nothing_else(plain, spoil, expected):
    assert names_of_flags(spoil(plain)) == expected


def test_blur_lowers_the_sharpness(plain):
    values = [measure(blur(plain, sigma))["sharpness"] for sigma in (0, 0.7, 1.0, 1.5, 2.0, 3.0)]
    assert np.all(np.diff(values) < 0)


def test_sharpness_is_that_of_a_wave():
    position = np.arange(SIDE) / 12
    image = np.broadcast_to(
        np.rint(120 + 100 * np.sin(2 * np.pi * position))[:, np.newaxis], (SIDE, SIDE, 3)
    )
    curvature = 2 * (1 - np.cos(2 * np.pi / 12)) * 100 / np.sqrt(2)
    assert measure(image.astype(np.uint8))["sharpness"] == pytest.approx(curvature, rel=0.03)


def test_light_and_contrast_have_their_units(plain):
    measures = measure(plain)
    assert measure((plain // 2).astype(np.uint8))["brightness"] == pytest.approx(
        measures["brightness"] / 2, abs=1
    )
    halves = np.full((SIDE, SIDE, 3), 50, dtype=np.uint8)
    halves[:, SIDE // 2 :] = 200
    assert measure(halves)["contrast"] == pytest.approx(150)
    assert measure(halves)["brightness"] == pytest.approx(125)
    assert measure(halves)["highlights"] == pytest.approx(200)


def test_a_dark_lesion_on_light_skin_is_not_too_dark(plain):
    dark = draw(plain, lambda pen: pen.ellipse([90, 90, 300, 300], fill=(25, 20, 25)))
    assert "too_dark" not in names_of_flags(dark)
    red = draw(plain, lambda pen: pen.rectangle([0, 0, 400, 400], fill=(160, 60, 60)))
    assert "too_dark" not in names_of_flags(red)


def test_more_hairs_give_more_hair(plain):
    shares = [measure(draw(plain, hairs(n)))["hair_share"] for n in (0, 3, 10, 25)]
    assert shares[0] < 0.001
    assert np.all(np.diff(shares) > 0)


def test_a_network_is_no_hair(plain):
    def paint(pen):
        for x in range(110, 270, 16):
            for y in range(110, 270, 16):
                pen.ellipse((x, y, x + 12, y + 12), outline=(150, 110, 95), width=4)

    assert measure(draw(plain, paint))["hair_share"] < 0.001


@pytest.mark.parametrize("turn", [0.0, 0.3, -0.3])
def test_ruler_marks_are_counted(plain, turn):
    for n_ticks in (4, 7):
        marks = measure(draw(plain, ruler(n_ticks, turn=turn)))["ruler_marks"]
        assert marks == n_ticks - 2


def test_a_ruler_needs_even_spacing_and_three_marks(plain):
    def uneven(pen):
        for x in (60, 84, 130, 145, 205, 222, 290):
            pen.line([(x, 340), (x, 360)], fill=(20, 20, 20), width=4)

    assert measure(draw(plain, ruler(2)))["ruler_marks"] == 0
    assert measure(draw(plain, uneven))["ruler_marks"] == 0


def test_stubble_is_no_ruler(plain):
    rng = np.random.default_rng(3)

    def paint(pen):
        for x, y in rng.uniform(0, 2 * SIDE, (60, 2)):
            end = x + rng.normal(8, 3), y + rng.normal(18, 3)
            pen.line([(x, y), end], fill=DARK_BROWN, width=4)

    assert "ruler" not in names_of_flags(draw(plain, paint))


def test_colours_are_those_of_their_regions():
    image = np.full((SIDE, SIDE, 3), (10, 20, 30), dtype=np.uint8)
    image[24:-24, 24:-24] = (200, 150, 100)
    measures = measure(image)
    corners = [measures[f"corners_mean_{channel}"] for channel in ("red", "green", "blue")]
    assert corners == [10, 20, 30]
    border = [measures[f"border_mean_{channel}"] for channel in ("red", "green", "blue")]
    assert border == [10, 20, 30]
    share = ((SIDE - 48) / SIDE) ** 2
    assert measures["mean_red"] == pytest.approx(10 + 190 * share)
    assert measures["std_red"] == pytest.approx(190 * np.sqrt(share * (1 - share)), rel=1e-4)
    assert measures["corners_std_green"] == measures["border_std_blue"] == 0


def test_an_image_has_the_same_values_alone_in_a_stack_and_in_a_thread():
    images = make_lesion_images(12, image_size=(SIDE, SIDE), random_state=0).images
    together = pd.DataFrame(measure_pixels(images))
    alone = pd.concat([pd.DataFrame(measure_pixels(images[i : i + 1])) for i in range(12)])
    pd.testing.assert_frame_equal(together, alone.reset_index(drop=True), check_exact=True)
    with ThreadPoolExecutor(4) as threads:
        for result in threads.map(measure_pixels, [images] * 4):
            pd.testing.assert_frame_equal(together, pd.DataFrame(result), check_exact=True)


def one_white_pixel():
    image = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    image[70, 80] = 255
    return image


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((SIDE, SIDE, 3), dtype=np.uint8),
        np.full((SIDE, SIDE, 3), 255, dtype=np.uint8),
        np.full((SIDE, SIDE, 3), (90, 60, 200), dtype=np.uint8),
        one_white_pixel(),
        np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8),
    ],
    ids=["black", "white", "violet", "one pixel", "noise"],
)
def test_strange_images_have_finite_values_and_give_no_warning(image):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measures = measure_pixels(image[np.newaxis])
        flags_of(image)
    for name, values in measures.items():
        assert values.dtype == np.float32
        assert values.shape == (1,)
        assert np.isfinite(values).all(), name


def test_without_detail_an_image_is_blurred_and_flat():
    grey = np.full((SIDE, SIDE, 3), 150, dtype=np.uint8)
    assert names_of_flags(grey) == {"blurred", "low_contrast"}
    assert names_of_flags(np.zeros_like(grey)) == {
        "blurred",
        "low_contrast",
        "too_dark",
        "black_corners",
    }


def test_no_images_give_no_values():
    measures = measure_pixels(np.zeros((0, SIDE, SIDE, 3), dtype=np.uint8))
    assert set(BORDER_MEASURES + COLOUR_MEASURES) < set(measures)
    assert all(values.shape == (0,) for values in measures.values())
    assert list(flag(measures).columns) == list(QUALITY_FLAGS)


def test_unreadable_images_are_not_flagged(plain):
    measures = pd.DataFrame(measure_pixels(np.stack([plain, plain])), index=["a", "b"])
    measures.loc["b"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flags = flag(measures)
    assert all(dtype.kind == "b" for dtype in flags.dtypes)
    assert list(flags.columns) == list(QUALITY_FLAGS)
    assert not flags.to_numpy().any()
    assert list(flags.index) == ["a", "b"]
    assert not set(flags.columns) & set(measures.columns)
