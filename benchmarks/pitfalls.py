"""What common pitfalls add to a score on real photographs: the wrong way beside the right way.

Run it with ``python benchmarks/pitfalls.py --data path/to/HAM10000 --weights FILE [--json FILE]``;
the folder is what ``load_isic_release`` reads, the file holds the ImageNet weights of MobileNetV2
without its top. ``--quick`` takes a few drawn images and random weights, whose scores say nothing.

Two classifiers of features stand for models that remember much and little: the nearest neighbour,
and ridge regression with balanced classes. Printed is the balanced accuracy of five folds, mean and
standard deviation. It is no part of ``make bench``, since it needs the photographs.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from _common import finish, make_parser
from imblearn.over_sampling import RandomOverSampler
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skin_lesion import (
    Backbone,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    load_isic_release,
    make_lesion_images,
)

MODELS = {
    "nearest neighbour": KNeighborsClassifier(1),
    "ridge regression": RidgeClassifier(alpha=1000, class_weight="balanced"),
}
N_FOLDS = 5


def embed(lesions, side, weights, seed):
    """Return features of the images, and of one variant of each."""
    loader = ImageLoader((side, side), n_jobs=1)
    embedder = ImageEmbedder(Backbone("MobileNetV2", weights=weights), n_jobs=1)
    augmenter, rng = ImageAugmenter(n_jobs=1), np.random.RandomState(seed)
    plain, varied = [], []
    for start in range(0, len(lesions.target), 500):
        images = lesions.data[start : start + 500]
        if images.ndim == 2:
            images = loader.transform(images)
        plain.append(embedder.fit(images).transform(images))
        varied.append(embedder.transform(augmenter.apply(images, augmenter.draw(len(images), rng))))
    return np.concatenate(plain), np.concatenate(varied)


def judge(model, X, y, folds):
    scores = []
    for train, test in folds:
        fitted = make_pipeline(StandardScaler(), model).fit(X[train], y[train])
        scores.append(balanced_accuracy_score(y[test], fitted.predict(X[test])))
    return float(np.mean(scores)), float(np.std(scores))


def list_ways(plain, varied, y, groups, seed):
    """Yield the name of each way, and the features, classes and folds that it has."""
    rows = np.arange(len(y))
    by_image = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(rows, y))
    grouped = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    by_lesion = list(grouped.split(rows, y, groups))
    yield "split by image", plain, y, by_image
    yield "split by lesion", plain, y, by_lesion

    both, twice = np.concatenate([plain, varied]), np.tile(y, 2)
    n = len(y)
    all_folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(both, twice)
    with_variants = [(np.concatenate([train, train + n]), test) for train, test in by_lesion]
    yield "augment, then split", both, twice, all_folds
    yield "split by lesion, then augment", both, twice, with_variants

    copies = RandomOverSampler(random_state=seed).fit_resample(rows[:, np.newaxis], y)[0].ravel()
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(copies, y[copies])
    yield (
        "resample, then split",
        plain,
        y,
        ((copies[train], copies[test]) for train, test in folds),
    )
    resampler = RandomOverSampler(random_state=seed)
    balanced = [
        (resampler.fit_resample(train[:, np.newaxis], y[train])[0].ravel(), test)
        for train, test in by_lesion
    ]
    yield "split by lesion, then resample", plain, y, balanced


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a folder that load_isic_release reads")
    parser.add_argument("--weights", help="of MobileNetV2, without its top")
    parser.add_argument("--side", type=int, default=96, help="pixels")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.quick:
        lesions = make_lesion_images(60, n_classes=2, image_size=(32, 32), random_state=0)
        lesions.data = lesions.images
    elif arguments.data is None or arguments.weights is None:
        sys.exit("Name a folder by --data and a file by --weights, or try it by --quick.")
    else:
        lesions = load_isic_release(arguments.data)

    y, groups = lesions.target, lesions.groups
    features = embed(lesions, arguments.side, arguments.weights, arguments.seed)
    figures = {}
    for way, X, classes, folds in list_ways(*features, y, groups, arguments.seed):
        folds = list(folds)
        figures[way] = {name: judge(model, X, classes, folds) for name, model in MODELS.items()}
        scores = "  ".join(
            f"{name} {mean:.3f} ({deviation:.3f})"
            for name, (mean, deviation) in figures[way].items()
        )
        print(f"{way:<32}{scores}", flush=True)
    figures = {"n_images": len(y), "side": arguments.side, "ways": figures}
    finish(figures, arguments.json, "imbalanced-learn")


if __name__ == "__main__":
    main()
