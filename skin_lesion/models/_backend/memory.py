"""What no Keras API offers, and has to be said to a backend or to the process itself."""

import ctypes
import sys
from contextlib import contextmanager

from ..._utils import lazy_keras as keras

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
    from tensorflow.python.eager.context import context

    # The default graph is one of this thread alone.
    graph = tf.compat.v1.get_default_graph()
    n_of_others = len(getattr(graph, "_py_funcs_used_in_graph", []))
    try:
        yield
    finally:
        del getattr(graph, "_py_funcs_used_in_graph", [])[n_of_others:]
        context().clear_kernel_cache()


def skip_gradient_reduction(optimizer):
    """Let an optimizer use gradients as they are: one replica has nothing to sum them with.

    On TensorFlow the sum over the single replica is registered as a function with a gradient of its
    own, for the rest of the process and with all of the traced training step: 10 MB a fit.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    if not tf.distribute.has_strategy():
        optimizer._all_reduce_sum_gradients = list


def find_gradient(function, x):
    """Return the gradient of a function at a point.

    Parameters
    ----------
    function : callable
        Takes a tensor of the shape of x and gives a number, by Keras layers and `keras.ops`.

    x : tensor or ndarray

    Returns
    -------
    gradient : ndarray of the shape of x

    Raises
    ------
    RuntimeError
        If the backend of Keras is none of TensorFlow, JAX and PyTorch.
    """
    backend = keras.backend.backend()
    x = keras.ops.stop_gradient(keras.ops.convert_to_tensor(x))
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        gradient = tape.gradient(value, x)
    elif backend == "jax":
        import jax

        gradient = jax.grad(function)(x)
    elif backend == "torch":
        import torch

        x = x.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(function(x), x)
    else:
        raise RuntimeError(
            f"Gradients are not known on the backend {backend!r}. Expected 'tensorflow', 'jax' or"
            " 'torch': set KERAS_BACKEND."
        )
    return keras.ops.convert_to_numpy(gradient)
