"""One photograph in another guise is found, and another lesion is not taken for it."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageOps
from sklearn import config_context

from skin_lesion import audit_dataset, make_lesion_images
from skin_lesion.audit._findings import near_duplicates as _near_duplicates
from skin_lesion.audit._quality.scan import open_images, scan_images

pytestmark = pytest.mark.usefixtures("measure_once")

TURNED = {
    "none": None,
    "mirrored left to right": Image.Transpose.FLIP_LEFT_RIGHT,
    "mirrored top to bottom": Image.Transpose.FLIP_TOP_BOTTOM,
    "turned by 180": Image.Transpose.ROTATE_180,
    "mirrored along the diagonal": Image.Transpose.TRANSPOSE,
    "turned by 90 clockwise": Image.Transpose.ROTATE_270,  # Pillow turns counterclockwise
    "turned by 90 counterclockwise": Image.Transpose.ROTATE_90,
    "mirrored along the antidiagonal": Image.Transpose.TRANSVERSE,
}


@pytest.fixture(scope="module")
def photographs():
    """Photographs of 36 lesions."""
    lesions = make_lesion_images(
        36, n_classes=9, images_per_lesion=1, image_size=(120, 160), random_state=1
    )
    return [Image.fromarray(image) for image in lesions.images]


def save(images, folder, **options):
    """Write images as JPEG, and return their paths."""
    paths = []
    for number, image in enumerate(images):
        paths.append(str(folder / f"{len(list(folder.iterdir())):03d}-{number}.jpg"))
        image.save(paths[-1], **{"quality": 92, **options})
    return paths


def audit_pair_of_folders(photographs, altered, folder, **options):
    paths = save(photographs, folder) + save(altered, folder, **options)
    return audit_dataset(paths, n_jobs=2).near_duplicates


def assert_each_found_once(pairs, n):
    assert sorted(zip(pairs["row"], pairs["other_row"], strict=True)) == [
        (row, row + n) for row in range(n)
    ]


@pytest.mark.parametrize(
    "alter",
    [
        lambda image: image,
        lambda image: image.resize((80, 60)),
        lambda image: image.resize((300, 225), Image.Resampling.BICUBIC),
        lambda image: ImageEnhance.Brightness(image).enhance(0.7),
        lambda image: ImageEnhance.Brightness(image).enhance(1.2),
        lambda image: ImageEnhance.Contrast(image).enhance(0.7),
        lambda image: image.convert("L").convert("RGB"),
    ],
    ids=["re-encoded", "smaller", "larger", "darker", "brighter", "paler", "grey"],
)
def test_finds_altered_photographs_and_nothing_else(photographs, alter, tmp_path):
    altered = [alter(image) for image in photographs]
    pairs = audit_pair_of_folders(photographs, altered, tmp_path, quality=60)
    assert_each_found_once(pairs, len(photographs))
    assert (pairs["transform"] == "none").all()
    assert pairs["distance"].between(0, 0.04).all()
    assert pairs["distance"].is_monotonic_increasing


@pytest.mark.parametrize("transform", TURNED)
def test_names_how_a_photograph_was_turned(photographs, transform, tmp_path):
    def turn(image):
        return image if TURNED[transform] is None else image.transpose(TURNED[transform])

    photographs = photographs[:12]
    altered = [turn(image) for image in photographs]
    pairs = audit_pair_of_folders(photographs, altered, tmp_path, quality=80)
    assert_each_found_once(pairs, 12)
    assert pairs["transform"].tolist() == [transform] * 12


def test_all_alterations_at_once(photographs, tmp_path):
    def alter(image):
        image = ImageEnhance.Brightness(image.resize((120, 90))).enhance(1.15)
        return image.transpose(Image.Transpose.TRANSVERSE)

    pairs = audit_pair_of_folders(
        photographs, [alter(image) for image in photographs], tmp_path, quality=50
    )
    assert_each_found_once(pairs, len(photographs))


def test_blocks_of_rows_change_nothing(monkeypatch):
    images = make_lesion_images(
        40, n_classes=2, images_per_lesion=1, image_size=(64, 64), random_state=0
    ).images
    noise = np.random.default_rng(0).normal(0, 12, images.shape)
    altered = np.clip(images[:, :, ::-1] * 0.8 + noise, 0, 255).astype(np.uint8)
    descriptors = _near_duplicates.describe(np.concatenate([images, altered]))
    whole = _near_duplicates.find_near_duplicates(descriptors)
    assert len(whole) > 30
    monkeypatch.setattr(_near_duplicates, "_ROWS_IN_BLOCK", 2)
    monkeypatch.setattr(_near_duplicates, "_PAIRS_IN_BLOCK", 1)
    pd.testing.assert_frame_equal(_near_duplicates.find_near_duplicates(descriptors), whole)


def test_two_photographs_of_a_lesion_are_no_near_duplicates():
    lesions = make_lesion_images(
        60, n_classes=2, images_per_lesion=3, image_size=(64, 64), random_state=0
    )
    assert len(set(lesions.groups)) == 20
    assert len(audit_dataset(lesions.images).near_duplicates) == 0


def test_distance_does_not_depend_on_the_other_images(photographs):
    stack = np.stack([np.asarray(image) for image in photographs])
    file = io.BytesIO()
    photographs[0].save(file, "JPEG", quality=50)
    altered = np.asarray(Image.open(file))[np.newaxis]
    few = audit_dataset(np.concatenate([stack[:1], altered])).near_duplicates
    many = audit_dataset(np.concatenate([stack, altered])).near_duplicates
    assert len(few) == len(many) == 1
    assert few["distance"].item() == pytest.approx(many["distance"].item(), abs=1e-6)
    assert few["distance"].item() > 0


def test_images_without_contrast_are_like_none_other():
    stack = np.stack([np.full((32, 32, 3), grey, dtype=np.uint8) for grey in (0, 1, 128, 254, 255)])
    assert len(audit_dataset(stack).near_duplicates) == 0


def test_a_single_image():
    assert len(audit_dataset(np.zeros((1, 8, 8, 3), dtype=np.uint8)).near_duplicates) == 0


def test_is_not_looked_for_when_not_asked_for(photographs, tmp_path):
    paths = save(photographs[:2] + photographs[:2], tmp_path)
    with Image.open(paths[0]) as image:
        image.save(paths[0], quality=50)
    for no in (False, np.False_):
        audit = audit_dataset(paths, near_duplicates=no)
        assert len(audit.near_duplicates) == 0
        assert audit.not_checked["near_duplicates"] == "near_duplicates=False"
    assert len(audit_dataset(paths).near_duplicates) == 1


def test_embedding_by_cosine(photographs, tmp_path):
    paths = save(photographs[:4], tmp_path)
    embedding = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.02], [-1.0, 1.0]])
    pairs = audit_dataset(paths, near_duplicates=embedding).near_duplicates
    assert pairs[["row", "other_row"]].values.tolist() == [[0, 2]]
    assert pairs["distance"].item() == pytest.approx(1 - 1 / np.hypot(1, 0.01))
    assert pairs["transform"].item() == "unknown"


def test_blocks_of_embeddings_change_nothing():
    embedding = np.random.default_rng(0).normal(size=(500, 4))
    whole = _near_duplicates.find_near_duplicates_of_embedding(embedding)
    assert len(whole) > 100
    with config_context(working_memory=0.1):  # of MiB: 26 rows
        blocks = _near_duplicates.find_near_duplicates_of_embedding(embedding)
    pd.testing.assert_frame_equal(blocks, whole)


def test_many_copies_of_one_photograph(photographs, tmp_path):
    """All pairs among them, and one group."""
    paths = save(photographs[:3], tmp_path)
    for quality in range(60, 90, 3):
        paths += save(photographs[:1], tmp_path, quality=quality)
    audit = audit_dataset(paths)
    assert len(audit.near_duplicates) == 11 * 10 / 2
    assert len(set(audit.groups)) == 3


def darken(image, factor):
    return ImageEnhance.Brightness(image).enhance(factor)


def pad(image, colour):
    """Pad a photograph to a square, as ImageLoader(resize="pad") does with black."""
    side = max(image.size)
    padded = Image.new("RGB", (side, side), colour)
    padded.paste(image, tuple((side - length) // 2 for length in image.size))
    return padded


def show_round_field(image, colour, radius):
    """Show a photograph in a circle; the radius is in half sides."""
    pixels = np.array(image.resize((120, 120)))
    y, x = np.mgrid[:120, :120] - 59.5
    pixels[np.hypot(y, x) > radius * 60] = colour
    return Image.fromarray(pixels)


BORDERS = {
    "black bars": lambda image: pad(image, (0, 0, 0)),
    "black bars around a dark photograph": lambda image: pad(darken(image, 0.4), (0, 0, 0)),
    "white bars": lambda image: ImageOps.pad(image, (160, 320), color=(255, 255, 255)),
    "blue frame": lambda image: ImageOps.expand(image, 15, (20, 40, 200)),
    "bar on one side": lambda image: ImageOps.pad(image, (160, 240), centering=(0, 0)),
    "small field": lambda image: ImageOps.expand(image.resize((60, 60)), 50),
    "round field": lambda image: show_round_field(image, 0, 1),
    "dark corners": lambda image: show_round_field(image, 8, 1.05),
    "round field on white": lambda image: show_round_field(image, 255, 0.6),
}


@pytest.mark.parametrize("border", BORDERS)
def test_a_border_alone_makes_no_near_duplicates(photographs, border, tmp_path):
    framed = [BORDERS[border](image) for image in photographs]
    altered = [
        darken(image.resize((90, 90)).transpose(Image.Transpose.ROTATE_90), 0.9) for image in framed
    ]
    pairs = audit_pair_of_folders(framed, altered, tmp_path, quality=60)
    assert_each_found_once(pairs, len(photographs))
    assert (pairs["transform"] == "turned by 90 counterclockwise").all()
    descriptors = scan_images(
        open_images(sorted(map(str, tmp_path.iterdir()))), n_jobs=2, verbose=0
    ).descriptors
    descriptors[:, 1] = 0
    assert len(_near_duplicates.find_near_duplicates(descriptors)) > len(photographs)


@pytest.mark.parametrize(
    "alter",
    [
        lambda image: darken(image, 0.6),
        lambda image: ImageEnhance.Contrast(image).enhance(0.6),
        lambda image: image.convert("L").convert("RGB"),
    ],
    ids=["darker", "paler", "grey"],
)
def test_dark_corners_that_a_copy_has_otherwise_hide_no_copy(photographs, alter, tmp_path):
    noise = np.random.default_rng(0).normal(40, 12, (len(photographs), 120, 120, 1))
    y, x = np.mgrid[:120, :120] - 59.5
    shade = np.clip((np.hypot(y, x) / 60 - 1) / 0.25, 0, 1)[..., np.newaxis]
    cornered = [
        Image.fromarray(
            (np.asarray(image.resize((120, 120))) * (1 - shade) + dark * shade)
            .clip(0, 255)
            .astype(np.uint8)
        )
        for image, dark in zip(photographs, noise, strict=True)
    ]
    altered = [alter(image) for image in cornered]
    pairs = audit_pair_of_folders(cornered, altered, tmp_path, quality=60)
    assert_each_found_once(pairs, len(photographs))


def test_what_lies_around_a_photograph_without_border_is_not_taken_for_one(photographs):
    plain = np.stack([np.asarray(image.crop((30, 22, 130, 98))) for image in photographs])
    plain = np.stack([np.asarray(Image.fromarray(image).resize((192, 192))) for image in plain])
    descriptors = _near_duplicates.describe(plain)
    assert not descriptors[:, 1].any()
    bars = np.pad(plain[:, 48:144], ((0, 0), (48, 48), (0, 0), (0, 0)))
    assert _near_duplicates.describe(bars)[:, 1].any(axis=(1, 2)).all()


def test_a_border_in_one_of_two_images_changes_nothing(photographs, tmp_path):
    """Whether an image has a border is not found alike in every copy."""
    paths = save(photographs, tmp_path)
    paths += save([image.transpose(Image.Transpose.ROTATE_180) for image in photographs], tmp_path)
    descriptors = scan_images(open_images(paths), n_jobs=2, verbose=0).descriptors
    assert descriptors[:, 1].any()
    descriptors[: len(photographs), 1] = 0
    pairs = _near_duplicates.find_near_duplicates(descriptors)
    assert pairs.sort_values("first")["second"].tolist() == list(range(36, 72))


def test_bare_skin_within_a_border_is_like_no_lesion_within_it(photographs):
    stack = np.stack([np.asarray(image.resize((48, 48))) for image in photographs])
    skin = np.stack([np.full((48, 48, 3), level, dtype=np.uint8) for level in (150, 180, 210, 240)])
    framed = np.pad(np.concatenate([stack, skin]), ((0, 0), (40, 40), (40, 40), (0, 0)))
    assert audit_dataset(framed).near_duplicates.empty


def test_images_of_one_colour_and_within_a_border():
    stack = np.zeros((4, 64, 64, 3), dtype=np.uint8)
    for number, row in enumerate((0, 1, 31, 63)):
        stack[number, row, :] = 200
    assert np.isfinite(_near_duplicates.describe(stack)[:, 0]).all()
