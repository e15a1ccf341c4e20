"""Augment images at random: draw the parameters first, then apply them."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval
from ..._utils.validation.pixels import check_images, check_pixels
from .._transformer import ImageOutputMixin, for_each_row
from .degradation import degrade
from .light import change_light
from .paint_artefacts import draw_artefacts
from .random_draws import check_draws, draw_variants
from .warp import warp


class ImageAugmenter(DocumentedMixin, ImageOutputMixin, BaseEstimator):
    """Augment images: change position, light and sharpness, and add artefacts, at random.

    A photograph of a lesion has no natural orientation, and light, distance and camera vary. A
    model that sees a new variant of each image in every epoch learns to ignore these. By default,
    only position, brightness and contrast change. The other strengths are 0.

    Use it as ``SkinLesionClassifier(augmenter=...)``: the classifier augments every batch in every
    epoch of training, and never in `predict`. As a step of a pipeline, it augments in
    `fit_transform`, and `transform` returns the images unchanged. Training images are then
    augmented, but images to predict are not (:class:`sklearn.preprocessing.TargetEncoder` tells the
    two apart in the same way).

    The steps come in this order: position, drawn artefacts, light, blur, noise, compression,
    cutout. All changes of position (mirror, rotate, scale and shear about the centre, shift) are
    one bilinear warp. All changes of light are one linear map of the colours, clipped once. Areas
    from outside the image are filled by reflection at its edge. A step of strength 0 does nothing.

    Parameters
    ----------
    rotation : float in [0, 180], default=180
        Rotate by an angle from ``[-rotation, rotation]``, in degrees. Positive angles are
        counterclockwise.

    width_shift, height_shift : float in [0, 1], default=0.1
        Shift by up to this fraction of the width or height, in either direction. Positive shifts
        are to the right or down.

    zoom : float in [0, 0.8], default=0.1
        Scale by a factor from ``[1 - zoom, 1 + zoom]``. Factors above 1 enlarge.

    shear : float in [0, 45], default=0
        Shear by an angle from ``[-shear, shear]``, in degrees. Positive angles move the top to the
        right.

    horizontal_flip, vertical_flip : bool, default=True
        Mirror an image left to right, or top to bottom, with probability 0.5.

    brightness : float in [0, 1], default=0.1
        Add up to this fraction of the full range of 255, in either direction.

    contrast : float in [0, 1], default=0.1
        Scale the distance from the mean of the image by a factor from
        ``[1 - contrast, 1 + contrast]``.

    saturation : float in [0, 1], default=0
        Scale the distance of colours from grey of the same luma by a factor from
        ``[1 - saturation, 1 + saturation]``.

    hue : float in [0, 180], default=0
        Rotate colours about grey of the same luma by an angle from ``[-hue, hue]``, in degrees.
        Positive angles turn red towards green.

    blur : float in [0, 0.1], default=0
        Blur with a Gaussian whose standard deviation is up to this fraction of the shorter side.
        0.005 is about 1 pixel at a side of 224.

    noise : float in [0, 1], default=0
        Add Gaussian noise with a standard deviation of up to this fraction of 255.

    jpeg : float in [0, 99], default=0
        Compress as JPEG with a quality from ``[100 - jpeg, 100]``. At 100, nothing is compressed.

    hair, ruler, corners : float in [0, 1], default=0
        In this fraction of the images, draw 1 to 30 dark hairs, a ruler along one side, or the dark
        corners around a round field of view.

    cutout : float in [0, 1], default=0
        Fill a rectangle with the mean colour. Its sides are up to this fraction of height and
        width, and its centre may be anywhere.

    n_jobs : int or None, default=None
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    random_state : int, RandomState instance or None, default=None
        Pass an int to get the same variants at each `fit_transform`. Inside a classifier, the
        classifier's `random_state` is used instead.

    Attributes
    ----------
    draws_ : ndarray of shape (n,), structured
        The random parameters of `fit_transform`, one record for each image. ``apply(X, draws_)``
        repeats the augmentation.

    See Also
    --------
    AugmentationDisplay : Inspect variants before training.
    AugmentingOverSampler : Oversample minority classes with augmented images.

    Notes
    -----
    Augment after the split, never before. If the training set holds a variant of a test image, the
    test score is too high.

    The same `random_state` gives the same variants, whatever `n_jobs` is. The draws for many images
    begin with the draws for fewer images. Keep the draws to apply them again, for test-time
    augmentation or to inspect what a model saw. Noise, hair and ruler depend on the `seed` in each
    record. The pixels are equal if OpenCV and NumPy have the same versions.

    References
    ----------
    DeVries, T. and Taylor, G. W. "Improved Regularization of Convolutional Neural Networks with
    Cutout." arXiv:1708.04552 (2017).

    Perez, F., Vasconcelos, C., Avila, S. and Valle, E. "Data Augmentation for Skin Lesion
    Analysis." OR 2.0/CARE/CLIP/ISIC@MICCAI, 303-311 (2018). :doi:`10.1007/978-3-030-01201-4_33`

    Shorten, C. and Khoshgoftaar, T. M. "A survey on Image Data Augmentation for Deep Learning."
    Journal of Big Data 6, 60 (2019). :doi:`10.1186/s40537-019-0197-0`

    Examples
    --------
    >>> import numpy as np
    >>> from skin_lesion import ImageAugmenter, make_lesion_images
    >>> images = make_lesion_images(4, n_classes=2, image_size=(32, 32), random_state=0).images
    >>> augmenter = ImageAugmenter(rotation=90, random_state=0)
    >>> augmented = augmenter.fit_transform(images)
    >>> augmented.shape, augmented.dtype
    ((4, 32, 32, 3), dtype('uint8'))

    You can inspect the draws and apply them again. `transform` does not change images:

    >>> bool((np.abs(augmenter.draws_["angle"]) <= 90).all())
    True
    >>> np.array_equal(augmenter.apply(images, augmenter.draws_), augmented)
    True
    >>> augmenter.transform(images) is images
    True
    """

    _parameter_constraints = {
        "rotation": [Interval(Real, 0, 180, closed="both")],
        "width_shift": [Interval(Real, 0, 1, closed="both")],
        "height_shift": [Interval(Real, 0, 1, closed="both")],
        "zoom": [Interval(Real, 0, 0.8, closed="both")],
        "shear": [Interval(Real, 0, 45, closed="both")],
        "horizontal_flip": ["boolean"],
        "vertical_flip": ["boolean"],
        "brightness": [Interval(Real, 0, 1, closed="both")],
        "contrast": [Interval(Real, 0, 1, closed="both")],
        "saturation": [Interval(Real, 0, 1, closed="both")],
        "hue": [Interval(Real, 0, 180, closed="both")],
        "blur": [Interval(Real, 0, 0.1, closed="both")],
        "noise": [Interval(Real, 0, 1, closed="both")],
        "jpeg": [Interval(Real, 0, 99, closed="both")],
        "hair": [Interval(Real, 0, 1, closed="both")],
        "ruler": [Interval(Real, 0, 1, closed="both")],
        "corners": [Interval(Real, 0, 1, closed="both")],
        "cutout": [Interval(Real, 0, 1, closed="both")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        rotation=180,
        width_shift=0.1,
        height_shift=0.1,
        zoom=0.1,
        shear=0,
        horizontal_flip=True,
        vertical_flip=True,
        brightness=0.1,
        contrast=0.1,
        saturation=0,
        hue=0,
        blur=0,
        noise=0,
        jpeg=0,
        hair=0,
        ruler=0,
        corners=0,
        cutout=0,
        n_jobs=None,
        random_state=None,
    ):
        self.rotation = rotation
        self.width_shift = width_shift
        self.height_shift = height_shift
        self.zoom = zoom
        self.shear = shear
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
        self.blur = blur
        self.noise = noise
        self.jpeg = jpeg
        self.hair = hair
        self.ruler = ruler
        self.corners = corners
        self.cutout = cutout
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X, y=None):
        """Check the parameters and the images. There is nothing to fit.

        Parameters
        ----------
        X : array-like of shape (n, height, width, 3)
            RGB images, uint8, or floating dtype with values from 0 to 255.

        y : None
            Ignored.

        Returns
        -------
        self : ImageAugmenter
            The estimator itself.
        """
        self._validate_params()
        check_images(X)
        return self

    def transform(self, X):
        """Return the images unchanged.

        Parameters
        ----------
        X : array-like of shape (n, height, width, 3)
            RGB images, uint8, or floating dtype with values from 0 to 255.

        Returns
        -------
        X : ndarray of shape (n, height, width, 3)
            The images that were given.
        """
        return check_images(X, scale_is_known=True)

    def fit_transform(self, X, y=None):
        """Return a new variant of each image.

        Parameters
        ----------
        X : array-like of shape (n, height, width, 3)
            RGB images, uint8, or floating dtype with values from 0 to 255.

        y : None
            Ignored.

        Returns
        -------
        X_augmented : ndarray of shape (n, height, width, 3)
            Of the dtype of X.
        """
        self._validate_params()
        images = check_images(X)
        self.draws_ = self.draw(len(images))
        return self.apply(images, self.draws_)

    def draw(self, n_images, random_state=None):
        """Draw the random parameters for each of `n_images` images.

        Parameters
        ----------
        n_images : int
            Number of images.

        random_state : int, RandomState instance or None, default=None
            None uses the `random_state` of the augmenter.

        Returns
        -------
        draws : ndarray of shape (n_images,), structured
            Fields `angle` and `shear` (degrees), `shift_x` and `shift_y` (fractions of width and
            height), `zoom` (factor), `flip_x` and `flip_y`, `brightness` (fraction of 255),
            `contrast` and `saturation` (factors), `hue` (degrees), `blur` (fraction of the shorter
            side), `noise` (fraction of 255), `jpeg_quality` (100 for none), `hair` (number of
            hairs), `ruler`, `corners` (from 0 for none to 1), `cutout` (fraction of the sides),
            `cutout_x` and `cutout_y` (fractions), `seed` (of noise, hair and ruler).
        """
        self._validate_params()
        rng = check_random_state(self.random_state if random_state is None else random_state)
        return draw_variants(self, n_images, rng)

    def apply(self, X, draws):
        """Augment each image with the random parameters that were drawn for it.

        Parameters
        ----------
        X : ndarray of shape (n, height, width, n_channels)
            Images, uint8, or floating dtype with values from 0 to 255.

        draws : ndarray of shape (n,), structured
            The result of :meth:`draw`.

        Returns
        -------
        X_augmented : ndarray of shape (n, height, width, n_channels)
            Of the dtype of X.

        Raises
        ------
        TypeError
            If `draws` is not a result of :meth:`draw`.
        ValueError
            If X is not a stack of images of these dtypes and values, if the numbers of draws and
            images differ, or if the draws change colours and the images are not RGB.
        """
        X = np.asarray(X)
        check_draws(draws, X)
        if X.size:
            check_pixels(X, scale_is_known=True)  # of each image, for any batch of them
        augmented = np.empty_like(X)

        def augment(row):
            image, draw = X[row], draws[row]
            for step in (warp, draw_artefacts, change_light, degrade):
                image = step(image, draw)
            # Fractions that never exceed 1 would be taken for pixels from 0 to 1.
            is_black = image.dtype != np.uint8 and image.max() <= 1
            augmented[row] = image.round() if is_black else image

        for_each_row(augment, len(X), self.n_jobs)
        return augmented

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = ["uint8", "float32", "float64"]
        return tags
