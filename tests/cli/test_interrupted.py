"""Ctrl-C, SIGTERM and a kill at each stage of "train", and what goes on after them."""

import errno
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from skin_lesion import ConvNet, load_model
from skin_lesion.cli import main
from skin_lesion.cli._train import clean as _clean
from skin_lesion.cli._train import job as _job
from skin_lesion.cli._train import judge as _judge
from skin_lesion.cli._train import progress as _progress
from skin_lesion.cli._train.progress import CountSteps, Progress
from skin_lesion.datasets import is_report

HOLD = """
import sys, time
from pathlib import Path
from skin_lesion.cli._output import lock_output
with lock_output(Path(sys.argv[1])):
    print(flush=True)
    time.sleep(600)
"""

pytestmark = pytest.mark.usefixtures("few_trees", "without_pictures")

OPTIONS = ("--from-scratch", "--epochs", "1", "--image-size", "16", "--folds", "2")
OPTIONS = (*OPTIONS, "--candidates", "2")
# Five fits: of two candidates on two folds, and the final one.
MANIFEST = "id,sha256,label,split,group\n"


@pytest.fixture(autouse=True)
def small_network(monkeypatch):
    monkeypatch.setattr("skin_lesion.models._presets.ConvNet", lambda: ConvNet(filters=(4,)))


@pytest.fixture
def count_fits(monkeypatch):
    """Return a list that gets an item for each fit that trains a step."""
    fits = []
    end_batch = CountSteps.on_train_batch_end

    def count(self, batch, logs=None):
        if batch == 0:
            fits.append(batch)
        end_batch(self, batch, logs)

    monkeypatch.setattr(CountSteps, "on_train_batch_end", count)
    return fits


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


def send(number, *, at=1):
    """Return a function that sends this process a signal when it is called the `at`-th time."""
    calls = []

    def interrupt(*_, **__):
        calls.append(1)
        if len(calls) == at:
            signal.raise_signal(number)

    return interrupt


