"""The canvas for drawn skin: a view of a plane, substances, and noise.

A lesion lies around the origin of a plane. One unit of the plane is half the shorter side of an
image at zoom 1. Everything about the lesion is drawn in that plane, so that photographs of any size
show the same lesion.
"""

from functools import cache

import cv2
import numpy as np

from ...images import direction, draw_lines

_GRAIN = 3.0  # pixels of the texture that noise is cut from
_TEXTURE_SIDE = 1024


def make_substance(density, colour=(0, 0, 0)):
    """Return the absorption of red, green and blue by one unit, and the light that it reflects.

    Add substances to mix them.
    """
    density = np.broadcast_to(np.array(density, dtype=np.float32), 3)
    return np.stack([density, density * colour])


# Pigments filter light. Melanin looks brown near the surface and blue-grey in the deep dermis,
# because tissue scatters short wavelengths back first.
BROWN = make_substance([0.52, 0.95, 1.45])
BLUE = make_substance([1.25, 0.95, 0.62])
RED = make_substance([0.13, 0.85, 0.62])
PURPLE = make_substance([0.75, 1.25, 0.62])

# These substances are opaque.
WHITE = make_substance(1.4, [245, 227, 224])
KERATIN = make_substance(1.6, [237, 209, 158])
BLUE_WHITE = make_substance(1.4, [148, 158, 184])


class Canvas:
    """A photograph of the plane, with the colours painted on it so far.

    A zoom larger than 1 enlarges the lesion. The shift is its distance from the centre of the
    image, in half short sides.
    """

    def __init__(self, size, *, rotation, zoom, shift):
        height, width = size
        self.image = np.zeros((height, width, 3), dtype=np.float32)  # RGB, from 0 to 255
        self.pixels_per_unit = zoom * min(size) / 2
        self._to_pixels = self.pixels_per_unit * _rotation(rotation)
        self._to_plane = np.linalg.inv(self._to_pixels)
        self._origin = (np.array([width, height]) + shift * min(size)) / 2
        columns = np.arange(width) + 0.5 - self._origin[0]
        rows = np.arange(height)[:, np.newaxis] + 0.5 - self._origin[1]
        # The position of each pixel in the plane.
        self.x, self.y = (
            (across * columns + down * rows).astype(np.float32) for across, down in self._to_plane
        )

    def paint(self, substance, amount):
        """Paint an amount, of shape (height, width), of a substance on the image."""
        # Channel by channel is several times faster here.
        for channel, (density, sent_back) in enumerate(substance.T.tolist()):
            below, colour = self.image[..., channel], sent_back / density
            self.image[..., channel] = colour + (below - colour) * np.exp(-density * amount)

    def draw(self, lines, widths, blur):
        """Return lines, of shape (n_lines, n_points, 2), as a mask from 0 to 1.

        Widths, and the standard deviation of the blur, are in units of the plane.
        """
        pixels = lines @ self._to_pixels.T + self._origin
        widths = np.broadcast_to(widths * self.pixels_per_unit, len(lines))
        mask = draw_lines(self.image, pixels, widths)
        return cv2.GaussianBlur(mask, (0, 0), blur * self.pixels_per_unit)

    def noise(self, rng, *layers):
        """Return a sum of smooth random fields, given as (standard deviation, size of grains)."""
        return sum(deviation * self._cut_noise(rng, size) for deviation, size in layers)

    def _cut_noise(self, rng, size):
        matrix = _GRAIN / size * _rotation(rng.uniform(0, 2 * np.pi)) @ self._to_plane
        offset = _TEXTURE_SIDE * rng.uniform(0.25, 0.75, size=2) - matrix @ (self._origin - 0.5)
        return cv2.warpAffine(
            _make_texture(),
            np.column_stack([matrix, offset]),
            self.image.shape[1::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )

    def mesh(self, spacing, rng):
        """Return an irregular honeycomb: 3 in the centres of its holes, -1.5 where lines meet."""
        x, y = (p + self.noise(rng, (0.36 * spacing, 1.3 * spacing)) for p in (self.x, self.y))
        turns = rng.uniform(0, np.pi) + np.pi / 3 * np.arange(3)
        waves = (4 * np.pi / (np.sqrt(3) * spacing) * direction(turns)).tolist()
        return sum(np.cos(a * x + b * y) for a, b in waves)


@cache
def _make_texture():
    """Return the noise that all fields are cut from. Filtering noise for each field is slow."""
    noise = np.random.default_rng(0).standard_normal((_TEXTURE_SIDE,) * 2, dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), _GRAIN)
    return (noise - noise.mean()) / noise.std()


def _rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def ramp(values, low, high):
    """Return values that rise smoothly from 0 at `low` to 1 at `high`, and are constant outside."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
