"""Find the images and tables of a release at any depth below a folder."""

import os
from collections import Counter
from dataclasses import dataclass, field

from ..._utils.image_files import HDF5_EXTENSIONS, image_extensions, list_image_entries
from ..._utils.validation.messages import say_why_missing
from .._folder.reports import is_only_report
from .._reading.folder_entries import MASK_NAME, plainness, walk_files
from .ids import isic_id_of

TABLE_EXTENSIONS = (".csv", ".tab", ".tsv")
# Dataverse offers this table without an extension.
_BARE_TABLE = "ham10000_metadata"


@dataclass
class Files:
    """The files below a folder, as paths that begin with the folder.

    Attributes
    ----------
    images : dict of str to str
        The path of each ISIC id.

    tables, hdf5, npz, others : list of str
        All other files are in `others`, unless they are images.

    left_out : Counter
        Numbers of images by the reason why they were left out: "masks" (and superpixels),
        "without_id" (their names are not ISIC ids) and "doubles" (another file has the same id).
        Reading the tables adds "malformed_id".
    """

    images: dict[str, str] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    hdf5: list[str] = field(default_factory=list)
    npz: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    left_out: Counter = field(default_factory=Counter)

    def add_image(self, isic_id, path):
        """Keep the plainest path of an id: the original rather than a downsampled copy."""
        other = self.images.setdefault(isic_id, path)
        if other is not path:
            self.left_out["doubles"] += 1
            self.images[isic_id] = min(other, path, key=plainness)

    def add_hdf5_entries(self):
        """Add the images inside the HDF5 files."""
        for container in self.hdf5:
            for entry in list_image_entries(container):
                isic_id = isic_id_of(entry)
                if isic_id is None:
                    self.left_out["without_id"] += 1
                else:
                    self.add_image(isic_id, f"{container}/{entry}")


def find_files(root):
    """Find the files in a folder and all folders below it; see :func:`walk_files`.

    Reports of the command are skipped.
    """
    if not os.path.exists(root):
        raise FileNotFoundError(
            f"The folder {root!r} does not exist. Expected a folder with the images and tables of a"
            f" release.{say_why_missing(root)}"
        )
    files = Files()
    extensions = image_extensions()
    if not os.path.isdir(root) and not root.lower().endswith(".npz"):
        raise NotADirectoryError(
            f"{root!r} is a file. Expected the folder with the images and tables of a release. Pass"
            f" {os.path.dirname(root) or os.curdir!r}. If the file is an archive, unpack it first."
        )
    if not os.path.isdir(root):
        _add_file(files, root, extensions, are_masks=False)
        return files
    for path, is_in_masks in walk_files(root, skip=is_only_report):
        _add_file(files, path, extensions, are_masks=is_in_masks)
    for paths in (files.tables, files.hdf5, files.npz):
        paths.sort()
    return files


def _add_file(files, path, extensions, *, are_masks):
    name = os.path.basename(path)
    extension = os.path.splitext(name)[1].lower()
    if extension in extensions:
        isic_id = isic_id_of(name)
        if are_masks or (isic_id is None and MASK_NAME.search(name)):
            files.left_out["masks"] += 1
        elif isic_id is None:
            files.left_out["without_id"] += 1
        else:
            files.add_image(isic_id, path)
    elif extension in TABLE_EXTENSIONS or name.lower() == _BARE_TABLE:
        files.tables.append(path)
    elif extension in HDF5_EXTENSIONS:
        files.hdf5.append(path)
    elif extension == ".npz":
        files.npz.append(path)
    else:
        files.others.append(path)
