"""The folder that is written to: whether it can be, before anything is computed."""

import hashlib
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .._utils.atomic_writing import new_folder, write_text
from .._utils.image_files import image_extensions
from .._utils.validation.messages import name_some
from ..datasets import is_report

# For what a run that goes on needs; removed at the end. Hidden: it holds no images of a class.
UNFINISHED = ".unfinished"
PLAN = "plan.json"  # in that folder, of a run that can be resumed
# By it `is_report` knows a folder that has just been made.
_LOCK = ".skin_lesion_output.lock"
MANIFEST, REPORT, CARD = "split.csv", "report.json", "model_card.md"
_FORMS = (os.path.realpath, os.path.abspath)
# The tables of a training.
_TABLES = {"predictions.csv", MANIFEST}


def file_beside(model_path, extension):
    """Return the path of a file that belongs to a model: of "a.v1.zip" it begins with "a.v1"."""
    path = Path(model_path)
    name = path.stem if path.suffix.lower() == ".zip" else path.name
    return path.with_name(f"{name}{extension}")


def check_output(folder):
    """Raise an OSError if a folder cannot be made or written."""
    places = (folder, *folder.absolute().parents)
    existing = next(path for path in places if os.path.lexists(path))
    if not existing.exists():
        raise NotADirectoryError(
            f"{existing} is a link to what does not exist. Expected a folder: pass another"
            " --output."
        )
    if not existing.is_dir():
        raise NotADirectoryError(f"{existing} is a file. Expected a folder: pass another --output.")
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise type(error)(
            f"Nothing can be written to {existing}: {error.strerror}. Expected a folder that can be"
            " written: pass another --output."
        ) from error


@contextmanager
def lock_output(folder):
    """Make a folder and hold it in a `with` statement: no other run may write to it meanwhile.

    The system releases it if the process dies. On a file system without locks, filelock takes the
    file itself for the lock, which then may stay, or nothing is held. If what follows fails, a
    folder that was made is removed, unless something lies in it.

    Raises
    ------
    ValueError
        If another run holds it.
    """
    lock = FileLock(folder / _LOCK, timeout=0)
    with new_folder(folder):
        try:
            lock.acquire()
        except Timeout:
            raise ValueError(
                f"Another run of this program is writing to {folder}. Expected a folder that no"
                " other run uses: pass another --output, or wait until that run has ended. If none"
                f" is at work, on this machine or another, remove {folder / _LOCK}."
            ) from None
        except OSError:  # there are no locks
            pass
        try:
            yield
        finally:
            if lock.is_locked:
                with suppress(OSError):  # Windows removes it as the lock is released
                    (folder / _LOCK).unlink()
            lock.release()


def check_holds_no_images(folder, root):
    """Refuse a folder of ROOT that holds images, which the next run would take for a report."""
    if root is None or is_report(folder):
        return
    # By its name, too: a folder of a class may be a link out of ROOT.
    if not any(Path(form(root)) in Path(form(folder)).parents for form in _FORMS):
        return
    folder = Path(os.path.realpath(folder))
    extensions = image_extensions()
    image = next((p for p in folder.rglob("*") if p.suffix.lower() in extensions), None)
    if image is not None:
        raise ValueError(
            f"--output {folder} holds images of ROOT, such as {image.relative_to(folder)}. Expected"
            " another folder: with a report in it, its images would be left out from then on."
        )


def check_is_no_folder_of(paths, folder):
    """Refuse the folder in which images of a table lie."""
    real = os.path.realpath(folder)
    places = {os.path.dirname(path): path for path in paths}
    image = next((path for at, path in places.items() if os.path.realpath(at) == real), None)
    if image is not None:
        raise ValueError(
            f"--output {folder} holds images of --table, such as {image}. Expected another folder:"
            " with a report in it, its images would be left out of folders from then on."
        )


def check_holds_no_training(folder, name=None):
    """Refuse the folder of a training; of a file in it, only the names of its tables."""
    if _is_of_training(folder) and (name is None or name in _TABLES):
        raise ValueError(
            f"--output {folder if name is None else folder / name} would replace results of a"
            f" training: {folder} holds the report of a training. Expected another folder or file."
        )


def check_holds_no_others(folder, written):
    """Refuse a folder with files of these names that no training wrote, such as an evaluation."""
    found = sorted(name for name in written if (folder / name).exists())
    if found and not _is_of_training(folder):
        raise ValueError(
            f"--output {folder} holds {name_some(found)}, which no training wrote. A training would"
            " replace or remove such files. Expected a new folder, or that of a training."
        )


def _is_of_training(folder):
    """Tell whether a training has written to a folder: split.csv may also be of the user."""
    if (folder / UNFINISHED).exists():
        return True
    try:
        with open(folder / MANIFEST, "rb") as manifest:
            return manifest.readline(100).startswith(b"id,sha256,")
    except OSError:
        return False


def seal_card(folder):
    """Add a comment to a model card by which `keep_edited_card` knows whether it was edited."""
    text = (folder / CARD).read_text(encoding="utf-8")
    write_text(folder / CARD, text + _seal(text))


def keep_edited_card(folder):
    """Rename a model card that somebody has edited, or written otherwise, and say so."""
    try:
        text = (folder / CARD).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except ValueError:  # written in another encoding
        text = ""
    body = text.rpartition("\n<!--")[0]
    if text == body + _seal(body):
        return
    names = (folder / f"model_card.earlier{number}.md" for number in ("", *range(2, 10**6)))
    kept = next(path for path in names if not path.exists())
    (folder / CARD).rename(kept)
    print(f"Kept as {kept}: the earlier model card, which this command did not write as it is.")


def _seal(text):
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"\n<!-- Written by skin_lesion. SHA-256 of the text above: {digest} -->\n"
