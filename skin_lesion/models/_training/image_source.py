"""X as something that gives the pixels of chosen rows: from an array, or from files."""

import hashlib
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from ..._utils.content_ids import content_ids_of_files, content_ids_of_images
from ..._utils.image_files import stat_image_file
from ..._utils.sklearn_private import check_feature_names
from ..._utils.validation import (
    are_paths,
    check_files_exist,
    check_images,
    check_paths,
    check_pixels,
)
from ...images import ImageLoader
from .._backend.threads import n_own_cores

_ROWS_IN_BLOCK = 1024


def open_source(estimator, X, *, reset):
    """Check X in the name of an estimator, and return it as a source of images.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        Its `loader` and `image_shape` say how to read X. With ``reset=True`` its `n_features_in_`
        and `feature_names_in_` are set, otherwise X must fit its `model_`.

    X : array-like
        Paths, images or rows.

    reset : bool

    Returns
    -------
    source : PathSource, ArraySource or FeatureSource
    """
    if are_paths(X):
        source = _open_paths(estimator, X, reset)
    elif (X if hasattr(X, "ndim") else np.asarray(X)).ndim > 2:
        source = ArraySource(check_images(X, scale_is_known=not reset))
        if reset:
            estimator.n_features_in_ = int(np.prod(source.image_shape))
    else:
        source = _open_rows(estimator, X, reset)
    if not reset:
        _check_image_shape(estimator, source.image_shape)
    return source


def read_ahead(source, rows, batch_size):
    """Give the rows and images of one batch after the other, while threads read the next ones."""
    batches = np.split(rows, range(batch_size, len(rows), batch_size))
    if len(batches) == 1:  # not worth a thread
        yield rows, source.take(rows)
        return
    reading = deque()
    with ThreadPoolExecutor(source.n_readers) as readers:
        for batch in batches:
            reading.append((batch, readers.submit(source.take, batch)))
            if len(reading) > source.n_readers:
                batch, images = reading.popleft()
                yield batch, images.result()
        for batch, images in reading:
            yield batch, images.result()


def _open_paths(estimator, X, reset):
    paths = check_paths(X)
    check_feature_names(estimator, X, reset=reset)
    if reset:
        estimator.n_features_in_ = 1
    return PathSource(paths, ImageLoader() if estimator.loader is None else estimator.loader)


def _open_rows(estimator, X, reset):
    rows = validate_data(estimator, X, reset=reset)
    if estimator.image_shape is None:
        return FeatureSource(rows.reshape(len(rows), 1, -1, 1))
    shape = tuple(estimator.image_shape)
    shape = (*shape, 3) if len(shape) == 2 else shape
    if len(shape) != 3 or np.prod(shape) != rows.shape[1]:
        raise ValueError(
            f"image_shape={estimator.image_shape!r} has {np.prod(shape)} values, rows of X have"
            f" {rows.shape[1]}. Expected (height, width) or (height, width, n_channels) of the"
            " flattened images."
        )
    pixels = check_pixels(rows, scale_is_known=not reset)
    return ArraySource(pixels.reshape(len(rows), *shape))


def _check_image_shape(estimator, found):
    expected = estimator.model_.input_shape[1:]
    if found != expected:
        raise ValueError(
            f"X has images of shape {found}, {type(estimator).__name__} was fitted on images of"
            f" shape {expected}. Resize them, for paths by"
            f" loader=ImageLoader(image_size={expected[:2]})."
        )


class ArraySource:
    """Images that are in memory.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, n_channels)
        Not copied.
    """

    def __init__(self, images):
        self._images = images
        self.image_shape = images.shape[1:]
        self.n_readers = n_own_cores()

    def __len__(self):
        return len(self._images)

    def take(self, rows):
        return self._images[rows]

    def content_ids(self):
        """Return a number for each row; rows of equal pixels have the same."""
        return content_ids_of_images(self._images)

    def fingerprint(self):
        """Return a hash of the pixels."""
        digest = hashlib.sha256(f"{self._images.shape} {self._images.dtype}".encode())
        for image in self._images:
            digest.update(np.ascontiguousarray(image))
        return digest.hexdigest()

    def feature_scale(self, rows):
        """Return None: pixels have a scale of their own."""


class FeatureSource(ArraySource):
    """Rows of features that stand in for images."""

    def feature_scale(self, rows):
        """Return mean and variance of each feature over some rows."""
        # Block by block: the rows at once would be a copy of X.
        blocks = np.split(rows, range(_ROWS_IN_BLOCK, len(rows), _ROWS_IN_BLOCK))

        def average(function):
            return sum(function(self._images[block]).sum(axis=0) for block in blocks) / len(rows)

        mean = average(np.asarray)
        return mean, average(lambda block: np.square(block - mean))


class PathSource:
    """Images that are read when they are asked for.

    Parameters
    ----------
    paths : ndarray of shape (n,), of str

    loader : ImageLoader
    """

    def __init__(self, paths, loader):
        check_files_exist(paths)
        self._paths = paths
        # Batches are read side by side instead of the images of a batch.
        self._loader = clone(loader).set_params(verbose=0, n_jobs=1)
        self.n_readers = _n_readers(loader.n_jobs)
        self.image_shape = (*loader.image_size, 3)

    def __len__(self):
        return len(self._paths)

    def take(self, rows):
        return self._loader.transform(self._paths[rows])

    def content_ids(self):
        """Return a number for each row; rows of byte-identical files have the same."""
        return content_ids_of_files(self._paths)

    def fingerprint(self):
        """Return a hash of paths, sizes and times: reading all files may take minutes."""
        digest = hashlib.sha256()
        for path in self._paths.tolist():
            stat = stat_image_file(path)
            digest.update(os.fsencode(path) + f" {stat.st_size} {stat.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def feature_scale(self, rows):
        """Return None: pixels have a scale of their own."""


def _n_readers(n_jobs):
    """Return the number of threads that a loader stands for; None leaves it to the classifier."""
    if n_jobs is None:
        return n_own_cores()
    return n_jobs if n_jobs >= 0 else max(1, n_own_cores() + 1 + n_jobs)
