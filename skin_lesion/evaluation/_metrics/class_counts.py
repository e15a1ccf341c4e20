"""Sensitivity, specificity and predictive values of each class against the rest."""

from numbers import Real

import numpy as np
from sklearn.utils import check_consistent_length

from ..._utils.sklearn_private import validate_params
from ..._utils.validation import did_you_mean
from .input_checks import check_labels, check_weights, warn_undefined

_CONSTRAINTS = {
    "y_true": ["array-like"],
    "y_pred": ["array-like"],
    "labels": ["array-like", None],
    "pos_label": [Real, str, "boolean", None],
    "sample_weight": ["array-like", None],
}


def count_outcomes(confusion):
    """Return true and false positives, false and true negatives of each class against the rest.

    Parameters
    ----------
    confusion : ndarray of shape (n_classes, n_classes, ...)
        Weight of the rows by true and predicted class.

    Returns
    -------
    outcomes : tuple of four ndarrays of shape (n_classes, ...)
    """
    true_positive = np.einsum("kk...->k...", confusion)
    false_negative = confusion.sum(axis=1) - true_positive
    false_positive = confusion.sum(axis=0) - true_positive
    total = confusion.sum(axis=(0, 1))
    return (
        true_positive,
        false_positive,
        false_negative,
        total - true_positive - false_positive - false_negative,
    )


