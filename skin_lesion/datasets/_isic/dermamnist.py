"""Load the DermaMNIST archive of MedMNIST: arrays of small images instead of files."""

import os
import warnings

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..._utils.validation.messages import did_you_mean, name_some, say
from .._reading.split_names import SPLITS, check_split
from .._taxonomy.account import describe_unmapped
from .._taxonomy.label_sets import LABEL_SETS
from .._taxonomy.map_labels import map_labels
from .._taxonomy.names import canonical_name
from .labels import is_label_set

_NOTE = "DermaMNIST does not record which images show the same lesion"
_NOTE_ON_SPLITS = (
    f"{_NOTE}, and its splits share lesions. Abhishek, Jain and Hamarneh, Scientific Data 12, 196"
    " (2025), give corrected splits."
)
# In the order of their numbers in the file.
CLASSES = tuple(canonical_name(name) for name in ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"))


def is_dermamnist(path):
    return os.path.basename(path).lower().startswith("dermamnist")


def note_on(archive):
    """Return a note on the lesions in an archive. The files with corrected splits say so."""
    return f"{_NOTE}." if _kind(archive) else _NOTE_ON_SPLITS


def _kind(archive):
    """Return "corrected" or "extended" for the files of Abhishek, Jain and Hamarneh, or None."""
    name = os.path.basename(archive).lower()
    return next((kind for kind in ("corrected", "extended") if kind in name), None)


def check_dermoscopic(release, image_type):
    """Raise a ValueError if images of another type are requested: all are of HAM10000 or ISIC."""
    if image_type not in (None, "dermoscopic"):
        raise ValueError(
            f"image_type is {image_type!r}, but the images of {release} are 'dermoscopic'. Expected"
            " None for all, or a type that they have."
        )


def load_dermamnist(archives, split, label, indeterminate):
    """Return the dataset of :func:`load_isic_release`, without the description."""
    if len(archives) > 1:
        raise ValueError(
            f"There are {len(archives)} files of DermaMNIST: {name_some(archives)}. Expected one."
            " Pass the path of one of them as root."
        )
    splits = [check_split(split, SPLITS, archives[0])] if split else list(SPLITS)
    images, diagnosis, split_of_row = _read_splits(archives[0], splits)
    number = pd.Series(split_of_row).groupby(split_of_row).cumcount()
    groups = np.array([f"{name} {n}" for name, n in zip(split_of_row, number, strict=True)])
    frame = pd.DataFrame({"split": split_of_row}).assign(age=np.nan, sex=None, site=None)
    frame["source"] = "HAM10000"
    if _kind(archives[0]) == "extended":  # by the images of ISIC 2018 for validation and test
        frame["source"] = frame["source"].where(frame["split"] == "train", np.nan)
    return make_pixel_dataset(
        images, diagnosis, groups, frame, "DermaMNIST", label, indeterminate, stacklevel=5
    )


def make_pixel_dataset(
    images, diagnosis, groups, frame, release, label, indeterminate, *, stacklevel
):
    """Map the labels of images in memory, and return the dataset of those that have a class.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, 3), uint8

    diagnosis, groups : ndarray of shape (n,), of str

    frame : DataFrame of n rows
        With `split` if there is one.

    release, label, indeterminate : str
        As in :func:`load_isic_release`. `label` may be None.

    stacklevel : int
        Of warnings, counted from this function.

    Returns
    -------
    dataset : Bunch
        Without description.
    """
    if not is_label_set(label):
        raise ValueError(
            f"label is {label!r}. Expected None or one of {list(LABEL_SETS)}: {release} has no"
            f" other labels.{did_you_mean(label, LABEL_SETS)}"
        )
    target, account = map_labels(
        diagnosis,
        label or "7-class",
        unmapped="missing",
        indeterminate=indeterminate,
        return_account=True,
    )
    is_mapped = pd.notna(target)
    left_out = {}
    if not is_mapped.all():
        reason = describe_unmapped(diagnosis[~is_mapped], label)
        if not is_mapped.any():
            raise ValueError(f"No image is left to load. {reason} Pass another label.")
        warnings.warn(f"{reason} They are left out.", stacklevel=stacklevel)
        left_out["unmapped"] = int((~is_mapped).sum())
        images = images[is_mapped]
    target = target[is_mapped].astype(str)
    frame = frame.assign(image_type="dermoscopic", diagnosis=diagnosis)[is_mapped].reset_index(
        drop=True
    )
    frame.insert(0, "target", target)
    return Bunch(
        data=images,
        target=target,
        target_names=np.unique(target),
        split=frame["split"].to_numpy(dtype=str) if "split" in frame else None,
        groups=groups[is_mapped],
        frame=frame,
        release=release,
        left_out=left_out,
        label_account=account,
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
        If the file cannot be read, or does not hold such images and classes.
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
                    f"it lacks {missing}; it has {sorted(archive)}. Expected images and labels of"
                    f" {list(SPLITS)}"
                )
            images, labels = (archive[name] for name in needed)
        _check(images, labels, needed)
    except Exception as error:  # zipfile, zlib and numpy each have their own errors
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
            f" {len(images)} images. Expected an integer for each image"
        )
    labels = labels.reshape(-1)
    wrong = np.flatnonzero((labels < 0) | (labels >= len(CLASSES)))
    if len(wrong):
        raise ValueError(
            f"{names[1]!r} has {say(len(wrong), 'value')} outside of 0 to {len(CLASSES) - 1}. The"
            f" first is {labels[wrong[0]]} in row {wrong[0]}, counted from 0"
        )
