"""Out of disk, links, pipes, workers that die: what was whole is whole, and the rest goes on."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

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
    import signal, sys
    from skin_lesion import audit_dataset, load_image_folder, write_lesion_folder
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


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lesions") / "root"
    return write_lesion_folder(folder, 40, n_classes=2, image_size=(32, 32), random_state=0)


@pytest.fixture(scope="module")
def dataset(root):
    return load_image_folder(root)


FILL_THE_DISK = """
    import json, resource
    root, output = sys.argv[1:]
    audit = audit_dataset(load_image_folder(root).data)
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


@pytest.mark.slow
def test_search_goes_on_after_a_worker_has_died(dataset, tmp_path):
    def search(die):
        loader = ImageLoader((8, 8), cache_dir=tmp_path / "cache")
        pipeline = make_pipeline(loader, die, GaussianNB())
        grid = {"gaussiannb__var_smoothing": [1e-3]}
        return GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise").fit(
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
