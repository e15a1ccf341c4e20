"""Read the CSV files with the pixels of HAM10000, which Kaggle offers beside the images."""

import os
import warnings

import numpy as np
import pandas as pd

from .._isic.dermamnist import make_pixel_dataset
from .._reading.description import describe_dataset
from .._reading.harmonise import read_age, read_sex, read_site
from .._reading.table_file import read_header, read_table
from .._taxonomy.account import write_account
from .._taxonomy.names import canonical_name
from .recognise import PIXEL_CSV, PIXELS

# In the order of their numbers in the files. In MedMNIST, melanoma is 4, nevus 5 and vascular
# lesion 6.
_CLASSES = np.array(
    [canonical_name(name) for name in ("akiec", "bcc", "bkl", "df", "nv", "vasc", "mel")]
)
_NEVUS = 4
_METADATA = "HAM10000_metadata.csv"


def load_pixels(paths, label, indeterminate):
    """Return the dataset of the file with the largest images, preferring colour over grey.

    Raises
    ------
    ValueError
        If the file has other columns, or numbers out of the range of pixels or classes.
    """
    path = max(paths, key=_sort_key)
    values = read_table(path, read_header(path)[0])
    side, is_grey = _sort_key(path)[1], not _sort_key(path)[0]
    n_pixels = side * side * (1 if is_grey else 3)
    pixels = values.drop(columns="label", errors="ignore").to_numpy()
    if "label" not in values or pixels.shape[1] != n_pixels or pixels.dtype.kind not in "iu":
        raise ValueError(
            f"{path!r} has {pixels.shape[1]} columns besides 'label', of dtype {pixels.dtype}."
            f" Expected a column 'label', and {n_pixels} columns of integers. Download it again."
        )
    numbers = values["label"].to_numpy()
    if pixels.min() < 0 or pixels.max() > 255 or not np.isin(numbers, range(len(_CLASSES))).all():
        raise ValueError(
            f"{path!r} has pixels from {pixels.min()} to {pixels.max()} and labels from"
            f" {numbers.min()} to {numbers.max()}. Expected 0 to 255, and 0 to {len(_CLASSES) - 1}."
            " Download it again."
        )
    images = pixels.astype(np.uint8).reshape(len(pixels), side, side, -1)
    images = np.repeat(images, 3, axis=3) if is_grey else images
    diagnosis = _CLASSES[numbers.astype(int)]
    most_frequent = int(np.bincount(numbers.astype(int)).argmax())
    if most_frequent != _NEVUS:
        # One stack frame each for this function, load_public_dataset and validate_params.
        warnings.warn(
            f"The most frequent label of {path!r} is {most_frequent}. Expected {_NEVUS}, nevus, as"
            " in HAM10000. The labels may have the numbers of MedMNIST, which this reader does not"
            " support. Compare the classes with those of the images.",
            stacklevel=4,
        )
    metadata = _read_metadata(path, diagnosis)
    groups = np.array([f"row {n}" for n in range(len(images))])
    note = "each image its own, because the file has no lesion ids"
    if metadata is not None:
        groups = metadata["lesion_id"].to_numpy(dtype=str)
        note = f"by lesion_id of {_METADATA}, whose labels agree with all rows"
    table = pd.DataFrame(index=range(len(images))) if metadata is None else metadata
    unknown = pd.Series(np.nan, table.index)
    frame = pd.DataFrame(
        {
            "age": read_age(table.get("age", unknown)),
            "sex": read_sex(table.get("sex", unknown)),
            "site": read_site(table.get("localization", unknown)),
            "source": "HAM10000",
        }
    )
    if metadata is not None:
        frame[["isic_id", "lesion_id"]] = metadata[["image_id", "lesion_id"]]
    dataset = make_pixel_dataset(
        images, diagnosis, groups, frame, PIXELS, label, indeterminate, stacklevel=5
    )
    notes = [f"Groups: {len(np.unique(dataset.groups))}, {note}."]
    if label:
        notes += ["Labels:", *write_account(dataset.label_account)]
    dataset.DESCR = describe_dataset(
        dataset, notes, {"unmapped": "rows whose label has no counterpart in the label set"}
    )
    return dataset


def _sort_key(path):
    found = PIXEL_CSV.fullmatch(os.path.basename(path))
    return found["channels"].upper() == "RGB", int(found["side"]), path


def _read_metadata(path, diagnosis):
    """Return the metadata beside the file if its rows have the same order, or None."""
    metadata = os.path.join(os.path.dirname(path), _METADATA)
    if not os.path.isfile(metadata):
        return None
    table = read_table(metadata, read_header(metadata)[0]).reset_index(drop=True)
    if not {"image_id", "lesion_id", "dx"} <= set(table) or len(table) != len(diagnosis):
        return None
    return table if (table["dx"].map(canonical_name) == diagnosis).all() else None
