"""Find class folders and splits in a folder, and explain why if there are none."""

import os
import re

from ..._utils.image_files import image_extensions
from ..._utils.validation.messages import name_some, say_why_missing
from .._reading.split_names import SPLIT_NAMES, check_split
from .._taxonomy.names import canonical_name
from .reports import find_images_in_reports, say_images_in_reports
from .scan import scan

_LAYOUTS = "<root>/<class>/<image>, or <root>/<split>/<class>/<image> with splits train, val, test"

# Names that archives and challenges give to folders with images of any class.
_UNSORTED_FOLDER = re.compile(
    r"(images?|imgs?|pictures|photos|data|jpe?g|png)|.*(images?|data)[ _-]part[ _-]?\d+"
    r"|(part|batch)[ _-]?\d+",
    re.IGNORECASE,
)


def read_tree(root, *, has_patients=False):
    """Read the folder. With `has_patients`, inner folders with equal names are patients."""
    if not os.path.exists(root):
        raise FileNotFoundError(
            f"The folder {root!r} does not exist. Expected a folder with one subfolder for each"
            f" class.{say_why_missing(root)}"
        )
    if not os.path.isdir(root):
        raise NotADirectoryError(
            f"{root!r} is a file. Expected a folder with one subfolder for each class. If the file"
            " is an archive, unpack it first."
        )
    extensions = image_extensions()
    tree = scan(root, extensions)
    if tree.has_splits:
        _check_splits(tree, root)
    if tree.n_images == 0 or _is_wrapper(tree, has_patients=has_patients):
        raise ValueError(
            f"{root!r} has no class folder with images. Expected {_LAYOUTS}."
            f"{_find_reason(tree, root, extensions)}"
        )
    _check_classes(tree, root)
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
    folders = [x for x in folders if x.listing.images and not _is_named_as_split(x)]
    images = [name for folder in folders for name in folder.listing.images]
    if not folders or any(os.path.dirname(name) == "" for name in images):
        return False
    by_class = {}
    for folder in folders:
        by_class.setdefault(folder.class_name, set()).update(folder.listing.folders)
    inner = list(by_class.values())
    names = set().union(*inner)
    are_equal = all(names == inner[0] for names in inner)
    are_diagnoses = all(canonical_name(folder.class_name) for folder in folders)
    if any(name.lower() in SPLIT_NAMES for name in names):
        return True
    if all(map(canonical_name, names)):  # nevi may be a part of the benign lesions
        return not tree.has_splits or (are_equal and not are_diagnoses)
    # A single folder, or folders with equal inner folders, may be datasets. They are classes if the
    # user asks for patients, if they have names of diagnoses, or if they lie in split folders.
    are_classes = has_patients or are_diagnoses or tree.has_splits
    return not are_classes and are_equal


def _is_named_as_split(folder):
    return folder.class_name.lower() in SPLIT_NAMES


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
    if tree.top.images:
        return (
            f" {len(tree.top.images)} image(s) lie directly in it. The first is"
            f" {tree.top.images[0]!r}. Move each image into a folder named after its class, or use"
            " load_image_table if a table has the classes."
        )
    n_without_class = sum(part.left_out["without_class"] for part in tree.parts)
    if n_without_class:
        return (
            f" {n_without_class} image(s) lie directly in the split folders. Move each image into a"
            " folder named after its class."
        )
    in_reports = find_images_in_reports(tree.reports, root)
    if in_reports and not tree.n_images:
        return f" {say_images_in_reports(in_reports, root)}"
    folders = [folder for part in tree.parts for folder in part.class_folders]
    if tree.has_splits and tree.n_images:
        names = [folder.relative_path for folder in folders if folder.listing.images]
        return (
            f" The split folders hold {name_some(names)}, with class or split folders inside them."
            " Move the class folders directly into the split folders."
        )
    datasets = [
        os.path.join(root, name)
        for name in tree.top.folders
        if scan(os.path.join(root, name), extensions).n_images
    ]
    if datasets:
        return (
            " It has a single folder, or its folders hold folders of the same names. If they are"
            " classes with folders of patients, pass group_by='folder'. If they are datasets, load"
            f" one of them: {name_some(datasets)}."
        )
    inner = {name.lower() for folder in folders for name in folder.listing.folders}
    if not inner.isdisjoint(SPLIT_NAMES):
        return (
            f" It holds the folders {name_some(tree.top.folders)}, with split folders inside them."
            " If they are classes, move the split folders above them."
        )
    return f" It holds the folders {name_some(tree.top.folders)}." if tree.top.folders else ""


def choose_parts(tree, split, root):
    if split is not None and not tree.has_splits:
        raise ValueError(
            f"split is {split!r}, but {root!r} has no split folders, only classes:"
            f" {name_some(tree.class_names)}. Expected None. Split the images with"
            " train_test_split_by_group."
        )
    parts = tree.parts
    if split is not None:
        name = check_split(split, [part.split for part in tree.parts], root)
        parts = [part for part in tree.parts if part.split == name]
        if not parts[0].n_images:
            raise ValueError(
                f"The split {parts[0].relative_path!r} in {root!r} has no class folder with images."
                f" Expected {_LAYOUTS}."
            )
    faulty = [part for part in tree.parts if _find_splits_inside(part)]
    named = [path for part in parts for path in _find_splits_inside(part)]
    if named:
        others = [part.split for part in tree.parts if part.n_images and part not in faulty]
        other = f", or load another split: {name_some(others)}" if others else ""
        raise ValueError(
            f"Folders inside the split folders of {root!r} have the name of a split:"
            f" {name_some(named)}. Expected {_LAYOUTS}. Move the class folders directly into the"
            f" split folders. If the images have no labels, move them elsewhere{other}."
        )
    return parts


def _find_splits_inside(part):
    """Return the class folders with images that have the name of a split."""
    folders = [x for x in part.class_folders if x.listing.images and _is_named_as_split(x)]
    return [folder.relative_path for folder in folders]
