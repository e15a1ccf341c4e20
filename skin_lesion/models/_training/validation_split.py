"""The inner validation split."""

import warnings

import numpy as np

from ...datasets import train_test_split_by_group


def split_off_validation(rows, y, groups, validation_fraction, rng):
    """Split rows in two, each class on both sides and each group on one.

    Parameters
    ----------
    rows, y, groups : ndarray of shape (n,)
        Rows of X, their classes, and their groups, which exact copies share.

    validation_fraction : float

    rng : RandomState

    Returns
    -------
    train, validation : ndarray of int
        Rows.
    """
    try:
        return train_test_split_by_group(
            rows, groups=groups, stratify=y, test_size=validation_fraction, random_state=rng
        )
    except ValueError as error:
        raise ValueError(
            f"The validation split for early stopping failed: {error} Rows of equal content count"
            " as one group. Without this split: early_stopping=False."
        ) from error


def hold_out_again(rows, y, groups, digests, held_out):
    """Split rows in two as an earlier fit did, or warn, in `fit`, that this is not possible.

    Parameters
    ----------
    rows, y, groups : ndarray of shape (n,)
        As for :func:`split_off_validation`.

    digests, held_out : ndarray of bytes
        Hashes of the rows, and of those that the earlier fit held out.

    Returns
    -------
    train, validation : ndarray of int or None
        Rows.
    """
    is_known = np.isin(digests, held_out)
    is_validation = np.isin(groups, groups[is_known])
    sides = [np.unique(y[side]).tolist() for side in (is_known, ~is_validation)]
    if sides[0] == sides[1] == np.unique(y).tolist():
        return rows[~is_validation], rows[is_validation]
    warnings.warn(
        "With warm_start=True, the images that the last fit held out would be held out again, and"
        f" X has {np.isin(held_out, digests).sum()} of these {len(held_out)}: not enough for each"
        " class. A new validation set is drawn. It may hold images that the network was trained on,"
        " whose loss flatters. Fit with the same images and early_stopping=True each time, or with"
        " early_stopping=False.",
        UserWarning,
        stacklevel=5,
    )
    return None
