"""What models of this library reach on real images, split by lesion, beside shortcut baselines.

Run it with ``python benchmarks/accuracy.py --data path/to/HAM10000 --weights FILE``, where FILE
holds the ImageNet weights of the backbone without its top; "imagenet" lets Keras download them. The
folder is what ``load_isic_release`` reads, or one folder a class. Of a folder of classes, images
under several labels and copies are left out, groups are those of the audit, and classes of fewer
than 5 groups cannot be judged. ``--quick`` takes a few drawn images and random weights, whose
scores say nothing, to see that it runs.

Models are judged by ``cross_evaluate`` on folds that keep lesions whole: printed are means of the
folds, with 95% intervals over lesions. These hold what other test images would
change; what another training would change shows with another --seed. ``--folds 0`` judges on the
first fold alone, where networks take long. With ``--test FOLDER`` models are fitted on all of
--data and judged on another folder, for external validation.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from _common import finish, make_parser
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skin_lesion import (
    Backbone,
    ConvNet,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    SkinLesionClassifier,
    TestTimeAugmentation,
    audit_dataset,
    cross_evaluate,
    evaluate,
    load_image_folder,
    load_isic_release,
    write_lesion_folder,
)

N_FOLDS = 5
SCORES = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "f1_macro": "macro F1",
    "roc_auc_ovr": "macro AUC",
}
METADATA = ["age", "sex", "site"]
TURNS = ImageAugmenter(  # and mirrors
    width_shift=0, height_shift=0, zoom=0, brightness=0, contrast=0
)
FULL = {
    "sizes": {"embedding": (224, 224), "from scratch": (48, 64), "fine-tuned": (96, 128)},
    "filters": (32, 64, 128, 256),
    "epochs": {"from scratch": 24, "fine-tuned": 12},
    "n_neighbors": 5,
    "seed": 0,
}
QUICK = {
    "sizes": {"embedding": (32, 32), "from scratch": (32, 32), "fine-tuned": (32, 32)},
    "filters": (4, 8),
    "epochs": {"from scratch": 1, "fine-tuned": 1},
    "n_neighbors": 1,
    "seed": 0,
}


class Judged(ClassifierMixin, BaseEstimator):
    """A classifier on columns of a table of images, which notes what its training took.

    With `n_averaged` it takes over what an equal classifier learnt from the same images in the row
    before, and averages the probabilities of each image and of so many variants of it.
    """

    trained = {}  # by the paths trained on
    trained_here = []  # (seconds, numbers that were trained) of each fit of a row

    def __init__(self, classifier, columns, n_averaged=0):
        self.classifier = classifier
        self.columns = columns
        self.n_averaged = n_averaged

    def fit(self, X, y):
        paths = tuple(X["path"])
        if not (self.n_averaged and paths in self.trained):
            start = time.perf_counter()
            fitted = self.classifier.fit(X[self.columns], y)
            self.trained[paths] = fitted, time.perf_counter() - start
        self.fitted_, seconds = self.trained[paths]
        self.trained_here.append((seconds, count_parameters(self.fitted_)))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        predictor = self.fitted_
        if self.n_averaged:
            predictor = TestTimeAugmentation(
                predictor, TURNS, n_augmentations=self.n_averaged, random_state=0
            )
        return predictor.predict_proba(X[self.columns])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def count_parameters(fitted):
    """Return how many numbers were trained."""
    if isinstance(fitted, SkinLesionClassifier):
        return sum(int(np.prod(weight.shape)) for weight in fitted.model_.trainable_weights)
    last = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    return last.coef_.size + last.intercept_.size if hasattr(last, "coef_") else 0


def list_models(settings, n_training, cache_dir):
    """Return {row of the table: Judged}."""
    seed, weights = settings["seed"], settings["weights"]
    loaders = {
        name: ImageLoader(size, cache_dir=cache_dir, n_jobs=-1)
        for name, size in settings["sizes"].items()
    }

    def regression(C, **options):
        return LogisticRegression(C=C, max_iter=1000, **options)

    def network(name, architecture, learning_rate):
        # No early stopping: all images are trained on, for as many epochs as were chosen before.
        epochs = settings["n_epochs"] or settings["epochs"][name]
        n_steps = epochs * -(-n_training // 32)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, n_steps, alpha=0.01, warmup_target=learning_rate, warmup_steps=n_steps // 20
        )
        classifier = SkinLesionClassifier(
            architecture,
            optimizer=keras.optimizers.AdamW(schedule, weight_decay=1e-4),
            class_weight="sqrt_balanced",
            prior="uniform",  # balanced accuracy counts all classes alike
            epochs=epochs,
            early_stopping=False,
            augmenter=ImageAugmenter(),
            loader=loaders[name],
            random_state=seed,
            verbose=2,
        )
        return Judged(classifier, "path")

    embedder = ImageEmbedder(
        Backbone(settings["backbone"], weights=weights),
        loader=loaders["embedding"],
        cache_dir=cache_dir,
    )
    age = make_pipeline(SimpleImputer(), StandardScaler())
    sex_and_site = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    joined = make_column_transformer(
        (make_pipeline(embedder, StandardScaler()), "path"),
        (age, ["age"]),
        (sex_and_site, ["sex", "site"]),
    )
    colours = make_pipeline(
        ImageLoader((32, 32), cache_dir=cache_dir, n_jobs=-1),
        FunctionTransformer(measure_colours),
        StandardScaler(),
        regression(1, class_weight="balanced"),
    )
    smote = SMOTE(k_neighbors=settings["n_neighbors"], random_state=seed)
    of_embedding = make_pipeline(
        embedder, StandardScaler(), regression(0.001, class_weight="balanced")
    )
    with_smote = make_pipeline(embedder, StandardScaler(), smote, regression(0.0001))
    with_metadata = make_pipeline(joined, regression(0.001, class_weight="balanced"))
    tuned = network(
        "fine-tuned",
        Backbone(settings["backbone"], weights=weights, trainable="all"),
        1e-4,
    )
    return {
        "majority class": Judged(DummyClassifier(strategy="prior"), ["path"]),
        "colours alone": Judged(colours, "path"),
        "from scratch": network("from scratch", ConvNet(settings["filters"]), 2e-3),
        "embedding": Judged(of_embedding, "path"),
        "embedding, SMOTE": Judged(with_smote, "path"),
        "embedding, metadata": Judged(with_metadata, ["path", *METADATA]),
        "fine-tuned": tuned,
        "fine-tuned, averaged": clone(tuned).set_params(n_averaged=7),
    }


def measure_colours(images):
    """Return mean and standard deviation of each channel."""
    pixels = images.reshape(len(images), -1, images.shape[-1]).astype(float)
    return np.concatenate([pixels.mean(axis=1), pixels.std(axis=1)], axis=1)


def read_lesions(folder):
    """Return the table of the images, their classes and groups, without what is faulty."""
    folder = Path(folder)
    if any(table.name != "metadata.csv" for table in folder.glob("*.csv")):
        lesions = load_isic_release(folder)
        return lesions.frame, lesions.target, lesions.groups
    lesions = load_image_folder(folder)
    audit = audit_dataset(lesions.data, lesions.target, groups=lesions.groups, n_jobs=-1)
    kept = audit.keep("drop_conflicts") & audit.keep("first")
    for name in np.unique(lesions.target):
        of_class = lesions.target == name
        if len(np.unique(audit.groups[kept & of_class])) < N_FOLDS:
            print(f"{name}: {(kept & of_class).sum()} images are left, too few to be judged")
            kept &= ~of_class
    print(f"{kept.sum()} of {len(kept)} images kept")
    return lesions.frame[kept], lesions.target[kept], audit.groups[kept]


def judge(model, data, settings):
    """Return the report of a model on the folds asked for, or on the other folder."""
    frame, y, groups = data
    positive = settings["positive"] if settings["positive"] in y else None
    options = {"groups": groups, "positive": positive, "random_state": 0}
    if settings["test"] is not None:
        frame_test, y_test, groups_test = settings["test"]
        options["groups"] = groups_test
        return evaluate(clone(model).fit(frame, y), frame_test, y_test, **options)
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    folds = list(splitter.split(frame, y, groups))
    return cross_evaluate(model, frame, y, cv=[folds[k] for k in settings["folds"]], **options)


def collect(report, positive):
    """Return a line of the table."""
    scores = {title: report.scores.loc[name] for name, title in SCORES.items()}
    if positive in report.class_counts.index:
        scores[f"AUC of {positive}"] = report.class_scores.loc[(positive, "roc_auc")]
    line = {
        title: {name: round(float(score[name]), 4) for name in ("value", "low", "high")}
        for title, score in scores.items()
    }
    seconds, n_parameters = zip(*Judged.trained_here, strict=True)
    return {**line, "seconds": round(sum(seconds)), "parameters": max(n_parameters)}


def say(name, line):
    scores = [
        f"{title} {score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"
        for title, score in line.items()
        if isinstance(score, dict)
    ]
    print(f"{name}: trained {line['parameters']:,} numbers in {line['seconds']} s")
    print("  " + "; ".join(scores), flush=True)


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, help="HAM10000, or a folder with one folder a class")
    parser.add_argument("--weights", help="file of the backbone's weights, or 'imagenet'")
    parser.add_argument("--backbone", default="MobileNetV2", help="a name in keras.applications")
    parser.add_argument("--test", type=Path, help="another folder, to be judged on")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(N_FOLDS)), metavar="K")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="of the table; all by default")
    parser.add_argument("--seed", type=int, default=0, help="of all training; folds stay the same")
    parser.add_argument(
        "--epochs", type=int, dest="n_epochs", metavar="N", help="of networks; 12 or 24 by default"
    )
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("H", "W"), help="of images to fine-tune on; 96 128"
    )
    parser.add_argument("--positive", default="melanoma")
    arguments = parser.parse_args()
    if not arguments.quick and (arguments.data is None or arguments.weights is None):
        sys.exit("Name images by --data and weights by --weights, or try it out by --quick.")
    settings = {**(QUICK if arguments.quick else FULL), **vars(arguments)}
    if arguments.size:
        settings["sizes"] = {**settings["sizes"], "fine-tuned": tuple(arguments.size)}
    with tempfile.TemporaryDirectory() as folder:
        if arguments.quick:
            settings["data"] = write_lesion_folder(Path(folder, "drawn"), 60, n_classes=2)
        data = read_lesions(settings["data"])
        settings["test"] = None if arguments.test is None else read_lesions(arguments.test)
        n_training = len(data[1])
        if settings["test"] is None:
            n_training = n_training * (N_FOLDS - 1) // N_FOLDS
        models = list_models(settings, n_training, Path(folder, "cache"))
        if not set(METADATA) <= set(data[0]):
            del models["embedding, metadata"]
        unknown = set(arguments.rows or []) - set(models)
        if unknown:
            sys.exit(f"--rows names {sorted(unknown)}. Expected some of {list(models)}.")
        lines = {}
        for name in arguments.rows or models:
            Judged.trained_here.clear()
            report = judge(models[name], data, settings)
            lines[name] = collect(report, arguments.positive)
            say(name, lines[name])
    figures = {
        "n_images": len(data[1]),
        "n_lesions": len(np.unique(data[2])),
        "classes": dict(Counter(data[1].tolist())),
        "rows": lines,
    }
    for name in ("backbone", "sizes", "filters", "epochs", "folds", "seed", "n_epochs"):
        figures[name] = settings[name]
    finish(figures, arguments.json, "keras", "tensorflow", "scikit-learn", "imbalanced-learn")


if __name__ == "__main__":
    main()
