"""Decoded images in an SQLite file, shared by threads, processes and later runs.

SQLite does the difficult part: a process that is killed while it writes, a power cut and a full
disk leave the file as it was before, and several processes may write at the same time. It reads
with `read`, not through a memory map, so that the images do not count as memory of the process.

An image is stored under the hash of its file's bytes and what was made of them. To read and hash
photographs would take a good part of the time that the cache saves, so the hash is stored, too,
with the size, times and inode that the file had: where these are the same, it is not read.
"""

import atexit
import errno
import hashlib
import os
import sqlite3
import time
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import NamedTuple

import cv2
import numpy as np
import PIL

from ..._utils.image_files import stat_image_file
from .decode import decode_content, read_content

# Another layout of the file needs another name: what an older version left is then not used.
_FOLDER = "skin_lesion_images_1"
_FILE = "images.sqlite3"

# Pages as large as SQLite has them: with its usual 4 KiB, images of 150 KB are read at a quarter of
# the speed.
_PAGE_SIZE = 65536
_TABLES = """
CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, state TEXT, content BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS images (
    id INTEGER PRIMARY KEY, content BLOB, variant TEXT, pixels BLOB, UNIQUE (content, variant)
);
"""
_FIND_BY_FILE = """
SELECT pixels FROM files JOIN images ON images.content = files.content AND images.variant = ?
WHERE files.path = ? AND files.state = ?
"""
_FIND_BY_CONTENT = "SELECT pixels FROM images WHERE variant = ? AND content = ?"
_ADD_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?)"
_ADD_IMAGE = "INSERT OR IGNORE INTO images (variant, content, pixels) VALUES (?, ?, ?)"

_N_LOCKS = 64
_SECONDS_TO_WAIT = 60

# Clocks of file systems are coarse: a file may change twice within one tick.
_SECONDS_UNTIL_SETTLED = 2

# What may befall a sound cache in the middle of a long search. The rest is a mistake to be shown.
_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY}
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}

# Connections at rest, by file, its inode and the process: opening one takes longer than to read an
# image. They are used neither by a forked process nor after their file was deleted.
_idle = defaultdict(deque)


class CacheInfo(NamedTuple):
    """What a cache holds.

    Parameters
    ----------
    path : str
        The folder in which all its files lie.

    n_images : int
        Number of decoded images, those of other loaders with this folder included.

    n_bytes : int
        What its files take on disk.
    """

    path: str
    n_images: int
    n_bytes: int


