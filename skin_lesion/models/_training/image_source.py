"""X as a source of pixels for selected rows, from an array or from files."""

import hashlib
import os
from numbers import Integral

import numpy as np
from joblib import cpu_count
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from ..._utils.content_ids import (
    content_ids_of_files,
    content_ids_of_images,
    digests_of_files,
    digests_of_images,
)
from ..._utils.image_files import stat_image_file
from ..._utils.read_ahead import ReadAhead, count_workers, n_own_cores
from ..._utils.sklearn_private import check_feature_names
from ..._utils.validation.paths import are_paths, check_files_exist, check_paths
from ..._utils.validation.pixels import check_image_size, check_images, check_pixels, stack_images
from ..._utils.validation.rows import check_rows
from ...images import ImageLoader

_ROWS_IN_BLOCK = 1024
_BYTES_TO_KEEP = 2**30


def open_source(estimator, X, *, loader, image_shape, expected_shape=None, name="X"):
    """Check X for an estimator, and return it as a source of images.

    Parameters
    ----------
    estimator : BaseEstimator
        Without `expected_shape`, its `n_features_in_` and `feature_names_in_` are set; otherwise X
        must match them.

    X : array-like
        Paths, images or rows.

    loader : ImageLoader or None
        Reads paths. None means ``ImageLoader()``.

    image_shape : tuple of int or None
        Shape of the flattened images in the rows. None means that rows are features.

    expected_shape : tuple of (height, width, n_channels), default=None
        Shape of the images that the estimator was fitted on, or, for a validation set, of X.

    name : {'X', 'X_val'}, default='X'
        The name of the images in a message.

    Returns
    -------
    source : PathSource, ArraySource or FeatureSource
    """
    reset = expected_shape is None
    check_rows(X, name=name)
    if are_paths(X):
        paths = check_paths(X, name=name)
        check_feature_names(estimator, X, reset=reset)
        source = PathSource(paths, ImageLoader() if loader is None else loader)
        n_features_in = 1
    elif (X if getattr(X, "ndim", 1) > 1 else stack_images(X, name=name)).ndim > 2:
        source = ArraySource(check_images(X, name=name, scale_is_known=not reset))
        if reset:  # those of an earlier fit go
            check_feature_names(estimator, X, reset=True)
        n_features_in = int(np.prod(source.image_shape))
    else:
        rows = validate_data(estimator, X, reset=reset)
        source = _open_rows(rows, image_shape, scale_is_known=not reset)
        n_features_in = rows.shape[1]
    if reset:
        estimator.n_features_in_ = n_features_in
    elif source.image_shape != expected_shape:
        advice = f"Resize them; for paths, set loader=ImageLoader(image_size={expected_shape[:2]})."
        if np.prod(source.image_shape) == np.prod(expected_shape):
            advice = f"Reshape {name}: np.reshape({name}, {(-1, *expected_shape)})."
        other = f"{type(estimator).__name__} was fitted on" if name == "X" else "X has"
        raise ValueError(
            f"{name} has images of shape {source.image_shape}, but {other} images of shape"
            f" {expected_shape}. {advice}"
        )
    return source


def read_batches(source, rows, batch_size):
    """Return a ReadAhead with the images of successive batches of rows."""
    batches = np.split(rows, range(batch_size, len(rows), batch_size))
    n_threads = source.n_readers if len(batches) > 1 else 0  # one batch needs no thread
    return ReadAhead(source.take, batches, n_threads)


def _open_rows(rows, image_shape, *, scale_is_known):
    if image_shape is None:
        return FeatureSource(rows.reshape(len(rows), 1, -1, 1))
    shape = resolve_image_shape(image_shape)
    if np.prod(shape) != rows.shape[1]:
        raise ValueError(
            f"image_shape={image_shape!r} has {np.prod(shape)} values, but rows of X have"
            f" {rows.shape[1]}. Expected (height, width) or (height, width, n_channels) of the"
            " flattened images."
        )
    pixels = check_pixels(rows, scale_is_known=scale_is_known)
    return ArraySource(pixels.reshape(len(rows), *shape))


def resolve_image_shape(image_shape):
    """Return the parameter `image_shape` as (height, width, n_channels), or None if it is None."""
    if image_shape is None:
        return None
    if np.size(image_shape) != 3:
        return *check_image_size(image_shape, name="image_shape"), 3
    if not all(isinstance(side, Integral) and side > 0 for side in image_shape):
        raise ValueError(
            f"image_shape is {image_shape!r}. Expected (height, width, n_channels), three positive"
            " integers."
        )
    return tuple(image_shape)


