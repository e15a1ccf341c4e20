"""List the entries of a folder, in an order that does not depend on the disk."""

import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path

# Masks of lesions may have the same file name as the image, so the folder decides. Masks beside
# their image have such a word in the file name. It must stand alone, begin with a capital, or be
# plural: "unmasked" and the name Damaskinos do not match.
MASK_NAME = re.compile(
    r"((?<![A-Za-z])(?i:mask|segmentation|superpixel|attribute|annotation|ground[\W_]?truth)"
    r"|(?<=[a-z])(Mask|Segmentation|Superpixel|Attribute|Annotation|Ground[\W_]?[Tt]ruth)"
    r"|(?i:mask|segmentation|superpixel|annotation)(?=[Ss]))(?i:s?)(?![a-z]|(?<=[A-Z])[A-Z])"
)
# A dataset whose name says segmentation may hold a folder of images beside that of the masks. Those
# of the challenges are called ISIC2018_Task1-2_Training_Input and ISIC-2017_Training_Data.
_IMAGE_FOLDER = re.compile(
    r"(image|img|photo(graph)?|input|(isic|isbi).*_data)s?(?![a-z])", re.IGNORECASE
)


def list_entries(folder):
    """Yield each entry of a folder with its kind, sorted by name. No file is opened.

    Parameters
    ----------
    folder : str

    Yields
    ------
    kind : {"hidden", "folder", "file", "special"}
        A link has the kind of its target. A link that is broken or circular is a file: reading it
        raises an error. A pipe, a socket or a device is special: reading it may never end.

    entry : os.DirEntry
    """
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            yield _kind(entry), entry


def walk_files(root, *, skip=None, report=None):
    """Yield every file below a folder, and whether it is in a folder of masks. None is opened.

    Hidden files and folders, the `__MACOSX` of an archive, pipes and devices are skipped. Links are
    followed, but each folder is read only once, and none above `root`.

    Parameters
    ----------
    root : str

    skip : callable or None
        Gets the path of a folder below `root`, and returns whether to leave it out.

    report : callable or None
        Gets the OSError of a folder that cannot be read. With None, the error is raised.

    Yields
    ------
    path : str
        Begins with `root`.

    is_in_masks : bool
        As the nearest folder below `root` says whose name tells of masks or of images.
    """
    # A link may point back, or to a folder above, which holds what is not below the root.
    seen = set()
    for above in Path(os.path.realpath(root)).parents:
        with suppress(OSError):
            seen.add(_identify(above))
    waiting = [(root, False)]
    while waiting:
        folder, is_in_masks = waiting.pop()
        try:
            identity = _identify(folder)
            if identity in seen:
                continue
            seen.add(identity)
            entries = list(list_entries(folder))
        except OSError as error:
            if report is None:
                raise
            report(error)
            continue
        for kind, entry in entries:
            if kind == "folder":
                if skip is None or not skip(entry.path):
                    inherits = is_in_masks and not _IMAGE_FOLDER.search(entry.name)
                    waiting.append((entry.path, inherits or bool(MASK_NAME.search(entry.name))))
            elif kind == "file":
                yield entry.path, is_in_masks


def _identify(folder):
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def plainness(path):
    """Return a sort key that puts the original file of an image before its copies."""
    return len(os.path.basename(path)), len(path), path


def normalise_path(path):
    """Make paths comparable: macOS may store accents separately, and Windows separates by \\."""
    return unicodedata.normalize("NFC", path.replace("\\", "/").removeprefix("./"))


def _kind(entry):
    # macOS adds a folder of this name to its zip files.
    if entry.name.startswith(".") or entry.name == "__MACOSX":
        return "hidden"
    try:
        if entry.is_dir():
            return "folder"
        return "special" if not entry.is_file() and os.path.exists(entry) else "file"
    except OSError:
        return "file"
