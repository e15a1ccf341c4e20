"""All scores of a set of predictions, for any number of weightings of its rows at once.

Every score here is a function of sums of weights over rows: of those of a true and a predicted
class, of those in a bin of confidence, of those above a threshold. A bootstrap changes nothing but
the weights. So each score is a sparse matrix, whose product with the weights gives the sums, and a
function that finishes them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from .._metrics.probabilities import bin_confidence
from .._metrics.ranked_scores import RankedScores
from .._metrics.scorers import squared_distances

N_BINS = 15
MIN_SENSITIVITY = 0.8
AT_RATE = 0.9

OF_ALL = ("accuracy", "balanced_accuracy", "f1_macro")
OF_ALL_PROBABILITIES = ("roc_auc_ovr", "brier_score", "expected_calibration_error")
OF_CLASS = ("sensitivity", "specificity", "ppv", "npv", "f1")
OF_CLASS_PROBABILITY = (
    "roc_auc",
    "average_precision",
    "partial_auc",
    "auc_above_80_sensitivity",
    "sensitivity_at_90_specificity",
    "specificity_at_90_sensitivity",
)
MEANS = ("balanced_accuracy", "f1_macro", "roc_auc_ovr")  # over classes, each counting the same
OF_CUT_OFF = ("sensitivity", "specificity", "ppv", "npv", "net_benefit")


@dataclass
class Predictions:
    """What a model said of n images, and what they are.

    Attributes
    ----------
    y, predicted : ndarray of shape (n,), of int
        True and predicted class, as places in `classes`.

    probabilities : ndarray of shape (n, n_classes), or None
        Zero in the columns of classes that the model has never seen.

    classes : ndarray of shape (n_classes,)
        Those of the model and of the truth, sorted.

    seen : ndarray of shape (n_classes,), of bool
        Which classes the model knows.
    """

    y: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None
    classes: np.ndarray
    seen: np.ndarray

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """Return those of some rows."""
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        return Predictions(
            self.y[rows], self.predicted[rows], probabilities, self.classes, self.seen
        )


@dataclass
class ScoreSheet:
    """Scores that come of one product of a sparse matrix with weights.

    Attributes
    ----------
    names : list of tuple
        Of each score its name and the number of its class: None for all classes together.

    sums : sparse array of shape (n_sums, n)

    finish : callable
        ``finish(products)`` of shape (n_sums, b) gives the scores, of shape (len(names), b).
    """

    names: list
    sums: csr_array
    finish: callable

    def values(self, weights):
        """Return the scores for weights of shape (n, b), as an array of (len(names), b)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.finish(self.sums @ weights)

    def score(self):
        """Return the scores of all rows as they are."""
        return self.values(np.ones((self.sums.shape[1], 1)))[:, 0]

    def take(self, names):
        """Return the sheet of some of the scores, in this order."""
        places = [self.names.index(name) for name in names]
        return ScoreSheet(names, self.sums, lambda sums: self.finish(sums)[places])

    def count_cases(self, bootstrap):
        """Return how many groups each score hangs on, for :func:`find_intervals`."""
        of_class = bootstrap.n_groups_of_class
        # A class of one group never varies: a mean hangs on the others, and a note says so.
        smallest = min((n for n in of_class.values() if n > 1), default=0)
        return np.array(
            [
                (smallest if name in MEANS else bootstrap.n_groups)
                if number is None
                else min(of_class.get(number, 0), bootstrap.n_groups - of_class.get(number, 0))
                for name, number in self.names
            ]
        )

    def resample(self, bootstrap):
        """Return the scores of all draws, an array of shape (len(names), n_bootstraps)."""
        # Groups are weighted as they are: to expand them to rows would only cost time.
        of_groups = ScoreSheet(self.names, (self.sums @ bootstrap.membership).tocsr(), self.finish)
        return np.concatenate([of_groups.values(drawn) for drawn in bootstrap.draw()], axis=1)


def make_score_sheet(predictions):
    """Return the sheet of all scores that the predictions allow."""
    sheets = [_score_classes(predictions)]
    if predictions.probabilities is not None:
        sheets += [_score_ranking(predictions), _score_probabilities(predictions)]
    return join(sheets)


def make_short_sheet(predictions, positive):
    """Return the sheet of the few scores that slices and baselines are compared by."""
    sheet = _score_classes(predictions)
    wanted = [("accuracy", None), ("balanced_accuracy", None)]
    if positive is not None:
        wanted += [("sensitivity", positive), ("specificity", positive)]
    if predictions.probabilities is not None:
        numbers = None if positive is None else [positive]
        sheet = join([sheet, _score_ranking(predictions, numbers)])
        wanted.append(("roc_auc_ovr", None) if positive is None else ("roc_auc", positive))
    return sheet.take(wanted)


