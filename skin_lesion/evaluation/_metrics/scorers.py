"""The metrics as scikit-learn scorers."""

import warnings
from functools import partial

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    make_scorer,
    roc_auc_score,
)

from ..._utils.sklearn_private import BaseScorer
from ..._utils.validation.labels import check_labels
from ..._utils.validation.messages import warn_caller
from .class_rates import npv_score, ppv_score, sensitivity_score, specificity_score
from .input_checks import check_weights, find_class
from .probabilities import expected_calibration_error
from .roc import (
    auc_above_sensitivity_score,
    partial_auc_score,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)


class _ClassScorer(BaseScorer):
    """A scorer whose function also receives the classes of the estimator.

    scikit-learn's scorers pass neither the classes of the columns nor the classes that a fold
    lacks. With their base class, a search with many scorers computes predictions only once.
    """

    def _score(self, method_caller, estimator, X, y_true, **kwargs):
        y_true = check_labels(y_true, name="y")
        predicted = method_caller(estimator, self._response_method, X)
        if self._response_method == "predict_proba" and predicted.ndim == 1:
            predicted = np.column_stack([1 - predicted, predicted])  # of the second class
        classes = estimator.classes_
        find_class(self._kwargs.get("positive"), np.union1d(classes, y_true).tolist())
        score = self._score_func(y_true, predicted, classes, **self._kwargs, **kwargs)
        return self._sign * score


class _PredictionScorer(BaseScorer):
    """A scorer of predicted classes, for a class that a fold may lack.

    Its function takes what scikit-learn passes to that of a scorer when it tunes a threshold.
    """

    def _score(self, method_caller, estimator, X, y_true, **kwargs):
        y_true = check_labels(y_true, name="y")
        find_class(self._kwargs["pos_label"], np.union1d(estimator.classes_, y_true).tolist())
        predicted = method_caller(estimator, self._response_method, X)
        return self._score_func(y_true, predicted, **self._kwargs, **kwargs)


def isic_scorers(positive=None):
    """Return scorers for searches and cross-validation, also those of ISIC 2018, 2019 and 2024.

    Parameters
    ----------
    positive : str or int, default=None
        The class to detect, such as "melanoma", against all others together. None omits the metrics
        that need a positive class.

    Returns
    -------
    scorers : dict of str to callable
        ``scorer(estimator, X, y)`` returns a float; greater is better. In a search, all scorers
        share one set of predictions. Over all classes:

        "balanced_accuracy"
            Mean of the sensitivities of the classes, the balanced multiclass accuracy of ISIC 2018
            and 2019. Official scores differ: some images have no weight, and the test set of 2019
            has a ninth class, "none of the others".
        "accuracy"
            Share of correct predictions.
        "roc_auc_ovr"
            Mean area under the ROC curves of each class against the rest.
        "neg_brier_score"
            Negative mean squared distance of the probabilities from the truth, from -2 to 0, or
            from -1 to 0 if the classifier and y have two classes.
        "neg_expected_calibration_error"
            Negative :func:`expected_calibration_error`.

        For `positive`: "sensitivity", "specificity", "ppv" and "npv" of the predicted classes;
        "roc_auc" and "average_precision" of its probability; "partial_auc" (ISIC 2024),
        "auc_above_80_sensitivity" (ISIC 2018), "sensitivity_at_90_specificity" and
        "specificity_at_90_sensitivity".

    Raises
    ------
    ValueError
        From the scorers, if `positive` is a class of neither the estimator nor y.

    Notes
    -----
    Means over classes leave out classes that are missing in a test fold. A metric of `positive` is
    NaN in a fold without this class or without other classes, and if the model has not seen the
    class and has no probability for it.

    :class:`~sklearn.model_selection.TunedThresholdClassifierCV` takes "specificity" and "ppv", too.
    Do not pass "sensitivity" or "npv" to it: it would choose the lowest threshold, at which every
    row is predicted positive. Sensitivity is 1 there, and "npv" is NaN, which scikit-learn takes
    for the highest value. To reach a target sensitivity, use :func:`choose_thresholds`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skin_lesion import isic_scorers
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.1, 1]},
    ...                       scoring=isic_scorers(positive=2), refit="balanced_accuracy")
    >>> results = search.fit(X, y).cv_results_
    >>> results["mean_test_balanced_accuracy"].round(3), results["mean_test_partial_auc"].round(3)
    (array([0.947, 0.973]), array([0.187, 0.194]))
    """
    scorers = {
        "balanced_accuracy": make_scorer(_score_balanced_accuracy),
        "accuracy": make_scorer(_score_accuracy),
        "roc_auc_ovr": _ClassScorer(_score_auc_ovr, 1, {}, "predict_proba"),
        "neg_brier_score": _ClassScorer(_score_brier, -1, {}, "predict_proba"),
        "neg_expected_calibration_error": _ClassScorer(score_calibration, -1, {}, "predict_proba"),
    }
    if positive is None:
        return scorers
    of_predictions = {
        "sensitivity": sensitivity_score,
        "specificity": specificity_score,
        "ppv": ppv_score,
        "npv": npv_score,
    }
    of_probabilities = {
        "roc_auc": partial(partial_auc_score, min_tpr=0),
        "average_precision": average_precision_score,
        "partial_auc": partial_auc_score,
        "auc_above_80_sensitivity": auc_above_sensitivity_score,
        "sensitivity_at_90_specificity": sensitivity_at_specificity,
        "specificity_at_90_sensitivity": specificity_at_sensitivity,
    }
    for name, metric in of_predictions.items():
        function = partial(_score_predictions, metric)
        scorers[name] = _PredictionScorer(function, 1, {"pos_label": positive}, "predict")
    for name, metric in of_probabilities.items():
        function = partial(_score_probabilities, metric)
        scorers[name] = _ClassScorer(function, 1, {"positive": positive}, "predict_proba")
    return scorers


