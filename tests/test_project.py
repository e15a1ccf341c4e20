"""What holds the project together: names, rooms, imports and versions."""

import ast
import json
import re
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import sklearn

import skin_lesion

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skin_lesion"
ROOMS = ("images", "datasets", "audit", "sampling", "models", "evaluation", "job")
BACKENDS = {"tensorflow", "torch", "jax"}

requirements = runpy.run_path(str(ROOT / "tools" / "requirements.py"))
api_reference = runpy.run_path(str(ROOT / "docs" / "api_reference.py"))["API_REFERENCE"]


def imported_names(source, package):
    """Return the full dotted names that a module imports, inside functions too.

    ``from a import b`` counts as ``a.b``, whether b is a module or not.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = parents[: len(parents) - node.level + 1] if node.level else []
            base += [node.module] if node.module else []
            names |= {".".join([*base, alias.name]) for alias in node.names}
    return names


def sources():
    for path in sorted(PACKAGE.rglob("*.py")):
        package = ".".join(path.relative_to(ROOT).parent.parts)
        yield path.relative_to(PACKAGE).as_posix(), package, path.read_text(encoding="utf-8")


def importers_of(library):
    return {
        path
        for path, package, source in sources()
        if any(name.split(".")[0] == library for name in imported_names(source, package))
    }


def forbidden_imports(source, package):
    """Return what a module in a room, or a shared module, imports from where it must not."""
    parts = package.split(".")
    allowed = ROOMS[: ROOMS.index(parts[1]) + 1] if len(parts) > 1 else ()
    forbidden = set()
    for name in imported_names(source, package):
        top, _, rest = name.partition(".")
        inside = rest.split(".")[0]
        # A public name may be imported from the top level, where it stands for its room.
        room = skin_lesion._ROOM_OF.get(inside, inside)
        if top == "skin_lesion" and not room.startswith("_") and room not in allowed:
            forbidden.add(name)
    return forbidden


@pytest.mark.parametrize("name", skin_lesion.__all__)
def test_public_name_is_importable_from_the_top_level_and_its_room(name):
    room = import_module(f"skin_lesion.{skin_lesion._ROOM_OF[name]}")

    assert getattr(skin_lesion, name) is getattr(room, name)
    assert name in room.__all__


def test_rooms_export_no_name_that_the_top_level_lacks():
    for room in set(skin_lesion._ROOM_OF.values()):
        exported = set(import_module(f"skin_lesion.{room}").__all__)
        assert exported <= set(skin_lesion.__all__), room


def test_api_reference_lists_each_public_name_once_in_its_room():
    listed = [(name, room) for room, entry in api_reference.items() for name in entry["names"]]

    assert sorted(listed) == sorted(skin_lesion._ROOM_OF.items())


def test_no_keras_until_a_model_is_built():
    code = """
import inspect, json, sys
import skin_lesion
after_import = sorted(sys.modules)
from sklearn.base import BaseEstimator
built = []
for name in skin_lesion.__all__:
    value = getattr(skin_lesion, name)
    if inspect.isclass(value) and issubclass(value, BaseEstimator):
        parameters = inspect.signature(value).parameters.values()
        value(*["folder" for parameter in parameters if parameter.default is parameter.empty])
        built.append(name)
print(json.dumps([after_import, built, sorted(sys.modules)]))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    after_import, built, after_building = json.loads(result.stdout)

    heavy = {"keras", "scikeras", *BACKENDS}
    assert heavy.isdisjoint(after_import)
    assert "SkinLesionClassifier" in built
    assert heavy.isdisjoint(after_building)


def test_rooms_import_only_from_rooms_above_them():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(ROOMS)

    found = {
        path: names
        for path, package, source in sources()
        # The command line stands above all rooms.
        if path != "__main__.py" and (names := forbidden_imports(source, package))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "package", "forbidden"),
    [
        ("from ..models import ConvNet", "skin_lesion.images", {"skin_lesion.models.ConvNet"}),
        ("from .. import models", "skin_lesion.images", {"skin_lesion.models"}),
        ("def f(): import skin_lesion.models", "skin_lesion.images", {"skin_lesion.models"}),
        ("from skin_lesion import ConvNet", "skin_lesion.images", {"skin_lesion.ConvNet"}),
        ("from .datasets import _split", "skin_lesion", {"skin_lesion.datasets._split"}),
        ("import skin_lesion", "skin_lesion.images", {"skin_lesion"}),
        ("from ..images import ImageLoader", "skin_lesion.models", set()),
        ("from ._split import f", "skin_lesion.datasets", set()),
        ("from .._validation import f\nfrom .. import __version__", "skin_lesion.images", set()),
        ("import numpy.random\nfrom sklearn import base", "skin_lesion.images", set()),
    ],
)
def test_forbidden_imports_are_found(source, package, forbidden):
    assert forbidden_imports(source, package) == forbidden


def test_one_module_alone_imports_scikeras():
    assert len(importers_of("scikeras")) == 1


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_backends_are_imported_in_their_module_alone(backend):
    assert importers_of(backend) <= {"models/_backend.py"}


def test_every_dependency_has_a_floor():
    project = requirements["PROJECT"]
    for requirement in sum(requirements["EXTRAS"].values(), project["dependencies"]):
        assert requirements["floor"](requirement), requirement


def test_readme_states_the_oldest_versions():
    name_of, floor = requirements["normalized_name"], requirements["floor"]
    floors = {name_of(line): floor(line) for line in requirements["PROJECT"]["dependencies"]}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| *`?([\w.-]+)`? *\| *`?(\d[\w.]*)`? *\| *$", readme, flags=re.MULTILINE)
    stated = {name_of(name): version for name, version in rows if name_of(name) in floors}

    assert stated == floors


@pytest.mark.filterwarnings("ignore:Training ended at epochs")
def test_snippets_of_the_readme_run(tmp_path, monkeypatch):
    """All in one namespace and one folder, as a reader would type them one after the other."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}
    with sklearn.config_context():
        for snippet in snippets:
            exec(compile(snippet, "README.md", "exec"), names)
    assert len(snippets) == 4
    assert (tmp_path / "report.html").exists()
    assert names["keep"].all()
    assert names["search"].best_params_["cnn__architecture__filters"] in [(8, 16), (16, 32)]


def test_pre_commit_runs_the_ruff_of_the_lint_extra():
    config = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    revision = re.search(r"ruff-pre-commit\s+rev: v(\S+)", config)[1]

    assert requirements["EXTRAS"]["lint"] == [f"ruff=={revision}"]
