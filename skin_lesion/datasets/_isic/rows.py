"""Which images of a release are loaded, with which label, and what is said of the others."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..._utils.linked_groups import link_groups
from ..._utils.validation import did_you_mean
from .._folder.tree import SPLIT_NAMES, name_some
from .._taxonomy import LABEL_SETS
from .frame import harmonise, make_groups
from .labels import choose_label, is_label_set, read_labels
from .recognise import SPLIT


@dataclass
class Rows:
    """What is known of the images that the tables name, by ISIC id, files or not."""

    frame: pd.DataFrame
    target: pd.Series
    # Whether the release gives a label, be there a counterpart of it or not.
    is_labelled: pd.Series
    own: pd.Series
    groups: pd.Series
    split: pd.Series
    revealing: list


def read_rows(table, release, label, duplicates):
    """Name the target of each row, and bring its metadata into the form of the frame.

    Parameters
    ----------
    table : DataFrame
        All columns of the release, by ISIC id.

    release : str

    label : str or None
        As in :func:`load_isic_release`.

    duplicates : DataFrame of two columns
        Pairs of ISIC ids.

    Returns
    -------
    rows : Rows
    """
    labels = read_labels(table, release)
    frame, revealing = harmonise(table, labels["diagnosis"], release)
    groups = make_groups(frame)
    if len(duplicates):
        groups = _join_duplicates(groups, duplicates)
    if is_label_set(label):
        target, is_labelled = choose_label(labels, label), labels["own"].notna()
    else:
        # Harmonised columns have missing values in place of what is unknown.
        columns = {**table, **frame}
        if label not in columns or label[0] == "_":
            names = [name for name in columns if name[0] != "_"]
            raise ValueError(
                f"label is {label!r}. Expected None, one of {list(LABEL_SETS)}, or a column of the"
                f" tables of {release}: {names}.{did_you_mean(label, [*LABEL_SETS, *names])}"
            )
        values = columns[label].astype(object)
        is_labelled = values.notna() & ~values.astype(str).str.lower().isin(["unknown", ""])
        target = values.astype(str).where(is_labelled, None)
        if label in revealing:
            frame[label] = values
            revealing.remove(label)
    return Rows(frame, target, is_labelled, labels["own"], groups, table[SPLIT], revealing)


def _join_duplicates(groups, duplicates):
    """Put the images of each pair into one group, which has the name of its first row's."""
    place = pd.Series(np.arange(len(groups)), groups.index)
    pairs = duplicates.apply(lambda column: column.map(place)).dropna().to_numpy(dtype=int)
    linked = link_groups(pd.factorize(groups)[0], *pairs.T)
    return groups.groupby(linked).transform("first")


def choose_rows(rows, files, split, label, release, root):
    """Choose the rows that have a file, a label and the split that is asked for.

    Returns
    -------
    chosen : ndarray of shape (n,), of bool

    left_out : Counter
        Numbers of images by reason.

    missing : ndarray of str
        ISIC ids without a file.

    messages : list of str
        What to warn of.
    """
    has_file = rows.frame.index.isin(files.images)
    if not has_file.any():
        raise ValueError(
            f"None of the {len(has_file)} images in the tables of {release} has a file in {root!r};"
            f" found {len(files.images)} other image(s) named by an ISIC id. Expected"
            f" {rows.frame.index[0]!r} etc., such as '{rows.frame.index[0]}.jpg', at any depth."
            " Unpack the images into the folder."
        )
    on_disk = rows.split[has_file].dropna().unique()
    wanted = rows.split.isin(on_disk).to_numpy() if len(on_disk) else np.full(len(has_file), True)
    if split is not None:
        wanted = (rows.split == check_split(split, on_disk, root)).to_numpy()

    is_labelled, has_target = rows.is_labelled.to_numpy(), rows.target.notna().to_numpy()
    is_missing = wanted & is_labelled & ~has_file
    is_unmapped = wanted & is_labelled & has_file & ~has_target
    without_row = sorted(set(files.images) - set(rows.frame.index))
    missing = rows.frame.index[is_missing].to_numpy(dtype=str)
    left_out = Counter(
        missing=is_missing.sum(),
        without_row=len(without_row),
        without_label=(wanted & has_file & ~is_labelled).sum(),
        unmapped=is_unmapped.sum(),
    )
    left_out.update(files.left_out)
    messages = []
    if len(missing):
        messages.append(
            f"{len(missing)} of {(wanted & is_labelled).sum()} images of the tables have no file in"
            f" {root!r}, the first is {str(missing[0])!r}. They are left out."
        )
    if without_row:
        messages.append(
            f"{len(without_row)} of {len(files.images)} image files have no row in the tables of"
            f" {release}, the first is {files.images[without_row[0]]!r}. They are left out."
        )
    chosen = wanted & has_file & has_target
    if is_unmapped.any():
        name = label or f"{release} release's own"
        labels = rows.own[is_unmapped]
        if label in LABEL_SETS:
            diagnoses = rows.frame["diagnosis"][is_unmapped]
            labels = diagnoses.where(diagnoses.notna(), labels)
        reason = describe_unmapped(labels, name)
        if not chosen.any():
            raise ValueError(f"No image is left to load. {reason} Pass another label.")
        messages.append(f"{reason} They are left out.")
    if not chosen.any():
        raise ValueError(
            f"None of the {(wanted & has_file).sum()} images with a file has a label in the tables"
            f" of {release}. Expected at least one. Test sets come without: choose another split,"
            " or add the table of labels."
        )
    return chosen, left_out, missing, messages


def describe_unmapped(labels, name):
    counts = Counter(map(str, labels))
    named = ", ".join(f"{label!r} ({n})" for label, n in sorted(counts.items()))
    return (
        f"{len(labels)} images have labels without a counterpart in the {name} label set: {named}."
    )


def check_split(split, on_disk, root):
    found = sorted(on_disk)
    if not found:
        raise ValueError(
            f"split is {split!r}, but the release in {root!r} has no splits. Expected None. Split"
            " it with train_test_split_by_group."
        )
    name = SPLIT_NAMES.get(split.lower())
    if name not in found:
        raise ValueError(
            f"split is {split!r}, but the splits in {root!r} with images are {name_some(found)}."
            f" Expected one of them, or None for all.{did_you_mean(split, found)}"
        )
    return name
