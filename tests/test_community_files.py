"""What contributors and their machines are told: workflows, templates, how to cite."""

import re
from pathlib import Path

import pytest
import yaml  # distributed brings it

import skin_lesion

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
MAKE = re.compile(r"^\s*make ([a-z-]+)", flags=re.MULTILINE)


def read_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands_of(workflow):
    jobs = read_yaml(GITHUB / "workflows" / f"{workflow}.yml")["jobs"]
    return "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])


def workflows():
    return sorted(path.stem for path in (GITHUB / "workflows").iterdir())


@pytest.mark.parametrize("workflow", workflows())
def test_workflows_call_targets_of_the_makefile(workflow):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    called = set(MAKE.findall(commands_of(workflow)))

    assert called
    assert called <= targets


def test_workflows_run_what_has_to_pass_before_a_change():
    needed = set(MAKE.findall((ROOT / ".ci" / "run").read_text(encoding="utf-8")))
    on_changes = set(MAKE.findall("\n".join(map(commands_of, ("lint", "test", "docs")))))

    assert {"lint", "test", "docs"} <= needed
    assert needed <= on_changes


def test_tests_run_on_the_oldest_python_that_is_allowed():
    versions = read_yaml(GITHUB / "workflows" / "test.yml")["jobs"]["test"]["strategy"]["matrix"]
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert versions["python-version"][0] == re.search(r'requires-python = ">=(.+)"', pyproject)[1]


def test_only_the_job_that_publishes_may_write():
    for workflow in workflows():
        content = read_yaml(GITHUB / "workflows" / f"{workflow}.yml")
        assert content["permissions"] == {"contents": "read"}
        for name, job in content["jobs"].items():
            expected = {"id-token": "write"} if name == "publish" else None
            assert job.get("permissions") == expected


def test_forms_ask_for_something():
    for name in ("bug", "idea"):
        form = read_yaml(GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml")
        assert form["name"]
        assert form["description"]
        assert any(field["type"] == "textarea" for field in form["body"])


def test_citation_has_the_version_and_licence_of_the_package():
    citation = read_yaml(ROOT / "CITATION.cff")

    assert citation["version"] == skin_lesion.__version__
    assert f'license = "{citation["license"]}"' in (ROOT / "pyproject.toml").read_text("utf-8")
