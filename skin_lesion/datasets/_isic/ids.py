"""Find the ISIC id of an image in the name of its file."""

import os
import re

# Additions by challenges, browsers and file managers: the image is the same. Any other addition
# (_segmentation, _superpixels, _attribute_globules, _aug3) means another image.
_ADDED = r"_downsampled?|[ _]?\(\d{1,3}\)|_\d{1,2}|[ _-]+copy(?: \d{1,2})?"
_NAME = re.compile(
    rf"(?:^|[/\\])isic_(?P<number>\d{{7}})(?:{_ADDED})*(?:\.[a-z][a-z0-9]{{1,4}})*\Z", re.IGNORECASE
)


def isic_id_of(name):
    """Return the ISIC id of an image, by the name of its file.

    Parameters
    ----------
    name : str or os.PathLike
        A file name, with or without extension, or a path, also of an entry in an HDF5 file. Common
        additions are removed: "_downsampled" (ISIC 2019), " (1)" and "_1" (second downloads), and
        " - Copy".

    Returns
    -------
    isic_id : str or None
        In capitals, for example "ISIC_0024306". None if the name is not such an id, as for masks
        ("ISIC_0024306_segmentation.png") and superpixels.

    Examples
    --------
    >>> isic_id_of("train/ISIC_0000002_downsampled (1).JPG")
    'ISIC_0000002'
    >>> isic_id_of("train-image.hdf5/ISIC_0015670")
    'ISIC_0015670'
    >>> isic_id_of("ISIC_0000002_segmentation.png") is None
    True
    """
    found = _NAME.search(os.fspath(name).rstrip())
    return None if found is None else f"ISIC_{found['number']}"