class ArraySource:
    """Images in memory.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, n_channels)
        Not copied.

    n_jobs : int or None, default=-1
        Number of threads that read batches.
    """

    def __init__(self, images, n_jobs=-1):
        self._images = images
        self.image_shape = images.shape[1:]
        self.n_readers = count_workers(n_jobs)

    def __len__(self):
        return len(self._images)

    def take(self, rows):
        return self._images[rows]

    def keep_images(self):
        """Do nothing: they are in memory."""

    def warn_of_unreadable(self):
        """Do nothing: they have been read."""

    def content_ids(self, *others):
        """Return a number for each row, and for each row of other sources of images in memory.

        Rows with equal pixels have the same number.
        """
        return content_ids_of_images([image for each in (self, *others) for image in each._images])

    def digests(self, rows):
        """Return a hash of the pixels for each of some rows."""
        return digests_of_images([self._images[row] for row in rows])

    def fingerprint(self):
        """Return a hash of the pixels."""
        digest = hashlib.sha256(f"{self._images.shape} {self._images.dtype}".encode())
        for image in self._images:
            digest.update(np.ascontiguousarray(image))
        return digest.hexdigest()


class FeatureSource(ArraySource):
    """Rows of features in place of images."""

    def feature_scale(self, rows):
        """Return mean and variance of each feature over some rows."""
        # Block by block, because all rows at once would be a copy of X.
        blocks = np.split(rows, range(_ROWS_IN_BLOCK, len(rows), _ROWS_IN_BLOCK))

        def average(function):
            # In float16, sums overflow above 65504.
            sums = [function(self._images[block]).sum(axis=0, dtype=float) for block in blocks]
            return sum(sums) / len(rows)

        mean = average(np.asarray)
        return mean, average(lambda block: np.square(block - mean))


class PathSource:
    """Images that are read from files on request.

    Parameters
    ----------
    paths : ndarray of shape (n,), of str

    loader : ImageLoader
    """

    def __init__(self, paths, loader):
        check_files_exist(paths)
        self._paths = paths
        # Batches are read in parallel, not the images of a batch.
        self._loader = clone(loader).set_params(verbose=0, n_jobs=1)
        self._warn_of = self._loader._tell_of
        self._unreadable = {}
        self._n_told = 0
        # Otherwise, each batch of each epoch warns of its own files.
        self._loader._tell_of = lambda failures, _: self._unreadable.update(failures)
        self.n_readers = count_workers(loader.n_jobs)
        self.image_shape = (*check_image_size(loader.image_size), 3)
        self._kept = {}
        self._n_to_keep = 0

    def __len__(self):
        return len(self._paths)

    def keep_images(self):
        """Keep images in memory, up to 1 GiB, unless the loader has a cache on disk.

        The processes of a search share this memory in proportion to their cores.
        """
        if self._loader.cache_dir is None:
            n_bytes = _BYTES_TO_KEEP * n_own_cores() // cpu_count()
            self._n_to_keep = n_bytes // np.prod(self.image_shape)

    def take(self, rows):
        if not self._n_to_keep:
            return self._loader.transform(self._paths[rows])
        rows = rows.tolist()
        found = {row: self._kept[row] for row in rows if row in self._kept}
        missing = [row for row in dict.fromkeys(rows) if row not in found]
        if missing:
            images = self._loader.transform(self._paths[missing])
            found.update(zip(missing, images, strict=True))
            n_to_keep = max(self._n_to_keep - len(self._kept), 0)
            self._kept.update((row, found[row].copy()) for row in missing[:n_to_keep])
        return np.stack([found[row] for row in rows])

    def warn_of_unreadable(self):
        """Warn once, after all batches, of the files that `on_error="warn"` made black."""
        if len(self._unreadable) > self._n_told:
            self._n_told = len(self._unreadable)
            failures = [
                (path, self._unreadable[path]) for path in self._paths if path in self._unreadable
            ]
            self._warn_of(failures, len(self))

    def content_ids(self, *others):
        """Return a number for each row, and for each row of other sources of paths.

        Rows with byte-identical files have the same number.
        """
        return content_ids_of_files(np.concatenate([each._paths for each in (self, *others)]))

    def digests(self, rows):
        """Return a hash of the file for each of some rows."""
        return digests_of_files(self._paths[rows])

    def fingerprint(self):
        """Return a hash of paths, sizes and times, because reading all files may take minutes."""
        digest = hashlib.sha256()
        for path in self._paths.tolist():
            stat = stat_image_file(path)
            place = os.fsencode(os.path.abspath(path))
            digest.update(place + f" {stat.st_size} {stat.st_mtime_ns}\n".encode())
        return digest.hexdigest()
