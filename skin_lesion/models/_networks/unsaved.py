"""What stands in a loaded classifier for an architecture of the user's own, which is code."""

from functools import partial

from sklearn.base import BaseEstimator


class UnsavedArchitecture(BaseEstimator):
    """An architecture that a model file names and does not hold; to build a network is an error.

    Parameters
    ----------
    name : str
        Of the function or class that built the network.
    """

    def __init__(self, name):
        self.name = name

    def __call__(self, input_shape, n_classes):
        raise ValueError(
            f"The classifier was loaded from a file, which holds its network and not the"
            f" architecture {self.name!r} that built it: that is code. Expected an architecture to"
            " train anew. Set it by set_params(architecture=...), or do not fit: the loaded network"
            " predicts as it is."
        )


def name_unsaved(architecture):
    """Return what to save in place of a callable that is code."""
    while isinstance(architecture, partial):
        architecture = architecture.func
    named = architecture if hasattr(architecture, "__qualname__") else type(architecture)
    return UnsavedArchitecture(f"{named.__module__}.{named.__qualname__}")
