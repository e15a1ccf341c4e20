"""Predictions of a fitted classifier, or given probabilities."""

import numpy as np

from ..._utils.validation.labels import check_labels
from ..._utils.validation.rows import check_lengths
from ...models import OperatingPointClassifier, predicts_most_probable
from .._intervals.parts import Predictions
from .._metrics.input_checks import (
    check_common_class,
    check_probabilities,
    find_classes,
    order_columns,
)


def predict_images(estimator, X, y, *, more_classes=()):
    """Return the :class:`Predictions` of a fitted classifier.

    Parameters
    ----------
    estimator : fitted classifier
        With `classes_` and `predict`, and for probabilities also `predict_proba`.

    X : array-like of n rows
        Images or rows as the classifier takes them.

    y : array-like of shape (n,)

    more_classes : array-like
        Classes that get columns even if neither the classifier nor y has them.

    Raises
    ------
    ValueError
        If there are no `classes_`, if y has none of them, or if the output of `predict_proba` is
        not probabilities.
    """
    known = find_classes(estimator)
    check_common_class(known, y, "y", "the estimator was fitted on")
    probabilities = None
    if hasattr(estimator, "predict_proba"):
        probabilities = check_probabilities(estimator.predict_proba(X), name="predict_proba(X)")
        check_lengths(y=y, X=probabilities)
    if probabilities is not None and predicts_most_probable(_last_step(estimator)):
        # The same as its predict, without reading all images again.
        predicted = known[probabilities.argmax(axis=1)]
    else:
        predicted = np.asarray(estimator.predict(X))
        check_lengths(y=y, X=predicted)
        strange = set(predicted.tolist()) - set(known.tolist())
        if strange:
            raise ValueError(
                f"predict(X) returns the classes {sorted(strange)[:10]}, which are not in classes_,"
                f" {known[:10].tolist()}. Expected a classifier."
            )
    return number_predictions(known, y, predicted, probabilities, more_classes)


def read_predictions(y_true, y_prob, classes, positive):
    """Return given probabilities as :class:`Predictions`; see `from_predictions`."""
    y_true = check_labels(y_true)
    classes = check_labels(classes, name="classes")
    y_prob = check_probabilities(order_columns(y_prob, classes))
    check_lengths(y_true=y_true, y_prob=y_prob)
    if y_prob.ndim == 1:
        y_prob = _add_other_column(y_prob, classes.tolist(), positive)
    if len(classes) != y_prob.shape[1] or len(set(classes.tolist())) < len(classes):
        raise ValueError(
            f"classes is {classes[:10].tolist()}, but y_prob has {y_prob.shape[1]} columns."
            " Expected a different class for each column, in their order."
        )
    check_common_class(classes, y_true, "y_true", "the columns are")
    return number_predictions(classes, y_true, classes[y_prob.argmax(axis=1)], y_prob)


def number_predictions(known, y, predicted, probabilities, more_classes=()):
    """Return predictions with classes as positions, and zero columns for unseen classes."""
    classes = np.array(sorted({*known.tolist(), *y.tolist(), *more_classes}))
    columns = np.searchsorted(classes, known)
    seen = np.zeros(len(classes), dtype=bool)
    seen[columns] = True
    if probabilities is not None:
        of_all = np.zeros((len(y), len(classes)))
        of_all[:, columns] = probabilities
        probabilities = of_all
    return Predictions(
        np.searchsorted(classes, y),
        np.searchsorted(classes, predicted),
        probabilities,
        classes,
        seen,
    )


def note_threshold(estimator):
    """Return a note if a fitted classifier decides by a threshold, as a list."""
    last = _last_step(estimator)
    if not isinstance(last, OperatingPointClassifier):
        return []
    positive = last.classes_[1] if last.positive is None else last.positive
    note = (
        f"The estimator predicts {positive} from a probability of {last.threshold:.3g}: accuracy,"
        " sensitivity, specificity and other scores of predicted classes are of this threshold."
    )
    return [note]


def _add_other_column(of_positive, classes, positive):
    """Return the probabilities of two classes from those of one."""
    if len(classes) != 2 or positive not in classes:
        raise ValueError(
            f"y_prob has shape {of_positive.shape}, classes is {classes[:10]} and positive is"
            f" {positive!r}. Expected a column for each class or, with two classes, the"
            " probability of the class that positive names."
        )
    columns = [1 - of_positive, of_positive]
    return np.column_stack(columns if classes.index(positive) == 1 else columns[::-1])


def _last_step(estimator):
    """Return the classifier at the end of nested searches and pipelines."""
    if hasattr(estimator, "best_estimator_"):
        return _last_step(estimator.best_estimator_)
    return _last_step(estimator[-1]) if hasattr(estimator, "steps") else estimator
