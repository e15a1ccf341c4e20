"""The id of an image in the ISIC archive, from whatever its file has come to be called."""

import os
import re

# What challenges, browsers and file managers add to a name: the image is the same. Anything else
# (_segmentation, _superpixels, _attribute_globules, _aug3) is another image than the archive's.
_ADDED = r"_downsampled?|[ _]?\(\d{1,3}\)|_\d{1,2}|[ _-]+copy(?: \d{1,2})?"
_NAME = re.compile(
    rf"(?:^|[/\\])isic_(?P<number>\d{{7}})(?:{_ADDED})*(?:\.[a-z][a-z0-9]{{1,4}})*\Z", re.IGNORECASE
)


def isic_id_of(name):
    """Return the ISIC id of an image, by the name of its file.

    Parameters
    ----------
    name : str or os.PathLike
        A file name, with or without extension, or a path, also that of an entry of an HDF5 file.
        What is added to names on the way to a disk is taken off: "_downsampled" (ISIC 2019), " (1)"
        and "_1" of a second download, " - Copy".

    Returns
    -------
    isic_id : str or None
        In capitals, for example "ISIC_0024306". None where the name is no such id: masks
        ("ISIC_0024306_segmentation.png") and superpixels have none.

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
