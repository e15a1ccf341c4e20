"""Learn."""

from ._backbone import Backbone
from ._classifier import SkinLesionClassifier
from ._convnet import ConvNet
from ._cores import limit_backend_threads
from ._fit_checkpoint import FitCheckpoint
from ._image_embedder import ImageEmbedder
from ._onnx_classifier import OnnxClassifier
from ._onnx_file import export_onnx
from ._saved_model import load_model, save_model
from ._test_time_augmentation import TestTimeAugmentation

__all__ = [
    "Backbone",
    "ConvNet",
    "FitCheckpoint",
    "ImageEmbedder",
    "OnnxClassifier",
    "SkinLesionClassifier",
    "TestTimeAugmentation",
    "export_onnx",
    "load_model",
    "save_model",
]

# Here, so that it is done in a worker as soon as one of these arrives there.
limit_backend_threads()