def make_cut_off_sheet(is_positive, scores, thresholds):
    """Return the sheet of sensitivity and so on at fixed thresholds, in place of classes."""
    is_called = scores >= thresholds[:, np.newaxis]
    # Each row is in one of two outcomes at each threshold: that is what makes a dense matrix cheap.
    outcomes = [
        is_called & is_positive,
        is_called & ~is_positive,
        ~is_called & is_positive,
        ~is_called & ~is_positive,
    ]
    sums = csr_array(np.concatenate(outcomes))
    # At a probability of 1 a false positive costs infinitely more than a true one is worth.
    odds = np.divide(
        thresholds, 1 - thresholds, out=np.full(len(thresholds), np.nan), where=thresholds < 1
    )
    cost = odds[:, np.newaxis]

    def finish(sums):
        tp, fp, fn, tn = sums.reshape(4, len(thresholds), -1)
        rates = [_share(tp, fn), _share(tn, fp), _share(tp, fp), _share(tn, fn)]
        return np.concatenate([*rates, (tp - cost * fp) / (tp + fp + fn + tn)])

    names = [(name, number) for name in OF_CUT_OFF for number in range(len(thresholds))]
    return ScoreSheet(names, sums, finish)


def join(sheets):
    """Return one sheet of all scores of some."""
    ends = np.cumsum([sheet.sums.shape[0] for sheet in sheets])

    def finish(sums):
        parts = zip(sheets, np.split(sums, ends[:-1]), strict=True)
        return np.concatenate([sheet.finish(part) for sheet, part in parts])

    names = [name for sheet in sheets for name in sheet.names]
    return ScoreSheet(names, vstack([sheet.sums for sheet in sheets], format="csr"), finish)


def _score_classes(predictions):
    n, k = len(predictions), len(predictions.classes)
    cell = predictions.y * k + predictions.predicted
    sums = csr_array((np.ones(n), (cell, np.arange(n))), shape=(k * k, n))

    def finish(sums):
        confusion = sums.reshape(k, k, -1)  # by true and predicted class
        total = sums.sum(axis=0)
        tp = np.einsum("kk...->k...", confusion)
        fn, fp = confusion.sum(axis=1) - tp, confusion.sum(axis=0) - tp
        tn = total - tp - fp - fn
        sensitivity = _share(tp, fn)
        f1 = _share(2 * tp, fp + fn)
        of_all = [tp.sum(axis=0) / total, _mean(sensitivity), _mean(f1)]
        of_classes = [sensitivity, _share(tn, fp), _share(tp, fp), _share(tn, fn), f1]
        return np.concatenate([of_all, *of_classes])

    names = [(name, None) for name in OF_ALL]
    names += [(name, number) for name in OF_CLASS for number in range(k)]
    return ScoreSheet(names, sums, finish)


def _score_ranking(predictions, numbers=None):
    numbers = range(len(predictions.classes)) if numbers is None else numbers
    ranked = [
        RankedScores(predictions.y == number, predictions.probabilities[:, number])
        if predictions.seen[number] and (predictions.y == number).any()
        else None
        for number in numbers
    ]
    sums = [one.sums for one in ranked if one is not None]
    # Without any, the one row that is left keeps the number of draws.
    sums.append(csr_array((1, len(predictions))))
    ends = np.cumsum([matrix.shape[0] for matrix in sums])

    def finish(sums):
        parts = iter(np.split(sums, ends[:-1]))
        undefined = np.full((len(OF_CLASS_PROBABILITY), sums.shape[1]), np.nan)
        values = np.stack(
            [undefined if one is None else _finish_curve(one.curve(next(parts))) for one in ranked],
            axis=1,
        )
        return np.concatenate([_mean(values[0])[np.newaxis], values.reshape(-1, sums.shape[1])])

    names = [(OF_ALL_PROBABILITIES[0], None)]
    names += [(name, number) for name in OF_CLASS_PROBABILITY for number in numbers]
    return ScoreSheet(names, vstack(sums, format="csr"), finish)


def _finish_curve(curve):
    above = curve.area_above_tpr(MIN_SENSITIVITY)
    return np.stack(
        [
            curve.area(),
            curve.average_precision(),
            above,
            above + MIN_SENSITIVITY * (1 - curve.fpr_at_tpr(MIN_SENSITIVITY)),
            curve.best_tpr(AT_RATE),
            curve.best_specificity(AT_RATE),
        ]
    )


def _score_probabilities(predictions):
    n = len(predictions)
    distances = squared_distances(
        predictions.y, predictions.probabilities, np.arange(len(predictions.classes))
    )
    confidence = np.clip(predictions.probabilities.max(axis=1), 0, 1)
    is_right = predictions.probabilities.argmax(axis=1) == predictions.y
    gaps = csr_array(
        (is_right - confidence, (bin_confidence(confidence, N_BINS), np.arange(n))),
        shape=(N_BINS, n),
    )
    sums = vstack([csr_array(np.stack([np.ones(n), distances])), gaps], format="csr")

    def finish(sums):
        return np.stack([sums[1] / sums[0], np.abs(sums[2:]).sum(axis=0) / sums[0]])

    return ScoreSheet([(name, None) for name in OF_ALL_PROBABILITIES[1:]], sums, finish)


def _share(part, other):
    """Return part / (part + other), NaN where both are 0."""
    whole = part + other
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _mean(values):
    """Return the mean over classes of those that are not NaN."""
    is_defined = ~np.isnan(values)
    return np.where(is_defined, values, 0.0).sum(axis=0) / is_defined.sum(axis=0)
