"""How often the 95% intervals of a report hold the true score, by simulation.

Run it with ``python benchmarks/coverage.py [--sets N] [--quick] [--json FILE]``. Each simulated
set has three classes of 30, 60 and 150 lesions, one to four images each that a lesion makes alike,
and the probabilities of a model that is right in some seven cases of ten. The true scores are those
of a population of 200,000 lesions of the same shares. An interval is right if it covers in 93% to
97%.

Beside them, of every fourth set: intervals that resample images in place of lesions.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from _common import Stopwatch, describe_machine, installed_versions

from skin_lesion._utils.bootstrap import GroupBootstrap, find_intervals
from skin_lesion.evaluation._intervals.weighted_scores import Predictions, make_score_sheet

N_LESIONS = (30, 60, 150)
N_IN_POPULATION = 200_000
N_BOOTSTRAPS = 2000
NEAR = ("accuracy", "balanced_accuracy", "roc_auc_ovr", "roc_auc")


def simulate(n_lesions, rng):
    """Return the predictions for images of lesions, and the lesion of each image."""
    n_classes = len(n_lesions)
    y = np.repeat(np.arange(n_classes), n_lesions)
    n_images = 1 + rng.binomial(3, 0.25, len(y))
    lesions = np.repeat(np.arange(len(y)), n_images)
    # Most of what makes an image easy or hard is the lesion's.
    logits = rng.normal(0, 1.0, (len(y), n_classes))[lesions]
    logits += rng.normal(0, 0.6, logits.shape)
    y = y[lesions]
    logits[np.arange(len(y)), y] += np.array([1.2, 1.5, 1.8])[y]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    classes = np.arange(n_classes)
    predictions = Predictions(
        y, probabilities.argmax(axis=1), probabilities, classes, np.ones(n_classes, dtype=bool)
    )
    return predictions, lesions


def find_truth(rng):
    shares = np.array(N_LESIONS) / sum(N_LESIONS)
    predictions, _ = simulate(np.round(shares * N_IN_POPULATION).astype(int), rng)
    return make_score_sheet(predictions).score()


def measure(n_sets, n_bootstraps, random_state):
    """Return the names of the scores, the truth, and the intervals of all simulated sets."""
    rng = np.random.default_rng(random_state)
    truth = find_truth(rng)
    bounds = {"lesions": [], "images": []}
    for seed in range(n_sets):
        predictions, lesions = simulate(N_LESIONS, rng)
        sheet = make_score_sheet(predictions)
        for what, groups in (("lesions", lesions), ("images", None)):
            if groups is None and seed % 4:
                continue
            bootstrap = GroupBootstrap(
                predictions.y, groups, n_bootstraps=n_bootstraps, random_state=seed
            )
            bounds[what].append(
                find_intervals(
                    sheet.score(), sheet.resample(bootstrap), sheet.count_cases(bootstrap)
                )
            )
    return sheet.names, truth, {what: np.array(found) for what, found in bounds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=2000, help="number of simulated sets")
    parser.add_argument("--quick", action="store_true", help="200 sets, 500 bootstraps")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    arguments = parser.parse_args()
    n_sets, n_bootstraps = (200, 500) if arguments.quick else (arguments.sets, N_BOOTSTRAPS)
    stopwatch = Stopwatch()
    names, truth, bounds = measure(n_sets, n_bootstraps, random_state=0)
    cost = stopwatch.read()
    figures = {
        "sets": n_sets,
        "bootstraps": n_bootstraps,
        "versions": installed_versions("skin_lesion", "numpy", "scipy"),
        "machine": describe_machine(),
        "seconds": round(cost["seconds"], 1),
    }
    for name, value in figures.items():
        print(f"{name:>12}  {value}")
    error = (0.95 * 0.05 / n_sets) ** 0.5
    print(f"\nThe standard error of a coverage of 0.95 is {error:.4f}.")
    print(f"{'score':<32}{'class':>6}{'truth':>8}{'lesions':>9}{'width':>8}{'images':>9}")
    figures["coverage"] = []
    for number, (name, label) in enumerate(names):
        line = {"score": name, "class": label, "truth": round(float(truth[number]), 4)}
        for what, found in bounds.items():
            low, high = found[:, number].T
            line[what] = round(float(np.mean((low <= truth[number]) & (truth[number] <= high))), 4)
            line[f"width_{what}"] = round(float(np.mean(high - low)), 4)
        figures["coverage"].append(line)
        mark = ""
        if name in NEAR:
            mark = "  within" if 0.93 <= line["lesions"] <= 0.97 else "  MISSED"
        print(
            f"{name:<32}{'' if label is None else label:>6}{line['truth']:>8.3f}"
            f"{line['lesions']:>9.3f}{line['width_lesions']:>8.3f}{line['images']:>9.3f}{mark}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
