"""Crop the dark area around the field of view."""

from numbers import Real

import cv2
import numpy as np

from ..._utils.sklearn_private import Interval, StrOptions
from .._opencv_dtypes import for_opencv
from .._transformer import ImageTransformer

_MIN_SHARE = 0.25  # of each side; a smaller part is a reflection in a dark photograph
_SEARCHED_SIDE = 512  # larger photographs are searched at a reduced size
# A circle loses 0.146 of its diameter at each side; one that extends beyond the image loses less.
_INSETS = np.linspace(0, 0.2, 81)
_SPECK = np.ones((3, 3), np.uint8)  # noise and dust in the dark area, and thin bright hairs


class BorderCropper(ImageTransformer):
    """Crop photographs to the field of view of the dermatoscope.

    Many photographs show a round field of view on a black background, or have a black frame. Its
    shape depends on the device, not on the disease, and it leaves fewer pixels for the lesion.

    The field of view is the largest connected part in which any channel is brighter than
    `threshold`, including everything inside it. The image is cropped to the smallest rectangle
    around it, or to a rectangle inside it (see `corners`).

    Parameters
    ----------
    threshold : float, default=25
        Grey level, from 0 to 255. Pixels up to this level in all channels may belong to the border.
        The darkest skin and lesions are brighter than this in the red channel.

    corners : {"keep", "cut"}, default="keep"
        What to do with the dark corners around a round field of view:

        - "keep" crops to the smallest rectangle around the field of view and loses nothing bright.
          In most public photographs, the field reaches all four sides, and nothing is cropped.
        - "cut" crops to the largest rectangle with the same centre whose corners are bright, but
          removes at most a fifth at each side. This removes the dark corners, which a model could
          use to tell clinics apart. It also removes the margin of the field: up to half of the
          area of the rectangle around a full circle.

    n_jobs : int or None, default=None
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    See Also
    --------
    ImageLoader : ``ImageLoader(preprocess=BorderCropper())`` crops photographs before it resizes
        them. This keeps proportions, and resolution except in the case below.

    Notes
    -----
    A single image, or an image in a list, becomes smaller. In a stack, all images must keep one
    size, so the cropped part is stretched to the original size with bilinear interpolation. Images
    without a border are unchanged. Images whose field of view is smaller than a quarter of their
    height or width, such as black images, are unchanged, too.

    :class:`ImageLoader` decodes large JPEGs at a reduced size, so that reading is fast. With a
    square `image_size`, cropping loses no resolution if both sides of the cropped part are at least
    half as long as the shorter side of the photograph. A smaller part of a JPEG may be enlarged.

    References
    ----------
    N. Gessert et al., "Skin lesion classification using ensembles of multi-resolution EfficientNets
    with meta data", MethodsX 7, 100864, 2020, crop ISIC 2019 in a similar way.
    :doi:`10.1016/j.mex.2020.100864`

    Examples
    --------
    >>> import numpy as np
    >>> from skin_lesion import BorderCropper, make_lesion_images
    >>> image = make_lesion_images(2, n_classes=2, image_size=(60, 60), random_state=0).images[0]
    >>> framed = np.pad(image, ((10, 10), (30, 10), (0, 0)))
    >>> framed.shape
    (80, 100, 3)
    >>> cropped = BorderCropper().fit_transform(framed)
    >>> np.array_equal(cropped, image)
    True

    In a stack, images keep their size:

    >>> BorderCropper().transform(framed[np.newaxis]).shape
    (1, 80, 100, 3)
    """

    _parameter_constraints = {
        "threshold": [Interval(Real, 0, 255, closed="left")],
        "corners": [StrOptions({"keep", "cut"})],
        **ImageTransformer._parameter_constraints,
    }

    def __init__(self, *, threshold=25, corners="keep", n_jobs=None):
        self.threshold = threshold
        self.corners = corners
        self.n_jobs = n_jobs

    def _clean(self, image):
        top, bottom, left, right = self._find_field_of_view(image)
        cropped = image[top:bottom, left:right]
        # A copy even of whole rows, which would be a view of the image that was given.
        return image if cropped.shape == image.shape else cropped.copy()

    def _clean_to_size(self, image):
        cropped = self._clean(image)
        if cropped is image:
            return image
        size = image.shape[1::-1]
        return cv2.resize(for_opencv(cropped), size, interpolation=cv2.INTER_LINEAR)

    def _find_field_of_view(self, image):
        """Return the rows and columns (top, bottom, left, right) of the field of view."""
        height, width = image.shape[:2]
        everything = 0, height, 0, width
        step = max(1, min(height, width) // _SEARCHED_SIDE)
        # Single pixels instead of means: a mean would mix dark pixels with their bright neighbours.
        points = for_opencv(image[::step, ::step])
        highest = np.floor(self.threshold) if points.dtype == np.uint8 else self.threshold
        is_lit = cv2.bitwise_not(cv2.inRange(points, (0.0,) * 3, (float(highest),) * 3))
        if is_lit.all():
            return everything
        parts, _ = cv2.findContours(
            cv2.morphologyEx(is_lit, cv2.MORPH_OPEN, _SPECK),
            cv2.RETR_EXTERNAL,
            cv2.CHAIN_APPROX_SIMPLE,
        )
        if not parts:  # all is dark
            return everything
        left, top, part_width, part_height = cv2.boundingRect(max(parts, key=cv2.contourArea))
        bottom, right = step * (top + part_height), step * (left + part_width)
        # Between two points, the first bright pixel may be anywhere.
        top, left = max(0, step * (top - 1) + 1), max(0, step * (left - 1) + 1)
        bottom, right = min(height, bottom), min(width, right)
        if bottom - top < _MIN_SHARE * height or right - left < _MIN_SHARE * width:
            return everything
        if self.corners == "cut":
            return _cut_corners(is_lit, step, (top, bottom, left, right))
        return top, bottom, left, right


def _cut_corners(is_lit, step, box):
    """Return the largest rectangle with the centre of the box whose corners are lit, or the box.

    A field of view is convex: if the corners of a rectangle are lit, all of it is lit.
    """
    top, bottom, left, right = box
    down = np.rint(_INSETS * (bottom - top)).astype(int)
    across = np.rint(_INSETS * (right - left)).astype(int)
    rows = np.stack([top + down, bottom - 1 - down])[:, np.newaxis] // step
    columns = np.stack([left + across, right - 1 - across])[np.newaxis] // step
    is_inside = is_lit[rows, columns].all(axis=(0, 1))
    if not is_inside.any():
        return box
    first = is_inside.argmax()
    return top + down[first], bottom - down[first], left + across[first], right - across[first]
