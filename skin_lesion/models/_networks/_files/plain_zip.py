"""Safe zip files: no compression, and only expected names."""

import io
import stat
import struct
import zipfile

from ...._utils.atomic_writing import new_file

# Below the limit of plain zip: zip64, with its second set of sizes, is refused.
MAX_SIZE = 2**32 - 2**20
_MAX_ENTRIES = 10_000
_END = struct.Struct("<4s4H2LH")


def read_plain_zip(data, names):
    """Return the entries of a zip file without compression.

    Without compression the content is no larger than the archive, so it cannot be a zip bomb.
    Nothing is written to disk, so names cannot lead to other folders.

    Parameters
    ----------
    data : bytes

    names : re.Pattern
        The expected names.

    Returns
    -------
    entries : dict of str to bytes

    Raises
    ------
    ValueError, zipfile.BadZipFile
        If the file contains anything else.
    """
    _check_end(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        for info in infos:
            _check_entry(info, names)
        if len({info.filename for info in infos}) < len(infos):
            raise ValueError("it has two entries of the same name")
        if sum(info.file_size for info in infos) > len(data):
            raise ValueError("its entries claim more bytes than the file has")
        entries = {}
        for info in infos:
            entry = archive.read(info)
            if len(entry) != info.file_size:
                raise ValueError(f"entry {info.filename!r} does not have the size it claims")
            entries[info.filename] = entry
    return entries


def _check_end(data):
    """Check the record at the end before reading the list of entries that it points to."""
    if len(data) < _END.size:
        raise ValueError("it is too short for a zip file")
    signature, disk, first_disk, n_here, n_entries, size, offset, n_comment = _END.unpack(
        data[-_END.size :]
    )
    if signature != b"PK\5\6" or n_comment:
        raise ValueError("it does not end as a complete zip file does")
    if disk or first_disk or n_here != n_entries or n_entries > _MAX_ENTRIES:
        raise ValueError(f"it claims {n_entries} entries in several parts, or too many")
    if offset + size != len(data) - _END.size:
        raise ValueError("its list of entries is not where it should be")


def _check_entry(info, names):
    name = info.orig_filename
    if name != info.filename or not names.fullmatch(name):
        raise ValueError(f"it has an entry with the unexpected name {name!r}")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ValueError(f"entry {name!r} is a link or another special file")
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise ValueError(f"entry {name!r} is compressed")
    if info.flag_bits & ~0x800:  # any flag except UTF-8 names
        raise ValueError(f"entry {name!r} is encrypted or has no size of its own")


def write_plain_zip(path, entries):
    """Replace a file by a zip file atomically: a crash leaves the old or the new file.

    Parameters
    ----------
    path : str

    entries : dict of str to bytes
    """
    try:
        with (
            new_file(path) as unfinished,
            zipfile.ZipFile(unfinished, "w", allowZip64=False) as file,
        ):
            _write_entries(file, entries)
    except zipfile.LargeZipFile as error:
        raise ValueError(
            f"The model is larger than {MAX_SIZE / 2**30:.1f} GiB, the limit of load_model."
            " Expected a smaller model. Choose a smaller network."
        ) from error


def plain_zip(entries):
    """Return a zip file as bytes.

    Parameters
    ----------
    entries : dict of str to bytes
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        _write_entries(file, entries)
    return data.getvalue()


def _write_entries(file, entries):
    for entry, data in entries.items():
        # Without the current date, the same model always gives the same file.
        file.writestr(zipfile.ZipInfo(entry), data)
