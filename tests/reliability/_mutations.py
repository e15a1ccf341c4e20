"""Image files that are damaged or made to harm, by number: the same number gives the same file.

Shared by the tests and by ``fuzz_loader.py``. A file of any format that Pillow writes, and of some
that it only reads, is changed one to three times: bytes, blocks, lengths, dimensions, its end, or
its format halfway through. Checksums of PNG are made right again half of the time, since otherwise
few changes come further than them.
"""

import io
import struct
import zlib
from functools import cache

import h5py
import numpy as np
from PIL import Image

from skin_lesion import make_lesion_images
from skin_lesion._utils.image_files import readable_formats

# Numbers at which programs that compute with sizes go wrong, by the bytes that they take.
_NUMBERS = {
    1: (0, 1, 0x7F, 0x80, 0xFF),
    2: (0, 1, 0x7FFF, 0x8000, 0xFFFF, 60_000),
    4: (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 60_000, 2**16, 2**28),
}
_FORMATS = {1: "B", 2: "H", 4: "I"}
_HEADER_BYTES = 256
_PNG = b"\x89PNG\r\n\x1a\n"


def iptc_header(height, width):
    """Return the header of an IPTC file that wraps a file of some other format."""
    fields = {(3, 60): b"\1\0", (3, 20): width, (3, 30): height, (3, 120): b"\5"}
    packed = [
        (section, name, value if isinstance(value, bytes) else struct.pack(">H", value))
        for (section, name), value in fields.items()
    ]
    return b"".join(
        struct.pack(">BBBH", 0x1C, section, name, len(value)) + value
        for section, name, value in packed
    )


_SIDEWAYS = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)

# More of a format than Pillow writes by default.
_VARIANTS = {
    "jpeg_progressive": ("JPEG", "RGB", {"progressive": True}),
    "jpeg_cmyk": ("JPEG", "CMYK", {}),
    "jpeg_grey": ("JPEG", "L", {"quality": 30}),
    "jpeg_exif": ("JPEG", "RGB", {"exif": _SIDEWAYS}),
    "png_palette": ("PNG", "P", {"transparency": 0}),
    "png_grey_alpha": ("PNG", "LA", {}),
    "png_alpha": ("PNG", "RGBA", {}),
    "png_16": ("PNG", "I;16", {}),
    "png_bits": ("PNG", "1", {}),
    "tiff_lzw": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "tiff_jpeg": ("TIFF", "RGB", {"compression": "jpeg"}),
    "tiff_deflate": ("TIFF", "RGBA", {"compression": "tiff_adobe_deflate"}),
    "tiff_packbits": ("TIFF", "L", {"compression": "packbits"}),
    "tiff_fax": ("TIFF", "1", {"compression": "group4"}),
    "tiff_cmyk": ("TIFF", "CMYK", {}),
    "gif_film": ("GIF", "P", {"save_all": True}),
    "png_film": ("PNG", "RGB", {"save_all": True}),
    "webp_film": ("WEBP", "RGB", {"save_all": True}),
    "webp_lossless": ("WEBP", "RGBA", {"lossless": True}),
    "bmp_palette": ("BMP", "P", {}),
    "ppm_grey": ("PPM", "L", {}),
    "tga_packed": ("TGA", "RGB", {"compression": "tga_rle"}),
}
# Of formats that Pillow reads and does not write: how they begin, and nothing sensible behind it.
_BEGINNINGS = {
    "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 48, 64, 8, 3) + bytes(12),
    "sun": struct.pack(">8I", 0x59A66A95, 64, 48, 24, 64 * 48 * 3, 1, 0, 0),
    "fli": struct.pack("<IHHHHH", 4096, 0xAF11, 1, 64, 48, 8) + bytes(114),
    "dcx": struct.pack("<3I", 0x3ADE68B1, 12, 0),
    "cur": struct.pack("<3H4B2H2I", 0, 2, 1, 64, 48, 0, 0, 0, 0, 3112, 22),
    "fits": b"".join(
        card.ljust(80) for card in (b"SIMPLE  = T", b"BITPIX  = 8", b"NAXIS   = 2", b"NAXIS1  = 64")
    ),
    "gbr": struct.pack(">5I", 28, 2, 64, 48, 4) + b"GIMP" + bytes(4),
    "xpm": b'/* XPM */\nstatic char *x[] = {\n"64 48 2 1",\n"a c #000000",\n"b c #ffffff",\n',
    "pixar": b"\200\350\000\000".ljust(1024, b"\0"),
    "mcidas": struct.pack(">I", 0) + struct.pack(">I", 4) + bytes(248),
    "ftex": b"FTEX" + struct.pack("<6I", 1, 64, 48, 1, 1, 0),
    "iptc": iptc_header(48, 64),
    "thumbnail": b"P7 332\n#END_OF_COMMENTS\n64 48 255\n",
}


