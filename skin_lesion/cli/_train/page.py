"""The page that leads to all that a job has written."""

from html import escape

from ..._utils.atomic_writing import write_text
from ..._utils.html_page import wrap_page
from ...audit import TITLES, describe_finding, say

_STYLE = """
body { font-family: system-ui, sans-serif; color: #1a1a1a; max-width: 76rem; margin: 0 auto;
       padding: 0 1rem 2rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 0.3rem; }
table { border-collapse: collapse; font-size: 0.85rem; }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #ddd; text-align: left; }
.scroll { overflow-x: auto; } img { max-width: 100%; height: auto; display: block; }
pre { font-size: 0.8rem; overflow-x: auto; background: #f5f5f5; padding: 0.6rem; }
.warning { border-left: 4px solid #d55e00; padding-left: 0.6rem; }
"""
_FILES = {
    "report.html": "all scores with their intervals, curves, slices, and the worst errors",
    "audit.html": "the faults of the data, with pictures",
    "model_card.md": "a model card; you fill in what the job cannot know",
    "model.zip": "the model, for skin-lesion predict and load_model",
    "predictions.csv": "the probabilities of the test images",
    "split.csv": "the manifest: which image is in which part",
    "report.txt": "the report as text",
    "report.json": "the same for programs",
}
_PICTURES = {
    "class_counts.png": "Images by class",
    "sample_images.png": "Training images of each class",
    "training_curves.png": "Training",
    "right_predictions.png": "The most confident right predictions",
}


def write_index(cleaned, judgement, results, command, output):
    """Write index.html."""
    body = [
        f"<style>{_STYLE}</style>",
        "<h1>skin_lesion: a model and its report</h1>",
        (
            '<p class="warning">This is research software. It is not a medical device and must not'
            " be used to diagnose.</p>"
        ),
        "<h2>Results</h2>",
        f"<pre>{escape(chr(10).join(judgement.short))}</pre>",
        "<h2>Files</h2>",
        _table([(f'<a href="{name}">{name}</a>', text) for name, text in _FILES.items()]),
        "<h2>Predict other photographs</h2>",
        f"<pre>{escape(command)}</pre>",
        "<h2>Audit of the data</h2>",
        _table(
            [
                (title, escape(describe_finding(cleaned.audit, name)))
                for name, title in TITLES.items()
            ]
        ),
        *_describe_left_out(cleaned),
        f"<p>Split: {escape(cleaned.used.split)}.</p>",
        "<h2>Grid search</h2>",
        _describe_search(results),
    ]
    for name, title in _PICTURES.items():
        body += [f"<h2>{title}</h2>", f'<img src="{name}" alt="{title}">']
    write_text(output / "index.html", wrap_page("skin_lesion", body))


def _describe_left_out(cleaned):
    if not cleaned.left_out:
        return []
    words = "; ".join(f"{say(n, 'image')}: {reason}" for reason, n in cleaned.left_out.items())
    return [f"<p>Left out: {escape(words)}.</p>"]


def _describe_search(results):
    if not results:
        return "<p>Nothing was cross-validated.</p>"
    head = ("candidate", "balanced accuracy", "standard deviation over folds")
    lines = [
        (
            escape(line["name"]),
            f"{line['balanced_accuracy']:.3f}",
            f"{line['standard_deviation']:.3f}",
        )
        for line in results
    ]
    return _table(lines, head)


def _table(lines, head=()):
    rows = ["".join(f"<th>{cell}</th>" for cell in head)] if head else []
    rows += ["".join(f"<td>{cell}</td>" for cell in line) for line in lines]
    return f'<div class="scroll"><table>{"".join(f"<tr>{row}</tr>" for row in rows)}</table></div>'
