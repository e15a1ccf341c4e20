"""Find leaks between the sides of a split: list them, or raise an error."""

import numpy as np
import pandas as pd

from ..._utils.content_ids import content_ids_of_files, content_ids_of_images
from ..._utils.validation.labels import advise_on_numbers, check_labels, check_same_kind
from ..._utils.validation.paths import are_paths, check_files_exist, check_paths
from ..._utils.validation.pixels import check_images
from ..._utils.validation.rows import check_lengths, check_order, check_rows
from ...datasets import SPLITS
from .describe_rows import distinct

# Counterparts to name for each row. Naming all would take the square of the size of a group.
_N_EXAMPLES = 3


def find_split_leaks(rows, photographs, has_groups):
    """Return a line for each readable row and reason with a counterpart in an earlier split.

    Parameters
    ----------
    rows : DataFrame

    photographs : ndarray of shape (n,), of int
        The same number for rows that show one photograph.

    has_groups : bool

    Returns
    -------
    leaks : DataFrame
        Counterparts are counted, and the first few are named.
    """
    rows = rows.assign(photograph=photographs)
    rows = rows[rows["error"] == ""]
    reasons = [("content", "content"), ("near duplicate", "photograph")]
    reasons += [("group", "group")] if has_groups else []
    there, found = set(rows["split"]), []
    splits = [name for name in SPLITS if name in there]
    for kind, column in reasons:
        for place, later in enumerate(splits):
            for earlier in splits[:place]:
                found += _find_leaks_between(rows, kind, column, earlier, later)
    columns = ["kind", "split", "row", "path", "label"]
    columns += ["other_split", "n_others", "other_labels", "other_rows", "other_paths"]
    return pd.DataFrame(found, columns=columns)


def assert_no_leak(X_train, X_test, *, groups_train=None, groups_test=None):
    """Raise an error if the two sides of a split share an image or a group.

    The check finds exact copies under any file name, and shared groups if groups are given. It is
    quick. If two files have the same size, it compares their last 4 KiB, and reads them whole only
    if these are equal. It reads all entries of HDF5 files. It does not find images that were
    re-encoded, resized or rotated: :func:`audit_dataset` finds these, and you can pass its `groups`
    here.

    Parameters
    ----------
    X_train, X_test : array-like of paths, or ndarray of shape (n, height, width, 3)
        The images of each side. Both sides hold paths, or both hold images.

    groups_train, groups_test : array-like of shape (n,), default=None
        The lesion or patient of each image.

    Raises
    ------
    ValueError
        If the sides share content or groups. The message counts the shared rows and names an
        example. Also if lengths differ, if only one side has groups, or if groups are missing in
        some rows.
    TypeError
        If one side holds paths and the other images, or if groups mix text and numbers, within a
        side or between the sides.
    FileNotFoundError
        If a path does not exist.

    Warns
    -----
    UserWarning
        If several rows have a group such as "unknown".

    See Also
    --------
    audit_dataset : Finds near duplicates, too, and says what to keep.

    Examples
    --------
    >>> from skin_lesion import assert_no_leak, make_lesion_images, train_test_split_by_group
    >>> lesions = make_lesion_images(30, n_classes=2, image_size=(32, 32), random_state=0)
    >>> train, test, lesions_train, lesions_test = train_test_split_by_group(
    ...     lesions.images, lesions.groups, groups=lesions.groups, random_state=0)
    >>> assert_no_leak(train, test, groups_train=lesions_train, groups_test=lesions_test)
    >>> assert_no_leak(train, train[:2])
    Traceback (most recent call last):
        ...
    ValueError: 2 of 2 test rows are exact copies of training rows: test row 0 is training row 0...
    """
    check_order(X_train=X_train, groups_train=groups_train)
    check_order(X_test=X_test, groups_test=groups_test)
    if (groups_train is None) != (groups_test is None):
        raise ValueError(
            "Got groups for one side only. Expected both groups_train and groups_test, or neither."
        )
    if groups_train is not None:
        groups_train, groups_test = _check_groups(groups_train, groups_test)
    content_train, content_test = _content_ids(X_train, X_test)
    check_lengths(X_train=content_train, groups_train=groups_train)
    check_lengths(X_test=content_test, groups_test=groups_test)
    _check(
        content_train,
        content_test,
        "exact copies of training rows",
        "test row {} is training row {}",
    )
    if groups_train is not None:
        _check(
            groups_train,
            groups_test,
            "in a group that also has training rows",
            "test row {} has the group of training row {}",
            advise_on_numbers(groups_test),
        )


def _find_leaks_between(rows, kind, column, earlier, later):
    sides = [rows[rows["split"] == name] for name in (earlier, later)]
    counterparts = dict(list(sides[0][sides[0][column].isin(sides[1][column])].groupby(column)))
    described = {}  # once for all rows that have the same counterparts
    for row in sides[1][sides[1][column].isin(counterparts)].itertuples():
        value = getattr(row, column)
        # Equal content is listed already.
        content = row.content if kind == "near duplicate" else None
        if (value, content) not in described:
            others = counterparts[value]
            described[value, content] = _describe_others(others[others["content"] != content])
        if described[value, content]["n_others"]:
            yield {
                "kind": kind,
                "split": later,
                "row": row.Index,
                "path": row.path,
                "label": row.label,
                "other_split": earlier,
                **described[value, content],
            }


def _describe_others(others):
    examples = others[:_N_EXAMPLES]
    return {
        "n_others": len(others),
        "other_labels": distinct(others["label"]),
        "other_rows": tuple(examples.index.tolist()),
        "other_paths": tuple(examples["path"]),
    }


def _content_ids(X_train, X_test):
    check_rows(X_train, name="X_train")
    check_rows(X_test, name="X_test")
    if are_paths(X_train) != are_paths(X_test):
        of_paths, others = "X_train", "X_test"
        if are_paths(X_test):
            of_paths, others = others, of_paths
        raise TypeError(
            f"{of_paths} holds paths and {others} does not. Expected paths in both, or images in"
            " both. Read the paths with ImageLoader().transform(...)."
        )
    if are_paths(X_train):
        train, test = check_paths(X_train, name="X_train"), check_paths(X_test, name="X_test")
        paths = np.concatenate([train, test])
        check_files_exist(paths)
        ids = content_ids_of_files(paths)
    else:
        train = check_images(X_train, name="X_train")
        test = check_images(X_test, name="X_test")
        # As a list: the two sides may have different image sizes, and joining them would copy all.
        ids = content_ids_of_images([*train, *test])
    return ids[: len(train)], ids[len(train) :]


def _check_groups(groups_train, groups_test):
    train = check_labels(groups_train, name="groups_train")
    test = check_labels(groups_test, name="groups_test")
    check_same_kind(train, test, names=("groups_train", "groups_test"))
    return train, test


def _check(train, test, what, example, advice=""):
    shared = np.flatnonzero(pd.Series(test).isin(train))  # np.isin loops over text in a Series
    if len(shared):
        first = np.flatnonzero(train == test[shared[0]])[0]
        raise ValueError(
            f"{len(shared)} of {len(test)} test rows are {what}:"
            f" {example.format(shared[0], first)}. Expected none. Split with"
            f" train_test_split_by_group(..., groups=audit_dataset(...).groups).{advice}"
        )
