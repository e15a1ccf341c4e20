"""Continue from the weights of an earlier fit, in a network with the current parameters."""

import re
from copy import copy

from ..._utils import lazy_keras as keras
from .._backend.keras_private import excludes_from_weight_decay
from .._networks.backbone import Backbone
from .build_model import optimizers_in

# Keys of a configuration whose values name layers.
_ENDS_OF_NETWORK = {"input_layers", "keras_history", "output_layers"}
# Keys in the configuration of a layer or model that do not affect predictions, such as dropout.
_TRAINING_ONLY = re.compile(
    r"^(name|trainable|seed|rate|compile_config)$|dropout$|_(initializer|regularizer)$"
)


def as_it_is(value):
    """Return a copy of an architecture or optimizer, independent of later `set_params` calls."""
    if isinstance(value, keras.optimizers.Optimizer):
        copied = type(value).from_config(value.get_config())
        for pair in zip(optimizers_in(value), optimizers_in(copied), strict=True):
            _check_weight_decay(*pair)
        return copied
    if not _has_parameters(value):
        return value
    params = value.get_params(deep=False)
    return type(value)(**{name: _copy_nested(inner) for name, inner in params.items()})


def _check_weight_decay(optimizer, copied):
    excludes_itself = not type(optimizer).build.__module__.startswith("keras.")
    if excludes_from_weight_decay(optimizer) and not (
        excludes_from_weight_decay(copied) or excludes_itself
    ):
        name = type(optimizer).__name__
        raise ValueError(
            f"The exclude_from_weight_decay of the optimizer, {name}, was called. Each fit uses a"
            " copy of the optimizer, and copies forget what was excluded. Expected a subclass of"
            f" {name} whose build(self, variables) calls self.exclude_from_weight_decay(...), then"
            " super().build(variables). Decorate the class with"
            " keras.saving.register_keras_serializable()."
        )


def _copy_nested(value):
    """Return a copy of an object with parameters; what it was fitted to stays, unlike in a clone.

    Other objects are not copied, such as arrays: they could not be compared with their copies.
    """
    if not _has_parameters(value):
        return value
    copied = copy(value)
    for name, inner in value.get_params(deep=False).items():
        if _has_parameters(inner):
            setattr(copied, name, _copy_nested(inner))
    return copied


def _has_parameters(value):
    return hasattr(value, "get_params") and not isinstance(value, type)


def are_alike(one, other):
    """Return whether two lists of settings give the same network and training."""
    return [_identify(value) for value in one] == [_identify(value) for value in other]


def take_weights(earlier_model, earlier_architecture, architecture, model, *_):
    """Give a model the weights of an earlier one.

    Parameters
    ----------
    earlier_model, model : keras.Model

    earlier_architecture, architecture : callable
        The callables that built them, for the message.

    Raises
    ------
    ValueError
        If the networks differ in what they compute, or if `weights` of a Backbone has changed.
    """
    weights = earlier_model.get_weights()
    shapes = [weight.shape for weight in weights]
    if (
        _names_weights(architecture) != _names_weights(earlier_architecture)
        or shapes != [tuple(weight.shape) for weight in model.weights]
        or _computation_of(model) != _computation_of(earlier_model)
    ):
        raise ValueError(
            "The classifier continues from the weights of its last fit, but since then"
            f" {_describe_change(earlier_architecture, architecture)}. Expected the network of the"
            " last fit; only dropout and `trainable` may differ. Set it back, or use"
            " warm_start=False to train from the beginning."
        )
    model.set_weights(weights)


def _identify(value):
    if hasattr(value, "get_config") and not _has_parameters(value):  # an optimizer
        return type(value), value.get_config()
    return _identify_nested(value)


def _identify_nested(value):
    if not _has_parameters(value):
        return value
    params = value.get_params(deep=False)
    return type(value), {name: _identify_nested(inner) for name, inner in params.items()}


def _names_weights(architecture):
    return architecture.weights if isinstance(architecture, Backbone) else None


def _computation_of(model):
    """Return a description of a network's computation at prediction, without its weights.

    A user's model or layer class may have no configuration. Then only the class is compared.
    """
    try:
        config = model.get_config()
    except NotImplementedError:
        config = None
    return type(model), _without_training(keras.saving.serialize_keras_object(config), {})


def _without_training(config, numbers):
    """Omit keys that only affect training, and number the layers, whose names have counters."""
    if isinstance(config, (list, tuple)):
        return [_without_training(item, numbers) for item in config]
    if not isinstance(config, dict):
        return config
    if isinstance(layers := config.get("layers"), (list, tuple)):
        names = [layer["config"]["name"] for layer in layers]
        numbers = {name: number for number, name in enumerate(names)}
    kept = {}
    for key, value in config.items():
        if key in _ENDS_OF_NETWORK:
            kept[key] = _number(value, numbers)
        elif not _TRAINING_ONLY.search(key):
            kept[key] = _without_training(value, numbers)
    return kept


def _number(value, numbers):
    if isinstance(value, (list, tuple)):
        return [_number(item, numbers) for item in value]
    if isinstance(value, dict):
        return {key: _number(item, numbers) for key, item in value.items()}
    return numbers.get(value, value) if isinstance(value, str) else value


def _describe_change(earlier, present):
    if type(earlier) is type(present) and hasattr(present, "get_params"):
        before, after = earlier.get_params(), present.get_params()
        changed = [
            f"architecture__{name} was set from {before[name]!r} to {after[name]!r}"
            for name in after
            if name in before
            and _differ(before[name], after[name])
            and name.split("__")[-1] not in ("dropout", "trainable")
        ]
        if changed:
            return " and ".join(changed)
    if earlier is present:
        return f"the architecture {present!r} builds a different network"
    return f"architecture was set from {earlier!r} to {present!r}"


def _differ(before, after):
    """Return whether a parameter has another value. Those of an object inside have their own names.

    The same array is no difference.
    """
    if _has_parameters(before) and _has_parameters(after):
        return type(before) is not type(after)
    return before is not after and before != after
