"""Read a label that several columns of 0 and 1 hold together."""

import numpy as np
import pandas as pd

from .table_file import to_numbers


def read_one_hot(scores, path):
    """Return the column of the 1 in each row, a missing value for rows without any number.

    Parameters
    ----------
    scores : DataFrame of n rows
        Indexed by image; columns of 0 and 1.

    path : str

    Returns
    -------
    names : Series of n rows

    Raises
    ------
    ValueError
        If a row has not one 1 and for the rest 0.
    """
    scores = scores.dropna(how="all")
    numbers = scores.apply(to_numbers)
    wrong = ~numbers.isin([0, 1]).all(axis=1) | (numbers.sum(axis=1) != 1)
    if wrong.any():
        image = wrong.index[wrong.to_numpy()][0]
        row = ", ".join(f"{name}={value}" for name, value in scores.loc[image].items())
        raise ValueError(
            f"{path!r} has {wrong.sum()} row(s) that do not name one class, the first is"
            f" {image!r} with {row} (sum {numbers.loc[image].sum():g}). Expected one 1, and 0"
            " in the other columns. Repair or remove these rows, or remove columns that are no"
            " class."
        )
    return pd.Series(np.array(scores.columns)[numbers.to_numpy().argmax(axis=1)], scores.index)
