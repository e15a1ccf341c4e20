"""Fits that do not come to their end, or end too early: what they leave, and what they warn of."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import ConvergenceWarning

_STACK_LEVEL = 4  # from here to the line that calls fit


@contextmanager
def unchanged_on_failure(estimator):
    """Put all attributes of an estimator back where its fit does not come to an end."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:  # Ctrl-C, too
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


@contextmanager
def network_unchanged_on_failure(wrapper):
    """Put the network of a scikeras classifier back, too: training goes on with it in place."""
    model = wrapper.model_
    variables = [*model.variables, *model.optimizer.variables]
    values = [np.array(variable.numpy()) for variable in variables]
    try:
        with unchanged_on_failure(wrapper):
            yield
    except BaseException:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        raise


def warn_of_interruption(n_iter, best_epoch, epochs):
    """Warn that Ctrl-C has cut training short, and say what is kept."""
    warnings.warn(
        f"Training was interrupted after {n_iter} of {epochs} epochs. The classifier keeps the"
        f" weights of epoch {best_epoch}, and the interruption is passed on.",
        UserWarning,
        stacklevel=_STACK_LEVEL,
    )


def warn_if_still_improving(n_iter, best_epoch, epochs):
    """Warn, in `fit`, if the last epoch ended training and the best one was in the later half."""
    if n_iter >= epochs and 2 * best_epoch > n_iter:
        warnings.warn(
            f"Training ended at epochs={epochs}, and the validation loss was lowest in epoch"
            f" {best_epoch}: it may fall further. Increase the number of epochs, for example to"
            f" {2 * epochs}; early stopping ends training when it is enough.",
            ConvergenceWarning,
            stacklevel=_STACK_LEVEL,
        )
