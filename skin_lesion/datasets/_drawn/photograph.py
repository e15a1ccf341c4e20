"""The photograph around a lesion: skin, light, and what gets in the way of the camera.

None of it depends on the class.
"""

import numpy as np

from .canvas import BROWN, RED, Canvas, View, make_wandering_line, ramp
from .lesion import paint_lesion

# From Fitzpatrick's type I to VI, the lighter half of which fills the public collections.
_SKIN_TONES = np.array(
    [
        [0.95, 0.83, 0.79],
        [0.92, 0.77, 0.71],
        [0.88, 0.70, 0.61],
        [0.78, 0.58, 0.47],
        [0.60, 0.42, 0.33],
        [0.40, 0.27, 0.21],
    ]
)

# Structures are finer than the pixels of small images: those are drawn larger, then reduced.
_MIN_DRAWN_SIDE = 96


def draw_photograph(image_size, profile, *, lesion_seed, photograph_seed, noise):
    """Draw one photograph of one lesion.

    Parameters
    ----------
    image_size : tuple of 2 ints
        Height and width.

    profile : ClassProfile

    lesion_seed : int
        The lesion and the skin of the patient.

    photograph_seed : int
        Position, light and artefacts.

    noise : Noise

    Returns
    -------
    image : ndarray of shape (height, width, 3), of uint8
    """
    height, width = image_size
    reduction = -(-_MIN_DRAWN_SIDE // min(height, width))
    size = (height * reduction, width * reduction)

    lesion_rng = np.random.default_rng(lesion_seed)
    rng = np.random.default_rng(photograph_seed)
    view = View(
        *size,
        rotation=rng.uniform(0, 2 * np.pi),
        zoom=rng.lognormal(0.0, 0.14),
        shift=np.clip(0.1 * rng.standard_normal(2), -0.3, 0.3),
    )
    canvas = _paint_skin(view, noise, lesion_rng)
    paint_lesion(canvas, profile, lesion_rng)

    # What belongs to the camera is drawn in a frame that does not move with the lesion.
    frame = Canvas(View(*size), noise, background=canvas.colour)
    for artefact, chance in _ARTEFACTS:
        own_rng = np.random.default_rng(rng.integers(2**63))
        if own_rng.random() < chance:
            artefact(frame, own_rng)

    pixels = frame.colour.reshape(3, height, reduction, width, reduction).mean(axis=(2, 4))
    pixels += rng.uniform(0.004, 0.014) * rng.standard_normal(pixels.shape, dtype=np.float32)
    return np.round(255 * np.clip(pixels, 0, 1)).astype(np.uint8).transpose(1, 2, 0)


def _paint_skin(view, noise, rng):
    tone = (len(_SKIN_TONES) - 1) * rng.beta(1.2, 3.6)
    background = [
        np.interp(tone, np.arange(len(_SKIN_TONES)), channel) for channel in _SKIN_TONES.T
    ]
    canvas = Canvas(view, noise, np.reshape(background, (3, 1, 1)))

    flushed, tanned = rng.uniform(0, 0.16), rng.uniform(0, 0.12)
    canvas.absorb(RED, flushed * np.clip(1 + 0.5 * canvas.noise(0.25, rng), 0, 3))
    canvas.absorb(BROWN, tanned * np.clip(1 + 0.7 * canvas.noise(0.15, rng), 0, 3))
    furrows = ramp(-canvas.mesh(rng.uniform(0.06, 0.11), rng), -0.5, 1.4)
    grain = 0.5 + 0.5 * canvas.noise(0.022, rng)
    canvas.absorb(RED + 0.4 * BROWN, rng.uniform(0.02, 0.07) * np.maximum(furrows + grain, 0))
    if rng.random() < 0.2:
        capillaries = ramp(canvas.noise(0.018, rng) + 0.8 * canvas.noise(0.2, rng), 0.3, 2.8)
        canvas.absorb(RED, rng.uniform(0.1, 0.3) * capillaries)
    return canvas


def _unsharp_focus(frame, rng):
    """A lens that is not quite in focus."""
    size = rng.uniform(0.006, 0.014)
    for channel in frame.colour:
        channel[:] = frame.view.blur(channel, size)


def _light(frame, rng):
    """Exposure, white balance, an uneven beam and contrast."""
    angle = rng.uniform(0, 2 * np.pi)
    across = np.cos(angle) * frame.view.x + np.sin(angle) * frame.view.y
    from_middle = (frame.view.x**2 + frame.view.y**2) / _half_diagonal(frame.view) ** 2
    falloff = rng.uniform(0, 0.32) * from_middle
    beam = 1 + rng.uniform(0, 0.08) * across - falloff
    cast = np.exp(rng.normal([-0.02, 0.0, 0.03], [0.02, 0.025, 0.055]))
    exposure = rng.lognormal(0.0, 0.08)
    frame.colour *= np.maximum(exposure * beam, 0.1)
    frame.colour *= cast[:, np.newaxis, np.newaxis].astype(np.float32)
    frame.colour **= rng.lognormal(0.0, 0.09)


def _hair(frame, rng):
    """Hairs, mostly dark and in one direction."""
    n_hairs = 1 + rng.poisson(rng.choice([3, 9, 25], p=[0.5, 0.35, 0.15]))
    direction, disorder = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.7)
    lines = [
        make_wandering_line(
            rng.uniform(-1.5, 1.5, 2),
            direction + disorder * rng.standard_normal(),
            rng.uniform(0.5, 2.2),
            rng,
            wander=0.09,
            n_steps=16,
        )
        for _ in range(n_hairs)
    ]
    mask = frame.view.draw_lines(lines, rng.uniform(0.012, 0.03) * rng.uniform(0.6, 1.2, n_hairs))
    hair_colours = np.array([[0.10, 0.07, 0.06], [0.28, 0.17, 0.11], [0.78, 0.68, 0.55]])
    frame.cover(rng.choice(hair_colours, p=[0.55, 0.35, 0.10]), rng.uniform(0.6, 0.95) * mask)


