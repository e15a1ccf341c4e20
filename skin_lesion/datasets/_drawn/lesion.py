"""A lesion: its outline and body, and the dermoscopic structures that profiles choose from.

The random generator of a lesion is started anew for each of its photographs. What a function here
draws from it may therefore never depend on the view, or the photographs would show other lesions.
"""

import numpy as np

from .canvas import (
    BLUE,
    BLUE_WHITE,
    BROWN,
    KERATIN,
    PURPLE,
    RED,
    WHITE,
    make_blobs,
    make_wandering_line,
    ramp,
)


def paint_lesion(canvas, profile, rng):
    """Paint one lesion of a class.

    Parameters
    ----------
    canvas : Canvas
        Bare skin; it is painted in place.

    profile : ClassProfile

    rng : numpy.random.Generator
        The lesion's own: the same state gives the same lesion.
    """
    radius = _draw(profile.radius, rng, low=0.2, high=0.95)
    site = _Site(
        canvas,
        radius=radius,
        elongation=1 + _draw(profile.elongation, rng),
        irregularity=_draw(profile.irregularity, rng),
        raggedness=_draw(profile.raggedness, rng),
        softness=_draw(profile.softness, rng, low=0.03),
        rng=rng,
    )
    _paint_body(canvas, site, profile, rng)
    for structure in profile.structures:
        # One generator each: what one structure draws must not change the next one.
        own_rng = np.random.default_rng(rng.integers(2**63))
        if own_rng.random() < structure.chance:
            strength = _draw(structure.strength, own_rng, low=0.05)
            structure.paint(canvas, site, strength, own_rng)


def _draw(interval, rng, *, low=0.0, high=np.inf):
    """Draw from a normal distribution two thirds of which lie in the interval."""
    return float(np.clip(rng.normal(np.mean(interval), np.ptp(interval) / 2), low, high))


class _Site:
    """Where the lesion is: its outline, and for each pixel how deep inside it lies.

    Attributes
    ----------
    radius : float
        Mean radius in units of the plane.

    depth : ndarray of shape (height, width)
        1 at the centre, 0 at the border, negative outside.

    inside : ndarray of shape (height, width)
        From 0 outside to 1 inside, with the lesion's own sharpness.
    """

    def __init__(self, canvas, *, radius, elongation, irregularity, raggedness, softness, rng):
        self.radius = radius
        self._stretch = np.sqrt([elongation, 1 / elongation])
        waves = np.arange(2, 9)[:, np.newaxis]
        heights = irregularity * rng.standard_normal((7, 1)) / waves**0.7
        phases = rng.uniform(0, 2 * np.pi, size=(7, 1))
        self._angles = np.linspace(-np.pi, np.pi, 361)
        lobes = (heights * np.cos(waves * self._angles + phases)).sum(axis=0)
        self._radii = radius * np.maximum(1 + lobes, 0.25)

        x, y = (canvas.view.x, canvas.view.y) / self._stretch.astype(np.float32)[:, None, None]
        dents = (
            0.6 * canvas.noise(0.1, rng)
            + 0.5 * canvas.noise(0.045, rng)
            + 0.4 * canvas.noise(0.022, rng)
        )
        reach = self._radius_at(np.arctan2(y, x)).astype(np.float32)
        self.depth = 1 - np.hypot(x, y) / reach + raggedness * dents
        self.inside = ramp(self.depth, -softness, softness)

    def _radius_at(self, theta):
        return np.interp(theta, self._angles, self._radii, period=2 * np.pi)

    def locate(self, theta, reach):
        """Return points at an angle and a share of the way from the centre to the border."""
        distance = reach * self._radius_at(theta)
        return self._stretch * np.stack([distance * np.cos(theta), distance * np.sin(theta)], -1)

    def scatter(self, n_points, rng, *, reach=0.9):
        """Return points strewn evenly over the lesion."""
        theta = rng.uniform(0, 2 * np.pi, n_points)
        return self.locate(theta, reach * np.sqrt(rng.uniform(0, 1, n_points)))

    def make_patch(self, canvas, rng, *, offset, size):
        """Return a ragged patch from 0 to 1, off the centre, with size relative to the lesion."""
        centre = self.locate(rng.uniform(0, 2 * np.pi), rng.uniform(*offset))
        extent = self.radius * rng.uniform(*size)
        distance = np.hypot(canvas.view.x - centre[0], canvas.view.y - centre[1]) / extent
        ragged = 1 - distance + 0.35 * canvas.noise(0.35 * self.radius, rng)
        return ramp(ragged + 0.15 * canvas.noise(0.05, rng), -0.2, 0.55)


