"""What the tests share. They import what lies beside them, as the scripts here do."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

_SECONDS = 300  # a busy machine is no fault


@pytest.fixture(autouse=True)
def end_what_hangs():
    """Make of a call that blocks for ever a failure."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def fail(number, frame):
        raise TimeoutError(f"Not done after {_SECONDS} s.")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def without_privileges():
    """Return a function that calls another as a user who may not read everything.

    Root may: for root it is called in a forked process that has given that up.
    """

    def call(function):
        if os.geteuid() != 0:
            return function()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                text = function()
            except BaseException as error:
                text = f"{type(error).__name__}: {error}"
            os.write(writing, text.encode())
            os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        with open(reading, encoding="utf-8") as file:
            return file.read()

    return call
