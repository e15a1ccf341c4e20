"""Choose operating points: thresholds on the probability of a class."""

import warnings
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_curve

from ..._utils.sklearn_private import HasMethods, Interval, safe_indexing, validate_params
from ..._utils.validation.labels import check_labels, number_labels
from ..._utils.validation.messages import did_you_mean
from ..._utils.validation.rows import check_lengths, check_order, check_rows
from .._folds import check_learns, fit_fold, split_folds, warn_of_copies
from .._metrics.input_checks import check_probabilities, order_columns
from .._metrics.ranked_scores import ROUNDING
from .._pictures import find_content_ids, find_pictures

_RATES = {
    "positive": [Real, str, "boolean"],
    "groups": ["array-like", None],
    "sensitivity": ["array-like", Interval(Real, 0, 1, closed="right"), None],
    "specificity": ["array-like", Interval(Real, 0, 1, closed="right"), None],
}


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        **_RATES,
        "cv": [Interval(Integral, 2, None, closed="left"), "cv_object", None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=False,  # with `cv`, the estimator is fitted
)
def choose_thresholds(
    estimator,
    X,
    y,
    *,
    positive,
    groups=None,
    sensitivity=(0.9, 0.95),
    specificity=(0.9,),
    cv=None,
    random_state=None,
):
    """Choose thresholds on the probability of a class for a fitted classifier.

    Do not choose a threshold on test images: its test scores would be too optimistic. Choose it on
    held-out lesions that are used for neither training, early stopping nor the test. Or choose it
    on out-of-fold predictions of the training images, with `cv`.

    Parameters
    ----------
    estimator : classifier with predict_proba
        Fitted, including its calibration, `prior` and `temperature`, if it has them. With `cv`,
        clones are fitted instead.

    X : array-like of n rows
        Held-out images, or with `cv` the training images, as the estimator takes them.

    y : array-like of shape (n,)
        Their classes.

    positive : str or int
        The class to detect.

    groups : array-like of shape (n,), default=None
        The lesion or patient of each row, for the counts. With `cv`, each group stays in one fold,
        and the groups also reach the validation split inside a :class:`SkinLesionClassifier`, but
        not behind a sampler in a pipeline, nor beside an estimator that cannot route metadata. None
        treats each row as a separate group.

    sensitivity, specificity : float, sequence of float in (0, 1] or None
        Target rates. For each target sensitivity, the highest threshold that reaches it is chosen;
        for each target specificity, the lowest one. None chooses none.

    cv : int, splitter or iterable, default=None
        None uses the fitted estimator. An int is the number of stratified grouped folds: clones
        predict the rows that they were not fitted on. The thresholds suit a model that is fitted in
        the same way on all of X, as far as its probabilities are similar.

    random_state : int, RandomState instance or None, default=None
        Seed of the folds. Pass an int for the same folds in each call.

    Returns
    -------
    operating_points : DataFrame indexed by operating point
        Rows "sensitivity 0.90" and so on. Columns: `threshold`, the lowest probability that is
        predicted positive; `target`, the target rate; `sensitivity` and `specificity`, shares of
        these rows; `n_positive` and `n_negative`, the numbers of groups that have such rows. Pass
        the table to :func:`evaluate` as `thresholds`, or a threshold to
        :class:`OperatingPointClassifier`.

    Raises
    ------
    ValueError
        If `positive` is not a class of y, if y has no other class, or if a rate is not in (0, 1].
        With `cv`, also if the tested rows lack one of the two, or if the estimator is a frozen
        classifier, whose `fit` does nothing.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted, and `cv` is None.

    Warns
    -----
    UserWarning
        If a target is reached only with a sensitivity or a specificity of 0: many rows have the
        same score, or the scores hardly separate the classes. With `cv`, if test images are exact
        copies of training images of their fold, if the groups reach no part of the estimator,
        because one part cannot route metadata, or if a part is a frozen classifier. Or if several
        rows have a group such as "unknown".

    See Also
    --------
    choose_thresholds_from_predictions : Takes probabilities instead of a classifier.
    OperatingPointClassifier : Applies a threshold to new images.
    evaluate : Evaluates the thresholds on test images.

    Notes
    -----
    With n positive lesions, the resolution of the sensitivity is about 1/n: a sensitivity of 0.95
    on ten lesions means all ten. On new images the rates will differ from those in this table;
    :func:`evaluate` reports them.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skin_lesion import choose_thresholds
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(C=1e-3, max_iter=5000).fit(X[::2], y[::2])
    >>> points = choose_thresholds(model, X[1::2], y[1::2], positive=1)
    >>> points.round(3)[["threshold", "target", "sensitivity", "specificity"]]
                      threshold  target  sensitivity  specificity
    operating point
    sensitivity 0.90      0.786    0.90        0.902        0.936
    sensitivity 0.95      0.571    0.95        0.954        0.873
    specificity 0.90      0.632    0.90        0.931        0.900
    """
    check_rows(X)
    targets = _check_targets(sensitivity, specificity)
    check_order(X=X, y=y, groups=groups)
    y = check_labels(y, name="y")
    check_lengths(X=X, y=y, groups=groups)
    _check_positive(positive, np.unique(y).tolist(), "y")
    if cv is not None:
        check_learns(estimator)
        folds, found = split_folds(y, groups, cv, random_state), []
        warn_of_copies(find_content_ids(X, find_pictures(X)), folds)
        rows = np.concatenate([test for _, test in folds])
        _check_positive(positive, np.unique(y[rows]).tolist(), "y in the test sets of the folds")
        for train, test in folds:
            if positive not in y[train].tolist():
                raise ValueError(
                    f"The training set of a fold has no {positive!r}. Expected at least one in"
                    " each: use fewer folds."
                )
            model = fit_fold(estimator, X, y, groups, train)
            found.append(_predict(model, safe_indexing(X, test), positive))
        scores = np.concatenate(found)
    else:
        if not hasattr(estimator, "classes_"):
            raise NotFittedError(
                f"{type(estimator).__name__} has no classes_. Expected a fitted classifier, and"
                " lesions that it has not seen. To choose on out-of-fold predictions of the"
                " training images, pass cv=5."
            )
        rows, scores = np.arange(len(y)), _predict(estimator, X, positive)
    groups = np.arange(len(y)) if groups is None else np.asarray(groups)
    return _choose(y[rows] == positive, scores, groups[rows], targets)


