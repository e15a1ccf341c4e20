"""The appearance of the nine classes, as data.

Each range contains two thirds of the lesions of a class. Classes overlap, as they do in practice.
"""

from functools import partial
from typing import NamedTuple

from .canvas import BLUE, BLUE_WHITE, BROWN, KERATIN, RED, WHITE
from .lesion import flakes, honeycomb, lacunae, patch, ridges, spots, streaks, strokes, trees


class Outline(NamedTuple):
    """Ranges of the shape of a lesion."""

    radius: tuple  # mean; 1 is half the shorter side of the image
    elongation: tuple  # 0 for a circle, 1 if it is twice as long as wide
    irregularity: tuple  # size of the lobes and notches
    raggedness: tuple  # size of the fine dents
    softness: tuple  # of the transition to the skin; sharply bordered lesions are near 0.03


class Colours(NamedTuple):
    """Ranges of the colours of a lesion's body."""

    brown: tuple  # amount of melanin
    red: tuple  # amount of blood
    mottling: tuple  # how uneven the melanin is
    asymmetry: tuple  # how much darker one side is than the other
    fading: tuple  # how much lighter the border is than the centre; negative if it is darker


_BLACK = BROWN + 0.3 * BLUE
_GREY = 0.75 * BLUE + 0.3 * BROWN
_HAZY_BLUE = BLUE + 0.3 * BLUE_WHITE
_RAW = RED + 0.6 * BROWN

# Brown and of uneven density, or at the periphery around a pale centre.
_NETWORK = partial(honeycomb, spacing=(0.09, 0.14))
_DELICATE_NETWORK = partial(honeycomb, spacing=(0.08, 0.11), border=(-0.35, 0.25), base=0.5)
# A red pseudonetwork around pale, plugged hair follicles.
_STRAWBERRY = partial(honeycomb, spacing=(0.11, 0.18), pigment=RED, border=(-0.5, 0.3), plugs=0.8)
_FINGERPRINTS = partial(ridges, spacing=(0.08, 0.12))
_SCALE = partial(flakes, substance=0.8 * WHITE)
# Uniform all over a nevus. In a melanoma, black and brown, of all sizes, and on one side.
_GLOBULES = partial(spots, number=(25, 70), radius=(0.022, 0.036), substance=BROWN)
_IRREGULAR_GLOBULES = partial(
    spots, number=(8, 32), radius=(0.012, 0.062), substance=_BLACK, aside=True
)
# Keratin plugs with sharp borders.
_COMEDO_LIKE_OPENINGS = partial(
    spots, number=(5, 20), radius=(0.025, 0.06), substance=BROWN, blur=0.002
)
# Some starry and some cloudy.
_MILIA_LIKE_CYSTS = partial(
    spots, number=(6, 28), radius=(0.02, 0.05), substance=WHITE, blur=0.009, length=0.2
)
_OVOID_NESTS = partial(
    spots, number=(3, 14), radius=(0.03, 0.12), substance=_GREY, blur=0.024, length=0.9
)
# Dotted, coiled and hairpin vessels.
_SHORT_VESSELS = partial(
    strokes, number=(10, 40), length=(0.03, 0.11), width=0.024, substance=1.2 * RED, wander=0.7
)
_SHINY_WHITE_LINES = partial(
    strokes, number=(5, 16), length=(0.08, 0.22), width=0.014, substance=WHITE
)
_BLOTCH = partial(patch, offset=(0.15, 0.6), size=(0.35, 0.75), substance=_BLACK)
_DARK_CENTRE = partial(patch, offset=(0, 0.1), size=(0.5, 0.8), substance=BROWN)
# A confluent blue area under a whitish haze.
_VEIL = partial(patch, offset=(0.05, 0.5), size=(0.4, 0.8), substance=_HAZY_BLUE)
# A scar-like white area peppered with grey dots.
_REGRESSION = partial(
    patch, offset=(0.2, 0.7), size=(0.3, 0.6), substance=0.55 * WHITE, specks=0.5 * BLUE
)
# A structureless yellow-white mass, often with blood spots.
_KERATIN_MASS = partial(patch, offset=(0, 0.3), size=(0.35, 0.7), substance=KERATIN, specks=_RAW)
# Scar-like, in the centre.
_WHITE_PATCH = partial(patch, offset=(0, 0.15), size=(0.4, 0.7), substance=WHITE)
# A small raw spot with an orange-brown crust.
_EROSION = partial(patch, offset=(0, 0.6), size=(0.12, 0.3), substance=_RAW)

