"""Predictions as a table, also in the form of the ISIC challenges."""

import os
from collections import Counter

import numpy as np
import pandas as pd

from .._utils.image_files import image_extensions
from .._utils.validation.messages import say
from ..datasets import (
    WHOLE,
    check_columns_differ,
    drop_unnamed,
    isic_id_of,
    map_labels,
    read_header,
    read_one_hot,
    read_table,
    split_image_path,
)

# The columns of the challenges of 2018 and 2019, and the set that names their classes.
_FORMS = {
    "7-class": ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"),
    "8-class": ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"),
}
_UNKNOWN = "UNK"  # the code of images of no class of the challenge
_ROUNDING = 1e-2  # of the sum of probabilities that were rounded to two digits
_IMAGE_COLUMNS = ("image", "image_id", "isic_id", "image_name")
# Beside those of the classes; "class" is that of the test images of a training.
_OWN_COLUMNS = ("image", "predicted", "call", "unlike_training")
_TRUTH_COLUMN = "class"


def check_class_names(classes, source, *, with_truth=False):
    """Refuse classes with the names of other columns of :func:`make_table`.

    Parameters
    ----------
    classes : sequence of str

    source : str
        What has these classes.

    with_truth : bool, default=False
        Whether the table will also have the true class of each image.

    Raises
    ------
    ValueError
        If there is such a class.
    """
    taken = [*_OWN_COLUMNS, _TRUTH_COLUMN] if with_truth else _OWN_COLUMNS
    name = next((str(name) for name in classes if str(name) in taken), None)
    if name is not None:
        raise ValueError(
            f"{source} has a class {name!r}, which is the name of another column in tables of"
            f" predictions. Expected none of {', '.join(taken)}. Rename the folder or the label of"
            " this class, and train with it."
        )


def make_table(X, probabilities, classes, predicted=None):
    """Return a table with `image`, `predicted`, and the probability of each class.

    Parameters
    ----------
    X : ndarray of shape (n, 1) of paths, or of images

    probabilities : ndarray of shape (n, n_classes)

    classes : sequence of n_classes

    predicted : ndarray of shape (n,), default=None
        None stands for the most probable class.

    Raises
    ------
    ValueError
        If probabilities are not finite: the most probable class would be the first.
    """
    is_unknown = ~np.isfinite(probabilities).all(axis=1)
    if is_unknown.any():
        raise ValueError(
            f"Of {say(len(is_unknown), 'image')}, {is_unknown.sum()} have"
            " probabilities that are not finite. Expected a network with finite weights: train it"
            " again."
        )
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
    columns = {
        code: table.get(name, table.get(code, 0.0)) for code, name in zip(codes, names, strict=True)
    }
    if codes == _FORMS["8-class"]:
        columns[_UNKNOWN] = 0.0  # the ninth class of 2019, which no model is trained on
    images = [parts[-1] for parts in _split_names(table["image"])]
    return pd.DataFrame({"image": images, **columns})


def check_submission(classes):
    """Return the codes of the challenge that has these classes, and their names.

    Raises
    ------
    ValueError
        If the classes are those of no challenge, or a class is there twice: by code and by name.
    """
    found = set(map(str, classes))
    for label_set, codes in _FORMS.items():
        names = map_labels(codes, label_set)
        is_twice = any(found >= {*pair} for pair in zip(codes, names, strict=True))
        if found <= {*codes, *names} and not is_twice:
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
    for path, (*_, name) in zip(paths, _split_names(paths), strict=True):
        if name in first:
            raise ValueError(
                f"{first[name]} and {path} both have the id {name!r} in a submission. Expected one"
                " photograph per id. Leave out --isic, or rename one of them."
            )
        first[name] = path


