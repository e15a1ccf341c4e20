"""Record each epoch, and stop a fit that diverges."""

import numpy as np

from ...._utils import lazy_keras as keras
from ..._backend.log import as_number
from .recipe import highest_rate


class EpochRecord(keras.callbacks.Callback):
    """Record losses and metrics of each epoch; raise an error if a loss is not finite.

    It must be the first callback, so that no other one keeps the weights of such an epoch.

    Attributes
    ----------
    epochs : list of dict
        Losses and metrics of each epoch, with values that later callbacks have added.
    """

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        """Check the losses of an epoch, and record its metrics."""
        for name, value in logs.items():
            if name in ("loss", "val_loss") and not np.isfinite(value):
                what = {"loss": "loss", "val_loss": "validation loss"}[name]
                raise diverged(f"The {what} is {value} in epoch {epoch + 1}", self.model)
        self.epochs.append(logs)

    def add_to(self, history):
        """Add to a dict of list, and return it."""
        for logs in self.epochs:
            for name, value in logs.items():
                number = as_number(value)
                history.setdefault(name, []).append(value if number is None else number)
        return history


def check_weights(model, n_epochs):
    """Raise an error if weights are not finite after the last training steps."""
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise diverged(f"Weights are not finite after epoch {n_epochs}", model)


def diverged(what, model):
    """Return the error for a fit that has diverged."""
    rate = highest_rate(model.optimizer)
    return ValueError(
        f"{what}, at a learning rate of {rate:g}: training has diverged. Expected finite losses and"
        f" weights. Set a smaller learning_rate, such as {rate / 10:g}."
    )
