"""What the classifier costs beside bare Keras: the same network, batches and steps.

Run it alone with ``python benchmarks/bench_fit_overhead.py [--quick]``. Each fit runs in a process
of its own, the two sides in turn: backends keep state that a later fit would inherit. What is timed
is the fit alone, after a first epoch that pays for loading the backend.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from _common import describe_machine, installed_versions, run_apart

from skin_lesion import ConvNet, SkinLesionClassifier, make_lesion_images

BATCH_SIZE = 32


def fit_ours(images, y, epochs):
    SkinLesionClassifier(ConvNet(), epochs=epochs, batch_size=BATCH_SIZE, early_stopping=False).fit(
        images, y
    )


def fit_keras(images, y, epochs):
    classes, labels = np.unique(y, return_inverse=True)
    model = ConvNet()(images.shape[1:], len(classes))
    model.compile("adam", "categorical_crossentropy", weighted_metrics=["accuracy"])
    model.fit(
        images.astype(np.float32),
        keras.utils.to_categorical(labels),
        batch_size=BATCH_SIZE,
        epochs=epochs,
        verbose=0,
    )


SIDES = {"skin_lesion": fit_ours, "bare Keras": fit_keras}


def time_here(side, n_images, epochs):
    """Print the seconds that a fit takes in this process."""
    lesions = make_lesion_images(n_images, image_size=(64, 64), random_state=0)
    SIDES[side](lesions.images, lesions.target, 1)
    start = time.perf_counter()
    SIDES[side](lesions.images, lesions.target, epochs)
    print(time.perf_counter() - start)


def time_apart(side, n_images, epochs):
    """Return the seconds that a fit takes in a process of its own."""
    return float(run_apart(__file__, "--side", side, n_images, epochs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller set, fewer runs")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--side", nargs=3, metavar=("SIDE", "N", "EPOCHS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side, n_images, epochs = arguments.side
        time_here(side, int(n_images), int(epochs))
        return
    n_images, epochs, runs = (200, 1, 1) if arguments.quick else (1000, 3, 3)

    times = np.array([[time_apart(side, n_images, epochs) for side in SIDES] for _ in range(runs)])
    ours, bare = np.median(times, axis=0)
    ratios = times[:, 0] / times[:, 1]
    figures = {
        "case": f"fit {n_images} images of 64 pixels, {epochs} epochs, batches of {BATCH_SIZE}",
        "skin_lesion_seconds": round(float(ours), 2),
        "bare_keras_seconds": round(float(bare), 2),
        "ratio": round(float(ours / bare), 3),
        "ratio_of_each_pair": ratios.round(3).tolist(),
        "versions": installed_versions("skin_lesion", "keras", "tensorflow"),
        "machine": describe_machine(),
        "python": platform.python_version(),
    }
    for name, value in figures.items():
        print(f"{name:>22}  {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
