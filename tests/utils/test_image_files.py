import io
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import h5py
import numpy as np
import pytest
from PIL import Image

from skin_lesion import ImageLoader, assert_no_leak
from skin_lesion._utils import content_ids as _content_ids
from skin_lesion._utils import image_files as _image_files
from skin_lesion._utils.content_ids import content_ids_of_files
from skin_lesion._utils.image_files import (
    image_file_exists,
    image_file_size,
    list_image_entries,
    open_image_file,
)


def encode(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def identify(path):
    return content_ids_of_files(np.array([path]))


RED, BLUE = encode((255, 0, 0)), encode((0, 0, 255))


@pytest.fixture
def container(tmp_path):
    path = tmp_path / "train-image.hdf5"
    with h5py.File(path, "w") as file:
        file.create_dataset("red", data=np.void(RED))
        file.create_dataset("blue", data=np.void(BLUE))
        file.create_dataset("bytes", data=np.frombuffer(RED, np.uint8))
        # This is how ISIC 2024 has them.
        file.create_dataset("fixed", data=np.array(RED, dtype=f"S{len(RED)}"))
        file.create_dataset("padded", data=np.array(RED, dtype=f"S{len(RED) + 1000}"))
        variable = file.create_dataset("variable", shape=(), dtype=h5py.vlen_dtype(np.uint8))
        variable[()] = np.frombuffer(RED, np.uint8)
        file.create_dataset("string", data=RED.replace(b"\0", b"\1"))
        file.create_dataset("broken", data=np.void(RED[:30]))
        file.create_dataset("empty", data=h5py.Empty("f"))
        file.create_dataset("number", data=5.0)
        file.create_group("folder").create_dataset("red", data=np.void(RED))
        file["gone"] = h5py.SoftLink("/nowhere")
    return str(path)


def test_entries_are_read_like_files(container, tmp_path):
    path = tmp_path / "red.png"
    path.write_bytes(RED)
    entries = [f"{container}/{name}" for name in ("red", "fixed", "padded", "variable")]
    for name in (path, str(path), *entries):
        with open_image_file(name) as file:
            assert file.read() == RED
        assert image_file_exists(name)
        assert image_file_size(name) == (None if name in entries else len(RED))


def test_backslash_leads_into_the_file_as_well(container):
    with open_image_file(f"{container}\\folder\\red") as file:
        assert file.read() == RED


@pytest.mark.parametrize("name", ["missing", "red/deeper"])
def test_missing_entry(container, name):
    path = f"{container}/{name}"
    assert not image_file_exists(path)
    for read in (open_image_file, identify):
        with pytest.raises(FileNotFoundError, match=f"has no entry '{name}'"):
            read(path)


def test_missing_files(tmp_path):
    for name in ("a.png", "a.hdf5", "a.hdf5/red"):
        assert not image_file_exists(tmp_path / name)
        with pytest.raises(FileNotFoundError):
            open_image_file(tmp_path / name)


def test_folder_that_is_called_like_an_hdf5_file(tmp_path):
    folder = tmp_path / "images.h5"
    folder.mkdir()
    (folder / "red.png").write_bytes(RED)
    with open_image_file(folder / "red.png") as file:
        assert file.read() == RED


def test_file_in_a_folder_of_its_own_name(tmp_path, container):
    """This is how some programs unpack train-image.hdf5 of ISIC 2024."""
    folder = tmp_path / "unpacked" / "train-image.hdf5"
    folder.mkdir(parents=True)
    path = f"{shutil.copy(container, folder)}/folder/red"
    assert image_file_exists(path)
    images = ImageLoader((4, 4)).transform([path])
    assert images[0, 0, 0].tolist() == [255, 0, 0]


def test_file_that_is_no_hdf5(tmp_path):
    path = tmp_path / "cut.hdf5"
    path.write_bytes(b"not HDF5")
    for read in (open_image_file, image_file_exists, identify):
        with pytest.raises(OSError, match=r"cut.hdf5' cannot be read as an HDF5 file.*Download it"):
            read(f"{path}/red")
    with pytest.raises(OSError, match="cannot be read as an HDF5 file"):
        list_image_entries(str(path))


WRITE = "import h5py, sys; file = h5py.File(sys.argv[1], 'a'); print('open', flush=True); input()"


@pytest.mark.skipif(sys.platform == "win32", reason="the message of the system differs there")
def test_file_that_another_program_writes(container, monkeypatch):
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING", raising=False)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, container], stdin=pipe, stdout=pipe
    ) as other:
        assert other.stdout.readline().startswith(b"open")
        with pytest.raises(
            OSError, match=r"Another program has it open.*\. Close it there\."
        ) as error:
            open_image_file(f"{container}/red")
        assert "Download" not in str(error.value)
        other.communicate(b"\n", timeout=60)
    with open_image_file(f"{container}/red") as file:
        assert file.read() == RED


