"""Judge the model on the test set, in words and numbers."""

import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version

import joblib
import numpy as np
from sklearn.metrics import classification_report

from ..._utils.whole_files import new_file, write_text
from ...audit import TITLES
from ...evaluation import (
    CONFIDENCE,
    Draws,
    EvaluationReport,
    Part,
    evaluate,
    make_short_table,
    number_predictions,
)
from .search import POSITIVE

N_BOOTSTRAPS = 2000
SCORES = ("balanced accuracy", "accuracy")
PACKAGES = ("skin_lesion", "scikit-learn", "imbalanced-learn", "scikeras", "keras", "numpy")


@dataclass
class Judgement:
    """Predictions for the test set, and what they are worth."""

    probabilities: np.ndarray
    predicted: np.ndarray
    classes: np.ndarray
    report: EvaluationReport
    text: str
    numbers: dict


def judge(cleaned, fitted, predicted_with_faults, arguments):
    """Return the judgement of a fitted search on the test side.

    `predicted_with_faults` is what the same model predicts for the test side of `cleaned.faulty`
    after a fit with the faults; None where there are none.
    """
    data = cleaned.used
    X, y, groups = data.part(is_test=True)
    X_train, y_train, groups_train = data.part(is_test=False)
    report = evaluate(
        fitted,
        X,
        y,
        groups=groups,
        frame=data.frame[data.is_test],
        positive=POSITIVE if POSITIVE in fitted.classes_ else None,
        X_train=X_train,
        y_train=y_train,
        groups_train=groups_train,
        n_bootstraps=N_BOOTSTRAPS,
        random_state=arguments.random_state,
    )
    probabilities, predicted = report.probabilities, report.predicted
    cnn = fitted.best_estimator_["cnn"]
    numbers = {
        "audit": _audit(cleaned),
        "data": {"root": str(arguments.root), "split": data.split, "counts": _counts(data)},
        "search": _search_results(fitted),
        "training": {"epochs": cnn.n_iter_, "best_epoch": cnn.best_epoch_},
        "scores": _to_numbers(report.scores, len(np.unique(groups))),
        "with_faults": _judge_with_faults(cleaned.faulty, predicted_with_faults, arguments),
        "classification_report": classification_report(
            y, predicted, output_dict=True, zero_division=0
        ),
        "random_state": arguments.random_state,
        "versions": {name: version(name) for name in PACKAGES},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
    }
    return Judgement(
        probabilities,
        predicted,
        fitted.classes_,
        report,
        _to_text(data, numbers, report),
        numbers,
    )


def write_report(judgement, model, output):
    """Write report.txt, report.json, the page report.html, model_card.md and model.joblib."""
    write_text(output / "report.txt", judgement.text + "\n")
    write_text(output / "report.json", json.dumps(judgement.numbers, indent=2))
    judgement.report.to_html(output / "report.html")
    judgement.report.to_model_card(output / "model_card.md")
    with new_file(output / "model.joblib") as unfinished:
        joblib.dump(model, unfinished)


def _audit(cleaned):
    audit = cleaned.audit
    return {
        "findings": {
            name: None if name in audit.not_checked else len(getattr(audit, name))
            for name in TITLES
        },
        "shortcuts": audit.shortcuts.reset_index().to_dict(orient="records"),
        "left_out": {reason: int(n) for reason, n in cleaned.left_out.items()},
    }


def _judge_with_faults(faulty, predicted, arguments):
    if faulty is None:
        return None
    _, y, groups = faulty.part(is_test=True)
    predictions = number_predictions(np.unique(faulty.y), y, predicted, None)
    scores = make_short_table(
        Part(predictions, groups, np.arange(len(y))),
        Draws(N_BOOTSTRAPS, arguments.random_state),
        positive=None,
    )
    return {
        "split": faulty.split,
        "n_train": int((~faulty.is_test).sum()),
        "n_test": len(y),
        "scores": _to_numbers(scores, len(np.unique(groups))),
    }


def _counts(data):
    return {
        name: {side: int(count) for side, count in row.items()}
        for name, row in data.counts().iterrows()
    }


def _search_results(fitted):
    results = fitted.cv_results_
    candidates = [
        {
            "parameters": {name: repr(value) for name, value in parameters.items()},
            "balanced_accuracy": float(mean),
            "standard_deviation": float(deviation),
        }
        for parameters, mean, deviation in zip(
            results["params"],
            results["mean_test_balanced_accuracy"],
            results["std_test_balanced_accuracy"],
            strict=True,
        )
    ]
    return {"candidates": candidates, "best": candidates[fitted.best_index_]["parameters"]}


def _to_numbers(scores, n_groups):
    """Return the scores that are printed, out of a table of them."""
    numbers = {}
    for name in SCORES:
        value, low, high = scores.loc[name.replace(" ", "_"), ["value", "low", "high"]].tolist()
        numbers[name] = {
            "value": value,
            "interval": [low, high],
            "confidence": CONFIDENCE,
            "resampled_groups": n_groups,
        }
    return numbers


def _describe_scores(scores):
    lines = []
    for name, score in scores.items():
        low, high = score["interval"]
        lines.append(
            f"{name:>18}  {score['value']:.3f}  (95% interval {low:.3f} to {high:.3f}, bootstrap"
            f" over {score['resampled_groups']} groups)"
        )
    return lines


def _to_text(data, numbers, report):
    lines = ["", "Cross-validated balanced accuracy (mean, standard deviation over folds)"]
    for candidate in numbers["search"]["candidates"]:
        parameters = ", ".join(f"{name}={value}" for name, value in candidate["parameters"].items())
        lines.append(
            f"  {candidate['balanced_accuracy']:.3f}  {candidate['standard_deviation']:.3f}"
            f"  {parameters}"
        )
    training = numbers["training"]
    lines += [
        f"Refit on all training images: kept epoch {training['best_epoch']}/{training['epochs']}.",
        "",
        f"Test set: {report.n_images} images. Split: {data.split}.",
        "",
        report.classification_report,
    ]
    lines += _describe_scores(numbers["scores"])
    with_faults = numbers["with_faults"]
    if with_faults is not None:
        lines.append(
            f"\nThe same parameters with the faults: {with_faults['n_train']} training and"
            f" {with_faults['n_test']} test images, {with_faults['split']}."
        )
        lines += _describe_scores(with_faults["scores"])
    lines.append(f"\nrandom_state={numbers['random_state']}; {numbers['machine']}")
    lines.append(", ".join(f"{name} {number}" for name, number in numbers["versions"].items()))
    return "\n".join(lines)
