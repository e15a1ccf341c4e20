"""Checks that several rooms share, and the messages they give.

Messages follow one form: what was found, what was expected, what to do.
"""

import glob
import os
import reprlib
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from numbers import Integral

import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import issparse
from sklearn.utils import Bunch, assert_all_finite

from .image_files import image_extensions, image_file_exists

PATHS_EXPECTED = (
    "paths as an (n, 1) or (n,) array, a list of str or pathlib.Path, a Series or a one-column"
    " DataFrame"
)
IMAGES_EXPECTED = "RGB images of shape (n, height, width, 3)"
_LIST_FOLDER = "load_image_folder(folder).data"
_N_NAMED = 5
_N_LOOKED_AT = 100
_DEEP_LEARNING = {"keras", "tensorflow", "torch"}
_MISSING_AS_TEXT = ("nan", "NaN", "<NA>")  # what pandas and numpy write where they have no value


def did_you_mean(name, choices):
    """Return " Did you mean 'x'?", or an empty string where nothing is close."""
    by_lower_case = {choice.lower(): choice for choice in choices}
    close = get_close_matches(str(name).lower(), by_lower_case, n=1)
    return f" Did you mean {by_lower_case[close[0]]!r}?" if close else ""


def name_some(names):
    """Write out the first few names."""
    named = ", ".join(repr(name) for name in names[:_N_NAMED])
    return named if len(names) <= _N_NAMED else f"{named} and {len(names) - _N_NAMED} more"