@validate_params(
    {
        "y_true": ["array-like"],
        "y_prob": ["array-like"],
        "classes": ["array-like", None],
        **_RATES,
    },
    prefer_skip_nested_validation=True,
)
def choose_thresholds_from_predictions(
    y_true,
    y_prob,
    *,
    positive,
    classes=None,
    groups=None,
    sensitivity=(0.9, 0.95),
    specificity=(0.9,),
):
    """Choose thresholds on the probability of a class from given probabilities.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True classes of held-out images, or of training images with out-of-fold predictions.

    y_prob : array-like of shape (n,) or (n, n_classes)
        The probability of `positive`, or the probabilities of all classes.

    positive : str or int
        The class to detect.

    classes : array-like of shape (n_classes,), default=None
        The classes of the columns, in their order. None means those of `y_true`, sorted.

    groups : array-like of shape (n,), default=None
        The lesion or patient of each row, for the counts.

    sensitivity, specificity : float, sequence of float in (0, 1] or None
        As for :func:`choose_thresholds`.

    Returns
    -------
    operating_points : DataFrame indexed by operating point
        As from :func:`choose_thresholds`.

    Raises
    ------
    ValueError
        If lengths differ, `y_prob` does not contain probabilities, `positive` is not a class of
        `y_true`, or a rate is not in (0, 1].

    Warns
    -----
    UserWarning
        If a target is reached only with a sensitivity or a specificity of 0. Or if several
        rows have a group such as "unknown".

    See Also
    --------
    choose_thresholds : Takes a classifier.

    Examples
    --------
    >>> from skin_lesion import choose_thresholds_from_predictions
    >>> y_true = ["melanoma", "nevus", "nevus", "melanoma", "nevus"]
    >>> points = choose_thresholds_from_predictions(
    ...     y_true, [0.9, 0.3, 0.1, 0.4, 0.05], positive="melanoma", sensitivity=0.95)
    >>> points["threshold"].to_dict()
    {'sensitivity 0.95': 0.4, 'specificity 0.90': 0.4}
    """
    targets = _check_targets(sensitivity, specificity)
    check_order(y_true=y_true, y_prob=y_prob, groups=groups)
    y_true = check_labels(y_true)
    columns = np.unique(y_true) if classes is None else check_labels(classes, name="classes")
    y_prob = check_probabilities(order_columns(y_prob, columns))
    check_lengths(y_true=y_true, y_prob=y_prob, groups=groups)
    _check_positive(positive, np.unique(y_true).tolist(), "y_true")
    if y_prob.ndim == 2:
        columns = columns.tolist()
        if len(set(columns)) != y_prob.shape[1] or positive not in columns:
            raise ValueError(
                f"y_prob has {y_prob.shape[1]} columns, but the classes are {columns[:10]}."
                f" Expected one column for each class, including {positive!r}: pass all classes in"
                " the order of the columns."
            )
        y_prob = y_prob[:, columns.index(positive)]
    groups = np.arange(len(y_true)) if groups is None else np.asarray(groups)
    return _choose(y_true == positive, y_prob, groups, targets)


