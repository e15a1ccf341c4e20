"""Cache of image features."""

import hashlib
import os

import numpy as np

from ..._utils.image_files import stat_image_file
from ..._utils.validation.pixels import check_image_size
from ...images import (
    ByteStore,
    Preprocessing,
    UnreadableImageError,
    describe_pixels,
    identify,
)


class FeatureCache:
    """Cached features of one kind, in a separate file next to that of cached images.

    Parameters
    ----------
    cache_dir : str or os.PathLike
        Created if it does not exist.

    loader : ImageLoader
        Reads the images.

    description : str
        Everything else that the features depend on.

    Attributes
    ----------
    store : ByteStore
        The file that holds the features.
    """

    def __init__(self, cache_dir, loader, description):
        pixels = describe_pixels(
            check_image_size(loader.image_size), loader.resize, Preprocessing(loader.preprocess)
        )
        self.store = ByteStore(os.path.join(cache_dir, "features"), f"{pixels}, {description}")

    def look_up(self, item):
        """Look up the features of an image.

        Parameters
        ----------
        item : str or ndarray
            A path, or pixels.

        Returns
        -------
        features : ndarray of shape (n_features,), float32, or None

        key : tuple or None
            The key for :meth:`add`, if there are no features yet and the file can be read.
        """
        state = None
        if isinstance(item, str):
            data = self.store.find_by_file(item)
            if data is not None:
                return _as_features(data), None
            state = _state(item)
            try:
                _, digest = self.store.read_file(item)
            except UnreadableImageError:  # the loader raises an error or warns, as it is told to
                return None, None
        else:
            hashed = hashlib.sha256(f"{item.shape} {item.dtype}".encode())
            hashed.update(np.ascontiguousarray(item))
            digest = hashed.digest()
        return _as_features(self.store.find_by_content(digest)), (digest, state)

    def add(self, item, key, features):
        """Store the features of an image, unless its file has changed since the look-up."""
        digest, state = key
        if state is None or state == _state(item):
            self.store.add(digest, features.tobytes())


def _state(path):
    try:
        return identify(path, stat_image_file(path))
    except FileNotFoundError:
        return None


def _as_features(data):
    return None if data is None else np.frombuffer(data, dtype=np.float32)
