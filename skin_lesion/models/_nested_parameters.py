"""Nested parameters of an estimator, such as ``architecture__filters``."""

# For the message: objects to pass in place of a bare name.
_EXAMPLES = {
    "architecture": "architecture=ConvNet()",
    "augmenter": "augmenter=ImageAugmenter()",
    "backbone": "backbone=Backbone()",
    "loader": "loader=ImageLoader()",
    "sampler": "sampler=RandomOverSampler()",
}


def check_owners(estimator, params):
    """Raise an error if a nested parameter is set, but its owner is a name, not an object.

    Parameters
    ----------
    estimator : BaseEstimator

    params : dict
        The parameters passed to its `set_params`.
    """
    for name in params:
        owner, _, inner = name.partition("__")
        value = params.get(owner, getattr(estimator, owner, None))
        if inner and owner in estimator.get_params(deep=False) and not hasattr(value, "set_params"):
            raise ValueError(
                f"{name} cannot be set: {owner} is {value!r}, which has no parameters. Pass an"
                f" object first, such as {_EXAMPLES.get(owner, owner + '=...')}."
            )
