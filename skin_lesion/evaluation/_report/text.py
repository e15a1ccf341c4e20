"""A report as text, as one table and as JSON; shared parts of its page and model card."""

import json
import math
from decimal import ROUND_FLOOR, Context

import numpy as np
import pandas as pd

from ..._utils.validation.messages import say, say_number
from ...audit import ON_SKIN_TONE, SKIN_TONE
from .._intervals.grouped_rows import LEAST_GROUPS, LEAST_GROUPS_AT_RATE, LEAST_WHERE_FEW_COUNT

TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "F1, mean over classes",
    "roc_auc_ovr": "AUC, mean over classes",
    "brier_score": "Brier score (0 is best)",
    "expected_calibration_error": "calibration error (0 is best)",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
    "f1": "F1",
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "partial_auc": "partial AUC, ISIC 2024 (to 0.2)",
    "auc_above_80_sensitivity": "AUC above 80% sensitivity, ISIC 2018",
    "sensitivity_at_90_specificity": "sensitivity at 90% specificity",
    "specificity_at_90_sensitivity": "specificity at 90% sensitivity",
    "calibration_intercept": "calibration intercept (0 is best)",
    "calibration_slope": "calibration slope (1 is best)",
    "net_benefit": "net benefit",
}
_COLUMNS = ["value", "low", "high", "groups"]
_MORE_COLUMNS = ["threshold", "prevalence", "deviation", "run_deviation"]
WARNING = "This is research software. It is not a medical device and must not be used to diagnose."

ON_NET_BENEFIT = (
    "Net benefit takes the threshold as a risk, so it holds only for probabilities that are"
    " calibrated at the same prevalence. Set the prior of the model before you choose thresholds."
)
_ON_SLICES = (
    "Differences are between the images of a slice and all other images. Balanced accuracy averages"
    " over the classes in a slice, and has no difference if the other images have other classes."
    " Slices with fewer than 30 groups are marked (few): their intervals say little. A score may"
    " rest on fewer groups than its slice has: sensitivity on those of its class. Among many slices"
    " some differ by chance."
)
_DEVIATIONS = {"deviation": "deviation over folds", "run_deviation": "deviation over fits"}
_METHODS = (
    "Sensitivity, specificity, predictive values, accuracy and F1: Wilson or exact intervals. Means"
    " over classes and net benefit: combined from the intervals of their parts. AUC, average"
    " precision, partial AUC, Brier score, calibration intercept and slope: jackknife with a t"
    " distribution."
)


def describe_data(report):
    """Return a line that describes the evaluated data."""
    text = (
        f"{say(report.n_images, 'image')}, {say(report.n_groups, 'group')},"
        f" {say(len(report.class_counts), 'class')}"
    )
    return text if report.positive is None else f"{text}; positive class: {report.positive}"


def describe_intervals(report):
    """Return a short explanation of the intervals."""
    unit = "lesions or patients (groups), each with all its images"
    if not report.has_groups:
        unit = "images. No groups were given: several images of one lesion make them too narrow"
    text = (
        f"Confidence intervals (95%) are over {unit}. They show how scores vary between samples of"
        " the same population, class frequencies included. They do not include run-to-run training"
        " variability."
    )
    if report.n_fits > 1:
        text += (
            f" The deviation over the {report.n_fits} fits shows it. Scores are means over the"
            " fits. Predictions, curves, errors, baselines and slices are those of the first fit."
        )
    if report.n_folds > 1:
        text = (
            f"Scores are means over {report.n_folds} folds. Curves, confusion matrix,"
            " classification report, errors, slices, and calibration intercept and slope use the"
            f" pooled predictions of all folds. {text} The folds share training images, so the"
            " deviations over folds do not include training variability either."
        )
    return text


