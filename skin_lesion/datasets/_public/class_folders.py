"""Load a folder with a subfolder for each class as a public set, with any label set."""

import warnings

import numpy as np
import pandas as pd

from ..._utils.validation.messages import did_you_mean
from .._folder.load import REASONS, load_image_folder
from .._reading.description import describe_dataset
from .._reading.table_file import change_values, clean_values
from .._taxonomy.account import account_for, describe_unmapped, write_account
from .._taxonomy.label_sets import LABEL_SETS
from .._taxonomy.map_labels import map_labels
from .._taxonomy.names import canonical_name
from .recognise import CLASS_FOLDERS


def load_class_folders(root, split, group_by, label, indeterminate):
    """Return the dataset of :func:`load_public_dataset`."""
    dataset = load_image_folder(root, split=split, group_by=group_by)
    own = pd.Series(dataset.target)
    dataset.frame["diagnosis"] = _read_diagnosis(dataset.frame.get("diagnosis", own), own)
    dataset.update(release=CLASS_FOLDERS, missing=np.array([], dtype=str))
    if label is None:
        dataset.label_account = account_for(own, own, None)
        return _describe(dataset, [])
    if label not in LABEL_SETS:
        raise ValueError(
            f"label is {label!r}. Expected None or one of {list(LABEL_SETS)}: class folders have no"
            f" other labels.{did_you_mean(label, LABEL_SETS)}"
        )
    known = _find_known(own, dataset.frame["diagnosis"], label, indeterminate)
    target, account = map_labels(
        known, label, unmapped="missing", indeterminate=indeterminate, return_account=True
    )
    chosen = pd.notna(target)
    if not chosen.all():
        reason = describe_unmapped(known[~chosen], label)
        if not chosen.any():
            raise ValueError(f"No image is left to load. {reason} Pass another label.")
        # One stack frame each for this function, load_public_dataset and validate_params.
        warnings.warn(f"{reason} They are left out.", stacklevel=4)
        dataset.left_out["unmapped"] = int((~chosen).sum())
    frame = dataset.frame.assign(target=target)
    for name in ("data", "split", "groups"):
        dataset[name] = None if dataset[name] is None else dataset[name][chosen]
    dataset.update(
        frame=frame[chosen].reset_index(drop=True),
        target=target[chosen].astype(str),
        target_names=np.unique(target[chosen].astype(str)),
        label_account=account,
    )
    return _describe(dataset, ["Labels:", *write_account(account)])


def _find_known(own, diagnosis, label, indeterminate):
    """Return the names of the folders, or a diagnosis of the table where they cannot be mapped."""
    target = map_labels(own, label, unmapped="missing", indeterminate=indeterminate)
    names = diagnosis.map(canonical_name)
    is_finer = pd.isna(target) & names.notna() & (names != own.map(canonical_name))
    return own.where(~is_finer, diagnosis)


def _read_diagnosis(column, own):
    """Return common names of the diagnoses in a column, or of the folders where it has none."""
    known = clean_values(column).astype(object)
    return change_values(
        known.where(known.notna(), own), lambda text: canonical_name(text) or text.lower()
    )


def _describe(dataset, notes):
    groups = "none, because there is no table of them"
    if dataset.groups is not None:
        groups = f"{len(np.unique(dataset.groups))}, from the tables"
    dataset.DESCR = describe_dataset(dataset, [f"Groups: {groups}.", *notes], REASONS)
    return dataset
