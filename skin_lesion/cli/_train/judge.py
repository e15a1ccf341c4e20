"""Judge the model on the test set: the report of `evaluate`, and how the job came to it."""

import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version

import joblib

from ..._utils.atomic_writing import new_file, write_text
from ...audit import TITLES
from ...evaluation import EvaluationReport, evaluate, say_score, summarise
from .search import POSITIVE

N_BOOTSTRAPS = 2000
PACKAGES = ("skin_lesion", "scikit-learn", "imbalanced-learn", "scikeras", "keras", "numpy")


@dataclass
class Judgement:
    """The report on the test set, and what else a reader of the job needs.

    Attributes
    ----------
    report : EvaluationReport

    text : str
        The search, the report's own summary, and the comparison with the faults.

    numbers : dict
        The same for programs: what `EvaluationReport.to_json` gives, as `report`, beside the rest.
    """

    report: EvaluationReport
    text: str
    numbers: dict


def judge(cleaned, fitted, fitted_on_faults, arguments):
    """Return the judgement of a fitted search on the test side.

    `fitted_on_faults` is the same model after a fit on `cleaned.faulty`; None where there are no
    faults.
    """
    data = cleaned.used
    X_train, y_train, groups_train = data.part(is_test=False)
    report = _evaluate(
        fitted,
        data,
        arguments,
        frame=data.frame[data.is_test],
        positive=POSITIVE if POSITIVE in fitted.classes_ else None,
        X_train=X_train,
        y_train=y_train,
        groups_train=groups_train,
    )
    with_faults = None
    if fitted_on_faults is not None:
        with_faults = _evaluate(fitted_on_faults, cleaned.faulty, arguments)
    cnn = fitted.best_estimator_["cnn"]
    numbers = {
        "report": json.loads(report.to_json()),
        "with_faults": with_faults
        and {
            "split": cleaned.faulty.split,
            "n_train": int((~cleaned.faulty.is_test).sum()),
            "report": json.loads(with_faults.to_json()),
        },
        "audit": _audit(cleaned),
        "data": {"root": str(arguments.root), "split": data.split, "counts": _counts(data)},
        "search": _search_results(fitted),
        "training": {"epochs": cnn.n_iter_, "best_epoch": cnn.best_epoch_},
        "versions": {name: version(name) for name in PACKAGES},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
    }
    return Judgement(report, _to_text(numbers, report, with_faults), numbers)


def write_report(judgement, model, output):
    """Write report.txt, report.json, the page report.html, model_card.md and model.joblib."""
    write_text(output / "report.txt", judgement.text + "\n")
    write_text(output / "report.json", json.dumps(judgement.numbers, indent=2))
    judgement.report.to_html(output / "report.html")
    judgement.report.to_model_card(output / "model_card.md")
    with new_file(output / "model.joblib") as unfinished:
        joblib.dump(model, unfinished)


def _evaluate(model, data, arguments, **options):
    X, y, groups = data.part(is_test=True)
    return evaluate(
        model,
        X,
        y,
        groups=groups,
        n_bootstraps=N_BOOTSTRAPS,
        random_state=arguments.random_state,
        **options,
    )


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


def _to_text(numbers, report, with_faults):
    lines = ["", "Cross-validated balanced accuracy (mean, standard deviation over folds)"]
    for candidate in numbers["search"]["candidates"]:
        parameters = ", ".join(f"{name}={value}" for name, value in candidate["parameters"].items())
        lines.append(
            f"  {candidate['balanced_accuracy']:.3f}  {candidate['standard_deviation']:.3f}"
            f"  {parameters}"
        )
    training = numbers["training"]
    best_epoch, epochs = training["best_epoch"], training["epochs"]
    lines += [
        f"Refit on all training images. Best epoch: {best_epoch} of {epochs}.",
        "",
        f"Test set: {report.n_images} images. Split: {numbers['data']['split']}.",
        summarise(report),
    ]
    if with_faults is not None:
        faulty = numbers["with_faults"]
        score = with_faults.scores.loc["balanced_accuracy"]
        lines.append(
            f"\nThe same parameters with the faults: {faulty['n_train']} training and"
            f" {with_faults.n_images} test images, {faulty['split']}."
        )
        lines.append(f"  balanced accuracy  {say_score(score)}")
    lines.append(f"\nrandom_state={report.random_state}; {numbers['machine']}")
    lines.append(", ".join(f"{name} {number}" for name, number in numbers["versions"].items()))
    return "\n".join(lines)
