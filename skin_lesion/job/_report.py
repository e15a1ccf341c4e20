"""Judge the model on the test set, in words and numbers."""

import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version

import joblib
import numpy as np
from sklearn.metrics import accuracy_score, balanced_accuracy_score, classification_report

from ..audit._summary import TITLES
from ..evaluation._bootstrap import bootstrap_interval

PACKAGES = ("skin_lesion", "scikit-learn", "imbalanced-learn", "scikeras", "keras", "numpy")


@dataclass
class Judgement:
    """Predictions for the test set, and what they are worth."""

    probabilities: np.ndarray
    predicted: np.ndarray
    classes: np.ndarray
    text: str
    numbers: dict


def judge(cleaned, fitted, predicted_with_faults, arguments):
    """Return the judgement of a fitted search on the test side.

    `predicted_with_faults` is what the same model predicts for the test side of `cleaned.faulty`
    after a fit with the faults; None where there are none.
    """
    data = cleaned.used
    X, y, groups = data.part(is_test=True)
    probabilities = fitted.predict_proba(X)
    predicted = fitted.classes_[probabilities.argmax(axis=1)]
    cnn = fitted.best_estimator_["cnn"]
    numbers = {
        "audit": _audit(cleaned),
        "data": {"root": str(arguments.root), "split": data.split, "counts": _counts(data)},
        "search": _search_results(fitted),
        "training": {"epochs": cnn.n_iter_, "best_epoch": cnn.best_epoch_},
        "scores": _scores(y, predicted, groups, arguments.random_state),
        "with_faults": _judge_with_faults(cleaned.faulty, predicted_with_faults, arguments),
        "classification_report": classification_report(
            y, predicted, output_dict=True, zero_division=0
        ),
        "random_state": arguments.random_state,
        "versions": {name: version(name) for name in PACKAGES},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
    }
    return Judgement(
        probabilities, predicted, fitted.classes_, _to_text(data, numbers, y, predicted), numbers
    )


def write_report(judgement, model, output):
    """Write report.txt, report.json and model.joblib."""
    (output / "report.txt").write_text(judgement.text + "\n", encoding="utf-8")
    (output / "report.json").write_text(json.dumps(judgement.numbers, indent=2), encoding="utf-8")
    joblib.dump(model, output / "model.joblib")


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
    return {
        "split": faulty.split,
        "n_train": int((~faulty.is_test).sum()),
        "n_test": len(y),
        "scores": _scores(y, predicted, groups, arguments.random_state),
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
            results["params"], results["mean_test_score"], results["std_test_score"], strict=True
        )
    ]
    return {"candidates": candidates, "best": candidates[fitted.best_index_]["parameters"]}


def _scores(y, predicted, groups, random_state):
    return {
        name: _score(metric, y, predicted, groups, random_state)
        for name, metric in (
            ("balanced accuracy", balanced_accuracy_score),
            ("accuracy", accuracy_score),
        )
    }


def _score(metric, y, predicted, groups, random_state):
    low, high = bootstrap_interval(metric, y, predicted, groups, random_state=random_state)
    return {
        "value": float(metric(y, predicted)),
        "interval": [low, high],
        "confidence": 0.95,
        "resampled_groups": len(np.unique(groups)),
    }


def _describe_scores(scores):
    lines = []
    for name, score in scores.items():
        low, high = score["interval"]
        lines.append(
            f"{name:>18}  {score['value']:.3f}  (95% interval {low:.3f} to {high:.3f}, bootstrap"
            f" over {score['resampled_groups']} groups)"
        )
    return lines


def _to_text(data, numbers, y, predicted):
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
        f"Test set: {len(y)} images. Split: {data.split}.",
        "",
        classification_report(y, predicted, zero_division=0, digits=3),
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
