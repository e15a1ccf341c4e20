"""Feed load_model with mutated files: python fuzz_load_model.py --seconds 60.

Bytes are changed as they are, and values within the JSON, with checksums made right again. Each
file must be loaded or get the error of load_model; no process, pickle or connection may be opened.
"""

import argparse
import json
import os
import random
import runpy
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from skin_lesion import ConvNet, SkinLesionClassifier, load_model, save_model

_helpers = runpy.run_path(str(Path(__file__).with_name("_malicious_models.py")))
read_entries, seal = _helpers["read_entries"], _helpers["seal"]
write_entries = _helpers["write_entries"]
_FORBIDDEN = ("subprocess.Popen", "os.system", "os.exec", "pickle.find_class", "socket.connect")
# Not more than 10**5: a network may ask for more memory than there is, as
# SECURITY.md says.
_STRANGE = (
    None, True, -1, 10**5, 2**70, "", "os", "system", "__reduce__", "exec", "../x", [], {},
    {"kind": "object"}, [[[]]], "Lambda", "builtins", "<f8", "|O", "nan",
)  # fmt: skip


def make_files(folder):
    """Return good files: one of NumPy alone, one with a network."""
    path = os.path.join(folder, "good")
    X, y = np.random.RandomState(0).uniform(0, 255, (12, 4, 4, 3)), list("ab") * 6
    network = SkinLesionClassifier(
        ConvNet(filters=(2,)), epochs=1, early_stopping=False, random_state=0
    )
    files = []
    for model in (LogisticRegression().fit(X.reshape(12, -1), y), network.fit(X, y)):
        save_model(model, path)
        with open(path, "rb") as file:
            files.append(file.read())
    os.unlink(path)
    return files


def mutate(good, rng):
    """Return the name of a mutation, and a file that it was made to."""
    entries = read_entries(good)
    network = "networks/0.keras"
    kinds = ["bytes", "cut", "state"] + ["configuration", "weights"] * (network in entries)
    kind = rng.choice(kinds)
    if kind == "bytes":
        return kind, _change_bytes(good, rng)
    if kind == "cut":
        start, stop = sorted(rng.choices(range(len(good)), k=2))
        return kind, good[:start] + good[stop:]
    if kind == "state":
        entries["estimator.json"] = _change_json(entries["estimator.json"], rng)
        return kind, seal(entries)
    inner = read_entries(entries[network])
    if kind == "configuration":
        inner["config.json"] = _change_json(inner["config.json"], rng)
    else:
        inner["model.weights.h5"] = _change_bytes(inner["model.weights.h5"], rng)
    return kind, seal({**entries, network: write_entries(inner)})


def _change_bytes(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        data[rng.randrange(len(data))] = rng.choice([0, 255, rng.randrange(256)])
    return bytes(data)


def _change_json(text, rng):
    tree = json.loads(text)
    for _ in range(rng.choice([1, 1, 2, 4])):
        places = list(_places(tree))
        owner, key = rng.choice(places)
        if rng.random() < 0.2:
            del owner[key]
        elif rng.random() < 0.3:
            other, other_key = rng.choice(places)
            owner[key] = json.loads(json.dumps(other[other_key]))
        else:
            owner[key] = rng.choice(_STRANGE)
    return json.dumps(tree).encode()


def _places(tree):
    keys = list(tree) if isinstance(tree, dict) else range(len(tree))
    for key in keys:
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from _places(tree[key])


def fuzz(folder, n_cases=None, seconds=None, seed=0):
    """Return how many files had which end, and the finds: pairs of a seed and what happened.

    Parameters
    ----------
    folder : str

    n_cases : int
        To stop after; or else `seconds`.

    seconds : float

    seed : int
        Of the first case; each has the next one.
    """
    files = make_files(folder)
    path = os.path.join(folder, "mutated")
    events, ends, finds = [], Counter(), []
    is_on = True
    sys.addaudithook(
        lambda event, _: events.append(event) if is_on and event in _FORBIDDEN else None
    )
    end = None if seconds is None else time.monotonic() + seconds
    case = seed
    while case - seed != n_cases and (end is None or time.monotonic() < end):
        rng = random.Random(case)
        kind, data = mutate(rng.choice(files), rng)
        with open(path, "wb") as file:
            file.write(data)
        events.clear()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                load_model(path)
            ends[kind, "loaded"] += 1
        except ValueError as error:
            ends[kind, "refused"] += 1
            if f"path={path!r} was not opened: " not in str(error):
                finds.append((case, f"another error: {error!r}"))
        except Exception as error:
            finds.append((case, repr(error)))
        if events or os.listdir(folder) != ["mutated"]:
            finds.append((case, f"{kind}: {events}, {os.listdir(folder)}"))
        case += 1
    is_on = False
    return ends, finds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty:
        found, wrong = fuzz(empty, seconds=arguments.seconds, seed=arguments.seed)
    print(f"load_model: {sum(found.values())} mutated files, {len(wrong)} finds")
    for (mutation, outcome), count in sorted(found.items()):
        print(f"  {mutation}, {outcome}: {count}")
    for number, what in wrong:
        print(f"  seed {number}: {what}")
    sys.exit(bool(wrong))
