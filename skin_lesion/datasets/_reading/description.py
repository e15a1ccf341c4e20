"""Describe a dataset in a few lines: its `DESCR`."""

import numpy as np
import pandas as pd

from ..._utils.validation.messages import say


def describe_dataset(dataset, notes, reasons):
    """Return the number of images by class and split, the groups, and the entries left out.

    Parameters
    ----------
    dataset : Bunch
        With `target`, `target_names`, `split` and `left_out`, and `release` if there is one.

    notes : list of str
        Lines to put before the entries left out.

    reasons : dict of str to str
        The keys of `left_out`, in words.
    """
    title = f"{dataset.release}: " if "release" in dataset else ""
    left_out = ", ".join(f"{reasons[reason]} ({n})" for reason, n in dataset.left_out.items())
    images, classes = say(len(dataset.target), "image"), say(len(dataset.target_names), "class")
    return "\n".join(
        [
            f"{title}{images} of {classes}",
            "",
            *_write_counts(dataset),
            "",
            *notes,
            f"Left out: {left_out or 'nothing'}.",
        ]
    )


def _write_counts(dataset):
    splits = np.full(len(dataset.target), "images") if dataset.split is None else dataset.split
    counts = pd.crosstab(dataset.target, splits).reindex(dataset.target_names, fill_value=0)
    width = max(len(name) for name in ("class", *dataset.target_names))
    yield "  ".join(["class".ljust(width), *(f"{column:>6}" for column in counts)])
    for name, row in zip(counts.index, counts.to_numpy(), strict=True):
        yield "  ".join([name.ljust(width), *(f"{n:>6}" for n in row)])
