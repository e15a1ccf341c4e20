"""Convert labels, metadata, groups and split of any release to a common form.

The columns are the same for all releases. Columns that reveal the label are left out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..._utils.linked_groups import link_groups
from ..._utils.validation.messages import did_you_mean
from .._reading.groups import GROUP_COLUMNS, clean_ids, make_groups
from .._reading.harmonise import SITES, read_age, read_sex, read_site
from .._reading.table_file import change_values, clean_values, rename_taken, to_text
from .._taxonomy.label_sets import LABEL_SETS
from .formats import FINE_SITES, HARMONISED, IMAGE_TYPES, REVEALING, SOURCES
from .labels import choose_label, first_known, is_label_set, read_labels
from .tables import SPLIT

# Names that the frame itself uses.
_TAKEN = ("path", "target", "split", "isic_id", "diagnosis", *HARMONISED)


@dataclass
class Rows:
    """Everything known about the images in the tables, by ISIC id, with or without a file."""

    frame: pd.DataFrame
    target: pd.Series
    # Whether the release gives a label, even if it has no counterpart.
    is_labelled: pd.Series
    labels: pd.DataFrame
    groups: pd.Series
    split: pd.Series
    revealing: list


def read_rows(table, release, label, indeterminate, duplicates, group_by):
    """Return the target of each row, and its metadata in the form of the frame.

    Parameters
    ----------
    table : DataFrame
        All columns of the release, by ISIC id.

    release : str

    label : str or None
        As in :func:`load_isic_release`.

    indeterminate : {"drop", "benign", "malignant"}
        As in :func:`map_labels`.

    duplicates : DataFrame of two columns
        Pairs of ISIC ids.

    group_by : {"patient_id", "lesion_id"} or None
        As in :func:`load_isic_release`.

    Returns
    -------
    rows : Rows
    """
    labels = read_labels(table, release)
    frame, revealing = _harmonise(table, labels["diagnosis"], release)
    groups = make_groups(
        frame.get("patient_id"), frame.get("lesion_id"), frame.index.to_series(), group_by
    )
    if len(duplicates):
        groups = _join_duplicates(groups, duplicates)
    if is_label_set(label):
        target, is_labelled = choose_label(labels, label, indeterminate), labels["own"].notna()
        if label is not None:  # the label set may use another column than the own label
            is_labelled |= target.notna() | labels["diagnosis"].notna()
    else:
        # In harmonised columns, unknown values are missing.
        columns = {**table, **frame}
        if label not in columns or label[0] == "_":
            names = [name for name in columns if name[0] != "_"]
            raise ValueError(
                f"label is {label!r}. Expected None, one of {list(LABEL_SETS)}, or a column of the"
                f" tables of {release}: {names}.{did_you_mean(label, [*LABEL_SETS, *names])}"
            )
        values = columns[label].astype(object)
        target = to_text(values)
        is_labelled = target.notna()
        if label in revealing:
            frame["metadata_target" if label == "target" else label] = values
            revealing.remove(label)
    return Rows(frame, target, is_labelled, labels, groups, table[SPLIT], revealing)


def _harmonise(table, diagnosis, release):
    """Return the columns that all releases share, and all others that do not reveal the label.

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
        The columns that were left out because they reveal the label.
    """
    sources = {
        name: [column for column in columns if column in table]
        for name, columns in HARMONISED.items()
    }
    known = {
        name: first_known(
            [
                (clean_ids if name in GROUP_COLUMNS else clean_values)(table[column])
                for column in columns
            ],
            table.index,
        )
        for name, columns in sources.items()
    }
    image_type = known["image_type"]
    frame = pd.DataFrame(
        {
            "age": read_age(known["age"]),
            "sex": read_sex(known["sex"]),
            "site": _read_site(known["site"], table),
            "image_type": image_type.where(image_type.notna(), IMAGE_TYPES.get(release)),
            "diagnosis": diagnosis,
            "source": _find_source(known, release),
        }
    )
    for name in ("lesion_id", "patient_id"):
        if sources[name]:
            frame[name] = known[name]

    revealing = [column for column in table if REVEALING.fullmatch(column)]
    # Keep the site of HAM10000 beside the harmonised site, which is coarser.
    used = {column for columns in sources.values() for column in columns} | {*revealing}
    used -= {"localization"}
    rest = table[[column for column in table if column not in used and column[0] != "_"]]
    rest = rest.apply(clean_values)
    return pd.concat([frame, rename_taken(rest, _TAKEN)], axis=1), revealing


def _join_duplicates(groups, duplicates):
    """Put the images of each pair into one group, with the name of the group of its first row."""
    place = pd.Series(np.arange(len(groups)), groups.index)
    pairs = duplicates.apply(lambda column: column.map(place)).dropna().to_numpy(dtype=int)
    linked = link_groups(pd.factorize(groups)[0], *pairs.T)
    return groups.groupby(linked).transform("first")


def _read_site(site, table):
    """Return the site, from the finest of the archive's columns that has a counterpart."""
    site = read_site(site)
    for column in FINE_SITES:
        if column in table:
            values = clean_values(table[column].astype(object))
            known = change_values(
                values,
                lambda text: SITES.get(
                    text.lower(), text.lower() if text.lower() in SITES.values() else None
                ),
            )
            site = site.where(site.notna(), known)
    if FINE_SITES[-1] in table:
        rest = change_values(clean_values(table[FINE_SITES[-1]].astype(object)), str.lower)
        site = site.where(site.notna(), rest)
    return site


def _find_source(known, release):
    source = known["source"]
    if release in ("2018", "2019"):
        return change_values(known["lesion_id"], lambda text: SOURCES.get(text[:3]))
    return source.where(source.notna(), "HAM10000" if release == "HAM10000" else np.nan)
