"""How far a score could have come out otherwise."""

import warnings

import numpy as np
from sklearn.utils import check_random_state


def bootstrap_interval(
    metric, y_true, y_pred, groups, *, confidence=0.95, n_bootstraps=2000, random_state=None
):
    """Return a percentile interval of a metric over resampled groups.

    Photographs of one lesion are no independent cases: lesions are drawn with replacement, class
    by class, and each brings all its images. A class of one group never varies. See Efron and
    Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8 and 13.

    Parameters
    ----------
    metric : callable
        ``metric(y_true, y_pred, sample_weight=weights)`` gives a float.

    y_true, y_pred : ndarray of shape (n,)

    groups : ndarray of shape (n,)

    confidence : float

    n_bootstraps : int

    random_state : int, RandomState instance or None

    Returns
    -------
    low, high : float
    """
    rng = check_random_state(random_state)
    _, first_row, group_ids = np.unique(groups, return_index=True, return_inverse=True)
    class_of_group = y_true[first_row]
    strata = [np.flatnonzero(class_of_group == name) for name in np.unique(class_of_group)]
    scores = []
    with warnings.catch_warnings():
        # About classes that are predicted and not there: said once by the score itself.
        warnings.simplefilter("ignore", UserWarning)
        for _ in range(n_bootstraps):
            drawn = np.concatenate([rng.choice(groups, len(groups)) for groups in strata])
            times_drawn = np.bincount(drawn, minlength=len(first_row))
            scores.append(metric(y_true, y_pred, sample_weight=times_drawn[group_ids]))
    tail = (1 - confidence) / 2
    return tuple(float(bound) for bound in np.quantile(scores, [tail, 1 - tail]))
