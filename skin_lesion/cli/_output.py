"""The folder that is written to: whether it can be, before anything is computed."""

import tempfile

# For what a run that goes on needs; removed at the end. Hidden: it holds no images of a class.
UNFINISHED = ".unfinished"
# The tables of a training.
_TABLES = {"predictions.csv", "split.csv"}


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


def check_holds_no_training(folder, name=None):
    """Refuse a folder with the report of a training; of a file, only the name of its tables."""
    if (folder / "split.csv").exists() and (name is None or name in _TABLES):
        raise ValueError(
            f"--output {folder if name is None else folder / name} would replace results of a"
            f" training: {folder} holds the report of a training. Expected another folder or file."
        )
