"""List the readable image formats, and open image files and entries of HDF5 files by path.

ISIC 2024 comes as one HDF5 file with an entry for each image. ``<file>.hdf5/<entry>`` is the path
of such an entry. All functions that take paths accept it.
"""

import io
import os
import re
import stat
import threading
from contextlib import contextmanager

import h5py
import numpy as np
from PIL import Image

HDF5_EXTENSIONS = (".hdf5", ".h5")

# Pillow recognises these formats but cannot decode them alone. BUFR, GRIB, HDF5, MPEG and WMF need
# an external handler, and EPS would run Ghostscript on a file of unknown origin. IPTC wraps a file
# of any format, including EPS.
_NOT_READ = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"})

# More than the largest image that Pillow opens, 89 million pixels, takes uncompressed at 8 bytes
# per pixel.
_MAX_BYTES = 2**30

# HDF5 files that stay open, by device and inode, with their state: opening one takes longer than
# reading an image.
_MAX_OPEN = 8
_open_files = {}
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    # Otherwise the lock of another thread would stay locked in a forked process.
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )

_END_OF_HDF5 = re.compile(r"(?<=.)\.(hdf5|h5)(?=[/\\].)", re.IGNORECASE | re.DOTALL)


def readable_formats():
    """Return the names of the readable formats, in the order in which Pillow tries them.

    They are looked up at each call, because a plug-in such as pillow-heif may register more.
    """
    Image.preinit()  # JPEG and other common formats come first: the order saves time for each image
    Image.init()
    return [name for name in Image.ID if name not in _NOT_READ]


def image_extensions():
    """Return the file extensions of the readable formats, in lower case and with their dot."""
    formats = set(readable_formats())
    return {ext for ext, name in Image.registered_extensions().items() if name in formats}


def open_image_file(path):
    """Open a file, or an entry of an HDF5 file, to read its bytes.

    Raises
    ------
    OSError
        If it does not exist or cannot be read. Pipes and devices are refused, because reading them
        may never end. Files of more than 1 GiB are refused, because they are not photographs.
    """
    container, entry = _split(path)
    if container is None:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise OSError(
                f"{os.fspath(path)!r} is a pipe, a socket or a device. Expected a regular file."
            )
        _refuse_giant(status.st_size)
        return open(path, "rb")
    with _hdf5(container) as file:
        dataset = _find_dataset(file, container, entry)
        _refuse_giant(dataset.nbytes)
        # An entry without a shape is empty, which h5py represents by a special object.
        content = b"" if dataset.shape is None else np.asarray(dataset[()]).tobytes()
    _refuse_giant(len(content))  # of variable length, an entry only has the size of a pointer
    return io.BytesIO(content)


def image_file_exists(path):
    """Tell whether there is such a file or entry, without reading the image."""
    container, entry = _split(path)
    if container is None:
        return os.path.isfile(path)
    with _hdf5(container) as file:
        return entry in file


def image_file_size(path):
    """Return the size of the file in bytes, or None for an entry of an HDF5 file.

    An entry may be padded, or of variable length: its size is known only when it is read.

    Raises
    ------
    OSError
        If the file does not exist.
    """
    container, _ = _split(path)
    return os.stat(path).st_size if container is None else None


def stat_image_file(path):
    """Return the result of `os.stat` for the file, or for the HDF5 file that holds the entry.

    Raises
    ------
    OSError
        If it does not exist.
    """
    container, _ = _split(path)
    return os.stat(path if container is None else container)


def list_image_entries(container):
    """Return the names of the top-level entries of an HDF5 file, in order, without reading them.

    Raises
    ------
    OSError
        If it is not an HDF5 file.
    """
    with _hdf5(container) as file:
        return list(file)


def _refuse_giant(n_bytes):
    if n_bytes > _MAX_BYTES:
        raise OSError(
            f"its size is {n_bytes} bytes, more than the limit of {_MAX_BYTES} for an image."
            " Expected a photograph."
        )


def _split(path):
    """Return the HDF5 file and the entry in it, or None and None for the path of a file."""
    path = os.fspath(path)
    for found in _END_OF_HDF5.finditer(path):
        # The file may lie in a folder of its own name.
        if os.path.isfile(path[: found.end()]):
            return path[: found.end()], path[found.end() + 1 :].replace("\\", "/")
    return None, None


def _find_dataset(file, container, entry):
    try:
        dataset = file[entry]
    except KeyError as error:
        raise FileNotFoundError(f"{container!r} has no entry {entry!r}.") from error
    if not isinstance(dataset, h5py.Dataset):
        raise OSError(
            f"The entry {entry!r} of {container!r} is a {type(dataset).__name__.lower()}. Expected"
            " the bytes of an image file."
        )
    return dataset


@contextmanager
def _hdf5(path):
    """Open an HDF5 file for one thread at a time, because h5py reads for one at a time."""
    with _lock:
        status = os.stat(path)
        key = status.st_dev, status.st_ino
        state = os.getpid(), status.st_size, status.st_mtime_ns, status.st_ctime_ns
        # Closed first, because HDF5 would give a second handle the old index of the entries.
        if key in _open_files and _open_files[key][0] != state:
            _open_files.pop(key)[1].close()
        if key not in _open_files:
            if len(_open_files) == _MAX_OPEN:
                _open_files.pop(next(iter(_open_files)))[1].close()
            with _explained(path, OSError):
                _open_files[key] = state, h5py.File(path, "r")
        with _explained(path):
            yield _open_files[key][1]


@contextmanager
def _explained(path, errors=RuntimeError):
    """Add the name of the HDF5 file to errors, because h5py does not name it."""
    try:
        yield
    except errors as error:
        advice = "Download it again."
        if "unable to lock" in str(error):
            advice = "Another program has it open for writing. Close it there."
        raise OSError(
            f"{path!r} cannot be read as an HDF5 file: {error}. Expected an HDF5 file with an entry"
            f" for each image. {advice}"
        ) from error
