"""The command: train on a dataset, audit one, predict photographs, and evaluate."""

import logging
import os
import signal
import sys
import threading
import warnings
from contextlib import contextmanager, suppress
from importlib import import_module

_MODULES = {
    "train": "._train.job",
    "audit": "._audit",
    "predict": "._predict",
    "evaluate": "._evaluate",
}
_SOME_UNREAD = 3  # not 1, with which Python ends after an error of the program itself
_STATUS = 128  # and the number of the signal: as a shell says it
_NUMBERS = (signal.SIGINT, signal.SIGTERM)
_HANDLERS = (signal.SIG_DFL, signal.default_int_handler)  # others belong to the calling program
_NOTHING_BEGUN = b"\nskin-lesion: interrupted. Nothing was begun: run the same command again.\n"
_SECONDS = 0.1  # until a signal that came during an import is looked at again


def main(argv=None):
    """Run the command; see ``python -m skin_lesion --help``.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments. None takes those of the process. Ctrl-C or SIGTERM then ends the process at once
        until the command has been read and its modules are imported. Characters that standard
        output cannot encode are then escaped.

    Returns
    -------
    exit_code : int
        0 if all was done; 2 if the input cannot be used; 3 if `predict` or `evaluate` left out
        images that cannot be read; 130 after Ctrl-C and 143 after SIGTERM. The reason goes to
        standard error.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by 2>&-, or without a console
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
    if argv is None:
        with suppress(AttributeError):  # standard output is no file
            # A name that it cannot encode must not end the command.
            sys.stdout.reconfigure(errors="backslashreplace")
    with _handle_signals(ends_process=argv is None) as interruption:
        # Imported here, not above: a signal is to be handled by then.
        from ._arguments.parse import parse_arguments
        from ._options import describe_error, in_options

        def say_warning(message, category, *_):
            if category.__name__ == "UndefinedMetricWarning":
                return  # a note of the report says it, which is printed
            # In one line, without the place in the code.
            text = in_options(" ".join(str(message).split()))
            print(f"Warning: {text}", file=sys.stderr, flush=True)

        try:
            arguments = parse_arguments(argv)
            # TensorFlow would print a page on processors and drivers amid the progress.
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            with warnings.catch_warnings(), _errors_only("tensorflow"):
                warnings.showwarning = say_warning
                run = import_module(_MODULES[arguments.verb], __name__).run
                interruption.begin()
                n_unread = run(arguments)
            print(end="", flush=True)  # Python keeps what goes to a pipe, which may be closed
        except (ValueError, OSError, ImportError) as error:
            _say(f"error: {describe_error(error)}")
            return 2
        except KeyboardInterrupt as interrupt:
            how = str(interrupt) or "Nothing is finished: run the same command again."
            _say(f"interrupted. {how}")
            return interruption.status
        finally:
            if argv is None:  # the process ends
                _discard_unwritten()
    return _SOME_UNREAD if n_unread else 0


def _say(text):
    with suppress(OSError):  # standard error is closed
        print(f"skin-lesion: {text}", file=sys.stderr)


def _discard_unwritten():
    """Let Python end with the status of the command: it would try a closed pipe once more."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # it is closed, or no file
            try:
                stream.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _errors_only(name):
    """Keep a logger from warning of what the user of the command cannot change."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _handle_signals(*, ends_process):
    """Turn Ctrl-C, and SIGTERM of a scheduler, into a KeyboardInterrupt; yield what tells which.

    Afterwards the signals are as before. Left alone are signals that are ignored or that the
    calling program handles, and all outside of the main thread.

    Parameters
    ----------
    ends_process : bool
        Whether a signal ends the process at once, until `begin` is called. It is for imports, which
        take seconds and can swallow a KeyboardInterrupt.
    """
    interruption = _Interruption(ends_process)
    before = {}
    try:
        for number in _NUMBERS:
            handler = signal.getsignal(number)
            if handler in _HANDLERS:
                with suppress(ValueError):  # not the main thread
                    signal.signal(number, interruption.handle)
                    before[number] = handler
        yield interruption
    finally:
        interruption.is_over = True
        for number, handler in before.items():
            signal.signal(number, handler)


class _Interruption:
    """What a signal does, and the exit status after it."""

    def __init__(self, ends_process):
        self._ends_process = ends_process
        self._is_waiting = self.is_over = False
        self.status = _STATUS + signal.SIGINT

    def begin(self):
        """Let a signal raise a KeyboardInterrupt: from now on there are files to keep or remove."""
        self._ends_process = False

    def handle(self, number, frame):
        """Handle a signal."""
        self.status = _STATUS + number
        if self._ends_process:
            with suppress(OSError):  # standard error is closed
                os.write(2, _NOTHING_BEGUN)
            os._exit(self.status)
        if not _is_importing(frame):
            raise KeyboardInterrupt
        if not self._is_waiting:
            self._is_waiting = True
            timer = threading.Timer(_SECONDS, self._handle_again, [number])
            timer.daemon = True
            timer.start()

    def _handle_again(self, number):
        self._is_waiting = False
        if self.is_over:
            return
        if hasattr(signal, "pthread_kill"):  # not on Windows
            # To the main thread, so that it wakes up where it waits for something.
            signal.pthread_kill(threading.main_thread().ident, number)
        else:
            signal.raise_signal(number)


def _is_importing(frame):
    """Tell whether the command is within an import, which may swallow an exception."""
    while frame is not None and frame.f_globals.get("__name__") != __package__:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
