"""Classes and groups."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .messages import name_some, warn_caller
from .placeholders import is_placeholder
from .rows import check_rows

# Missing values that pandas and numpy turned into text, and empty cells of a table.
_MISSING_AS_TEXT = ("nan", "NaN", "<NA>", "")


def advise_on_numbers(groups):
    """Return what to do if shared groups are numbers of two audits, which each begin at 0."""
    if np.asarray(groups).dtype.kind not in "iu":
        return ""
    return (
        " Groups of two audits are not the same lesions: audit training and test images together,"
        " with split."
    )


def number_labels(values, *, name):
    """Return the sorted distinct labels, and the number of the label in each row.

    Parameters
    ----------
    values : array-like of shape (n,)
        Classes or groups: text or numbers.

    name : str
        Their name in messages.

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
    """Return labels as an array of shape (n,), or raise an error if any is missing.

    Parameters
    ----------
    values : array-like of shape (n,) or (n, 1)
        Classes or groups: text or numbers.

    name : str
        Their name in messages.

    Returns
    -------
    labels : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If values are missing, if there are none, or if they have another shape.
    TypeError
        If they are not array-like, or if they mix text and numbers.

    Warns
    -----
    UserWarning
        If several rows have a group such as "unknown".
    """
    are_groups = name.startswith("groups")
    a_label = "a group" if are_groups else "a class"
    if values is None:  # the wording that scikit-learn's estimator checks require
        raise ValueError(
            f"{name} is None. {name} should be a 1d array, {a_label} for each row. Pass an array"
            " such as load_image_folder(folder).target."
        )
    if name == "classes" and isinstance(values, Mapping):
        raise TypeError(
            f"classes is a {type(values).__name__}. Expected an array-like of classes. If it gives"
            " the number of each class, pass sorted(classes, key=classes.get)."
        )
    check_rows(
        values,
        name=name,
        expected=f"{a_label} for each row, an array-like of shape (n,)",
        entries=("groups",) if are_groups else ("target",),
    )
    # As objects: numpy turns a NaN or a number among text into text.
    given = values if hasattr(values, "dtype") else np.asarray(values, dtype=object)
    values = np.asarray(values)
    if values.dtype.kind == "T":  # text of variable length, which numpy does not convert
        given = values = values.astype(object)
    if values.ndim != 1 and values.shape[1:] != (1,):
        advice = ""
        if values.ndim == 2 and not are_groups:
            advice = f" If it is one-hot, pass names of classes: classes[{name}.argmax(axis=1)]."
        raise ValueError(
            f"{name} has shape {values.shape}. {name} should be a 1d array, {a_label} for each row,"
            f" of shape (n,).{advice}"
        )
    values = values.ravel()
    if not len(values):
        raise ValueError(f"{name} is empty. Expected at least one row.")
    missing = np.asarray(pd.isna(given)).ravel()
    if values.dtype.kind in "OUT":
        # A class may be called "None", a lesion or patient not.
        as_text = (*_MISSING_AS_TEXT, "None") if are_groups else _MISSING_AS_TEXT
        missing = missing | np.isin(np.char.strip(values.astype(str)), as_text)
    if missing.any():
        advice = f"Leave out these rows: keep = pd.notna({name}); X[keep], {name}[keep]."
        if are_groups:
            advice = "Give each row with an unknown group its own id, or leave it out."
        elif name in ("classes", "labels"):
            advice = "Leave out missing classes."
        raise ValueError(
            f"{name} is missing in {missing.sum()} of {len(values)} rows. The first is row"
            f" {missing.argmax()}. Expected {a_label} for each row. {advice}"
        )
    types = ()
    if given.dtype == object:  # text of numpy is text
        given = np.asarray(given).ravel().tolist()
        types = {str if isinstance(value, str) else type(value) for value in given}
    if len(types) > 1 and str in types:
        raise TypeError(
            f"{name} holds values of the types {name_some(sorted(t.__name__ for t in types))}."
            f" Expected either text or numbers. Turn all of them into text: [str(label) for label"
            f" in {name}]."
        )
    if values.dtype == object and not isinstance(values[0], str):
        values = pd.Series(values).infer_objects().to_numpy()  # scikit-learn knows no such numbers
    if are_groups:
        counts = pd.Series(values).value_counts()
        shared = [value for value in counts.index[counts > 1] if is_placeholder(str(value))]
        if shared:  # the numbers of rows are not named: they would differ from fold to fold
            warn_caller(
                f"Several rows of {name} are {name_some(shared)}. They count as one lesion or"
                " patient. If they are unknown, give each row its own id, or leave it out."
            )
    return values


def check_same_kind(values, others, *, names):
    """Raise an error if one of two arrays of labels holds text, and the other numbers.

    NumPy finds all of them different, or turns the numbers into text, where 1.0 is not 1.

    Parameters
    ----------
    values, others : ndarray of shape (n,)
        From :func:`check_labels`.

    names : tuple of two str
        Their names in messages.

    Raises
    ------
    TypeError
        If they are not of one kind.
    """
    examples = [labels[:1].tolist()[0] for labels in (values, others)]
    if len({isinstance(example, str) for example in examples}) > 1:
        advice = "Give each class one name in both."
        if names[0].startswith("groups"):
            advice = "Read both as text: pd.read_csv(..., dtype={'lesion_id': str})['lesion_id']."
        raise TypeError(
            f"{names[0]} holds values such as {examples[0]!r}, and {names[1]} such as"
            f" {examples[1]!r}. Expected text in both, or numbers in both. {advice}"
        )
