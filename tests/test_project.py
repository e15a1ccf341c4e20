"""What holds the project together: names, rooms, imports and versions."""

import ast
import json
import re
import runpy
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest
import sklearn

import skin_lesion

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skin_lesion"
ROOMS = ("images", "datasets", "audit", "sampling", "models", "evaluation", "cli")
MOST_ENTRIES = 13
BACKENDS = {"tensorflow", "torch", "jax"}

requirements = runpy.run_path(str(ROOT / "tools" / "requirements.py"))
api_reference = runpy.run_path(str(ROOT / "docs" / "api_reference.py"))["API_REFERENCE"]


@cache
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
    """Return what a module imports from rooms below its own, or from private parts of any other.

    What rooms share lies in ``_utils``, which imports from no room.
    """
    here = package.split(".")[1:2]
    allowed = ROOMS[: ROOMS.index(here[0]) + 1] if here and here[0] in ROOMS else ()
    forbidden = set()
    for name in imported_names(source, package):
        top, _, rest = name.partition(".")
        inside, *deeper = rest.split(".")
        # A public name may be imported from the top level, where it stands for its room.
        room = skin_lesion._ROOM_OF.get(inside, inside)
        if top != "skin_lesion" or room.startswith("_"):
            continue
        is_private = any(part.startswith("_") for part in deeper)
        if room not in allowed or (is_private and [room] != here):
            forbidden.add(name)
    return forbidden


def imports_between(depth):
    """Return which parts of the package import which, by their names down to a depth.

    At depth 2 a part is a module or sub-package of a room, with all that it holds.
    """
    modules = {path.removesuffix(".py").removesuffix("/__init__") for path, _, _ in sources()}
    found = {}
    for path, package, source in sources():
        if path.count("/") + 1 < depth or path.endswith("__init__.py"):
            continue
        part = "/".join(path.removesuffix(".py").split("/")[:depth])
        for name in imported_names(source, package):
            places = name.split(".")[1:] if name.startswith("skin_lesion.") else []
            if "/".join(places) not in modules:
                places = places[:-1]  # a name in a module
            if len(places) >= depth and "/".join(places[:depth]) != part:
                found.setdefault(part, set()).add("/".join(places[:depth]))
    return found


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


