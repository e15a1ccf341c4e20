"""Find the images, and hold out a test set."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from ..datasets import load_image_folder, train_test_split_by_group, write_lesion_folder
from ..datasets._copies import content_ids_of_files, merge_groups
from ..images import ImageLoader


@dataclass
class SplitData:
    """Paths, classes and groups of all images, and which of them are for the test."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    is_test: np.ndarray
    split: str
    n_test_copies: int

    def part(self, is_test):
        """Return X, y and groups of the test or the training side."""
        rows = self.is_test == is_test
        return self.X[rows], self.y[rows], self.groups[rows]

    def counts(self):
        """Return the number of images by class and side."""
        side = np.where(self.is_test, "test", "train")
        table = pd.crosstab(self.y, side).rename_axis("class").rename_axis("images", axis=1)
        return table[["train", "test"]]

    def summary(self):
        """Return a page on what was found."""
        counts = self.counts()
        lines = [counts.to_string(), f"\nSplit: {self.split}"]
        if self.n_test_copies:
            lines.append(
                f"Warning: {self.n_test_copies} of the {self.is_test.sum()} test images are exact"
                " copies of a training image. The score below counts them."
            )
        return "\n".join(lines) + "\n"


def draw_folder(root, random_state):
    """Draw images into a folder, or take the one that an earlier run has drawn."""
    if root.is_dir():
        print(f"Taking the images drawn before in {root}.\n")
        return root
    print(f"No folder was named: drawing images into {root}.\n", flush=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    # Drawn aside and renamed, so that an interrupted run leaves no half-filled folder.
    with tempfile.TemporaryDirectory(dir=root.parent) as unfinished:
        drawn = write_lesion_folder(
            Path(unfinished) / root.name,
            240,
            n_classes=3,
            weights=[0.25, 0.5, 0.25],  # melanoma, nevus, seborrheic keratosis
            random_state=random_state,
        )
        shutil.move(drawn, root)
    return root


def find_and_split(root, test_size, random_state):
    """Load a folder and split it: as its tree does, else by lesion, else by content.

    Raises
    ------
    ValueError, OSError
        If the folder cannot be used; nothing was written by then.
    """
    folder = load_image_folder(root)
    classes = np.unique(folder.target)
    if len(classes) < 2:
        raise ValueError(
            f"{root} has images of 1 class, {str(classes[0])!r}. Expected at least two classes to"
            " tell apart, each in a folder of its own."
        )
    paths = folder.data[:, 0]
    content = content_ids_of_files(paths)
    groups = merge_groups(folder.groups, content)
    of_what = "content" if folder.groups is None else "lesion or patient"
    splits = set() if folder.split is None else set(folder.split)
    if {"train", "test"} <= splits:
        is_test = folder.split == "test"
        split = "train and test as in the folder tree"
        if "val" in splits:
            split += "; its validation images join the training side, which is cross-validated"
    else:
        rows = np.arange(len(paths))
        _, test = train_test_split_by_group(
            rows,
            groups=groups,
            stratify=folder.target,
            test_size=test_size,
            random_state=random_state,
        )
        is_test = np.isin(rows, test)
        split = (
            f"{test_size:.0%} of the images held out, stratified by class, grouped by {of_what}"
            f" (random_state={random_state})"
        )
    return SplitData(
        X=folder.data,
        y=folder.target,
        groups=groups,
        is_test=is_test,
        split=split,
        n_test_copies=int(np.isin(content[is_test], content[~is_test]).sum()),
    )


def check_readable(X, image_size, batch_size=256):
    """Read every image once: a broken one should end the job now, not after hours of training."""
    loader = ImageLoader(image_size=(image_size, image_size), n_jobs=-1)
    with tqdm(total=len(X), desc="read images", unit="image") as bar:
        for start in range(0, len(X), batch_size):
            batch = X[start : start + batch_size]
            loader.transform(batch)
            bar.update(len(batch))
