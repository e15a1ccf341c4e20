"""Load what the arguments name, say what it was taken for, and find the class of melanomas."""

import os
from pathlib import Path

import numpy as np

from ..audit import say
from ..datasets import (
    GROUP_COLUMNS,
    HARMONISED,
    clean_ids,
    clean_values,
    is_report,
    load_image_table,
    load_public_dataset,
    map_labels,
    read_age,
)
from ..evaluation import take_subgroups
from ._output import check_is_no_folder_of

_READABLE = (
    "class folders (ROOT/<class>/* or ROOT/<split>/<class>/*), a public dataset as it was"
    " downloaded, or --table FILE with --path-column and --label-column"
)

# The label sets that know it, its name in them, and what goes before others of the same name.
_POSITIVE = (
    ("9-class", "melanoma", {"melanoma", "mel"}),
    ("benign_malignant", "malignant", {"malignant"}),
)

# The keys of `left_out` in words, for one and for several.
_LEFT_OUT = {
    "doubles": ("additional file", "additional files of the same images"),
    "hidden": ("hidden file or folder", "hidden files and folders"),
    "malformed_id": ("row without an ISIC id", "rows without an ISIC id"),
    "mask_folders": ("folder of masks", "folders of masks"),
    "masks": ("mask", "masks"),
    "missing": ("image without a file", "images without a file"),
    "not_images": ("file that is not an image", "files that are not images"),
    "other_folders": ("folder beside the splits", "folders beside the splits"),
    "repeated": ("repeated row", "repeated rows"),
    "reports": ("folder of reports", "folders of reports"),
    "unmapped": ("image with another label", "images with another label"),
    "without_class": ("image outside class folders", "images outside class folders"),
    "without_id": ("image not named by an ISIC id", "images not named by an ISIC id"),
    "without_label": ("image without a label", "images without a label"),
    "without_path": ("row that names no image", "rows that name no image"),
    "without_row": ("image without a row in the table", "images without a row in the table"),
}


def load_data(arguments):
    """Return what the arguments name as loaders do, with `is_test` where it has a test split.

    `has_id` says which images have the id of a lesion or a patient. `groups` is None if none has:
    loaders then give each image a group of its own. `subgroups` has the columns for scores of
    subgroups.

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
        if arguments.output is not None:
            check_is_no_folder_of(data.data[:, 0].tolist(), arguments.output)
        kind = f"Table {arguments.table}"
    else:
        data = _load_root(root, arguments.dataset)
        name = data.release
        kind = f"ISIC {name}" if name.isdecimal() else f"{name[0].upper()}{name[1:]}"
        kind += f" in {root}"
    # Folders may have names that are not valid Unicode, which no figure can show.
    named = [str(name).encode(errors="backslashreplace").decode() for name in data.target]
    data.target = np.array(named)
    classes = np.unique(data.target)
    if len(classes) < 2:
        raise ValueError(
            f"{root or arguments.table} has images of 1 class, {str(classes[0])!r}. Expected at"
            " least two classes to tell apart. Add images of another class."
        )
    splits = [] if data.split is None else [s for s in ("train", "val", "test") if s in data.split]
    data.is_test = data.split == "test" if {"train", "test"} <= set(splits) else None
    groups = "lesions and patients unknown"
    data.has_id = _find_ids(data, arguments)
    if not data.has_id.any():
        data.groups = None
    data.subgroups = make_subgroups(data.frame.drop(columns=_find_group_columns(data, arguments)))
    if data.groups is not None:
        groups = say_groups(len(np.unique(data.groups)))
    parts = [f"{say(len(data.target), 'image')} of {say(len(classes), 'class')}", groups]
    if splits:
        parts.append(f"split into {', '.join(splits)}")
    print(f"{kind}: {', '.join(parts)}.")
    left_out = {**data.left_out}
    if left_out.get("reports") and _is_found_as_report(arguments.output, root):
        left_out["reports"] -= 1
    words = [f"{n} {_LEFT_OUT[reason][n > 1]}" for reason, n in left_out.items() if n]
    if words:
        print(f"Left out: {', '.join(words)}.")
    return data


def _is_found_as_report(output, root):
    """Tell whether the folder that the command has just made counts among the reports in ROOT."""
    if output is None or root is None:
        return False
    folder, root = Path(os.path.realpath(output)), Path(os.path.realpath(root))
    if root not in folder.parents or not is_report(folder):
        return False
    between = folder.parents[: folder.parents.index(root)]
    return not any(is_report(parent) for parent in between)


def note_without_id(has_id):
    """Return a note for a report if some of its images have no id, as a list."""
    n_unknown = int((~has_id).sum())
    if not n_unknown:
        return []
    note = (
        f"The lesion and the patient of {n_unknown} of {say(len(has_id), 'image')} are unknown:"
        " each counts as a lesion of its own. Several images of one lesion make the intervals too"
        " narrow."
    )
    return [note]


def _find_ids(data, arguments):
    """Return which images have an id in the column of groups, or of a lesion or a patient."""
    ids = data.frame[_find_group_columns(data, arguments)].apply(clean_ids)
    return ids.notna().any(axis=1).to_numpy()


def _find_group_columns(data, arguments):
    column, names = arguments.group_column, GROUP_COLUMNS
    if column is not None:
        names = [column if column in data.frame else column.lower()]  # as the loader spells it
    return [name for name in names if name in data.frame]


def make_subgroups(frame):
    """Return the columns for scores of subgroups: without ids, and missing where it is unknown."""
    spelled = {str(name).lower(): name for name in frame}
    age = next((spelled[name] for name in HARMONISED["age"] if name in spelled), "age")
    # Reports cut ages into bands by this name.
    frame = take_subgroups(frame.rename(columns={age: "age"}))
    return frame.apply(lambda column: (read_age if column.name == "age" else clean_values)(column))


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
        if os.path.isdir(root) and is_report(root):
            raise ValueError(
                f"{root} holds a report of this program and no dataset. Expected {_READABLE}."
            ) from error
        raise type(error)(f"{error} The command reads {_READABLE}.") from error


def find_positive(classes):
    """Return the class of melanomas by any of its names, or else the only malignant class.

    Of several such as "melanoma" and "melanoma in situ", the one that is called melanoma or MEL.

    Parameters
    ----------
    classes : array-like of str
        Such as "Melanoma" or "MEL" among others; or "benign" and "malignant".

    Returns
    -------
    positive : str or None
        None if no class, or more than one, is it.
    """
    for label_set, name, called in _POSITIVE:
        found = _find_mapped(classes, label_set, name)
        if len(found) > 1:
            found = [label for label in found if label.strip().lower() in called]
        if len(found) == 1:
            return found[0]
    return None


def note_melanomas(classes):
    """Return a note if several classes are melanoma, so that :func:`find_positive` takes none."""
    found = _find_mapped(classes, *_POSITIVE[0][:2])
    if len(found) < 2 or find_positive(classes) is not None:
        return []
    note = (
        f"There are no scores for melanoma, because {len(found)} classes are melanoma:"
        f" {', '.join(found)}. Expected one. Merge them."
    )
    return [note]


def _find_mapped(classes, label_set, name):
    mapped = map_labels(classes, label_set, unmapped="missing")
    return [str(label) for label, to in zip(classes, mapped, strict=True) if to == name]
