"""The inner validation split, and what its loss says of the number of epochs."""

import warnings

from sklearn.exceptions import ConvergenceWarning

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


def warn_if_still_improving(n_iter, best_epoch, epochs):
    """Warn, in `fit`, if the last epoch ended training and the best one was in the later half."""
    if n_iter >= epochs and 2 * best_epoch > n_iter:
        warnings.warn(
            f"Training ended at epochs={epochs}, and the validation loss was lowest in epoch"
            f" {best_epoch}: it may fall further. Increase the number of epochs, for example to"
            f" {2 * epochs}; early stopping ends training when it is enough.",
            ConvergenceWarning,
            stacklevel=4,
        )
