"""Vary images at random: draw the parameters first, then apply them."""

from numbers import Real

import numpy as np
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from .._validation import check_images

DRAW_DTYPE = np.dtype(
    [
        ("angle", float),
        ("shift_x", float),
        ("shift_y", float),
        ("zoom", float),
        ("flip_x", bool),
        ("flip_y", bool),
        ("brightness", float),
        ("contrast", float),
    ]
)


class ImageAugmenter(TransformerMixin, BaseEstimator):
    """Turn, shift, zoom, mirror, brighten and change the contrast of images at random.

    A photograph of a lesion has no up or down, and its light and distance vary. A model that is
    shown each image in a new variant in every epoch learns to ignore these.

    As a step of a pipeline it augments in `fit_transform` and leaves `transform` alone: what is
    fitted is varied, what is predicted is not (:class:`sklearn.preprocessing.TargetEncoder` tells
    the two apart in the same way). As ``SkinLesionClassifier(augmenter=...)`` it varies every
    batch anew in every epoch of training, and never at predict; prefer this.

    Pixels that come into view from outside the image mirror those at its edge. All geometric
    changes (mirror, turn and scale about the centre, shift) are composed into one bilinear warp.

    Parameters
    ----------
    rotation : float in [0, 180], default=180
        Turn by an angle from ``[-rotation, rotation]``, in degrees. Positive is counterclockwise.

    width_shift, height_shift : float in [0, 1], default=0.1
        Shift by up to this fraction of the width or height, either way. Positive is to the right
        or down.

    zoom : float in [0, 0.8], default=0.1
        Scale by a factor from ``[1 - zoom, 1 + zoom]``. Above 1 enlarges.

    horizontal_flip, vertical_flip : bool, default=True
        Mirror left to right, or top to bottom, every other image.

    brightness : float in [0, 1], default=0.1
        Add up to this fraction of the full range of 255, either way.

    contrast : float in [0, 1], default=0.1
        Scale the distance from the mean of the image by a factor from
        ``[1 - contrast, 1 + contrast]``.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same variants at each `fit_transform`. Inside a classifier the
        classifier's `random_state` decides.

    Attributes
    ----------
    draws_ : ndarray of shape (n,), structured
        What `fit_transform` drew, one record an image. ``apply(X, draws_)`` replays it.

    See Also
    --------
    AugmentingOverSampler : Fill minority classes with augmented images.

    Notes
    -----
    Augment after the split, never before: a variant of an image in the training data makes the
    image itself an easy one to be tested on.

    References
    ----------
    Shorten, C. and Khoshgoftaar, T. M. "A survey on Image Data Augmentation for Deep Learning."
    Journal of Big Data 6, 60 (2019). :doi:`10.1186/s40537-019-0197-0`

    Examples
    --------
    >>> import numpy as np
    >>> from skin_lesion import ImageAugmenter, make_lesion_images
    >>> images = make_lesion_images(4, n_classes=2, image_size=(32, 32), random_state=0).images
    >>> augmenter = ImageAugmenter(rotation=90, random_state=0)
    >>> varied = augmenter.fit_transform(images)
    >>> varied.shape, varied.dtype
    ((4, 32, 32, 3), dtype('uint8'))

    The draw can be looked at and replayed; `transform` leaves images alone:

    >>> bool((np.abs(augmenter.draws_["angle"]) <= 90).all())
    True
    >>> np.array_equal(augmenter.apply(images, augmenter.draws_), varied)
    True
    >>> augmenter.transform(images) is images
    True
    """

    _parameter_constraints = {
        "rotation": [Interval(Real, 0, 180, closed="both")],
        "width_shift": [Interval(Real, 0, 1, closed="both")],
        "height_shift": [Interval(Real, 0, 1, closed="both")],
        "zoom": [Interval(Real, 0, 0.8, closed="both")],
        "horizontal_flip": ["boolean"],
        "vertical_flip": ["boolean"],
        "brightness": [Interval(Real, 0, 1, closed="both")],
        "contrast": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        rotation=180,
        width_shift=0.1,
        height_shift=0.1,
        zoom=0.1,
        horizontal_flip=True,
        vertical_flip=True,
        brightness=0.1,
        contrast=0.1,
        random_state=None,
    ):
        self.rotation = rotation
        self.width_shift = width_shift
        self.height_shift = height_shift
        self.zoom = zoom
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.brightness = brightness
        self.contrast = contrast
        self.random_state = random_state

    def fit(self, X, y=None):
        """Check the parameters and the images; nothing is learnt.

        Parameters
        ----------
        X : array-like of shape (n, height, width, 3)
            RGB images, uint8, or floating from 0 to 255.

        y : None
            Ignored.

        Returns
        -------
        self : ImageAugmenter
        """
        self._validate_params()
        check_images(X)
        return self

    def transform(self, X):
        """Return the images as they are.

        Parameters
        ----------
        X : array-like of shape (n, height, width, 3)
            RGB images, uint8, or floating from 0 to 255.

        Returns
        -------
        X : ndarray of shape (n, height, width, 3)
        """
        return check_images(X)

    def fit_transform(self, X, y=None):
        """Return a new variant of each image.

        Parameters
        ----------
        X : array-like of shape (n, height, width, 3)
            RGB images, uint8, or floating from 0 to 255.

        y : None
            Ignored.

        Returns
        -------
        X_varied : ndarray of shape (n, height, width, 3)
            Of the dtype of X.
        """
        self._validate_params()
        images = check_images(X)
        self.draws_ = self.draw(len(images))
        return self.apply(images, self.draws_)

    def draw(self, n_images, random_state=None):
        """Draw what to do to each of `n_images` images.

        Parameters
        ----------
        n_images : int
            How many.

        random_state : int, RandomState instance or None, default=None
            None takes the one given to the constructor.

        Returns
        -------
        draws : ndarray of shape (n_images,), structured
            Fields `angle` (degrees), `shift_x` and `shift_y` (fractions), `zoom` (factor),
            `flip_x` and `flip_y`, `brightness` (fraction of 255) and `contrast` (factor).
        """
        self._validate_params()
        rng = check_random_state(self.random_state if random_state is None else random_state)

        def symmetric(bound):
            return rng.uniform(-bound, bound, n_images)

        draws = np.empty(n_images, dtype=DRAW_DTYPE)
        draws["angle"] = symmetric(self.rotation)
        draws["shift_x"] = symmetric(self.width_shift)
        draws["shift_y"] = symmetric(self.height_shift)
        draws["zoom"] = 1 + symmetric(self.zoom)
        # Drawn even where unused, so that switching a flip off leaves the other values alone.
        draws["flip_x"] = (rng.uniform(size=n_images) < 0.5) & self.horizontal_flip
        draws["flip_y"] = (rng.uniform(size=n_images) < 0.5) & self.vertical_flip
        draws["brightness"] = symmetric(self.brightness)
        draws["contrast"] = 1 + symmetric(self.contrast)
        return draws

    def apply(self, X, draws):
        """Do to each image what was drawn for it.

        Parameters
        ----------
        X : ndarray of shape (n, height, width, n_channels)
            Images, uint8, or floating from 0 to 255.

        draws : ndarray of shape (n,), structured
            What :meth:`draw` returned.

        Returns
        -------
        X_varied : ndarray of shape (n, height, width, n_channels)
            Of the dtype of X.
        """
        X = np.asarray(X)
        if getattr(draws, "dtype", None) != DRAW_DTYPE:
            raise TypeError(
                f"draws is of type {type(draws).__name__}. Expected what draw() returned: an array"
                f" of records with the fields {list(DRAW_DTYPE.names)}."
            )
        if len(X) != len(draws):
            raise ValueError(f"Got {len(draws)} draws for {len(X)} images. Expected one an image.")
        varied = np.empty_like(X)
        for image, draw, out in zip(X, draws, varied, strict=True):
            out[...] = _change_light(_warp(image, draw), draw)
        return varied

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = ["uint8", "float32", "float64"]
        return tags


