"""Load what the arguments name, say what it was taken for, and find the class of melanomas."""

import os

import numpy as np

from ..audit import say
from ..datasets import load_image_table, load_public_dataset, map_labels

_READABLE = (
    "class folders (ROOT/<class>/* or ROOT/<split>/<class>/*), a public dataset as it was"
    " downloaded, or --table FILE with --path-column and --label-column"
)

# Of the reasons why something is left out.
_SINGULAR = {
    "doubles": "double",
    "not_images": "not_an_image",
    "other_folders": "other_folder",
    "reports": "report",
}


def load_data(arguments):
    """Return what the arguments name as loaders do, with `is_test` where it has a test split.

    Says in two lines what it was taken for, and what was left out.

    Raises
    ------
    ValueError, OSError
        If there are no images of two classes or more.
    """
    root = arguments.root
    if arguments.table is not None:
        data = load_image_table(
            arguments.table,
            root,
            path=arguments.path_column,
            label=arguments.label_column,
            group=arguments.group_column,
            split=arguments.split_column,
            missing="leave_out",
        )
        kind = f"Table {arguments.table}"
    else:
        data = _load_root(root, arguments.dataset)
        name = data.release
        kind = f"ISIC {name}" if name.isdecimal() else f"{name[0].upper()}{name[1:]}"
        kind += f" in {root}"
    classes = np.unique(data.target)
    if len(classes) < 2:
        raise ValueError(
            f"{root or arguments.table} has images of 1 class, {str(classes[0])!r}. Expected at"
            " least two classes to tell apart. Add images of another class."
        )
    splits = [] if data.split is None else [s for s in ("train", "val", "test") if s in data.split]
    data.is_test = data.split == "test" if {"train", "test"} <= set(splits) else None
    groups = "lesions and patients unknown"
    if data.groups is not None:
        groups = say_groups(len(np.unique(data.groups)))
    parts = [f"{say(len(data.target), 'image')} of {say(len(classes), 'class')}", groups]
    if splits:
        parts.append(f"split into {', '.join(splits)}")
    print(f"{kind}: {', '.join(parts)}.")
    left_out = {reason: n for reason, n in data.left_out.items() if n}
    if left_out:
        words = ", ".join(
            f"{n} {_SINGULAR.get(reason, reason) if n == 1 else reason}".replace("_", " ")
            for reason, n in left_out.items()
        )
        print(f"Not read: {words}.")
    return data


def say_groups(n):
    """Return how many lesions or patients there are."""
    return f"{say(n, 'lesion')} or patient{'' if n == 1 else 's'}"


def _load_root(root, name):
    if os.path.isdir(root) and not any(not entry.startswith(".") for entry in os.listdir(root)):
        raise ValueError(f"{root} is an empty folder. Expected {_READABLE}.")
    try:
        return load_public_dataset(root, "auto" if name is None else name)
    except (ValueError, OSError) as error:
        if name is not None:
            raise
        raise type(error)(f"{error} The command reads {_READABLE}.") from error


def find_positive(classes):
    """Return the class of melanomas by any of its names, or else the only malignant class.

    Of several such as "melanoma" and "melanoma in situ", the one that is called melanoma.

    Parameters
    ----------
    classes : array-like of str
        Such as "Melanoma" or "MEL" among others; or "benign" and "malignant".

    Returns
    -------
    positive : str or None
        None if no class, or more than one, is it.
    """
    for label_set, name in (("9-class", "melanoma"), ("benign_malignant", "malignant")):
        mapped = map_labels(classes, label_set, unmapped="missing")
        found = [str(label) for label, to in zip(classes, mapped, strict=True) if to == name]
        if len(found) > 1:
            found = [label for label in found if label.strip().lower() == name]
        if len(found) == 1:
            return found[0]
    return None
