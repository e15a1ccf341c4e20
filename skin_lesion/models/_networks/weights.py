"""Weights of a backbone: what tells them from others, and those that came in a model file."""

import hashlib
from importlib.metadata import version

from .applications import check_weights_exist
from .efficientnet_lite import IMAGENET_SHA256, read_imagenet_weights


class StoredWeights:
    """Weights that came with an embedder in a model file, in place of a file of their own.

    Parameters
    ----------
    data : bytes
        As Keras writes them.

    backbone : Backbone
        Whose they are; the embedder may be given another one later.
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
    """Return as text what tells these weights from others: of a file, its content."""
    if isinstance(weights, StoredWeights):
        return weights.digest
    if weights == "imagenet" and name in IMAGENET_SHA256:
        return IMAGENET_SHA256[name]
    if weights is None or weights == "imagenet":
        return f"{weights}, Keras {version('keras')}"
    check_weights_exist(name, weights)
    with open(weights, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_weights_at_hand(name, weights):
    """Raise what building the network would, if its weights do not lie where they should."""
    if weights == "imagenet" and name in IMAGENET_SHA256:
        read_imagenet_weights(name)
    elif weights not in (None, "imagenet"):
        check_weights_exist(name, weights)
