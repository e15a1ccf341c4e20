"""Draw images where none are named, and hold out a test set."""

import shutil
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..._utils.atomic_writing import temporary_folder
from ...audit import assert_no_leak
from ...datasets import train_test_split_by_group, write_lesion_folder


@dataclass
class SplitData:
    """Paths, classes, groups and subgroups of images, and which of them are for the test.

    The groups are those of contents where `knows_lesions` is False.
    """

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    subgroups: pd.DataFrame
    is_test: np.ndarray
    split: str
    knows_lesions: bool = True
    has_id: np.ndarray | None = None  # which images have the id of a lesion or a patient

    def part(self, is_test):
        """Return X, y and groups of the test or the training side."""
        rows = self.is_test == is_test
        return self.X[rows], self.y[rows], self.groups[rows]

    def counts(self):
        """Return the number of images by class and side."""
        side = np.where(self.is_test, "test", "train")
        table = pd.crosstab(self.y, side).rename_axis("class").rename_axis("images", axis=1)
        return table[["train", "test"]]

    def check(self):
        """Raise an error if an image or a group is on both sides."""
        (X_train, _, groups_train), (X_test, _, groups_test) = self.part(False), self.part(True)
        assert_no_leak(X_train, X_test, groups_train=groups_train, groups_test=groups_test)


def draw_folder(root, random_state):
    """Draw images into a folder, or take the one that an earlier run has drawn."""
    if root.is_dir():
        print(f"Using the images drawn earlier in {root}.")
        return root
    print(f"No ROOT was given: drawing images into {root}.", flush=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    # Drawn aside and renamed, so that an interrupted run leaves no half-filled folder.
    with temporary_folder(root.parent) as unfinished:
        drawn = write_lesion_folder(
            unfinished / root.name,
            240,
            n_classes=3,
            weights=[0.25, 0.5, 0.25],  # melanoma, nevus, seborrheic keratosis
            random_state=random_state,
        )
        shutil.move(drawn, root)
    return root


def split_by_group(folder, keep, groups, arguments):
    """Split the rows to keep: as the data do, else by merged groups, stratified by class."""
    X, y, groups = folder.data[keep], folder.target[keep], groups[keep]
    subgroups, knows_lesions = folder.subgroups[keep], folder.groups is not None
    if folder.is_test is not None:
        is_test, split = folder.is_test[keep], _describe_given(folder)
        return SplitData(
            X, y, groups, subgroups, is_test, split, knows_lesions, folder.has_id[keep]
        )
    rows = np.arange(len(y))
    _, test = train_test_split_by_group(
        rows,
        groups=groups,
        stratify=y,
        test_size=arguments.test_size,
        random_state=arguments.random_state,
    )
    by = "lesion or patient" if knows_lesions else "content"
    split = (
        f"{len(test)} of {len(rows)} images held out, stratified by class, grouped by {by}"
        f" (random_state={arguments.random_state})"
    )
    own = np.unique(folder.split).tolist() if folder.split is not None else []
    if len(own) > 1:
        split += f"; the split of the data ({', '.join(own)}) is not used: it has no train and test"
    is_test = np.isin(rows, test)
    return SplitData(X, y, groups, subgroups, is_test, split, knows_lesions, folder.has_id[keep])


def split_by_image(folder, keep, arguments):
    """Split as those do who know of no groups: as the data do, else image by image.

    Classes of too few images are left out: without one for training, or too few to be split.
    """
    in_training = keep if folder.is_test is None else keep & ~folder.is_test
    names, counts = np.unique(folder.target[in_training], return_counts=True)
    keep = keep & np.isin(folder.target, names[counts > (folder.is_test is None)])
    X, y, subgroups = folder.data[keep], folder.target[keep], folder.subgroups[keep]
    rows = np.arange(len(y))
    if folder.is_test is not None:
        return SplitData(X, y, rows, subgroups, folder.is_test[keep], _describe_given(folder))
    _, test = train_test_split_by_group(
        rows,
        groups=None,
        stratify=y,
        test_size=arguments.test_size,
        random_state=arguments.random_state,
    )
    split = f"{len(test)} of {len(rows)} images held out by image, stratified by class"
    return SplitData(X, y, rows, subgroups, np.isin(rows, test), split)


def _describe_given(folder):
    split = "train and test as in the data"
    if "val" in folder.split:
        split += "; its validation images join the training side, which is cross-validated"
    return split
