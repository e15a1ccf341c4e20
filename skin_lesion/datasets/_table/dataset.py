"""Make a dataset from the rows of a table that have a file and a class, and count the others."""

import os
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..._utils.validation.messages import name_some, say
from .._reading.description import describe_dataset
from .._reading.groups import (
    GROUP_COLUMNS,
    clean_ids,
    find_group_faults,
    find_without_group,
    find_zeros,
    make_groups,
    name_own_groups,
    spell_groups,
)
from .._reading.one_hot import read_one_hot
from .._reading.spellings import find_spellings, find_spellings_of_ids
from .._reading.split_names import SPLIT_NAMES, check_split
from .._reading.table_file import find_ordered_columns, rename_taken, to_text
from .._taxonomy.account import account_for, describe_unmapped, write_account
from .._taxonomy.label_sets import BINARY, INDETERMINATE
from .._taxonomy.map_labels import map_labels
from .._taxonomy.names import canonical_name
from .find_images import find_images

# The keys of `left_out` in the words of the description.
_REASONS = {
    "missing": "rows whose image has no file",
    "without_path": "rows that name no image",
    "without_label": "rows without a label",
    "unmapped": "rows whose label has no counterpart in the label set",
    "repeated": "repeated rows of the same image",
    "doubles": "additional files of the same image",
    "without_row": "image files without a row",
}


@dataclass(frozen=True)
class Labels:
    """How to name the classes.

    Parameters
    ----------
    label_set : str or None
        With None, the classes are those of the table.

    indeterminate : {"drop", "benign", "malignant"}
        As in :func:`map_labels`.

    has_common_names : bool
        Whether to give the table's own classes the names that all public sets share.
    """

    label_set: str | None = None
    indeterminate: str = "drop"
    has_common_names: bool = False


def make_dataset(
    table,
    columns,
    labels,
    root,
    *,
    where,
    stays_below=True,
    must_exist=False,
    files=None,
    group_by=None,
    split=None,
    wanted=None,
    release=None,
):
    """Return the dataset of a table.

    Parameters
    ----------
    table : DataFrame of n rows

    columns : Columns

    labels : Labels

    root : str

    where : str
        What to call the table in messages.

    stays_below : bool
        As in :func:`find_images`.

    must_exist : bool
        Whether a row without a file is an error.

    files : list of str or None
        All images below `root`, to count those without a row.

    group_by : {"patient_id", "lesion_id"} or None
        As in :func:`load_image_folder`.

    split : str or None
        Load only this split.

    wanted : Series of n bool, or None
        Rows to load. Other rows are not counted as left out.

    release : str or None
        The name of the set, if it has one. If it is given, an image without an id is its own group,
        even if the set has no ids.

    Returns
    -------
    dataset : Bunch

    messages : list of str
        Warnings to issue.

    Raises
    ------
    ValueError
        If rows contradict each other, or if no row is left.
    FileNotFoundError
        If images have no file, with `must_exist`.
    """
    if table.empty:
        raise ValueError(f"{where} has no rows. Expected one for each image.")
    table = table.reset_index(drop=True)
    wanted = np.full(len(table), True) if wanted is None else np.asarray(wanted)
    names = to_text(table[columns.path])
    advice = "Complete the table." if release else "Rename these, or pass split=None."
    splits = _read_splits(table, columns.split, where, advice)
    if split is not None:
        found_splits = [] if splits is None else splits.unique()
        if not len(found_splits):
            raise ValueError(
                f"split is {split!r}, but {where} has no splits. Expected None. Split the images"
                " with train_test_split_by_group."
            )
        wanted = wanted & (splits == check_split(split, found_splits, root)).to_numpy()
    own = _read_own_labels(table, columns, names, where)
    target, shown = _map(table, own, columns, labels)
    found = find_images(names.dropna().unique(), root, files, stays_below=stays_below)
    paths = names.map(found.paths).astype(object)
    images = paths.where(paths.notna(), names)
    is_repeated = _find_repeated(table, columns, images, own, where)

    rest = wanted & names.notna() & ~is_repeated
    is_missing = rest & paths.isna()
    is_labelled = rest & paths.notna() & own.notna()
    is_unmapped = is_labelled & target.isna()
    chosen = is_labelled & target.notna()
    missing = names[is_missing].to_numpy(dtype=str)
    left_out = Counter(
        missing=len(missing),
        without_path=(wanted & names.isna()).sum(),
        without_label=(rest & paths.notna() & own.isna()).sum(),
        unmapped=is_unmapped.sum(),
        repeated=(wanted & is_repeated).sum(),
        doubles=found.n_doubles,
    )
    if files is not None:
        left_out["without_row"] = len(set(files) - set(paths.dropna())) - found.n_doubles
    left_out = {reason: int(n) for reason, n in left_out.items() if n > 0}
    account = account_for(shown[is_labelled], target[is_labelled], labels.label_set)
    n_rows = int(rest.sum())
    if len(missing) and (must_exist or len(missing) == n_rows):
        raise FileNotFoundError(_explain_missing(missing, n_rows, found, where, root, must_exist))
    messages = _find_messages(left_out, missing, n_rows, found, where, root)
    if is_unmapped.any():
        reason = describe_unmapped(shown[is_unmapped], labels.label_set)
        if not chosen.any():
            raise ValueError(f"No image is left to load. {reason} Pass another label set.")
        messages.append(f"{reason} They are left out.")
    if not chosen.any():
        raise ValueError(
            f"None of {say(wanted.sum(), 'row')} of {where} has both an image and a label in"
            f" {list(columns.label)}. Expected at least one. Published test sets often come without"
            " labels: load another split or another table."
        )

    is_public = release is not None
    ids = pd.DataFrame({name: clean_ids(table[name]) for name in columns.groups()}, table.index)
    own = names
    if not is_public:  # a manifest may be read where the folder lies elsewhere
        below = os.path.join(root, "")
        own = paths.map(lambda path: path.removeprefix(below), "ignore").fillna(names)
        own = name_own_groups(own.where(own.notna(), "row " + own.index.astype(str)))
    groups, note = _read_groups(ids, columns, own, group_by, is_public=is_public)
    frame = _make_frame(table, columns, labels, paths, target, splits, shown)
    frame = frame[chosen].reset_index(drop=True)
    dataset = Bunch(
        data=paths[chosen].to_numpy(dtype=str).reshape(-1, 1),
        target=target[chosen].to_numpy(dtype=str),
        target_names=np.unique(target.dropna().to_numpy(dtype=str)),
        split=None if splits is None else splits[chosen].to_numpy(dtype=str),
        groups=None if groups is None else groups[chosen].to_numpy(dtype=str),
        frame=frame,
        left_out=left_out,
        label_account=account,
        missing=missing,
    )
    if release is not None:
        dataset.release = release
    notes = [note.format("" if groups is None else len(np.unique(dataset.groups)))]
    if labels.label_set:
        notes += ["Labels:", *write_account(account)]
    dataset.DESCR = describe_dataset(dataset, notes, _REASONS)
    if groups is not None:
        messages += find_group_faults(dataset.groups)
    if not is_public:
        messages += _find_unknown(table[chosen], ids[chosen], names[chosen], where)
    if labels.label_set is None:
        messages += find_spellings(dataset.target_names.tolist())
    return dataset, messages + find_ordered_columns(frame, pd.Series(dataset.target))


