"""Input checks shared by the metrics."""

from numbers import Real

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import assert_all_finite

from ..._utils.sklearn_private import check_sample_weight
from ..._utils.validation.labels import check_labels
from ..._utils.validation.messages import did_you_mean, warn_caller
from ..._utils.validation.rows import check_lengths, check_order

# What the parameters that metrics share may be.
PARAMETERS = {
    "y_true": ["array-like"],
    "y_pred": ["array-like"],
    "y_score": ["array-like"],
    "y_prob": ["array-like"],
    "labels": ["array-like", None],
    "pos_label": [Real, str, "boolean", None],
    "sample_weight": ["array-like", None],
}
# Sums of softmax are off by 1e-6 in float32. In half precision, 1e-3 and more is an error.
_SUM_TOLERANCE = 1e-4
_ROUNDING = 0.05  # rounding error of the sum of a few numbers with two decimals


def check_one_against_rest(y_true, y_score, pos_label, sample_weight):
    """Return which rows are positive, the scores and the weights, as arrays of shape (n,).

    Raises
    ------
    ValueError
        If lengths differ, if values are missing or not finite, if `y_score` is not a column, or if
        the positive label is ambiguous.

    Warns
    -----
    UserWarning
        If no row has the given positive label.
    """
    check_order(y_true=y_true, y_score=y_score, sample_weight=sample_weight)
    y_true = check_labels(y_true)
    y_score = np.asarray(y_score)
    if y_score.ndim != 1:
        raise ValueError(
            f"y_score has shape {y_score.shape}. Expected the scores of one class, of shape (n,):"
            " pass its column, such as predict_proba(X)[:, k], with pos_label=classes_[k]."
        )
    y_score = assert_finite(y_score, "y_score")
    check_lengths(y_true=y_true, y_score=y_score, sample_weight=sample_weight)
    if pos_label is None:
        labels = np.unique(y_true)
        if labels.dtype.kind not in "biuf" or not set(labels.tolist()) <= {-1, 0, 1}:
            raise ValueError(
                f"y_true has the labels {labels[:10].tolist()} and pos_label is None. Expected"
                " labels of {0, 1} or {-1, 1}, or the label of the positive class as pos_label;"
                " all others are negative."
            )
        pos_label = 1
    elif not (y_true == pos_label).any():  # a fold may lack a rare class
        labels = np.unique(y_true).tolist()
        warn_caller(
            f"No row of y_true has pos_label={pos_label!r}: its labels are {labels[:10]}. All rows"
            f" count as negative.{did_you_mean(pos_label, labels)}"
        )
    return y_true == pos_label, y_score, check_weights(sample_weight, y_true)


def check_weights(sample_weight, y):
    """Return the weights of the rows, or ones if none are given."""
    if sample_weight is None:
        return np.ones(len(y))
    return check_sample_weight(sample_weight, y)


def check_probabilities(y_prob, *, name="y_prob"):
    """Return probabilities of shape (n,) or (n, n_classes) as float64.

    Raises
    ------
    ValueError
        If they are no numbers, not finite, not between 0 and 1, or if rows do not sum to 1.
    """
    y_prob = np.asarray(y_prob)
    if y_prob.dtype.kind in "OUS":
        try:
            y_prob = y_prob.astype(float)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{name} cannot be read as numbers: {error}. Expected probabilities of the classes,"
                " not predicted classes."
            ) from error
    y_prob = assert_finite(y_prob, name)
    if y_prob.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {y_prob.shape}. Expected (n,) or (n, n_classes).")
    low, high = y_prob.min(), y_prob.max()
    if low < -_SUM_TOLERANCE or high > 1 + _SUM_TOLERANCE:
        raise ValueError(
            f"{name} has values from {low:g} to {high:g}. Expected probabilities, from 0 to 1:"
            " those of predict_proba, not of decision_function, or the softmax of logits."
        )
    if y_prob.ndim == 2:
        sums = y_prob.sum(axis=1)
        worst = np.argmax(np.abs(sums - 1))
        if abs(sums[worst] - 1) > _SUM_TOLERANCE:
            advice = "For independent binary outputs, evaluate each class separately."
            if np.abs(sums - 1).max() < _ROUNDING:
                advice = "If they are rounded, divide each row by its sum."
            elif y_prob.shape[1] == 1:
                advice = f"Pass the probability of one of two classes as {name}.ravel()."
            raise ValueError(
                f"{name} has rows that do not sum to 1, such as row {worst} with {sums[worst]:g}."
                f" Expected the probabilities of all classes. {advice}"
            )
    return np.clip(y_prob, 0, 1)  # a mean of several networks may be 1 + 2e-16


