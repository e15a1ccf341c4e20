import numpy as np
import pytest

from skin_lesion import BorderCropper, make_lesion_images


@pytest.fixture(scope="module")
def image():
    """Without a dark pixel at its sides."""
    image = make_lesion_images(2, n_classes=2, image_size=(70, 90), random_state=0).images[0]
    assert image.max(axis=2).min() > 25
    return image


def framed(image, top, bottom, left, right, *, seed=None):
    pad = np.pad(image, ((top, bottom), (left, right), (0, 0)))
    if seed is not None:
        dark = np.random.default_rng(seed).integers(0, 20, pad.shape).astype(image.dtype)
        pad = np.where(pad == 0, dark, pad)
    return pad


def field(height, width, centre, radius, rim=0.0, skin=(200, 150, 130)):
    """A round field of view on black, whose rim darkens over some pixels."""
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - centre[0], x - centre[1])
    light = np.clip((radius - distance) / max(rim, 1e-9) + 0.5, 0, 1)
    return np.rint(light[..., np.newaxis] * skin).astype(np.uint8)


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize(
    "sides", [(10, 10, 10, 10), (0, 12, 0, 0), (5, 0, 0, 0), (0, 0, 20, 0), (1, 2, 3, 4)]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_frames_go(image, sides, seed, dtype):
    image = image.astype(dtype)
    photograph = framed(image, *sides, seed=seed)
    cropped = BorderCropper().transform(photograph)
    np.testing.assert_array_equal(cropped, image)
    assert cropped.dtype == dtype
    assert not np.shares_memory(cropped, photograph)


@pytest.mark.parametrize(("centre", "radius"), [((100, 150), 80), ((90, 120), 60), ((0, 0), 150)])
def test_round_fields(centre, radius):
    photograph = field(200, 300, centre, radius)
    cropped = BorderCropper().transform(photograph)
    top, left = max(0, centre[0] - radius), max(0, centre[1] - radius)
    bottom, right = centre[0] + radius, centre[1] + radius
    expected = photograph[top : bottom + 1, left : right + 1]
    assert np.abs(np.subtract(cropped.shape, expected.shape)).max() <= 4
    assert cropped.astype(int).sum() > 0.999 * photograph.astype(int).sum()  # nothing bright lost


def test_soft_rims():
    cropped = BorderCropper().transform(field(200, 300, (100, 150), 80, rim=20))
    assert all(155 <= side <= 185 for side in cropped.shape[:2])


def test_images_without_a_border_are_kept():
    images = make_lesion_images(60, image_size=(64, 64), random_state=0).images
    for image in images:
        sides = [image[0], image[-1], image[:, 0], image[:, -1]]
        if all(side.max() > 40 for side in sides):
            np.testing.assert_array_equal(BorderCropper().transform(image), image)


@pytest.mark.parametrize("skin", [(70, 45, 35), (40, 25, 20)])
def test_dark_skin_and_black_lesions_are_kept(skin):
    image = np.full((80, 80, 3), skin, dtype=np.uint8)
    image[:, :40] = (32, 22, 22)  # a lesion that fills a side
    np.testing.assert_array_equal(BorderCropper().transform(image), image)


def test_dark_corners_of_a_field_that_reaches_all_sides_are_kept():
    photograph = field(100, 100, (50, 50), 60)
    assert photograph[0, 0].max() == 0
    np.testing.assert_array_equal(BorderCropper().transform(photograph), photograph)


@pytest.mark.parametrize(
    ("centre", "radius", "side"),
    [
        ((100, 150), 80, 113),  # of the square in the circle
        ((100, 150), 175, None),  # one that reaches all four sides
        ((100, 150), 140, None),
    ],
)
@pytest.mark.parametrize("size", [(200, 300), (1600, 2400)])
def test_corners_can_be_cut(centre, radius, side, size):
    scale = size[0] // 200
    photograph = field(*size, np.multiply(centre, scale), radius * scale)
    cropped = BorderCropper(corners="cut").transform(photograph)
    corners = cropped[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() > 25
    if side is not None:
        assert np.abs(np.array(cropped.shape[:2]) / scale - side).max() <= 4
    else:  # the proportions of what is kept otherwise, and no more is cut than need be
        assert cropped.shape[1] / cropped.shape[0] == pytest.approx(
            min(300, 2 * radius) / 200, rel=0.02
        )
        half = np.hypot(*np.array(cropped.shape[:2]) / 2 / scale)
        assert half == pytest.approx(radius, rel=0.04)
    assert BorderCropper().transform(photograph).shape[1] > cropped.shape[1]


def test_corners_are_not_cut_where_they_are_bright_or_nothing_helps(image):
    cutter = BorderCropper(corners="cut")
    np.testing.assert_array_equal(cutter.transform(image), image)
    np.testing.assert_array_equal(cutter.transform(framed(image, 5, 5, 9, 0)), image)
    cross = np.zeros((100, 100, 3), dtype=np.uint8)
    cross[35:65] = cross[:, 35:65] = 200
    np.testing.assert_array_equal(cutter.transform(cross), cross)
    black = np.zeros_like(cross)
    np.testing.assert_array_equal(cutter.transform(black), black)


def test_specks_in_the_dark_do_not_count(image):
    photograph = framed(image, 30, 30, 30, 30)
    photograph[5, 5] = photograph[10, 100:102] = 255  # dust
    photograph[2, :] = 200  # a hair of light
    photograph[110:120, 5:15] = 180  # a label
    np.testing.assert_array_equal(BorderCropper().transform(photograph), image)


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_a_gleam_is_no_field_of_view(share):
    photograph = np.zeros((100, 100, 3), dtype=np.uint8)
    photograph[: round(100 * share), :50] = 200
    np.testing.assert_array_equal(BorderCropper().transform(photograph), photograph)


def test_threshold(image):
    grey = framed(image, 10, 10, 10, 10)
    grey[grey.max(axis=2) == 0] = 35
    assert BorderCropper().transform(grey).shape == grey.shape
    np.testing.assert_array_equal(BorderCropper(threshold=35).transform(grey), image)
    np.testing.assert_array_equal(BorderCropper(threshold=35.5).transform(grey), image)
    assert BorderCropper(threshold=34.5).transform(grey).shape == grey.shape


def test_a_stack_keeps_its_size(image):
    photograph = framed(image, 20, 0, 0, 30)
    other = np.full_like(photograph, 150)
    cropped, kept = BorderCropper().transform(np.stack([photograph, other]))
    assert cropped.shape == photograph.shape
    np.testing.assert_array_equal(kept, other)
    assert cropped.max(axis=2).min() > 25  # the frame is gone
    # Stretched: the centre of what was cropped is in the centre.
    centre = image[34:36, 44:46].mean(axis=(0, 1))
    np.testing.assert_allclose(cropped[44:46, 59:61].mean(axis=(0, 1)), centre, atol=6)


def test_large_photographs_lose_nothing_bright():
    rng = np.random.default_rng(0)
    for _ in range(10):
        top, left = rng.integers(50, 400, 2)
        photograph = np.zeros((1700, 2000, 3), dtype=np.uint8)
        photograph[top : top + 1100, left : left + 1200] = 120
        cropped = BorderCropper().transform(photograph)
        assert (cropped > 0).sum() == (photograph > 0).sum()
        assert np.abs(np.subtract(cropped.shape, (1100, 1200, 3))).max() <= 6
