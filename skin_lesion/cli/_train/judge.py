"""Judge the model on the test set: the report of `evaluate`, and how the job came to it."""

import json
import os
import platform
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..._utils.atomic_writing import write_csv, write_text
from ..._utils.validation.messages import say_number
from ...audit import TITLES, say
from ...evaluation import (
    WARNING,
    EvaluationReport,
    evaluate,
    say_score,
    summarise,
    to_json_text,
)
from .._data import find_positive, note_melanomas, note_without_id, say_groups
from .._options import report_in_options
from .._output import CARD, seal_card
from .._tables.predictions import make_table
from .network import networks_of

N_BOOTSTRAPS = 2000
_UNKNOWN_LESIONS = (
    "Lesions and patients are unknown: the groups are images with equal contents. Several images of"
    " one lesion make the intervals too narrow."
)
_POINTER = (
    'The last section, "How the model was made", has what the command knows of the data, the'
    " exclusions and the training."
)
# A repr breaks long text at spaces.
_BROKEN_TEXT = re.compile(r"""(?<= )(['"]) \1""")
# Among the parameters of a network.
_FOLDER_OF_WEIGHTS = re.compile(r"""(?<=\bweights=)(['"])((?!\1).)*[/\\]""")
PACKAGES = ("skin_lesion", "scikit-learn", "imbalanced-learn", "scikeras", "keras", "numpy")


@dataclass
class Judgement:
    """The report on the test set, and what else a reader of the job needs.

    Attributes
    ----------
    report : EvaluationReport

    short : list of str
        Lines for the terminal.

    text : str
        The search, the report's own summary, and the comparison with the faults.

    numbers : dict
        The same for programs: what `EvaluationReport.to_json` gives, as `report`, beside the rest.
    """

    report: EvaluationReport
    short: list
    text: str
    numbers: dict


def judge(cleaned, model, results, on_faults, unlike, plan, arguments):
    """Return the judgement of a fitted model on the test side.

    `on_faults` is the same model after a fit on `cleaned.faulty`, or None.
    """
    data = cleaned.used
    X_train, y_train, groups_train = data.part(is_test=False)
    report = _evaluate(
        model,
        data,
        arguments,
        frame=data.subgroups[data.is_test],
        positive=find_positive(model.classes_),
        X_train=X_train,
        y_train=y_train,
        groups_train=groups_train,
    )
    report.notes += note_melanomas(model.classes_)
    if data.knows_lesions:
        report.notes += note_without_id(data.has_id[data.is_test])
    else:
        report.notes.append(_UNKNOWN_LESIONS)
    report = report_in_options(report)
    with_faults = None
    if on_faults is not None:
        with_faults = _evaluate(on_faults, cleaned.faulty, arguments)
    numbers = {
        "report": json.loads(report.to_json()),
        "with_faults": with_faults
        and {
            "split": cleaned.faulty.split,
            "n_train": int((~cleaned.faulty.is_test).sum()),
            "report": json.loads(with_faults.to_json()),
        },
        "audit": _audit(cleaned),
        "data": {
            "root": arguments.root and str(arguments.root),
            "table": arguments.table and str(arguments.table),
            "split": data.split,
            "counts": _counts(data),
        },
        "search": {
            "preset": plan.searched_preset if results else None,
            "folds": plan.n_folds if results else None,
            "candidates": results,
        },
        "preset": plan.final_preset,
        "training": [
            {
                "architecture": getattr(
                    network.architecture, "name", type(network.architecture).__name__
                ),
                "network": repr(network),
                "epochs": network.n_iter_,
                "best_epoch": network.best_epoch_,
            }
            for network in networks_of(model)
        ],
        "unlike_training": {
            "limit": unlike.limit,
            "false_marks": unlike.false_marks,
        },
        "versions": {name: version(name) for name in PACKAGES},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
    }
    short = _shorten(report, with_faults, numbers["search"], data.knows_lesions)
    return Judgement(report, short, _to_text(numbers, report, with_faults), numbers)


def write_report(judgement, model, data, output):
    """Write the report as text, JSON, page and model card, and the predictions as a table."""
    write_text(output / "report.txt", judgement.text + "\n")
    write_text(output / "report.json", to_json_text(judgement.numbers))
    judgement.report.to_html(output / "report.html")
    card = judgement.report.to_model_card(output / CARD)
    text = card.read_text(encoding="utf-8")
    text = text.replace(f"**{WARNING}**", f"**{WARNING}**\n\n{_POINTER}", 1)
    write_text(card, text + _describe_job(judgement.numbers))
    seal_card(output)
    X, y, _ = data.part(is_test=True)
    table = make_table(X, judgement.report.probabilities, model.classes_)
    table.insert(1, "class", y)
    write_csv(table, output / "predictions.csv", index=False)


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


