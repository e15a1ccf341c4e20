"""Which image files are read, and open them, also inside of an HDF5 file, by one kind of path.

ISIC 2024 comes as one HDF5 file with an entry for each image. ``<file>.hdf5/<entry>`` is the path
of such an entry: all that takes paths takes it, too.
"""

import io
import os
import re
import stat
from contextlib import contextmanager
from functools import lru_cache

import h5py
import numpy as np
from PIL import Image

HDF5_EXTENSIONS = (".hdf5", ".h5")

# Pillow knows these but cannot decode them on its own: BUFR, GRIB, HDF5, MPEG and WMF need a
# handler from elsewhere, and EPS would run Ghostscript on a file of unknown origin. IPTC wraps
# a file of any format, EPS included.
_NOT_READ = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"})

# As many pixels as Pillow opens, 89 million, take less as they are, with 8 bytes a pixel.
_MAX_BYTES = 2**30

_INSIDE_HDF5 = re.compile(r"(?P<file>.+?\.(?:hdf5|h5))[/\\](?P<entry>.+)", re.IGNORECASE)


def readable_formats():
    """Return the names of the formats that are read, in the order in which Pillow tries them.

    Asked anew each time, because a plug-in such as pillow-heif may register more.
    """
    Image.preinit()  # JPEG and other common formats come first: the order saves time for each image
    Image.init()
    return [name for name in Image.ID if name not in _NOT_READ]


def image_extensions():
    """Return the file extensions of these formats, in lower case and with their dot."""
    formats = set(readable_formats())
    return {ext for ext, name in Image.registered_extensions().items() if name in formats}


def open_image_file(path):
    """Open a file, or an entry of an HDF5 file, to read its bytes.

    Raises
    ------
    OSError
        If there is none, or if it cannot be read: a pipe or a device, from which reading may never
        end, or more than a gibibyte, which is no photograph.
    """
    container, entry = _split(path)
    if container is None:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise OSError(f"{os.fspath(path)!r} is a pipe, a socket or a device. Expected a file.")
        _refuse_giant(status.st_size)
        return open(path, "rb")
    dataset = _dataset(container, entry)
    _refuse_giant(dataset.nbytes)
    # Without a shape it holds nothing, for which h5py has an object of its own.
    return io.BytesIO(b"" if dataset.shape is None else np.asarray(dataset[()]).tobytes())


def image_file_exists(path):
    """Tell whether there is such a file or entry; nothing of the image is read."""
    container, entry = _split(path)
    if container is None:
        return os.path.isfile(path)
    with _explained(container):
        return entry in _hdf5(container)


def image_file_size(path):
    """Return the number of bytes that the file or entry takes.

    Raises
    ------
    OSError
        If there is none, or if it is no image.
    """
    container, entry = _split(path)
    if container is None:
        return os.stat(path).st_size
    with _explained(container):
        return _dataset(container, entry).nbytes


def stat_image_file(path):
    """Return what `os.stat` tells of the file, or of the HDF5 file in which the entry lies.

    Raises
    ------
    OSError
        If there is none.
    """
    container, _ = _split(path)
    return os.stat(path if container is None else container)


def list_image_entries(container):
    """Return the names of the entries at the top of an HDF5 file, in their order; none is read.

    Raises
    ------
    OSError
        If it is no HDF5 file.
    """
    with _explained(container):
        return list(_hdf5(container))


def _refuse_giant(n_bytes):
    if n_bytes > _MAX_BYTES:
        raise OSError(
            f"it takes {n_bytes} bytes, more than the limit of {_MAX_BYTES} for an image. Expected"
            " a photograph."
        )


def _split(path):
    """Return the HDF5 file and the entry in it; None and None for a path of a file."""
    found = _INSIDE_HDF5.fullmatch(os.fspath(path))
    if found is None or not os.path.isfile(found["file"]):
        return None, None
    return found["file"], found["entry"].replace("\\", "/")


def _dataset(container, entry):
    try:
        dataset = _hdf5(container)[entry]
    except KeyError as error:
        raise FileNotFoundError(f"{container!r} has no entry {entry!r}.") from error
    if not isinstance(dataset, h5py.Dataset):
        raise OSError(
            f"The entry {entry!r} of {container!r} is a {type(dataset).__name__.lower()}. Expected"
            " the bytes of an image file."
        )
    return dataset


def _hdf5(path):
    # Opened once a process: that takes longer than to read an image. A file that has changed is
    # opened anew, and so is one that a forked process would share.
    return _open_hdf5(path, os.stat(path).st_mtime_ns, os.getpid())


@lru_cache(maxsize=8)
def _open_hdf5(path, modified, process):
    with _explained(path, OSError):
        return h5py.File(path, "r")


@contextmanager
def _explained(path, errors=RuntimeError):
    """Name the HDF5 file of which the library says only what is wrong within it."""
    try:
        yield
    except errors as error:
        raise OSError(
            f"{path!r} cannot be read as an HDF5 file: {error}. Expected one with an entry for each"
            " image. Download it again."
        ) from error
