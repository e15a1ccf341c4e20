"""Keras networks as bytes, and the checks of such bytes before Keras reads them.

The safe mode of Keras refuses lambdas. It does not limit which modules a configuration may name,
which files its layers read, and which links the HDF5 file of the weights contains. All of these
have led to the execution of code or the reading of other files (CVE-2025-1550, CVE-2025-8747,
CVE-2025-12058, CVE-2026-1669 and similar ones). So only names on the lists below are accepted.
"""

import io
import json
import re
from contextlib import contextmanager

import h5py
import numpy as np

from ...._utils import lazy_keras as keras
from ...._utils.atomic_writing import temporary_folder
from ..._backend.keras_private import CLASSES_IN_FILES
from .plain_zip import plain_zip, read_plain_zip

_ENTRIES = re.compile(r"metadata\.json|config\.json|model\.weights\.h5")

# Layers without code, files or lookup tables, such as those of keras.applications.
_LAYERS = """
    Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D
    BatchNormalization CenterCrop Concatenate Conv1D Conv2D Conv2DTranspose Cropping2D Dense
    DepthwiseConv2D Dot Dropout ELU Flatten GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D GroupNormalization InputLayer
    LayerNormalization LeakyReLU MaxPooling1D MaxPooling2D Maximum Minimum MultiHeadAttention
    Multiply Normalization PReLU Permute RMSNormalization ReLU RepeatVector Rescaling Reshape
    Resizing SeparableConv2D Softmax SpatialDropout2D SpectralNormalization Subtract
    UnitNormalization UpSampling2D ZeroPadding2D
"""
_INITIALIZERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones
    Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
_CLASSES = {
    module: frozenset(names.split())
    for module, names in {
        "keras": "DTypePolicy Functional Sequential",
        "keras.constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm",
        "keras.initializers": _INITIALIZERS,
        "keras.layers": _LAYERS,
        "keras.regularizers": "L1 L1L2 L2 OrthogonalRegularizer",
        **CLASSES_IN_FILES,
    }.items()
}
# Values, not classes: without a module.
_VALUES = frozenset(["__keras_tensor__", "__ellipsis__", "__slice__"])
# Keys under which Keras would look for code or a file.
_KEYS = frozenset(["fn", "function", "py_module", "vocabulary", "filepath", "compile_config"])


def network_to_bytes(model):
    """Return a network in the format of Keras, without optimizer and loss.

    The archive is written here, because Keras would use a temporary folder, which remains if the
    process is killed.

    Raises
    ------
    ValueError
        If it has parts that :func:`network_from_bytes` would refuse, or that a configuration cannot
        represent.
    """
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)  # it is not saved
    _check_config(config)
    # Not clone_model, which would also compile the copy.
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    _check_copy(model, copy)
    entries = {
        "metadata.json": {"keras_version": keras.version()},
        "config.json": keras.saving.serialize_keras_object(copy),
    }
    entries = {name: json.dumps(entry).encode() for name, entry in entries.items()}
    data = plain_zip({**entries, "model.weights.h5": weights_to_bytes(copy)})
    _check_network(data)
    return data


def _check_copy(model, copy):
    """Check that a network built from the configuration of another one computes the same."""
    shape = model.input_shape[1:]
    noise = np.random.RandomState(0).uniform(0, 255, (2, *shape))
    images = np.concatenate([noise, noise / 255]).astype(np.float32)
    of_model, of_copy = (
        np.asarray(keras.ops.convert_to_numpy(network(images, training=False)), dtype=float)
        for network in (model, copy)
    )
    if not np.allclose(of_copy, of_model, rtol=1e-4, atol=1e-5, equal_nan=True):
        raise ValueError(
            "a network built from its configuration gives different results: a function or layer in"
            " it is not the one that its name refers to"
        )


def network_from_bytes(data):
    """Check a network, and return it.

    Raises
    ------
    ValueError
        If it contains anything other than arrays and layers that are known to be harmless.
    """
    _check_network(data)

    with _temporary_file("network.keras", data) as path:
        return keras.saving.load_model(path, compile=False, safe_mode=True)


def weights_to_bytes(network):
    """Return the weights of a network, in the format of Keras."""
    with _temporary_file("network.weights.h5") as path:
        network.save_weights(path)
        with open(path, "rb") as file:
            return file.read()


@contextmanager
def weights_as_file(data):
    """Check weights, and yield the path of a temporary file with them."""
    check_weights(data)
    with _temporary_file("network.weights.h5", data) as path:
        yield path


@contextmanager
def _temporary_file(name, data=None):
    with temporary_folder() as folder:
        path = folder / name
        if data is not None:
            path.write_bytes(data)
        yield str(path)


def _check_network(data):
    entries = read_plain_zip(data, _ENTRIES)
    if len(entries) != 3:
        raise ValueError(f"its network has only the entries {sorted(entries)}")
    _check_config(json.loads(entries["config.json"]))
    check_weights(entries["model.weights.h5"])


def _check_config(config):
    """Check that a configuration of Keras names only classes on the lists above."""
    if isinstance(config, (list, tuple)):
        for item in config:
            _check_config(item)
    if not isinstance(config, dict):
        return
    forbidden = [key for key in _KEYS if config.get(key)]
    if forbidden:
        raise ValueError(f"its network has {forbidden[0]!r} in a configuration")
    if "class_name" in config or "module" in config or "registered_name" in config:
        _check_class(config)
    for item in config.values():
        _check_config(item)


def _check_class(config):
    module, name = config.get("module"), config.get("class_name")
    is_known = isinstance(name, str) and (
        (name in _VALUES and module is None)
        or (isinstance(module, str) and name in _CLASSES.get(module, ()))
    )
    if not is_known or config.get("registered_name") not in (None, name):
        raise ValueError(
            f"its network names {config.get('registered_name') or name!r} of {module!r}, which is"
            " not among the Keras layers that are known to contain no code"
        )


def check_weights(data):
    """Check that HDF5 data contain only plain arrays: no links, filters or other files."""
    with h5py.File(io.BytesIO(data), "r") as file:
        # Arrays may share one place in the file, each as large as the file.
        if _check_group(file, set()) > len(data):
            raise ValueError("its weights claim more values than the file has")


def _check_group(group, seen):
    """Return the number of bytes of all arrays in a group."""
    n_bytes = 0
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"its weights have a link, {name!r}")
        item = group[name]
        address = h5py.h5o.get_info(item.id).addr
        if address in seen:
            raise ValueError(f"its weights hold {name!r} under two names")
        seen.add(address)
        if isinstance(item, h5py.Group):
            n_bytes += _check_group(item, seen)
        elif isinstance(item, h5py.Dataset):
            _check_dataset(item)
            n_bytes += item.nbytes
        else:
            raise ValueError(f"its weights hold {name!r}, which is not an array")
    return n_bytes


def _check_dataset(dataset):
    properties = dataset.id.get_create_plist()
    if dataset.external or dataset.is_virtual or properties.get_nfilters():
        raise ValueError(f"its weights {dataset.name!r} are compressed, or in another file")
    if dataset.dtype.kind not in "biufV" or dataset.dtype.hasobject:
        raise ValueError(f"its weights {dataset.name!r} are of type {dataset.dtype}")
    if dataset.id.get_storage_size() != dataset.nbytes:
        raise ValueError(f"its weights {dataset.name!r} claim more values than the file has")
