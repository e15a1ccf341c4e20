"""Find images and their labels in a folder with one subfolder for each class."""

import os
import warnings
from collections import Counter

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..._utils.sklearn_private import StrOptions, validate_params
from ..._utils.validation.messages import name_some, say
from .._reading.description import describe_dataset
from .._reading.groups import (
    GROUP_COLUMNS,
    clean_ids,
    find_group_faults,
    find_without_group,
    find_zeros,
    make_groups,
    name_own_groups,
)
from .._reading.spellings import find_spellings, find_spellings_of_ids
from .._reading.table_file import find_ordered_columns, rename_taken
from .metadata import (
    METADATA_FILE,
    find_lacking_columns,
    find_metadata,
    find_unread_tables,
    read_metadata,
)
from .reports import find_images_in_reports, say_images_in_reports
from .tree import choose_parts, read_tree

# The keys of `left_out` in the words of the description.
REASONS = {
    "hidden": "hidden files and folders",
    "not_images": "files that are not images",
    "without_class": "images outside class folders",
    "reports": "folders of reports of this library",
    "mask_folders": "folders of masks",
    "masks": "masks inside class folders",
    "other_folders": "folders that are not a split",
    "unmapped": "images whose label has no counterpart in the label set",
}


@validate_params(
    {
        "root": [str, os.PathLike],
        "split": [str, None],
        "group_by": [StrOptions({*GROUP_COLUMNS, "folder"}), None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(root, *, split=None, group_by=None, return_X_y=False):
    """Find the images in a folder with one subfolder for each class.

    The layouts are `<root>/<class>/<image>` and `<root>/<split>/<class>/<image>`. Class folders may
    hold further folders, as in `<root>/<class>/<patient>/<image>`. Split folders are called train
    or training, val, valid or validation, and test or testing, in upper or lower case. Files with
    any extension that Pillow can decode are found. No image is opened.

    A file `metadata.csv` in `root` says which images show the same lesion or patient. Without it,
    other tables in `root` with the same columns are read, such as `HAM10000_metadata.csv`, or
    `train.csv` and `test.csv`. Several tables may describe one image if they agree. Of several
    tables, one that is named after a split describes images of this split only. A single table may
    describe all images, whatever its name.

    Parameters
    ----------
    root : str or os.PathLike
        The folder.

    split : str or None, default=None
        Load only this split, by any of the names above. None loads all splits.

    group_by : {"patient_id", "lesion_id", "folder"} or None, default=None
        The meaning of `groups`:

        - None or "patient_id": the patient, or the lesion if the patient is unknown;
        - "lesion_id": the lesion, or the patient if the lesion is unknown;
        - "folder": the folder inside the class folder. Folders with the same name in several
          classes are one patient. An image without such a folder belongs to its patient in the
          table, if there is one. A lesion id must mean one lesion in all folders, because a lesion
          in two folders joins them. If there is only one class folder, or if all class folders hold
          folders of the same names, "folder" is needed to say that these are patients, unless the
          class folders have names of diagnoses.

    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        The n images, sorted by the names of split, class and file, with the attributes

        data : ndarray of shape (n, 1), of str
            Paths, which begin with `root` as it was given.
        target : ndarray of shape (n,), of str
            The class of each image.
        target_names : ndarray of shape (n_classes,), of str
            All classes, sorted, including classes of other splits and classes without images.
        split : ndarray of shape (n,), of str, or None
            "train", "val" or "test". None if there are no split folders.
        groups : ndarray of shape (n,), of str, or None
            The patient or lesion of each image, as `group_by` says. None if there is no table of
            patients or lesions and `group_by` is not "folder". Images of one lesion are always in
            one group. An image is its own group if it has neither id, or only a placeholder such
            as "unknown", "?" or -1. 0 is a placeholder if no id is 1.
        frame : DataFrame of n rows
            Columns `path`, `target` and, if there are splits, `split`, then the columns of
            `metadata.csv`. Columns of `metadata.csv` with one of these three names are renamed
            `metadata_path` etc. The names `patient_id` and `lesion_id` are in lower case, and
            placeholders in these columns are missing values.
        left_out : dict of str to int
            The number of entries that were left out, by reason: "hidden" (the name begins with a
            dot), "not_images", "without_class" (images outside class folders), "reports" (folders
            that are called `skin_lesion_report`, or hold `audit.html`, `report.html` or
            `report.json`), "mask_folders", "masks" (in folders inside class folders, or
            beside their image, as `1_mask.png` is beside `1.jpg`) and "other_folders" (beside split
            folders).
        DESCR : str
            A description of the dataset.

    (data, target) : tuple of ndarray
        With `return_X_y=True`.

    Raises
    ------
    FileNotFoundError
        If `root` does not exist.
    NotADirectoryError
        If `root` is a file.
    ValueError
        If there are no class folders with images, if it is unclear whether folders are classes or
        splits, if a split that is loaded holds folders with the name of a split, if `split` is not
        one of the splits, if `metadata.csv` gives one name of a file two groups, or if several
        tables contradict each other in the group of a file.

    Warns
    -----
    UserWarning
        If a class folder is empty or holds folders; if a class folder that holds folders is the
        only one; if a folder that is left out as a report holds other images than the command
        writes; if two classes, patients or lesions differ only by case or blanks, or two classes by
        the encoding of accents; if `metadata.csv` has no column of file names or of groups; if it,
        or with `group_by="folder"` the folders, have no group for some images, or the id 0 that
        counts as unknown; if a row of it is that of several images; if a split or class folder
        holds a `metadata.csv`, which is not read; if there is no table of groups, but an Excel
        file, or `root` is a folder such as `Train` and the table lies beside it; if another table
        is not in UTF-8; if several
        tables contradict each other in another column; if a group is implausibly large; or if a
        column of numbers in `metadata.csv` is in the order of the classes.

    Notes
    -----
    `metadata.csv` is UTF-8 text, separated by commas, semicolons or tabs. One column identifies the
    file. It is called `image_id`, `isic_id`, `image`, `image_name`, `file`, `filename` or `path`,
    and holds the path relative to `root`, the file name, or the file name without extension. If
    there are several such columns, the column that matches most files is used; of these, the one
    that gives most files a row of their own; and then the first of `path`, `filename` and `file`
    that has extensions or folders, or else the first in the order above. A name that no file has
    is compared without case, unless the table has it in several spellings. There is also a column
    `patient_id`, `lesion_id`, or both. Column names may be in upper or lower case. Rows of other
    images are ignored.

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> from skin_lesion import load_image_folder
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ["melanoma/1.jpg", "nevus/1.jpg", "nevus/2.jpg"]:
    ...         path = os.path.join(root, "Train", name)
    ...         os.makedirs(os.path.dirname(path), exist_ok=True)
    ...         Image.new("RGB", (8, 8)).save(path)
    ...     dataset = load_image_folder(root, split="train")
    >>> dataset.data.shape
    (3, 1)
    >>> dataset.target
    array(['melanoma', 'nevus', 'nevus'], dtype='<U8')
    >>> print(dataset.DESCR)
    3 images of 2 classes
    <BLANKLINE>
    class      train
    melanoma       1
    nevus          2
    <BLANKLINE>
    Groups: none, because there is no metadata.csv.
    Left out: nothing.
    """
    root = os.fspath(root)
    tree = read_tree(root, has_patients=group_by == "folder")
    in_reports = find_images_in_reports(tree.reports, root)
    if in_reports:
        # One stack frame each for load_image_folder and validate_params.
        warnings.warn(say_images_in_reports(in_reports, root), stacklevel=3)
    parts = choose_parts(tree, split, root)
    for message in _find_folder_faults(root, tree, parts, group_by):
        warnings.warn(message, stacklevel=3)

    relative_paths, classes, splits = zip(*_list_files(parts), strict=True)
    paths = [os.path.join(root, path) for path in relative_paths]
    frame = pd.DataFrame({"path": paths, "target": classes})
    if tree.has_splits:
        frame["split"] = splits
    groups = None
    messages = []
    tables = find_metadata(root, tree.top.others)
    left_out = sum((part.left_out for part in parts), tree.left_out)
    lacks = find_lacking_columns(root, tables[0]) if tables else ""
    # Neither the groups nor their names may depend on the split.
    everything = _list_files(tree.parts)
    chosen = np.array([split is None or of == parts[0].split for *_, of in everything])
    known = pd.DataFrame()  # the rows of all images, also of those in other splits
    if lacks:
        warnings.warn(lacks, stacklevel=3)
        tables = []
    elif tables:
        left_out -= Counter(not_images=len(set(tables) - {METADATA_FILE}))
        names = [path for path, *_ in everything]
        others = [name for name, is_chosen in zip(names, chosen, strict=True) if not is_chosen]
        metadata, groups, messages = read_metadata(root, tables, relative_paths, group_by, others)
        known = metadata
        if split is not None:
            known, groups, _ = read_metadata(root, tables, names, group_by)
            groups = groups[chosen]
        messages += find_ordered_columns(metadata, pd.Series(classes))
        frame = pd.concat([frame, rename_taken(metadata, frame)], axis=1)

    if group_by == "folder":
        groups, found = _group_by_folder(root, tree, chosen, known)
        messages += found
    elif not tables and not lacks:
        messages += find_unread_tables(root, tree.top.others)
    if groups is not None:
        messages += find_group_faults(groups)
    for message in messages:
        warnings.warn(message, stacklevel=3)

    data = np.array(paths, dtype=str).reshape(-1, 1)
    target = np.array(classes, dtype=str)
    if return_X_y:
        return data, target
    dataset = Bunch(
        data=data,
        target=target,
        target_names=np.array(tree.class_names, dtype=str),
        split=np.array(splits, dtype=str) if tree.has_splits else None,
        groups=groups,
        frame=frame,
        left_out=dict(left_out),
    )
    dataset.DESCR = describe_dataset(
        dataset, [_name_groups(groups, group_by, tables, lacks)], REASONS
    )
    return dataset


def _list_files(parts):
    """Return the path of each image relative to root, its class and its split."""
    return [
        (os.path.join(folder.relative_path, name), folder.class_name, part.split)
        for part in parts
        for folder in part.class_folders
        for name in folder.listing.images
    ]


def _group_by_folder(root, tree, chosen, metadata):
    """Group images by the folder inside their class folder, and by the lesions of a table.

    An image without such a folder belongs to the patient in the table, if there is one.

    Parameters
    ----------
    root : str

    tree : Tree

    chosen : ndarray of shape (n_all,), of bool
        Which images of all splits are loaded.

    metadata : DataFrame of n_all rows
        The row of each image. Without columns if there is no table.

    Returns
    -------
    groups : ndarray of shape (n,), of str
        Of the chosen images.

    messages : list of str
        Warnings to issue.
    """
    names = [name for part in tree.parts for x in part.class_folders for name in x.listing.images]
    folders = [os.path.dirname(name).split(os.sep)[0] for name in names]
    folders = pd.Series(folders, dtype=object, name="folder")
    ids = clean_ids(folders)
    paths = pd.Series([path for path, *_ in _list_files(tree.parts)], dtype=object)
    groups = make_groups(
        ids.where(ids.notna(), metadata.get("patient_id")),
        metadata.get("lesion_id"),
        name_own_groups(paths),
    )
    told = {name: metadata[name] for name in GROUP_COLUMNS if name in metadata}
    messages = find_without_group(
        pd.DataFrame({"folder of a patient": ids, **told})[chosen],
        paths[chosen].tolist(),
        repr(root),
        "Move each into a folder of its patient.",
    )
    messages += find_zeros(folders[chosen], ids[chosen], repr(root))
    messages += find_spellings_of_ids({"folder": ids[chosen]})
    return groups[chosen].to_numpy(dtype=str), messages


def _find_folder_faults(root, tree, parts, group_by):
    """Return warnings about class folders, folders beside the splits, and tables inside folders."""
    messages = []
    folders = [folder for part in parts for folder in part.class_folders]
    empty = [folder.relative_path for folder in folders if not folder.listing.images]
    if empty:
        messages.append(f"Class folders without images: {name_some(empty)}.")
    nested = [
        os.path.join(folder.relative_path, name)
        for folder in folders
        for name in folder.listing.folders
    ]
    if nested and group_by != "folder":
        messages.append(
            f"Class folders hold folders: {name_some(nested)}. Their images are loaded with the"
            " outer folder as class. If the inner folders are patients, pass group_by='folder'."
        )
    if nested and len(tree.class_names) == 1:
        messages.append(
            f"Found {say(tree.n_images, 'image')} of one class, {tree.class_names[0]!r}. A"
            " classifier needs at least two classes."
        )
    unread = [part.relative_path for part in tree.beside_splits if part.n_images]
    if unread:
        messages.append(f"Folders beside the split folders were not read: {name_some(unread)}.")
    inside = [part.relative_path for part in parts if part.split]
    inside += [folder.relative_path for folder in folders]
    tables = [os.path.join(name, METADATA_FILE) for name in inside]
    tables = [name for name in tables if os.path.isfile(os.path.join(root, name))]
    if tables:
        messages.append(
            f"Tables inside split or class folders were not read: {name_some(tables)}. Put their"
            f" rows into one {METADATA_FILE} in {root!r}, with the paths of images relative to it."
        )
    return messages + find_spellings(tree.class_names)


def _name_groups(groups, group_by, tables, lacks):
    if groups is None:
        reason = f"{METADATA_FILE} lacks a column" if lacks else f"there is no {METADATA_FILE}"
        return f"Groups: none, because {reason}."
    sources = (["folders inside class folders"] if group_by == "folder" else []) + tables
    return f"Groups: {len(np.unique(groups))}, from {', '.join(sources)}."
