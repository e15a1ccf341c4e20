"""Convolutions that include the fixed batch normalisation after them."""

from collections import Counter

from ..._utils import lazy_keras as keras


def fold_normalization(model, *, at_prediction=False):
    """Return a network with the same variables, in which batch normalisation costs nothing.

    A fixed batch normalisation multiplies each channel by a number and adds another. Multiplied
    into the kernel of the convolution before it, the first number is applied to thousands of
    weights instead of millions of pixels, forwards and backwards. Outputs and gradients are the
    same, but for rounding.

    Parameters
    ----------
    model : keras.Model
        Functional.

    at_prediction : bool, default=False
        Whether the network is to predict alone. Then all batch normalisation is fixed; while it is
        trained, only that in layers that are not.

    Returns
    -------
    folded : keras.Model
        It cannot be saved. The model itself, if it has nothing to fold.
    """
    convolution_of = _find_convolutions(model, at_prediction)
    if not convolution_of:
        return model
    from .folded_convolution import FoldedConvolution  # a class of Keras, which it imports

    folded = {id(convolution) for convolution in convolution_of.values()}

    def call(layer, *inputs, **options):
        if id(layer) in folded:
            return inputs[0]  # for its normalisation
        if id(layer) in convolution_of:
            return FoldedConvolution(convolution_of[id(layer)], layer)(*inputs)
        return layer(*inputs, **options)

    # A clone of a compiled network would get an optimizer of its own, with a state for each weight.
    network = keras.Model(model.input, model.output)
    return keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=call)


def _find_convolutions(model, at_prediction):
    """Return {id of a fixed batch normalisation: the convolution that it alone normalises}."""
    calls = {layer["name"]: len(layer["inbound_nodes"]) for layer in model.get_config()["layers"]}
    made_by, uses = {}, Counter()
    for layer in model.layers:
        if calls[layer.name] == 1:
            made_by[id(layer.output)] = layer
    for operation in model.operations:  # the layers, and functions such as keras.ops.add
        inputs = operation.input
        uses.update(map(id, inputs if isinstance(inputs, list) else [inputs]))
    uses.update(map(id, model.outputs))
    return {
        id(layer): made_by[id(layer.input)]
        for layer in model.layers
        if type(layer) is keras.layers.BatchNormalization
        and (at_prediction or not layer.trainable)
        and calls[layer.name] == 1
        and uses[id(layer.input)] == 1
        and _can_be_folded(made_by.get(id(layer.input)), layer)
    }


def _can_be_folded(layer, normalization):
    return (
        type(layer) in (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
        and layer.activation is keras.activations.linear
        and layer.data_format == "channels_last"
        and normalization.axis in (-1, 3)
        # In half precision, batch normalisation still computes in single precision.
        and layer.compute_dtype == normalization.compute_dtype == "float32"
    )
