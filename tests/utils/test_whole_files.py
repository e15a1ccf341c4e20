"""What is at work stays, what was left by the killed goes, and nothing is half written."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from filelock import FileLock
from sklearn.linear_model import LogisticRegression

from skin_lesion import audit_dataset, save_model
from skin_lesion._utils.atomic_writing import lock, new_file, temporary_folder

WRITE_AND_WAIT = """
import sys, time
from pathlib import Path
from skin_lesion._utils.atomic_writing import new_file, temporary_folder
folder = Path(sys.argv[1])
with new_file(folder / "file") as unfinished, temporary_folder(folder) as temporary:
    unfinished.write_text("half")
    (temporary / "file").write_text("half")
    print(flush=True)
    time.sleep(600)
"""


def start_to_write(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_AND_WAIT, str(folder)], stdout=subprocess.PIPE
    )
    process.stdout.readline()
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_what_a_killed_process_left_goes_and_what_another_writes_stays(tmp_path):
    at_work, killed = start_to_write(tmp_path), start_to_write(tmp_path)
    try:
        assert len(os.listdir(tmp_path)) == 8  # a file and a folder with their locks, of each
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        with new_file(tmp_path / "another") as unfinished:
            unfinished.write_text("whole")
        assert len(os.listdir(tmp_path)) == 5
        assert {path.read_text() for path in tmp_path.rglob("*.tmp") if path.is_file()} == {"half"}
    finally:
        at_work.kill()
        at_work.communicate()
    with temporary_folder(tmp_path):
        pass
    assert os.listdir(tmp_path) == ["another"]


def test_an_error_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def write_half():
        with new_file(path) as unfinished, temporary_folder(tmp_path):
            unfinished.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_missing_folders_are_created_and_stay_only_if_the_file_is_written(tmp_path):
    path = tmp_path / "new" / "folder" / "file"

    def write_half():
        with new_file(path) as unfinished:
            unfinished.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert os.listdir(tmp_path) == []
    (tmp_path / "new").mkdir()
    with pytest.raises(KeyError):
        write_half()
    assert os.listdir(tmp_path) == ["new"]
    with new_file(path) as unfinished:
        unfinished.write_text("whole")
    assert path.read_text() == "whole"
    with pytest.raises(IsADirectoryError, match=r"new' is a folder. Expected the name of a file"):
        save_model(LogisticRegression().fit([[0], [1]], [0, 1]), tmp_path / "new")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for wrong in (path / "file", path / "folder" / "file", tmp_path / "dangling" / "file"):
        with pytest.raises(NotADirectoryError, match="is not a folder"), new_file(wrong):
            pass


@pytest.mark.parametrize("writer", ["audit", "manifest", "model"])
def test_all_writers_create_missing_folders(writer, tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    images = np.zeros((4, 8, 8, 3), np.uint8)
    images += np.arange(4, dtype=np.uint8)[:, None, None, None]
    audit = audit_dataset(images, near_duplicates=False)
    if writer == "model":
        save_model(LogisticRegression().fit([[0.0], [1.0]], ["a", "b"]), path)
    elif writer == "audit":
        assert audit.to_html(path) == path
    else:
        assert audit.to_manifest(path) == path
    assert path.stat().st_size > 0
    assert os.listdir(path.parent) == ["file"]


def test_threads_that_write_the_same_file(tmp_path):
    errors = []

    def write(text):
        try:
            for _ in range(20):
                with new_file(tmp_path / "file") as unfinished:
                    unfinished.write_text(text * 1000)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set((tmp_path / "file").read_text())) == 1
    assert os.listdir(tmp_path) == ["file"]


def test_lock_of_another_is_not_held_and_stays(tmp_path):
    file = tmp_path / "a.lock"
    with FileLock(file), lock(file, timeout=0) as is_held:
        assert not is_held
    with lock(file) as is_held:
        assert is_held
    assert os.listdir(tmp_path) == []


def test_file_system_without_locks(tmp_path, monkeypatch):
    """Files are written as a whole there, too; what a killed process leaves stays."""

    def refuse(self):
        open(self.lock_file, "w").close()
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(FileLock, "_acquire", refuse)
    with new_file(tmp_path / "file") as unfinished:
        unfinished.write_text("whole")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="there are no such links")
def test_a_link_to_a_pipe_is_written_to():
    """As /dev/stdout is, where the output of a command goes to another."""
    reader, writer = os.pipe()
    with new_file(f"/dev/fd/{writer}") as unfinished:
        unfinished.write_text("text")
    os.close(writer)
    with open(reader) as pipe:
        assert pipe.read() == "text"
