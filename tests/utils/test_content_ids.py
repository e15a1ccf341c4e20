import io
import os
import shutil
import threading
from collections import Counter

import numpy as np
import pytest

from skin_lesion import train_test_split_by_group
from skin_lesion._utils import content_ids
from skin_lesion._utils.content_ids import content_ids_of_files, content_ids_of_images


def assert_same_partition(ids, expected):
    """Whatever the numbers are: rows have equal ones where `expected` has."""
    ids, expected = np.asarray(ids), np.asarray(expected)
    np.testing.assert_array_equal(ids[:, np.newaxis] == ids, expected[:, np.newaxis] == expected)


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return str(path)

    return write


# Files


def test_copies_under_other_names_and_in_other_folders(write):
    paths = np.array(
        [
            write("a.png", b"lesion one"),
            write("b.png", b"lesion two!"),
            write("c.jpg", b"lesion one"),
            write("nevus/a.png", b"lesion one"),
            write("nevus/b.png", b"another lesion"),
        ]
    )
    ids = content_ids_of_files(paths)
    assert ids.shape == (5,)
    assert ids.dtype.kind == "i"
    assert_same_partition(ids, [0, 1, 0, 0, 2])


def test_files_of_one_size_with_other_content_are_no_copies(write):
    paths = np.array([write("a", b"abcd"), write("b", b"abce"), write("c", b"abcd")])
    assert_same_partition(content_ids_of_files(paths), [0, 1, 0])


def test_large_files_that_differ_in_their_last_byte(write):
    paths = np.array([write("a", b"x" * 300_000 + b"0"), write("b", b"x" * 300_000 + b"1")])
    assert_same_partition(content_ids_of_files(paths), [0, 1])


@pytest.mark.parametrize("place", [0, 150_000, 299_999 - 4096, 300_000 - 4096])
def test_large_files_that_differ_in_one_byte(write, place):
    content = np.random.default_rng(0).bytes(300_000)
    other = bytearray(content)
    other[place] ^= 1
    paths = np.array([write("a", content), write("b", bytes(other)), write("c", content)])
    assert_same_partition(content_ids_of_files(paths), [0, 1, 0])


@pytest.mark.parametrize("n_bytes", [1, 4095, 4096, 4097, 10_000])
def test_end_of_a_file_is_not_its_content(write, n_bytes):
    """A file may be the end of another one."""
    content = np.random.default_rng(0).bytes(n_bytes)
    paths = [write("a", content), write("b", b"more" + content), write("c", content)]
    assert_same_partition(content_ids_of_files(np.array(paths)), [0, 1, 0])


@pytest.fixture
def n_bytes_read(monkeypatch):
    """The number of bytes that were read from each file, by its name."""
    read = Counter()

    class CountingFile(io.FileIO):
        def readinto(self, buffer):
            n_bytes = super().readinto(buffer)
            read[os.path.basename(self.name)] += n_bytes
            return n_bytes

    monkeypatch.setattr(
        content_ids, "open_image_file", lambda path: io.BufferedReader(CountingFile(path))
    )
    return read


def test_photographs_of_one_size_are_not_read_whole(write, n_bytes_read):
    rng = np.random.default_rng(0)
    photographs = [b"the same metadata" * 100 + rng.bytes(300_000) for _ in range(40)]
    paths = [write(f"{number}.jpg", content) for number, content in enumerate(photographs)]
    paths += [write("copy.jpg", photographs[7]), write("other size.jpg", bytes(299_999))]
    ids = content_ids_of_files(np.array(paths))
    assert_same_partition(ids, [*range(40), 7, 41])
    n_bytes = len(photographs[0])
    for name in ("7.jpg", "copy.jpg"):
        assert n_bytes_read.pop(name) == n_bytes + 4096
    assert "other size.jpg" not in n_bytes_read
    assert set(n_bytes_read.values()) == {4096}


