"""A stratified train-test split that keeps groups together."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state

from .._utils.sklearn_private import Interval, num_samples, safe_indexing, validate_params
from .._utils.validation.labels import number_labels
from .._utils.validation.messages import say
from .._utils.validation.rows import check_lengths, check_order, check_rows

# Moving single groups may stop at a local optimum, so several draws are tried. Large datasets of
# few classes are good enough after the first draw.
_N_DRAWS = 20
_GOOD_ENOUGH = 1e-4  # 0.01 squared

# A class may miss its share by this many rows without a warning.
_N_ROWS_OF_ROUNDING = 5


@validate_params(
    {
        "groups": ["array-like", None],
        "stratify": ["array-like", None],
        "test_size": [
            Interval(Real, 0, 1, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def train_test_split_by_group(*arrays, groups, stratify=None, test_size=0.2, random_state=None):
    """Split arrays into a training and a test set that share no group.

    :func:`sklearn.model_selection.train_test_split` stratifies but splits groups, and
    :class:`sklearn.model_selection.GroupShuffleSplit` keeps groups but does not stratify. Images
    need both: photographs of one lesion must stay on one side, and a rare class must be on both.

    Groups are drawn at random. Groups with the same number of rows in each class form a kind, and a
    share of about `test_size` of each kind is drawn. Groups of kinds too small for this are drawn
    together. Then single groups change sides as long as this brings the shares of the classes, and
    of all rows, nearer to `test_size`. Each class gets at least one group on either side.

    Parameters
    ----------
    *arrays : indexables of the same length n
        Lists, arrays, DataFrames or Series, of any shape.

    groups : array-like of shape (n,) or None
        The lesion or patient of each row. None treats each row as a separate group, so that
        photographs of one lesion leak.

    stratify : array-like of shape (n,), default=None
        The class of each row. With None, the split is not stratified.

    test_size : float in (0, 1) or int, default=0.2
        The share of rows, or their number, in the test set.

    random_state : int, RandomState instance or None, default=None
        Pass an int to get the same split at each call.

    Returns
    -------
    splitting : list of length 2 * len(arrays)
        The training and the test part of each array in turn. Rows keep their order.

    Raises
    ------
    ValueError
        If lengths differ, or if there are too few groups, or a class has too few, for both sides.

    Warns
    -----
    UserWarning
        If groups are too large to reach `test_size`, over all rows or in a class. Or if several
        rows have a group such as "unknown".

    See Also
    --------
    sklearn.model_selection.StratifiedGroupKFold : The same for cross-validation.

    Examples
    --------
    >>> import numpy as np
    >>> from skin_lesion import train_test_split_by_group
    >>> X = np.arange(8)
    >>> y = ["nevus"] * 4 + ["melanoma"] * 4
    >>> lesions = ["a", "a", "b", "c", "d", "e", "e", "f"]
    >>> X_train, X_test, y_train, y_test, lesions_train, lesions_test = train_test_split_by_group(
    ...     X, y, lesions, groups=lesions, stratify=y, test_size=0.25, random_state=0
    ... )
    >>> X_train, X_test
    (array([0, 1, 2, 4, 5, 6]), array([3, 7]))

    Split the training set again, by the same lesions, to get a validation set:

    >>> X_train, X_val, y_train, y_val = train_test_split_by_group(
    ...     X_train, y_train, groups=lesions_train, stratify=y_train, test_size=0.5, random_state=0
    ... )
    >>> X_train, X_val
    (array([2, 5, 6]), array([0, 1, 4]))
    """
    if not arrays:
        raise ValueError("Found no array to split. Expected at least one, such as X or y.")
    named = {f"arrays[{number}]": array for number, array in enumerate(arrays)}
    for name, array in named.items():
        if array is None and name != "arrays[0]":
            raise ValueError(
                f"{name} is None, as the groups of a dataset without ids are. Expected an array."
                " Leave it out, or pass the groups of audit_dataset, which joins copies and near"
                " duplicates."
            )
        check_rows(array, name=name, expected="paths, images, labels or groups")
    n_rows = num_samples(arrays[0])
    if n_rows == 0:
        raise ValueError("The arrays have no rows. Expected at least two.")
    check_order(**named, groups=groups, stratify=stratify)
    classes, labels = np.array(["all"]), np.zeros(n_rows, dtype=int)
    if stratify is not None:
        classes, labels = number_labels(stratify, name="stratify")
    group_ids = np.arange(n_rows)
    if groups is not None:
        group_ids = number_labels(groups, name="groups")[1]
    check_lengths(**named, groups=groups, stratify=stratify)
    if isinstance(test_size, Integral):
        if test_size >= n_rows:
            raise ValueError(
                f"test_size={test_size} leaves none of {n_rows} rows for training. Expected a"
                " number below that of the rows, or a share such as 0.2."
            )
        test_size = test_size / n_rows

    if stratify is None and group_ids.max() == 0:
        raise ValueError(
            f"Found {say(n_rows, 'row')} in one group. Expected at least two groups, one for each"
            " side of the split. Add images of other lesions, or divide the group."
        )
    counts = np.zeros((group_ids.max() + 1, len(classes) + 1))
    np.add.at(counts, (group_ids, labels), 1)
    counts[:, -1] = counts.sum(axis=1)
    in_test = _draw_groups(counts, test_size, check_random_state(random_state))
    _check_classes(counts, in_test, classes)
    problem = _explain_shares(counts, in_test, test_size, classes)
    if problem:
        warnings.warn(problem, stacklevel=3)
    is_test = in_test[group_ids]
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    return [safe_indexing(array, rows) for array in arrays for rows in (train, test)]


def _draw_groups(counts, test_size, rng):
    """Return which groups are in the test set.

    Parameters
    ----------
    counts : ndarray of shape (n_groups, n_classes + 1)
        The rows of each class in each group, and all its rows in the last column.
    """
    # Groups with the same rows in each class are of one kind: a move of each is as good.
    kinds, kind_of_group, sizes = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    kind_of_group = kind_of_group.ravel()
    total = counts.sum(axis=0)
    # Of a kind with fewer groups, the order of kinds would decide whether one is drawn.
    is_rare = (sizes * min(test_size, 1 - test_size) < 1)[kind_of_group]
    sorted_by = np.where(is_rare[:, None], np.inf, counts)
    best, in_best = np.inf, None
    for _ in range(_N_DRAWS):
        # Sorted by the numbers of rows in each class, and in random order where these are equal.
        # Groups of rare kinds come last, in random order.
        order = rng.permutation(len(counts))
        order = order[np.lexsort(sorted_by[order].T)]
        # For a fifth, every fifth group from a random start: all groups are equally likely.
        places = np.floor(test_size * np.arange(len(counts) + 1) + rng.uniform())
        in_test = np.empty(len(counts), dtype=bool)
        in_test[order] = np.diff(places) > 0
        order = rng.permutation(len(counts))
        in_test[order] = _move_groups(
            in_test[order], kind_of_group[order], kinds, in_test @ counts, total, test_size
        )
        miss = _measure(in_test @ counts, total, test_size)
        if miss < best:
            best, in_best = miss, in_test
        if best < _GOOD_ENOUGH:
            break
    return in_best


def _move_groups(in_test, kind_of_group, kinds, held, total, test_size):
    """Move groups to the other side, one at a time, always the group that helps most."""
    moves = np.stack([kinds, -kinds])  # into the test set, and out of it
    while True:
        after = _measure(held + moves, total, test_size)[in_test.astype(int), kind_of_group]
        best = after.argmin()
        if after[best] >= _measure(held, total, test_size) - np.finfo(float).eps:
            return in_test
        held = held + moves[int(in_test[best]), kind_of_group[best]]
        in_test[best] ^= True


def _measure(held, total, test_size):
    """Return how far shares are from `test_size`. A class on one side only costs most."""
    shares = held / total
    # All rows count as much as the classes together: otherwise, many small classes could together
    # miss the share of all rows.
    weight = np.append(np.ones(len(total) - 1), len(total) - 1)
    is_missing = (shares <= 0) | (shares >= 1)
    return (weight * (shares - test_size) ** 2).sum(axis=-1) + 2 * weight.sum() * is_missing.sum(
        axis=-1
    )


def _is_divided(counts, in_test):
    return (counts[in_test].sum(axis=0) > 0) & (counts[~in_test].sum(axis=0) > 0)


def _check_classes(counts, in_test, classes):
    for label in np.flatnonzero(~_is_divided(counts, in_test)[:-1]):
        in_class = counts[:, label]
        n_groups = np.count_nonzero(in_class)
        why, advice = "too few for both sides of the split", ""
        if n_groups > 1:  # other classes need these groups on other sides
            why = f"and none of {_N_DRAWS} draws has each class on both sides"
            advice = " Try another random_state."
        raise ValueError(
            f"Class {str(classes[label])!r} has {in_class.sum():.0f} row(s) in"
            f" {n_groups} group(s), {why}. Expected at least 2 groups with rows of no other class"
            f" in each class.{advice} Add images of other lesions, leave the class out, or merge it"
            " with another class."
        )


def _explain_shares(counts, in_test, test_size, classes):
    """Return a warning about shares that large groups make impossible, or an empty string."""
    total, largest = counts.sum(axis=0), counts.max(axis=0)
    held = in_test @ counts
    missed = np.abs(held - test_size * total)
    is_missed = missed > _N_ROWS_OF_ROUNDING + min(test_size, 1 - test_size) * total / 2
    is_missed[-1] |= largest[-1] > max(test_size, 1 - test_size) * total[-1]
    names = [*(f" of class {str(name)!r}" for name in classes), ""]
    found = [
        f"{held[column]:.0f} of {total[column]:.0f} rows{names[column]} (largest group:"
        f" {largest[column]:.0f})"
        for column in np.flatnonzero(is_missed & (largest > 1))[::-1]
        if len(classes) > 1 or column == 1  # a single class has all rows
    ]
    if not found:
        return ""
    return (
        f"The test set has {'; '.join(found)}. Expected a share of {test_size:g}, which is not"
        " possible without splitting groups. Divide a large group, leave it out, choose another"
        " test_size, or evaluate the model by cross-validation."
    )
