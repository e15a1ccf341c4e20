"""Find out that nothing can be written before anything is computed."""

import tempfile


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