def _warp(image, draw):
    height, width = image.shape[:2]
    matrix, offset = _output_to_input(draw, height, width)
    if np.array_equal(matrix, np.eye(2)) and not offset.any():
        return image
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)]) @ matrix.T + offset
    # One pixel more than the corners reach, for the neighbours that bilinear interpolation reads.
    left, top = np.maximum(np.ceil(-corners.min(axis=0)).astype(int) + 1, 0)
    right, bottom = np.maximum(np.ceil(corners.max(axis=0) - (width, height)).astype(int) + 1, 0)
    padded = np.pad(image, ((top, bottom), (left, right), (0, 0)), mode="symmetric")
    (a, b), (d, e) = matrix
    c, f = offset + np.array([left, top])

    def warp(plane):
        return plane.transform(
            (width, height), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
        )

    # As floats: on bytes Pillow cuts fractions off, which darkens every image by half a level.
    planes = [
        warp(Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32)))
        for plane in np.moveaxis(padded, 2, 0)
    ]
    warped = np.stack(planes, axis=2)
    return np.rint(warped).astype(np.uint8) if image.dtype == np.uint8 else warped


def _output_to_input(draw, height, width):
    """Return the map from (x, y) in the output to (x, y) in the input, about the centre."""
    angle = np.deg2rad(draw["angle"])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror = np.array([-1.0 if draw["flip_x"] else 1.0, -1.0 if draw["flip_y"] else 1.0])
    matrix = mirror[:, np.newaxis] * turn / draw["zoom"]
    centre = np.array([width, height]) / 2
    shift = np.array([draw["shift_x"] * width, draw["shift_y"] * height])
    return matrix, centre - matrix @ (centre + shift)


def _change_light(image, draw):
    if draw["contrast"] == 1 and draw["brightness"] == 0:
        return image
    mean = image.mean()

    def change(values):
        changed = (values - mean) * draw["contrast"] + mean + 255 * draw["brightness"]
        return np.clip(changed, 0, 255)

    if image.dtype == np.uint8:
        return np.rint(change(np.arange(256))).astype(np.uint8).take(image)
    return change(image)
