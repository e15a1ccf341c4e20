"""Write predictions as a table, also in the form of the ISIC challenges."""

import numpy as np
import pandas as pd

from ..._utils.validation.messages import say
from ...datasets import map_labels
from .images import split_names

# The columns of the challenges of 2018 and 2019, and the set that names their classes.
FORMS = {
    "7-class": ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"),
    "8-class": ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"),
}
UNKNOWN = "UNK"  # the code of images of no class of the challenge
# Beside those of the classes; "class" is that of the test images of a training.
OWN_COLUMNS = ("image", "predicted", "call", "unlike_training")
TRUTH_COLUMN = "class"


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
    taken = [*OWN_COLUMNS, TRUTH_COLUMN] if with_truth else OWN_COLUMNS
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
    if codes == FORMS["8-class"]:
        columns[UNKNOWN] = 0.0  # the ninth class of 2019, which no model is trained on
    images = [parts[-1] for parts in split_names(table["image"])]
    return pd.DataFrame({"image": images, **columns})


def check_submission(classes):
    """Return the codes of the challenge that has these classes, and their names.

    Raises
    ------
    ValueError
        If the classes are those of no challenge, or a class is there twice: by code and by name.
    """
    found = set(map(str, classes))
    for label_set, codes in FORMS.items():
        names = map_labels(codes, label_set)
        is_twice = any(found >= {*pair} for pair in zip(codes, names, strict=True))
        if found <= {*codes, *names} and not is_twice:
            return codes, names
    raise ValueError(
        f"The model has the classes {list(map(str, classes))}. Expected those of ISIC 2018"
        f" ({', '.join(FORMS['7-class'])}) or 2019 ({', '.join(FORMS['8-class'])}). Leave out"
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
    for path, (*_, name) in zip(paths, split_names(paths), strict=True):
        if name in first:
            raise ValueError(
                f"{first[name]} and {path} both have the id {name!r} in a submission. Expected one"
                " photograph per id. Leave out --isic, or rename one of them."
            )
        first[name] = path
