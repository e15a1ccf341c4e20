"""Read labels from one-hot columns of 0 and 1, or of True and False."""

import numpy as np
import pandas as pd

from .table_file import to_numbers

_AS_NUMBERS = {"true": "1", "false": "0"}


def read_one_hot(scores, where):
    """Return the name of the column with the 1 in each row, missing for rows without numbers.

    Parameters
    ----------
    scores : DataFrame of n rows
        Indexed by image; columns of 0 and 1, or of True and False, also as text.

    where : str
        Names the table in messages.

    Returns
    -------
    names : Series of n rows

    Raises
    ------
    ValueError
        If a row does not have exactly one 1, and 0 in the other columns.
    """
    scores = scores.dropna(how="all")
    numbers = scores.apply(lambda column: to_numbers(_spell_as_numbers(column)))
    wrong = ~numbers.isin([0, 1]).all(axis=1) | (numbers.sum(axis=1) != 1)
    if wrong.any():
        image = wrong.index[wrong.to_numpy()][0]
        row = ", ".join(f"{name}={value}" for name, value in scores.loc[image].items())
        raise ValueError(
            f"{where} has {wrong.sum()} row(s) that do not have exactly one class. The first is"
            f" {image!r} with {row} (sum {numbers.loc[image].sum():g}). Expected one 1, and 0"
            " in the other columns, or True and False. Repair or remove these rows, or remove"
            " columns that are not classes."
        )
    return pd.Series(np.array(scores.columns)[numbers.to_numpy().argmax(axis=1)], scores.index)


def _spell_as_numbers(column):
    if pd.api.types.is_numeric_dtype(column):
        return column
    return column.astype(str).str.strip().str.lower().replace(_AS_NUMBERS)
