"""Which images belong together: the one rule of all loaders."""

import re

import numpy as np
import pandas as pd

from ..._utils.linked_groups import link_groups
from .table_file import WHOLE, change_values, is_unknown

# What tables write in place of an id that they do not have.
_NOTHING = r"unknown|unk|anonym(ous|i[sz]ed)|missing|unspecified|undefined|undisclosed|none|no|null"
_WHOSE = r"patient|lesion|subject|person|case|id"
_PLACEHOLDER = re.compile(
    rf"-(1|9+)(\.0+)?|<?n[./]?a\.?n?>?|[-?._*/]+|({_NOTHING})([ _-]?({_WHOSE}))*"
    rf"|(({_WHOSE})[ _-]?)+({_NOTHING})"
    r"|not[ _](available|known|specified|applicable|recorded|given)",
    re.IGNORECASE,
)
# These are placeholders too, unless ids count up from there.
_ZERO = re.compile(r"0+(\.0+)?")
_ONE = r"0*1(\.0+)?"

# A larger share of the images in one group is implausible, where there are enough of them to tell.
_LARGEST_SHARE = 0.25
_FEWEST_IMAGES = 40

GROUP_COLUMNS = ("patient_id", "lesion_id")


def clean_ids(column):
    """Turn placeholders of lesions or patients into missing values, and 1.0 into 1.

    pandas writes whole numbers so where some are missing: another table has the same patient as 1.

    Parameters
    ----------
    column : Series of n rows

    Returns
    -------
    ids : Series of n rows, of str
    """
    counts_up = column.astype(str).str.strip().str.fullmatch(_ONE).any()

    def is_missing(text):
        return (
            is_unknown(text)
            or _PLACEHOLDER.fullmatch(text)
            or (not counts_up and _ZERO.fullmatch(text))
        )

    def clean(text):
        return None if is_missing(text) else WHOLE.sub(r"\1", text)

    return change_values(column, clean)


def make_groups(patient, lesion, own, group_by=None):
    """Return what each image belongs to; images of one lesion are always in one group.

    Parameters
    ----------
    patient, lesion : Series of n rows, or None
        Ids, or missing values.

    own : Series of n rows, of str
        The name of an image's group where neither is known.

    group_by : {"patient_id", "lesion_id"} or None
        None is "patient_id": the patient where it is known, else the lesion. With "lesion_id" it is
        the lesion, else the patient. An image without a lesion may show any lesion of its patient:
        then all images of the patient are one group.

    Returns
    -------
    groups : Series of n rows, of str
    """
    nothing = pd.Series(None, own.index, dtype=object)
    patient = nothing if patient is None else patient
    lesion = nothing if lesion is None else lesion
    if lesion.notna().any():
        # One row of a lesion may tell its patient, another not.
        patient = patient.where(patient.notna(), lesion.map(patient.groupby(lesion).first()))
    keys = {"patient": patient, "lesion": lesion}
    if group_by == "lesion_id":
        undivided = patient[lesion.isna()].dropna().unique()
        keys = {"lesion": lesion.where(~patient.isin(undivided)), "patient": patient}
    keys["image"] = own
    names, kinds = nothing, nothing
    for kind, values in keys.items():
        kinds = kinds.where(names.notna() | values.isna(), kind)
        names = names.where(names.notna(), values)

    # A lesion and a patient of one name are not the same.
    ids = pd.factorize(kinds + " " + names)[0]
    rows = np.flatnonzero(lesion.notna())
    first = pd.Series(np.arange(len(own)), own.index).groupby(lesion).transform("first")
    linked = pd.Series(link_groups(ids, rows, first.to_numpy()[rows].astype(int)), own.index)
    groups = names.groupby(linked).transform("first")
    is_ambiguous = linked.groupby(groups).transform("nunique") > 1
    return groups.where(~is_ambiguous, kinds.groupby(linked).transform("first") + " " + groups)


def find_group_faults(groups):
    """Return what to warn of: a group so large that its id is rather a placeholder."""
    counts = pd.Series(groups).value_counts()
    if len(groups) < _FEWEST_IMAGES or counts.iloc[0] <= _LARGEST_SHARE * len(groups):
        return []
    message = (
        f"{counts.iloc[0]} of {len(groups)} images are in one group, {str(counts.index[0])!r}."
        f" Expected no patient or lesion with more than {_LARGEST_SHARE:.0%}. If this id stands for"
        " unknown ones, make it blank in the table, or move the images out of the folder of this"
        " name: a split cannot divide the group."
    )
    return [message]