@pytest.fixture
def heeds_ctrl_c():
    """Let this process heed Ctrl-C, which a shell lets programs in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def train(root, output, *options):
    return main(["train", str(root), "--output", str(output), *OPTIONS, *options])


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize(
    ("place", "name", "at", "number", "n_left", "has_model"),
    [
        (_clean, "audit_dataset", 1, signal.SIGTERM, None, False),
        slow(CountSteps, "on_train_begin", 3, signal.SIGINT, 3, False),
        slow(_job, "load_data", 1, signal.SIGINT, None, False),
        slow(_job, "choose_plan", 1, signal.SIGINT, None, False),
        slow(CountSteps, "on_train_begin", 5, signal.SIGTERM, 1, False),
        slow(_job, "save_model", 1, signal.SIGTERM, 0, False),
        slow(_job, "fit_unlike", 1, signal.SIGINT, 0, True),
        slow(_judge, "evaluate", 1, signal.SIGTERM, 0, True),
        slow(_job, "write_index", 1, signal.SIGINT, 0, True),
    ],
)
def test_a_signal_ends_a_stage_and_the_next_run_goes_on(
    root, tmp_path, capsys, monkeypatch, count_fits, place, name, at, number, n_left, has_model
):
    output = tmp_path / "report"
    with monkeypatch.context() as patch:
        patch.setattr(place, name, send(number, at=at))
        assert train(root, output) == 128 + number
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("skin-lesion: interrupted. ")
    if n_left is None:
        assert "Nothing is finished: run the same command again" in last
        assert not (output / "index.html").exists()
        return
    assert "go on with the same command and --resume" in last
    assert (str(output / "model.zip") in last) is has_model
    assert (output / "model.zip").exists() is has_model
    count_fits.clear()
    assert train(os.path.relpath(root), output, "--resume") == 0
    assert len(count_fits) == n_left
    assert len(json.loads((output / "report.json").read_text())["search"]["candidates"]) == 2
    assert load_model(output / "model.zip").classes_.tolist() == ["melanoma", "nevus"]
    assert not (output / ".unfinished").exists()
    with pytest.raises(SystemExit):
        train(root, output, "--resume")
    assert "holds no interrupted run" in capsys.readouterr().err


def test_an_interrupted_run_is_named_before_it_is_removed(root, tmp_path, capsys, monkeypatch):
    plan = tmp_path / ".unfinished" / "plan.json"
    plan.parent.mkdir()
    plan.touch()

    def load_data(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(_job, "load_data", load_data)
    assert train(root, tmp_path) == 130
    assert "holds an interrupted run, which this run will remove" in capsys.readouterr().out
    assert plan.exists()
    assert train(root, tmp_path, "--resume") == 2  # before the data are loaded
    assert "plan.json is damaged" in capsys.readouterr().err


def test_nothing_of_an_earlier_model_stays_beside_another(root, tmp_path, capsys, monkeypatch):
    parts = ["model.zip", "model.features.npz", "model.onnx", "index.html", "audit.html"]
    parts += ["report.html", "report.txt", "report.json", "model_card.md", "predictions.csv"]
    parts += ["split.csv", "class_counts.png", "sample_images.png", "training_curves.png"]
    for part in [*parts, "right_predictions.png", "notes.txt"]:
        (tmp_path / part).write_text("of an earlier model")
    (tmp_path / "split.csv").write_text(MANIFEST)

    def fit_plan(data, plan, arguments, folder, save):
        save("a model")
        raise KeyboardInterrupt

    def fail(model, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_job, "fit_plan", fit_plan)
    monkeypatch.setattr(_job, "save_model", fail)
    assert train(root, tmp_path) == 2
    assert (tmp_path / "model.zip").read_text() == "of an earlier model"
    assert (tmp_path / "split.csv").read_text() == MANIFEST
    assert (tmp_path / "report.html").exists()
    monkeypatch.setattr(_job, "save_model", lambda model, path: path.write_text(model))
    assert train(root, tmp_path) == 130
    assert (tmp_path / "model.zip").read_text() == "a model"
    left = {path.name for path in tmp_path.iterdir()}
    kept = {"notes.txt", "model_card.earlier.md"}  # a training has written no such card
    assert left == {"model.zip", "split.csv", "audit.html", ".unfinished", *kept}
    assert (tmp_path / "notes.txt").read_text() == "of an earlier model"
    assert len(pd.read_csv(tmp_path / "split.csv", comment="#")) == 60
    (tmp_path / "split.csv").unlink()
    assert main(["audit", str(root), "--output", str(tmp_path)]) == 2
    assert "holds the report of a training" in capsys.readouterr().err


def test_an_error_says_what_is_kept(root, tmp_path, capsys, monkeypatch):
    def fail(*_):
        raise RuntimeError("Out of memory.")

    monkeypatch.setattr(_job, "fit_plan", fail)
    with pytest.raises(RuntimeError, match="Out of memory"):
        train(root, tmp_path)
    kept = f"All finished fits and epochs are kept in {tmp_path}: go on with the same command"
    assert kept in capsys.readouterr().err
    assert train(root / "nowhere", tmp_path) == 2
    assert "kept" not in capsys.readouterr().err  # this run has begun nothing


def test_ctrl_c_in_the_last_step_does_not_say_that_fits_are_kept(
    root, tmp_path, capsys, monkeypatch
):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    def finish(*_):
        monkeypatch.setattr(_job.shutil, "rmtree", interrupt)

    monkeypatch.setattr(_job, "_fit_and_judge", finish)
    assert train(root, tmp_path) == 130
    err = capsys.readouterr().err
    assert f"The training is finished: open {tmp_path / 'index.html'}" in err
    assert "kept" not in err
    assert not (tmp_path / ".unfinished" / "plan.json").exists()
    # The folder is left, and cannot be resumed.
    with pytest.raises(SystemExit):
        train(root, tmp_path, "--resume")
    assert "holds no interrupted run" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_a_model_on_another_disk_is_replaced_in_one_step(root, tmp_path, monkeypatch):
    output, disk = tmp_path / "report", tmp_path / "disk"
    replace = os.replace

    def replace_on_a_disk(source, target):
        if len({disk in Path(path).parents for path in (source, target)}) == 2:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(source, target)

    def fit_plan(data, plan, arguments, folder, save):
        with open(disk / "model.zip") as earlier:
            save("a model")
            assert earlier.read() == "an earlier model"  # not that of the new one
        raise KeyboardInterrupt

    for folder in (output, disk):
        folder.mkdir()
    (disk / "model.zip").write_text("an earlier model")
    (disk / "model.zip").chmod(0o640)
    (output / "split.csv").write_text(MANIFEST)
    (output / "model.zip").symlink_to(disk / "model.zip")
    monkeypatch.setattr(os, "replace", replace_on_a_disk)
    monkeypatch.setattr(os, "rename", replace_on_a_disk)
    monkeypatch.setattr(_job, "fit_plan", fit_plan)
    monkeypatch.setattr(_job, "save_model", lambda model, path: path.write_text(model))
    assert train(root, output) == 130
    assert (output / "model.zip").is_symlink()
    assert (disk / "model.zip").read_text() == "a model"
    assert (disk / "model.zip").stat().st_mode & 0o777 == 0o640
    assert len(pd.read_csv(output / "split.csv", comment="#")) == 60


def test_another_run_into_the_same_folder_is_refused(root, tmp_path, capsys, monkeypatch):
    output, begun = tmp_path / "report", []
    commands = [
        [*verb, str(root), "--output", str(output)]
        for verb in (["train"], ["audit"], ["evaluate", "model.zip"])
    ]

    def begin(*_):
        begun.append(is_report(output))
        raise ValueError("That is all.")

    monkeypatch.setattr(_job, "_clean_and_train", begin)
    monkeypatch.setattr("skin_lesion.cli._audit.load_data", begin)
    monkeypatch.setattr("skin_lesion.cli._evaluate.load_classifier", begin)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(output)], stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        for command in commands:
            assert main(command) == 2
            error = capsys.readouterr().err
            assert f"Another run of this program is writing to {output}" in error
            assert f"remove {output / '.skin_lesion_output.lock'}" in error
        process.kill()
    assert begun == []
    assert list(output.iterdir()) != []  # its file stays, but the system has released the lock
    for command in commands:
        assert main(command) == 2
        assert "That is all." in capsys.readouterr().err
    assert begun == [True] * 3
    assert list(output.iterdir()) == []


def test_the_end_of_all_fits_is_told_by_what_this_process_trains(monkeypatch, capsys):
    now = 0
    clock = SimpleNamespace(time=lambda: now, localtime=time.gmtime, strftime=time.strftime)
    monkeypatch.setattr(_progress, "time", clock)
    progress = Progress([60.0] * 4, [1] * 4)
    now = 5
    progress.end_fit("restored")
    progress.begin_network()
    progress.restore(0.5)
    now = 65
    progress.advance(1.0)
    progress.end_fit("half of it restored")  # in 65 seconds; four times as much is left
    progress.close()
    first, second = capsys.readouterr().out.splitlines()
    assert first == "fit 1 of 4: restored (already trained)"
    assert "(all fits end at about 00:05)" in second


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_imports_ends_the_process(tmp_path, number, status):
    command = [sys.executable, "-X", "importtime", "-m", "skin_lesion", "audit", str(tmp_path)]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored by some shells
    ) as process:
        for line in process.stderr:  # of each module that has been imported
            if line.rstrip().endswith(" numpy.version"):
                process.send_signal(number)
                break
        rest = process.stderr.read()
    assert process.returncode == status
    assert rest.endswith(
        "skin-lesion: interrupted. Nothing was begun: run the same command again.\n"
    )
    assert "Traceback" not in rest


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_a_signal_during_an_import_is_not_swallowed(tmp_path, capsys, monkeypatch):
    (tmp_path / "swallower.py").write_text(
        "import signal, time\n"
        "try:\n    signal.raise_signal(signal.SIGTERM)\n    time.sleep(0.3)\n"
        "except KeyboardInterrupt:\n    pass\nelse:\n    is_whole = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def run(_):
        assert importlib.import_module("swallower").is_whole
        time.sleep(5)
        raise AssertionError("The signal was lost.")

    monkeypatch.setattr("skin_lesion.cli._audit.run", run)
    handler = signal.getsignal(signal.SIGTERM)
    assert main(["audit", str(tmp_path)]) == 143
    assert "Nothing is finished" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == handler


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_a_signal_that_the_calling_program_handles_is_left_to_it(tmp_path, monkeypatch):
    received = []
    monkeypatch.setattr("skin_lesion.cli._audit.run", lambda _: signal.raise_signal(signal.SIGTERM))
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        assert main(["audit", str(tmp_path)]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [signal.SIGTERM]


@pytest.mark.slow
@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_process_that_is_ended_while_it_searches(root, tmp_path, number, status):
    output = tmp_path / "report"
    command = [sys.executable, "-m", "skin_lesion", "train", str(root), "--output", str(output)]
    command += OPTIONS
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stdout:
            lines += [line] if line.startswith("fit ") else []
            if len(lines) == 2:
                process.send_signal(number)
                break
        process.stdout.read()
    assert process.returncode == status
    out = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=True).stdout
    again = [line for line in out.splitlines() if line.startswith("fit ")]
    assert [line.split(" (")[0] for line in lines] == [line.split(" (")[0] for line in again[:2]]
    assert len(again) == 5
    assert (output / "index.html").exists()
