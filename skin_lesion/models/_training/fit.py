"""Train and predict with a checked source of images, through scikeras and Keras."""

from contextlib import nullcontext
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np

from ..._utils import lazy_keras as keras
from ..._utils.validation.messages import name_some, say, warn_caller
from .._backend.fold_normalization import fold_normalization
from .._backend.keras_private import average_from_here
from .._backend.log import without_retracing_warnings
from .._backend.seeds import seeded_keras
from .._checkpoint.callback import SaveFit
from .._checkpoint.fit_checkpoint import open_checkpoint_file
from .._networks.backbone import Backbone
from ._course.progress import EpochTasks, ProgressBar
from ._course.recipe import choose_recipe
from ._course.unfinished import network_unchanged_on_failure
from .batches import ImageBatches
from .build_model import (
    are_constant,
    averages_weights,
    build_model,
    copy_callbacks,
    resolve_architecture,
)
from .head import fit_frozen_head, fit_output_layer
from .image_source import FeatureSource
from .keras_wrapper import StreamingKerasClassifier
from .priors import count_classes, find_factors, shift
from .stand_in import fit_folded
from .warm_start import are_alike, as_it_is, take_weights

_FEW_ROWS = 10  # for fewer rows, even a good network may predict a single class
_MANY_ROWS = 256  # enough to see that a network predicts a single class

# Each would be traced again in every call. They are as alive as the networks that they stand for;
# None stands for the network itself, which would never be let go.
_NETWORKS_FOR_PREDICTION = WeakKeyDictionary()


def build_keras_classifier(estimator, source, rows, earlier=None, *, n_counted=None):
    """Return the scikeras classifier that will build the network in its first fit.

    It gets no `random_state`: scikeras would switch TensorFlow to deterministic operations for the
    rest of the process, in which every model without a seed then fails. See `seeded_keras`.

    `n_counted` is the number of training rows with weight; None means `partial_fit`.

    If training continues from the weights of an `earlier` classifier, features are scaled as there.
    """
    scale = None
    if earlier is not None:
        scale = _settings(earlier)[3]
        if scale is not None:
            _warn_of_ignored_features(scale, source.feature_scale(rows))
    elif isinstance(source, FeatureSource):
        scale = source.feature_scale(rows)
    return StreamingKerasClassifier(
        model=partial(
            build_model,
            as_it_is(resolve_architecture(estimator.architecture)),
            source.image_shape,
            len(estimator.classes_),
            scale,
            as_it_is(estimator.optimizer),
            choose_recipe(estimator, source, n_counted),
            estimator.loss,
            estimator.label_smoothing,
        ),
    )


def _warn_of_ignored_features(scale, scale_of_rows):
    """Warn of features that were constant when they were first scaled, and vary now."""
    ignored = np.flatnonzero(are_constant(*scale) & ~are_constant(*scale_of_rows))
    if len(ignored):
        warn_caller(
            f"The features {name_some(ignored.tolist())} were constant in the first fit, and stay"
            " ignored although they vary now. Begin with rows in which they vary."
        )


def train_epochs(estimator, source, y, training, validation, seed, task, *, earlier=None):
    """Train for `epochs_` epochs, or until the validation loss stops falling.

    scikit-learn's callbacks are told of each epoch as a part of the `task`.

    Returns
    -------
    interrupt : KeyboardInterrupt or None
        The interruption of training after at least one epoch, for the caller to raise.
    """
    callbacks = estimator.callbacks_ = copy_callbacks(estimator.callbacks)
    estimator.keras_classifier_.set_params(epochs=estimator.epochs_)
    is_frozen = _trains_head_alone(estimator)
    prepare = _prepare(estimator, earlier, keep_features=is_frozen)
    fit = partial(estimator.keras_classifier_.fit, prepare_model=prepare)
    if is_frozen:
        fit = partial(fit, fit_model=fit_frozen_head)
    elif _is_pretrained(estimator) and _may_stand_in(estimator):
        fit = partial(fit, fit_model=fit_folded)
    if not is_frozen and estimator.epochs_ != 1:  # otherwise each image is read once anyway
        source.keep_images()
        if validation is not None:
            validation.source.keep_images()
    if validation is not None:
        weight = training.weigh_alike(validation.y, validation.sample_weight)
        batches = _make_batches(estimator, validation.source, validation.rows, validation.y, weight)
        fit = partial(fit, validation_data=batches)
    if estimator.early_stopping_:
        stopping = keras.callbacks.EarlyStopping(
            patience=estimator.patience, restore_best_weights=True
        )
        callbacks = [stopping, *callbacks]
    if averages_weights(estimator.optimizer):
        callbacks = _show_averages(callbacks)
    file = open_checkpoint_file(estimator, source, y, training, validation)
    if file is not None:
        fit = partial(fit, save_fit=SaveFit(file, callbacks, estimator.epochs_))
    if task is not None:
        fit = partial(fit, epoch_tasks=EpochTasks(estimator, task))
    weight = training.weight
    if weight is not None:  # the unit of sample weights must not change the size of the loss
        weight = weight / training.mean_sample_weight
    interrupt = None
    try:
        _train(estimator, fit, source, y, training, weight, seed, callbacks)
    except KeyboardInterrupt as caught:
        if not hasattr(estimator.keras_classifier_, "history_"):
            raise
        interrupt = caught
    _keep_result(estimator)
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.best_weights:
            estimator.best_epoch_ = callback.best_epoch + 1
    source.warn_of_unreadable()
    if validation is not None:
        validation.source.warn_of_unreadable()
    return interrupt


