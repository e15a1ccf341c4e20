"""Keras, imported when one of its names is first used: that takes seconds, and starts a backend.

In place of ``import keras``: ``from ..._utils import lazy_keras as keras``. A module that inherits
from a class of Keras is itself imported late: see ``models/_training``.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from importlib import import_module

# What TensorFlow writes to the file of errors as it starts, whatever TF_CPP_MIN_LOG_LEVEL says:
# nothing is wrong, and nothing can be done.
_NEEDLESS = (
    "All log messages before absl::InitializeLog",
    "oneDNN custom operations are on",
    "Could not find cuda drivers",
    "binary is optimized to use available CPU instructions",
    "To enable the following instructions",
)
_NO_GPU = "failed call to cuInit"  # of interest where there is one
_FILTER = """
import re, sys
for line in sys.stdin.buffer:
    if not re.search(sys.argv[1].encode(), line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""
_lock = threading.Lock()


def __getattr__(name):
    if name.startswith("__"):  # asked for by doctest, inspect and copy
        raise AttributeError(name)
    return getattr(import_keras(), name)


def import_keras():
    """Return Keras; a module calls this ahead of others that import it by themselves."""
    if "keras" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # warnings and errors
        with _lock, _without_needless_lines():
            import_module("keras")
            if "tensorflow" in sys.modules:
                # Otherwise it writes at its first operation that there is no GPU.
                sys.modules["tensorflow"].config.list_physical_devices()
    return import_module("keras")


@contextmanager
def _without_needless_lines():
    """Let a process of its own read what is written to file descriptor 2, and pass on the rest.

    In a file, the last words of an import that aborts would be lost.
    """
    needless = _NEEDLESS if shutil.which("nvidia-smi") else (*_NEEDLESS, _NO_GPU)
    command = [sys.executable, "-I", "-S", "-c", _FILTER, "|".join(map(re.escape, needless))]
    if not os.path.basename(sys.executable or "").startswith("python"):  # of another program
        yield
        return
    try:
        stderr = os.dup(2)
        # Ctrl-C, which ends the import, is not for it.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    except OSError:  # the descriptor is closed, or no process may be started
        yield
        return
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()
    try:
        yield
    finally:
        with suppress(AttributeError, ValueError):  # of a program without a console
            sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        # A process that was started meanwhile may go on writing by way of it.
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
