"""The inner validation split."""

import warnings

import numpy as np

from ...._utils.linked_groups import merge_groups
from ...._utils.validation.messages import warn_caller
from ....datasets import train_test_split_by_group


def hold_out(source, rows, y, groups, earlier_split, validation_fraction, rng):
    """Split rows as an earlier fit did if this fit continues it; otherwise draw a new split.

    Parameters
    ----------
    source : PathSource, ArraySource or FeatureSource

    rows : ndarray of shape (n_rows,), of int
        Rows of the source to split.

    y : ndarray of shape (n,)
        Classes of all rows.

    groups : array-like of shape (n,) or None
        Groups of all rows. Exact copies also form groups.

    earlier_split : (ndarray, ndarray) of bytes, or None
        Hashes of the training and validation rows of the earlier fit; None if there is no earlier
        fit.

    validation_fraction : float

    rng : RandomState

    Returns
    -------
    train, validation : ndarray of int
        Rows.
    """
    groups = merge_groups(groups, source.content_ids())[rows]
    split = None
    if earlier_split is not None:
        split = _hold_out_again(rows, y[rows], groups, source.digests(rows), *earlier_split)
    return split or _split_off_validation(rows, y[rows], groups, validation_fraction, rng)


def _split_off_validation(rows, y, groups, validation_fraction, rng):
    """Split rows in two, with each class on both sides and each group on one side.

    Parameters
    ----------
    rows, y, groups : ndarray of shape (n,)
        Rows of X, their classes, and their groups; exact copies share a group.

    validation_fraction : float

    rng : RandomState

    Returns
    -------
    train, validation : ndarray of int
        Rows.
    """
    try:
        with warnings.catch_warnings(record=True, action="always") as caught:
            split = train_test_split_by_group(
                rows, groups=groups, stratify=y, test_size=validation_fraction, random_state=rng
            )
    except ValueError as error:
        raise ValueError(
            f"The validation split for early stopping failed: {error} Rows with equal content count"
            " as one group. To train without this split, set early_stopping=False."
        ) from error
    for warning in caught:  # it speaks of a test set
        found = str(warning.message).partition(" Divide a large group")[0]
        warn_caller(
            f"{found.replace('test set', 'validation set for early stopping')} Set another"
            " validation_fraction, or pass X_val."
        )
    return split


def _hold_out_again(rows, y, groups, digests, trained, held_out):
    """Split rows as an earlier fit did, or warn, in `fit`, that this is impossible.

    Parameters
    ----------
    rows, y, groups : ndarray of shape (n,)
        As for :func:`_split_off_validation`.

    digests, trained, held_out : ndarray of bytes
        Hashes of the rows, and of those that the earlier fit was trained on and held out.

    Returns
    -------
    train, validation : ndarray of int or None
        Rows.
    """
    is_known = np.isin(digests, held_out)
    is_validation = np.isin(groups, groups[is_known])
    sides = [np.unique(y[side]).tolist() for side in (is_known, ~is_validation)]
    n_there = np.isin(held_out, digests).sum()
    n_trained = np.isin(digests[is_validation], trained).sum()
    is_enough = 2 * n_there >= len(held_out)  # few rows would be too noisy for early stopping
    if is_enough and not n_trained and sides[0] == sides[1] == np.unique(y).tolist():
        return rows[~is_validation], rows[is_validation]
    found = "The last fit or partial_fit held out no images."
    if n_trained:
        found = (
            f"X contains {n_trained} images that the last fit was trained on, in groups of images"
            " that it held out."
        )
    elif len(held_out):
        found = (
            f"X contains {n_there} of the {len(held_out)} images that the last fit held out, which"
            " are too few or do not have all classes."
        )
    warn_caller(
        f"With warm_start=True: {found} A new validation set is drawn. It may contain images that"
        " the network was trained on, which makes its loss too optimistic. Fit with the same images"
        " and groups, and early_stopping=True each time, or with early_stopping=False."
    )
    return None
