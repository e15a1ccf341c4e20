"""How fast features and predictions come, beside `keras.Model.predict` on the same network.

Run it alone with ``python benchmarks/bench_predict.py [--quick] [--only CASE] [--json FILE]``. Each
side runs in a process of its own, the sides in turn. What is timed comes after a first call, which
pays for building and tracing, and for the export to ONNX. Weights are random: they change no time.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from _common import finish, make_parser, run_apart

from skin_lesion import (
    Backbone,
    ConvNet,
    ImageEmbedder,
    OnnxClassifier,
    SkinLesionClassifier,
    export_onnx,
    make_lesion_images,
)

BACKBONE, BACKBONE_SIDE = "MobileNetV2", 224
# Images, pixels of a side, filters of the ConvNet, calls.
CLASSIFIED = {"latency": (1, 64, (32, 64, 128), 200), "throughput": (240, 32, (8, 16), 40)}
BATCH_SIZE = 32


def draw(n_images, side):
    return make_lesion_images(n_images, n_classes=2, image_size=(side, side), random_state=0)


def embed_with_keras(images):
    import keras

    network = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=images.shape[1:], pooling="avg"
    )
    pixels = keras.applications.mobilenet_v2.preprocess_input(images.astype(np.float32))
    return lambda: network.predict(pixels, batch_size=BATCH_SIZE, verbose=0)


def embed_with_ours(engine, images):
    embedder = ImageEmbedder(
        Backbone(BACKBONE, weights=None), engine=engine, batch_size=BATCH_SIZE
    ).fit(images)
    return lambda: embedder.transform(images)


def fit_classifier(filters, images):
    lesions = draw(32, images.shape[1])
    classifier = SkinLesionClassifier(
        ConvNet(filters=filters), epochs=1, early_stopping=False, random_state=0
    )
    return classifier.fit(lesions.images, lesions.target)


def predict_with_keras(classifier, images):
    pixels = images.astype(np.float32)
    return lambda: classifier.model_.predict(pixels, batch_size=BATCH_SIZE, verbose=0)


def predict_on_batch_with_keras(classifier, images):
    pixels = images.astype(np.float32)
    return lambda: classifier.model_.predict_on_batch(pixels)


def predict_with_ours(classifier, images):
    return lambda: classifier.predict_proba(images)


def predict_with_onnx(classifier, images):
    path = Path(tempfile.mkdtemp()) / "model.onnx"
    export_onnx(classifier, path)
    from_file = OnnxClassifier(path)
    return lambda: from_file.predict_proba(images)


EMBEDDING = {
    "keras.Model.predict": embed_with_keras,
    "ImageEmbedder, Keras": lambda images: embed_with_ours("keras", images),
    "ImageEmbedder, ONNX Runtime": lambda images: embed_with_ours("onnx", images),
}
PREDICTION = {
    "keras.Model.predict": predict_with_keras,
    "keras.Model.predict_on_batch": predict_on_batch_with_keras,
    "SkinLesionClassifier": predict_with_ours,
    "OnnxClassifier": predict_with_onnx,
}


def time_here(task, side, n):
    """Print the images a second of one run, or the median milliseconds of a call."""
    if task == "embedding":
        run = EMBEDDING[side](draw(n, BACKBONE_SIDE).images)
        run()
        start = time.perf_counter()
        run()
        print(n / (time.perf_counter() - start))
        return
    n_images, pixels, filters, _ = CLASSIFIED[task]
    images = draw(max(n_images, 2), pixels).images[:n_images]
    run = PREDICTION[side](fit_classifier(filters, images), images)
    run()
    seconds = []
    for _ in range(n):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    print(1000 * np.median(seconds))


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--only", choices=["embedding", *CLASSIFIED], help="measure this case")
    parser.add_argument("--side", nargs=3, metavar=("TASK", "SIDE", "N"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        task, side, n = arguments.side
        time_here(task, side, int(n))
        return
    n_images, n_runs = (64, 1) if arguments.quick else (256, 3)

    cases = {
        "embedding": (
            EMBEDDING,
            n_images,
            f"{BACKBONE} at {BACKBONE_SIDE} pixels, {n_images} images, batches of {BATCH_SIZE}",
            "images/s",
        ),
    }
    for task, (n_classified, pixels, filters, n_calls) in CLASSIFIED.items():
        n_calls = 20 if arguments.quick else n_calls
        case = f"{n_classified} of {pixels} pixels, ConvNet {filters}, median of {n_calls} calls"
        cases[task] = (PREDICTION, n_calls, case, "ms")
    figures = {}
    for task, (sides, n, case, unit) in cases.items():
        if arguments.only not in (None, task):
            continue
        taken = {side: [] for side in sides}
        for run in range(n_runs):
            for side in sides if run % 2 == 0 else reversed(sides):
                taken[side].append(float(run_apart(__file__, "--side", task, side, n)))
        reference = np.median(taken["keras.Model.predict"])
        print(f"{case}\n{'':<30}{unit:>10}{'ratio':>10}{'of each run':>40}")
        figures[task] = {"case": case, "unit": unit, "sides": {}}
        for side, values in taken.items():
            line = {
                "median": round(float(np.median(values)), 2),
                "ratio": round(float(np.median(values) / reference), 3),
                "of_each_run": np.round(values, 2).tolist(),
            }
            figures[task]["sides"][side] = line
            print(
                f"{side:<30}{line['median']:>10.2f}{line['ratio']:>10.3f}"
                f"{line['of_each_run']!s:>40}"
            )
        print()
    finish(figures, arguments.json, "onnx", "tf2onnx")


if __name__ == "__main__":
    main()
