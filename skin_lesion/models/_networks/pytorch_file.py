"""Arrays of a file that PyTorch wrote before it wrote archives, read without PyTorch.

Such a file is a row of pickles, and a pickle may name any function to be called. Here it may name
what makes arrays alone, and none of it is a function of PyTorch.
"""

import io
import pickle
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


def read_pytorch_arrays(data):
    """Return the arrays of a state dictionary, by name, in their order.

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
        magic_number, _, _, described, keys = (_Unpickler(file).load() for _ in range(5))
        if magic_number != _MAGIC_NUMBER:
            raise ValueError("it does not begin as one")
        dtype_of = {key: dtype for key, dtype, *_ in described.values()}
        offset_of = {}
        for key in keys:
            n_values = int.from_bytes(file.read(8), "little")
            offset_of[key] = file.tell()
            file.seek(n_values * np.dtype(dtype_of[key]).itemsize, io.SEEK_CUR)
        arrays = {}
        for name, (key, dtype, offset, shape, strides) in described.items():
            size = np.dtype(dtype).itemsize
            # NumPy checks that these are within the data.
            arrays[name] = np.ndarray(
                shape, dtype, data, offset_of[key] + offset * size, [size * n for n in strides]
            )
    except Exception as error:  # of a damaged pickle, of whatever kind
        raise ValueError(
            f"It cannot be read as a file of PyTorch with arrays alone: {error}."
        ) from error
    return arrays
