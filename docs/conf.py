import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from api_reference import API_REFERENCE  # noqa: E402

import skin_lesion  # noqa: E402

project = "skin_lesion"
author = copyright = "The skin_lesion developers"
version = release = skin_lesion.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "myst_parser",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]

extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}

# A signature such as the classifier's is read line by line.
maximum_signature_line_length = 80
# "SkinLesionClassifier.fit" is too long for the column beside the page.
toc_object_entries_show_parents = "hide"
# Methods are on the page of their class: without this, numpydoc asks for a page for each.
numpydoc_class_members_toctree = False

# Only the pictures, without links to each of their formats.
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 100)]

html_theme = "pydata_sphinx_theme"
html_title = f"skin_lesion {version}"
html_context = {"default_mode": "auto"}
html_sidebars = {
    name: []
    for name in (
        "index",
        "know_your_data",
        "clean_and_vary",
        "judge_your_model",
        "laptop_to_cluster",
        "changelog",
    )
}
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "show_toc_level": 2}


def write_api_index():
    """Write the page that lists all public names; autosummary adds one page for each name."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    lines = ["API reference", "=============", "", ".. currentmodule:: skin_lesion", ""]
    pages = {"index.rst"}
    for room in API_REFERENCE.values():
        lines += [room["title"], "-" * len(room["title"]), "", room["description"], ""]
        lines += [".. autosummary::", "   :toctree: .", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in room["names"]] + [""]
        pages |= {f"skin_lesion.{name}.rst" for name in room["names"]}
    (folder / "index.rst").write_text("\n".join(lines), encoding="utf-8")
    # The page of a name that is gone would be an orphan, which is a warning and hence an error.
    for page in folder.glob("*.rst"):
        if page.name not in pages:
            page.unlink()


def is_foreign(obj):
    definition = obj.fget if isinstance(obj, property) else obj
    return not (getattr(definition, "__module__", None) or "").startswith("skin_lesion")


def skip_foreign_members(app, what, name, obj, skip, options):
    """Leave what scikit-learn adds to a class in its table of methods, without a full text."""
    return True if what == "class" and is_foreign(obj) else None


def unlink_foreign_labels(app, what, name, obj, options, lines):
    """Keep the words of references to labels that only scikit-learn's documentation has."""
    if is_foreign(obj):
        lines[:] = re.sub(r":ref:`([^`<]+?)\s*<[^`]+>`", r"\1", "\n".join(lines)).split("\n")


def setup(app):
    write_api_index()
    app.connect("autodoc-skip-member", skip_foreign_members)
    app.connect("autodoc-process-docstring", unlink_foreign_labels)
