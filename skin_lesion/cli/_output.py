"""The folder that is written to: whether it can be, before anything is computed."""

import os
import tempfile
from pathlib import Path

from .._utils.image_files import image_extensions
from ..datasets import is_report

# For what a run that goes on needs; removed at the end. Hidden: it holds no images of a class.
UNFINISHED = ".unfinished"
# The tables of a training.
_TABLES = {"predictions.csv", "split.csv"}


def file_beside(model_path, extension):
    """Return the path of a file that belongs to a model: of "a.v1.zip" it begins with "a.v1"."""
    path = Path(model_path)
    name = path.stem if path.suffix.lower() == ".zip" else path.name
    return path.with_name(f"{name}{extension}")


def check_output(folder):
    """Raise an OSError if a folder cannot be made or written."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise NotADirectoryError(f"{existing} is a file. Expected a folder: pass another --output.")
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise type(error)(
            f"Nothing can be written to {existing}: {error.strerror}. Expected a folder that can be"
            " written: pass another --output."
        ) from error


def check_holds_no_images(folder, root):
    """Refuse a folder of ROOT that holds images, which the next run would take for a report."""
    folder = Path(os.path.realpath(folder))
    if root is None or is_report(folder) or Path(os.path.realpath(root)) not in folder.parents:
        return
    extensions = image_extensions()
    image = next((p for p in folder.rglob("*") if p.suffix.lower() in extensions), None)
    if image is not None:
        raise ValueError(
            f"--output {folder} holds images of ROOT, such as {image.relative_to(folder)}. Expected"
            " another folder: with a report in it, its images would be left out from then on."
        )


def check_holds_no_training(folder, name=None):
    """Refuse a folder with the report of a training; of a file, only the name of its tables."""
    if (folder / "split.csv").exists() and (name is None or name in _TABLES):
        raise ValueError(
            f"--output {folder if name is None else folder / name} would replace results of a"
            f" training: {folder} holds the report of a training. Expected another folder or file."
        )