@cache
def sound_files():
    """Return the bytes of sound files, and of beginnings of files, by their names."""
    pixels = make_lesion_images(2, n_classes=2, image_size=(48, 64), random_state=0).images
    first, second = (Image.fromarray(image) for image in pixels)
    Image.init()
    writable = [name for name in readable_formats() if name in Image.SAVE]
    kinds = {name.lower(): (name, None, {}) for name in writable} | _VARIANTS
    files = {}
    for name, (kind, mode, options) in kinds.items():
        if options.get("save_all"):
            options = {**options, "append_images": [_convert(second, mode)]}
        for tried in (mode,) if mode else ("RGB", "P", "L", "1", "F"):
            file = io.BytesIO()
            try:
                _convert(first, tried).save(file, kind, **options)
            except (OSError, ValueError, KeyError):  # not a mode that the format has
                continue
            files[name] = file.getvalue()
            break
    rest = pixels.tobytes()[: 48 * 64 * 3]
    return files | {name: beginning + rest for name, beginning in _BEGINNINGS.items()}


def mutated_file(seed, number):
    """Return the name of the sound file that was changed, and the bytes that came of it."""
    rng = np.random.default_rng([seed, number])
    files = sound_files()
    names = list(files)
    name = names[number % len(names)]
    content = _change(files[name], rng)
    if content.startswith(_PNG) and rng.random() < 0.5:
        content = with_right_checksums(content)
    return name, content


def mutated_container(seed, number):
    """Return the bytes of a changed HDF5 file with the entry "image", of either generation."""
    rng = np.random.default_rng([seed, number])
    return _change(_sound_container(number % 2), rng)


@cache
def _sound_container(generation):
    file = io.BytesIO()
    with h5py.File(file, "w", libver=("earliest", "latest")[generation]) as container:
        for name in ("image", "other"):
            content = sound_files()["jpeg"]
            container[name] = np.void(content) if generation else np.frombuffer(content, np.uint8)
    return file.getvalue()


def _change(content, rng):
    for _ in range(rng.integers(1, 4)):
        content = _CHANGES[rng.integers(len(_CHANGES))](content, rng)
    return content


def _convert(image, mode):
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)


def flip_bits(content, rng):
    """Flip a bit in up to 16 bytes, half of the time near the beginning."""
    data = bytearray(content)
    end = _HEADER_BYTES if rng.random() < 0.5 else len(data)
    for place in rng.integers(0, max(1, min(end, len(data))), rng.integers(1, 17)):
        if place < len(data):
            data[place] ^= 1 << rng.integers(8)
    return bytes(data)


def truncate(content, rng):
    """Cut the end off."""
    return content[: rng.integers(0, len(content) + 1)]


