"""Private names of scikit-learn that estimators outside of it need."""

from functools import partial

import numpy as np
from sklearn.base import BaseEstimator

from .private_names import private_name

_take = partial(private_name, "scikit-learn")

# Checks of parameters, and of rows, with scikit-learn's messages.
HasMethods = _take("sklearn.utils._param_validation", "HasMethods")
InvalidParameterError = _take("sklearn.utils._param_validation", "InvalidParameterError")
Interval = _take("sklearn.utils._param_validation", "Interval")
StrOptions = _take("sklearn.utils._param_validation", "StrOptions")
validate_params = _take("sklearn.utils._param_validation", "validate_params")
fit_context = _take("sklearn.base", "_fit_context")
check_feature_names = _take("sklearn.utils.validation", "_check_feature_names")
_check_sample_weight = _take("sklearn.utils.validation", "_check_sample_weight")
check_y = _take("sklearn.utils.validation", "_check_y")
num_samples = _take("sklearn.utils.validation", "_num_samples")
safe_indexing = _take("sklearn.utils", "_safe_indexing")

BaseScorer = _take("sklearn.metrics._scorer", "_BaseScorer")
BaseSearchCV = _take("sklearn.model_selection._search", "BaseSearchCV")

# Names of the base class that our estimators call or override.
for _name in ("_validate_params", "_doc_link_module", "_doc_link_template"):
    _take(BaseEstimator, _name)

# The attribute in which an estimator keeps its metadata requests.
METADATA_REQUEST = "_metadata_request"
# The attribute in which it keeps those of `set_callbacks`, from scikit-learn 1.9.
CALLBACKS = "_skl_callbacks"


def check_sample_weight(sample_weight, y):
    """Return the weights of rows as float64, or raise an error if one is negative or all are 0."""
    weights = _check_sample_weight(sample_weight, y, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():  # scikit-learn itself raises this error from 1.9 on
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def one_hot_columns(encoder):
    """Return the private attributes that determine the columns of a fitted OneHotEncoder.

    A missing attribute raises AttributeError: the encoder may come from a damaged file.

    Returns
    -------
    widths, dropped, infrequent, mappings : list, ndarray or None
        As in scikit-learn. None if nothing is dropped or infrequent.
    """
    infrequent = mappings = None
    if encoder._infrequent_enabled:
        infrequent, mappings = encoder._infrequent_indices, encoder._default_to_infrequent_mappings
    return encoder._n_features_outs, encoder._drop_idx_after_grouping, infrequent, mappings
