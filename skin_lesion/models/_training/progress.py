"""Show how far a fit is."""

import keras
from tqdm.auto import tqdm


class EpochProgress(keras.callbacks.Callback):
    """One bar for the whole fit, with the losses of the last epoch."""

    def on_train_begin(self, logs=None):
        self._bar = tqdm(total=self.params["epochs"], desc="fit", unit="epoch")

    def on_epoch_end(self, epoch, logs=None):
        self._bar.set_postfix(
            {name: f"{value:.3f}" for name, value in (logs or {}).items() if "loss" in name},
            refresh=False,
        )
        self._bar.update(epoch + 1 - self._bar.n)  # more than one where a checkpoint goes on

    def on_train_end(self, logs=None):
        self._bar.close()
