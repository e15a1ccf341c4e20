"""Load any table that lists images."""

import os
import warnings

import pandas as pd

from ..._utils.sklearn_private import StrOptions, validate_params
from ..._utils.validation.messages import say_why_missing
from .._reading.table_file import read_header, read_table
from .._taxonomy.label_sets import INDETERMINATE_RULES
from .._taxonomy.map_labels import check_label_set
from .columns import Columns, check_columns
from .dataset import Labels, make_dataset


@validate_params(
    {
        "table": [str, os.PathLike, pd.DataFrame],
        "root": [str, os.PathLike, None],
        "path": [str],
        "label": [str, list, tuple],
        "group": [str, list, tuple, None],
        "split": [str, None],
        "label_set": [str, None],
        "indeterminate": [StrOptions(set(INDETERMINATE_RULES))],
        "missing": [StrOptions({"raise", "leave_out"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_table(
    table,
    root=None,
    *,
    path,
    label,
    group=None,
    split=None,
    label_set=None,
    indeterminate="drop",
    missing="raise",
    return_X_y=False,
):
    """Load the images listed in a table: your own CSV file, or a DataFrame.

    Parameters
    ----------
    table : str, os.PathLike or DataFrame
        A row for each image. A file is UTF-8 text, with or without a byte-order mark, separated by
        commas, semicolons or tabs.

    root : str, os.PathLike or None, default=None
        The folder that holds the images, at any depth. Paths in the table that lead out of it are
        matched with files below it, too. With None, the folder of the file, or the current folder
        for a DataFrame. Paths then may lead out of it.

    path : str
        The column that identifies the files: paths, file names, or ids without extension.

    label : str or list of str
        The column of classes, or one-hot columns, one for each class, of 0 and 1 or True and False.

    group : str, list of str or None, default=None
        The column that says which images belong together. If you pass two columns, the first is the
        patient and the second the lesion: the lesion is used if the patient is unknown.

    split : str or None, default=None
        The column that holds "train", "val" or "test", or the other names that
        :func:`load_image_folder` knows.

    label_set : {"7-class", "8-class", "9-class", "benign_malignant"} or None, default=None
        The classes to map labels to. See :func:`map_labels`. With None, labels are not mapped.

    indeterminate : {"drop", "benign", "malignant"}, default="drop"
        What to do with lesions that are neither benign nor malignant, with
        `label_set="benign_malignant"`: leave them out and count them, or give them a class.

    missing : {"raise", "leave_out"}, default="raise"
        What to do with rows whose image has no file: raise an error that names some, or leave them
        out with a warning that counts them.

    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        The n images that have a file and a label, in the order of the table, with the attributes

        data : ndarray of shape (n, 1), of str
            Paths, which begin with `root` if it is given.
        target : ndarray of shape (n,), of str
            The class of each image.
        target_names : ndarray of shape (n_classes,), of str
            All classes in the table, sorted.
        split : ndarray of shape (n,), of str, or None
            "train", "val" or "test". None if `split` is None.
        groups : ndarray of shape (n,), of str, or None
            The patient or lesion. None if `group` is None. An image is its own group if it has no
            id, or only a placeholder such as "unknown", "?" or -1. 0 is a placeholder if no id is
            1. Images of one lesion are always in one group.
        frame : DataFrame of n rows
            Columns `path`, `target`, `split` (if there is one) and, with a label set, `diagnosis`,
            the label before mapping. Then the other columns of the table, except those of `label`.
            Columns of the table with one of these names are renamed `metadata_path` etc. The names
            `patient_id` and `lesion_id` are in lower case, and placeholders in these columns are
            missing values.
        left_out : dict of str to int
            The number of rows that were left out, by reason: "missing" (no file), "without_path",
            "without_label", "unmapped" (no counterpart in the label set), "repeated" (repeated rows
            of the same image). Also "doubles", additional files of the same image.
        label_account : DataFrame
            The class of each label, its number of rows, and the reason if it has no class, as
            :func:`map_labels` returns them with `return_account=True`.
        missing : ndarray of str
            The images without a file, by their names in the table.
        DESCR : str
            A description of the dataset.

    (data, target) : tuple of ndarray
        With `return_X_y=True`.

    Raises
    ------
    FileNotFoundError
        If the file or the folder does not exist, or if images have no file and `missing="raise"`.
    IsADirectoryError
        If a folder is passed as the table.
    ValueError
        If a column is missing, exists twice, or is passed for two roles; if the file is not a
        table; if rows of one image contradict each other in label, group or split; if one-hot
        columns name no class or several; if a split has an unknown name; or if no row has both an
        image and a label.

    Warns
    -----
    UserWarning
        If rows are left out, if several files have the name of one image, if files have another
        extension than in the table, if some images, unlike others, are in other folders than in the
        table, if two classes or ids of groups differ only by case or blanks, or two classes
        by the encoding of accents, if images have no id of a group, or the id 0 that counts as
        unknown, if a group is implausibly large, or if a column of numbers is in the order of the
        classes.

    See Also
    --------
    load_public_dataset : Public sets, whose columns are known.
    load_image_folder : Images in one folder for each class.

    Notes
    -----
    The loader looks for a file at its path below `root`, then by its name in all folders except
    folders of masks, then by its name without extension. Upper and lower case are the same, unless
    two files differ only by case. If the paths in the table are from another computer, the end of
    the path is matched, if it is unique. If a folder in the table holds images below `root`, no
    file of another folder is used.

    Labels that are empty, "unknown", "unk", "NA", "N/A", "NaN" or "null" count as missing, in upper
    or lower case. A class may be called "None".

    Examples
    --------
    >>> import os, tempfile
    >>> import pandas as pd
    >>> from PIL import Image
    >>> from skin_lesion import load_image_table
    >>> table = pd.DataFrame(
    ...     {"image": ["a", "b", "c"], "dx": ["MEL", "NEV", "ACK"], "patient": [1, 1, 2]}
    ... )
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in table["image"]:
    ...         Image.new("RGB", (8, 8)).save(os.path.join(root, f"{name}.png"))
    ...     dataset = load_image_table(table, root, path="image", label="dx", group="patient")
    >>> dataset.data.shape
    (3, 1)
    >>> dataset.target
    array(['MEL', 'NEV', 'ACK'], dtype='<U3')
    >>> print(dataset.DESCR)
    3 images of 3 classes
    <BLANKLINE>
    class  images
    ACK         1
    MEL         1
    NEV         1
    <BLANKLINE>
    Groups: 2, by patient.
    Left out: nothing.
    """
    if label_set is not None:
        check_label_set(label_set)
    labels = [label] if isinstance(label, str) else list(label)
    groups = [group] if isinstance(group, str) else list(group or ())
    if not labels or len(groups) > 2:
        raise ValueError(
            f"label is {label!r} and group is {group!r}. Expected at least one column of labels,"
            " and at most two columns of groups: the patient and the lesion."
        )
    roles = {"path": [path], "label": labels, "group": groups, "split": [split] if split else []}
    if isinstance(table, pd.DataFrame):
        where, folder = "the table", os.curdir
        check_columns(roles, list(table), where)
    else:
        where, folder = repr(os.fspath(table)), os.path.dirname(os.fspath(table)) or os.curdir
        table = _read(os.fspath(table), roles, where)
    if root is not None and not os.path.isdir(root):
        raise FileNotFoundError(
            f"The folder {os.fspath(root)!r} does not exist. Expected the folder of the images."
            f"{say_why_missing(root)}"
        )
    dataset, messages = make_dataset(
        table,
        Columns(path, tuple(labels), *groups[:2], *[None] * (2 - len(groups[:2])), split),
        Labels(label_set, indeterminate),
        folder if root is None else os.fspath(root),
        where=where,
        stays_below=root is not None,
        must_exist=missing == "raise",
    )
    for message in messages:
        # One stack frame each for load_image_table and validate_params.
        warnings.warn(message, stacklevel=3)
    return (dataset.data, dataset.target) if return_X_y else dataset


def _read(path, roles, where):
    if os.path.isdir(path):
        raise IsADirectoryError(
            f"{path!r} is a folder. Expected a table with a row for each image. Pass the table"
            " first, and the folder of the images as root."
        )
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"The file {path!r} does not exist. Expected a table with a row for each image."
            f"{say_why_missing(path)}"
        )
    separator, cells = read_header(path, "pass another file")
    check_columns(roles, cells, where)
    text = {name.lower() for names in roles.values() for name in names}
    labels = [name.lower() for name in roles["label"]] if len(roles["label"]) == 1 else []
    return read_table(
        path, separator, text=text, labels=labels, remedy="save it again as CSV in UTF-8"
    )
