"""Confidence intervals of scores over lesions or patients: images of a group are not independent.

The parts of the method are here. :mod:`skin_lesion.evaluation._intervals.estimates` chooses the
parts for each score.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats
from sklearn.utils import check_random_state

CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
_NORMAL = special.ndtri(1 - _TAIL)
# Images of a lesion are mostly right or wrong together. If few lesions are wrong, the data cannot
# show how strong this correlation is, so pseudo-lesions with the usual correlation are added.
_USUAL_CORRELATION, _N_OF_USUAL = 0.6, 2
# With fewer lesions, the interval of Wilson has too little coverage for some rates.
_FEW = 10
# Degrees of freedom per lesion that contributes to a variance. The number of these lesions is
# estimated from the fourth moment: it is a third of all if their scores are normally distributed,
# and that of the discordant ones if lesions are right or wrong. By simulation, 1.4 has the right
# coverage if few lesions contribute most, and 1.8 comes close to McNemar's exact test.
_FREEDOM, _FREEDOM_OF_COUNTS, _FREEDOM_OF_NORMAL = 1.4, 1.8, 3.0
_LEAST_FREEDOM = 4
# A sum varies by at least this share of what it would if its parts were independent.
_LEAST_SHARED = 0.1
# Sums of floats that differ by less count as equal.
_NOTHING = 1e-12
# Number of groups times bootstraps whose weights are in memory at once: 16 MB.
_WEIGHTS_AT_ONCE = 2**21


@dataclass
class Estimate:
    """A score with its 95% interval.

    Attributes
    ----------
    value, low, high : float
        `low` and `high` are NaN if there is no interval.

    n_groups : int
        Number of lesions or patients behind the score.

    influence : ndarray of shape (n,)
        How much each group, or block of groups, changes the score. The sum of their squares is the
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

    def without_interval(self):
        nothing = np.full(len(self.influence), np.nan)
        return replace(self, low=np.nan, high=np.nan, influence=nothing)


