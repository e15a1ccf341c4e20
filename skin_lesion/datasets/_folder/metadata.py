"""Read the lesion or patient of each image in a folder."""

import os
import warnings
from collections import Counter

import numpy as np
import pandas as pd

from ..._utils.validation.messages import name_some, say
from .._reading.folder_entries import normalise_path
from .._reading.groups import (
    GROUP_COLUMNS,
    clean_ids,
    find_without_group,
    find_zeros,
    make_groups,
    name_own_groups,
    spell_groups,
)
from .._reading.join_tables import join_tables
from .._reading.spellings import find_spellings_of_ids
from .._reading.split_names import SPLIT_NAMES, split_in
from .._reading.table_file import (
    change_values,
    check_columns_differ,
    read_header,
    read_table,
)

METADATA_FILE = "metadata.csv"
_REMEDY = "rename it to load the images without groups"

ID_COLUMNS = ("image_id", "isic_id", "image", "image_name", "file", "filename", "path")
# Numbers in other columns may be those of rows, and match files, too.
_PATH_COLUMNS = ("path", "filename", "file")


def find_metadata(root, names):
    """Return the names of the tables of groups among the files of a folder.

    If there is a `metadata.csv`, it is the only one. Otherwise they are all tables with a column of
    file names and a column of groups.
    """
    names = [name for name in names if os.path.isfile(os.path.join(root, name))]  # a pipe may hang
    if METADATA_FILE in names:
        return [METADATA_FILE]
    found = []
    for name in names:
        if name.lower().endswith((".csv", ".tsv", ".tab")) or name == "HAM10000_metadata":
            try:
                columns = {cell.lower() for cell in read_header(os.path.join(root, name))[1]}
            except (OSError, ValueError) as error:
                # One stack frame each for this function, load_image_folder and validate_params.
                warnings.warn(
                    f"{error} If the table holds lesions or patients, they are not used.",
                    stacklevel=4,
                )
                continue
            if columns & set(ID_COLUMNS) and columns & set(GROUP_COLUMNS):
                found.append(name)
    return found


def find_unread_tables(root, names):
    """Return warnings about files that may hold the groups of a folder, and are not read.

    They are its Excel files, and the table beside a folder of one split.
    """
    messages = [
        f"{os.path.join(root, name)!r} is not read. If it holds lesions or patients, save it as"
        " CSV."
        for name in names
        if name.lower().endswith((".xls", ".xlsx", ".ods"))
    ]
    above, name = os.path.split(os.path.abspath(root))
    if name.lower() in SPLIT_NAMES:
        try:
            beside = os.listdir(above)
        except OSError:
            return messages
        with warnings.catch_warnings(action="ignore"):  # of tables of something else
            tables = find_metadata(above, beside)
        messages += [
            f"{os.path.join(above, table)!r} is not read: it lies outside of {root!r}. Without"
            " groups, images of one lesion can be in both the training and the test set. Load"
            f" {above!r} with split={SPLIT_NAMES[name.lower()]!r}."
            for table in tables
        ]
    return messages


def read_metadata(root, file_names, relative_paths, group_by, others=()):
    """Read the rows of `metadata.csv`, or of other tables, that belong to the given files.

    Parameters
    ----------
    root : str
        The folder that holds the tables.

    file_names : list of str
        Several tables usually describe different images.

    relative_paths : sequence of n str
        Images, relative to `root`.

    group_by : {"patient_id", "lesion_id", "folder"} or None
        As in :func:`load_image_folder`. With "folder", images need no group in a table.

    others : sequence of str
        Images of other splits, which may have the row of one of these images.

    Returns
    -------
    metadata : DataFrame of n rows
        The row of each image, with missing values if it has no row.

    groups : ndarray of shape (n,), of str
        The patient of each image, or the lesion if the patient is unknown. An image with neither is
        its own group.

    messages : list of str
        Warnings to issue.

    Raises
    ------
    ValueError
        If one table gives a name of an image two groups, or two tables contradict each other in its
        group.
    """
    # Tables may spell a column differently in upper and lower case.
    spelled = {}
    tables, messages, first_names = [], [], []
    for name in file_names:
        path = os.path.join(root, name)
        told, told_others = relative_paths, others
        if len(file_names) > 1:
            # Files of one name may lie in several splits. A single table is that of the images
            # before they were split, such as ISIC_2019_Training_Metadata.csv.
            told = [image for image in relative_paths if _may_tell_of(name, image)]
            told_others = [image for image in others if _may_tell_of(name, image)]
        table, first_name = _read_rows(path, told, told_others, messages)
        first_names.append(first_name)
        known = {column: spelled.setdefault(column.lower(), column) for column in table}
        table = table.rename(
            # A table may have two columns that differ only by case.
            columns={column: first for column, first in known.items() if first not in table}
        )
        tables.append((path, table))
    read = join_tables(tables, _is_decisive, messages, ID_COLUMNS).reindex(relative_paths)
    read = read.reset_index(drop=True)
    known = {name: read[name] for name in GROUP_COLUMNS if name in read}
    messages += find_spellings_of_ids(known)
    own = name_own_groups(relative_paths)
    groups = make_groups(known.get("patient_id"), known.get("lesion_id"), own, group_by)
    path = os.path.join(root, " and ".join(file_names))
    if group_by == "folder":
        return read, groups.to_numpy(dtype=str), messages
    if all(table.empty for _, table in tables):
        messages.append(
            f"{path!r} names none of {say(len(relative_paths), 'image')}. Its first name"
            f"{f' is {first_names[0]!r}' if first_names[0] else ' is missing'}, the first image is"
            f" {relative_paths[0]!r}. Each image is its own"
            " group: images of one lesion can then be in both the training and the test set. Write"
            " the names of the images into the table."
        )
    else:
        messages += find_without_group(pd.DataFrame(known), relative_paths, repr(path))
    return read, groups.to_numpy(dtype=str), messages


