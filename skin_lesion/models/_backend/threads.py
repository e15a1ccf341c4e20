"""Tell the backend how many cores this process may use."""

import os

from ..._utils.read_ahead import n_own_cores, told_cores


def limit_backend_threads():
    """Let TensorFlow follow OMP_NUM_THREADS, as torch and NumPy do.

    TensorFlow reads its own environment variables when it first computes. That may be before a fit,
    when an optimizer is unpickled in a worker. So they are set when the classifier is imported;
    this needs no import of TensorFlow.
    """
    if told_cores() is not None:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, str(n_own_cores()))
