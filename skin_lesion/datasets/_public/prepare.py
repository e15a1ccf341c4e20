"""Make one table of a dataset that comes as several files, or in another form than CSV."""

import os
import re

import pandas as pd

from ..._utils.validation.messages import name_some
from .._reading.split_names import split_in
from .._reading.table_file import to_numbers, to_text

_PH2_DIAGNOSES = {"0": "common nevus", "1": "atypical nevus", "2": "melanoma"}


def prepare_milk10k(metadata, truths, supplements):
    """Give each image the label of its lesion, and the diagnosis of the supplement."""
    table = stack_tables(metadata)
    for tables, key in ((truths, "lesion_id"), (supplements, "isic_id")):
        if not tables:
            continue
        told = stack_tables(tables).drop_duplicates()
        told[key], table[key] = to_text(told[key]), to_text(table[key])
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
    splits = pd.Series(index=table.index, dtype=object)
    for index_path, rows in indexes:
        split = split_in(os.path.basename(index_path))
        numbers = to_numbers(rows["indexes"]).dropna().astype(int)
        if split is None or not numbers.isin(table.index).all():
            raise ValueError(
                f"{index_path!r} is not a list of cases of {path!r}, which has {len(table)} cases."
                " Expected row numbers, from 0 on, and train, valid or test in the file name."
                " Download it again, or move it out of the folder."
            )
        others = splits[numbers].dropna()
        if (others != split).any():
            raise ValueError(
                f"{index_path!r} lists {len(others)} cases of {path!r} that are also in the list of"
                f" {others.iloc[0]!r}, the first is number {others.index[0]}. Expected each case in"
                " one list. Download the lists again."
            )
        splits[numbers] = split
    if indexes and splits.isna().any():
        raise ValueError(
            f"{splits.isna().sum()} of {len(table)} cases of {path!r} are in none of the"
            f" {len(indexes)} list(s) of splits beside it, the first is number"
            f" {splits.isna().idxmax()}. Expected train_indexes.csv, valid_indexes.csv and"
            " test_indexes.csv of this table. Download them again, or remove all of them."
        )
    if indexes:
        table["split"] = splits
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
    if names[:3] != ["name", "histological diagnosis", "clinical diagnosis"]:
        raise ValueError(
            f"{path!r} has the columns {names}. Expected 'Name', 'Histological Diagnosis',"
            " 'Clinical Diagnosis' and further ones between double bars. Download it again."
        )

    def is_image(row):
        return bool(row) and re.fullmatch(r"IMD\d+", row[0])

    # A legend may follow, in rows of another form.
    rows = [row for row in rows[1:] if len(row) == len(names) or is_image(row)]
    for row in rows:
        if len(row) != len(names) or not is_image(row) or row[2] not in _PH2_DIAGNOSES:
            raise ValueError(
                f"{path!r} has the row {row}. Expected an image such as 'IMD003', its clinical"
                f" diagnosis as one of {list(_PH2_DIAGNOSES)} in the third place, and"
                f" {len(names)} columns. Download it again."
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
