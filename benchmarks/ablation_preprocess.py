"""What each step of cleaning and varying is worth: balanced accuracy with the step on and off.

Run it with ``python benchmarks/ablation_preprocess.py --data path/to/HAM10000 [--json FILE]``; the
folder is what ``load_isic_release`` reads, or holds class folders. ``--quick`` takes a few drawn
images, whose scores say nothing, to see that it runs. It is no part of ``make bench``: it takes
hours without a GPU. With ``--weights FILE``, the ImageNet weights of MobileNetV2 without its top,
it takes minutes: in place of a network that is trained, a logistic regression on features is
judged, which learns from each image and, where images are varied, from one variant of it.

Every variant is judged by ``cross_evaluate``, on the same folds, which keep lesions whole. Printed
are balanced accuracy, the mean of the folds, with its interval, and the difference to the first
variant with that of ``compare``. No interval has in it what another seed would change: repeat with
--seed.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from _common import finish, load_lesions, make_parser
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skin_lesion import (
    Backbone,
    BorderCropper,
    ColorConstancy,
    ConvNet,
    HairRemover,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    SkinLesionClassifier,
    compare,
    cross_evaluate,
    write_lesion_folder,
)

SCORE = "balanced_accuracy"
CLEANING = {
    "crop": BorderCropper(),
    "corners": BorderCropper(corners="cut"),
    "hair": HairRemover(),
    "light": ColorConstancy(),
}
ALL_STEPS = [CLEANING[name] for name in ("corners", "hair", "light")]
VARYING = {
    "position": ImageAugmenter(brightness=0, contrast=0),
    "position, light": ImageAugmenter(saturation=0.2, hue=5),
    "position, camera": ImageAugmenter(brightness=0, contrast=0, blur=0.01, noise=0.03, jpeg=40),
    "position, artefacts": ImageAugmenter(
        brightness=0, contrast=0, hair=0.3, ruler=0.1, corners=0.1
    ),
    "position, cutout": ImageAugmenter(brightness=0, contrast=0, cutout=0.4),
    "all": ImageAugmenter(
        shear=5,
        saturation=0.2,
        hue=5,
        blur=0.01,
        noise=0.03,
        jpeg=40,
        hair=0.3,
        ruler=0.1,
        corners=0.1,
        cutout=0.4,
    ),
}


def list_variants():
    """Return {name: (preprocess, augmenter)}, of which the first is compared with all others."""
    variants = {"nothing": (None, None)}
    variants |= {f"clean: {name}": ([step], None) for name, step in CLEANING.items()}
    variants["clean: all"] = (ALL_STEPS, None)
    variants |= {f"augment: {name}": (None, augmenter) for name, augmenter in VARYING.items()}
    variants["clean and augment: all"] = (ALL_STEPS, VARYING["all"])
    return variants


def make_network(lesions, preprocess, augmenter, settings, cache_dir):
    """Return a network to be trained, and what to train it on."""
    loader = ImageLoader((settings["side"],) * 2, preprocess=preprocess, cache_dir=cache_dir)
    network = SkinLesionClassifier(
        ConvNet(),
        loader=loader,
        class_weight="balanced",
        augmenter=augmenter,
        epochs=settings["epochs"],
        random_state=settings["seed"],
    )
    return network, lesions.data


class FeatureClassifier(ClassifierMixin, BaseEstimator):
    """A logistic regression on features, by row numbers; it learns from variants, too."""

    def __init__(self, features, varied):
        self.features = features
        self.varied = varied

    def fit(self, X, y):
        rows = np.ravel(X)
        parts = [self.features[rows]] + ([] if self.varied is None else [self.varied[rows]])
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.001, class_weight="balanced", max_iter=300)
        )
        self.model_ = model.fit(np.concatenate(parts), np.tile(y, len(parts)))
        self.classes_ = model.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(self.features[np.ravel(X)])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def make_feature_classifier(lesions, preprocess, augmenter, settings, cache_dir):
    """Return a classifier of features, and the row numbers that it takes."""
    loader = ImageLoader((settings["side"],) * 2, preprocess=preprocess, n_jobs=-1)
    embedder = ImageEmbedder(Backbone("MobileNetV2", weights=settings["weights"]))
    rng = np.random.RandomState(settings["seed"])
    features, varied = [], []
    for start in range(0, len(lesions.data), 500):
        images = loader.transform(lesions.data[start : start + 500])
        features.append(embedder.fit(images).transform(images))
        if augmenter is not None:
            draws = augmenter.draw(len(images), rng)
            varied.append(embedder.transform(augmenter.apply(images, draws)))
    varied = np.concatenate(varied) if varied else None
    return FeatureClassifier(np.concatenate(features), varied), np.arange(len(lesions.data))


def judge(lesions, preprocess, augmenter, settings, cache_dir):
    make = make_network if settings["weights"] is None else make_feature_classifier
    model, X = make(lesions, preprocess, augmenter, settings, cache_dir)
    return cross_evaluate(
        model,
        X,
        lesions.target,
        groups=lesions.groups,
        cv=settings["folds"],
        random_state=settings["seed"],
    )


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, help="an ISIC release, or class folders")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--side", type=int, default=96, help="pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", help="of MobileNetV2: judge features instead")
    arguments = parser.parse_args()
    if not arguments.quick and arguments.data is None:
        sys.exit("Name a folder of real images by --data, or try it on drawn ones by --quick.")
    settings = {"folds": 5, "epochs": arguments.epochs, "side": arguments.side}
    if arguments.quick:
        settings = {"folds": 2, "epochs": 1, "side": 32}
    settings |= {"seed": arguments.seed, "weights": arguments.weights}

    figures, reference = {}, None
    with tempfile.TemporaryDirectory() as folder:
        if arguments.quick:
            arguments.data = Path(folder, "drawn")
            write_lesion_folder(arguments.data, 60, n_classes=2, random_state=0)
        lesions = load_lesions(arguments.data)
        for name, (preprocess, augmenter) in list_variants().items():
            report = judge(lesions, preprocess, augmenter, settings, Path(folder, "cache"))
            reference = reference or report
            score = report.scores.loc[SCORE]
            change = compare(reference, report).loc[("all", SCORE)]
            print(
                f"{name:<26}{score['value']:.3f}  ({score['low']:.3f} to {score['high']:.3f})"
                f"  {change['difference']:+.3f}  ({change['low']:+.3f} to {change['high']:+.3f})",
                flush=True,
            )
            figures[name] = {"score": score.to_dict(), "change": change.to_dict()}
    settings["weights"] = arguments.weights and Path(arguments.weights).name
    figures = {"n_images": len(lesions.target), **settings, "variants": figures}
    finish(figures, arguments.json, "opencv-python-headless")


if __name__ == "__main__":
    main()
