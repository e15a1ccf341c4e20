"""Networks with ImageNet weights, built by name: preprocessing, weights and blocks."""

import inspect
import os
import re
import warnings
from collections import Counter

import h5py
import numpy as np

from ..._utils import lazy_keras as keras
from ..._utils.validation.messages import did_you_mean, say_why_missing
from .._backend.downloads import noted_downloads
from .._backend.keras_private import preprocess_input_of
from .efficientnet_lite import IMAGENET_SHA256, build_efficientnet_lite, read_imagenet_weights


def application_names():
    """Return the sorted names of all networks, in keras.applications and our own."""
    of_keras = [
        name
        for name, value in vars(keras.applications).items()
        if inspect.isfunction(value) and name[0].isupper()
    ]
    return sorted([*of_keras, *IMAGENET_SHA256])


def check_name(name):
    """Raise a ValueError if no network has this name. Our own networks need no Keras for this."""
    if name in IMAGENET_SHA256:
        return
    names = application_names()
    if name not in names:
        raise ValueError(
            f"Unknown backbone {name!r}.{did_you_mean(name, names)} Expected one of {names}."
        )


def check_image_data_format():
    """Raise an error if Keras would take the height of images for their number of channels."""
    found = keras.config.image_data_format()
    if found != "channels_last":
        raise ValueError(
            f"Keras is set to image_data_format={found!r}. Expected 'channels_last', because images"
            " have the shape (height, width, channels). Set it in keras.json, or with"
            " keras.config.set_image_data_format('channels_last')."
        )


def build_application(name, input_shape, weights):
    """Build a network without its top, on pixels from 0 to 255.

    Parameters
    ----------
    name : str

    input_shape : tuple of (height, width, 3)

    weights : None, 'imagenet', str or os.PathLike

    Returns
    -------
    model : keras.Model
        From pixels to a map of features, (None, rows, columns, n_features).
    """
    check_name(name)
    check_image_data_format()
    if len(input_shape) != 3 or input_shape[2] != 3:
        raise ValueError(
            f"{name} was given images of shape {tuple(input_shape)}. Expected RGB images, (height,"
            " width, 3). Pass paths or an array of images; for rows of flattened images, set"
            " image_shape."
        )
    from_imagenet = isinstance(weights, str) and weights == "imagenet"
    arrays = None
    if from_imagenet and name in IMAGENET_SHA256:
        # Before the network is built, which takes seconds: the file may be missing.
        arrays, _ = read_imagenet_weights(name)
    with noted_downloads() as downloads:
        try:
            model = _build(name, input_shape, from_imagenet)
        except Exception as error:
            if downloads:  # Keras downloads weights as its last step
                raise OSError(_explain_download(name, *downloads[-1], error)) from error
            if not isinstance(error, ValueError):
                raise
            raise ValueError(
                f"{name} cannot be built for images of {input_shape[0]}x{input_shape[1]} pixels:"
                f" {error} Expected larger images: for paths, set"
                " loader=ImageLoader(image_size=(224, 224))."
            ) from error
    if arrays is not None:
        model.set_weights(arrays)
    if weights is not None and not from_imagenet:
        _load_weights(model, name, os.fspath(weights))
    return model


def _build(name, input_shape, from_imagenet):
    inputs = keras.Input(input_shape)
    if name in IMAGENET_SHA256:
        return build_efficientnet_lite(name, inputs)
    application = getattr(keras.applications, name)
    tensor = _preprocess(application, inputs)
    with warnings.catch_warnings():
        # Convolution weights do not depend on the image size of their training.
        warnings.filterwarnings("ignore", message="`input_shape` is undefined or non-square")
        return application(
            include_top=False,
            weights="imagenet" if from_imagenet else None,
            input_tensor=tensor,
            input_shape=input_shape,
        )


def split_into_blocks(model):
    """Return the layers that have weights, block by block, from the first to the last.

    A block ends where all paths through the network meet again, in a sum or a concatenation.
    Networks without either (VGG, MobileNet) are split where height and width change. This needs no
    layer names, which differ between families, and whose numbers continue from model to model.
    """
    layers = model.layers
    number_of = {id(layer.output): number for number, layer in enumerate(layers)}
    last_use = list(range(len(layers)))
    n_inputs = [0] * len(layers)
    for number, layer in enumerate(layers[1:], 1):
        tensors = layer.input if isinstance(layer.input, (list, tuple)) else [layer.input]
        n_inputs[number] = len(tensors)
        for tensor in tensors:
            if id(tensor) in number_of:  # not the output of an operation before the first layer
                producer = number_of[id(tensor)]
                last_use[producer] = max(last_use[producer], number)
    # After these layers, only their own output is used.
    passes = [n for n in range(len(layers) - 1) if max(last_use[:n], default=0) <= n]
    ends = {
        n for n in passes if n_inputs[n] > 1 and not isinstance(layers[n], keras.layers.Multiply)
    }
    if not ends:
        ends = {n for n in passes if _size(layers[n]) != _size(layers[n + 1])}
    blocks = [[]]
    for number, layer in enumerate(layers):
        if layer.weights:
            blocks[-1].append(layer)
        if number in ends and blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _size(layer):
    return tuple(layer.output.shape[1:3])


