"""List a folder of class folders, with or without splits, and what is left out of it."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .._reading.folder_entries import MASK_NAME, list_entries
from .._reading.split_names import SPLIT_NAMES
from .metadata import METADATA_FILE
from .reports import is_report


@dataclass
class Listing:
    """The names of the entries of one folder, sorted. Images and reports are relative paths."""

    folders: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    n_hidden: int = 0
    n_masks: int = 0


@dataclass
class ClassFolder:
    relative_path: str
    class_name: str
    listing: Listing


@dataclass
class Part:
    """A split, or the whole dataset if there are no splits."""

    split: str | None
    relative_path: str
    class_folders: list[ClassFolder]
    left_out: Counter
    reports: list[str]

    @property
    def n_images(self):
        return sum(len(folder.listing.images) for folder in self.class_folders)


@dataclass
class Tree:
    """Everything that was found in the root folder."""

    top: Listing
    parts: list[Part]
    beside_splits: list[Part]
    left_out: Counter

    @property
    def has_splits(self):
        return self.parts[0].split is not None

    @property
    def n_images(self):
        return sum(part.n_images for part in self.parts)

    @property
    def reports(self):
        parts = [*self.parts, *self.beside_splits]
        return [*self.top.reports, *(report for part in parts for report in part.reports)]

    @property
    def class_names(self):
        """The classes of all splits. Folders with the name of a split are no classes."""
        names = {folder.class_name for part in self.parts for folder in part.class_folders}
        return sorted(name for name in names if name.lower() not in SPLIT_NAMES)


def scan(root, extensions):
    top = _list(root, extensions)
    left_out = _leave_out_folders(root, top)
    left_out.update(
        hidden=top.n_hidden,
        not_images=len(set(top.others) - {METADATA_FILE}),
        without_class=len(top.images),
    )
    splits = [name for name in top.folders if name.lower() in SPLIT_NAMES]
    if not splits:
        folders = [(name, name) for name in top.folders]
        return Tree(top, [_scan_part(root, None, "", folders, extensions)], [], left_out)

    parts = [_scan_split(root, name, extensions) for name in splits]
    beside = [_scan_split(root, name, extensions) for name in top.folders if name not in splits]
    left_out["other_folders"] = len(beside)
    return Tree(top, parts, beside, left_out)


def _leave_out_folders(folder, listing):
    """Remove reports and masks from the folders of a listing above class folders; count them."""
    listing.reports = [name for name in listing.folders if is_report(os.path.join(folder, name))]
    masks = [name for name in listing.folders if MASK_NAME.search(name)]
    listing.folders = [name for name in listing.folders if name not in {*listing.reports, *masks}]
    return Counter(reports=len(listing.reports), mask_folders=len(masks))


def _scan_split(root, name, extensions):
    listing = _list(os.path.join(root, name), extensions)
    left_out = _leave_out_folders(os.path.join(root, name), listing)
    folders = [(os.path.join(name, class_name), class_name) for class_name in listing.folders]
    part = _scan_part(root, SPLIT_NAMES.get(name.lower()), name, folders, extensions)
    part.reports += [os.path.join(name, report) for report in listing.reports]
    part.left_out.update(left_out)
    part.left_out.update(
        hidden=listing.n_hidden,
        not_images=len(listing.others),
        without_class=len(listing.images),
    )
    return part


def _scan_part(root, split, relative_path, folders, extensions):
    class_folders = [
        ClassFolder(path, class_name, _list_below(os.path.join(root, path), extensions))
        for path, class_name in folders
    ]
    left_out = Counter()
    for folder in class_folders:
        left_out.update(
            hidden=folder.listing.n_hidden,
            not_images=len(folder.listing.others),
            masks=folder.listing.n_masks,
            reports=len(folder.listing.reports),
        )
    reports = [
        os.path.join(folder.relative_path, report)
        for folder in class_folders
        for report in folder.listing.reports
    ]
    return Part(split, relative_path, class_folders, left_out, reports)


def _list(folder, extensions):
    listing = Listing()
    for kind, entry in list_entries(folder):
        if kind == "hidden":
            listing.n_hidden += 1
        elif kind == "folder":
            listing.folders.append(entry.name)
        elif kind == "file" and os.path.splitext(entry.name)[1].lower() in extensions:
            listing.images.append(entry.name)
        else:
            listing.others.append(entry.name)
    return listing


def _leave_out_masks(listing):
    """Remove images that are named for a mask of another one: `1_mask.png` beside `1.jpg`."""
    stems = {os.path.splitext(name)[0].casefold() for name in listing.images}

    def is_mask(name):
        found = MASK_NAME.search(name)
        return found and name[: found.start()].rstrip("_- .").casefold() in stems

    images = [name for name in listing.images if not is_mask(name)]
    listing.n_masks += len(listing.images) - len(images)
    listing.images = images


def _list_below(folder, extensions):
    """List a class folder with all folders inside it, without masks and reports."""
    listing = _list(folder, extensions)
    _leave_out_masks(listing)
    top = os.path.realpath(folder)
    seen = {top}
    waiting = [(name, name) for name in reversed(listing.folders)]
    listing.folders = [
        name
        for name in listing.folders
        if not MASK_NAME.search(name) and not is_report(os.path.join(folder, name))
    ]
    while waiting:
        path, name = waiting.pop()
        real = os.path.realpath(os.path.join(folder, path))
        # A link may point back, or up to the folder of all classes.
        if real in seen or Path(top).is_relative_to(real):
            continue
        seen.add(real)
        if is_report(os.path.join(folder, path)):
            listing.reports.append(path)
            continue
        inside = _list(os.path.join(folder, path), extensions)
        if MASK_NAME.search(name):
            listing.n_masks += len(inside.images)
            continue
        _leave_out_masks(inside)
        listing.n_masks += inside.n_masks
        listing.images += [os.path.join(path, image) for image in inside.images]
        listing.others += inside.others
        listing.n_hidden += inside.n_hidden
        waiting += [(os.path.join(path, inner), inner) for inner in reversed(inside.folders)]
    return listing
