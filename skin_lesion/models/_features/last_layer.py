"""What the last layer of a fitted network sees of images."""

from ..._utils import lazy_keras as keras
from .. import _training
from .._image_classifier import open_images


class LastLayerInput:
    """The features that a fitted network computes of images, ahead of its last layer.

    Parameters
    ----------
    classifier : SkinLesionClassifier
        Fitted.
    """

    def __init__(self, classifier):
        self._classifier = classifier
        # Made once: each network would be traced again.
        network = keras.Model(classifier.model_.input, classifier.model_.layers[-1].input)
        self._network = _training.for_prediction(classifier, network)

    def compute(self, X):
        """Return the features of paths or images, of shape (n, n_features)."""
        source = open_images(self._classifier, X)
        return _training.predict_in_batches(self._classifier, source, network=self._network)