def _read_classes(path, *, is_truth):
    """Return a table of an image a row, with columns of its classes, indexed by image.

    Codes of the challenges are replaced by the names of the classes. It takes submissions, ground
    truths, tables of :func:`make_table`, and, for a truth, tables of two columns: image and class.

    Returns
    -------
    table : DataFrame
        Of all columns of numbers; a row without a class is missing in each.

    codes : list of str
        The columns that were codes of the challenges, `UNK` among them.

    Raises
    ------
    ValueError
        If it is no such table.
    """
    table = index_by_image(read_csv(path), path)
    has_labels = table.shape[1] == 1 and not pd.api.types.is_numeric_dtype(table.iloc[:, 0])
    if is_truth and has_labels:
        labels = read_csv(path, labels=table.columns)[table.columns[0]].set_axis(table.index)
        table = pd.get_dummies(labels).astype(float)
        table[labels.isna().to_numpy()] = np.nan
    else:
        # No class has such a name, but classes that are numbers make numbers of these columns.
        own = [] if is_truth else [*_OWN_COLUMNS, _TRUTH_COLUMN]
        table = table.drop(columns=own, errors="ignore").select_dtypes("number").astype(float)
    if table.shape[1] < 2:
        what = "a ground truth" if is_truth else "predictions"
        raise ValueError(
            f"{path} has {say(table.shape[1], 'column')} of numbers. Expected {what}: the image in"
            " the first column, then one column a class."
        )
    label_set = "7-class" if "AKIEC" in table else "8-class"
    names = dict(zip(_FORMS[label_set], map_labels(_FORMS[label_set], label_set), strict=True))
    codes = [names.get(name, name) for name in table.columns if name in (*names, _UNKNOWN)]
    return table.rename(columns=names), codes


def read_truth(path):
    """Return the class of each image, and all classes.

    Columns beside the full set of codes of a challenge, such as `score_weight`, are ignored, and
    named in a printed line. Another line counts images without a class, which are left out.

    Raises
    ------
    ValueError
        If a row has not one 1 and otherwise 0.
    """
    table, codes = _read_classes(path, is_truth=True)
    if any(set(map_labels(form, label_set)) <= set(codes) for label_set, form in _FORMS.items()):
        _say_ignored(path, table.columns.difference(codes, sort=False))
        table = table[codes]
    truth = read_one_hot(table, path)
    if len(truth) < len(table):
        n_without = len(table) - len(truth)
        print(f"Left out, because {path} gives no class: {say(n_without, 'image')}.")
    return truth, table.columns


def read_probabilities(path, truth, classes):
    """Return the probabilities of the images of a truth, as a table of an image a row.

    The truth decides which columns are classes. Other columns are classes where only with them
    the rows sum to 1, or where they are codes of a challenge: a model may know more classes.

    Parameters
    ----------
    path : str

    truth : Series of n_images
        Of :func:`read_truth`, as its classes.

    classes : Index of n_classes

    Raises
    ------
    ValueError
        If an image or a class is missing, a value is no probability, or a row does not sum to 1
        and is not of the form of the challenges.
    """
    table, codes = _read_classes(path, is_truth=False)
    table = match_images(table, truth.index)
    missing = truth.index.difference(table.index)
    if len(missing):
        raise ValueError(
            f"{path} lacks {len(missing)} of {say(len(truth), 'image')} of the truth,"
            f" the first is {missing[0]!r}. Expected a prediction of each. Where images in several"
            " folders have one name, name their folders in both files."
        )
    table = table.loc[truth.index]
    # A class that no image has may be missing: few models know UNK.
    lacking = [str(name) for name in classes if name not in table and (truth == name).any()]
    if lacking:
        raise ValueError(
            f"{path} has the columns {list(table.columns)} of numbers and lacks {lacking}."
            " Expected a column for each class of the truth. Rename its columns, or remove"
            " the images of other classes from the truth."
        )
    if _UNKNOWN in table and not (truth == _UNKNOWN).any() and not table[_UNKNOWN].any():
        table = table.drop(columns=_UNKNOWN)  # there for the form only
    if not np.allclose(table.sum(axis=1), 1, atol=_ROUNDING):
        counts = table.columns.isin(classes) | table.columns.isin(set(codes) - {_UNKNOWN})
        _say_ignored(path, table.columns[~counts])
        table = table.loc[:, counts]
    is_score = set(table.columns) <= set(codes)
    sums = table.sum(axis=1)
    off = (sums - 1).abs() > _ROUNDING + 1e-9
    for wrong, problem, expected in (
        (~((table >= 0) & (table <= 1)).all(axis=1), "values outside of 0 to 1", "probabilities"),
        (sums == 0, "0 for each class", "probabilities"),
        (off & (not is_score), "a sum that is not 1", "probabilities that sum to 1"),
    ):
        if wrong.any():
            image = wrong.idxmax()
            row = ", ".join(f"{name}={value:g}" for name, value in table.loc[image].items())
            raise ValueError(
                f"{path} has {wrong.sum()} row(s) with {problem}, the first is {image!r} with"
                f" {row} (sum {sums[image]:g}). Expected {expected}. Repair these rows."
            )
    if off.any():
        print(f"Scores that do not sum to 1 were divided by their sum: {say(off.sum(), 'image')}.")
    return table.div(sums, axis=0)


