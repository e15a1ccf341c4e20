"""The parts of a saved model on ONNX Runtime, which is faster, where it is installed."""

from pathlib import Path

from sklearn.base import BaseEstimator, ClassifierMixin

from ..images import ImageLoader
from ..models import (
    AveragedClassifier,
    OnnxClassifier,
    SkinLesionClassifier,
    TestTimeAugmentation,
    export_onnx,
)


def put_on_onnx(model, folder):
    """Return a classifier of paths that predicts what a model does, on ONNX Runtime.

    Parameters
    ----------
    model : fitted classifier

    folder : str
        For the ONNX files.

    Returns
    -------
    model : fitted classifier
        The same where ONNX Runtime is not installed, or cannot run it.
    """
    try:
        return _translate(model, Path(folder))
    except (ImportError, TypeError, ValueError):  # the extra, or a layer that ONNX lacks
        return model


def _translate(model, folder):
    if isinstance(model, AveragedClassifier):
        parts = getattr(model, "estimators_", model.estimators)
        return AveragedClassifier([_translate(part, folder) for part in parts])
    if isinstance(model, TestTimeAugmentation):
        network = getattr(model, "estimator_", model.estimator)
        settings = (model.augmenter, model.n_augmentations, model.random_state)
        averaged = TestTimeAugmentation(_export(network, folder), *settings)
        return LoadFirst(network.loader or ImageLoader(), averaged)
    return _export(model, folder) if isinstance(model, SkinLesionClassifier) else model


def _export(network, folder):
    path = folder / f"{len(list(folder.iterdir()))}.onnx"
    export_onnx(network, path)
    return OnnxClassifier(path)


class LoadFirst(ClassifierMixin, BaseEstimator):
    """A fitted classifier of images, behind a loader, so that it takes paths."""

    def __init__(self, loader, estimator):
        self.loader = loader
        self.estimator = estimator

    @property
    def classes_(self):
        """Class names."""
        return self.estimator.classes_

    def fit(self, X, y):
        """Do nothing: it is fitted."""
        return self

    def predict_proba(self, X):
        """Return the probability of each class for a column of paths."""
        return self.estimator.predict_proba(self.loader.transform(X))

    def __sklearn_is_fitted__(self):
        return True
