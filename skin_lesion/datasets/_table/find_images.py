"""Find the file of each image in a table."""

import os
from collections import Counter
from dataclasses import dataclass, field

from ..._utils.image_files import image_extensions, image_file_exists
from .._folder.reports import is_only_report
from .._reading.folder_entries import normalise_path, plainness, walk_files


@dataclass
class FoundImages:
    """The files of images.

    Attributes
    ----------
    paths : dict of str to str
        The path of each name that has a file.

    n_doubles : int
        The number of additional files of the same images.

    other_extension : list of str
        Names whose file has another extension.

    by_name_alone : list of str
        Names with folders of which the last is not that of the file.

    n_with_folder : int
        The number of names whose last folder is that of the file.

    files : list of str or None
        All images below the folder, if it was searched.
    """

    paths: dict[str, str] = field(default_factory=dict)
    n_doubles: int = 0
    other_extension: list[str] = field(default_factory=list)
    by_name_alone: list[str] = field(default_factory=list)
    n_with_folder: int = 0
    files: list[str] | None = None


def list_images(root):
    """Return the paths of all images below a folder, except those in masks and reports."""
    extensions = image_extensions()
    return [
        path
        for path, is_in_masks in walk_files(root, skip=is_only_report)
        if not is_in_masks and os.path.splitext(path)[1].lower() in extensions
    ]


def find_images(names, root, files=None, *, stays_below=True):
    """Find files by path, by name, or by name without extension, in that order.

    If a name has folders that are not below `root`, such as folders of another computer, the file
    with the same end of the path is used. The end must be unique among the files and the names. It
    never lacks a folder below `root` that holds images: the image may be missing there, and another
    folder may be that of another patient.

    Parameters
    ----------
    names : iterable of str
        Distinct names.

    root : str

    files : list of str or None
        The images below `root`. With None, they are listed if some names are not paths of files.

    stays_below : bool
        Whether a path that leads out of `root` is one of another folder, such as that of the
        originals of resized copies.

    Returns
    -------
    found : FoundImages
    """
    found = FoundImages(files=files)
    names, waiting = list(names), []
    for name in names:
        path = os.path.join(root, os.path.normpath(name.replace("\\", os.sep)))
        if image_file_exists(path) and not (stays_below and _leaves(path, root)):
            found.paths[name] = path
            _note_folder(name, name, found)
        else:
            waiting.append(name)
    if waiting and files is None and os.path.isdir(root):
        found.files = list_images(root)
    extensions = image_extensions()
    for stripped in ((), extensions):
        waiting = _match(waiting, names, root, stripped, found)
    for name, path in found.paths.items():
        extension = _extension(name, extensions)
        if extension and extension != _extension(path, extensions):
            found.other_extension.append(name)
    return found


def _leaves(path, root):
    """Tell whether a path does not lead into the folder, be it by another name of the folder."""
    if path.startswith(os.path.join(root, "")) and os.pardir not in path.split(os.sep):
        return False
    spellings = (os.path.abspath, os.path.realpath)
    return not any(to(path).startswith(os.path.join(to(root), "")) for to in spellings)


def _match(names, all_names, root, stripped, found):
    """Match ends of names with ends of paths, and return the names that have no file."""
    if not names or not found.files:
        return names
    by_end, folders = {}, set()
    for path in found.files:
        for end in _ends(path.removeprefix(root), stripped):
            by_end.setdefault(end, []).append(path)
            folders.add(os.path.dirname(end))
    ends_of_names = Counter(end for name in all_names for end in _ends(name, stripped))
    without = []
    for name in names:
        ends = _ends(name, stripped)
        for end in ends:
            paths = by_end.get(end, [])
            if end != ends[0] and (len(paths) > 1 or ends_of_names[end] > 1):
                paths = []
            if paths or os.path.dirname(end) in folders:
                break
        # Two files may differ only by case. Otherwise, case does not matter.
        spelled = "/".join(split_image_path(name, stripped))
        paths = [
            path for path in paths if "/".join(split_image_path(path, stripped)).endswith(spelled)
        ] or paths
        if paths:
            found.paths[name] = min(paths, key=plainness)
            found.n_doubles += len(paths) - 1
            _note_folder(name, end, found)
        else:
            without.append(name)
    return without


def _note_folder(name, end, found):
    """Note whether a file was found by its last folder, too, if the name has folders."""
    if "/" in normalise_path(end).strip("/"):
        found.n_with_folder += 1
    elif "/" in normalise_path(name).strip("/"):
        found.by_name_alone.append(name)


def _ends(path, stripped):
    """Return the path in lower case, then without its first folder, its first two, and so on."""
    parts = [part.casefold() for part in split_image_path(path, stripped)]
    return ["/".join(parts[n:]) for n in range(len(parts))]


def split_image_path(path, extensions):
    """Return the folders in the path of an image, and at last its name without the extension.

    Parameters
    ----------
    path : str
        Also one of another computer.

    extensions : collection of str
        What counts as an extension, in lower case.
    """
    path = normalise_path(path).strip("/")
    return path[: len(path) - len(_extension(path, extensions))].split("/")


def _extension(path, extensions):
    """Return the extension of an image, or "": ids such as 1.2.840 have none."""
    extension = os.path.splitext(path)[1].lower()
    return extension if extension in extensions else ""
