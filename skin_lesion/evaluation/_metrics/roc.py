"""Metrics of one class against the rest, from the ROC curve."""

from numbers import Real

import numpy as np

from ..._utils.sklearn_private import Interval, validate_params
from .input_checks import PARAMETERS, check_one_against_rest, warn_undefined
from .ranked_scores import RankedScores

_RATE = Interval(Real, 0, 1, closed="right")


@validate_params(
    {**PARAMETERS, "min_tpr": [Interval(Real, 0, 1, closed="left")]},
    prefer_skip_nested_validation=True,
)
def partial_auc_score(y_true, y_score, *, min_tpr=0.8, pos_label=None, sample_weight=None):
    """Area between the ROC curve and a lowest acceptable sensitivity, as in ISIC 2024.

    A cancer test that misses a fifth of the cancers is useless, however specific it is. So only the
    part of the curve above `min_tpr` counts [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_score : array-like of shape (n,)
        Scores of the positive class, such as its probability: higher is more positive.

    min_tpr : float in [0, 1), default=0.8
        The lowest true-positive rate (sensitivity) that counts.

    pos_label : int, float, bool or str, default=None
        The positive label; all others are negative. None means 1, for labels of {0, 1} or {-1, 1}.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    score : float
        From 0 to ``1 - min_tpr``; constant scores give ``(1 - min_tpr) ** 2 / 2``. NaN, with a
        warning, if there is no positive or no negative row.

    Raises
    ------
    ValueError
        If lengths differ, values are missing or not finite, or the positive label is ambiguous.

    Warns
    -----
    UndefinedMetricWarning
        If the score is NaN.

    See Also
    --------
    auc_above_sensitivity_score : The measure of ISIC 2018, which also counts the area below.

    Notes
    -----
    The area is not normalised. :func:`sklearn.metrics.roc_auc_score` with `max_fpr` and reversed
    labels and scores gives the same area, rescaled to 0.5..1.

    References
    ----------
    .. [1] N. R. Kurtansky et al., "The SLICE-3D dataset: 400,000 skin lesion image crops extracted
       from 3D TBP for skin cancer detection", Scientific Data 11, 884, 2024.
       :doi:`10.1038/s41597-024-03743-w`

    Examples
    --------
    >>> from skin_lesion import partial_auc_score
    >>> y = ["nevus", "melanoma", "nevus", "nevus", "melanoma"]
    >>> partial_auc_score(y, [0.1, 0.35, 0.4, 0.2, 0.8], pos_label="melanoma")
    0.133...
    """
    rows = y_true, y_score, pos_label, sample_weight
    return _score(lambda curve: curve.areas_above_tpr(min_tpr)[0], "partial_auc_score", *rows)


@validate_params({**PARAMETERS, "sensitivity": [_RATE]}, prefer_skip_nested_validation=True)
def auc_above_sensitivity_score(
    y_true, y_score, *, sensitivity=0.8, pos_label=None, sample_weight=None
):
    """Area under the ROC curve above a lowest sensitivity, as in ISIC 2018.

    The area goes down to the axis, unlike that of :func:`partial_auc_score`, and starts where the
    curve reaches `sensitivity`, found by linear interpolation [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_score : array-like of shape (n,)
        Scores of the positive class, such as its probability: higher is more positive.

    sensitivity : float in (0, 1], default=0.8
        The lowest sensitivity that counts.

    pos_label : int, float, bool or str, default=None
        The positive label; all others are negative. None means 1, for labels of {0, 1} or {-1, 1}.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    score : float
        From 0 to 1; constant scores give ``(1 - sensitivity ** 2) / 2``. NaN, with a warning, if
        there is no positive or no negative row.

    Raises
    ------
    ValueError
        If lengths differ, values are missing or not finite, or the positive label is ambiguous.

    Warns
    -----
    UndefinedMetricWarning
        If the score is NaN.

    References
    ----------
    .. [1] N. Codella et al., "Skin lesion analysis toward melanoma detection 2018: A challenge
       hosted by the International Skin Imaging Collaboration (ISIC)", 2019.
       `arXiv:1902.03368 <https://arxiv.org/abs/1902.03368>`_. The official definition is
       `auc_above_sensitivity` of the challenge's package isic-challenge-scoring.

    Examples
    --------
    >>> from skin_lesion import auc_above_sensitivity_score
    >>> auc_above_sensitivity_score([0, 1, 0, 0, 1], [0.1, 0.35, 0.4, 0.2, 0.8])
    0.666...
    """
    rows = y_true, y_score, pos_label, sample_weight
    return _score(
        lambda curve: curve.areas_above_tpr(sensitivity)[1], "auc_above_sensitivity_score", *rows
    )


