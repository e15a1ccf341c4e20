"""A search over sampler and head on embeddings, beside scikeras with the backbone inside.

Run it alone with ``python benchmarks/bench_embedding_search.py [--quick] [--json FILE]``. 2,000
photographs of 96 pixels, 3 folds, 12 candidates: 3 ways to balance, 4 strengths of the head's
regularisation. We embed each image once, and fit logistic regressions. The other side is what the
documentation of scikeras leads to: a network with a frozen backbone and a new head, trained for 10
epochs in each of the 36 fits, on rows of flattened images, which samplers take.

Its fits with one sampler cost the same whatever the regularisation, so that only one candidate of
each sampler is run, in three folds, and counted four times; ours is run as a whole, from an empty
cache. Each side runs in a process of its own, once. Weights are random: they change no time. Both
sides use all cores, one fit at a time.
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
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from skin_lesion import Backbone, ImageEmbedder, ImageLoader

SIDE = 96
EPOCHS = 10
SAMPLERS = [
    RandomOverSampler(random_state=0),
    RandomUnderSampler(random_state=0),
    SMOTE(random_state=0),
]
STRENGTHS = [0.0001, 0.001, 0.01, 0.1]
N_CANDIDATES = len(SAMPLERS) * len(STRENGTHS)
CV = StratifiedKFold(3, shuffle=True, random_state=0)


def balanced_accuracy(model, X, y):
    # scikeras is no classifier to today's scikit-learn, so that its scorers refuse it.
    return balanced_accuracy_score(y, model.predict(X))


def search_with_ours(paths, y):
    with tempfile.TemporaryDirectory() as cache_dir:
        embedder = ImageEmbedder(
            Backbone("MobileNetV2", weights=None),
            loader=ImageLoader((SIDE, SIDE)),
            cache_dir=cache_dir,
        )
        pipeline = Pipeline(
            [
                ("embed", embedder),
                ("scale", StandardScaler()),
                ("balance", "passthrough"),
                ("classify", LogisticRegression(max_iter=200)),
            ]
        )
        grid = {"balance": SAMPLERS, "classify__C": STRENGTHS}
        search = GridSearchCV(
            pipeline, grid, cv=CV, scoring=balanced_accuracy, refit=False, error_score="raise"
        )
        search.fit(paths, y)
    return len(search.cv_results_["params"])


def make_network(meta):
    import keras

    network = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), pooling="avg"
    )
    network.trainable = False
    inputs = keras.Input((SIDE * SIDE * 3,))
    x = keras.layers.Reshape((SIDE, SIDE, 3))(inputs)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = network(x, training=False)
    model = keras.Model(inputs, keras.layers.Dense(meta["n_classes_"], activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def search_with_scikeras(paths, y):
    from scikeras.wrappers import KerasClassifier

    # SMOTE takes differences, which would wrap around in uint8.
    images = ImageLoader((SIDE, SIDE), n_jobs=-1).fit_transform(paths).astype(np.float32)
    pipeline = Pipeline(
        [
            ("balance", "passthrough"),
            ("classify", KerasClassifier(make_network, epochs=EPOCHS, batch_size=32, verbose=0)),
        ]
    )
    grid = {"balance": SAMPLERS}
    search = GridSearchCV(
        pipeline, grid, cv=CV, scoring=balanced_accuracy, refit=False, error_score="raise"
    )
    search.fit(images.reshape(len(images), -1), y)
    return len(search.cv_results_["params"])


SIDES = {"skin_lesion": search_with_ours, "scikeras": search_with_scikeras}


def search_here(side, folder):
    """Print what a search costs in this process, as JSON."""
    paths, y = list_labelled(folder)
    stopwatch = Stopwatch()
    n_candidates = SIDES[side](paths, y)
    print(json.dumps({**stopwatch.read(), "candidates": n_candidates}))


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        search_here(*arguments.side)
        return
    n_images = 90 if arguments.quick else 2000
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        photographs = Path(folder, "photographs")
        make_usual(photographs, n_images)
        for side in SIDES:
            cost = json.loads(run_apart(__file__, "--side", side, photographs))
            seconds = cost["seconds"] * N_CANDIDATES / cost["candidates"]
            figures[side] = {
                "seconds": round(seconds, 1),
                "measured_seconds": round(cost["seconds"], 1),
                "measured_candidates": cost["candidates"],
            }
    kind = "real" if are_real() else "drawn"
    case = f"{n_images} {kind} photographs to {SIDE} pixels, 3 folds, {N_CANDIDATES} candidates"
    ratio = figures["scikeras"]["seconds"] / figures["skin_lesion"]["seconds"]
    print(f"{case}\n{'':<14}{'seconds':>10}{'measured':>10}{'of candidates':>16}")
    for side, line in figures.items():
        print(
            f"{side:<14}{line['seconds']:>10.1f}{line['measured_seconds']:>10.1f}"
            f"{line['measured_candidates']:>16}"
        )
    print(f"ours is faster by {ratio:.1f}")
    figures = {"case": case, "sides": figures, "ratio": round(ratio, 1)}
    finish(figures, arguments.json, "scikeras", "imbalanced-learn")


if __name__ == "__main__":
    main()
