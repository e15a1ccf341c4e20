"""The API reference as data: conf.py makes its pages, and a test holds it against the package."""

API_REFERENCE = {
    "datasets": {
        "title": "Find images and split them",
        "description": (
            "Images, labels and lesion ids out of a folder, a table or a public set, label sets"
            " mapped"
            " onto each other, drawn images for examples and tests, and a hold-out that keeps all"
            " photographs of one lesion on one side."
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
        "title": "Read, clean and vary the pixels",
        "description": (
            "Transformers from paths to pixels, and from pixels to clean or varied pixels."
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
        "title": "Find what is wrong with the data",
        "description": (
            "Unreadable files, duplicates, contradictory labels, leaks, shortcuts and poor images,"
            " found before a model learns them."
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
            "Samplers after imbalanced-learn's conventions that take images of any shape, or paths."
        ),
        "names": ["ImageSampler", "AugmentingOverSampler"],
    },
    "models": {
        "title": "Learn",
        "description": (
            "The classifier, the networks that it can train, the features of a frozen one and of a"
            " lesion relative to the patient's others, the checkpoint of a long fit, and what is"
            " made of a fitted classifier: averages over variants of an image, a file that is safe"
            " to open, and one that runs without Keras."
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
        "title": "Judge",
        "description": "What a fitted classifier has learnt, and how well.",
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