def _ruler(frame, rng):
    """The scale on the glass: ticks along one side, every fifth longer."""
    edge = rng.uniform(0.8, 0.97)
    ticks = np.arange(-2, 2, rng.uniform(0.06, 0.14))
    ends = edge - np.where(np.arange(len(ticks)) % 5 == 0, 0.14, 0.08)
    edges = np.full(len(ticks), edge)
    lines = np.stack([np.stack([ticks, edges], -1), np.stack([ticks, ends], -1)], axis=1)
    angle = np.pi / 2 * rng.integers(4) + 0.15 * rng.standard_normal()
    cosine, sine = np.cos(angle), np.sin(angle)
    lines = lines @ np.array([[cosine, sine], [-sine, cosine]])
    mask = frame.view.draw_lines(lines, np.full(len(ticks), 0.014))
    frame.cover(np.array([0.08, 0.08, 0.1]), rng.uniform(0.6, 0.95) * mask)


def _ink(frame, rng):
    """A surgeon's violet or blue mark near the margin."""
    theta = rng.uniform(0, 2 * np.pi)
    start = rng.uniform(0.85, 1.15) * np.array([np.cos(theta), np.sin(theta)])
    heading = theta + np.pi / 2 + 0.3 * rng.standard_normal()
    line = make_wandering_line(start, heading, rng.uniform(0.3, 1.0), rng, wander=0.2)
    mask = frame.view.blur(frame.view.draw_lines([line], [rng.uniform(0.06, 0.16)]), 0.015)
    worn = np.clip(0.8 + 0.35 * frame.noise(0.06, rng), 0, 1.2)
    pigment = np.array([1.6, 1.5, 0.35]) if rng.random() < 0.6 else np.array([1.8, 0.8, 0.2])
    frame.absorb(pigment, rng.uniform(0.4, 1.0) * mask * worn)


def _bubbles(frame, rng):
    """Bubbles in the immersion gel: bright rims, and a glint on one side."""
    for _ in range(rng.integers(2, 9)):
        centre, radius = rng.uniform(-1.1, 1.1, 2), 0.03 + 0.14 * rng.uniform(0, 1) ** 2
        x, y = frame.view.x - centre[0], frame.view.y - centre[1]
        distance = np.hypot(x, y) / radius
        rim = np.exp(-(((distance - 1) / 0.13) ** 2))
        glint = np.exp(-(((x / radius + 0.45) ** 2 + (y / radius + 0.45) ** 2) / 0.04))
        frame.colour *= 1 - 0.12 * ((distance < 1) & (distance > 0.8))
        frame.cover(np.ones(3), 0.35 * rim + 0.7 * glint)


def _dark_field(frame, rng):
    """The round field of the dermatoscope, dark beyond its rim."""
    radius = rng.uniform(0.68, 0.97) * _half_diagonal(frame.view)
    centre = 0.05 * rng.standard_normal(2)
    distance = np.hypot(frame.view.x - centre[0], frame.view.y - centre[1])
    softness = rng.uniform(0.02, 0.12)
    outside = ramp(distance, radius - softness, radius + softness)
    frame.cover(np.full(3, rng.uniform(0.01, 0.08)), outside)


def _half_diagonal(view):
    return float(np.hypot(view.height, view.width)) / min(view.height, view.width)


# In the order of their distance from the skin, the farthest last.
_ARTEFACTS = (
    (_ink, 0.06),
    (_hair, 0.4),
    (_bubbles, 0.12),
    (_unsharp_focus, 0.3),
    (_light, 1.0),
    (_ruler, 0.2),
    (_dark_field, 0.22),
)