def _paint_body(canvas, site, profile, rng):
    brown, red = _draw(profile.brown, rng), _draw(profile.red, rng)
    mottling, asymmetry = _draw(profile.mottling, rng), _draw(profile.asymmetry, rng)
    fading = _draw(profile.fading, rng, low=-0.6, high=0.9)

    side = rng.uniform(0, 2 * np.pi)
    across = (np.cos(side) * canvas.view.x + np.sin(side) * canvas.view.y) / site.radius
    uneven = 1 + asymmetry * np.clip(across, -1.2, 1.2)
    uneven += mottling * (
        0.7 * canvas.noise(0.4 * site.radius, rng)
        + 0.5 * canvas.noise(0.07, rng)
        + 0.4 * canvas.noise(0.025, rng)
    )
    rimward = 1 - fading * (1 - np.clip(site.depth, 0, 1))
    canvas.absorb(BROWN, brown * np.clip(uneven, 0.05, 2.2) * rimward * site.inside)

    # Redness is inflammation: it oozes out over the border.
    flush = ramp(site.depth + 0.15 * canvas.noise(0.2, rng), -0.35, 0.25)
    blotchy = np.clip(1 + 0.45 * canvas.noise(0.14, rng) + 0.2 * canvas.noise(0.04, rng), 0, 2)
    canvas.absorb(RED, red * flush * blotchy)


def network(canvas, site, strength, rng):
    """Pigment network: a brown honeycomb, denser in some places than in others."""
    mesh = ramp(-canvas.mesh(rng.uniform(0.09, 0.14), rng), -0.9, 1.2)
    patchy = np.clip(0.65 + 0.55 * canvas.noise(0.2, rng), 0, 1.5)
    canvas.absorb(BROWN, strength * mesh * patchy * site.inside)


def delicate_network(canvas, site, strength, rng):
    """Delicate network at the periphery, around a paler centre."""
    mesh = ramp(-canvas.mesh(rng.uniform(0.08, 0.11), rng), -0.9, 1.2)
    rim = ramp(site.depth, -0.35, 0.25) * (1 - ramp(site.depth, 0.3, 0.75))
    patchy = np.clip(0.7 + 0.45 * canvas.noise(0.2, rng), 0, 1.5)
    canvas.absorb(BROWN, strength * (0.5 + 0.8 * mesh) * rim * patchy)


def fingerprints(canvas, site, strength, rng):
    """Fingerprint-like structures: fine parallel ridges."""
    angle, spacing = rng.uniform(0, np.pi), rng.uniform(0.08, 0.12)
    across = np.cos(angle) * canvas.view.x + np.sin(angle) * canvas.view.y
    ridges = np.cos(2 * np.pi * across / spacing + 3.0 * canvas.noise(0.25, rng))
    patchy = np.clip(0.6 + 0.6 * canvas.noise(0.2, rng), 0, 1.5)
    canvas.absorb(BROWN, strength * ramp(ridges, -0.6, 0.9) * patchy * site.inside)


def strawberry(canvas, site, strength, rng):
    """Strawberry pattern: a red pseudonetwork around pale, plugged hair follicles."""
    mesh = canvas.mesh(rng.uniform(0.11, 0.18), rng)
    patchy = np.clip(0.7 + 0.5 * canvas.noise(0.25, rng), 0, 1.4)
    region = ramp(site.depth, -0.5, 0.3) * patchy
    canvas.absorb(RED, strength * ramp(-mesh, -1.6, 0.8) * region)
    canvas.cover(KERATIN, 0.8 * strength * ramp(mesh, 0.9, 2.8) * region)


def globules(canvas, site, strength, rng):
    """Brown globules, much the same all over the lesion."""
    n_spots = rng.integers(25, 70)
    radii = rng.uniform(0.022, 0.038) * rng.uniform(0.8, 1.2, n_spots)
    spots = canvas.view.draw_polygons(make_blobs(site.scatter(n_spots, rng), radii, rng))
    canvas.absorb(BROWN, strength * canvas.view.blur(spots, 0.006))


