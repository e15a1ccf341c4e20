"""Training of a network on batches, as the backend reads them best."""

from ..._utils import lazy_keras as keras
from .keras_private import draw_dropout_from_own_seeds


def fit_network(model, batches, *, validation_data, **options):
    """Train a network by its own `fit`.

    Parameters
    ----------
    model : keras.Model
        Compiled.

    batches, validation_data : ImageBatches
        The latter may be None.

    **options : dict
        Options of `keras.Model.fit`.
    """
    if keras.backend.backend() == "torch":
        draw_dropout_from_own_seeds(model)
    model.fit(open_dataset(batches), validation_data=open_dataset(validation_data), **options)


def open_dataset(batches):
    """Return batches for `keras.Model.fit`; for TensorFlow, as a dataset that is not tuned.

    Keras lets TensorFlow tune the reading of batches, and here there is nothing to tune. The thread
    of the tuning sleeps for longer and longer, up to a minute. An epoch ends when this thread does,
    and that may be when it wakes: epochs of 24 s often took 41 s, and epochs of 113 s took 142 s.
    """
    if batches is None or keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in batches[0])
    dataset = tf.data.Dataset.from_generator(
        lambda: map(batches.__getitem__, range(len(batches))), output_signature=signature
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batches)))
    return dataset.prefetch(1).with_options(options)
