"""The photograph around a lesion: skin, light and artefacts.

None of them depends on the class.
"""

import cv2
import numpy as np

from ...images import bend_lines, cover, darken_corners, direction, draw_hair, draw_ruler
from .canvas import BROWN, RED, Canvas, make_substance, ramp
from .lesion import paint_lesion

# Red, green and blue of Fitzpatrick's types I to VI. Public collections contain mostly the first.
_SKIN_TONES = [
    [242, 235, 224, 199, 153, 102],
    [212, 196, 178, 148, 107, 69],
    [201, 181, 156, 120, 84, 54],
]
_HAIR_COLOURS = np.array([[26, 18, 15], [71, 43, 28], [199, 173, 140]])
_INK = make_substance([1.7, 1.3, 0.3])

# Structures are finer than the pixels of small images, so these are drawn larger, then reduced.
_MIN_DRAWN_SIDE = 96


def draw_photograph(image_size, profile, lesion_seed, photograph_seed):
    """Return one photograph of one lesion, of shape (height, width, 3), uint8.

    The first seed determines the lesion and the patient's skin, the second determines position,
    light and artefacts.
    """
    height, width = image_size
    reduction = -(-_MIN_DRAWN_SIDE // min(height, width))
    lesion_rng, rng = np.random.default_rng(lesion_seed), np.random.default_rng(photograph_seed)
    canvas = Canvas(
        (height * reduction, width * reduction),
        rotation=rng.uniform(0, 2 * np.pi),
        zoom=rng.lognormal(0.0, 0.14),
        shift=np.clip(0.1 * rng.standard_normal(2), -0.3, 0.3),
    )
    _paint_skin(canvas, lesion_rng)
    paint_lesion(canvas, profile, lesion_rng)
    for paint, chance in _ARTEFACTS:
        own_rng = np.random.default_rng(rng.integers(2**63))
        if own_rng.random() < chance:
            paint(canvas, own_rng)

    pixels = cv2.resize(canvas.image, (width, height), interpolation=cv2.INTER_AREA)
    pixels += rng.uniform(1, 3.6) * rng.standard_normal(pixels.shape, dtype=np.float32)
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


def _paint_skin(canvas, rng):
    tone = 5 * rng.beta(1.2, 3.6)
    canvas.image[:] = [np.interp(tone, range(6), channel) for channel in _SKIN_TONES]
    flushed, tanned, uneven = rng.uniform(0, [0.16, 0.12, 0.07])
    canvas.paint(RED, flushed * np.clip(1 + canvas.noise(rng, (0.5, 0.25)), 0, 3))
    canvas.paint(BROWN, tanned * np.clip(1 + canvas.noise(rng, (0.7, 0.15)), 0, 3))
    furrows = ramp(-canvas.mesh(rng.uniform(0.06, 0.11), rng), -0.5, 1.4)
    grain = 0.5 + canvas.noise(rng, (0.5, 0.022))
    canvas.paint(RED + 0.4 * BROWN, (0.02 + uneven) * np.maximum(furrows + grain, 0))
    if rng.random() < 0.2:
        capillaries = ramp(canvas.noise(rng, (1, 0.018), (0.8, 0.2)), 0.3, 2.8)
        canvas.paint(RED, rng.uniform(0.1, 0.3) * capillaries)


def _ink(canvas, rng):
    """A surgeon's violet mark beside the lesion."""
    theta = rng.uniform(0, 2 * np.pi)
    start = rng.uniform(0.85, 1.15) * direction(theta)
    heading = theta + np.pi / 2 + 0.3 * rng.standard_normal()
    line = bend_lines([start], heading, rng.uniform(0.3, 1.0), rng, wander=0.2)
    worn = np.clip(0.8 + canvas.noise(rng, (0.35, 0.06)), 0, 1.2)
    mask = canvas.draw(line, rng.uniform(0.06, 0.16), 0.015)
    canvas.paint(_INK, rng.uniform(0.4, 1.0) * mask * worn)


def _hair(canvas, rng):
    n_hairs = 1 + rng.poisson(rng.choice([3, 9, 25], p=[0.5, 0.35, 0.15]))
    colour = rng.choice(_HAIR_COLOURS, p=[0.55, 0.35, 0.10])
    canvas.image = draw_hair(canvas.image, n_hairs, colour, rng)


def _bubbles(canvas, rng):
    """Bubbles in the immersion gel, with bright rims and a reflection on one side."""
    n_bubbles = rng.integers(2, 9)
    centres = rng.uniform(-1.1, 1.1, size=(n_bubbles, 1, 2))
    radii = 0.03 + 0.14 * rng.uniform(0, 1, size=(n_bubbles, 1, 1)) ** 2
    rims = centres + radii * direction(np.linspace(0, 2 * np.pi, 25))
    glints = np.repeat(centres - 0.45 * radii, 2, axis=1)
    mask = 0.35 * canvas.draw(rims, 0.2 * radii.ravel(), 0.006)
    mask += 0.7 * canvas.draw(glints, 0.35 * radii.ravel(), 0.008)
    canvas.image = cover(canvas.image, np.minimum(mask, 1), 255)


def _unsharp_focus(canvas, rng):
    size = rng.uniform(0.006, 0.014) * canvas.pixels_per_unit
    canvas.image = cv2.GaussianBlur(canvas.image, (0, 0), size)


def _light(canvas, rng):
    """Exposure, white balance, an uneven beam and contrast."""
    right, down = (rng.uniform(0, 0.08) * direction(rng.uniform(0, 2 * np.pi))).tolist()
    falloff = rng.uniform(0, 0.13) * (canvas.x**2 + canvas.y**2)
    beam = np.maximum(1 + right * canvas.x + down * canvas.y - falloff, 0.3)
    cast = np.exp(rng.normal([-0.02, 0.0, 0.03], [0.02, 0.025, 0.055])) * rng.lognormal(0, 0.08)
    gamma = rng.lognormal(0.0, 0.09)
    for channel, gain in enumerate(cast.tolist()):
        lit = beam * (gain / 255) * canvas.image[..., channel]
        canvas.image[..., channel] = 255 * lit**gamma


def _ruler(canvas, rng):
    canvas.image = draw_ruler(canvas.image, rng, tilt=0.1 * rng.standard_normal())


def _dark_field(canvas, rng):
    """The round field of view of the dermatoscope, dark outside its rim."""
    canvas.image = darken_corners(
        canvas.image,
        rng.uniform(0.64, 0.93),
        softness=rng.uniform(0.02, 0.14),
        shade=rng.uniform(2, 20),
        off_centre=0.03 * rng.standard_normal(2),
    )


# In the order of their distance from the skin, nearest first.
_ARTEFACTS = (
    (_ink, 0.06),
    (_hair, 0.4),
    (_bubbles, 0.12),
    (_unsharp_focus, 0.3),
    (_light, 1.0),
    (_ruler, 0.2),
    (_dark_field, 0.22),
)
