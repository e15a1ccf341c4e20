"""List what lies in a folder, in an order that does not depend on the disk."""

import os
import re
import unicodedata

# Masks of lesions may be called as the image is: then only the folder tells. The word stands alone,
# begins with a capital, or is a plural: "unmasked" and the name Damaskinos are no masks.
MASK_FOLDER = re.compile(
    r"((?<![A-Za-z])(?i:mask|segmentation|superpixel|attribute|annotation|ground[\W_]?truth)"
    r"|(?<=[a-z])(Mask|Segmentation|Superpixel|Attribute|Annotation|Ground[\W_]?[Tt]ruth)"
    r"|(?i:mask|segmentation|superpixel|annotation)(?=[Ss]))(?i:s?)(?![a-z]|(?<=[A-Z])[A-Z])"
)


def list_entries(folder):
    """Yield each entry of a folder with its kind, in the order of their names; none is opened.

    Parameters
    ----------
    folder : str

    Yields
    ------
    kind : {"hidden", "folder", "file", "special"}
        A link is what it leads to; one that leads nowhere or in a circle is a file, and who reads
        it is told so. A pipe, a socket or a device is special: to read one may never end.

    entry : os.DirEntry
    """
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            yield _kind(entry), entry


def walk_files(root):
    """Yield every file below a folder, with whether it lies in a folder of masks; none is opened.

    Hidden files and folders are passed over, and so are the `__MACOSX` of an archive, pipes and
    devices. Links are followed, each folder is read once.

    Yields
    ------
    path : str
        Begins with `root`.

    is_in_masks : bool
    """
    seen = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        status = os.stat(folder)
        # A link may lead back up.
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        is_in_masks = folder != root and bool(MASK_FOLDER.search(os.path.basename(folder)))
        for kind, entry in list_entries(folder):
            if kind == "folder":
                waiting.append(entry.path)
            elif kind == "file":
                yield entry.path, is_in_masks


def plainness(path):
    """Return a key that sorts the original of several files of an image before copies of it."""
    return len(os.path.basename(path)), len(path), path


def normalise_path(path):
    """Make paths comparable: macOS may store an accent apart from its letter, Windows has \\."""
    return unicodedata.normalize("NFC", path.replace("\\", "/").removeprefix("./"))


def _kind(entry):
    # macOS leaves a folder of this name in the zip files that it makes.
    if entry.name.startswith(".") or entry.name == "__MACOSX":
        return "hidden"
    try:
        if entry.is_dir():
            return "folder"
        return "special" if not entry.is_file() and os.path.exists(entry) else "file"
    except OSError:
        return "file"
