"""Types of the values of options."""

import argparse


def path(text):
    """Refuse an empty name, as an unset variable of a shell gives: it stands for this folder."""
    if not text:
        raise argparse.ArgumentTypeError("found '', expected a name")
    return text


def integer_from(minimum, maximum=float("inf")):
    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if not minimum <= value <= maximum:
            limits = f" and at most {maximum}" if value > maximum else ""
            raise argparse.ArgumentTypeError(
                f"found {text!r}, expected a whole number of at least {minimum}{limits}"
            )
        return value

    return parse


def positive(text):
    return _number_between(text, 0, float("inf"), "a number above 0")


def fraction(text):
    return _number_between(text, 0, 1, "a number between 0 and 1")


def _number_between(text, low, high, expected):
    try:
        value = float(text)
    except ValueError:
        value = low
    if not low < value < high:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected {expected}")
    return value
