"""What scikit-learn's own estimators are made with, and third parties have to take as private."""

from functools import partial

from sklearn.base import BaseEstimator

from .private_names import private_name

_take = partial(private_name, "scikit-learn")

# Checks of parameters, and of rows, with scikit-learn's messages.
HasMethods = _take("sklearn.utils._param_validation", "HasMethods")
Interval = _take("sklearn.utils._param_validation", "Interval")
StrOptions = _take("sklearn.utils._param_validation", "StrOptions")
validate_params = _take("sklearn.utils._param_validation", "validate_params")
fit_context = _take("sklearn.base", "_fit_context")
check_feature_names = _take("sklearn.utils.validation", "_check_feature_names")
check_sample_weight = _take("sklearn.utils.validation", "_check_sample_weight")
check_y = _take("sklearn.utils.validation", "_check_y")
num_samples = _take("sklearn.utils.validation", "_num_samples")
safe_indexing = _take("sklearn.utils", "_safe_indexing")

# What a scorer and a display are made of.
BaseScorer = _take("sklearn.metrics._scorer", "_BaseScorer")
get_response_values = _take("sklearn.utils._response", "_get_response_values")

# What our estimators call of their base class, and what they set in its place.
for _name in ("_validate_params", "_doc_link_module", "_doc_link_template"):
    _take(BaseEstimator, _name)

# Where an estimator keeps the requests for metadata that it was given.
METADATA_REQUEST = "_metadata_request"


def one_hot_columns(encoder):
    """Return how a fitted OneHotEncoder counts its columns, besides its categories.

    An attribute that is missing raises AttributeError: the encoder may come from a damaged file.

    Returns
    -------
    widths, dropped, infrequent, mappings : list, ndarray or None
        As scikit-learn keeps them; None where nothing is dropped or infrequent.
    """
    infrequent = mappings = None
    if encoder._infrequent_enabled:
        infrequent, mappings = encoder._infrequent_indices, encoder._default_to_infrequent_mappings
    return encoder._n_features_outs, encoder._drop_idx_after_grouping, infrequent, mappings
