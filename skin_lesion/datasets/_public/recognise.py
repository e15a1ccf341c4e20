"""Recognise the public datasets in a folder by the headers of their tables."""

import os
import re
from dataclasses import dataclass, field

from ..._utils.validation.messages import did_you_mean, name_some
from .._isic.files import find_files
from .._isic.formats import GROUND_TRUTH, NAMES, release_named
from .._isic.recognise import find_releases
from .._reading.split_names import SPLIT_NAMES
from .._reading.table_file import check_columns_differ, read_header
from .._taxonomy.names import canonical_name
from .sets import SETS

CLASS_FOLDERS = "class folders"
PIXELS = "HAM10000 pixels"
PIXEL_CSV = re.compile(r"hmnist_(?P<side>\d+)_(?P=side)_(?P<channels>RGB|L)\.csv", re.IGNORECASE)

# Collections that the isic-cli downloads, and where their images are from. All are read alike.
COLLECTIONS = {"HIBA": "Hospital Italiano de Buenos Aires"}
_COLLECTION = "isic-cli"


@dataclass
class Tables:
    """The paths and separators of the tables of one dataset: its own, and those of each helper.

    `bare` holds paths of tables of labels that may be predictions: their names do not say that they
    are a ground truth.
    """

    own: list = field(default_factory=list)
    helpers: list = field(default_factory=list)
    bare: list = field(default_factory=list)


def recognise(root, name):
    """Return the dataset in a folder.

    Parameters
    ----------
    root : str

    name : str
        The name of a dataset, or "auto".

    Returns
    -------
    found : PublicSet or str
        A string is a release for :func:`load_isic_release`, `PIXELS` or `CLASS_FOLDERS`.

    tables : Tables or list of str or str or None
        The tables of a PublicSet, or the files of `PIXELS`. For `CLASS_FOLDERS` the unknown
        tables, described as the end of a sentence.

    Raises
    ------
    ValueError
        If there are several datasets, or not the requested one.
    """
    wanted = None if name == "auto" else find_name(name)
    if os.path.isfile(root):
        if wanted in (None, PIXELS) and PIXEL_CSV.fullmatch(os.path.basename(root)):
            return PIXELS, [root]
        if wanted not in (None, "DermaMNIST"):
            raise NotADirectoryError(
                f"{root!r} is a file. Expected the folder of {getattr(wanted, 'name', wanted)}."
            )
        return "DermaMNIST", None  # its loader explains what it expects
    if wanted == CLASS_FOLDERS or not os.path.isdir(root):
        return CLASS_FOLDERS, None  # its loader says that there is no such folder
    files = find_files(root)
    by_set, columns_of = _find_sets(files)
    pixels = [path for path in files.tables if PIXEL_CSV.fullmatch(os.path.basename(path))]
    if wanted in by_set:
        return wanted, by_set[wanted]
    if wanted == PIXELS and pixels:
        return PIXELS, pixels
    if wanted in NAMES:
        return wanted, None
    releases = find_releases(files)[0]
    for public_set in by_set:
        releases = {key: value for key, value in releases.items() if key not in public_set.hides}
    found = [public_set.name for public_set in by_set] + sorted(releases)
    if wanted is not None:
        expected, nearest = wanted, ""
        if not isinstance(wanted, str):
            expected = f"a table with {list(wanted.columns)}"
            nearest = _describe_nearest(columns_of, [wanted])
        raise ValueError(
            f"name is {name!r}, but the tables below {root!r} belong to"
            f" {found or 'no known dataset'}. Expected {expected}.{nearest} Pass name='auto', or"
            " the folder of this dataset."
        )
    if found and _has_class_folders(root):
        found.append(CLASS_FOLDERS)
    if len(found) > 1:
        raise ValueError(
            f"{root!r} holds {len(found)} datasets: {name_some(found)}. Expected one. Pass"
            f" name={found[0]!r} or another one, or the folder of one dataset."
        )
    if by_set:
        return next(iter(by_set.items()))
    # Kaggle offers the pixels in the same folder as the images.
    if releases and (files.images or not pixels):
        return "auto", None  # load_isic_release raises an error if the release is unclear
    if pixels:
        return PIXELS, pixels
    if not files.tables:
        return CLASS_FOLDERS, None
    nearest = _describe_nearest(columns_of, SETS)
    return CLASS_FOLDERS, f"{len(files.tables)} table(s) such as {files.tables[0]!r}.{nearest}"


