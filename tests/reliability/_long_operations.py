"""Every long operation, in a process of its own that can be ended at any moment.

Run as a script, it reads lines of JSON, each the name of an operation and a folder. It imports what
takes its time once, and forks: the child goes on to the end of the interpreter, as any process
does. Of each child its id is printed, and then how it ended.
"""

import gc
import json
import os
import signal
import sqlite3
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import soak
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from soak_save import make_model

from skin_lesion import (
    Backbone,
    ConvNet,
    FitCheckpoint,
    ImageEmbedder,
    ImageLoader,
    SkinLesionClassifier,
    audit_dataset,
    evaluate,
    load_image_folder,
    load_model,
    make_lesion_images,
    save_model,
    write_lesion_folder,
)

RESULT = "result.npz"
_LOG = "log"


def n_begun(folder):
    """Return how many pieces of work were begun in a folder."""
    log = folder / _LOG
    return len(log.read_bytes()) if log.exists() else 0


def _begin(folder):
    with open(folder / _LOG, "ab") as file:
        file.write(b".")


def _log_images(folder):
    """Note each image that is opened from now on as a piece of work."""

    def hook(event, arguments):
        if event == "open" and str(arguments[0]).endswith(".png"):
            _begin(folder)

    sys.addaudithook(hook)


class Operation:
    """A long operation, and how far it has come, as is seen from outside.

    Attributes
    ----------
    work_for_each : int
        Pieces of work that each finished thing has taken.
    """

    work_for_each = 1

    def __call__(self, paths, folder):
        """Work in a folder, on images if it is for these, and return what came of it by name."""
        raise AssertionError

    def n_finished(self, folder):
        """Return how many things are finished, all of them sound; 0 where none is kept."""
        return 0

    def is_at_work(self, folder):
        """Tell whether there is a visible sign of it."""
        return n_begun(folder) > 2


class _Audit(Operation):
    """Keeps what it finds in memory."""

    def __call__(self, paths, folder):
        _log_images(folder)
        audit = audit_dataset(paths, n_jobs=2)
        return {"images": audit.images.to_numpy(str), "quality": audit.quality.to_numpy(str)}


class _Cached(Operation):
    def n_finished(self, folder):
        files = list(folder.rglob("images.sqlite3"))
        if not files:
            return 0
        connection = sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return connection.execute("SELECT count(*) FROM images").fetchone()[0]
        except sqlite3.OperationalError:  # it is being made
            return 0
        finally:
            connection.close()

    def is_at_work(self, folder):
        return self.n_finished(folder) > 2


class _FillCache(_Cached):
    def __call__(self, paths, folder):
        _log_images(folder)
        loader = ImageLoader((224, 224), cache_dir=folder / "cache", n_jobs=2)
        return {"images": loader.transform(paths)}


class _Embed(_Cached):
    work_for_each = 2  # an image is hashed, and then read

    def __call__(self, paths, folder):
        _log_images(folder)
        embedder = ImageEmbedder(
            Backbone("MobileNet", weights=None),
            engine="keras",
            loader=ImageLoader((64, 64)),
            cache_dir=folder / "cache",
            batch_size=8,
        )
        return {"features": embedder.fit_transform(paths)}


class _Fit(Operation):
    n_epochs = 20

    def __call__(self, paths, folder):
        lesions = make_lesion_images(60, n_classes=2, image_size=(24, 24), random_state=0)
        log = import_module("keras").callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: _begin(folder)
        )
        classifier = SkinLesionClassifier(
            ConvNet(filters=(8,)),
            epochs=self.n_epochs,
            early_stopping=False,
            batch_size=16,
            random_state=0,
            callbacks=[log, FitCheckpoint(folder / "checkpoints")],
        )
        fitted = self.fit(classifier, lesions.images, lesions.target)
        return {"probabilities": fitted.predict_proba(lesions.images)}

    def fit(self, classifier, X, y):
        return classifier.fit(X, y)

    def n_finished(self, folder):
        epochs = [soak.epochs_in(file) for file in (folder / "checkpoints").glob("fit_*.npz")]
        assert None not in epochs
        return sum(epochs)


