"""Fits that fail, end too early or do not learn: what remains of them, and the warnings."""

from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...._utils.validation.messages import warn_caller
from ..._networks.backbone import Backbone
from ..build_model import resolve_architecture
from .recipe import has_schedule, highest_rate

_FEW_EPOCHS = 5  # fewer epochs may be too few to learn


@contextmanager
def unchanged_on_failure(estimator):
    """Restore all attributes of an estimator if its fit is not completed."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:  # including Ctrl-C
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


@contextmanager
def network_unchanged_on_failure(wrapper):
    """Also restore the network of a scikeras classifier, which is trained in place."""
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


def warn_of_interruption(estimator):
    """Warn that Ctrl-C has interrupted training, and say which weights are kept."""
    n_iter, best_epoch = estimator.n_iter_, estimator.best_epoch_
    # An EarlyStopping among the callbacks may have restored weights, too.
    is_restored = estimator.early_stopping_ or best_epoch < n_iter
    kept = f"the weights of epoch {best_epoch}" if is_restored else "the current weights"
    warn_caller(
        f"Training was interrupted after {n_iter} of {estimator.epochs_} epochs. The classifier"
        f" keeps {kept}. KeyboardInterrupt is raised."
    )


def warn_of_training(estimator, only_class):
    """Warn, in `fit`, if the network did not learn, or if training ended too early.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        Fitted.

    only_class : (label, str) or None
        The class that is predicted for all rows, if there is only one, and which rows these are.
    """
    network = resolve_architecture(estimator.architecture)
    goes_on = estimator._n_fits > 1  # from the weights of an earlier fit
    n_iter, losses = estimator.n_iter_, estimator.history_["loss"]
    is_judged = n_iter >= _FEW_EPOCHS and not goes_on
    if not goes_on and _keeps_random_weights(network, estimator.model_):
        return  # more epochs would not help, and building the network has already warned
    if is_judged and min(losses[1:]) >= losses[0]:
        problem = (
            f"In {n_iter} epochs the loss never fell below that of the first epoch,"
            f" {losses[0]:.3g}, at {_describe_rate(estimator)}, which is probably too high. Set a"
            " smaller learning_rate"
        )
    elif is_judged and only_class is not None:
        problem = (
            f"After {n_iter} epochs at {_describe_rate(estimator)}, the network predicts"
            f" {str(only_class[0])!r} for {only_class[1]}, and is no better than chance with a"
            " uniform prior. Set a smaller learning_rate (2e-4 or less for pretrained weights), or"
            " a larger one if the loss hardly falls"
        )
    elif (
        estimator.early_stopping_
        and not has_schedule(estimator)  # with a schedule the loss falls until the end
        and n_iter >= estimator.epochs_
        and 2 * estimator.best_epoch_ > n_iter
    ):
        problem = (
            f"Training ended at epochs={estimator.epochs_}, and the validation loss was lowest in"
            f" epoch {estimator.best_epoch_}, so it may fall further. Increase the number of"
            f" epochs, for example to {2 * estimator.epochs_}; early stopping ends training when"
            " the loss no longer falls"
        )
    else:
        return
    warn_caller(f"{problem}.", ConvergenceWarning)


def _keeps_random_weights(network, model):
    return (
        isinstance(network, Backbone)
        and network.weights is None
        and any(layer.weights and not layer.trainable for layer in model.layers)
    )


def _describe_rate(estimator):
    return f"a learning rate of {highest_rate(estimator.model_.optimizer):g}"