def order_columns(y_prob, classes):
    """Return the columns of a DataFrame of probabilities in the order of the classes.

    Anything else is returned unchanged, because its columns have no names.
    """
    if not hasattr(y_prob, "columns"):  # of pandas, or of polars
        return y_prob
    names, known = list(y_prob.columns), np.asarray(classes).tolist()
    if set(names) == set(known) and len(names) == len(known):
        return np.asarray(y_prob)[:, [names.index(name) for name in known]]
    if names == list(range(len(names))):  # default names
        return y_prob
    raise ValueError(
        f"y_prob has the columns {names[:10]}, but the classes are {known[:10]}. Expected the same:"
        " rename or drop columns, name all classes if y_true lacks some, or pass y_prob.to_numpy()"
        " with the classes in the order of its columns."
    )


def check_classes(labels, y_true, n_columns):
    """Return the classes of the columns of probabilities: given, or the sorted labels."""
    classes = np.unique(y_true if labels is None else labels)
    if labels is not None and list(labels) != sorted(labels):
        raise ValueError(
            f"labels is {list(labels)[:10]}. Expected the classes in sorted order, and the columns"
            " of y_prob in the same order."
        )
    if len(classes) != n_columns:
        raise ValueError(
            f"y_prob has {n_columns} columns, but there are {len(classes)} classes,"
            f" {classes[:10].tolist()}. Expected one column for each, in sorted order. If y_true"
            " lacks a class, pass all classes as labels."
        )
    # Not with NumPy, which would convert numbers to text to compare them with text.
    unknown = sorted(set(y_true.tolist()) - set(classes.tolist()))
    if unknown:
        raise ValueError(
            f"y_true has the labels {unknown[:10]}, which are not in labels,"
            f" {classes[:10].tolist()}. Expected only labels: drop these rows, or add a column of"
            " zeros to count them as errors."
        )
    return classes


def find_classes(estimator):
    """Return the classes of a fitted classifier."""
    known = getattr(estimator, "classes_", None)
    if known is None:
        advice = "call fit first"
        if type(estimator).__module__.startswith("keras."):
            advice = "let SkinLesionClassifier(architecture=...) train such a network"
        raise ValueError(
            f"{getattr(estimator, '__name__', type(estimator).__name__)} has no classes_. Expected"
            f" a fitted classifier: {advice}."
        )
    return np.asarray(known)


def check_common_class(known, y, name, whose):
    """Raise a ValueError if y has none of the known classes."""
    # Not with NumPy, which would convert numbers to text to compare them with text.
    if not set(known.tolist()) & set(y.tolist()):
        advice = "use the same names, for example with map_labels"
        if y.dtype.kind in "iuf" and known.dtype.kind in "OUT":
            advice = (
                "turn numbers into names, in the order of the numbers:"
                f" np.array(names)[np.asarray({name}, int)]"
            )
        raise ValueError(
            f"{name} has the classes {np.unique(y)[:10].tolist()}, but {whose}"
            f" {known[:10].tolist()}. Expected at least one class in common: {advice}."
        )


def find_class(positive, classes):
    """Return the position of the positive class among the classes, or None if it is None."""
    if positive is None:
        return None
    known = list(classes)
    if positive not in known:
        raise ValueError(
            f"positive={positive!r} is not among the classes {known}. Expected one of"
            f" them.{did_you_mean(positive, known)}"
        )
    return known.index(positive)


def assert_finite(values, name):
    values = np.asarray(values, dtype=np.float64)
    assert_all_finite(values, input_name=name)
    if not values.size:
        raise ValueError(f"Found array with 0 sample(s) in {name}. Expected at least one row.")
    return values


def warn_undefined(what, why):
    """Warn that a score is NaN."""
    warn_caller(f"{what} is NaN: {why}.", UndefinedMetricWarning)
