import os
import re
import sys
import warnings
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
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]

extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}

# A name of our own that leads nowhere is an error. Names of other projects are links only where
# their inventories are fetched: the documentation builds without a network.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!skin_lesion\b).*")]
if os.environ.get("DOCS_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "imblearn": ("https://imbalanced-learn.org/stable/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "pandas": ("https://pandas.pydata.org/docs/", None),
        "python": ("https://docs.python.org/3/", None),
        "sklearn": ("https://scikit-learn.org/stable/", None),
    }

# What is copied is what can be run: neither prompts nor output.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# A process that has trained several networks is replaced by a new one: no fault.
warnings.filterwarnings("ignore", message="A worker stopped while some jobs")

# Functions are named, not imported: sphinx could not tell whether they changed.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "subsection_order": [
        f"../examples/{name}" for name in ("data", "models", "evaluation", "pitfalls")
    ],
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "auto_examples/backreferences",
    "doc_module": ("skin_lesion",),
    "reset_modules": ("matplotlib", "gallery.reset"),
    "image_srcset": ["2x"],
    "plot_gallery": "True",
    "parallel": 2,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
}

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
# The start page, and pages that stand alone in their section, have nothing to list beside them.
html_sidebars = {name: [] for name in ("index", "getting_started", "common_pitfalls")}
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_theme_options = {
    # All sections, and search as an icon: one line at the width of a laptop.
    "header_links_before_dropdown": 7,
    "logo": {"text": "skin_lesion"},
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "show_toc_level": 2,
}


def write_api_index():
    """Write the page that lists all public names; autosummary adds one page for each name."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    lines = [
        "API reference",
        "=============",
        "",
        ".. currentmodule:: skin_lesion",
        "",
        "All names are imported from the top, as in ``from skin_lesion import ImageLoader``.",
        "They stand in the order in which an image passes through.",
        "",
    ]
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


def foreign_members():
    """Name the members that classes have from scikit-learn: they have no text here to link to."""
    for name in skin_lesion.__all__:
        public = getattr(skin_lesion, name)
        if isinstance(public, type):
            for member in dir(public):
                if not member.startswith("_") and is_foreign(getattr(public, member)):
                    yield "py:obj", f"skin_lesion.{name}.{member}"


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


def hide_private_constructors(app, what, name, obj, options, signature, return_annotation):
    """Leave out the parameters of what only functions make: nobody is to pass them."""
    if what == "class" and "Parameters\n" not in (obj.__doc__ or ""):
        return "", None
    return None


def setup(app):
    write_api_index()
    app.config.nitpick_ignore = list(foreign_members())
    app.connect("autodoc-skip-member", skip_foreign_members)
    # Ahead of numpydoc, which has the same priority as all others.
    app.connect("autodoc-process-signature", hide_private_constructors, priority=400)
    app.connect("autodoc-process-docstring", unlink_foreign_labels)
