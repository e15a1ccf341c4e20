"""The page that leads to all that a job has written."""

from html import escape

import pandas as pd

from ..._utils.atomic_writing import write_text
from ..._utils.html_page import (
    Html,
    render_figure,
    render_note,
    render_page,
    render_table,
    render_warning,
)
from ..._utils.validation.messages import say_number
from ...audit import TITLES, describe_finding, say
from ...evaluation import WARNING
from .._output import keep_edited_card
from .judge import say_search

_FILES = {
    "report.html": "Evaluation report: scores with intervals, curves, slices and errors",
    "audit.html": "Dataset audit: faults of the data, with pictures",
    "model_card.md": "Model card: complete what the command cannot know",
    "model.zip": "Model, for skin-lesion predict and load_model",
    "model.features.npz": "What predict needs to mark photographs unlike the training images",
    "model.onnx": "The same model for ONNX Runtime, which makes predict faster",
    "predictions.csv": "Probabilities of the test images",
    "split.csv": "Manifest: the training or test set of each image",
    "report.txt": "Report as text",
    "report.json": "Report for programs",
}
_FIGURES = {
    "class_counts.png": "Training and test images of each class",
    "sample_images.png": "Training images of each class",
    "training_curves.png": "Loss and accuracy after each epoch",
    "right_predictions.png": "Most confident correct predictions on the test set",
}

WRITTEN = {"index.html", *_FILES, *_FIGURES}
# What an earlier model leaves: the model is replaced as a whole, the audit is written anew before.
_KEPT = {"model.zip", "audit.html"}


def remove_description(output):
    """Remove what describes an earlier model, and the files that belong to it.

    An edited model card is kept under another name.
    """
    keep_edited_card(output)
    for name in WRITTEN - _KEPT:
        (output / name).unlink(missing_ok=True)


def write_index(cleaned, judgement, command, output):
    """Write index.html. It lists what the folder holds: a model may have no ONNX file."""
    files = {_link(name): text for name, text in _FILES.items() if (output / name).exists()}
    findings = {title: describe_finding(cleaned.audit, name) for name, title in TITLES.items()}
    figures = [
        render_figure(name, caption, caption, is_wide=True) for name, caption in _FIGURES.items()
    ]
    sections = {
        "Results": [f"<pre>{escape(chr(10).join(judgement.short))}</pre>"],
        "Files": [_render_words("file", files)],
        "Predict new photographs": [f"<pre>{escape(command)}</pre>"],
        "Dataset audit": [
            _render_words("finding", findings),
            *_describe_left_out(cleaned),
            f"<p>Split: {escape(cleaned.used.split)}.</p>",
        ],
        "Grid search": [_render_search(judgement.numbers["search"])],
        "Figures": ['<div class="figures">', *figures, "</div>"],
    }
    page = render_page(
        "skin_lesion: trained model", [render_warning(WARNING)], sections, is_whole=True
    )
    write_text(output / "index.html", page)


def _link(name):
    return Html(f'<a href="{name}">{name}</a>')


def _render_words(name, words):
    # Strings of pandas would not be Html.
    names = pd.Index([*words], dtype=object, name=name)
    return render_table(pd.DataFrame({"description": words.values()}, index=names), is_words=True)


def _describe_left_out(cleaned):
    if not cleaned.left_out:
        return []
    words = "; ".join(f"{say(n, 'image')}: {reason}" for reason, n in cleaned.left_out.items())
    return [f"<p>Excluded: {escape(words)}.</p>"]


def _render_search(search):
    if not search["candidates"]:
        return render_note("No candidates were cross-validated.")
    table = pd.DataFrame(search["candidates"]).set_index("name")[
        ["balanced_accuracy", "standard_deviation"]
    ]
    table = table.map(say_number).rename_axis("candidate")
    table.columns = ["balanced accuracy (mean over folds)", "standard deviation"]
    return render_note(f"Cross-validated: {say_search(search)}.") + render_table(table)
