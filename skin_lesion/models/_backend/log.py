"""Log messages of the backend, and the logs that callbacks get."""

import logging
from contextlib import contextmanager


@contextmanager
def without_retracing_warnings():
    """Suppress the warnings of TensorFlow about retracing a function, in this context.

    It counts the traces of all networks together. Each fit has its own network, whose trace is
    reused, so the warnings are wrong. All other messages pass.
    """
    logger = logging.getLogger("tensorflow")

    def is_another(record):
        return "triggered tf.function retracing" not in record.getMessage()

    logger.addFilter(is_another)
    try:
        yield
    finally:
        logger.removeFilter(is_another)


def as_number(value):
    """Return a value of the logs as a float, or None if it is text, an array or the like."""
    try:
        return None if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return None
