"""The validation set: held-out rows, or the user's own validation set."""

from dataclasses import dataclass

import numpy as np

from ...._utils.validation.labels import check_labels, check_same_kind
from ...._utils.validation.paths import are_paths
from ...._utils.validation.rows import check_order, check_rows
from ..image_source import PathSource, open_source
from .training_rows import check_targets
from .validation_split import hold_out


@dataclass
class ValidationSet:
    """Rows whose loss is computed during training.

    Attributes
    ----------
    source : PathSource, ArraySource or FeatureSource

    rows : ndarray of shape (n,), of int
        Rows of the source.

    y : ndarray of shape (n,)
        Their classes.

    sample_weight : ndarray of shape (n,) or None

    is_own : bool
        Whether the user passed it, so that its source is not that of X.
    """

    source: object
    rows: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None
    is_own: bool

    def fingerprint(self):
        """Return what identifies the set, as values for JSON."""
        weight = None if self.sample_weight is None else self.sample_weight.tolist()
        found = [self.rows.tolist(), weight]
        if self.is_own:
            found += [self.source.fingerprint(), self.y.tolist()]
        return found


def find_validation_set(estimator, source, rows, y, sample_weight, groups, earlier_split, own, rng):
    """Return the training rows, and the validation set if there is one.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        With its `classes_` and `early_stopping_`.

    source : PathSource, ArraySource or FeatureSource

    rows : ndarray of shape (n_rows,), of int
        Rows of the source with positive weight.

    y, sample_weight, groups : array-like of shape (n,)
        Values for all rows. The last two may be None.

    earlier_split : (ndarray, ndarray) of bytes, or None
        Hashes of the training and validation rows of the earlier fit; None if there is no earlier
        fit.

    own : tuple of (X_val, y_val, sample_weight_val, groups_val)
        What the user passed; each may be None.

    rng : RandomState

    Returns
    -------
    train : ndarray of int

    validation : ValidationSet or None
    """
    if any(part is not None for part in own):
        return rows, _open_own(estimator, source, rows, groups, *own)
    if not estimator.early_stopping_:
        return rows, None
    train, validation = hold_out(
        source, rows, y, groups, earlier_split, estimator.validation_fraction, rng
    )
    weight = None if sample_weight is None else sample_weight[validation]
    return train, ValidationSet(source, validation, y[validation], weight, is_own=False)


def _open_own(estimator, source, rows, groups, X_val, y_val, sample_weight_val, groups_val):
    if X_val is None or y_val is None:
        missing = " and ".join(
            name for name, value in (("X_val", X_val), ("y_val", y_val)) if value is None
        )
        raise ValueError(
            f"A validation set is provided, but {missing} was not provided. Expected both X_val and"
            " y_val, or neither."
        )
    check_order(
        X_val=X_val, y_val=y_val, sample_weight_val=sample_weight_val, groups_val=groups_val
    )
    if (groups is None) != (groups_val is None):
        given, missing = ("groups_val", "groups") if groups is None else ("groups", "groups_val")
        raise ValueError(
            f"{given} is provided, but {missing} was not provided. Expected the groups of both X"
            " and X_val, or of neither. Otherwise a group in both sets cannot be found."
        )
    check_rows(X_val, name="X_val")
    if are_paths(X_val) != isinstance(source, PathSource):
        kinds = ("paths", "pixels") if are_paths(X_val) else ("pixels", "paths")
        raise ValueError(
            f"X_val holds {kinds[0]}, but X holds {kinds[1]}. Expected paths in both, or in"
            " neither. Otherwise copies cannot be found."
        )
    try:
        source_val = open_source(
            estimator,
            X_val,
            loader=estimator.loader,
            image_shape=estimator.image_shape,
            expected_shape=source.image_shape,
            name="X_val",
        )
    except ValueError as error:
        raise ValueError(f"X_val does not fit X. {error}") from error
    except FileNotFoundError as error:
        raise FileNotFoundError(f"In X_val, {error}") from error
    y_val, weight = check_targets(
        estimator, source_val, y_val, sample_weight_val, groups_val, suffix="_val"
    )
    # Not with NumPy, which would convert numbers to text to compare them with text.
    unknown = sorted(set(y_val.tolist()) - set(estimator.classes_.tolist()))
    if unknown:
        raise ValueError(
            f"y_val has the classes {unknown}, but y has {estimator.classes_.tolist()}."
            " Expected classes of y. Leave these rows out of the validation set."
        )
    rows_val = np.arange(len(y_val)) if weight is None else np.flatnonzero(weight)
    shared = {"are exact copies of": source.content_ids(source_val)}
    if groups_val is not None:
        shared["share a group with"] = _number_groups(groups, groups_val)
    for what, ids in shared.items():
        ids, ids_val = np.split(ids, [len(source)])
        _check_apart(rows, ids[rows], rows_val, ids_val[rows_val], what)
    weight = None if weight is None else weight[rows_val]
    return ValidationSet(source_val, rows_val, y_val[rows_val], weight, is_own=True)


def _number_groups(groups, groups_val):
    """Return the group number of each row of X, followed by those of X_val."""
    sides = check_labels(groups, name="groups"), check_labels(groups_val, name="groups_val")
    check_same_kind(*sides, names=("groups", "groups_val"))
    return np.unique(np.concatenate(sides), return_inverse=True)[1]


def _check_apart(rows, ids, rows_val, ids_val, what):
    shared = np.flatnonzero(np.isin(ids_val, ids))
    if not len(shared):
        return
    first = dict(zip(ids[::-1].tolist(), rows[::-1], strict=True))
    pairs = [f"{rows_val[place]} and {first[ids_val[place].item()]}" for place in shared[:3]]
    raise ValueError(
        f"{len(shared)} of {len(ids_val)} rows of X_val {what} rows of X: {', '.join(pairs)}"
        f"{', ...' if len(shared) > 3 else ''} (row of X_val, row of X). Expected none, because"
        " they make the validation loss too optimistic. Remove them from one of the two sets, or"
        " split without shared rows: train_test_split_by_group(...,"
        " groups=audit_dataset(...).groups)."
    )