def _read_own_labels(table, columns, names, where):
    if len(columns.label) == 1:
        return to_text(table[columns.label[0]])
    rows = names.fillna("an image") + " of row " + (table.index + 1).astype(str)
    labels = read_one_hot(table[list(columns.label)].set_axis(rows), where)
    return labels.reindex(rows).set_axis(table.index).astype(object)


def _read_splits(table, column, where, advice):
    if column is None:
        return None
    values = to_text(table[column])
    splits = values.map(lambda text: SPLIT_NAMES.get(str(text).lower()))
    wrong = splits.isna()
    if wrong.any():
        named = name_some(sorted({str(value) for value in values[wrong]}))
        raise ValueError(
            f"{wrong.sum()} of {len(table)} rows of {where} have no split in {column!r}: {named}."
            f" Expected 'train', 'val' or 'test' in each row. {advice}"
        )
    return splits


def _map(table, own, columns, labels):
    """Return the class of each row, and the label that it was mapped from."""
    if labels.label_set is None:
        if not labels.has_common_names:
            return own, own
        common = {label: canonical_name(label) or label.lower() for label in own.dropna().unique()}
        return own.map(common).astype(object), own

    def to_classes(values):
        return pd.Series(
            map_labels(
                values.where(values.notna(), None),
                labels.label_set,
                unmapped="missing",
                indeterminate=labels.indeterminate,
            ),
            table.index,
        )

    shown, target = own, to_classes(own)
    if columns.diagnosis is not None:
        diagnosis = to_text(table[columns.diagnosis])
        # A diagnosis without a counterpart is not mapped, even if its coarser label has one.
        target = to_classes(diagnosis).where(diagnosis.map(canonical_name).notna(), target)
        shown = diagnosis.where(diagnosis.notna(), own)
    if columns.malignancy is not None and labels.label_set == BINARY:
        decides = ~shown.map(canonical_name).isin(INDETERMINATE) & target.isna()
        target = target.where(~decides, table[columns.malignancy])
    return target.where(target.notna(), None), shown


