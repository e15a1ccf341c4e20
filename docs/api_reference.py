"""The API reference as data: conf.py makes its pages, and a test holds it against the package."""

API_REFERENCE = {
    "datasets": {
        "title": "Load and split datasets",
        "description": (
            "Load images, labels and lesion ids from a folder, a table or a public dataset. Map"
            " one label set onto another. Draw images for examples and tests. Split so that all"
            " photographs of a lesion stay together."
        ),
        "names": [
            "load_image_folder",
            "load_image_table",
            "load_isic_release",
            "load_public_dataset",
            "map_labels",
            "make_lesion_images",
            "write_lesion_folder",
            "train_test_split_by_group",
        ],
    },
    "images": {
        "title": "Read, clean and augment images",
        "description": (
            "Transformers that read image files as pixels, and that clean or augment pixels."
        ),
        "names": [
            "ImageLoader",
            "ColorConstancy",
            "HairRemover",
            "BorderCropper",
            "ImageAugmenter",
            "AugmentationDisplay",
        ],
    },
    "audit": {
        "title": "Find faults in the data",
        "description": (
            "Find unreadable files, duplicates, label conflicts, leakage, shortcuts and images of"
            " poor quality before a model learns them."
        ),
        "names": [
            "audit_dataset",
            "DatasetAudit",
            "assert_no_leak",
            "find_overlap",
            "estimate_skin_tone",
        ],
    },
    "sampling": {
        "title": "Balance the classes",
        "description": (
            "Samplers with the interface of imbalanced-learn that take images of any shape, or"
            " paths."
        ),
        "names": ["ImageSampler", "AugmentingOverSampler"],
    },
    "models": {
        "title": "Train, save and export models",
        "description": (
            "The classifier and the networks that it trains. Features of a frozen backbone, and of"
            " a lesion relative to the patient's other lesions. Checkpoints of a long fit."
            " Wrappers of a fitted classifier, such as test-time augmentation. Model files that"
            " are safe to open, and ONNX files that run without Keras."
        ),
        "names": [
            "make_lesion_classifier",
            "SkinLesionClassifier",
            "ConvNet",
            "Backbone",
            "ImageEmbedder",
            "RelativeToGroup",
            "FitCheckpoint",
            "TestTimeAugmentation",
            "AveragedClassifier",
            "PriorCorrectedClassifier",
            "OperatingPointClassifier",
            "save_model",
            "load_model",
            "export_onnx",
            "OnnxClassifier",
        ],
    },
    "evaluation": {
        "title": "Evaluate a model",
        "description": (
            "Evaluate a fitted classifier: metrics with lesion-level confidence intervals,"
            " comparisons, thresholds, prediction sets and class activation maps."
        ),
        "names": [
            "evaluate",
            "cross_evaluate",
            "evaluate_external",
            "ExternalEvaluation",
            "compare",
            "EvaluationReport",
            "choose_thresholds",
            "choose_thresholds_from_predictions",
            "aggregate_by_group",
            "isic_scorers",
            "sensitivity_score",
            "specificity_score",
            "ppv_score",
            "npv_score",
            "partial_auc_score",
            "auc_above_sensitivity_score",
            "sensitivity_at_specificity",
            "specificity_at_sensitivity",
            "expected_calibration_error",
            "net_benefit",
            "referral_curve",
            "TrainingCurveDisplay",
            "OperatingPointDisplay",
            "ReferralCurveDisplay",
            "ConformalClassifier",
            "class_activation_maps",
            "ActivationMapDisplay",
        ],
    },
}
