"""From a checked source of images through scikeras to Keras, and back."""

from contextlib import nullcontext
from functools import partial

import numpy as np
from tqdm.keras import TqdmCallback

from ..._utils import lazy_keras as keras
from .._backend.log import without_retracing_warnings
from .._backend.seeds import seeded_keras
from .._checkpoint.callback import SaveFit
from .._checkpoint.fit_checkpoint import open_checkpoint_file
from .._networks.backbone import Backbone
from .batches import ImageBatches
from .build_model import build_model, copy_callbacks, resolve_architecture
from .head import fit_frozen_head, fit_output_layer
from .keras_wrapper import StreamingKerasClassifier
from .unfinished import network_unchanged_on_failure
from .warm_start import are_alike, as_it_is, take_weights

_FEW_ROWS = 10  # which a good network, too, may take for one class


def build_keras_classifier(estimator, source, rows, earlier=None):
    """Return the scikeras classifier that will build the network at its first fit.

    It is given no `random_state`: scikeras would switch TensorFlow to deterministic operations and
    leave it there, where every model of the process without a seed fails. See `seeded_keras`.

    With an `earlier` one, from whose weights training will go on, features are scaled as there.
    """
    return StreamingKerasClassifier(
        model=partial(
            build_model,
            as_it_is(resolve_architecture(estimator.architecture)),
            source.image_shape,
            len(estimator.classes_),
            source.feature_scale(rows) if earlier is None else _settings(earlier)[3],
            as_it_is(estimator.optimizer),
            estimator.learning_rate,
            estimator.loss,
            estimator.label_smoothing,
        ),
    )


def train_epochs(estimator, source, y, training, validation, seed, *, earlier=None):
    """Train for `epochs`, or until the loss on the validation rows stops falling.

    Returns
    -------
    interrupt : KeyboardInterrupt or None
        What has ended training after at least one epoch, for the caller to raise.
    """
    callbacks = estimator.callbacks_ = copy_callbacks(estimator.callbacks)
    estimator.keras_classifier_.set_params(epochs=estimator.epochs)
    is_frozen = _trains_head_alone(estimator)
    prepare = _prepare(estimator, earlier, keep_features=is_frozen)
    fit = partial(estimator.keras_classifier_.fit, prepare_model=prepare)
    if is_frozen:
        fit = partial(fit, fit_model=fit_frozen_head)
    elif estimator.epochs != 1:  # otherwise each image is read once anyway
        source.keep_images()
    if len(validation):
        stopping = keras.callbacks.EarlyStopping(
            patience=estimator.patience, restore_best_weights=True
        )
        callbacks = [stopping, *callbacks]
        weight = training.weigh_alike(validation)
        batches = _make_batches(estimator, source, validation, y[validation], weight)
        fit = partial(fit, validation_data=batches)
    file = open_checkpoint_file(estimator, source, y, training, validation)
    if file is not None:
        fit = partial(fit, save_fit=SaveFit(file, callbacks, estimator.epochs))
    interrupt = None
    try:
        _train(estimator, fit, source, y, training, seed, callbacks)
    except KeyboardInterrupt as caught:
        if not hasattr(estimator.keras_classifier_, "history_"):
            raise
        interrupt = caught
    _keep_result(estimator)
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.best_weights:
            estimator.best_epoch_ = callback.best_epoch + 1
    return interrupt


def find_only_class(estimator, source, y, training):
    """Return what a fitted network takes all validation rows for, or None if it tells them apart.

    Their accuracy is known from training. Where it is not the share of a class, some are taken for
    another one, and they need not be predicted again.
    """
    rows = estimator.validation_indices_
    if len(rows) < _FEW_ROWS:
        return None
    weight = training.weigh_alike(rows)
    is_class = y[rows, np.newaxis] == estimator.classes_
    shares = np.average(is_class, axis=0, weights=weight)
    accuracy = estimator.history_["val_accuracy"][estimator.best_epoch_ - 1]
    if not np.isclose(shares, accuracy, atol=1e-4).any():
        return None
    predicted = predict_in_batches(estimator, source, rows).argmax(axis=1)
    return estimator.classes_[predicted[0]] if (predicted == predicted[0]).all() else None


