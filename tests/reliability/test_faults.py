"""Killed, terminated, interrupted, out of disk: what was whole is whole, and the rest goes on."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skin_lesion import ImageLoader, audit_dataset, load_image_folder, write_lesion_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")

IMPORTS = """
    import itertools, os, signal, sys
    import numpy as np
    from skin_lesion import audit_dataset, evaluate, load_image_folder, write_lesion_folder
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
"""


def start(code, *arguments):
    """Run code in a process of its own; it prints a line when it is at work."""
    code = textwrap.dedent(IMPORTS) + textwrap.dedent(code)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.first_line = process.stdout.readline()
    return process


def end(process, number):
    """Send a signal, and wait: an ending must not take long."""
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode in (-number, 1)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lesions") / "root"
    return write_lesion_folder(folder, 40, n_classes=2, image_size=(32, 32), random_state=0)


@pytest.fixture(scope="module")
def dataset(root):
    return load_image_folder(root)


# Reports and tables

WRITE = """
    from sklearn.dummy import DummyClassifier
    root, output = sys.argv[1:]
    lesions = load_image_folder(root)
    audit = audit_dataset(lesions.data, lesions.target)
    model = DummyClassifier(strategy="prior").fit(lesions.data, lesions.target)
    report = evaluate(model, lesions.data, lesions.target, n_bootstraps=50, random_state=0)
    for number in itertools.count():
        audit.to_html(f"{output}/audit.html")
        audit.to_csv(output)
        audit.to_manifest(f"{output}/manifest.csv")
        report.to_json(f"{output}/report.json")
        report.to_model_card(f"{output}/card.md")
        if number == 0:
            print("written", flush=True)
"""


def assert_whole(output, dataset):
    assert (output / "audit.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert len(pd.read_csv(output / "images.csv")) == len(dataset.data)
    assert len(pd.read_csv(output / "manifest.csv")) == len(dataset.data)
    assert json.loads((output / "report.json").read_text(encoding="utf-8"))
    assert (output / "card.md").read_text(encoding="utf-8").endswith("\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_writer_that_is_ended_leaves_whole_files(root, dataset, tmp_path, number):
    process = start(WRITE, root, tmp_path)
    assert process.first_line == "written\n"
    time.sleep(np.random.default_rng(number).uniform(0, 0.3))
    end(process, number)
    assert_whole(tmp_path, dataset)
    audit_dataset(dataset.data).to_manifest(tmp_path / "manifest.csv")
    assert not list(tmp_path.glob(".*"))


FILL_THE_DISK = """
    import json, resource
    root, output = sys.argv[1:]
    lesions = load_image_folder(root)
    audit = audit_dataset(lesions.data, lesions.target)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # Python does so, too
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    writers = {
        "audit.html": lambda: audit.to_html(f"{output}/audit.html"),
        "images.csv": lambda: audit.to_csv(output),
        "manifest.csv": lambda: audit.to_manifest(f"{output}/manifest.csv"),
        "drawn": lambda: write_lesion_folder(f"{output}/drawn", 30, random_state=0),
    }
    errors = {}
    for name, write in writers.items():
        try:
            write()
        except OSError as error:
            errors[name] = str(error)
    print(json.dumps(errors))
"""


def test_disk_that_is_full_costs_no_file(root, tmp_path):
    kept = ("audit.html", "images.csv", "manifest.csv")
    for name in kept:
        (tmp_path / name).write_text("as before")
    process = start(FILL_THE_DISK, root, tmp_path)
    assert sorted(json.loads(process.first_line)) == sorted([*kept, "drawn"])
    process.communicate(timeout=20)
    for name in kept:
        assert (tmp_path / name).read_text() == "as before"
    assert not list((tmp_path / "drawn").iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "drawn"])
    (tmp_path / "images.csv").unlink()
    write_lesion_folder(tmp_path / "drawn", 30, image_size=(16, 16), random_state=0)


def test_file_behind_a_link_and_its_mode_stay(dataset, tmp_path):
    audit = audit_dataset(dataset.data[:4])
    file, link = tmp_path / "file.csv", tmp_path / "link.csv"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    audit.to_manifest(link)
    assert link.is_symlink()
    assert len(pd.read_csv(file)) == 4
    assert file.stat().st_mode & 0o777 == 0o640


def test_report_to_a_pipe(dataset, tmp_path):
    """What is no file cannot be replaced."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    audit_dataset(dataset.data[:4]).to_html(pipe)
    assert reader.communicate(timeout=20)[0].rstrip().endswith(b"</html>")
    assert pipe.is_fifo()


# Long operations

AUDIT = """
    lesions = load_image_folder(sys.argv[1])
    paths = np.tile(lesions.data, (400, 1))
    print("at work", flush=True)
    audit_dataset(paths, n_jobs=2)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_audit_ends_when_it_is_told_to(root, number):
    process = start(AUDIT, root)
    assert process.first_line == "at work\n"
    time.sleep(0.3)
    assert process.poll() is None
    end(process, number)


DRAW = """
    print("at work", flush=True)
    write_lesion_folder(sys.argv[1], 300, image_size=(16, 16), random_state=0)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_folder_that_is_half_written_is_no_dataset(tmp_path, number):
    root = tmp_path / "root"
    process = start(DRAW, root)
    while not list(root.glob(".*/*/*/*.jpg")):
        assert process.poll() is None
        time.sleep(0.01)
    end(process, number)
    with pytest.raises(ValueError, match="has no class folder with images"):
        load_image_folder(root)
    write_lesion_folder(root, 30, image_size=(16, 16), n_classes=2, random_state=0)
    assert sorted(path.name for path in root.iterdir()) == ["Test", "Train", "metadata.csv"]
    assert len(load_image_folder(root).data) == 30


class DieOnce(TransformerMixin, BaseEstimator):
    """Ends its process the first time."""

    def __init__(self, file):
        self.file = file

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        if not os.path.exists(self.file):
            Path(self.file).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return X.reshape(len(X), -1)

    def __sklearn_is_fitted__(self):
        return True


def test_search_goes_on_after_a_worker_has_died(dataset, tmp_path):
    def search(die):
        loader = ImageLoader((8, 8), cache_dir=tmp_path / "cache")
        pipeline = make_pipeline(loader, die, GaussianNB())
        grid = {"gaussiannb__var_smoothing": [1e-3]}
        with joblib.parallel_config(backend="loky", n_jobs=2):
            return GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(
                dataset.data, dataset.target
            )

    die = DieOnce(str(tmp_path / "died"))
    with pytest.raises(TerminatedWorkerError):
        search(die)
    assert os.path.exists(die.file)
    loader = ImageLoader((8, 8), cache_dir=tmp_path / "cache")
    assert loader.cache_info().n_images > 0
    assert search(die).best_score_ > 0
    np.testing.assert_array_equal(
        loader.transform(dataset.data), ImageLoader((8, 8)).transform(dataset.data)
    )
