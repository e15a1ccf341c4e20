import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from skin_lesion import HairRemover, ImageAugmenter, ImageLoader, audit_dataset, make_lesion_images
from skin_lesion.datasets._drawn import photograph as _drawing_photograph

N_IMAGES = 24


def draw_lesions(monkeypatch, chance_of_hair, size):
    """The same lesions, light and rulers, with hair or without."""
    artefacts = tuple(
        (artefact, chance_of_hair if artefact is _drawing_photograph._hair else chance)
        for artefact, chance in _drawing_photograph._ARTEFACTS
    )
    with monkeypatch.context() as patch:
        patch.setattr(_drawing_photograph, "_ARTEFACTS", artefacts)
        return make_lesion_images(N_IMAGES, image_size=size, random_state=0).images


@pytest.fixture(params=[(96, 96), (224, 224)], ids=str)
def hairless_and_hairy(request, monkeypatch):
    return tuple(draw_lesions(monkeypatch, chance, request.param) for chance in (0, 1))


def errors(images, originals):
    return np.abs(images.astype(float) - originals).mean(axis=(1, 2, 3))


def test_drawn_hair_goes(hairless_and_hairy):
    hairless, hairy = hairless_and_hairy
    before = errors(hairy, hairless)
    after = errors(HairRemover().transform(hairy), hairless)
    assert before.min() > 0.05  # all are hairy, or the test would test less
    assert after.sum() < 0.4 * before.sum()


def test_images_without_hair_hardly_change(hairless_and_hairy):
    hairless, _ = hairless_and_hairy
    changes = errors(HairRemover().transform(hairless), hairless)
    assert changes.max() < 1
    assert changes.mean() < 0.2


def test_hair_of_the_augmenter_goes(monkeypatch):
    hairless = draw_lesions(monkeypatch, 0, (160, 160))
    augmenter = ImageAugmenter()
    draws = augmenter.draw(N_IMAGES, random_state=0)
    nothing = np.zeros_like(draws)
    nothing["zoom"] = nothing["contrast"] = nothing["saturation"] = 1
    nothing["jpeg_quality"] = 100
    nothing["seed"] = draws["seed"]
    nothing["hair"] = 8
    hairy = augmenter.apply(hairless, nothing)
    before, after = errors(hairy, hairless), errors(HairRemover().transform(hairy), hairless)
    assert after.sum() < 0.4 * before.sum()


def skin_with(draw, size=(200, 200)):
    """Even skin with a little noise, and what a function draws on it."""
    noise = np.random.default_rng(0).integers(-3, 4, (*size, 3))
    image = Image.fromarray((noise + np.array([205, 150, 130])).astype(np.uint8))
    before = np.asarray(image).copy()
    draw(ImageDraw.Draw(image))
    return before, np.asarray(image)


def share_removed(draw, **params):
    before, drawn = skin_with(draw)
    cleaned = HairRemover(**params).transform(drawn)
    changed = (drawn != before).any(axis=2)
    return (
        1
        - np.abs(cleaned.astype(int) - before)[changed].mean()
        / np.abs(drawn.astype(int) - before)[changed].mean()
    )


def line(*points, width=2, fill=(40, 30, 25)):
    return lambda pen: pen.line(points, fill=fill, width=width)


@pytest.mark.parametrize("angle", range(0, 180, 15))
@pytest.mark.parametrize("width", [1, 2, 4])
def test_lines_in_every_direction(angle, width):
    across, down = 90 * np.cos(np.deg2rad(angle)), 90 * np.sin(np.deg2rad(angle))
    hair = line((100 - across, 100 - down), (100 + across, 100 + down), width=width)
    assert share_removed(hair) > 0.9


def test_hair_may_bend_and_cross_others():
    def draw(pen):
        pen.arc((20, 20, 180, 180), 0, 200, fill=(40, 30, 25), width=2)
        pen.line([(0, 60), (199, 110)], fill=(50, 35, 30), width=3)

    assert share_removed(draw) > 0.9


