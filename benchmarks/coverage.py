"""How often the 95% intervals of a report hold the true score, by simulation.

Run it with ``python benchmarks/coverage.py [--sets N] [--quick] [--only WORD] [--json FILE]``. Each
setting is a test set of three classes, with one to four images of a lesion that are mostly right or
wrong together, and the probabilities of a poor or a good model. Sets are drawn naturally, so that
the number of lesions of each class varies, or with fixed counts; by lesion or by patient, who has
one to six lesions of any class, or one to sixty and a strong effect on all of them (about 25
patients, or eight); whole or in five folds. The true scores are those of a population of 200,000
lesions. Sets in which a class is absent are left out: their means are other scores.

Predictive values, F1, accuracy and some others depend on the shares of the classes. Their intervals
allow for shares that vary from sample to sample, so sets of fixed counts are no test of them, and
these cells are left out. Predictive values and net benefits at a stated prevalence depend on
sensitivity and specificity alone: they are measured for all sets.

Last, two models that are equally good are compared: how often is p below 0.05?
"""

import argparse
import json
from pathlib import Path

import numpy as np
from _common import Stopwatch, describe_run

from skin_lesion.evaluation._decisions.prevalence import make_prevalence_table
from skin_lesion.evaluation._intervals.estimates import Estimates
from skin_lesion.evaluation._intervals.grouped_rows import number_groups
from skin_lesion.evaluation._intervals.parts import Draws, Part, Predictions

N_IN_POPULATION = 200_000
N_BOOTSTRAPS = 200
# How far the logit of the true class lies above the others.
MODELS = {"poor": np.array([1.2, 1.5, 1.8]), "good": np.array([2.6, 2.8, 3.0])}
# About eight patients, or about 25 of more lesions, with most images of a few.
UNEQUAL = {"n_lesions": (30, 60, 150), "model": "poor", "is_natural": True, "patients": (60, 1.2)}
SETTINGS = {
    "3 lesions, natural": {"n_lesions": (3, 30, 120), "model": "poor", "is_natural": True},
    "5 lesions": {"n_lesions": (5, 30, 120), "model": "poor"},
    "10 lesions": {"n_lesions": (10, 60, 150), "model": "poor"},
    "10 lesions, natural": {"n_lesions": (10, 60, 150), "model": "poor", "is_natural": True},
    "30 lesions, natural": {"n_lesions": (30, 60, 150), "model": "poor", "is_natural": True},
    "30 lesions, natural, good": {"n_lesions": (30, 60, 150), "model": "good", "is_natural": True},
    "150 lesions, good": {"n_lesions": (150, 150, 150), "model": "good"},
    "150 lesions, natural, good": {
        "n_lesions": (150, 150, 150),
        "model": "good",
        "is_natural": True,
    },
    "30 lesions, patients": {
        "n_lesions": (30, 60, 150),
        "model": "poor",
        "is_natural": True,
        "patients": (6, 0.5),
    },
    "95 lesions, unequal patients": {**UNEQUAL, "n_lesions": (95, 190, 475)},
    "30 lesions, unequal patients": UNEQUAL,
    "30 lesions, unequal patients, good": {**UNEQUAL, "model": "good"},
    "30 lesions, 5 folds": {
        "n_lesions": (30, 60, 150),
        "model": "poor",
        "is_natural": True,
        "n_folds": 5,
    },
}
RARE = 0
THRESHOLDS = {"threshold 0.1": 0.1, "threshold 0.4": 0.4}
OF_NATURAL_SETS = (
    "accuracy",
    "f1_macro",
    "brier_score",
    "ppv",
    "npv",
    "f1",
    "average_precision",
    "calibration_intercept",
)
COMPARED = ("30 lesions, natural", "95 lesions, unequal patients")
# An interval that few sets have is that of the sets with the most lesions, and not of all.
LEAST_SHARE = 0.5


