"""Load a folder with a subfolder for each class as a public set, with classes of any label set."""

import warnings

import numpy as np
import pandas as pd

from ..._utils.validation.messages import did_you_mean
from .._folder.load import load_image_folder
from .._taxonomy.account import account_for, describe_unmapped, write_account
from .._taxonomy.label_sets import LABEL_SETS
from .._taxonomy.map_labels import map_labels
from .recognise import CLASS_FOLDERS


def load_class_folders(root, split, group_by, label, indeterminate):
    """Return what :func:`load_public_dataset` does."""
    dataset = load_image_folder(root, split=split, group_by=group_by)
    own = pd.Series(dataset.target)
    dataset.update(release=CLASS_FOLDERS, missing=np.array([], dtype=str))
    if label is None:
        dataset.label_account = account_for(own, own, None)
        return dataset
    if label not in LABEL_SETS:
        raise ValueError(
            f"label is {label!r}. Expected None or one of {list(LABEL_SETS)}: class folders have no"
            f" other.{did_you_mean(label, LABEL_SETS)}"
        )
    target, dataset.label_account = map_labels(
        own, label, unmapped="missing", indeterminate=indeterminate, return_account=True
    )
    chosen = pd.notna(target)
    dataset.frame = dataset.frame.assign(target=target, diagnosis=own)[chosen].reset_index(
        drop=True
    )
    for name in ("data", "split", "groups"):
        dataset[name] = None if dataset[name] is None else dataset[name][chosen]
    dataset.target = target[chosen].astype(str)
    dataset.target_names = np.unique(dataset.target)
    dataset.DESCR = "\n".join([dataset.DESCR, "Labels:", *write_account(dataset.label_account)])
    if not chosen.all():
        reason = describe_unmapped(own[~chosen], label)
        if not chosen.any():
            raise ValueError(f"No image is left to load. {reason} Pass another label.")
        # One frame for each of: this, load_public_dataset, validate_params.
        warnings.warn(f"{reason} They are left out.", stacklevel=4)
        dataset.left_out["unmapped"] = int((~chosen).sum())
    return dataset