def squared_distances(y, probabilities, classes, *, is_binary):
    """Return the Brier score of each row: 0 to 1 for two classes, 0 to 2 for more."""
    is_true = y[:, np.newaxis] == classes
    distances = np.square(probabilities - is_true).sum(axis=1)
    # The probability of a class that the model has not seen is 0, and the truth is 1.
    distances += ~is_true.any(axis=1)
    return distances / 2 if is_binary else distances


def score_calibration(y_true, predicted, classes, *, sample_weight=None):
    """Return the calibration error; rows of a class without a column count as wrong."""
    is_right = classes[predicted.argmax(axis=1)] == y_true
    return expected_calibration_error(
        is_right.astype(int), np.clip(predicted.max(axis=1), 0, 1), sample_weight=sample_weight
    )


def _score_accuracy(y_true, y_pred, *, sample_weight=None):
    return accuracy_score(check_labels(y_true, name="y"), y_pred, sample_weight=sample_weight)


def _score_balanced_accuracy(y_true, y_pred, *, sample_weight=None):
    y_true = check_labels(y_true, name="y")
    with warnings.catch_warnings():
        # A fold may lack a rare class that the model knows.
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        return balanced_accuracy_score(y_true, y_pred, sample_weight=sample_weight)


def _score_auc_ovr(y_true, predicted, classes, *, sample_weight=None):
    """Return the mean AUC of each class against the rest, over the classes in y."""
    weights, areas = check_weights(sample_weight, y_true), []
    for name, column in zip(classes, predicted.T, strict=True):
        is_positive = y_true == name
        if weights[is_positive].any() and weights[~is_positive].any():
            areas.append(roc_auc_score(is_positive, column, sample_weight=weights))
    return float(np.mean(areas)) if areas else np.nan


def _score_brier(y_true, predicted, classes, *, sample_weight=None):
    # A fold that lacks one of several classes has the same scale as the others.
    is_binary = len(np.union1d(classes, y_true)) <= 2
    distances = squared_distances(y_true, predicted, classes, is_binary=is_binary)
    return np.average(distances, weights=sample_weight)


def _score_predictions(metric, y_true, y_pred, *, pos_label, sample_weight=None):
    labels = np.union1d(np.union1d(y_true, y_pred), [pos_label])
    return metric(y_true, y_pred, labels=labels, pos_label=pos_label, sample_weight=sample_weight)


def _score_probabilities(metric, y_true, predicted, classes, *, positive, sample_weight=None):
    column = np.flatnonzero(classes == positive)
    is_positive = y_true == positive
    if not len(column) or is_positive.all() or not is_positive.any():
        warn_caller(
            f"A metric of {positive!r} is NaN: the fold lacks this class or all others, or the"
            " model has not seen it.",
            UndefinedMetricWarning,
        )
        return np.nan
    return metric(
        is_positive.astype(int), predicted[:, column[0]], pos_label=1, sample_weight=sample_weight
    )
