"""Which image files are read."""

from PIL import Image

# Pillow knows these but cannot decode them on its own: BUFR, GRIB, HDF5, MPEG and WMF need a
# handler from elsewhere, and EPS would run Ghostscript on a file of unknown origin. IPTC wraps
# a file of any format, EPS included.
_NOT_READ = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"})


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