# The structures of a class are in drawing order: the painter, the share of lesions with it, and the
# range of its strength.
#
# The order of the classes matters: the first 2 are melanoma against nevus, the first 3 are those of
# the ISIC 2017 challenge, the first 7 resemble HAM10000, and the first 8 resemble ISIC 2019.
CLASS_PROFILES = {
    "melanoma": (
        Outline((0.42, 0.68), (0.1, 0.45), (0.12, 0.26), (0.05, 0.12), (0.06, 0.2)),
        Colours((0.55, 1.3), (0.0, 0.35), (0.25, 0.5), (0.2, 0.5), (0.0, 0.4)),
        (_NETWORK, 0.5, (0.3, 0.85)),
        (_BLOTCH, 0.7, (0.4, 1.1)),
        (streaks, 0.5, (0.4, 0.9)),
        (_IRREGULAR_GLOBULES, 0.6, (0.5, 1.05)),
        (_VEIL, 0.6, (0.45, 0.9)),
        (_REGRESSION, 0.35, (0.35, 0.8)),
        (_SHINY_WHITE_LINES, 0.15, (0.2, 0.45)),
    ),
    "nevus": (
        Outline((0.32, 0.55), (0.05, 0.35), (0.03, 0.1), (0.03, 0.08), (0.1, 0.25)),
        Colours((0.45, 1.1), (0.0, 0.3), (0.1, 0.25), (0.0, 0.2), (0.1, 0.5)),
        (_NETWORK, 0.7, (0.3, 0.75)),
        (_GLOBULES, 0.4, (0.3, 0.65)),
        (_DARK_CENTRE, 0.35, (0.25, 0.65)),
        (_IRREGULAR_GLOBULES, 0.08, (0.35, 0.7)),
    ),
    "seborrheic keratosis": (
        Outline((0.38, 0.65), (0.1, 0.5), (0.06, 0.16), (0.03, 0.08), (0.03, 0.08)),
        Colours((0.35, 1.1), (0.0, 0.25), (0.25, 0.45), (0.05, 0.3), (-0.2, 0.2)),
        (_FINGERPRINTS, 0.15, (0.15, 0.4)),
        (_COMEDO_LIKE_OPENINGS, 0.8, (0.45, 1.05)),
        (_SHORT_VESSELS, 0.2, (0.25, 0.65)),
        (_MILIA_LIKE_CYSTS, 0.9, (0.45, 0.85)),
        (_SCALE, 0.2, (0.25, 0.5)),
    ),
    "basal cell carcinoma": (
        Outline((0.3, 0.58), (0.05, 0.4), (0.07, 0.17), (0.05, 0.12), (0.1, 0.3)),
        Colours((0.0, 0.25), (0.15, 0.5), (0.2, 0.4), (0.1, 0.4), (-0.1, 0.3)),
        (_WHITE_PATCH, 0.25, (0.15, 0.35)),
        (trees, 0.8, (0.4, 0.9)),
        (_OVOID_NESTS, 0.75, (0.4, 0.9)),
        (_EROSION, 0.35, (0.4, 0.85)),
        (_SHINY_WHITE_LINES, 0.4, (0.2, 0.5)),
    ),
    "actinic keratosis": (
        Outline((0.35, 0.65), (0.1, 0.45), (0.1, 0.2), (0.08, 0.18), (0.25, 0.5)),
        Colours((0.05, 0.35), (0.15, 0.42), (0.3, 0.5), (0.05, 0.3), (0.0, 0.4)),
        (_STRAWBERRY, 0.8, (0.25, 0.6)),
        (_SCALE, 0.7, (0.25, 0.65)),
        (_SHORT_VESSELS, 0.2, (0.25, 0.65)),
        (_EROSION, 0.1, (0.3, 0.7)),
    ),
    "dermatofibroma": (
        Outline((0.28, 0.5), (0.05, 0.35), (0.03, 0.1), (0.04, 0.1), (0.25, 0.5)),
        Colours((0.1, 0.4), (0.05, 0.35), (0.1, 0.3), (0.0, 0.2), (-0.4, 0.2)),
        (_DELICATE_NETWORK, 0.85, (0.3, 0.7)),
        (_WHITE_PATCH, 0.85, (0.25, 0.55)),
        (_SHINY_WHITE_LINES, 0.25, (0.15, 0.45)),
        (_SHORT_VESSELS, 0.2, (0.2, 0.55)),
    ),
    "vascular lesion": (
        Outline((0.2, 0.45), (0.05, 0.35), (0.04, 0.12), (0.02, 0.06), (0.06, 0.2)),
        Colours((0.0, 0.15), (0.4, 1.1), (0.1, 0.3), (0.0, 0.25), (0.0, 0.4)),
        (lacunae, 0.95, (0.45, 1.0)),
        (_VEIL, 0.2, (0.35, 0.7)),
        (_SCALE, 0.12, (0.25, 0.5)),
    ),
    "squamous cell carcinoma": (
        Outline((0.35, 0.65), (0.05, 0.4), (0.08, 0.18), (0.06, 0.14), (0.1, 0.3)),
        Colours((0.1, 0.45), (0.2, 0.5), (0.25, 0.45), (0.1, 0.35), (-0.1, 0.3)),
        (_SHORT_VESSELS, 0.7, (0.45, 1.0)),
        (_KERATIN_MASS, 0.85, (0.4, 0.75)),
        (_SCALE, 0.5, (0.3, 0.65)),
        (_EROSION, 0.4, (0.45, 0.9)),
        (_STRAWBERRY, 0.12, (0.15, 0.4)),
    ),
    "pigmented benign keratosis": (
        Outline((0.32, 0.58), (0.1, 0.5), (0.08, 0.18), (0.1, 0.2), (0.05, 0.15)),
        Colours((0.2, 0.7), (0.0, 0.25), (0.25, 0.45), (0.05, 0.3), (-0.1, 0.3)),
        (_FINGERPRINTS, 0.8, (0.2, 0.5)),
        (_COMEDO_LIKE_OPENINGS, 0.2, (0.4, 0.85)),
        (_MILIA_LIKE_CYSTS, 0.25, (0.35, 0.75)),
        (_GLOBULES, 0.15, (0.2, 0.45)),
        (_REGRESSION, 0.15, (0.25, 0.55)),
    ),
}