def swap_blocks(content, rng):
    """Let two parts change places."""
    a, b, c, d = np.sort(rng.integers(0, len(content) + 1, 4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def fill_block(content, rng):
    """Overwrite a part with zeros, ones or noise."""
    start, end = np.sort(rng.integers(0, len(content) + 1, 2))
    end = min(end, start + 512)
    n_bytes = end - start
    filled = (bytes(n_bytes), b"\xff" * n_bytes, rng.bytes(n_bytes))[rng.integers(3)]
    return content[:start] + filled + content[end:]


def repeat_block(content, rng):
    """Repeat a part, up to 64 times."""
    start, end = np.sort(rng.integers(0, len(content) + 1, 2))
    return content[:start] + content[start:end] * rng.integers(2, 64) + content[end:]


def edit_header(content, rng):
    """Put a number at which programs go wrong somewhere near the beginning."""
    return _put_number(content, rng.integers(0, _HEADER_BYTES), rng)


def edit_length(content, rng):
    """Put such a number where the format has the length of a part."""
    places = _places_of_lengths(content)
    return _put_number(content, places[rng.integers(len(places))], rng) if places else content


def edit_dimensions(content, rng):
    """Claim another height and width, up to 60000 or what the format can say."""
    claimed = [
        (int(side), 60_000, 0, 1, 9_000)[rng.integers(5)] for side in rng.integers(1, 400, 2)
    ]
    return claim_dimensions(content, *claimed)


def splice(content, rng):
    """Go on in a file of another format."""
    files = sound_files()
    other = files[list(files)[rng.integers(len(files))]]
    start, end = rng.integers(0, len(content) + 1), rng.integers(0, len(other) + 1)
    return content[:start] + other[end:]


def append(content, rng):
    """Put a whole file of another format behind it: a polyglot."""
    files = sound_files()
    return content + files[list(files)[rng.integers(len(files))]]


_CHANGES = (
    flip_bits,
    truncate,
    swap_blocks,
    fill_block,
    repeat_block,
    edit_header,
    edit_length,
    edit_dimensions,
    splice,
    append,
)


def claim_dimensions(content, height, width):
    """Return a PNG, JPEG, BMP, GIF, TIFF or WebP that claims these dimensions, others unchanged."""
    data = bytearray(content)
    try:
        if content.startswith(_PNG):
            struct.pack_into(">II", data, 16, width, height)
            return with_right_checksums(bytes(data))
        if content.startswith(b"\xff\xd8"):
            for place in _jpeg_segments(content):
                if content[place + 1] in (0xC0, 0xC1, 0xC2):
                    struct.pack_into(">HH", data, place + 5, height & 0xFFFF, width & 0xFFFF)
        elif content.startswith(b"BM"):
            struct.pack_into("<ii", data, 18, width, height)
        elif content.startswith(b"GIF8"):
            struct.pack_into("<HH", data, 6, width & 0xFFFF, height & 0xFFFF)
        elif content[:4] in (b"II*\0", b"MM\0*"):
            for place in _tiff_entries(content):
                order = "<" if content[:2] == b"II" else ">"
                tag = struct.unpack_from(order + "H", content, place)[0]
                if tag in (256, 257):
                    side = width if tag == 256 else height
                    struct.pack_into(order + "HII", data, place + 2, 4, 1, side)
        elif content[8:16] == b"WEBPVP8X":
            data[24:30] = (width - 1 & 0xFFFFFF).to_bytes(3, "little") + (
                height - 1 & 0xFFFFFF
            ).to_bytes(3, "little")
        elif content[8:16] == b"WEBPVP8 ":
            struct.pack_into("<HH", data, 26, width & 0x3FFF, height & 0x3FFF)
    except (struct.error, IndexError):  # an earlier change has cut it short
        return content
    return bytes(data)


def with_right_checksums(png):
    """Return a PNG whose chunks have the checksums of what they hold now."""
    data = bytearray(png)
    for place in _png_chunks(png):
        length = int.from_bytes(png[place : place + 4], "big")
        end = place + 8 + length
        if end + 4 <= len(png):
            struct.pack_into(">I", data, end, zlib.crc32(png[place + 4 : end]))
    return bytes(data)


def progressive_jpeg_of_many_scans(height, width, n_scans):
    """Return a JPEG of a few bytes a scan, each of which costs as much as the whole image."""
    file = io.BytesIO()
    Image.new("L", (16, 16), 128).save(file, "JPEG", progressive=True)
    content = claim_dimensions(file.getvalue(), height, width)
    header = content[: content.index(b"\xff\xda")]
    # One scan of the second to last coefficients, of which no block has any.
    scan = b"\xff\xda\0\x08\1\1\0\1\x3f\0" + b"\0" * 8
    return header + content[content.index(b"\xff\xda") : -2] + scan * n_scans + b"\xff\xd9"


def _put_number(content, place, rng):
    n_bytes = (1, 2, 4)[rng.integers(3)]
    number = _NUMBERS[n_bytes][rng.integers(len(_NUMBERS[n_bytes]))]
    if place + n_bytes > len(content):
        return content
    packed = struct.pack("<>"[rng.integers(2)] + _FORMATS[n_bytes], number)
    return content[:place] + packed + content[place + n_bytes :]


def _places_of_lengths(content):
    if content.startswith(_PNG):
        return list(_png_chunks(content))
    if content.startswith(b"\xff\xd8"):
        return [place + 2 for place in _jpeg_segments(content)]
    if content[:4] in (b"II*\0", b"MM\0*"):
        return [place + 4 for place in _tiff_entries(content)]
    if content.startswith(b"RIFF"):
        return [4, *_chunks(content, 12, "<", length_first=False)]
    if content[4:8] in (b"ftyp", b"jP  "):
        return list(_chunks(content, 0, ">", length_first=True))
    return []


def _png_chunks(content):
    place = len(_PNG)
    while place + 12 <= len(content):
        yield place
        place += 12 + int.from_bytes(content[place : place + 4], "big")


def _jpeg_segments(content):
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF and content[place + 1] != 0xDA:
        yield place
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")


def _tiff_entries(content):
    order = "<" if content[:2] == b"II" else ">"
    try:
        start = struct.unpack_from(order + "I", content, 4)[0]
        n_entries = struct.unpack_from(order + "H", content, start)[0]
    except struct.error:
        return []
    return [start + 2 + 12 * i for i in range(min(n_entries, (len(content) - start - 2) // 12))]


def _chunks(content, place, order, *, length_first):
    """Give the places of the lengths of chunks that follow each other."""
    while place + 8 <= len(content):
        at = place if length_first else place + 4
        yield at
        length = struct.unpack_from(order + "I", content, at)[0]
        place += max(8, length) if length_first else 8 + length + length % 2
