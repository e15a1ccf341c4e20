"""Scores with their intervals, as tables."""

import numpy as np
import pandas as pd

from .calibration import OF_CALIBRATION
from .estimates import OF_CUT_OFF

FEW_GROUPS = 30
SHORT_SCORES = ("accuracy", "balanced_accuracy")


def make_tables(estimates):
    """Return a table of scores over all classes, and one of scores of each class.

    Parameters
    ----------
    estimates : Estimates

    Returns
    -------
    scores : DataFrame indexed by score

    class_scores : DataFrame indexed by class and score
        Both have columns `value`, `low`, `high` and `groups`; with folds also `deviation`, the
        standard deviation over folds, and with several fits `run_deviation`, the one over fits.
    """
    keys = estimates.list_scores()
    found = [estimates.find(*key) for key in keys]
    table = make_table([one for one, _ in found])
    of_parts = np.array([values for _, values in found])
    repeats = np.array([part.repeat for part in estimates.parts])
    if (repeats == 0).sum() > 1:
        table["deviation"] = pd.DataFrame(of_parts).std(axis=1, ddof=1)
    if repeats.any():
        of_fits = pd.DataFrame(of_parts.T).groupby(repeats).mean()
        for place, key in enumerate(keys):
            if key[0] in OF_CALIBRATION:  # not a mean over folds
                of_fits[place] = estimates.calibration.find(*key)[2]
        table["run_deviation"] = of_fits.std(axis=0, ddof=1)
    classes = estimates.classes
    n = sum(number is None for _, number in keys)  # the scores over all classes come first
    of_all = pd.Index([name for name, _ in keys[:n]], name="score")
    of_class = pd.MultiIndex.from_tuples(
        [(classes[number], name) for name, number in keys[n:]], names=["class", "score"]
    )
    return table[:n].set_index(of_all), table[n:].set_index(of_class)


def score_shortly(estimates, positive):
    """Return the few scores for comparing slices and baselines, by name."""
    names = [(name, None) for name in SHORT_SCORES]
    if positive is not None:
        names += [("sensitivity", positive), ("specificity", positive)]
    if estimates.has_probabilities:
        names.append(("roc_auc_ovr", None) if positive is None else ("roc_auc", positive))
    return {name: one for (name, _), one in estimates.score(names).items()}


def make_operating_points(estimates, thresholds, positive):
    """Return the scores at fixed thresholds on the probability of a class, with intervals.

    Returns
    -------
    operating_points : DataFrame indexed by operating point and score
        Columns `threshold`, `value`, `low`, `high` and `groups`.
    """
    keys = [(label, name) for label in thresholds for name in OF_CUT_OFF]
    table = make_table(
        [estimates.cut_off(name, positive, thresholds[label]) for label, name in keys],
        pd.MultiIndex.from_tuples(keys, names=["operating point", "score"]),
    )
    table.insert(0, "threshold", [thresholds[label] for label, _ in keys])
    return table


def count_classes(part):
    """Return a table of images, groups and predictions by class."""
    classes, y = part.predictions.classes, part.predictions.y
    predicted = part.predictions.predicted
    groups = part.rows if part.groups is None else part.groups
    table = pd.DataFrame(
        {
            "images": np.bincount(y, minlength=len(classes)),
            "groups": [len(np.unique(groups[y == number])) for number in range(len(classes))],
            "predicted": np.bincount(predicted, minlength=len(classes)),
        },
        index=pd.Index(classes, name="class"),
    )
    table["few"] = table["groups"] < FEW_GROUPS
    return table


def make_table(estimates, index=None):
    """Return estimates as a table with columns `value`, `low`, `high` and `groups`."""
    return pd.DataFrame(
        [[one.value, one.low, one.high, one.n_groups] for one in estimates],
        index=index,
        columns=["value", "low", "high", "groups"],
    )
