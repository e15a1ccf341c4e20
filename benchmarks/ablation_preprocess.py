"""What each step of cleaning and varying is worth: balanced accuracy with the step on and off.

Run it with ``python benchmarks/ablation_preprocess.py --data path/to/HAM10000 [--json FILE]``; the
folder is what ``load_isic_release`` reads. ``--quick`` takes a few drawn images, whose scores say
nothing, to see that it runs. It is no part of ``make bench``: it takes hours without a GPU.

Every variant is judged by its predictions for images that it was not trained on, on the same folds,
which keep lesions whole. Intervals are bootstraps over lesions; that of the difference to the
first variant is a paired one. None includes what another seed would change: repeat with --seed.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from _common import finish, make_parser
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold

from skin_lesion import (
    BorderCropper,
    ColorConstancy,
    ConvNet,
    HairRemover,
    ImageAugmenter,
    ImageLoader,
    SkinLesionClassifier,
    load_image_folder,
    load_isic_release,
    write_lesion_folder,
)
from skin_lesion.evaluation._bootstrap import bootstrap_interval

CLEANING = {
    "crop": BorderCropper(),
    "hair": HairRemover(),
    "light": ColorConstancy(),
}
POSITION = ImageAugmenter(brightness=0, contrast=0)
VARYING = {
    "position": POSITION,
    "position, light": ImageAugmenter(saturation=0.2, hue=5),
    "position, camera": ImageAugmenter(blur=0.01, noise=0.03, jpeg=40),
    "position, artefacts": ImageAugmenter(hair=0.3, ruler=0.1, corners=0.1),
    "position, cutout": ImageAugmenter(cutout=0.4),
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
    variants["clean: all"] = (list(CLEANING.values()), None)
    variants |= {f"vary: {name}": (None, augmenter) for name, augmenter in VARYING.items()}
    variants["clean and vary: all"] = (list(CLEANING.values()), VARYING["all"])
    return variants


def predict_out_of_fold(lesions, preprocess, augmenter, settings):
    predicted = np.empty(len(lesions.target), dtype=lesions.target.dtype)
    folds = StratifiedGroupKFold(settings["folds"], shuffle=True, random_state=settings["seed"])
    for train, test in folds.split(lesions.data, lesions.target, lesions.groups):
        model = SkinLesionClassifier(
            ConvNet(),
            loader=ImageLoader(
                (settings["side"],) * 2, preprocess=preprocess, cache_dir=settings["cache"]
            ),
            class_weight="balanced",
            augmenter=augmenter,
            epochs=settings["epochs"],
            random_state=settings["seed"],
        )
        model.fit(lesions.data[train], lesions.target[train], groups=lesions.groups[train])
        predicted[test] = model.predict(lesions.data[test])
    return predicted


def measure_difference(y_true, both, sample_weight):
    first, second = (
        balanced_accuracy_score(y_true, column, sample_weight=sample_weight) for column in both.T
    )
    return second - first


def judge(lesions, predicted, reference):
    y, groups = lesions.target, lesions.groups
    both = np.column_stack([reference, predicted])
    line = {
        "balanced_accuracy": balanced_accuracy_score(y, predicted),
        "interval": bootstrap_interval(
            balanced_accuracy_score, y, predicted, groups, random_state=0
        ),
        "difference": measure_difference(y, both, None),
        "difference_interval": bootstrap_interval(
            measure_difference, y, both, groups, random_state=0
        ),
    }
    return {name: np.round(value, 4).tolist() for name, value in line.items()}


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, help="a folder that load_isic_release reads")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--side", type=int, default=96, help="pixels")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not arguments.quick and arguments.data is None:
        sys.exit("Name a folder of real images by --data, or try it on drawn ones by --quick.")

    with tempfile.TemporaryDirectory() as folder:
        if arguments.quick:
            root = write_lesion_folder(Path(folder, "drawn"), 60, n_classes=2, random_state=0)
            lesions, n_folds, epochs, side = load_image_folder(root), 2, 1, 32
        else:
            lesions = load_isic_release(arguments.data)
            n_folds, epochs, side = 5, arguments.epochs, arguments.side
        settings = {
            "folds": n_folds,
            "epochs": epochs,
            "side": side,
            "seed": arguments.seed,
            "cache": str(Path(folder, "cache")),
        }
        figures, reference = {}, None
        for name, (preprocess, augmenter) in list_variants().items():
            predicted = predict_out_of_fold(lesions, preprocess, augmenter, settings)
            reference = predicted if reference is None else reference
            figures[name] = line = judge(lesions, predicted, reference)
            print(
                f"{name:<26}{line['balanced_accuracy']:>7.3f}  ({{:.3f}} to {{:.3f}})".format(
                    *line["interval"]
                )
                + f"{line['difference']:>+8.3f}"
                + "  ({:+.3f} to {:+.3f})".format(*line["difference_interval"]),
                flush=True,
            )
    settings = {name: value for name, value in settings.items() if name != "cache"}
    figures = {"n_images": len(lesions.target), **settings, "variants": figures}
    finish(figures, arguments.json, "keras", "tensorflow", "scikit-learn")


if __name__ == "__main__":
    main()
