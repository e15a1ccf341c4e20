"""Self-contained HTML pages, with one style for audits, reports and the command."""

import base64
import io
import re
from html import escape

from PIL import Image

_STYLE = """
.skin-lesion { --ink: #1a1a1a; --soft: #595959; --paper: #fff; --fill: #f3f4f6; --line: #d6d8dc;
  --link: #0b5cad; --bar: #0072b2; --alert: #d55e00; color-scheme: light dark;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  box-sizing: border-box; max-width: 76rem; margin: 0 auto; padding: 0.5rem 1rem 2rem; }
@media screen and (prefers-color-scheme: dark) { .skin-lesion { --ink: #e6e6e6; --soft: #a8abb0;
  --paper: #16181c; --fill: #25282d; --line: #3b3f46; --link: #7ab8ff; --bar: #56b4e9; } }
.skin-lesion h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0 0.5rem; }
.skin-lesion h2 { font-size: 1.25rem; margin: 2rem 0 0.4rem; }
.skin-lesion h3 { font-size: 1rem; margin: 1.2rem 0 0.4rem; }
.skin-lesion p, .skin-lesion ul { margin: 0.4rem 0; max-width: 48rem; }
.skin-lesion a { color: var(--link); }
.skin-lesion nav ul { columns: 14rem; margin-top: 1rem; max-width: none; padding-left: 1.2rem; }
.skin-lesion .note, .skin-lesion figcaption { color: var(--soft); font-size: 0.875rem; }
.skin-lesion .warning { border-left: 4px solid var(--alert); padding-left: 0.7rem; }
.skin-lesion pre { background: var(--fill); color: inherit; font-size: 0.8125rem; line-height: 1.4;
  overflow-x: auto; padding: 0.6rem; }
.skin-lesion .scroll { margin: 0.6rem 0 1rem; overflow-x: auto; /* a shadow where more follows */
  background: linear-gradient(270deg, var(--paper) 40%, #0000) right/3rem 102% local no-repeat,
    linear-gradient(270deg, #8888, #0000) right/0.8rem 100% no-repeat; }
.skin-lesion table { border-collapse: collapse; font-size: 0.875rem; margin: 0;
  font-variant-numeric: tabular-nums; }
.skin-lesion caption { font-weight: 600; padding: 0.2rem 0; text-align: left; }
.skin-lesion th, .skin-lesion td { border-bottom: 1px solid var(--line);
  padding: 0.25rem 1.2rem 0.25rem 0; text-align: right; vertical-align: top; }
.skin-lesion thead th { vertical-align: bottom; }
.skin-lesion tbody th { font-weight: normal; min-width: 5rem; }
.skin-lesion th:first-child { background: var(--paper); left: 0; position: sticky; z-index: 1; }
.skin-lesion th:first-child, .skin-lesion .words td, .skin-lesion .words th { text-align: left; }
.skin-lesion .interval { color: var(--soft); white-space: nowrap; }
.skin-lesion .dense .interval { display: block; }
.skin-lesion .figures { align-items: start; display: grid; gap: 1.5rem 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
.skin-lesion .pictures, .skin-lesion .findings { display: flex; flex-wrap: wrap; gap: 0.6rem; }
.skin-lesion .finding { border: 1px solid var(--line); border-radius: 4px; padding: 0.5rem; }
.skin-lesion .finding > p { margin: 0 0 0.4rem; max-width: 34rem; }
.skin-lesion .wide { grid-column: 1 / -1; }
.skin-lesion figure { margin: 0; }
.skin-lesion .figures img { background: #fff; display: block; height: auto; max-width: 100%; }
.skin-lesion .pictures figure { width: 8rem; }
.skin-lesion .pictures img { background: var(--fill); display: block; height: 8rem; width: 8rem; }
.skin-lesion .pictures figcaption { font-size: 0.75rem; overflow-wrap: anywhere; }
.skin-lesion .bar { background: var(--fill); height: 1rem; min-width: 8rem; position: relative; }
.skin-lesion .bar i { background: var(--bar); display: block; height: 100%; }
.skin-lesion .bar b { background: var(--alert); bottom: -0.1rem; position: absolute; top: -0.1rem;
  width: 3px; }
@media (max-width: 40rem) { .skin-lesion .interval { display: block; }
  .skin-lesion tbody th { max-width: 45vw; overflow-wrap: break-word; } }
@media print { .skin-lesion { max-width: none; padding: 0; print-color-adjust: exact; }
  .skin-lesion .scroll { background: none; overflow: visible; } .skin-lesion nav { display: none; }
  .skin-lesion table { font-size: 7pt; } .skin-lesion th, .skin-lesion td { padding-right: 0.5rem; }
  .skin-lesion pre { white-space: pre-wrap; } .skin-lesion h2 { break-after: avoid; }
  .skin-lesion figure, .skin-lesion tr { break-inside: avoid; }
  .skin-lesion .figures { grid-template-columns: 1fr 1fr; } }
"""
_INTERVAL = re.compile(r"\((\S+ to \S+|no interval)\)")
_MOST_ON_ONE_LINE = 5  # columns, on a screen of 1,200 pixels


