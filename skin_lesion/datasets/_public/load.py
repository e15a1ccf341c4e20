"""Load a public dataset as downloaded."""

import os
import warnings

from ..._utils.sklearn_private import StrOptions, validate_params
from ..._utils.validation.messages import name_some
from .._isic.dermamnist import check_dermoscopic
from .._isic.load import load_isic_release
from .._reading.groups import GROUP_COLUMNS
from .._taxonomy.label_sets import INDETERMINATE_RULES
from .class_folders import load_class_folders
from .pixel_csv import load_pixels
from .recognise import CLASS_FOLDERS, COLLECTIONS, PIXELS, collection_named, recognise
from .tables import load_tables


@validate_params(
    {
        "root": [str, os.PathLike],
        "name": [str],
        "split": [str, None],
        "label": [str, None],
        "indeterminate": [StrOptions(set(INDETERMINATE_RULES))],
        "image_type": [StrOptions({"dermoscopic", "clinical", "TBP tile"}), None],
        "group_by": [StrOptions(set(GROUP_COLUMNS)), None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_public_dataset(
    root,
    name="auto",
    *,
    split=None,
    label=None,
    indeterminate="drop",
    image_type=None,
    group_by=None,
    return_X_y=False,
):
    """Load a public dataset of skin lesions as downloaded.

    The loader recognises the dataset by the columns of its tables, anywhere below `root`. You need
    not move or rename files. No image is opened. The page on public data lists the datasets, with
    licence, size, classes and known faults.

    ====================  ============================================  ========================
    name                  tables                                        own label
    ====================  ============================================  ========================
    a release of ISIC     see :func:`load_isic_release`                 that of the release
    "isic-cli", "HIBA"    `metadata.csv` of any collection              the diagnosis
    "MILK10k"             metadata, ground truth, supplement            11 classes
    "BCN20000"            `bcn_20k_train.csv`, `bcn_20k_test.csv`       8 classes
    "PAD-UFES-20"         `metadata.csv`                                6 classes
    "PH2"                 `PH2_dataset.txt`                             nevus, melanoma
    "Derm7pt"             `meta.csv`, lists of the splits               the diagnosis
    "DDI"                 `ddi_metadata.csv`                            the disease
    "Fitzpatrick17k"      `fitzpatrick17k.csv`                          the disease
    "HAM10000 pixels"     `hmnist_28_28_RGB.csv` and similar            7 classes
    "class folders"       none, see :func:`load_image_folder`           names of the folders
    ====================  ============================================  ========================

    All datasets share the class names of :func:`map_labels`.

    Parameters
    ----------
    root : str or os.PathLike
        The folder. For DermaMNIST and HAM10000 pixels, also the file.

    name : str, default="auto"
        A name in the table above, in any spelling. It is needed only if one folder holds several
        datasets, or folders of diagnoses beside the table of a dataset.

    split : str or None, default=None
        Load only this split: "train", "val" or "test", or the other names that
        :func:`load_image_folder` knows. None loads all splits.

    label : str or None, default=None
        The classes:

        - None: the dataset's own label;
        - "7-class", "8-class", "9-class" or "benign_malignant": a label set; see
          :func:`map_labels`. If there is a finer diagnosis, as in the supplement of MILK10k, it is
          mapped. If the diagnosis cannot be mapped, the dataset's own column for malignant lesions
          is used. If the name of a class folder cannot be mapped, the column `diagnosis` of its
          table is used. For releases of ISIC, see :func:`load_isic_release`;
        - the name of a column of the tables: its values, as text.

    indeterminate : {"drop", "benign", "malignant"}, default="drop"
        What to do with lesions that are neither benign nor malignant, with
        `label="benign_malignant"`: leave them out and count them, or give them a class. See
        :func:`map_labels`.

    image_type : {"dermoscopic", "clinical", "TBP tile"} or None, default=None
        Load only images of this type. None loads all images. MILK10k, Derm7pt and HIBA have
        dermoscopic and clinical images. Tiles of total body photographs are in ISIC 2024.

    group_by : {"patient_id", "lesion_id"} or None, default=None
        The meaning of `groups`. None or "patient_id": the patient, or the lesion if the patient is
        unknown. "lesion_id": the lesion, or the patient if the lesion is unknown.

    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        The attributes are those of :func:`load_isic_release`: `data`, `target`, `target_names`,
        `split`, `groups`, `frame`, `release` (the name of the dataset), `left_out`,
        `label_account`, `missing` and `DESCR`. For HAM10000 pixels, `data` holds the images
        themselves, as for DermaMNIST. For class folders, `groups` may be None.

        The frame has the columns `path` (if there are paths), `target`, `split` (if there is one),
        `diagnosis` (outside of ISIC not if `label` is a column of the tables), `age`, `sex`,
        `site`, `image_type` and `source`, and `patient_id` and `lesion_id` if the dataset has them.
        Then come the other columns of the dataset, except
        those that reveal the label. Placeholders such as "UNK", and -1 in place of a skin type, are
        missing values. For class folders, the frame is that of :func:`load_image_folder`, with
        `diagnosis`.

    (data, target) : tuple of ndarray
        With `return_X_y=True`.

    Raises
    ------
    FileNotFoundError
        If `root` does not exist, or if no image of a table has a file below it.
    ValueError
        If the folder holds several datasets, or not the requested one; if a table lacks columns, or
        contradicts itself or another table; if no image has a label; or if a parameter is invalid.

    Warns
    -----
    UserWarning
        If images have no file, files have no row, rows have no label or are repeated, or labels
        have no counterpart. `left_out` counts all of them.

    See Also
    --------
    load_image_table : Loads any other table.
    load_isic_release : Describes releases of ISIC in detail.
    map_labels : The label sets and their mapping.

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> from skin_lesion import load_public_dataset
    >>> with tempfile.TemporaryDirectory() as root:
    ...     with open(os.path.join(root, "metadata.csv"), "w") as table:
    ...         _ = table.write(
    ...             "patient_id,lesion_id,age,gender,region,diagnostic,img_id,biopsed\\n"
    ...             "PAT_8,15,55,FEMALE,NECK,BCC,PAT_8_15_820.png,True\\n"
    ...             "PAT_8,15,55,FEMALE,NECK,BCC,PAT_8_15_821.png,True\\n"
    ...             "PAT_9,17,,,HAND,ACK,PAT_9_17_80.png,False\\n"
    ...         )
    ...     for name in ("PAT_8_15_820", "PAT_8_15_821", "PAT_9_17_80"):
    ...         Image.new("RGB", (8, 8)).save(os.path.join(root, f"{name}.png"))
    ...     dataset = load_public_dataset(root, label="benign_malignant", indeterminate="benign")
    >>> dataset.release
    'PAD-UFES-20'
    >>> dataset.target
    array(['malignant', 'malignant', 'benign'], dtype='<U9')
    >>> dataset.groups
    array(['PAT_8', 'PAT_8', 'PAT_9'], dtype='<U5')
    >>> print(dataset.label_account)
      label      class  n_rows reason
    0   ACK     benign       1
    1   BCC  malignant       2
    """
    root = os.fspath(root)
    public_set, tables = recognise(root, name)
    mapping = {"label": label, "indeterminate": indeterminate}
    if public_set == PIXELS:
        _refuse(PIXELS, split=split)
        check_dermoscopic(PIXELS, image_type)
        dataset = load_pixels(tables, **mapping)
    elif public_set == CLASS_FOLDERS:
        _refuse(CLASS_FOLDERS, image_type=image_type)
        try:
            dataset = load_class_folders(root, split, group_by, **mapping)
        except ValueError as error:
            if tables is None:
                raise
            raise ValueError(
                f"The tables below {root!r} belong to no known public dataset: {tables} It cannot"
                f" be loaded as class folders either: {error} For a table of your own, use"
                " load_image_table."
            ) from error
    elif isinstance(public_set, str):
        try:
            dataset = load_isic_release(
                root, public_set, split=split, image_type=image_type, group_by=group_by, **mapping
            )
        except ValueError as error:
            found = f"release is {public_set!r}"
            if not str(error).startswith(found):
                raise
            raise ValueError(f"name is {name!r}{str(error).removeprefix(found)}") from error
        if collection_named(name):
            _name_collection(dataset, collection_named(name), root)
    else:
        dataset, messages = load_tables(
            root, public_set, tables, split, image_type, group_by, **mapping
        )
        for message in messages:
            # One stack frame each for load_public_dataset and validate_params.
            warnings.warn(message, stacklevel=3)
    return (dataset.data, dataset.target) if return_X_y else dataset


def _name_collection(dataset, name, root):
    """Call what the isic-cli downloaded by the name of its collection, if it is that."""
    sources = dataset.frame["source"].dropna().unique()
    if not all(COLLECTIONS[name] in source for source in sources):
        raise ValueError(
            f"name is {name!r}, but the images below {root!r} are attributed to"
            f" {name_some(list(sources))}. Expected {COLLECTIONS[name]!r}. Pass name='isic-cli', or"
            " the folder of this set."
        )
    dataset.DESCR = f"{name}{dataset.DESCR.removeprefix(dataset.release)}"
    dataset.release = name


def _refuse(name, **parameters):
    for parameter, value in parameters.items():
        if value is not None:
            raise ValueError(
                f"{parameter} is {value!r}, but {name} have no {parameter}. Expected None. Choose"
                " rows of the returned dataset, or use train_test_split_by_group."
            )
