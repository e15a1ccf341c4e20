"""Curves of one class on one part, for the jackknife and the bootstrap."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from .._metrics.ranked_scores import RankedScores

MIN_SENSITIVITY = 0.8
AT_RATE = 0.9
_WITH_JACKKNIFE = ("roc_auc", "average_precision", "partial_auc")
# Their intervals are of bootstraps.
WITHOUT_JACKKNIFE = (
    "auc_above_80_sensitivity",
    "sensitivity_at_90_specificity",
    "specificity_at_90_sensitivity",
)
OF_CURVE = _WITH_JACKKNIFE + WITHOUT_JACKKNIFE
# Sums that are in memory at once: 16 MB.
_SUMS_AT_ONCE = 2**21


@dataclass
class RankedPart:
    """The curve of a class on a part, also with some images left out or repeated."""

    ranked: RankedScores
    is_positive: np.ndarray
    blocks: np.ndarray
    groups: np.ndarray
    n_groups: int

    def score_all(self):
        return self.score(self.ranked.sums.sum(axis=1)[:, np.newaxis])[:, 0]

    def score(self, sums, names=OF_CURVE):
        with np.errstate(divide="ignore", invalid="ignore"):
            return _finish_curve(self.ranked.curve(sums), names)

    def leave_out(self):
        """Return the blocks, the scores without each, and sqrt((n - 1) / n) with n of its class."""
        blocks, numbers = np.unique(self.blocks, return_inverse=True)
        sums = self._sum_by(numbers, len(blocks)).tocsc()
        total = sums.sum(axis=1)[:, np.newaxis]
        scores = self._score_slices(lambda some: total - sums[:, some].toarray(), len(blocks))
        has_positive = np.bincount(numbers, self.is_positive) > 0
        n = np.where(has_positive, has_positive.sum(), (~has_positive).sum())
        # The only block of its class in a fold represents the class: it keeps its full weight.
        return blocks, scores, np.sqrt(np.where(n > 1, (n - 1) / n, 1.0))

    def resample(self, drawn):
        """Return the scores without a jackknife, given how often each group is drawn."""
        return self._score_slices(
            lambda some: self._of_groups @ drawn[:, some], drawn.shape[1], WITHOUT_JACKKNIFE
        )

    def _score_slices(self, make_sums, n, names=OF_CURVE):
        """Return the scores of n columns of sums, which have several rows for each positive."""
        at_once = int(np.clip(_SUMS_AT_ONCE // self.ranked.sums.shape[0], 8, 256))
        slices = [slice(start, start + at_once) for start in range(0, n, at_once)]
        return np.concatenate([self.score(make_sums(some), names) for some in slices], axis=1)

    @cached_property
    def _of_groups(self):
        return self._sum_by(self.groups, self.n_groups).tocsr()

    def _sum_by(self, numbers, n):
        members = csr_array(
            (np.ones(len(numbers)), (np.arange(len(numbers)), numbers)), (len(numbers), n)
        )
        return self.ranked.sums @ members


def _finish_curve(curve, names):
    partial, whole = curve.areas_above_tpr(MIN_SENSITIVITY)
    functions = {
        "roc_auc": curve.area,
        "average_precision": curve.average_precision,
        "partial_auc": lambda: partial,
        "auc_above_80_sensitivity": lambda: whole,
        "sensitivity_at_90_specificity": lambda: curve.best_tpr(AT_RATE),
        "specificity_at_90_sensitivity": lambda: curve.best_specificity(AT_RATE),
    }
    return np.stack([functions[name]() for name in names])
