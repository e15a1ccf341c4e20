"""Memory settings beyond the API of Keras, for the backend and the process."""

import ctypes
import sys
from contextlib import contextmanager
from itertools import count

from ..._utils import lazy_keras as keras
from . import tensorflow_private
from .keras_private import skip_gradient_sum

# Parameter numbers of mallopt, from malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MIB = 2**20

_N_ENDED = count(1)
_CLEAR_EVERY = 8


def keep_freed_memory():
    """Let the allocator keep freed memory, as it does before TensorFlow changes its settings.

    A TensorFlow dataset with a Python generator sets the trim threshold of glibc to 128 KiB, which
    also stops glibc's automatic adjustment of its thresholds. From then on every large tensor is
    mapped and unmapped, and page faults take a third of the training time. This function sets the
    thresholds to the values where the adjustment would have ended (mallopt(3)).
    """
    if sys.platform != "linux" or keras.backend.backend() != "tensorflow":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 32 * MIB)
        mallopt(M_TRIM_THRESHOLD, 64 * MIB)


@contextmanager
def forget_traces():
    """Let TensorFlow release, at the end, the generators and kernels created in this context.

    Otherwise it keeps each generator, with the data behind it, and the kernels of deleted functions
    until the process ends. `keras.utils.clear_session` would release them, but also the generators
    of the user, and the user's settings of Keras.

    Kernels are released every eighth time. Without any, the next fit makes all of them again, which
    takes a tenth of the time of a short fit. A fit leaves 1 MB of kernels, or 15 MB if it trains
    all of EfficientNetLite0.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    # Each thread has its own default graph.
    functions = tensorflow_private.python_functions_of(tf.compat.v1.get_default_graph())
    n_of_others = len(functions)
    try:
        yield
    finally:
        del functions[n_of_others:]
        if next(_N_ENDED) % _CLEAR_EVERY == 0:
            tensorflow_private.clear_kernel_cache()


def skip_gradient_reduction(optimizer):
    """Let an optimizer use gradients without a sum over replicas, because there is only one.

    TensorFlow would register the sum over the single replica as a function with its own gradient,
    until the process ends, together with the traced training step: 10 MB per fit.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    if not tf.distribute.has_strategy():
        skip_gradient_sum(optimizer)