def test_no_library_is_imported_before_it_is_used():
    """No Keras until a model is built, nor imbalanced-learn until a class is balanced."""
    code = """
import inspect, json, sys
import skin_lesion
after_import = sorted(sys.modules)
skin_lesion.evaluate, skin_lesion.make_lesion_classifier()
after_preset = sorted(sys.modules)
from sklearn.base import BaseEstimator
built = []
for name in skin_lesion.__all__:
    value = getattr(skin_lesion, name)
    if inspect.isclass(value) and issubclass(value, BaseEstimator):
        parameters = inspect.signature(value).parameters.values()
        value(*["folder" for parameter in parameters if parameter.default is parameter.empty])
        built.append(name)
import skin_lesion.models._backend.tensorflow_private
print(json.dumps([after_import, after_preset, built, sorted(sys.modules)]))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    after_import, after_preset, built, after_building = json.loads(result.stdout)

    heavy = {"keras", "scikeras", *BACKENDS}
    assert heavy.isdisjoint(after_import)
    assert {"imblearn", *heavy}.isdisjoint(after_preset)
    assert "SkinLesionClassifier" in built
    assert heavy.isdisjoint(after_building)
    # Each names what is private in a library, which it must not import for that.
    for name in ("keras_private", "tensorflow_private"):
        assert f"skin_lesion.models._backend.{name}" in after_building


def test_rooms_import_only_from_rooms_above_them():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == {*ROOMS, "_utils"}

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
        ("from ..datasets import f", "skin_lesion._utils", {"skin_lesion.datasets.f"}),
        ("from ..datasets import _split", "skin_lesion.images", {"skin_lesion.datasets._split"}),
        (
            "from ...datasets._isic.ids import f",
            "skin_lesion.images._loading",
            {"skin_lesion.datasets._isic.ids.f"},
        ),
        ("import skin_lesion", "skin_lesion.images", {"skin_lesion"}),
        ("from ..images import ImageLoader", "skin_lesion.models", set()),
        ("from ._split import f", "skin_lesion.datasets", set()),
        ("from .._isic.ids import f", "skin_lesion.datasets._drawn", set()),
        ("from ..._utils.files import f", "skin_lesion.images._loading", set()),
        ("from .. import __version__", "skin_lesion.images", set()),
        ("import numpy.random\nfrom sklearn import base", "skin_lesion.images", set()),
    ],
)
def test_forbidden_imports_are_found(source, package, forbidden):
    assert forbidden_imports(source, package) == forbidden


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_imports_run_one_way(depth):
    """Between rooms, between the parts of a room, and between modules: there is no circle."""
    found = imports_between(depth)
    assert len(found) > 3
    TopologicalSorter(found).prepare()  # raises CycleError, which names the circle


def test_the_files_of_tests_that_are_to_come_first_exist(pytestconfig):
    conftest = pytestconfig.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))
    missing = [name for name in conftest.LONGEST_FILES if not (ROOT / name).is_file()]
    assert not missing


def test_a_folder_shows_about_a_dozen_entries():
    folders = [PACKAGE, *(path.parent for path in PACKAGE.rglob("__init__.py"))]
    crowded = {
        folder.name: len(entries)
        for folder in folders
        if len(entries := [path for path in folder.iterdir() if path.name != "__pycache__"])
        > MOST_ENTRIES
    }
    assert crowded == {}


def test_sub_packages_offer_nothing_but_their_modules():
    """What a room offers stands in its own __init__; those inside say what they hold."""
    for path, package, source in sources():
        if path.count("/") >= 2 and path.endswith("__init__.py"):
            late = {"importlib.import_module", "skin_lesion._utils.lazy_keras.import_keras"}
            assert imported_names(source, package) <= late, path


def test_one_module_alone_imports_scikeras():
    assert len(importers_of("scikeras")) == 1


def test_no_module_imports_what_is_private_in_another_library():
    """private_name looks it up instead, in one module for each library, and says what has moved."""
    libraries = (
        "sklearn|imblearn|scikeras|keras|tensorflow"
        r"|numpy|pandas|scipy|joblib|matplotlib|PIL|h5py|onnx\w*"
    )
    private = re.compile(rf"({libraries})\..*\b(_|src\b|python\b)")
    asking = set()
    for path, package, source in sources():
        names = imported_names(source, package)
        assert not list(filter(private.match, names)), path
        if "skin_lesion._utils.private_names.private_name" in names:
            asking.add(path)
    assert asking == {
        "_utils/sklearn_private.py",
        "models/_backend/keras_private.py",
        "models/_backend/tensorflow_private.py",
        "models/_training/keras_wrapper.py",
        "sampling/_imblearn_private.py",
    }


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_backends_are_imported_in_their_module_alone(backend):
    to_import = {"models/_backend/gradients.py"}
    if backend == "tensorflow":
        to_import |= {"models/_backend/fit_network.py", "models/_backend/memory.py"}
    assert importers_of(backend) <= to_import


def test_every_dependency_has_a_floor():
    project = requirements["PROJECT"]
    for requirement in sum(requirements["EXTRAS"].values(), project["dependencies"]):
        assert requirements["floor"](requirement), requirement


def test_getting_started_states_the_oldest_versions():
    name_of, floor = requirements["normalized_name"], requirements["floor"]
    floors = {name_of(line): floor(line) for line in requirements["PROJECT"]["dependencies"]}
    page = (ROOT / "docs" / "getting_started.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^([\w.-]+) +(\d[\w.]*)$", page, flags=re.MULTILINE)
    stated = {name_of(name): version for name, version in rows if name_of(name) in floors}

    assert stated == floors


@pytest.mark.filterwarnings("ignore:Training ended at epochs")
def test_snippets_of_the_readme_run(tmp_path, monkeypatch, few_trees):
    """All in one namespace and one folder, as a reader would type them one after the other."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    # Fewer and smaller images than a reader draws, a small network and one candidate: what is shown
    # here is that the code runs.
    readme = readme.replace('"lesions", 200, ', '"lesions", 60, image_size=(32, 32), ')
    readme = readme.replace("[(8, 16), (16, 32)]", "[(8, 16)]").replace('epochs="few"', "epochs=1")
    make = skin_lesion.make_lesion_classifier
    settings = {
        "estimator__architecture": skin_lesion.ConvNet(filters=(4,)),
        "estimator__epochs": 1,
        "estimator__loader__image_size": (32, 32),
    }
    monkeypatch.setattr(
        skin_lesion,
        "make_lesion_classifier",
        lambda *args, **options: make(*args, **options).set_params(**settings),
    )
    snippets = re.findall(r"^```python\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}
    with sklearn.config_context():
        for snippet in snippets:
            exec(compile(snippet, "README.md", "exec"), names)
    assert len(snippets) == 3
    assert (tmp_path / "report.html").exists()
    assert names["search"].best_params_ == {"network__architecture__filters": (8, 16)}


def test_pre_commit_runs_the_ruff_of_the_lint_extra():
    config = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    revision = re.search(r"ruff-pre-commit\s+rev: v(\S+)", config)[1]

    assert requirements["EXTRAS"]["lint"] == [f"ruff=={revision}"]
