import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import h5py
import numpy as np
import pytest
from joblib import Parallel, delayed
from PIL import Image, ImageFile
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skin_lesion import ConvNet, ImageLoader, SkinLesionClassifier, make_lesion_images
from skin_lesion.images._loading import cache as _cache
from skin_lesion.images._loading import store as _store

N_IMAGES = 24


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """The images of these tests are new, which the cache takes for not settled yet."""
    monkeypatch.setattr(_store, "_SECONDS_UNTIL_SETTLED", 0)


@pytest.fixture
def lesions():
    return make_lesion_images(N_IMAGES, n_classes=2, image_size=(48, 64), random_state=0)


@pytest.fixture
def paths(tmp_path, lesions):
    folder = tmp_path / "lesions"
    folder.mkdir()
    paths = [str(folder / f"{number:03}.jpg") for number in range(N_IMAGES)]
    for path, image in zip(paths, lesions.images, strict=True):
        Image.fromarray(image).save(path, quality=95)
    return np.array(paths)


@pytest.fixture
def cache_dir(tmp_path):
    return tmp_path / "not made yet" / "cache"


def make_logging_loader(log, **params):
    """Return a loader that notes what it decodes in a file, in worker processes too."""

    class LoggingLoader(ImageLoader):
        def transform(self, X):
            decode = _cache.decode_content

            def note(content, path, *args):
                with open(log, "a") as file:
                    file.write(f"{path}\n")
                return decode(content, path, *args)

            with patch.object(_cache, "decode_content", note):
                return super().transform(X)

    return LoggingLoader(**params)


# What comes out


@pytest.mark.parametrize("n_jobs", [None, 3])
@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_equals_the_pixels_without_a_cache(paths, cache_dir, decoded, resize, n_jobs):
    expected = ImageLoader((20, 32), resize=resize).transform(paths)
    loader = ImageLoader((20, 32), resize=resize, n_jobs=n_jobs, cache_dir=cache_dir)
    np.testing.assert_array_equal(loader.transform(paths), expected)
    np.testing.assert_array_equal(loader.transform(paths[::-1]), expected[::-1])
    assert sorted(decoded) == sorted(paths)


def test_some_in_the_cache_and_some_not(paths, cache_dir, decoded, capsys):
    expected = ImageLoader((16, 16)).transform(paths)
    loader = ImageLoader((16, 16), cache_dir=str(cache_dir), verbose=1)
    loader.transform(paths[::3])
    np.testing.assert_array_equal(loader.transform(paths), expected)
    assert sorted(decoded) == sorted(paths)
    assert f"{N_IMAGES}/{N_IMAGES}" in capsys.readouterr().err


def test_result_may_be_written_to(paths, cache_dir):
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    expected = loader.transform(paths)
    loader.transform(paths)[:] = 0
    np.testing.assert_array_equal(loader.transform(paths), expected)


def test_parameters_do_not_collide(paths, cache_dir):
    kinds = [((16, 16), "crop"), ((16, 16), "pad"), ((32, 8), "crop"), ((8, 32), "crop")]
    for size, resize in kinds * 2:
        images = ImageLoader(size, resize=resize, cache_dir=cache_dir).transform(paths)
        np.testing.assert_array_equal(images, ImageLoader(size, resize=resize).transform(paths))
    assert ImageLoader(cache_dir=cache_dir).cache_info().n_images == len(kinds) * N_IMAGES


def test_content_counts_and_not_the_name(paths, cache_dir, decoded, tmp_path):
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(Path(paths[0]).read_bytes())
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    images = loader.transform([paths[0], str(copy)])
    np.testing.assert_array_equal(images[0], images[1])
    os.utime(copy)
    loader.transform([str(copy)])
    assert len(decoded) == 1  # by one of two threads
    assert loader.cache_info().n_images == 1


def test_relative_paths_are_those_of_the_working_directory(paths, cache_dir, monkeypatch, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (8, 8), "red").save(other / "000.png")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "000.png")
    loader = ImageLoader((8, 8), cache_dir=cache_dir)
    for folder, colour in [(tmp_path, (0, 0, 255)), (other, (255, 0, 0))] * 2:
        monkeypatch.chdir(folder)
        assert tuple(loader.transform(["000.png"])[0, 0, 0]) == colour


