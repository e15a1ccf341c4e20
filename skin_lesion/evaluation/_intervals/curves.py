"""Scores of the ROC and precision-recall curves, with a jackknife and a bootstrap over groups."""

from functools import cached_property

import numpy as np

from ..._utils.intervals import Estimate, draw_groups, estimate_rate_at, estimate_smooth
from .._metrics.ranked_scores import RankedScores
from .grouped_rows import LEAST_GROUPS, LEAST_GROUPS_AT_RATE, LEAST_WHERE_FEW_COUNT
from .parts import mean_of_known
from .ranked_parts import MIN_SENSITIVITY, OF_CURVE, WITHOUT_JACKKNIFE, RankedPart

# The highest value of each area.
HIGHEST_AREAS = {"roc_auc": 1.0, "average_precision": 1.0, "partial_auc": 1 - MIN_SENSITIVITY}


class Curves:
    """The scores of the curves of each class against the rest.

    Parameters
    ----------
    grouped : GroupedRows

    draws : Draws or None
        None omits the intervals that need a bootstrap.
    """

    def __init__(self, grouped, draws):
        self._grouped, self._draws = grouped, draws
        self._found = {}

    def find(self, name, number):
        """Return a score of the curves of a class, and those of the parts."""
        of_parts = self._rank(number)[2][OF_CURVE.index(name)]
        if name == "roc_auc" and self.has_one_curve():
            number = 1  # patients with lesions of both classes would give another interval for 0
        return self._estimate(name, number), of_parts

    def _estimate(self, name, number):
        values, influences, *_ = self._rank(number)
        place = OF_CURVE.index(name)
        value, influence = values[place], influences[place]
        n_positive, n_negative = self._grouped.count_groups(number)
        n_smaller = min(n_positive, n_negative)
        least_groups = {"roc_auc": 1, "partial_auc": LEAST_WHERE_FEW_COUNT}.get(name, LEAST_GROUPS)
        drawn = self.samples(name, number)
        is_lacking = name in WITHOUT_JACKKNIFE and drawn is None
        if np.isnan(value) or n_smaller < least_groups or is_lacking:
            return Estimate(value, np.nan, np.nan, n_smaller, np.full(len(influence), np.nan))
        if name in HIGHEST_AREAS:
            return estimate_smooth(
                value,
                influence,
                n_smaller,
                n_equal=min(self._grouped.count_equal_groups(number)),
                scale=HIGHEST_AREAS[name],
                least=1 / (1 / n_positive + 1 / n_negative) if name == "roc_auc" else None,
                is_skewed=name == "average_precision",
            )
        n_cases = self._grouped.count_independent(
            number, others=name != "sensitivity_at_90_specificity"
        )
        return estimate_rate_at(value, influence, n_smaller, n_cases, np.nanstd(drawn))

    def has_one_curve(self):
        """Return whether there are two classes with the same AUC: their ROC curves are mirrored.

        Rounded probabilities near 1 may be tied where those near 0 are not.
        """
        if len(self._grouped.classes) != 2:
            return False
        areas = [self._rank(number)[0][OF_CURVE.index("roc_auc")] for number in (0, 1)]
        return bool(np.isclose(*areas, rtol=0, atol=1e-9))

    def samples(self, name, number):
        """Return a score in each bootstrap, or None if it needs no bootstrap."""
        if name not in WITHOUT_JACKKNIFE or self._draws is None or number not in self._drawn:
            return None
        return self._drawn[number][WITHOUT_JACKKNIFE.index(name)]

    def _has_small_part(self, number):
        """Return whether a part is too small for an unbiased score at an estimated threshold."""
        return any(
            len(np.unique(self._grouped.groups[part.rows[rows]])) < LEAST_GROUPS_AT_RATE
            for part in self._grouped.parts
            for rows in (part.predictions.y == number, part.predictions.y != number)
        )

    def _rank(self, number):
        """Return the scores of a curve, influences of blocks, scores of parts, and ranked parts."""
        if number not in self._found:
            ranked = [self._rank_part(part, number) for part in self._grouped.parts]
            nothing = np.full(len(OF_CURVE), np.nan)
            of_parts = [nothing if one is None else one.score_all() for one in ranked]
            values = mean_of_known(of_parts)
            influences = self._leave_out(ranked, of_parts, values)
            self._found[number] = values, influences, np.stack(of_parts, axis=1), ranked
        return self._found[number]

    @cached_property
    def _drawn(self):
        """The scores without a jackknife in each bootstrap, by class; one pass for all classes."""
        ranked, draws = {}, self._draws
        for number in range(len(self._grouped.classes)):
            parts = [one for one in self._rank(number)[3] if one is not None]
            if parts and not self._has_small_part(number):
                ranked[number] = parts
        samples = {number: [] for number in ranked}
        for drawn in draw_groups(self._grouped.n_groups, draws.n_bootstraps, draws.seed):
            for number, parts in ranked.items():
                samples[number].append(mean_of_known([one.resample(drawn) for one in parts]))
        return {number: np.concatenate(found, axis=1) for number, found in samples.items()}

    def _rank_part(self, part, number):
        one = part.predictions
        is_positive = one.y == number
        if not one.seen[number] or is_positive.all() or not is_positive.any():
            return None
        return RankedPart(
            RankedScores(is_positive, one.probabilities[:, number]),
            is_positive,
            self._grouped.blocks[part.rows],
            self._grouped.groups[part.rows],
            self._grouped.n_groups,
        )

    def _leave_out(self, ranked, of_parts, values):
        """Return how far each block moves each score, from the scores without the block."""
        without = np.repeat(np.array(of_parts)[:, :, np.newaxis], self._grouped.n_blocks, axis=2)
        scale = np.zeros(self._grouped.n_blocks)
        for place, one in enumerate(ranked):
            if one is not None:
                blocks, scores, weights = one.leave_out()
                without[place][:, blocks] = scores
                scale[blocks] = np.maximum(scale[blocks], weights)
        moved = (values[:, np.newaxis] - mean_of_known(list(without))) * scale
        return np.nan_to_num(moved)
