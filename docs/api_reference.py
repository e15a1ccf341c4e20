"""The API reference as data: conf.py makes its pages, and a test holds it against the package."""

API_REFERENCE = {
    "datasets": {
        "title": "Find images and split them",
        "description": (
            "Images, labels and lesion ids out of a folder, drawn images for examples and tests,"
            " and a hold-out that keeps all photographs of one lesion on one side."
        ),
        "names": [
            "load_image_folder",
            "make_lesion_images",
            "write_lesion_folder",
            "train_test_split_by_group",
        ],
    },
    "images": {
        "title": "Read and vary the pixels",
        "description": "Transformers from paths to pixels, and from pixels to varied pixels.",
        "names": ["ImageLoader", "ImageAugmenter"],
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
        "description": "The classifier, and the networks that it can train.",
        "names": ["SkinLesionClassifier", "ConvNet"],
    },
    "evaluation": {
        "title": "Judge",
        "description": "What a fitted classifier has learnt, and how well.",
        "names": ["TrainingCurveDisplay"],
    },
}
