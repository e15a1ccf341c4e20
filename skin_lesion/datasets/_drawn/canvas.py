"""What the drawn skin is painted on: a view of a plane, pigments, and noise.

A lesion lies around the origin of a plane, one unit of which is half the shorter side of an image
at zoom 1. Everything about the lesion is drawn in that plane, so that each photograph, of whatever
size, shows the same lesion.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

# Optical density of one unit of a pigment in red, green and blue. Melanin looks brown near the
# surface and blue-grey from the depth of the dermis, because short waves are scattered back first.
BROWN = np.array([0.52, 0.95, 1.45])
BLUE = np.array([1.25, 0.95, 0.62])
RED = np.array([0.13, 0.85, 0.62])
PURPLE = np.array([0.75, 1.25, 0.62])

# Colours of what hides the skin instead of filtering its light.
WHITE = np.array([0.96, 0.89, 0.88])
KERATIN = np.array([0.93, 0.82, 0.62])
BLUE_WHITE = np.array([0.58, 0.62, 0.72])

_SUPERSAMPLING = 2


class View:
    """Where the plane falls on the pixels of one photograph.

    Parameters
    ----------
    height, width : int

    rotation : float
        In radians.

    zoom : float
        Larger than 1 brings the lesion nearer.

    shift : tuple of 2 floats
        The lesion's distance from the centre of the image, in half short sides.
    """

    def __init__(self, height, width, *, rotation=0.0, zoom=1.0, shift=(0.0, 0.0)):
        self.height, self.width = height, width
        self.pixels_per_unit = zoom * min(height, width) / 2
        self._to_pixels = self.pixels_per_unit * make_rotation(rotation)
        self._to_plane = np.linalg.inv(self._to_pixels)
        self._origin = np.array([width, height]) / 2 + np.array(shift) * min(height, width) / 2

        columns = np.arange(width) + 0.5 - self._origin[0]
        rows = np.arange(height)[:, np.newaxis] + 0.5 - self._origin[1]
        self.x, self.y = (
            (across * columns + down * rows).astype(np.float32) for across, down in self._to_plane
        )

    def sample(self, texture, matrix, offset):
        """Return the values of a texture, a Pillow image, at ``matrix @ (x, y) + offset``."""
        matrix = matrix @ self._to_plane
        offset = offset - matrix @ self._origin
        (a, b), (d, e) = matrix
        affine = (a, b, offset[0], d, e, offset[1])
        return np.asarray(
            texture.transform(
                (self.width, self.height),
                Image.Transform.AFFINE,
                affine,
                resample=Image.Resampling.BILINEAR,
            )
        )

    def draw_polygons(self, polygons):
        """Return the area of polygons, arrays of points of the plane, as a mask from 0 to 1."""

        def draw(pen):
            for points in polygons:
                pen.polygon(self._to_pen(points), fill=255)

        return self._rasterise(draw)

    def draw_lines(self, lines, widths):
        """Return lines, arrays of points of the plane, of given widths as a mask from 0 to 1."""

        def draw(pen):
            for points, width in zip(lines, widths, strict=True):
                pen_width = max(1, round(width * self.pixels_per_unit * _SUPERSAMPLING))
                pen.line(self._to_pen(points), fill=255, width=pen_width, joint="curve")

        return self._rasterise(draw)

    def blur(self, mask, size):
        """Blur a mask with a Gaussian of a standard deviation in units of the plane."""
        return ndimage.gaussian_filter(mask, size * self.pixels_per_unit, truncate=2.5)

    def _to_pen(self, points):
        pixels = np.asarray(points) @ self._to_pixels.T + self._origin
        return [tuple(point) for point in (_SUPERSAMPLING * pixels).tolist()]

    def _rasterise(self, draw):
        size = (_SUPERSAMPLING * self.width, _SUPERSAMPLING * self.height)
        mask = Image.new("L", size)
        draw(ImageDraw.Draw(mask))
        return np.asarray(mask.reduce(_SUPERSAMPLING), dtype=np.float32) / 255


class Noise:
    """Smooth random fields, all cut from one seamless texture because filtering anew is slow."""

    _PERIOD = 256
    _REPEATS = 4
    _GRAIN = 3.0

    def __init__(self, rng):
        tile = rng.standard_normal((self._PERIOD, self._PERIOD))
        tile = ndimage.gaussian_filter(tile, self._GRAIN, mode="wrap")
        tile = ((tile - tile.mean()) / tile.std()).astype(np.float32)
        self._texture = Image.fromarray(np.tile(tile, (self._REPEATS, self._REPEATS)))

    def __call__(self, view, size, rng):
        """Return a field of mean 0 and variance 1 with grains of a given size in the plane."""
        matrix = self._GRAIN / size * make_rotation(rng.uniform(0, 2 * np.pi))
        middle = self._PERIOD * (self._REPEATS - 1) / 2
        return view.sample(self._texture, matrix, middle + rng.uniform(0, self._PERIOD, size=2))


class Canvas:
    """A view of the plane and the colours painted on it so far.

    Attributes
    ----------
    view : View

    colour : ndarray of shape (3, height, width)
        From 0 to 1. The channels come first because that is several times faster here.
    """

    def __init__(self, view, noise, background):
        self.view = view
        self.colour = np.empty((3, view.height, view.width), dtype=np.float32)
        self.colour[:] = background
        self._noise = noise

    def noise(self, size, rng):
        """Return a random field of mean 0 and variance 1."""
        return self._noise(self.view, size, rng)

    def mesh(self, spacing, rng):
        """Return an irregular honeycomb: 3 in the middle of its holes, -1.5 where lines meet."""
        x = self.view.x + 0.36 * spacing * self.noise(1.3 * spacing, rng)
        y = self.view.y + 0.36 * spacing * self.noise(1.3 * spacing, rng)
        turn = rng.uniform(0, np.pi)
        wave_vectors = [
            4 * np.pi / (np.sqrt(3) * spacing) * make_rotation(turn + step * np.pi / 3)[0]
            for step in range(3)
        ]
        return sum(np.cos(float(a) * x + float(b) * y) for a, b in wave_vectors)

    def absorb(self, pigment, amount):
        """Filter the light through an amount, of shape (height, width), of a pigment."""
        negative_amount = -amount.astype(np.float32)
        for channel, density in zip(self.colour, pigment.tolist(), strict=True):
            channel *= np.exp(density * negative_amount)

    def cover(self, paint, opacity):
        """Hide what is there under a paint; opacity has shape (height, width), from 0 to 1."""
        opacity = np.clip(opacity, 0, 1).astype(np.float32)
        for channel, shade in zip(self.colour, paint.tolist(), strict=True):
            channel += opacity * (shade - channel)


def make_rotation(angle):
    """Return the matrix that turns points of the plane by an angle in radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def ramp(values, low, high):
    """Rise from 0 at `low` to 1 at `high`, smoothly, and stay there."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def make_blobs(centres, radii, rng, *, elongation=0.2, n_corners=12):
    """Return roundish polygons, each stretched and dented a little in its own way."""
    theta = np.linspace(0, 2 * np.pi, n_corners, endpoint=False)
    angle = rng.uniform(0, 2 * np.pi, size=(2, len(radii), 1))
    stretch = 1 + elongation * np.cos(2 * (theta - angle[0]))
    dent = 1 + 0.4 * elongation * np.cos(3 * (theta - angle[1]))
    distance = np.asarray(radii)[:, np.newaxis] * stretch * dent
    circle = np.stack([np.cos(theta), np.sin(theta)], axis=-1)
    return np.asarray(centres)[:, np.newaxis] + distance[..., np.newaxis] * circle


def make_wandering_line(start, heading, length, rng, *, wander=0.25, n_steps=12):
    """Return a line that leaves `start` and changes its heading a little at each step."""
    headings = heading + np.cumsum(wander * rng.standard_normal(n_steps))
    steps = length / n_steps * np.stack([np.cos(headings), np.sin(headings)], axis=-1)
    return np.vstack([start, start + np.cumsum(steps, axis=0)])
