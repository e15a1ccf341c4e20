"""Read thousands of damaged image files: each is decoded or refused by name.

Run it with ``python tests/reliability/fuzz_loader.py [--files 20000] [--seed 0] [--seconds S]``;
``--hdf5`` has it read damaged HDF5 files, each with an image in it, instead.
The files are read in a process of its own, so that one that crashes it is counted, and the next one
is read by another. The exit status is 1 where there is a find; the same seed makes the same files,
and ``--keep FOLDER`` writes those of the finds there.
"""

import argparse
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from _mutations import mutated_container, mutated_file, sound_files
from _watch import watch

from skin_lesion import BorderCropper, ImageLoader

SECONDS_EACH = 5
SIZE = (24, 32)


def make_loaders(cache_dir):
    """Return the ways in which files are read in turn."""
    return [
        ImageLoader(SIZE),
        ImageLoader(SIZE, resize="pad"),
        ImageLoader(SIZE, resize="stretch", cache_dir=cache_dir),
        ImageLoader(SIZE, preprocess=BorderCropper()),
        ImageLoader(SIZE, n_jobs=2),
    ]


def read(loader, path):
    """Return "decoded" or "refused", or what is wrong with what came of it."""
    expected = [(ValueError, f"{path!r} cannot be read as an image: ")]
    container = os.path.dirname(path)
    if container.endswith(".hdf5"):
        expected += [
            (OSError, f"{container!r} cannot be read as an HDF5 file: "),
            (FileNotFoundError, f"1 of 1 paths are not existing files. The first is {path!r}"),
        ]
    try:
        images = loader.transform([path])
    except Exception as error:
        named = any(type(error) is kind and str(error).startswith(s) for kind, s in expected)
        return "refused" if named else f"find: {type(error).__name__}: {error}"
    if images.shape != (1, *SIZE, 3) or images.dtype != np.uint8:
        return f"find: pixels of shape {images.shape} and dtype {images.dtype}"
    return "decoded"


def damaged(hdf5, seed, number):
    """Return the name of the sound file that was changed, and the bytes that came of it."""
    return ("hdf5", mutated_container(seed, number)) if hdf5 else mutated_file(seed, number)


def read_here(seed, hdf5, start, stop):
    """Read files one after the other in this process, and print what came of each."""
    warnings.simplefilter("ignore")  # Pillow has much to say of such files
    with tempfile.TemporaryDirectory() as folder:
        loaders = make_loaders(os.path.join(folder, "cache"))
        for number in range(start, stop):
            # Under a name of its own: HDF5 knows an open file by its inode.
            path = os.path.join(folder, f"{number}.hdf5" if hdf5 else "damaged.image")
            Path(path).write_bytes(damaged(hdf5, seed, number)[1])
            path += "/image" * hdf5
            print(number, flush=True)
            outcome = read(loaders[number // len(sound_files()) % len(loaders)], path)
            print(" ".join(outcome.split()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, help="stop after as many")
    parser.add_argument("--hdf5", action="store_true", help="damage HDF5 files")
    parser.add_argument("--keep", type=Path, help="write the files of the finds here")
    parser.add_argument("--here", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        read_here(arguments.seed, arguments.hdf5, *arguments.here)
        return
    start = time.monotonic()
    hdf5 = ["--hdf5"] * arguments.hdf5
    outcomes, finds = watch(
        [sys.executable, __file__, "--seed", str(arguments.seed), *hdf5, "--here"],
        range(arguments.files),
        seconds_each=SECONDS_EACH,
        deadline=arguments.seconds and (lambda: time.monotonic() - start > arguments.seconds),
    )
    n_kinds = 2 if arguments.hdf5 else len(sound_files())
    print(f"{outcomes.total()} files made of {n_kinds} kinds, seed {arguments.seed}:", end=" ")
    print(", ".join(f"{n} {outcome}" for outcome, n in outcomes.most_common()), end="; ")
    print(f"{len(finds)} finds; {time.monotonic() - start:.0f} s")
    for number, what in finds:
        name, content = damaged(arguments.hdf5, arguments.seed, number)
        print(f"  {number} ({name}): {what}")
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            (arguments.keep / f"{arguments.seed}_{number}_{name}").write_bytes(content)
    sys.exit(bool(finds) or not outcomes)


if __name__ == "__main__":
    main()
