"""Load a release of the ISIC archive as downloaded.

The order is: files, recognise, tables, frame (with labels), choose_rows.
"""

import os
import warnings

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..._utils.sklearn_private import StrOptions, validate_params
from .._reading.description import describe_dataset
from .._reading.groups import GROUP_COLUMNS, find_group_faults
from .._reading.table_file import find_ordered_columns
from .._taxonomy.account import write_account
from .._taxonomy.label_sets import INDETERMINATE_RULES, LABEL_SETS
from .choose_rows import choose_rows
from .dermamnist import check_dermoscopic, load_dermamnist, note_on
from .files import find_files
from .formats import TABLES_OF_IDS
from .frame import read_rows
from .recognise import describe_bare, recognise
from .tables import find_duplicates, read_tables

# The keys of `left_out` in the words of the description.
_REASONS = {
    "missing": "images of the tables without a file",
    "without_row": "image files without a row in the tables",
    "without_label": "images without a label in the tables",
    "unmapped": "images whose label has no counterpart in the label set",
    "masks": "masks and superpixels",
    "without_id": "image files whose name is not an ISIC id",
    "doubles": "additional files of the same image",
    "malformed_id": "rows of the tables without an ISIC id",
}


@validate_params(
    {
        "root": [str, os.PathLike],
        "release": [str],
        "split": [str, None],
        "label": [str, None],
        "indeterminate": [StrOptions(set(INDETERMINATE_RULES))],
        "image_type": [StrOptions({"dermoscopic", "clinical", "TBP tile"}), None],
        "group_by": [StrOptions(set(GROUP_COLUMNS)), None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_isic_release(
    root,
    release="auto",
    *,
    split=None,
    label=None,
    indeterminate="drop",
    image_type=None,
    group_by=None,
    return_X_y=False,
):
    """Load a release of the ISIC archive, or a dataset derived from it, as downloaded.

    The loader recognises the release by the columns of its tables, anywhere below `root`, and finds
    images by their ISIC ids. You need not move or rename files. No image is opened.

    ==============  ================================================  ==================
    release         tables                                            own label
    ==============  ================================================  ==================
    "2016"          Part 3, ids and labels without a header           benign, malignant
    "2017"          Part 3; metadata                                  3 classes
    "2018"          Task 3; lesion groups                             7 classes
    "HAM10000"      `HAM10000_metadata` (.csv, .tab or bare)          7 classes
    "2019"          training and test, labels and metadata            8 classes
    "2020"          v1 and v2; test metadata; list of duplicates      benign, malignant
    "2024"          of Kaggle, or of the challenge with supplement    benign, malignant
    "isic-cli"      `metadata.csv`, from before or after 2025         the diagnosis
    "DermaMNIST"    `dermamnist.npz`, `dermamnist_64.npz` ...         7 classes
    ==============  ================================================  ==================

    All releases share the class names of :func:`map_labels`.

    Parameters
    ----------
    root : str or os.PathLike
        The folder. For DermaMNIST, also the file.

    release : str, default="auto"
        A name in the table above, in any spelling, such as "ISIC 2019". It is needed only if one
        folder holds the tables of several releases.

    split : str or None, default=None
        Load only this split: "train", "val" or "test", or the other names that
        :func:`load_image_folder` knows. None loads all splits that have files.

    label : str or None, default=None
        The classes:

        - None: the release's own label;
        - "7-class", "8-class", "9-class" or "benign_malignant": a label set; see
          :func:`map_labels`. For benign and malignant, a malignant or indeterminate diagnosis
          counts first, then the release's own column for malignant lesions, then a benign
          diagnosis;
        - the name of a column of the tables, such as "diagnosis_confirm_type" or "diagnosis_2":
          its values, as text.

    indeterminate : {"drop", "benign", "malignant"}, default="drop"
        What to do with lesions that are neither benign nor malignant, with
        `label="benign_malignant"`: leave them out and count them, or give them a class. See
        :func:`map_labels`.

    image_type : {"dermoscopic", "clinical", "TBP tile"} or None, default=None
        Load only images of this type, by the column `image_type` of the frame. Other images are not
        counted as left out.

    group_by : {"patient_id", "lesion_id"} or None, default=None
        The meaning of `groups`. None or "patient_id": the patient, or the lesion if the patient is
        unknown. "lesion_id": the lesion, or the patient if the lesion is unknown.

    return_X_y : bool, default=False
        Return `(data, target)` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        The n images that have a file and a label, in the order of the tables, with the attributes

        data : ndarray of shape (n, 1), of str
            Paths, which begin with `root` as it was given. An image inside an HDF5 file has the
            path `<file>.hdf5/<entry>`. All functions of this library that take paths accept it. For
            DermaMNIST, the images themselves, of shape (n, height, width, 3), uint8.
        target : ndarray of shape (n,), of str
            The class of each image.
        target_names : ndarray of shape (n_classes,), of str
            All classes in the tables, sorted, including those of other splits and missing images.
        split : ndarray of shape (n,), of str, or None
            "train", "val" or "test". None if the release has no splits.
        groups : ndarray of shape (n,), of str
            The patient or lesion of each image, as `group_by` says, or the image itself if both are
            unknown. Images of one lesion are always in one group. Lesions that the list of
            duplicates of ISIC 2020 joins are in one group, too. With "lesion_id", all images of a
            patient are one group if some of them have a lesion id and others do not. Placeholders
            such as -1, "none" and "?" count as unknown.
        frame : DataFrame of n rows
            Columns `path` (if there are paths), `target`, `split` (if there is one) and `isic_id`;
            `age` in years, `sex` ("female", "male"), `site`, `image_type`, `diagnosis` and
            `source`; `lesion_id` and `patient_id` if the release has them; then its other columns.
            Unknown values are missing. Where the tables do not tell the image type, it is "TBP
            tile" for "2024", missing for "isic-cli", and "dermoscopic" for all others. Columns that
            reveal the label (how it was confirmed, biopsies, thickness, other labels, ...) are left
            out unless `label` names them. `diagnosis` reveals the label, too: do not use it as a
            feature.
        release : str
            The name of the release.
        left_out : dict of str to int
            The number of images that were left out, by reason: "missing" (in the tables, without a
            file), "without_row" (files that are in no table), "without_label" (such as test sets
            whose labels are not public), "unmapped" (labels without a counterpart in the label set,
            and "UNK" of ISIC 2019), "masks" (and superpixels), "without_id" (files whose name is
            not an ISIC id), "doubles" (additional files of the same image) and "malformed_id" (rows
            of the tables without an ISIC id).
        label_account : DataFrame
            The class of each label, its number of images that have a file and a label, and the
            reason if it has no class, as :func:`map_labels` returns them with
            `return_account=True`.
        missing : ndarray of str
            The ISIC ids of images without a file, in splits that have files.
        DESCR : str
            A description of the dataset.

    (data, target) : tuple of ndarray
        With `return_X_y=True`.

    Raises
    ------
    FileNotFoundError
        If `root` does not exist.
    NotADirectoryError
        If `root` is a file that is not DermaMNIST.
    ValueError
        If there is no known table, or tables of several releases; if a table lacks columns, has a
        column twice, contradicts itself or another table, has no ISIC id at all, or has labels that
        are not one class; if there is no image; or if a parameter is invalid.
    OSError
        If an HDF5 file cannot be read. Damaged entries in it raise an error only when the images
        are read, for example by :class:`ImageLoader`.

    Warns
    -----
    UserWarning
        If images have no file, or no label although others of their split have one; if files have
        no row, labels have no counterpart, or rows have no ISIC id; if a table of labels may hold
        predictions, and is left out; if most training images have neither a lesion nor a patient
        although the release has them; if a group is implausibly large; or if a column of numbers is
        in the order of the classes.

    See Also
    --------
    load_public_dataset : Loads datasets outside the ISIC archive, too.
    load_image_folder : Images in one folder for each class.
    map_labels : The label sets and their mapping.

    Notes
    -----
    Tables are UTF-8 text, with or without a byte-order mark, separated by commas, semicolons or
    tabs. File names may have the additions "_downsampled", " (1)", "_1" or " - Copy". If several
    files have one id, the file with the plainest name is used. `site` has the terms of ISIC 2019;
    `localization` keeps the finer terms of HAM10000. In tables of the isic-cli, the diagnosis is
    `diagnosis_3`, or `diagnosis_2` if that is empty, or `diagnosis` in tables from before 2025.
    Diagnoses that are in no label set keep their names, in lower case.

    Tables of predictions have the same columns as a ground truth. The following tables are
    therefore left out with a warning:

    - tables of labels with "pred", "prob", "pseudo", "oof", "ensemble", "blend" or "soft" in the
      file name;
    - tables of ids and labels alone, and tables that label the images of another table without
      labels, unless "GroundTruth", "gt", "metadata" or "train" is in the file name. "labels" in the
      name suffices if no other table has labels.

    Some resized copies of ISIC 2019 have the columns of ISIC 2020. They are recognised by their
    ids, up to ISIC_0073254, and by diagnoses that only 2019 has. Without such diagnoses, pass
    `release`. In some of these copies, `target` is 1 for melanomas alone. It is used only if the
    table has no diagnoses.

    The own label of ISIC 2024 calls indeterminate lesions benign. With `label="benign_malignant"`,
    `indeterminate` decides, by the column `iddx_1` or the diagnosis.

    A table belongs to the split in its file name, or in the name of the nearest folder below
    `root`. If only some tables name a split, the others are the training set. Images
    that a table without labels has in another split, such as the ids in "test.csv", are then in
    that split, with a warning.

    References
    ----------
    .. [1] Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset, a large collection of
       multi-source dermatoscopic images of common pigmented skin lesions. Scientific Data 5,
       180161 (2018). https://doi.org/10.1038/sdata.2018.161
    .. [2] Rotemberg V, et al. A patient-centric dataset of images and metadata for identifying
       melanomas using clinical context. Scientific Data 8, 34 (2021).
       https://doi.org/10.1038/s41597-021-00815-z
    .. [3] International Skin Imaging Collaboration. SLICE-3D 2024 challenge dataset.
       https://doi.org/10.34970/2024-slice-3d
    .. [4] Yang J, et al. MedMNIST v2, a large-scale lightweight benchmark for 2D and 3D biomedical
       image classification. Scientific Data 10, 41 (2023).
       https://doi.org/10.1038/s41597-022-01721-8
    .. [5] Abhishek K, Jain A, Hamarneh G. Investigating the quality of DermaMNIST and
       Fitzpatrick17k dermatological image datasets. Scientific Data 12, 196 (2025).
       https://doi.org/10.1038/s41597-025-04382-5

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> from skin_lesion import load_isic_release
    >>> with tempfile.TemporaryDirectory() as root:
    ...     with open(os.path.join(root, "HAM10000_metadata.csv"), "w") as table:
    ...         _ = table.write(
    ...             "lesion_id,image_id,dx,dx_type,age,sex,localization\\n"
    ...             "HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp\\n"
    ...             "HAM_0000118,ISIC_0025030,bkl,histo,80.0,male,scalp\\n"
    ...             "HAM_0005188,ISIC_0029609,nv,histo,65.0,female,unknown\\n"
    ...         )
    ...     for isic_id in ("ISIC_0027419", "ISIC_0025030", "ISIC_0029609"):
    ...         os.makedirs(os.path.join(root, "HAM10000_images_part_1"), exist_ok=True)
    ...         path = os.path.join(root, "HAM10000_images_part_1", f"{isic_id}.jpg")
    ...         Image.new("RGB", (8, 8)).save(path)
    ...     dataset = load_isic_release(root, label="benign_malignant")
    >>> dataset.target
    array(['benign', 'benign', 'benign'], dtype='<U6')
    >>> dataset.groups
    array(['HAM_0000118', 'HAM_0000118', 'HAM_0005188'], dtype='<U11')
    >>> dataset.frame[["age", "sex", "site", "diagnosis"]]
        age     sex       site         diagnosis
    0  80.0    male  head/neck  benign keratosis
    1  80.0    male  head/neck  benign keratosis
    2  65.0  female        NaN             nevus
    >>> print(dataset.DESCR)
    HAM10000: 3 images of 1 class
    <BLANKLINE>
    class    images
    benign        3
    <BLANKLINE>
    Groups: 2, by lesion_id.
    Columns left out because they reveal the label: dx, dx_type.
    Labels:
      benign: 'benign keratosis' (2), 'nevus' (1)
    Left out: nothing.
    """
    root = os.fspath(root)
    files = find_files(root)
    release, tables, bare, others = recognise(files, root, release)
    if release == "DermaMNIST":
        check_dermoscopic(release, image_type)
        dataset = load_dermamnist(tables, split, label, indeterminate)
        dataset.DESCR = f"{_describe(dataset, [], label)}\n{note_on(tables[0])}"
        return (dataset.data, dataset.target) if return_X_y else dataset

    if release == "2024":
        files.add_hdf5_entries()
    id_messages = []
    rows = read_rows(
        read_tables(tables, root, files.left_out, id_messages, bare, others),
        release,
        label,
        indeterminate,
        find_duplicates(files),
        group_by,
    )
    if bare:  # before a possible error that there are no labels
        warnings.warn(describe_bare(bare, root).strip(), stacklevel=3)
    chosen, left_out, missing, account, messages = choose_rows(
        rows, files, split, label, image_type, release, root
    )
    messages += id_messages
    messages += _find_missing_ids(rows, chosen, release)
    messages += find_group_faults(rows.groups[chosen])
    features = rows.frame[chosen].drop(columns=label or [], errors="ignore")
    messages += find_ordered_columns(features, rows.target[chosen])
    for message in messages:
        # One stack frame each for load_isic_release and validate_params.
        warnings.warn(message, stacklevel=3)

    target = rows.target[chosen].to_numpy(dtype=str)
    paths = [files.images[isic_id] for isic_id in rows.frame.index[chosen]]
    data = np.array(paths, dtype=str).reshape(-1, 1)
    if return_X_y:
        return data, target
    has_splits = rows.split.notna().any()
    splits = rows.split[chosen].to_numpy(dtype=str) if has_splits else None
    frame = rows.frame[chosen].reset_index(names="isic_id")
    ahead = {"path": paths, "target": target, **({"split": splits} if has_splits else {})}
    dataset = Bunch(
        data=data,
        target=target,
        target_names=np.unique(rows.target.dropna().to_numpy(dtype=str)),
        split=splits,
        groups=rows.groups[chosen].to_numpy(dtype=str),
        frame=pd.concat([pd.DataFrame(ahead), frame], axis=1),
        release=release,
        left_out={reason: int(n) for reason, n in left_out.items() if n},
        label_account=account,
        missing=missing,
    )
    dataset.DESCR = _describe(dataset, rows.revealing, label, group_by)
    return dataset


def _find_missing_ids(rows, chosen, release):
    # Test sets come without ids.
    wanted = rows.frame[chosen & (rows.split.isna() | (rows.split == "train")).to_numpy()]
    n_missing = wanted[[name for name in GROUP_COLUMNS if name in wanted]].isna().all(axis=1).sum()
    if release not in TABLES_OF_IDS or n_missing <= len(wanted) / 2:
        return []
    message = (
        f"{n_missing} of {len(wanted)} training images of {release} have neither a lesion nor a"
        f" patient. Expected {TABLES_OF_IDS[release]}. Each of them is its own group, so a split"
        " may put images of one lesion on both sides. Add the table if it is missing."
    )
    return [message]


def _describe(dataset, revealing, label, group_by=None):
    names = GROUP_COLUMNS[::-1] if group_by == "lesion_id" else GROUP_COLUMNS
    by = [name for name in names if name in dataset.frame]
    how = f"by {', else '.join(by)}" if by else "each image its own, because there are no ids"
    notes = [
        f"Groups: {len(np.unique(dataset.groups))}, {how}.",
        f"Columns left out because they reveal the label: {', '.join(revealing) or 'none'}.",
    ]
    if label in LABEL_SETS:
        notes += ["Labels:", *write_account(dataset.label_account)]
    return describe_dataset(dataset, notes, _REASONS)
