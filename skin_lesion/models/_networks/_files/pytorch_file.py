"""Read arrays from files of old PyTorch versions (before zip archives), without PyTorch.

Such a file is a sequence of pickles, and a pickle may call any function. This reader accepts only
the names that make arrays, and replaces them by its own functions.
"""

import io
import math
import pickle
import pickletools
from collections import OrderedDict

import numpy as np

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Unpickler(pickle.Unpickler):
    """Read the descriptions of the arrays; their values follow after the pickles."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _describe_array
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which does not make an array")

    def persistent_load(self, pid):
        _, dtype, key, _, _, _ = pid
        return key, dtype


def _describe_array(storage, offset, shape, strides, *_):
    return *storage, offset, shape, strides


def _load(file):
    start = file.tell()
    for n_before, (opcode, index, _) in enumerate(pickletools.genops(file)):
        # pickle allocates room for all smaller indices, so a large index would use all memory.
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and not 0 <= index <= n_before:
            raise ValueError(f"it stores object number {index} after only {n_before} operations")
    file.seek(start)
    return _Unpickler(file).load()


def _check_array(name, offset, shape, strides, n_values):
    """Raise a ValueError unless all elements of an array lie within its own storage."""
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    # Strides of 0 would make a large array of few values.
    is_within = last < n_values if all(shape) else offset <= n_values
    if min(offset, *shape, *strides, 0) < 0 or math.prod(shape) > n_values or not is_within:
        raise ValueError(
            f"{name!r}, of shape {shape}, strides {strides} and offset {offset}, does not lie"
            f" within the {n_values} values of its storage"
        )


def read_pytorch_arrays(data):
    """Return the arrays of a state dictionary, by name, in their order.

    No code in the file is run. The following is checked. The pickles name only functions that make
    arrays, and number their objects without gaps that would use memory. Each storage has a unique
    key and one type, and lies within the file. Each array has no more elements than its storage,
    and lies within it. The caller compares the SHA-256 of the file before.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Returns
    -------
    arrays : dict of str to ndarray, read-only

    Raises
    ------
    ValueError
        If it is not such a file, or contains anything other than arrays.
    """
    file = io.BytesIO(data)
    try:
        magic_number, _, _, described, keys = (_load(file) for _ in range(5))
        if magic_number != _MAGIC_NUMBER:
            raise ValueError("it does not begin like one")
        dtype_of = {key: dtype for key, dtype, *_ in described.values()}
        if sorted(keys) != sorted(dtype_of):
            raise ValueError("its arrays name storages that it lacks, or it repeats a storage")
        if not set(dtype_of.values()) <= set(_DTYPES.values()):
            raise ValueError(f"its types are {set(dtype_of.values())}")
        place_of = {}
        for key in keys:
            n_values = int.from_bytes(file.read(8), "little")
            place_of[key] = file.tell(), n_values
            end = file.tell() + n_values * np.dtype(dtype_of[key]).itemsize
            if end > len(data):
                raise ValueError(f"the {n_values} values of storage {key!r} do not fit into it")
            file.seek(end)
        arrays = {}
        for name, (key, dtype, offset, shape, strides) in described.items():
            start, n_values = place_of[key]
            if dtype != dtype_of[key]:
                raise ValueError(f"storage {key!r} has two types")
            _check_array(name, offset, shape, strides, n_values)
            size = np.dtype(dtype).itemsize
            arrays[name] = np.ndarray(
                shape, dtype, data, start + offset * size, [size * n for n in strides]
            )
    except Exception as error:  # a damaged pickle raises errors of any class
        raise ValueError(
            f"It cannot be read as a PyTorch file that contains only arrays: {error}."
        ) from error
    return arrays