@pytest.mark.parametrize(
    "draw",
    [
        lambda pen: pen.ellipse((60, 70, 130, 120), fill=(90, 50, 40)),  # a lesion
        lambda pen: pen.rectangle((0, 0, 40, 199), fill=(2, 2, 2)),  # a frame
        lambda pen: pen.rectangle((0, 197, 199, 199), fill=(2, 2, 2)),  # a thin one
        lambda pen: pen.ellipse(
            (-99, -99, 298, 298), outline=(2, 2, 2), width=100
        ),  # a round field
        lambda pen: [  # globules
            pen.ellipse((x, y, x + 5, y + 5), fill=(90, 50, 40))
            for x, y in np.random.default_rng(0).integers(10, 185, (60, 2)).tolist()
        ],
        lambda pen: [  # a network
            pen.ellipse((x, y, x + 9, y + 9), outline=(120, 70, 50), width=2)
            for x in range(10, 180, 8)
            for y in range(10, 180, 8)
        ],
        line((10, 10), (180, 190), fill=(250, 240, 235)),  # bright
        line((10, 10), (180, 190), width=16),  # broad
        line((90, 90), (99, 99)),  # short
    ],
    ids=[
        "lesion",
        "frame",
        "thin frame",
        "round field",
        "globules",
        "network",
        "bright",
        "broad",
        "short",
    ],
)
def test_what_is_no_hair_stays(draw):
    _, drawn = skin_with(draw)
    change = np.abs(HairRemover().transform(drawn).astype(int) - drawn)
    assert change.mean() < 0.4


def test_parameters_say_what_a_hair_is():
    broad = line((10, 10), (180, 190), width=12)
    assert share_removed(broad, width=0.08) > 0.9 > share_removed(broad)
    short = line((90, 90), (99, 99))
    assert share_removed(short, length=0.05) > 0.7 > share_removed(short)
    faint = line((10, 10), (180, 190), fill=(195, 140, 120))
    assert share_removed(faint, contrast=5) > 0.6 > share_removed(faint)


def test_pixels_beside_the_hair_are_unchanged():
    before, drawn = skin_with(line((20, 100), (180, 100)))
    for X in (drawn, drawn.astype(np.float64) + 0.25):
        change = np.abs(HairRemover().transform(X).astype(float) - X).max(axis=2)
        rows = np.flatnonzero(change.any(axis=1))
        assert 95 <= rows.min() < 100 < rows.max() <= 105
    assert (before == drawn)[:95].all()


def test_the_same_at_other_sizes():
    _, drawn = skin_with(line((20, 30), (170, 150), width=4), size=(200, 240))
    for factor in (0.5, 3):
        size = round(240 * factor), round(200 * factor)
        resized = np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.BOX))
        cleaned = HairRemover().transform(resized)
        assert cleaned[..., 0].min() > 150 > resized[..., 0].min()


def test_all_dark_but_a_line_is_unchanged():
    image = np.full((60, 60, 3), 10, dtype=np.uint8)
    image[30] = 200
    np.testing.assert_array_equal(HairRemover().transform(image), image)


@pytest.mark.slow
def test_hair_of_real_photographs_goes():
    """As the audit measures it, at another size."""
    data = os.environ.get("SKIN_LESION_DATA")
    if data is None:
        pytest.skip("SKIN_LESION_DATA is unset: it names a folder of real images")
    photographs = ImageLoader((300, 400)).transform(sorted(Path(data, "full_size").glob("*.jpg")))
    labels = ["any", "other"] * (len(photographs) // 2)
    before = audit_dataset(photographs, labels).quality["hair_share"]
    after = audit_dataset(HairRemover().transform(photographs), labels).quality["hair_share"]
    assert before.sum() > 0.05
    assert after.sum() < 0.25 * before.sum()
