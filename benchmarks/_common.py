"""What the benchmarks share: a process of its own for each measurement, and what it ran on."""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None

# What the library computes with; scripts add what they compare it with.
ALWAYS = ("skin_lesion", "numpy", "scipy", "scikit-learn", "keras", "tensorflow", "onnxruntime")


def run_apart(script, *arguments):
    """Return the last line that a script prints in a process of its own, or end with its error."""
    command = [sys.executable, script, *map(str, arguments)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        sys.exit(process.stderr)
    return process.stdout.splitlines()[-1]


class Stopwatch:
    """What happens from here on costs, children included; they count once they have ended.

    The peak of memory is that since the process began.
    """

    def __init__(self):
        self._cpu = self._cpu_seconds()
        self.start = time.perf_counter()

    def read(self):
        """Return seconds, those of the processors, which others that run beside hardly change, and
        the peak memory of the largest process.
        """
        return {
            "seconds": time.perf_counter() - self.start,
            "cpu_seconds": self._cpu_seconds() - self._cpu,
            "peak_mb": self._peak_memory_mb(),
        }

    @staticmethod
    def _cpu_seconds():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    @staticmethod
    def _peak_memory_mb():
        if resource is None:
            return float("nan")
        unit = 2**20 if sys.platform == "darwin" else 2**10
        of_children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        if sys.platform == "linux":
            # The number of getrusage includes the process that started this one.
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            of_self = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
        else:
            of_self = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return max(of_self, of_children) / unit


def installed_versions(*names):
    """Return the versions of those of the packages that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def describe_machine():
    """Return in a line what the figures were measured on."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def describe_commit():
    """Return the short hash of the commit that is measured, with "-dirty" after changes to it."""
    folder = Path(__file__).parent
    command = ["git", "-C", folder, "describe", "--always", "--dirty", "--exclude=*"]
    try:
        process = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no git, or a folder that is no clone
        return "unknown"
    return process.stdout.strip()


def describe_run(*packages):
    """Return what figures are measured with, by name.

    Parameters
    ----------
    *packages : str
        What the script uses besides the packages that are always named.
    """
    return {
        "date": date.today().isoformat(),
        "commit": describe_commit(),
        "machine": describe_machine(),
        "python": platform.python_version(),
        "versions": installed_versions(*ALWAYS, *packages),
    }


def load_lesions(folder):
    """Load an ISIC release, which has tables, or class folders."""
    from skin_lesion import load_image_folder, load_isic_release

    is_release = any(table.name != "metadata.csv" for table in Path(folder).glob("*.csv"))
    return load_isic_release(folder) if is_release else load_image_folder(folder)


def make_parser(doc):
    """Return a parser of the options that all benchmarks have."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less of everything, one run")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    return parser


def save(figures, json_file, *packages):
    """Write the figures to a file where one is given, and return what they were measured with."""
    about = describe_run(*packages)
    if json_file:
        json_file.write_text(json.dumps({**figures, **about}, indent=2), encoding="utf-8")
    return about


def finish(figures, json_file, *packages):
    """Print what the figures were measured with, and write it all to a file where one is given."""
    about = save(figures, json_file, *packages)
    print()
    for name, value in about.items():
        print(f"{name:>12}  {value}")
