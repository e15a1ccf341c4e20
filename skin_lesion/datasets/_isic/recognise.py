"""Recognise the release in a folder by the headers of its tables."""

import os

from ..._utils.validation.messages import name_some
from .._reading.split_names import split_in
from .._reading.table_file import check_columns_differ, read_header, read_table
from .dermamnist import is_dermamnist
from .formats import (
    BARE_LABELS,
    FORMAT_2016,
    FORMAT_2019_AS_2020,
    FORMATS,
    GROUND_TRUTH,
    IGNORED,
    LABELS,
    MILK10K,
    NAMES,
    PREDICTIONS,
    SPELLINGS,
    release_named,
)
from .ids import isic_id_of
from .look_alikes import tell_2019_from_2020


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
        Path, separator and format. For DermaMNIST, the path alone.

    bare : list of str
        Tables of labels that may be predictions, and are left out.

    others : list of str
        Tables of no release.

    Raises
    ------
    ValueError
        If there are no tables, or tables of several releases.
    """
    by_release, headers, bare, unclear = find_releases(files, release)
    if release == "auto" and any({*map(str.lower, cells)} >= MILK10K for cells in headers.values()):
        raise ValueError(
            f"{root!r} holds MILK10k (ISIC 2025), which labels lesions instead of images. Expected"
            " another release. Load MILK10k with load_public_dataset."
        )
    if unclear:
        raise ValueError(
            f"{'; '.join(unclear)}. Expected the ids of one release. Pass release='2019' or"
            " release='2020' to say which release the table is."
        )
    if release == "auto":
        release = _choose_release(by_release, headers, bare, files, root)
    else:
        name = release_named(release)
        if name is None:
            raise ValueError(f"release is {release!r}. Expected 'auto' or one of {list(NAMES)}.")
        release = name
        if release not in by_release:
            found = f"tables of {sorted(by_release)}" if by_release else "no known table"
            raise ValueError(
                f"release is {release!r}, but {root!r} holds {found}. Expected"
                f" {_describe_expected(release)}.{describe_bare(bare, root)}"
            )
    # DermaMNIST has archives in place of tables.
    read = {table[0] for tables in by_release.values() for table in tables}
    others = [path for path in headers if path not in read and path not in bare]
    return release, by_release[release], bare, others


def find_releases(files, release="auto"):
    """Find the releases that have tables among the files.

    Parameters
    ----------
    files : Files

    release : str
        One of its names, or "auto".

    Returns
    -------
    by_release : dict of str to list
        Tables with their separators and formats. For DermaMNIST, the paths alone.

    headers : dict of str to list of str
        The headers of all tables, including tables of other sets.

    bare : list of str
        Tables of labels that may be predictions.

    unclear : list of str
        Why the release of a table is unclear.

    Raises
    ------
    ValueError
        If a table has the file name of a release, but not its columns.
    """
    by_release = {}
    headers = {}
    bare, unclear = [], []
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
        if table_format is not None and _may_be_predictions(path, cells, table_format):
            bare.append(path)
        elif table_format is not None:
            spelled = [SPELLINGS.get(cell.lower(), cell) for cell in cells]
            check_columns_differ(spelled, repr(path))
            has_columns_of_2020 = table_format.release == "2020" and "image_name" in spelled
            if has_columns_of_2020 and release_named(release) in (None, "2019", "2020"):
                table_format, reason = tell_2019_from_2020(path, separator, table_format)
                if reason and release == "auto":
                    unclear.append(reason)
                elif reason and release_named(release) == "2019":
                    table_format = FORMAT_2019_AS_2020
            table = (path, separator, table_format)
            by_release.setdefault(table_format.release, []).append(table)
    for tables in by_release.values():
        for table in _find_labels_beside(tables, headers):
            tables.remove(table)
            bare.append(table[0])
    archives = [path for path in files.npz if is_dermamnist(path)]
    if archives:
        by_release["DermaMNIST"] = archives
    return by_release, headers, bare, unclear


def _may_be_predictions(path, cells, table_format):
    name = _stem(path)
    if PREDICTIONS.search(name):
        return table_format is FORMAT_2016 or bool(_label_columns(cells))
    if GROUND_TRUTH.search(name) or LABELS.search(name):
        return False
    return _is_bare(cells, table_format)


def _is_bare(cells, table_format):
    columns = {SPELLINGS.get(cell.lower(), cell) for cell in cells} - {table_format.id_column}
    return table_format is FORMAT_2016 or columns & set(SPELLINGS.values()) <= BARE_LABELS


def _find_labels_beside(tables, headers):
    """Return the tables that may be predictions because of the other tables beside them.

    Such a table labels images whose own table has metadata but no labels. Or it has ids and labels
    alone while another table has labels. Its file name does not say that it is a ground truth.
    """
    labels = {table: _label_columns(headers[table[0]]) for table in tables}
    suspects = [
        table for table in tables if labels[table] and not GROUND_TRUTH.search(_stem(table[0]))
    ]
    named = [table for table in suspects if LABELS.search(_stem(table[0]))]
    if not any(labels[table] for table in tables if table not in named):
        suspects = [table for table in suspects if table not in named]
    unlabelled = [table for table in tables if not labels[table] and table[2] is not FORMAT_2016]
    ids = set().union(*(_read_ids(table) for table in unlabelled if suspects))
    return [
        table
        for table in suspects
        if _is_bare(headers[table[0]], table[2]) or ids & _read_ids(table, labels[table])
    ]


def _read_ids(table, columns=None):
    """Return the ISIC ids of a table, of all rows or of rows with a value in these columns."""
    path, separator, table_format = table
    rows = read_table(path, separator)
    if columns is not None:
        rows = rows[rows[columns].notna().any(axis=1)]
    spelled = {SPELLINGS.get(name.lower(), name): name for name in rows}
    return set(map(isic_id_of, rows[spelled[table_format.id_column]].dropna().astype(str))) - {None}


def _label_columns(cells):
    return [cell for cell in cells if SPELLINGS.get(cell.lower(), cell) in BARE_LABELS]


def _stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def describe_bare(bare, root):
    """Return a sentence on tables left out because they may be predictions, "" without any."""
    if not bare:
        return ""
    # The suggested name keeps the split that the name of the table may have.
    split = split_in(_stem(bare[0])) or "training"
    return (
        f" These tables of labels may be predictions and were left out:"
        f" {name_some([_name_of(path, root) for path in bare])}. Expected a file name that says"
        " ground truth, or metadata of the images that no other table has. If these are the true"
        f" labels, rename the file, for example to '{split.capitalize()}_GroundTruth.csv'."
    )


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
                f" it has {cells}. By its name, it is a table of {table_format.release}. Expected"
                f" the columns {list(needed)}. Download it again, or rename it if it is another"
                " table."
            )
    return None


def _choose_release(by_release, headers, bare, files, root):
    if len(by_release) == 1:
        return next(iter(by_release))
    if by_release:
        examples = "; ".join(
            f"{release}: {_name_of(tables[0], root)!r}"
            for release, tables in sorted(by_release.items())
        )
        raise ValueError(
            f"{root!r} holds the tables of {len(by_release)} releases ({examples}). Expected one."
            f" Pass release={sorted(by_release)[0]!r} or another one, or the folder of one release."
        )
    found = [f"{len(files.images)} image(s) whose name is an ISIC id"]
    if headers:
        path, cells = next(iter(headers.items()))
        shown = ", ".join(cells[:8]) + (", ..." if len(cells) > 8 else "")
        found.append(f"{len(headers)} table(s), such as {_name_of(path, root)!r} with {shown!r}")
    raise ValueError(
        f"{root!r} holds no table of a known release. Found {' and '.join(found)}. Expected the"
        f" tables of one of {list(NAMES)}, as downloaded. Put them into the folder. If its"
        f" subfolders are classes, use load_image_folder.{describe_bare(bare, root)}"
    )


def _name_of(table, root):
    return os.path.relpath(table if isinstance(table, str) else table[0], root)


def _describe_expected(release):
    if release == "DermaMNIST":
        return "dermamnist.npz, or dermamnist_64.npz etc."
    if release == "2016":
        return "a table without a header, with an ISIC id and a label in each row"
    forms = [
        ", ".join((table_format.id_column, *table_format.columns))
        for table_format in FORMATS
        if table_format.release == release
    ]
    return f"a table with the columns {' or '.join(repr(form) for form in forms)}, among others"
