"""What is known of each epoch that was trained, and the end of a fit that diverges."""

import keras
import numpy as np


class EpochRecord(keras.callbacks.History):
    """Losses and metrics of each epoch; raises an error where a loss is not finite.

    It must be the first of the callbacks, so that no other one keeps the weights of such an epoch.
    """

    def on_epoch_end(self, epoch, logs=None):
        """Check the losses of an epoch, and keep what it came to."""
        for name, value in (logs or {}).items():
            if name in ("loss", "val_loss") and not np.isfinite(value):
                what = {"loss": "loss", "val_loss": "validation loss"}[name]
                raise diverged(f"The {what} is {value} in epoch {epoch + 1}", self.model)
        super().on_epoch_end(epoch, logs)


def check_weights(model, n_epochs):
    """Raise an error if the last steps of training have left weights that are not finite."""
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise diverged(f"Weights are not finite after epoch {n_epochs}", model)


def diverged(what, model):
    """Return the error of a fit that cannot come to anything."""
    rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    return ValueError(
        f"{what}, at a learning rate of {rate:g}: training has diverged. Expected finite losses and"
        f" weights. Set a smaller learning_rate, such as {rate / 10:g}."
    )
