"""What no Keras API offers, and has to be said to a backend or to the process itself."""

import ctypes
import sys

import keras

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
