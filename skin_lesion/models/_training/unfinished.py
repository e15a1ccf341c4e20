"""What a fit leaves that fails or is interrupted: the estimator as it was."""

from contextlib import contextmanager

import numpy as np


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