def share(part, other):
    """Return part / (part + other), NaN where both are 0."""
    whole = part + other
    return np.divide(part, whole, out=np.full_like(whole, np.nan, dtype=float), where=whole > 0)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def sensitivity_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Share of the rows of a class that are predicted as this class: its recall.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_pred : array-like of shape (n,)
        Predicted labels.

    labels : array-like of shape (n_classes,), default=None
        The classes to score, in this order. None means all in `y_true` and `y_pred`, sorted.

    pos_label : int, float, bool or str, default=None
        The one class to score.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    sensitivity : ndarray of shape (n_classes,), or float with `pos_label`
        From 0 to 1. NaN, with a warning, for a class that is absent from `y_true`.

    Raises
    ------
    ValueError
        If lengths differ, labels are missing, or `pos_label` is in neither `y_true` nor `y_pred`
        nor `labels`.

    Warns
    -----
    UndefinedMetricWarning
        If a value is NaN.

    Examples
    --------
    >>> from skin_lesion import sensitivity_score
    >>> y_true = ["melanoma", "melanoma", "nevus", "nevus", "nevus"]
    >>> y_pred = ["melanoma", "nevus", "nevus", "nevus", "melanoma"]
    >>> sensitivity_score(y_true, y_pred, pos_label="melanoma")
    0.5
    >>> sensitivity_score(y_true, y_pred).round(3)
    array([0.5  , 0.667])
    """
    names, (tp, _, fn, _) = _count(y_true, y_pred, labels, pos_label, sample_weight)
    return _finish("sensitivity", share(tp, fn), names, "absent from y_true", pos_label)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def specificity_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Share of the rows of all other classes that are not predicted as this class.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_pred : array-like of shape (n,)
        Predicted labels.

    labels : array-like of shape (n_classes,), default=None
        The classes to score, in this order. None means all in `y_true` and `y_pred`, sorted.

    pos_label : int, float, bool or str, default=None
        The one class to score.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    specificity : ndarray of shape (n_classes,), or float with `pos_label`
        From 0 to 1. NaN, with a warning, for a class that all of `y_true` has.

    Raises
    ------
    ValueError
        If lengths differ, labels are missing, or `pos_label` is in neither `y_true` nor `y_pred`
        nor `labels`.

    Warns
    -----
    UndefinedMetricWarning
        If a value is NaN.

    Examples
    --------
    >>> from skin_lesion import specificity_score
    >>> y_true = ["melanoma", "melanoma", "nevus", "nevus", "nevus"]
    >>> y_pred = ["melanoma", "nevus", "nevus", "nevus", "melanoma"]
    >>> specificity_score(y_true, y_pred, pos_label="melanoma")
    0.666...
    """
    names, (_, fp, _, tn) = _count(y_true, y_pred, labels, pos_label, sample_weight)
    return _finish("specificity", share(tn, fp), names, "all of y_true", pos_label)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def ppv_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Positive predictive value: share of the rows predicted as a class that are of this class.

    It is the precision, and depends on how frequent the class is: that of a test set is not that of
    a clinic.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_pred : array-like of shape (n,)
        Predicted labels.

    labels : array-like of shape (n_classes,), default=None
        The classes to score, in this order. None means all in `y_true` and `y_pred`, sorted.

    pos_label : int, float, bool or str, default=None
        The one class to score.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    ppv : ndarray of shape (n_classes,), or float with `pos_label`
        From 0 to 1. NaN, with a warning, for a class that is never predicted.

    Raises
    ------
    ValueError
        If lengths differ, labels are missing, or `pos_label` is in neither `y_true` nor `y_pred`
        nor `labels`.

    Warns
    -----
    UndefinedMetricWarning
        If a value is NaN.

    Examples
    --------
    >>> from skin_lesion import ppv_score
    >>> y_true = ["melanoma", "melanoma", "nevus", "nevus", "nevus"]
    >>> y_pred = ["melanoma", "nevus", "nevus", "nevus", "melanoma"]
    >>> ppv_score(y_true, y_pred, pos_label="melanoma")
    0.5
    """
    names, (tp, fp, _, _) = _count(y_true, y_pred, labels, pos_label, sample_weight)
    return _finish(
        "the positive predictive value", share(tp, fp), names, "never predicted", pos_label
    )


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def npv_score(y_true, y_pred, *, labels=None, pos_label=None, sample_weight=None):
    """Negative predictive value: share of the rows not predicted as a class that are not of it.

    It depends on how frequent the class is: that of a test set is not that of a clinic.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_pred : array-like of shape (n,)
        Predicted labels.

    labels : array-like of shape (n_classes,), default=None
        The classes to score, in this order. None means all in `y_true` and `y_pred`, sorted.

    pos_label : int, float, bool or str, default=None
        The one class to score.

    sample_weight : array-like of shape (n,), default=None
        Weights of the rows, not negative.

    Returns
    -------
    npv : ndarray of shape (n_classes,), or float with `pos_label`
        From 0 to 1. NaN, with a warning, for a class that is always predicted.

    Raises
    ------
    ValueError
        If lengths differ, labels are missing, or `pos_label` is in neither `y_true` nor `y_pred`
        nor `labels`.

    Warns
    -----
    UndefinedMetricWarning
        If a value is NaN.

    Examples
    --------
    >>> from skin_lesion import npv_score
    >>> y_true = ["melanoma", "melanoma", "nevus", "nevus", "nevus"]
    >>> y_pred = ["melanoma", "nevus", "nevus", "nevus", "melanoma"]
    >>> npv_score(y_true, y_pred, pos_label="melanoma")
    0.666...
    """
    names, (_, _, fn, tn) = _count(y_true, y_pred, labels, pos_label, sample_weight)
    return _finish(
        "the negative predictive value", share(tn, fn), names, "always predicted", pos_label
    )


def _count(y_true, y_pred, labels, pos_label, sample_weight):
    """Return the classes to score, and the weights of the four outcomes of each."""
    y_true, y_pred = check_labels(y_true), check_labels(y_pred, name="y_pred")
    check_consistent_length(y_true, y_pred, sample_weight)
    weights = check_weights(sample_weight, y_true)
    found = np.union1d(y_true, y_pred)
    names = found if labels is None else check_labels(labels, name="labels")
    if pos_label is not None:
        known = names.tolist() if labels is not None else found.tolist()
        if pos_label not in known:
            raise ValueError(
                f"pos_label={pos_label!r} is not among the labels {known[:10]}. Expected one of"
                f" them.{did_you_mean(pos_label, list(map(str, known)))} Pass all classes as labels"
                " if it may be absent."
            )
        names = np.array([pos_label], dtype=names.dtype)
    is_true = y_true == names[:, np.newaxis]
    is_predicted = y_pred == names[:, np.newaxis]
    return names, tuple(
        (outcome * weights).sum(axis=1)
        for outcome in (
            is_true & is_predicted,
            ~is_true & is_predicted,
            is_true & ~is_predicted,
            ~is_true & ~is_predicted,
        )
    )


def _finish(what, values, names, why, pos_label):
    is_undefined = np.isnan(values)
    if is_undefined.any():
        warn_undefined(f"{what} of {names[is_undefined][:10].tolist()}", why)
    return values if pos_label is None else float(values[0])
