"""Train classifiers, and use them."""

from ._backend.gradients import find_activations_and_gradients
from ._backend.threads import limit_backend_threads
from ._checkpoint.fit_checkpoint import FitCheckpoint
from ._classifier import SkinLesionClassifier
from ._features.embedder import ImageEmbedder
from ._features.last_layer import LastLayerInput
from ._features.relative_to_group import RelativeToGroup
from ._image_classifier import open_images, predicts_most_probable
from ._networks.backbone import Backbone
from ._networks.convnet import ConvNet
from ._networks.onnx_network import can_export_and_run
from ._onnx.classifier import OnnxClassifier, digest_of_network, predict_with_features
from ._onnx.onnx_file import check_onnx_file, export_onnx, write_onnx_file
from ._persistence.save_model import load_model, save_model
from ._presets import make_lesion_classifier
from ._training._course.recipe import count_epochs
from ._wrappers.averaged import AveragedClassifier
from ._wrappers.operating_point import OperatingPointClassifier
from ._wrappers.prior_corrected import (
    PriorCorrectedClassifier,
    assumes_equal_shares,
    correct_prior,
)
from ._wrappers.test_time_augmentation import TestTimeAugmentation
from ._wrappers.wrapper import find_answering, is_frozen

__all__ = [
    "AveragedClassifier",
    "Backbone",
    "ConvNet",
    "FitCheckpoint",
    "ImageEmbedder",
    "OnnxClassifier",
    "OperatingPointClassifier",
    "PriorCorrectedClassifier",
    "RelativeToGroup",
    "SkinLesionClassifier",
    "TestTimeAugmentation",
    "export_onnx",
    "load_model",
    "make_lesion_classifier",
    "save_model",
]

# Done here, so that it takes effect in a worker as soon as one of these objects is unpickled there.
limit_backend_threads()
