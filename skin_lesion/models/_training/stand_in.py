"""Training of a network through a second one, which has its weights and computes less."""

from ..._utils import lazy_keras as keras
from .._backend.fit_network import fit_network
from .._backend.fold_normalization import fold_normalization
from .build_model import make_metrics


def fit_folded(model, batches, **options):
    """Train a network like its own `fit`, with its fixed batch normalisation folded."""
    folded = fold_normalization(model)
    if folded is model:
        fit_network(model, batches, **options)
    else:
        fit_stand_in(model, folded, batches, **options)


def fit_stand_in(model, stand_in, batches, *, validation_data, callbacks, **options):
    """Train a network like its own `fit`, but through a stand-in with the same weights.

    Callbacks get the network.

    Parameters
    ----------
    model : keras.Model
        Compiled.

    stand_in : keras.Model
        It shares the variables of the model, or some of them.

    batches, validation_data : ImageBatches
        The latter may be None.

    callbacks : list of keras.callbacks.Callback

    **options : dict
        Options of `keras.Model.fit`.
    """
    stand_in.compile(optimizer=model.optimizer, loss=model.loss, weighted_metrics=["accuracy"])
    make_metrics(stand_in)
    model.stop_training = False
    callbacks = keras.callbacks.CallbackList(
        [*callbacks, _StopAlike(stand_in)],
        add_history=True,
        add_progbar=options["verbose"] != 0,
        model=model,
        verbose=options["verbose"],
        epochs=options["epochs"],
        steps=len(batches),
    )
    stand_in.history = model.history
    fit_network(stand_in, batches, validation_data=validation_data, callbacks=callbacks, **options)


class _StopAlike(keras.callbacks.Callback):
    """Stop the training of the stand-in when another callback stops that of the network."""

    def __init__(self, stand_in):
        super().__init__()
        self._stand_in = stand_in

    def on_train_batch_end(self, batch, logs=None):
        self._stand_in.stop_training = self.model.stop_training

    def on_epoch_end(self, epoch, logs=None):
        self._stand_in.stop_training = self.model.stop_training
