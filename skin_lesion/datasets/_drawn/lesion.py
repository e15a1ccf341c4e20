"""A lesion: its outline and body, and the painters of the structures that profiles choose from.

Each photograph of a lesion starts with the same state of the random generator. The numbers that a
function draws must therefore not depend on the view: otherwise, photographs would show different
lesions.
"""

import numpy as np

from ...images import bend_lines, direction
from .canvas import BROWN, KERATIN, PURPLE, RED, ramp


def paint_lesion(canvas, profile, rng):
    """Paint one lesion of a class on skin. The same state of `rng` gives the same lesion."""
    outline, colours, *structures = profile
    lesion = _Lesion(canvas, outline, rng)
    _paint_body(canvas, lesion, colours, rng)
    for paint, share, strength in structures:
        # A generator for each structure, so that one structure does not change the next one.
        own_rng = np.random.default_rng(rng.integers(2**63))
        if own_rng.random() < share:
            paint(canvas, lesion, _draw(strength, own_rng, low=0.05), own_rng)


def _draw(interval, rng, *, low=0.0, high=np.inf):
    """Draw from a normal distribution with two thirds of its probability in the interval."""
    return float(np.clip(rng.normal(np.mean(interval), np.ptp(interval) / 2), low, high))


class _Lesion:
    """The outline of a lesion, and the depth of each pixel inside it."""

    def __init__(self, canvas, outline, rng):
        self.radius = _draw(outline.radius, rng, low=0.2, high=0.95)
        self._stretch = np.sqrt(1 + _draw(outline.elongation, rng)) ** np.array([1, -1])
        waves = np.arange(2, 9)[:, np.newaxis]
        heights = _draw(outline.irregularity, rng) * rng.standard_normal((7, 1)) / waves**0.7
        self._angles = np.linspace(-np.pi, np.pi, 361)
        lobes = heights * np.cos(waves * self._angles + rng.uniform(0, 2 * np.pi, size=(7, 1)))
        self._radii = self.radius * np.maximum(1 + lobes.sum(axis=0), 0.25)

        x, y = canvas.x / float(self._stretch[0]), canvas.y / float(self._stretch[1])
        reach = self._radius_at(np.arctan2(y, x)).astype(np.float32)
        dents = canvas.noise(rng, (0.6, 0.1), (0.5, 0.045), (0.4, 0.022))
        # 1 at the centre, 0 at the border, negative outside.
        self.depth = 1 - np.hypot(x, y) / reach + _draw(outline.raggedness, rng) * dents
        softness = _draw(outline.softness, rng, low=0.03)
        self.inside = ramp(self.depth, -softness, softness)

    def _radius_at(self, theta):
        return np.interp(theta, self._angles, self._radii, period=2 * np.pi)

    def locate(self, theta, reach):
        """Return points at an angle, and at a share of the distance from centre to border."""
        distance = np.asarray(reach * self._radius_at(theta))
        return self._stretch * distance[..., np.newaxis] * direction(theta)

    def scatter(self, n_points, rng):
        """Return points scattered evenly over the lesion."""
        theta = rng.uniform(0, 2 * np.pi, n_points)
        return self.locate(theta, 0.9 * np.sqrt(rng.uniform(0, 1, n_points)))


def _paint_body(canvas, lesion, colours, rng):
    brown, red, mottling, asymmetry = (_draw(amount, rng) for amount in colours[:4])
    fading = _draw(colours.fading, rng, low=-0.6, high=0.9)

    right, down = direction(rng.uniform(0, 2 * np.pi)).tolist()
    across = np.clip((right * canvas.x + down * canvas.y) / lesion.radius, -1.2, 1.2)
    mottles = canvas.noise(rng, (0.7, 0.4 * lesion.radius), (0.5, 0.07), (0.4, 0.025))
    uneven = np.clip(1 + asymmetry * across + mottling * mottles, 0.05, 2.2)
    rimward = 1 - fading * (1 - np.clip(lesion.depth, 0, 1))
    canvas.paint(BROWN, brown * uneven * rimward * lesion.inside)

    # Redness is inflammation, and extends beyond the border.
    flush = ramp(lesion.depth + canvas.noise(rng, (0.15, 0.2)), -0.35, 0.25)
    blotchy = np.clip(1 + canvas.noise(rng, (0.45, 0.14), (0.2, 0.04)), 0, 2)
    canvas.paint(RED, red * flush * blotchy)


# Painters take a canvas, a lesion on it, a strength and a generator. Other parameters let one
# painter draw several structures.


def honeycomb(
    canvas, lesion, strength, rng, *, spacing, pigment=BROWN, border=None, base=0.0, plugs=0.0
):
    """Paint a mesh over the body, or along the border around a pale centre, with optional plugs."""
    mesh = canvas.mesh(rng.uniform(*spacing), rng)
    patchy = np.clip(0.65 + canvas.noise(rng, (0.5, 0.2)), 0, 1.5)
    region = patchy * (ramp(lesion.depth, *border) if border else lesion.inside)
    if base:
        region *= 1 - ramp(lesion.depth, 0.3, 0.75)
    canvas.paint(pigment, strength * (base + ramp(-mesh, -0.9, 1.2)) * region)
    if plugs:
        canvas.paint(KERATIN, plugs * strength * ramp(mesh, 0.9, 2.8) * region)


