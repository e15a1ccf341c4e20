"""How long a backbone takes to train, its head alone or whole, beside `keras.Model.fit` on it.

Run it alone with ``python benchmarks/bench_pretrained.py [--quick] [--weights FILE]``.
Each fit runs in a process of its own, the sides in turn. What is timed is the fit alone, building
included, after a first one of one epoch and few images that pays for loading the backend. Without
--weights, Keras downloads those of ImageNet; if it cannot reach a server, nothing is measured.
"""

import argparse
import os
from urllib.error import HTTPError, URLError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from _common import Stopwatch, finish, make_parser, run_apart

from skin_lesion import Backbone, SkinLesionClassifier, make_lesion_images

BATCH_SIZE = 32
SIDE = 96
N_CLASSES = 7
RATE = 1e-3
EPOCHS = {"head": 30, "all": 3}


def fit_ours(weights, trainable, X, y, epochs):
    SkinLesionClassifier(
        Backbone("MobileNetV2", weights=weights, trainable=trainable),
        learning_rate=RATE,
        class_weight=None,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        augmenter=None,
        early_stopping=False,
    ).fit(X, y)


def fit_keras(weights, trainable, X, y, epochs):
    backbone = Backbone("MobileNetV2", weights=weights, trainable=trainable)
    model = backbone(X.shape[1:], N_CLASSES)
    model.compile(keras.optimizers.Adam(RATE), "categorical_crossentropy", metrics=["accuracy"])
    Y = keras.utils.to_categorical(np.unique(y, return_inverse=True)[1])
    model.fit(X, Y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)


SIDES = {"keras.Model.fit": fit_keras, "SkinLesionClassifier": fit_ours}


def time_here(side, weights, trainable, n_images, epochs):
    """Print the seconds that a fit takes in this process, and those of the processor."""
    lesions = make_lesion_images(
        n_images, n_classes=N_CLASSES, image_size=(SIDE, SIDE), random_state=0
    )
    fit = SIDES[side]
    _, few = np.unique(lesions.target, return_index=True)
    fit(weights, trainable, lesions.images[few], lesions.target[few], 1)
    watch = Stopwatch()
    fit(weights, trainable, lesions.images, lesions.target, epochs)
    taken = watch.read()
    print(taken["seconds"], taken["cpu_seconds"])


def download():
    """Return whether the weights of ImageNet are on this machine, after a download if needed."""
    try:
        Backbone("MobileNetV2", weights="imagenet")((SIDE, SIDE, 3), N_CLASSES)
    except OSError as error:
        if not is_of_network(error):
            raise
        return False
    return True


def is_of_network(error):
    """Return whether an error came about because no server was reached."""
    while error is not None:
        if isinstance(error, (URLError, ConnectionError, TimeoutError)):
            return not isinstance(error, HTTPError)  # a server refused
        error = error.__cause__ or error.__context__
    return False


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--weights", default="imagenet", help="'imagenet' or a file")
    parser.add_argument("--side", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side, trainable, n_images, epochs = arguments.side
        time_here(side, arguments.weights, trainable, int(n_images), int(epochs))
        return
    if arguments.weights == "imagenet" and not download():
        print("Left out: the weights cannot be downloaded. Name a file of them by --weights.")
        return
    n_images = 200 if arguments.quick else 2000
    figures = {}
    for trainable, epochs in EPOCHS.items():
        epochs = 2 if arguments.quick else epochs
        taken = {}
        for side in SIDES:
            options = ("--weights", arguments.weights, "--side", side, trainable, n_images, epochs)
            taken[side] = [float(value) for value in run_apart(__file__, *options).split()]
        case = (
            f"{n_images} images of {SIDE} pixels, MobileNetV2, trainable={trainable!r}, {epochs}"
            f" epochs, batches of {BATCH_SIZE}"
        )
        show(case, taken)
        figures[trainable] = {"case": case, "sides": taken}
    finish(figures, arguments.json)


def show(case, taken):
    print(f"{case}\n{'':<24}{'seconds':>10}{'of Keras':>10}{'CPU':>10}{'of Keras':>10}")
    for side, seconds in taken.items():
        ratios = np.divide(seconds, taken["keras.Model.fit"])
        print(
            f"{side:<24}{seconds[0]:>10.1f}{ratios[0]:>10.3f}{seconds[1]:>10.1f}{ratios[1]:>10.3f}"
        )


if __name__ == "__main__":
    main()
