"""Keras, imported when one of its names is first used: that takes seconds, and starts a backend.

In place of ``import keras``: ``from ..._utils import lazy_keras as keras``. A module that inherits
from a class of Keras is itself imported late: see ``models/_training``.
"""

import os
import re
import shutil
import sys
import tempfile
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
    """Hold back what is written to file descriptor 2, then write the lines that say something."""
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        finally:
            with suppress(AttributeError, ValueError):  # of a program without a console
                sys.stderr.flush()
            os.dup2(stderr, 2)
            held_back.seek(0)
            needless = _NEEDLESS if shutil.which("nvidia-smi") else (*_NEEDLESS, _NO_GPU)
            pattern = re.compile("|".join(map(re.escape, needless)).encode())
            for line in held_back:
                if not pattern.search(line):
                    os.write(stderr, line)
            os.close(stderr)
