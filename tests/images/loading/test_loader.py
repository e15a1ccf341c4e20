import os
import pickle
import struct
import warnings
import zlib
from pathlib import Path

import cv2
import h5py
import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from PIL import Image, UnidentifiedImageError
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from skin_lesion import ImageLoader, load_image_folder
from skin_lesion.images._loading import decode as _decode

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def load(path, size=(8, 8), **params):
    return ImageLoader(size, **params).transform([path])[0]


def save(image, path, **options):
    image.save(path, **options)
    return str(path)


def thirds(width=90, height=30):
    """Red, green and blue from left to right."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    for column, colour in enumerate((RED, GREEN, BLUE)):
        pixels[:, column * width // 3 : (column + 1) * width // 3] = colour
    return Image.fromarray(pixels)


def photograph(width=640, height=480, seed=0):
    """Smooth at the scale of its pixels, as photographs are."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 40, width // 40, 3), np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def png(colour_type, depth, row, *, transparent=None):
    """Four rows of four pixels, of a kind that Pillow does not write."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", 4, 4, depth, colour_type, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"tRNS", transparent) if transparent else b"",
            chunk(b"IDAT", zlib.compress((b"\0" + row) * 4)),
            chunk(b"IEND", b""),
        ]
    )


@pytest.fixture
def paths(tmp_path):
    return [
        save(Image.new("RGB", (12, 10), (5 * i, 100, 200)), tmp_path / f"{i:02}.png")
        for i in range(40)
    ]


# Modes


@pytest.mark.parametrize(
    ("mode", "extension", "expected", "tolerance"),
    [
        ("RGB", "png", (200, 100, 50), 0),
        ("RGB", "jpg", (200, 100, 50), 2),
        ("RGB", "bmp", (200, 100, 50), 0),
        ("RGB", "webp", (200, 100, 50), 4),
        ("RGBA", "png", (200, 100, 50), 0),
        ("L", "png", (124, 124, 124), 0),
        ("L", "jpg", (124, 124, 124), 1),
        ("LA", "png", (124, 124, 124), 0),
        ("P", "png", (200, 100, 50), 0),
        ("P", "gif", (200, 100, 50), 0),
        ("CMYK", "tif", (200, 100, 50), 0),
        ("CMYK", "jpg", (200, 100, 50), 2),
    ],
)
def test_modes(tmp_path, mode, extension, expected, tolerance):
    colour = Image.new("RGB", (16, 16), (200, 100, 50))
    if mode == "P":
        colour = colour.quantize(2)
    path = save(colour.convert(mode), tmp_path / f"image.{extension}")
    with Image.open(path) as image:
        assert image.mode == mode  # or the test would test nothing
    pixels = load(path)
    assert pixels.shape == (8, 8, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels.astype(int), np.full((8, 8, 3), expected), atol=tolerance)


def test_ycbcr(tmp_path):
    image = Image.new("RGB", (16, 16), (200, 100, 50)).convert("YCbCr")
    path = save(image, tmp_path / "image.tif", compression="tiff_lzw")
    np.testing.assert_allclose(load(path)[4, 4].astype(int), (200, 100, 50), atol=2)


def test_one_bit_is_black_and_white(tmp_path):
    pixels = np.zeros((8, 8), dtype=bool)
    pixels[:, 4:] = True
    path = save(Image.fromarray(pixels), tmp_path / "bits.png")
    np.testing.assert_array_equal(load(path)[0, :, 0], [0] * 4 + [255] * 4)


@pytest.mark.parametrize(
    ("alpha", "expected"), [(0, (255, 255, 255)), (255, (200, 100, 50)), (128, (227, 177, 152))]
)
@pytest.mark.parametrize("extension", ["png", "tif"])
def test_alpha_is_laid_over_white(tmp_path, alpha, expected, extension):
    path = save(Image.new("RGBA", (8, 8), (200, 100, 50, alpha)), tmp_path / f"a.{extension}")
    np.testing.assert_allclose(load(path)[4, 4].astype(int), expected, atol=1)


def test_grey_alpha_is_laid_over_white(tmp_path):
    path = save(Image.new("LA", (8, 8), (0, 128)), tmp_path / "grey.png")
    np.testing.assert_allclose(load(path)[4, 4].astype(int), (127, 127, 127), atol=1)


def test_grey_that_is_stored_multiplied_by_alpha_is_laid_over_white(tmp_path):
    path = tmp_path / "grey.tif"
    Image.new("LA", (8, 8), (60, 128)).save(path)
    # Pillow reads such files but writes none: change the kind of the extra sample, tag 338.
    plain, multiplied = (struct.pack("<HHIH", 338, 3, 1, kind) for kind in (2, 1))
    data = path.read_bytes()
    assert data.count(plain) == 1
    path.write_bytes(data.replace(plain, multiplied))
    try:
        Image.open(path).close()
    except UnidentifiedImageError:
        pytest.skip("this version of Pillow does not read grey multiplied by alpha")
    np.testing.assert_allclose(load(path)[4, 4].astype(int), (187, 187, 187), atol=1)


def test_transparent_palette_entry_is_white(tmp_path):
    image = thirds(24, 8).quantize(3)
    transparent = image.getpixel((0, 0))
    path = save(image, tmp_path / "palette.png", transparency=transparent)
    pixels = load(path, (8, 24))
    assert tuple(pixels[4, 2]) == WHITE
    assert tuple(pixels[4, 12]) == GREEN


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # One colour of an RGB or grey PNG can be declared transparent.
        (
            png(2, 8, bytes([200, 100, 50] * 4), transparent=struct.pack(">3H", 200, 100, 50)),
            WHITE,
        ),
        (png(2, 8, bytes([200, 100, 50] * 4), transparent=struct.pack(">3H", 0, 0, 0)), None),
        (png(0, 8, bytes([90] * 4), transparent=struct.pack(">H", 90)), WHITE),
        (png(0, 16, struct.pack(">H", 999) * 4, transparent=struct.pack(">H", 999)), WHITE),
        (png(0, 16, struct.pack(">H", 999) * 4, transparent=struct.pack(">H", 998)), (4, 4, 4)),
        # 16 bits a channel, in colour and in grey with alpha.
        (png(2, 16, struct.pack(">3H", 200 * 257, 100 * 257, 50 * 257) * 4), None),
        (png(6, 16, struct.pack(">4H", 200 * 257, 100 * 257, 50 * 257, 65535) * 4), None),
        (png(4, 16, struct.pack(">2H", 200 * 257, 65535) * 4), (200, 200, 200)),
    ],
)
def test_rare_png(tmp_path, data, expected):
    path = tmp_path / "rare.png"
    path.write_bytes(data)
    assert tuple(load(path)[0, 0]) == (expected or (200, 100, 50))


@pytest.mark.parametrize(
    ("dtype", "extension"),
    [("<u2", "png"), ("<u2", "tif"), (">u2", "tif"), ("<i4", "tif")],
)
def test_16_bit_grey_is_scaled_by_its_range(tmp_path, dtype, extension):
    values = np.repeat([0, 257, 32768, 65535], 8).reshape(4, 8).astype(dtype)
    path = save(Image.fromarray(values), tmp_path / f"grey.{extension}")
    with Image.open(path) as image:
        assert image.mode.startswith("I")
    np.testing.assert_array_equal(load(path, (4, 8))[:, 0, 1], [0, 1, 128, 255])


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (70000, np.int32, "32-bit integers from 70000 to 70000, .* unknown. Expected 8 or 16 bits"),
        (-1, np.int32, "32-bit integers from -1 to -1"),
        (200, np.int32, "32-bit integers from 200 to 200, whose range is unknown"),
        (0.5, np.float32, "its pixels are floats"),
    ],
)
def test_pixels_of_unknown_range_are_refused(tmp_path, value, dtype, message):
    path = save(Image.fromarray(np.full((4, 4), value, dtype=dtype)), tmp_path / "image.tif")
    with pytest.raises(ValueError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("value", "extension", "expected"), [(0, "tif", 0), (200, "pgm", 1), (256, "tif", 1)]
)
def test_dark_32_bit_pixels_of_known_range_are_read(tmp_path, value, extension, expected):
    image = Image.fromarray(np.full((4, 4), value, dtype=np.int32))
    assert (load(save(image, tmp_path / f"image.{extension}")) == expected).all()


def tiff(bits, photometric, data):
    """Two rows of two grey pixels, of a kind that Pillow does not write."""
    tags = [(256, 2), (257, 2), (258, bits), (259, 1), (262, photometric)]
    tags += [(273, 8), (277, 1), (278, 2), (279, len(data))]
    place = 8 + len(data)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    header = b"II" + struct.pack("<HI", 42, place)
    return header + data + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)


@pytest.mark.parametrize(
    ("bits", "photometric", "data", "expected"),
    [
        # Two values of 12 bits in three bytes: 4095 and 2048.
        (12, 1, bytes([0xFF, 0xF8, 0x00] * 2), [255, 128]),
        (16, 0, struct.pack("<2H", 0, 32768) * 2, [255, 127]),
        (16, 1, struct.pack("<2H", 0, 32768) * 2, [0, 128]),
        (8, 0, bytes([0, 200] * 2), [255, 55]),
    ],
)
def test_rare_grey_tiff(tmp_path, bits, photometric, data, expected):
    path = tmp_path / "rare.tif"
    path.write_bytes(tiff(bits, photometric, data))
    np.testing.assert_array_equal(load(path, (2, 2))[0, :, 0], expected)


@pytest.mark.parametrize("extension", ["jp2", "png"])
def test_colours_that_pillow_decodes_wrongly_are_refused(tmp_path, extension):
    path = tmp_path / f"deep.{extension}"
    if extension == "jp2":
        cv2.imwrite(str(path), np.full((64, 64, 3), 65535, dtype=np.uint16))
    else:
        colour = struct.pack(">3H", 999, 999, 999)
        path.write_bytes(png(2, 16, colour * 4, transparent=colour))
    with pytest.raises(ValueError, match=r"16 bits per channel wrongly. Expected 8 bits"):
        load(path)


def test_other_jpeg_2000_files_are_read(tmp_path):
    grey = str(tmp_path / "grey.jp2")
    cv2.imwrite(grey, np.full((64, 64), 65535, dtype=np.uint16))
    assert (load(grey) == 255).all()
    for name in ("colour.jp2", "codestream.j2k"):
        assert (load(save(Image.new("RGB", (64, 64), RED), tmp_path / name))[0, 0] == RED).all()


def test_an_hdf5_file_is_no_image(tmp_path):
    path = str(tmp_path / "images.hdf5")
    with h5py.File(path, "w") as file:
        file["image"] = [1]
    with pytest.raises(
        ValueError, match=r"it is an HDF5 file. Expected .*images.hdf5.<entry>'. load_isic_release"
    ):
        load(path)


@pytest.mark.parametrize("extension", ["gif", "tif", "png", "webp"])
def test_first_of_several_frames_is_read(tmp_path, extension):
    first, second = (Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE))
    path = save(first, tmp_path / f"film.{extension}", save_all=True, append_images=[second])
    with Image.open(path) as film:
        assert film.n_frames == 2
    np.testing.assert_allclose(load(path)[4, 4].astype(int), RED, atol=4)


def test_extension_need_not_match_the_format(tmp_path):
    path = tmp_path / "image.jpg"
    Image.new("RGB", (8, 8), RED).save(path, format="PNG")
    assert tuple(load(path)[0, 0]) == RED


def test_postscript_is_not_run_whatever_its_extension(tmp_path):
    path = tmp_path / "image.jpg"
    Image.new("RGB", (8, 8), RED).save(path, format="EPS")
    with pytest.raises(ValueError, match="in a format that Pillow cannot decode"):
        load(path)


# Orientation


def quadrants(width=64, height=48):
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    return Image.fromarray(pixels)


# How a camera that is held so stores the upright picture: the inverse of what EXIF asks for.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("extension", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", STORED_AS)
def test_orientation(tmp_path, orientation, extension, resize):
    upright = quadrants(160, 120)
    transpose = STORED_AS[orientation]
    stored = upright if transpose is None else upright.transpose(transpose)
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if extension == "webp" else {}
    path = save(stored, tmp_path / f"image.{extension}", exif=exif, **lossless)
    reference = save(upright, tmp_path / "reference.png")

    size = (40, 31)  # odd, so that one pixel more is left on one side than on the other
    pixels = load(path, size, resize=resize).astype(int)
    expected = load(reference, size, resize=resize).astype(int)
    differing = np.abs(pixels - expected).max(axis=2) > 4
    assert differing.mean() < 0.08  # the edges between the quadrants
    assert np.abs(pixels - expected).max() < 140  # but no quadrant elsewhere


def test_damaged_exif_does_not_cost_the_image(tmp_path):
    path = save(Image.new("RGB", (8, 8), WHITE), tmp_path / "a.jpg", exif=b"Exif\0\0damaged")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own, about the EXIF
        assert load(path).min() > 250


# Geometry


def test_crop_cuts_out_the_centre(tmp_path):
    path = save(thirds(), tmp_path / "image.png")
    np.testing.assert_array_equal(load(path, (30, 30)), np.full((30, 30, 3), GREEN))
    # And of an upright image, the middle of its height.
    path = save(thirds().transpose(Image.Transpose.ROTATE_90), tmp_path / "upright.png")
    np.testing.assert_array_equal(load(path, (30, 30)), np.full((30, 30, 3), GREEN))


def test_crop_covers_the_size(tmp_path):
    # 90 x 30 scaled to 60 x 20; 40 of the 60 columns stay: half of red, green, half of blue.
    row = load(save(thirds(), tmp_path / "image.png"), (20, 40))[10]
    assert [tuple(row[column]) for column in (0, 8, 11, 28, 31, 39)] == [
        RED, RED, GREEN, GREEN, BLUE, BLUE,
    ]  # fmt: skip


def test_pad_keeps_everything_and_fills_with_black(tmp_path):
    path = save(thirds(), tmp_path / "image.png")
    pixels = load(path, (30, 30), resize="pad")
    assert [tuple(pixels[15, column]) for column in (0, 15, 29)] == [RED, GREEN, BLUE]
    is_black = (pixels == 0).all(axis=(1, 2))
    np.testing.assert_array_equal(np.flatnonzero(~is_black), np.arange(10, 20))


def test_stretch_fills_the_size(tmp_path):
    pixels = load(save(thirds(), tmp_path / "image.png"), (30, 30), resize="stretch")
    for row in (0, 29):
        assert [tuple(pixels[row, column]) for column in (0, 15, 29)] == [RED, GREEN, BLUE]


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (7, 13), (64, 5)])
@pytest.mark.parametrize("stored", [(1, 1), (1, 500), (500, 1), (33, 32), (8, 8)])
def test_any_size_from_any_size(tmp_path, resize, size, stored):
    path = save(Image.new("RGB", stored, WHITE), tmp_path / "image.jpg")
    pixels = load(path, size, resize=resize)
    assert pixels.shape == (*size, 3)
    assert pixels.max() > 250
    if resize != "pad":
        assert pixels.min() > 250


def test_image_of_the_right_size_is_unchanged(tmp_path):
    image = photograph(160, 120)
    pixels = load(save(image, tmp_path / "image.png"), (120, 160))
    np.testing.assert_array_equal(pixels, np.asarray(image))


def test_reduction_is_antialiased(tmp_path):
    # Columns that alternate are grey from afar; a bilinear filter without antialiasing, or a
    # palette that is scaled as it is stored, keeps black and white.
    stripes = np.zeros((256, 256), dtype=np.uint8)
    stripes[:, ::2] = 255
    for number, image in enumerate([Image.fromarray(stripes), Image.fromarray(stripes).quantize()]):
        pixels = load(save(image, tmp_path / f"{number}.png"), (32, 32))
        assert np.abs(pixels.astype(int) - 128).max() <= 3


@pytest.mark.parametrize("size", [(160, 160), (64, 64), (60, 20), (33, 47)])
@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_reduced_decoding_of_jpeg_is_close_to_full_decoding(tmp_path, size, resize):
    path = save(photograph(480, 360), tmp_path / "image.jpg", quality=90)
    with Image.open(path) as image:
        full = save(image, tmp_path / "image.png")
    difference = load(path, size, resize=resize).astype(int) - load(full, size, resize=resize)
    assert np.abs(difference).mean() < 1.5
    assert abs(difference.mean()) < 0.4


def test_large_jpeg_is_decoded_at_reduced_size(tmp_path, monkeypatch):
    path = save(photograph(640, 480), tmp_path / "image.jpg")
    decoded = []
    scale = _decode._scale
    monkeypatch.setattr(
        _decode, "_scale", lambda image, *args: decoded.append(image.size) or scale(image, *args)
    )
    for side in (241, 240, 120, 64):
        load(path, (side, side))
    assert decoded == [(640, 480), (320, 240), (160, 120), (160, 120)]


def test_jpeg_may_be_larger_than_what_is_decoded_at_a_time(tmp_path, monkeypatch):
    path = save(photograph(320, 240), tmp_path / "image.jpg", quality=95)
    expected = load(path, (64, 64))
    monkeypatch.setattr(_decode, "_JPEG_BLOCK", 1000)
    assert os.path.getsize(path) > 4000
    np.testing.assert_array_equal(load(path, (64, 64)), expected)


def test_a_video_after_a_photograph_has_no_scans(tmp_path):
    """Phones append a video, in which the bytes of a scan occur by chance."""
    path = save(photograph(64, 48), tmp_path / "image.jpg", progressive=True)
    expected = load(path)
    with open(path, "ab") as file:
        file.write(b"\0\0\0\x18ftypmp42" + b"\xff\xda\0" * 1000)
    np.testing.assert_array_equal(load(path), expected)


# Forms of X


@pytest.mark.parametrize(
    "to_form",
    [
        list,
        lambda paths: tuple(Path(path) for path in paths),
        np.array,
        lambda paths: np.array(paths).reshape(-1, 1),
        lambda paths: np.array(paths, dtype=object),
        lambda paths: np.array([Path(path) for path in paths], dtype=object).reshape(-1, 1),
        pd.Series,
        lambda paths: pd.Series(paths, dtype="string"),
        lambda paths: pd.Series(paths, dtype=object, index=range(100, 100 + len(paths))),
        lambda paths: pd.DataFrame({"path": paths}),
        lambda paths: pd.DataFrame({"path": pd.Series(paths, dtype="string")}),
    ],
)
@pytest.mark.parametrize("n_jobs", [None, 3])
def test_all_forms_of_paths_in_their_order(paths, to_form, n_jobs):
    loader = ImageLoader((4, 6), n_jobs=n_jobs)
    X = to_form(paths)
    images = loader.transform(X)
    assert images.shape == (40, 4, 6, 3)
    np.testing.assert_array_equal(images[:, 2, 3, 0], 5 * np.arange(40))
    np.testing.assert_array_equal(loader.fit_transform(X), images)
    np.testing.assert_array_equal(loader.transform(X), images)


def test_names_with_blanks_and_accents(tmp_path):
    folder = tmp_path / "Nävus (gutartig)"
    folder.mkdir()
    assert (
        tuple(load(save(Image.new("RGB", (8, 8), RED), folder / "läsion 1 ñ 痣.png"))[0, 0]) == RED
    )


def test_result_does_not_depend_on_n_jobs(tmp_path):
    paths = [save(photograph(320, 240, seed=seed), tmp_path / f"{seed}.jpg") for seed in range(20)]
    one = ImageLoader((32, 32), n_jobs=1).transform(paths)
    np.testing.assert_array_equal(ImageLoader((32, 32), n_jobs=4).transform(paths), one)
    # A backend of processes could not write into the result. In reverse, because new memory may
    # still hold the images that were there before.
    with joblib.parallel_config(backend="loky", n_jobs=2):
        images = ImageLoader((32, 32), n_jobs=None).transform(paths[::-1])
    np.testing.assert_array_equal(images, one[::-1])


def test_one_path_many_times(paths):
    images = ImageLoader((4, 4)).transform([paths[3], paths[3], paths[1]])
    np.testing.assert_array_equal(images[:, 0, 0, 0], [15, 15, 5])


# Errors


@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image_size": (64,)}, r"image_size is \(64,\). Expected \(height, width\)"),
        ({"image_size": (64, 0)}, "two integers of at least 1"),
        ({"image_size": (64, 64.0)}, "two integers of at least 1"),
        ({"image_size": (64, True)}, "two integers of at least 1"),
        ({"image_size": ("6", "4")}, "two integers of at least 1"),
        ({"resize": "fit"}, "'resize' parameter of ImageLoader must be"),
        ({"on_error": "ignore"}, "'on_error' parameter of ImageLoader must be"),
        ({"cache_dir": 3}, "'cache_dir' parameter of ImageLoader must be"),
        ({"n_jobs": 0.5}, "'n_jobs' parameter of ImageLoader must be"),
        ({"verbose": -1}, "'verbose' parameter of ImageLoader must be"),
    ],
)
def test_invalid_parameters(paths, method, params, message):
    with pytest.raises(ValueError, match=message):
        getattr(ImageLoader(**params), method)(paths)


@pytest.mark.parametrize("method", ["fit", "transform"])
@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], ValueError, r"0 sample\(s\) in X"),
        ("image.png", ValueError, r"X is a single path, 'image.png'.*\['image.png'\]"),
        ([["a.png", "b.png"]], ValueError, r"X has shape \(1, 2\)"),
        (["a.png", None], TypeError, r"X\[1\] is None"),
        (pd.Series(["a.png", None], dtype="string"), TypeError, r"X\[1\] is "),
        (np.zeros((5, 1)), TypeError, r"X\[0\] is 0.0, of type float"),
        (np.zeros((2, 8, 8, 3), np.uint8), TypeError, "these images are loaded already"),
        ([np.zeros((8, 8, 3), np.uint8)] * 2, TypeError, "these images are loaded already"),
        ([np.zeros((8, 8, 3)), np.zeros((8, 9, 3))], TypeError, "these images are loaded already"),
        ([Image.new("L", (8, 8))], TypeError, "these images are loaded already"),
    ],
)
def test_invalid_X(method, X, error, message):
    with pytest.raises(error, match=message):
        getattr(ImageLoader(), method)(X)


@pytest.mark.parametrize("on_error", ["raise", "warn"])
def test_missing_files_are_named_before_any_is_read(paths, tmp_path, on_error):
    missing = str(tmp_path / "missing.png")
    message = "3 of 42 paths are not existing files. The first is '.*missing.png'"
    (tmp_path / "00.png").write_bytes(b"damaged")
    with pytest.raises(FileNotFoundError, match=message):
        ImageLoader(on_error=on_error).transform([*paths[:39], missing, missing, str(tmp_path)])


def make_unreadable(kind, path, monkeypatch):
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no image")
    elif kind == "truncated":
        photograph(64, 64).save(path)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    elif kind == "bomb":
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)
        Image.new("RGB", (20, 10)).save(path)
    elif kind == "large bomb":  # which Pillow refuses to open
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)
        Image.new("RGB", (200, 10)).save(path)
    elif kind == "forbidden":
        Image.new("RGB", (8, 8)).save(path)
        open_file = open

        def refuse(opened, *args, **kwargs):
            if opened == str(path):
                raise PermissionError(13, "Permission denied")
            return open_file(opened, *args, **kwargs)

        monkeypatch.setattr("builtins.open", refuse)


UNREADABLE = {
    "empty": "the file is empty",
    "text": "it is damaged, or in a format that Pillow cannot decode",
    "truncated": "truncated",
    "bomb": r"10 x 20 = 200 pixels, more than the limit of 150 .* raise PIL.Image.MAX_IMAGE_PIXELS",
    "large bomb": r"2000 pixels\) exceeds limit of 300.*raise PIL.Image.MAX_IMAGE_PIXELS",
    "forbidden": "Permission denied",
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("extension", ["jpg", "png"])
@pytest.mark.parametrize("kind", UNREADABLE)
def test_unreadable_file(paths, tmp_path, monkeypatch, kind, extension, n_jobs):
    path = tmp_path / f"unreadable.{extension}"
    make_unreadable(kind, path, monkeypatch)
    X = [*paths[1:3], str(path), paths[3]]
    with pytest.raises(ValueError, match=UNREADABLE[kind]) as raised:
        ImageLoader((4, 4), n_jobs=n_jobs).transform(X)
    assert repr(str(path)) in str(raised.value)
    assert "on_error='warn'" in str(raised.value)
    assert raised.value.__cause__ is not None

    with pytest.warns(UserWarning, match=UNREADABLE[kind]) as caught:
        images = ImageLoader((4, 4), n_jobs=n_jobs, on_error="warn").transform(X)
    caught = [w for w in caught if w.category is UserWarning]
    assert len(caught) == 1
    assert str(caught[0].message).startswith("1 of 4 images cannot be read and are black.")
    assert repr(str(path)) in str(caught[0].message)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(images[:, 0, 0, 0], [5, 10, 0, 15])
    assert not images[2].any()


def test_bomb_limit_can_be_lifted(tmp_path, monkeypatch):
    path = save(Image.new("RGB", (200, 10), RED), tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert tuple(load(path)[0, 0]) == RED


def test_one_warning_counts_all_and_names_the_first(paths, tmp_path):
    X = list(paths)
    for row in (2, 17, 20, 33, 39):
        X[row] = str(tmp_path / f"unreadable{row}.png")
        Path(X[row]).write_bytes(b"no image")
    with pytest.warns(UserWarning, match="5 of 40") as caught:
        images = ImageLoader((4, 4), n_jobs=2, on_error="warn").transform(X)
    assert len(caught) == 1
    message = str(caught[0].message)
    assert [f"unreadable{row}" in message for row in (2, 17, 20, 33, 39)] == [True] * 3 + [
        False
    ] * 2
    assert message.endswith("And 2 more.")
    assert not images[[2, 17, 20, 33, 39]].any()
    assert images[[0, 1, 3, 38], ..., 1].all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_the_first_unreadable_file_is_named_whatever_n_jobs(paths, tmp_path, n_jobs):
    X = list(paths)
    # The later one is found much sooner: a large image takes longer to prove truncated.
    X[15], X[16] = str(tmp_path / "first.jpg"), str(tmp_path / "second.jpg")
    photograph(1600, 1200).save(X[15], quality=95)
    data = Path(X[15]).read_bytes()
    Path(X[15]).write_bytes(data[: len(data) - 2000])
    Path(X[16]).write_bytes(b"")
    assert len(data) > 20_000
    with pytest.raises(ValueError, match=r"first\.jpg"):
        ImageLoader((4, 4), n_jobs=n_jobs).transform(X)


# As an estimator


def test_fit_reads_no_file_and_transform_needs_no_fit(paths):
    loader = ImageLoader((4, 4))
    assert loader.__sklearn_is_fitted__()
    assert loader.fit(["missing.png"]) is loader
    assert loader.n_features_in_ == 1
    assert not hasattr(loader, "feature_names_in_")
    tags = get_tags(loader)
    assert not tags.requires_fit
    assert tags.input_tags.string


def test_feature_names(paths):
    loader = ImageLoader((4, 4)).fit(pd.DataFrame({"path": paths}))
    assert list(loader.feature_names_in_) == ["path"]
    with pytest.raises(ValueError, match="feature names should match"):
        loader.transform(pd.DataFrame({"image": paths}))
    loader.fit(paths)
    assert not hasattr(loader, "feature_names_in_")


def test_common_checks(common_check):
    common_check(ImageLoader())


def test_every_parameter_is_checked():
    assert set(ImageLoader._parameter_constraints) == set(ImageLoader().get_params())


def test_clone_pickle_and_parameters(paths):
    loader = ImageLoader((4, 4), resize="pad", n_jobs=2, on_error="warn", verbose=0)
    expected = loader.fit_transform(paths)
    for copy in (clone(loader), pickle.loads(pickle.dumps(loader))):
        assert copy.get_params() == loader.get_params()
        np.testing.assert_array_equal(copy.transform(paths), expected)
    assert repr(loader) == (
        "ImageLoader(image_size=(4, 4), n_jobs=2, on_error='warn', resize='pad')"
    )
    assert loader.set_params(image_size=[2, 3]).transform(paths).shape == (40, 2, 3, 3)


def test_in_a_pipeline_with_pandas_output(paths):
    flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1))
    with sklearn.config_context(transform_output="pandas"):
        assert ImageLoader((2, 2)).fit_transform(paths).shape == (40, 2, 2, 3)
    pipeline = make_pipeline(ImageLoader((2, 2)), flatten)
    assert pipeline.fit_transform(np.array(paths).reshape(-1, 1)).shape == (40, 12)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bar(paths, capsys, n_jobs):
    ImageLoader((2, 2), n_jobs=n_jobs).transform(paths)
    assert capsys.readouterr().err == ""
    ImageLoader((2, 2), n_jobs=n_jobs, verbose=1).transform(paths)
    assert "40/40" in capsys.readouterr().err


def test_real_photographs():
    data = os.environ.get("SKIN_LESION_DATA")
    if data is None:
        pytest.skip("SKIN_LESION_DATA is unset: it names a folder of real images")
    dataset = load_image_folder(os.path.join(data, "isic9"), split="test")
    images = ImageLoader((64, 64), n_jobs=2).fit_transform(dataset.data)
    assert images.shape == (118, 64, 64, 3)
    # Skin is reddish and well lit, in each of them.
    means = images.mean(axis=(1, 2))
    assert (means[:, 0] >= means[:, 2] - 10).mean() > 0.9
    assert means.min() > 30
