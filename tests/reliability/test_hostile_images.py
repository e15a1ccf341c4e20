"""Files that block, burst, change or are called badly: refused by name, through every door."""

import io
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from _mutations import claim_dimensions, iptc_header, progressive_jpeg_of_many_scans, sound_files
from PIL import EpsImagePlugin, Image

from skin_lesion import ImageLoader, audit_dataset, load_image_folder, load_isic_release
from skin_lesion.images._loading import store as _store

posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no such thing on Windows")


def write_classes(root, names=("1.png", "2.png")):
    for grey, folder in ((60, "melanoma"), (120, "nevus")):
        (root / folder).mkdir(parents=True)
        for number, name in enumerate(names):
            Image.new("RGB", (32, 32), (grey + number, grey, grey)).save(root / folder / name)
    return root


def assert_refused(path, reason, tmp_path):
    """Check that the loader in all its ways, and the audit, name the file and the reason."""
    start = time.process_time()
    path = str(path)
    sound = str(tmp_path / "sound.png")
    Image.new("RGB", (16, 16), "white").save(sound)
    for options in ({}, {"n_jobs": 2}, {"cache_dir": tmp_path / "cache"}):
        with pytest.raises(ValueError, match="cannot be read as an image") as raised:
            ImageLoader((8, 8), **options).transform([sound, path])
        assert str(raised.value).startswith(repr(path))
        assert reason in str(raised.value)
        with pytest.warns(UserWarning, match="1 of 2 images cannot be read and are black"):
            images = ImageLoader((8, 8), on_error="warn", **options).transform([path, sound])
        assert (images[0].max(), images[1].min()) == (0, 255)
    unreadable = audit_dataset([sound, path]).unreadable
    assert unreadable["row"].tolist() == [1]
    assert reason in unreadable["error"].item()
    assert repr(path) in unreadable["error"].item()
    assert time.process_time() - start < 5


# Too much


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("height", [9_600, 60_000])  # Pillow warns of one and refuses the other
@pytest.mark.parametrize("name", ["bmp", "gif", "jpeg", "png", "tiff_lzw"])
def test_dimensions_of_a_bomb(tmp_path, name, height):
    content = claim_dimensions(sound_files()[name], height, 60_000 if height > 9_600 else 9_600)
    path = tmp_path / f"bomb.{name}"
    path.write_bytes(content)
    assert len(content) < 60_000
    assert_refused(path, "decompression bomb", tmp_path)


def test_jpeg_of_endless_scans(tmp_path):
    path = tmp_path / "scans.jpg"
    path.write_bytes(progressive_jpeg_of_many_scans(8_000, 8_000, 100_000))
    assert_refused(path, "more scans than the limit of 100", tmp_path)
    many = progressive_jpeg_of_many_scans(8_000, 8_000, 1_000)
    second_scan = many.index(b"\xff\xda", many.index(b"\xff\xda") + 2)
    for place, inserted in (
        (2, b"\xff\xe1\0\x06\xff\xd9\0\0"),  # the end of a thumbnail is not that of the image
        # After a marker that it does not know, libjpeg may look for the next.
        (second_scan, b"\xff\x02\xff\xff\xff\0\xff\xd0\xff\xfe\0\0"),
    ):
        path.write_bytes(many[:place] + inserted + many[place:])
        assert_refused(path, "more scans than the limit of 100", tmp_path)
    path.write_bytes(progressive_jpeg_of_many_scans(80, 80, 50))
    assert np.abs(ImageLoader((8, 8)).transform([path]).astype(int) - 128).max() <= 2


def test_giant_file(tmp_path):
    path = tmp_path / "giant.png"
    with open(path, "wb") as file:
        file.truncate(2**40)
    assert_refused(path, f"{2**40} bytes, more than the limit", tmp_path)


def test_giant_entry_of_a_small_hdf5_file(tmp_path):
    container = tmp_path / "giant.hdf5"
    with h5py.File(container, "w") as file:
        file.create_dataset("image", shape=2**40, dtype=np.uint8, chunks=(2**20,))
    assert container.stat().st_size < 10_000
    assert_refused(f"{container}/image", f"{2**40} bytes, more than the limit", tmp_path)


