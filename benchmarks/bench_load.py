"""How fast photographs become arrays beside Keras, Pillow, scikit-image, OpenCV and simplejpeg.

Run it alone with ``python benchmarks/bench_load.py [--quick] [--json FILE]``. The photographs, of
600 x 450 pixels, are those in ``full_size`` in the folder that the environment variable
SKIN_LESION_DATA names, copied under other names until they are enough; without it they are drawn.
Large ones, of 4000 x 3000 pixels, are made of them. benchmarks/README.md explains the method.

Each side runs in a process of its own, in turn, on 2 processors with 2 threads. Files are read once
before, so that all find them in the page cache; what is timed comes after a few images that pay for
loading libraries.
"""

import argparse
import json
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from _common import Stopwatch, finish, make_parser, run_apart
from _photographs import STORED_SIZE, are_real, make_large, make_usual
from PIL import Image

N_THREADS = 2
BATCH_SIZE = 32
# All but Keras, whose batches are small, load as many at a time: in one stack of all images, much
# of the time would be that of the operating system to hand out its memory.
BLOCK = 200
N_DECODED = 1000  # all images are read again from the cache, but no more are decoded by each side

# What each case does: the folder of images, and the side of the square that they become.
CASES = {
    "600 x 450 to 224": ("usual", 224),
    "600 x 450 to 64": ("usual", 64),
    "4000 x 3000 to 224": ("large", 224),
}
# Only we have a cache: beside it stand the others in the case of which it is the repetition.
AGAIN = {
    "again from the cache": "600 x 450 to 224",
    "again, in batches of 32": "600 x 450 to 224",
}
NEEDS = {
    "skin_lesion": [],
    "Keras": ["keras"],
    "Pillow": [],
    "scikit-image": ["skimage"],
    "OpenCV": ["cv2"],
    "simplejpeg": ["simplejpeg", "cv2"],
}
INSTALL = "pip install simplejpeg scikit-image opencv-python-headless"


# The sides. Each gives a function of (folder, number of images, side of the square).


def list_paths(folder, n_images):
    return sorted(map(str, Path(folder).iterdir()))[:n_images]


def skin_lesion_loader(side, **params):
    from skin_lesion import ImageLoader

    # The others distort an image to fill the square, too.
    return ImageLoader((side, side), resize="stretch", n_jobs=N_THREADS, **params)


def load_with_skin_lesion(folder, n_images, side):
    transform_in_blocks(skin_lesion_loader(side), folder, n_images, BLOCK)


def load_from_cache(folder, n_images, side, block=BLOCK):
    loader = skin_lesion_loader(side, cache_dir=cache_beside(folder))
    transform_in_blocks(loader, folder, n_images, block)


def transform_in_blocks(loader, folder, n_images, size):
    paths = np.array(list_paths(folder, n_images))
    for start in range(0, len(paths), size):
        loader.transform(paths[start : start + size])


def cache_beside(folder):
    return Path(folder).with_name("cache")


def load_with_keras(folder, n_images, side):
    import keras

    images = keras.utils.image_dataset_from_directory(
        folder,
        labels=None,
        image_size=(side, side),
        batch_size=BATCH_SIZE,
        shuffle=False,
        verbose=False,
    )
    n_read = 0
    for batch in images:
        n_read += len(batch)
        if n_read >= n_images:
            return


def load_with(decode, folder, n_images, side):
    """Decode in threads with a function of (path, side, size of the stored image)."""
    paths = list_paths(folder, n_images)
    stored_size = STORED_SIZE[Path(folder).name]
    images = np.empty((BLOCK, side, side, 3), dtype=np.uint8)

    def put(row):
        images[row % BLOCK] = decode(paths[row], side, stored_size)

    with ThreadPoolExecutor(N_THREADS) as threads:
        list(threads.map(put, range(len(paths))))


def decode_with_pillow(path, side, stored_size):
    with Image.open(path) as image:
        return image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)


def decode_with_skimage(path, side, stored_size):
    from skimage import io, transform

    image = io.imread(path)
    return transform.resize(image, (side, side), anti_aliasing=True, preserve_range=True)


