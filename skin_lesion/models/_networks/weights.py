"""Weights of a backbone: how they are identified, and those stored in a model file."""

import hashlib
from importlib.metadata import version

from .._backend.identity import describe_backend
from .applications import check_name, check_weights_exist
from .efficientnet_lite import IMAGENET_SHA256, read_weights_file


class StoredWeights:
    """Weights of an embedder that were stored in a model file.

    Parameters
    ----------
    data : bytes
        In the format of Keras.

    backbone : Backbone
        The backbone of these weights. The embedder may get another one later.
    """

    def __init__(self, data, backbone):
        self.data = data
        self.digest = hashlib.sha256(data).hexdigest()
        self._backbone = (backbone.name, backbone.weights)

    def belong_to(self, backbone):
        return self._backbone == (backbone.name, backbone.weights)

    def __eq__(self, other):
        return isinstance(other, StoredWeights) and other.digest == self.digest

    def __hash__(self):
        return hash(self.digest)


def describe_weights(name, weights):
    """Return a text that identifies these weights; for a file, a hash of its content."""
    if isinstance(weights, StoredWeights):
        return weights.digest
    if weights == "imagenet" and name in IMAGENET_SHA256:
        return IMAGENET_SHA256[name]
    if weights is None:  # random ones: each backend draws others from the same seed
        return f"None, Keras {version('keras')}, {describe_backend()}"
    if weights == "imagenet":
        return f"{weights}, Keras {version('keras')}"
    check_weights_exist(name, weights)
    with open(weights, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_can_be_built(name, weights):
    """Raise the error of building the network if its name is unknown or its weights are missing."""
    check_name(name)
    if weights == "imagenet" and name in IMAGENET_SHA256:
        read_weights_file(name)  # a file of this SHA-256 holds the arrays
    elif weights not in (None, "imagenet"):
        check_weights_exist(name, weights)
