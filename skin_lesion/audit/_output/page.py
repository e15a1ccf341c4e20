"""An audit as an HTML page that shows the images of each finding side by side."""

from html import escape

import pandas as pd

from ..._utils.html_page import Html, render_note, render_page, render_photograph, render_table
from ..._utils.validation.messages import say, say_number
from .summary import TITLES, describe_dataset, describe_finding, describe_quality

_ROWS_IN_FINDING = 4

# The columns to show with an example, if its finding has them.
_SAID = (
    "kind",
    "distance",
    "transform",
    "suggested_label",
    "self_confidence",
    "suggested_confidence",
    "error",
)
_ON_SHORTCUTS = (
    "Cross-validated balanced accuracy of predicting the class from one property of the images"
    " alone, with its 95% interval. A network can learn a property far above chance (the orange"
    " line) instead of diagnostic signal."
)
_ON_QUALITY = (
    "Share of the readable images of each class, estimated on small versions of the images."
    " Examples follow."
)
_EXPLANATIONS = {
    "exact_duplicates": (
        "Files with the same bytes. Those with several labels are under Label conflicts."
    ),
    "label_conflicts": "The same photograph with several labels. At most one of them is right.",
    "near_duplicates": (
        "The same photograph, re-encoded, resized, brightened, rotated or mirrored."
    ),
    "split_leaks": (
        "Images with a counterpart in an earlier split: the same content, a near duplicate, or"
        " another image of the same group. They make scores too high."
    ),
    "group_conflicts": "Lesions with several labels, and photographs in several groups.",
    "suspected_labels": (
        "Images for which a model that was not trained on them predicts another class."
    ),
    "unreadable": "Files that are missing, damaged or not images.",
}


def render_audit(audit, *, n_examples, is_whole):
    """Return the page, or without ``is_whole`` a fragment to embed into another page."""
    findings = {title: describe_finding(audit, name) for name, title in TITLES.items()}
    overview = pd.DataFrame({"finding": findings.keys(), "result": findings.values()})
    sections = {"Findings": [render_table(overview.set_index("finding"), is_words=True)]}
    if len(audit.class_counts):
        sections["Classes"] = [render_table(audit.class_counts)]
    for name, title in TITLES.items():
        sections[title] = _render_finding(audit, name, n_examples)
    sections["Shortcuts"] = _render_shortcuts(audit)
    sections["Quality"] = _render_quality(audit, n_examples)
    introduction = [f"<p>{escape(describe_dataset(audit))}.</p>"]
    return render_page("Dataset audit", introduction, sections, is_whole=is_whole)


def _render_finding(audit, name, n_examples):
    table = getattr(audit, name)
    if name == "exact_duplicates":
        table = table[table["labels"].map(len) < 2]
    if not len(table):
        return []
    shown = table.head(n_examples)
    more = f" The first {len(shown)} are shown." if len(table) > len(shown) else ""
    return [
        f"<p>{escape(describe_finding(audit, name))}.</p>",
        render_note(_EXPLANATIONS[name] + more),
        '<div class="findings">',
        *(_render_example(audit, line) for _, line in shown.iterrows()),
        "</div>",
    ]


def _render_example(audit, line):
    """Show the rows that a line of a finding concerns, and describe them."""
    rows = [*line.get("rows", ())] or [line["row"]]
    rows += [*line.get("other_rows", ())] or ([line["other_row"]] if "other_row" in line else [])
    said = [_say(name, line[name]) for name in _SAID if name in line]
    n_unshown = max(len(rows) - _ROWS_IN_FINDING, 0)
    n_unshown += line.get("n_others", 0) - len(line.get("other_rows", ()))
    if n_unshown:
        said.append(f"and {say(n_unshown, 'more image')}")
    return (
        '<div class="finding">'
        + (render_note("; ".join(said)) if said else "")
        + _render_pictures(audit, rows[:_ROWS_IN_FINDING])
        + "</div>"
    )


def _say(name, value):
    return (
        f"{_spell(name)}: {value:.3g}" if isinstance(value, float) else f"{_spell(name)}: {value}"
    )


def _render_pictures(audit, rows):
    pictures = [render_photograph(audit._source, row, _describe(audit, row)) for row in rows]
    return f'<div class="pictures">{"".join(pictures)}</div>'


def _describe(audit, row):
    image = audit.images.loc[row]
    words = [str(image[name]) for name in ("label", "split", "group") if pd.notna(image[name])]
    words.append(image["isic_id"] if pd.notna(image["isic_id"]) else _shorten(image["path"]))
    return ", ".join(words)


def _shorten(path, length=40):
    return path if len(path) <= length else "…" + path[-length:]


def _render_shortcuts(audit):
    if not len(audit.shortcuts):
        return [render_note(audit.not_checked["shortcuts"])]
    lines = audit.shortcuts
    bars = [
        Html(
            f'<div class="bar"><i style="width: {line.balanced_accuracy:.1%}"></i>'
            f'<b style="left: {line.chance:.1%}"></b></div>'
        )
        for line in lines.itertuples()
    ]
    table = pd.DataFrame(
        {
            "balanced accuracy": [
                f"{say_number(line.balanced_accuracy)} ({say_number(line.low)} to"
                f" {say_number(line.high)})"
                for line in lines.itertuples()
            ],
            "chance": lines["chance"].map(say_number).to_numpy(),
            "": bars,
        },
        dtype=object,  # the string dtype of pandas would not keep Html
        index=lines.index.rename("property"),
    )
    return [render_note(_ON_SHORTCUTS), render_table(table)]


def _render_quality(audit, n_examples):
    shares = audit.quality_by_class.map("{:.1%}".format).rename(columns=_spell)
    lines = [render_note(_ON_QUALITY), render_table(shares)]
    for flag, share in describe_quality(audit).items():
        is_flagged = audit.quality[flag.replace(" ", "_")]
        rows = audit.quality.index[is_flagged][:n_examples]
        if len(rows):
            lines.append(f"<h3>{flag.capitalize()}: {escape(share.strip())}</h3>")
            lines.append(_render_pictures(audit, rows))
    return lines


def _spell(name):
    return name.replace("_", " ")