def _show_averages(callbacks):
    """Let validation and callbacks, such as early stopping, see the averaged weights."""
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    others = [callback for callback in callbacks if not isinstance(callback, type(swap))]
    # A backup must hold weights and averages as training goes on from them.
    backups = [callback for callback in others if _is_backup(callback)]
    others = [callback for callback in others if not _is_backup(callback)]
    # Keras takes the averages from the optimizer when training ends, in whichever epoch that is.
    swap_back = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: swap.on_test_end(),
        # Early stopping may have restored earlier ones, from which `partial_fit` goes on.
        on_train_end=lambda logs: average_from_here(swap),
    )
    return [swap, *others, swap_back, *backups]


def find_only_class(estimator, source, y, training, validation):
    """Return the class that a fitted network predicts for all rows, or None if there are several.

    The rows are those of the validation set, or some of the training rows. Their accuracy is known
    from training. If it differs from the share of every class, the network predicts several
    classes, and the rows need not be predicted again.

    Returns
    -------
    found : (label, str) or None
        The class, and a description of the rows.
    """
    if validation is None:
        labels, weight = y[training.rows], training.weight
        # A tolerance, because the weights still change in the epoch, and dropout is active.
        accuracy, tolerance = estimator.history_["accuracy"][-1], 0.02
        some = np.unique(np.linspace(0, len(labels) - 1, _MANY_ROWS).astype(int))
        rows = training.rows[some]
        looked_at = f"{say(len(rows), 'row')} that it was trained on"
    else:
        labels = validation.y
        weight = training.weigh_alike(labels, validation.sample_weight)
        accuracy, tolerance = estimator.history_["val_accuracy"][estimator.best_epoch_ - 1], 1e-4
        source, rows = validation.source, validation.rows
        looked_at = f"all {len(rows)} validation rows"
    shares = count_classes(labels, estimator.classes_, weight)
    is_share = np.isclose(shares / shares.sum(), accuracy, rtol=0, atol=tolerance)
    if len(rows) < _FEW_ROWS or not is_share.any():
        return None
    probabilities = predict_in_batches(estimator, source, rows)
    only, *others = np.unique(probabilities.argmax(axis=1))
    labels = labels if validation is not None else y[rows]
    if others or _ranks_well(estimator, probabilities, labels):
        return None
    return estimator.classes_[only], looked_at


def _ranks_well(estimator, probabilities, labels):
    """Return whether the mean recall is above chance level by more than two standard errors.

    If a class is frequent enough, it may be the most probable one for each image, although the
    network separates the classes well.
    """
    classes = estimator.classes_
    scores = shift(probabilities, find_factors("uniform", classes, estimator.class_prior_, None))
    hits = classes[scores.argmax(axis=1)] == labels
    found, counts = np.unique(labels, return_counts=True)
    recall = np.mean([hits[labels == label].mean() for label in found])
    chance = 1 / len(classes)
    error = np.sqrt((chance * (1 - chance) / counts).sum()) / len(found)
    return recall > chance + 2 * error


def train_one_epoch(estimator, source, y, training, seed, *, earlier=None):
    """Train for one more epoch, in a new network if the parameters require one."""
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
        if wrapper is earlier:
            _seed_dropout(wrapper.model_, [seed, estimator._n_fits])
        fit = partial(wrapper.partial_fit, **options)
        _train(estimator, fit, source, y, training, training.weight, seed, callbacks)
    _keep_result(estimator)
    source.warn_of_unreadable()