def _preprocess(application, pixels):
    """Apply the application's own preprocessing with layers that can be saved and exported.

    It is a linear map, which its results for black and the three primary colours determine. Some
    networks contain it as layers, so that nothing is left to do here.
    """
    preprocess_input = preprocess_input_of(application)
    colours = 255 * np.vstack([np.zeros(3), np.eye(3)])
    offset, *primaries = preprocess_input(colours.reshape(1, 1, 4, 3).astype(np.float64))[0, 0]
    scale = (np.array(primaries) - offset) / 255
    if scale[0, 0] == 0:  # blue comes first
        pixels, scale = keras.ops.flip(pixels, axis=-1), scale[::-1]
    if np.array_equal(scale, np.eye(3)) and not offset.any():
        return pixels
    scale = np.diag(scale)
    if np.ptp(scale) == np.ptp(offset) == 0:
        # Scalars: with values per channel, ONNX Runtime needs a sixth of MobileNetV2's time here.
        scale, offset = scale[0], offset[0]
    return keras.layers.Rescaling(scale.tolist(), offset.tolist())(pixels)


def _load_weights(model, name, path):
    check_weights_exist(name, path)
    expected = f" Expected weights of {name} without its top (include_top=False)."
    try:
        with h5py.File(path) as file:
            weights = file.get("model_weights", file)
            found, is_of_keras_2 = _shapes(weights), "layer_names" in weights.attrs
    except OSError as error:
        raise ValueError(f"weights={path!r} is not an HDF5 file: {error}.{expected}") from error
    needed = Counter(tuple(weight.shape) for weight in model.weights if _is_float(weight))
    # The messages of Keras would list each layer, or the values of a weight.
    if found.total() != needed.total():
        raise ValueError(
            f"weights={path!r} holds {found.total()} arrays of weights, but {name} has"
            f" {needed.total()}.{expected} Choose the backbone that the file was saved from"
            f"{_guess_network(path)}."
        )
    if found != needed:
        raise ValueError(
            f"weights={path!r} holds arrays of shapes that {name} does not have, such as"
            f" {max(found - needed, key=len)}.{expected} Choose the backbone that the file was"
            " saved from, with the same width."
        )
    _check_ending(path, is_of_keras_2)
    try:
        model.load_weights(path)
    except ValueError as error:  # its message would list each layer
        raise ValueError(
            f"weights={path!r} holds the arrays of {name} in another structure, such as that of a"
            f" model around it.{expected} Save those of the network itself."
        ) from error


def _check_ending(path, is_of_keras_2):
    """Check that the name of a file has the ending by which Keras recognises its format."""
    is_named_for_keras_3 = path.endswith(".weights.h5")
    if is_of_keras_2:
        fits = path.endswith((".h5", ".hdf5")) and not is_named_for_keras_3
        ending = ".h5', but not in '.weights.h5"
    else:
        fits, ending = is_named_for_keras_3, ".weights.h5"
    if not fits:
        raise ValueError(
            f"weights={path!r} has the format of Keras {2 if is_of_keras_2 else 3}, which Keras"
            f" recognises by its name. Expected a name that ends in '{ending}'. Rename the file."
        )


def _guess_network(path):
    file_name = re.sub("[^a-z0-9]", "", os.path.basename(path).lower())
    names = [name for name in application_names() if name.lower() in file_name]
    return f" (its name suggests {max(names, key=len)})" if names else ""


def _is_float(weight):
    return "float" in keras.backend.standardize_dtype(weight.dtype)


def _shapes(group):
    shapes = Counter()

    def count(_, item):
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "f":
            shapes[item.shape] += 1

    group.visititems(count)
    return shapes


def _explain_download(name, address, path, error):
    reason = str(error).removeprefix(f"URL fetch failure on {address}: None -- ")
    return (
        f"The ImageNet weights of {name} could not be downloaded from {address}: {reason}. Expected"
        f" network access, or the file {path!r}. Download it on another machine and copy it there,"
        " or pass its path as weights=FILE. 'EfficientNetLite0' needs no download."
    )


def check_weights_exist(name, path):
    """Raise a FileNotFoundError if a file of weights does not exist."""
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"The file weights={os.fspath(path)!r} does not exist. Expected 'imagenet', None, or a"
            f" .h5 file of {name} without its top.{say_why_missing(path)}"
        )