@validate_params({**PARAMETERS, "specificity": [_RATE]}, prefer_skip_nested_validation=True)
def sensitivity_at_specificity(
    y_true, y_score, *, specificity=0.9, pos_label=None, sample_weight=None
):
    """Highest sensitivity of all cut-offs with at least a given specificity.

    The cut-off is chosen on the same rows that are scored, so the score is too optimistic, by a lot
    with few rows. To choose a cut-off for new images, see :func:`choose_thresholds`.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_score : array-like of shape (n,)
        Scores of the positive class, such as its probability: higher is more positive.

    specificity : float in (0, 1], default=0.9
        The specificity to keep.

    pos_label : int, float, bool or str, default=None
        The positive label; all others are negative. None means 1, for labels of {0, 1} or {-1, 1}.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    sensitivity : float
        From 0 to 1, without interpolation: the cut-off is one of the scores, or predicts no
        positive. NaN, with a warning, if there is no positive or no negative row.

    Raises
    ------
    ValueError
        If lengths differ, values are missing or not finite, or the positive label is ambiguous.

    Warns
    -----
    UndefinedMetricWarning
        If the score is NaN.

    Examples
    --------
    >>> from skin_lesion import sensitivity_at_specificity
    >>> sensitivity_at_specificity([0, 1, 0, 0, 1], [0.1, 0.35, 0.4, 0.2, 0.8])
    0.5
    """
    rows = y_true, y_score, pos_label, sample_weight
    return _score(lambda curve: curve.best_tpr(specificity), "sensitivity_at_specificity", *rows)


@validate_params({**PARAMETERS, "sensitivity": [_RATE]}, prefer_skip_nested_validation=True)
def specificity_at_sensitivity(
    y_true, y_score, *, sensitivity=0.9, pos_label=None, sample_weight=None
):
    """Highest specificity of all cut-offs with at least a given sensitivity.

    The cut-off is chosen on the same rows that are scored, so the score is too optimistic, by a lot
    with few rows. To choose a cut-off for new images, see :func:`choose_thresholds`.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_score : array-like of shape (n,)
        Scores of the positive class, such as its probability: higher is more positive.

    sensitivity : float in (0, 1], default=0.9
        The sensitivity to keep.

    pos_label : int, float, bool or str, default=None
        The positive label; all others are negative. None means 1, for labels of {0, 1} or {-1, 1}.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    specificity : float
        From 0 to 1, without interpolation: the cut-off is one of the scores. NaN, with a warning,
        if there is no positive or no negative row.

    Raises
    ------
    ValueError
        If lengths differ, values are missing or not finite, or the positive label is ambiguous.

    Warns
    -----
    UndefinedMetricWarning
        If the score is NaN.

    Examples
    --------
    >>> from skin_lesion import specificity_at_sensitivity
    >>> specificity_at_sensitivity([0, 1, 0, 0, 1], [0.1, 0.35, 0.4, 0.2, 0.8])
    0.666...
    """
    rows = y_true, y_score, pos_label, sample_weight
    return _score(
        lambda curve: curve.best_specificity(sensitivity), "specificity_at_sensitivity", *rows
    )


def _score(measure, name, y_true, y_score, pos_label, sample_weight):
    is_positive, scores, weights = check_one_against_rest(y_true, y_score, pos_label, sample_weight)
    for is_of_class, which in ((is_positive, "positive"), (~is_positive, "negative")):
        if not weights[is_of_class].any():
            why = f"no row of y_true is {which} (pos_label={pos_label!r})"
            if is_of_class.any():
                why = f"all {which} rows of y_true have a weight of 0"
            warn_undefined(name, why)
            return np.nan
    ranked = RankedScores(is_positive, scores)
    return float(measure(ranked.curve(ranked.sums @ weights[:, np.newaxis]))[0])
