"""Initial weights and dropout masks that follow from a seed, whatever other threads draw."""

import random
import threading
from contextlib import contextmanager

from .keras_private import draw_default_seeds_from


class _RandomOfThread(threading.local):
    """Stands in for Python's `random` where Keras draws its seeds from it."""

    source = random

    def randint(self, low, high):
        return self.source.randint(low, high)


_random_of_thread = _RandomOfThread()


@contextmanager
def seeded_keras(seed):
    """Let Keras draw from a seed, on all backends, and leave all generators as they were."""
    # The generator of the process is no place for them: the threads of a Dask worker draw from it
    # when data arrives in the middle of a fit, and so do other fits.
    draw_default_seeds_from(_random_of_thread)
    before = _random_of_thread.source
    state = random.getstate()
    # This one for what a user's architecture draws.
    random.seed(seed)
    _random_of_thread.source = random.Random(seed)
    try:
        yield
    finally:
        _random_of_thread.source = before
        random.setstate(state)
