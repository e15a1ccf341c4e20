"""The stratified hold-out that keeps groups whole."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_consistent_length, check_random_state

from .._utils.sklearn_private import Interval, num_samples, safe_indexing, validate_params
from .._utils.validation import number_labels


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
def train_test_split_by_group(
    *arrays, groups=None, stratify=None, test_size=0.2, random_state=None
):
    """Split arrays into a training and a test part that share no group.

    :func:`sklearn.model_selection.train_test_split` stratifies but tears groups apart, and
    :class:`sklearn.model_selection.GroupShuffleSplit` keeps groups but does not stratify. Images
    need both: photographs of one lesion must stay on one side, and a rare class must be on both.

    Groups are drawn at random, class by class, until the test part holds `test_size` of the rows
    of the class, as nearly as whole groups allow; what rounding leaves over goes to the next class.
    Each class gets at least one group on either
    side. A group of several classes is drawn with the rarest of them.

    Parameters
    ----------
    *arrays : indexables of the same length n
        Lists, arrays, DataFrames or Series, of any shape.

    groups : array-like of shape (n,), default=None
        The lesion or patient of each row. With None, each row is a group of its own.

    stratify : array-like of shape (n,), default=None
        The class of each row. With None, all rows are one class.

    test_size : float in (0, 1) or int, default=0.2
        The share of rows, or their number, in the test part.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same split at each call.

    Returns
    -------
    splitting : list of length 2 * len(arrays)
        Train and test part of each array in turn, rows in their original order.

    Raises
    ------
    ValueError
        If lengths differ, or if a class has too few groups to be on either side.

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
    >>> X_train, X_test, y_train, y_test = train_test_split_by_group(
    ...     X, y, groups=lesions, stratify=y, test_size=0.25, random_state=0
    ... )
    >>> X_train, X_test
    (array([0, 1, 2, 5, 6, 7]), array([3, 4]))

    Twice gives training, validation and test sets:

    >>> X_train, X_val = train_test_split_by_group(X_train, test_size=0.5, random_state=0)
    >>> len(X_train), len(X_val), len(X_test)
    (3, 3, 2)
    """
    if not arrays:
        raise ValueError("Found no array to split. Expected at least one, such as X or y.")
    check_consistent_length(*arrays, groups, stratify)
    n_rows = num_samples(arrays[0])
    if n_rows == 0:
        raise ValueError("The arrays have no rows. Expected at least two.")
    classes, labels = np.array(["all"]), np.zeros(n_rows, dtype=int)
    if stratify is not None:
        classes, labels = number_labels(stratify, name="stratify")
    group_ids = np.arange(n_rows)
    if groups is not None:
        group_ids = number_labels(groups, name="groups")[1]
    if isinstance(test_size, Integral):
        if test_size >= n_rows:
            raise ValueError(
                f"test_size={test_size} with {n_rows} rows leaves none to train on. Expected fewer."
            )
        test_size = test_size / n_rows

    is_test = _draw_test_rows(
        labels, group_ids, test_size, check_random_state(random_state), class_names=classes
    )
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    return [safe_indexing(array, rows) for array in arrays for rows in (train, test)]


def _draw_test_rows(labels, group_ids, test_size, rng, class_names):
    group_sizes = np.bincount(group_ids)
    class_sizes = np.bincount(labels)
    group_class = _rarest_class_of_each_group(labels, group_ids, class_sizes)

    in_test = np.zeros(len(group_sizes), dtype=bool)
    owed = 0.0  # by the classes so far, to whole groups: else many small classes add up to less
    for label in rng.permutation(np.unique(group_class)):
        groups = rng.permutation(np.flatnonzero(group_class == label))
        filled = np.cumsum(group_sizes[groups])
        wanted = test_size * filled[-1] + owed
        n_groups = min(np.argmin(np.abs(filled - wanted)) + 1, len(groups) - 1)
        in_test[groups[:n_groups]] = True
        owed = wanted - (filled[n_groups - 1] if n_groups else 0)

    is_test = in_test[group_ids]
    for label, name in enumerate(class_names):
        if len(np.unique(is_test[labels == label])) < 2:
            n_groups = len(np.unique(group_ids[labels == label]))
            raise ValueError(
                f"Class {str(name)!r} has {class_sizes[label]} row(s) in {n_groups} group(s), too"
                " few to have some on either side of the split. Expected at least 2 groups of its"
                " own in each class. Add images of other lesions, leave the class out, or merge it"
                " with another."
            )
    return is_test


def _rarest_class_of_each_group(labels, group_ids, class_sizes):
    """Draw a mixed group with its rarest class, which could otherwise end up on one side only."""
    from_common_to_rare = np.lexsort((labels, -class_sizes[labels]))
    group_class = np.empty(group_ids.max() + 1, dtype=int)
    group_class[group_ids[from_common_to_rare]] = labels[from_common_to_rare]
    return group_class