def name_thresholds(thresholds):
    """Return thresholds as a dict of names and numbers.

    Parameters
    ----------
    thresholds : DataFrame of `choose_thresholds`, Series, dict or array-like of float
    """
    if isinstance(thresholds, pd.DataFrame):
        if "threshold" not in thresholds:
            raise ValueError(
                f"thresholds is a DataFrame with the columns {list(thresholds)[:10]}. Expected a"
                " column 'threshold', as in the table of choose_thresholds."
            )
        thresholds = thresholds["threshold"]
    if not hasattr(thresholds, "items"):
        return {str(threshold): threshold for threshold in _list_numbers(thresholds)}
    names = [str(name) for name, _ in thresholds.items()]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"Several operating points are named {name!r}. Expected another name for each row"
                " of thresholds."
            )
    return {str(name): threshold for name, threshold in thresholds.items()}


def _list_numbers(values):
    # As objects: numpy turns a number among text into text.
    return np.ravel(np.asarray(values, dtype=object)).tolist()


def _check_positive(positive, known, who):
    if positive not in known:
        raise ValueError(
            f"positive={positive!r}, but {who} has the classes {known[:10]}. Expected one of at"
            f" least two classes.{did_you_mean(positive, known)}"
        )
    if len(known) < 2:
        raise ValueError(
            f"All rows of {who} are of the class {positive!r}. Expected rows of another class, too:"
            " a threshold separates the two."
        )


def _predict(estimator, X, positive):
    """Return the probability of the class."""
    classes = np.asarray(estimator.classes_).tolist()
    _check_positive(positive, classes, "the estimator")
    probabilities = check_probabilities(estimator.predict_proba(X), name="predict_proba(X)")
    return probabilities[:, classes.index(positive)]


def _choose(is_positive, scores, groups, targets):
    groups = number_labels(groups, name="groups")[1]
    fpr, tpr, cuts = roc_curve(is_positive, scores, drop_intermediate=False)
    # The first threshold, infinity, predicts no positive. One just above all scores does the same
    # here, but predicts new images with a higher score as positive.
    cuts[0] = np.nextafter(scores.max(), np.inf)
    points = {}
    for name, target in targets:
        if name == "sensitivity":
            place = np.flatnonzero(tpr >= target - ROUNDING)[0]
        else:
            place = np.flatnonzero(1 - fpr >= target - ROUNDING)[-1]
        digits = np.format_float_positional(target, min_digits=2)
        points[f"{name} {digits}"] = (cuts[place], target, tpr[place], 1 - fpr[place])
    table = pd.DataFrame.from_dict(
        points, orient="index", columns=["threshold", "target", "sensitivity", "specificity"]
    ).rename_axis("operating point")
    table["n_positive"] = len(np.unique(groups[is_positive]))
    table["n_negative"] = len(np.unique(groups[~is_positive]))
    for rate in ("sensitivity", "specificity"):
        useless = table.index[table[rate] == 0].tolist()
        if useless:
            warnings.warn(
                f"{useless} can be reached only with a {rate} of 0. Many of these {len(scores)}"
                " rows have the same score, or the scores hardly separate the classes. Expected"
                " scores that do, with fewer ties, or a lower target.",
                UserWarning,
                stacklevel=4,
            )
    return table


def _check_targets(sensitivity, specificity):
    """Return the names and values of the rates to keep."""
    targets = []
    for name, rates in (("sensitivity", sensitivity), ("specificity", specificity)):
        for rate in [] if rates is None else _list_numbers(rates):
            if not isinstance(rate, Real) or not 0 < rate <= 1:
                raise ValueError(
                    f"{name} has {rate!r}. Expected rates above 0, up to 1, such as 0.9."
                )
            targets.append((name, rate))
    return targets
