"""Read one image file as RGB pixels of a given size."""

import io
import os
import re
from contextlib import contextmanager
from math import ceil

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from ..._utils.image_files import HDF5_EXTENSIONS, open_image_file, readable_formats

_EXIF_ORIENTATION = 0x0112

# Bytes that Pillow passes to the JPEG decoder at a time. Its default of 64 KiB is less than a
# photograph has, and the decoder starts over at each block.
_JPEG_BLOCK = 2**20

# The transposition that turns the stored pixels upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_STORED_SIDEWAYS = frozenset({5, 6, 7, 8})

_SPARE_FOR_CROP = 2

# Each scan of a progressive JPEG takes as long to decode as the whole image, but may be only ten
# bytes long. Cameras and programs write about ten scans. libtiff, too, refuses more than 100.
_MAX_SCANS = 100
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
# The markers of the end and of segments that have a length.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
_HOLD_JPEG = frozenset({"BLP", "JPEG", "MPO"})

# Where a PNG, and the header of a JPEG 2000 image, have the bits per channel.
_DEPTH_OF_PNG, _DEPTH_OF_JPEG2000 = 24, 42
_START_OF_JPEG2000 = b"\xff\x4f\xff\x51"

# Tags of TIFF files.
_BITS_PER_SAMPLE, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0


def read_image(path, image_size, resize, preprocessing=None):
    """Read an image file as upright RGB pixels of a given size.

    Parameters
    ----------
    path : str or os.PathLike
        The file. If it has several frames, the first is read.

    image_size : tuple of (int, int)
        Height and width of the result.

    resize : {"crop", "pad", "stretch"}
        See :class:`~skin_lesion.ImageLoader`.

    preprocessing : Preprocessing, default=None
        The steps that clean the image before and after it is resized.

    Returns
    -------
    image : ndarray of shape (height, width, 3), uint8
        RGB pixels from 0 to 255.

    Raises
    ------
    ValueError
        If the file cannot be read as an image. The message says why.
    """
    return decode_content(read_content(path), path, image_size, resize, preprocessing)


def read_content(path):
    """Return the bytes of an image file.

    Raises
    ------
    ValueError
        If it cannot be read, or is empty. The message says why.
    """
    with failures_explained(path), open_image_file(path) as file:
        content = file.read()
        if not content:
            raise ValueError("the file is empty")
        return content


def decode_content(content, path, image_size, resize, preprocessing=None):
    """Decode the bytes of an image file as :func:`read_image` does. The path is for messages."""
    file = io.BytesIO(content)
    if preprocessing is None:
        with failures_explained(path):
            return decode_image(file, image_size, resize)[0]
    if not preprocessing.crops:
        with failures_explained(path):
            image = decode_image(file, image_size, resize)[0]
    else:
        with failures_explained(path):
            photograph = _decode_upright(file, image_size)
        with _file_noted(path):
            photograph = Image.fromarray(preprocessing.before_resize(np.asarray(photograph)))
        box, size = _plan(photograph.size, image_size[::-1], resize)
        image = _centre_on_black(np.asarray(_scale(photograph, box, size, 1)), image_size)
    # Not among the failures of the file: an error in a step does not mean a damaged file.
    with _file_noted(path):
        return preprocessing.after_resize(image)


class UnreadableImageError(ValueError):
    """A file cannot be read as an image."""


@contextmanager
def failures_explained(path):
    """Turn the many errors that Pillow's plug-ins raise on damaged files into one.

    Raises
    ------
    UnreadableImageError
        Names the file and says why it cannot be read.
    MemoryError
        Names the file, too. The file may be intact.
    """
    try:
        yield
    except MemoryError as error:
        raise MemoryError(
            f"{os.fspath(path)!r} takes more memory to read than is available. Expected room for"
            " all of its pixels. Read fewer files at a time, or leave the file out."
        ) from error
    except Exception as error:
        raise UnreadableImageError(_explain(error, path)) from error


@contextmanager
def _file_noted(path):
    try:
        yield
    except Exception as error:
        error.add_note(f"The error occurred in a step of preprocess, on {os.fspath(path)!r}.")
        raise


def decode_image(file, image_size, resize):
    """Decode an open image file as :func:`read_image` does, without cleaning it.

    Returns
    -------
    image : ndarray of shape (height, width, 3), uint8

    stored_size : tuple of (int, int)
        Height and width of the image in the file.

    Raises
    ------
    Exception
        Of almost any type: so do Pillow's plug-ins on damaged files. See
        :func:`failures_explained`.
    """
    with Image.open(file, formats=readable_formats()) as image:
        stored_width, stored_height = image.size
        orientation, box, size, shrinkage = _load(image, image_size, resize)
        image = _to_grey_or_rgb(image)
    image = _to_upright_rgb(_scale(image, box, size, shrinkage), orientation)
    return _centre_on_black(np.asarray(image), image_size), (stored_height, stored_width)


