"""Read the tables of a release, whatever program last saved them."""

import csv
from collections import Counter

import numpy as np
import pandas as pd

from .._folder.tree import name_some
from .ids import isic_id_of

# The first of equals is taken: commas are what the releases have.
_SEPARATORS = ",;\t"
# Read as numbers, these would lose leading zeros.
_TEXT = {"lesion_id", "patient_id", "patient"}


def read_header(path):
    """Return the separator of a table and the cells of its first line.

    Raises
    ------
    ValueError
        If the file is no text in UTF-8.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except ValueError as error:
        raise ValueError(
            f"{path!r} cannot be read: {error}. Expected a table in UTF-8. Save it anew, or move it"
            " out of the folder."
        ) from error
    separator = max(_SEPARATORS, key=line.count)
    cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    return separator, cells


def check_columns(cells, path):
    """Raise a ValueError if two columns of a table have the same name."""
    doubled = [name for name, n in Counter(cells).items() if n > 1 and name]
    if doubled:
        raise ValueError(
            f"{path!r} has more than one column of the name(s) {name_some(doubled)}. Expected each"
            " once. Remove or rename the wrong one."
        )


def read_table(path, separator, names=None):
    """Read a table; what looks like a number is read as one.

    Parameters
    ----------
    path : str

    separator : str

    names : list of str or None
        The names of the columns, where the file does not give them.

    Returns
    -------
    table : DataFrame
        Its index is the number of each row's line in the file.
    """
    try:
        table = pd.read_csv(
            path,
            sep=separator,
            encoding="utf-8-sig",
            header=0 if names is None else None,
            names=names,
            dtype=dict.fromkeys(_TEXT, str),
            index_col=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            low_memory=False,
        )
    except ValueError as error:
        raise ValueError(
            f"{path!r} cannot be read: {' '.join(str(error).split())}. Expected a table in UTF-8"
            " with the columns of its first line in each row. Repair it, or download it again."
        ) from error
    table.index += 1 if names else 2
    table.columns = [str(column).strip() for column in table.columns]
    table = table.dropna(how="all")
    if table.empty:
        raise ValueError(
            f"{path!r} has no rows. Expected one for each image. Download it again, or remove it."
        )
    return table


def index_by_isic_id(table, column, path):
    """Return a table with the ISIC ids of one of its columns as index, each once.

    Raises
    ------
    ValueError
        If a row has no ISIC id, or if two rows of an id contradict each other.
    """
    names = table[column].astype(object).where(table[column].notna(), "").astype(str)
    # One look at all instead of one at each: most tables have nothing but plain ids.
    plain = names.str.fullmatch(r"ISIC_\d{7}")
    ids = names.where(plain, None).astype(object)
    ids[~plain] = [isic_id_of(name) for name in names[~plain]]
    if ids.isna().any():
        row = ids.index[ids.isna()][0]
        raise ValueError(
            f"{path!r} has {ids.isna().sum()} row(s) whose {column!r} is no ISIC id, the first is"
            f" {names[row]!r} in line {row}. Expected one such as 'ISIC_0024306'. Repair the id, or"
            " remove the row."
        )
    table = table.drop(columns=column)
    repeated = ids.duplicated(keep=False)
    if repeated.any():
        _check_copies_agree(table[repeated], ids[repeated], path)
        table, ids = table[~ids.duplicated()], ids[~ids.duplicated()]
    return table.set_axis(pd.Index(ids, name="isic_id"))


def _check_copies_agree(table, ids, path):
    for column in table:
        values = table[column]
        differ = values.groupby(ids.to_numpy()).nunique(dropna=False) > 1
        if differ.any():
            isic_id = differ.index[differ][0]
            lines = ids.index[ids == isic_id][:2]
            raise ValueError(
                f"{path!r} has two rows for {isic_id!r} that contradict each other: {column!r} is"
                f" {values[lines[0]]!r} in line {lines[0]} and {values[lines[1]]!r} in line"
                f" {lines[1]}. Expected one row for each image. Remove the wrong one."
            )


def join_tables(tables, is_decisive):
    """Join tables by id: all their rows, all their columns; the first value of each is taken.

    Parameters
    ----------
    tables : list of (str, DataFrame)
        Paths, and tables indexed by ISIC id.

    is_decisive : callable
        Tells of the name of a column whether two tables may not differ in it.

    Raises
    ------
    ValueError
        If two tables contradict each other in a decisive column.
    """
    path, joined = tables[0]
    paths = [path]
    for path, table in tables[1:]:
        index = joined.index.union(table.index, sort=False)
        joined, table = joined.reindex(index), table.reindex(index)
        for column in table:
            if column in joined:
                if is_decisive(column):
                    _check_tables_agree(joined[column], table[column], paths, path)
                joined[column] = joined[column].where(joined[column].notna(), table[column])
        new = [column for column in table if column not in joined]
        joined = pd.concat([joined, table[new]], axis=1)
        paths.append(path)
    return joined


def _check_tables_agree(known, values, paths, path):
    differ = known.notna() & values.notna() & (known.astype(str) != values.astype(str))
    if differ.any():
        differ &= to_numbers(known).ne(to_numbers(values))
    if differ.any():
        isic_id = differ.index[differ][0]
        raise ValueError(
            f"{path!r} contradicts {name_some(paths)} in {differ.sum()} row(s):"
            f" {known.name.strip('_')!r} of {isic_id!r} is {values[isic_id]!r} instead of"
            f" {known[isic_id]!r}. Expected the same value in both. Remove the wrong file."
        )


def change_values(column, change):
    """Change the values that are not missing, each distinct one once, because rows are many.

    Parameters
    ----------
    column : Series of n rows

    change : callable
        Gets a value as text, and returns another, or None for a missing one.

    Returns
    -------
    changed : Series of n rows, of object
    """
    codes, distinct = pd.factorize(column)
    changed = [change(str(value).strip()) for value in distinct]
    changed = [np.nan if value is None else value for value in changed]
    # -1 is the code of a missing value: it picks the one at the end.
    changed = np.array([*changed, np.nan], dtype=object)[codes]
    return pd.Series(changed, column.index, dtype=object, name=column.name)


def to_numbers(column):
    """Return a column as floats, NaN where it holds no number; a comma may stand for the point."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(str).str.replace(",", ".", regex=False)
    return pd.to_numeric(column, errors="coerce").astype(float)


def read_one_hot(scores, path):
    """Return the column of the 1 in each row, a missing value for rows without any number.

    Parameters
    ----------
    scores : DataFrame of n rows
        Indexed by ISIC id; columns of 0 and 1.

    path : str

    Returns
    -------
    names : Series of n rows

    Raises
    ------
    ValueError
        If a row has not one 1 and for the rest 0.
    """
    scores = scores.dropna(how="all")
    numbers = scores.apply(to_numbers)
    wrong = ~numbers.isin([0, 1]).all(axis=1) | (numbers.sum(axis=1) != 1)
    if wrong.any():
        isic_id = wrong.index[wrong.to_numpy()][0]
        row = ", ".join(f"{name}={value}" for name, value in scores.loc[isic_id].items())
        raise ValueError(
            f"{path!r} has {wrong.sum()} row(s) that do not name one class, the first is"
            f" {isic_id!r} with {row} (sum {numbers.loc[isic_id].sum():g}). Expected one 1, and 0"
            " in the other columns. Repair or remove these rows."
        )
    return pd.Series(np.array(scores.columns)[numbers.to_numpy().argmax(axis=1)], scores.index)
