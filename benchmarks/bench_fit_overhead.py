"""What the classifier costs beside bare Keras and plain scikeras: same network, batches and steps.

Run it alone with ``python benchmarks/bench_fit_overhead.py [--quick] [--json FILE]``. Every side
trains with Adam at a rate of 0.001, without augmentation, class weights and early stopping. Each
fit runs in a process of its own, the sides in turn: backends keep state that a later fit would
inherit. What is timed is the fit alone, after a first epoch that pays for loading the backend. The
array of the others is prepared before; the last side reads the same images from files, through a
warm cache.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from _common import finish, make_parser, run_apart
from PIL import Image

from skin_lesion import ConvNet, ImageLoader, SkinLesionClassifier, make_lesion_images

BATCH_SIZE = 32
RATE = 1e-3
SIDE = 64


def fit_ours(X, y, epochs, loader=None):
    SkinLesionClassifier(
        ConvNet(),
        learning_rate=RATE,
        class_weight=None,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        early_stopping=False,
        augmenter=None,
        loader=loader,
    ).fit(X, y)


def prepare_ours(images, y):
    return lambda epochs: fit_ours(images, y, epochs)


def prepare_ours_from_files(images, y):
    temporary = tempfile.TemporaryDirectory()
    folder = Path(temporary.name)
    paths = [str(folder / f"{number}.png") for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    time.sleep(2)  # the cache trusts no date of a file that was written just now
    loader = ImageLoader((SIDE, SIDE), cache_dir=folder / "cache")
    loader.transform(paths)

    def fit(epochs):
        fit_ours(paths, y, epochs, loader)
        return temporary  # which goes when the function does

    return fit


def prepare_keras(images, y):
    classes, labels = np.unique(y, return_inverse=True)
    X, Y = images.astype(np.float32), keras.utils.to_categorical(labels)

    def fit(epochs):
        model = compile_model(images.shape[1:], len(classes))
        model.fit(X, Y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)

    return fit


def prepare_scikeras(images, y):
    from scikeras.wrappers import KerasClassifier

    classes, labels = np.unique(y, return_inverse=True)
    X, Y = images.astype(np.float32), keras.utils.to_categorical(labels)

    def fit(epochs):
        KerasClassifier(
            compile_model,
            input_shape=images.shape[1:],
            n_classes=len(classes),
            batch_size=BATCH_SIZE,
            epochs=epochs,
            verbose=0,
        ).fit(X, Y)

    return fit


def compile_model(input_shape, n_classes):
    model = ConvNet()(input_shape, n_classes)
    model.compile(
        keras.optimizers.Adam(RATE), "categorical_crossentropy", weighted_metrics=["accuracy"]
    )
    return model


SIDES = {
    "bare Keras": prepare_keras,
    "plain scikeras": prepare_scikeras,
    "skin_lesion": prepare_ours,
    "skin_lesion, from files": prepare_ours_from_files,
}


def time_here(side, n_images, epochs):
    """Print the seconds that a fit takes in this process."""
    lesions = make_lesion_images(n_images, image_size=(SIDE, SIDE), random_state=0)
    fit = SIDES[side](lesions.images, lesions.target)
    fit(1)
    start = time.perf_counter()
    fit(epochs)
    print(time.perf_counter() - start)


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--side", nargs=3, metavar=("SIDE", "N", "EPOCHS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side, n_images, epochs = arguments.side
        time_here(side, int(n_images), int(epochs))
        return
    n_images, epochs, n_runs = (200, 1, 1) if arguments.quick else (1000, 3, 5)

    seconds = {side: [] for side in SIDES}
    for run in range(n_runs):
        for side in SIDES if run % 2 == 0 else reversed(SIDES):
            seconds[side].append(float(run_apart(__file__, "--side", side, n_images, epochs)))
    case = f"{n_images} images of {SIDE} pixels, {epochs} epochs, batches of {BATCH_SIZE}"
    print(f"{case}\n{'':<26}{'seconds':>10}{'times bare Keras':>20}{'of each run':>40}")
    figures = {}
    for side, taken in seconds.items():
        ratios = np.divide(taken, seconds["bare Keras"])
        figures[side] = {
            "seconds": round(float(np.median(taken)), 2),
            "times_bare_keras": round(float(np.median(ratios)), 3),
            "of_each_run": ratios.round(3).tolist(),
        }
        line = figures[side]
        print(
            f"{side:<26}{line['seconds']:>10.2f}{line['times_bare_keras']:>20.3f}"
            f"{line['of_each_run']!s:>40}"
        )
    finish({"case": case, "sides": figures}, arguments.json, "scikeras")


if __name__ == "__main__":
    main()
