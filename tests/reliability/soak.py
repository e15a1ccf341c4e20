"""Kill what writes, again and again, and fit, again and again: nothing is lost and nothing grows.

Run it with ``python tests/reliability/soak.py [--cache-kills 100] [--checkpoint-kills 60]
[--fits 50] [--seed 0]``. A process that fills a cache, or saves a checkpoint after every epoch, is
killed at a random moment; then all that it stored is read. The fits run in one process, whose
memory is compared with that after the fifth. The exit status is 1 where a read came out wrong,
where the next save left a temporary file of a killed process, or where memory grew by more than 5%.
Linux only.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from PIL import Image

from skin_lesion import (
    ConvNet,
    FitCheckpoint,
    ImageLoader,
    SkinLesionClassifier,
    make_lesion_images,
)
from skin_lesion._utils.atomic_writing import new_file

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_memory.py"
N_IMAGES = 150
SIDE = 160
TOLERANCE = 0.05


def start(function, *arguments):
    """Call a function in a forked process, and return its id.

    Forking spares the imports: no backend has started its threads by then.
    """
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        function(*arguments)
        status = 0
    finally:
        os._exit(status)


def kill(child):
    """Kill a process, and tell whether it was at work until then; an error of it is one here."""
    os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status > 0:
        raise RuntimeError("The process that was to be killed ended with an error of its own.")
    return status == -signal.SIGKILL


def write_images(folder):
    """Write images that all differ, and return their paths."""
    paths = [str(folder / f"{number:03}.png") for number in range(N_IMAGES)]
    gradient = Image.linear_gradient("L").resize((200, 200))
    for number, path in enumerate(paths):
        gradient.rotate(2 * number).convert("RGB").save(path)
    return paths


def reads_right(loader, paths, expected):
    """Tell whether a loader with a cache gives what one without gave."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a cache that fails says so in a warning
            return bool((loader.transform(paths) == expected).all())
    except (OSError, UserWarning, ValueError):
        return False


def soak_cache(n_kills, rng, folder):
    """Return how many of the kills left a cache that reads wrong."""
    folder.mkdir()
    paths = write_images(folder)
    expected = ImageLoader((SIDE, SIDE)).transform(paths)
    loader = ImageLoader((SIDE, SIDE), cache_dir=folder / "cache", n_jobs=2)
    began = time.monotonic()
    loader.transform(paths)
    seconds_to_fill = time.monotonic() - began
    n_done = n_wrong = 0
    while n_done < n_kills:
        loader.clear_cache()
        child = start(loader.transform, paths)
        time.sleep(rng.uniform(0, 1.2 * seconds_to_fill))
        if kill(child):
            n_done += 1
            n_wrong += not reads_right(loader, paths, expected)
    return n_wrong


def fit(folder, lesions):
    """Fit for longer than anyone waits, and save it after every epoch."""
    warnings.simplefilter("error", UserWarning)  # a damaged checkpoint is one
    SkinLesionClassifier(
        ConvNet(filters=(64, 128)),  # so that to save takes a good part of the time
        epochs=1_000_000,
        early_stopping=False,
        random_state=0,
        callbacks=[FitCheckpoint(folder)],
    ).fit(lesions.images, lesions.target)


def epochs_saved(folder):
    """Return the epochs that a folder has of a fit: 0 without a file, None of a damaged one."""
    files = list(folder.glob("fit_*.npz"))
    return epochs_in(files[0]) if files else 0


def epochs_in(file):
    """Return the epochs that a checkpoint holds: None of a damaged one."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}  # checks their checksums
        return json.loads(str(arrays["about"]))["state"]["n_done"]
    except Exception:  # a damaged archive raises nearly anything
        return None


def soak_checkpoint(n_kills, rng, folder):
    """Return how many of the kills left a checkpoint that cannot be read or has lost epochs."""
    import_module("keras")  # here, and not in each of the processes
    folder.mkdir()
    lesions = make_lesion_images(40, n_classes=2, image_size=(16, 16), random_state=0)
    saved = n_wrong = 0
    for _ in range(n_kills):
        child = start(fit, folder, lesions)
        # Until it has gone on from where the last one was, for a moment more.
        while (now := epochs_saved(folder)) is not None and now <= saved:
            if os.waitpid(child, os.WNOHANG) != (0, 0):
                raise RuntimeError("A fit ended instead of going on.")
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 0.5))
        kill(child)
        found = epochs_saved(folder)
        if found is None or found < saved:
            n_wrong += 1
            for file in folder.iterdir():
                file.unlink()
        saved = found or 0
    with new_file(folder / "next") as unfinished:  # removes what the last kill left
        unfinished.touch()
    print(f"  a checkpoint of {saved} epochs")
    return n_wrong


def soak_memory(n_fits):
    """Return the memory after each fit, in MiB."""
    run = subprocess.run(
        [sys.executable, BENCHMARK, "--fits", str(n_fits)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])["mib"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache-kills", type=int, default=100)
    parser.add_argument("--checkpoint-kills", type=int, default=60)
    parser.add_argument("--fits", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, soak, n_kills in (
            ("cache", soak_cache, arguments.cache_kills),
            ("checkpoint", soak_checkpoint, arguments.checkpoint_kills),
        ):
            if n_kills:
                n_wrong = soak(n_kills, rng, Path(folder, name))
                n_left = len(list(Path(folder, name).rglob("*.tmp")))
                print(
                    f"{name}: {n_kills} kills, {n_wrong} corrupt reads, {n_left} temporary files",
                    flush=True,
                )
                failed |= n_wrong + n_left > 0
    if arguments.fits:
        mib = soak_memory(arguments.fits)
        level, highest = mib[min(4, len(mib) - 1)], max(mib[4:] or mib)
        growth = highest / level - 1
        print(
            f"memory: {level:.0f} MiB after fit 5, {mib[-1]:.0f} after fit {len(mib)},"
            f" {highest:.0f} at most ({growth:+.1%})"
        )
        failed |= growth > TOLERANCE
    sys.exit(failed)


if __name__ == "__main__":
    main()
