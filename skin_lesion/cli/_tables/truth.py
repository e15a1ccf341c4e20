"""Read a ground truth, and the predictions of its images."""

import re

import numpy as np
import pandas as pd

from ..._utils.validation.messages import say
from ...datasets import map_labels, read_one_hot
from .images import index_by_image, match_images, read_csv
from .predictions import FORMS, OWN_COLUMNS, TRUTH_COLUMN, UNKNOWN

_ROUNDING = 1e-2  # of the sum of probabilities that were rounded to two digits


def _read_classes(path, *, is_truth):
    """Return a table of an image a row, with columns of its classes, indexed by image.

    Codes of the challenges are replaced by the names of the classes. It takes submissions, ground
    truths, tables of :func:`make_table`, and, for a truth, tables of two columns: image and class.

    Returns
    -------
    table : DataFrame
        Of all columns of numbers, or of True and False as 1 and 0; a row without a class is missing
        in each.

    codes : list of str
        The columns that were codes of the challenges, `UNK` among them.

    Raises
    ------
    ValueError
        If it is no such table.
    """
    table = read = index_by_image(read_csv(path), path)
    if table.index.empty:
        raise ValueError(
            f"{path} has column names, but no rows. Expected a row for each image. Pass another"
            " file."
        )
    has_labels = table.shape[1] == 1 and not pd.api.types.is_numeric_dtype(table.iloc[:, 0])
    if is_truth and has_labels:
        labels = read_csv(path, labels=table.columns)[table.columns[0]].set_axis(table.index)
        table = pd.get_dummies(labels).astype(float)
        table[labels.isna().to_numpy()] = np.nan
    else:
        # No class has such a name, but classes that are numbers make numbers of these columns.
        own = [] if is_truth else [*OWN_COLUMNS, TRUTH_COLUMN]
        table = table.drop(columns=own, errors="ignore")
        numbers = table.select_dtypes("number")
        if numbers.shape[1] < 2:  # pandas.get_dummies writes True and False
            numbers = table.select_dtypes(["number", "bool"])
        table = numbers.astype(float)
    is_blank = is_truth and read.shape[1] == 1 and table.isna().all(axis=None)
    if table.shape[1] < (1 if is_blank else 2):  # the caller says that no image has a class
        what, more = ("a ground truth", ", or labels alone") if is_truth else ("predictions", "")
        remedy = "Remove others, and separate columns by commas, semicolons or tabs."
        if (text := _find_decimal_comma(read)) is not None:
            remedy = f"Write decimals with a point: {text!r} is no number here."
        raise ValueError(
            f"{path} has {say(table.shape[1], 'column')} of numbers. Expected {what}: the image in"
            f" the first column, then one column a class{more}. The images were read from"
            f" {read.index.name!r}; the other columns are {list(read.columns)}. {remedy}"
        )
    label_set = "7-class" if "AKIEC" in table else "8-class"
    names = dict(zip(FORMS[label_set], map_labels(FORMS[label_set], label_set), strict=True))
    codes = [names.get(name, name) for name in table.columns if name in (*names, UNKNOWN)]
    return table.rename(columns=names), codes


def read_truth(path):
    """Return the class of each image, and all classes.

    Columns beside the full set of codes of a challenge, such as `score_weight`, are ignored, and
    named in a printed line. Another line counts images without a class, which are left out.

    Raises
    ------
    ValueError
        If a row has neither one 1 and otherwise 0, nor 0 or nothing in each column, or
        if no image has a class.
    """
    table, codes = _read_classes(path, is_truth=True)
    if any(set(map_labels(form, label_set)) <= set(codes) for label_set, form in FORMS.items()):
        _say_ignored(path, table.columns.difference(codes, sort=False))
        table = table[codes]
    # pandas.get_dummies makes zeros of a missing class. In ISIC 2017 they mean nevus.
    is_zero = (table == 0).all(axis=1) & (set(table) != {"melanoma", "seborrheic_keratosis"})
    truth = read_one_hot(table[~is_zero], path)
    if truth.empty:
        raise ValueError(
            f"{path} has the class of none of {say(len(table), 'image')}. Expected its name, or a 1"
            " in the column of the class. Fill in the classes."
        )
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
    images = table.index
    table = match_images(table, truth.index)
    missing = truth.index.difference(table.index)
    if len(missing):
        raise ValueError(
            f"{path} lacks {len(missing)} of {say(len(truth), 'image')} of the truth,"
            f" the first is {missing[0]!r}. The images of {path} are in the column {images.name!r},"
            f" the first is {images[0]!r}. Expected a prediction of each. Where images in several"
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
    if UNKNOWN in table and not (truth == UNKNOWN).any() and not table[UNKNOWN].any():
        table = table.drop(columns=UNKNOWN)  # there for the form only
    if not np.allclose(table.sum(axis=1), 1, atol=_ROUNDING):
        counts = table.columns.isin(classes) | table.columns.isin(set(codes) - {UNKNOWN})
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


def _find_decimal_comma(table):
    """Return the first text of a table that is a number with a decimal comma, or None."""
    texts = map(str, table.to_numpy().ravel())
    return next((text for text in texts if re.fullmatch(r"-?\d*,\d+", text)), None)


def _say_ignored(path, names):
    """Print which columns of a file are ignored."""
    if len(names):
        print(f"Columns of {path} that are no class of the truth are ignored: {', '.join(names)}.")
