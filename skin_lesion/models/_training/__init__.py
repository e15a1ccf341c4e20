"""Train a network on rows of images.

The names of `fit` inherit from classes of Keras, so they import Keras. They are imported when one
of them is first used, as ``_training.train_epochs``.
"""

from importlib import import_module

from ..._utils.lazy_keras import import_keras


def __getattr__(name):
    if name not in (
        "build_keras_classifier",
        "find_only_class",
        "for_prediction",
        "predict_in_batches",
        "resolve_architecture",
        "train_epochs",
        "train_one_epoch",
    ):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_keras()
    return getattr(import_module(f"{__name__}.fit"), name)
