"""Store bytes in an SQLite file that threads, processes and later runs share.

SQLite does the difficult part. A process that is killed while it writes, a power cut and a full
disk leave the file as it was before, and several processes may write at the same time. SQLite reads
with `read`, not through a memory map, so that the bytes do not count as memory of the process.

Bytes are stored under the hash of the content that they were made from, and a text that describes
how. Reading and hashing photographs would take a large part of the time that the store saves.
Therefore the hash is stored, too, with the size, times and inode of the file. If these are
unchanged, the file is not read.
"""

import atexit
import errno
import hashlib
import os
import shutil
import sqlite3
import time
import zlib
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import NamedTuple

from ..._utils.image_files import stat_image_file
from .decode import read_content

# Change the name with the layout of the file, so that files of older versions are not used.
_FOLDER = "skin_lesion_images_3"
_FILE = "images.sqlite3"

# The largest page size of SQLite. With the default of 4 KiB, images of 150 KB are read at a quarter
# of the speed.
_PAGE_SIZE = 65536
_TABLES = """
CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, state TEXT, content BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS images (
    id INTEGER PRIMARY KEY, content BLOB, variant TEXT, pixels BLOB, checksum INTEGER,
    UNIQUE (content, variant)
);
"""
_FIND_BY_FILE = """
SELECT images.content, pixels, checksum
FROM files JOIN images ON images.content = files.content AND images.variant = ?
WHERE files.path = ? AND files.state = ?
"""
_FIND_BY_CONTENT = "SELECT content, pixels, checksum FROM images WHERE variant = ? AND content = ?"
_ADD_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?)"
_ADD_IMAGE = """
INSERT OR IGNORE INTO images (variant, content, pixels, checksum) VALUES (?, ?, ?, ?)
"""

# Left free on its disk, or a tenth of a smaller disk: a fit has to save its model there, and other
# programs write, too.
_BYTES_LEFT_FREE = 2 * 10**9

_N_LOCKS = 64
_SECONDS_TO_WAIT = 60

# Clocks of file systems are coarse: a file may change twice within one tick.
_SECONDS_UNTIL_SETTLED = 2

# Failures that an intact cache may have in the middle of a long search. Others raise an error.
_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY}
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}

# Idle connections, by file, inode and process: opening a connection takes longer than reading an
# image. They are used neither by a forked process nor after their file was deleted.
_idle = defaultdict(deque)


class CacheInfo(NamedTuple):
    """The folder, the number of images and the size of a cache.

    Parameters
    ----------
    path : str
        The folder that holds all its files.

    n_images : int
        Number of decoded images, including those of other loaders with this folder.

    n_bytes : int
        Size of its files on disk.
    """

    path: str
    n_images: int
    n_bytes: int


class ByteStore:
    """Bytes that were made from files or other content in one way, stored in a folder.

    Parameters
    ----------
    cache_dir : str or os.PathLike
        Created if it does not exist.

    variant : str
        Everything that the bytes depend on, except the content that they were made from.

    Raises
    ------
    OSError
        If the folder cannot be created or written, or if its file is damaged.

    Attributes
    ----------
    problem : str or None
        The last reason why bytes could not be read from the store or written to it.
    """

    def __init__(self, cache_dir, variant):
        self._cache_dir = str(cache_dir)
        self._folder = os.path.join(os.path.abspath(cache_dir), _FOLDER)
        self._file = os.path.join(self._folder, _FILE)
        self._variant = variant
        self.problem = None
        self._open()

    def find_by_file(self, path):
        """Return the bytes that are stored for a file in its current state, or None."""
        name, state = identify(path, stat_image_file(path))
        return self._first(_FIND_BY_FILE, self._variant, name, state)

    def find_by_content(self, digest):
        """Return the bytes that are stored for the content with this hash, or None."""
        return self._first(_FIND_BY_CONTENT, self._variant, digest)

    def add(self, digest, data):
        """Store bytes for the content with this hash, if there is room on the disk."""
        try:
            _check_room(self._folder)
        except OSError as error:
            self.problem = str(error)
        else:
            checksum = self._checksum(digest, data)
            self._execute(_ADD_IMAGE, self._variant, digest, data, checksum)

    def read_file(self, path):
        """Return the content of a file and its hash, and store the hash."""
        stat = stat_image_file(path)
        # Read once, so that hash and pixels belong to the same state of the file.
        content = read_content(path)
        digest = hashlib.sha256(content).digest()
        if time.time() - max(stat.st_mtime, stat.st_ctime) > _SECONDS_UNTIL_SETTLED:
            self._execute(_ADD_FILE, *identify(path, stat), digest)
        return content, digest

    def lock(self, digest):
        """Let only one thread or process at a time work on the content with this hash."""
        return self._lock(f"decoding_{digest[0] % _N_LOCKS:02}")

    def info(self):
        """Return a :class:`CacheInfo`."""
        with self._own_errors(), self._connection() as connection:
            (n_images,) = connection.execute("SELECT count(*) FROM images").fetchone()
            with os.scandir(self._folder) as entries:
                n_bytes = sum(entry.stat().st_size for entry in entries)
        return CacheInfo(self._folder, n_images, n_bytes)

    def clear(self):
        """Delete everything that is stored, and free the disk space."""
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
                self._check_access()
                with self._connection():
                    pass
        except OSError as error:
            if not _is_passing(error.__cause__):
                raise
            self.problem = str(error.__cause__)

    def _check_access(self):
        """Raise an error that says better than SQLite's what is wrong.

        The file is not opened: to close it would end all locks of this process on it, and other
        processes would then delete the log that its connections write to.
        """
        path = self._file if os.path.exists(self._file) else self._folder
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    @contextmanager
    def _own_errors(self):
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise OSError(
                f"The cache in cache_dir={self._cache_dir!r} cannot be used: {error}. Expected a"
                f" folder that can be written, without a damaged cache. Choose another folder,"
                f" delete {self._folder!r}, or pass cache_dir=None."
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
            # Safe with WAL, and avoids a wait for the disk after each image.
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _first(self, query, *values):
        for digest, data, checksum in self._execute(query, *values):
            if self._checksum(digest, data) != checksum:  # SQLite does not notice it
                with self._own_errors():
                    raise OSError("the stored bytes are damaged")
            return data
        return None

    def _checksum(self, digest, data):
        """Return a checksum that also fits no other image, and no other variant."""
        return zlib.crc32(data, zlib.crc32(digest + self._variant.encode()))

    def _execute(self, statement, *values):
        """Return the rows that a statement gives, or none if an intact cache fails."""
        try:
            with self._own_errors(), self._connection() as connection:
                return connection.execute(statement, values).fetchall()
        except OSError as error:
            # A search goes on, too, if the file was deleted.
            if not _is_passing(error.__cause__) and os.path.exists(self._file):
                raise
            self.problem = str(error.__cause__)
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
            # Without the lock, the same bytes may be made twice, which does no harm.
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


def identify(path, stat):
    """Return the path as bytes, and a text that differs when the file has changed."""
    state = f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"
    return os.fsencode(os.path.abspath(path)), state


def _check_room(folder):
    disk = shutil.disk_usage(folder)
    least = min(_BYTES_LEFT_FREE, disk.total // 10)
    if disk.free < least:
        raise OSError(f"less than {least / 1e6:.0f} MB of its disk is free")


def _is_passing(error):
    if isinstance(error, sqlite3.Error):
        # Only the lowest byte holds the kind of the error.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING
    return error.errno in _DISK_FULL


def _inode(file):
    try:
        return os.stat(file).st_ino
    except OSError:
        return None