def check_rows(
    X,
    *,
    name="X",
    expected=f"{PATHS_EXPECTED}, or {IMAGES_EXPECTED}",
    entries=("data", "images"),
):
    """Raise an error that says what to pass, where X is nothing that rows can be chosen from.

    Parameters
    ----------
    X : object
        Arrays, sequences and tables pass, whatever they hold.

    name : str
        What to call X in messages.

    expected : str
        What X should be.

    entries : tuple of str
        Which entries of a Bunch are such.

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
        example = _LIST_FOLDER if takes_paths else f"ImageLoader().transform({_LIST_FOLDER})"
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
        batches = "The paths of the files are read in batches, too" if takes_paths else "Use arrays"
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


def _refuse_single_path(path, name, expected):
    what, advice, paths = "a single path", "Put it into a list", f"[{path!r}]"
    if os.path.isdir(path):
        what, advice, paths = "a folder", "List its images", f"load_image_folder({path!r}).data"
    elif glob.has_magic(path) and not os.path.exists(path):
        what, advice, paths = "a pattern", "List what it matches", f"sorted(glob.glob({path!r}))"
    if "paths" not in expected:
        advice, paths = "Read the images", f"ImageLoader().transform({paths})"
    raise ValueError(f"{name} is {what}, {path!r}. Expected {expected}. {advice}: {paths}.")


def are_paths(X):
    """Tell whether X is meant to hold paths, in any of the accepted forms, rather than numbers.

    So is a table with a column of text, or bytes: :func:`check_paths` says what to do about them.
    Only the first row that is not missing is looked at: X may be large.
    """
    if isinstance(X, (str, os.PathLike)):
        return True
    if hasattr(X, "iloc"):
        X = X.iloc[:_N_LOOKED_AT].to_numpy()
    if isinstance(X, np.ndarray) and (X.ndim == 0 or X.dtype.kind not in "OSUT"):
        return False
    if not isinstance(X, (np.ndarray, list, tuple)):
        return False
    for row in X[:_N_LOOKED_AT]:
        values = row if isinstance(row, (list, tuple)) or np.ndim(row) == 1 else [row]
        if any(isinstance(value, (str, bytes, os.PathLike)) for value in values):
            return True
        if not all(_is_missing(value) for value in values):
            return False
    return False


def _is_missing(value):
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def find_path_columns(X):
    """Return the columns of X that hold the path of an existing image file in each row.

    Parameters
    ----------
    X : array-like of shape (n,) or (n, n_columns)
        Paths, or a table with anything else beside them.

    Returns
    -------
    columns : dict of str to ndarray of shape (n,), of str
        By their names, or numbers.
    """
    if not are_paths(X):
        return {}
    table = pd.DataFrame(X if hasattr(X, "iloc") else np.asarray(X, dtype=object))
    extensions, found = {"", *image_extensions()}, {}  # entries of HDF5 files have none

    def is_image_file(value):
        return (
            isinstance(value, (str, os.PathLike))
            and os.path.splitext(value)[1].lower() in extensions
            and image_file_exists(value)
        )

    for name, column in table.items():
        values = column.to_numpy(dtype=object)
        if all(map(is_image_file, values)):
            found[name] = np.array([os.fspath(value) for value in values], dtype=str)
    return found


def check_paths(X, *, name="X"):
    """Return the paths in X as an array of str.

    Parameters
    ----------
    X : array-like of shape (n,) or (n, 1), Series or one-column DataFrame
        Paths, `str` or `os.PathLike`.

    name : str
        What to call X in messages.

    Returns
    -------
    paths : ndarray of shape (n,), of str

    Raises
    ------
    ValueError
        If X has another shape, or is empty.
    TypeError
        If a value is no path.
    """
    check_rows(X, name=name, expected=PATHS_EXPECTED)
    values = np.asarray(X, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(
            f"{name} has shape {values.shape}. Expected {PATHS_EXPECTED}."
            f"{_name_path_columns(X, name)}"
        )
    if values.size == 0:
        raise ValueError(f"Found array with 0 sample(s) in {name}. Expected at least one path.")
    for row, value in enumerate(values):
        if not isinstance(value, (str, os.PathLike)):
            advice = "Drop the rows without a path, or fill them in."
            if isinstance(value, bytes):
                advice = f"Decode them: [os.fsdecode(path) for path in {name}]."
            raise TypeError(
                f"{name}[{row}] is {reprlib.repr(value)}, of type {type(value).__name__}. Expected"
                f" {PATHS_EXPECTED}. {advice}"
            )
    return np.array([os.fspath(value) for value in values], dtype=str)


def _name_path_columns(X, name):
    """Return a sentence on which column of a table to pass, an empty one where none has paths."""
    columns = list(find_path_columns(X)) if np.ndim(X) == 2 else []
    if not columns:
        return ""
    column = f"{name}[:, [{columns[0]}]]"
    if hasattr(X, "iloc"):
        column = f"{name}[[{columns[0]!r}]]"
    elif not hasattr(X, "shape"):
        column = f"[row[{columns[0]}] for row in {name}]"
    return f" Pass its column of paths alone: {column}."


def check_files_exist(paths):
    """Raise a FileNotFoundError that names the first missing file and counts them all."""
    missing = [path for path in paths if not image_file_exists(path)]
    if missing:
        found = (
            f"{len(missing)} of {len(paths)} paths are no existing files, the first is"
            f" {str(missing[0])!r}"
        )
        if missing[0].startswith(("http://", "https://")):
            raise FileNotFoundError(f"{found}, a web address. Download the files first.")
        if os.path.isdir(missing[0]):
            raise FileNotFoundError(f"{found}, a folder. List its images: {_LIST_FOLDER}.")
        raise FileNotFoundError(f"{found}. Relative paths are looked up in {os.getcwd()!r}.")


def number_labels(values, *, name):
    """Return the distinct labels, sorted, and the number of the label of each row.

    Parameters
    ----------
    values : array-like of shape (n,)
        Classes or groups: text or numbers.

    name : str
        What to call them in messages.

    Returns
    -------
    labels : ndarray of shape (n_labels,)

    numbers : ndarray of shape (n,), of int

    Raises
    ------
    ValueError
        As :func:`check_labels` does.
    TypeError
        As :func:`check_labels` does.
    """
    return np.unique(check_labels(values, name=name), return_inverse=True)


def check_labels(values, *, name="y_true"):
    """Return labels as an array of shape (n,), none of them missing.

    Parameters
    ----------
    values : array-like of shape (n,) or (n, 1)
        Classes or groups: text or numbers.

    name : str
        What to call them in messages.

    Returns
    -------
    labels : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If values are missing, if there are none, or if they have another shape.
    TypeError
        If they are no array-like, or text and numbers together.
    """
    are_groups = name.startswith("groups")
    a_label = "a group" if are_groups else "a class"
    if values is None:  # in the words that scikit-learn's checks of estimators ask for
        raise ValueError(
            f"{name} is None. {name} should be a 1d array, {a_label} for each row. Pass such as"
            " load_image_folder(folder).target."
        )
    check_rows(
        values,
        name=name,
        expected=f"{a_label} for each row, an array-like of shape (n,)",
        entries=("groups",) if are_groups else ("target",),
    )
    # As objects: numpy turns a NaN among text into text.
    missing = values if hasattr(values, "dtype") else np.asarray(values, dtype=object)
    values = np.asarray(values)
    if values.ndim != 1 and values.shape[1:] != (1,):
        advice = ""
        if values.ndim == 2 and not are_groups:
            advice = f" Of one-hot columns take the names: classes[{name}.argmax(axis=1)]."
        raise ValueError(
            f"{name} has shape {values.shape}. {name} should be a 1d array, {a_label} for each row,"
            f" of shape (n,).{advice}"
        )
    values = values.ravel()
    if not len(values):
        raise ValueError(f"{name} is empty. Expected at least one row.")
    missing = np.asarray(pd.isna(missing)).ravel()
    if values.dtype.kind in "OUT":
        missing = missing | np.isin(values.astype(str), _MISSING_AS_TEXT)
    if missing.any():
        advice = f"Leave out the rows without one: keep = pd.notna({name}); X[keep], {name}[keep]."
        if are_groups:
            advice = "Give each row whose group is unknown an id of its own, or leave it out."
        raise ValueError(
            f"{name} is missing in {missing.sum()} of {len(values)} rows, the first is row"
            f" {missing.argmax()}. Expected {a_label} for each row. {advice}"
        )
    types = ()
    if values.dtype == object:  # text of numpy is text
        types = {str if isinstance(value, str) else type(value) for value in values.tolist()}
    if len(types) > 1 and str in types:
        raise TypeError(
            f"{name} holds values of the types {name_some(sorted(t.__name__ for t in types))}."
            f" Expected either text or numbers. Turn all into text: [str(label) for label in"
            f" {name}]."
        )
    return values


def check_image_size(size, *, name="image_size", at_least=1):
    """Return height and width of images; one number stands for a square.

    Parameters
    ----------
    size : int or sequence of 2 ints

    name : str
        What to call it in messages.

    at_least : int
        The smallest side that is possible.

    Returns
    -------
    size : tuple of (int, int)

    Raises
    ------
    ValueError
        If it is something else.
    """
    sides = [size] * 2 if isinstance(size, Integral) else size
    if not isinstance(sides, (list, tuple, np.ndarray)):
        sides = ()
    if len(sides) != 2 or not all(
        isinstance(side, Integral) and not isinstance(side, bool) and side >= at_least
        for side in sides
    ):
        raise ValueError(
            f"{name} is {size!r}. Expected (height, width), two whole numbers of at least"
            f" {at_least}, or one for a square: {name}=(224, 224), or {name}=224."
        )
    return int(sides[0]), int(sides[1])


def check_images(X, *, name="X", scale_is_known=False):
    """Return X as a stack of RGB images, without copying it where it is one already.

    Parameters
    ----------
    X : array-like of shape (n, height, width, 3)
        Pixels from 0 to 255, of an integer or floating dtype.

    name : str
        What to call X in messages.

    scale_is_known : bool
        See :func:`check_pixels`.

    Returns
    -------
    images : ndarray of shape (n, height, width, 3)
        uint8 where X has an integer dtype, else of the floating dtype of X.

    Raises
    ------
    ValueError
        If X has another shape or range, or holds NaN or infinity.
    TypeError
        If X holds paths, or has no rows.
    """
    if are_paths(X) and not isinstance(X, (str, os.PathLike)):
        raise TypeError(
            f"{name} holds paths, or text. Expected {IMAGES_EXPECTED}. Read them first:"
            f" ImageLoader().transform({name}), or put ImageLoader ahead in a pipeline."
        )
    images = stack_images(X, name=name)
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(_explain_shape(images, name))
    return check_pixels(images, name=name, scale_is_known=scale_is_known)


def stack_images(X, *, name="X"):
    """Return images, or rows, as one array.

    Parameters
    ----------
    X : array-like of shape (n, ...)
        Also a list, object array or Series of n arrays of one shape.

    name : str
        What to call X in messages.

    Returns
    -------
    images : ndarray of shape (n, ...)
        X itself where it is one.

    Raises
    ------
    ValueError
        If X is None, a single path, sparse, or holds arrays of several shapes.
    TypeError
        If X has no rows.
    """
    check_rows(X, name=name, expected=IMAGES_EXPECTED)
    if issparse(X):
        raise ValueError(
            f"{name} is a sparse matrix of shape {X.shape}. Expected {IMAGES_EXPECTED}. Use"
            f" {name}.toarray(), and reshape it."
        )
    try:
        images = np.asarray(X)
        is_list_of_arrays = images.dtype == object and images.ndim == 1
    except ValueError:  # of arrays of several shapes
        is_list_of_arrays = True
    if not is_list_of_arrays:
        return images
    arrays = [np.asarray(image) for image in X]
    shapes = Counter(image.shape for image in arrays)
    if len(shapes) > 1:
        named = [f"{shape} in {n}" for shape, n in shapes.most_common(_N_NAMED)]
        found = ", ".join(named + ["..."] * (len(shapes) > _N_NAMED))
        raise ValueError(
            f"{name} holds {len(arrays)} arrays of {len(shapes)} shapes: {found}. Expected"
            f" {IMAGES_EXPECTED}, all of one size. Let ImageLoader(image_size=(224, 224)) read the"
            f" files to one size, or resize the arrays: np.stack([cv2.resize(image, (224, 224)) for"
            f" image in {name}])."
        )
    return np.stack(arrays) if arrays[0].ndim > 1 else images


def holds_arrays(X):
    """Tell whether X is an image, or a stack or sequence of them, of one size or of several."""
    if isinstance(X, Image.Image) or len(getattr(X, "shape", ())) > 2:
        return True
    return np.ndim(next(iter(X), None)) > 1


def check_pixels(pixels, *, name="X", scale_is_known=False):
    """Check dtype and range of an array of pixels of any shape; uint8 passes through as it is.

    Parameters
    ----------
    pixels : ndarray

    name : str
        What to call them in messages.

    scale_is_known : bool
        Whether `fit`, or what the step is for, has settled that pixels are from 0 to 255. Then each
        image along the first axis is judged by itself, whatever the others are, and a black one
        passes. Otherwise floats of which none exceeds 1 are refused.
    """
    if pixels.size == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={pixels.shape}) in {name} while a minimum of 1"
            " is required."
        )
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind not in "uif":
        raise ValueError(
            f"{name} has dtype {pixels.dtype}. Expected pixels from 0 to 255: uint8, or a floating"
            " dtype."
        )
    assert_all_finite(pixels, input_name=name)
    low, high = pixels.min(), pixels.max()
    if low < 0 or high > 255:
        raise ValueError(
            f"{name} has values from {low:g} to {high:g}. Expected pixels from 0 to 255; the model"
            " rescales them itself. Undo the normalisation first."
        )
    if pixels.dtype.kind == "f":
        subject = name
        if scale_is_known:
            highs = pixels.max(axis=tuple(range(1, pixels.ndim)))
            # Whole numbers up to 1 are black; fractions alone are pixels from 0 to 1.
            rescaled = [row for row in np.flatnonzero(highs <= 1) if (pixels[row] % 1).any()]
            if not rescaled:
                return pixels
            high = highs[rescaled].max()
            if len(rescaled) < len(pixels):
                subject = f"{name}[{rescaled[0]}], one of {len(rescaled)} such image(s) in {name},"
        if high <= 1:
            raise ValueError(
                f"{subject} has {pixels.dtype} pixels and never exceeds 1 (maximum"
                f" {high:g}). Expected pixels from 0 to 255; the model rescales them itself."
                f" Multiply by 255, or pass uint8."
            )
        return pixels
    return pixels.astype(np.uint8)


def _explain_shape(images, name):
    found = f"{name} has shape {images.shape}."
    expected = f" Expected {IMAGES_EXPECTED}."
    if images.ndim == 4 and images.shape[3] == 4:
        return f"{found}{expected} The fourth channel is transparency: use {name}[..., :3]."
    if images.ndim == 4 and images.shape[1] == 3:
        return found + expected + " The channels come first: use np.moveaxis(X, 1, 3)."
    if images.ndim == 3 and images.shape[2] == 3:
        return found + expected + " This is one image: use X[np.newaxis]."
    if images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 1):
        return found + expected + " These are grey images: repeat the channel three times."
    return found + expected
