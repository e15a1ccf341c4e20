"""Read the DermaMNIST archive of MedMNIST: stacks of small images instead of files."""

import os

import numpy as np

from .._taxonomy import canonical_name

SPLITS = ("train", "val", "test")

# By the numbers that stand in the file.
CLASSES = tuple(canonical_name(name) for name in ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"))


def is_dermamnist(path):
    return os.path.basename(path).lower().startswith("dermamnist")


def read_dermamnist(path, splits):
    """Read the images and classes of some splits.

    Parameters
    ----------
    path : str

    splits : sequence of str

    Returns
    -------
    images : ndarray of shape (n, height, width, 3), uint8

    target : ndarray of shape (n,), of str

    split : ndarray of shape (n,), of str

    Raises
    ------
    ValueError
        If the file cannot be read, or holds something else than such images and classes.
    """
    parts = [_read_split(path, split) for split in splits]
    images, numbers = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    split = np.repeat(splits, [len(part[1]) for part in parts])
    return images, np.array(CLASSES)[numbers], split


def _read_split(path, split):
    needed = [f"{split}_images", f"{split}_labels"]
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in needed if name not in archive]
            if missing:
                raise ValueError(
                    f"it lacks {missing}, and has {sorted(archive)}. Expected images and labels of"
                    f" {list(SPLITS)}"
                )
            images, labels = (archive[name] for name in needed)
        _check(images, labels, needed)
    except Exception as error:  # zipfile, zlib and numpy each raise errors of their own
        raise ValueError(
            f"{path!r} cannot be read as DermaMNIST: {str(error).rstrip('.')}. Download it again."
        ) from error
    return images, labels.reshape(-1)


def _check(images, labels, names):
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"{names[0]!r} has shape {images.shape} and dtype {images.dtype}. Expected"
            " (n, height, width, 3) of uint8"
        )
    if labels.size != len(images) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{names[1]!r} has shape {labels.shape} and dtype {labels.dtype} for"
            f" {len(images)} images. Expected an integer for each"
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < len(CLASSES)):
        raise ValueError(
            f"{names[1]!r} has values from {labels.min()} to {labels.max()}. Expected 0 to"
            f" {len(CLASSES) - 1}"
        )
