"""Build and compile the Keras model from the classifier's parameters."""

import copy
import inspect
import reprlib
from numbers import Real

import numpy as np

from ..._utils import lazy_keras as keras
from ..._utils.validation.messages import did_you_mean
from .._backend.memory import skip_gradient_reduction
from .._checkpoint.fit_checkpoint import without_checkpoints
from .._networks.applications import application_names, check_image_data_format
from .._networks.backbone import Backbone
from .._networks.convnet import ConvNet
from .._networks.probabilities import check_sums, no_softmax

ARCHITECTURES = {"cnn": ConvNet}


def resolve_architecture(architecture):
    """Return the callable that builds the network; a name means one with default parameters."""
    if callable(architecture):
        _check_builder(architecture)
        return architecture
    if architecture in ARCHITECTURES:
        return ARCHITECTURES[architecture]()
    names = [*ARCHITECTURES, *application_names()]
    if architecture not in names:
        raise ValueError(
            f"Unknown architecture {architecture!r}.{did_you_mean(architecture, names)} Expected"
            f" one of {names}, ConvNet(...), Backbone(...), or a callable (input_shape, n_classes)"
            " -> keras.Model."
        )
    return Backbone(architecture)


def _check_builder(architecture):
    """Raise a TypeError if a callable cannot build a network."""
    expected = (
        "Expected a name, ConvNet(...), Backbone(...), or a callable (input_shape, n_classes) ->"
        " keras.Model."
    )
    found = f"architecture is {reprlib.repr(architecture)}, "
    name = getattr(architecture, "__name__", type(architecture).__name__)
    if isinstance(architecture, keras.layers.Layer):  # a model is one
        raise TypeError(
            f"{found}a {name} that is already built, but every fit needs a new network. {expected}"
            " Pass the function that builds it, with the input shape and the number of classes as"
            " arguments."
        )
    if inspect.isclass(architecture):
        if architecture in (ConvNet, Backbone):
            raise TypeError(f"{found}a class. {expected} Pass an object: {name}(...).")
        if architecture.__module__.startswith("keras."):
            raise TypeError(f"{found}a class. {expected} Pass a function that builds a {name}.")
    if inspect.isfunction(architecture) and name in application_names():
        raise TypeError(f"{found}a function of Keras. {expected} Pass its name: {name!r}.")
    try:
        inspect.signature(architecture).bind((224, 224, 3), 2)
    except TypeError as error:
        raise TypeError(
            f"{found}which does not accept two arguments: {error}. {expected}"
        ) from error
    except ValueError:  # compiled code has no signature
        return


def default_rate(optimizer):
    """Return the learning rate of an optimizer, or of a name; None if it is a schedule."""
    if isinstance(optimizer, str):
        return inspect.signature(_find_optimizer(optimizer)).parameters["learning_rate"].default
    if not isinstance(optimizer, keras.optimizers.Optimizer):  # an error of resolve_optimizer
        return None
    rate = optimizer.get_config().get("learning_rate")
    return float(rate) if isinstance(rate, Real) else None


def resolve_optimizer(optimizer, learning_rate):
    """Return a new optimizer, because a used one cannot train a second model."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        if learning_rate is not None:
            raise ValueError(
                f"learning_rate={learning_rate!r} was given together with an optimizer object,"
                f" {type(optimizer).__name__}. Expected only one of them: set the rate in the"
                " object, or pass the optimizer by name."
            )
        return type(optimizer).from_config(optimizer.get_config())
    if not isinstance(optimizer, str):
        left_out = ""
        if optimizer is None:
            left_out = (
                " save_model does not save optimizer objects: to train a loaded classifier, set one"
                " with set_params(optimizer=...)."
            )
        raise TypeError(
            f"optimizer is {optimizer!r}, of type {type(optimizer).__name__}. Expected a name, such"
            f" as 'adam', or an object, such as keras.optimizers.Adam(0.001).{left_out}"
        )
    options = {} if learning_rate is None else {"learning_rate": learning_rate}
    return _find_optimizer(optimizer)(**options)


def optimizers_in(optimizer):
    """Return the optimizers inside a MultiOptimizer or LossScaleOptimizer, or only itself."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return getattr(inner, "optimizers", [inner])


def averages_weights(optimizer):
    """Return whether an optimizer, or one inside it, keeps moving averages of the weights."""
    return any(getattr(each, "use_ema", False) for each in optimizers_in(optimizer))


def _find_optimizer(name):
    by_name = {
        name.lower(): cls
        for name, cls in vars(keras.optimizers).items()
        if inspect.isclass(cls)
        and issubclass(cls, keras.optimizers.Optimizer)
        and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
    }
    if name.lower() not in by_name:
        raise ValueError(
            f"Unknown optimizer {name!r}.{did_you_mean(name, by_name)} Expected one of"
            f" {sorted(by_name)}, or a keras.optimizers.Optimizer."
        )
    return by_name[name.lower()]


def copy_callbacks(callbacks):
    """Return copies without a model, because a used callback keeps its model."""
    callbacks = without_checkpoints(callbacks)
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"callbacks holds {callback!r}, of type {type(callback).__name__}. Expected"
                " keras.callbacks.Callback objects, or a FitCheckpoint."
            )
    return [
        copy.deepcopy(callback, {id(getattr(callback, "model", None)): None})
        for callback in callbacks
    ]


