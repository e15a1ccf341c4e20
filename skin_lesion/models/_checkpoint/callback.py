"""Save a fit after every epoch, and restore it."""

import warnings

import numpy as np

from ..._utils import lazy_keras as keras
from .._backend.log import as_number


class SaveFit(keras.callbacks.Callback):
    """Save a fit after every epoch. Restore a saved fit when training begins.

    It must be the last callback, because it saves the state of the others after the epoch.

    Parameters
    ----------
    file : CheckpointFile

    others : list of keras.callbacks.Callback
        Callbacks whose state is also saved.

    n_epochs : int
        Number of epochs of the whole fit.

    Attributes
    ----------
    n_done : int
        Number of epochs trained before the last save.

    n_left : int
        Number of remaining epochs.

    history : dict of list
        Losses and metrics of the trained epochs, and what callbacks added, except arrays.
    """

    def __init__(self, file, others, n_epochs):
        super().__init__()
        self._file = file
        self._others = others
        self._saved, self._arrays = file.load()
        state = self._saved or {"n_done": 0, "finished": False, "history": {}}
        self.n_done = state["n_done"]
        self.n_left = 0 if state["finished"] else n_epochs - self.n_done
        self.history = state["history"]

    def in_use(self):
        """Return a context in which other fits see that this one is running."""
        return self._file.in_use()

    def on_train_begin(self, logs=None):
        """Restore the state, after the other callbacks have reset theirs."""
        if self._saved is None:
            return
        for number, variable in enumerate(_variables(self.model)):
            variable.assign(self._arrays[f"variable_{number}"])
        states = zip(self._others, self._saved["callbacks"], strict=True)
        for number, (callback, attributes) in enumerate(states):
            for name, value in attributes.items():
                setattr(callback, name, value)
            comparison = self._saved["comparisons"][number]
            if comparison is not None:
                callback.monitor_op = getattr(keras.ops, comparison)
            for name, length in self._saved["callback_arrays"][number].items():
                arrays = [self._arrays[f"callback_{number}_{name}_{i}"] for i in range(length)]
                setattr(callback, name, arrays)
        self._saved, self._arrays = None, {}

    def on_epoch_end(self, epoch, logs=None):
        """Save the state."""
        for name, value in (logs or {}).items():
            value = value if isinstance(value, str) else as_number(value)
            if value is not None:
                self.history.setdefault(name, []).append(value)
        arrays = {
            f"variable_{number}": variable.numpy()
            for number, variable in enumerate(_variables(self.model))
        }
        callback_arrays = []
        for number, callback in enumerate(self._others):
            lists = _lists_of_arrays(callback)
            callback_arrays.append({name: len(items) for name, items in lists.items()})
            for name, items in lists.items():
                arrays |= {f"callback_{number}_{name}_{i}": item for i, item in enumerate(items)}
        state = {
            "n_done": epoch + 1,
            # A number of epochs from a grid of NumPy would give a bool that JSON does not know.
            "finished": bool(self.model.stop_training or epoch + 1 == self.params["epochs"]),
            "history": self.history,
            "callbacks": [_plain_attributes(callback) for callback in self._others],
            "callback_arrays": callback_arrays,
            "comparisons": [_comparison(callback) for callback in self._others],
        }
        try:
            self._file.save(state, arrays)
        except OSError as error:
            warnings.warn(
                f"No checkpoint was saved after epoch {epoch + 1}: {error}. Training continues, and"
                " the previous checkpoint remains valid. Free some disk space.",
                stacklevel=2,
            )


def _variables(model):
    """Return all variables that training changes, including dropout seeds and the optimizer."""
    return [*model.variables, *model.optimizer.variables]


def _plain_attributes(callback):
    if isinstance(callback, keras.callbacks.CSVLogger):
        return {}  # it looks at its file when training begins
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in _public_attributes(callback)
        if value is None or isinstance(value, (bool, int, float, str, np.generic))
    }


def _comparison(callback):
    """Return the name of the Keras operation with which a callback compares losses or metrics.

    A callback without one chooses one after its first epoch, and resets its state.
    """
    found = getattr(callback, "monitor_op", None)
    return next((name for name in ("less", "greater") if found is getattr(keras.ops, name)), None)


def _lists_of_arrays(callback):
    return {
        name: value
        for name, value in _public_attributes(callback)
        if isinstance(value, list) and value and all(isinstance(v, np.ndarray) for v in value)
    }


def _public_attributes(callback):
    return [(name, value) for name, value in vars(callback).items() if not name.startswith("_")]
