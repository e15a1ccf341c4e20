"""A cache of decoded images."""

import cv2
import numpy as np
import PIL
from PIL import ImageFile

from .decode import decode_content
from .store import ByteStore


class ImageCache:
    """The decoded images in a folder that were made with the same parameters.

    Parameters
    ----------
    cache_dir : str or os.PathLike
        Created if it does not exist.

    image_size : tuple of (int, int)
        Height and width of the images.

    resize : {"crop", "pad", "stretch"}

    preprocessing : Preprocessing
        The steps that clean each image.

    Attributes
    ----------
    store : ByteStore
        The store that holds the images.
    """

    def __init__(self, cache_dir, image_size, resize, preprocessing):
        self._image_size = image_size
        self._resize = resize
        self._preprocessing = preprocessing
        self.store = ByteStore(cache_dir, describe_pixels(image_size, resize, preprocessing))

    def find_all(self, paths, out):
        """Read the images that are in the cache, without reading their files.

        Parameters
        ----------
        paths : ndarray of shape (n,), of str

        out : ndarray of shape (n, height, width, 3), uint8
            Receives the pixels.

        Returns
        -------
        missing : list of int
            The rows that are not in the cache.
        """
        return [
            row
            for row, path in enumerate(paths.tolist())
            if not _fill(out[row], self.store.find_by_file(path))
        ]

    def fetch(self, path, out):
        """Read an image from its file and store it, unless another process has done so.

        If several threads or processes fetch the same image at once, one of them decodes it, and
        the others wait.

        Parameters
        ----------
        path : str

        out : ndarray of shape (height, width, 3), uint8
            Receives the pixels. It must be contiguous.

        Raises
        ------
        ValueError
            If the file cannot be read as an image.
        """
        content, digest = self.store.read_file(path)
        with self.store.lock(digest):
            if not _fill(out, self.store.find_by_content(digest)):
                out[:] = decode_content(
                    content, path, self._image_size, self._resize, self._preprocessing
                )
                self.store.add(digest, out.data)


def describe_pixels(image_size, resize, preprocessing):
    """Return, as text, all that the pixels of an image depend on except the content of its file."""
    # Another version of Pillow or OpenCV may give pixels that differ by a grey level.
    versions = f"Pillow {PIL.__version__}, OpenCV {cv2.__version__}"
    described = f"{image_size[0]}x{image_size[1]} {resize}, {versions}"
    if ImageFile.LOAD_TRUNCATED_IMAGES:  # Pillow then fills what a damaged file lacks with grey
        described += ", truncated files"
    return f"{described}, {preprocessing.key}" if preprocessing.key else described


def _fill(out, data):
    """Copy the bytes of an image if there are any, and tell whether there were."""
    if data is not None:
        out[:] = np.frombuffer(data, dtype=np.uint8).reshape(out.shape)
    return data is not None