def build_model(
    architecture,
    input_shape,
    n_classes,
    feature_scale,
    optimizer,
    learning_rate,
    loss,
    label_smoothing,
):
    """Build and compile a model.

    Parameters
    ----------
    feature_scale : (ndarray, ndarray) or None
        Mean and variance of each feature, if X has rows of features. Features are scaled to the
        range of pixels, which every architecture expects.
    """
    check_image_data_format()
    network = architecture(input_shape, n_classes)
    _check_output(network, n_classes)
    if not isinstance(architecture, (ConvNet, Backbone)):
        _check_probabilities(network, input_shape)
        _check_functions(network)
        _check_layers_are_new(network, architecture(input_shape, n_classes))
    model = network
    if feature_scale is not None:
        inputs = keras.Input(input_shape)
        model = keras.Model(inputs, network(_scale_features(*feature_scale)(inputs)))
    losses = {
        "crossentropy": keras.losses.CategoricalCrossentropy,
        "focal": keras.losses.CategoricalFocalCrossentropy,
    }
    model.compile(
        optimizer=resolve_optimizer(optimizer, learning_rate),
        loss=losses[loss](label_smoothing=label_smoothing),
        weighted_metrics=["accuracy"],
    )
    skip_gradient_reduction(model.optimizer)
    make_metrics(model)
    return model


def are_constant(mean, variance):
    """Return which features are equal in all rows in float32, in which the network computes."""
    return np.sqrt(variance) <= np.finfo(np.float32).eps * np.abs(mean)


def _scale_features(mean, variance):
    """Return a layer that scales each feature to mean 127.5 and standard deviation 64."""
    deviation, is_constant = np.sqrt(variance), are_constant(mean, variance)
    scale = np.where(is_constant, 0, 64 / np.where(is_constant, 1, deviation))
    return keras.layers.Rescaling(scale.tolist(), (127.5 - mean * scale).tolist())


def make_metrics(model):
    """Create the variables of metrics before the training step is traced.

    A step in which metrics or the optimizer create variables is traced twice, which takes most of
    the time of a short fit.
    """
    n_classes = model.output_shape[-1]
    some_y = np.full((1, n_classes), 1 / n_classes, dtype=np.float32)
    model.compute_metrics(None, some_y, some_y)
    model.reset_metrics()


def _check_output(network, n_classes):
    if not isinstance(network, keras.Model):
        raise TypeError(
            f"architecture returned {network!r}, of type {type(network).__name__}. Expected a"
            " keras.Model."
        )
    output_shape = getattr(network, "output_shape", None)  # a subclass may lack it
    if output_shape != (None, n_classes):
        raise ValueError(
            f"architecture returned a model with output shape {output_shape}. Expected"
            f" {(None, n_classes)}: a softmax over the {n_classes} classes, in a keras.Sequential"
            " or a keras.Model(inputs, outputs)."
        )


def _check_probabilities(network, input_shape):
    """Check on a few images that a user's network ends in a softmax."""
    images = _make_probes(input_shape)
    output = network(images, training=False)
    output = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(output, "float32")))
    last = network
    while isinstance(last, keras.Model) and last.layers:
        last = last.layers[-1]
    # Saturated sigmoids may sum to 1 by chance.
    sigmoids = (keras.activations.sigmoid, keras.activations.hard_sigmoid)
    ends_in_sigmoid = getattr(last, "activation", None) in sigmoids
    # Even a good network may return values that are not finite for a constant image.
    if ends_in_sigmoid or not np.isfinite(output[:2]).all():
        raise no_softmax(output[0])
    check_sums(output)


def _check_functions(network):
    """Refuse the user's activation functions with the name of an activation of Keras.

    Keras pickles and saves an activation by its name, and would load its own function.
    """
    for layer in network.layers:
        inner = getattr(layer, "layer", layer)  # of a wrapper
        if isinstance(inner, keras.Model):
            _check_functions(inner)
        function = getattr(inner, "activation", None)
        name = getattr(function, "__name__", None)
        if name is None or isinstance(function, keras.layers.Layer):
            continue
        of_keras = getattr(keras.activations, name, function)
        if of_keras is not function:
            raise ValueError(
                f"The layer {inner.name!r} uses your own activation function {name!r}, which has"
                " the name of an activation of Keras. A pickled or saved network would load that"
                " of Keras instead. Expected another name: rename your function."
            )


def _check_layers_are_new(network, other):
    """Refuse to train layers that a second network has, too: the predictions of both would change.

    The folds of a cross-validation would train each other's weights, on each other's test images.
    Copies, in clones and in other processes, would begin with weights of an earlier fit.
    """
    shared = {id(variable) for variable in other.trainable_variables}
    for variable in network.trainable_variables:
        if id(variable) in shared:
            raise ValueError(
                "architecture returned the same layers in two calls, and trains them:"
                f" {variable.path!r} would change in both networks. Expected new layers in each"
                " call. Build or load all layers inside the call, without a cache, or freeze the"
                " shared ones with trainable=False."
            )


def _make_probes(input_shape):
    """Return images with various brightness and contrast, to reveal saturated outputs.

    Dark images have values near 0, which saturate nothing.
    """
    rng = np.random.RandomState(0)
    noise = rng.randint(0, 256, (2, *input_shape))
    levels = [rng.randint(0, 256, input_shape[-1]) for _ in range(3)] + [0, 1, 8, 64, 255]
    constant = [np.broadcast_to(level, input_shape) for level in levels]
    faint = [noise[0] / 256, noise[0] / 16, 120 + noise[0] / 16]
    return np.stack([*noise, *constant, *faint]).astype(np.float32)
