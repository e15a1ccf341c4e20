"""Evaluate a training method by grouped cross-validation."""

from numbers import Integral

import numpy as np
from sklearn.base import clone

from ..._utils.sklearn_private import HasMethods, Interval, safe_indexing, validate_params
from ..._utils.validation.labels import check_labels
from ..._utils.validation.rows import check_lengths, check_order, check_rows
from .._folds import check_learns, fit_fold, split_folds, warn_of_copies
from .._intervals.parts import Draws, Part
from .._metrics.input_checks import find_class
from .._pictures import find_content_ids, find_pictures
from .build_report import PARAMETERS, check_groups
from .predictions import note_threshold, predict_images
from .report import EvaluationReport, choose_seed

_LEFT_OUT = {
    "operating points": "cross-validation scores none (choose_thresholds finds them, with cv)",
    "shortcut baselines": "cross-validation scores none (evaluate does, with X_train and y_train)",
    "training curves": "each fold has its own model",
}


@validate_params(
    {
        **PARAMETERS,
        "estimator": [HasMethods(["fit", "predict"])],
        "y": ["array-like"],
        "cv": [Interval(Integral, 2, None, closed="left"), "cv_object"],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=False,  # the estimator is fitted
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
    """Evaluate a training method by grouped cross-validation.

    For each fold, a clone is fitted on the other folds. Each lesion or patient stays in one fold.
    The scores are means over the folds, not scores of pooled predictions, because the probabilities
    of different models may not be comparable. Curves, errors and slices use pooled predictions. So
    do calibration intercept and slope, which are biased in small folds.

    Parameters
    ----------
    estimator : classifier
        Cloned and fitted once per fold.

    X : array-like of n rows
        Images as the estimator takes them.

    y : array-like of shape (n,)
        Their classes.

    groups : array-like of shape (n,) or None
        The lesion or patient of each image. The groups also reach the validation split inside a
        :class:`SkinLesionClassifier`, but not behind a sampler in a pipeline, which changes the
        rows, nor beside an estimator that cannot route metadata. None treats each image as a
        separate group, so that photographs of one lesion leak.

    cv : int, splitter or iterable, default=5
        Number of stratified grouped folds, or how to split. Rows in no test set are left out.

    frame : DataFrame of n rows, default=None
        Columns for slices, as in :func:`evaluate`. Slices use pooled predictions.

    positive : str or int, default=None
        The class to detect.

    n_repeats : int, default=1
        Number of repeats of the cross-validation, each with other seeds of the estimator and, if
        `cv` is a number, other folds. The standard deviation of the scores over repeats shows
        run-to-run training variability.

    n_bootstraps : int, default=2000
        Number of bootstraps of the groups of all folds, as in :func:`evaluate`.

    random_state : int, RandomState instance or None, default=None
        Seed of the folds, the bootstraps and the repeats. Pass an int for the same ones in each
        call. In the first repeat the estimator keeps its own seed.

    Returns
    -------
    report : EvaluationReport
        Its scores also have `deviation`, the standard deviation over folds, and with repeats
        `run_deviation`, the standard deviation over repeats.

    Raises
    ------
    ValueError
        If the estimator is a frozen classifier, whose `fit` does nothing, if a group is on both
        sides of a fold, if rows are tested twice, and for the reasons of :func:`evaluate`.

    Warns
    -----
    UserWarning
        If test images, or their features, are exact copies of those of training images of their
        fold. If the groups reach no part of the estimator, because one part, such as an
        :class:`~sklearn.ensemble.AdaBoostClassifier`, cannot route metadata. If a part of the
        estimator is a frozen classifier. Or if several rows have a group such as "unknown".

    See Also
    --------
    evaluate : Evaluates one fitted model.

    Notes
    -----
    The intervals, over the lesions of all folds, include the variability of test images. They do
    not include the variability of training images. Nor does the deviation over folds: the folds
    share most training images, and no estimate from a single cross-validation is unbiased [1]_.

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
    check_order(X=X, y=y, groups=groups, frame=frame)
    y = check_labels(y, name="y")
    check_lengths(X=X, y=y, groups=groups, frame=frame)
    classes = np.unique(y)
    find_class(positive, classes.tolist())  # before the folds are trained
    check_learns(estimator)
    seed = choose_seed(random_state)
    numbers = check_groups(groups)
    rng = np.random.RandomState(seed)
    if not isinstance(cv, Integral):
        cv = split_folds(y, groups, cv, seed)  # an iterable could not be read twice
    pictures, parts, notes, left_out = find_pictures(X), [], [], dict(_LEFT_OUT)
    ids = find_content_ids(X, pictures)
    if ids is None:
        left_out["search for copies across folds"] = pictures.problem
    for repeat in range(n_repeats):
        fold_seed = seed if repeat == 0 else rng.randint(2**31 - 1)
        way = estimator if repeat == 0 else _reseed(estimator, rng)
        folds = split_folds(y, groups, cv, fold_seed)
        if repeat == 0:
            notes += warn_of_copies(ids, folds)
        for train, test in folds:
            model = fit_fold(way, X, y, groups, train)
            predictions = predict_images(
                model, safe_indexing(X, test), y[test], more_classes=classes.tolist()
            )
            parts.append(Part(predictions, None if groups is None else numbers[test], test, repeat))
    notes += note_threshold(model)
    n_left_out = len(y) - sum(len(part.rows) for part in parts if part.repeat == 0)
    if n_left_out:
        notes.append(f"{n_left_out} of {len(y)} images are in the test set of no fold.")
    return EvaluationReport(
        parts,
        pictures=pictures,
        frame=frame,
        positive=positive,
        draws=Draws(n_bootstraps, seed),
        notes=notes,
        left_out=left_out,
    )


def _reseed(estimator, rng):
    """Return a clone with another seed in each of its steps."""
    names = [
        name for name in sorted(estimator.get_params()) if name.split("__")[-1] == "random_state"
    ]
    return clone(estimator).set_params(**{name: rng.randint(2**31 - 1) for name in names})
