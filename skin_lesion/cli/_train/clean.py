"""Audit the data, and leave out what is faulty."""

import sys
from copy import copy
from dataclasses import dataclass

import numpy as np

from ..._utils.validation.messages import say_number
from ...audit import TITLES, DatasetAudit, audit_dataset, describe_finding, say
from .data import SplitData, split_by_group, split_by_image

# Of a class, on the training side: one for each fold, of which there are three if time allows.
_MIN_GROUPS = 3


@dataclass
class CleanedData:
    """What the audit found, and what is left to train and test on.

    Attributes
    ----------
    audit : DatasetAudit

    used : SplitData

    kept : ndarray of shape (n,), of bool
        Which images are used.

    faulty : SplitData or None
        The data as such a reader would use them, if they are to be compared.

    left_out : dict of str to int
        How many images were left out, by reason.

    keeps_faults : bool
        Whether nothing was to be left out.
    """

    audit: DatasetAudit
    used: SplitData
    kept: np.ndarray
    faulty: SplitData | None
    left_out: dict
    keeps_faults: bool

    def summary(self):
        """Return what was found and what remains, in a few lines."""
        found = [
            f"  {title}: {describe_finding(self.audit, name)}"
            for name, title in TITLES.items()
            if len(getattr(self.audit, name))
        ]
        lines = ["The audit found" + (":" if found else " no faults."), *found]
        shortcuts = self.audit.shortcuts
        if len(shortcuts):
            best = shortcuts["balanced_accuracy"].idxmax()
            lines.append(
                f"Strongest shortcut: {best} alone predicts the class with a balanced accuracy of"
                f" {say_number(shortcuts.loc[best, 'balanced_accuracy'])}"
                f" (chance {say_number(shortcuts.loc[best, 'chance'])})."
            )
        if self.left_out:
            lines.append("Excluded:")
            lines += [f"  {say(n, 'image')}: {reason}" for reason, n in self.left_out.items()]
            gone = self.audit.class_counts.index.difference(self.used.y)
            if len(gone):
                lines.append(f"  so these classes are excluded: {', '.join(map(str, gone))}")
        if found and self.keeps_faults:
            lines.append(
                "Warning: --keep-faults trains and tests on all images. The faults can inflate the"
                " scores below."
            )
        lines += [self.used.counts().to_string(), f"Split: {self.used.split}"]
        return "\n".join(lines)

    def write_manifest(self, path):
        """Write which image is on which side; what was left out is on none."""
        split = np.full(len(self.kept), None, dtype=object)
        split[self.kept] = np.where(self.used.is_test, "test", "train")
        audit = copy(self.audit)
        audit.images = self.audit.images.assign(split=split)
        audit.to_manifest(path)


def clean(folder, arguments):
    """Audit a folder and split it.

    Raises
    ------
    ValueError
        If too little is left to train on; nothing was written by then.
    """
    side = None if folder.is_test is None else np.where(folder.is_test, "test", "train")
    audit = audit_dataset(
        folder.data,
        folder.target,
        groups=folder.groups,
        split=side,
        frame=folder.frame,
        verbose=int(sys.stderr.isatty()),
    )
    everything = np.ones(len(folder.target), dtype=bool)
    if arguments.keep_faults:
        if len(audit.unreadable):
            raise ValueError(
                f"{audit.unreadable['error'].iloc[0]} ({len(audit.unreadable)} such image(s).) Mend"
                " or remove them, or leave out --keep-faults."
            )
        used = split_by_group(folder, everything, audit.groups, arguments)
        _check_classes(used, arguments)
        return CleanedData(audit, used, everything, faulty=None, left_out={}, keeps_faults=True)

    keep, left_out = _choose(audit, folder.is_test)
    for name in _find_small_classes(folder, audit, keep, arguments):
        of_class = folder.target == name
        n_left, n_before = (keep & of_class).sum(), of_class.sum()
        if n_left:
            reason = f"the rest of {name} ({n_left} of {n_before}), too few to train on"
            left_out[reason] = n_left
        keep &= ~of_class
    if len(np.unique(folder.target[keep])) < 2:
        raise ValueError(
            f"After cleaning, {len(np.unique(folder.target[keep]))} class(es) are left: "
            + "; ".join(f"{say(n, 'image')}: {reason}" for reason, n in left_out.items())
            + ". Expected at least two. --keep-faults trains on everything."
        )
    if folder.is_test is not None and not (keep & folder.is_test).any():
        raise ValueError(
            "After cleaning, no test image is left: "
            + "; ".join(f"{say(n, 'image')}: {reason}" for reason, n in left_out.items())
            + ". Expected some. Mend the test images, or move all images into one set of class"
            " folders: some are then held out."
        )
    used = split_by_group(folder, keep, audit.groups, arguments)
    _check_classes(used, arguments)
    used.check()
    differs = not keep.all()
    if folder.is_test is None:  # then a split by image would tear groups apart
        differs |= len(np.unique(audit.groups)) < len(audit.groups)
    faulty = None
    if differs and arguments.compare_with_faults:
        readable = everything.copy()
        readable[audit.unreadable["row"]] = False
        faulty = split_by_image(folder, readable, arguments)
    return CleanedData(audit, used, keep, faulty, left_out, keeps_faults=False)


def _choose(audit, is_test):
    """Return the rows to keep, and how many were left out by reason."""
    is_readable = np.ones(len(audit.images), dtype=bool)
    is_readable[audit.unreadable["row"]] = False
    steps = [
        ("unreadable", is_readable),
        ("under several labels", audit.keep("drop_conflicts")),
        ("copies of others", audit.keep("first")),
    ]
    if is_test is not None:
        # Of the test images that are kept: keep("drop_leaks") also counts those in conflicts.
        kept = np.logical_and.reduce([mask for _, mask in steps])
        is_of_test = np.isin(audit.groups, audit.groups[is_test & kept])
        steps.append(("for training, with a counterpart in the test set", is_test | ~is_of_test))
    keep, left_out = np.ones(len(audit.images), dtype=bool), {}
    for reason, mask in steps:
        n_dropped = int((keep & ~mask).sum())
        if n_dropped:
            left_out[reason] = n_dropped
        keep &= mask
    return keep, left_out


def _find_small_classes(folder, audit, keep, arguments):
    """Return the classes of which cleaning has left too little to train on."""
    in_training = keep if folder.is_test is None else keep & ~folder.is_test
    # Where the test set is still to be held out, it takes at least one group.
    n_needed = _min_groups(arguments) + (folder.is_test is None)
    return [
        str(name)
        for name in np.unique(folder.target)
        if not keep[folder.target == name].all()
        and len(np.unique(audit.groups[in_training & (folder.target == name)])) < n_needed
    ]


def _check_classes(data, arguments):
    _, y, groups = data.part(is_test=False)
    for name in np.unique(data.y):
        n_groups = len(np.unique(groups[y == name]))
        if n_groups < _min_groups(arguments):
            raise ValueError(
                f"Class {str(name)!r} has {(y == name).sum()} image(s) in {n_groups} group(s) to"
                f" train on. Expected at least {_min_groups(arguments)} groups, for"
                " cross-validation. Add images of other lesions, leave the class out, or merge it"
                " with another."
            )


def _min_groups(arguments):
    return arguments.folds or _MIN_GROUPS