def ridges(canvas, lesion, strength, rng, *, spacing):
    """Paint fine parallel ridges."""
    right, down = (2 * np.pi / rng.uniform(*spacing) * direction(rng.uniform(0, np.pi))).tolist()
    waves = np.cos(right * canvas.x + down * canvas.y + canvas.noise(rng, (3, 0.25)))
    patchy = np.clip(0.6 + canvas.noise(rng, (0.6, 0.2)), 0, 1.5)
    canvas.paint(BROWN, strength * ramp(waves, -0.6, 0.9) * patchy * lesion.inside)


def flakes(canvas, lesion, strength, rng, *, substance):
    """Paint flakes on the surface."""
    shape = ramp(canvas.noise(rng, (0.8, 0.05), (0.6, 0.2)), 0.5, 1.6)
    canvas.paint(substance, strength * shape * ramp(lesion.depth, -0.1, 0.3))


def patch(canvas, lesion, strength, rng, *, offset, size, substance, specks=None):
    """Paint one ragged patch, off centre by a share of the radius, optionally with specks."""
    x, y = lesion.locate(rng.uniform(0, 2 * np.pi), rng.uniform(*offset)).tolist()
    distance = np.hypot(canvas.x - x, canvas.y - y) / (lesion.radius * rng.uniform(*size))
    ragged = canvas.noise(rng, (0.35, 0.35 * lesion.radius), (0.15, 0.05))
    area = strength * ramp(1 - distance + ragged, -0.2, 0.55) * lesion.inside
    canvas.paint(substance, area * np.clip(0.9 + canvas.noise(rng, (0.2, 0.08)), 0, 1.2))
    if specks is not None:
        canvas.paint(specks, area * ramp(canvas.noise(rng, (1, 0.035)), 0.8, 1.9))


def spots(
    canvas, lesion, strength, rng, *, number, radius, substance, blur=0.006, length=0.5, aside=False
):
    """Paint round or oval spots, mostly small, all over the lesion or on one side of it."""
    n_spots = rng.integers(*number)
    radii = radius[0] + np.ptp(radius) * rng.uniform(0, 1, n_spots) ** 2
    centres = lesion.scatter(n_spots, rng)
    if aside:
        theta = rng.uniform(0, 2 * np.pi) + 1.1 * rng.standard_normal(n_spots)
        centres = lesion.locate(theta, rng.uniform(0.3, 1.05, n_spots))
    # A spot is a line that is thicker than long.
    headings = rng.uniform(0, 2 * np.pi, n_spots)
    lines = bend_lines(centres, headings, length * radii, rng, wander=0.5, n_steps=3)
    canvas.paint(substance, strength * canvas.draw(lines, 2 * radii, blur))


def lacunae(canvas, lesion, strength, rng):
    """Paint lacunae, red to almost black, separated by paler septa."""
    clotted = rng.uniform(0, 1) ** 1.5
    blood = (0.6 + 0.5 * clotted) * (RED + clotted * (PURPLE - RED))
    radius = 0.14 * lesion.radius, 0.36 * lesion.radius
    for _ in range(2):  # where lacunae of two layers overlap, they look deeper
        spots(
            canvas, lesion, strength, rng, number=(3, 12), radius=radius, substance=blood, blur=0.02
        )


def strokes(canvas, lesion, strength, rng, *, number, length, width, substance, wander=0.0):
    """Paint short curls in all directions, or straight lines that are parallel or perpendicular."""
    n_lines = rng.integers(*number)
    headings = rng.uniform(0, 2 * np.pi, n_lines)
    if not wander:
        headings = headings[0] + np.pi / 2 * rng.integers(0, 2, n_lines)
    lengths = rng.uniform(*length, n_lines)
    lines = bend_lines(lesion.scatter(n_lines, rng), headings, lengths, rng, wander=wander)
    canvas.paint(substance, strength * canvas.draw(lines, width, 0.005))


def streaks(canvas, lesion, strength, rng):
    """Paint radial lines along a part of the border."""
    n_lines = rng.integers(9, 26)
    theta = rng.uniform(0, 2 * np.pi) + rng.uniform(0, 2.8, n_lines)
    outer = theta + 0.08 * rng.standard_normal(n_lines)
    ends = lesion.locate(outer, rng.uniform(1.05, 1.4, n_lines))
    lines = np.stack([lesion.locate(theta, 0.75), ends], axis=1)
    canvas.paint(BROWN, strength * canvas.draw(lines, rng.uniform(0.012, 0.04, n_lines), 0.016))


def trees(canvas, lesion, strength, rng):
    """Paint vessels that grow inwards and branch into finer and finer vessels."""
    theta = rng.uniform(0, 2 * np.pi, rng.integers(2, 6))
    starts = lesion.locate(theta, rng.uniform(0.9, 1.3, len(theta)))
    headings = theta + np.pi + 0.4 * rng.standard_normal(len(theta))
    lengths = lesion.radius * rng.uniform(0.9, 1.6, len(theta))
    mask = 0
    for width in (0.034, 0.019, 0.01):
        lines = bend_lines(starts, headings, lengths, rng, wander=0.3)
        mask = np.maximum(mask, canvas.draw(lines, width, 0.005))
        # Each vessel has three branches.
        parents = np.repeat(np.arange(len(lines)), 3)
        starts, lengths = lines[parents, rng.integers(3, 11, len(parents))], 0.45 * lengths[parents]
        turns = rng.choice([-1, 1], len(parents)) * rng.uniform(0.4, 1.0, len(parents))
        headings = headings[parents] + turns
    canvas.paint(1.2 * RED, strength * mask)
