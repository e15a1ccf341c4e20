"""Read the tables of a release, and join them by ISIC id."""

import os
import re

import pandas as pd

from ..._utils.validation.messages import say
from .._reading.join_tables import join_tables
from .._reading.split_names import SPLIT_NAMES, split_in
from .._reading.table_file import read_header, read_table
from .formats import DUPLICATES_2020, FORMAT_2016, REVEALING, SPELLINGS
from .ids import isic_id_of
from .labels import gather_label

SPLIT = "_split"

# Words that the name of a folder of a release may have besides its split.
_SPLIT_FOLDER = re.compile(
    rf"(isic|isbi|ham|task|part|phase|ground ?truth|input|images?|data|jpe?g|metadata"
    rf"|tables?|labels?|set|permissive|official|resized|v|{'|'.join(SPLIT_NAMES)}|[\W\d_])+",
    re.IGNORECASE,
)


def read_tables(tables, root, left_out, messages, bare=(), others=()):
    """Read the tables of one release and join them by ISIC id.

    Parameters
    ----------
    tables : list of (str, str, TableFormat)

    root : str

    left_out : Counter
        The number of rows without an ISIC id is added to it.

    messages : list of str
        Warnings are appended.

    bare, others : list of str
        Tables that may be predictions, and tables of no release. Their names may say which images
        are in a split.

    Returns
    -------
    joined : DataFrame
        With the split of each row in the column `SPLIT`.

    Raises
    ------
    ValueError
        If a table cannot be read, or contradicts another table.
    """
    read = []
    # Sorted by name, test sets would come before the training set.
    order = {"val": 1, "test": 2}
    tables = sorted(tables, key=lambda table: order.get(_find_split(table[0], root), 0))
    for path, separator, table_format in tables:
        names = (
            [FORMAT_2016.id_column, *FORMAT_2016.columns] if table_format is FORMAT_2016 else None
        )
        table = read_table(path, separator, names)
        table = table.rename(columns=lambda name: SPELLINGS.get(name.lower(), name))
        table = _index_by_isic_id(table, table_format.id_column, path, left_out, messages)
        table = gather_label(table, table_format, path)
        read.append((path, table.assign(**{SPLIT: _find_split(path, root)})))
    joined = join_tables(read, _is_decisive, messages)
    if joined[SPLIT].notna().any():
        for path in [*bare, *others]:
            _take_split(joined, path, root, messages, is_trusted=path in others)
        # The table of HAM10000 names no split, but the table of its test set does.
        joined[SPLIT] = joined[SPLIT].where(joined[SPLIT].notna(), "train")
    return joined


def _take_split(joined, path, root, messages, *, is_trusted):
    """Give images without a split the one that another table of their ids has in its name."""
    split = _find_split(path, root)
    if split in (None, "train"):  # the others are the training set anyway
        return
    separator, cells = read_header(path)
    table = read_table(path, separator)
    named = set()
    if isic_id_of(cells[0]) is not None:  # a list of ids has no header
        named.add(isic_id_of(cells[0]))
    for column in table:
        ids = table[column].dropna().astype(str).map(isic_id_of)
        if len(ids) and ids.notna().all():
            named.update(ids)
            break
    is_named = joined.index.isin(named)
    is_new = is_named & joined[SPLIT].isna().to_numpy()
    joined.loc[is_new, SPLIT] = split
    if is_new.any():
        messages.append(
            f"{path!r} is left out, but its name says {split!r}. The {say(is_new.sum(), 'image')}"
            " in it that no other table has in a split are in this one."
        )
    differ = is_named & (joined[SPLIT] != split).to_numpy()
    if differ.any() and is_trusted:
        first = joined.index[differ][0]
        messages.append(
            f"{path!r} has {say(differ.sum(), 'image')} of another split by its name, such as"
            f" {first!r} of {joined[SPLIT][first]!r}. Expected {split!r}. Remove the wrong rows, or"
            " rename the table if it is of something else."
        )


def find_duplicates(files):
    """Return the pairs of ISIC ids in the list of duplicates of ISIC 2020.

    Returns
    -------
    pairs : DataFrame of two columns
    """
    for path in files.tables:
        if "duplicates" not in os.path.basename(path).lower():
            continue
        separator, cells = read_header(path)
        if set(DUPLICATES_2020) <= {*map(str.lower, cells)}:
            table = read_table(path, separator).rename(columns=str.lower)
            pairs = table[list(DUPLICATES_2020)].dropna()
            return pairs.apply(lambda column: column.astype(str).map(isic_id_of)).dropna()
    return pd.DataFrame(columns=list(DUPLICATES_2020))


def _find_split(path, root):
    """Return the split in the name of a file, or in that of the nearest folder with a split."""
    *folders, name = os.path.relpath(path, root).split(os.sep)
    # A folder such as "ham_test_run" names no split.
    names = [name, *(folder for folder in reversed(folders) if _SPLIT_FOLDER.fullmatch(folder))]
    return next((split for split in map(split_in, names) if split), None)


def _index_by_isic_id(table, column, path, left_out, messages):
    """Return a table indexed by the distinct ISIC ids of one of its columns.

    Raises
    ------
    ValueError
        If there are no rows, if no row has an ISIC id, or if two rows of an id contradict each
        other.
    """
    if table.empty:
        raise ValueError(
            f"{path!r} has no rows. Expected one for each image. Download it again, or remove it."
        )
    names = table[column].astype(object).where(table[column].notna(), "").astype(str)
    # Check all names at once, because most tables have only plain ids.
    plain = names.str.fullmatch(r"ISIC_\d{7}")
    ids = names.where(plain, None).astype(object)
    ids[~plain] = [isic_id_of(name) for name in names[~plain]]
    is_malformed = ids.isna()
    if is_malformed.any():
        lines = [f"line {line}: {names[line]!r}" for line in ids.index[is_malformed][:3]]
        found = (
            f"{is_malformed.sum()} of {len(ids)} row(s) of {path!r} have a {column!r} that is not"
            f" an ISIC id ({', '.join([*lines, '...'] if is_malformed.sum() > 3 else lines)})."
            " Expected ids such as 'ISIC_0024306'."
        )
        if is_malformed.all():
            raise ValueError(f"{found} Repair them, or move the table out of the folder.")
        messages.append(f"{found} These rows are left out. Repair their ids to load them.")
        left_out["malformed_id"] += int(is_malformed.sum())
    table, ids = table[~is_malformed].drop(columns=column), ids[~is_malformed]
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
                f" {str(values[lines[0]])!r} in line {lines[0]} and {str(values[lines[1]])!r} in"
                f" line {lines[1]}. Expected one row for each image. Remove the wrong row."
            )


def _is_decisive(column):
    return column in ("lesion_id", "patient_id") or column[0] == "_" or REVEALING.fullmatch(column)
