"""Kill processes at random moments while they save a model: python soak_save.py --kills 200.

A crash must leave the old file or the new one, and the next save nothing beside it.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time

import numpy as np
from sklearn.linear_model import LogisticRegression

from skin_lesion import load_model, save_model

_N_FEATURES = 100_000


def make_model(value):
    """Return a fitted model whose numbers are all the same."""
    model = LogisticRegression()
    model.classes_ = np.array([0, 1])
    model.coef_ = np.full((1, _N_FEATURES), float(value))
    model.intercept_ = np.array([float(value)])
    return model


def kill_while_saving(n_kills, folder, seed=0):
    """Return how many kills there were, how many left a file half written, and what was wrong.

    Parameters
    ----------
    n_kills : int

    folder : str
        Empty.

    seed : int
        Of the moments.
    """
    rng = random.Random(seed)
    path = os.path.join(folder, "model")
    counts = {"kills": 0, "in the middle": 0, "corrupt": 0, "leftovers": 0}
    save_model(make_model(0), path)
    for _ in range(n_kills):
        child = os.fork()
        if child == 0:
            for value in range(10**9):
                save_model(make_model(value % 7), path)
        time.sleep(rng.uniform(0.005, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        counts["kills"] += 1
        counts["in the middle"] += os.listdir(folder) != ["model"]
        try:
            model = load_model(path)
            counts["corrupt"] += len({*model.coef_.ravel(), *model.intercept_}) != 1
        except (OSError, ValueError):
            counts["corrupt"] += 1
        save_model(make_model(0), path)
        counts["leftovers"] += os.listdir(folder) != ["model"]
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    with tempfile.TemporaryDirectory() as empty:
        found = kill_while_saving(parser.parse_args().kills, empty)
    print("save_model:", ", ".join(f"{name} {count}" for name, count in found.items()))
    sys.exit(bool(found["corrupt"] or found["leftovers"]))