class ImageCache:
    """The decoded images in a folder, of one kind.

    Parameters
    ----------
    cache_dir : str or os.PathLike
        Made where it does not exist.

    image_size : tuple of (int, int)
        Height and width of the images.

    resize : {"crop", "pad", "stretch"}

    preprocessing : Preprocessing, default=None
        What is done to each image.

    Raises
    ------
    OSError
        If the folder cannot be made or written, or if its file is damaged.

    Attributes
    ----------
    problem : str or None
        Why an image was last not read from the cache or not stored in it.
    """

    def __init__(self, cache_dir, image_size, resize, preprocessing=None):
        self._cache_dir = str(cache_dir)
        self._folder = os.path.join(os.path.abspath(cache_dir), _FOLDER)
        self._file = os.path.join(self._folder, _FILE)
        self._image_size = image_size
        self._resize = resize
        self._preprocessing = preprocessing
        # Another version of Pillow or OpenCV may come to pixels that differ by a grey level.
        versions = f"Pillow {PIL.__version__}, OpenCV {cv2.__version__}"
        self._variant = f"{image_size[0]}x{image_size[1]} {resize}, {versions}"
        if preprocessing is not None and preprocessing.key:
            self._variant += f", {preprocessing.key}"
        self.problem = None
        self._open()

    def find_all(self, paths, out):
        """Read the images that are there, without reading their files.

        Parameters
        ----------
        paths : ndarray of shape (n,), of str

        out : ndarray of shape (n, height, width, 3), uint8
            Where the pixels go.

        Returns
        -------
        missing : list of int
            Rows of those that are not there.
        """
        missing, n_done = [], 0
        try:
            with self._connection() as connection:
                for path in paths.tolist():
                    key = identify(path, stat_image_file(path))
                    rows = connection.execute(_FIND_BY_FILE, (self._variant, *key)).fetchall()
                    if not _fill(out[n_done], rows[0][0] if rows else None):
                        missing.append(n_done)
                    n_done += 1
        except sqlite3.Error as error:
            self.problem = str(error)
        return [*missing, *range(n_done, len(paths))]

    def fetch(self, path, out):
        """Read an image from its file, and store it; unless another process has done so.

        Of several threads and processes that fetch the same image at a time one decodes it, and
        the others wait.

        Parameters
        ----------
        path : str

        out : ndarray of shape (height, width, 3), uint8
            Where the pixels go. Contiguous.

        Raises
        ------
        ValueError
            If the file cannot be read as an image.
        """
        content, digest = self._read_file(path)
        with self._lock(f"decoding_{digest[0] % _N_LOCKS:02}"):
            if not _fill(out, self._find_by_content(digest)):
                out[:] = decode_content(
                    content, path, self._image_size, self._resize, self._preprocessing
                )
                self._add(digest, out.data)

    def info(self):
        """Return a :class:`CacheInfo`."""
        with self._own_errors(), self._connection() as connection:
            (n_images,) = connection.execute("SELECT count(*) FROM images").fetchone()
            with os.scandir(self._folder) as entries:
                n_bytes = sum(entry.stat().st_size for entry in entries)
        return CacheInfo(self._folder, n_images, n_bytes)

    def clear(self):
        """Forget all images, and give the disk space back."""
        with self._own_errors(), self._connection() as connection:
            # The file stays: other processes may have it open.
            connection.execute("DELETE FROM images")
            connection.execute("DELETE FROM files")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _open(self):
        try:
            with self._own_errors():
                os.makedirs(self._folder, exist_ok=True)
                with open(self._file, "ab"):  # says better than SQLite why it cannot be written
                    pass
                with self._connection():
                    pass
        except OSError as error:
            if not _is_passing(error.__cause__):
                raise
            self.problem = str(error.__cause__)

    @contextmanager
    def _own_errors(self):
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise OSError(
                f"The cache in cache_dir={self._cache_dir!r} cannot be used: {error}. Expected a"
                f" folder that can be written and, if there is a cache in it already, a sound one."
                f" Choose another folder, delete {self._folder!r}, or pass cache_dir=None."
            ) from error

    @contextmanager
    def _connection(self):
        key = (self._file, _inode(self._file), os.getpid())
        try:
            connection = _idle[key].pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        _idle[key].append(connection)

    def _connect(self):
        close_idle_connections(only_of_deleted_files=True)
        connection = sqlite3.connect(
            self._file, timeout=_SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                # SQLite does not wait for another process that does this at the same time.
                with self._lock("setup"):
                    connection.executescript(_TABLES)
                    connection.execute("PRAGMA journal_mode = WAL")
            # Safe with WAL, and spares a wait for the disk after each image.
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _read_file(self, path):
        """Return the content of a file and its hash, and store the hash."""
        stat = stat_image_file(path)
        # Read once, so that hash and pixels are of the same state of the file.
        content = read_content(path)
        digest = hashlib.sha256(content).digest()
        if time.time() - max(stat.st_mtime, stat.st_ctime) > _SECONDS_UNTIL_SETTLED:
            self._execute(_ADD_FILE, *identify(path, stat), digest)
        return content, digest

    def _find_by_file(self, path):
        """Return the bytes that are stored for a file in its present state, or None."""
        name, state = identify(path, stat_image_file(path))
        return self._first(_FIND_BY_FILE, self._variant, name, state)

    def _find_by_content(self, digest):
        return self._first(_FIND_BY_CONTENT, self._variant, digest)

    def _add(self, digest, data):
        self._execute(_ADD_IMAGE, self._variant, digest, data)

    def _first(self, query, *values):
        rows = self._execute(query, *values)
        return rows[0][0] if rows else None

    def _execute(self, statement, *values):
        """Return the rows that a statement gives, or none where the cache fails it."""
        try:
            with self._connection() as connection:
                return connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.problem = str(error)
            return []

    @contextmanager
    def _lock(self, name):
        """Hold a lock that threads and processes share.

        It is the lock of an empty SQLite file: portable, and released when a process dies.
        """
        lock = None
        try:
            file = os.path.join(self._folder, f"{name}.lock")
            lock = sqlite3.connect(file, timeout=_SECONDS_TO_WAIT, isolation_level=None)
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            # Without the lock an image may be decoded twice, which does no harm.
            self.problem = str(error)
        try:
            yield
        finally:
            if lock is not None:
                lock.close()


@atexit.register
def close_idle_connections(only_of_deleted_files=False):
    """Close the connections of this process that are not in use."""
    for file, inode, process in list(_idle):
        if process == os.getpid() and not (only_of_deleted_files and _inode(file) == inode):
            connections = _idle.pop((file, inode, process), ())
            while connections:
                connections.pop().close()


def _fill(out, data):
    """Copy the bytes of an image, where there are any, and tell whether there were."""
    if data is not None:
        out[:] = np.frombuffer(data, dtype=np.uint8).reshape(out.shape)
    return data is not None


def identify(path, stat):
    """Return the path as bytes, and a text that is another one when the file has changed."""
    state = f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"
    return os.fsencode(os.path.abspath(path)), state


def _is_passing(error):
    if isinstance(error, sqlite3.Error):
        # Only the lowest byte is the kind of the error.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING
    return error.errno in _DISK_FULL


def _inode(file):
    try:
        return os.stat(file).st_ino
    except OSError:
        return None
