"""Private names of imbalanced-learn that a sampler needs."""

from functools import partial

from .._utils.private_names import private_name

_take = partial(private_name, "imbalanced-learn")

BaseOverSampler = _take("imblearn.over_sampling.base", "BaseOverSampler")

# Names of the base class that our samplers override.
for _name in ("_check_X_y", "_fit_resample", "_parameter_constraints"):
    _take(BaseOverSampler, _name)
