"""What the numbers of a network depend on, besides its weights: the backend and its precision."""

import sys

from ..._utils import lazy_keras as keras


def describe_backend():
    """Return the name and version of the backend of Keras."""
    backend = keras.backend.backend()
    return f"{backend} {sys.modules[backend].__version__}"


def describe_policy():
    """Return the dtype policy of Keras as an addition to a text, or nothing for float32.

    It does not import Keras: nobody has set a policy before.
    """
    policy = keras.config.dtype_policy().name if "keras" in sys.modules else "float32"
    return "" if policy == "float32" else f" with {policy}"
