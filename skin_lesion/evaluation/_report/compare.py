"""Compare two models on the same images."""

import numpy as np
import pandas as pd

from ..._utils.sklearn_private import validate_params
from ..._utils.validation.messages import say
from .._intervals.estimates import Estimates
from .report import EvaluationReport


@validate_params(
    {
        "report_a": [EvaluationReport],
        "report_b": [EvaluationReport],
        "each_class": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def compare(report_a, report_b, *, each_class=False):
    """Compare two models on the same images, paired by lesion.

    Overlapping intervals do not mean that two models are equally good. Lesions that are difficult
    for one model are mostly difficult for the other, and this cancels in the difference. So the
    comparison uses the difference within each lesion.

    Parameters
    ----------
    report_a, report_b : EvaluationReport
        Reports on the same images in the same order, with the same groups: from :func:`evaluate`,
        from :meth:`EvaluationReport.from_predictions`, or both from :func:`cross_evaluate` with the
        same folds.

    each_class : bool, default=False
        Whether to add the scores of each class against the rest. Without them, the comparison has
        the scores over all classes, and those of the `positive` class of either report.

    Returns
    -------
    comparison : DataFrame indexed by class and score
        The values `a` and `b`, the `difference` (b - a) with its 95% interval from `low` to `high`,
        and the two-sided `p_value` of no difference. The class is "all" for scores over all
        classes. Scores that only one report has are omitted.

    Raises
    ------
    ValueError
        If the number of images, their true classes, the classes of the models, groups or folds
        differ. The images themselves are not compared.

    Notes
    -----
    The interval and the p value come from one method: p is less than 0.05 exactly if the interval
    excludes 0. For rates, F1 and their means over classes, the variance is evaluated at each
    hypothetical difference [1]_. At 0 this is McNemar's test, over lesions or patients. Other
    scores use the variance of a jackknife over lesions. A t distribution has fewer degrees of
    freedom if fewer lesions differ between the models. If 5 of 100 lesions differ, all in favour of
    one model, p is 0.052; McNemar's exact test gives 0.062.

    For two equally good models, p is less than 0.05 in 3% to 5% of simulations
    (benchmarks/coverage.py), and in 1% to 5% with 25 patients of 1 to 60 lesions.

    If no lesion differs between the models, there is no interval, and p is 1. If no lesion moves
    either score, as with constant scores against an AUC of 1, p is that of a sign test on the
    lesions of the smaller class. The calibration error has neither interval nor p value, nor has
    any score without an interval for lack of lesions.

    The result applies to these two models, not to two training methods: other seeds may give other
    results. Among many scores some differ by chance, so choose the main score beforehand. For the
    same reason, classes are compared only with `each_class`: nine classes have over 100 p values.

    References
    ----------
    .. [1] T. Tango, "Equivalence test and confidence interval for the difference in proportions for
       the paired-sample design", Statistics in Medicine 17(8), 891-908, 1998.
       :doi:`10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B`

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skin_lesion import compare, evaluate
    >>> X, y = load_iris(return_X_y=True)
    >>> reports = [
    ...     evaluate(model.fit(X[::2], y[::2]), X[1::2], y[1::2], n_bootstraps=200, random_state=0)
    ...     for model in (DummyClassifier(), LogisticRegression(max_iter=1000))]
    >>> comparison = compare(*reports)
    >>> comparison.loc[("all", "accuracy"), ["a", "difference"]].round(2).tolist()
    [0.33, 0.63]
    >>> bool(comparison.loc[("all", "accuracy"), "p_value"] < 0.01)
    True
    """
    _check_same_images(report_a, report_b)
    first = report_a._estimates
    second = Estimates(report_b._parts, report_a._draws)  # with the same draws
    if first.is_binary != second.is_binary:  # one scale of the Brier score for both
        first = Estimates(report_a._parts, report_a._draws)
        first.is_binary = second.is_binary = False
    positive = {report_a.positive, report_b.positive}
    classes = first.classes.tolist()
    names = [
        (name, number)
        for name, number in first.list_scores()
        if number is None or each_class or classes[number] in positive
    ]
    lines = {
        ("all" if number is None else classes[number], name): line
        for (name, number), line in first.compare(second, names).items()
    }
    index = pd.MultiIndex.from_tuples(lines, names=["class", "score"])
    columns = ["a", "b", "difference", "low", "high", "p_value"]
    return pd.DataFrame(list(lines.values()), index=index, columns=columns)


def _check_same_images(report_a, report_b):
    first, second = report_a._parts, report_b._parts
    if len(first) != len(second) or any(
        not np.array_equal(a.rows, b.rows) for a, b in zip(first, second, strict=False)
    ):
        raise ValueError(
            f"The reports are of {_say_size(report_a)}, and of {_say_size(report_b)}. Expected the"
            " same images, folds and number of fits: evaluate both models on the same X, with the"
            " same cv, n_repeats and random_state."
        )
    y_a, y_b = (
        one.classes[one.y[one.y >= 0]]
        for one in (report_a._estimates.grouped, report_b._estimates.grouped)
    )
    differ = np.flatnonzero(np.asarray(y_a != y_b))
    if len(differ):
        raise ValueError(
            f"The reports have different true classes for {len(differ)} of {len(y_a)} images; the"
            f" first is image {differ[0]}. Expected the same images in the same order."
        )
    if not np.array_equal(first[0].predictions.classes, second[0].predictions.classes):
        raise ValueError(
            f"The models know the classes {first[0].predictions.classes.tolist()} and"
            f" {second[0].predictions.classes.tolist()}. Expected the same."
        )
    if report_a.has_groups != report_b.has_groups or any(
        not np.array_equal(a.groups, b.groups) for a, b in zip(first, second, strict=True)
    ):
        raise ValueError(
            "The reports have different groups. Expected the same lesion or patient for each image:"
            " pass the same groups to both."
        )


def _say_size(report):
    parts = f"{say(report.n_folds, 'fold')} and {say(report.n_fits, 'fit')}"
    return f"{say(report.n_images, 'image')} in {parts}"