def draw_groups(n_groups, n_bootstraps, random_state):
    """Yield how often each group is drawn with replacement, as arrays of shape (n_groups, b).

    The draw is not stratified by class: a group may have several classes, and the prevalence of a
    class varies from sample to sample, too [1]_.

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
    """Return a rate with the interval of Wilson, for the effective number of images.

    Images of one lesion are correlated, so their effective number is smaller [1]_ [2]_: between the
    number of lesions and the number of images. Few groups may show how strong the correlation is,
    either because few have most of the images, or because few deviate from the rate. So the
    quantile is that of a t distribution, with degrees of freedom as by Satterthwaite [3]_. The
    interval is exact [4]_ if there are fewer than ten lesions, if the effective number is below
    ten, and for rates of 0 and 1 (with the number of lesions). In place of a larger quantile, it
    then has a smaller effective number [5]_.

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
    .. [3] R. M. Bell and D. F. McCaffrey, "Bias reduction in standard errors for linear regression
       with multi-stage samples", Survey Methodology 28(2), 169-181, 2002.
    .. [4] C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in
       the case of the binomial", Biometrika 26(4), 404-413, 1934. :doi:`10.1093/biomet/26.4.404`
    .. [5] E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected
       number of positive counts estimated from survey data", Survey Methodology 24(2), 193-201,
       1998.
    """
    total = cases.sum()
    if total == 0:
        return Estimate(np.nan, np.nan, np.nan, 0, np.zeros(n_groups))
    of_groups, alone, joint = _share_out(cases / total, groups, n_groups)
    right = np.bincount(groups, hits / total, minlength=n_groups)
    missed = of_groups - right > _NOTHING
    rate, n_cases = right.sum(), int((of_groups > 0).sum())
    influence = right - rate * of_groups
    n_of_rarer = min(int((right > 0).sum()), int(missed.sum()))
    if n_of_rarer == 0:
        rate = 0.0 if missed.any() else 1.0
        return Estimate(rate, *_find_exact(rate, n_cases), n_cases, 0 * influence)
    shares = alone + joint
    apart, gain, correlation = alone.sum(), joint.sum(), 1.0
    # A few groups with most of the images do not show how alike these are: they count as one each.
    few_have_most = 1 / shares.sum() < min(_FEW, n_cases / 2)
    if n_cases > 1 and gain > 0 and not few_have_most:
        # A patient with many images pulls the rate and therefore deviates less from it. The
        # expected squares of the deviations, and of the rate, correct the correlation for this.
        moved = np.square(influence).sum() / (rate * (1 - rate))
        mix = 1 - 2 * of_groups + shares.sum()
        correlation = (moved * (1 - apart) - mix @ alone) / (mix @ joint + moved * gain)
        # It rests on no more groups than those that have most of the images.
        n_known = min(n_of_rarer, shares.sum() ** 2 / np.square(shares).sum())
        correlation = np.clip(correlation, 0, 1)
        usual = _find_usual(apart, gain)
        mixed = (correlation * n_known + usual * _N_OF_USUAL) / (n_known + _N_OF_USUAL)
        correlation = max(correlation, mixed)
    n_effective = 1 / (apart + correlation * gain)
    # The part of the variance due to correlation is estimated from the groups that contribute to
    # it. The rest is the variance of independent images, which follows from the rate.
    freedom = _count_freedom(influence, 1 / shares.sum())
    freedom /= max(n_effective * correlation * gain, _NOTHING) ** 2
    quantile = _quantile(freedom)
    if min(n_cases, n_effective) < _FEW:
        # At least the number that there would be if all images of a group were alike.
        n_effective = max(n_effective * (_NORMAL / quantile) ** 2, 1 / shares.sum())
        return Estimate(rate, *_find_exact(rate, n_effective), n_cases, influence)
    bounds = wilson(rate, n_effective, quantile)
    return Estimate(rate, *bounds, n_cases, influence, freedom)


def count_independent(cases, groups, n_groups):
    """Return the number of independent images that vary as much as these, if usually correlated."""
    _, alone, joint = _share_out(cases / cases.sum(), groups, n_groups)
    apart, gain = alone.sum(), joint.sum()
    return 1 / (apart + _find_usual(apart, gain) * gain)


def _share_out(weights, groups, n_groups):
    """Return the weight of each group, and its square in two parts.

    These are the squares of the weights of its images, and the products of different images.
    """
    of_groups = np.bincount(groups, weights, minlength=n_groups)
    alone = np.bincount(groups, np.square(weights), minlength=n_groups)
    return of_groups, alone, np.square(of_groups) - alone


def _find_usual(apart, gain):
    """Return the usual correlation of images of a group, for its mean number of other images.

    Patients with many images have several lesions, which are less alike than images of a lesion.
    """
    return _USUAL_CORRELATION / np.sqrt(max(gain / apart, 1.0))


def estimate_smooth(
    value, influence, n_groups, *, n_equal=None, scale=1.0, least=None, is_skewed=False
):
    """Return a score from 0 to `scale` with the interval of a t distribution of its logit.

    Parameters
    ----------
    value : float

    influence : ndarray of shape (n,)

    n_groups : int
        Of the smaller class, if the score has two.

    n_equal : float, default=None
        How many groups with equal numbers of images vary as much. They limit the degrees of
        freedom. None takes `n_groups`.

    scale : float
        The highest value.

    least : float, default=None
        A number of independent cases. A rate of so many cases varies at least as much as the score,
        so the interval is no wider than the interval of such a rate.

    is_skewed : bool, default=False
        Whether the score is more often far too high than far too low: -log(-log(score)) then takes
        the place of the logit, as for survival probabilities [1]_.

    References
    ----------
    .. [1] O. Borgan and K. Liestøl, "A note on confidence intervals and bands for the survival
       function based on transformations", Scandinavian Journal of Statistics 17(1), 35-41, 1990.
    """
    freedom = _count_freedom(influence, n_equal or n_groups)
    deviation = np.sqrt(np.square(influence).sum())
    share = value / scale
    low = high = np.nan
    if 0 < share < 1 and deviation > _NOTHING and n_groups > 1:
        if is_skewed:
            place, slope, back = -np.log(-np.log(share)), -share * np.log(share), _undo_log_log
        else:
            place, slope, back = special.logit(share), share * (1 - share), special.expit
        width = _quantile(freedom) * deviation / (scale * slope)
        low, high = back(np.clip([place - width, place + width], -500, 500))
    if least is not None:
        limits = wilson(share, least) if 0 < share < 1 else _find_exact(share, least)
        if not high - low < limits[1] - limits[0]:
            (low, high), freedom = limits, np.inf
    return Estimate(value, low * scale, high * scale, n_groups, influence, freedom)


def estimate_rate_at(value, influence, n_groups, n_cases, deviation):
    """Return a rate at a threshold that is itself estimated, with the interval of Wilson.

    It varies at least as much as a rate of `n_cases` independent images at a fixed threshold.
    """
    # Only a few lesions near the threshold have influence, which says little.
    freedom = _count_freedom(influence, n_groups, _FREEDOM_OF_NORMAL)
    freedom = max(freedom, min(_LEAST_FREEDOM, n_groups - 1))
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
    """Return a weighted sum of scores, with an interval recovered from their intervals.

    The distances between values and limits replace the standard errors [1]_. A class with a few
    lesions, all of them right, then widens the interval of a mean.

    Parameters
    ----------
    estimates : list of Estimate

    weights : array-like of shape (n_estimates,)

    value : float, default=None
        The value of the sum, if it is not the sum of the values.

    bounds : tuple of float
        The smallest and the largest possible sum.

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
    # The lower limit of a difference depends on the upper limit of the subtracted score.
    limits = np.where(weights[:, np.newaxis] < 0, limits[:, ::-1], limits)
    distances = np.abs(weights * (limits.T - values) / _quantile(freedom)) ** 2
    apart = np.square(influences).sum()
    # Parts of the same patients vary together, or against each other. Few patients may vary against
    # each other by chance, as in `correlate`.
    together = np.square(influences.sum(axis=0)) - np.square(influences).sum(axis=0)
    moved = together.sum()
    if moved < 0:
        n_shared = np.abs(together).sum() ** 2 / np.square(together).sum()
        moved *= n_shared / (n_shared + 1)
    shared = max(1 + moved / apart, _LEAST_SHARED) if apart > 0 else 1.0
    ends = []
    for sign, squares in zip((-1, 1), distances, strict=True):
        total = squares.sum()
        of_all = total**2 / max(np.sum(squares**2 / freedom), 1e-300) if total > 0 else np.inf
        ends.append(value + sign * _quantile(of_all) * np.sqrt(shared * total))
    n_groups = min(one.n_groups for one in estimates)
    low, high = np.clip(ends, *bounds)
    return Estimate(float(value), low, high, n_groups, influences.sum(axis=0))


