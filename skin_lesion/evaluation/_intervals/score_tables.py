"""Scores with their intervals, as tables."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..._utils.bootstrap import GroupBootstrap, bound_what_never_failed, find_intervals
from .weighted_scores import Predictions, make_cut_off_sheet, make_score_sheet, make_short_sheet

FEW_GROUPS = 30


@dataclass
class Part:
    """Images that one model was judged on: all of them, or a fold.

    Attributes
    ----------
    predictions : Predictions

    groups : ndarray of shape (n,) or None
        Lesions or patients.

    rows : ndarray of shape (n,)
        Places in X.
    """

    predictions: Predictions
    groups: np.ndarray | None
    rows: np.ndarray


@dataclass
class Draws:
    """How to draw: the same draws each time.

    Attributes
    ----------
    n_bootstraps : int

    seed : int
    """

    n_bootstraps: int
    seed: int

    def bootstraps(self, parts):
        """Return a bootstrap of each part, all from one stream of random numbers."""
        rng = np.random.RandomState(self.seed)
        return [
            GroupBootstrap(
                part.predictions.y,
                part.groups,
                n_bootstraps=self.n_bootstraps,
                random_state=rng.randint(2**31 - 1),
            )
            for part in parts
        ]


def score_parts(parts, draws, make_sheet=make_score_sheet):
    """Return names, values, draws and cases of the scores: the means over parts.

    Parameters
    ----------
    parts : list of Part

    draws : Draws

    make_sheet : callable
        ``make_sheet(predictions)`` gives a :class:`ScoreSheet`.

    Returns
    -------
    names : list of (str, int or None)

    values : ndarray of shape (n_scores, n_parts)

    samples : ndarray of shape (n_scores, n_bootstraps)

    n_cases : ndarray of shape (n_scores,)
    """
    sheets = [make_sheet(part.predictions) for part in parts]
    bootstraps = draws.bootstraps(parts)
    values = np.stack([sheet.score() for sheet in sheets], axis=1)
    of_parts = [sheet.resample(one) for sheet, one in zip(sheets, bootstraps, strict=True)]
    n_cases = sum(sheet.count_cases(one) for sheet, one in zip(sheets, bootstraps, strict=True))
    if not any(one.varies for one in bootstraps):
        n_cases = np.zeros_like(n_cases)  # draws that are all alike are no interval
    return sheets[0].names, values, mean_of_known(of_parts), n_cases


def mean_of_known(arrays):
    """Return the mean of arrays, of those values that are not NaN."""
    stacked = np.stack(arrays)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)


def make_tables(parts, draws):
    """Return the table of scores of all classes together, and that of each class.

    Returns
    -------
    scores : DataFrame indexed by score

    class_scores : DataFrame indexed by class and score
        Both have columns `value`, `low` and `high`; of folds also `deviation`, the standard
        deviation over folds.
    """
    names, values, samples, n_cases = score_parts(parts, draws)
    table = _make_table(names, values, samples, n_cases)
    if len(parts) > 1:
        table["deviation"] = pd.DataFrame(values).std(axis=1, ddof=1)
    classes = parts[0].predictions.classes
    of_all = np.array([number is None for _, number in names])
    scores = table[of_all].set_index(
        pd.Index([name for name, number in names if number is None], name="score")
    )
    class_scores = table[~of_all].set_index(
        pd.MultiIndex.from_tuples(
            [(classes[number], name) for name, number in names if number is not None],
            names=["class", "score"],
        )
    )
    order = [
        (label, name)
        for label in classes
        for name in dict.fromkeys(name for name, number in names if number is not None)
    ]
    return scores, class_scores.loc[order]


def make_short_table(part, draws, positive):
    """Return the few scores that slices and baselines are compared by, indexed by score."""
    names, values, samples, n_cases = score_parts(
        [part], draws, lambda predictions: make_short_sheet(predictions, positive)
    )
    table = _make_table(names, values, samples, n_cases)
    return table.set_index(pd.Index([name for name, _ in names], name="score"))


def make_operating_points(parts, draws, thresholds, positive):
    """Return what fixed thresholds on the probability of a class do, with intervals.

    Returns
    -------
    operating_points : DataFrame indexed by operating point and score
        Columns `threshold`, `value`, `low` and `high`.
    """
    cut_offs = np.array(list(thresholds.values()), dtype=float)

    def make_sheet(predictions):
        return make_cut_off_sheet(
            predictions.y == positive, predictions.probabilities[:, positive], cut_offs
        )

    names, values, samples, _ = score_parts(parts, draws, make_sheet)
    table = _make_table(names, values, samples, np.full(len(names), _count_cases(parts, positive)))
    table.insert(0, "threshold", [cut_offs[number] for _, number in names])
    labels = list(thresholds)
    table.index = pd.MultiIndex.from_tuples(
        [(labels[number], name) for name, number in names], names=["operating point", "score"]
    )
    return table.loc[labels]


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


def pool(parts):
    """Return y, predicted classes, groups, probabilities and rows of all parts, by row."""
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows, kind="stable")
    y = np.concatenate([part.predictions.y for part in parts])[order]
    predicted = np.concatenate([part.predictions.predicted for part in parts])[order]
    groups = np.concatenate([part.rows if part.groups is None else part.groups for part in parts])[
        order
    ]
    probabilities = None
    if all(part.predictions.probabilities is not None for part in parts):
        probabilities = np.concatenate([part.predictions.probabilities for part in parts])[order]
    return y, predicted, groups, probabilities, rows[order]


def pool_part(parts):
    """Return all parts as one, as if one model had made all predictions."""
    if len(parts) == 1:
        return parts[0]
    y, predicted, groups, probabilities, rows = pool(parts)
    seen = np.any([part.predictions.seen for part in parts], axis=0)
    predictions = Predictions(y, predicted, probabilities, parts[0].predictions.classes, seen)
    return Part(predictions, groups, rows)


def _make_table(names, values, samples, n_cases):
    means = mean_of_known(list(values.T))
    intervals = find_intervals(means, samples, n_cases)
    for number, (name, _) in enumerate(names):
        if means[number] in (0, 1) and (intervals[number] == means[number]).all():
            intervals[number] = bound_what_never_failed(name, means[number], n_cases[number])
    return pd.DataFrame(np.column_stack([means, intervals]), columns=["value", "low", "high"])


def _count_cases(parts, number):
    """Return the number of groups of a class, or of the others where those are fewer."""
    y, _, groups = pool(parts)[:3]
    return min(len(np.unique(groups[y == number])), len(np.unique(groups[y != number])))
