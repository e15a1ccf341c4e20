"""A convolution and the batch normalisation after it, as one layer."""

from ..._utils import lazy_keras as keras


class FoldedConvolution(keras.layers.Layer):
    """Compute both layers at once. They keep their variables.

    Parameters
    ----------
    convolution : keras.layers.Conv2D or keras.layers.DepthwiseConv2D

    normalization : keras.layers.BatchNormalization
        Its moving statistics are used.
    """

    def __init__(self, convolution, normalization):
        super().__init__(
            name=f"{convolution.name}_folded",
            trainable=convolution.trainable,
            dtype=convolution.dtype_policy,  # the global one may have changed since
        )
        self.convolution = convolution
        self.normalization = normalization
        self.built = True

    def compute_output_spec(self, inputs):
        # It is known. Otherwise Keras would trace the layer to find it.
        return keras.KerasTensor(self.normalization.output.shape, self.compute_dtype)

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
