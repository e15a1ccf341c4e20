"""An account of the class that each label was mapped to, and of its number of rows."""

from collections import Counter

import numpy as np
import pandas as pd

from ..._utils.validation.messages import say
from .label_sets import BINARY, INDETERMINATE, MEANING
from .names import canonical_name, says_missing

_MOST_NAMED = 8


def account_for(labels, classes, label_set):
    """Count the rows of each label, with its class, or the reason why it has none.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Of str. Missing values are counted, too.

    classes : array-like of shape (n,)
        Missing if there is none.

    label_set : str or None

    Returns
    -------
    account : DataFrame
        Columns `label`, `class`, `n_rows` and `reason`, which is "" if there is a class.
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
    # Labels without a class come last.
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
    """Yield a line for each class of an account, and for each reason why there is no class."""
    kinds = account["class"].where(account["class"].notna(), "left out, " + account["reason"])
    for kind, rows in account.groupby(kinds, sort=False):
        rows = rows.sort_values("n_rows", ascending=False)
        named = [f"{row.label!r} ({row.n_rows})" for row in rows[:_MOST_NAMED].itertuples()]
        more = len(rows) - len(named)
        yield f"  {kind}: {', '.join(named)}{f' and {more} more' * bool(more)}"


def describe_unmapped(labels, name):
    """Return a sentence that names and counts the labels without a counterpart."""
    counts = sorted(Counter(map(str, labels)).items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{label!r} ({n})" for label, n in counts[:_MOST_NAMED])
    if len(counts) > _MOST_NAMED:
        named += f" and {len(counts) - _MOST_NAMED} more"
    return (
        f"{say(len(labels), 'image')} with labels that have no counterpart in the {name} label set:"
        f" {named}."
    )