@posix
def test_what_takes_more_memory_than_there_is_names_its_file(tmp_path):
    """The file may be sound: it must not become a black image."""
    path = tmp_path / "large.png"
    Image.new("RGB", (6_000, 6_000)).save(path, compress_level=1)
    Image.new("RGB", (8, 8), "white").save(tmp_path / "small.png")
    code = """
import resource, sys
from skin_lesion import ImageLoader
loader = ImageLoader((8, 8), on_error="warn")
loader.transform(sys.argv[2:])
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + 2**26,) * 2)
try:
    loader.transform(sys.argv[1:])
except MemoryError as error:
    print(error)
print(loader.transform(sys.argv[2:]).min())
"""
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("only Linux tells how much memory is taken")
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "small.png")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{str(path)!r} takes more memory to read than is available. ")
    assert lines[1] == "255"


# What would run a program


def test_postscript_in_a_wrapper_is_not_run(tmp_path, monkeypatch):
    postscript = io.BytesIO()
    Image.new("RGB", (64, 48)).save(postscript, "EPS")
    content = postscript.getvalue()
    path = tmp_path / "image.jpg"
    path.write_bytes(
        iptc_header(48, 64) + struct.pack(">BBBH", 0x1C, 8, 10, len(content)) + content
    )
    run = []

    def note(*args, **kwargs):
        run.append(args)
        return Image.new("RGB", (64, 48)).im

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", note)
    with Image.open(path) as image:
        image.load()
    assert run  # or the test would test nothing
    run.clear()
    assert_refused(path, "in a format that Pillow cannot decode", tmp_path)
    assert not run


# What is no file


@posix
def test_pipes_sockets_devices_and_circles_in_a_folder(tmp_path):
    root = write_classes(tmp_path / "root")
    os.mkfifo(root / "nevus" / "pipe.jpg")
    os.mkfifo(root / "metadata.csv")
    (root / "nevus" / "zero.jpg").symlink_to("/dev/zero")
    (root / "nevus" / "circle.jpg").symlink_to("circle.jpg")
    (root / "nevus" / "nowhere.jpg").symlink_to("nowhere")
    (root / "nevus" / "up").symlink_to(root)
    with socket.socket(socket.AF_UNIX) as file:
        file.bind(str(root / "melanoma" / "s.jpg"))
    with pytest.warns(UserWarning, match="Class folders hold folders: 'nevus/up'"):
        dataset = load_image_folder(root)
    names = [os.path.basename(path) for path in dataset.data[:, 0]]
    # Links may lead to a disk that is not there today: those are not left out in silence.
    assert names == ["1.png", "2.png", "1.png", "2.png", "circle.jpg", "nowhere.jpg"]
    assert dataset.left_out["not_images"] == 3
    with pytest.raises(FileNotFoundError, match=r"2 of 6 paths .*circle\.jpg"):
        ImageLoader((8, 8)).transform(dataset.data)
    errors = audit_dataset(dataset.data, dataset.target).unreadable["error"].tolist()
    assert ["circle.jpg" in error for error in errors] == [True, False]
    assert "nowhere.jpg' does not exist" in errors[1]


@posix
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_path_of_what_is_no_file(tmp_path, kind):
    path = tmp_path / "image.jpg"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(FileNotFoundError, match=r"1 of 1 paths are not existing files.*image\.jpg"):
        ImageLoader((8, 8)).transform([path])
    error = audit_dataset([path]).unreadable["error"].item()
    assert "image.jpg" in error
    assert "is a pipe, a socket or a device" in error


@posix
def test_pipes_and_circles_below_a_release(tmp_path):
    root = tmp_path / "release"
    (root / "images").mkdir(parents=True)
    for folder in (tmp_path, root / "images"):
        Image.new("RGB", (8, 8)).save(folder / "ISIC_0000001.jpg")
    (root / "HAM10000_metadata.csv").write_text(
        "lesion_id,image_id,dx,dx_type,age,sex,localization\nHAM_1,ISIC_0000001,nv,histo,1,male,back\n"
    )
    for name in ("ISIC_0000002.jpg", "table.csv", "images.hdf5", "dermamnist.npz"):
        os.mkfifo(root / name)
    (root / "circle").symlink_to("circle")
    (root / "up").symlink_to(tmp_path)  # where another image of this name lies
    dataset = load_isic_release(root)
    assert dataset.data[:, 0].tolist() == [str(root / "images" / "ISIC_0000001.jpg")]
    assert dataset.left_out == {}


