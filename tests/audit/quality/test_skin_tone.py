import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageFilter

from skin_lesion import EvaluationReport, estimate_skin_tone, make_lesion_images

SKIN = {
    "very light": (244, 222, 208),
    "light": (223, 182, 146),
    "intermediate": (204, 156, 120),
    "tan": (176, 125, 96),
    "brown": (138, 96, 70),
    "dark": (70, 48, 38),
}


def ita(colour):
    """The angle of an sRGB colour, by the formulas of CIE 1976 and IEC 61966-2-1."""
    share = np.array(colour) / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    _, y, z = np.cbrt(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
        @ linear
        / [0.9505, 1, 1.089]
    )
    return np.degrees(np.arctan2(116 * y - 16 - 50, 200 * (y - z)))


def photograph(skin, *, extras=True, size=(200, 150), lesion=0.3):
    """A lesion, half as bright as the skin, with hair, ink, a gleam and a round field."""
    width, height = size
    image = Image.new("RGB", size, skin)
    draw = ImageDraw.Draw(image)
    box = [width / 2 - lesion * height, height * (0.5 - lesion)]
    draw.ellipse(
        [*box, width / 2 + lesion * height, height * (0.5 + lesion)],
        fill=tuple(c // 2 for c in skin),
    )
    image = image.filter(ImageFilter.GaussianBlur(2))
    draw = ImageDraw.Draw(image)
    if extras:
        for x in (20, 60, 150):
            draw.line([x, 0, x + 40, height], fill=(20, 15, 12), width=2)
        draw.line([30, 130, 60, 145], fill=(70, 30, 140), width=6)
        draw.ellipse([150, 60, 160, 70], fill=(255, 255, 255))
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).ellipse([-20, -25, width + 20, height + 25], fill=255)
        image = Image.composite(image, Image.new("RGB", size, (8, 6, 6)), mask)
    noise = np.random.default_rng(0).normal(0, 3, (height, width, 3))
    return np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("extras", [False, True])
def test_angle_and_tone_are_those_of_the_skin(extras):
    skin = estimate_skin_tone(
        np.stack([photograph(colour, extras=extras) for colour in SKIN.values()])
    )

    np.testing.assert_allclose(
        skin["estimated_ita"], [ita(colour) for colour in SKIN.values()], atol=2
    )
    assert skin["estimated_skin_tone"].tolist() == list(SKIN)
    assert (skin["ita_spread"] < 3).all()
    assert skin["skin_share"].between(0.3, 0.95).all()


def test_drawn_lesions_hide_nothing_of_the_order_of_skins():
    """Of drawn photographs the frame of the image is mostly skin; their light varies."""
    images = make_lesion_images(60, image_size=96, random_state=0).images
    rims = np.concatenate([images[:, :8, 20:-20], images[:, -8:, 20:-20]], axis=1)
    expected = [ita(np.median(rim.reshape(-1, 3), axis=0)) for rim in rims]

    found = estimate_skin_tone(images)["estimated_ita"]

    assert np.median(np.abs(found - expected)) < 4
    assert found.corr(pd.Series(expected), method="spearman") > 0.9


def test_tone_is_missing_where_little_skin_is_seen_and_where_the_light_is_blue(tmp_path):
    corners_alone = photograph(SKIN["light"], extras=False, lesion=0.66)
    bluish = photograph((200, 185, 215), extras=False)
    paths = []
    for name, image in (("corners", corners_alone), ("bluish", bluish)):
        paths.append(tmp_path / f"{name}.png")
        Image.fromarray(image).save(paths[-1])

    skin = estimate_skin_tone(np.array(paths, dtype=str).reshape(-1, 1), n_jobs=1)

    assert skin["estimated_skin_tone"].isna().all()
    assert skin["estimated_ita"].isna().tolist() == [True, False]
    assert skin.loc[1, "estimated_ita"] > 90
    assert skin.loc[0, "skin_share"] < 0.15


@pytest.mark.parametrize("colour", [(200, 200, 200), (90, 90, 90), (70, 75, 110)])
def test_grey_photographs_and_dark_blue_light_have_no_angle(colour):
    image = photograph(colour, extras=False)
    if len(set(colour)) == 1:
        image = np.repeat(image[:, :, :1], 3, axis=2)
    skin = estimate_skin_tone(np.stack([image, photograph(SKIN["dark"])]))
    assert skin[["estimated_skin_tone", "estimated_ita", "ita_spread"]].isna().all(axis=1)[0]
    assert skin.loc[0, "skin_share"] > 0.3
    assert skin.loc[1, "estimated_skin_tone"] == "dark"


def test_black_image_and_missing_file():
    assert estimate_skin_tone(np.zeros((1, 40, 40, 3), np.uint8))["estimated_ita"].isna().all()
    with pytest.raises(ValueError, match=r"'no_such\.jpg' does not exist"):
        estimate_skin_tone(["no_such.jpg"])


def test_scores_are_sliced_by_it_and_the_page_says_that_it_is_estimated(tmp_path):
    images = np.stack([photograph(SKIN[name], extras=False) for name in ("light", "brown")] * 20)
    y = np.array(["melanoma", "nevus", "nevus", "melanoma"] * 10)
    p = np.tile([0.9, 0.6, 0.2, 0.3], 10)  # right on light skin alone
    report = EvaluationReport.from_predictions(
        y,
        p,
        classes=["melanoma", "nevus"],
        positive="melanoma",
        frame=estimate_skin_tone(images)[["estimated_skin_tone"]],
        random_state=0,
    )

    sensitivity = report.slices.loc["estimated_skin_tone", "sensitivity"]
    assert sensitivity[["light", "brown"]].tolist() == [1, 0]
    page = report.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "estimated_skin_tone is not a recorded skin type" in page
