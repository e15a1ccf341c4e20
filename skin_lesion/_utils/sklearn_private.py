"""What scikit-learn's own estimators are made with, and third parties have to take as private."""

from functools import partial

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
