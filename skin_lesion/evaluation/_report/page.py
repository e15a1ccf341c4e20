"""A report as one page of HTML, pictures included."""

import re
from html import escape
from math import ceil, isnan

import numpy as np

from ..._utils.html_page import embed_figure, embed_photograph, wrap_page
from ...audit import open_images
from . import figures as _figures
from .text import (
    WARNING,
    describe_data,
    describe_intervals,
    describe_methods,
    describe_slices,
    mark_few,
    say_prevalence,
    say_scores,
    spread_operating_points,
    spread_scores,
    spread_slices,
)

_PICTURE_SIDE = 128
_MOST_SCORES = 6  # beside each other, on a screen of 1,200 pixels
_COUNTS = ("images", "groups", "classes")

STYLE = """
.report { font-family: system-ui, sans-serif; color: #1a1a1a; max-width: 76rem; margin: 0 auto; }
.report h1 { font-size: 1.5rem; } .report h2 { font-size: 1.15rem; margin: 1.6rem 0 0.3rem; }
.report p { margin: 0.3rem 0; max-width: 60rem; } .report .note { color: #595959; }
.report .warning { border-left: 4px solid #d55e00; padding-left: 0.6rem; }
.report table { border-collapse: collapse; font-size: 0.85rem; margin: 0.5rem 0; }
.report th, .report td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #ddd; text-align: right; }
.report th:first-child, .report td:first-child { text-align: left; }
.report td { vertical-align: top; }
.report .scroll { overflow-x: auto; }
.report .scroll th:first-child, .report .scroll td:first-child { position: sticky; left: 0;
  background: #fff; }
.report .figures, .report .pictures { display: flex; flex-wrap: wrap; gap: 0.8rem; }
.report .figures { align-items: flex-start; }
.report .figures img { max-width: 100%; height: auto; }
.report figure { margin: 0; width: 128px; }
.report figure img { display: block; width: 128px; height: 128px; background: #eee; }
.report figcaption { font-size: 0.7rem; overflow-wrap: anywhere; }
.report pre { font-size: 0.8rem; overflow-x: auto; }
"""
_ON_OPERATING_POINTS = (
    "What fixed thresholds on the probability do. They must come from other lesions, held out or"
    " predicted out of fold (choose_thresholds): one that was chosen on these images would flatter."
)
_ON_PREVALENCE = (
    "Predictive values and net benefit where the positive class is as frequent as was stated, by"
    " Bayes' rule from sensitivity and specificity. In the other tables they are those of this set."
)
_ON_BASELINES = (
    "What colour and image size alone achieve on the same images: a classifier that always names"
    " the most frequent class, and a forest that sees only the size of the image and the mean and"
    " spread of its colours. Only performance above these baselines can reflect diagnostic signal."
)


def render_page(report, *, is_whole):
    """Return the page, or without ``is_whole`` a part to be set into another one."""
    body = [
        f"<style>{STYLE}</style>",
        '<div class="report">',
        "<h1>Evaluation report</h1>",
        f"<p>{escape(describe_data(report))}.</p>",
        f'<p class="warning">{WARNING}</p>',
        *(f'<p class="warning">{escape(note)}</p>' for note in report.notes),
        "<h2>Scores</h2>",
        f'<p class="note">{escape(describe_intervals(report))}</p>',
        _render_scores(report),
        f'<p class="note">{escape(describe_methods(report))}</p>',
        _render_classes(report),
        _render_figures(report),
    ]
    for title, text, table, spread in (
        (
            "Operating points",
            _ON_OPERATING_POINTS,
            report.operating_points,
            spread_operating_points,
        ),
        (say_prevalence(report), _ON_PREVALENCE, report.at_prevalence, spread_scores),
        ("Shortcut baselines", _ON_BASELINES, report.baselines, spread_scores),
        (
            "Slices",
            describe_slices(report),
            report.slices,
            spread_slices,
        ),
    ):
        if table is not None:
            body += [
                f"<h2>{title}</h2>",
                f'<p class="note">{text}</p>',
                to_tables(spread(table).rename_axis(columns=None)),
            ]
    body += [_render_errors(report), _render_left_out(report), "</div>"]
    return wrap_page("Evaluation report", body) if is_whole else "\n".join(body)


def _render_scores(report):
    tables = [_to_table(say_scores(report.scores))]
    if report.positive is not None:
        of_positive = say_scores(report.class_scores.loc[report.positive])
        name = f"{report.positive} against the rest"
        tables.append(_to_table(of_positive.rename(columns={"value (95% interval)": name})))
    return f'<div class="figures">{"".join(tables)}</div>'


def _render_classes(report):
    counts = report.class_counts
    words = spread_scores(report.class_scores).rename_axis(columns=None)
    words.insert(0, "images", counts["images"])
    words.insert(1, "groups", mark_few(counts))
    return "\n".join(
        [
            "<h2>Each class against the rest</h2>",
            to_tables(words.rename_axis("class")),
            "<h2>Classification report</h2>",
            f"<pre>{escape(report.classification_report)}</pre>",
        ]
    )


def _render_figures(report):
    pictures = [
        embed_figure(_figures.to_png(figure), escape(name))
        for name, figure in report.draw_figures().items()
    ]
    return "\n".join(["<h2>Curves</h2>", '<div class="figures">', *pictures, "</div>"])


def _render_errors(report):
    if not len(report.errors) or report._images is None:
        return ""
    images = open_images(report._images)
    figures = []
    for line in report.errors.to_dict(orient="records"):  # a row of the table would be all floats
        try:
            picture = embed_photograph(images.load(line["row"], (_PICTURE_SIDE,) * 2, "pad")[0])
        except ValueError:
            picture = ""
        sure = "" if isnan(line["confidence"]) else f" {line['confidence']:.0%}"
        figures.append(
            f'<figure title="{escape(images.name(line["row"]))}">{picture}<figcaption>'
            f"{escape(str(line['predicted']))}{sure}, is"
            f" {escape(str(line['class']))}</figcaption></figure>"
        )
    return "\n".join(
        [
            "<h2>The most confident errors</h2>",
            (
                f'<p class="note">{report.n_errors} of {report.n_images} images are wrong; the'
                f" {len(figures)} with the highest probability of the wrong class.</p>"
            ),
            '<div class="pictures">',
            *figures,
            "</div>",
        ]
    )


def _render_left_out(report):
    if not report.left_out:
        return ""
    lines = "".join(
        f"<li>{escape(what)}: {escape(why)}</li>" for what, why in report.left_out.items()
    )
    return f"<h2>Left out</h2>\n<ul>{lines}</ul>"


def to_tables(table):
    """Return tables of a few scores each, with the counts beside the first ones."""
    scores = [name for name in table if name not in _COUNTS]
    counts = [name for name in table if name in _COUNTS]
    parts = np.array_split(scores, ceil(len(scores) / _MOST_SCORES))
    return "\n".join(
        _to_table(table[[*(() if number else counts), *names]])
        for number, names in enumerate(parts)
    )


def _to_table(table):
    page = table.reset_index().to_html(border=0, index=False)
    # Where there is no room, a line ends before an interval, and not within.
    page = re.sub(r"\((\S+) to (\S+)\)", r"(\1&nbsp;to&nbsp;\2)", page)
    return f'<div class="scroll">{page}</div>'