def test_hdf5_that_is_damaged_within(container):
    """The library says what is wrong, and not with which file."""
    with open(container, "rb") as file:
        content = file.read()
    damaged = container.replace(".hdf5", "_damaged.hdf5")
    with open(damaged, "wb") as file:
        file.write(content.replace(b"HEAP", b"PAEH"))
    for read in (image_file_exists, list_image_entries):
        with pytest.raises(OSError, match=r"damaged.hdf5' cannot be read as an HDF5 file: .*heap"):
            read(damaged if read is list_image_entries else f"{damaged}/red")


def test_entries_are_listed(container):
    assert list_image_entries(container) == sorted(
        [
            *("red", "blue", "bytes", "fixed", "padded", "variable", "string"),
            *("broken", "empty", "number", "folder", "gone"),
        ]
    )


def write_entries(path, **entries):
    with h5py.File(path, "w") as file:
        for name, content in entries.items():
            file[name] = np.void(content)
    return str(path)


def read_entries(path):
    return [open_image_file(f"{path}/{name}").read() for name in ("first", "second")]


@pytest.mark.parametrize("keeps_time", [False, True])
@pytest.mark.parametrize("change", [os.replace, shutil.copyfile])
def test_changed_file_is_read_anew(tmp_path, change, keeps_time):
    path = write_entries(tmp_path / "images.h5", first=RED, second=BLUE)
    other = write_entries(tmp_path / "other.h5", second=RED, first=BLUE)
    os.link(path, tmp_path / "link.h5")
    assert read_entries(path) == read_entries(tmp_path / "link.h5") == [RED, BLUE]
    modified = os.stat(path).st_mtime_ns
    time.sleep(0.02)  # more than a tick of the clock of the file system
    change(other, path)
    if keeps_time:
        os.utime(path, ns=(modified, modified))
    assert read_entries(path) == [BLUE, RED]
    in_link = [RED, BLUE] if change is os.replace else [BLUE, RED]
    assert read_entries(tmp_path / "link.h5") == in_link


def test_relative_path_is_that_of_the_working_directory(tmp_path, monkeypatch):
    for name, contents in {"a": (RED, BLUE), "b": (BLUE, RED)}.items():
        (tmp_path / name).mkdir()
        write_entries(tmp_path / name / "im.h5", first=contents[0], second=contents[1])
        os.utime(tmp_path / name / "im.h5", ns=(1, 1))
        monkeypatch.chdir(tmp_path / name)
        assert tuple(read_entries("im.h5")) == contents


def test_file_that_changes_while_threads_read_it(container):
    stop = threading.Event()

    def read():
        while not stop.is_set():
            assert open_image_file(f"{container}/red").read() == RED

    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read) for _ in range(4)]
        for step in range(100):
            os.utime(container, ns=(step, step))
            time.sleep(0.001)
        stop.set()
    for done in reads:
        done.result()


def test_only_some_files_stay_open(tmp_path):
    for number in range(12):
        path = write_entries(tmp_path / f"{number}.h5", first=RED, second=BLUE)
        assert read_entries(path) == [RED, BLUE]
    assert len(_image_files._open_files) <= 8


# What takes paths takes entries


