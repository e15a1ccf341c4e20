"""An account of which label was taken for which class, and how many rows that concerns."""

from collections import Counter

import numpy as np
import pandas as pd

from .label_sets import BINARY, INDETERMINATE, MEANING
from .names import canonical_name, says_missing

_MOST_NAMED = 8


def account_for(labels, classes, label_set):
    """Count the rows of each label, with the class that it was mapped to, or why to none.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Of str; missing values are counted, too.

    classes : array-like of shape (n,)
        Missing where there is none.

    label_set : str or None

    Returns
    -------
    account : DataFrame
        Columns `label`, `class`, `n_rows` and `reason`, which is "" where there is a class.
    """
    table = pd.DataFrame({"label": np.asarray(labels, dtype=object), "class": np.asarray(classes)})
    table = table.astype(object).where(table.notna(), None)
    account = table.value_counts(dropna=False).rename("n_rows").reset_index()
    account = account.astype({"label": object, "class": object})
    account = account.where(account.notna(), None).astype({"n_rows": int})
    account["reason"] = [
        "" if name is not None else _explain(label, label_set)
        for label, name in zip(account["label"], account["class"], strict=True)
    ]
    # Those without a class come last.
    return account.sort_values(
        ["class", "n_rows", "label"], ascending=[True, False, True], ignore_index=True
    )


def _explain(label, label_set):
    if label is None or says_missing(str(label)):
        return "missing"
    name = canonical_name(label)
    if name is None:
        return "unknown name"
    return (
        "indeterminate"
        if label_set == BINARY and MEANING[name] & INDETERMINATE
        else "no counterpart"
    )


def write_account(account):
    """Write an account in a line for each class, and for each reason why there is none."""
    kinds = account["class"].where(account["class"].notna(), "left out, " + account["reason"])
    for kind, rows in account.groupby(kinds, sort=False):
        rows = rows.sort_values("n_rows", ascending=False)
        named = [f"{row.label!r} ({row.n_rows})" for row in rows[:_MOST_NAMED].itertuples()]
        more = len(rows) - len(named)
        yield f"  {kind}: {', '.join(named)}{f' and {more} more' * bool(more)}"


def describe_unmapped(labels, name):
    """Say which labels have no counterpart, and how many."""
    counts = sorted(Counter(map(str, labels)).items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{label!r} ({n})" for label, n in counts[:_MOST_NAMED])
    if len(counts) > _MOST_NAMED:
        named += f" and {len(counts) - _MOST_NAMED} more"
    return (
        f"{len(labels)} images have labels without a counterpart in the {name} label set: {named}."
    )