def irregular_globules(canvas, site, strength, rng):
    """Black and brown dots and globules of all sizes, crowded on one side."""
    n_spots = rng.integers(8, 32)
    theta = rng.uniform(0, 2 * np.pi) + 1.1 * rng.standard_normal(n_spots)
    centres = site.locate(theta, rng.uniform(0.3, 1.05, n_spots))
    radii = 0.012 + 0.05 * rng.uniform(0, 1, n_spots) ** 2
    spots = canvas.view.draw_polygons(make_blobs(centres, radii, rng, elongation=0.3))
    canvas.absorb(BROWN + 0.3 * BLUE, strength * canvas.view.blur(spots, 0.006))


def streaks(canvas, site, strength, rng):
    """Streaks and pseudopods: radial lines over a part of the border."""
    n_lines = rng.integers(9, 26)
    theta = rng.uniform(0, 2 * np.pi) + rng.uniform(0, 2.8, n_lines)
    starts = site.locate(theta, 0.75)
    ends = site.locate(theta + 0.08 * rng.standard_normal(n_lines), rng.uniform(1.05, 1.4, n_lines))
    mask = canvas.view.draw_lines(
        np.stack([starts, ends], axis=1), rng.uniform(0.012, 0.04, n_lines)
    )
    canvas.absorb(BROWN, strength * canvas.view.blur(mask, 0.016))


def blotch(canvas, site, strength, rng):
    """A dark structureless area off the centre."""
    patch = site.make_patch(canvas, rng, offset=(0.15, 0.6), size=(0.35, 0.75))
    canvas.absorb(BROWN + 0.25 * BLUE, strength * patch * site.inside)


def dark_centre(canvas, site, strength, rng):
    """A darker middle, as many naevi have."""
    patch = site.make_patch(canvas, rng, offset=(0, 0.1), size=(0.5, 0.8))
    canvas.absorb(BROWN, strength * patch * site.inside)


def blue_white_veil(canvas, site, strength, rng):
    """Blue-white veil: a confluent blue area under a whitish haze."""
    patch = site.make_patch(canvas, rng, offset=(0.05, 0.5), size=(0.4, 0.8)) * site.inside
    canvas.absorb(BLUE, strength * patch)
    haze = patch * np.clip(0.5 + 0.4 * canvas.noise(0.12, rng), 0, 1)
    canvas.cover(BLUE_WHITE, 0.5 * strength * haze)


def regression(canvas, site, strength, rng):
    """Regression: a scar-like white area peppered with grey dots."""
    patch = site.make_patch(canvas, rng, offset=(0.2, 0.7), size=(0.3, 0.6)) * site.inside
    canvas.cover(WHITE, 0.5 * strength * patch)
    canvas.absorb(BLUE, 0.4 * strength * patch * ramp(canvas.noise(0.025, rng), 0.6, 1.8))


def ovoid_nests(canvas, site, strength, rng):
    """Blue-grey ovoid nests and globules, apart from one another."""
    n_nests = rng.integers(3, 14)
    radii = rng.uniform(0.03, 0.11, n_nests)
    blobs = make_blobs(site.scatter(n_nests, rng), radii, rng, elongation=0.35)
    nests = canvas.view.blur(canvas.view.draw_polygons(blobs), 0.024)
    canvas.absorb(0.75 * BLUE + 0.3 * BROWN, strength * nests)


def arborising_vessels(canvas, site, strength, rng):
    """Arborising vessels: thick bright red trunks that branch into ever finer ones."""
    lines, widths = [], []

    def grow(start, heading, length, width):
        line = make_wandering_line(start, heading, length, rng, wander=0.3)
        lines.append(line)
        widths.append(width)
        if width > 0.012:
            for fork in rng.integers(3, 11, size=3):
                turn = rng.choice([-1, 1]) * rng.uniform(0.4, 1.0)
                grow(line[fork], heading + turn, 0.45 * length, 0.55 * width)

    for _ in range(rng.integers(2, 6)):
        theta = rng.uniform(0, 2 * np.pi)
        inwards = theta + np.pi + 0.4 * rng.standard_normal()
        start = site.locate(theta, rng.uniform(0.9, 1.3))
        grow(start, inwards, site.radius * rng.uniform(0.9, 1.6), 0.034)
    mask = canvas.view.draw_lines(lines, widths)
    canvas.absorb(1.2 * RED, strength * canvas.view.blur(mask, 0.005))


