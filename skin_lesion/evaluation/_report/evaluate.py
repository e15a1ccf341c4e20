"""Evaluate a fitted classifier."""

import warnings

import numpy as np
import pandas as pd

from ..._utils.sklearn_private import HasMethods, validate_params
from ..._utils.validation.labels import advise_on_numbers, check_labels, check_same_kind
from ..._utils.validation.rows import check_lengths, check_order, check_rows
from ...audit import assert_no_leak
from .._intervals.parts import Draws, Part
from .._metrics.input_checks import find_class, find_classes
from .._pictures import find_pictures
from .build_report import PARAMETERS, check_groups, check_thresholds
from .predictions import note_threshold, predict_images
from .report import EvaluationReport, choose_seed


@validate_params(
    {
        **PARAMETERS,
        "estimator": [HasMethods(["predict"]), list, tuple],
        "y": ["array-like"],
        "y_train": ["array-like", None],
        "groups_train": ["array-like", None],
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
    """Evaluate a fitted classifier on images that it has not seen.

    The report has what reviewers of medical-AI papers ask for: scores with 95% confidence intervals
    over lesions or patients, curves, operating points, slices, and shortcut baselines. To evaluate
    given probabilities, use :meth:`EvaluationReport.from_predictions`.

    Parameters
    ----------
    estimator : fitted classifier, or list of them
        Any scikit-learn classifier, a :class:`SkinLesionClassifier`, a pipeline or a search.
        Without `predict_proba`, everything that needs probabilities is omitted. For a list, such as
        fits with different seeds, scores are means over the fits, with their standard deviation.

    X : array-like of n rows
        Images, or any other input of the estimator, such as a table of paths and metadata for a
        :class:`~sklearn.compose.ColumnTransformer`. Paths, a column of paths, and arrays of images
        are also shown, measured for the baselines, and compared with `X_train`. Without them, the
        report lists what is missing.

    y : array-like of shape (n,)
        The true class of each image.

    groups : array-like of shape (n,), default=None
        The lesion or patient of each image. Without groups, each image counts as a separate lesion,
        so several photographs of one lesion make the intervals too narrow.

    frame : DataFrame of n rows, default=None
        Columns for slices, the scores of subgroups. Numbers are cut into bands (`age` at 30, 50 and
        70), and everything else is taken by value. So are up to 10 different whole numbers, such as
        skin types. Columns that reveal the class, and those with more than 20 values, such as ids,
        are left out.

    positive : str or int, default=None
        The class to detect, such as "melanoma", for the decision curve, operating points and
        slices.

    thresholds : DataFrame, dict of str to float, or array-like of float, default=None
        Operating points: `positive` is predicted if its probability is at least the threshold. Do
        not choose them on the test images: pass the table of :func:`choose_thresholds`. The net
        benefit at a threshold of 1 is NaN.

    prevalence : float in (0, 1), default=None
        Prevalence of `positive` where the model will be used. The report then has the predictive
        values at this prevalence, and the net benefit of the operating points. The net benefit
        takes the threshold as a risk: set the `prior` of the estimator to this prevalence before
        you choose thresholds, otherwise it is wrong.

    X_train, y_train, groups_train : array-like of n_train rows, default=None
        Training data of the estimator, for the baselines, and to check that no training image or
        lesion is among the test images.

    n_bootstraps : int, default=2000
        Number of bootstraps, for the scores at 80% or 90% sensitivity or specificity. Other
        intervals need no bootstrap.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same intervals in each call.

    Returns
    -------
    report : EvaluationReport
        Scores, tables and curves, to display or write to files. For example,
        ``report.class_scores.loc[("melanoma", "sensitivity")]`` has a value and its interval.

    Raises
    ------
    ValueError
        If lengths differ, labels or groups are missing, `positive` is not a class, thresholds are
        not in [0, 1] or come without `positive`, the rows of `predict_proba` do not sum to 1, or
        the estimator knows none of the classes of y.
    TypeError
        If only one of `groups` and `groups_train` is text: one lesion would have two ids. Also if
        only one of `y` and `y_train` is text.

    Warns
    -----
    UndefinedMetricWarning
        If y lacks classes of the estimator or has other classes, whose scores are NaN, or if a
        class has fewer than 10 lesions.
    UserWarning
        If training images or groups are among the test images, or if several rows have a group
        such as "unknown".

    See Also
    --------
    cross_evaluate : Evaluates by grouped cross-validation.
    compare : Compares two models on the same images.
    choose_thresholds : Returns `thresholds`.

    Notes
    -----
    The intervals show how scores vary between samples of lesions from the same population,
    including the class frequencies. They do not include run-to-run training variability: pass a
    list of fits to see it. :doc:`/how_to/intervals` explains the method for each score, and when
    not to trust it. In simulations (benchmarks/coverage.py), intervals on at least 10 lesions had a
    coverage of about 95%.

    Rates are based on the lesions in their denominator, and have an interval for any number of
    lesions. For a specificity of 1 on 500 nevi, the exact interval is 0.993 to 1. Other intervals
    need a minimum number of lesions, which the report states. The calibration error is biased and
    has no interval.

    A class that y lacks has NaN for sensitivity, F1 and AUC, and all means over classes leave it
    out. Images of a class that the model has not seen count as wrong; its AUC is NaN. A mean over
    classes with a single part, such as the AUC with two classes, has the value and interval of that
    part. Constant scores have an AUC of 0.5. Constant and perfectly separating scores have no
    calibration intercept and slope. The scores of an empty slice are NaN.

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
    check_order(X=X, y=y, groups=groups, frame=frame)
    check_order(X_train=X_train, y_train=y_train, groups_train=groups_train)
    y = check_labels(y, name="y")
    check_lengths(y=y, groups=groups, frame=frame)
    if y_train is not None:
        y_train = check_labels(y_train, name="y_train")
        check_same_kind(y, y_train, names=("y", "y_train"))
    train_pictures = None
    if X_train is not None:
        check_rows(X_train, name="X_train")
        train_pictures = find_pictures(X_train, name="X_train")
    check_lengths(X_train=X_train, y_train=y_train, groups_train=groups_train)
    thresholds = check_thresholds(thresholds, prevalence, positive)
    fits = list(estimator) if isinstance(estimator, (list, tuple)) else [estimator]
    if not fits:
        raise ValueError("estimator is an empty list. Expected at least one fitted classifier.")
    known = dict.fromkeys(name for fit in fits for name in find_classes(fit).tolist())
    find_class(positive, known | dict.fromkeys(y.tolist()))  # before predicting
    numbers, rows = check_groups(groups), np.arange(len(y))
    pictures = find_pictures(X)
    notes = _check_leak(train_pictures, pictures, groups_train, groups)
    notes += note_threshold(fits[0])
    left_out = {}
    if groups is None or groups_train is None:
        left_out["search for training lesions"] = "groups and groups_train were not both given"
    problem = "no training images were given"
    if train_pictures is not None:
        problem = train_pictures.why_not_compared(pictures)
    if problem:
        left_out["search for training images"] = problem
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
        left_out=left_out,
    )


def _check_leak(train, test, groups_train, groups):
    """Return a note, and warn, if training images or groups are among the test images."""
    found = None
    if groups_train is not None and groups is not None:
        groups = check_labels(groups, name="groups")
        groups_train = check_labels(groups_train, name="groups_train")
        check_same_kind(groups, groups_train, names=("groups", "groups_train"))
        shared = pd.Series(groups).isin(groups_train)
        if shared.any():
            found = (
                f"{shared.sum()} of {len(shared)} images belong to groups in the training data."
                f"{advise_on_numbers(groups)}"
            )
    if found is None and train is not None and not train.why_not_compared(test):
        try:
            assert_no_leak(train.images, test.images)
        except ValueError as error:
            found = str(error)
    if found is None:
        return []
    note = f"The scores are invalid because of data leakage: {found}"
    warnings.warn(note, UserWarning, stacklevel=4)
    return [note]
