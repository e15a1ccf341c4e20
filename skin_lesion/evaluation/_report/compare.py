"""Test two models against each other on the same images."""

import numpy as np
import pandas as pd

from ..._utils.bootstrap import find_intervals
from ..._utils.sklearn_private import validate_params
from .._intervals.score_tables import mean_of_known, pool, score_parts
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
    """Test two models that were judged on the same images by a paired bootstrap over lesions.

    Two intervals that overlap do not say that two models are alike: what is hard for one is mostly
    hard for the other, and that cancels in the difference. So both models are scored on the same
    draws of lesions.

    Parameters
    ----------
    report_a, report_b : EvaluationReport
        Of the same images in the same order, with the same groups; both from :func:`evaluate`, or
        both from :func:`cross_evaluate` with the same folds. The draws are those of `report_a`.

    each_class : bool, default=False
        Whether to add the scores of each class against the rest. Without them the comparison has
        the scores of all classes together, and those of the `positive` class of either report.

    Returns
    -------
    comparison : DataFrame indexed by class and score
        `a` and `b`, the values of either, `difference` (b - a), the 95% interval `low` to `high`
        of the difference, and `p_value`, two-sided, of no difference. The class is "all" for scores
        of all classes together. Scores that only one of the reports has are left out.

    Raises
    ------
    ValueError
        If images, classes, groups or folds differ.

    Notes
    -----
    The p value is twice the share of draws in which the difference has the other sign or is 0, at
    least 2 / (`n_bootstraps` + 1). It is of these two models, not of two ways to train: other seeds
    may give others. Of many scores some differ by chance: name the one that counts beforehand. This
    is also why each class is compared only where you ask for it: nine classes have 83 p values.

    References
    ----------
    B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", chapter 15, Chapman & Hall,
    1993.

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
    draws = report_a._draws
    names, values_a, samples_a, n_cases = score_parts(report_a._parts, draws)
    names_b, values_b, samples_b, _ = score_parts(report_b._parts, draws)
    classes = report_a._parts[0].predictions.classes
    positive = {report_a.positive, report_b.positive}
    shown = [k for k, name in enumerate(classes.tolist()) if each_class or name in positive]
    shared = [
        pair for number in (None, *shown) for pair in names if pair[1] == number and pair in names_b
    ]
    in_a, in_b = ([listed.index(name) for name in shared] for listed in (names, names_b))
    a, b = mean_of_known(list(values_a[in_a].T)), mean_of_known(list(values_b[in_b].T))
    samples = samples_b[in_b] - samples_a[in_a]
    intervals = find_intervals(b - a, samples, n_cases[in_a])
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "difference": b - a,
            "low": intervals[:, 0],
            "high": intervals[:, 1],
            "p_value": [
                np.nan if np.isnan(low) else _find_p_value(drawn)
                for drawn, low in zip(samples, intervals[:, 0], strict=True)
            ],
        },
        index=pd.MultiIndex.from_tuples(
            [("all" if number is None else classes[number], name) for name, number in shared],
            names=["class", "score"],
        ),
    )


def _find_p_value(differences):
    differences = differences[~np.isnan(differences)]
    rarer = min((differences <= 0).sum(), (differences >= 0).sum())
    return min(1.0, 2 * (rarer + 1) / (len(differences) + 1))


def _check_same_images(report_a, report_b):
    first, second = report_a._parts, report_b._parts
    if len(first) != len(second) or any(
        not np.array_equal(a.rows, b.rows) for a, b in zip(first, second, strict=False)
    ):
        raise ValueError(
            f"The reports are of {report_a.n_images} images in {len(first)} fold(s) and of"
            f" {report_b.n_images} in {len(second)}. Expected the same images and folds: judge both"
            " models on the same X, and with the same cv and random_state."
        )
    y_a, y_b = (parts[0].predictions.classes[pool(parts)[0]] for parts in (first, second))
    differ = np.flatnonzero(np.asarray(y_a != y_b))
    if len(differ):
        raise ValueError(
            f"The reports have different classes in {len(differ)} of {len(y_a)} images, the first"
            f" is image {differ[0]}. Expected the same images in the same order."
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
            "The reports have different groups. Expected the same lesion or patient of each image:"
            " pass the same groups to both."
        )