def simulate(y, model, rng, *, patients=(1, 0.5), n_models=1):
    """Return the predictions of models for images of lesions of the classes y, and their groups.

    Patients have up to so many lesions, and an effect on the logits of such a deviation.
    """
    n_classes = len(MODELS[model])
    most_lesions, effect = patients
    sizes = rng.integers(1, most_lesions + 1, len(y))
    patients = np.repeat(np.arange(len(y)), sizes)[: len(y)]
    lesions = np.repeat(np.arange(len(y)), 1 + rng.binomial(3, 0.25, len(y)))
    shape = (len(lesions), n_classes)
    # Most of what makes an image easy or hard is the lesion's, and in part the patient's.
    common = rng.normal(0, 0.7, (len(y), n_classes))[lesions]
    common += rng.normal(0, effect, (len(y), n_classes))[patients[lesions]]
    y = y[lesions]
    found = []
    for _ in range(n_models):
        logits = common + rng.normal(0, 0.5, (patients.size, n_classes))[lesions]
        logits += rng.normal(0, 0.6, shape)
        logits[np.arange(len(y)), y] += MODELS[model][y]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        seen = np.ones(n_classes, dtype=bool)
        found.append(Predictions(y, p.argmax(axis=1), p, np.arange(n_classes), seen))
    return found, patients[lesions]


def draw_classes(n_lesions, is_natural, rng):
    n_lesions = np.array(n_lesions)
    if is_natural:
        return rng.choice(len(n_lesions), n_lesions.sum(), p=n_lesions / n_lesions.sum())
    return rng.permutation(np.repeat(np.arange(len(n_lesions)), n_lesions))


def split(part, n_folds, rng):
    fold = rng.integers(n_folds, size=part.groups.max() + 1)[part.groups]
    return [part.take(np.flatnonzero(fold == number)) for number in range(n_folds)]


def list_names(estimates, is_natural=True):
    """Return the scores of all classes, and those of the rarest against the rest."""
    return [
        key
        for key in estimates.list_scores()
        if key[1] in (None, RARE) and (is_natural or key[0] not in OF_NATURAL_SETS)
    ]


def at_prevalence(estimates, prevalence):
    """Return predictive values and net benefits at a prevalence, each with its interval."""
    table = make_prevalence_table(estimates, THRESHOLDS, RARE, prevalence)
    limits = table[["value", "low", "high"]].to_numpy()
    return {
        f"{name} at a stated prevalence" + f", {place}" * (place in THRESHOLDS): line
        for (place, name), line in zip(table.index, limits, strict=True)
        if (place in THRESHOLDS) == (name == "net_benefit")
    }


def measure(n_sets, *, n_lesions, model, is_natural=False, patients=(1, 0.5), n_folds=1):
    """Return a line for each score: truth, share of sets with an interval, coverage, width."""
    rng = np.random.default_rng(0)
    shares = np.array(n_lesions) / sum(n_lesions)
    y = rng.choice(len(shares), N_IN_POPULATION, p=shares)
    (population,), groups = simulate(y, model, rng, patients=patients)
    part = Part(population, groups, np.arange(len(groups)))
    whole = Estimates([part], numbers=number_groups([part], most_blocks=2))
    names = list_names(whole, is_natural)
    truth = [whole.find(*name)[1][0] for name in names]
    truth += [line[0] for line in at_prevalence(whole, shares[RARE]).values()]
    limits = []
    while len(limits) < n_sets:
        y = draw_classes(n_lesions, is_natural, rng)
        if len(np.unique(y)) < len(n_lesions):
            continue
        (predictions,), groups = simulate(y, model, rng, patients=patients)
        parts = [Part(predictions, groups, np.arange(len(groups)))]
        if n_folds > 1:
            parts = split(parts[0], n_folds, rng)
        found = Estimates(parts, Draws(N_BOOTSTRAPS, len(limits)))
        others = at_prevalence(found, shares[RARE])
        limits.append([[one.value, one.low, one.high] for one in found.score(names).values()])
        limits[-1] += list(others.values())
    names = [name for name, _ in names] + list(others)
    values, low, high = np.moveaxis(np.array(limits), 2, 0)
    is_given = ~np.isnan(low)
    lines = []
    for place, name in enumerate(names):
        given = is_given[:, place]
        if given.mean() < LEAST_SHARE:
            continue
        below, above = low[given, place], high[given, place]
        value = values[given, place]
        lines.append(
            {
                "score": name,
                "truth": round(float(truth[place]), 4),
                "given": round(float(given.mean()), 3),
                "coverage": round(
                    float(np.mean((below <= truth[place]) & (truth[place] <= above))), 4
                ),
                "width": round(float(np.mean(above - below)), 4),
                "zero_width": int(np.sum(above - below < 1e-9)),
                "outside": int(np.sum((value < below - 1e-9) | (value > above + 1e-9))),
            }
        )
    return lines


