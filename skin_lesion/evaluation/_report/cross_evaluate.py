"""Judge a way to train on grouped folds."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import check_consistent_length

from ..._utils.sklearn_private import HasMethods, Interval, safe_indexing, validate_params
from ..._utils.validation.labels import check_labels
from ..._utils.validation.rows import check_rows
from .._folds import fit_fold, split_folds
from .._intervals.parts import Draws, Part
from .._pictures import find_pictures
from .build_report import check_groups, find_class
from .predictions import predict_images
from .report import EvaluationReport, choose_seed


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict"])],
        "y": ["array-like"],
        "groups": ["array-like", None],
        "cv": [Interval(Integral, 2, None, closed="left"), "cv_object"],
        "frame": [pd.DataFrame, None],
        "positive": [Real, str, "boolean", None],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "n_bootstraps": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def cross_evaluate(
    estimator,
    X,
    y,
    *,
    groups,
    cv=5,
    frame=None,
    positive=None,
    n_repeats=1,
    n_bootstraps=2000,
    random_state=None,
):
    """Judge a way to train, over folds that keep lesions or patients whole.

    For each fold a clone is fitted on the others. The scores are means of those of the folds, not
    scores of all predictions together: the probabilities of different models need not rank alike.
    Only calibration intercept and slope, which are biased in small folds, are of all predictions.

    Parameters
    ----------
    estimator : classifier
        Cloned and fitted once a fold.

    X : array-like of n rows
        Images as the estimator takes them.

    y : array-like of shape (n,)
        Their classes.

    groups : array-like of shape (n,) or None
        The lesion or patient of each image. They also reach the validation split inside a
        :class:`SkinLesionClassifier`. None makes each image a group of its own, which lets
        photographs of one lesion leak.

    cv : int, splitter or iterable, default=5
        Number of stratified grouped folds, or how to split. Rows that no fold tests are left out.

    frame : DataFrame of n rows, default=None
        What to slice by, as in :func:`evaluate`. Slices are of all predictions together.

    positive : str or int, default=None
        The class to find.

    n_repeats : int, default=1
        How often all folds are fitted, each time with other seeds of the estimator and, where `cv`
        is a number, other folds. The scores have the standard deviation over repeats beside their
        interval: run-to-run training variability.

    n_bootstraps : int, default=2000
        Number of draws of the groups of all folds together, as in :func:`evaluate`.

    random_state : int, RandomState instance or None, default=None
        Of folds and draws, and of what repeats change. Pass an int for the same ones at each call;
        the seed of the estimator in the first repeat is its own.

    Returns
    -------
    report : EvaluationReport
        With `deviation`, the standard deviation over folds, beside the scores, and with
        `run_deviation`, that over repeats.

    Raises
    ------
    ValueError
        If a group is on both sides of a fold, if rows are tested twice, and as in :func:`evaluate`.

    See Also
    --------
    evaluate : Judges one fitted model.

    Notes
    -----
    The intervals, over the lesions of all folds together, say what other test images would change.
    What other training images would change they leave out, and the deviation over folds does not
    hold it either: the folds share most of their training images, and no estimate from one
    cross-validation is unbiased [1]_.

    References
    ----------
    .. [1] Y. Bengio and Y. Grandvalet, "No unbiased estimator of the variance of K-fold
       cross-validation", Journal of Machine Learning Research 5, 1089-1105, 2004.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skin_lesion import cross_evaluate
    >>> X, y = load_iris(return_X_y=True)
    >>> report = cross_evaluate(
    ...     LogisticRegression(max_iter=1000), X, y, groups=None, n_bootstraps=200, random_state=0)
    >>> report.n_folds, report.n_images
    (5, 150)
    >>> report.scores.loc["accuracy"].index.tolist()
    ['value', 'low', 'high', 'groups', 'deviation']
    """
    check_rows(X)
    y = check_labels(y, name="y")
    check_consistent_length(X, y, groups, frame)
    classes = np.unique(y)
    find_class(positive, classes.tolist())  # here, and not when all folds have been trained
    seed = choose_seed(random_state)
    numbers = check_groups(groups)
    rng = np.random.RandomState(seed)
    if not isinstance(cv, Integral):
        cv = split_folds(y, groups, cv, seed)  # an iterable could not be read twice
    parts = []
    for repeat in range(n_repeats):
        fold_seed = seed if repeat == 0 else rng.randint(2**31 - 1)
        way = estimator if repeat == 0 else _reseed(estimator, rng)
        for train, test in split_folds(y, groups, cv, fold_seed):
            model = fit_fold(way, X, y, groups, train)
            predictions = predict_images(
                model, safe_indexing(X, test), y[test], more_classes=classes.tolist()
            )
            parts.append(Part(predictions, None if groups is None else numbers[test], test, repeat))
    notes = []
    n_left_out = len(y) - sum(len(part.rows) for part in parts if part.repeat == 0)
    if n_left_out:
        notes.append(f"{n_left_out} of {len(y)} images are in the test side of no fold.")
    return EvaluationReport(
        parts,
        pictures=find_pictures(X),
        frame=frame,
        positive=positive,
        thresholds=None,
        train=(None, None, None),
        estimator=None,
        draws=Draws(n_bootstraps, seed),
        notes=notes,
    )


def _reseed(estimator, rng):
    """Return a clone with another seed in each of its steps."""
    names = [
        name for name in sorted(estimator.get_params()) if name.split("__")[-1] == "random_state"
    ]
    return clone(estimator).set_params(**{name: rng.randint(2**31 - 1) for name in names})
