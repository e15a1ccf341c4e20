"""All scores of a set of predictions, with their intervals.

Each score has a method with sufficient coverage (benchmarks/coverage.py). Rates have Wilson
intervals with the effective number of images. Means over classes and net benefits combine the
intervals of their parts; a mean with one part has its interval. AUC, average precision and Brier
score have t intervals with the variance of a jackknife over lesions. Rates at an estimated
threshold have the variance of a bootstrap, because their jackknife does not converge.
"""

from dataclasses import replace
from functools import cached_property, partial, wraps

import numpy as np

from ..._utils.intervals import (
    Estimate,
    combine,
    compare_estimates,
    count_independent,
    draw_groups,
    estimate_rate,
    estimate_rate_at,
    estimate_smooth,
    estimate_unbounded,
    find_least_deviation,
)
from .._metrics.probabilities import recalibrate
from .._metrics.ranked_scores import RankedScores
from .._metrics.scorers import score_calibration, squared_distances
from .parts import Predictions, number_groups, pool_part
from .ranked_parts import MIN_SENSITIVITY, OF_CURVE, WITHOUT_JACKKNIFE, RankedPart

# With fewer lesions in the smaller class, a score has no interval: its coverage would be too low.
# The partial AUC and a good Brier score depend mostly on a fifth of the lesions or fewer.
LEAST_GROUPS, LEAST_GROUPS_AT_RATE, LEAST_WHERE_FEW_COUNT = 10, 20, 50
MOST_BLOCKS = 1000

OF_ALL = ("accuracy", "balanced_accuracy", "f1_macro")
OF_ALL_PROBABILITIES = ("roc_auc_ovr", "brier_score", "expected_calibration_error")
OF_CLASS = ("sensitivity", "specificity", "ppv", "npv", "f1")
OF_CALIBRATION = ("calibration_intercept", "calibration_slope")
OF_CUT_OFF = ("sensitivity", "specificity", "ppv", "npv", "net_benefit")
_OF_CLASS_MEAN = {"balanced_accuracy": "sensitivity", "f1_macro": "f1", "roc_auc_ovr": "roc_auc"}
_SMOOTH = {"roc_auc": 1.0, "average_precision": 1.0, "partial_auc": 1 - MIN_SENSITIVITY}


def _once(method):
    """Keep the result of a method for each class."""

    @wraps(method)
    def find(self, number):
        key = method.__name__, number
        if key not in self._found:
            self._found[key] = method(self, number)
        return self._found[key]

    return find


