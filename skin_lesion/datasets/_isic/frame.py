"""Bring the metadata of all releases into the same columns, without those that tell the label."""

import numpy as np
import pandas as pd

from .formats import HARMONISED, REVEALING, SITES, SOURCES
from .tables import change_values, to_numbers

_UNKNOWN = {"unknown", "", "nan"}
_SEXES = {"male": "male", "female": "female", "m": "male", "f": "female"}

# What the frame has of its own.
_TAKEN = ("path", "target", "split", "isic_id", "diagnosis", *HARMONISED)


def harmonise(table, diagnosis, release):
    """Return the columns that all releases share, and the rest of those that tell no label.

    Parameters
    ----------
    table : DataFrame of n rows
        All columns of the release, by ISIC id.

    diagnosis : Series of n rows

    release : str

    Returns
    -------
    frame : DataFrame of n rows

    revealing : list of str
        The columns that were left out because they tell the label.
    """
    sources = {
        name: next((column for column in columns if column in table), None)
        for name, columns in HARMONISED.items()
    }
    known = {
        name: _clean(table[column]) if column else pd.Series(None, table.index, dtype=object)
        for name, column in sources.items()
    }
    frame = pd.DataFrame(
        {
            "age": _read_age(known["age"]),
            "sex": change_values(known["sex"], lambda text: _SEXES.get(text.lower())),
            "site": change_values(
                known["site"], lambda text: SITES.get(text.lower(), text.lower())
            ),
            "diagnosis": diagnosis,
            "source": _find_source(known, release),
        }
    )
    for name in ("lesion_id", "patient_id"):
        if sources[name]:
            frame[name] = known[name]

    revealing = [column for column in table if REVEALING.fullmatch(column)]
    # The site in the words of HAM10000 stays beside the harmonised one, which is coarser.
    used = {*sources.values(), *revealing} - {"localization"}
    rest = table[[column for column in table if column not in used and column[0] != "_"]]
    rest = rest.apply(_clean)
    renamed = {name: f"metadata_{name}" for name in rest if name in _TAKEN}
    return pd.concat([frame, rest.rename(columns=renamed)], axis=1), revealing


def make_groups(frame):
    """Return the lesion of each row, else its patient, else the image itself.

    A row without a lesion may show any lesion of its patient: then all rows of the patient are one
    group.

    Parameters
    ----------
    frame : DataFrame of n rows
        Indexed by ISIC id.

    Returns
    -------
    groups : Series of n rows
    """
    nothing = pd.Series(None, frame.index, dtype=object)
    lesion = frame.get("lesion_id", nothing)
    patient = frame.get("patient_id", nothing)
    if lesion.notna().any() and patient.notna().any():
        # One row of a lesion may tell its patient, another not.
        patient = patient.where(patient.notna(), lesion.map(patient.groupby(lesion).first()))
        undivided = patient[lesion.isna()].dropna().unique()
        lesion = lesion.where(~patient.isin(undivided))
    groups = lesion.where(lesion.notna(), patient)
    return groups.where(groups.notna(), frame.index.to_series())


def _clean(column):
    """Turn what means unknown into missing values; numbers are left as they are."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    return change_values(column, lambda text: None if text.lower() in _UNKNOWN else text)


def _read_age(column):
    if not pd.api.types.is_numeric_dtype(column):
        column = change_values(column, lambda text: text.rstrip("+"))  # the archive has "85+"
    return to_numbers(column)


def _find_source(known, release):
    source = known["source"]
    if release in ("2018", "2019"):
        return change_values(known["lesion_id"], lambda text: SOURCES.get(text[:3]))
    return source.where(source.notna(), "HAM10000" if release == "HAM10000" else np.nan)
