"""Sensitivity, specificity and predictive values of each class against the rest.

They are recall and precision of a class, and of its complement. The scores of imbalanced-learn 0.14
cannot replace them: its specificity mixes numbers of rows with sums of weights, and is 0 where it
is undefined.
"""

from inspect import cleandoc

import numpy as np
from sklearn.metrics import precision_score, recall_score

from ..._utils.sklearn_private import validate_params
from ..._utils.validation.labels import check_labels, check_same_kind
from ..._utils.validation.messages import did_you_mean
from ..._utils.validation.rows import check_lengths, check_order
from .input_checks import PARAMETERS, check_weights, warn_undefined


def _class_rate(function):
    """Add argument checks and the shared part of the docstring."""
    function.__doc__ = cleandoc(function.__doc__ or "").replace("{shared}", _SHARED) + "\n"
    return validate_params(PARAMETERS, prefer_skip_nested_validation=True)(function)


_SHARED = cleandoc(
    """
    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_pred : array-like of shape (n,)
        Predicted labels.

    labels : array-like of shape (n_classes,), default=None
        The classes to score, in this order. None means all in `y_true` and `y_pred`, sorted.

    pos_label : int, float, bool or str, default=None
        The only class to score.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    rate : ndarray of shape (n_classes,), or float with `pos_label`
        From 0 to 1, or NaN.

    Raises
    ------
    ValueError
        If lengths differ, labels are missing, or `pos_label` is not in `y_true`, `y_pred` or
        `labels`.
    TypeError
        If some of `y_true`, `y_pred` and `labels` hold text, and others numbers.

    Warns
    -----
    UndefinedMetricWarning
        If a value is NaN.

    Examples
    --------
    >>> from skin_lesion import npv_score, ppv_score, sensitivity_score, specificity_score
    >>> y_true = ["melanoma", "melanoma", "nevus", "nevus", "nevus"]
    >>> y_pred = ["melanoma", "nevus", "nevus", "nevus", "melanoma"]
    """
)


@_class_rate
def sensitivity_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Share of the rows of a class that are predicted as this class (its recall).

    It is NaN for a class that is absent from `y_true`.

    {shared}
    >>> sensitivity_score(y_true, y_pred, pos_label="melanoma")
    0.5
    >>> sensitivity_score(y_true, y_pred).round(3)
    array([0.5  , 0.667])
    """
    rows = y_true, y_pred, labels, pos_label, sample_weight
    return _score(recall_score, True, "sensitivity", "absent from y_true", *rows)


@_class_rate
def specificity_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Share of the rows of all other classes that are not predicted as this class.

    It is NaN if all rows of `y_true` have the class.

    {shared}
    >>> specificity_score(y_true, y_pred, pos_label="melanoma")
    0.666...
    """
    rows = y_true, y_pred, labels, pos_label, sample_weight
    return _score(recall_score, False, "specificity", "all of y_true", *rows)


@_class_rate
def ppv_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Positive predictive value: share of the rows predicted as a class that are of this class.

    It is the precision. It depends on the prevalence of the class, so the value in a test set
    differs from that in a clinic. It is NaN for a class that is never predicted.

    {shared}
    >>> ppv_score(y_true, y_pred, pos_label="melanoma")
    0.5
    """
    rows = y_true, y_pred, labels, pos_label, sample_weight
    return _score(precision_score, True, "the positive predictive value", "never predicted", *rows)


@_class_rate
def npv_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Negative predictive value: share of the rows not predicted as a class that are not of it.

    It depends on the prevalence of the class, so the value in a test set differs from that in a
    clinic. It is NaN for a class that is always predicted.

    {shared}
    >>> npv_score(y_true, y_pred, pos_label="melanoma")
    0.666...
    """
    rows = y_true, y_pred, labels, pos_label, sample_weight
    return _score(
        precision_score, False, "the negative predictive value", "always predicted", *rows
    )


def _score(metric, of_class, what, why, y_true, y_pred, labels, pos_label, sample_weight):
    """Return a metric of each class, or of its complement."""
    check_order(y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
    y_true, y_pred = check_labels(y_true), check_labels(y_pred, name="y_pred")
    check_lengths(y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
    check_same_kind(y_true, y_pred, names=("y_true", "y_pred"))
    weights = check_weights(sample_weight, y_true)
    names = np.union1d(y_true, y_pred) if labels is None else check_labels(labels, name="labels")
    check_same_kind(y_true, names, names=("y_true", "labels"))
    if pos_label is not None:
        known = names.tolist()
        if pos_label not in known:
            raise ValueError(
                f"pos_label={pos_label!r} is not among the labels {known[:10]}. Expected one of"
                f" them.{did_you_mean(pos_label, known)} Pass all classes as labels"
                " if it may be absent."
            )
        names = np.array([pos_label], dtype=names.dtype)
    values = np.array(
        [
            metric(
                (y_true == name) == of_class,
                (y_pred == name) == of_class,
                labels=[True],
                average="macro",  # over a single class, which may be absent
                sample_weight=weights,
                zero_division=np.nan,
            )
            for name in names
        ]
    )
    is_undefined = np.isnan(values)
    if is_undefined.any():
        if not weights.all():
            why = f"{why}, not counting rows of weight 0"
        warn_undefined(f"{what} of {names[is_undefined][:10].tolist()}", why)
    return values if pos_label is None else float(values[0])
