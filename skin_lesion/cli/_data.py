"""Find out what lies in ROOT, load it, and say what it was taken for."""

import os
import warnings

import numpy as np

from ..audit import say
from ..datasets import load_image_folder, load_isic_release, map_labels

# The beginning of what load_isic_release says where it finds no table that it knows.
_NO_RELEASE = "holds no table of a release that is known"
_HOW_ELSE = (
    "Expected class folders (ROOT/<class>/* or ROOT/<split>/<class>/*), an ISIC release as it was"
    " downloaded, or --table FILE with --path-column and --label-column."
)


def load_data(arguments):
    """Return what the arguments name as loaders do, with `is_test` where it has a test split.

    Says in two lines what it was taken for, and what was left out.

    Raises
    ------
    ValueError, OSError
        If there are no images of two classes or more.
    """
    root = arguments.root
    if arguments.release is not None:
        data, kind = load_isic_release(root, arguments.release), f"ISIC release in {root}"
    else:
        data, kind = _recognise(root)
    classes = np.unique(data.target)
    if len(classes) < 2:
        raise ValueError(
            f"{root} has images of 1 class, {str(classes[0])!r}. Expected at least two classes to"
            " tell apart, each in a folder of its own."
        )
    splits = [] if data.split is None else [s for s in ("train", "val", "test") if s in data.split]
    data.is_test = data.split == "test" if {"train", "test"} <= set(splits) else None
    groups = "no lesions or patients known"
    if data.groups is not None:
        groups = f"{len(np.unique(data.groups))} lesions or patients"
    parts = [f"{say(len(data.target), 'image')} of {len(classes)} classes", groups, *splits]
    print(f"{kind}: {', '.join(parts)}.")
    left_out = {reason: n for reason, n in data.left_out.items() if n}
    if left_out:
        words = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in left_out.items())
        print(f"Not read: {words}.")
    return data


def _recognise(root):
    """Return the class folders or the release that lies in a folder, and its name."""
    if os.path.isdir(root) and not any(not name.startswith(".") for name in os.listdir(root)):
        raise ValueError(f"{root} is an empty folder. {_HOW_ELSE}")
    folder, of_folder, messages_of_folder = _try(load_image_folder, root)
    release, of_release, messages_of_release = _try(load_isic_release, root)
    is_folder = folder is not None and (
        _NO_RELEASE in str(of_release) or _are_diagnoses(folder.target_names)
    )
    if folder is None and release is None and _NO_RELEASE in str(of_release):
        raise type(of_folder)(f"{of_folder} {_HOW_ELSE}") from of_folder
    if not is_folder and release is None:
        raise _say_options(of_release)
    for message in messages_of_folder if is_folder else messages_of_release:
        warnings.warn(message, stacklevel=2)
    if is_folder:
        return folder, f"Class folders in {root}"
    return release, f"{release.release} in {root}"


def _try(load, root):
    """Return what a loader returns, or None; the error that it raised, or None; its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return load(root), None, [str(warning.message) for warning in caught]
        except (ValueError, OSError) as error:
            return None, error, []


def _are_diagnoses(names):
    """Tell whether folders are named for classes; those of a release are named for its parts."""
    known = [
        map_labels(names, label_set, unmapped="missing")
        for label_set in ("7-class", "8-class", "9-class", "benign_malignant")
    ]
    return np.not_equal(known, None).any(axis=0).mean() >= 0.5


def _say_options(error):
    """Return an error in which parameters of a loader are options of the command."""
    return type(error)(str(error).replace("release=", "--release "))
