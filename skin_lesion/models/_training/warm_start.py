"""Go on from the weights of an earlier fit, in a network of the present parameters."""

from ..._utils import lazy_keras as keras
from .._networks.backbone import Backbone


def as_it_is(value):
    """Return a copy of an architecture or optimizer, which no later `set_params` reaches."""
    if isinstance(value, keras.optimizers.Optimizer):
        return type(value).from_config(value.get_config())
    return type(value)(**value.get_params(deep=False)) if hasattr(value, "get_params") else value


def are_alike(one, other):
    """Tell whether two lists of settings give networks that are trained alike."""
    return [_identify(value) for value in one] == [_identify(value) for value in other]


def take_weights(earlier_model, earlier_architecture, architecture, model, *_):
    """Give a model the weights of an earlier one.

    Parameters
    ----------
    earlier_model, model : keras.Model

    earlier_architecture, architecture : callable
        What has built them, for the message.

    Raises
    ------
    ValueError
        If they do not fit, or if other weights were asked for.
    """
    weights = earlier_model.get_weights()
    shapes = [weight.shape for weight in weights]
    if _names_weights(architecture) != _names_weights(earlier_architecture) or shapes != [
        tuple(weight.shape) for weight in model.weights
    ]:
        raise ValueError(
            "The classifier goes on from the weights of its last fit, and since then"
            f" {_describe_change(earlier_architecture, architecture)}. Expected the network of the"
            " last fit, whose dropout and `trainable` may differ. Set it back, or use"
            " warm_start=False to start anew."
        )
    model.set_weights(weights)


def _identify(value):
    for method in ("get_params", "get_config"):
        if hasattr(value, method):
            return type(value), getattr(value, method)()
    return value


def _names_weights(architecture):
    return architecture.weights if isinstance(architecture, Backbone) else None


def _describe_change(earlier, present):
    if type(earlier) is type(present) and hasattr(present, "get_params"):
        before, after = earlier.get_params(), present.get_params()
        changed = [
            f"architecture__{name} was set from {before[name]!r} to {after[name]!r}"
            for name in after
            if before[name] != after[name] and name not in ("dropout", "trainable")
        ]
        if changed:
            return " and ".join(changed)
    return f"architecture was set from {earlier!r} to {present!r}"
