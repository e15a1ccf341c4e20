"""List the images with their labels, splits and groups, and the results of reading their files."""

import numpy as np
import pandas as pd

from .._utils.validation.labels import check_labels, number_labels
from .._utils.validation.messages import did_you_mean, warn_caller
from .._utils.validation.rows import check_lengths
from ..datasets import SPLIT_NAMES, check_columns_differ, clean_ids, find_zeros, isic_id_of


def list_images(images, y, groups, split, frame):
    """Return a line for each image, with `label`, `split`, `group` and `lesion`.

    Values that are not given are missing. So are lesion ids that are blank or a placeholder.

    Raises
    ------
    ValueError
        If lengths differ, if values are missing, if a split has an unknown name, or if frame has a
        column twice.
    """
    y = None if y is None else check_labels(y, name="y")
    groups = None if groups is None else check_labels(groups, name="groups")
    split = None if split is None else _check_split(split)
    check_lengths(X=images, y=y, groups=groups, split=split, frame=frame)
    rows = pd.DataFrame(index=pd.RangeIndex(len(images)))
    rows["label"], rows["split"], rows["group"] = y, split, groups
    if frame is not None:
        check_columns_differ([name for name in frame if name in ("lesion_id", "source")], "frame")
    has_lesions = frame is not None and "lesion_id" in frame
    rows["lesion"] = _name_lesions(frame["lesion_id"]) if has_lesions else None
    if has_lesions:
        for message in find_zeros(
            frame["lesion_id"].reset_index(drop=True), rows["lesion"], "frame"
        ):
            warn_caller(message)
    return rows


def add_files(rows, files):
    """Return the rows with the results of reading the files, and the ISIC id in the file name.

    The column `content` numbers the contents. Each unreadable file has its own content: two empty
    files are not copies of one image.
    """
    rows = pd.concat([files[["path"]], rows, files.drop(columns="path")], axis=1)
    rows.insert(1, "isic_id", pd.Series(map(isic_id_of, rows["path"]), dtype=object))
    is_readable = rows["error"] == ""
    key = rows["sha256"].where(is_readable, "unreadable " + rows.index.astype(str))
    return rows.assign(content=pd.factorize(key)[0])


def _name_lesions(ids):
    return clean_ids(ids).to_numpy(dtype=object, na_value=None)


def _check_split(split):
    names, numbers = number_labels(split, name="split")
    unknown = [str(name) for name in names if str(name).lower() not in SPLIT_NAMES]
    if unknown:
        raise ValueError(
            f"split has the values {unknown}. Expected 'train', 'val' or 'test'."
            f"{did_you_mean(unknown[0], SPLIT_NAMES)} Leave out rows that belong to no split."
        )
    return np.array([SPLIT_NAMES[str(name).lower()] for name in names])[numbers]