def correlate(first, second):
    """Return the correlation of two scores over the same groups.

    Few groups may be correlated by chance: one more is added in which the two are unrelated.
    """
    shared = first.influence * second.influence
    if not shared.any():
        return 0.0
    n_shared = np.abs(shared).sum() ** 2 / np.square(shared).sum()
    apart = np.linalg.norm(first.influence) * np.linalg.norm(second.influence)
    return shared.sum() / apart * n_shared / (n_shared + 1)


def compare_estimates(first, second, *, is_count=True, deviation=None, least=0.0, scale=1.0):
    """Return the difference of two scores of the same groups, its interval and its p value.

    For counts, the variance is computed at each hypothetical difference, as in the test of McNemar
    and the interval of Tango (1998), which :func:`compare` cites. A t distribution allows for few
    discordant groups. p is therefore less than 0.05 exactly if the interval excludes 0.

    Parameters
    ----------
    first, second : Estimate

    is_count : bool
        Whether groups are right or wrong, rather than scored by degree.

    deviation : float, default=None
        The standard error, if the influences do not give it.

    least : float, default=0.0
        The smallest standard error.

    scale : float, default=1.0
        The largest possible difference.

    Returns
    -------
    difference, low, high, p_value : float
        `second` minus `first`. If the two do not differ in any group, there is no interval, and p
        is 1.
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
        per_group = _FREEDOM_OF_COUNTS if is_count else _FREEDOM_OF_NORMAL
        freedom = _count_freedom(uncentred, n, per_group)
    variance = max(variance, least**2)
    p_value = 2 * stats.t.sf(abs(difference) / np.sqrt(variance + difference**2 * share), freedom)
    t = _quantile(freedom)
    shrunk = 1 + t**2 * share
    width = t * np.sqrt(shrunk * variance + (t * difference * share) ** 2)
    low, high = np.clip(np.array([difference - width, difference + width]) / shrunk, -scale, scale)
    return difference, low, high, p_value


def find_least_deviation(difference, n_groups):
    """Return the standard error that gives p of a sign test if all groups differ in one direction.

    An AUC of 1, and the AUC of constant scores, have influences of 0. Yet with few groups, such
    scores may differ by chance.
    """
    n_groups = max(n_groups, 2)
    return abs(difference) / stats.t.isf(0.5**n_groups, n_groups - 1)


def wilson(rate, n, quantile=_NORMAL):
    """Return Wilson's interval of a rate of n cases.

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
    """Return the interval of Clopper and Pearson. The number of cases need not be an integer."""
    low = special.betaincinv(rate * n, (1 - rate) * n + 1, _TAIL) if rate > 0 else 0.0
    high = special.betaincinv(rate * n + 1, (1 - rate) * n, 1 - _TAIL) if rate < 1 else 1.0
    return low, high


def _count_freedom(influence, n_groups, per_group=_FREEDOM):
    """Return the degrees of freedom of a variance. They are few if few groups make most of it."""
    squares = np.square(influence)
    fourth = np.square(squares).sum()
    if not fourth > 0:
        return max(n_groups - 1.0, 1.0)
    return float(np.clip(per_group * squares.sum() ** 2 / fourth, 1, max(n_groups - 1, 1)))


def _quantile(freedom):
    # Those of scipy.stats are the same numbers, after checks that take a hundred times as long.
    return special.stdtrit(freedom, 1 - _TAIL)


def _undo_log_log(values):
    return np.exp(-np.exp(-values))
