"""What a grid search costs beside scikeras with the decoding in its pipeline.

Run it alone with ``python benchmarks/bench_grid_search.py [--quick] [--json FILE]``. Photographs of
600 x 450 pixels, by their paths, 3 folds and 4 candidates of 2 epochs, varied images, 2 worker
processes, and the same small network on both sides, without class weights, each in a process of
its own. We begin with an empty cache. scikeras takes arrays alone, so a transformer ahead of it
reads the fold, with Pillow, and varies it once, with Keras's layers; ours varies it anew in every
epoch. What it has decoded is what its cache holds at the end: tests/images/loading/test_cache.py
counts.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from _common import Stopwatch, finish, make_parser, run_apart
from _photographs import are_real, list_labelled, make_usual
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

SIDE = 64
EPOCHS = 2
BATCH_SIZE = 32
FILTERS = (16, 32)
RATES = [0.0003, 0.001, 0.003, 0.01]
SEARCH = {"n_jobs": 2, "refit": False, "error_score": "raise"}  # of both sides
MEASURE = "neg_log_loss"


def make_cv():
    return StratifiedKFold(3, shuffle=True, random_state=0)


def search_with_ours(paths, y, work):
    from skin_lesion import ConvNet, ImageAugmenter, ImageLoader, SkinLesionClassifier

    loader = ImageLoader((SIDE, SIDE), resize="stretch", cache_dir=work / "cache")
    classifier = SkinLesionClassifier(
        ConvNet(filters=FILTERS),
        class_weight=None,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        early_stopping=False,
        augmenter=ImageAugmenter(),
        loader=loader,
        random_state=0,
    )
    grid = {"learning_rate": RATES}
    GridSearchCV(classifier, grid, cv=make_cv(), scoring=MEASURE, **SEARCH).fit(paths, y)
    return loader.cache_info().n_images


class ReadImages(TransformerMixin, BaseEstimator):
    """What a user writes to have paths in a pipeline; it counts its decodes in a file."""

    def __init__(self, log):
        self.log = log

    def fit(self, X, y=None):
        return self

    def fit_transform(self, X, y=None):
        from keras import Sequential, layers

        vary = Sequential(
            [
                layers.RandomFlip(),
                layers.RandomRotation(0.5, fill_mode="reflect"),
                layers.RandomTranslation(0.1, 0.1, fill_mode="reflect"),
                layers.RandomZoom(0.1, fill_mode="reflect"),
                layers.RandomBrightness(0.1),
                layers.RandomContrast(0.1),
            ]
        )
        return np.asarray(vary(self.transform(X), training=True))

    def transform(self, X):
        images = np.empty((len(X), SIDE, SIDE, 3), dtype=np.float32)
        for row, path in enumerate(X):
            with Image.open(path) as image:
                images[row] = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        with open(self.log, "a") as log:
            log.write(f"{len(X)}\n")
        return images


def make_model(meta, learning_rate, filters=FILTERS):
    import keras

    from skin_lesion import ConvNet

    model = ConvNet(filters=filters)(meta["X_shape_"][1:], meta["n_classes_"])
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy")
    return model


def search_with_scikeras(paths, y, work):
    from scikeras.wrappers import KerasClassifier

    log = work / "decoded.txt"
    classifier = KerasClassifier(
        make_model, learning_rate=RATES[0], epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=0
    )
    pipeline = Pipeline([("read", ReadImages(log)), ("classify", classifier)])
    grid = {"classify__learning_rate": RATES}
    # scikeras is no classifier to today's scikit-learn, so that its scorers refuse it.
    GridSearchCV(pipeline, grid, cv=make_cv(), scoring=log_loss_of, **SEARCH).fit(paths, y)
    return sum(map(int, log.read_text().split()))


def log_loss_of(pipeline, X, y):
    from sklearn.metrics import log_loss

    return -log_loss(y, pipeline.predict_proba(X))


SIDES = {"skin_lesion": search_with_ours, "scikeras": search_with_scikeras}


def search_here(side, photographs):
    """Print what a search costs in this process and its workers, as JSON."""
    paths, y = list_labelled(photographs)
    with tempfile.TemporaryDirectory() as work:
        stopwatch = Stopwatch()
        n_decodes = SIDES[side](paths, y, Path(work))
        print(json.dumps({**stopwatch.read(), "decodes": n_decodes}))


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        search_here(*arguments.side)
        return
    n_images, n_runs = (120, 1) if arguments.quick else (1200, 3)

    costs = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        photographs = Path(folder, "photographs")
        make_usual(photographs, n_images)
        for run in range(n_runs):
            for side in SIDES if run % 2 == 0 else reversed(SIDES):
                costs[side].append(json.loads(run_apart(__file__, "--side", side, photographs)))
    kind = "real" if are_real() else "drawn"
    case = f"{n_images} {kind} photographs to {SIDE} pixels, 3 folds, {len(RATES)} candidates"
    print(
        f"{case}\n{'':<14}{'seconds':>10}{'decodes':>10}{'times scikeras':>16}{'of each run':>30}"
    )
    figures = {}
    theirs = [cost["seconds"] for cost in costs["scikeras"]]
    for side, runs in costs.items():
        seconds = [cost["seconds"] for cost in runs]
        ratios = np.divide(seconds, theirs).round(3)
        figures[side] = {
            "seconds": round(float(np.median(seconds)), 1),
            "decodes": runs[0]["decodes"],
            "times_scikeras": round(float(np.median(ratios)), 3),
            "of_each_run": ratios.tolist(),
        }
        line = figures[side]
        print(
            f"{side:<14}{line['seconds']:>10.1f}{line['decodes']:>10}"
            f"{line['times_scikeras']:>16.3f}{line['of_each_run']!s:>30}"
        )
    finish({"case": case, "sides": figures}, arguments.json, "scikeras", "Pillow")


if __name__ == "__main__":
    main()
