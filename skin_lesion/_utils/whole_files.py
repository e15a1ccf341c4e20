"""Write files as a whole: a process that is killed, and a full disk, leave the old one."""

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

_PREFIX, _SUFFIX = ".skin_lesion", ".tmp"
_numbers = count()


@contextmanager
def new_file(path):
    """Give the path of a file to write, which takes the place of `path` once it is written.

    Where that fails, it is removed. Those that killed processes left in the same folder are, too.

    Parameters
    ----------
    path : str or os.PathLike
        Its folder must exist. What is no regular file, such as a pipe, is written to directly.

    Yields
    ------
    unfinished : pathlib.Path
    """
    path = Path(os.path.realpath(path))  # a link goes on leading to the file
    if path.exists() and not path.is_file():
        yield path
        return
    _remove_those_of_killed_processes(path.parent)
    # Not named after the file, whose name may be as long as names can be.
    unfinished = path.with_name(f"{_own_prefix()}{next(_numbers)}{_SUFFIX}")
    try:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


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
    parent = Path(tempfile.gettempdir() if parent is None else parent)
    _remove_those_of_killed_processes(parent)
    with tempfile.TemporaryDirectory(_SUFFIX, _own_prefix(), parent) as folder:
        yield Path(folder)


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


def write_csv(table, path, *, index):
    """Write a table in UTF-8, as a whole; of names that are no Unicode it has the escapes."""
    with new_file(path) as unfinished:
        # With the line ends of RFC 4180: with others, those within a name are not quoted.
        table.to_csv(unfinished, index=index, errors="backslashreplace", lineterminator="\r\n")


def is_running(host, pid):
    """Tell whether another process is known to run on this machine."""
    if host != socket.gethostname() or pid == os.getpid() or os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _own_prefix():
    return f"{_PREFIX}.{socket.gethostname()[:64]}.{os.getpid()}."


def _remove_those_of_killed_processes(folder):
    host = socket.gethostname()
    for left in folder.glob(f"{_PREFIX}.*.*.*{_SUFFIX}"):
        name, pid, _ = left.name.removeprefix(f"{_PREFIX}.").rsplit(".", 3)[:3]
        if name != host[:64] or not pid.isdecimal() or int(pid) == os.getpid():
            continue
        if os.name == "posix" and not is_running(host, int(pid)):
            with suppress(OSError):  # another process removes it, or it is of another user
                shutil.rmtree(left) if left.is_dir() else left.unlink()
