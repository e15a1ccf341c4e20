"""Operating points, chosen where they may be: on the training side, out of fold."""

from numbers import Integral, Real

import numpy as np
from sklearn.metrics import roc_curve
from sklearn.utils import check_consistent_length

from ..._utils.sklearn_private import HasMethods, Interval, safe_indexing, validate_params
from ..._utils.validation import check_labels, check_rows, did_you_mean
from .._folds import fit_fold, split_folds


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "groups": ["array-like", None],
        "positive": [Real, str, "boolean"],
        "sensitivity": ["array-like", Interval(Real, 0, 1, closed="right")],
        "specificity": ["array-like", Interval(Real, 0, 1, closed="right")],
        "cv": [Interval(Integral, 2, None, closed="left"), "cv_object"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
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
    cv=5,
    random_state=None,
):
    """Choose thresholds on the probability of a class, by predictions out of fold.

    A threshold that is chosen on the test images is a part of the model that saw them. Here it is
    chosen on the training images, by models that were not trained on the image or its lesion.

    Parameters
    ----------
    estimator : classifier
        Cloned and fitted once a fold; with `predict_proba`.

    X : array-like of n rows
        Training images, as the estimator takes them.

    y : array-like of shape (n,)
        Their classes.

    positive : str or int
        The class to find.

    groups : array-like of shape (n,), default=None
        The lesion or patient of each row, which stays in one fold. They also reach the validation
        split inside a :class:`SkinLesionClassifier`. None makes each row a group of its own.

    sensitivity, specificity : float or sequence of float in (0, 1]
        The rates to keep. Of all thresholds with at least this sensitivity the highest is taken,
        and the lowest with at least this specificity.

    cv : int, splitter or iterable, default=5
        Number of stratified grouped folds, or how to split.

    random_state : int, RandomState instance or None, default=None
        Of the folds; pass an int for the same ones.

    Returns
    -------
    thresholds : dict of str to float
        "sensitivity 0.90" and so on, for :func:`evaluate`: who has at least this probability is
        called positive.

    Raises
    ------
    ValueError
        If `positive` is no class of y, or if there are no others.

    Notes
    -----
    The models of the folds are trained on fewer images than the one that is judged, whose
    probabilities may differ a little. What the thresholds reach on new images is what
    :func:`evaluate` reports, not their names.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skin_lesion import choose_thresholds
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(C=1e-3, max_iter=5000)
    >>> thresholds = choose_thresholds(model, X, y, positive=1, random_state=0)
    >>> list(thresholds)
    ['sensitivity 0.90', 'sensitivity 0.95', 'specificity 0.90']
    >>> thresholds["sensitivity 0.90"] > thresholds["sensitivity 0.95"]
    True
    """
    check_rows(X)
    y = check_labels(y, name="y")
    check_consistent_length(X, y, groups)
    is_positive = y == positive
    if not is_positive.any() or is_positive.all():
        known = np.unique(y).tolist()
        raise ValueError(
            f"positive={positive!r}, and y has the classes {known}. Expected one of them, beside"
            f" others.{did_you_mean(positive, list(map(str, known)))}"
        )
    tested, scores = [], []
    for train, test in split_folds(y, groups, cv, random_state):
        model = fit_fold(estimator, X, y, groups, train)
        column = np.flatnonzero(model.classes_ == positive)
        if not len(column):
            raise ValueError(
                f"A fold has no {positive!r} to train on. Expected at least one in each: use fewer"
                " folds."
            )
        tested.append(test)
        scores.append(model.predict_proba(safe_indexing(X, test))[:, column[0]])
    tested, scores = np.concatenate(tested), np.concatenate(scores)
    fpr, tpr, cuts = roc_curve(is_positive[tested], scores, drop_intermediate=False)
    # The first, infinity, calls nobody positive: so does what is just above all scores.
    cuts[0] = min(np.nextafter(scores.max(), 2), np.nextafter(1, 0))
    thresholds = {}
    for rate in np.atleast_1d(sensitivity):
        thresholds[f"sensitivity {rate:.2f}"] = float(cuts[np.flatnonzero(tpr >= rate)[0]])
    for rate in np.atleast_1d(specificity):
        thresholds[f"specificity {rate:.2f}"] = float(cuts[np.flatnonzero(1 - fpr >= rate)[-1]])
    return thresholds
