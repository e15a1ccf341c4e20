"""Read a ground truth, and the predictions of its images."""

import re

import numpy as np
import pandas as pd

from ..._utils.validation.messages import did_you_mean, name_some, say
from ...datasets import LABEL_COLUMNS, WHOLE, check_columns_differ, map_labels, read_one_hot
from .images import index_by_image, match_images, read_csv
from .predictions import FORMS, OWN_COLUMNS, TRUTH_COLUMN, UNKNOWN

# Beside those of the releases. The table of test images of a training has the last.
_LABEL_COLUMNS = {*LABEL_COLUMNS, "label", TRUTH_COLUMN}
_ROUNDING = 5e-3  # of each of the probabilities, where they were rounded to two digits


def _read_classes(path, *, is_truth, label=None):
    """Return a table of an image a row, with columns of its classes, indexed by image.

    Codes of the challenges are replaced by the names of the classes. It takes submissions, ground
    truths, tables of :func:`make_table`, and, for a truth, tables with a column of labels.

    Returns
    -------
    table : DataFrame
        Of all columns of numbers, or of True and False as 1 and 0; a row without a class is missing
        in each.

    codes : list of str
        The columns that were codes of the challenges, `UNK` among them; none of labels.

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
    column = _find_labels(read, path, label) if is_truth else None
    if column is not None:
        labels = read_csv(path, labels=[column])[column].set_axis(table.index)
        names = _name_codes(labels.dropna())
        labels = labels.map(
            # pandas writes the class 1 as 1.0 if some are missing.
            lambda text: names.get(text.upper(), WHOLE.sub(r"\1", text)),
            na_action="ignore",
        )
        table = pd.get_dummies(labels).astype(float)
        table[labels.isna().to_numpy()] = np.nan
        if table.shape[1] == 1:
            raise ValueError(
                f"{path} has images of 1 class, {table.columns[0]!r}, by its column {column!r}."
                " Expected at least two. Add images of another class, or name another column with"
                " --label-column."
            )
        return table, []
    # No class has such a name, but classes that are numbers make numbers of these columns.
    own = [] if is_truth else [*OWN_COLUMNS, TRUTH_COLUMN]
    if "call" in table and not is_truth:
        print(
            f"The column call of {path} is ignored: scores are of the most probable class. To score"
            " the threshold of a model, evaluate MODEL on ROOT."
        )
    table = table.drop(columns=own, errors="ignore")
    numbers = table.select_dtypes("number")
    if numbers.shape[1] < 2:  # pandas.get_dummies writes True and False
        numbers = table.select_dtypes(["number", "bool"])
    table = numbers.astype(float)
    if table.shape[1] < 2:
        what, more = "predictions", ""
        if is_truth:
            what, more = "a ground truth", ", or labels in the column that --label-column names"
        remedy = "Remove others, and separate columns by commas, semicolons or tabs."
        if not is_truth:
            remedy += (
                " Predicted classes are not enough. If one of two classes has a column, add a"
                " column for the other."
            )
        if (text := _find_decimal_comma(read)) is not None:
            remedy = f"Write decimals with a point: {text!r} is no number here."
        raise ValueError(
            f"{path} has {say(table.shape[1], 'column')} of numbers. Expected {what}: the image in"
            f" the first column, then one column a class{more}. The images were read from"
            f" {read.index.name!r}; the other columns are {list(read.columns)}. {remedy}"
        )
    names = _name_codes(table)
    codes = [names[name.upper()] for name in table.columns if name.upper() in names]
    table = table.rename(columns=lambda name: names.get(name.upper(), name))
    check_columns_differ(table.columns, path)
    return table, codes


def _find_labels(table, path, label):
    """Return the column of labels of a truth, or None if its columns are classes."""
    if label is not None:
        if label not in table:
            raise ValueError(
                f"{path} has no column {label!r}, which is named by --label-column. Expected one of"
                f" its columns: {name_some(list(table))}.{did_you_mean(label, table)}"
            )
        return label
    if {TRUTH_COLUMN, "predicted"} <= {*table}:  # of a training: the columns are probabilities
        return TRUTH_COLUMN
    upper = {name.upper() for name in table}
    named = [name for name in table if name.lower() in _LABEL_COLUMNS]
    if "BENIGN" in upper:  # the columns of both classes
        named = [name for name in named if name.lower() != "malignant"]
    if any({*form} <= upper for form in FORMS.values()) or _are_one_hot(table, named):
        return None
    if len(named) > 1:
        raise ValueError(
            f"{path} may have labels in each of the columns {named}. Expected one of them: name it"
            " with --label-column."
        )
    if not named and table.shape[1] == 1:
        values = table.iloc[:, 0]
        if not pd.api.types.is_numeric_dtype(values) or values.isna().all():
            return values.name
    return named[0] if named else None


def _are_one_hot(table, named):
    """Return whether the other columns are one-hot, and have the names of the labels."""
    one_hot = table.select_dtypes(["number", "bool"])
    if one_hot.shape[1] < 2 or not named or {*one_hot} & {*named}:
        return False
    if not one_hot.isin([0, 1]).all(axis=None) or one_hot.sum(axis=1).max() > 1:
        return False
    names = _name_codes(one_hot)

    def spell(name):
        return names.get(str(name).upper(), str(name)).casefold()

    columns = one_hot.astype(float).idxmax(axis=1).map(spell)
    known = table[named].notna().all(axis=1)
    agrees = table[named].map(spell).eq(columns, axis=0).all(axis=1) & (one_hot.sum(axis=1) == 1)
    return bool(known.any() and agrees[known].all())


def _name_codes(classes):
    """Return the names of the classes of a challenge by their codes, and the code UNK."""
    label_set = "7-class" if "AKIEC" in {name.upper() for name in classes} else "8-class"
    form = FORMS[label_set]
    names = map_labels(form, label_set).tolist()
    return {**dict(zip(form, names, strict=True)), UNKNOWN: UNKNOWN}


def read_truth(path, label=None):
    """Return the class of each image, and all classes.

    Columns beside the full set of codes of a challenge, such as `score_weight`, are ignored, and
    named in a printed line. Another line counts images without a class, which are left out.

    Parameters
    ----------
    path : str

    label : str, default=None
        The column of labels. None takes the one with a usual name, if there is one, unless the
        table has all codes of a challenge.

    Raises
    ------
    ValueError
        If a row has neither one 1 and otherwise 0, nor 0 or nothing in each column, or
        if no image has a class.
    """
    table, codes = _read_classes(path, is_truth=True, label=label)
    numbers = table.fillna(0)
    is_one_hot = numbers.isin([0, 1]).all(axis=None) and numbers.sum(axis=1).max() <= 1
    is_of_challenge = any(
        set(map_labels(form, label_set)) <= set(codes) for label_set, form in FORMS.items()
    )
    if is_of_challenge and not is_one_hot:
        _say_ignored(path, table.columns.difference(codes, sort=False))
        table = table[codes]
    # pandas.get_dummies makes zeros of a missing class. In ISIC 2017 they mean nevus.
    is_zero = (table == 0).all(axis=1) & (set(table) != {"melanoma", "seborrheic_keratosis"})
    known = table[~is_zero].dropna(how="all")
    if known.empty:
        raise ValueError(
            f"{path} has the class of none of {say(len(table), 'image')}. Expected its name, or a 1"
            " in the column of the class. Fill in the classes."
        )
    truth = read_one_hot(known, path)
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
            f" the first is {images[0]!r}. Those of the truth are in the column"
            f" {truth.index.name!r}. Expected a prediction of each image of the truth. Predict the"
            " others, too, or remove their rows from the truth. Where images in several folders"
            " have one name, name their folders in both files."
        )
    table = table.loc[truth.index]
    # A class that no image has may be missing: few models know UNK.
    lacking = [str(name) for name in classes if name not in table and (truth == name).any()]
    if lacking:
        raise ValueError(
            f"{path} has columns of numbers for {list(table.columns)} and lacks {lacking}."
            " Expected a column for each class of the truth. Rename its columns, or remove"
            " the images of other classes from the truth."
        )
    if UNKNOWN in table and not (truth == UNKNOWN).any() and not table[UNKNOWN].any():
        table = table.drop(columns=UNKNOWN)  # there for the form only
    if (_miss(table) > 0).any():
        counts = table.columns.isin(classes) | table.columns.isin(set(codes) - {UNKNOWN})
        _say_ignored(path, table.columns[~counts])
        table = table.loc[:, counts]
    is_score = set(table.columns) <= set(codes)
    sums = table.sum(axis=1)
    off = _miss(table) > 0
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


def _miss(probabilities):
    """Return by how much the sum of each row misses 1, apart from rounding."""
    return (probabilities.sum(axis=1) - 1).abs() - _ROUNDING * probabilities.shape[1] - 1e-9


def _find_decimal_comma(table):
    """Return the first text of a table that is a number with a decimal comma, or None."""
    texts = map(str, table.to_numpy().ravel())
    return next((text for text in texts if re.fullmatch(r"-?\d*,\d+", text)), None)


def _say_ignored(path, names):
    """Print which columns of a file are ignored."""
    if len(names):
        print(f"Columns of {path} that are no class of the truth are ignored: {', '.join(names)}.")
