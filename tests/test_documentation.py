"""Code in the documentation runs, or says what it needs."""

import re
import runpy
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
broken_links = runpy.run_path(str(ROOT / "tools" / "check_links.py"))["broken_links"]

# Pages that people write: the API reference and the gallery are generated from what runs anyway.
GENERATED = {"_build", "api", "auto_examples"}
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted((ROOT / "docs").rglob("*.rst"))
    if not GENERATED & set(path.relative_to(ROOT / "docs").parts) and "_templates" not in path.parts
]

# A block of Python that is no doctest and no picture, or a doctest that is skipped.
UNRUN = re.compile(
    r"^[ ]*\.\. (?:code-block|code|sourcecode):: (?:python|py|python3|pycon|ipython)\s*$"
    r"|^.*# doctest: \+SKIP.*$",
    flags=re.MULTILINE,
)
NEEDS = re.compile(r"^[ ]*\.\. needs: \S.*$", flags=re.MULTILINE)


def unrun_blocks(page):
    """Return the lines that open a block which nothing runs and which does not say what it needs.

    ``.. needs: data`` (or a network, a GPU) is a comment right before the block.
    """
    lines = page.splitlines()
    found = []
    for number, line in enumerate(lines):
        if UNRUN.match(line):
            before = next((other for other in reversed(lines[:number]) if other.strip()), "")
            if not NEEDS.match(before):
                found.append(f"line {number + 1}: {line.strip()}")
    return found


def is_collected(page, options):
    """Whether pytest runs the doctests of a page: by its name, or by a pattern within a folder."""
    patterns = re.findall(r"--doctest-glob[= ](\S+)", options["addopts"])
    for path in options["testpaths"]:
        inside = page == path or page.startswith(f"{path}/")
        if page == path or (inside and any(fnmatch(Path(page).name, name) for name in patterns)):
            return True
    return False


@pytest.mark.parametrize("page", PAGES)
def test_code_of_a_page_runs_or_says_what_it_needs(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    with open(ROOT / "pyproject.toml", "rb") as file:
        options = tomllib.load(file)["tool"]["pytest"]["ini_options"]

    assert unrun_blocks(text) == []
    if ">>> " in text:
        assert is_collected(page, options), "add the page to testpaths in pyproject.toml"


def test_blocks_that_nothing_runs_are_found():
    block = ".. code-block:: python\n\n   import skin_lesion\n"

    assert unrun_blocks(f"Words.\n\n{block}") == ["line 3: .. code-block:: python"]
    assert unrun_blocks(f".. needs: data\n\n{block}") == []
    assert unrun_blocks(">>> run()  # doctest: +SKIP\n") == ["line 1: >>> run()  # doctest: +SKIP"]
    assert unrun_blocks(".. code-block:: console\n\n   $ make test\n") == []


def test_pages_in_folders_need_a_pattern():
    options = {"addopts": "", "testpaths": ["docs/how_to", "docs/index.rst"]}

    assert is_collected("docs/index.rst", options)
    assert not is_collected("docs/how_to/gpu.rst", options)
    assert is_collected("docs/how_to/gpu.rst", options | {"addopts": "--doctest-glob=*.rst"})


def test_readme_has_no_code_that_nothing_runs():
    """Blocks of Python are run by test_project; others are commands, and what they print."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^```(\w*)\n", readme, flags=re.MULTILINE)) <= {
        "",
        "console",
        "python",
        "text",
    }


def test_broken_links_are_found(tmp_path):
    (tmp_path / "picture.png").touch()
    (tmp_path / "there.html").write_text('<p id="place"><a href="#place"></a></p>')
    (tmp_path / "index.html").write_text(
        '<img src="picture.png" srcset="picture.png, missing.png 2.00x">'
        '<a href="there.html#place"></a><a href="there.html#elsewhere"></a>'
        '<a href="there.html#:~:text=words"></a>'
        '<a href="gone.html"></a><a href="https://example.org/"></a>'
    )
    broken, n_pages, n_links = broken_links(tmp_path)

    assert [link for _, link in broken] == ["gone.html", "missing.png", "there.html#elsewhere"]
    assert (n_pages, n_links) == (2, 7)


def test_files_that_the_architecture_names_exist():
    """A path with a folder is one; a bare name is looked for anywhere."""
    text = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"``([\w/.]+\.py)``", text)) - {
        "models/_networks/dense_net.py",
        "tests/models/networks/test_dense_net.py",
    }
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/**/*.py")}
    assert len(named) > 20
    assert [
        name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in files)
    ] == []
