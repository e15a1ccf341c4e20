"""Keras, imported at the first use of a name, because this takes seconds and starts a backend.

Write ``from ..._utils import lazy_keras as keras`` in place of ``import keras``. A module that
inherits from a class of Keras must itself be imported late: see ``models/_training``.
"""

import gc
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from importlib import import_module

# Lines that TensorFlow writes to stderr at start, whatever TF_CPP_MIN_LOG_LEVEL is. They report no
# problem, and the user cannot change anything.
_NEEDLESS = (
    "All log messages before absl::InitializeLog",
    "oneDNN custom operations are on",
    "Could not find cuda drivers",
    "binary is optimized to use available CPU instructions",
    "To enable the following instructions",
)
# Relevant only if there is a GPU. TensorFlow 2.22 adds where in its source it noticed.
_NO_GPU = ("failed call to cuInit", "=== Source Location Trace: ===", "cuda/cuda_status.cc:")
_FILTER = """
import re, sys
is_needless = False
for line in sys.stdin.buffer:
    is_blank_after = is_needless and not line.strip()
    is_needless = is_blank_after or re.search(sys.argv[1].encode(), line) is not None
    if not is_needless:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""
_lock = threading.Lock()


def __getattr__(name):
    if name.startswith("__"):  # asked for by doctest, inspect and copy
        raise AttributeError(name)
    return getattr(import_keras(), name)


def import_keras():
    """Return Keras. Call it before importing libraries that import Keras themselves."""
    if "keras" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # warnings and errors
        with _lock, _without_needless_lines(), _without_garbage_collection():
            import_module("keras")
            if "tensorflow" in sys.modules:
                # Otherwise its first operation writes that there is no GPU.
                sys.modules["tensorflow"].config.list_physical_devices()
    return import_module("keras")


@contextmanager
def _without_garbage_collection():
    """Pause the garbage collector, which takes a quarter of the time of the import.

    An import creates hundreds of thousands of objects that stay, and hardly any garbage.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _without_needless_lines():
    """Filter file descriptor 2 through a separate process that drops needless lines.

    With a file instead of a process, the last lines of an import that aborts would be lost.
    """
    needless = _NEEDLESS if shutil.which("nvidia-smi") else (*_NEEDLESS, *_NO_GPU)
    command = [sys.executable, "-I", "-S", "-c", _FILTER, "|".join(map(re.escape, needless))]
    if not os.path.basename(sys.executable or "").startswith("python"):  # embedded in a program
        yield
        return
    try:
        stderr = os.dup(2)
        # In its own session, so that Ctrl-C ends the import but not this process.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    except OSError:  # the descriptor is closed, or no process may be started
        yield
        return
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()
    try:
        yield
    finally:
        with suppress(AttributeError, ValueError):  # a program without a console has no stderr
            sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        # A process that was started meanwhile may continue to write to it.
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
