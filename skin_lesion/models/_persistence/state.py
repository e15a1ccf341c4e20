"""An estimator as JSON and raw arrays, and back."""

import os
import re
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Bunch

from ..._utils.sklearn_private import CALLBACKS, METADATA_REQUEST
from .._networks.unsaved import name_unsaved
from .allowed_classes import find_class, is_estimator, keeps_only_parameters, name_class

# They belong to the machine or to training: callbacks, and the folder of a cache, which a file
# could set to any folder. SGDClassifier and Perceptron keep their loss, compiled code that each fit
# sets anew. Metadata requests and scikit-learn's callbacks are also omitted: without the
# attributes, an estimator has the requests of its class, and no callbacks.
_LEFT_OUT = frozenset(["_loss_function_", "cache_dir", "callbacks", "memory"])
# An optimizer that is a Keras object is also omitted; a name is kept.
_OPTIMIZER = "optimizer"
# A function is code: only its name and the network that it built are saved.
_ARCHITECTURE = "architecture"
# Objects that build a network are callable; elsewhere an estimator would call them as functions.
_NETWORKS = frozenset([_ARCHITECTURE, "backbone"])
# A Series of class shares is equivalent to a dict.
_SHARES = frozenset(["class_prior", "prior"])
_PLAIN_KINDS = "biufUS"
_OBJECT = np.dtype(object)  # an imputer of text stores it; arrays of objects are saved as lists
_DTYPE = re.compile(r"[<>|=][biufUS]\d{1,9}")
_NAME = re.compile(r"(?!__)[A-Za-z_]\w*")


class StateWriter:
    """Convert an estimator to JSON and arrays.

    Parameters
    ----------
    special : dict of type to callable
        Extra handling for objects of a class: ``special[cls](estimator)`` returns the names of
        attributes to omit, and a dict to save in addition, or None.

    Attributes
    ----------
    arrays : dict of str to bytes
        The arrays, by name of entry.
    """

    def __init__(self, special):
        self.arrays = {}
        self._special = special
        self._open = []

    def write(self, value, where):
        """Return a value of the estimator as values for JSON; `where` names it in messages.

        Raises
        ------
        TypeError
            If its type cannot be saved.
        """
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return {"kind": "float", "value": value.hex()}
        if type(value) in (list, tuple, set, frozenset, slice, np.random.RandomState):
            return self._write_items(value, where)
        if type(value) in (dict, Bunch):
            pairs = [
                [self.write(key, where), self.write(item, f"{where}[{key!r}]")]
                for key, item in value.items()
            ]
            return {"kind": type(value).__name__, "items": pairs}
        if isinstance(value, np.ndarray):
            return self._write_array(value, where)
        if isinstance(value, np.generic) and value.dtype.kind in _PLAIN_KINDS:
            return {"kind": "scalar", "value": self._write_array(np.array(value), where)}
        if isinstance(value, np.dtype) and value.kind in _PLAIN_KINDS + "O":
            return {"kind": "dtype", "name": value.str}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"kind": "numpy_type", "name": np.dtype(value).str}
        if isinstance(value, os.PathLike):
            return {"kind": "path", "value": os.fspath(value)}
        if is_estimator(value):
            return self._write_object(value, where)
        raise TypeError(
            f"{where} is {value!r}, of type {type(value).__name__}. {_EXPECTED} Change it, leave"
            " that step out and apply it before, or use joblib if the users of the file trust you."
        )

    def _write_items(self, value, where):
        kind = type(value).__name__
        if isinstance(value, slice):
            items = [value.start, value.stop, value.step]
        elif isinstance(value, np.random.RandomState):
            items = value.get_state(legacy=True)
        elif isinstance(value, (set, frozenset)):
            items = sorted(value, key=repr)
        else:
            items = value
        items = [self.write(item, f"{where}[{place}]") for place, item in enumerate(items)]
        return items if kind == "list" else {"kind": kind, "items": items}

    def _write_array(self, array, where):
        if type(array) is not np.ndarray or array.dtype.kind not in _PLAIN_KINDS + "O":
            kind = f"{type(array).__name__} of type {array.dtype}"
            raise TypeError(f"{where} is an array: {kind}. {_EXPECTED}")
        if array.dtype.kind == "O":
            items = [self.write(item, where) for item in array.ravel().tolist()]
            return {"kind": "object_array", "shape": list(array.shape), "items": items}
        name = f"arrays/{len(self.arrays)}.bin"
        # In its own memory order: sums in another order would round differently.
        order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        self.arrays[name] = array.tobytes(order)
        about = {"dtype": array.dtype.str, "shape": list(array.shape), "order": order}
        return {"kind": "array", "entry": name, **about}

    def _write_object(self, value, where):
        name = name_class(value)
        if name is None:
            raise TypeError(
                f"{where} is {value!r}, of type {type(value).__module__}.{type(value).__name__}."
                f" {_EXPECTED} For a search, save its best_estimator_. For an OnnxClassifier, share"
                " its file. Otherwise leave that step out, or use joblib if the users of the file"
                " trust you."
            )
        if id(value) in self._open:
            raise TypeError(f"{where} contains itself. {_EXPECTED}")
        if keeps_only_parameters(name):
            value = clone(value)
        left_out, beside = self._special.get(type(value), lambda _: ((), None))(value)
        self._open.append(id(value))
        attributes = {
            attribute: self.write(_replace(attribute, item), f"{where}.{attribute}")
            for attribute, item in vars(value).items()
            if attribute not in left_out and attribute not in (CALLBACKS, METADATA_REQUEST)
        }
        self._open.pop()
        return {"kind": "object", "class": name, "attributes": attributes, "beside": beside}