def short_vessels(canvas, site, strength, rng):
    """Dotted, coiled and hairpin vessels: short red curls."""
    n_vessels = rng.integers(10, 40)
    starts = site.scatter(n_vessels, rng, reach=1.0)
    headings = rng.uniform(0, 2 * np.pi, n_vessels)
    lines = [
        make_wandering_line(start, heading, rng.uniform(0.03, 0.11), rng, wander=0.9, n_steps=6)
        for start, heading in zip(starts, headings, strict=True)
    ]
    mask = canvas.view.draw_lines(lines, np.full(n_vessels, 0.024))
    canvas.absorb(1.2 * RED, strength * canvas.view.blur(mask, 0.006))


def milia_like_cysts(canvas, site, strength, rng):
    """Milia-like cysts: small round whitish specks, some starry and some cloudy."""
    n_cysts = rng.integers(6, 28)
    radii = 0.02 + 0.03 * rng.uniform(0, 1, n_cysts) ** 2
    blobs = make_blobs(site.scatter(n_cysts, rng), radii, rng, elongation=0.1)
    cysts = canvas.view.blur(canvas.view.draw_polygons(blobs), 0.009)
    canvas.cover(WHITE, strength * cysts)


def comedo_like_openings(canvas, site, strength, rng):
    """Comedo-like openings: brown-black keratin plugs with sharp borders."""
    n_openings = rng.integers(5, 20)
    radii = rng.uniform(0.025, 0.055, n_openings)
    blobs = make_blobs(site.scatter(n_openings, rng), radii, rng, elongation=0.3)
    canvas.absorb(BROWN, strength * canvas.view.draw_polygons(blobs))


def scale(canvas, site, strength, rng):
    """Scale: dull white flakes on the surface."""
    flakes = 0.8 * canvas.noise(0.05, rng) + 0.6 * canvas.noise(0.2, rng)
    canvas.cover(WHITE, strength * ramp(flakes, 0.5, 1.6) * ramp(site.depth, -0.1, 0.3))


def keratin_mass(canvas, site, strength, rng):
    """Keratin: a structureless yellow-white mass, often with blood spots in it."""
    patch = site.make_patch(canvas, rng, offset=(0, 0.3), size=(0.35, 0.7))
    crumbly = np.clip(0.85 + 0.3 * canvas.noise(0.06, rng), 0, 1)
    canvas.cover(KERATIN, strength * patch * crumbly)
    canvas.absorb(RED + 0.5 * BROWN, strength * patch * ramp(canvas.noise(0.06, rng), 1.1, 1.8))


def white_patch(canvas, site, strength, rng):
    """Central white scar-like patch."""
    patch = site.make_patch(canvas, rng, offset=(0, 0.15), size=(0.4, 0.7))
    canvas.cover(WHITE, strength * patch * np.clip(0.9 + 0.15 * canvas.noise(0.08, rng), 0, 1))


def shiny_white_lines(canvas, site, strength, rng):
    """Shiny white lines: short, bright, parallel or at right angles to one another."""
    n_lines = rng.integers(5, 16)
    centres = site.scatter(n_lines, rng, reach=0.7)
    angles = rng.uniform(0, np.pi) + np.pi / 2 * rng.integers(0, 2, n_lines)
    halves = rng.uniform(0.04, 0.11, (n_lines, 1)) * np.stack([np.cos(angles), np.sin(angles)], -1)
    lines = np.stack([centres - halves, centres + halves], axis=1)
    canvas.cover(WHITE, strength * canvas.view.draw_lines(lines, np.full(n_lines, 0.012)))


def lacunae(canvas, site, strength, rng):
    """Lacunae: red, purple or black lagoons, parted by paler septa."""
    n_lacunae = rng.integers(6, 24)
    radii = site.radius * rng.uniform(0.14, 0.34, n_lacunae)
    blobs = make_blobs(site.scatter(n_lacunae, rng, reach=0.8), radii, rng)
    clotted = rng.uniform(0, 1) ** 1.5
    hues = RED + clotted * (PURPLE - RED)
    # In two layers, so that where lagoons overlap they look deeper.
    half = n_lacunae // 2
    for layer in (blobs[:half], blobs[half:]):
        mask = canvas.view.blur(canvas.view.draw_polygons(layer), 0.02)
        canvas.absorb(hues, strength * (0.6 + 0.5 * clotted) * mask)


def erosion(canvas, site, strength, rng):
    """Erosion or ulceration: a small raw spot with an orange-brown crust."""
    patch = site.make_patch(canvas, rng, offset=(0, 0.6), size=(0.12, 0.3))
    canvas.absorb(RED + 0.7 * BROWN, strength * patch)
