"""What a fit is trained with where parameters are "auto".

Rates and numbers of epochs were chosen by trying: see the page on strong models.
"""

from ...._utils import lazy_keras as keras
from ....images import ImageAugmenter
from ..._networks.backbone import Backbone
from ..build_model import default_rate, resolve_architecture
from ..image_source import FeatureSource

_SCRATCH, _FINE_TUNED, _HEAD, _FEATURES = range(4)
# Of optimizers whose steps do not depend on the size of the gradients.
_PEAKS = {_SCRATCH: 2e-3, _FINE_TUNED: 1e-4, _HEAD: 1e-3, _FEATURES: 1e-3}
_PEAKS_BY_NAME = {"EfficientNetLite0": 2e-4}  # of backbones that are fine-tuned
_LIKE_ADAM = {"adam", "adamax", "adamw", "nadam", "rmsprop"}
_LAST_SHARE = 0.01  # of the peak, at the last step
_EPOCHS = {_SCRATCH: 24, _FINE_TUNED: 12, _HEAD: 12, _FEATURES: 24}
# In a small set that many epochs are few steps.
_LEAST_STEPS = {_SCRATCH: 2000, _FINE_TUNED: 600, _HEAD: 600, _FEATURES: 2000}
_MOST_EPOCHS = 100


def stops_early(estimator):
    """Tell whether a fit ends where the validation loss does, for `early_stopping_`."""
    if estimator.early_stopping != "auto":
        return bool(estimator.early_stopping)
    return not has_schedule(estimator)


def choose_recipe(estimator, source, n_rows):
    """Set what `fit` has chosen as attributes of the estimator, and return its learning rate.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        With its `early_stopping_`.

    source : PathSource, ArraySource or FeatureSource

    n_rows : int
        Rows of an epoch.

    Returns
    -------
    learning_rate : float, keras.optimizers.schedules.CosineDecay or None
        None is left to the optimizer.
    """
    learning_rate = choose_constant_recipe(estimator, source)
    if estimator.epochs != "auto":
        estimator.epochs_ = estimator.epochs
    elif estimator.early_stopping_ and not has_schedule(estimator):
        estimator.epochs_ = _MOST_EPOCHS
    else:
        kind = _what_is_trained(estimator, source)
        enough = -(-_LEAST_STEPS[kind] // _count_batches(estimator, n_rows))
        estimator.epochs_ = min(max(_EPOCHS[kind], enough), _MOST_EPOCHS)
    if has_schedule(estimator):
        n_steps = estimator.epochs_ * _count_batches(estimator, n_rows)
        return _make_schedule(estimator.learning_rate_, n_steps)
    return learning_rate


def choose_constant_recipe(estimator, source):
    """Do the same for `partial_fit`, which trains for an epoch and knows no end."""
    kind = _what_is_trained(estimator, source)
    estimator.epochs_ = 1
    estimator.augmenter_ = estimator.augmenter
    if estimator.augmenter == "auto":
        varies = kind in (_SCRATCH, _FINE_TUNED) and source.image_shape[-1] == 3
        estimator.augmenter_ = ImageAugmenter() if varies else None
    rate = estimator.learning_rate
    default = default_rate(estimator.optimizer)
    if isinstance(estimator.optimizer, str):
        if rate == "auto" and estimator.optimizer.lower() in _LIKE_ADAM:
            rate = _find_peak(estimator, kind)
        elif rate in ("auto", None):
            rate = default
        estimator.learning_rate_ = float(rate)
        return estimator.learning_rate_
    estimator.learning_rate_ = default
    return None if rate == "auto" else rate


def _what_is_trained(estimator, source):
    network = resolve_architecture(estimator.architecture)
    if isinstance(source, FeatureSource):
        return _FEATURES
    if not isinstance(network, Backbone) or network.weights is None:
        return _SCRATCH
    return _HEAD if network.trainable in ("head", 0) else _FINE_TUNED


def _find_peak(estimator, kind):
    if kind == _FINE_TUNED:
        name = resolve_architecture(estimator.architecture).name
        return _PEAKS_BY_NAME.get(name, _PEAKS[kind])
    return _PEAKS[kind]


def has_schedule(estimator):
    """Tell whether a fit follows the schedule of this module to its end."""
    sets_rate = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    return (
        estimator.learning_rate == "auto"
        and isinstance(estimator.optimizer, str)
        # They refuse an optimizer with a schedule.
        and not any(isinstance(callback, sets_rate) for callback in estimator.callbacks or [])
    )


def _count_batches(estimator, n_rows):
    return -(-n_rows // estimator.batch_size)


def _make_schedule(peak, n_steps):
    """Return a linear warm-up over a twentieth of the steps, then a cosine to the last one."""
    n_warmup = n_steps // 20
    if n_warmup == 0:
        return keras.optimizers.schedules.CosineDecay(peak, max(n_steps - 1, 1), alpha=_LAST_SHARE)
    return keras.optimizers.schedules.CosineDecay(
        peak / n_warmup,
        n_steps - 1 - n_warmup,
        alpha=_LAST_SHARE,
        warmup_target=peak,
        warmup_steps=n_warmup,
    )