def _explain(error, path):
    """Return a sentence on which file could not be read, and why."""
    is_unidentified = isinstance(error, UnidentifiedImageError)
    if is_unidentified and os.fspath(path).lower().endswith(HDF5_EXTENSIONS):
        reason = (
            "it is an HDF5 file. Expected the path of one of the images in it:"
            f" {os.path.join(path, '<entry>')!r}. load_isic_release(folder) lists them."
        )
    elif is_unidentified:
        reason = "it is damaged, or in a format that Pillow cannot decode."
    elif isinstance(error, Image.DecompressionBombError):
        reason = f"{error} If you trust it, raise PIL.Image.MAX_IMAGE_PIXELS."
    else:
        reason = str(error).rstrip(".") or type(error).__name__
        reason = f"{reason}."
    return f"{os.fspath(path)!r} cannot be read as an image: {reason}"


def _load(image, image_size, resize):
    """Decode the pixels; return the orientation, the box to cut out, its new size, the shrinkage.

    Box and size refer to the pixels as stored: turning the small result upright is faster than
    turning the photograph.
    """
    _refuse_bomb(image)
    if image.format in _HOLD_JPEG:
        _refuse_many_scans(image)
    _refuse_deep_colours(image)
    is_jpeg = image.format in {"JPEG", "MPO"}
    if not is_jpeg:
        # PNG may store its EXIF after the pixels, and TIFF is turned upright while it is loaded.
        image.load()
    orientation = _read_orientation(image)
    height, width = image_size
    if orientation in _STORED_SIDEWAYS:
        height, width = width, height
    box, size = _plan(image.size, (width, height), resize)
    shrinkage = 1
    if is_jpeg:
        shrinkage = _draft(image, box, size)
        box = tuple(side / shrinkage for side in box)
        image.decodermaxblock = _JPEG_BLOCK
        image.load()
    return orientation, box, size, shrinkage


def _decode_upright(file, image_size):
    """Decode an open image file to an upright photograph with enough pixels to crop."""
    # A part whose sides are at least half of the shorter side is then not enlarged.
    spare = tuple(_SPARE_FOR_CROP * side for side in image_size)
    with Image.open(file, formats=readable_formats()) as image:
        orientation, *_ = _load(image, spare, "crop")
        return _to_upright_rgb(_to_grey_or_rgb(image), orientation)


def _to_upright_rgb(image, orientation):
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    return image if image.mode == "RGB" else image.convert("RGB")


def _refuse_bomb(image):
    limit = Image.MAX_IMAGE_PIXELS
    width, height = image.size
    if limit is not None and width * height > limit:
        raise ValueError(
            f"it has {height} x {width} = {height * width} pixels, more than the limit of {limit}"
            " that guards against decompression bombs. If you trust it, raise"
            " PIL.Image.MAX_IMAGE_PIXELS."
        )


def _refuse_many_scans(image):
    content = image.fp.getvalue()
    if image.format == "BLP":  # its JPEG does not begin the file
        is_slow = content.count(_START_OF_SCAN) > _MAX_SCANS
    else:
        is_slow = _has_many_scans(content)
    if is_slow:
        raise ValueError(
            f"it has more scans than the limit of {_MAX_SCANS} that guards against files that take"
            " minutes to decode. If you trust it, save it again with another program."
        )


def _has_many_scans(content):
    """Tell whether a JPEG has too many scans. Any bytes may follow its end: phones append a video.

    The markers found are those that libjpeg finds, so that a file cannot hide its scans.
    """
    n_scans = end = 0
    while n_scans <= _MAX_SCANS:
        marker = _MARKER.search(content, end)
        if marker is None or marker[0] == _END_OF_IMAGE:
            return False
        n_scans += marker[0] == _START_OF_SCAN
        length = int.from_bytes(content[marker.end() : marker.end() + 2])
        end = marker.end() + max(length, 2)
    return True


def _refuse_deep_colours(image):
    """Refuse colours of more than 8 bits that Pillow decodes wrongly. Most others, it scales."""
    if image.format == "JPEG2000":  # the brightest values become black
        content = image.fp.getvalue()
        header = content.find(_START_OF_JPEG2000)
        depth = (content[header + _DEPTH_OF_JPEG2000] & 0x7F) + 1
    elif image.format == "PNG" and "transparency" in image.info:  # compared with 8 bits
        depth = image.fp.getvalue()[_DEPTH_OF_PNG]
    else:
        return
    if depth > 8 and not image.mode.startswith("I"):
        raise ValueError(
            f"Pillow decodes such colours of {depth} bits per channel wrongly. Expected 8 bits."
            " Convert it with another program."
        )