# Names


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names there are tamer")
def test_names_with_line_breaks_and_without_unicode(tmp_path):
    latin = os.fsdecode(b"l\xe4sion.png")
    names = ["a\nb.png", "c\rd.png", "e\"'<b>&,;\t.png", latin, " ", "-rf.png", "%s{0}.png"]
    root = write_classes(tmp_path / os.fsdecode(b"K\xfcche\n"), [n + ".png" for n in names])
    dataset = load_image_folder(root)
    assert len(dataset.data) == 2 * len(names)
    loader = ImageLoader((8, 8), cache_dir=tmp_path / "cache")
    images = ImageLoader((8, 8)).transform(dataset.data)
    for _ in range(2):
        np.testing.assert_array_equal(loader.transform(dataset.data), images)
    assert len(np.unique(images[:, 0, 0], axis=0)) == len(images)

    audit = audit_dataset(dataset.data, dataset.target, split=["train", "test"] * len(names))
    assert len(audit.unreadable) == 0
    page = audit.to_html(tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "l\\udce4sion" in page
    assert "<b>&" not in page
    audit.to_csv(tmp_path / "tables")
    assert "l\\udce4sion" in (tmp_path / "tables" / "images.csv").read_text(encoding="utf-8")
    manifest = audit.to_manifest(tmp_path / "manifest.csv")
    assert audit.verify_manifest(manifest).tolist() == ["train", "test"] * len(names)

    Path(dataset.data[3, 0]).write_bytes(b"no image")
    with pytest.raises(ValueError, match="cannot be read as an image") as raised:
        loader.transform(dataset.data)
    assert str(raised.value).startswith(repr(str(dataset.data[3, 0])))
    str(raised.value).encode()  # can be printed


# Files that change


@pytest.mark.parametrize("cached", [False, True])
def test_file_that_changes_all_the_time(tmp_path, cached, monkeypatch):
    """Each result is of one state of the file, or an error; the last is the last, cached or not."""
    monkeypatch.setattr(_store, "_SECONDS_UNTIL_SETTLED", 0.05)
    path, new = tmp_path / "image.bmp", tmp_path / "new"
    contents = []
    for grey in (0, 100, 200):
        Image.new("L", (64, 64), grey).save(path)
        contents.append(path.read_bytes())
    stop = threading.Event()

    def change():
        while not stop.is_set():
            for content in (*contents, contents[0][:700], b""):
                # Written in place, so that a part may be read, and replaced.
                path.write_bytes(content)
                new.write_bytes(content)
                os.replace(new, path)

    loader = ImageLoader((8, 8), cache_dir=tmp_path / "cache" if cached else None)
    writer = threading.Thread(target=change)
    writer.start()
    seen, errors = set(), []
    try:
        for _ in range(300):
            try:
                image = loader.transform([path])
            except (ValueError, FileNotFoundError) as error:
                errors.append(str(error))
            else:
                seen.add(int(image[0, 0, 0, 0]))
                assert image.min() == image.max()
    finally:
        stop.set()
        writer.join()
    assert seen
    assert seen <= {0, 100, 200}
    assert all(str(path) in error for error in errors)
    path.write_bytes(contents[1])
    assert loader.transform([path]).min() == 100


@pytest.mark.parametrize("kind", ["text", "empty"])
def test_file_that_goes_after_it_was_read(tmp_path, monkeypatch, kind):
    """The reason must not be looked for in a file that is not there any more."""
    from skin_lesion.images._loading import decode as _decode

    path = tmp_path / "image.png"
    path.write_bytes(b"" if kind == "empty" else b"no image")
    open_file = _decode.open_image_file

    def open_and_remove(name):
        file = open_file(name)
        path.unlink()
        return file

    monkeypatch.setattr(_decode, "open_image_file", open_and_remove)
    with pytest.warns(
        UserWarning, match=r"image\.png' cannot be read as an image: .* (damaged|empty)"
    ):
        assert not ImageLoader((8, 8), on_error="warn").transform([path]).any()


@pytest.fixture
def open_folder():
    """A folder that others may enter, which they may not with those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@posix
@pytest.mark.parametrize("cached", [False, True])
def test_file_that_may_not_be_read(open_folder, without_privileges, cached):
    cache_dir = open_folder / "cache"
    cache_dir.mkdir()
    cache_dir.chmod(0o777)
    path = open_folder / "image.png"
    Image.new("RGB", (8, 8)).save(path)
    path.chmod(0o000)

    def read():
        try:
            ImageLoader((8, 8), cache_dir=cache_dir if cached else None).transform([path])
        except ValueError as error:
            audited = audit_dataset([path]).unreadable["error"].item()
            return f"{error}\n{audited}"
        return "was read"

    message, audited = without_privileges(read).split("\n")
    assert "image.png' cannot be read as an image: [Errno 13] Permission denied" in message
    assert "Permission denied" in audited
