"""The one place that knows scikeras, and mends what it does to the process.

scikeras trains a Keras model on arrays. Here it is handed row numbers; Keras is handed batches that
read the rows when they are needed.
"""

import keras

# Importing scikeras replaces how Keras objects are pickled and copied, for the whole process.
_OWN_METHODS = {
    (cls, name): vars(cls).get(name)
    for cls in (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
    for name in ("__reduce__", "__deepcopy__")
}

from scikeras.wrappers import KerasClassifier  # noqa: E402

for (_cls, _name), _method in _OWN_METHODS.items():
    if _method is not None:
        setattr(_cls, _name, _method)
    elif _name in vars(_cls):
        delattr(_cls, _name)


class StreamingKerasClassifier(KerasClassifier):
    """A KerasClassifier that is fitted on row numbers and trains on the batches made of them.

    ``fit(rows, labels, sample_weight, make_batches=..., validation_data=...)``, with `rows` of
    shape (n, 1): ``make_batches(rows, sample_weight)`` gives the batches to train on. scikeras has
    left out rows without weight by then.
    """

    def _fit_keras_model(self, X, y, sample_weight, *, make_batches, **kwargs):
        # Anew for each fit: with warm_start scikeras keeps those of the first one.
        self._initialize_callbacks()
        batches = make_batches(X[:, 0], sample_weight)
        try:
            with batches.own_errors():
                super()._fit_keras_model(batches, None, sample_weight=None, **kwargs)
        finally:
            # They hold the model, and the best weights once more, in every pickle.
            del self._fit_callbacks, self._predict_callbacks