def test_loader(container):
    paths = [f"{container}/{name}" for name in ("red", "blue", "bytes")]
    images = ImageLoader((4, 4)).transform(paths)
    assert images[:, 0, 0].tolist() == [[255, 0, 0], [0, 0, 255], [255, 0, 0]]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken", "image"),
        ("string", "Truncated"),
        ("gone", "has no entry 'gone'"),
        ("empty", "the file is empty"),
        ("number", "damaged"),
        ("folder", "is a group. Expected the bytes of an image file"),
    ],
)
def test_loader_names_a_broken_entry(container, name, reason):
    paths = [f"{container}/{entry}" for entry in ("red", name, "blue")]
    with pytest.raises(ValueError, match=f"hdf5/{name}' cannot be read as an image: .*{reason}"):
        ImageLoader((4, 4)).transform(paths)
    with pytest.warns(UserWarning, match=f"1 of 3 images cannot be read and are black.*{name}"):
        images = ImageLoader((4, 4), on_error="warn").transform(paths)
    assert images[:, 0, 0].tolist() == [[255, 0, 0], [0, 0, 0], [0, 0, 255]]


def test_loader_counts_missing_entries(container):
    with pytest.raises(FileNotFoundError, match=r"1 of 2 paths are not existing files.*/no'"):
        ImageLoader((4, 4)).transform([f"{container}/red", f"{container}/no"])


def test_copies_are_recognised(container):
    paths = np.array([f"{container}/{name}" for name in ("red", "blue", "folder/red", "fixed")])
    ids = content_ids_of_files(paths)
    assert ids[0] == ids[2] == ids[3] != ids[1]


@pytest.mark.parametrize("name", ["red", "fixed", "padded", "variable"])
def test_a_copy_of_an_entry_is_a_leak(container, tmp_path, name):
    (tmp_path / "red.png").write_bytes(RED)
    (tmp_path / "blue.png").write_bytes(BLUE + b"other")
    test = [tmp_path / "blue.png", tmp_path / "red.png"]
    with pytest.raises(ValueError, match=r"1 of 2 test rows are exact copies .* row 1 is training"):
        assert_no_leak([f"{container}/blue", f"{container}/{name}"], test)
    assert_no_leak([f"{container}/blue"], test)


def test_files_of_another_size_than_entries_are_not_read(container, tmp_path, monkeypatch):
    paths = [f"{container}/red", f"{container}/padded", tmp_path / "blue.png", tmp_path / "red.png"]
    paths[2].write_bytes(BLUE + b"other")
    paths[3].write_bytes(RED)
    opened = []

    def note(path):
        opened.append(path)
        return open_image_file(path)

    monkeypatch.setattr(_content_ids, "open_image_file", note)
    ids = content_ids_of_files(np.array(list(map(str, paths))))
    assert ids[0] == ids[1] == ids[3] != ids[2]
    assert sorted(opened) == sorted(map(str, [*paths[:2], paths[3], paths[3]]))


@pytest.mark.parametrize("name", ["red", "padded", "variable"])
def test_an_entry_that_is_too_large_for_an_image(container, monkeypatch, name):
    monkeypatch.setattr(_image_files, "_MAX_BYTES", len(RED) - 1)
    with pytest.raises(ValueError, match="more than the limit of"):
        ImageLoader((4, 4)).transform([f"{container}/{name}"])


def read_sum(path):
    return int(ImageLoader((4, 4)).transform([path]).sum())


def test_threads(container):
    paths = [f"{container}/{name}" for name in ("red", "blue") * 50]
    expected = ImageLoader((4, 4)).transform(paths)
    np.testing.assert_array_equal(ImageLoader((4, 4), n_jobs=4).transform(paths), expected)
    sums = expected.sum(axis=(1, 2, 3)).tolist()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read_sum, paths)) == sums


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forked processes are a matter of POSIX")
def test_forked_process_opens_the_file_itself(container):
    import multiprocessing

    path = f"{container}/red"
    expected = read_sum(path)  # the file is open here when the process forks
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(read_sum, path).result(timeout=60) == expected
    assert read_sum(path) == expected
