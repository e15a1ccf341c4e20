"""Shared parts of messages, and the line to which a warning belongs."""

import os
import sys
import warnings
from difflib import get_close_matches

_N_NAMED = 5


def did_you_mean(name, choices):
    """Return " Did you mean 'x'?", or an empty string if no choice is close.

    Of choices that are numbers, it shows the number: 2, not '2'.
    """
    by_lower_case = {str(choice).lower(): choice for choice in choices}
    close = get_close_matches(str(name).lower(), by_lower_case, n=1)
    return f" Did you mean {by_lower_case[close[0]]!r}?" if close else ""


def say(n, noun):
    """Return a count with its noun, in the singular or plural."""
    if n == 1:
        return f"{n} {noun}"
    return f"{n} {noun}{'es' if noun.endswith('s') else 's'}"


def say_number(value):
    """Return a number with three decimals, or with as many as distinguish it from 0 and 1.

    They are at most six: beyond, "<0.000001" and ">0.999999" tell it from 0 and 1. With a
    difference in the tenth decimal or later, it counts as 0 or 1: sums of floats have such errors.
    """
    for digits in range(3, 7):
        text = f"{value:.{digits}f}"
        if float(text) not in (0, 1):
            return text
    if 1e-9 < value < 1 - 1e-9:
        return "<0.000001" if value < 0.5 else ">0.999999"
    return f"{round(value):.3f}"


def say_why_missing(path):
    """Return a sentence, after a space, on a path where nothing is; or an empty string.

    It says where a relative path is looked up, or where a link leads.
    """
    if os.path.islink(path) and not os.path.exists(path):
        return f" It is a link to {os.readlink(path)!r}. Nothing is there."
    return "" if os.path.isabs(path) else f" Relative paths are looked up in {os.getcwd()!r}."


def name_some(names):
    """Return the first few names as text, and the number of the others."""
    named = ", ".join(repr(name) for name in names[:_N_NAMED])
    return named if len(names) <= _N_NAMED else f"{named} and {len(names) - _N_NAMED} more"


def warn_caller(message, category=UserWarning):
    """Warn at the line that called this library, directly or through scikit-learn."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and _library_of(frame) in ("skin_lesion", "sklearn", "joblib"):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _library_of(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
