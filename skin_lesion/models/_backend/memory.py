"""What no Keras API offers, and has to be said to a backend or to the process itself."""

import ctypes
import sys
from contextlib import contextmanager

from ..._utils import lazy_keras as keras
from . import tensorflow_private
from .keras_private import skip_gradient_sum

# mallopt's numbers for its parameters, from malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MIB = 2**20


def keep_freed_memory():
    """Let the allocator keep freed memory, as it does before TensorFlow tells it otherwise.

    A TensorFlow dataset that is fed by Python sets the trim threshold of glibc to 128 KiB, which
    also ends glibc's own adjustment of its thresholds. From then on every large tensor is mapped
    and unmapped anew, and a third of the time of training goes into page faults. The thresholds are
    put where that adjustment would have ended (mallopt(3)).
    """
    if sys.platform != "linux" or keras.backend.backend() != "tensorflow":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 32 * MIB)
        mallopt(M_TRIM_THRESHOLD, 64 * MIB)


@contextmanager
def forget_traces():
    """Let TensorFlow forget, at the end, the generators and kernels that it has met meanwhile.

    It keeps a generator for the rest of the process, and with it all that it reads from, and the
    kernels of functions that are gone. `keras.utils.clear_session` would end that, but it also
    forgets the generators that the user made, and the user's settings of Keras.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    # The default graph is one of this thread alone.
    functions = tensorflow_private.python_functions_of(tf.compat.v1.get_default_graph())
    n_of_others = len(functions)
    try:
        yield
    finally:
        del functions[n_of_others:]
        tensorflow_private.clear_kernel_cache()


def skip_gradient_reduction(optimizer):
    """Let an optimizer use gradients as they are: one replica has nothing to sum them with.

    On TensorFlow the sum over the single replica is registered as a function with a gradient of its
    own, for the rest of the process and with all of the traced training step: 10 MB a fit.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    if not tf.distribute.has_strategy():
        skip_gradient_sum(optimizer)
