"""What the intervals of a report cost, beside a loop over scikit-learn's metrics.

Run it alone with ``python benchmarks/bench_evaluate.py [--quick] [--json FILE]``. Predictions for
10,000 images of 7,500 lesions in 9 classes are drawn at random; a jackknife and 2,000 bootstraps of
them give the intervals of all scores of a report. What a user would write instead, a loop that
resamples lesions and calls scikit-learn, computes a third of them; it is timed over 20 bootstraps
and multiplied. Last, the whole of evaluate, with slices by three columns, and the size of its page.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from _common import Stopwatch, describe_run, run_apart

SHARES = np.array([30, 5, 5, 5, 5, 10, 10, 10, 20]) / 100
N_BOOTSTRAPS = 2000
N_IN_LOOP = 20


def draw_predictions(n_images):
    rng = np.random.default_rng(0)
    n_classes = len(SHARES)
    lesions = np.arange(n_images) * 3 // 4
    y = rng.choice(n_classes, lesions[-1] + 1, p=SHARES)[lesions]
    logits = rng.normal(size=(n_images, n_classes))
    logits[np.arange(n_images), y] += 1.5
    return y, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), lesions


def make_intervals(n_images):
    from skin_lesion.evaluation._intervals.estimates import Estimates
    from skin_lesion.evaluation._intervals.parts import Draws, Part, Predictions

    y, probabilities, lesions = draw_predictions(n_images)
    n_classes = len(SHARES)
    predictions = Predictions(
        y,
        probabilities.argmax(axis=1),
        probabilities,
        np.arange(n_classes),
        np.ones(n_classes, dtype=bool),
    )
    stopwatch = Stopwatch()
    part = Part(predictions, lesions, np.arange(n_images))
    estimates = Estimates([part], Draws(N_BOOTSTRAPS, 0))
    scores = estimates.score(estimates.list_scores())
    return {**stopwatch.read(), "scores": len(scores)}


def loop_over_scikit_learn(n_images):
    from sklearn.metrics import (
        accuracy_score,
        average_precision_score,
        balanced_accuracy_score,
        precision_score,
        recall_score,
        roc_auc_score,
    )

    y, probabilities, lesions = draw_predictions(n_images)
    rng = np.random.default_rng(0)
    of_class = [np.unique(lesions[y == label]) for label in range(len(SHARES))]
    stopwatch = Stopwatch()
    for _ in range(N_IN_LOOP):
        drawn = np.concatenate([rng.choice(ids, len(ids)) for ids in of_class])
        weights = np.bincount(drawn, minlength=lesions[-1] + 1)[lesions]
        rows = weights > 0
        truth, scores, w = y[rows], probabilities[rows], weights[rows]
        predicted = scores.argmax(axis=1)
        accuracy_score(truth, predicted, sample_weight=w)
        balanced_accuracy_score(truth, predicted, sample_weight=w)
        recall_score(truth, predicted, average=None, sample_weight=w)
        precision_score(truth, predicted, average=None, sample_weight=w)
        roc_auc_score(truth, scores, multi_class="ovr", average=None, sample_weight=w)
        for label in range(len(SHARES)):
            average_precision_score(truth == label, scores[:, label], sample_weight=w)
    cost = stopwatch.read()
    for name in ("seconds", "cpu_seconds"):
        cost[name] *= N_BOOTSTRAPS / N_IN_LOOP
    return {**cost, "scores": 2 + 4 * len(SHARES)}


def write_report(n_images):
    """Time the whole of evaluate, with slices by three columns, and write its page."""
    import pandas as pd
    from sklearn.base import BaseEstimator, ClassifierMixin

    from skin_lesion import evaluate, make_lesion_images

    y, probabilities, lesions = draw_predictions(n_images)

    class Saying(ClassifierMixin, BaseEstimator):
        classes_ = np.arange(len(SHARES))

        def predict_proba(self, X):
            return probabilities

        def predict(self, X):
            return probabilities.argmax(axis=1)

    few = make_lesion_images(20, image_size=(128, 128), random_state=0).images
    X = few[np.arange(n_images) % len(few)]
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(10, 90, n_images),
            "sex": rng.choice(["male", "female"], n_images),
            "site": rng.choice(list("abcdefg"), n_images),
        }
    )
    stopwatch = Stopwatch()
    report = evaluate(
        Saying(),
        X,
        y,
        groups=lesions,
        frame=frame,
        positive=3,
        thresholds=[0.1, 0.5],
        n_bootstraps=N_BOOTSTRAPS,
        random_state=0,
    )
    cost = stopwatch.read()
    with tempfile.TemporaryDirectory() as folder:
        size = report.to_html(Path(folder, "report.html")).stat().st_size
    return {**cost, "scores": len(report.to_frame()), "page_mb": size / 1e6}


STEPS = {step.__name__: step for step in (make_intervals, loop_over_scikit_learn, write_report)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2,000 images")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        name, n_images = arguments.step
        print(json.dumps(STEPS[name](int(n_images))))
        return
    n_images = 2000 if arguments.quick else 10_000
    figures = {
        "images": n_images,
        "bootstraps": N_BOOTSTRAPS,
        **describe_run("pandas"),
        "threads": os.environ.get("OMP_NUM_THREADS", "as many as there are"),
    }
    for name, value in figures.items():
        print(f"{name:>12}  {value}")
    print(f"\n{'':<26}{'scores':>8}{'seconds':>10}{'CPU s':>8}{'MB':>7}{'ratio':>8}")
    figures["costs"] = {}
    for step in STEPS:
        cost = json.loads(run_apart(__file__, "--step", step, n_images))
        figures["costs"][step] = cost
        ratio = cost["seconds"] / figures["costs"]["make_intervals"]["seconds"]
        print(
            f"{step.replace('_', ' '):<26}{cost['scores']:>8}{cost['seconds']:>10.1f}"
            f"{cost['cpu_seconds']:>8.1f}{cost['peak_mb']:>7.0f}{ratio:>8.1f}"
        )
    print(f"\nPage of the report: {cost['page_mb']:.2f} MB")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