class Estimates:
    """The scores of one model, or means over several models, with intervals over groups.

    Parameters
    ----------
    parts : list of Part

    draws : Draws or None
        None omits the intervals that need a bootstrap.

    most_blocks : int
        With more groups, the jackknife leaves out blocks of groups.

    numbers : tuple of two ndarrays, default=None
        The group and the block of each row of X, to compare with other parts.
    """

    def __init__(self, parts, draws=None, *, most_blocks=MOST_BLOCKS, numbers=None):
        self.parts = parts
        self.classes = parts[0].predictions.classes
        self._draws = draws
        self._found = {}
        self.numbers = number_groups(parts, most_blocks) if numbers is None else numbers
        self._groups, self._blocks = self.numbers
        self.n_groups, self._n_blocks = self._groups.max() + 1, self._blocks.max() + 1
        self.y = np.full(len(self._groups), -1)
        for part in parts:
            self.y[part.rows] = part.predictions.y
        self.has_probabilities = all(part.predictions.probabilities is not None for part in parts)

    @cached_property
    def present(self):
        """The numbers of the classes that occur: means are over these."""
        return np.unique(self.y[self.y >= 0]).tolist()

    @_once
    def count_groups(self, number):
        """Return how many groups have images of a class, and how many have other images."""
        is_used = self.y >= 0
        return [
            len(np.unique(self._groups[is_used & rows]))
            for rows in (self.y == number, self.y != number)
        ]

    def list_scores(self):
        """Return the names of all scores, each with the number of its class or None."""
        numbers = range(len(self.classes))
        names = [(name, None) for name in OF_ALL]
        names += [(name, number) for name in OF_CLASS for number in numbers]
        if self.has_probabilities:
            names += [(name, None) for name in OF_ALL_PROBABILITIES]
            names += [(name, number) for name in OF_CURVE + OF_CALIBRATION for number in numbers]
        return names

    def score(self, names=None):
        """Return the named scores, or all, as a dict of :class:`Estimate`."""
        names = self.list_scores() if names is None else names
        return {key: self.estimate(*key) for key in names}

    def estimate(self, name, number=None):
        """Return one score."""
        if name in OF_CLASS:
            return self._estimate_f1(number) if name == "f1" else self._rates(name, number)[0]
        if name in OF_CURVE:
            return self._estimate_curve(name, number)
        if name in OF_CALIBRATION:
            return self._calibrate(number)[0][OF_CALIBRATION.index(name)]
        if name == "accuracy":
            return self._estimate_rate(
                lambda one: (one.y == one.predicted, np.ones(len(one), dtype=bool))
            )[0]
        if name == "brier_score":
            return self._estimate_brier()
        if name == "expected_calibration_error":
            nothing = np.full(self.n_groups, np.nan)
            return Estimate(_mean(self.values(name)), np.nan, np.nan, self.n_groups, nothing)
        return self._estimate_mean(name)

    def values(self, name, number=None):
        """Return a score of each part, an array of shape (n_parts,)."""
        if name == "f1":
            return _to_f1(self._rates(name, number)[1])
        if name in OF_CLASS:
            return self._rates(name, number)[1]
        if name in OF_CURVE:
            return self._rank(number)[2][OF_CURVE.index(name)]
        if name in _OF_CLASS_MEAN:
            of_class = _OF_CLASS_MEAN[name]
            return _mean_of_known([self.values(of_class, one) for one in self.present])
        function = {
            "accuracy": lambda one: np.mean(one.y == one.predicted),
            "brier_score": lambda one: _square(one).mean(),
            "expected_calibration_error": _score_calibration,
        }.get(name)
        if function is None:
            return self._calibrate(number)[1][:, OF_CALIBRATION.index(name)]
        return np.array([function(part.predictions) for part in self.parts])

    def compare(self, other, names=None):
        """Return both values, the difference, its interval and p for the shared scores.

        Parameters
        ----------
        other : Estimates
            With the same images, groups and draws.

        names : list of (str, int or None), default=None
            The scores to compare. None means all.

        Returns
        -------
        lines : dict of (str, int or None) to list of float
        """
        names = self.list_scores() if names is None else names
        known = set(other.list_scores())
        shared = [key for key in names if key in known]
        lines, of_other = {}, other.score(shared)
        for key, one in self.score(shared).items():
            drawn, drawn_other = self.samples(*key), other.samples(*key)
            deviation = None
            if drawn is not None and drawn_other is not None:
                deviation = np.nanstd(drawn_other - drawn)
            found = compare_estimates(
                one,
                of_other[key],
                is_count=key[0] in OF_ALL + OF_CLASS,
                deviation=deviation,
                least=self._least_deviation(other, *key),
                scale=self._find_scale(key[0]),
            )
            lines[key] = [one.value, of_other[key].value, *found]
        return lines

    def _least_deviation(self, other, name, number):
        """Return the least standard error of a difference; for a mean, the mean of its parts."""
        keys = [(name, number)]
        if name == "roc_auc_ovr":
            keys = [("roc_auc", one) for one in self.present]
        pairs = [(self.estimate(*key), other.estimate(*key)) for key in keys]
        return _mean([find_least_deviation(b.value - a.value, a.n_groups) for a, b in pairs])

    def _find_scale(self, name):
        """Return the range of a score."""
        if name in OF_CALIBRATION:
            return np.inf
        if name == "brier_score":
            return 2.0 if len(self.classes) > 2 else 1.0
        return _SMOOTH.get(name, 1.0)

    def cut_off(self, name, number, threshold):
        """Return a score at a fixed threshold on the probability of a class."""

        def pick(one, is_right=None):
            called = one.probabilities[:, number] >= threshold
            two = Predictions((one.y == number) * 1, called * 1, None, np.arange(2), None)
            if name != "net_benefit":
                return two.rate(name, 1)
            return called & (two.y == is_right), np.ones(len(one), dtype=bool)

        if name != "net_benefit":
            return self._estimate_rate(pick)[0]
        true, false = (self._estimate_rate(partial(pick, is_right=one))[0] for one in (1, 0))
        # At a threshold of 1, the cost of a false positive is infinite.
        cost = threshold / (1 - threshold) if threshold < 1 else np.nan
        return combine([true, false], [1, -cost])

    def share(self, hits, cases):
        """Return the share of `hits` among `cases`, two sets of rows of the only part."""
        return self._estimate_rate(lambda one: (hits & cases, cases))[0]

    def samples(self, name, number):
        """Return a score in each bootstrap, or None if it needs no bootstrap."""
        if name not in WITHOUT_JACKKNIFE or self._draws is None or number not in self._drawn:
            return None
        return self._drawn[number][WITHOUT_JACKKNIFE.index(name)]

    def _rates(self, name, number):
        return self._estimate_rate(lambda one: one.rate(name, number))

    def _average(self, pick):
        """Return the shares of rows of X in numerator and denominator of a mean, and its parts."""
        picked = [pick(part.predictions) for part in self.parts]
        n_cases = np.array([cases.sum() for _, cases in picked])
        hits, weights = np.zeros((2, len(self._groups)))
        for part, (hit, cases), n in zip(self.parts, picked, n_cases, strict=True):
            if n:
                share = 1 / (n * np.count_nonzero(n_cases))
                hits[part.rows] += share * hit
                weights[part.rows] += share * cases
        with np.errstate(invalid="ignore"):
            of_parts = np.array([hit.sum() for hit, _ in picked]) / n_cases
        return hits, weights, of_parts

    def _estimate_rate(self, pick):
        """Return the mean rate of the parts with its interval, and the rates of the parts."""
        hits, weights, of_parts = self._average(pick)
        estimate = estimate_rate(hits, weights, self._groups, self.n_groups)
        return replace(estimate, value=_mean(of_parts)), of_parts

    def _estimate_f1(self, number):
        rate, of_parts = self._rates("f1", number)
        value = _mean(_to_f1(of_parts))
        # With folds, the mean of the scores differs slightly from the score of the mean.
        shift = value - _to_f1(rate.value)
        low, high = np.clip(_to_f1(np.array([rate.low, rate.high])) + shift, 0, 1)
        slope = 2 / (1 + rate.value) ** 2
        return Estimate(value, low, high, rate.n_groups, slope * rate.influence)

    def _estimate_mean(self, name):
        estimates = [self.estimate(_OF_CLASS_MEAN[name], number) for number in self.present]
        estimates = [one for one in estimates if not np.isnan(one.value)]
        if name == "roc_auc_ovr" and self._has_one_curve():
            estimates = estimates[-1:]
        if len(estimates) == 1:
            return estimates[0]
        weights = np.full(len(estimates), 1 / max(len(estimates), 1))
        return combine(estimates, weights, value=_mean(self.values(name)), bounds=(0, 1))

    def _estimate_brier(self):
        total, weights, _ = self._average(lambda one: (_square(one), np.ones(len(one), dtype=bool)))
        value = total.sum()
        influence = np.bincount(self._groups, total - value * weights, minlength=self.n_groups)
        # As in a jackknife: a patient with many images pulls the mean.
        share = np.bincount(self._groups, weights, minlength=self.n_groups)
        influence /= np.maximum(1 - share, 1e-9)
        found = estimate_smooth(
            value, influence, self.n_groups, scale=self._find_scale("brier_score")
        )
        n_images = round(count_independent(self.y >= 0, self._groups, self.n_groups))
        return _hide(found) if n_images < LEAST_WHERE_FEW_COUNT else found

    def _recalibrate(self, part, number):
        one = part.predictions
        if not one.seen[number]:
            return np.full(2, np.nan), np.zeros((2, self.n_groups))
        groups = self._groups[part.rows]
        return recalibrate(one.y == number, one.probabilities[:, number], groups, self.n_groups)

    @_once
    def _calibrate(self, number):
        """Return intercept and slope, and those of the parts, of shape (n_parts, 2)."""
        # The slope of few lesions is biased, and so is its mean over folds: folds are pooled.
        repeats = sorted({part.repeat for part in self.parts})
        fits = [pool_part(self.parts, one) for one in repeats]
        found = [self._recalibrate(part, number) for part in fits]
        of_parts = found
        if len(fits) < len(self.parts):
            of_parts = [self._recalibrate(part, number) for part in self.parts]
        of_parts = np.array([values for values, _ in of_parts])
        known = [(values, moves) for values, moves in found if np.isfinite(values).all()]
        n_groups = min(self.count_groups(number))
        if not known:
            nothing = Estimate(np.nan, np.nan, np.nan, n_groups, np.zeros(self.n_groups))
            return (nothing, nothing), of_parts
        values, influences = (np.mean(of_fits, axis=0) for of_fits in zip(*known, strict=True))
        estimates = [
            estimate_unbounded(value, influence, n_groups)
            for value, influence in zip(values, influences, strict=True)
        ]
        return [_hide(one) if n_groups < LEAST_GROUPS else one for one in estimates], of_parts

    def _estimate_curve(self, name, number):
        if name == "roc_auc" and self._has_one_curve():
            number = 1  # patients with lesions of both classes would give another interval for 0
        values, influences, _ = self._rank(number)
        place = OF_CURVE.index(name)
        value, influence = values[place], influences[place]
        n_positive, n_negative = self.count_groups(number)
        n_smaller = min(n_positive, n_negative)
        least_groups = {"roc_auc": 1, "partial_auc": LEAST_WHERE_FEW_COUNT}.get(name, LEAST_GROUPS)
        drawn = self.samples(name, number)
        is_lacking = name in WITHOUT_JACKKNIFE and drawn is None
        if np.isnan(value) or n_smaller < least_groups or is_lacking:
            return _hide(Estimate(value, np.nan, np.nan, n_smaller, influence))
        if name in _SMOOTH:
            return estimate_smooth(
                value,
                influence,
                n_smaller,
                scale=_SMOOTH[name],
                least=1 / (1 / n_positive + 1 / n_negative) if name == "roc_auc" else None,
                is_skewed=name == "average_precision",
            )
        of_class, is_used = self.y == number, self.y >= 0
        cases = of_class if name == "sensitivity_at_90_specificity" else is_used & ~of_class
        n_cases = count_independent(cases, self._groups, self.n_groups)
        return estimate_rate_at(value, influence, n_smaller, n_cases, np.nanstd(drawn))

    def _has_one_curve(self):
        """Return whether there are two classes with the same AUC: their ROC curves are mirrored.

        Rounded probabilities near 1 may be tied where those near 0 are not.
        """
        if len(self.classes) != 2:
            return False
        areas = [self._rank(number)[0][OF_CURVE.index("roc_auc")] for number in (0, 1)]
        return bool(np.isclose(*areas, rtol=0, atol=1e-9))

    def _has_small_part(self, number):
        """Return whether a part is too small for an unbiased score at an estimated threshold."""
        return any(
            len(np.unique(self._groups[part.rows[rows]])) < LEAST_GROUPS_AT_RATE
            for part in self.parts
            for rows in (part.predictions.y == number, part.predictions.y != number)
        )

    @_once
    def _rank(self, number):
        """Return the scores of a curve, the influences of blocks, and the scores of the parts."""
        ranked = self._rank_parts(number)
        of_parts = np.stack(
            [np.full(len(OF_CURVE), np.nan) if one is None else one.score_all() for one in ranked],
            axis=1,
        )
        values = _mean_of_known(list(of_parts.T))
        return values, self._leave_out(ranked, of_parts, values), of_parts

    @cached_property
    def _drawn(self):
        """The scores without a jackknife in each bootstrap, by class; one pass for all classes."""
        ranked = {}
        for number in range(len(self.classes)):
            parts = [one for one in self._rank_parts(number) if one is not None]
            if parts and not self._has_small_part(number):
                ranked[number] = parts
        samples = {number: [] for number in ranked}
        for drawn in draw_groups(self.n_groups, self._draws.n_bootstraps, self._draws.seed):
            for number, parts in ranked.items():
                samples[number].append(_mean_of_known([one.resample(drawn) for one in parts]))
        return {number: np.concatenate(found, axis=1) for number, found in samples.items()}

    @_once
    def _rank_parts(self, number):
        return [self._rank_part(part, number) for part in self.parts]

    def _rank_part(self, part, number):
        one = part.predictions
        is_positive = one.y == number
        if not one.seen[number] or is_positive.all() or not is_positive.any():
            return None
        return RankedPart(
            RankedScores(is_positive, one.probabilities[:, number]),
            is_positive,
            self._blocks[part.rows],
            self._groups[part.rows],
            self.n_groups,
        )

    def _leave_out(self, ranked, of_parts, values):
        """Return how far each block moves each score, from the scores without the block."""
        without = np.repeat(of_parts.T[:, :, np.newaxis], self._n_blocks, axis=2)
        scale = np.zeros(self._n_blocks)
        for place, one in enumerate(ranked):
            if one is not None:
                blocks, scores, weights = one.leave_out()
                without[place][:, blocks] = scores
                scale[blocks] = np.maximum(scale[blocks], weights)
        moved = (values[:, np.newaxis] - _mean_of_known(list(without))) * scale
        return np.nan_to_num(moved)


def _square(predictions):
    return squared_distances(
        predictions.y, predictions.probabilities, np.arange(len(predictions.classes))
    )


def _score_calibration(predictions):
    return score_calibration(
        predictions.y, predictions.probabilities, np.arange(len(predictions.classes))
    )


def _to_f1(rate):
    return 2 * rate / (1 + rate)


def _hide(estimate):
    """Return a score without its interval."""
    nothing = np.full(len(estimate.influence), np.nan)
    return replace(estimate, low=np.nan, high=np.nan, influence=nothing)


def _mean_of_known(arrays):
    """Return the mean of arrays, ignoring NaN."""
    stacked = np.stack(arrays)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)


def _mean(values):
    return float(_mean_of_known(list(values)))
