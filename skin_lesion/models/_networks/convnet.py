"""A small convolutional network, trained from scratch."""

from numbers import Integral, Real

from sklearn.base import BaseEstimator

from ..._utils import lazy_keras as keras
from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval, StrOptions

_LARGE = 80  # pixels of the shorter side: larger images are pooled
_LONGEST_SIDE = 7  # of the last feature map


class ConvNet(DocumentedMixin, BaseEstimator):
    """A small residual network, trained from scratch.

    Pass it as ``SkinLesionClassifier(architecture=ConvNet(...))``; a search reaches its parameters
    as ``architecture__filters`` and so on. Call it with an image shape and a number of classes to
    build the Keras model. Any callable with the same signature can replace it.

    Parameters
    ----------
    filters : sequence of int or 'auto', default='auto'
        Number of filters in each block. Each block halves height and width. The first one is a
        5 x 5 convolution; the others have two 3 x 3 convolutions and a shortcut [1]_. If the
        shorter side of the image is more than 80 pixels, pooling after the first block halves it
        once more. 'auto' takes blocks of 32, 64, 128 and 256 filters, and adds blocks of 256
        filters until the shorter side of the last feature map is at most 7 pixels. The features of
        a shallower network cover only a part of the lesion.

    dense_units : int, default=0
        Size of a hidden layer between the averaged features and the output; 0 means no hidden
        layer.

    dropout : float in [0, 1), default=0.3
        Share of features dropped before the output layer during training.

    Notes
    -----
    The first layer maps pixels from 0..255 to -1..1. Shortcuts average 2 x 2 pixels before their
    1 x 1 convolution, because a stride would skip three of them [2]_. Batch normalisation [3]_
    updates its moving statistics with momentum 0.9. With the default of Keras, 0.99, they lag
    behind for several epochs on small datasets, and a trained network predicts at chance level.

    References
    ----------
    .. [1] He, K., Zhang, X., Ren, S. and Sun, J. "Deep Residual Learning for Image Recognition."
       CVPR 2016. `arXiv:1512.03385 <https://arxiv.org/abs/1512.03385>`_
    .. [2] He, T. et al. "Bag of Tricks for Image Classification with Convolutional Neural
       Networks." CVPR 2019. `arXiv:1812.01187 <https://arxiv.org/abs/1812.01187>`_
    .. [3] Ioffe, S. and Szegedy, C. "Batch Normalization: Accelerating Deep Network Training by
       Reducing Internal Covariate Shift." ICML 2015. `arXiv:1502.03167
       <https://arxiv.org/abs/1502.03167>`_

    Examples
    --------
    >>> from skin_lesion import ConvNet
    >>> model = ConvNet(filters=(8, 16))((32, 32, 3), 2)
    >>> model.output_shape
    (None, 2)
    """

    _parameter_constraints = {
        "filters": [StrOptions({"auto"}), list, tuple],
        "dense_units": [Interval(Integral, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(self, filters="auto", dense_units=0, dropout=0.3):
        self.filters = filters
        self.dense_units = dense_units
        self.dropout = dropout

    def __call__(self, input_shape, n_classes):
        """Build the network.

        Parameters
        ----------
        input_shape : tuple of (height, width, n_channels)
            Shape of an image.

        n_classes : int
            Number of outputs.

        Returns
        -------
        model : keras.Model
            Not compiled.
        """
        self._validate_params()
        filters = self.filters
        if isinstance(filters, str):
            filters = _choose_filters(min(input_shape[:2]))
        if not filters or not all(isinstance(n, Integral) and n > 0 for n in filters):
            raise ValueError(
                f"filters={self.filters!r}. Expected a positive number for each block, such as"
                " (32, 64, 128)."
            )
        inputs = keras.Input(input_shape)
        x = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
        is_large = min(input_shape[:2]) > _LARGE
        x = keras.layers.ReLU()(_convolve(x, filters[0], 5, strides=2, pools=is_large))
        for n_filters in filters[1:]:
            x = _add_block(x, n_filters)
        x = keras.layers.GlobalAveragePooling2D()(x)
        if self.dense_units:
            x = keras.layers.Dense(self.dense_units, activation="relu")(x)
        x = keras.layers.Dropout(self.dropout)(x)
        # In half precision, high probabilities would be equal, and low ones 0.
        output = keras.layers.Dense(n_classes, activation="softmax", dtype="float32")
        return keras.Model(inputs, output(x))


def _convolve(x, n_filters, size, strides=1, pools=False):
    # No bias: the batch normalisation has one.
    x = keras.layers.Conv2D(
        n_filters,
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    if pools:  # before the normalisation, which then has a quarter of the values
        x = keras.layers.MaxPooling2D(2)(x)
    return keras.layers.BatchNormalization(momentum=0.9)(x)


def _add_block(x, n_filters):
    """Return the output of a residual block of half the height and width."""
    branch = keras.layers.ReLU()(_convolve(x, n_filters, 3, strides=2))
    branch = _convolve(branch, n_filters, 3)
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(x)
    shortcut = _convolve(shortcut, n_filters, 1)
    return keras.layers.ReLU()(keras.layers.Add()([branch, shortcut]))


def _choose_filters(side):
    """Return the filters of each block for images with this shorter side."""
    filters = [32, 64, 128, 256]
    is_large, side = side > _LARGE, -(-side // 2)
    if is_large:
        side //= 2
    while side > _LONGEST_SIDE * 2 ** (len(filters) - 1):
        filters.append(256)
    return filters
