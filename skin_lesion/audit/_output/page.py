"""An audit as a page of HTML with the pictures of each finding side by side."""

from html import escape

import pandas as pd

from ..._utils.html_page import embed_photograph, wrap_page
from .summary import TITLES, describe_dataset, describe_finding, describe_quality

_PICTURE_SIDE = 128
_ROWS_IN_FINDING = 4

_STYLE = """
.audit { font-family: system-ui, sans-serif; color: #1a1a1a; max-width: 70rem; margin: 0 auto; }
.audit h1 { font-size: 1.5rem; } .audit h2 { font-size: 1.15rem; margin: 1.6rem 0 0.3rem; }
.audit p { margin: 0.3rem 0; } .audit .note { color: #595959; }
.audit table { border-collapse: collapse; font-size: 0.9rem; margin: 0.5rem 0; }
.audit th, .audit td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #ddd; text-align: right; }
.audit th:first-child, .audit td:first-child { text-align: left; }
.audit .scroll { overflow-x: auto; }
.audit .findings { display: flex; flex-wrap: wrap; gap: 0.8rem; }
.audit .finding { border: 1px solid #ccc; border-radius: 4px; padding: 0.4rem; }
.audit .finding > p { font-size: 0.8rem; max-width: 34rem; }
.audit .pictures { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.audit figure { margin: 0; width: 128px; }
.audit figure img { display: block; width: 128px; height: 128px; background: #eee; }
.audit figcaption { font-size: 0.7rem; overflow-wrap: anywhere; }
.audit .bar { background: #0072b2; height: 0.8rem; display: inline-block; }
.audit .track { position: relative; width: 16rem; background: #eee; height: 0.8rem; }
.audit .track { text-align: left; line-height: 0; }
.audit .chance { position: absolute; top: -0.15rem; width: 2px; height: 1.1rem; }
.audit .chance { background: #d55e00; }
"""

# What is said of an example, of those columns that its finding has.
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
    "Balanced accuracy of predicting the class, cross-validated, from this alone. What is far"
    " above chance (the line), a network can learn in place of diagnostic signal."
)
_ON_QUALITY = "Estimates from small versions of the images: the share of each class, and examples."
_EXPLANATIONS = {
    "exact_duplicates": "The same bytes under several names; here those of one label.",
    "label_conflicts": "One photograph filed under several labels: at most one of them is right.",
    "near_duplicates": "One photograph, re-encoded, resized, brightened, turned or mirrored.",
    "split_leaks": "Images whose counterpart is in an earlier split: a score on them is no score.",
    "group_conflicts": "Lesions of several labels, or photographs of several groups.",
    "suspected_labels": "Images that a model, trained without them, takes for another class.",
    "unreadable": "Files that are missing, damaged or no images.",
}


def render_page(audit, *, n_examples, is_whole):
    """Return the page, or without ``is_whole`` a part to be set into another one."""
    body = [
        f"<style>{_STYLE}</style>",
        '<div class="audit">',
        "<h1>Dataset audit</h1>",
        f"<p>{escape(describe_dataset(audit))}.</p>",
        _render_overview(audit),
    ]
    if len(audit.class_counts):
        body += ["<h2>Classes</h2>", _render_table(audit.class_counts)]
    body += [_render_finding(audit, name, n_examples) for name in TITLES]
    body += [_render_shortcuts(audit), _render_quality(audit, n_examples), "</div>"]
    if not is_whole:
        return "\n".join(body)
    return wrap_page("Dataset audit", body)


def _render_overview(audit):
    lines = "".join(
        f"<tr><td>{title}</td><td style='text-align: left'>"
        f"{escape(describe_finding(audit, name))}</td></tr>"
        for name, title in TITLES.items()
    )
    return f'<div class="scroll"><table>{lines}</table></div>'


