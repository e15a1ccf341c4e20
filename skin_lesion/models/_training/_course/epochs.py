"""What is known of each epoch that was trained, and the end of a fit that diverges."""

import numpy as np

from ...._utils import lazy_keras as keras
from .recipe import highest_rate


class EpochRecord(keras.callbacks.Callback):
    """Losses and metrics of each epoch; raises an error where a loss is not finite.

    It must be the first of the callbacks, so that no other one keeps the weights of such an epoch.

    Attributes
    ----------
    epochs : list of dict
        Of each epoch, what it came to, and what later callbacks have added.
    """

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        """Check the losses of an epoch, and keep what it came to."""
        for name, value in logs.items():
            if name in ("loss", "val_loss") and not np.isfinite(value):
                what = {"loss": "loss", "val_loss": "validation loss"}[name]
                raise diverged(f"The {what} is {value} in epoch {epoch + 1}", self.model)
        self.epochs.append(logs)

    def add_to(self, history):
        """Add to a dict of list, and return it."""
        for logs in self.epochs:
            for name, value in logs.items():
                history.setdefault(name, []).append(value)
        return history


def check_weights(model, n_epochs):
    """Raise an error if the last steps of training have left weights that are not finite."""
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise diverged(f"Weights are not finite after epoch {n_epochs}", model)


def diverged(what, model):
    """Return the error of a fit that cannot come to anything."""
    rate = highest_rate(model.optimizer)
    return ValueError(
        f"{what}, at a learning rate of {rate:g}: training has diverged. Expected finite losses and"
        f" weights. Set a smaller learning_rate, such as {rate / 10:g}."
    )
