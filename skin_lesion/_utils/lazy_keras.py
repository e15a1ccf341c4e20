"""Keras, imported when one of its names is first used: that takes seconds, and starts a backend.

In place of ``import keras``: ``from ..._utils import lazy_keras as keras``. A module that inherits
from a class of Keras cannot use it, and is itself imported late: see ``models/_training``.
"""

from importlib import import_module


def __getattr__(name):
    if name.startswith("__"):  # asked for by doctest, inspect and copy
        raise AttributeError(name)
    return getattr(import_module("keras"), name)