def _has_class_folders(root):
    """Tell whether folders, also in those of splits, are named after several diagnoses."""
    with os.scandir(root) as entries:
        names = [entry.name for entry in entries if entry.is_dir()]
    for split in [name for name in names if name.lower() in SPLIT_NAMES]:
        with os.scandir(os.path.join(root, split)) as entries:
            names += [entry.name for entry in entries if entry.is_dir()]
    return len({canonical_name(name) for name in names} - {None}) > 1


def find_name(name):
    """Return the dataset with a name, in any spelling: a PublicSet, or a string for others."""

    simple = _simplify(name)
    for public_set in SETS:
        if simple in map(_simplify, (public_set.name, *public_set.also_named)):
            return public_set
    for other in (CLASS_FOLDERS, PIXELS):
        if simple == _simplify(other):
            return other
    if collection_named(name) or simple == "isicarchive":
        return _COLLECTION
    release = release_named(name)
    if release is None:
        names = list_names()
        raise ValueError(
            f"name is {name!r}. Expected 'auto' or one of {names}.{did_you_mean(name, names)}"
        )
    return release


def collection_named(name):
    """Return the collection of the isic-cli of a name, however it is spelled, or None."""
    return next((each for each in COLLECTIONS if _simplify(each) == _simplify(name)), None)


def list_names():
    """Return the names of all datasets."""
    return [*NAMES, *COLLECTIONS, *(each.name for each in SETS), PIXELS, CLASS_FOLDERS]


def _simplify(name):
    return re.sub(r"[\W_]", "", name.lower())


def _find_sets(files):
    """Return the tables of each dataset among the files, and the columns of all tables.

    For a table that cannot be read, the error stands in place of columns.
    """
    headers, columns_of = {}, {}
    for path in files.tables:
        try:
            headers[path] = read_header(path)
        except ValueError as error:
            if any(_is_named(public_set, path) for public_set in SETS):
                raise
            columns_of[path] = error
    columns_of |= {path: {cell.lower() for cell in cells} for path, (_, cells) in headers.items()}
    by_set = {}
    for public_set in SETS:
        tables = Tables(helpers=[[] for _ in public_set.helpers])
        if public_set.read is not None:
            tables.own = [(path, None) for path in files.others if _is_named(public_set, path)]
        for path, (separator, cells) in headers.items():
            columns = columns_of[path]
            if _has(columns, public_set.columns):
                check_columns_differ(map(str.lower, cells), repr(path))
                tables.own.append((path, separator))
            elif _is_named(public_set, path):
                lacking = [name for name in public_set.columns if name.lower() not in columns]
                raise ValueError(
                    f"{path!r} lacks the column(s) {lacking}; it has {cells}. By its name, it is a"
                    f" table of {public_set.name}. Expected the columns {list(public_set.columns)}."
                    " Download it again, or rename it if it is another table."
                )
            for helper, of_helper in zip(public_set.helpers, tables.helpers, strict=True):
                if not _has(columns, helper):
                    continue
                has_labels = bool(set(helper) & set(public_set.label))
                if has_labels and not GROUND_TRUTH.search(os.path.basename(path)):
                    tables.bare.append(path)
                else:
                    of_helper.append((path, separator))
        if tables.own:
            by_set[public_set] = tables
    return by_set, columns_of


def _describe_nearest(columns_of, sets):
    """Say which columns of a set a table lacks that has most of them, or why it cannot be read."""
    for path, columns in columns_of.items():
        if isinstance(columns, ValueError):
            return f" {columns}"
        for public_set in sets:
            lacking = [name for name in public_set.columns if name.lower() not in columns]
            if len(lacking) < len(public_set.columns) / 2:
                return f" {path!r} lacks the column(s) {lacking} of {public_set.name}."
    return ""


def _is_named(public_set, path):
    name = public_set.file_name
    return name is not None and re.search(name, os.path.basename(path), re.IGNORECASE)


def _has(columns, names):
    return {name.lower() for name in names} <= columns