def _render_finding(audit, name, n_examples):
    table = getattr(audit, name)
    if name == "exact_duplicates":
        # The others are shown as label conflicts.
        table = table[table["labels"].map(len) < 2]
    if not len(table):
        return ""
    shown = table.head(n_examples)
    more = f" The first {len(shown)} are shown." if len(table) > len(shown) else ""
    return "\n".join(
        [
            f"<h2>{TITLES[name]}: {escape(describe_finding(audit, name))}</h2>",
            f'<p class="note">{_EXPLANATIONS[name]}{more}</p>',
            '<div class="findings">',
            *(_render_example(audit, line) for _, line in shown.iterrows()),
            "</div>",
        ]
    )


def _render_example(audit, line):
    """Show the rows that a line of a finding concerns, and what it says of them."""
    rows = [*line.get("rows", ())] or [line["row"]]
    rows += [*line.get("other_rows", ())] or ([line["other_row"]] if "other_row" in line else [])
    said = [_say(name, line[name]) for name in _SAID if name in line]
    n_unshown = max(len(rows) - _ROWS_IN_FINDING, 0)
    n_unshown += line.get("n_others", 0) - len(line.get("other_rows", ()))
    if n_unshown:
        said.append(f"and {n_unshown} more images")
    return "".join(
        [
            '<div class="finding">',
            f"<p>{escape('; '.join(said))}</p>" if said else "",
            '<div class="pictures">',
            *(_render_picture(audit, row) for row in rows[:_ROWS_IN_FINDING]),
            "</div></div>",
        ]
    )


def _say(name, value):
    return (
        f"{_spell(name)}: {value:.3g}" if isinstance(value, float) else f"{_spell(name)}: {value}"
    )


def _render_picture(audit, row):
    image = audit.images.loc[row]
    caption = [str(image[name]) for name in ("label", "split", "group") if pd.notna(image[name])]
    caption.append(image["isic_id"] if pd.notna(image["isic_id"]) else _shorten(image["path"]))
    try:
        pixels = audit._source.load(row, (_PICTURE_SIDE, _PICTURE_SIDE), "pad")[0]
    except ValueError:
        picture = ""
    else:
        picture = embed_photograph(pixels)
    return (
        f'<figure title="{escape(str(image["path"]))}">{picture}'
        f"<figcaption>{escape(', '.join(caption))}</figcaption></figure>"
    )


def _shorten(path, length=40):
    return path if len(path) <= length else "…" + path[-length:]


def _render_shortcuts(audit):
    title = "<h2>Shortcuts</h2>"
    if not len(audit.shortcuts):
        return f'{title}<p class="note">{escape(audit.not_checked.get("shortcuts", ""))}</p>'
    lines = []
    for name, line in audit.shortcuts.iterrows():
        lines.append(
            f"<tr><td>{escape(str(name))}</td><td>{line.balanced_accuracy:.3f}</td>"
            f"<td>{line.low:.3f} to {line.high:.3f}</td><td>{line.chance:.3f}</td>"
            f'<td><div class="track"><span class="bar" style="width: {line.balanced_accuracy:.1%}">'
            f'</span><span class="chance" style="left: {line.chance:.1%}"></span></div></td></tr>'
        )
    return "\n".join(
        [
            title,
            f'<p class="note">{_ON_SHORTCUTS}</p>',
            '<div class="scroll"><table>',
            "<tr><th>from</th><th>balanced accuracy</th><th>95% interval</th><th>chance</th></tr>",
            *lines,
            "</table></div>",
        ]
    )


def _render_quality(audit, n_examples):
    flags = list(audit.quality_by_class)
    shares = audit.quality_by_class.map("{:.1%}".format)
    parts = [
        "<h2>Quality</h2>",
        f'<p class="note">{_ON_QUALITY}</p>',
        _render_table(shares.rename(columns=_spell)),
    ]
    for flag in flags:
        rows = audit.quality.index[audit.quality[flag]][:n_examples]
        if len(rows):
            share = describe_quality(audit)[_spell(flag)]
            parts += [
                f"<h3>{_spell(flag).capitalize()}: {escape(share.strip())}</h3>",
                '<div class="pictures">',
                *(_render_picture(audit, row) for row in rows),
                "</div>",
            ]
    return "\n".join(parts)


def _render_table(table):
    return f'<div class="scroll">{table.reset_index().to_html(border=0, index=False)}</div>'


def _spell(name):
    return name.replace("_", " ")
