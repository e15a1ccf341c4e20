"""Recognise exact copies of files by their bytes, and of images by their pixels."""

import hashlib
from collections import Counter

import numpy as np

from .image_files import image_file_size, open_image_file
from .read_ahead import ReadAhead, count_threads

_BYTES_IN_BLOCK = 2**20
_FILES_IN_BLOCK = 16


def content_ids_of_files(paths):
    """Return a number for each path. Byte-identical files have the same number.

    Parameters
    ----------
    paths : ndarray of shape (n,), of str

    Returns
    -------
    content_ids : ndarray of shape (n,), of int
    """
    sizes = {path: image_file_size(path) for path in set(paths.tolist())}
    n_files_of_size = Counter(sizes.values())
    # A file with a unique size has no copy, so only the others have to be read. But an entry of an
    # HDF5 file, which has no size before it is read, may be a copy of any file.
    alike = [
        path for path, size in sizes.items() if None in n_files_of_size or n_files_of_size[size] > 1
    ]
    contents = {path: path for path in sizes}
    contents.update(zip(alike, _hash_files(alike), strict=True))
    return _number([contents[path] for path in paths.tolist()])


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
    return _as_array(_hash_files(paths.tolist()))


def digests_of_images(images):
    """Return hashes of the pixels of images, as an array of bytes."""
    return _as_array(_hash_images(images))


def _hash_images(images):
    n_bytes = images[0].nbytes if len(images) else 1
    return _hash_in_threads(_hash_image, images, max(_BYTES_IN_BLOCK // max(n_bytes, 1), 1))


def _hash_files(paths):
    return _hash_in_threads(_hash_file, paths, _FILES_IN_BLOCK)


def _hash_in_threads(hash_item, items, n_in_block):
    """Return the hash of each item. Threads help, because hashing releases the interpreter lock."""
    blocks = [items[start : start + n_in_block] for start in range(0, len(items), n_in_block)]
    n_threads = count_threads(-1) if len(blocks) > 1 else 0  # one block is not worth a thread
    with ReadAhead(lambda block: list(map(hash_item, block)), blocks, n_threads) as hashes:
        return [digest for block in hashes for digest in block]


def _hash_image(image):
    """Return the hash of the values of an image, whatever its dtype."""
    pixels = image
    if image.dtype != np.uint8:
        with np.errstate(invalid="ignore", over="ignore"):  # values out of the range of the dtype
            pixels = image.astype(np.uint8)
            if not np.array_equal(pixels, image):
                pixels = image.astype(np.float32)  # the precision of networks
    return hashlib.sha256(pixels.tobytes()).digest()


def _hash_file(path):
    with open_image_file(path) as file:
        return hashlib.file_digest(file, "sha256").digest()


def _as_array(digests):
    return np.array([digest.hex() for digest in digests], dtype="S64")


def _number(contents):
    numbers = {}
    return np.array([numbers.setdefault(content, len(numbers)) for content in contents])
