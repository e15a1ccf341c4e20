"""Every long operation, killed, terminated and interrupted: what is finished stays."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soak
from _long_operations import OPERATIONS, RESULT, n_begun

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")


class Starter:
    """Starts operations, one after the other."""

    def __init__(self, folder):
        self._errors = folder / "errors"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        (folder / "images").mkdir()
        paths = soak.write_images(folder / "images")
        with open(self._errors, "w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("_long_operations.py"), *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "TMPDIR": str(self.temporary)},
            )

    def start(self, name, folder):
        """Start an operation in a process of its own, and return its id."""
        print(json.dumps([name, str(folder)]), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def wait(self):
        """Wait for its end, and return its exit status."""
        return int(self._process.stdout.readline())

    def run(self, name, folder):
        """Run an operation to its end, and return what came of it."""
        self.start(name, folder)
        assert self.wait() == 0, self._errors.read_text()
        with np.load(folder / RESULT) as found:
            return dict(found)

    def close(self):
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    found = Starter(tmp_path_factory.mktemp("starter"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def undisturbed(request, starter, tmp_path_factory):
    """The name of an operation, what comes of it, and how many pieces of work that takes."""
    folder = tmp_path_factory.mktemp(request.param)
    result = starter.run(request.param, folder)
    return request.param, result, n_begun(folder)


def end_in_the_middle(starter, name, number, root):
    """Return the folder of an operation that was ended by a signal while it was at work."""
    rng = np.random.default_rng(number)
    for attempt in range(5):
        folder = root / str(attempt)
        folder.mkdir()
        child = starter.start(name, folder)
        with suppress(ProcessLookupError):  # it was done before the signal
            while not OPERATIONS[name].is_at_work(folder):
                os.kill(child, 0)
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.05))
            os.kill(child, number)
        status = starter.wait()
        assert status in (0, -number)
        if status and not (folder / RESULT).exists():
            return folder
    raise AssertionError(f"The {name} was over five times before the signal came.")


# Each signal is tested by default with a fast operation. The other pairs are slow.
USUAL = [("cache", "SIGKILL"), ("fit", "SIGTERM"), ("cache", "SIGINT")]
CASES = [
    pytest.param(name, number, marks=[] if (name, number) in USUAL else pytest.mark.slow)
    for name in OPERATIONS
    for number in ("SIGKILL", "SIGTERM", "SIGINT")
]


@pytest.mark.parametrize(("undisturbed", "number"), CASES, indirect=["undisturbed"])
def test_what_was_finished_stays_and_the_next_run_does_the_rest(
    undisturbed, number, starter, tmp_path
):
    name, expected, n_pieces = undisturbed
    operation = OPERATIONS[name]
    folder = end_in_the_middle(starter, name, getattr(signal, number), tmp_path)
    n_finished, n_before = operation.n_finished(folder), n_begun(folder)

    found = starter.run(name, folder)

    assert n_begun(folder) - n_before <= n_pieces - operation.work_for_each * n_finished
    for array in expected:
        np.testing.assert_array_equal(found[array], expected[array])
    assert [path for path in folder.rglob("*") if path.name.startswith(".")] == []
    assert os.listdir(starter.temporary) == []