class Html(str):
    """Text that is HTML already, such as a cell of a table. It is not escaped."""


def render_page(title, introduction, sections, *, is_whole):
    """Return an HTML page, or without `is_whole` a fragment to embed into another page.

    Parameters
    ----------
    title : str

    introduction : list of str
        HTML.

    sections : dict of str to list of str
        The HTML below each heading. Empty sections are omitted.

    is_whole : bool
    """
    places = {re.sub(r"\W+", "-", name.lower()): name for name, lines in sections.items() if lines}
    body = [f"<h1>{escape(title)}</h1>", *introduction]
    if is_whole:
        links = (
            f'<li><a href="#{place}">{escape(name)}</a></li>' for place, name in places.items()
        )
        body.append(f'<nav aria-label="Contents"><ul>{"".join(links)}</ul></nav>')
    for place, name in places.items():
        # Notebooks show several fragments, whose ids would clash.
        start = f'<section id="{place}">' if is_whole else "<section>"
        body += [start, f"<h2>{escape(name)}</h2>", *sections[name], "</section>"]
    style = f"<style>{_STYLE}</style>"
    if not is_whole:
        return "\n".join([style, '<div class="skin-lesion">', *body, "</div>"])
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n{style}\n</head>",
            '<body class="skin-lesion">',
            *body,
            "</body>\n</html>\n",
        ]
    )


def render_note(text):
    """Return a paragraph with an explanation."""
    return f'<p class="note">{escape(text)}</p>'


def render_warning(text):
    """Return a highlighted paragraph."""
    return f'<p class="warning">{escape(text)}</p>'


def render_table(table, caption="", *, is_words=False):
    """Return a DataFrame as a table with its index first. Words are left-aligned, numbers right.

    Intervals are below their values if there are many columns, or little space.
    """
    table = table.reset_index()
    head = "".join(f'<th scope="col">{_render_cell(name)}</th>' for name in table)
    rows = (
        f'<tr><th scope="row">{_render_cell(first)}</th>'
        + "".join(f"<td>{_render_cell(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in table.itertuples(index=False, name=None)
    )
    look = "words" if is_words else "numbers" if table.shape[1] <= _MOST_ON_ONE_LINE else "dense"
    return (
        f'<div class="scroll" tabindex="0"><table class="{look}">'
        + (f"<caption>{escape(caption)}</caption>" if caption else "")
        + f"<thead><tr>{head}</tr></thead>\n<tbody>{''.join(rows)}</tbody></table></div>"
    )


def render_figure(source, name, caption, *, is_wide=False):
    """Return a figure from the bytes of a PNG file, or from its address."""
    if isinstance(source, bytes):
        source = f"data:image/png;base64,{_encode(source)}"
    return (
        f'<figure{" class=wide" * is_wide}><img alt="{escape(name)}" src="{source}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def render_photograph(images, row, caption, *, side=128):
    """Return one row of images from `open_images`, as a small JPEG above its caption."""
    try:
        pixels = images.load(row, (side, side), "pad")[0]
    except ValueError:  # it cannot be read
        picture = ""
    else:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=80)
        picture = f'<img alt="" src="data:image/jpeg;base64,{_encode(file.getvalue())}">'
    return (
        f'<figure title="{escape(str(images.name(row)))}">{picture}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _render_cell(value):
    if isinstance(value, Html):
        return value
    return _INTERVAL.sub(r'<span class="interval">\g<0></span>', escape(str(value)))


def _encode(content):
    return base64.b64encode(content).decode("ascii")