def describe_methods(report):
    """Return a short description of the methods, and of scores without intervals."""
    return (
        f"{_METHODS} Scores at 80% or 90% sensitivity or specificity: {report.n_bootstraps}"
        f" bootstraps (random_state={report.random_state}). The column groups has the number of"
        " groups in the denominator of a score, or in its smaller class. The calibration error has"
        f" no interval. With fewer than {LEAST_GROUPS} groups, only rates, F1, their means, AUC"
        f" and net benefit have intervals. The partial AUC needs {LEAST_WHERE_FEW_COUNT} groups,"
        " and the Brier score as many independent images. Scores at a given sensitivity or"
        f" specificity need {LEAST_GROUPS_AT_RATE} groups in each fold."
    )


def describe_slices(report):
    """Return a short explanation of the slices."""
    is_estimated = report.slices is not None and SKIN_TONE in report.slices.index.unique("column")
    return f"{_ON_SLICES} {ON_SKIN_TONE}" if is_estimated else _ON_SLICES


def say_score(line):
    """Return a value with its interval, from a row of a table."""
    if np.isnan(line["value"]):
        return "undefined"
    value, low, high = (say_number(line[name]) for name in ("value", "low", "high"))
    if np.isnan(line["low"]):
        return f"{value} (no interval)"
    return f"{value} ({low} to {high})"


def say_scores(table):
    """Return a table of scores as text, with readable names."""
    words = {"value (95% interval)": [say_score(line) for _, line in table.iterrows()]}
    for name in ("groups", *_DEVIATIONS):
        if name in table:
            form = "{:.0f}".format if name == "groups" else say_number
            words[_DEVIATIONS.get(name, name)] = table[name].map(form).to_numpy()
    index = pd.Index([TITLES.get(name, name) for name in table.index], name="score")
    return pd.DataFrame(words, index=index)


def spread_scores(table):
    """Return a table of text with a row for each first level of the index, and its threshold."""
    words = {}
    for (name, score), line in table.iterrows():
        words.setdefault(name, {})[TITLES.get(score, score)] = say_score(line)
    index = pd.Index(list(words), name=table.index.names[0])
    wide = pd.DataFrame(list(words.values()), index=index).fillna("")
    if "threshold" in table:
        thresholds = table["threshold"].groupby(level=0, sort=False).first()
        wide.insert(0, "threshold", thresholds.map(_say_threshold))
    return wide


def _say_threshold(threshold):
    if threshold > 1:  # no probability reaches it
        return "above 1"
    # Rounded down: a reader who types the number still finds the image that set the threshold.
    # Nine digits show how far a threshold of saturated probabilities is from 1.
    to_digits = Context(4 if threshold < 0.999 else 9, ROUND_FLOOR)
    return f"{float(to_digits.create_decimal(repr(float(threshold)))):.9g}"


def spread_slices(slices):
    """Return the slices as a table of text: all scores, then all differences."""
    words = slices[["images", "groups", "classes"]].assign(groups=mark_few(slices))
    names = [name for name in TITLES if name in slices]
    for prefix, suffix in (("", ""), ("difference in ", "_difference")):
        for name in names:
            words[f"{prefix}{TITLES[name]}"] = [
                _say_of_slice(line, f"{name}{suffix}") for _, line in slices.iterrows()
            ]
    return words


def mark_few(counts):
    """Return the numbers of groups as text, with small numbers marked."""
    return counts["groups"].astype(str) + np.where(counts["few"], " (few)", "")


def spread_tables(report):
    """Yield the name, title and text of the tables that not every report has."""
    for name, title, spread in (
        ("operating_points", "Operating points", spread_scores),
        ("at_prevalence", f"At a prevalence of {report.prevalence or 0:g}", spread_scores),
        ("baselines", "Shortcut baselines", spread_scores),
        ("slices", "Slices: scores of subgroups", spread_slices),
    ):
        table = getattr(report, name)
        if table is not None:
            yield name, title, spread(table)


