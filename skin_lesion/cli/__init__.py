"""The command: train on a dataset, audit one, predict photographs, and evaluate."""

import os
import sys
import warnings
from importlib import import_module

from ._arguments import parse_arguments

_MODULES = {
    "train": "._train.job",
    "audit": "._audit",
    "predict": "._predict",
    "evaluate": "._evaluate",
}
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
        0, or 2 if the input cannot be used: the reason goes to standard error. 130 after Ctrl-C.
    """
    arguments = parse_arguments(argv)
    # TensorFlow would print a page on processors and drivers amid the progress.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    run = import_module(_MODULES[arguments.verb], __name__).run
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            run(arguments)
    except (ValueError, OSError, ImportError) as error:
        print(f"skin-lesion: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(f"skin-lesion: interrupted. {interrupt}".rstrip(), file=sys.stderr)
        return _ENDED_BY_USER
    return 0


def _say_warning(message, category, *_):
    """Print a warning in one line, without the place in the code."""
    print(f"{category.__name__}: {' '.join(str(message).split())}", file=sys.stderr, flush=True)
