"""Combine a model's probabilities for several images of one lesion."""

import numpy as np
import pandas as pd
from scipy.special import softmax

from .._utils.sklearn_private import validate_params
from .._utils.validation.labels import number_labels
from .._utils.validation.rows import check_lengths, check_order
from ._metrics.input_checks import check_probabilities

_LEAST = 1e-6


@validate_params(
    {"y_prob": ["array-like"], "groups": ["array-like"]}, prefer_skip_nested_validation=True
)
def aggregate_by_group(y_prob, groups):
    """Combine the probabilities of each lesion's images, by the mean of their logits.

    Clinics diagnose lesions, which may have several photographs, or a close-up and a dermoscopic
    image. The mean of the logits gives the normalised geometric mean of the probabilities, the
    logarithmic opinion pool [1]_.

    Parameters
    ----------
    y_prob : array-like of shape (n, n_classes) or (n,)
        Probabilities of the classes, with rows that sum to 1, or of the positive class of two.

    groups : array-like of shape (n,)
        The lesion of each image.

    Returns
    -------
    y_prob : DataFrame of shape (n_groups, n_classes), or Series of shape (n_groups,)
        Indexed by group, in sorted order, with the columns of `y_prob` if it is a DataFrame.

    Raises
    ------
    ValueError
        If lengths differ, groups are missing, or `y_prob` does not contain probabilities.

    Warns
    -----
    UserWarning
        If several rows have a group such as "unknown".

    Notes
    -----
    Probabilities below 1e-6 count as 1e-6: a single image does not rule out a class.

    References
    ----------
    .. [1] C. Genest and J. V. Zidek, "Combining probability distributions: a critique and an
       annotated bibliography", Statistical Science 1(1), 114-135, 1986.
       :doi:`10.1214/ss/1177013825`

    Examples
    --------
    >>> from skin_lesion import aggregate_by_group
    >>> aggregate_by_group([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]], ["b", "b", "a"]).round(3)
              0     1
    group
    a      0.20  0.80
    b      0.75  0.25
    """
    check_order(y_prob=y_prob, groups=groups)
    columns = getattr(y_prob, "columns", None)
    y_prob = check_probabilities(y_prob)
    names, numbers = number_labels(groups, name="groups")
    check_lengths(y_prob=y_prob, groups=numbers)
    of_all = y_prob if y_prob.ndim == 2 else np.column_stack([1 - y_prob, y_prob])
    logits = pd.DataFrame(np.log(np.maximum(of_all, _LEAST))).groupby(numbers).mean()
    joined = softmax(logits.to_numpy(), axis=1)
    index = pd.Index(names, name="group")
    if y_prob.ndim == 1:
        return pd.Series(joined[:, 1], index=index)
    return pd.DataFrame(joined, index=index, columns=columns)