def train_one_epoch(estimator, source, y, training, seed, *, earlier=None):
    """Train for one epoch more, in a new network if the parameters ask for another."""
    wrapper = estimator.keras_classifier_
    in_place = nullcontext()
    options = {"classes": np.arange(len(estimator.classes_))}
    if earlier is not None and are_alike(*map(_trained_by, (earlier, wrapper))):
        wrapper = estimator.keras_classifier_ = earlier
        in_place = network_unchanged_on_failure(wrapper)
    else:
        options["prepare_model"] = _prepare(estimator, earlier, keep_features=False)
        if earlier is not None:
            wrapper.history_ = earlier.history_
    callbacks = estimator.callbacks_ = copy_callbacks(estimator.callbacks)
    with in_place:
        fit = partial(wrapper.partial_fit, **options)
        _train(estimator, fit, source, y, training, seed, callbacks)
    _keep_result(estimator)


@without_retracing_warnings()
def predict_in_batches(estimator, source, rows=None):
    """Return what the network puts out for some rows of the source, or for each."""
    rows = np.arange(len(source)) if rows is None else rows
    output, numbers = _make_batches(estimator, source, rows).predict_with(estimator.model_)
    return np.asarray(output, dtype=np.float64)[numbers]


@without_retracing_warnings()
def _train(estimator, fit, source, y, training, seed, callbacks):
    def make_batches(positions, weight):
        rows = training.rows[positions]
        return _make_batches(
            estimator,
            source,
            rows,
            y[rows],
            weight,
            seed=seed,
            augmenter=estimator.augmenter,
            new_images=training.new_images(positions),
        )

    wrapper = estimator.keras_classifier_
    if estimator.verbose == 1:
        callbacks = [*callbacks, TqdmCallback(verbose=0, desc="fit")]
    wrapper.set_params(
        callbacks=callbacks,
        verbose=2 if estimator.verbose == 2 else 0,
    )
    try:
        with seeded_keras(seed):
            fit(
                np.arange(len(training.rows)).reshape(-1, 1),
                np.searchsorted(estimator.classes_, y[training.rows]),
                sample_weight=training.weight,
                make_batches=make_batches,
            )
    finally:
        # They hold the model once more, and its best weights.
        wrapper.set_params(callbacks=None)
        for callback in estimator.callbacks_:
            # Not their own method, which may do more with a model than to keep it.
            keras.callbacks.Callback.set_model(callback, None)


def _keep_result(estimator):
    estimator.model_ = estimator.keras_classifier_.model_
    estimator.history_ = dict(estimator.keras_classifier_.history_)
    estimator.n_iter_ = estimator.best_epoch_ = len(estimator.history_["loss"])


def _prepare(estimator, earlier, *, keep_features):
    """Return what gives a new network its first weights, where those it is built with are not."""
    architecture = _settings(estimator.keras_classifier_)[0]
    if earlier is not None:
        return partial(take_weights, earlier.model_, _settings(earlier)[0], architecture)
    if isinstance(architecture, Backbone) and architecture.weights is not None:
        return partial(fit_output_layer, keep_features=keep_features)
    return None


def _trains_head_alone(estimator):
    """Tell whether all below the head of the network computes the same in every epoch."""
    architecture = _settings(estimator.keras_classifier_)[0]
    return (
        isinstance(architecture, Backbone)
        and architecture.trainable in ("head", 0)
        and estimator.augmenter is None
        and keras.backend.backend() != "jax"  # where a callback would not see the weights of a step
    )


def _settings(wrapper):
    """Return what a scikeras classifier builds its network with."""
    return wrapper.get_params()["model"].args


def _trained_by(wrapper):
    architecture, _, _, _, *compiled_with = _settings(wrapper)
    return [architecture, *compiled_with]


def _make_batches(estimator, source, rows, y=None, weight=None, **options):
    targets = None
    if y is not None:
        targets = (y[:, np.newaxis] == estimator.classes_).astype(np.float32)
    return ImageBatches(
        source,
        rows,
        targets,
        weight,
        batch_size=estimator.batch_size,
        **options,
    )
