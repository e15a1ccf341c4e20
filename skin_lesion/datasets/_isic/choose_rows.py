"""Choose the images of a release to load, and say why others are left out."""

from collections import Counter

import numpy as np

from ..._utils.validation.messages import name_some, say
from .._reading.split_names import check_split
from .._taxonomy.account import account_for, describe_unmapped
from .._taxonomy.label_sets import LABEL_SETS
from .labels import first_known


def choose_rows(rows, files, split, label, image_type, release, root):
    """Choose the rows that have a file, a label and the requested split.

    Returns
    -------
    chosen : ndarray of shape (n,), of bool

    left_out : Counter
        Numbers of images by reason.

    missing : ndarray of str
        ISIC ids without a file.

    account : DataFrame
        The class of each label, for rows that have both a file and a label.

    messages : list of str
        Warnings to issue.
    """
    has_file = rows.frame.index.isin(files.images)
    masks = ""
    if files.left_out["masks"]:
        masks = f" Files of masks, by the name of a folder or a file: {files.left_out['masks']}."
    if not has_file.any():
        raise ValueError(
            f"None of {say(len(has_file), 'image')} in the tables of {release} has a file in"
            f" {root!r}. Found {say(len(files.images), 'other image')} whose name is an ISIC id."
            f"{masks} Expected files such as '{rows.frame.index[0]}.jpg', at any depth, but not"
            " below a folder of masks. Unpack the images into the folder."
        )
    on_disk = rows.split[has_file].dropna().unique()
    wanted = rows.split.isin(on_disk).to_numpy() if len(on_disk) else np.full(len(has_file), True)
    if split is not None:
        if not len(on_disk):
            raise ValueError(
                f"split is {split!r}, but the release in {root!r} has no splits. Expected None."
                " Split the images with train_test_split_by_group."
            )
        wanted = (rows.split == check_split(split, on_disk, root)).to_numpy()

    if image_type is not None:
        types = rows.frame["image_type"]
        wanted = wanted & types.astype(str).str.startswith(image_type).to_numpy()
        if not wanted.any():
            found = name_some(sorted(types.dropna().unique())) or "of unknown type"
            raise ValueError(
                f"image_type is {image_type!r}, but the images of {release} are {found}. Expected"
                " None for all, or a type that they have."
            )
    is_labelled, has_target = rows.is_labelled.to_numpy(), rows.target.notna().to_numpy()
    is_missing = wanted & is_labelled & ~has_file
    is_unmapped = wanted & is_labelled & has_file & ~has_target
    is_unlabelled = wanted & has_file & ~is_labelled
    without_row = sorted(set(files.images) - set(rows.frame.index))
    missing = rows.frame.index[is_missing].to_numpy(dtype=str)
    left_out = Counter(
        missing=is_missing.sum(),
        without_row=len(without_row),
        without_label=is_unlabelled.sum(),
        unmapped=is_unmapped.sum(),
    )
    left_out.update(files.left_out)
    messages = []
    if len(missing):
        messages.append(
            f"{len(missing)} of {(wanted & is_labelled).sum()} images of the tables have no file in"
            f" {root!r}. The first is {str(missing[0])!r}. They are left out.{masks}"
        )
    if without_row:
        messages.append(
            f"{len(without_row)} of {len(files.images)} image files have no row in the tables of"
            f" {release}. The first is {files.images[without_row[0]]!r}. They are left out."
        )
    # Published test sets come without labels.
    is_told = is_unlabelled & rows.split.isin(rows.split[is_labelled]).to_numpy()
    if is_told.any():
        coarse = ""
        n_coarse = rows.labels["malignancy"][is_told].isin(["benign", "malignant"]).sum()
        if n_coarse and release == "isic-cli" and label is None:
            coarse = (
                f" label='benign_malignant' needs no exact diagnosis: it reads {n_coarse} of them."
            )
        messages.append(
            f"{is_told.sum()} of {(wanted & has_file).sum()} images with a file have no label in"
            f" the tables of {release}. The first is {rows.frame.index[is_told][0]!r}. They are"
            f" left out.{coarse}"
        )
    if files.left_out["without_id"]:
        messages.append(
            f"{files.left_out['without_id']} image file(s) in {root!r} are not named by an ISIC id,"
            " such as 'ISIC_0024306.jpg'. They are left out."
        )
    chosen = wanted & has_file & has_target
    labels = rows.labels["own"] if label is None or label in LABEL_SETS else rows.target
    if label in LABEL_SETS:
        labels = first_known([rows.frame["diagnosis"], labels, rows.target], labels.index)
    is_labelled = chosen | is_unmapped
    account = account_for(labels[is_labelled], rows.target[is_labelled], label)
    if is_unmapped.any():
        reason = describe_unmapped(labels[is_unmapped], label or f"{release} release's own")
        if not chosen.any():
            raise ValueError(f"No image is left to load. {reason} Pass another label.")
        messages.append(f"{reason} They are left out.")
    if not chosen.any():
        raise ValueError(
            f"None of {say((wanted & has_file).sum(), 'image')} with a file has a label in the"
            f" tables of {release}. Expected at least one. Published test sets often come without"
            " labels: choose another split, or add the table of labels."
        )
    return chosen, left_out, missing, account, messages
