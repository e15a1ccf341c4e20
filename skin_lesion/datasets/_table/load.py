"""Load any table that names images."""

import os
import warnings

import pandas as pd

from ..._utils.sklearn_private import StrOptions, validate_params
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
    """Load images that a table names: a CSV file of your own, or a DataFrame.

    Parameters
    ----------
    table : str, os.PathLike or DataFrame
        A row for each image. A file is UTF-8, with a byte-order mark or without; commas, semicolons
        or tabs separate.

    root : str, os.PathLike or None, default=None
        The folder that holds the images, at any depth. With None, that of the file; for a
        DataFrame, the current one.

    path : str
        The column that names the files: paths, names, or ids without extension.

    label : str or list of str
        The column of classes, or the columns of 0 and 1 that hold them together, one for each.

    group : str, list of str or None, default=None
        The column that tells which images belong together. Two are the patient's and the lesion's:
        the patient is taken where it is known, else the lesion.

    split : str or None, default=None
        The column that says "train", "val" or "test", or the other names that
        :func:`load_image_folder` knows.

    label_set : {"7-class", "8-class", "9-class", "benign_malignant"} or None, default=None
        The classes to map labels to, see :func:`map_labels`. With None they stay as they are.

    indeterminate : {"drop", "benign", "malignant"}, default="drop"
        What lesions are that are neither, with `label_set="benign_malignant"`: left out and
        counted, or a class.

    missing : {"raise", "leave_out"}, default="raise"
        What to do with rows whose image has no file: raise an error that names some, or leave them
        out with a warning that counts them.

    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Of n images that have a file and a label, in the order of the table, it has

        data : ndarray of shape (n, 1), of str
            Paths, which begin with `root`.
        target : ndarray of shape (n,), of str
            The class of each image.
        target_names : ndarray of shape (n_classes,), of str
            All classes in the table, sorted.
        split : ndarray of shape (n,), of str, or None
            "train", "val" or "test", where a column was named.
        groups : ndarray of shape (n,), of str, or None
            The patient or lesion, where a column was named. An image without one, or with a
            placeholder such as "unknown", "?" or -1, is a group of its own. Images of one lesion
            are always in one group.
        frame : DataFrame of n rows
            Columns `path`, `target`, `split` where there is one, and `diagnosis`, the label that
            was mapped, with a label set; then the others of the table, without those of `label`.
            What has one of these names there is called `metadata_path` etc. here.
        left_out : dict of str to int
            How many rows were left out, by reason: "missing" (no file), "without_path",
            "without_label", "unmapped" (no counterpart in the label set), "repeated" (further rows
            of the same image); and "doubles", further files of the same image.
        label_account : DataFrame
            Which label was taken for which class, for how many rows, and why for none: what
            :func:`map_labels` gives with `return_account=True`.
        missing : ndarray of str
            The images without a file, as the table names them.
        DESCR : str
            A description of all this.

    (data, target) : tuple of ndarray
        With `return_X_y=True`.

    Raises
    ------
    FileNotFoundError
        If the file or the folder does not exist, or if images have no file and `missing="raise"`.
    ValueError
        If a column is not there, twice there, or named for two things; if the file is no table; if
        rows of one image contradict each other in label, group or split; if columns of 0 and 1 name
        no or several classes; if a split is none; or if no row has both an image and a label.

    Warns
    -----
    UserWarning
        If rows are left out, if several files have the name of one image, if files have another
        extension than the table says, if a group is implausibly large, or if a column of numbers is
        in the order of the classes.

    See Also
    --------
    load_public_dataset : Public sets, whose columns are known.
    load_image_folder : Images in one folder for each class.

    Notes
    -----
    A file is looked for where the table says, below `root`; then by its name in all folders, those
    of masks left out; then by its name without extension. Upper and lower case are the same. Where
    the table names folders of another machine, the end of the path decides, if it is unique.
    Labels that are empty, "unknown" or "unk" are none.

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
            " and one or two of groups: the patient's and the lesion's."
        )
    roles = {"path": [path], "label": labels, "group": groups, "split": [split] if split else []}
    if isinstance(table, pd.DataFrame):
        where, folder = "The table", os.curdir
        check_columns(roles, list(table), where)
    else:
        where, folder = repr(os.fspath(table)), os.path.dirname(os.fspath(table)) or os.curdir
        table = _read(os.fspath(table), roles, where)
    if root is not None and not os.path.isdir(root):
        raise FileNotFoundError(
            f"The folder {os.fspath(root)!r} does not exist. Expected the one with the images."
            f" Relative paths are looked up in {os.getcwd()!r}."
        )
    dataset, messages = make_dataset(
        table,
        Columns(path, tuple(labels), *groups[:2], *[None] * (2 - len(groups[:2])), split),
        Labels(label_set, indeterminate),
        folder if root is None else os.fspath(root),
        where=where,
        must_exist=missing == "raise",
    )
    for message in messages:
        # One frame for each of: load_image_table, validate_params.
        warnings.warn(message, stacklevel=3)
    return (dataset.data, dataset.target) if return_X_y else dataset


def _read(path, roles, where):
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"The file {path!r} does not exist. Expected a table with a row for each image."
            f" Relative paths are looked up in {os.getcwd()!r}."
        )
    separator, cells = read_header(path)
    check_columns(roles, cells, where)
    text = {name.lower() for names in roles.values() for name in names}
    return read_table(path, separator, text=text, remedy="save it anew")