def _say_ignored(path, names):
    """Print which columns of a file are ignored."""
    if len(names):
        print(f"Columns of {path} that are no class of the truth are ignored: {', '.join(names)}.")


def index_by_image(table, path):
    """Return a table indexed by its column of images: ISIC ids, or paths without extension.

    Raises
    ------
    ValueError
        If an image has several rows, or a row has no image.
    """
    column = find_images(table.columns)
    is_missing = table[column].isna().to_numpy()
    if is_missing.any():
        raise ValueError(
            f"{path} has {say(is_missing.sum(), 'row')} without an image in the column {column!r}."
            f" The first is row {is_missing.argmax() + 1} below the column names. Expected an image"
            " in each row. Fill them in, or remove these rows."
        )
    # pandas writes the image 1 as 1.0.
    images = [
        "/".join([*folders, WHOLE.sub(r"\1", name)])
        for *folders, name in _split_names(table[column])
    ]
    table = table.drop(columns=[column]).set_axis(pd.Index(images, name="image"))
    if table.index.has_duplicates:
        first = table.index[table.index.duplicated()][0]
        raise ValueError(f"{path} has several rows of the image {first!r}. Expected one each.")
    return table


def match_images(table, images):
    """Give the images of a table the names that the same images have in another table.

    Images are the same by their names. Where images in several folders have one name, their folders
    are compared, too, as many as tell them apart.

    Parameters
    ----------
    table : DataFrame
        Of :func:`index_by_image`.

    images : Index
        Of :func:`index_by_image`, too.

    Returns
    -------
    table : DataFrame
        Images that the other table lacks have another name than all of its images.
    """
    ends = [dict.fromkeys(names, "") for names in (table.index, images)]
    shared, n_parts = {""}, 0
    while shared:
        n_parts += 1
        for end_of in ends:
            for name, end in end_of.items():
                if end in shared:
                    end_of[name] = "/".join(name.split("/")[-n_parts:])
        counts = [Counter(end_of.values()) for end_of in ends]
        shared = {end for count in counts for end, n in count.items() if n > 1}
    name_of = {end: name for name, end in ends[1].items()}
    return table.set_axis([name_of.get(end, end) for end in ends[0].values()])


def find_images(names):
    """Return which column of a table has the images."""
    return next((name for name in _IMAGE_COLUMNS if name in names), names[0])


def read_csv(path, *, text=(), labels=()):
    """Return a CSV file as a table. Its columns are separated by commas, semicolons or tabs.

    A first column without a name is that of images, such as an index that pandas wrote, unless
    another column has a name of images, or it holds the numbers of the rows, from 0.

    Parameters
    ----------
    path : str or os.PathLike

    text : sequence of str
        Columns to read as text, beside that of images.

    labels : sequence of str
        Columns of classes.

    Raises
    ------
    ValueError, OSError
        If it cannot be opened, or read as one.
    """
    path, remedy = os.fspath(path), "pass another file"
    try:
        separator, cells = read_header(path, remedy)
    except OSError as error:
        raise type(error)(
            f"{path} cannot be opened: {error.strerror}. Expected an existing CSV file."
        ) from error
    names = drop_unnamed(cells)
    if not names:
        raise ValueError(
            f"{path} cannot be read as a CSV file: its first line is blank. Expected a line of"
            " column names, then a line for each image."
        )
    check_columns_differ(names, path)
    options = {
        "text": {name.lower() for name in text},
        "labels": {name.lower() for name in labels},
        "numbers_lines": False,
        "remedy": remedy,
    }
    images = find_images(names)
    if not drop_unnamed(cells[:1]) and images not in _IMAGE_COLUMNS:
        table = read_table(path, separator, first=_IMAGE_COLUMNS[0], **options)
        if _IMAGE_COLUMNS[0] in table:
            return table
    options["text"].add(images.lower())  # the image 007 is not the image 7
    return read_table(path, separator, **options)


def _split_names(names):
    """Return the ISIC id of each image; else its folders, and its name without extension."""
    extensions = image_extensions()
    ids = ((name, isic_id_of(name)) for name in map(str, names))
    return [split_image_path(name, extensions) if i is None else [i] for name, i in ids]
