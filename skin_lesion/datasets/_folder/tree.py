"""Find class folders and splits in a folder, and explain why if there are none."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field

from ..._utils.image_files import image_extensions
from ..._utils.validation.messages import name_some
from .._reading.folder_entries import MASK_FOLDER, list_entries, walk_files
from .._reading.split_names import SPLIT_NAMES, check_split
from .._taxonomy.names import canonical_name
from .metadata import METADATA_FILE

_LAYOUTS = "<root>/<class>/<image>, or <root>/<split>/<class>/<image> with splits train, val, test"

# The folder and files that the command line writes. It begins with the lock.
_REPORT_FOLDER = "skin_lesion_report"
_REPORT_FILES = {".skin_lesion_output.lock", "audit.html", "report.html", "report.json"}
_REPORT_PICTURES = {
    *("class_counts.png", "right_predictions.png", "sample_images.png", "training_curves.png"),
}

# Names that archives and challenges give to folders with images of any class.
_UNSORTED_FOLDER = re.compile(
    r"(images?|imgs?|pictures|photos|data|jpe?g|png)|.*(images?|data)[ _-]part[ _-]?\d+"
    r"|(part|batch)[ _-]?\d+",
    re.IGNORECASE,
)


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
        return sorted({folder.class_name for part in self.parts for folder in part.class_folders})


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


def _list_below(folder, extensions):
    """List a class folder with all folders inside it, without masks and reports."""
    listing = _list(folder, extensions)
    top = os.path.realpath(folder)
    seen = {top}
    waiting = [(name, name) for name in reversed(listing.folders)]
    listing.folders = [
        name
        for name in listing.folders
        if not MASK_FOLDER.search(name) and not is_report(os.path.join(folder, name))
    ]
    while waiting:
        path, name = waiting.pop()
        real = os.path.realpath(os.path.join(folder, path))
        # A link may point back, or up to the folder of all classes.
        if real in seen or os.path.commonpath([real, top]) == real:
            continue
        seen.add(real)
        if is_report(os.path.join(folder, path)):
            listing.reports.append(path)
            continue
        inside = _list(os.path.join(folder, path), extensions)
        if MASK_FOLDER.search(name):
            listing.n_masks += len(inside.images)
            continue
        listing.images += [os.path.join(path, image) for image in inside.images]
        listing.others += inside.others
        listing.n_hidden += inside.n_hidden
        waiting += [(os.path.join(path, inner), inner) for inner in reversed(inside.folders)]
    return listing


def is_report(folder):
    """Return whether the command has written into a folder: its pictures are of no class."""
    return os.path.basename(folder) == _REPORT_FOLDER or any(
        os.path.isfile(os.path.join(folder, name)) for name in _REPORT_FILES
    )


def find_images_in_reports(tree, root):
    """Return the names of the reports that hold other images than the command writes.

    The user may have written a page into a folder of a class, or have a page of the same name.
    """
    extensions = image_extensions()

    def holds_images(report):
        return os.path.basename(report) != _REPORT_FOLDER and any(
            os.path.splitext(path)[1].lower() in extensions
            and os.path.basename(path) not in _REPORT_PICTURES
            for path, _ in walk_files(os.path.join(root, report))
        )

    return [report for report in tree.reports if holds_images(report)]


def say_images_in_reports(names):
    """Return what to do about them."""
    pages = ", ".join(sorted(name for name in _REPORT_FILES if not name.startswith(".")))
    return (
        "These folders hold images, but were left out as reports of this library:"
        f" {name_some(names)}. Expected no report among images. To load the images, move these"
        f" files out of the folders: {pages}."
    )


def _scan(root, extensions):
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
    masks = [name for name in listing.folders if MASK_FOLDER.search(name)]
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


def read_tree(root, *, has_patients=False):
    """Read the folder. With `has_patients`, inner folders with equal names are patients."""
    if not os.path.exists(root):
        raise FileNotFoundError(
            f"The folder {root!r} does not exist. Expected a folder with one subfolder for each"
            f" class. Relative paths are looked up in {os.getcwd()!r}."
        )
    if not os.path.isdir(root):
        raise NotADirectoryError(
            f"{root!r} is a file. Expected a folder with one subfolder for each class. If the file"
            " is an archive, unpack it first."
        )
    extensions = image_extensions()
    tree = _scan(root, extensions)
    if tree.has_splits:
        _check_splits(tree, root)
    _check_classes(tree, root)
    if tree.n_images == 0 or _is_wrapper(tree, has_patients=has_patients):
        raise ValueError(
            f"{root!r} has no class folder with images. Expected {_LAYOUTS}."
            f"{_find_reason(tree, root, extensions)}"
        )
    return tree


def _check_classes(tree, root):
    """Raise a ValueError if all folders have names for images of any class."""
    names = tree.class_names
    if names and all(_UNSORTED_FOLDER.fullmatch(name) for name in names):
        tables = [
            name for name in tree.top.others if name.lower().endswith((".csv", ".tsv", ".tab"))
        ]
        table = f" beside the table(s) {name_some(tables)}" if tables else ""
        raise ValueError(
            f"{root!r} has the folders {name_some(names)}{table}, whose names are not classes."
            f" Expected {_LAYOUTS}. If it is a release of the ISIC archive, use load_isic_release."
            " Otherwise move each image into a folder named after its class."
        )


def _is_wrapper(tree, *, has_patients):
    """Tell whether the folders are datasets rather than classes with folders of patients."""
    folders = [folder for part in tree.parts for folder in part.class_folders]
    listings = {x.class_name: x.listing for x in folders if x.listing.images}
    images = [name for listing in listings.values() for name in listing.images]
    if tree.has_splits or any(os.path.dirname(name) == "" for name in images):
        return False
    inner = [set(listing.folders) for listing in listings.values()]
    names = set().union(*inner)
    if any(name.lower() in SPLIT_NAMES for name in names) or all(map(canonical_name, names)):
        return True
    # A single folder, or folders with equal inner folders, may be datasets. They are classes if the
    # user asks for patients, or if they have names of diagnoses.
    are_classes = has_patients or all(map(canonical_name, listings))
    return not are_classes and all(names == inner[0] for names in inner)


def _check_splits(tree, root):
    classes = [part.relative_path for part in tree.beside_splits if part.left_out["without_class"]]
    if classes:
        splits = [part.relative_path for part in tree.parts]
        raise ValueError(
            f"{root!r} has split folders, {name_some(splits)}, beside folders that hold images like"
            f" class folders, {name_some(classes)}. Expected {_LAYOUTS}. Move the class folders"
            " into the split folders, or move the split folders elsewhere."
        )
    by_split = {}
    for part in tree.parts:
        other = by_split.setdefault(part.split, part)
        if other is not part:
            raise ValueError(
                f"{root!r} has two folders for the split {part.split!r}: {other.relative_path!r}"
                f" and {part.relative_path!r}. Expected one. Merge or rename them."
            )


def _find_reason(tree, root, extensions):
    in_reports = find_images_in_reports(tree, root)
    if in_reports:
        return f" {say_images_in_reports(in_reports)}"
    if tree.top.images:
        return (
            f" {len(tree.top.images)} image(s) lie directly in it. The first is"
            f" {tree.top.images[0]!r}. Move each image into a folder named after its class."
        )
    n_without_class = sum(part.left_out["without_class"] for part in tree.parts)
    if n_without_class:
        return (
            f" {n_without_class} image(s) lie directly in the split folders. Move each image into a"
            " folder named after its class."
        )
    datasets = [
        os.path.join(root, name)
        for name in tree.top.folders
        if _scan(os.path.join(root, name), extensions).n_images
    ]
    if datasets:
        return (
            " It has a single folder, or its folders hold folders of the same names. If they are"
            " classes with folders of patients, pass group_by='folder'. If they are datasets, load"
            f" one of them: {name_some(datasets)}."
        )
    return f" It holds the folders {name_some(tree.top.folders)}." if tree.top.folders else ""


def choose_parts(tree, split, root):
    if split is None:
        return tree.parts
    if not tree.has_splits:
        raise ValueError(
            f"split is {split!r}, but {root!r} has no split folders, only classes:"
            f" {name_some(tree.class_names)}. Expected None. Split the images with"
            " train_test_split_by_group."
        )
    name = check_split(split, [part.split for part in tree.parts], root)
    chosen = next(part for part in tree.parts if part.split == name)
    if not chosen.n_images:
        raise ValueError(
            f"The split {chosen.relative_path!r} in {root!r} has no class folder with images."
            f" Expected {_LAYOUTS}."
        )
    return [chosen]
