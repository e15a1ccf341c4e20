"""Seeds of Keras and of Python's `random`."""

import random
import threading

import pytest

from skin_lesion.models._backend.seeds import seeded_keras


@pytest.mark.parametrize("ends_first", ["first", "second"])
def test_overlapping_threads_leave_the_generator_of_the_process_as_it_was(ends_first):
    begun, may_end = threading.Event(), threading.Event()

    def run():
        with seeded_keras(2):
            begun.set()
            assert may_end.wait(10)

    other = threading.Thread(target=run)
    random.seed(0)
    state = random.getstate()
    with seeded_keras(1):
        random.random()
        other.start()
        assert begun.wait(10)
        if ends_first == "second":
            may_end.set()
            other.join()
    may_end.set()
    other.join()
    assert random.getstate() == state


def test_nested_seeds_go_back_one_by_one():
    random.seed(0)
    state = random.getstate()
    with seeded_keras(1):
        first = random.random()
        with seeded_keras(2):
            random.random()
        second = random.random()
    assert random.getstate() == state
    with seeded_keras(1):
        assert [random.random(), random.random()] == [first, second]
