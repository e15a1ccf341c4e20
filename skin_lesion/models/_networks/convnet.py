"""A small convolutional network, trained from scratch."""

from numbers import Integral, Real

from sklearn.base import BaseEstimator

from ..._utils import lazy_keras as keras
from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval, StrOptions

_LONGEST_SIDE = 5  # of the last feature map


class ConvNet(DocumentedMixin, BaseEstimator):
    """A small convolutional network: blocks of convolution and pooling, then a softmax layer.

    Pass it as ``SkinLesionClassifier(architecture=ConvNet(...))``; a search reaches its parameters
    as ``architecture__filters`` and so on. Call it with an image shape and a number of classes to
    build the Keras model. Any callable with the same signature can replace it.

    Parameters
    ----------
    filters : sequence of int or 'auto', default='auto'
        Number of filters in each block. Each block halves height and width. 'auto' takes three
        blocks with 32, 64 and 128 filters. It adds blocks of 256 filters until the shorter side of
        the feature map is at most 5 pixels: (32, 64, 128, 256) for images of 48 x 64 pixels. The
        features of a shallower network cover only a part of the lesion.

    dense_units : int, default=0
        Size of a hidden layer between the averaged features and the output; 0 means no hidden
        layer.

    dropout : float in [0, 1), default=0.3
        Share of features dropped before the output layer during training.

    Notes
    -----
    The first layer maps pixels from 0..255 to -1..1. Batch normalisation updates its moving
    statistics with momentum 0.9. With the default of Keras, 0.99, they lag behind for several
    epochs on small datasets, and a trained network predicts at chance level.

    References
    ----------
    Ioffe, S. and Szegedy, C. "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift." ICML 2015. `arXiv:1502.03167 <https://arxiv.org/abs/1502.03167>`_

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
            filters = _count_filters(min(input_shape[:2]))
        if not filters or not all(isinstance(n, Integral) and n > 0 for n in filters):
            raise ValueError(
                f"filters={self.filters!r}. Expected a positive number for each block, such as"
                " (32, 64, 128)."
            )
        inputs = keras.Input(input_shape)
        x = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
        for n_filters in filters:
            # No bias: the batch normalisation has one.
            x = keras.layers.Conv2D(
                n_filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
            )(x)
            # Pooling comes first: the result is the same, from a quarter of the values.
            x = keras.layers.MaxPooling2D(tuple(min(2, side) for side in x.shape[1:3]))(x)
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
            x = keras.layers.ReLU()(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        if self.dense_units:
            x = keras.layers.Dense(self.dense_units, activation="relu")(x)
        x = keras.layers.Dropout(self.dropout)(x)
        # In half precision, high probabilities would be equal, and low ones 0.
        output = keras.layers.Dense(n_classes, activation="softmax", dtype="float32")
        return keras.Model(inputs, output(x))


def _count_filters(side):
    """Return the filters of each block for images with this shorter side."""
    filters = [32, 64, 128]
    side //= 2 ** len(filters)
    while side > _LONGEST_SIDE:
        filters.append(256)
        side //= 2
    return filters
