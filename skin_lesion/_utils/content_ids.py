"""Recognise exact copies: of files by their bytes, of images by their pixels."""

import hashlib
from collections import Counter

import numpy as np

from .image_files import image_file_size, open_image_file


def content_ids_of_files(paths):
    """Return a number for each path; byte-identical files have the same.

    Parameters
    ----------
    paths : ndarray of shape (n,), of str

    Returns
    -------
    content_ids : ndarray of shape (n,), of int
    """
    sizes = {path: image_file_size(path) for path in set(paths.tolist())}
    n_files_of_size = Counter(sizes.values())
    # A file of a size of its own has no copy: only the others need be read.
    contents = {
        path: path if n_files_of_size[size] == 1 else _hash_file(path)
        for path, size in sizes.items()
    }
    return _number([contents[path] for path in paths.tolist()])


def content_ids_of_images(images):
    """Return a number for each image; images of equal pixels have the same.

    Parameters
    ----------
    images : ndarray of shape (n, ...)

    Returns
    -------
    content_ids : ndarray of shape (n,), of int
    """
    return _number([_hash_image(image) for image in images])


def digests_of_files(paths):
    """Return hashes of the bytes of files, as an array of bytes."""
    return _as_array(map(_hash_file, paths.tolist()))


def digests_of_images(images):
    """Return hashes of the pixels of images, as an array of bytes."""
    return _as_array(map(_hash_image, images))


def _hash_image(image):
    return hashlib.sha256(image.tobytes()).digest()


def _hash_file(path):
    with open_image_file(path) as file:
        return hashlib.file_digest(file, "sha256").digest()


def _as_array(digests):
    return np.array([digest.hex() for digest in digests], dtype="S64")


def _number(contents):
    numbers = {}
    return np.array([numbers.setdefault(content, len(numbers)) for content in contents])
