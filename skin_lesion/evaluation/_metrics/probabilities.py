"""Metrics of probabilities: calibration and net benefit."""

from numbers import Integral, Real

import numpy as np
from sklearn.metrics import confusion_matrix_at_thresholds

from ..._utils.sklearn_private import Interval, validate_params
from ..._utils.validation.labels import check_labels
from ..._utils.validation.rows import check_lengths, check_order
from .input_checks import (
    PARAMETERS,
    check_classes,
    check_one_against_rest,
    check_probabilities,
    check_weights,
    order_columns,
)


@validate_params(
    {**PARAMETERS, "n_bins": [Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def expected_calibration_error(
    y_true, y_prob, *, n_bins=15, labels=None, pos_label=None, sample_weight=None
):
    """Mean distance between the confidence of predictions and their accuracy.

    Rows are binned by confidence into `n_bins` intervals of equal width, closed on the right. The
    error is the weighted mean over bins of the distance between the mean confidence and the share
    of correct predictions [1]_ [2]_.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_prob : array-like of shape (n, n_classes) or (n,)
        Probabilities of the classes, in sorted order, with rows that sum to 1; the columns of a
        DataFrame are matched by class name. The confidence of a row is its highest probability, and
        the row is correct if that is the true class (the first one in a tie). Or the probability of
        the positive class: the confidence is this probability, and a row counts as correct if it is
        positive, as in :func:`sklearn.calibration.calibration_curve`.

    n_bins : int, default=15
        Number of bins.

    labels : array-like of shape (n_classes,), default=None
        The classes of the columns, for a `y_true` that lacks some.

    pos_label : int, float, bool or str, default=None
        The positive label, if `y_prob` has one column. None means 1, for labels in {0, 1} or
        {-1, 1}.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    error : float
        From 0 (calibrated) to 1.

    Raises
    ------
    ValueError
        If lengths differ, if `y_prob` is not between 0 and 1 or its rows do not sum to 1, or if
        labels do not match columns.

    Warns
    -----
    UserWarning
        If no row has the label `pos_label`.

    Notes
    -----
    The error depends on the bins, and is biased: it is never negative, so chance makes it positive
    even for a perfectly calibrated model, especially with few rows. So reports give it without an
    interval. Compare models on the same images, and look at the reliability curve.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities
       using Bayesian binning", AAAI, 2015. :doi:`10.1609/aaai.v29i1.9602`
    .. [2] C. Guo et al., "On calibration of modern neural networks", ICML, 2017.
       `arXiv:1706.04599 <https://arxiv.org/abs/1706.04599>`_

    Examples
    --------
    Four predictions with a confidence of 0.9, three of them correct:

    >>> from skin_lesion import expected_calibration_error
    >>> y_prob = [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]]
    >>> round(expected_calibration_error(["mel", "mel", "nv", "mel"], y_prob), 6)
    0.15
    """
    check_order(y_true=y_true, y_prob=y_prob, sample_weight=sample_weight)
    y_true = check_labels(y_true)
    columns = np.unique(y_true if labels is None else labels)
    y_prob = check_probabilities(order_columns(y_prob, columns))
    if y_prob.ndim == 1:
        is_right, confidence, weights = check_one_against_rest(
            y_true, y_prob, pos_label, sample_weight
        )
    else:
        check_lengths(y_true=y_true, y_prob=y_prob, sample_weight=sample_weight)
        classes = check_classes(labels, y_true, y_prob.shape[1])
        weights = check_weights(sample_weight, y_true)
        confidence = y_prob.max(axis=1)
        is_right = classes[y_prob.argmax(axis=1)] == y_true
    bins = np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], confidence)  # closed on the right
    gaps = np.bincount(bins, weights * (is_right - confidence))
    return float(np.abs(gaps).sum() / weights.sum())


@validate_params(
    {**PARAMETERS, "threshold": [Interval(Real, 0, 1, closed="left"), "array-like"]},
    prefer_skip_nested_validation=True,
)
def net_benefit(y_true, y_prob, *, threshold, pos_label=None, sample_weight=None):
    """Net benefit of treating all cases at or above a risk threshold (decision curve analysis).

    A threshold of 5% for excision implies that one missed melanoma is as bad as 19 unnecessary
    excisions. The net benefit is the number of true positives per patient, minus the number of
    false positives per patient at that exchange rate [1]_:
    ``TP / n - FP / n * threshold / (1 - threshold)``.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_prob : array-like of shape (n,)
        Probability of the positive class.

    threshold : float in [0, 1) or array-like of shape (n_thresholds,)
        The risk at or above which a case is treated.

    pos_label : int, float, bool or str, default=None
        The positive label; all others are negative. None means 1, for labels of {0, 1} or {-1, 1}.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    benefit : float, or ndarray of shape (n_thresholds,)
        At most the share of positives. Treating no case gives 0.

    Raises
    ------
    ValueError
        If lengths differ, if a threshold is not in [0, 1), or if `y_prob` is not between 0 and 1.

    Warns
    -----
    UserWarning
        If no row has the label `pos_label`.

    Notes
    -----
    Compare it with treating every case, which is the net benefit of ``y_prob = 1``. It depends on
    the prevalence: on a test set with a higher share of melanomas than in the clinic, all net
    benefits are too high. Probabilities must be calibrated.

    References
    ----------
    .. [1] A. J. Vickers and E. B. Elkin, "Decision curve analysis: a novel method for evaluating
       prediction models", Medical Decision Making 26(6), 565-574, 2006.
       :doi:`10.1177/0272989X06295361`

    Examples
    --------
    >>> from skin_lesion import net_benefit
    >>> y = ["melanoma", "nevus", "nevus", "melanoma", "nevus"]
    >>> net_benefit(y, [0.9, 0.3, 0.1, 0.4, 0.05], threshold=0.2, pos_label="melanoma")
    0.35
    """
    check_order(y_true=y_true, y_prob=y_prob, sample_weight=sample_weight)
    y_prob = check_probabilities(y_prob)
    is_positive, y_prob, weights = check_one_against_rest(y_true, y_prob, pos_label, sample_weight)
    thresholds = np.atleast_1d(np.asarray(threshold, dtype=float))
    if thresholds.ndim != 1 or not ((thresholds >= 0) & (thresholds < 1)).all():
        raise ValueError(f"threshold={threshold!r}. Expected numbers from 0 to below 1.")
    _, fp, _, tp, scores = confusion_matrix_at_thresholds(
        is_positive, y_prob, sample_weight=weights
    )
    # How many of the descending scores reach each threshold; if none does, no case is treated.
    n_reached = np.searchsorted(-scores, -thresholds, side="right")
    tp, fp = (np.insert(counts, 0, 0)[n_reached] for counts in (tp, fp))
    benefit = (tp - fp * thresholds / (1 - thresholds)) / weights.sum()
    return float(benefit[0]) if np.ndim(threshold) == 0 else benefit
