"""ROC curves of one class against the rest, ranked once for many weightings of the rows."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

ROUNDING = 1e-12  # of rates: 1 - 0.3 may be slightly less than 0.7


@dataclass
class RankedCurve:
    """A ROC curve for each of b weightings of the rows, at the m distinct scores of positives.

    The curve rises only at the scores of positives: between two of them only false positives are
    added. If negatives share the score of a positive, the curve is diagonal there.

    Attributes
    ----------
    hits : ndarray of shape (m, b)
        Weight of the positives at each score, from the highest score down.

    true : ndarray of shape (m, b)
        Weight of the positives at this score and above.

    above, through : ndarray of shape (m, b)
        Weight of the negatives above this score, and of those at this score and above.

    n_positive, n_negative : ndarray of shape (b,)
        Weight of all positives and all negatives.
    """

    hits: np.ndarray
    true: np.ndarray
    above: np.ndarray
    through: np.ndarray
    n_positive: np.ndarray
    n_negative: np.ndarray

    def area(self):
        """Return the area under the curve, of shape (b,)."""
        return self._of_both(
            (self.hits * (1 - (self.above + self.through) / (2 * self.n_negative))).sum(axis=0)
            / self.n_positive
        )

    def areas_above_tpr(self, tpr):
        """Return two areas of the curve from where it reaches a true-positive rate.

        The first goes down to this rate, and the second to the axis; both are of shape (b,).
        """
        before, after = (self.true - self.hits) / self.n_positive, self.true / self.n_positive
        # Where each piece of the curve starts if it is cut off below the rate.
        start, rise = np.clip(tpr, before, after), after - before
        share = np.divide(start - before, rise, out=np.zeros_like(rise), where=rise > 0)
        fpr_at_start = (self.above + share * (self.through - self.above)) / self.n_negative
        width = 1 - (fpr_at_start + self.through / self.n_negative) / 2
        area = ((after - start) * width).sum(axis=0)
        first = (after >= tpr - ROUNDING).argmax(axis=0)
        fpr = np.take_along_axis(fpr_at_start, first[np.newaxis], axis=0)[0]
        return self._of_both(area), self._of_both(area + tpr * (1 - fpr))

    def best_tpr(self, specificity):
        """Return the highest sensitivity of the cut-offs with at least this specificity."""
        of_cut_offs = (self.n_negative - self.through) / self.n_negative
        is_allowed = of_cut_offs >= specificity - ROUNDING
        return self._of_both(np.max(self.true / self.n_positive * is_allowed, axis=0, initial=0.0))

    def best_specificity(self, sensitivity):
        """Return the highest specificity of the cut-offs with at least this sensitivity."""
        is_allowed = self.true / self.n_positive >= sensitivity - ROUNDING
        specificity = (self.n_negative - self.through) / self.n_negative
        return self._of_both(np.max(specificity * is_allowed, axis=0, initial=0.0))

    def average_precision(self):
        """Return the mean of the precisions, weighted by the gains in recall, of shape (b,)."""
        called = self.true + self.through
        precision = np.divide(self.true, called, out=np.zeros_like(called), where=called > 0)
        gains = self.hits * precision
        return self._of_both(gains.sum(axis=0) / self.n_positive)

    def _of_both(self, values):
        return np.where((self.n_positive > 0) & (self.n_negative > 0), values, np.nan)


class RankedScores:
    """Scores of positive and negative rows, prepared for ROC curves.

    For each weighting, a ROC curve needs only sums of weights over rows. These are a product with a
    sparse matrix, for which resampled groups need not be expanded to rows.

    Parameters
    ----------
    is_positive : ndarray of shape (n,), of bool

    scores : ndarray of shape (n,), of float

    Attributes
    ----------
    thresholds : ndarray of shape (m,)
        The distinct scores of positives, from the highest down.

    sums : sparse array of shape (3 * m + 1, n)
        Its product with weights of shape (n, b) is the input of :meth:`curve`.
    """

    def __init__(self, is_positive, scores):
        self.thresholds = np.unique(scores[is_positive])[::-1]
        m = len(self.thresholds)
        # Numbers of thresholds above a score, and not below it: equal unless the score is one.
        n_above = np.searchsorted(-self.thresholds, -scores, side="left")
        n_not_below = np.searchsorted(-self.thresholds, -scores, side="right")
        # Positives at threshold i are row i. Negatives above it (and below the one before) are row
        # m + 2 * i, those at it m + 2 * i + 1; those below all thresholds are the last row.
        cell = np.where(is_positive, n_above, m + n_above + n_not_below)
        self.sums = csr_array(
            (np.ones(len(scores)), (cell, np.arange(len(scores)))), shape=(3 * m + 1, len(scores))
        )

    def curve(self, sums):
        """Return the :class:`RankedCurve` of the products of `sums` with weights."""
        m = len(self.thresholds)
        hits, negatives = sums[:m], np.cumsum(sums[m : 3 * m + 1], axis=0)
        true = np.cumsum(hits, axis=0)
        return RankedCurve(
            hits=hits,
            true=true,
            above=negatives[:-1:2],
            through=negatives[1::2],
            n_positive=true[-1],  # a sum in another order may differ in its last digit
            n_negative=negatives[-1],
        )
