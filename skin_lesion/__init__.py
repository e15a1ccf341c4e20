"""scikit-learn estimators for classifying dermoscopic images of skin lesions.

Every public name can be imported from here. Names are loaded at first use (PEP 562), so that
``import skin_lesion`` imports neither Keras nor a backend such as TensorFlow.

This is research software. It is not a medical device and must not be used to diagnose.
"""

from importlib import import_module
from importlib.metadata import version

_ROOM_OF = {
    name: room
    for room, names in {
        "datasets": (
            "load_image_folder",
            "load_image_table",
            "load_isic_release",
            "load_public_dataset",
            "make_lesion_images",
            "map_labels",
            "train_test_split_by_group",
            "write_lesion_folder",
        ),
        "images": (
            "AugmentationDisplay",
            "BorderCropper",
            "ColorConstancy",
            "HairRemover",
            "ImageAugmenter",
            "ImageLoader",
        ),
        "audit": (
            "DatasetAudit",
            "assert_no_leak",
            "audit_dataset",
            "estimate_skin_tone",
            "find_overlap",
        ),
        "sampling": ("AugmentingOverSampler", "ImageSampler"),
        "models": (
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
        ),
        "evaluation": (
            "ActivationMapDisplay",
            "ConformalClassifier",
            "EvaluationReport",
            "ExternalEvaluation",
            "OperatingPointDisplay",
            "ReferralCurveDisplay",
            "TrainingCurveDisplay",
            "aggregate_by_group",
            "auc_above_sensitivity_score",
            "choose_thresholds",
            "choose_thresholds_from_predictions",
            "class_activation_maps",
            "compare",
            "cross_evaluate",
            "evaluate",
            "evaluate_external",
            "expected_calibration_error",
            "isic_scorers",
            "net_benefit",
            "npv_score",
            "partial_auc_score",
            "ppv_score",
            "referral_curve",
            "sensitivity_at_specificity",
            "sensitivity_score",
            "specificity_at_sensitivity",
            "specificity_score",
        ),
    }.items()
    for name in names
}

__version__ = version("skin_lesion")
__all__ = sorted(_ROOM_OF)


def __getattr__(name):
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