@pytest.mark.parametrize("seconds", [0, 2])
def test_changed_file_is_seen(tmp_path, cache_dir, monkeypatch, seconds):
    monkeypatch.setattr(_store, "_SECONDS_UNTIL_SETTLED", seconds)
    if seconds == 2:  # as it is used, a change within one tick of the clock is seen as well
        monkeypatch.setattr(_store, "identify", lambda path, stat: (os.fsencode(path), "same"))
    path = tmp_path / "image.bmp"
    loader = ImageLoader((8, 8), cache_dir=cache_dir)
    for grey in (10, 20, 30):
        Image.new("L", (8, 8), grey).save(path)  # of the same size each time
        os.utime(path, ns=(10**18, 10**18))
        if seconds == 0:
            time.sleep(0.02)
        assert loader.transform([path])[0, 0, 0, 0] == grey


def test_entries_of_hdf5_files(tmp_path, paths, cache_dir, decoded):
    container = tmp_path / "images.hdf5"
    with h5py.File(container, "w") as file:
        for path in paths:
            file[Path(path).stem] = np.void(Path(path).read_bytes())
    entries = [f"{container}/{Path(path).stem}" for path in paths]
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    expected = ImageLoader((16, 16)).transform(entries)
    for _ in range(2):
        np.testing.assert_array_equal(loader.transform(entries), expected)
    assert sorted(decoded) == entries  # threads take turns


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names there are Unicode")
def test_file_name_that_is_no_unicode(paths, cache_dir, decoded):
    expected = ImageLoader((16, 16)).transform(paths[:1])
    path = os.fsdecode(os.fsencode(os.path.dirname(paths[0])) + b"/l\xe4sion.jpg")
    os.rename(paths[0], path)
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    for _ in range(2):
        np.testing.assert_array_equal(loader.transform([path]), expected)
    assert decoded == [path]


def test_deleted_file_is_an_error_although_its_image_is_there(paths, cache_dir):
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    loader.transform(paths)
    os.remove(paths[3])
    with pytest.raises(FileNotFoundError, match=r"1 of 24 paths .* '.*003\.jpg'"):
        loader.transform(paths)


def test_unreadable_file_is_named_and_not_stored(paths, cache_dir):
    content = Path(paths[1]).read_bytes()
    Path(paths[1]).write_bytes(content[:300])
    with pytest.raises(ValueError, match=r"001\.jpg' cannot be read as an image"):
        ImageLoader((16, 16), cache_dir=cache_dir).transform(paths)
    loader = ImageLoader((16, 16), cache_dir=cache_dir, on_error="warn")
    with pytest.warns(UserWarning, match=r"1 of 24 .*001\.jpg"):
        assert not loader.transform(paths)[1].any()
    assert loader.cache_info().n_images == N_IMAGES - 1
    Path(paths[1]).write_bytes(content)
    assert loader.transform(paths)[1].any()


