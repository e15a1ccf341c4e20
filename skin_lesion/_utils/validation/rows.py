"""Check that rows can be chosen from X."""

import glob
import os
import reprlib
from collections.abc import Iterable, Mapping
from itertools import combinations

import pandas as pd
from PIL import Image
from sklearn.utils import Bunch, check_consistent_length

from .messages import name_some

PATHS_EXPECTED = (
    "paths as an (n, 1) or (n,) array, a list of str or pathlib.Path, a Series or a one-column"
    " DataFrame"
)
IMAGES_EXPECTED = "RGB images of shape (n, height, width, 3)"
LIST_FOLDER = "load_image_folder(folder).data"
_DEEP_LEARNING = {"keras", "tensorflow", "torch"}


def check_rows(
    X,
    *,
    name="X",
    expected=f"{PATHS_EXPECTED}, or {IMAGES_EXPECTED}",
    entries=("data", "images"),
):
    """Raise an error that says what to pass if rows cannot be chosen from X.

    Parameters
    ----------
    X : object
        Arrays, sequences and tables are valid, whatever they hold.

    name : str
        The name of X in messages.

    expected : str
        What X should be.

    entries : tuple of str
        The entries of a Bunch that are valid.

    Raises
    ------
    ValueError
        If X is None, empty, a single path, or a folder.
    TypeError
        If it is a dict, a Bunch, a generator, a dataset, or something else without rows.
    """
    takes_paths = "paths" in expected
    example = f"load_image_folder(folder).{entries[0]}"
    if "images" in entries:
        example = LIST_FOLDER if takes_paths else f"ImageLoader().transform({LIST_FOLDER})"
        if isinstance(X, (str, os.PathLike)):
            _refuse_single_path(str(os.fspath(X)), name, expected)
        if isinstance(X, (list, tuple)) and not X:
            raise ValueError(f"Found array with 0 sample(s) in {name}. Expected {expected}.")
    if X is None:
        raise ValueError(f"{name} is None. Expected {expected}, such as {example}.")
    if hasattr(X, "__array__") or len(getattr(X, "shape", ())) or isinstance(X, Image.Image):
        return
    kind = type(X).__name__
    if isinstance(X, Mapping):
        keys = list(X)
        key = next((key for key in entries if key in X), keys[0] if keys else entries[0])
        entry = f"{name}.{key}" if isinstance(X, Bunch) else f"{name}[{key!r}]"
        raise TypeError(
            f"{name} is a {kind} with the entries {name_some(keys)}. Expected {expected}. Pass one"
            f" of its entries, such as {entry}."
        )
    libraries = {base.__module__.split(".")[0] for base in type(X).__mro__} & _DEEP_LEARNING
    if libraries:
        batches = "Paths of files are read in batches, too" if takes_paths else "Use arrays"
        raise TypeError(
            f"{name} is a {kind} of {min(libraries)}. Expected {expected}. {batches}: pass"
            f" {example}."
        )
    if hasattr(X, "__len__") and hasattr(X, "__getitem__") and not isinstance(X, (str, bytes)):
        return
    if isinstance(X, Iterable) and not isinstance(X, (str, bytes)):
        collect = "sorted" if isinstance(X, (set, frozenset)) else "list"
        raise TypeError(
            f"{name} is a {kind}, whose rows cannot be chosen by number. Expected {expected}. Pass"
            f" {collect}({name})."
        )
    raise TypeError(f"{name} is {reprlib.repr(X)}, of type {kind}. Expected {expected}.")


def check_lengths(**arrays):
    """Raise scikit-learn's error about different lengths, with the names of the arrays."""
    try:
        check_consistent_length(*arrays.values())
    except ValueError as error:
        names = [name for name, array in arrays.items() if array is not None]
        raise ValueError(f"{error} ({', '.join(names)}). Expected the same number.") from None


def check_order(**arrays):
    """Raise an error if tables of pandas have the same index in another order."""
    indexes = {
        name: array.index
        for name, array in arrays.items()
        if isinstance(array, (pd.Series, pd.DataFrame)) and array.index.is_unique
    }
    # Without the plain numbers of rows: what is computed from rows in any order has these.
    indexes = {
        name: index
        for name, index in indexes.items()
        if not index.equals(pd.RangeIndex(len(index)))
    }
    for (first, index), (name, other) in combinations(indexes.items(), 2):
        if len(index) == len(other) and not index.equals(other) and set(index) == set(other):
            raise ValueError(
                f"{name} has the index of {first} in another order. Expected the same order, since"
                f" rows are taken by position: pass {name}.loc[{first}.index], or"
                f" {name}.to_numpy() if this order is meant."
            )


def _refuse_single_path(path, name, expected):
    what, advice, paths = "a single path", "Pass a list", f"[{path!r}]"
    if os.path.isdir(path):
        what, advice, paths = "a folder", "List its images", f"load_image_folder({path!r}).data"
    elif glob.has_magic(path) and not os.path.exists(path):
        what, advice, paths = "a pattern", "List its matches", f"sorted(glob.glob({path!r}))"
    if "paths" not in expected:
        advice, paths = "Read the images", f"ImageLoader().transform({paths})"
    raise ValueError(f"{name} is {what}, {path!r}. Expected {expected}. {advice}: {paths}.")
