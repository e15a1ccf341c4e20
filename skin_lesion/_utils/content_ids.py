"""Recognise exact copies of files by their bytes, and of images by their pixels."""

import hashlib
import os
from collections import Counter

import numpy as np

from .image_files import image_file_size, open_image_file
from .read_ahead import ReadAhead, count_threads

_BYTES_IN_BLOCK = 2**20
_FILES_IN_BLOCK = 16

# The end of a file belongs to its pixels, which differ between photographs. Its beginning may be
# metadata, which the photographs of one camera share.
_BYTES_AT_END = 4096


def content_ids_of_files(paths):
    """Return a number for each path. Byte-identical files have the same number.

    Parameters
    ----------
    paths : ndarray of shape (n,), of str

    Returns
    -------
    content_ids : ndarray of shape (n,), of int
    """
    # The size of each file, the hash of its end and the hash of the whole file. Only files that are
    # alike so far are read further.
    distinct = list(dict.fromkeys(paths.tolist()))
    known = dict(zip(distinct, _read_in_threads(_measure, distinct), strict=True))
    for n_known, hash_more in enumerate((_hash_end, _hash_file), 1):
        n_alike = Counter(content[:n_known] for content in known.values())
        alike = [
            path
            for path, content in known.items()
            if len(content) == n_known and n_alike[content] > 1
        ]
        for path, digest in zip(alike, _read_in_threads(hash_more, alike), strict=True):
            known[path] += (digest,)
    return _number(known[path] for path in paths.tolist())


def content_ids_of_images(images):
    """Return a number for each image. Images with equal pixels have the same number.

    Parameters
    ----------
    images : ndarray of shape (n, ...), or list of ndarray

    Returns
    -------
    content_ids : ndarray of shape (n,), of int
    """
    shapes = [image.shape for image in images]  # one colour may fill images of several shapes
    return _number(zip(shapes, _hash_images(images), strict=True))


def digests_of_files(paths):
    """Return hashes of the bytes of files, as an array of bytes."""
    return _as_array(_read_in_threads(_hash_file, paths.tolist()))


def digests_of_images(images):
    """Return hashes of the pixels of images, as an array of bytes."""
    return _as_array(_hash_images(images))


def _hash_images(images):
    n_bytes = images[0].nbytes if len(images) else 1
    return _map_in_threads(hash_image, images, max(_BYTES_IN_BLOCK // max(n_bytes, 1), 1))


def _read_in_threads(read, paths):
    return _map_in_threads(read, paths, _FILES_IN_BLOCK)


def _map_in_threads(function, items, n_in_block):
    """Return the result for each item. Reading and hashing release the interpreter lock."""
    blocks = [items[start : start + n_in_block] for start in range(0, len(items), n_in_block)]
    n_threads = count_threads(-1) if len(blocks) > 1 else 0  # one block is not worth a thread
    with ReadAhead(lambda block: list(map(function, block)), blocks, n_threads) as results:
        return [result for block in results for result in block]


def hash_image(image):
    """Return the hash of the values of an image, whatever its dtype."""
    pixels = image
    if image.dtype != np.uint8:
        with np.errstate(invalid="ignore", over="ignore"):  # values out of the range of the dtype
            pixels = image.astype(np.uint8)
            if not np.array_equal(pixels, image):
                pixels = image.astype(np.float32)  # the precision of networks
    return _hash(pixels.tobytes())


def _measure(path):
    """Return the size of a file. An entry of an HDF5 file must be read for it: add its hashes."""
    size = image_file_size(path)
    if size is not None:
        return (size,)
    with open_image_file(path) as file:
        content = file.read()
    return len(content), _hash(content[-_BYTES_AT_END:]), _hash(content)


def _hash_end(path):
    with open_image_file(path) as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _BYTES_AT_END, 0))
        return _hash(file.read(_BYTES_AT_END))


def _hash_file(path):
    with open_image_file(path) as file:
        return hashlib.file_digest(file, "sha256").digest()


def _hash(content):
    return hashlib.sha256(content).digest()


def _as_array(digests):
    return np.array([digest.hex() for digest in digests], dtype="S64")


def _number(contents):
    numbers = {}
    return np.array([numbers.setdefault(content, len(numbers)) for content in contents])