@pytest.mark.parametrize("first", [True, False])
def test_truncated_file_that_pillow_was_told_to_read(paths, cache_dir, monkeypatch, first):
    content = Path(paths[1]).read_bytes()
    Path(paths[1]).write_bytes(content[: len(content) * 3 // 4])
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    for reads in (first, not first):
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", reads)
        if reads:
            assert loader.transform(paths)[1].any()
        else:
            with pytest.raises(ValueError, match=r"001\.jpg' cannot be read as an image"):
                loader.transform(paths)


# Once, whoever asks


def test_threads_decode_an_image_once(paths, cache_dir, decoded):
    ImageLoader((16, 16), cache_dir=cache_dir, n_jobs=4).transform(np.repeat(paths[:3], 32))
    assert sorted(decoded) == sorted(paths[:3])


def test_processes_that_fill_at_once_decode_an_image_once(paths, cache_dir, tmp_path):
    log = tmp_path / "decoded.txt"
    loader = make_logging_loader(log, image_size=(16, 16), cache_dir=cache_dir)
    orders = [np.random.default_rng(seed).permutation(N_IMAGES) for seed in (0, 0, 1, 2)]
    stacks = Parallel(n_jobs=2)(delayed(loader.transform)(paths[order]) for order in orders)
    expected = ImageLoader((16, 16)).transform(paths)
    for order, images in zip(orders, stacks, strict=True):
        np.testing.assert_array_equal(images, expected[order])
    assert sorted(log.read_text().split("\n")[:-1]) == sorted(paths)


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_grid_search_decodes_each_file_once(paths, lesions, cache_dir, tmp_path, n_jobs):
    log = tmp_path / "decoded.txt"
    loader = make_logging_loader(log, image_size=(16, 16), cache_dir=cache_dir)
    search = GridSearchCV(
        Pipeline([("load", loader), ("dummy", DummyClassifier())]),
        {"dummy__strategy": ["prior"]},
        cv=2,
        n_jobs=n_jobs,
        error_score="raise",
    )
    search.fit(paths.reshape(-1, 1), lesions.target)
    assert sorted(log.read_text().split("\n")[:-1]) == sorted(paths)


def test_grid_search_of_a_streaming_classifier_decodes_each_file_once(
    paths, lesions, cache_dir, decoded
):
    cnn = SkinLesionClassifier(
        ConvNet(filters=(4,)),
        loader=ImageLoader((16, 16), cache_dir=cache_dir),
        epochs=2,
        batch_size=4,
        early_stopping=False,
        random_state=0,
    )
    search = GridSearchCV(cnn, {"learning_rate": [0.01]}, cv=2, error_score="raise")
    search.fit(paths.reshape(-1, 1), lesions.target)
    assert sorted(decoded) == sorted(paths)


def test_clone_and_pickle_share_the_cache(paths, cache_dir, decoded):
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    expected = loader.transform(paths)
    for copy in (clone(loader), pickle.loads(pickle.dumps(loader))):
        np.testing.assert_array_equal(copy.transform(paths), expected)
    assert len(decoded) == N_IMAGES


# What may go wrong

FILL = """
import signal, sys
from skin_lesion import ImageLoader
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
ImageLoader((224, 224), cache_dir=sys.argv[1], n_jobs=2).transform(sys.argv[2:])
"""


def start_to_fill(cache_dir, paths):
    process = subprocess.Popen(
        [sys.executable, "-c", FILL, cache_dir, *paths], stderr=subprocess.PIPE, text=True
    )
    file = cache_dir / _store._FOLDER / (_store._FILE + "-wal")
    while not (file.exists() and file.stat().st_size > 10**6) and process.poll() is None:
        time.sleep(0.002)
    return process


@pytest.fixture
def many_paths(tmp_path):
    """Contents that all differ, so that they take a while."""
    paths = [str(tmp_path / f"{number:03}.png") for number in range(150)]
    for number, path in enumerate(paths):
        Image.linear_gradient("L").resize((300, 300)).rotate(number).convert("RGB").save(path)
    return paths


@pytest.mark.parametrize(
    "ending",
    [
        "kill",
        pytest.param(
            "interrupt",
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(sys.platform == "win32", reason="signals differ there"),
            ],
        ),
    ],
)
def test_filler_that_is_ended_leaves_a_sound_cache(many_paths, cache_dir, ending):
    expected = ImageLoader((224, 224)).transform(many_paths)
    for _ in range(2):
        process = start_to_fill(cache_dir, many_paths)
        process.kill() if ending == "kill" else process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode != 0  # it was not done
    loader = ImageLoader((224, 224), cache_dir=cache_dir)
    info = loader.cache_info()
    assert 0 < info.n_images < len(many_paths)
    with sqlite3.connect(Path(info.path) / _store._FILE) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    for _ in range(2):
        np.testing.assert_array_equal(loader.transform(many_paths), expected)
    assert loader.cache_info().n_images == len(many_paths)


@pytest.mark.slow
def test_one_of_two_fillers_is_killed(many_paths, cache_dir):
    expected = ImageLoader((224, 224)).transform(many_paths)
    killed = start_to_fill(cache_dir, many_paths)
    other = subprocess.Popen([sys.executable, "-c", FILL, cache_dir, *many_paths])
    killed.kill()
    killed.communicate(timeout=60)
    assert other.wait(timeout=120) == 0
    loader = ImageLoader((224, 224), cache_dir=cache_dir)
    assert loader.cache_info().n_images == len(many_paths)
    np.testing.assert_array_equal(loader.transform(many_paths), expected)


def test_another_process_that_ends_leaves_this_one_its_log(paths, cache_dir):
    """It would delete the log of a process that had lost its locks on the file."""
    expected = ImageLoader((24, 24)).transform(paths)
    loader = ImageLoader((24, 24), cache_dir=cache_dir)
    for first in range(3):  # the second call found the cache there
        loader.transform(paths[first : first + 1])
    subprocess.run([sys.executable, "-c", FILL, cache_dir, *paths[:8]], check=True)
    log = cache_dir / _store._FOLDER / (_store._FILE + "-wal")
    assert log.exists()
    loader.transform(paths[3:])
    subprocess.run([sys.executable, "-c", FILL, cache_dir, *paths[:8]], check=True)
    assert loader.cache_info().n_images == N_IMAGES + 8  # which are also there at 224 pixels
    np.testing.assert_array_equal(loader.transform(paths), expected)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_full_disk_is_a_warning(paths, cache_dir, monkeypatch, n_jobs):
    connect = _store.ByteStore._connect

    def connect_to_a_small_disk(self):
        connection = connect(self)
        connection.execute("PRAGMA max_page_count = 8")  # beyond it SQLite reports a full disk
        return connection

    monkeypatch.setattr(_store.ByteStore, "_connect", connect_to_a_small_disk)
    expected = ImageLoader((200, 200)).transform(paths)
    loader = ImageLoader((200, 200), cache_dir=cache_dir, n_jobs=n_jobs)
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"database or disk is full.* Free space") as caught:
            images = loader.transform(paths)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(images, expected)
    assert loader.cache_info().n_images < N_IMAGES