def find_false_alarms(n_sets, *, n_lesions, model, is_natural, patients=(1, 0.5)):
    """Return a line for each score: share of sets with p, and share of these with p < 0.05."""
    rng = np.random.default_rng(0)
    p_values = []
    for seed in range(n_sets):
        y = draw_classes(n_lesions, is_natural, rng)
        both, groups = simulate(y, model, rng, patients=patients, n_models=2)
        a, b = (
            Estimates([Part(one, groups, np.arange(len(groups)))], Draws(N_BOOTSTRAPS, seed))
            for one in both
        )
        names = list_names(a)
        p_values.append([line[-1] for line in a.compare(b, names).values()])
    lines = []
    for (name, _), values in zip(names, np.transpose(p_values), strict=True):
        is_given = np.isfinite(values)
        if is_given.mean() > LEAST_SHARE:
            false_alarms = np.mean(values[is_given] < 0.05)
            lines.append(
                {
                    "score": name,
                    "given": round(float(is_given.mean()), 3),
                    "false_alarms": round(float(false_alarms), 4),
                }
            )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=2000, help="number of simulated sets")
    parser.add_argument("--quick", action="store_true", help="100 sets")
    parser.add_argument("--only", default="", help="only settings whose name holds this word")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    arguments = parser.parse_args()
    n_sets = 100 if arguments.quick else arguments.sets
    figures = {
        "sets": n_sets,
        "bootstraps": N_BOOTSTRAPS,
        **describe_run(),
    }
    for name, value in figures.items():
        print(f"{name:>12}  {value}")
    print(f"\nThe standard error of a coverage of 0.95 is {(0.95 * 0.05 / n_sets) ** 0.5:.4f}.")
    figures["coverage"], figures["false_alarms"] = {}, {}
    for setting, options in SETTINGS.items():
        if arguments.only not in setting:
            continue
        stopwatch = Stopwatch()
        figures["coverage"][setting] = measure(n_sets, **options)
        print(f"\n{setting}: {options}, {stopwatch.read()['seconds']:.0f} s")
        print(f"{'score':<48}{'truth':>8}{'given':>8}{'coverage':>10}{'width':>8}")
        for line in figures["coverage"][setting]:
            faults = "".join(
                f"  {line[name]} {name}" for name in ("zero_width", "outside") if line[name]
            )
            mark = "" if 0.93 <= line["coverage"] <= 0.97 else "  *"
            print(
                f"{line['score']:<48}{line['truth']:>8.3f}{line['given']:>8.3f}"
                f"{line['coverage']:>10.3f}{line['width']:>8.3f}{mark}{faults}"
            )
    for setting in COMPARED:
        if arguments.only not in f"compare {setting}":
            continue
        stopwatch = Stopwatch()
        figures["false_alarms"][setting] = find_false_alarms(n_sets, **SETTINGS[setting])
        seconds = stopwatch.read()["seconds"]
        print(f"\nTwo equally good models, compare {setting}, {seconds:.0f} s")
        print(f"{'score':<48}{'given':>8}{'p < 0.05':>10}")
        for line in figures["false_alarms"][setting]:
            print(f"{line['score']:<48}{line['given']:>8.3f}{line['false_alarms']:>10.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
