"""Predictive values and net benefit at another prevalence than that of the test set.

Sensitivity and specificity do not depend on the prevalence. Together with a prevalence they give
the predictive values, by Bayes' rule, and the net benefit.
"""

import numpy as np
import pandas as pd

from ..._utils.intervals import combine, correlate

PREDICTED_CLASS = "predicted class"  # how the table names the decision without a threshold


def make_prevalence_table(estimates, thresholds, positive, prevalence):
    """Return predictive values and net benefit at another prevalence of the positive class.

    Parameters
    ----------
    estimates : Estimates

    thresholds : dict of str to float, or None
        On the probability of the positive class, by operating point.

    positive : int
        Its number.

    prevalence : float in (0, 1)

    Returns
    -------
    at_prevalence : DataFrame indexed by operating point and score
        Rows for "predicted class" and for each operating point. Columns `value`, `low`, `high` and
        `groups`: the number of lesions or patients behind sensitivity or specificity, whichever is
        smaller.
    """
    lines = {}
    for label, threshold in {PREDICTED_CLASS: None, **(thresholds or {})}.items():
        rates = [
            estimates.estimate(name, positive)
            if threshold is None
            else estimates.cut_off(name, positive, threshold)
            for name in ("sensitivity", "specificity")
        ]
        n_groups = min(one.n_groups for one in rates)
        for score, values in scores_at_prevalence(*rates, prevalence, threshold).items():
            lines[label, score] = [*values, n_groups]
    return pd.DataFrame.from_dict(
        lines, orient="index", columns=["value", "low", "high", "groups"]
    ).set_index(pd.MultiIndex.from_tuples(lines, names=["operating point", "score"]))


def scores_at_prevalence(sensitivity, specificity, prevalence, threshold=None):
    """Return predictive values and net benefit, each with an interval.

    The interval combines those of sensitivity and specificity [1]_. If patients have lesions of
    both kinds, it allows for how the two vary together.

    Parameters
    ----------
    sensitivity, specificity : Estimate
        Of the same groups.

    prevalence : float in (0, 1)

    threshold : float or None
        Threshold on the probability, which counts as a risk at this prevalence; None omits the net
        benefit.

    Returns
    -------
    scores : dict of str to ndarray of shape (3,)
        "ppv", "npv" and "net_benefit": value, low and high; NaN where undefined.

    References
    ----------
    .. [1] A. Donner and G. Y. Zou, "Closed-form confidence intervals for functions of the normal
       mean and standard deviation", Statistical Methods in Medical Research 21(4), 347-359, 2012.
       :doi:`10.1177/0962280210383082`
    """
    odds, rates = prevalence / (1 - prevalence), (sensitivity, specificity)
    right, spared = (np.array([one.value, one.low, one.high]) for one in rates)
    misses, false_alarms = 1 - right[[0, 2, 1]], 1 - spared[[0, 2, 1]]
    correlation = -correlate(*rates)
    scores = {
        "ppv": 1 / (1 + _ratio(false_alarms, right, correlation)[[0, 2, 1]] / odds),
        "npv": 1 / (1 + _ratio(misses, spared, correlation)[[0, 2, 1]] * odds),
    }
    if threshold is not None:
        cost = (1 - prevalence) * (threshold / (1 - threshold) if threshold < 1 else np.nan)
        benefit = prevalence * right[0] - cost * false_alarms[0]
        net = combine(rates, [prevalence, cost], value=benefit)
        scores["net_benefit"] = np.array([net.value, net.low, net.high])
    return scores


def _ratio(one, other, correlation):
    """Return the ratio of two correlated estimates, each with its interval."""
    value, low, high = one
    by, by_low, by_high = other
    if value == by == 0 or np.isnan(value + by):
        return np.full(3, np.nan)

    def solve(limit, by_limit):
        product = value * by - correlation * (value - limit) * (by_limit - by)
        of_one, of_other = limit * (2 * value - limit), by_limit * (2 * by - by_limit)
        return product + np.sqrt(np.maximum(product**2 - of_one * of_other, 0)), of_one, of_other

    with np.errstate(divide="ignore"):
        root, of_one, _ = solve(low, by_high)
        lowest = 0.0 if of_one == 0 else of_one / root
        root, _, of_other = solve(high, by_low)
        highest = np.inf if of_other == 0 else root / of_other  # the other may be 0
        return np.array([value / by, lowest, highest])