@pytest.mark.parametrize(
    ("total", "enough", "problem"),
    [(10**12, 2 * 10**9, "less than 2000 MB"), (10**9, 10**8, "less than 100 MB")],
)
def test_room_on_the_disk_is_left_to_others(
    paths, cache_dir, monkeypatch, decoded, total, enough, problem
):
    disk = SimpleNamespace(total=total, free=enough - 1)
    monkeypatch.setattr(_store.shutil, "disk_usage", lambda _: disk)
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    with pytest.warns(UserWarning, match=f"fails: {problem} of its disk is free") as caught:
        images = loader.transform(paths)
    assert len(caught) == 1
    assert loader.cache_info().n_images == 0
    disk.free = enough
    np.testing.assert_array_equal(loader.transform(paths), images)
    disk.free = 0  # what is stored can still be read
    decoded.clear()
    np.testing.assert_array_equal(loader.transform(paths), images)
    assert decoded == []


def test_cache_that_another_program_locks_is_a_warning(paths, cache_dir, monkeypatch):
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    images = loader.transform(paths[:2])
    _store.close_idle_connections()
    monkeypatch.setattr(_store, "_SECONDS_TO_WAIT", 0)
    other = sqlite3.connect(cache_dir / _store._FOLDER / _store._FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.warns(UserWarning, match=r"fails: database is locked.*end the program that locks"):
        np.testing.assert_array_equal(loader.transform(paths)[:2], images)
    other.close()


def test_disk_that_is_full_from_the_start_is_a_warning(paths, cache_dir, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    expected = ImageLoader((16, 16)).transform(paths)
    with monkeypatch.context() as full:
        full.setattr(os, "makedirs", refuse)
        loader = ImageLoader((16, 16), cache_dir=cache_dir)
        with pytest.warns(UserWarning, match="fails: "):
            np.testing.assert_array_equal(loader.transform(paths), expected)
    loader.transform(paths)
    assert loader.cache_info().n_images == N_IMAGES


def test_folder_that_cannot_be_made(paths):
    message = r"cache_dir='.*000\.jpg' cannot be used: .*Expected a folder .* pass cache_dir=None"
    with pytest.raises(OSError, match=message):
        ImageLoader(cache_dir=paths[0]).transform(paths)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_folder_that_cannot_be_written(paths, cache_dir):
    cache_dir.mkdir(parents=True)
    cache_dir.chmod(0o500)
    with pytest.raises(OSError, match=r"Permission denied.*Choose another folder"):
        ImageLoader(cache_dir=cache_dir).transform(paths)


def test_file_that_is_no_cache(paths, cache_dir):
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    folder = cache_dir / _store._FOLDER
    folder.mkdir(parents=True)
    (folder / _store._FILE).write_bytes(b"something else" * 1000)
    with pytest.raises(OSError, match=r"file is not a database.* delete '"):
        loader.transform(paths)


def damage_pages(file, pixels):
    content = bytearray(file.read_bytes())
    content[_store._PAGE_SIZE :] = b"\xff" * len(content[_store._PAGE_SIZE :])
    file.write_bytes(content)


def damage_pixels(file, pixels):
    content = file.read_bytes()
    assert pixels in content
    file.write_bytes(content.replace(pixels, pixels[:-100] + bytes(100)))


def swap_images(file, pixels):
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT id, pixels, checksum FROM images").fetchall()
        for (number, _, _), (_, *other) in zip(rows, [*rows[1:], rows[0]], strict=True):
            connection.execute(
                "UPDATE images SET pixels = ?, checksum = ? WHERE id = ?", (*other, number)
            )
    connection.close()


def drop_a_table(file, pixels):
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE images")
    connection.close()


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (damage_pages, "malformed"),
        (damage_pixels, "the stored bytes are damaged"),
        (swap_images, "the stored bytes are damaged"),
        (drop_a_table, "no such table"),
    ],
)
def test_damage_is_an_error(paths, cache_dir, damage, problem, n_jobs):
    loader = ImageLoader((96, 96), cache_dir=cache_dir, n_jobs=n_jobs)
    images = loader.transform(paths)
    _store.close_idle_connections()
    damage(cache_dir / _store._FOLDER / _store._FILE, images[3].tobytes())
    with pytest.raises(OSError, match=rf"cannot be used: .*{problem}.* damaged cache.* delete '"):
        loader.transform(paths)


