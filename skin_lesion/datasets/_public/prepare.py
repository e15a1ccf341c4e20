"""Make one table of a dataset that comes as several files, or in another form than CSV."""

import os
import re

import pandas as pd

from ..._utils.validation.messages import name_some
from .._reading.split_names import split_in
from .._reading.table_file import to_numbers

_PH2_DIAGNOSES = {"0": "common nevus", "1": "atypical nevus", "2": "melanoma"}


def prepare_milk10k(metadata, truths, supplements):
    """Give each image the label of its lesion, and the diagnosis of the supplement."""
    table = stack_tables(metadata)
    for tables, key in ((truths, "lesion_id"), (supplements, "isic_id")):
        if not tables:
            continue
        told = stack_tables(tables).drop_duplicates()
        twice = told[key][told[key].duplicated()]
        if len(twice):
            raise ValueError(
                f"{tables[0][0]!r} has contradictory rows for {twice.nunique()} id(s), such as"
                f" {twice.iloc[0]!r}. Expected one row for each id. Remove the wrong rows."
            )
        new = [key, *(name for name in told if name not in table)]
        table = table.merge(told[new], on=key, how="left")
    return table


def prepare_derm7pt(tables, indexes):
    """Make a row for each of the two photographs of a case, with the split of the case."""
    if len(tables) > 1:
        raise ValueError(
            f"There are {len(tables)} tables of Derm7pt: {name_some([path for path, _ in tables])}."
            " Expected one. Remove the others, or pass the folder of one of them."
        )
    path, table = tables[0]
    table = table.reset_index(drop=True)
    if "case_num" not in table:
        table["case_num"] = table.index + 1
    for index_path, rows in indexes:
        split = split_in(os.path.basename(index_path))
        numbers = to_numbers(rows["indexes"]).dropna().astype(int)
        if split is None or not numbers.isin(table.index).all():
            raise ValueError(
                f"{index_path!r} is not a list of cases of {path!r}, which has {len(table)} cases."
                " Expected row numbers, from 0 on, and train, valid or test in the file name."
                " Download it again, or move it out of the folder."
            )
        table.loc[numbers, "split"] = split
    photographs = {"derm": "dermoscopic", "clinic": "clinical: close-up"}
    return pd.concat(
        [
            table.drop(columns=list(photographs)).assign(image=table[column], image_type=kind)
            for column, kind in photographs.items()
        ],
        ignore_index=True,
    )


def read_ph2(path):
    """Read the rows between double bars. A legend follows them."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        rows = [re.split(r"\s*\|\|?\s*", line.strip())[1:-1] for line in file if "||" in line]
    names = [name.lower() for name in rows[0]] if rows else []
    rows = [row for row in rows[1:] if row and re.fullmatch(r"IMD\d+", row[0])]
    if names[:3] != ["name", "histological diagnosis", "clinical diagnosis"] or any(
        len(row) != len(names) for row in rows
    ):
        raise ValueError(
            f"{path!r} has rows {names}. Expected 'Name', 'Histological Diagnosis', 'Clinical"
            " Diagnosis' and further columns between double bars. Download it again."
        )
    table = pd.DataFrame(rows, columns=names)
    table["clinical diagnosis"] = table["clinical diagnosis"].map(_PH2_DIAGNOSES)
    return table


def stack_tables(tables):
    """Concatenate tables with the same columns, with the split in the names of their files."""
    parts = []
    for path, table in tables:
        split = split_in(os.path.basename(path))
        parts.append(table if split is None or "split" in table else table.assign(split=split))
    return pd.concat(parts, ignore_index=True)
