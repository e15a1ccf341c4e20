"""Read the DermaMNIST archive of MedMNIST: stacks of small images instead of files."""

import os
import warnings

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..._utils.validation.messages import did_you_mean, name_some
from .._split_names import SPLITS, check_split
from .._taxonomy import LABEL_SETS, canonical_name, map_labels
from .labels import describe_unmapped, is_label_set

NOTE = (
    "DermaMNIST does not tell which images show the same lesion, and its splits share lesions: see"
    " Abhishek, Jain and Hamarneh, Scientific Data 12, 196 (2025), who give corrected splits."
)
# By the numbers that stand in the file.
CLASSES = tuple(canonical_name(name) for name in ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"))


def is_dermamnist(path):
    return os.path.basename(path).lower().startswith("dermamnist")


def load_dermamnist(archives, split, label):
    """Return what :func:`load_isic_release` does, but for the description."""
    if len(archives) > 1:
        raise ValueError(
            f"There are {len(archives)} files of DermaMNIST: {name_some(archives)}. Expected one."
            " Pass the path of one as root."
        )
    splits = [check_split(split, SPLITS, archives[0])] if split else list(SPLITS)
    if not is_label_set(label):
        raise ValueError(
            f"label is {label!r}. Expected None or one of {list(LABEL_SETS)}: DermaMNIST has no"
            f" other.{did_you_mean(label, LABEL_SETS)}"
        )
    images, diagnosis, split_of_row = _read_splits(archives[0], splits)
    target = map_labels(diagnosis, label or "7-class", unmapped="missing")
    is_mapped = pd.notna(target)
    left_out = {}
    if not is_mapped.all():
        reason = describe_unmapped(diagnosis[~is_mapped], label)
        if not is_mapped.any():
            raise ValueError(f"No image is left to load. {reason} Pass another label.")
        # One frame for each of: this, load_isic_release, validate_params.
        warnings.warn(f"{reason} They are left out.", stacklevel=4)
        left_out["unmapped"] = int((~is_mapped).sum())
        images, diagnosis, split_of_row = (
            array[is_mapped] for array in (images, diagnosis, split_of_row)
        )
    target = target[is_mapped].astype(str)
    number = pd.Series(split_of_row).groupby(split_of_row).cumcount()
    frame = pd.DataFrame({"target": target, "split": split_of_row})
    frame = frame.assign(age=np.nan, sex=None, site=None, diagnosis=diagnosis, source="HAM10000")
    return Bunch(
        data=images,
        target=target,
        target_names=np.unique(target),
        split=split_of_row,
        groups=np.array([f"{name} {n}" for name, n in zip(split_of_row, number, strict=True)]),
        frame=frame,
        release="DermaMNIST",
        left_out=left_out,
        missing=np.array([], dtype=str),
    )


def _read_splits(path, splits):
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
