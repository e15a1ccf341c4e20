"""Read every image once: its bytes, its size and its appearance."""

import hashlib
import io
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from PIL import Image
from tqdm.auto import tqdm

from ..._utils.content_ids import hash_image
from ..._utils.read_ahead import ReadAhead, count_threads
from ..._utils.validation.messages import say_why_missing
from ..._utils.validation.paths import are_paths, check_paths
from ..._utils.validation.pixels import check_images
from ..._utils.validation.rows import check_rows
from ...images import decode_image, failures_explained, read_content
from .._findings.near_duplicates import describe
from .measures import THUMBNAIL_SIDE, measure_pixels

_ROWS_IN_BATCH = 16


class PathImages:
    """Images in files. A file that cannot be read is a finding, not an error."""

    def __init__(self, X):
        self.paths = check_paths(X)

    def __len__(self):
        return len(self.paths)

    def name(self, row):
        """Return what a reader knows the image by."""
        return str(self.paths[row])

    def load(self, row, image_size, resize):
        """Return pixels, stored height and width, SHA-256 and number of bytes.

        Raises
        ------
        ValueError
            If the image cannot be read; the message names it and says why.
        """
        path = str(self.paths[row])
        try:
            content = read_content(path)
            with failures_explained(path):
                pixels, size = decode_image(io.BytesIO(content), image_size, resize)
        except ValueError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            raise ValueError(
                f"{path!r} does not exist.{say_why_missing(path)}"
            ) from error.__cause__
        return pixels, size, hashlib.sha256(content).hexdigest(), len(content)


class ArrayImages:
    """Images in memory."""

    def __init__(self, X):
        self.images = check_images(X)

    def __len__(self):
        return len(self.images)

    def name(self, row):
        """Return what a reader knows the image by."""
        return f"row {row}"

    def load(self, row, image_size, resize):
        """Return pixels, height and width, SHA-256 of the pixels and no number of bytes."""
        image = self.images[row]
        stored = io.BytesIO()
        # Via a lossless file, so that images in memory are scaled in the same way as files.
        Image.fromarray(image.astype(np.uint8)).save(stored, "PPM")
        pixels, size = decode_image(stored, image_size, resize)
        return pixels, size, hash_image(image).hex(), np.nan


@dataclass
class Scan:
    """The results of reading every image.

    Attributes
    ----------
    files : DataFrame of n rows
        Columns `path` (or "row 17"), `sha256`, `n_bytes`, `height`, `width` and `error`. If the
        image cannot be read, `error` says why, and the others are missing. Otherwise `error` is
        empty.

    measures : DataFrame of n rows
        From :func:`measure_pixels`, missing if the image cannot be read. Without columns if nothing
        was measured.

    descriptors : ndarray of shape (n, 2, 16, 16), float32
        From :func:`describe`, zero if the image cannot be read.
    """

    files: pd.DataFrame
    measures: pd.DataFrame
    descriptors: np.ndarray


def open_images(X):
    """Return X, paths or a stack of images, as images that can be loaded one by one."""
    check_rows(X)
    return PathImages(X) if are_paths(X) else ArrayImages(X)


def scan_images(images, *, n_jobs, verbose, measures=True):
    """Return the :class:`Scan` of all images. Without measures, it takes a fraction of the time."""
    batches = [
        range(start, min(start + _ROWS_IN_BATCH, len(images)))
        for start in range(0, len(images), _ROWS_IN_BATCH)
    ]
    scanned = []
    with (
        ReadAhead(
            partial(_scan_batch, images, measures), batches, count_threads(n_jobs)
        ) as results,
        tqdm(total=len(images), desc="audit", unit="image", disable=not verbose) as progress,
    ):
        for batch in results:
            scanned.append(batch)
            progress.update(len(batch[0]))
    files, measures, descriptors = zip(*scanned, strict=True)
    return Scan(
        files=pd.concat(files, ignore_index=True),
        measures=pd.concat(measures, ignore_index=True),
        descriptors=np.concatenate(descriptors),
    )


def _scan_batch(images, measures, rows):
    pixels = np.zeros((len(rows), THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3), dtype=np.uint8)
    files = []
    for place, row in enumerate(rows):
        name = images.name(row)
        try:
            pixels[place], (height, width), digest, n_bytes = images.load(
                row, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), "stretch"
            )
            files.append((name, digest, n_bytes, height, width, ""))
        except ValueError as error:
            files.append((name, None, np.nan, np.nan, np.nan, str(error)))
    files = pd.DataFrame(files, columns=["path", "sha256", "n_bytes", "height", "width", "error"])
    found = pd.DataFrame(measure_pixels(pixels) if measures else {}, index=files.index)
    found[files["error"] != ""] = np.nan
    return files, found, describe(pixels)
