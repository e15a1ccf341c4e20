"""What a search over ten thousand images takes of memory, and whether fits leave any behind.

Run it alone with ``python benchmarks/bench_memory.py [--quick] [--json FILE]``. 10,015 photographs,
as many as HAM10000 has, at 224 pixels, 3 folds, one candidate, 1 epoch, 2 worker processes: from
paths, and with all images loaded into an array first, as is usual. Each side runs in a process of
its own, and trains without augmentation and class weights; what is reported is the proportional set
size (PSS, which counts shared pages once) of the process and all of its children, ten times a
second. Then 50 fits in one process, with the default augmentation. Linux only.
"""

import argparse
import gc
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import psutil
from _common import finish, make_parser, run_apart
from _photographs import are_real, list_labelled, make_usual
from sklearn.model_selection import GridSearchCV, StratifiedKFold

SIDE = 224
N_JOBS = 2
# Small, so that the images weigh more than the training.
FILTERS = (4, 8)
BATCH_SIZE = 32
RATE = 1e-3
# What the other side does, too.
SAME_WORK = {"learning_rate": RATE, "class_weight": None, "augmenter": None}


def make_search(classifier):
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    return GridSearchCV(classifier, {}, cv=cv, n_jobs=N_JOBS, refit=False, error_score="raise")


def make_classifier(**parameters):
    from skin_lesion import ConvNet, SkinLesionClassifier

    return SkinLesionClassifier(
        ConvNet(filters=FILTERS),
        epochs=1,
        batch_size=BATCH_SIZE,
        early_stopping=False,
        random_state=0,
        **parameters,
    )


def make_loader(**parameters):
    from skin_lesion import ImageLoader

    return ImageLoader((SIDE, SIDE), n_jobs=N_JOBS, **parameters)


def search_paths(paths, y, work):
    loader = make_loader(cache_dir=work / "cache")
    make_search(make_classifier(loader=loader, **SAME_WORK)).fit(paths, y)


def search_array(paths, y, work):
    make_search(make_classifier(**SAME_WORK)).fit(make_loader().transform(paths), y)


def search_array_with_scikeras(paths, y, work):
    from bench_grid_search import log_loss_of, make_model
    from scikeras.wrappers import KerasClassifier

    classifier = KerasClassifier(
        make_model, learning_rate=RATE, filters=FILTERS, epochs=1, batch_size=BATCH_SIZE, verbose=0
    )
    search = make_search(classifier).set_params(scoring=log_loss_of)
    search.fit(make_loader().transform(paths), y)


SIDES = {
    "skin_lesion, paths": search_paths,
    "skin_lesion, array": search_array,
    "scikeras, array": search_array_with_scikeras,
}


class MemoryOfTree(threading.Thread):
    """Watches this process and all that it starts."""

    def __init__(self):
        super().__init__(daemon=True)
        self.mib = []

    def run(self):
        this = psutil.Process()
        while True:
            total = 0
            for process in [this, *this.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:  # ended meanwhile
                    continue
            self.mib.append(total / 2**20)
            time.sleep(0.1)


def search_here(side, photographs):
    """Print what a search takes in this process and its workers, as JSON."""
    paths, y = list_labelled(photographs)
    memory = MemoryOfTree()
    memory.start()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as work:
        SIDES[side](paths, y, Path(work))
    print(json.dumps({"peak_mib": max(memory.mib), "seconds": time.perf_counter() - start}))


def fit_often_here(n_fits):
    """Print memory and time of fits, one after the other in this process, as JSON."""
    from skin_lesion import make_lesion_images

    lesions = make_lesion_images(200, n_classes=3, image_size=(64, 64), random_state=0)
    mib, seconds = [], []
    for _ in range(n_fits):
        start = time.perf_counter()
        make_classifier().fit(lesions.images, lesions.target).predict(lesions.images)
        seconds.append(time.perf_counter() - start)
        gc.collect()  # up to 80 MiB wait for it otherwise
        mib.append(psutil.Process().memory_info().rss / 2**20)
    print(json.dumps({"mib": mib, "seconds": seconds}))


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--fits", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        search_here(*arguments.side)
        return
    if arguments.fits:
        fit_often_here(arguments.fits)
        return
    if sys.platform != "linux":
        print("Left out: only Linux tells the memory that processes share.")
        return
    n_images, n_fits = (300, 10) if arguments.quick else (10_015, 50)

    with tempfile.TemporaryDirectory() as folder:
        photographs = Path(folder, "photographs")
        make_usual(photographs, n_images)
        searches = {
            side: json.loads(run_apart(__file__, "--side", side, photographs)) for side in SIDES
        }
    kind = "real" if are_real() else "drawn"
    print(
        f"{n_images} {kind} photographs at {SIDE} pixels\n"
        f"{'':<22}{'peak MiB':>10}{'times paths':>13}{'seconds':>10}"
    )
    of_paths = searches["skin_lesion, paths"]["peak_mib"]
    for side, cost in searches.items():
        cost["times_paths"] = round(cost["peak_mib"] / of_paths, 2)
        print(
            f"{side:<22}{cost['peak_mib']:>10.0f}{cost['times_paths']:>13.2f}"
            f"{cost['seconds']:>10.0f}"
        )

    fits = json.loads(run_apart(__file__, "--fits", n_fits))
    print(f"\n{'fit':<22}{'MiB':>10}{'seconds':>10}")
    for number in sorted({1, 5, n_fits // 2, n_fits}):
        print(f"{number:<22}{fits['mib'][number - 1]:>10.0f}{fits['seconds'][number - 1]:>10.2f}")
    figures = {"n_images": n_images, "searches": searches, "fits": fits}
    finish(figures, arguments.json, "scikeras", "psutil")


if __name__ == "__main__":
    main()
