"""Join rows that show one photograph, and find groups that contradict labels or contents."""

import pandas as pd

from ..._utils.linked_groups import link_groups
from .describe_rows import describe_rows


def number_photographs(rows, near_duplicates):
    """Return a number for each row; rows of equal content or linked as near duplicates share it."""
    return link_groups(
        rows["content"].to_numpy(),
        near_duplicates["row"].to_numpy(dtype=int),
        near_duplicates["other_row"].to_numpy(dtype=int),
    )


def find_group_conflicts(rows, has_groups):
    """Return a line for each group of several labels, and for each content of several groups."""
    found = []
    if has_groups:
        for kind, by, other in (
            ("labels of one group", "group", "label"),
            ("groups of one content", "content", "group"),
        ):
            n_others = rows.groupby(by)[other].nunique()
            for value in n_others.index[n_others > 1]:
                concerned = rows[rows[by] == value]
                found.append(
                    {
                        "kind": kind,
                        "groups": tuple(sorted(set(concerned["group"]), key=str)),
                        **describe_rows(concerned),
                    }
                )
    columns = ["kind", "groups", "n_images", "labels", "splits", "rows", "paths"]
    return pd.DataFrame(found, columns=columns)