def _find_repeated(table, columns, images, own, where):
    """Return which rows repeat an image.

    Raises
    ------
    ValueError
        If two rows of an image contradict each other in label, group or split.
    """
    is_repeated = images.notna() & images.duplicated()
    rows = images.notna() & images.duplicated(keep=False)
    # Of another lesion, an image has another label, too: the lesion is named.
    names = (columns.patient, columns.lesion, columns.split, columns.diagnosis)
    decisive = {
        name: (clean_ids if name in columns.groups() else to_text)(table[name])
        for name in names
        if name is not None
    } | {"label": own}
    for name, values in decisive.items():
        differ = values[rows].groupby(images[rows]).nunique(dropna=False) > 1
        if differ.any():
            image = differ.index[differ][0]
            first, second = values[images == image].unique()[:2]
            raise ValueError(
                f"{where} has contradictory rows for {differ.sum()} image(s). The {name} of"
                f" {str(image)!r} is {str(first)!r} in one row and {str(second)!r} in another."
                " Expected one row for each image. Remove the wrong rows."
            )
    return is_repeated


def _explain_missing(missing, n_rows, found, where, root, must_exist):
    files = "no image file"
    if found.files:
        files = f"{len(found.files)} image file(s), such as {found.files[0]!r}"
    rest = ""
    if must_exist and len(missing) < n_rows:
        rest = ", or missing='leave_out' to load the others"
    return (
        f"{len(missing)} of {n_rows} images of {where} have no file below {root!r}:"
        f" {name_some(list(map(str, missing)))}. Expected a file at the path in the table or, if"
        " the folder in the table has no images below root, a file of this name in any folder"
        f" except those of masks, with or without extension. Found {files}. Pass the folder that"
        f" holds these images as root{rest}."
    )


def _find_messages(left_out, missing, n_rows, found, where, root):
    messages = []
    if len(missing):
        messages.append(
            f"{len(missing)} of {n_rows} images of {where} have no file below {root!r}:"
            f" {name_some(list(map(str, missing)))}. They are left out."
        )
    for reason in ("without_path", "without_label", "repeated", "without_row"):
        if reason in left_out:
            messages.append(f"{where}: {left_out[reason]} {_REASONS[reason]} are left out.")
    if found.n_doubles:
        messages.append(
            f"{found.n_doubles} additional file(s) below {root!r} have the name of an image of"
            f" {where}. The file with the shortest path is used."
        )
    # If all were found by name alone, the images were moved into other folders.
    if found.by_name_alone and found.n_with_folder:
        name = found.by_name_alone[0]
        messages.append(
            f"{say(len(found.by_name_alone), 'image')} of {where} are in other folders than in the"
            " table, and others are not. Files of the same name are used, such as"
            f" {found.paths[name]!r} for {name!r}. If this is another image, remove the row or add"
            " the file."
        )
    if found.other_extension:
        name = found.other_extension[0]
        messages.append(
            f"Loaded {say(len(found.other_extension), 'image file')} with another extension"
            f" than in {where}, such as {found.paths[name]!r} for {name!r}."
        )
    return messages


def _read_groups(ids, columns, own, group_by, *, is_public):
    by = columns.groups()
    if not by and not is_public:
        return None, "Groups: none, because no column of patients or lesions was given."
    patient, lesion = ids.get(columns.patient), ids.get(columns.lesion)
    if group_by == "lesion_id":
        by.reverse()
    how = f"by {', else '.join(by)}" if by else "each image its own, because there are no ids"
    return make_groups(patient, lesion, own, group_by), f"Groups: {{}}, {how}."


def _find_unknown(table, ids, names, where):
    if ids.empty:  # no column was given
        return []
    messages = find_without_group(ids, names.tolist(), where)
    for name in ids:
        messages += find_zeros(table[name], ids[name], where)
    return messages + find_spellings_of_ids(ids)


def _make_frame(table, columns, labels, paths, target, splits, shown):
    ahead = {"path": paths, "target": target, **({} if splits is None else {"split": splits})}
    if labels.label_set is not None or labels.has_common_names:
        ahead["diagnosis"] = shown.map(
            lambda label: canonical_name(label) or str(label).lower(), na_action="ignore"
        )
    rest = spell_groups(table[[name for name in table if name not in columns.used()]])
    rest = rest.assign(**{name: clean_ids(rest[name]) for name in GROUP_COLUMNS if name in rest})
    return pd.concat([pd.DataFrame(ahead), rename_taken(rest, ahead)], axis=1)
