"""The only module that uses scikeras. It also undoes scikeras's changes to the process.

scikeras trains a Keras model on arrays. Here it gets row numbers, and Keras gets batches that read
the rows when they are needed.

scikeras turns a Keras model into a scikit-learn classifier: it encodes classes, compiles, continues
the count of epochs with `warm_start` and `partial_fit`, and is available as `keras_classifier_`.
Keras's own SKLearnClassifier rejects four-dimensional X. scikeras is no longer maintained, so no
other module depends on it: to replace it, rewrite this module.
"""

from contextlib import ExitStack
from copy import deepcopy

from sklearn.preprocessing import FunctionTransformer

from ..._utils import lazy_keras as keras
from ..._utils.private_names import private_name
from .._backend.fit_network import fit_network
from .._backend.keras_private import average_from_here, forget_names_of_own_classes
from ._course.epochs import EpochRecord, check_weights

keras.import_keras()
from scikeras.wrappers import KerasClassifier  # noqa: E402


def undo_scikeras():
    """Let Keras pickle and copy its objects, and name its classes, in its own way.

    Importing scikeras, here or in the program of the user, changes both in the whole process. The
    methods of Keras are those that these classes inherit.
    """
    for cls in (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer):
        for name in ("__reduce__", "__deepcopy__"):
            if getattr(vars(cls).get(name), "__module__", "").startswith("scikeras"):
                delattr(cls, name)
    # A copy of a network has given its class another name in files, which no one else knows.
    forget_names_of_own_classes()


undo_scikeras()

# Methods called or replaced below, and the attributes that hold callbacks during a fit.
_METHODS = ("_fit_keras_model", "_initialize_callbacks")
_CALLBACKS = ("_fit_callbacks", "_predict_callbacks")

for _name in _METHODS:
    private_name("scikeras", KerasClassifier, _name)


class StreamingKerasClassifier(KerasClassifier):
    """A KerasClassifier that is fitted on row numbers, and trains on batches of these rows.

    ``fit(rows, labels, sample_weight, make_batches=..., validation_data=..., save_fit=...,
    epoch_tasks=..., prepare_model=..., fit_model=...)``, with `rows` of shape (n, 1):
    ``make_batches(rows, sample_weight)`` returns the batches to train on, after scikeras has
    dropped rows without weight. `save_fit`, a SaveFit or None, may have epochs that an earlier
    process trained. If it has none, ``prepare_model(model, batches)`` is called with a new model
    before training. `epoch_tasks`, an EpochTasks or None, is called last. ``fit_model(model,
    batches, **options)`` trains it. After a KeyboardInterrupt, following at least one epoch,
    `history_` is set, and EarlyStopping has restored its best weights. Without it, the network has
    its averaged weights, if there are any.
    """

    @property
    def feature_encoder(self):
        # The one of scikeras warns if transformers are configured to return data frames.
        return FunctionTransformer().set_output(transform="default")

    def _fit_keras_model(
        self,
        X,
        y,
        sample_weight,
        *,
        warm_start,
        epochs,
        initial_epoch,
        make_batches,
        validation_data=None,
        save_fit=None,
        epoch_tasks=None,
        prepare_model=None,
        fit_model=fit_network,
    ):
        # For each fit, because with warm_start scikeras keeps the callbacks of the first fit.
        self._initialize_callbacks()
        for name in _CALLBACKS:
            private_name("scikeras", self, name)
        batches = make_batches(X[:, 0], sample_weight)
        record = EpochRecord()
        self._fit_callbacks.insert(0, record)
        self._fit_callbacks.append(
            keras.callbacks.LambdaCallback(on_epoch_begin=batches.start_epoch)
        )
        earlier = self.history_ if warm_start and initial_epoch else {}
        if save_fit is not None:
            self._fit_callbacks.append(save_fit)
            if save_fit.n_done:
                earlier, initial_epoch, epochs = save_fit.history, save_fit.n_done, save_fit.n_left
                prepare_model = None
        if epoch_tasks is not None:
            # After a save: a fit that scikit-learn's callbacks end is no complete one. They are
            # not among what identifies it, so a fit without them would be taken for trained.
            self._fit_callbacks.append(epoch_tasks)
        earlier = deepcopy(dict(earlier))  # the history of the checkpoint grows
        if prepare_model is not None:
            prepare_model(self.model_, batches)
        if not self.model_.optimizer.built:  # after the weights are set, which some optimizers copy
            self.model_.optimizer.build(self.model_.trainable_variables)
        try:
            with ExitStack() as stack:
                for used in (batches, validation_data, save_fit):
                    if used is not None:
                        stack.enter_context(used.in_use())
                # scikeras's own method keeps no history of an interrupted fit.
                fit_model(
                    self.model_,
                    batches,
                    epochs=initial_epoch + epochs,
                    initial_epoch=initial_epoch,
                    validation_data=validation_data,
                    callbacks=self._fit_callbacks,
                    verbose=self.verbose,
                    shuffle=False,  # ImageBatches does
                )
            check_weights(self.model_, initial_epoch + len(record.epochs))
        except KeyboardInterrupt:
            if record.epochs:  # before the first, callbacks may have no network
                self._end_training()
                self.history_ = record.add_to(earlier)
            raise
        finally:
            # Otherwise every pickle would contain the model and the best weights again.
            for name in _CALLBACKS:
                delattr(self, name)
        self.history_ = record.add_to(earlier)

    def _end_training(self):
        """Keep the weights that Keras keeps when training is not interrupted."""
        cls = keras.callbacks.SwapEMAWeights
        swaps = [callback for callback in self._fit_callbacks if isinstance(callback, cls)]
        for swap in swaps:
            swap.on_test_begin()  # moves the averages to the network
        for callback in self._fit_callbacks:
            if isinstance(callback, keras.callbacks.EarlyStopping):
                callback.on_train_end()  # restores the best weights
        for swap in swaps:
            average_from_here(swap)
