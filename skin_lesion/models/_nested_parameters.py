"""Parameters of the objects that an estimator was given, such as ``architecture__filters``."""

# Objects with parameters that can be set, for the message where a bare name was passed.
_EXAMPLES = {
    "architecture": "architecture=ConvNet()",
    "augmenter": "augmenter=ImageAugmenter()",
    "backbone": "backbone=Backbone()",
    "loader": "loader=ImageLoader()",
    "sampler": "sampler=RandomOverSampler()",
}


def check_owners(estimator, params):
    """Raise an error if a nested parameter is set, and its owner is a bare name, not an object.

    Parameters
    ----------
    estimator : BaseEstimator

    params : dict
        What its `set_params` was given.
    """
    for name in params:
        owner, _, inner = name.partition("__")
        value = params.get(owner, getattr(estimator, owner, None))
        if inner and owner in estimator.get_params(deep=False) and not hasattr(value, "set_params"):
            raise ValueError(
                f"{name} cannot be set: {owner} is {value!r}, which has no parameters. Pass an"
                f" object first, such as {_EXAMPLES.get(owner, owner + '=...')}."
            )
