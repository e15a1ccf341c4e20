"""Fingerprints of the parameters of a fit: values, and the code of functions and classes."""

import dis
import hashlib
import inspect
import os
import re
import sys
from functools import cache, cached_property, partial
from importlib import import_module
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import CodeType, FunctionType, MappingProxyType, MethodType, ModuleType

import numpy as np

from ..._utils import lazy_keras as keras
from .._networks.backbone import Backbone
from .._networks.weights import describe_weights

# Parameters that change how a fit runs, but not its result.
WITHOUT_EFFECT = {"verbose", "n_jobs", "cache_dir"}


def describe(value, where):
    """Return a description of a parameter's value and behaviour, as values for JSON.

    Functions and classes outside installed packages are described by their code, closure, defaults
    and bound arguments, and by all that they refer to: other functions, classes and values of a
    module. Modules that they refer to or import are described by their source and values. Parts of
    installed packages are described by name and version.

    Parameters
    ----------
    value : object

    where : str
        The name of the parameter, for the message.

    Raises
    ------
    ValueError
        If it contains an object whose content is unknown.
    """
    return _Describer(where).describe(value)


class _Describer:
    def __init__(self, where):
        self._where = where
        self._seen = []  # functions may be recursive, and objects may refer to each other
        self._modules = {}

    def describe(self, value):
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (bytes, complex, slice, range)) or value is Ellipsis:
            return repr(value)
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, (list, tuple)):
            return [self.describe(item) for item in value]
        if isinstance(value, (set, frozenset)):  # their order differs between processes
            return sorted((self.describe(item) for item in value), key=repr)
        if isinstance(value, (dict, MappingProxyType)):
            return {str(key): self.describe(item) for key, item in value.items()}
        if isinstance(value, (np.ndarray, np.generic)):
            if value.dtype.hasobject:
                return self.describe(value.tolist())
            array = np.ascontiguousarray(value)
            digest = hashlib.sha256(array.tobytes()).hexdigest()
            return [str(array.dtype), list(np.shape(value)), digest]
        if isinstance(value, CodeType):
            return self._describe_code(value)
        if isinstance(value, ModuleType):
            return self._describe_module(value, None)
        for number, item in enumerate(self._seen):
            if value is item:
                return ["seen", number]
        self._seen.append(value)
        return self._describe_object(value)

    def _describe_object(self, value):
        if isinstance(value, partial):
            return ["partial", self.describe([value.func, value.args, value.keywords])]
        if isinstance(value, MethodType):
            return ["method", self.describe([value.__func__, value.__self__])]
        if isinstance(value, (staticmethod, classmethod)):
            return self.describe(value.__func__)
        if isinstance(value, property):
            return self.describe([value.fget, value.fset])
        if isinstance(value, cached_property):
            return self.describe(value.func)
        if isinstance(value, np.ufunc):
            return ["ufunc", value.__name__]
        if inspect.ismemberdescriptor(value) or inspect.isgetsetdescriptor(value):
            return ["attribute", value.__name__]
        name = getattr(value, "__qualname__", None)
        if isinstance(name, str):
            name = f"{getattr(value, '__module__', None)}.{name}"
        if isinstance(value, FunctionType):
            # A function of a package may also be a closure, such as a schedule.
            inner = [value.__defaults__, value.__kwdefaults__, self._describe_closure(value)]
            return [name, *self.describe(inner), self._describe_code_of(value)]
        if isinstance(value, type):
            return [name, self._describe_class(value)]
        if callable(value) and hasattr(value, "__wrapped__"):  # by functools.lru_cache
            return self.describe(value.__wrapped__)
        if name is not None:  # a function in C; methods of an object have no module
            installed = _version_of(getattr(value, "__module__", None) or "")
            return self._refuse(value) if installed is None else [name, installed]
        return [self.describe(type(value)), self._describe_state(value)]

    def _describe_code_of(self, function):
        installed = _version_of(function.__module__ or "")
        if installed is not None:
            return installed
        names = _names_in(function.__code__)
        used = {}
        for name in sorted(names & function.__globals__.keys()):
            value = function.__globals__[name]
            is_module = isinstance(value, ModuleType)
            used[name] = self._describe_module(value, names) if is_module else self.describe(value)
        imported = {
            name: self._describe_import(name, names)
            for name in sorted(_imports_in(function.__code__, function.__globals__))
        }
        return [self._describe_code(function.__code__), used, imported]

    def _describe_import(self, name, names):
        installed = _version_of_import(name)
        if installed is not None:
            return [name, installed]
        try:
            module = import_module(name)  # as the code will
        except ImportError:  # the code may handle it, or the name is not a module but inside one
            return [name, "not importable"]
        # The code may also use names in the packages above it.
        packages = [".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 1)]
        above = [self._describe_module(sys.modules[package], names) for package in packages]
        return [*above, self._describe_module(module, names)]

    def _describe_module(self, module, names):
        """Describe a module for code that reads these names of it; None means any name.

        For a module of the user, source, plain values and modules always count, because code may
        build their names at run time. Other objects, such as a lock, count only if they are named.
        """
        installed = _version_of(module.__name__)
        if installed is not None:
            return [module.__name__, installed]
        done = self._modules.setdefault(module.__name__, [])
        if names in done:  # modules import each other
            return module.__name__
        is_first = not done
        done.append(names)
        found = {}
        for name, value in sorted(vars(module).items()):
            if _is_dunder(name):
                continue
            is_code = isinstance(value, (FunctionType, type))
            if isinstance(value, ModuleType):
                found[name] = self._describe_module(value, names)
            elif (is_code if names is None else name in names) or (is_first and _is_plain(value)):
                found[name] = self.describe(value)
        return [module.__name__, self._describe_source(module) if is_first else None, found]

    def _describe_source(self, module):
        path = getattr(module, "__file__", None)
        if path is None and hasattr(module, "__path__"):  # only a folder of modules
            return None
        try:
            return hashlib.sha256(Path(path).read_bytes()).hexdigest()
        except (TypeError, OSError):
            return self._refuse(module)

    def _describe_code(self, code):
        return [
            hashlib.sha256(code.co_code).hexdigest(),
            list(code.co_names),
            list(code.co_varnames),
            self.describe(code.co_consts),
        ]

    def _describe_closure(self, function):
        cells = {}
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                cells[name] = cell.cell_contents
            except ValueError:  # not set yet; code that reads it raises an error
                cells[name] = None
        return cells

    def _describe_class(self, cls):
        installed = _version_of(cls.__module__)
        if installed is not None:
            return installed
        members = {
            name: self.describe(member)
            for name, member in sorted(vars(cls).items())
            if not name.startswith("_abc_") and (not _is_dunder(name) or _is_code(member))
        }
        return [members, [self.describe(base) for base in cls.__bases__]]

    def _describe_state(self, value):
        if hasattr(value, "get_params"):
            state = value.get_params(deep=False)
            if isinstance(value, Backbone):  # the content of a file may have changed
                state["weights"] = describe_weights(value.name, value.weights)
        elif hasattr(value, "get_config"):
            config = value.get_config()
            if any(cls.__module__.startswith("keras.") for cls in type(value).__mro__):
                config = _without_numbers(config)
            state = {"config": config, "registered objects": _registered_in(config)}
            if hasattr(value, "get_weights"):
                # Keras clones layers by their classes, which need not be registered.
                layers = getattr(value, "_flatten_layers", tuple)()
                state["classes"] = [type(layer) for layer in layers]
                state["weights"] = value.get_weights()
        elif hasattr(value, "__array__"):
            state = {"array": np.asarray(value)}
        else:
            slots = [
                name
                for cls in type(value).__mro__
                for name in np.atleast_1d(getattr(cls, "__slots__", ())).tolist()
            ]
            state = {name: getattr(value, name) for name in slots if hasattr(value, name)}
            state |= getattr(value, "__dict__", {})
            if not slots and not hasattr(value, "__dict__"):
                self._refuse(value)
        return {
            str(name): self.describe(item)
            for name, item in state.items()
            if name not in WITHOUT_EFFECT
        }

    def _refuse(self, value):
        raise ValueError(
            f"FitCheckpoint cannot tell whether a fit is the same: {self._where} holds {value!r},"
            f" of type {type(value).__qualname__}, whose content is unknown. Expected numbers,"
            " text, arrays, functions, and objects with such attributes. Pass its content in these"
            " forms, or leave out the checkpoint."
        )


def _without_numbers(config):
    """Leave out numbers of names in a configuration: Keras numbers the objects of a process."""
    if isinstance(config, (list, tuple)):
        return [_without_numbers(item) for item in config]
    if not isinstance(config, dict):
        return config
    return {
        key: re.sub(r"_\d+$", "", value)
        if key == "name" and isinstance(value, str)  # a key of an OptimizerMap is any text
        else _without_numbers(value)
        for key, value in config.items()
    }


def _registered_in(config):
    """Return the user's classes and functions that a configuration of Keras holds by name."""
    if isinstance(config, (list, tuple)):
        return [found for item in config for found in _registered_in(item)]
    if not isinstance(config, dict):
        return []
    # A class has its name under the first key, a function under the second.
    names = [config.get(key) for key in ("registered_name", "config")]
    found = [keras.saving.get_registered_object(name) for name in names if isinstance(name, str)]
    return [one for one in found if one is not None] + _registered_in(list(config.values()))


def _is_dunder(name):
    return name.startswith("__") and name.endswith("__")


def _is_code(member):
    return isinstance(member, (FunctionType, staticmethod, classmethod, property))


def _names_in(code):
    """Return the names in code and in the functions inside it."""
    inner = [item for item in code.co_consts if isinstance(item, CodeType)]
    return set(code.co_names).union(*map(_names_in, inner))


def _imports_in(code, variables):
    """Return the full names of the modules that code, and functions inside it, may import.

    ``from package import name`` gives both the package and ``package.name``.
    """
    found = set()
    steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
    for level, names, step in zip(steps, steps[1:], steps[2:], strict=False):
        if step.opname == "IMPORT_NAME":
            name = step.argval
            if level.argval:
                package = variables.get("__package__") or ""
                name = resolve_name("." * level.argval + name, package)
            found |= {name, *(f"{name}.{inner}" for inner in names.argval or ())}
    inner = [item for item in code.co_consts if isinstance(item, CodeType)]
    return found.union(*(_imports_in(item, variables) for item in inner))


def _is_plain(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(_is_plain, value))
    if isinstance(value, (dict, MappingProxyType)):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (np.ndarray, np.generic)):
        return not value.dtype.hasobject
    return value is None or isinstance(
        value, (bool, int, float, complex, str, bytes, slice, range, os.PathLike)
    )


def _version_of_import(name):
    """Return the version of the package of a module that may not be imported yet."""
    package = name.partition(".")[0]
    if package in sys.stdlib_module_names or package == "skin_lesion" or package in sys.modules:
        return _version_of(package)
    try:
        spec = find_spec(package)
    except ValueError:  # a module that was created without one
        return None
    places = [getattr(spec, "origin", None) or ""]
    places += getattr(spec, "submodule_search_locations", None) or ()
    return _version_of(package, places)


def _version_of(module, places=None):
    """Return the version of the package of a module, or None if it belongs to no package."""
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names:
        return sys.version.split()[0]
    # The code of a package in development changes while its version stays the same. The place
    # decides, not the name: an installed package may share the name of a user's, such as "tests".
    if places is None:
        found = sys.modules.get(module)
        places = [getattr(found, "__file__", None) or "", *getattr(found, "__path__", ())]
    if package != "skin_lesion" and not _are_installed(places):
        return None
    found = _distributions().get(package, ())
    return ", ".join(f"{name} {version(name)}" for name in sorted(set(found))) or package


def _are_installed(places):
    return any({"site-packages", "dist-packages"} & set(Path(place).parts) for place in places)


@cache
def _distributions():
    return packages_distributions()