def _replace(attribute, item):
    """Return the value to write: code, omitted attributes and Series of shares are replaced."""
    if attribute in _SHARES and isinstance(item, pd.Series):
        return item.to_dict()
    if attribute in _LEFT_OUT or (attribute == _OPTIMIZER and not isinstance(item, str)):
        return None
    is_code = attribute == _ARCHITECTURE and callable(item) and name_class(item) is None
    return name_unsaved(item) if is_code else item


_EXPECTED = (
    "Expected numbers, text, arrays, collections of these, estimators of skin_lesion and those of"
    " scikit-learn and imbalanced-learn that predict with NumPy only."
)


class StateReader:
    """Convert JSON and arrays to an estimator, running only code of the listed classes.

    Parameters
    ----------
    arrays : dict of str to bytes

    special : dict of type to callable
        ``special[cls](estimator, beside)`` completes an object of a class.
    """

    def __init__(self, arrays, special):
        self._arrays = dict(arrays)
        self._special = special
        self._read_kind = {
            "Bunch": lambda node: Bunch(**dict(self._pairs(node))),
            "RandomState": self._read_random_state,
            "array": self._read_array,
            "dict": lambda node: dict(self._pairs(node)),
            "dtype": self._read_dtype,
            "float": lambda node: float.fromhex(node["value"]),
            "frozenset": lambda node: frozenset(self.read(node["items"])),
            "numpy_type": lambda node: _plain_dtype(node["name"]).type,
            "object": self._read_object,
            "object_array": self._read_object_array,
            "path": lambda node: Path(node["value"]),
            "scalar": lambda node: self._read_array(node["value"])[()],
            "set": lambda node: set(self.read(node["items"])),
            "slice": lambda node: slice(*self.read(node["items"])),
            "tuple": lambda node: tuple(self.read(node["items"])),
        }

    def read(self, node):
        """Return the value that a node represents."""
        if isinstance(node, list):
            return [self.read(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node["kind"] not in self._read_kind:
            raise ValueError(f"it contains a value of the unknown kind {node['kind']!r}")
        return self._read_kind[node["kind"]](node)

    def _read_dtype(self, node):
        return _OBJECT if node["name"] == _OBJECT.str else _plain_dtype(node["name"])

    def _pairs(self, node):
        return [(self.read(key), self.read(item)) for key, item in node["items"]]

    def _read_array(self, node):
        # Each entry once: a thousand copies of one array would exceed the size of the file.
        data = self._arrays.pop(node["entry"])
        array = np.frombuffer(data, dtype=_plain_dtype(node["dtype"]))
        # A copy, because fitted attributes must be writable.
        return array.reshape(node["shape"], order=node["order"]).copy("K")

    def _read_object_array(self, node):
        array = np.empty(len(node["items"]), dtype=object)
        array[:] = self.read(node["items"])
        return array.reshape(node["shape"])

    def _read_random_state(self, node):
        name, keys, position, *gauss = self.read(node["items"])
        # NumPy keeps 624 keys, and would read other memory at a position beyond them.
        if name != "MT19937" or len(keys) != 624 or not 0 <= position <= 624:
            raise ValueError("it contains a random number generator in an impossible state")
        state = np.random.RandomState()
        state.set_state((name, keys, position, *gauss))
        return state

    def _read_object(self, node):
        cls = find_class(node["class"])
        instance = cls.__new__(cls)
        for name, item in node["attributes"].items():
            if not _NAME.fullmatch(name) or hasattr(cls, name):
                raise ValueError(f"it replaces {name!r} of the class {cls.__name__}")
            value = None if name in _LEFT_OUT else self.read(item)
            if callable(value) and not isinstance(value, type) and name not in _NETWORKS:
                raise ValueError(f"it has a function as {name!r}")
            vars(instance)[name] = value
        if isinstance(instance, BaseEstimator):
            _add_new_parameters(instance)
        if cls in self._special:
            self._special[cls](instance, node["beside"])
        return instance


def _add_new_parameters(estimator):
    """Set parameters that the version which wrote the file did not have to their defaults."""
    for name, parameter in signature(type(estimator)).parameters.items():
        if parameter.default is not parameter.empty:
            vars(estimator).setdefault(name, parameter.default)


def _plain_dtype(name):
    if not isinstance(name, str) or not _DTYPE.fullmatch(name):
        raise ValueError(f"it contains an array of type {name!r}")
    return np.dtype(name)
