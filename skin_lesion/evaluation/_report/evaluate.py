"""Judge a fitted classifier, in one call."""

import warnings
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length

from ..._utils.sklearn_private import HasMethods, Interval, validate_params
from ..._utils.validation.labels import check_labels
from ..._utils.validation.rows import check_rows
from ...audit import assert_no_leak
from .._intervals.parts import Draws, Part
from .._pictures import find_pictures
from .build_report import check_groups, check_prevalence, check_thresholds, find_class
from .predictions import find_classes, predict_images
from .report import EvaluationReport, choose_seed


@validate_params(
    {
        "estimator": [HasMethods(["predict"]), list, tuple],
        "y": ["array-like"],
        "groups": ["array-like", None],
        "frame": [pd.DataFrame, None],
        "positive": [Real, str, "boolean", None],
        "thresholds": [dict, "array-like", None],
        "prevalence": [Interval(Real, 0, 1, closed="neither"), None],
        "y_train": ["array-like", None],
        "groups_train": ["array-like", None],
        "n_bootstraps": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def evaluate(
    estimator,
    X,
    y,
    *,
    groups=None,
    frame=None,
    positive=None,
    thresholds=None,
    prevalence=None,
    X_train=None,
    y_train=None,
    groups_train=None,
    n_bootstraps=2000,
    random_state=None,
):
    """Judge a fitted classifier on images that it has not seen.

    Gives, in one call, what a reviewer of a medical-AI paper asks for: every score with a 95%
    interval over lesions or patients, curves, operating points, slices, and shortcut baselines.
    Probabilities from elsewhere are judged by :meth:`EvaluationReport.from_predictions`.

    Parameters
    ----------
    estimator : fitted classifier, or list of them
        Any of scikit-learn's, or a :class:`SkinLesionClassifier`, a pipeline, a search. Without
        `predict_proba` all that needs probabilities is left out. Of a list, such as fits with
        different seeds, scores are means over the fits, with the standard deviation over them.

    X : array-like of n rows
        Images as the estimator takes them, or anything else that it takes, such as a table of
        paths and metadata for a :class:`~sklearn.compose.ColumnTransformer`. Paths, a column of
        paths among others, and stacks of images are also shown, measured for the baselines, and
        compared with `X_train`; without them the report says what it leaves out.

    y : array-like of shape (n,)
        Their classes.

    groups : array-like of shape (n,), default=None
        The lesion or patient of each image. Without them each image counts as one, and photographs
        of one lesion make the intervals too narrow.

    frame : DataFrame of n rows, default=None
        What to slice by: numbers in bands (`age` in those of dermatology), everything else by
        value. Columns that tell the class and those of more than 20 values, such as ids, are left
        out.

    positive : str or int, default=None
        The class to find, such as "melanoma", for decision curve, operating points, and slices.

    thresholds : DataFrame, dict of str to float, or array-like of float, default=None
        Operating points: a probability of `positive` of at least this is called positive. They
        must not come from the test images: pass the table of :func:`choose_thresholds`. At 1 the
        net benefit is NaN.

    prevalence : float in (0, 1), default=None
        How frequent `positive` is where the model is to be used: the report then has its predictive
        values there, and the net benefit of the operating points.

    X_train, y_train, groups_train : array-like of n_train rows, default=None
        What the estimator was fitted on, for the baselines, and to see that no image and no lesion
        of it is judged.

    n_bootstraps : int, default=2000
        Number of draws, for the scores at 80% or 90% sensitivity or specificity. All others have
        intervals that need none.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same intervals at each call.

    Returns
    -------
    report : EvaluationReport
        Scores, tables and curves, to be shown and written.

    Raises
    ------
    ValueError
        If lengths differ, labels or groups are missing, `positive` is no class, thresholds are not
        in [0, 1] or come without `positive`, the rows of `predict_proba` do not sum to 1, or the
        estimator knows none of the classes of y.

    Warns
    -----
    UndefinedMetricWarning
        If y lacks classes of the estimator or has others, whose scores are NaN, or if a class has
        fewer than 10 lesions.
    UserWarning
        If images or groups of the training data are judged.

    See Also
    --------
    cross_evaluate : The same over grouped folds.
    compare : Tests two models on the same images.
    choose_thresholds : Gives `thresholds`.

    Notes
    -----
    Intervals say what other lesions, drawn from the same population, would change. How frequent the
    classes are counts as drawn, too. They leave out what another training run would change: pass a
    list of fits to see that. :doc:`/how_to/intervals` says which method each score has, and where
    not to trust it. In simulations (benchmarks/coverage.py) intervals on at least 10 lesions
    held the truth in about 95%.

    A rate rests on the lesions of its denominator, and has an interval however few they are; of 500
    nevi that are all right, the specificity has the exact one, 0.993 to 1. The AUC has one from one
    lesion on; average precision and calibration from 10 lesions of the smaller class on; scores at
    a sensitivity or specificity from 20 on, in each fold; the partial AUC, which rests on a fifth
    of the positive lesions, from 50 on. The calibration error, which is biased, has none.

    A class that y lacks has NaN for sensitivity, F1 and AUC, and all means over classes leave it
    out, that of F1 too. A class that the model has never seen counts as wrong, with NaN for its
    AUC. Constant scores have an AUC of 0.5. An empty slice has NaN.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skin_lesion import evaluate, make_lesion_images, train_test_split_by_group
    >>> lesions = make_lesion_images(120, n_classes=2, image_size=(16, 16), random_state=0)
    >>> X_train, X_test, y_train, y_test, groups_train, groups_test = train_test_split_by_group(
    ...     lesions.images, lesions.target, lesions.groups,
    ...     groups=lesions.groups, stratify=lesions.target, test_size=0.5, random_state=0)
    >>> flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1) / 255.0)
    >>> model = make_pipeline(flatten, LogisticRegression(C=0.01)).fit(X_train, y_train)
    >>> report = evaluate(
    ...     model, X_test, y_test, groups=groups_test, positive="melanoma", X_train=X_train,
    ...     y_train=y_train, groups_train=groups_train, n_bootstraps=200, random_state=0)
    >>> report.scores.index.tolist()
    ['accuracy', 'balanced_accuracy', 'f1_macro', 'roc_auc_ovr', 'brier_score',
     'expected_calibration_error']
    >>> bool(report.class_scores.loc[("melanoma", "sensitivity"), "low"] > 0.2)
    True
    >>> sorted(report.left_out)
    ['operating points', 'slices', 'training curves']
    """
    check_rows(X)
    y = check_labels(y, name="y")
    check_consistent_length(y, groups, frame)
    if y_train is not None:
        y_train = check_labels(y_train, name="y_train")
    train_pictures = None
    if X_train is not None:
        check_rows(X_train, name="X_train")
        check_consistent_length(X_train, y_train, groups_train)
        train_pictures = find_pictures(X_train, name="X_train")
    thresholds = check_thresholds(thresholds, positive)
    check_prevalence(prevalence, positive)
    fits = list(estimator) if isinstance(estimator, (list, tuple)) else [estimator]
    if not fits:
        raise ValueError("estimator is an empty list. Expected at least one fitted classifier.")
    known = dict.fromkeys(name for fit in fits for name in find_classes(fit).tolist())
    find_class(positive, known | dict.fromkeys(y.tolist()))  # here, and not when all is predicted
    numbers, rows = check_groups(groups), np.arange(len(y))
    pictures = find_pictures(X)
    notes = []
    if train_pictures is not None:
        notes = _check_leak(train_pictures, pictures, groups_train, groups)
    return EvaluationReport(
        [
            Part(predict_images(fit, X, y, more_classes=known), numbers, rows, repeat)
            for repeat, fit in enumerate(fits)
        ],
        pictures=pictures,
        frame=frame,
        positive=positive,
        thresholds=thresholds,
        prevalence=prevalence,
        train=(train_pictures, y_train, groups_train),
        estimator=fits[0],
        draws=Draws(n_bootstraps, choose_seed(random_state)),
        notes=notes,
    )


def _check_leak(train, test, groups_train, groups):
    """Return a note, and warn, if images or groups of the training data are judged."""
    found = None
    if groups_train is not None and groups is not None:
        shared = np.isin(np.asarray(groups), np.asarray(groups_train))
        if shared.any():
            found = f"{shared.sum()} of {len(shared)} images are of groups that were trained on."
    if found is None and not train.why_not_compared(test):
        try:
            assert_no_leak(train.images, test.images)
        except ValueError as error:
            found = str(error)
    if found is None:
        return []
    note = f"The scores are worth nothing as they are: {found}"
    warnings.warn(note, UserWarning, stacklevel=4)
    return [note]
