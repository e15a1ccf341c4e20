"""Convolutions that include the batch normalisation after them, while its statistics are fixed."""

from ..._utils import lazy_keras as keras
from .stand_in import fit_stand_in


def fit_folded(model, batches, **options):
    """Train a network like its own `fit`, with its fixed batch normalisation folded."""
    fit_stand_in(model, fold_normalization(model), batches, **options)


def fold_normalization(model):
    """Return a network with the same variables, in which fixed batch normalisation costs nothing.

    A fixed batch normalisation multiplies each channel by a number and adds another. Multiplied
    into the kernel of the convolution before it, the first number is applied to thousands of
    weights instead of millions of pixels, forwards and backwards. Outputs and gradients are the
    same, but for rounding.

    Parameters
    ----------
    model : keras.Model
        Functional. No layer is used twice.

    Returns
    -------
    folded : keras.Model
        With the same inputs. It cannot be saved.
    """
    convolution_of = _find_convolutions(model)
    folded = {id(convolution) for convolution in convolution_of.values()}

    def call(layer, inputs, **options):
        if id(layer) in folded:
            return inputs  # for its normalisation
        if id(layer) in convolution_of:
            return _FoldedConvolution(convolution_of[id(layer)], layer)(inputs)
        return layer(inputs, **options)

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def _find_convolutions(model):
    """Return {id of a fixed batch normalisation: the convolution that it alone normalises}."""
    made_by, uses = {}, {}
    for layer in model.layers:
        made_by[id(layer.output)] = layer
        for tensor in layer.input if isinstance(layer.input, (list, tuple)) else [layer.input]:
            uses[id(tensor)] = uses.get(id(tensor), 0) + 1
    return {
        id(layer): made_by[id(layer.input)]
        for layer in model.layers
        if type(layer) is keras.layers.BatchNormalization
        and not layer.trainable
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


class _FoldedConvolution(keras.layers.Layer):
    def __init__(self, convolution, normalization):
        super().__init__(name=f"{convolution.name}_folded", trainable=convolution.trainable)
        self.convolution = convolution
        self.normalization = normalization
        self.built = True

    def call(self, inputs):
        scale, shift = self._scale_and_shift()
        layer = self.convolution
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            output = keras.ops.depthwise_conv(
                inputs,
                layer.kernel * keras.ops.reshape(scale, layer.kernel.shape[2:]),
                strides=layer.strides,
                padding=layer.padding,
                data_format=layer.data_format,
                dilation_rate=layer.dilation_rate,
            )
        else:
            output = layer.convolution_op(inputs, layer.kernel * scale)
        return output + shift

    def _scale_and_shift(self):
        fixed = self.normalization
        scale = keras.ops.rsqrt(fixed.moving_variance + fixed.epsilon)
        if fixed.scale:
            scale = scale * fixed.gamma
        offset = -fixed.moving_mean
        if self.convolution.use_bias:
            offset = offset + self.convolution.bias
        shift = offset * scale
        return scale, shift + fixed.beta if fixed.center else shift
