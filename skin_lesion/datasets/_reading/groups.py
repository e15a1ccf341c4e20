"""Group images by patient and lesion, by one rule for all loaders."""

import os
import re
import unicodedata

import numpy as np
import pandas as pd

from ..._utils.linked_groups import link_groups
from ..._utils.validation.placeholders import is_placeholder
from .table_file import WHOLE, change_values, is_unknown

# Zeros are placeholders, too, unless ids count up from there.
_ZERO = re.compile(r"0+(\.0+)?")
_ONE = r"0*1(\.0+)?"

# A larger share of the images in one group is implausible, if there are enough images to tell.
_LARGEST_SHARE = 0.25
_FEWEST_IMAGES = 40

GROUP_COLUMNS = ("patient_id", "lesion_id")
OWN_GROUP = "image "  # begins the group of an image without an id


def spell_groups(table):
    """Return a table whose columns of groups have the names in `GROUP_COLUMNS`, in lower case.

    The audit, the report and other code that gets a frame look for these names. If a table has
    several spellings of a name, the one in lower case is used, or else the first.
    """
    spelled = {}
    for column in table:
        spelled.setdefault(str(column).lower(), column)
    return table.rename(
        columns={
            spelled[name]: name for name in GROUP_COLUMNS if name in spelled and name not in table
        }
    )


def clean_ids(column):
    """Turn placeholders of lesions or patients into missing values, and 1.0 into 1.

    pandas writes whole numbers as 1.0 if some are missing. Another table may have the same patient
    as 1. Accents get one form: macOS may store them separately.

    Parameters
    ----------
    column : Series of n rows

    Returns
    -------
    ids : Series of n rows, of str
    """
    counts_up = column.astype(str).str.strip().str.fullmatch(_ONE).any()

    def is_missing(text):
        return is_unknown(text) or is_placeholder(text) or (not counts_up and _ZERO.fullmatch(text))

    def clean(text):
        text = unicodedata.normalize("NFC", text)
        return None if is_missing(text) else WHOLE.sub(r"\1", text)

    return change_values(column, clean)


def make_groups(patient, lesion, own, group_by=None):
    """Return the group of each image. Images of one lesion are always in one group.

    With both ids, the name of a group says if it is of the second kind, such as "lesion 5": in
    another table, a patient may be called 5.

    Parameters
    ----------
    patient, lesion : Series of n rows, or None
        Ids, or missing values. None if there is no such column.

    own : Series of n rows, of str
        The name of an image's group if neither is known. See :func:`name_own_groups`.

    group_by : {"patient_id", "lesion_id"} or None
        None means "patient_id": the patient, or the lesion if the patient is unknown. "lesion_id":
        the lesion, or the patient if the lesion is unknown. An image without a lesion id may show
        any lesion of its patient, so all images of this patient are then one group.

    Returns
    -------
    groups : Series of n rows, of str
    """
    nothing = pd.Series(None, own.index, dtype=object)
    has_both = patient is not None and lesion is not None
    patient = nothing if patient is None else patient
    lesion = nothing if lesion is None else lesion
    if lesion.notna().any():
        # Some rows of a lesion may have its patient, others not.
        patient = patient.where(patient.notna(), lesion.map(patient.groupby(lesion).first()))
    keys = {"patient": patient, "lesion": lesion}
    if group_by == "lesion_id":
        undivided = patient[lesion.isna()].dropna().unique()
        keys = {"lesion": lesion.where(~patient.isin(undivided)), "patient": patient}
    second = list(keys)[1]
    keys["image"] = own
    names, kinds = nothing, nothing
    for kind, values in keys.items():
        spelled = f"{kind} " + values if has_both and kind == second else values
        kinds = kinds.where(names.notna() | values.isna(), kind)
        names = names.where(names.notna(), spelled)

    # A lesion and a patient may have the same id.
    ids = pd.factorize(kinds + " " + names)[0]
    rows = np.flatnonzero(lesion.notna())
    first = pd.Series(np.arange(len(own)), own.index).groupby(lesion).transform("first")
    linked = pd.Series(link_groups(ids, rows, first.to_numpy()[rows].astype(int)), own.index)
    groups = names.groupby(linked).transform("first")
    is_ambiguous = linked.groupby(groups).transform("nunique") > 1
    return groups.where(~is_ambiguous, kinds.groupby(linked).transform("first") + " " + groups)


def name_own_groups(relative_paths):
    """Return the groups of images without an id: the same on all systems, also in a manifest."""
    return OWN_GROUP + pd.Series(relative_paths, dtype=object).str.replace(os.sep, "/", regex=False)


def find_without_group(known, images, where, advice="Add their ids to the table."):
    """Return a warning about images without an id.

    Parameters
    ----------
    known : DataFrame of n rows
        Columns of ids, from :func:`clean_ids`.

    images : sequence of n str

    where : str
        What to call the table.

    advice : str
        How to give them ids.
    """
    is_missing = known.isna().all(axis=1).to_numpy()
    if not is_missing.any():
        return []
    message = (
        f"{is_missing.sum()} of {len(known)} images have no {' or '.join(known)} in {where}. The"
        f" first is {images[is_missing.argmax()]!r}. Each of them is its own group: images"
        f" of one lesion can then be in both the training and the test set. {advice}"
    )
    return [message]


def find_zeros(column, ids, where):
    """Return a warning about ids of 0 that :func:`clean_ids` took for placeholders."""
    is_zero = ids.isna() & column.astype(str).str.strip().str.fullmatch(_ZERO, na=False)
    if not is_zero.any():
        return []
    message = (
        f"{is_zero.sum()} image(s) have the {column.name} 0 in {where}. It counts as unknown,"
        f" because no {column.name} is 1. If it is an id, give it another name, such as 'id 0'."
    )
    return [message]


def find_group_faults(groups):
    """Return a warning if a group is so large that its id is probably a placeholder."""
    counts = pd.Series(groups).value_counts()
    if len(groups) < _FEWEST_IMAGES or counts.iloc[0] <= _LARGEST_SHARE * len(groups):
        return []
    message = (
        f"{counts.iloc[0]} of {len(groups)} images are in one group, {str(counts.index[0])!r}."
        f" Expected no patient or lesion with more than {_LARGEST_SHARE:.0%}. Splits and confidence"
        " intervals keep it whole. If its id means unknown, leave it blank in the table, or move"
        " the images out of the folder of this name. If a lesion_id names another lesion in each"
        " patient, which joins them, make it unique, such as by the patient before it."
    )
    return [message]
