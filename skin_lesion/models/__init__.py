"""Learn."""

from ._classifier import SkinLesionClassifier
from ._convnet import ConvNet

__all__ = ["ConvNet", "SkinLesionClassifier"]
