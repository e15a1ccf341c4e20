"""What distinguishes the nine classes, as data.

Ranges hold two thirds of the lesions of a class: classes overlap, as they do in the clinic.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import lesion as lesion


@dataclass(frozen=True)
class Structure:
    """How often a class shows a dermoscopic structure, and how clearly.

    Attributes
    ----------
    paint : callable
        One of the functions of `_drawing_lesion`.

    chance : float
        Share of lesions that have it.

    strength : tuple of 2 floats
        Amount of pigment, or opacity from 0 to 1.
    """

    paint: Callable
    chance: float
    strength: tuple[float, float]


@dataclass(frozen=True)
class ClassProfile:
    """Distribution of the looks of one class.

    Attributes
    ----------
    radius : tuple of 2 floats
        Mean radius; 1 is half the shorter side of the image.

    elongation : tuple of 2 floats
        0 for a circle, 1 where it is twice as long as wide.

    irregularity : tuple of 2 floats
        Size of the lobes and notches of the outline.

    raggedness : tuple of 2 floats
        Size of the fine dents of the border.

    softness : tuple of 2 floats
        Width of the transition from lesion to skin; sharply bordered lesions are near 0.03.

    brown, red : tuple of 2 floats
        Amount of melanin and of blood.

    mottling : tuple of 2 floats
        How unevenly the melanin is spread.

    asymmetry : tuple of 2 floats
        How much darker one side is than the other.

    fading : tuple of 2 floats
        How much lighter the border is than the centre; negative where it is darker.

    structures : tuple of Structure
        Painted in this order.
    """

    radius: tuple[float, float]
    elongation: tuple[float, float]
    irregularity: tuple[float, float]
    raggedness: tuple[float, float]
    softness: tuple[float, float]
    brown: tuple[float, float]
    red: tuple[float, float]
    mottling: tuple[float, float]
    asymmetry: tuple[float, float]
    fading: tuple[float, float]
    structures: tuple[Structure, ...]


# In this order the first 2 are the classic question, the first 3 that of the ISIC 2017 challenge,
# the first 7 resemble HAM10000, the first 8 ISIC 2019.
CLASS_PROFILES = {
    "melanoma": ClassProfile(
        radius=(0.42, 0.68),
        elongation=(0.1, 0.45),
        irregularity=(0.12, 0.26),
        raggedness=(0.05, 0.12),
        softness=(0.06, 0.2),
        brown=(0.55, 1.3),
        red=(0.0, 0.35),
        mottling=(0.25, 0.5),
        asymmetry=(0.2, 0.5),
        fading=(0.0, 0.4),
        structures=(
            Structure(lesion.network, 0.5, (0.3, 0.85)),
            Structure(lesion.blotch, 0.7, (0.4, 1.1)),
            Structure(lesion.streaks, 0.5, (0.4, 0.9)),
            Structure(lesion.irregular_globules, 0.6, (0.5, 1.05)),
            Structure(lesion.blue_white_veil, 0.6, (0.45, 0.9)),
            Structure(lesion.regression, 0.35, (0.35, 0.8)),
            Structure(lesion.shiny_white_lines, 0.15, (0.2, 0.45)),
        ),
    ),
    "nevus": ClassProfile(
        radius=(0.32, 0.55),
        elongation=(0.05, 0.35),
        irregularity=(0.03, 0.1),
        raggedness=(0.03, 0.08),
        softness=(0.1, 0.25),
        brown=(0.45, 1.1),
        red=(0.0, 0.3),
        mottling=(0.1, 0.25),
        asymmetry=(0.0, 0.2),
        fading=(0.1, 0.5),
        structures=(
            Structure(lesion.network, 0.7, (0.3, 0.75)),
            Structure(lesion.globules, 0.4, (0.3, 0.65)),
            Structure(lesion.dark_centre, 0.35, (0.25, 0.65)),
            Structure(lesion.irregular_globules, 0.08, (0.35, 0.7)),
        ),
    ),
    "seborrheic keratosis": ClassProfile(
        radius=(0.38, 0.65),
        elongation=(0.1, 0.5),
        irregularity=(0.06, 0.16),
        raggedness=(0.03, 0.08),
        softness=(0.03, 0.08),
        brown=(0.35, 1.1),
        red=(0.0, 0.25),
        mottling=(0.25, 0.45),
        asymmetry=(0.05, 0.3),
        fading=(-0.2, 0.2),
        structures=(
            Structure(lesion.fingerprints, 0.15, (0.15, 0.4)),
            Structure(lesion.comedo_like_openings, 0.8, (0.45, 1.05)),
            Structure(lesion.short_vessels, 0.2, (0.25, 0.65)),
            Structure(lesion.milia_like_cysts, 0.9, (0.45, 0.85)),
            Structure(lesion.scale, 0.2, (0.25, 0.5)),
        ),
    ),
    "basal cell carcinoma": ClassProfile(
        radius=(0.3, 0.58),
        elongation=(0.05, 0.4),
        irregularity=(0.07, 0.17),
        raggedness=(0.05, 0.12),
        softness=(0.1, 0.3),
        brown=(0.0, 0.25),
        red=(0.15, 0.5),
        mottling=(0.2, 0.4),
        asymmetry=(0.1, 0.4),
        fading=(-0.1, 0.3),
        structures=(
            Structure(lesion.white_patch, 0.25, (0.15, 0.35)),
            Structure(lesion.arborising_vessels, 0.8, (0.4, 0.9)),
            Structure(lesion.ovoid_nests, 0.75, (0.4, 0.9)),
            Structure(lesion.erosion, 0.35, (0.4, 0.85)),
            Structure(lesion.shiny_white_lines, 0.4, (0.2, 0.5)),
        ),
    ),
    "actinic keratosis": ClassProfile(
        radius=(0.35, 0.65),
        elongation=(0.1, 0.45),
        irregularity=(0.1, 0.2),
        raggedness=(0.08, 0.18),
        softness=(0.25, 0.5),
        brown=(0.05, 0.35),
        red=(0.15, 0.42),
        mottling=(0.3, 0.5),
        asymmetry=(0.05, 0.3),
        fading=(0.0, 0.4),
        structures=(
            Structure(lesion.strawberry, 0.8, (0.25, 0.6)),
            Structure(lesion.scale, 0.7, (0.25, 0.65)),
            Structure(lesion.short_vessels, 0.2, (0.25, 0.65)),
            Structure(lesion.erosion, 0.1, (0.3, 0.7)),
        ),
    ),
    "dermatofibroma": ClassProfile(
        radius=(0.28, 0.5),
        elongation=(0.05, 0.35),
        irregularity=(0.03, 0.1),
        raggedness=(0.04, 0.1),
        softness=(0.25, 0.5),
        brown=(0.1, 0.4),
        red=(0.05, 0.35),
        mottling=(0.1, 0.3),
        asymmetry=(0.0, 0.2),
        fading=(-0.4, 0.2),
        structures=(
            Structure(lesion.delicate_network, 0.85, (0.3, 0.7)),
            Structure(lesion.white_patch, 0.85, (0.25, 0.55)),
            Structure(lesion.shiny_white_lines, 0.25, (0.15, 0.45)),
            Structure(lesion.short_vessels, 0.2, (0.2, 0.55)),
        ),
    ),
    "vascular lesion": ClassProfile(
        radius=(0.2, 0.45),
        elongation=(0.05, 0.35),
        irregularity=(0.04, 0.12),
        raggedness=(0.02, 0.06),
        softness=(0.06, 0.2),
        brown=(0.0, 0.15),
        red=(0.4, 1.1),
        mottling=(0.1, 0.3),
        asymmetry=(0.0, 0.25),
        fading=(0.0, 0.4),
        structures=(
            Structure(lesion.lacunae, 0.95, (0.45, 1.0)),
            Structure(lesion.blue_white_veil, 0.2, (0.35, 0.7)),
            Structure(lesion.scale, 0.12, (0.25, 0.5)),
        ),
    ),
    "squamous cell carcinoma": ClassProfile(
        radius=(0.35, 0.65),
        elongation=(0.05, 0.4),
        irregularity=(0.08, 0.18),
        raggedness=(0.06, 0.14),
        softness=(0.1, 0.3),
        brown=(0.1, 0.45),
        red=(0.2, 0.5),
        mottling=(0.25, 0.45),
        asymmetry=(0.1, 0.35),
        fading=(-0.1, 0.3),
        structures=(
            Structure(lesion.short_vessels, 0.7, (0.45, 1.0)),
            Structure(lesion.keratin_mass, 0.85, (0.4, 0.75)),
            Structure(lesion.scale, 0.5, (0.3, 0.65)),
            Structure(lesion.erosion, 0.4, (0.45, 0.9)),
            Structure(lesion.strawberry, 0.12, (0.15, 0.4)),
        ),
    ),
    "pigmented benign keratosis": ClassProfile(
        radius=(0.32, 0.58),
        elongation=(0.1, 0.5),
        irregularity=(0.08, 0.18),
        raggedness=(0.1, 0.2),
        softness=(0.05, 0.15),
        brown=(0.2, 0.7),
        red=(0.0, 0.25),
        mottling=(0.25, 0.45),
        asymmetry=(0.05, 0.3),
        fading=(-0.1, 0.3),
        structures=(
            Structure(lesion.fingerprints, 0.8, (0.2, 0.5)),
            Structure(lesion.comedo_like_openings, 0.2, (0.4, 0.85)),
            Structure(lesion.milia_like_cysts, 0.25, (0.35, 0.75)),
            Structure(lesion.globules, 0.15, (0.2, 0.45)),
            Structure(lesion.regression, 0.15, (0.25, 0.55)),
        ),
    ),
}
