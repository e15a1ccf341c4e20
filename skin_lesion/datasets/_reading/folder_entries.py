"""List what lies in a folder, in an order that does not depend on the disk."""

import os
import re

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
