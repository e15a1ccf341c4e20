"""Settings of a fit for parameters that are "auto".

Learning rates and numbers of epochs were chosen in experiments on small parts of the 9-class ISIC
set, but the 72 epochs from scratch on HAM10000. On 640 images, an earlier network from scratch was
as good after 1,000 steps as after 2,000, and better than after 480. On 160 images, fine-tuning
improved up to the largest number of steps. The head of a frozen backbone, which starts as a
logistic regression, did not improve after a few epochs.
"""

from ...._utils import lazy_keras as keras
from ....images import ImageAugmenter
from ..._networks.backbone import Backbone
from ..._networks.efficientnet_lite import IMAGENET_SHA256
from ..build_model import default_rate, optimizers_in, resolve_architecture
from ..image_source import FeatureSource

_SCRATCH, _FINE_TUNED, _HEAD, _FEATURES = range(4)
# For optimizers whose steps do not depend on the size of the gradients.
_PEAKS = {_SCRATCH: 2e-3, _FINE_TUNED: 1e-4, _HEAD: 3e-4, _FEATURES: 1e-3}
_PEAKS_BY_NAME = dict.fromkeys(IMAGENET_SHA256, 2e-4)  # of backbones that are fine-tuned
_LIKE_ADAM = {"adam", "adamax", "adamw", "nadam", "rmsprop"}
_LAST_SHARE = 0.01  # of the peak, at the last step
# In a small set that many epochs are few steps: "auto" and "few" take no fewer than the steps.
_EPOCHS = {_SCRATCH: 72, _FINE_TUNED: 12, _HEAD: 12, _FEATURES: 24}
_LEAST_STEPS = {_SCRATCH: 1000, _FINE_TUNED: 600, _HEAD: 0, _FEATURES: 1000}
_FEW = 1 / 2  # the share of both that "few" takes
_MOST_EPOCHS = 100


def stops_early(estimator):
    """Return whether a fit uses early stopping, for `early_stopping_`."""
    if estimator.early_stopping != "auto":
        return bool(estimator.early_stopping)
    return not has_schedule(estimator)


def choose_recipe(estimator, source, n_rows):
    """Set the chosen settings as attributes of the estimator, and return the learning rate.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        With its `early_stopping_`.

    source : PathSource, ArraySource or FeatureSource

    n_rows : int or None
        Rows in an epoch. None means `partial_fit`, which trains for one epoch without a known end.

    Returns
    -------
    learning_rate : float, keras.optimizers.schedules.CosineDecay or None
        None leaves the rate to the optimizer.
    """
    kind = _what_is_trained(estimator, source)
    if kind == _FEATURES:
        _refuse_augmenters(estimator)
    estimator.augmenter_ = estimator.augmenter
    if estimator.augmenter == "auto":
        varies = kind in (_SCRATCH, _FINE_TUNED) and source.image_shape[-1] == 3
        estimator.augmenter_ = ImageAugmenter() if varies else None
    rate = _choose_rate(estimator, kind)
    estimator.learning_rate_ = default_rate(estimator.optimizer) if rate is None else rate
    n_batches = n_rows and -(-n_rows // estimator.batch_size)
    estimator.epochs_ = 1 if n_batches is None else _count_epochs(estimator, kind, n_batches)
    if n_batches is None or not has_schedule(estimator):
        return rate
    return _make_schedule(rate, estimator.epochs_ * n_batches)


def _refuse_augmenters(estimator):
    for name in ("augmenter", "sampler"):
        value = getattr(estimator, name)
        # Only an AugmentingOverSampler has an augmenter.
        if isinstance(value, ImageAugmenter) or hasattr(value, "augmenter"):
            raise ValueError(
                f"{name}={value!r}, but X has rows of features, which it would move, mirror and"
                " clip like pixels. Expected images. For flattened images, set image_shape. For"
                " features, set augmenter=None, and balance the classes with RandomOverSampler()."
            )


def has_schedule(estimator):
    """Return whether a fit follows the learning rate schedule of this module to its end."""
    sets_rate = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    return (
        estimator.learning_rate == "auto"
        and isinstance(estimator.optimizer, str)
        # These callbacks do not work with a schedule.
        and not any(isinstance(callback, sets_rate) for callback in estimator.callbacks or [])
    )


def highest_rate(optimizer):
    """Return the highest rate of an optimizer's schedule, or its current rate without one."""
    return max(map(_highest_rate, optimizers_in(optimizer)))


def _highest_rate(optimizer):
    rate = optimizer.get_config().get("learning_rate")
    schedule = rate["config"] if isinstance(rate, dict) else {}
    peak = schedule.get("warmup_target") or schedule.get("initial_learning_rate")
    return float(peak or keras.ops.convert_to_numpy(optimizer.learning_rate))


def _what_is_trained(estimator, source):
    network = resolve_architecture(estimator.architecture)
    if isinstance(source, FeatureSource):
        return _FEATURES
    if not isinstance(network, Backbone) or network.weights is None:
        return _SCRATCH
    return _HEAD if network.trainable in ("head", 0) else _FINE_TUNED


def _choose_rate(estimator, kind):
    """Return the rate or the peak of the schedule; None leaves an optimizer object unchanged."""
    rate, optimizer = estimator.learning_rate, estimator.optimizer
    if not isinstance(optimizer, str):
        return None if rate == "auto" else rate
    if rate == "auto" and optimizer.lower() in _LIKE_ADAM:
        name = getattr(resolve_architecture(estimator.architecture), "name", None)
        return _PEAKS_BY_NAME.get(name, _PEAKS[kind]) if kind == _FINE_TUNED else _PEAKS[kind]
    return default_rate(optimizer) if rate in ("auto", None) else float(rate)


def count_epochs(estimator, n_rows):
    """Return for how many epochs a fit to so many images will train, before it is fitted."""
    kind = _what_is_trained(estimator, source=None)
    return _count_epochs(estimator, kind, -(-n_rows // estimator.batch_size))


def _count_epochs(estimator, kind, n_batches):
    if estimator.epochs not in ("auto", "few"):
        return estimator.epochs
    n_epochs, n_steps = _EPOCHS[kind], _LEAST_STEPS[kind]
    if estimator.epochs == "few":
        n_epochs, n_steps = round(n_epochs * _FEW), round(n_steps * _FEW)
    elif stops_early(estimator) and not has_schedule(estimator):
        return _MOST_EPOCHS
    return min(max(n_epochs, -(-n_steps // n_batches)), _MOST_EPOCHS)


def _make_schedule(peak, n_steps):
    """Return a schedule: linear warm-up over 5% of the steps, then cosine decay."""
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
