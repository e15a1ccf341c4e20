"""Predictions as a table, also in the form of the ISIC challenges."""

import os

import numpy as np
import pandas as pd

from ..datasets import isic_id_of, map_labels

# The columns of the challenges of 2018 and 2019, and the set that names their classes.
_FORMS = {
    "7-class": ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"),
    "8-class": ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"),
}
_IMAGE_COLUMNS = ("image", "image_id", "isic_id", "image_name")


def make_table(X, probabilities, classes, predicted=None):
    """Return a table with `image`, `predicted`, and the probability of each class.

    Parameters
    ----------
    X : ndarray of shape (n, 1) of paths, or of images

    probabilities : ndarray of shape (n, n_classes)

    classes : sequence of n_classes

    predicted : ndarray of shape (n,), default=None
        None stands for the most probable class.
    """
    is_path = X.ndim == 2
    names = X[:, 0] if is_path else [f"row {row}" for row in range(len(X))]
    classes = np.asarray(classes)
    if predicted is None:
        predicted = classes[probabilities.argmax(axis=1)]
    table = pd.DataFrame({"image": names, "predicted": predicted})
    return table.join(pd.DataFrame(np.round(probabilities, 6), columns=classes.astype(str)))


def make_submission(table, classes):
    """Return a table of :func:`make_table` in the form that the ISIC challenges ask for."""
    codes, names = check_submission(classes)
    columns = {code: table.get(name, 0.0) for code, name in zip(codes, names, strict=True)}
    return pd.DataFrame({"image": _find_ids(table["image"]), **columns})


def check_submission(classes):
    """Return the codes of the challenge that has these classes, and their names.

    Raises
    ------
    ValueError
        If the classes are those of no challenge.
    """
    for label_set, codes in _FORMS.items():
        names = map_labels(codes, label_set)
        if set(map(str, classes)) <= set(names):
            return codes, names
    raise ValueError(
        f"The model has the classes {list(map(str, classes))}. Expected those of ISIC 2018"
        f" ({', '.join(_FORMS['7-class'])}) or 2019 ({', '.join(_FORMS['8-class'])}). Leave out"
        " --isic, or train on labels of one of these."
    )


def check_ids(paths):
    """Refuse photographs that a submission would list under the same id.

    Raises
    ------
    ValueError
        If two of the paths have the same id.
    """
    first = {}
    for path, name in zip(paths, _find_ids(paths), strict=True):
        if name in first:
            raise ValueError(
                f"{first[name]} and {path} both have the id {name!r} in a submission. Expected one"
                " photograph per id. Leave out --isic, or rename one of them."
            )
        first[name] = path


def read_classes(path, what):
    """Return a table of an image a row, with columns of its classes, indexed by image.

    Codes of the challenges are replaced by the names of the classes. It takes submissions, ground
    truths, tables of :func:`make_table`, and tables of two columns: image and class.

    Raises
    ------
    ValueError
        If it is no such table.
    """
    table = index_by_image(read_csv(path), path)
    if table.shape[1] == 1 and not pd.api.types.is_numeric_dtype(table.iloc[:, 0]):
        table = pd.get_dummies(table.iloc[:, 0]).astype(float)
    else:
        table = table.select_dtypes("number").astype(float)
    if table.shape[1] < 2:
        raise ValueError(
            f"{path} has the columns {list(table.columns)} of numbers. Expected {what}: the image"
            " in the first column, then one column a class."
        )
    label_set = "7-class" if "AKIEC" in table else "8-class"
    named = map_labels(list(table.columns), label_set, unmapped="missing")
    is_code = [name in _FORMS[label_set] for name in table.columns]
    table.columns = [
        new if code and new is not None else str(old)
        for old, new, code in zip(table.columns, named, is_code, strict=True)
    ]
    return table


def index_by_image(table, path):
    """Return a table indexed by its column of images, as ISIC ids or names without extension.

    Raises
    ------
    ValueError
        If an image has several rows.
    """
    column = next((name for name in _IMAGE_COLUMNS if name in table), table.columns[0])
    images = pd.Index(_find_ids(table[column]), name="image")
    table = table.drop(columns=[column]).set_axis(images)
    if table.index.has_duplicates:
        first = table.index[table.index.duplicated()][0]
        raise ValueError(f"{path} has several rows of the image {first!r}. Expected one each.")
    return table


def read_csv(path):
    """Return a CSV file as a table.

    Raises
    ------
    ValueError
        If it cannot be read as one.
    """
    try:
        return pd.read_csv(path, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{path} cannot be read as a CSV file: {error}") from error


def _find_ids(names):
    """Return the ISIC id of each image, or its name without folder and extension."""
    return [
        isic_id_of(str(name)) or os.path.splitext(os.path.basename(str(name)))[0] for name in names
    ]