def _seed_dropout(model, seed):
    """Let dropout continue from a seed. Copies and pickles of a network lack its earlier state."""
    rng = np.random.RandomState(seed)
    weights = set(map(id, model.weights))
    for variable in model.variables:
        if id(variable) not in weights:  # the state of a generator
            variable.assign([rng.randint(2**31 - 1), 0])


@without_retracing_warnings()
def predict_in_batches(estimator, source, rows=None, network=None):
    """Return the network's output for some rows of the source, or for all rows.

    `network` is computed in place of that of the estimator.
    """
    rows = np.arange(len(source)) if rows is None else rows
    if network is None:
        network = _find_network_for_prediction(estimator)
    output, numbers = _make_batches(estimator, source, rows).predict_with(network)
    source.warn_of_unreadable()
    return np.asarray(output, dtype=np.float64)[numbers]


def _find_network_for_prediction(estimator):
    model = estimator.model_
    if model not in _NETWORKS_FOR_PREDICTION:
        network = for_prediction(estimator, model)
        _NETWORKS_FOR_PREDICTION[model] = None if network is model else network
    network = _NETWORKS_FOR_PREDICTION[model]
    return model if network is None else network


def for_prediction(estimator, network):
    """Return a network that predicts the same as one that the estimator has fitted, and faster."""
    # A folded ConvNet is hardly faster. `architecture` may be changed after a fit, from a user's
    # own, whose network need not be functional.
    if isinstance(estimator.architecture, (str, Backbone)) and hasattr(network, "operations"):
        network = fold_normalization(network, at_prediction=True)
    return network


@without_retracing_warnings()
def _train(estimator, fit, source, y, training, weight, seed, callbacks):
    def make_batches(positions, weight):
        rows = training.rows[positions]
        return _make_batches(
            estimator,
            source,
            rows,
            y[rows],
            weight,
            seed=seed,
            augmenter=estimator.augmenter_,
            new_images=training.new_images(positions),
        )

    wrapper = estimator.keras_classifier_
    progress = ProgressBar()
    if estimator.verbose == 1:
        callbacks = [*callbacks, progress]
    wrapper.set_params(
        callbacks=callbacks,
        verbose=2 if estimator.verbose == 2 else 0,
    )
    try:
        with seeded_keras(seed):
            fit(
                np.arange(len(training.rows)).reshape(-1, 1),
                np.searchsorted(estimator.classes_, y[training.rows]),
                sample_weight=weight,
                make_batches=make_batches,
            )
    finally:
        progress.close()
        # Callbacks keep a reference to the model, and its best weights.
        wrapper.set_params(callbacks=None)
        for callback in estimator.callbacks_:
            # Not their own method, which may do more than store the model.
            keras.callbacks.Callback.set_model(callback, None)


def _keep_result(estimator):
    estimator.model_ = estimator.keras_classifier_.model_
    estimator.history_ = dict(estimator.keras_classifier_.history_)
    estimator.n_iter_ = estimator.best_epoch_ = len(estimator.history_["loss"])


def _prepare(estimator, earlier, *, keep_features):
    """Return a function that sets the initial weights of a new network, or None."""
    if earlier is not None:
        before, now = (_settings(wrapper)[0] for wrapper in (earlier, estimator.keras_classifier_))
        return partial(take_weights, earlier.model_, before, now)
    if _is_pretrained(estimator):
        return partial(
            fit_output_layer,
            keep_features=keep_features,
            show_progress=estimator.verbose == 1,
        )
    return None


def _is_pretrained(estimator):
    architecture = _settings(estimator.keras_classifier_)[0]
    return isinstance(architecture, Backbone) and architecture.weights is not None


def _trains_head_alone(estimator):
    """Return whether the features below the head stay the same in every epoch."""
    architecture = _settings(estimator.keras_classifier_)[0]
    return (
        isinstance(architecture, Backbone)
        and architecture.trainable in ("head", 0)
        and estimator.augmenter_ is None
        and _may_stand_in(estimator)
    )


def _may_stand_in(estimator):
    """Return whether callbacks work while another network trains the weights."""
    if keras.backend.backend() == "jax":  # there, they would not see the weights of a step
        return False
    # A backup tells the network, and not the one that trains, where to go on.
    return not any(map(_is_backup, estimator.callbacks_))


def _is_backup(callback):
    return isinstance(callback, keras.callbacks.BackupAndRestore)


def _settings(wrapper):
    """Return the arguments with which a scikeras classifier builds its network."""
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
