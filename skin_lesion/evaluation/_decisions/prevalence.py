"""Predictive values and net benefit at another prevalence than that of the test set.

Sensitivity and specificity do not depend on the prevalence. Together with a prevalence they give
the predictive values, by Bayes' rule, and the net benefit.
"""

import numpy as np
import pandas as pd


def make_prevalence_table(class_scores, operating_points, positive, prevalence):
    """Return predictive values and net benefit at another prevalence of the positive class.

    Parameters
    ----------
    class_scores : DataFrame indexed by class and score
        With `value`, `low`, `high` and `groups`.

    operating_points : DataFrame indexed by operating point and score, or None
        With `threshold` and these columns.

    positive : str or int

    prevalence : float in (0, 1)

    Returns
    -------
    at_prevalence : DataFrame indexed by operating point and score
        Rows for "predicted class" and for each operating point. Columns `value`, `low`, `high` and
        `groups`: the number of lesions or patients behind sensitivity or specificity, whichever is
        smaller.
    """
    decisions = {"predicted class": class_scores.loc[positive]}
    if operating_points is not None:
        for name in operating_points.index.unique(0):
            decisions[name] = operating_points.loc[name]
    lines = {}
    for name, scores in decisions.items():
        rates = (
            scores.loc[rate, ["value", "low", "high"]].to_numpy(dtype=float)
            for rate in ("sensitivity", "specificity")
        )
        threshold = scores["threshold"].iloc[0] if "threshold" in scores else None
        n_groups = scores.loc[["sensitivity", "specificity"], "groups"].min()
        for score, values in scores_at_prevalence(*rates, prevalence, threshold).items():
            lines[name, score] = [*values, n_groups]
    return pd.DataFrame.from_dict(
        lines, orient="index", columns=["value", "low", "high", "groups"]
    ).set_index(pd.MultiIndex.from_tuples(lines, names=["operating point", "score"]))


def scores_at_prevalence(sensitivity, specificity, prevalence, threshold=None):
    """Return predictive values and net benefit, each with an interval.

    The interval combines those of sensitivity and specificity, which are based on different
    lesions, and has the same coverage [1]_.

    Parameters
    ----------
    sensitivity, specificity : ndarray of shape (3,)
        Value, low and high.

    prevalence : float in (0, 1)

    threshold : float or None
        Threshold on the probability; None omits the net benefit.

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
    odds = prevalence / (1 - prevalence)
    false_alarms, misses = 1 - specificity[[0, 2, 1]], 1 - sensitivity[[0, 2, 1]]
    scores = {
        "ppv": 1 / (1 + _ratio(false_alarms, sensitivity)[[0, 2, 1]] / odds),
        "npv": 1 / (1 + _ratio(misses, specificity)[[0, 2, 1]] * odds),
    }
    if threshold is not None:
        cost = threshold / (1 - threshold) if threshold < 1 else np.nan
        scores["net_benefit"] = _difference(
            prevalence * sensitivity, (1 - prevalence) * cost * false_alarms
        )
    return scores


def _ratio(one, other):
    """Return the ratio of two independent estimates, each with its interval."""
    value, low, high = one
    by, by_low, by_high = other
    if value == by == 0:
        return np.full(3, np.nan)
    product = value * by
    of_one, of_other = low * (2 * value - low), by_high * (2 * by - by_high)
    root = np.sqrt(np.maximum(product**2 - of_one * of_other, 0))
    with np.errstate(divide="ignore"):
        lowest = 0.0 if of_one == 0 else np.divide(of_one, product + root)
    of_one, of_other = high * (2 * value - high), by_low * (2 * by - by_low)
    root = np.sqrt(np.maximum(product**2 - of_one * of_other, 0))
    highest = np.inf if of_other == 0 else (product + root) / of_other  # the other may be 0
    with np.errstate(divide="ignore"):
        return np.array([np.divide(value, by), lowest, highest])


def _difference(one, other):
    """Return the difference of two independent estimates, each with its interval."""
    value = one[0] - other[0]
    return np.array(
        [
            value,
            value - np.hypot(one[0] - one[1], other[2] - other[0]),
            value + np.hypot(one[2] - one[0], other[0] - other[1]),
        ]
    )