def decode_with_opencv(path, side, stored_size):
    import cv2

    flags = {
        1: cv2.IMREAD_COLOR,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        4: cv2.IMREAD_REDUCED_COLOR_4,
        8: cv2.IMREAD_REDUCED_COLOR_8,
    }
    factor = max(factor for factor in flags if min(stored_size) // factor >= side)
    image = cv2.resize(cv2.imread(path, flags[factor]), (side, side), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def decode_with_simplejpeg(path, side, stored_size):
    import cv2
    import simplejpeg

    content = Path(path).read_bytes()
    image = simplejpeg.decode_jpeg(content, min_height=side, min_width=side)
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


LOAD = {
    "skin_lesion": load_with_skin_lesion,
    "Keras": load_with_keras,
    "Pillow": partial(load_with, decode_with_pillow),
    "scikit-image": partial(load_with, decode_with_skimage),
    "OpenCV": partial(load_with, decode_with_opencv),
    "simplejpeg": partial(load_with, decode_with_simplejpeg),
}
LOAD_AGAIN = {
    "again from the cache": load_from_cache,
    "again, in batches of 32": partial(load_from_cache, block=BATCH_SIZE),
}


# Measuring


def measure_here(side, work):
    """Print what each case costs in this process, as JSON."""
    if find_spec("cv2"):
        import cv2

        cv2.setNumThreads(1)  # the threads here are ours
    figures = {}
    for case, (kind, size) in CASES.items():
        figures[case] = measure_case(LOAD[side], work / kind, size, N_DECODED)
    if side == "skin_lesion":
        for case, first in AGAIN.items():
            kind, size = CASES[first]
            figures[case] = measure_case(LOAD_AGAIN[case], work / kind, size)
    print(json.dumps(figures))


def measure_case(load, folder, size, most=None):
    n_images = len(list_paths(folder, most))
    load(str(folder), min(4, n_images), size)
    stopwatch = Stopwatch()
    load(str(folder), n_images, size)
    cost = stopwatch.read()
    return {
        "images_per_second": n_images / cost["seconds"],
        "cpu_ms_per_image": 1000 * cost["cpu_seconds"] / n_images,
    }


def use_as_many_processors_as_threads():
    # Keras takes all that there are, whatever number of threads the others get.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:N_THREADS])


def summarise(runs):
    """Return the medians over the runs: {case: {side: figures}}."""
    figures = {}
    for case, first in {**{case: case for case in CASES}, **AGAIN}.items():
        figures[case] = {}
        for side in runs[0]:
            costs = [run[side].get(case, run[side][first]) for run in runs]
            figures[case][side] = {
                name: round(float(np.median([cost[name] for cost in costs])), 2)
                for name in costs[0]
            }
        ours = [run["skin_lesion"][case]["images_per_second"] for run in runs]
        for side, line in figures[case].items():
            theirs = [run[side].get(case, run[side][first])["images_per_second"] for run in runs]
            line["ours_is_faster_by"] = round(float(np.median(np.divide(ours, theirs))), 2)
    return figures


def print_figures(figures):
    for case, sides in figures.items():
        print(f"\n{case}\n{'':<16}{'images/s':>10}{'CPU ms':>10}{'ours is faster by':>20}")
        for side, line in sides.items():
            print(
                f"{side:<16}{line['images_per_second']:>10.0f}{line['cpu_ms_per_image']:>10.2f}"
                f"{line['ours_is_faster_by']:>20.2f}"
            )


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "WORK"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    use_as_many_processors_as_threads()
    if arguments.side:
        measure_here(arguments.side[0], Path(arguments.side[1]))
        return
    n_usual, n_large, n_runs = (200, 8, 1) if arguments.quick else (2000, 24, 3)

    sides = [side for side, modules in NEEDS.items() if all(map(find_spec, modules))]
    for side in NEEDS.keys() - set(sides):
        print(f"{side} is left out: it is not installed. To compare with it: {INSTALL}")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        make_usual(work / "usual", n_usual)
        make_large(work / "large", n_large, work / "usual")
        kind, size = CASES["600 x 450 to 224"]
        time.sleep(2)  # the cache trusts no date of a file that was written just now
        load_from_cache(work / kind, n_usual, size)
        cache = skin_lesion_loader(size, cache_dir=cache_beside(work / kind)).cache_info()
        runs = []
        for run in range(n_runs):
            order = sides if run % 2 == 0 else sides[::-1]
            costs = {s: json.loads(run_apart(__file__, "--side", s, folder)) for s in order}
            runs.append({side: costs[side] for side in sides})
    figures = {
        "cases": summarise(runs),
        "n_images": {"usual": n_usual, "large": n_large},
        "photographs": "real" if are_real() else "drawn",
        "runs": n_runs,
        "cache_mb": round(cache.n_bytes / 1e6),
    }
    print_figures(figures["cases"])
    print(
        f"\n{n_usual} {figures['photographs']} photographs, {figures['cache_mb']} MB in the cache"
    )
    packages = ("Pillow", "scikit-image", "opencv-python-headless", "simplejpeg")
    finish(figures, arguments.json, *packages)


if __name__ == "__main__":
    main()
