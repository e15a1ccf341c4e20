"""What the backend logs of networks that it meets, and that a user of a fit need not read."""

import logging
from contextlib import contextmanager


@contextmanager
def without_retracing_warnings():
    """Keep TensorFlow from warning that it traces a function anew, for as long as this lasts.

    It counts the traces of all networks together. Each fit has a network of its own, whose trace is
    used again: nothing is wrong there, and nothing can be done. All else that it logs passes.
    """
    logger = logging.getLogger("tensorflow")

    def is_another(record):
        return "triggered tf.function retracing" not in record.getMessage()

    logger.addFilter(is_another)
    try:
        yield
    finally:
        logger.removeFilter(is_another)
