"""What a sampler of imbalanced-learn's kind is made with, and third parties take as private."""

from functools import partial

from .._utils.private_names import private_name

_take = partial(private_name, "imbalanced-learn")

BaseOverSampler = _take("imblearn.over_sampling.base", "BaseOverSampler")

# What our samplers set in place of the base class's own.
for _name in ("_check_X_y", "_fit_resample", "_parameter_constraints"):
    _take(BaseOverSampler, _name)