def test_empty_files_are_copies_of_each_other(write):
    paths = np.array([write("a", b""), write("b", b""), write("c", b"0")])
    assert_same_partition(content_ids_of_files(paths), [0, 0, 1])


def test_a_path_listed_twice(write):
    alone, other = write("alone", b"a size of its own"), write("other", b"other")
    assert_same_partition(content_ids_of_files(np.array([alone, other, alone])), [0, 1, 0])


def test_one_file_under_two_spellings(write, tmp_path):
    path = write("a.png", b"lesion")
    spelled = os.path.join(str(tmp_path), ".", "a.png")
    assert_same_partition(content_ids_of_files(np.array([path, spelled])), [0, 0])


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_is_a_copy(write, tmp_path, link):
    path, other = write("a.png", b"lesion"), write("b.png", b"noisel")
    try:
        link(path, tmp_path / "link.png")
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")
    paths = np.array([path, other, str(tmp_path / "link.png")])
    assert_same_partition(content_ids_of_files(paths), [0, 1, 0])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.png"):
        content_ids_of_files(np.array([str(tmp_path / "missing.png")]))


# Images


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(8, 8, 3), (12,)])
def test_images_of_equal_pixels(dtype, shape):
    images = np.random.default_rng(0).integers(0, 256, (4, *shape)).astype(dtype)
    images[2] = images[0]
    images[3] = images[0]
    images.reshape(4, -1)[3, -1] = 255 - images.reshape(4, -1)[3, -1]
    ids = content_ids_of_images(images)
    assert ids.dtype.kind == "i"
    assert_same_partition(ids, [0, 1, 0, 2])


def test_memory_order_does_not_matter():
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 7, 3), dtype=np.uint8)
    images[4] = images[1]
    expected = content_ids_of_images(images)
    np.testing.assert_array_equal(content_ids_of_images(np.asfortranarray(images)), expected)
    np.testing.assert_array_equal(content_ids_of_images(images.repeat(2, axis=1)[:, ::2]), expected)


def test_many_are_compared_in_blocks_and_threads(write, monkeypatch):
    threads = []

    def watch(name):
        hash_item = getattr(content_ids, name)

        def note(item):
            threads.append(threading.current_thread().name)
            return hash_item(item)

        monkeypatch.setattr(content_ids, name, note)

    for name in ("hash_image", "_measure", "_hash_end", "_hash_file"):
        watch(name)
    monkeypatch.setattr("skin_lesion._utils.read_ahead.cpu_count", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    numbers = np.random.default_rng(0).integers(0, 30, 70)
    images = np.random.default_rng(1).integers(0, 256, (30, 150, 150, 3), dtype=np.uint8)[numbers]
    assert_same_partition(content_ids_of_images(images), numbers)
    paths = np.array([write(f"{i:02}.png", image.tobytes()) for i, image in enumerate(images)])
    assert_same_partition(content_ids_of_files(paths), numbers)
    n_copies = int((np.bincount(numbers)[numbers] > 1).sum())
    assert len(threads) == 3 * 70 + n_copies
    assert threading.current_thread().name not in threads


def test_no_copy_is_on_the_other_side_of_a_split(write, tmp_path):
    paths = [write(f"{i:02}.png", bytes([i]) * 10) for i in range(30)]
    for i in range(0, 30, 3):
        paths.append(shutil.copy(paths[i], tmp_path / f"copy of {i:02}.png"))
    paths = np.array(paths + paths[:5])
    content = content_ids_of_files(paths)
    for seed in range(10):
        train, test = train_test_split_by_group(content, groups=content, random_state=seed)
        assert not set(train) & set(test)


def test_one_colour_in_two_shapes_is_no_copy():
    images = [np.zeros(shape, np.uint8) for shape in [(4, 16, 3), (8, 8, 3), (4, 16, 3)]]
    assert_same_partition(content_ids_of_images(images), [0, 1, 0])
