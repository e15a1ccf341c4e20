"""Arrays of a file that PyTorch wrote before it wrote archives, read without PyTorch.

Such a file is a row of pickles, and a pickle may name any function to be called. Here it may name
what makes arrays alone, and none of it is a function of PyTorch.
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
    """Read what arrays the file holds; their values follow behind the pickles."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _describe_array
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which makes no array")

    def persistent_load(self, pid):
        _, dtype, key, _, _, _ = pid
        return key, dtype


def _describe_array(storage, offset, shape, strides, *_):
    return *storage, offset, shape, strides


def _load(file):
    start = file.tell()
    for n_before, (opcode, index, _) in enumerate(pickletools.genops(file)):
        # Room is made for all smaller indices, so a large one would take all memory.
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and not 0 <= index <= n_before:
            raise ValueError(f"it keeps an object as number {index} behind {n_before} operations")
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

    No code of the file is run, and this is checked: the pickles name nothing but what makes arrays,
    and number their objects without gaps that would take memory; each storage has a key of its own,
    one type, and lies within the file; each array has no more elements than its storage and lies
    within it. Whether the file is the right one is checked before: the caller compares its SHA-256.

    Parameters
    ----------
    data : bytes
        What the file holds.

    Returns
    -------
    arrays : dict of str to ndarray, read-only

    Raises
    ------
    ValueError
        If it is no such file, or holds anything but arrays.
    """
    file = io.BytesIO(data)
    try:
        magic_number, _, _, described, keys = (_load(file) for _ in range(5))
        if magic_number != _MAGIC_NUMBER:
            raise ValueError("it does not begin as one")
        dtype_of = {key: dtype for key, dtype, *_ in described.values()}
        if sorted(keys) != sorted(dtype_of):
            raise ValueError("its arrays name other storages than it holds, or it repeats one")
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
                raise ValueError(f"storage {key!r} is of two types")
            _check_array(name, offset, shape, strides, n_values)
            size = np.dtype(dtype).itemsize
            arrays[name] = np.ndarray(
                shape, dtype, data, start + offset * size, [size * n for n in strides]
            )
    except Exception as error:  # of a damaged pickle, of whatever kind
        raise ValueError(
            f"It cannot be read as a file of PyTorch with arrays alone: {error}."
        ) from error
    return arrays
