"""What `fit` warns of when it has ended."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..._utils import lazy_keras as keras
from .._networks.backbone import Backbone

_STACK_LEVEL = 4  # from here to the line that calls fit


def warn_of_interruption(n_iter, best_epoch, epochs):
    """Warn that Ctrl-C has cut training short, and say what is kept."""
    warnings.warn(
        f"Training was interrupted after {n_iter} of {epochs} epochs. The classifier keeps the"
        f" weights of epoch {best_epoch}, and the interruption is passed on.",
        UserWarning,
        stacklevel=_STACK_LEVEL,
    )


def warn_of_training(classifier, network, y, predicted):
    """Warn, in `fit`, if training came to nothing, or if it ended too early.

    Parameters
    ----------
    classifier : SkinLesionClassifier
        Fitted.

    network : callable
        Its architecture.

    y, predicted : ndarray of shape (n_validation,)
        Classes of the validation rows, and what the classifier takes them for.
    """
    n_iter, losses = classifier.n_iter_, classifier.history_["loss"]
    rate = _describe_rate(classifier)
    if isinstance(network, Backbone) and network.weights is None and network.trainable != "all":
        problem = (
            f"{network.name} has random weights, of which trainable={network.trainable!r} leaves"
            " some as they are: more epochs do not help. Set weights='imagenet' or the path of a"
            " file, or trainable='all'"
        )
    elif n_iter > 1 and min(losses[1:]) >= losses[0]:
        problem = (
            f"The loss never fell below that of the first epoch, {losses[0]:.3g}, in {n_iter}"
            f" epochs at {rate}, which is likely too high. Set a smaller learning_rate"
        )
    elif len(y) and len(np.unique(predicted)) == 1:
        problem = (
            f"The classifier takes all {len(y)} validation rows for {str(predicted[0])!r}, after"
            f" {n_iter} epochs at {rate}. That is likely too high or too low: set another"
            " learning_rate, or class_weight='balanced' if the class is frequent. A pretrained"
            " architecture needs fewer epochs"
        )
    elif len(y) and n_iter >= classifier.epochs and 2 * classifier.best_epoch_ > n_iter:
        problem = (
            f"Training ended at epochs={classifier.epochs}, and the validation loss was lowest in"
            f" epoch {classifier.best_epoch_}: it may fall further. Increase the number of epochs,"
            f" for example to {2 * classifier.epochs}; early stopping ends training when it is"
            " enough"
        )
    else:
        return
    warnings.warn(f"{problem}.", ConvergenceWarning, stacklevel=_STACK_LEVEL)


def _describe_rate(classifier):
    rate = keras.ops.convert_to_numpy(classifier.model_.optimizer.learning_rate)
    return f"a learning rate of {float(rate):g}"
