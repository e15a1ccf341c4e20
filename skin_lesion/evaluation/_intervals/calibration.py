"""Intercept and slope of a logistic recalibration, with a jackknife over groups."""

import numpy as np
from scipy import special

from ..._utils.intervals import Estimate, estimate_unbounded
from .grouped_rows import LEAST_GROUPS
from .parts import pool_part

OF_CALIBRATION = ("calibration_intercept", "calibration_slope")
# In a recalibration, probabilities are clipped at this distance from 0 and 1: finite logits.
_CLOSE_TO_SURE = 1e-6
_MOST_STEPS = 100


class Calibration:
    """The calibration intercept and slope of each class against the rest.

    Parameters
    ----------
    grouped : GroupedRows
    """

    def __init__(self, grouped):
        self._grouped = grouped
        self._found = {}

    def find(self, name, number):
        """Return the intercept or the slope of a class, those of the parts, and of the fits."""
        if number not in self._found:
            self._found[number] = self._estimate(number)
        estimates, of_parts, of_fits = self._found[number]
        place = OF_CALIBRATION.index(name)
        return estimates[place], of_parts[:, place], of_fits[:, place]

    def _estimate(self, number):
        """Return intercept and slope, and those of the parts and of the fits, of shape (n, 2)."""
        parts, n_groups = self._grouped.parts, min(self._grouped.count_groups(number))
        # The slope of few lesions is biased, and so is its mean over folds: folds are pooled.
        repeats = sorted({part.repeat for part in parts})
        found = [self._fit(pool_part(parts, one), number) for one in repeats]
        of_parts = of_fits = np.array([values for values, _ in found])
        if len(repeats) < len(parts):
            of_parts = np.array([self._fit(part, number)[0] for part in parts])
        known = [(values, moves) for values, moves in found if np.isfinite(values).all()]
        if not known:
            no_move = np.zeros(self._grouped.n_groups)
            nothing = Estimate(np.nan, np.nan, np.nan, n_groups, no_move)
            return (nothing, nothing), of_parts, of_fits
        values, influences = (np.mean(every, axis=0) for every in zip(*known, strict=True))
        estimates = [
            estimate_unbounded(value, influence, n_groups)
            for value, influence in zip(values, influences, strict=True)
        ]
        if n_groups < LEAST_GROUPS:
            estimates = [one.without_interval() for one in estimates]
        return estimates, of_parts, of_fits

    def _fit(self, part, number):
        one, n_groups = part.predictions, self._grouped.n_groups
        if not one.seen[number]:
            return np.full(2, np.nan), np.zeros((2, n_groups))
        groups = self._grouped.groups[part.rows]
        return recalibrate(one.y == number, one.probabilities[:, number], groups, n_groups)


def recalibrate(is_positive, probabilities, groups, n_groups):
    """Return the intercept and slope of a logistic recalibration, and the influence of groups.

    The intercept is computed with a slope of 1: below 0, the probabilities are too high overall. A
    slope below 1 means that they are too extreme [1]_.

    Parameters
    ----------
    is_positive : ndarray of shape (n,), of bool

    probabilities : ndarray of shape (n,)

    groups : ndarray of shape (n,), of int
        From 0 to below `n_groups`.

    n_groups : int

    Returns
    -------
    values : ndarray of shape (2,)
        NaN if there is no finite slope: for constant probabilities, or perfect separation.

    moves : ndarray of shape (2, n_groups)
        How far each group moves each value: one step of the fit without the group.

    References
    ----------
    .. [1] B. Van Calster et al., "Calibration: the Achilles heel of predictive analytics", BMC
       Medicine 17, 230, 2019. :doi:`10.1186/s12916-019-1466-7`
    """
    logit = special.logit(np.clip(probabilities, _CLOSE_TO_SURE, 1 - _CLOSE_TO_SURE))
    values, moves = np.full(2, np.nan), np.zeros((2, n_groups))
    of_slope = np.column_stack([np.ones(len(logit)), logit])
    if is_positive.all() or not is_positive.any() or np.ptp(logit) < 1e-9:
        return values, moves
    for place, design, offset in ((0, of_slope[:, :1], logit), (1, of_slope, 0.0)):
        fit = np.zeros(design.shape[1])
        for _ in range(_MOST_STEPS):
            expected = special.expit(design @ fit + offset)
            curvature = (design.T * (expected * (1 - expected))) @ design
            if np.linalg.cond(curvature) > 1e12:
                return np.full(2, np.nan), moves
            step = np.linalg.solve(curvature, design.T @ (is_positive - expected))
            # Far from the solution, a full step may overshoot.
            fit += step / max(1.0, np.abs(step).max())
            if np.abs(step).max() < 1e-8:
                values[place] = fit[-1]
                moves[place] = _leave_out(design, is_positive, expected, groups, n_groups)
                break
        else:
            return np.full(2, np.nan), moves
    return values, moves


def _leave_out(design, is_positive, expected, groups, n_groups):
    """Return how far each group moves the last coefficient of a logistic regression."""

    def add(rows):
        return np.bincount(groups, rows, minlength=n_groups)

    weights = expected * (1 - expected)
    curvatures = np.array([[add(weights * a * b) for a in design.T] for b in design.T]).T
    slopes = np.array([add(a * (is_positive - expected)) for a in design.T]).T
    rest = curvatures.sum(axis=0) - curvatures
    return np.einsum("gi,gi->g", np.linalg.pinv(rest, hermitian=True)[:, -1], slopes)
