"""All scores of a set of predictions, with their intervals.

Each score has a method with sufficient coverage (benchmarks/coverage.py). Rates have Wilson
intervals with the effective number of images. Means over classes and net benefits combine the
intervals of their parts; a mean with one part has its interval. AUC, average precision and Brier
score have t intervals with the variance of a jackknife over lesions. Rates at an estimated
threshold have the variance of a bootstrap, because their jackknife does not converge.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from ..._utils.intervals import (
    Estimate,
    combine,
    compare_estimates,
    estimate_rate,
    estimate_smooth,
    find_least_deviation,
)
from .._metrics.scorers import score_calibration, squared_distances
from .calibration import OF_CALIBRATION, Calibration
from .curves import HIGHEST_AREAS, Curves
from .grouped_rows import LEAST_WHERE_FEW_COUNT, GroupedRows
from .parts import Predictions, mean, mean_of_known
from .ranked_parts import OF_CURVE

OF_ALL = ("accuracy", "balanced_accuracy", "f1_macro")
OF_ALL_PROBABILITIES = ("roc_auc_ovr", "brier_score", "expected_calibration_error")
OF_CLASS = ("sensitivity", "specificity", "ppv", "npv", "f1")
OF_CUT_OFF = ("sensitivity", "specificity", "ppv", "npv", "net_benefit")
_OF_CLASS_MEAN = {"balanced_accuracy": "sensitivity", "f1_macro": "f1", "roc_auc_ovr": "roc_auc"}


class Estimates:
    """The scores of one model, or means over several models, with intervals over groups.

    Parameters
    ----------
    parts : list of Part

    draws : Draws or None
        None omits the intervals that need a bootstrap.

    numbers : tuple of two ndarrays, default=None
        The group and the block of each row of X, to compare with other parts.
    """

    def __init__(self, parts, draws=None, *, numbers=None):
        self.parts = parts
        self.classes = parts[0].predictions.classes
        self.grouped = GroupedRows(parts, numbers)
        # Not counting classes of other images, which would double the Brier score.
        self.is_binary = np.any([part.predictions.seen for part in parts], axis=0).sum() <= 2
        self.has_probabilities = all(part.predictions.probabilities is not None for part in parts)
        self.curves = Curves(self.grouped, draws)
        self.calibration = Calibration(self.grouped)

    def list_scores(self):
        """Return the names of all scores, each with the number of its class or None.

        Scores over all classes come first, and then the scores of each class.
        """
        of_all, of_class = OF_ALL, OF_CLASS
        if self.has_probabilities:
            of_all += OF_ALL_PROBABILITIES
            of_class += OF_CURVE + OF_CALIBRATION
        names = [(name, None) for name in of_all]
        return names + [(name, number) for number in range(len(self.classes)) for name in of_class]

    def score(self, names):
        """Return the named scores as a dict of :class:`Estimate`."""
        return {key: self.estimate(*key) for key in names}

    def estimate(self, name, number=None):
        """Return one score."""
        return self.find(name, number)[0]

    def find(self, name, number=None):
        """Return one score, and the scores of the parts, an array of shape (n_parts,)."""
        if name in OF_CURVE:
            return self.curves.find(name, number)
        if name in OF_CALIBRATION:
            return self.calibration.find(name, number)[:2]
        if name in _OF_CLASS_MEAN:
            return self._find_mean(name)
        if name == "f1":
            return self._find_f1(number)
        if name in OF_CLASS:
            return self._find_rate(lambda one: one.rate(name, number))
        if name == "accuracy":
            return self._find_rate(lambda one: (one.y == one.predicted, _all(one)))
        return self._find_brier() if name == "brier_score" else self._find_calibration_error()

    def compare(self, other, names):
        """Return both values, the difference, its interval and p for the shared scores.

        Parameters
        ----------
        other : Estimates
            With the same images, groups and draws.

        names : list of (str, int or None)

        Returns
        -------
        lines : dict of (str, int or None) to list of float
        """
        lines, known = {}, set(other.list_scores())
        for key in names:
            if key not in known:
                continue
            one, two = self.estimate(*key), other.estimate(*key)
            drawn, drawn_other = self.curves.samples(*key), other.curves.samples(*key)
            deviation = None
            if drawn is not None and drawn_other is not None:
                deviation = np.nanstd(drawn_other - drawn)
            is_count = key[0] in OF_ALL + OF_CLASS
            found = compare_estimates(
                one,
                two,
                is_count=is_count,
                deviation=deviation,
                least=0.0 if is_count else self._least_deviation(other, *key),
                scale=self._find_scale(key[0]),
            )
            lines[key] = [one.value, two.value, *found]
        return lines

    def _least_deviation(self, other, name, number):
        """Return the least standard error of a difference; for a mean, the mean of its parts."""
        keys = [(name, number)]
        if name == "roc_auc_ovr":
            keys = [("roc_auc", one) for one in self.grouped.present]
        pairs = [(self.estimate(*key), other.estimate(*key)) for key in keys]
        return mean([find_least_deviation(b.value - a.value, a.n_groups) for a, b in pairs])

    def _find_scale(self, name):
        """Return the range of a score."""
        if name in OF_CALIBRATION:
            return np.inf
        if name == "brier_score":
            return 1.0 if self.is_binary else 2.0
        return HIGHEST_AREAS.get(name, 1.0)

    def cut_off(self, name, number, threshold):
        """Return a score at a fixed threshold on the probability of a class."""

        def pick(one, is_right=None):
            called = one.probabilities[:, number] >= threshold
            two = Predictions((one.y == number) * 1, called * 1, None, np.arange(2), None)
            if name != "net_benefit":
                return two.rate(name, 1)
            return called & (two.y == is_right), _all(one)

        if name != "net_benefit":
            return self._find_rate(pick)[0]
        true, false = (self._find_rate(partial(pick, is_right=one))[0] for one in (1, 0))
        # At a threshold of 1, the cost of a false positive is infinite.
        cost = threshold / (1 - threshold) if threshold < 1 else np.nan
        return combine([true, false], [1, -cost])

    def share(self, hits, cases):
        """Return the share of `hits` among `cases`, two sets of rows of the only part."""
        return self._find_rate(lambda one: (hits & cases, cases))[0]

    def _find_rate(self, pick):
        hits, weights, of_parts = self.grouped.average(pick)
        found = estimate_rate(hits, weights, self.grouped.groups, self.grouped.n_groups)
        return replace(found, value=mean(of_parts)), of_parts

    def _find_f1(self, number):
        rate, of_parts = self._find_rate(lambda one: one.rate("f1", number))
        of_parts = _to_f1(of_parts)
        value = mean(of_parts)
        # With folds, the mean of the scores differs slightly from the score of the mean.
        shift = value - _to_f1(rate.value)
        low, high = np.clip(_to_f1(np.array([rate.low, rate.high])) + shift, 0, 1)
        slope = 2 / (1 + rate.value) ** 2
        return Estimate(value, low, high, rate.n_groups, slope * rate.influence), of_parts

    def _find_mean(self, name):
        found = [self.find(_OF_CLASS_MEAN[name], number) for number in self.grouped.present]
        of_parts = mean_of_known([of_class for _, of_class in found])
        estimates = [one for one, _ in found if not np.isnan(one.value)]
        if name == "roc_auc_ovr" and self.curves.has_one_curve():
            estimates = estimates[-1:]
        if len(estimates) == 1:
            return estimates[0], of_parts
        weights = np.full(len(estimates), 1 / max(len(estimates), 1))
        return combine(estimates, weights, value=mean(of_parts), bounds=(0, 1)), of_parts

    def _find_brier(self):
        groups, n_groups = self.grouped.groups, self.grouped.n_groups
        total, weights, of_parts = self.grouped.average(
            lambda one: (
                squared_distances(*_compare_classes(one), is_binary=self.is_binary),
                _all(one),
            )
        )
        value = total.sum()
        influence = np.bincount(groups, total - value * weights, minlength=n_groups)
        # As in a jackknife: a patient with many images pulls the mean.
        share = np.bincount(groups, weights, minlength=n_groups)
        influence /= np.maximum(1 - share, 1e-9)
        found = estimate_smooth(value, influence, n_groups, scale=self._find_scale("brier_score"))
        if round(self.grouped.count_independent()) < LEAST_WHERE_FEW_COUNT:
            found = found.without_interval()
        return found, of_parts

    def _find_calibration_error(self):
        of_parts = [score_calibration(*_compare_classes(part.predictions)) for part in self.parts]
        n_groups = self.grouped.n_groups
        nothing = np.full(n_groups, np.nan)
        return Estimate(mean(of_parts), np.nan, np.nan, n_groups, nothing), np.array(of_parts)


def _all(predictions):
    return np.ones(len(predictions), dtype=bool)


def _compare_classes(predictions):
    """Return true classes, probabilities, and the classes of their columns, as numbers."""
    return predictions.y, predictions.probabilities, np.arange(len(predictions.classes))


def _to_f1(rate):
    return 2 * rate / (1 + rate)