def test_folder_that_is_deleted_meanwhile_is_a_warning(paths, cache_dir, monkeypatch):
    decode = _cache.decode_content

    def delete_and_decode(*args):
        shutil.rmtree(cache_dir, ignore_errors=True)
        return decode(*args)

    expected = ImageLoader((16, 16)).transform(paths)
    loader = ImageLoader((16, 16), cache_dir=cache_dir, n_jobs=1)
    monkeypatch.setattr(_cache, "decode_content", delete_and_decode)
    with pytest.warns(UserWarning, match="fails: "):
        np.testing.assert_array_equal(loader.transform(paths), expected)


def test_folder_that_was_deleted_is_made_anew(paths, cache_dir):
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    expected = loader.transform(paths)
    for file in (cache_dir / _store._FOLDER).iterdir():
        file.unlink()
    np.testing.assert_array_equal(loader.transform(paths), expected)
    assert loader.cache_info().n_images == N_IMAGES


@pytest.mark.parametrize("library", ["PIL", "cv2"])
def test_cache_of_another_version_is_not_used(paths, cache_dir, decoded, monkeypatch, library):
    loader = ImageLoader((16, 16), cache_dir=cache_dir)
    expected = loader.transform(paths)
    with monkeypatch.context() as other:
        other.setattr(f"{library}.__version__", "1.0")
        loader.transform(paths)
    assert len(decoded) == 2 * N_IMAGES
    with monkeypatch.context() as other:
        other.setattr(_store, "_FOLDER", "skin_lesion_images_0")
        loader.transform(paths)
    assert len(decoded) == 3 * N_IMAGES
    np.testing.assert_array_equal(loader.transform(paths), expected)
    assert len(decoded) == 3 * N_IMAGES


# Size and clearing


def test_info_and_clear(paths, cache_dir):
    loader = ImageLoader((96, 96), cache_dir=cache_dir)
    assert loader.cache_info().n_images == 0
    keep = cache_dir / "of another program.txt"
    keep.write_text("keep")
    expected = loader.transform(paths)
    info = loader.cache_info()
    assert info.n_images == N_IMAGES
    assert info.n_bytes >= expected.nbytes
    assert cache_dir in Path(info.path).parents

    loader.clear_cache()
    cleared = loader.cache_info()
    assert (cleared.path, cleared.n_images) == (info.path, 0)
    assert cleared.n_bytes < expected.nbytes
    assert keep.exists()
    np.testing.assert_array_equal(loader.transform(paths), expected)
    assert loader.cache_info().n_images == N_IMAGES


@pytest.mark.parametrize("method", ["cache_info", "clear_cache"])
def test_loader_without_a_cache(method):
    with pytest.raises(
        ValueError, match=r"cache_dir is None.*Pass ImageLoader\(cache_dir=\.\.\.\)"
    ):
        getattr(ImageLoader(), method)()
