"""Show the progress of training, and when it will end."""

from tqdm.auto import tqdm

from ...._utils import lazy_keras as keras
from ..._backend.log import as_number
from .fit_tasks import place_among_fits


class EpochTasks(keras.callbacks.Callback):
    """Tells scikit-learn's callbacks of each epoch; they may end training, after it is saved."""

    def __init__(self, estimator, task):
        super().__init__()
        self._estimator = estimator
        self._task = task
        self._epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        """Begin the epoch; before the first one, training."""
        if self._epoch is None:
            # Not known when the task was opened. Those of an earlier process are not trained again.
            self._task.max_subtasks = self.params["epochs"] - epoch
            self._task.call_on_fit_task_begin(estimator=self._estimator)
        self._epoch = self._task.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(estimator=self._estimator)

    def on_epoch_end(self, epoch, logs=None):
        """End the epoch, and training where a callback asks for it."""
        if self._epoch.call_on_fit_task_end(estimator=self._estimator):
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        """End training, unless a checkpoint left nothing to train, so that it never began."""
        if self._epoch is not None:
            self._task.call_on_fit_task_end(estimator=self._estimator)


class ProgressBar(keras.callbacks.Callback):
    """One bar over the steps of all epochs, with an early estimate of the remaining time.

    The callback of tqdm counts epochs, or starts a new bar for each epoch.
    """

    def __init__(self):
        super().__init__()
        self._bar = None

    def on_epoch_begin(self, epoch, logs=None):
        """Open the bar, starting after epochs from an earlier process or fit."""
        if self._bar is None:
            n_steps = self.params["steps"]
            total = self.params["epochs"] * n_steps
            name = f"fit{place_among_fits.get()}"
            self._bar = tqdm(total=total, initial=epoch * n_steps, unit="step", desc=name)

    def on_train_batch_end(self, batch, logs=None):
        """Count a step."""
        self._show(logs, refresh=False)
        self._bar.update()

    def on_epoch_end(self, epoch, logs=None):
        """Show the metrics of the epoch, including those of the validation set."""
        self._show(logs, refresh=True)

    def _show(self, logs, *, refresh):
        numbers = {name: as_number(value) for name, value in (logs or {}).items()}
        shown = {name: f"{number:.3g}" for name, number in numbers.items() if number is not None}
        self._bar.set_postfix(shown, refresh=refresh)

    def close(self):
        """Close the bar, however training ended."""
        if self._bar is not None:
            self._bar.close()
