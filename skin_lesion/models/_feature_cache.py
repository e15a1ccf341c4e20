"""Features of images in an SQLite file, shared by threads, processes and later runs."""

import hashlib
import os

import numpy as np

from ..images._cache import ImageCache
from ..images._preprocessing import Preprocessing


class FeatureCache(ImageCache):
    """The features in a folder, of one kind; in a file of their own beside that of the images.

    Parameters
    ----------
    cache_dir : str or os.PathLike
        Made where it does not exist.

    loader : ImageLoader
        Reads the images.

    description : str
        What else the features depend on.
    """

    def __init__(self, cache_dir, loader, description):
        preprocessing = Preprocessing(loader.preprocess)
        folder = os.path.join(cache_dir, "features")
        super().__init__(folder, tuple(loader.image_size), loader.resize, preprocessing)
        self._variant += f", {description}"

    def look_up(self, item):
        """Look for the features of an image.

        Parameters
        ----------
        item : str or ndarray
            A path, or pixels.

        Returns
        -------
        features : ndarray of shape (n_features,), float32, or None

        digest : bytes or None
            The hash under which to add them, where there are none.
        """
        if isinstance(item, str):
            data = self._find_by_file(item)
            if data is not None:
                return _as_features(data), None
            _, digest = self._read_file(item)
        else:
            hashed = hashlib.sha256(f"{item.shape} {item.dtype}".encode())
            hashed.update(np.ascontiguousarray(item))
            digest = hashed.digest()
        return _as_features(self._find_by_content(digest)), digest

    def add(self, digest, features):
        """Store the features of an image."""
        self._add(digest, features.tobytes())


def _as_features(data):
    return None if data is None else np.frombuffer(data, dtype=np.float32)
