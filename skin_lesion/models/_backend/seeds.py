"""Initial weights and dropout masks that depend only on a seed, not on other threads."""

import random
import threading
from contextlib import contextmanager

from .keras_private import draw_default_seeds_from


class _RandomOfThread(threading.local):
    """Replace Python's `random` as the source of Keras's seeds."""

    source = random

    def randint(self, low, high):
        return self.source.randint(low, high)


_random_of_thread = _RandomOfThread()

# The states of `random` that the open `_seeded_random` contexts will restore.
_states = []
_states_lock = threading.Lock()


@contextmanager
def seeded_keras(seed):
    """Let Keras draw from a seed, on all backends, and restore all generators afterwards."""
    # The generator of the process would not do: other fits draw from it, and so do the threads of
    # a Dask worker when data arrives during a fit.
    draw_default_seeds_from(_random_of_thread)
    before = _random_of_thread.source
    _random_of_thread.source = random.Random(seed)
    try:
        with _seeded_random(seed):
            yield
    finally:
        _random_of_thread.source = before


@contextmanager
def _seeded_random(seed):
    """Seed the generator of the process, for the architectures of users."""
    with _states_lock:
        state = [random.getstate()]
        _states.append(state)
        random.seed(seed)
    try:
        yield
    finally:
        with _states_lock:
            place = next(place for place, other in enumerate(_states) if other is state)
            del _states[place]
            if place == len(_states):
                random.setstate(state[0])
            else:
                # A thread that started later is still running: it must restore our earlier state.
                _states[place][0] = state[0]
