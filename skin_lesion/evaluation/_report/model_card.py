"""A model card, with the headings of reporting guidelines."""

from html import escape

import pandas as pd

from .text import (
    ON_NET_BENEFIT,
    WARNING,
    describe_data,
    describe_intervals,
    describe_methods,
    describe_slices,
    say_scores,
    spread_scores,
    spread_tables,
)

_MISSING = "*To be written by the authors.*"
_TITLES = {  # other than on the page
    "operating_points": "At the given thresholds",
    "slices": "Scores of subgroups",
}
_APART = " None of its groups is among those of the training data."


def render_model_card(report):
    """Return the card as Markdown."""
    parts = ["# Model card", f"**{WARNING}**"]
    for heading, *body in _sections(report):
        parts += [f"## {heading}", *body]
    # Names and values of the user may have line breaks and HTML.
    lines = ([part] if isinstance(part, str) else part for part in parts)
    text = "\n\n".join("\n".join(" ".join(line.split()) for line in part) for part in lines)
    return escape(text, quote=False) + "\n"


def _sections(report):
    """Yield headings, paragraphs and tables, in the order of TRIPOD+AI, with CLAIM's names."""
    tables = {
        name: [f"{_TITLES.get(name, title)}:", _table(words, "/".join(map(str, words.index.names)))]
        for name, title, words in spread_tables(report)
    }
    flow = report.participant_flow.astype(object)
    yield (
        "Title and intended use (TRIPOD+AI 1, 3, 4; CLAIM: title, introduction)",
        _MISSING,
        (
            "State who uses the model, for which patients, at which point of care, and what follows"
            " from its prediction. The model was evaluated only on the data below."
        ),
    )
    yield (
        "Data and participants (TRIPOD+AI 5, 6; CLAIM: data)",
        f"Evaluated on {describe_data(report)}. A group is a lesion or a patient."
        if report.has_groups
        else f"Evaluated on {describe_data(report)}. Lesions and patients are unknown.",
        "Participant flow (TRIPOD+AI 20a), where known:",
        _table(flow.mask(flow.isna(), "unknown"), "step"),
        f"Exclusions before these steps: {_MISSING}",
        f"Sources, dates, eligibility, devices: {_MISSING}",
    )
    yield (
        "Outcome and reference standard (TRIPOD+AI 8; CLAIM: reference standard)",
        (
            f"Classes: {', '.join(map(str, report.class_counts.index))}. How they were confirmed,"
            f" and by whom: {_MISSING}"
        ),
    )
    yield ("Predictors and data preparation (TRIPOD+AI 7, 9, 11; CLAIM: data)", _MISSING)
    yield (
        "Data partitions and sample size (TRIPOD+AI 10, 12a, 16, 21; CLAIM: data partitions)",
        _describe_partitions(report),
    )
    yield (
        "Model, training and updating (TRIPOD+AI 12, 13, 15, 22, 24; CLAIM: model, training)",
        _MISSING,
    )
    yield (
        "Performance (TRIPOD+AI 23a; CLAIM: evaluation, results)",
        describe_intervals(report),
        describe_methods(report),
        _table(say_scores(report.scores), "score"),
        "Each class against the rest:",
        _table(spread_scores(report.class_scores), "class"),
        *(text for name, texts in tables.items() if name != "slices" for text in texts),
    )
    yield (
        "Fairness and heterogeneity (TRIPOD+AI 14, 23b; CLAIM: results)",
        *([describe_slices(report)] if "slices" in tables else _list_left_out_slices(report)),
        *tables.get("slices", []),
        f"Skin tones: {_MISSING}",
    )
    yield (
        "Interpretation and limits (TRIPOD+AI 25, 26; CLAIM: discussion)",
        f"Interpretation: {_MISSING}",
        *(f"- {note}" for note in report.notes),
        *(f"- Not reported: {what}: {why}." for what, why in report.left_out.items()),
        (
            "- Predictive values and net benefit are at the prevalence in this test set unless"
            f" stated. {ON_NET_BENEFIT}"
        ),
        "- The intervals do not include run-to-run training variability."
        if report.n_fits == 1
        else "- The deviations over fits, not the intervals, show run-to-run training variability.",
    )
    yield (
        "Usability, ethics, openness, patients (TRIPOD+AI 17-19, 27; CLAIM: other)",
        _MISSING,
    )


def _describe_partitions(report):
    if report.n_folds > 1:
        grouped = "grouped " if report.has_groups else ""
        return f"Means over {report.n_folds} {grouped}folds, {report.n_fits} time(s)."
    of_training = report.participant_flow["groups"].get("training")
    is_apart = (
        report.has_groups
        and pd.notna(of_training)
        and not any("leakage" in note for note in report.notes)
    )
    return (
        f"One held-out test set.{_APART if is_apart else ''} How it was held out, at which level"
        f" (image, lesion, patient), and whether it is external: {_MISSING}"
    )


def _list_left_out_slices(report):
    reasons = [f"{what}: {why}" for what, why in report.left_out.items() if "slices" in what]
    return [f"- Not reported: {text}." for text in reasons or ["slices: no columns were given"]]


def _table(table, name):
    """Return the lines of a table in Markdown."""
    header = [name, *map(str, table)]
    lines = [header, ["---"] * len(header)]
    for key, row in table.iterrows():
        key = " = ".join(map(str, key)) if isinstance(key, tuple) else str(key)
        lines.append([key, *map(str, row)])
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
