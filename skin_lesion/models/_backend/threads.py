"""How the backend learns how many of the machine's cores this process may use."""

import os

from ..._utils.read_ahead import n_own_cores, told_cores


def limit_backend_threads():
    """Let TensorFlow, too, keep to OMP_NUM_THREADS, as torch and NumPy do by themselves.

    It is told by its own variables, which it reads when it first computes. That may be before a
    fit: an optimizer that is unpickled in a worker computes. So they are set when the classifier is
    imported, and nothing needs to be imported for it.
    """
    if told_cores() is not None:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, str(n_own_cores()))
