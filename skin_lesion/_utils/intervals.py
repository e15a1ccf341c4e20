"""Intervals of scores over lesions or patients: groups of images that are no independent cases.

The parts of a method are here. Which score takes which is said in
:mod:`skin_lesion.evaluation._intervals.estimates`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.utils import check_random_state

CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_NORMAL = stats.norm.ppf(1 - _TAIL)
# Images of a lesion are mostly right or wrong together. Where few lesions are wrong, the data
# cannot tell how much, and as many lesions of this correlation are added.
_USUAL_CORRELATION, _N_OF_USUAL = 0.6, 3
# Of fewer lesions the interval of Wilson holds too little for some rates.
_FEW = 10
# Degrees of freedom for each lesion that a variance rests on. The number of these lesions, from the
# fourth moment, is that of the discordant ones where each is right or wrong, and a third of all
# where they are normally distributed. By simulation 1.8 comes close to McNemar's exact test for
# the former, and holds for AUC near 1.
_FREEDOM, _FREEDOM_OF_NORMAL = 1.8, 3.0
_LEAST_FREEDOM = 4
# Sums of floats that differ by less are equal.
_NOTHING = 1e-12
# Weights of this many groups times bootstraps are held at once: 16 MB.
_WEIGHTS_AT_ONCE = 2**21


@dataclass
class Estimate:
    """A score with its 95% interval.

    Attributes
    ----------
    value, low, high : float
        `low` and `high` are NaN where nothing can be said.

    n_groups : int
        Number of lesions or patients that the score rests on.

    influence : ndarray of shape (n,)
        How far each group, or block of groups, moves the score. The sum of their squares is the
        variance of the score.

    freedom : float
        Degrees of freedom of that variance.
    """

    value: float
    low: float
    high: float
    n_groups: int
    influence: np.ndarray
    freedom: float = np.inf


def draw_groups(n_groups, n_bootstraps, random_state):
    """Yield how often each group is drawn with replacement, as arrays of shape (n_groups, b).

    Groups are drawn whatever their classes are: a group may have several, and how frequent a class
    is varies from sample to sample, too [1]_.

    References
    ----------
    .. [1] C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal
       Statistical Society B 69(3), 369-390, 2007. :doi:`10.1111/j.1467-9868.2007.00593.x`
    """
    rng = check_random_state(random_state)
    at_once = int(np.clip(_WEIGHTS_AT_ONCE // n_groups, 8, 256))
    for start in range(0, n_bootstraps, at_once):
        b = min(at_once, n_bootstraps - start)
        drawn = rng.randint(n_groups, size=(n_groups, b)) * b + np.arange(b)
        yield np.bincount(drawn.ravel(), minlength=n_groups * b).reshape(n_groups, b).astype(float)


def estimate_rate(hits, cases, groups, n_groups):
    """Return a rate with its interval: that of Wilson, for the effective number of images.

    Images of one lesion are correlated, which makes them worth fewer [1]_ [2]_: between one for
    each lesion and one for each image. Where that is known from few groups, the quantile is that of
    a t distribution. Rates of less than ten lesions, or of images worth less than
    ten, have the exact interval, and so have rates of 0 and 1, of as many lesions [3]_.

    Parameters
    ----------
    hits, cases : ndarray of shape (n,), of float
        Weights of the rows in numerator and denominator.

    groups : ndarray of shape (n,), of int
        From 0 to below `n_groups`.

    n_groups : int

    Returns
    -------
    estimate : Estimate
        Its value is NaN where there are no cases.

    References
    ----------
    .. [1] J. N. K. Rao and A. J. Scott, "A simple method for the analysis of clustered binary
       data", Biometrics 48(2), 577-585, 1992. :doi:`10.2307/2532311`
    .. [2] N. Dean and M. Pagano, "Evaluating confidence interval methods for binomial proportions
       in clustered surveys", Journal of Survey Statistics and Methodology 3(4), 484-503, 2015.
       :doi:`10.1093/jssam/smv024`
    .. [3] C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in
       the case of the binomial", Biometrika 26(4), 404-413, 1934. :doi:`10.1093/biomet/26.4.404`
    """
    total = cases.sum()
    if total == 0:
        return Estimate(np.nan, np.nan, np.nan, 0, np.zeros(n_groups))
    of_groups = np.bincount(groups, cases / total, minlength=n_groups)
    right = np.bincount(groups, hits / total, minlength=n_groups)
    missed = of_groups - right > _NOTHING
    rate, n_cases = right.sum(), int((of_groups > 0).sum())
    influence = right - rate * of_groups
    n_of_rarer = min(int((right > 0).sum()), int(missed.sum()))
    if n_of_rarer == 0:
        rate = 0.0 if missed.any() else 1.0
        return Estimate(rate, *_find_exact(rate, n_cases), n_cases, 0 * influence)
    shares, alone = np.square(of_groups), np.bincount(groups, np.square(cases / total), n_groups)
    apart, gain = alone.sum(), (shares - alone).sum()
    correlation = 1.0
    if n_cases > 1 and gain > 0:
        # The rate follows a patient of many images, who deviates from it the less: by the expected
        # squares of the deviations, and of the rate, the correlation is free of that.
        moved = np.square(influence).sum() / (rate * (1 - rate))
        mix = 1 - 2 * of_groups + shares.sum()
        correlation = (moved * (1 - apart) - mix @ alone) / (mix @ (shares - alone) + moved * gain)
        # Nor does it rest on more groups than have most of the images.
        n_known = min(n_of_rarer, shares.sum() ** 2 / np.square(shares).sum())
        correlation = np.clip(correlation, 0, 1) * n_known + _USUAL_CORRELATION * _N_OF_USUAL
        correlation /= n_known + _N_OF_USUAL
    n_effective = 1 / (apart + correlation * gain)
    if min(n_cases, n_effective) < _FEW:
        return Estimate(rate, *_find_exact(rate, n_effective), n_cases, influence)
    # The part of the variance that the correlation makes is known from as many groups as
    # have most of the images. The rest is that of independent images, which the rate gives.
    n_known = max(1 / shares.sum() - 1, 1)
    freedom = n_known / max(n_effective * correlation * gain, _NOTHING) ** 2
    bounds = wilson(rate, n_effective, _quantile(freedom))
    return Estimate(rate, *bounds, n_cases, influence, freedom)


def estimate_smooth(value, influence, n_groups, *, scale=1.0, least=None, deviation=None):
    """Return a score from 0 to `scale` with the interval of a t distribution of its logit.

    Parameters
    ----------
    value : float

    influence : ndarray of shape (n,)

    n_groups : int
        Of the smaller class, where the score has two.

    scale : float
        The highest value.

    least : float, default=None
        A number of independent cases of which a rate would vary at least as much as the score
        does: the interval is no wider than that of such a rate.

    deviation : float, default=None
        The standard error, where the influences do not give it.
    """
    freedom = _count_freedom(influence, n_groups)
    if deviation is None:
        deviation = np.sqrt(np.square(influence).sum())
    share = value / scale
    low = high = np.nan
    if 0 < share < 1 and deviation > _NOTHING and n_groups > 1:
        logit = np.log(share / (1 - share))
        width = _quantile(freedom) * deviation / scale / (share * (1 - share))
        low, high = 1 / (1 + np.exp(-np.clip(logit + np.array([-width, width]), -500, 500)))
    if least is not None:
        limits = wilson(share, least) if 0 < share < 1 else _find_exact(share, least)
        if not high - low < limits[1] - limits[0]:
            (low, high), freedom = limits, np.inf
    return Estimate(value, low * scale, high * scale, n_groups, influence, freedom)


def estimate_rate_at(value, influence, n_groups, n_cases, deviation):
    """Return a rate at a threshold that is estimated as well, with the interval of Wilson.

    It varies at least as a rate of `n_cases` lesions at a fixed threshold does.
    """
    # The influences are those of a few lesions at the threshold alone: they say little.
    freedom = max(_count_freedom(influence, n_groups), min(_LEAST_FREEDOM, n_groups - 1))
    spread = value * (1 - value)
    if spread == 0:
        bounds = _find_exact(value, n_cases)
    else:
        n_effective = min(n_cases, spread / max(deviation, 1e-9) ** 2)
        bounds = wilson(value, n_effective, _quantile(freedom))
    return Estimate(value, *bounds, n_groups, influence, freedom)


def estimate_unbounded(value, influence, n_groups):
    """Return a number of any size with the interval of a t distribution."""
    freedom = _count_freedom(influence, n_groups)
    width = _quantile(freedom) * np.sqrt(np.square(influence).sum())
    if width < _NOTHING or n_groups < 2:
        width = np.nan
    return Estimate(value, value - width, value + width, n_groups, influence, freedom)


def combine(estimates, weights, *, value=None, bounds=(-np.inf, np.inf)):
    """Return a weighted sum of scores with its interval, recovered from theirs.

    The distances of the limits from the values stand for the standard errors there [1]_, so that a
    class of a few lesions, all of them right, widens the interval of a mean.

    Parameters
    ----------
    estimates : list of Estimate

    weights : array-like of shape (n_estimates,)

    value : float, default=None
        Of the sum, where it is not that of the values.

    bounds : tuple of float
        What the sum cannot leave.

    References
    ----------
    .. [1] G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a
       general approach", Statistics in Medicine 27(10), 1693-1702, 2008. :doi:`10.1002/sim.3095`
    """
    weights = np.asarray(weights, dtype=float)
    if not estimates:
        return Estimate(np.nan, np.nan, np.nan, 0, np.zeros(1))
    values = np.array([one.value for one in estimates])
    limits = np.array([[one.low, one.high] for one in estimates])
    freedom = np.array([one.freedom for one in estimates])
    influences = weights[:, np.newaxis] * [one.influence for one in estimates]
    value = weights @ values if value is None else value
    # The lower limit of a difference hangs on the upper one of what is taken away.
    limits = np.where(weights[:, np.newaxis] < 0, limits[:, ::-1], limits)
    distances = np.abs(weights * (limits.T - values) / _quantile(freedom)) ** 2
    apart = np.square(influences).sum()
    shared = np.square(influences.sum(axis=0)).sum() / apart if apart > 0 else 1.0
    ends = []
    for sign, squares in zip((-1, 1), distances, strict=True):
        total = squares.sum()
        of_all = total**2 / max(np.sum(squares**2 / freedom), 1e-300) if total > 0 else np.inf
        ends.append(value + sign * _quantile(of_all) * np.sqrt(max(1.0, shared) * total))
    n_groups = min(one.n_groups for one in estimates)
    low, high = np.clip(ends, *bounds)
    return Estimate(float(value), low, high, n_groups, influences.sum(axis=0))


def compare_estimates(first, second, *, is_count=True, deviation=None, least=0.0, scale=1.0):
    """Return the difference of two scores of the same groups, its interval and its p value.

    Of counts the variance is that at each hypothetical difference, as in the test of McNemar and
    the interval of Tango [1]_. A t distribution allows for few discordant groups. So p is less than
    0.05 exactly where the interval leaves out 0.

    Parameters
    ----------
    first, second : Estimate

    is_count : bool
        Whether groups are right or wrong, rather than more or less so.

    deviation : float, default=None
        The standard error, where the influences do not give it.

    least : float, default=0.0
        The standard error of scores that are no counts is at least this.

    scale : float, default=1.0
        The largest difference that is possible.

    Returns
    -------
    difference, low, high, p_value : float
        `second` less `first`. Where no group tells the two apart, there is no interval, and p is 1.

    References
    ----------
    .. [1] T. Tango, "Equivalence test and confidence interval for the difference in proportions for
       the paired-sample design", Statistics in Medicine 17(8), 891-908, 1998.
       :doi:`10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B`
    """
    difference = second.value - first.value
    n = min(first.n_groups, second.n_groups)
    influence = second.influence - first.influence
    variance = np.square(influence).sum() if deviation is None else deviation**2
    if np.isnan(difference) or np.isnan(variance) or n < 2:
        return difference, np.nan, np.nan, np.nan
    if variance < _NOTHING**2 and abs(difference) < _NOTHING:
        return difference, np.nan, np.nan, 1.0
    freedom, share = n - 1.0, 0.0
    if deviation is None:
        takes_part = np.abs(influence) > _NOTHING
        n_parts = takes_part.sum() or n
        share = is_count / n_parts
        uncentred = influence + takes_part * difference / n_parts
        freedom = _count_freedom(uncentred, n, _FREEDOM if is_count else _FREEDOM_OF_NORMAL)
    if not is_count:
        variance = max(variance, least**2)
    p_value = 2 * stats.t.sf(abs(difference) / np.sqrt(variance + difference**2 * share), freedom)
    t = _quantile(freedom)
    shrunk = 1 + t**2 * share
    width = t * np.sqrt(shrunk * variance + (t * difference * share) ** 2)
    low, high = np.clip(np.array([difference - width, difference + width]) / shrunk, -scale, scale)
    return difference, low, high, p_value


def find_least_deviation(difference, n_groups):
    """Return the standard error that gives p of the sign test where all groups differ alike.

    No group moves an AUC of 1, nor that of constant scores: their influences are 0, and yet few
    groups may differ by chance.
    """
    n_groups = max(n_groups, 2)
    return abs(difference) / stats.t.isf(0.5**n_groups, n_groups - 1)


def wilson(rate, n, quantile=_NORMAL):
    """Return the interval of a rate of n cases.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
    the American Statistical Association 22(158), 209-212, 1927.
    :doi:`10.1080/01621459.1927.10502953`
    """
    square = quantile**2
    centre = (rate + square / (2 * n)) / (1 + square / n)
    width = quantile / (1 + square / n) * np.sqrt(rate * (1 - rate) / n + square / (4 * n**2))
    return centre - width, centre + width


def _find_exact(rate, n):
    """Return the interval of Clopper and Pearson, for a number of cases that need not be whole."""
    low = stats.beta.ppf(_TAIL, rate * n, (1 - rate) * n + 1) if rate > 0 else 0.0
    high = stats.beta.ppf(1 - _TAIL, rate * n + 1, (1 - rate) * n) if rate < 1 else 1.0
    return low, high


def _count_freedom(influence, n_groups, per_group=_FREEDOM):
    """Return the degrees of freedom of a variance: few, where few groups make most of it."""
    squares = np.square(influence)
    fourth = np.square(squares).sum()
    if not fourth > 0:
        return max(n_groups - 1.0, 1.0)
    return float(np.clip(per_group * squares.sum() ** 2 / fourth, 1, max(n_groups - 1, 1)))


def _quantile(freedom):
    return stats.t.ppf(1 - _TAIL, freedom)
