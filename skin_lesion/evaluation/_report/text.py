"""A report in words: what its text, its page and its model card share."""

import numpy as np
import pandas as pd

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
    "net_benefit": "net benefit",
}
WARNING = "This is research software. It is not a medical device and must not be used to diagnose."


def describe_data(report):
    """Return in a line what was judged."""
    text = f"{report.n_images} images, {report.n_groups} groups, {len(report.class_counts)} classes"
    return text if report.positive is None else f"{text}; positive class: {report.positive}"


def describe_intervals(report):
    """Return in a few sentences what the intervals mean."""
    what = (
        "lesions or patients (groups), each with all its images,"
        if report.has_groups
        else "images (no groups were given: photographs of one lesion make them too narrow),"
    )
    text = (
        f"Intervals hold 95%, from {report.n_bootstraps} bootstraps that draw {what} class by class"
        f" (random_state={report.random_state}). They do not include run-to-run"
        " training variability."
    )
    if report.n_folds > 1:
        text = (
            f"Values are means over {report.n_folds} folds. {text} The folds share training images,"
            " so that neither the intervals nor the deviations over folds hold the training"
            " variance."
        )
    return text


def say_score(line):
    """Return a value with its interval, from a row of a table."""
    if np.isnan(line["value"]):
        return "undefined"
    if np.isnan(line["low"]):
        return f"{line['value']:.3f} (no interval)"
    return f"{line['value']:.3f} ({line['low']:.3f} to {line['high']:.3f})"


def say_scores(table):
    """Return a Series of a table's values in words, its index in words, too."""
    words = [say_score(line) for _, line in table.iterrows()]
    return pd.Series(words, index=[TITLES.get(name, name) for name in table.index], dtype=object)


def spread_scores(table):
    """Return a table of words with a line for each first level of the index."""
    words = {}
    for (name, score), line in table.iterrows():
        words.setdefault(name, {})[TITLES.get(score, score)] = say_score(line)
    index = pd.Index(list(words), name=table.index.names[0])
    return pd.DataFrame(list(words.values()), index=index)


def spread_slices(slices):
    """Return the slices as a table of words."""
    names = [name for name in TITLES if name in slices]
    words = slices[["images", "groups", "classes"]].copy()
    for name in names:
        words[TITLES[name]] = [_say_of_slice(line, name) for _, line in slices.iterrows()]
    lone = np.where(slices["lone"], "a class of one group", "")
    words["note"] = np.where(slices["few"], "few groups", lone)
    return words


def spread_operating_points(table):
    """Return the operating points as a table of words, with their thresholds."""
    wide = spread_scores(table)
    thresholds = table["threshold"].groupby(level=0, sort=False).first()
    wide.insert(0, "threshold", thresholds.map("{:.4f}".format))
    return wide


def say_prevalence(report):
    """Return the title of the scores at a stated prevalence."""
    return None if report.prevalence is None else f"At a prevalence of {report.prevalence:g}"


def summarise(report):
    """Return a page of text."""
    lines = [f"Report on {describe_data(report)}", WARNING, "", report.classification_report]
    lines += _indent("Scores (95% interval)", say_scores(report.scores))
    if report.positive is not None:
        of_positive = report.class_scores.loc[report.positive]
        lines += _indent(f"{report.positive} against the rest", say_scores(of_positive))
    for title, table, spread in (
        ("Operating points", report.operating_points, spread_operating_points),
        (say_prevalence(report), report.at_prevalence, spread_scores),
        ("Shortcut baselines", report.baselines, spread_scores),
    ):
        if table is not None:
            lines += ["", title]
            for name, line in spread(table).iterrows():
                lines.append(
                    f"  {name}: " + ", ".join(f"{key} {value}" for key, value in line.items())
                )
    if report.slices is not None:
        lines += ["", "Slices"]
        for (column, value), line in report.slices.iterrows():
            few = ", few groups" if line["few"] else ""
            lines.append(
                f"  {column} = {value}: balanced accuracy"
                f" {_say_of_slice(line, 'balanced_accuracy')},"
                f" {line['images']} images{few}"
            )
    lines += ["", describe_intervals(report)]
    lines += [f"Note: {note}" for note in report.notes]
    lines += [f"Left out: {what}: {why}." for what, why in report.left_out.items()]
    return "\n".join(lines)


def _say_of_slice(line, name):
    score = {"value": line[name], "low": line[f"{name}_low"], "high": line[f"{name}_high"]}
    return say_score(score)


def _indent(title, words):
    width = max(len(name) for name in words.index)
    return ["", title, *(f"  {name:<{width}}  {text}" for name, text in words.items())]
