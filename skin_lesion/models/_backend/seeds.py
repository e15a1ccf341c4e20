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

# The states of `random` to which those that are in `_seeded_random` are to go back.
_states = []
_states_lock = threading.Lock()


@contextmanager
def seeded_keras(seed):
    """Let Keras draw from a seed, on all backends, and leave all generators as they were."""
    # The generator of the process is no place for them: the threads of a Dask worker draw from it
    # when data arrives in the middle of a fit, and so do other fits.
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
    """Seed the generator of the process, for what a user's architecture draws."""
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
                # Another thread has begun since, and ends later: what it found was ours.
                _states[place][0] = state[0]
