"""Tell which release lies in a folder, by its tables, and read those."""

import os

import pandas as pd

from .dermamnist import is_dermamnist
from .formats import (
    DUPLICATES_2020,
    FORMAT_2016,
    FORMATS,
    IGNORED,
    NAMES,
    REVEALING,
    SPELLINGS,
    release_named,
    split_of,
)
from .ids import isic_id_of
from .labels import gather_label
from .tables import check_columns, index_by_isic_id, join_tables, read_header, read_table

SPLIT = "_split"


def recognise(files, root, release):
    """Return the release, and its tables with their formats.

    Parameters
    ----------
    files : Files

    root : str

    release : str
        One of its names, or "auto".

    Returns
    -------
    release : str

    tables : list of (str, str, TableFormat)
        Path, separator and format; for DermaMNIST the path alone.

    Raises
    ------
    ValueError
        If there are none, or those of several releases.
    """
    by_release = {}
    headers = {}
    for path in files.tables:
        if IGNORED.search(os.path.basename(path)):
            continue
        try:
            separator, cells = read_header(path)
        except ValueError:
            if any(table_format.is_named(os.path.basename(path)) for table_format in FORMATS):
                raise
            continue
        headers[path] = cells
        table_format = _find_format(path, cells)
        if table_format is not None:
            check_columns(cells, path)
            table = (path, separator, table_format)
            by_release.setdefault(table_format.release, []).append(table)
    archives = [path for path in files.npz if is_dermamnist(path)]
    if archives:
        by_release["DermaMNIST"] = archives
    if release == "auto":
        release = _choose_release(by_release, headers, files, root)
    else:
        name = release_named(release)
        if name is None:
            raise ValueError(f"release is {release!r}. Expected 'auto' or one of {list(NAMES)}.")
        release = name
        if release not in by_release:
            found = f"those of {sorted(by_release)}" if by_release else "none that is known"
            raise ValueError(
                f"release is {release!r}, but of the tables in {root!r} there are {found}."
                f" Expected {_describe_expected(release)}."
            )
    return release, by_release[release]


def _find_format(path, cells):
    if len(cells) == 2 and isic_id_of(cells[0]) is not None:
        return FORMAT_2016
    columns = {SPELLINGS.get(cell.lower(), cell) for cell in cells}
    for table_format in FORMATS:
        if table_format.fits(columns):
            return table_format
    name = os.path.basename(path)
    for table_format in FORMATS:
        if table_format.is_named(name):
            needed = (table_format.id_column, *table_format.columns)
            raise ValueError(
                f"{path!r} lacks the column(s) {[name for name in needed if name not in columns]};"
                f" it has {cells}. Expected {list(needed)}, by its name a table of"
                f" {table_format.release}. Download it again, or rename it if it is another table."
            )
    return None


def _choose_release(by_release, headers, files, root):
    if len(by_release) == 1:
        return next(iter(by_release))
    if by_release:
        examples = "; ".join(
            f"{release}: {_name_of(tables[0], root)!r}"
            for release, tables in sorted(by_release.items())
        )
        raise ValueError(
            f"{root!r} holds the tables of {len(by_release)} releases ({examples}). Expected one."
            f" Pass release={sorted(by_release)[0]!r} or another of them, or the folder of one."
        )
    found = [f"{len(files.images)} image(s) named by an ISIC id"]
    if headers:
        path, cells = next(iter(headers.items()))
        shown = ", ".join(cells[:8]) + (", ..." if len(cells) > 8 else "")
        found.append(f"{len(headers)} table(s), such as {_name_of(path, root)!r} with {shown!r}")
    raise ValueError(
        f"{root!r} holds no table of a release that is known; found {' and '.join(found)}. Expected"
        f" the tables of one of {list(NAMES)}, as downloaded. Put them into the folder; if"
        " its subfolders are classes, use load_image_folder."
    )


def _name_of(table, root):
    return os.path.relpath(table if isinstance(table, str) else table[0], root)


def _describe_expected(release):
    if release == "DermaMNIST":
        return "dermamnist.npz, or dermamnist_64.npz etc."
    if release == "2016":
        return "a table without names of columns, an ISIC id and a label in each row"
    forms = [
        ", ".join((table_format.id_column, *table_format.columns))
        for table_format in FORMATS
        if table_format.release == release
    ]
    return f"a table with the columns {' or '.join(repr(form) for form in forms)}, among others"


def read_tables(tables, root):
    """Read the tables of one release and join them by ISIC id.

    Parameters
    ----------
    tables : list of (str, str, TableFormat)

    root : str

    Returns
    -------
    joined : DataFrame
        With the split of each row in the column `SPLIT`.

    Raises
    ------
    ValueError
        If a table is broken, or contradicts another.
    """
    read = []
    # By their names, test sets would come before the training set.
    order = {"val": 1, "test": 2}
    tables = sorted(tables, key=lambda table: order.get(_find_split(table[0], root), 0))
    for path, separator, table_format in tables:
        names = (
            [FORMAT_2016.id_column, *FORMAT_2016.columns] if table_format is FORMAT_2016 else None
        )
        table = read_table(path, separator, names)
        table = table.rename(columns=lambda name: SPELLINGS.get(name.lower(), name))
        table = index_by_isic_id(table, table_format.id_column, path)
        table = gather_label(table, table_format, path)
        read.append((path, table.assign(**{SPLIT: _find_split(path, root)})))
    joined = join_tables(read, _is_decisive)
    splits = joined[SPLIT]
    if splits.notna().any():
        # HAM10000 names no split, the test set that comes with it does.
        joined[SPLIT] = splits.where(splits.notna(), "train")
    return joined


def _find_split(path, root):
    """Return the split that a file's name tells, or else the nearest folder's."""
    names = os.path.relpath(path, root).split(os.sep)
    return next((split for split in map(split_of, reversed(names)) if split), None)


def _is_decisive(column):
    return column in ("lesion_id", "patient_id") or column[0] == "_" or REVEALING.fullmatch(column)


def find_duplicates(files):
    """Return the pairs of ISIC ids that the list of duplicates of ISIC 2020 names.

    Returns
    -------
    pairs : DataFrame of two columns
    """
    for path in files.tables:
        if "duplicates" not in os.path.basename(path).lower():
            continue
        separator, cells = read_header(path)
        if set(DUPLICATES_2020) <= set(cells):
            pairs = read_table(path, separator)[list(DUPLICATES_2020)].dropna()
            return pairs.apply(lambda column: column.astype(str).map(isic_id_of)).dropna()
    return pd.DataFrame(columns=list(DUPLICATES_2020))
