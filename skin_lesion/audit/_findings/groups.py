"""Join rows that show one photograph, and find conflicts of lesions and groups."""

import pandas as pd

from ..._utils.linked_groups import link_groups
from .describe_rows import describe_rows, distinct


def number_photographs(rows, near_duplicates):
    """Return a number for each row, equal for rows with one content and for near duplicates."""
    return link_groups(
        rows["content"].to_numpy(),
        near_duplicates["row"].to_numpy(dtype=int),
        near_duplicates["other_row"].to_numpy(dtype=int),
    )


def find_group_conflicts(rows, photographs):
    """Return a line for each lesion with several labels or photograph in several groups.

    Parameters
    ----------
    rows : DataFrame
        Its column `lesion` is missing where the lesion is not known.

    photographs : ndarray of shape (n,), of int
        The same number for rows that show one photograph.
    """
    rows = rows.assign(photograph=photographs)
    found = []
    for kind, by, other, named in (
        # Only lesions: a patient may have lesions of several classes.
        ("labels of one lesion", "lesion", "label", "lesion"),
        ("groups of one photograph", "photograph", "group", "group"),
    ):
        conflicting = rows[rows.groupby(by)[other].transform("nunique") > 1]
        for _, concerned in conflicting.groupby(by):
            found.append({"kind": kind, "groups": distinct(concerned[named])})
            found[-1] |= describe_rows(concerned)
    columns = ["kind", "groups", "n_images", "labels", "splits", "rows", "paths"]
    return pd.DataFrame(found, columns=columns)