def summarise(report):
    """Return the report as text."""
    lines = [f"Report on {describe_data(report)}", WARNING]
    lines += [*(f"Note: {note}" for note in report.notes), "", report.classification_report]
    lines += _indent("Scores", say_scores(report.scores))
    if report.positive is not None:
        of_positive = report.class_scores.loc[report.positive]
        lines += _indent(f"{report.positive} against the rest", say_scores(of_positive))
    for name, title, words in spread_tables(report):
        if name == "slices":  # shortened below
            continue
        lines += ["", title]
        for key, line in words.iterrows():
            scores = ", ".join(f"{score} {text}" for score, text in line[line != ""].items())
            lines.append(f"  {key}: {scores}")
    if report.slices is not None:
        lines += ["", "Slices", describe_slices(report)]
        for (column, value), line in report.slices.iterrows():
            few = ", few groups" if line["few"] else ""
            lines.append(
                f"  {column} = {value}: balanced accuracy"
                f" {_say_of_slice(line, 'balanced_accuracy')},"
                f" {say(line['images'], 'image')}{few}"
            )
    lines += ["", describe_intervals(report), describe_methods(report)]
    lines += [f"Not reported: {what}: {why}." for what, why in report.left_out.items()]
    return "\n".join(lines)


def _say_of_slice(line, name):
    columns = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
    return say_score({key: line.get(column, np.nan) for key, column in columns.items()})


def _indent(title, words):
    return ["", title, *(f"  {line}" for line in words.rename_axis(None).to_string().splitlines())]


def lengthen_tables(report):
    """Return all scores as one table, with a row for each."""
    at_prevalence = report.at_prevalence
    if at_prevalence is not None:
        at_prevalence = at_prevalence.assign(prevalence=report.prevalence)
    tables = {
        "scores": report.scores,
        "classes": report.class_scores,
        "operating points": report.operating_points,
        "prevalence": at_prevalence,
        "baselines": report.baselines,
    }
    parts = [_lengthen(name, table) for name, table in tables.items() if table is not None]
    if report.slices is not None:
        parts.append(_lengthen_slices(report.slices))
    return pd.concat(parts, ignore_index=True)


def render_json(report):
    """Return the report as JSON."""
    content = {
        "data": describe_data(report),
        "intervals": describe_intervals(report),
        "images": report.n_images,
        "groups": report.n_groups,
        "folds": report.n_folds,
        "fits": report.n_fits,
        "bootstraps": report.n_bootstraps,
        "random_state": report.random_state,
        "positive": report.positive,
        "notes": report.notes,
        "left_out": report.left_out,
        "classes": _to_records(report.class_counts.reset_index()),
        "participant_flow": _to_records(report.participant_flow.reset_index()),
        "confusion_matrix": {
            str(label): {str(name): int(count) for name, count in row.items()}
            for label, row in report.confusion_matrix.iterrows()
        },
        "scores": _to_records(lengthen_tables(report)),
        "errors": _to_records(report.errors),
    }
    return to_json_text(content)


def to_json_text(content):
    """Return JSON that any parser reads: undefined and infinite numbers are null."""
    return json.dumps(_to_plain(content), indent=2, allow_nan=False)


def _to_plain(value):
    if isinstance(value, dict):
        return {name: _to_plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _lengthen(section, table):
    columns = [*_COLUMNS, *(name for name in _MORE_COLUMNS if name in table)]
    long = table[columns].reset_index()
    if table.index.nlevels == 1:
        long.insert(0, "name", "all")
    long.columns = ["name", "score", *columns]
    long.insert(0, "section", section)
    return long


def _lengthen_slices(slices):
    lines = []
    for (column, value), line in slices.iterrows():
        for name in [name.removesuffix("_low") for name in slices if name.endswith("_low")]:
            found = line[[name, f"{name}_low", f"{name}_high", f"{name}_groups"]]
            lines.append(["slices", f"{column} = {value}", name, *found])
    long = pd.DataFrame(lines, columns=["section", "name", "score", *_COLUMNS])
    return long.fillna({"groups": 0}).astype({"groups": int})


def _to_records(table):
    table = table.astype(object)
    return table.where(table.notna(), None).to_dict(orient="records")
