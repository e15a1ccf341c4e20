"""Class names and weights of rows, as an estimator is given them."""

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import check_classification_targets

from ..._utils.sklearn_private import check_sample_weight, check_y


def check_targets(estimator, source, y, sample_weight, groups=None):
    """Return y and the weights as arrays, as many as the source has rows.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        For messages.

    source : PathSource, ArraySource or FeatureSource

    y, sample_weight, groups : array-like of shape (n,)
        The last two may be None.

    Returns
    -------
    y : ndarray of shape (n,)

    sample_weight : ndarray of shape (n,), of float, or None
    """
    y = check_y(y, estimator=estimator)
    check_classification_targets(y)
    check_consistent_length(source, y, groups)
    if sample_weight is not None:
        sample_weight = check_sample_weight(
            sample_weight, y, dtype=np.float64, ensure_non_negative=True
        )
    return y, sample_weight