def _read_orientation(image):
    try:
        return image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # damaged metadata of any kind does not affect the pixels
        return 1


def _plan(stored_size, target_size, resize):
    """Return the box (left, top, right, bottom) to cut out, and the (width, height) to give it."""
    (width, height), (new_width, new_height) = stored_size, target_size
    zooms = new_width / width, new_height / height
    if resize == "crop":
        cut_width = min(width, new_width / max(zooms))
        cut_height = min(height, new_height / max(zooms))
        left, top = (width - cut_width) / 2, (height - cut_height) / 2
        box = left, top, min(width, left + cut_width), min(height, top + cut_height)
        return box, target_size
    box = 0, 0, width, height
    if resize == "pad":
        return box, (max(1, round(width * min(zooms))), max(1, round(height * min(zooms))))
    return box, target_size


def _draft(jpeg, box, size):
    """Have a JPEG decoded at 1/2, 1/4 or 1/8 of its size if that suffices, and return 2, 4 or 8.

    Otherwise return 1. A draft leaves out most of the inverse cosine transform, and averages pixels
    as scaling would.
    """
    left, top, right, bottom = box
    width, height = jpeg.size
    needed = (
        ceil(width * size[0] / (right - left)),
        ceil(height * size[1] / (bottom - top)),
    )
    drafted = jpeg.draft(None, needed)
    return 1 if drafted is None else round(width / drafted[1][2])


def _scale(image, box, size, shrinkage):
    left, top, right, bottom = box
    steps = (right - left) / size[0], (bottom - top) / size[1]
    if shrinkage == 1 or max(steps) >= 2:
        return image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    # Decoding has averaged pixels already. An antialiasing filter would give the same within some
    # tenths of a grey level, but take two to six times as long.
    pixels = np.asarray(image)
    if all(float(side).is_integer() for side in box):
        pixels = pixels[int(top) : int(bottom), int(left) : int(right)]
        return Image.fromarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR))
    # OpenCV counts from the middle of the first pixel, a box from its corner.
    offset = left + steps[0] / 2 - 0.5, top + steps[1] / 2 - 0.5
    scale = np.array([[steps[0], 0, offset[0]], [0, steps[1], offset[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE
    return Image.fromarray(cv2.warpAffine(pixels, scale, size, flags=flags, borderMode=border))


def _to_grey_or_rgb(image):
    if image.mode == "F":
        raise ValueError(
            "its pixels are floats, whose range is unknown. Expected 8 or 16 bits per channel."
            " Convert it first."
        )
    if image.mode.startswith("I"):
        return _scale_to_8_bits(image)
    if image.mode == "La":  # Pillow has no direct way from here to RGBA
        image = image.convert("LA")
    if image.mode in {"LA", "PA", "RGBA", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    # Pillow would copy an image that has the requested mode already.
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")


def _scale_to_8_bits(image):
    """Scale grey pixels of 16 bits, or of 32 bits with 16-bit values, to 8 bits."""
    pixels = np.asarray(image)
    low, high = pixels.min(), pixels.max()
    # Small 32-bit values may well be on a scale of 8 bits. Pillow scales those of PPM to 16 bits.
    is_small = image.mode == "I" and 0 < high < 256 and image.format != "PPM"
    if low < 0 or high > 65535 or is_small:
        raise ValueError(
            f"its pixels are 32-bit integers from {low} to {high}, whose range is unknown. Expected"
            " 8 or 16 bits per channel. Convert it first."
        )
    if image.format == "TIFF":
        # Pillow leaves values of 12 bits, and those that count from white, as they are.
        if image.tag_v2.get(_BITS_PER_SAMPLE) == (12,):
            pixels = pixels * (65535 / 4095)
        if image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            pixels = 65535 - pixels
    transparent = image.info.get("transparency")  # one grey, in PNG
    if transparent is not None:
        pixels = np.where(pixels == transparent, 65535, pixels)
    return Image.fromarray(((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _centre_on_black(image, image_size):
    if image.shape[:2] == tuple(image_size):
        return image
    canvas = np.zeros((*image_size, 3), dtype=np.uint8)
    height, width = image.shape[:2]
    top, left = (image_size[0] - height) // 2, (image_size[1] - width) // 2
    canvas[top : top + height, left : left + width] = image
    return canvas
