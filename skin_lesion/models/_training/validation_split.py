"""The inner validation split."""

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
