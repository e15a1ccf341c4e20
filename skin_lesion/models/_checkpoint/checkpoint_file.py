"""One file with the state of a fit, replaced as a whole."""

import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..._utils.atomic_writing import check_folder_of, lock, new_file
from ..._utils.validation.messages import warn_caller


class CheckpointFile:
    """The state of one fit, in a folder for many fits.

    Parameters
    ----------
    folder : str or os.PathLike
        Created if it does not exist.

    description : dict
        What identifies the fit, as values for JSON.
    """

    def __init__(self, folder, description):
        # In the form that is read back: tuples become lists, and keys text.
        self._description = json.loads(json.dumps(description))
        name = hashlib.sha256(json.dumps(self._description, sort_keys=True).encode()).hexdigest()
        self._folder = Path(folder)
        self.path = self._folder / f"fit_{name[:32]}.npz"
        check_folder_of(self.path)
        self._folder.mkdir(parents=True, exist_ok=True)

    def load(self):
        """Return the saved state, or None. Warn if the fit restarts despite another checkpoint.

        Returns
        -------
        state : dict or None

        arrays : dict of ndarray

        Warns
        -----
        UserWarning
            If the file is damaged, or if the folder has only an unfinished checkpoint of another
            fit.
        """
        try:
            return _read(self.path)
        except FileNotFoundError:
            problem = self._find_another_fit()
        except Exception as error:  # a damaged archive raises nearly anything
            problem = (
                f"The checkpoint {str(self.path)!r} is damaged ({type(error).__name__}: {error})."
                " Training starts from the beginning and replaces it."
            )
        if problem is not None:
            warn_caller(problem)
        return None, {}

    def save(self, state, arrays):
        """Replace the file atomically: a crash leaves the old or the new file."""
        about = {"state": state, "fit": self._description}
        # To an open file, because NumPy would add an extension to a name.
        with new_file(self.path) as unfinished, open(unfinished, "wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **arrays)

    @contextmanager
    def in_use(self):
        """Show other fits, in this context, that this one is running."""
        with lock(_lock_file(self.path)):
            yield

    def _find_another_fit(self):
        """Return how an unfinished fit in the same folder differs, or None."""
        others = sorted(self._folder.glob("fit_*.npz"), key=os.path.getmtime, reverse=True)
        for path in others:
            try:
                about = _read_about(path)
            except Exception:  # damaged: its own fit will say so
                continue
            if about["state"]["finished"] or _is_at_work(path):
                continue
            other = about["fit"]
            names = [name for name, value in self._description.items() if value != other.get(name)]
            return (
                f"The checkpoint {str(path)!r} belongs to another fit, which differs in"
                f" {', '.join(names)}. Training starts from the beginning, with a new checkpoint."
                " To resume the other fit, use the same parameters and data."
            )
        return None


def _lock_file(path):
    return path.with_suffix(".lock")


def _is_at_work(path):
    if not _lock_file(path).exists():
        return False
    with lock(_lock_file(path), timeout=0) as is_free:
        return not is_free


def _read(path):
    state = _read_about(path)["state"]
    with np.load(path, allow_pickle=False) as archive:
        return state, {name: archive[name] for name in archive.files if name != "about"}


def _read_about(path):
    with np.load(path, allow_pickle=False) as archive:
        return json.loads(str(archive["about"]))