def _read_rows(path, relative_paths, others, messages):
    """Return the rows of the images that a table names, by their paths, and its first name."""
    separator, cells = read_header(path)
    known = {*ID_COLUMNS, *GROUP_COLUMNS}
    check_columns_differ([cell for cell in map(str.lower, cells) if cell in known], repr(path))
    metadata = spell_groups(read_table(path, separator, numbers_lines=False, remedy=_REMEDY))
    ids_by_column = {
        column: change_values(metadata[column], lambda name: normalise_path(name) or None)
        for column in _find_columns(metadata, ID_COLUMNS)
    }
    rows_by_column = {
        column: _find_rows(ids, relative_paths) for column, ids in ids_by_column.items()
    }

    def rank(column):
        named = rows_by_column[column][rows_by_column[column] >= 0]
        place = len(_PATH_COLUMNS)
        # Without extension or folder, a "file" may be the number of a record.
        if column.lower() in _PATH_COLUMNS and ids_by_column[column].str.contains("[./]").any():
            place = _PATH_COLUMNS.index(column.lower())
        return -len(named), -len(set(named)), place

    id_column = min(rows_by_column, key=rank)  # the first of equals
    ids, rows = ids_by_column[id_column], rows_by_column[id_column]

    is_named = rows >= 0
    rows = rows[is_named]
    rows_of_others = pd.Series(_find_rows(ids, others), others)
    messages += _find_shared_rows(
        pd.Series(rows, np.array(relative_paths, dtype=object)[is_named]),
        rows_of_others[rows_of_others.isin(rows)],
        path,
    )
    read = metadata.iloc[rows].set_axis(np.array(relative_paths, dtype=object)[is_named])
    names = ids.iloc[rows].set_axis(read.index)
    for column in [name for name in GROUP_COLUMNS if name in metadata]:
        group_of_id = _group_by_id(ids, clean_ids(metadata[column]), path)
        groups = names.map(group_of_id).astype(object)
        messages += find_zeros(read[column], groups, repr(path))
        read[column] = groups
    return read, next(iter(ids.dropna()), None)


def _is_decisive(column):
    return column in GROUP_COLUMNS


def _may_tell_of(table_name, relative_path):
    """Tell whether one of several tables belongs to the split of an image, or to no split."""
    of_table = split_in(table_name)
    of_image = SPLIT_NAMES.get(relative_path.split(os.sep)[0].lower())
    return None in (of_table, of_image) or of_table == of_image


def find_lacking_columns(root, file_name):
    """Return a warning if a table has no column of files or of groups, else an empty string."""
    path = os.path.join(root, file_name)
    columns = read_table(path, read_header(path)[0], numbers_lines=False, remedy=_REMEDY).columns
    for names in (ID_COLUMNS, GROUP_COLUMNS):
        if not _find_columns(columns, names):
            return (
                f"{path!r} has the columns {list(columns)}. Expected one of {list(names)}. The"
                " images are loaded without groups: images of one lesion can then be in both the"
                " training and the test set. Rename a column."
            )
    return ""


def _find_columns(columns, names):
    by_lower_case = {column.lower(): column for column in columns}
    return [by_lower_case[name] for name in names if name in by_lower_case]


def _find_rows(ids, relative_paths):
    """Return the first row of each file, -1 if there is none.

    Names that no file has are compared without case, unless they differ only by case.
    """
    row_of_id = {}
    for row, name in enumerate(ids):
        row_of_id.setdefault(name, row)
    rows = _match(row_of_id, relative_paths, str)
    found = {*rows}
    spellings = Counter(str(name).casefold() for name in row_of_id)
    by_lower_case = {
        name.casefold(): row
        for name, row in row_of_id.items()
        if isinstance(name, str) and row not in found and spellings[name.casefold()] == 1
    }
    others = _match(by_lower_case, relative_paths, str.casefold)
    return np.where(rows >= 0, rows, others)


def _match(row_of_id, relative_paths, spell):
    rows = []
    for path in relative_paths:
        path = spell(normalise_path(path))
        name = path.rpartition("/")[2]
        stem = os.path.splitext(name)[0]
        keys = [path, name, stem]
        if stem.isdecimal():
            keys.append(f"{stem}.0")  # as pandas writes whole numbers if some are missing
        rows.append(next((row_of_id[key] for key in keys if key in row_of_id), -1))
    return np.array(rows, dtype=int)


def _find_shared_rows(row_of_image, row_of_other, path):
    row_of_image = pd.concat([row_of_image, row_of_other])
    shared = row_of_image[row_of_image.duplicated(keep=False)]
    if shared.empty:
        return []
    examples = shared.index[shared == shared.iloc[0]]
    message = (
        f"{len(shared)} images have the same row of {path!r} as another image of the same name:"
        f" {name_some(list(examples))}. They get the same group and metadata. If they are different"
        " images, give their paths relative to the folder in the table."
    )
    return [message]


def _group_by_id(ids, groups, path):
    is_known = ids.notna() & groups.notna()
    group_of_id = {}
    for name, group in zip(ids[is_known], groups[is_known], strict=True):
        if group_of_id.setdefault(name, group) != group:
            raise ValueError(
                f"{path!r} gives {name!r} two values of {groups.name}, {group_of_id[name]!r} and"
                f" {group!r}. Expected one. Remove the wrong row. If two files have this name, use"
                " their paths relative to the folder instead."
            )
    return group_of_id
