"""Print requirements that pip cannot read out of pyproject.toml by itself.

--floors          the oldest supported versions of what runs, exports and tests the package
--without NAME    what runs and tests the package, except one
--extra NAME      the packages of one extra, without skin_lesion itself
"""

import argparse
import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
PROJECT = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def normalized_name(requirement):
    """Return the name as package indexes compare it: Pillow is pillow, a_b is a-b."""
    name = re.match(r"[\w.-]+", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def floor(requirement):
    """Return the oldest version that a requirement allows."""
    found = re.search(r"[>=]=\s*([^\s,;]+)", requirement)
    if found is None:
        raise ValueError(
            f"{requirement!r} in pyproject.toml has no floor. Expected one: name>=version."
        )
    return found[1]


def main():
    parser = argparse.ArgumentParser()
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--floors", action="store_true")
    what.add_argument("--without")
    what.add_argument("--extra", choices=EXTRAS)
    args = parser.parse_args()

    run_and_test = [*PROJECT["dependencies"], *EXTRAS["test"]]
    if args.floors:
        installed = run_and_test + EXTRAS["onnx"] + EXTRAS["lite"]
        lines = [f"{normalized_name(line)}=={floor(line)}" for line in installed]
    elif args.without:
        lines = [line for line in run_and_test if normalized_name(line) != args.without]
        if len(lines) == len(run_and_test):
            parser.error(f"pyproject.toml does not require {args.without}")
    else:
        lines = EXTRAS[args.extra]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
