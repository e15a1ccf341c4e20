"""A little of what ``make fuzz`` and ``make soak`` do in full, and that they find what is there."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soak
from _mutations import mutated_file, sound_files, with_right_checksums
from _watch import Find, watch
from fuzz_loader import SIZE, read
from PIL import Image

from skin_lesion import ImageLoader
from skin_lesion._utils.image_files import readable_formats
from skin_lesion.images._loading import store as _store

FOLDER = Path(__file__).parent

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")


def run(script, *arguments):
    command = [sys.executable, FOLDER / script, *map(str, arguments)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


@pytest.mark.slow  # test_any_input draws a hundred
def test_two_hundred_damaged_files():
    figures = run("fuzz_loader.py", "--files", 200, "--seed", 7)
    assert figures.startswith("200 files made of ")
    assert " 0 finds" in figures


@pytest.mark.slow
def test_eighty_damaged_hdf5_files():
    figures = run("fuzz_loader.py", "--hdf5", "--files", 80, "--seed", 7)
    assert figures.startswith("80 files made of 2 kinds")
    assert " 0 finds" in figures
    assert "refused" in figures
    assert "decoded" in figures


@posix
@pytest.mark.slow
def test_a_few_kills():
    figures = run("soak.py", "--cache-kills", 4, "--checkpoint-kills", 2, "--fits", 0)
    assert "cache: 4 kills, 0 corrupt reads, 0 temporary files" in figures
    assert "checkpoint: 2 kills, 0 corrupt reads, 0 temporary files" in figures


# What makes the files


def test_sound_files_are_of_all_formats_that_are_written():
    Image.init()
    expected = {name.lower() for name in readable_formats() if name in Image.SAVE}
    assert expected <= set(sound_files())


@pytest.mark.filterwarnings("ignore")
def test_mutations_are_reproducible_and_reach_the_decoders():
    files = [mutated_file(3, number) for number in range(len(sound_files()) * 3)]
    assert files == [mutated_file(3, number) for number in range(len(files))]
    changed = [content != sound_files()[name] for name, content in files]
    assert np.mean(changed) > 0.9
    png = sound_files()["png"]
    assert with_right_checksums(png[:-1] + b"\0") == png
    jpeg_names = {name for name, _ in files if name.startswith("jpeg")}
    assert len(jpeg_names) > 4


# What looks at them

CHILD = """
import os, sys, time
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    print(number, flush=True)
    if number == 2:
        os.abort()
    if number == 4:
        time.sleep(60)
    if number == 5 and not os.path.exists("slow once"):
        open("slow once", "w").close()
        time.sleep(60)
    print("find: odd" if number == 6 else "decoded", flush=True)
"""


@posix
def test_crashes_hangs_and_finds_are_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcomes, finds = watch([sys.executable, "-c", CHILD], range(9), seconds_each=0.5)
    assert finds == [Find(2, "crash (exit status -6)"), Find(4, "hang"), Find(6, "odd")]
    assert outcomes == {"decoded": 6, "crash (exit status -6)": 1, "hang": 1, "find": 1}


def test_wrong_pixels_and_foreign_errors_are_finds(tmp_path):
    path = str(tmp_path / "image.png")
    Image.new("L", (8, 8)).save(path)

    class Odd(ImageLoader):
        def transform(self, X):
            if self.resize == "pad":
                raise KeyError("surprise")
            return super().transform(X).astype(self.resize)

    assert read(ImageLoader(SIZE), path) == "decoded"
    assert read(ImageLoader((8, 9)), path).startswith("find: pixels of shape (1, 8, 9, 3)")
    assert read(Odd(SIZE, resize="pad"), path) == "find: KeyError: 'surprise'"
    (tmp_path / "image.png").write_bytes(b"no image")
    assert read(ImageLoader(SIZE), path) == "refused"


def test_cache_and_checkpoint_that_are_wrong_are_seen(tmp_path):
    paths = [str(tmp_path / f"{number}.png") for number in range(3)]
    for number, path in enumerate(paths):
        Image.new("L", (8, 8), number).save(path)
    loader = ImageLoader((8, 8), cache_dir=tmp_path / "cache")
    expected = loader.transform(paths)
    assert soak.reads_right(loader, paths, expected)
    file = Path(loader.cache_info().path) / _store._FILE
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE images SET pixels = zeroblob(length(pixels))")
    connection.close()
    assert not soak.reads_right(loader, paths, expected)

    folder = tmp_path / "checkpoint"
    folder.mkdir()
    assert soak.epochs_saved(folder) == 0
    np.savez(folder / "fit_1.npz", about='{"state": {"n_done": 7}}', weights=np.arange(99))
    assert soak.epochs_saved(folder) == 7
    content = (folder / "fit_1.npz").read_bytes()
    (folder / "fit_1.npz").write_bytes(content.replace(np.arange(99).tobytes()[80:160], bytes(80)))
    assert soak.epochs_saved(folder) is None
