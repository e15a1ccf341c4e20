"""Load a dataset that consists of a table and images, by its entry in `SETS`."""

import os
import re

import numpy as np
import pandas as pd

from ..._utils.validation.messages import did_you_mean, name_some
from .._reading.groups import GROUP_COLUMNS
from .._reading.harmonise import read_age, read_sex, read_site
from .._reading.table_file import change_values, clean_values, read_table, to_numbers
from .._table.columns import Columns
from .._table.dataset import Labels, make_dataset
from .._table.find_images import list_images
from .._taxonomy.label_sets import LABEL_SETS
from .prepare import stack_tables

_MALIGNANCY = {
    **dict.fromkeys(("true", "1", "malignant"), "malignant"),
    # Inflammation and infection are benign, as in the ISIC archive.
    **dict.fromkeys(("false", "0", "benign", "non-neoplastic"), "benign"),
}
# The roles of columns in a PublicSet, and their names in the frame.
_HARMONISED = {
    "age": "age",
    "sex": "sex",
    "site": "site",
    "patient": "patient_id",
    "lesion": "lesion_id",
}


def load_tables(root, public_set, tables, split, image_type, group_by, label, indeterminate):
    """Return a dataset that consists of a table and images, and the warnings to issue.

    Parameters
    ----------
    root : str

    public_set : PublicSet

    tables : Tables

    split, image_type, group_by, label, indeterminate : str or None
        As in :func:`load_public_dataset`.

    Returns
    -------
    dataset : Bunch

    messages : list of str
    """
    table = _read_tables(public_set, tables)
    bare = ""
    if tables.bare:
        names = [os.path.relpath(path, root) for path in tables.bare]
        bare = (
            f"These tables of labels may be predictions and were left out: {name_some(names)}."
            " Expected a file name that says ground truth. Rename the file if it holds the true"
            " labels."
        )
    columns = [name for name in public_set.label if name in table]
    if len(columns) < len(public_set.label):
        raise ValueError(
            f"The tables of {public_set.name} below {root!r} have no labels: they lack the columns"
            f" {[name for name in public_set.label if name not in table]}. Expected the ground"
            f" truth in addition to the metadata. Download it, too. {bare}".rstrip()
        )
    if label is not None and label not in LABEL_SETS:
        if label not in table:
            names = list(table)
            raise ValueError(
                f"label is {label!r}. Expected None, one of {list(LABEL_SETS)}, or a column of"
                f" {public_set.name}: {names}.{did_you_mean(label, [*LABEL_SETS, *names])}"
            )
        columns = [label]
    table, wanted = _harmonise(table, public_set, columns), None
    if image_type is not None:
        wanted = table["image_type"].astype(str).str.startswith(image_type)
        if not wanted.any():
            raise ValueError(
                f"image_type is {image_type!r}, but the images of {public_set.name} are"
                f" {name_some(sorted(table['image_type'].unique()))}. Expected None for all."
            )
    files = list_images(root)
    if public_set.ignored is not None:
        ignored = re.compile(public_set.ignored)
        files = [path for path in files if not ignored.search(os.path.relpath(path, root))]

    def known(name):
        return name if name in table else None

    is_own = columns == list(public_set.label)
    told = public_set.diagnosis, public_set.malignancy
    dataset, messages = make_dataset(
        table,
        Columns(
            path=public_set.path,
            label=tuple(columns),
            patient=known("patient_id"),
            lesion=known("lesion_id"),
            split=known(public_set.split),
            diagnosis=known(public_set.diagnosis) if is_own else None,
            malignancy=known(public_set.malignancy) if is_own else None,
            tells_label=(*public_set.label, *public_set.tells_label, *told),
        ),
        Labels(label if label in LABEL_SETS else None, indeterminate, has_common_names=is_own),
        root,
        where=f"{public_set.name} in {root!r}",
        files=files,
        group_by=group_by,
        split=split,
        wanted=wanted,
        release=public_set.name,
    )
    if bare:
        messages.append(bare)
    return dataset, messages


def _read_tables(public_set, tables):
    """Read all tables of a dataset, with the usual spelling of its columns, and combine them."""
    helpers = [name for helper in public_set.helpers for name in helper]
    used = [getattr(public_set, role) for role in (*_HARMONISED, "path", "split", "malignancy")]
    names = (*public_set.columns, *public_set.label, *public_set.tells_label, *helpers, *used)
    spelled = {name.lower(): name for name in names if name is not None}
    text = {(public_set.path or "").lower(), *(name.lower() for name in public_set.label)}

    def read(path, separator):
        if separator is None:
            return path, public_set.read(path)
        table = read_table(path, separator, text=text if len(public_set.label) == 1 else ())
        return path, table.rename(columns=lambda name: spelled.get(name.lower(), name))

    own, *of_helpers = ([read(*table) for table in each] for each in (tables.own, *tables.helpers))
    return (public_set.prepare or stack_tables)(own, *of_helpers)


def _harmonise(table, public_set, labels):
    """Return a table whose columns have the names that all datasets share."""
    sources = {name: getattr(public_set, role) for role, name in _HARMONISED.items()}
    tidy = pd.DataFrame(index=table.index)
    for name, read in (("age", read_age), ("sex", read_sex), ("site", read_site)):
        column = sources[name]
        tidy[name] = read(table[column]) if column in table else np.nan
    tidy["image_type"] = table.get(public_set.image_type, public_set.image_type)
    tidy["source"] = public_set.name
    for name in GROUP_COLUMNS:
        if sources[name] in table:
            tidy[name] = table[sources[name]]
    # A column that the user passed as label also keeps its own name.
    rest = table[[name for name in table if name not in {*tidy, *sources.values()} - {*labels}]]
    rest = rest.apply(clean_values)
    for name in {*public_set.skin_types} & {*rest}:
        rest[name] = rest[name].where(to_numbers(rest[name]).between(1, 6))
    if public_set.malignancy in rest and public_set.malignancy not in labels:
        said = change_values(
            rest[public_set.malignancy], lambda text: _MALIGNANCY.get(text.lower())
        )
        rest = rest.assign(**{public_set.malignancy: said})
    return pd.concat([tidy, rest.drop(columns=list(tidy), errors="ignore")], axis=1)
