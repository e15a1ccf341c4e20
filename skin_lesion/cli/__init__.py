"""The command: train on a dataset, audit one, predict photographs, and evaluate."""

import os
import signal
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module

from ._arguments import parse_arguments
from ._options import describe_error, in_options

_MODULES = {
    "train": "._train.job",
    "audit": "._audit",
    "predict": "._predict",
    "evaluate": "._evaluate",
}
_SOME_UNREAD = 3  # not 1, with which Python ends after an error of the program itself
_ENDED_BY_USER = 130


def main(argv=None):
    """Run the command; see ``python -m skin_lesion --help``.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments. None takes those of the process.

    Returns
    -------
    exit_code : int
        0 if all was done; 2 if the input cannot be used; 3 if `predict` or `evaluate` left out
        images that cannot be read; 130 after Ctrl-C or SIGTERM. The reason goes to standard error.
    """
    arguments = parse_arguments(argv)
    # TensorFlow would print a page on processors and drivers amid the progress.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with warnings.catch_warnings(), _interrupt_on_sigterm():
            warnings.showwarning = _say_warning
            n_unread = import_module(_MODULES[arguments.verb], __name__).run(arguments)
    except (ValueError, OSError, ImportError) as error:
        print(f"skin-lesion: error: {describe_error(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        how = str(interrupt) or "Nothing is finished: run the same command again."
        print(f"skin-lesion: interrupted. {how}", file=sys.stderr)
        return _ENDED_BY_USER
    return _SOME_UNREAD if n_unread else 0


@contextmanager
def _interrupt_on_sigterm():
    """Let SIGTERM, which a scheduler sends, end the command as Ctrl-C does."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say_warning(message, category, *_):
    """Print a warning in one line, without the place in the code."""
    text = in_options(" ".join(str(message).split()))
    print(f"{category.__name__}: {text}", file=sys.stderr, flush=True)
