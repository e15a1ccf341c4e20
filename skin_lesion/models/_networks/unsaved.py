"""Placeholder in a loaded classifier for an architecture that is the user's own code."""

from functools import partial

from sklearn.base import BaseEstimator


class UnsavedArchitecture(BaseEstimator):
    """An architecture that a model file names but does not contain. Calling it is an error.

    Parameters
    ----------
    name : str
        Name of the function or class that built the network.
    """

    def __init__(self, name):
        self.name = name

    def __call__(self, input_shape, n_classes):
        raise ValueError(
            "The classifier was loaded from a file. The file holds its network, but not the code"
            f" of the architecture {self.name!r} that built it. Expected an architecture to train"
            " a new network: set it with set_params(architecture=...). To predict with the loaded"
            " network, no fit is needed."
        )


def name_unsaved(architecture):
    """Return the placeholder to save for a callable that is code."""
    while isinstance(architecture, partial):
        architecture = architecture.func
    named = architecture if hasattr(architecture, "__qualname__") else type(architecture)
    return UnsavedArchitecture(f"{named.__module__}.{named.__qualname__}")