class _Search(_Fit):
    n_epochs = 6

    def fit(self, classifier, X, y):
        grid = {"learning_rate": [0.01, 0.001]}
        cv = StratifiedShuffleSplit(1, random_state=0)
        return GridSearchCV(classifier, grid, cv=cv, error_score="raise").fit(X, y)

    def is_at_work(self, folder):
        return n_begun(folder) > self.n_epochs  # the second fit


class _Save(Operation):
    """Saves numbers, and a network, which passes through the folder for temporary files."""

    def __call__(self, paths, folder):
        lesions = make_lesion_images(20, n_classes=2, image_size=(16, 16), random_state=0)
        network = SkinLesionClassifier(
            ConvNet(filters=(8,)), epochs=1, early_stopping=False, random_state=0
        ).fit(lesions.images, lesions.target)
        for path in folder.glob("*.model"):
            load_model(path)
        for value in range(12):
            _begin(folder)
            save_model(make_model(value), folder / "numbers.model")
            save_model(network, folder / "network.model")
        loaded = load_model(folder / "network.model")
        return {
            "numbers": load_model(folder / "numbers.model").coef_,
            "probabilities": loaded.predict_proba(lesions.images),
        }


class _Uncertain(ClassifierMixin, BaseEstimator):
    """Tells nothing apart, and notes when it is asked to."""

    def __init__(self, folder):
        self.folder = folder

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        _begin(self.folder)
        share = np.linspace(0, 1, len(X))
        return np.column_stack([share, 1 - share])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class _Report(Operation):
    """Scores, and writes all pages and tables there are, again and again."""

    def __init__(self, n_bootstraps, n_rounds):
        self.n_bootstraps = n_bootstraps
        self.n_rounds = n_rounds

    def __call__(self, paths, folder):
        y = np.repeat(["a", "b"], len(paths) // 2)
        audit = audit_dataset(paths, y)
        model = _Uncertain(folder).fit(paths, y)
        report = evaluate(model, paths, y, n_bootstraps=self.n_bootstraps, random_state=0)
        for _ in range(self.n_rounds):
            audit.to_html(folder / "audit.html")
            audit.to_csv(folder)
            audit.to_manifest(folder / "manifest.csv")
            report.to_json(folder / "report.json")
            report.to_model_card(folder / "card.md")
        return {"scores": np.array(str(report))}

    def n_finished(self, folder):
        finished = list(folder.glob("*.csv")) + list(folder.glob("*.md"))
        for path in folder.glob("*.html"):
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
        for path in folder.glob("*.json"):
            assert json.loads(path.read_text(encoding="utf-8"))
        for path in finished:
            assert path.read_bytes().endswith(b"\n")
        return 0

    def is_at_work(self, folder):
        sign = "card.md" if self.n_rounds > 1 else _LOG
        return (folder / sign).exists()


class _Draw(Operation):
    def __call__(self, paths, folder):
        root = folder / "drawn"
        if not (root / "metadata.csv").exists():
            write_lesion_folder(root, 150, image_size=(16, 16), random_state=0)
        assert sorted(path.name for path in root.iterdir()) == ["Test", "Train", "metadata.csv"]
        found = load_image_folder(root)
        return {"y": found.target, "pixels": ImageLoader((16, 16)).transform(found.data)}

    def n_finished(self, folder):
        found = {path.name for path in folder.glob("drawn/*") if not path.name.startswith(".")}
        if not (folder / "drawn" / ".unfinished" / "metadata.csv").exists():
            # Half written, it is no dataset.
            assert found in (set(), {"Train", "Test", "metadata.csv"})
        return 0

    def is_at_work(self, folder):
        return bool(list(folder.glob("drawn/.*/*/*/*.jpg")))


OPERATIONS = {
    "audit": _Audit(),
    "cache": _FillCache(),
    "embedding": _Embed(),
    "fit": _Fit(),
    "search": _Search(),
    "save": _Save(),
    "scores": _Report(n_bootstraps=300, n_rounds=1),
    "pages": _Report(n_bootstraps=50, n_rounds=2),
    "drawing": _Draw(),
}


def main(paths):
    import_module("keras")
    gc.collect()
    gc.freeze()  # or a child copies all of it, page by page, when it collects garbage at its end
    for line in sys.stdin:
        name, folder = json.loads(line)
        child = os.fork()
        if child == 0:
            break
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    else:
        return
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    np.savez(Path(folder, RESULT), **OPERATIONS[name](paths, Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
