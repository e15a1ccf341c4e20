"""Nested parameters of an estimator, such as ``architecture__filters``."""

# For the message: objects to pass in place of a bare name.
_EXAMPLES = {
    "architecture": "architecture=ConvNet()",
    "augmenter": "augmenter=ImageAugmenter()",
    "backbone": "backbone=Backbone()",
    "loader": "loader=ImageLoader()",
    "sampler": "sampler=RandomOverSampler()",
}


class NestedParametersMixin:
    """Says what to pass first if the owner of a nested parameter is a name or None."""

    def set_params(self, **params):
        """Set parameters, including nested ones, such as ``augmenter__rotation``.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : estimator
            The estimator itself.

        Raises
        ------
        ValueError
            If there is no such parameter, or a nested one belongs to a name or None.
        """
        _check_owners(self, params)
        return super().set_params(**params)


def _check_owners(estimator, params):
    for name in params:
        owner, _, inner = name.partition("__")
        value = params.get(owner, getattr(estimator, owner, None))
        if inner and owner in estimator.get_params(deep=False) and not hasattr(value, "set_params"):
            raise ValueError(
                f"{name} cannot be set: {owner} is {value!r}, which has no parameters. Pass an"
                f" object first, such as {_EXAMPLES.get(owner, owner + '=...')}."
            )
