"""Fits that fail, end too early or come to nothing: what they leave, and what they warn of."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..._networks.backbone import Backbone
from .recipe import has_schedule, highest_rate

_STACK_LEVEL = 4  # from here to the line that calls fit
_FEW_EPOCHS = 5  # fewer may be too few to come to anything


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


def warn_of_training(estimator, network, only_class, *, goes_on):
    """Warn, in `fit`, if training came to nothing, or else if it ended too early.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        Fitted.

    network : callable
        Its architecture.

    only_class : (label, str) or None
        What the classifier takes all rows for, if it is one class, and which rows these are.

    goes_on : bool
        Whether its weights began as those of an earlier fit.
    """
    n_iter, losses = estimator.n_iter_, estimator.history_["loss"]
    is_judged = n_iter >= _FEW_EPOCHS and not goes_on
    if not goes_on and _keeps_random_weights(network, estimator.model_):
        return  # more epochs would not help; the network has said so when it was built
    if is_judged and min(losses[1:]) >= losses[0]:
        problem = (
            f"The loss never fell below that of the first epoch, {losses[0]:.3g}, in {n_iter}"
            f" epochs at {_describe_rate(estimator)}, which is likely too high. Set a smaller"
            " learning_rate"
        )
    elif is_judged and only_class is not None:
        problem = (
            f"The network takes {only_class[1]} for {str(only_class[0])!r} after {n_iter} epochs at"
            f" {_describe_rate(estimator)}, and under no prior is it better than a guess. Set a"
            " smaller learning_rate (2e-4 or less for pretrained weights), or a larger one if the"
            " loss hardly falls"
        )
    elif (
        estimator.early_stopping_
        and not has_schedule(estimator)  # with which the loss falls up to the end
        and n_iter >= estimator.epochs_
        and 2 * estimator.best_epoch_ > n_iter
    ):
        problem = (
            f"Training ended at epochs={estimator.epochs_}, and the validation loss was lowest in"
            f" epoch {estimator.best_epoch_}: it may fall further. Increase the number of epochs,"
            f" for example to {2 * estimator.epochs_}; early stopping ends training when it is"
            " enough"
        )
    else:
        return
    warnings.warn(f"{problem}.", ConvergenceWarning, stacklevel=_STACK_LEVEL)


def _keeps_random_weights(network, model):
    return (
        isinstance(network, Backbone)
        and network.weights is None
        and any(layer.weights and not layer.trainable for layer in model.layers)
    )


def _describe_rate(estimator):
    return f"a learning rate of {highest_rate(estimator.model_.optimizer):g}"
