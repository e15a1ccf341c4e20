"""Write files as a whole: a process that is killed, and a full disk, leave the old one."""

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

_PREFIX, _SUFFIX, _LOCK_SUFFIX = ".skin_lesion.", ".tmp", ".lock"


@contextmanager
def new_file(path):
    """Give the path of a file to write, which takes the place of `path` once it is written.

    Where that fails, it is removed. Those that killed processes left in the same folder are, too.

    Parameters
    ----------
    path : str or os.PathLike
        Its folder must exist. A pipe or a device is written to directly.

    Yields
    ------
    unfinished : pathlib.Path
    """
    path = Path(os.path.realpath(path))  # a link goes on leading to the file
    if path.exists() and not path.is_file():
        yield path
        return
    with _own_place(path.parent) as unfinished:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, unfinished)
        os.replace(unfinished, path)


@contextmanager
def temporary_folder(parent=None):
    """Give the path of an empty folder, which is removed afterwards, and those left by the killed.

    Parameters
    ----------
    parent : str or os.PathLike, default=None
        None stands for that of the system's temporary files.

    Yields
    ------
    folder : pathlib.Path
    """
    with _own_place(Path(tempfile.gettempdir() if parent is None else parent)) as folder:
        folder.mkdir(mode=0o700)
        yield folder


@contextmanager
def lock(file, timeout=1):
    """Hold a lock while something is at work. The system frees it when the process dies.

    Parameters
    ----------
    file : pathlib.Path
        Made, and removed afterwards.

    timeout : float, default=1
        Seconds to wait for it: another process may hold it for the moment that it takes to see
        whether it is free. That process itself waits 0 seconds.

    Yields
    ------
    is_held : bool
        False where another process or thread holds the lock, and where there are no locks: on some
        network file systems, and in the folders of other users.
    """
    held = FileLock(file, timeout=timeout)
    with suppress(OSError):
        held.acquire()
    is_held = held.is_locked
    try:
        yield is_held
    finally:
        held.release()
        if is_held:
            _remove(file)


@contextmanager
def _own_place(folder):
    """Give a path that is free; afterwards remove what is there, unless it has been moved.

    What killed processes left in the folder is removed, too: its lock is free.
    """
    for file in folder.glob(f"{_PREFIX}*{_LOCK_SUFFIX}"):
        with lock(file, timeout=0) as is_free:
            if is_free:
                _remove(file.with_suffix(_SUFFIX))
    # Not named after the file to write, whose name may be as long as names can be.
    place = folder / f"{_PREFIX}{uuid4().hex}{_SUFFIX}"
    lock_file = place.with_suffix(_LOCK_SUFFIX)
    with lock(lock_file):
        try:
            yield place
        finally:
            _remove(place)
            _remove(lock_file)  # made even where there are no locks


def _remove(path):
    with suppress(OSError):  # another process removes it, or it is of another user
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def check_folder_of(path):
    """Return the path of a file to write as text, or raise if its folder does not exist."""
    path = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{folder!r} is no existing folder. Make it, or choose another.")
    return path


def write_text(path, text):
    """Write a text file in UTF-8, as a whole; of names that are no Unicode it has the escapes."""
    with new_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_with_folder(path, text):
    """Write a text file, and the folders on the way; return its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return path


def write_csv(table, path, *, index):
    """Write a table in UTF-8, as a whole; of names that are no Unicode it has the escapes."""
    with new_file(path) as unfinished:
        # With the line ends of RFC 4180: with others, those within a name are not quoted.
        table.to_csv(unfinished, index=index, errors="backslashreplace", lineterminator="\r\n")
