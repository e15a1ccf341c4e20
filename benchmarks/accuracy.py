"""What models of this library reach on real images, split by lesion, beside shortcut baselines.

Run it with ``python benchmarks/accuracy.py --data path/to/HAM10000``. The folder is what
``load_isic_release`` reads, or one folder a class. Of a folder of classes, images under several
labels and copies are left out, groups are those of the audit, and classes of fewer than 5 groups
cannot be judged. Networks begin with the ImageNet weights of an installed package; another one is
named by --backbone, with the file of its weights. ``--quick`` takes a few drawn images and trains
for one epoch, which says nothing of what is reached, to see that it runs.

Each row is an estimator as a user would write it, with its defaults. Models are judged by
``cross_evaluate`` on folds that keep lesions whole: printed are means of the folds, with 95%
intervals over lesions. These hold what other test images would change; what another training would
change shows with another --seed. ``--folds 0`` judges on the first fold alone, where networks take
long. With ``--test FOLDER`` models are fitted on all of --data and judged on another folder, for
external validation.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from _common import finish, load_lesions, make_parser
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skin_lesion import (
    Backbone,
    ImageEmbedder,
    ImageLoader,
    SkinLesionClassifier,
    audit_dataset,
    cross_evaluate,
    evaluate,
    make_lesion_classifier,
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
PRESETS = ("fast", "good", "best")


class Judged(ClassifierMixin, BaseEstimator):
    """A classifier on columns of a table of images, which notes how long its training took."""

    seconds = []  # of each fit of a row

    def __init__(self, classifier, columns):
        self.classifier = classifier
        self.columns = columns

    def fit(self, X, y):
        start = time.perf_counter()
        self.fitted_ = clone(self.classifier).fit(X[self.columns], y)
        self.seconds.append(time.perf_counter() - start)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.fitted_.predict_proba(X[self.columns])

    def predict(self, X):
        return self.fitted_.predict(X[self.columns])


def list_models(settings, cache_dir):
    """Return {row of the table: Judged}."""
    seed, quick = settings["seed"], settings["quick"]

    def regression(C, **options):
        return LogisticRegression(C=C, max_iter=1000, **options)

    own = settings["backbone"] and Backbone(settings["backbone"], weights=settings["weights"])
    embedder = ImageEmbedder(
        own or Backbone("EfficientNetLite0"),
        loader=ImageLoader((32, 32) if quick else (224, 224), cache_dir=cache_dir, n_jobs=-1),
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
    smote = SMOTE(k_neighbors=1 if quick else 5, random_state=seed)
    of_embedding = make_pipeline(
        embedder, StandardScaler(), regression(0.001, class_weight="balanced")
    )
    with_smote = make_pipeline(embedder, StandardScaler(), smote, regression(0.0001))
    with_metadata = make_pipeline(joined, regression(0.001, class_weight="balanced"))
    from_scratch = SkinLesionClassifier(loader=ImageLoader((96, 128)), random_state=seed, verbose=2)
    presets = {}
    for name in PRESETS:
        if name not in (settings["rows"] or PRESETS):
            continue
        try:
            presets[name] = make_lesion_classifier(name, backbone=own, random_state=seed, verbose=2)
        except ImportError as error:  # "best" needs weights of an extra
            if settings["rows"] is not None:
                raise
            print(f"{name} is left out: {error}")
    if quick:
        from_scratch.set_params(epochs=1)
        for model in presets.values():
            shorten(model)
    return {
        "majority class": Judged(DummyClassifier(strategy="prior"), ["path"]),
        "colours alone": Judged(colours, "path"),
        "embedding": Judged(of_embedding, "path"),
        "embedding, SMOTE": Judged(with_smote, "path"),
        "embedding, metadata": Judged(with_metadata, ["path", *METADATA]),
        "from scratch": Judged(from_scratch, "path"),
        **{name: Judged(model, "path") for name, model in presets.items()},
    }


def shorten(model):
    """Let all networks of a preset train for an epoch, on small images."""
    for name in model.get_params():
        last = name.split("__")[-1]
        if last == "epochs":
            model.set_params(**{name: 1})
        elif last == "image_size":
            model.set_params(**{name: (32, 32)})


def measure_colours(images):
    """Return mean and standard deviation of each channel."""
    pixels = images.reshape(len(images), -1, images.shape[-1]).astype(float)
    return np.concatenate([pixels.mean(axis=1), pixels.std(axis=1)], axis=1)


def read_lesions(folder):
    """Return the table of the images, their classes and groups, without what is faulty."""
    lesions = load_lesions(folder)
    if "release" in lesions:
        return lesions.frame, lesions.target, lesions.groups
    audit = audit_dataset(lesions.data, lesions.target, groups=lesions.groups, n_jobs=-1)
    kept = audit.keep("first")  # without conflicts, too
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
    return {**line, "seconds": round(sum(Judged.seconds))}


def say(name, line):
    scores = [
        f"{title} {score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"
        for title, score in line.items()
        if isinstance(score, dict)
    ]
    print(f"{name}: trained in {line['seconds']} s")
    print("  " + "; ".join(scores), flush=True)


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, help="HAM10000, or a folder with one folder a class")
    parser.add_argument("--backbone", help="a network in place of those that are taken by default")
    parser.add_argument("--weights", default="imagenet", help="file of the weights of --backbone")
    parser.add_argument("--test", type=Path, help="another folder, to be judged on")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(N_FOLDS)), metavar="K")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="of the table; all by default")
    parser.add_argument("--seed", type=int, default=0, help="of all training; folds stay the same")
    parser.add_argument("--positive", default="melanoma")
    arguments = parser.parse_args()
    if not arguments.quick and arguments.data is None:
        sys.exit("Name images by --data, or try it out by --quick.")
    settings = vars(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.quick:
            settings["data"] = write_lesion_folder(Path(folder, "drawn"), 60, n_classes=2)
        data = read_lesions(settings["data"])
        settings["test"] = None if arguments.test is None else read_lesions(arguments.test)
        models = list_models(settings, Path(folder, "cache"))
        if not set(METADATA) <= set(data[0]):
            del models["embedding, metadata"]
        unknown = set(arguments.rows or []) - set(models)
        if unknown:
            sys.exit(f"--rows names {sorted(unknown)}. Expected some of {list(models)}.")
        lines = {}
        for name in arguments.rows or models:
            Judged.seconds.clear()
            report = judge(models[name], data, settings)
            lines[name] = collect(report, arguments.positive)
            say(name, lines[name])
    figures = {
        "n_images": len(data[1]),
        "n_lesions": len(np.unique(data[2])),
        "classes": dict(Counter(data[1].tolist())),
        "rows": lines,
    }
    for name in ("backbone", "folds", "seed"):
        figures[name] = settings[name]
    finish(figures, arguments.json, "keras", "tensorflow", "scikit-learn", "imbalanced-learn")


if __name__ == "__main__":
    main()
