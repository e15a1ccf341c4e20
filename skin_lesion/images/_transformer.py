"""Shared code of the steps that clean images: the forms of X, threads, and a fit without effect."""

from abc import ABC, abstractmethod
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .._utils.documentation_link import DocumentedMixin
from .._utils.read_ahead import ReadAhead, count_threads
from .._utils.validation.paths import are_paths
from .._utils.validation.pixels import check_images, check_pixels
from .._utils.validation.rows import check_rows

_BATCH_SIZE = 8  # with fewer images, threads wait for each other; with more, the last one idles

_EXPECTED = (
    " Expected an RGB image of shape (height, width, 3), a stack of them of shape"
    " (n, height, width, 3), or a list of images of several sizes."
)


class ImageOutputMixin(TransformerMixin):
    """For transformers that return images, which a data frame cannot hold."""

    def __init_subclass__(cls, **options):
        # No wrapping: it would add a stack frame between a warning and its caller.
        super().__init_subclass__(auto_wrap_output_keys=None, **options)

    def set_output(self, *, transform=None):
        """Do nothing: images are always arrays, whatever other steps of a pipeline return.

        Arrays have no index. In a :class:`~sklearn.compose.ColumnTransformer` that returns pandas
        data frames, the steps behind this one number the rows anew, and the ColumnTransformer joins
        columns by index. If X has another index, it joins wrong rows. Use
        ``ImageEmbedder(loader=...)`` on the column of paths there: it keeps the index.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Ignored.

        Returns
        -------
        self : object
            The transformer itself.
        """
        return self


class ImageTransformer(DocumentedMixin, ImageOutputMixin, BaseEstimator, ABC):
    """Base class of transformers that change each image on its own and have nothing to fit.

    A subclass implements `_clean`, which changes one image.
    """

    # Increase it with every change of the resulting pixels: ImageLoader keeps these in its cache.
    _version = 1

    _parameter_constraints = {"n_jobs": [Integral, None]}

    def fit(self, X, y=None):
        """Check the parameters and the images. There is nothing to fit.

        Parameters
        ----------
        X : array-like of shape (height, width, 3) or (n, height, width, 3), or list of images
            RGB, uint8, or floating dtype with values from 0 to 255.

        y : None
            Ignored.

        Returns
        -------
        self : object
            The transformer itself.

        Raises
        ------
        ValueError
            If a parameter has an invalid value, or if X has another shape, axis order or range, is
            empty, or holds NaN or infinity.
        TypeError
            If X holds paths.
        """
        self._validate_params()
        split_images(X)
        return self

    def transform(self, X):
        """Return the cleaned images.

        Parameters
        ----------
        X : array-like of shape (height, width, 3) or (n, height, width, 3), or list of images
            One RGB image, a stack, or a list or object array of images of any sizes. uint8, or
            floating dtype with values from 0 to 255.

        Returns
        -------
        X_cleaned : ndarray of the shape of X, or list of ndarray
            In the form and dtype of X, except that integers become uint8. Always a copy.

        Raises
        ------
        ValueError
            If a parameter has an invalid value, or if X has another shape, axis order or range, is
            empty, or holds NaN or infinity.
        TypeError
            If X holds paths.
        """
        self._validate_params()
        images, form = split_images(X)
        keep_size = form == "stack"
        cleaned = np.empty_like(images) if keep_size else [None] * len(images)

        def clean(row):
            image = images[row]
            result = self._clean_to_size(image) if keep_size else self._clean(image)
            cleaned[row] = image.copy() if result is image and not keep_size else result

        for_each_row(clean, len(images), self.n_jobs)
        if form == "image":
            return cleaned[0]
        if form == "object array":
            array = np.empty(len(cleaned), dtype=object)
            array[:] = cleaned
            return array
        return cleaned

    @abstractmethod
    def _clean(self, image):
        """Return one image, cleaned, or the image itself if there is nothing to clean.

        Parameters
        ----------
        image : ndarray of shape (height, width, 3), of uint8, or floating from 0 to 255
        """

    def _clean_to_size(self, image):
        """Return one image of a stack, cleaned, in the size that it had."""
        return self._clean(image)

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["uint8", "float32", "float64"]
        return tags


def for_each_row(function, n_rows, n_jobs):
    """Call a function with every row number, in threads that share memory."""

    def call(rows):
        for row in rows:
            function(row)

    starts = range(0, n_rows, _BATCH_SIZE)
    batches = [range(start, min(start + _BATCH_SIZE, n_rows)) for start in starts]
    with ReadAhead(call, batches, count_threads(n_jobs)) as done:
        for _ in done:
            pass


def split_images(X, *, name="X"):
    """Return the images in X, and the form of X.

    Parameters
    ----------
    X : array-like
        One image, a stack, or a list or object array of images.

    name : str
        What to call X in messages.

    Returns
    -------
    images : ndarray of shape (n, height, width, 3), or list of ndarray of shape (height, width, 3)
        uint8 if they have an integer dtype, otherwise in their floating dtype.

    form : {"image", "stack", "list", "object array"}
    """
    check_rows(X, name=name, expected="RGB images")
    if are_paths(X):
        raise TypeError(
            f"{name} holds paths.{_EXPECTED} Put ImageLoader ahead of this step, or pass the step"
            " to it: ImageLoader(preprocess=...)."
        )
    # Nested lists of numbers are a stack. Arrays in a list may differ in size.
    if isinstance(X, (list, tuple)) and len(X) and hasattr(X[0], "__array_interface__"):
        return _check_each(X, name), "list"
    images = np.asarray(X)
    if images.dtype == object and images.ndim == 1 and len(images):
        return _check_each(images, name), "object array"
    if images.ndim == 3:
        return _check_one(images, name)[np.newaxis], "image"
    if images.ndim == 4:
        return check_images(images, name=name, scale_is_known=True), "stack"
    if images.size == 0:
        check_pixels(images, name=name)
    raise ValueError(_explain_image_shape(images.shape, name))


def _check_one(image, name):
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(_explain_image_shape(image.shape, name))
    return check_pixels(image[np.newaxis], name=name, scale_is_known=True)[0]


def _check_each(images, name):
    arrays = [np.asarray(image) for image in images]
    for number, array in enumerate(arrays):
        if array.ndim != 3 or array.shape[2] != 3:
            raise ValueError(_explain_image_shape(array.shape, f"{name}[{number}]"))
    return [_check_one(array, f"{name}[{number}]") for number, array in enumerate(arrays)]


def _explain_image_shape(shape, name):
    found = f"{name} has shape {shape}.{_EXPECTED}"
    if len(shape) == 2:
        return f"{found} This is a grey image: use np.repeat({name}[..., np.newaxis], 3, axis=2)."
    if len(shape) == 3 and shape[0] == 3:
        return f"{found} The channels come first: use np.moveaxis({name}, 0, 2)."
    if len(shape) == 3 and shape[1] == 3:
        return f"{found} The channels come second: use np.moveaxis({name}, 1, 2)."
    if len(shape) == 3 and shape[2] == 1:
        return f"{found} It has a single channel: use np.repeat({name}, 3, axis=2)."
    if len(shape) == 3 and shape[2] == 4:
        return f"{found} The fourth channel is transparency: use {name}[..., :3]."
    if len(shape) == 3:
        return (
            f"{found} If these are grey images, use np.repeat({name}[..., np.newaxis], 3, axis=3)."
        )
    return found
