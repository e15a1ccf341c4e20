"""What the classifier costs beside bare Keras: the same network, batches and steps.

Run it alone with ``python benchmarks/bench_fit_overhead.py [--quick]``. Both sides train in this
process, in turn, on images in memory; the ratio is that of the median times.
"""

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

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


def measure(fit, *arguments):
    start = time.perf_counter()
    fit(*arguments)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller set, fewer runs")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    arguments = parser.parse_args()
    n_images, epochs, runs = (200, 1, 1) if arguments.quick else (1000, 3, 5)

    lesions = make_lesion_images(n_images, image_size=(64, 64), random_state=0)
    data = (lesions.images, lesions.target)
    for fit in (fit_ours, fit_keras):
        fit(*data, 1)  # the first fit of a process also pays for loading the backend
    times = []
    for _ in range(runs):
        times.append((measure(fit_ours, *data, epochs), measure(fit_keras, *data, epochs)))
    ours, bare = np.median(times, axis=0)
    ratios = [first / second for first, second in times]

    figures = {
        "case": f"fit {n_images} images of 64 pixels, {epochs} epochs, batches of {BATCH_SIZE}",
        "skin_lesion_seconds": round(float(ours), 3),
        "bare_keras_seconds": round(float(bare), 3),
        "ratio": round(float(ours / bare), 3),
        "ratio_lowest_and_highest_run": [round(min(ratios), 3), round(max(ratios), 3)],
        "runs": runs,
        "versions": {name: version(name) for name in ("skin_lesion", "keras", "tensorflow")},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
    }
    for name, value in figures.items():
        print(f"{name:>30}  {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