def _describe_job(numbers):
    """Return what the job knows as a last section of the model card."""
    left_out = numbers["audit"]["left_out"] or {"nothing": 0}
    data = numbers["data"]
    named = data["table"], data["root"]
    lines = [
        # By name: a card is published, and a path names its user.
        "Data: " + " and ".join(Path(os.path.abspath(path)).name for path in named if path),
        f"Split: {data['split']}. The manifest is split.csv.",
        "Excluded by the audit: " + ", ".join(f"{why} ({n})" for why, n in left_out.items()) + ".",
        *(
            f"Trained, with preset {numbers['preset']}: {line['architecture']},"
            f" `{' '.join(line['network'].split())}`"
            for line in numbers["training"]
        ),
        *(
            f"Cross-validated: {line['name']} ({say_search(numbers['search'])}): balanced accuracy"
            f" {say_number(line['balanced_accuracy'])}, standard deviation over folds"
            f" {say_number(line['standard_deviation'])}"
            for line in numbers["search"]["candidates"]
        ),
        "Software: "
        + ", ".join(f"{name} {number}" for name, number in numbers["versions"].items()),
    ]
    text = "\n".join("- " + _hide_folder(line) for line in lines)
    return f"\n## How the model was made\n\n{text}\n"


def _hide_folder(line):
    return _FOLDER_OF_WEIGHTS.sub(r"\1", _BROKEN_TEXT.sub("", line))


def say_search(search):
    """Return how the candidates were cross-validated."""
    return f"preset {search['preset']}, {search['folds']} folds"


def _shorten(report, with_faults, search, knows_lesions):
    """Return what a terminal shows of a report."""
    lines = []
    if search["candidates"]:
        best = max(search["candidates"], key=lambda line: line["balanced_accuracy"])
        lines.append(
            f"Cross-validated balanced accuracy of {best['name']} ({say_search(search)}):"
            f" {say_number(best['balanced_accuracy'])} (standard deviation over the folds"
            f" {say_number(best['standard_deviation'])})"
        )
    test_set = f"Test set: {say(report.n_images, 'image')}"
    if knows_lesions:
        lines.append(f"{test_set} of {say_groups(report.n_groups)}")
    else:
        lines.append(f"{test_set}; lesions and patients unknown: intervals may be too narrow")
    lines += [f"Note: {note}" for note in report.notes if note != _UNKNOWN_LESIONS]
    lines += [line for line in report.classification_report.splitlines() if line.strip()]
    lines.append("Scores on the test set, with 95% intervals")
    scores = {
        "balanced accuracy": report.scores.loc["balanced_accuracy"],
        "AUC, mean over classes": report.scores.loc["roc_auc_ovr"],
    }
    if report.positive is not None:
        of_positive = report.class_scores.loc[report.positive]
        scores[f"sensitivity for {report.positive}"] = of_positive.loc["sensitivity"]
        scores[f"specificity for {report.positive}"] = of_positive.loc["specificity"]
        scores[f"AUC for {report.positive}"] = of_positive.loc["roc_auc"]
    if report.baselines is not None:
        for name in report.baselines.index.get_level_values(0).unique()[1:]:
            line = report.baselines.loc[(name, "balanced_accuracy")]
            scores[f"balanced accuracy of the baseline: {name}"] = line
    if with_faults is not None:
        line = with_faults.scores.loc["balanced_accuracy"]
        scores["balanced accuracy, trained and tested with the faults"] = line
    width = max(map(len, scores))
    return lines + [f"  {name:<{width}}  {say_score(line)}" for name, line in scores.items()]


def _to_text(numbers, report, with_faults):
    lines = []
    if numbers["search"]["candidates"]:
        how = say_search(numbers["search"])
        lines += [f"Cross-validated balanced accuracy (mean, standard deviation over folds), {how}"]
    for candidate in numbers["search"]["candidates"]:
        lines.append(
            f"  {say_number(candidate['balanced_accuracy'])}"
            f"  {say_number(candidate['standard_deviation'])}  {candidate['name']}"
        )
    for training in numbers["training"]:
        lines.append(
            f"Fitted to all training images. Best epoch: {training['best_epoch']} of"
            f" {training['epochs']}."
        )
    lines += [
        "",
        f"Test set: {say(report.n_images, 'image')}. Split: {numbers['data']['split']}.",
        summarise(report),
    ]
    if with_faults is not None:
        faulty = numbers["with_faults"]
        score = with_faults.scores.loc["balanced_accuracy"]
        lines.append(
            f"\nThe same parameters with the faults: {faulty['n_train']} training and"
            f" {say(with_faults.n_images, 'test image')}, {faulty['split']}."
        )
        lines.append(f"  balanced accuracy  {say_score(score)}")
    lines.append(f"\nrandom_state={report.random_state}; {numbers['machine']}")
    lines.append(", ".join(f"{name} {number}" for name, number in numbers["versions"].items()))
    return "\n".join(lines)
