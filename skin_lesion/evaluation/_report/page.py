"""A report as one HTML page, including pictures."""

from html import escape
from math import ceil, isnan

import numpy as np

from ..._utils.html_page import (
    render_figure,
    render_note,
    render_page,
    render_photograph,
    render_table,
    render_warning,
)
from ..._utils.validation.messages import say
from ...audit import open_images
from . import figures as _figures
from .text import (
    ON_NET_BENEFIT,
    WARNING,
    describe_data,
    describe_intervals,
    describe_methods,
    describe_slices,
    mark_few,
    say_scores,
    spread_scores,
    spread_tables,
)

_MOST_SCORES = 6  # columns side by side, on a screen of 1,200 pixels
_COUNTS = ("images", "groups", "classes")

_ON_CLASSES = (
    "Each class is scored against all other classes together. Classes with fewer than 30 groups are"
    " marked (few): their intervals say little."
)
_ON_OPERATING_POINTS = (
    "Scores at fixed thresholds on the probability of the positive class. Choose thresholds on"
    " other lesions, held out or predicted out of fold (choose_thresholds). A threshold chosen on"
    f" these images makes the scores too high. {ON_NET_BENEFIT}"
)
_ON_PREVALENCE = (
    "Predictive values and net benefit at the stated prevalence of the positive class, computed"
    " from sensitivity and specificity by Bayes' rule. The other tables use the prevalence in this"
    f" test set. {ON_NET_BENEFIT}"
)
_ON_BASELINES = (
    "What colour and image size alone achieve on the same images. The majority class is always"
    " the most frequent one. Colour and size is a forest that sees only the image size and the mean"
    " and spread of the colours. Only performance above these baselines can reflect diagnostic"
    " signal."
)
_NOTES = {
    "operating_points": _ON_OPERATING_POINTS,
    "at_prevalence": _ON_PREVALENCE,
    "baselines": _ON_BASELINES,
}
_CAPTIONS = {
    "confusion matrix": (
        "Rows: true class. Columns: predicted class. Each cell has a number of images; the colour"
        " is the share of the true class."
    ),
    "roc": "Sensitivity and false positive rate over all thresholds. The grey line is chance.",
    "precision and recall": (
        "Precision (positive predictive value) and recall (sensitivity) over all thresholds, at the"
        " prevalence in this test set."
    ),
    "reliability": (
        "Observed share of the class against its predicted probability. Calibrated probabilities"
        " are on the dotted line. Below it they are too high: expect this for a rare class if the"
        " model assumes equally frequent classes. Each point has about a tenth of the images, or"
        " more if these have the same probability. The grey bars count images."
    ),
    "referral": (
        "Accuracy on the remaining images when the least confident ones are referred to a"
        " dermatologist."
    ),
    "decision curve": (
        "Net benefit of acting on the model's prediction, compared with acting on all images and"
        " on none. It takes the threshold as a risk, so the probabilities must be calibrated."
    ),
    "training": "Loss and accuracy after each epoch.",
}


def render_report(report, *, is_whole):
    """Return the page, or without ``is_whole`` a fragment for another page."""
    introduction = [
        f"<p>{escape(describe_data(report))}.</p>",
        *map(render_warning, (WARNING, *report.notes)),
    ]
    sections = {
        "Scores": _render_scores(report),
        "Curves": [_render_figures(report)],
        "Each class against the rest": _render_classes(report),
    }
    for name, title, words in spread_tables(report):
        text = _NOTES.get(name) or describe_slices(report)
        sections[title] = [render_note(text), render_tables(words)]
    title = "Errors" if report.probabilities is None else "Most confident errors"
    sections[title] = _render_errors(report)
    sections["How intervals are made"] = [render_note(describe_methods(report))]
    sections["Not reported"] = _render_left_out(report)
    return render_page("Evaluation report", introduction, sections, is_whole=is_whole)


def _render_scores(report):
    tables = [render_table(say_scores(report.scores), "All classes")]
    if report.positive is not None:
        of_positive = say_scores(report.class_scores.loc[report.positive])
        tables.append(render_table(of_positive, f"{report.positive} against the rest"))
    return [
        render_note(describe_intervals(report)),
        f'<div class="figures">{"".join(tables)}</div>',
    ]


def _render_classes(report):
    counts = report.class_counts
    words = spread_scores(report.class_scores)
    words.insert(0, "images", counts["images"])
    words.insert(1, "groups", mark_few(counts))
    return [
        render_note(_ON_CLASSES),
        render_tables(words.rename_axis("class")),
        "<h3>Classification report of scikit-learn</h3>",
        f"<pre>{escape(report.classification_report)}</pre>",
    ]


def _render_figures(report):
    figures = [
        render_figure(_figures.to_png(figure), name, _CAPTIONS[name], is_wide=name == "training")
        for name, figure in report.draw_figures().items()
    ]
    return f'<div class="figures">{"".join(figures)}</div>'


def _render_errors(report):
    if not len(report.errors) or report._images is None:
        return []
    images = open_images(report._images)
    figures = []
    for line in report.errors.to_dict(orient="records"):  # a row of the table would be all floats
        sure = "" if isnan(line["confidence"]) else f" {line['confidence']:.0%}"
        caption = f"predicted: {line['predicted']}{sure}; true: {line['class']}"
        figures.append(render_photograph(images, line["row"], caption))
    which = "with the highest probability of the wrong class"
    if report.probabilities is None:
        which = "that come first"
    text = (
        f"Classified wrongly: {report.n_errors} of {say(report.n_images, 'image')}. Shown:"
        f" {len(figures)} {which}."
    )
    return [render_note(text), f'<div class="pictures">{"".join(figures)}</div>']


def _render_left_out(report):
    lines = [f"<li>{escape(what)}: {escape(why)}</li>" for what, why in report.left_out.items()]
    return [f"<ul>{''.join(lines)}</ul>"] if lines else []


def render_tables(table):
    """Return tables with a few scores each, and the counts in the first one."""
    if table.index.nlevels > 1:
        table = table.set_axis(table.index.map(" = ".join)).rename_axis("slice")
    scores = [name for name in table if name not in _COUNTS]
    counts = [name for name in table if name in _COUNTS]
    parts = np.array_split(scores, ceil(len(scores) / _MOST_SCORES))
    return "\n".join(
        render_table(table[[*(() if number else counts), *names]])
        for number, names in enumerate(parts)
    )
