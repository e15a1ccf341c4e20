"""Write files atomically: a killed process or a full disk leaves the old file unchanged."""

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
    """Yield the path of a temporary file to write, which then replaces `path`.

    The temporary file is removed if writing fails. Temporary files that killed processes left in
    the same folder are removed, too.

    Parameters
    ----------
    path : str or os.PathLike
        Missing folders are created, and removed again if writing fails. A pipe or a device is
        written directly.

    Yields
    ------
    unfinished : pathlib.Path

    Raises
    ------
    NotADirectoryError
        If a file is where a folder has to be.
    """
    path = Path(check_folder_of(path))
    if path.exists() and not path.is_file():  # asked of a link such as /dev/stdout, too
        yield path
        return
    path = Path(os.path.realpath(path))  # a link remains a link to the file
    with new_folder(path.parent), _own_place(path.parent) as unfinished:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, unfinished)
        os.replace(unfinished, path)


@contextmanager
def temporary_folder(parent=None):
    """Yield the path of an empty folder, which is removed afterwards.

    Folders that killed processes left are removed, too.

    Parameters
    ----------
    parent : str or os.PathLike, default=None
        None stands for the system's folder of temporary files.

    Yields
    ------
    folder : pathlib.Path
    """
    with _own_place(Path(tempfile.gettempdir() if parent is None else parent)) as folder:
        folder.mkdir(mode=0o700)
        yield folder


@contextmanager
def lock(file, timeout=1):
    """Hold a lock in a `with` statement. The system releases it when the process dies.

    Parameters
    ----------
    file : pathlib.Path
        The lock file. It is created, and removed afterwards.

    timeout : float, default=1
        Seconds to wait for the lock. Another process may hold it briefly to find out whether it is
        free; such a process uses 0 seconds.

    Yields
    ------
    is_held : bool
        False if another process or thread holds the lock, or if there are no locks, as on some
        network file systems and in folders of other users.
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
    """Yield an unused path. Afterwards remove the file or folder there, unless it has been moved.

    Files and folders of killed processes are removed, too: their locks are free.
    """
    for file in folder.glob(f"{_PREFIX}*{_LOCK_SUFFIX}"):
        with lock(file, timeout=0) as is_free:
            if is_free:
                _remove(file.with_suffix(_SUFFIX))
    # Not derived from the name of the file to write, which may have the maximum length already.
    place = folder / f"{_PREFIX}{uuid4().hex}{_SUFFIX}"
    lock_file = place.with_suffix(_LOCK_SUFFIX)
    with lock(lock_file):
        try:
            yield place
        finally:
            _remove(place)
            _remove(lock_file)  # created even if there are no locks


def _remove(path):
    with suppress(OSError):  # another process removes it, or it belongs to another user
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def new_folder(folder):
    """Create a folder and its parents. If what follows fails, those created are removed again.

    Parameters
    ----------
    folder : pathlib.Path
        Folders in which something lies by then are kept.
    """
    created = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in created:
            with suppress(OSError):  # another process has written into it
                place.rmdir()
        raise


def check_folder_of(path):
    """Return the path of a file to write, as text.

    Raises
    ------
    NotADirectoryError
        If its folder cannot be one.
    IsADirectoryError
        If it is a folder itself.
    """
    path = os.fspath(path)
    whole = os.path.abspath(path)
    if os.path.isdir(whole):
        raise IsADirectoryError(
            f"{whole!r} is a folder. Expected the name of a file to write. Add a name to it."
        )
    folder = os.path.dirname(whole)
    while not os.path.lexists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise NotADirectoryError(
            f"{folder!r} is not a folder, so {path!r} cannot be written. Choose another path."
        )
    return path


def write_text(path, text):
    """Write a text file in UTF-8 atomically, and return its path.

    Missing folders are created. Names that are not valid Unicode are escaped.
    """
    with new_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")
    return Path(path)


def write_csv(table, path, *, index):
    """Write a CSV file in UTF-8 atomically.

    Missing folders are created. Names that are not valid Unicode are escaped.
    """
    with new_file(path) as unfinished:
        # The line ends of RFC 4180: with others, line ends within a name are not quoted.
        table.to_csv(unfinished, index=index, errors="backslashreplace", lineterminator="\r\n")
