"""What an audit finds and costs beside CleanVision and imagededup.

Run it alone with ``python benchmarks/bench_audit.py [--data FOLDER] [--quick] [--json FILE]``.
FOLDER holds photographs, such as those of HAM10000, with HAM10000_metadata.csv inside or beside it:
then one photograph of each lesion is altered, since two of one lesion may truly be alike. Without
FOLDER it is ``ham10000`` in the folder that the environment variable SKIN_LESION_DATA names, and
without that the images are drawn. benchmarks/README.md explains the method.

Each measurement runs in a process of its own, with 2 threads or worker processes. Files are read
once before, so that all find them in the page cache.
"""

import argparse
import importlib
import json
import os
import shutil
import sys
import tempfile
import time
import types
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from _common import Stopwatch, describe_run, run_apart
from PIL import Image, ImageEnhance, ImageOps

N_JOBS = 2
N_TO_EXTRAPOLATE = 400_000
MAX_IN_SHORTCUTS = 20_000  # of more images, that many are drawn to measure the shortcuts
IMAGE_FILES = {".jpg", ".jpeg", ".png"}
DRAWN_SIZE = (150, 200)
DRAWN_AT_ONCE = 250

TURNS = [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270]
MIRRORS = [
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
]
# None is the photograph as it is. Otherwise the kind, its colour, and the radius of the field of
# view in half sides.
BORDERS = {
    "none": None,
    "bars to a square, black": ("bars", 0),
    "bars to a square, white": ("bars", 255),
    "frame, black": ("frame", 0),
    "frame, grey": ("frame", 128),
    "round field, black": ("round", 0, 1.0),
    "round field, 4/5, black": ("round", 0, 0.8),
    "dark corners": ("round", 8, 1.2),
    "round field, 1/2, white": ("round", 255, 0.5),
}
N_IN_BORDERS = 300

INSTALL = {
    "cleanvision": 'pip install "cleanvision>=0.3.7"',
    # It requires torch and torchvision, gigabytes that its hashes do without.
    "imagededup": 'pip install "PyWavelets>=1.9.0" && pip install --no-deps "imagededup>=0.3.3"',
}


# Images


def list_images(data):
    """Return a table of the photographs in a folder: path, label and lesion where known."""
    paths = sorted(path for path in data.rglob("*") if path.suffix.lower() in IMAGE_FILES)
    if not paths:
        sys.exit(f"{data} holds no images. Expected {', '.join(sorted(IMAGE_FILES))}.")
    rows = pd.DataFrame({"path": [str(path) for path in paths]})
    tables = [*data.rglob("HAM10000_metadata*"), *data.parent.glob("HAM10000_metadata*")]
    if not tables:
        return rows.assign(label=None, group=rows["path"])
    known = pd.read_csv(tables[0]).set_index("image_id")[["dx", "lesion_id"]]
    rows[["label", "group"]] = known.reindex([path.stem for path in paths]).to_numpy()
    return rows.dropna(ignore_index=True)


def draw_images(folder, n_images):
    """Draw one photograph of each of many lesions."""
    from joblib import Parallel, delayed

    starts = range(0, n_images, DRAWN_AT_ONCE)
    parts = Parallel(n_jobs=N_JOBS)(
        delayed(_draw_part)(Path(folder), start, min(DRAWN_AT_ONCE, n_images - start))
        for start in starts
    )
    return [row for part in parts for row in part]


def _draw_part(folder, start, n_images):
    from skin_lesion import make_lesion_images

    lesions = make_lesion_images(
        n_images, image_size=DRAWN_SIZE, images_per_lesion=1, random_state=start
    )
    rows = []
    for number, (image, label) in enumerate(zip(lesions.images, lesions.target, strict=True)):
        path = folder / f"{start + number:05d}.jpg"
        Image.fromarray(image).save(path, quality=90)
        rows.append({"path": str(path), "label": str(label), "group": path.stem})
    return rows


def alter(image, kind, random):
    """Return an altered image, and the quality of the JPEG that it becomes, or None for PNG."""
    quality = int(random.integers(85, 96)) if random.random() < 0.5 else None
    every = kind == "all together"
    if every or kind == "resized":
        zoom = random.uniform(0.5, 1.6)
        size = tuple(max(1, round(side * zoom)) for side in image.size)
        image = image.resize(size, Image.Resampling.BICUBIC)
    if every or kind == "turned":
        image = image.transpose(TURNS[random.integers(len(TURNS))])
    if every or kind == "mirrored":
        image = image.transpose(MIRRORS[random.integers(len(MIRRORS))])
    if every or kind == "brightened":
        image = ImageEnhance.Brightness(image).enhance(random.uniform(0.7, 1.3))
    if every or kind == "re-encoded":
        quality = int(random.integers(30, 81))
    return image, quality


def add_border(image, border):
    kind, colour, *radius = border
    if kind == "frame":
        return ImageOps.expand(image, round(image.height / 10), (colour,) * 3)
    if kind == "bars":
        return ImageOps.pad(image, (max(image.size),) * 2, color=(colour,) * 3)
    pixels = np.array(image.resize((image.height,) * 2))
    y, x = (2 * np.indices(pixels.shape[:2]) + 1) / image.height - 1
    pixels[np.hypot(y, x) > radius[0]] = colour
    return Image.fromarray(pixels)


KINDS = ["re-encoded", "resized", "turned", "mirrored", "brightened", "all together"]


def write_altered(rows, folder, n_originals, border=None):
    """Write originals and one altered copy of each; return names and kind of each true pair.

    With a border, each original gets it, and its copy is an altered copy of the result.
    """
    random = np.random.default_rng(0)
    one_each = pd.read_json(rows).groupby("group", sort=True)["path"].first()
    originals = random.permutation(one_each.to_numpy())[:n_originals]
    kinds = random.permutation(np.resize(KINDS, len(originals)))
    truth = []
    for number, (path, kind) in enumerate(zip(map(Path, originals), kinds, strict=True)):
        # Numbered: files in different folders may have the same name.
        original = Path(folder, f"{number:05d}_{path.name}")
        image = Image.open(path).convert("RGB")
        if border is None:
            shutil.copyfile(path, original)
        else:
            image = add_border(image, border)
            image.save(original, quality=90)
        image, quality = alter(image, kind, random)
        suffix = "png" if quality is None else "jpg"
        copy = Path(folder, f"{original.stem}_altered.{suffix}")
        image.save(copy, **({} if quality is None else {"quality": quality}))
        truth.append((original.name, copy.name, str(kind)))
    return truth


# The tools. Each imports itself first, and returns what that and the search cost, and the pairs.


def timed(load, find):
    """Return the result, and the seconds of either step; the processor's for the second alone."""
    start = time.perf_counter()
    loaded = load()
    stopwatch = Stopwatch()
    result = find(loaded)
    return result, {"import_seconds": stopwatch.start - start, **stopwatch.read()}


def pairs_in_sets(sets):
    return [pair for names in sets for pair in combinations([Path(name).name for name in names], 2)]


def find_with_skin_lesion(folder):
    def load():
        from skin_lesion import audit_dataset

        return audit_dataset

    def find(audit_dataset):
        return audit_dataset(sorted(map(str, Path(folder).iterdir())), n_jobs=N_JOBS)

    audit, cost = timed(load, find)
    near = audit.near_duplicates[["path", "other_path"]].to_numpy()
    return cost, pairs_in_sets([*near, *audit.exact_duplicates["paths"]])


def find_with_cleanvision(folder, every_issue=False):
    issues = None if every_issue else {"near_duplicates": {}, "exact_duplicates": {}}

    def load():
        from cleanvision import Imagelab

        return Imagelab

    def find(Imagelab):
        lab = Imagelab(filepaths=sorted(map(str, Path(folder).iterdir())), verbose=False)
        lab.find_issues(issues, n_jobs=N_JOBS, verbose=False)
        return lab

    lab, cost = timed(load, find)
    kinds = ("near_duplicates", "exact_duplicates")
    return cost, pairs_in_sets(names for kind in kinds for names in lab.info[kind]["sets"])


def find_with_imagededup(folder, method):
    """Find with the default threshold, a distance of 10; pairs come with their distance."""

    def load():
        if not find_spec("torch"):
            # Its package imports the network, and so torch, even for hashes.
            for name, content in (("methods.cnn", "CNN"), ("utils.models", "CustomModel")):
                module = types.ModuleType(f"imagededup.{name}")
                setattr(module, content, None)
                sys.modules[module.__name__] = module
        return getattr(importlib.import_module("imagededup.methods"), method)

    def find(hasher):
        return hasher(verbose=False).find_duplicates(
            image_dir=folder,
            scores=True,
            num_enc_workers=N_JOBS,
            num_dist_workers=N_JOBS,
        )

    found, cost = timed(load, find)
    pairs = {
        (*sorted((name, other)), int(distance))
        for name, others in found.items()
        for other, distance in others
    }
    return cost, sorted(pairs)


TOOLS = {
    "skin_lesion": (find_with_skin_lesion, {}),
    "CleanVision": (find_with_cleanvision, {}),
    "imagededup PHash": (find_with_imagededup, {"method": "PHash"}),
    "imagededup DHash": (find_with_imagededup, {"method": "DHash"}),
}


def find_pairs(tool, folder, **more):
    find, options = TOOLS[tool]
    cost, pairs = find(folder, **options, **more)
    return {**cost, "pairs": pairs}


# The cost of an audit


def audit_rows(rows, n_images, descriptors=None):
    """Return the seconds of an audit and of its parts; keep the descriptors if asked to."""
    from skin_lesion.audit import _audit

    rows = pd.read_json(rows).sample(n_images, random_state=0)
    known = {}
    if rows["label"].notna().all():
        # Lesion by lesion, as one should.
        lesions = pd.factorize(rows["group"])[0]
        is_test = np.random.default_rng(0).random(len(rows))[lesions] < 0.2
        split = np.where(is_test, "test", "train")
        known = {"y": rows["label"], "groups": rows["group"], "split": split}

    parts, results = {}, {}
    for name in ("scan_images", "find_near_duplicates", "measure_shortcuts"):
        setattr(_audit, name, _with_timer(getattr(_audit, name), name, parts, results))
    stopwatch = Stopwatch()
    _audit.audit_dataset(rows["path"], **known, n_jobs=N_JOBS)
    cost = stopwatch.read()
    if descriptors:
        np.save(descriptors, results["scan_images"].descriptors)
    return {**cost, "parts": parts}


def _with_timer(function, name, parts, results):
    def call(*args, **kwargs):
        start = time.perf_counter()
        results[name] = function(*args, **kwargs)
        parts[name] = time.perf_counter() - start
        return results[name]

    return call


def search_mixtures(descriptors, n_images):
    """Return the seconds of the search in descriptors made of two real ones each."""
    from skin_lesion.audit._findings.near_duplicates import find_near_duplicates

    random = np.random.default_rng(0)
    real = np.load(descriptors)[:, 0]
    real = real[real.any(axis=(1, 2))]
    first, second = random.integers(len(real), size=(2, n_images))
    signs = random.choice(np.array([-1, 1], dtype=np.float32), size=(2, n_images, 1, 1))
    is_odd = np.arange(real.shape[1]) % 2
    # The other one mirrored at random: nothing new has to be imagined, and no two are alike.
    other = real[second] * signs[0] ** is_odd[:, None] * signs[1] ** is_odd
    mixed = (0.7 * real[first] + 0.3 * other).astype(np.float32)
    mixed /= np.sqrt((mixed**2).sum(axis=(1, 2), keepdims=True))
    stopwatch = Stopwatch()
    find_near_duplicates(np.stack([mixed, np.zeros_like(mixed)], axis=1))
    return stopwatch.read()


STEPS = {
    step.__name__: step
    for step in (draw_images, write_altered, find_pairs, audit_rows, search_mixtures)
}


def apart(step, **options):
    return json.loads(run_apart(__file__, "--step", step.__name__, json.dumps(options)))


# Tables


def score(found, truth):
    """Return precision and recall of pairs, and the recall of each kind of alteration."""
    kinds = {frozenset((original, copy)): kind for original, copy, kind in truth}
    pairs = {frozenset(pair[:2]) for pair in found}
    right = pairs & kinds.keys()
    of_kind = pd.Series(kinds.values()).value_counts()
    found_of_kind = pd.Series([kinds[pair] for pair in right], dtype=object).value_counts()
    return {
        "pairs": len(pairs),
        "right": len(right),
        "precision": round(len(right) / len(pairs), 4) if pairs else None,
        "recall": round(len(right) / len(kinds), 4),
        "recall_by_kind": {
            kind: round(float(found_of_kind.get(kind, 0) / of_kind[kind]), 4)
            for kind in KINDS
            if kind in of_kind
        },
    }


def compare_tools(rows, work, n_originals):
    """Let each tool look for altered copies, and return the figures of each."""
    folder = work / "altered"
    folder.mkdir()
    truth = apart(write_altered, rows=str(rows), folder=str(folder), n_originals=n_originals)
    figures = {}
    for tool in TOOLS:
        if is_missing(tool):
            continue
        found = apart(find_pairs, tool=tool, folder=str(folder))
        pairs = found.pop("pairs")
        found = {name: round(value, 2) for name, value in found.items()}
        figures[tool] = {**score(pairs, truth), **found}
        if tool == "skin_lesion":
            alike = [names for *names, _ in truth]
            figures[tool]["wrong_pairs"] = sorted_out(pairs, alike)
            figures[tool]["missed_pairs"] = sorted_out(alike, pairs)
        for limit in (4, 0) if tool.startswith("imagededup") else ():
            within = [pair for pair in pairs if pair[2] <= limit]
            figures[f"{tool}, <= {limit}"] = {**score(within, truth), **found}
    print_pairs(figures, len(truth))
    return figures


def compare_borders(rows, work, n_originals):
    """Let the audit look for altered copies of photographs that share a border."""
    print(f"\nThe audit of {n_originals} photographs in one border and one altered copy of each")
    print(f"{'':<26}{'pairs':>9}{'right':>7}{'precision':>11}{'recall':>8}")
    figures = {}
    for border, drawn in BORDERS.items():
        folder = work / border.replace("/", "_")
        folder.mkdir()
        truth = apart(
            write_altered,
            rows=str(rows),
            folder=str(folder),
            n_originals=n_originals,
            border=drawn,
        )
        line = score(apart(find_pairs, tool="skin_lesion", folder=str(folder))["pairs"], truth)
        figures[border] = line
        print(
            f"{border:<26}{line['pairs']:>9}{line['right']:>7}{line['precision'] or 0:>11.4f}"
            f"{line['recall']:>8.4f}"
        )
    return figures


def sorted_out(pairs, others):
    """Return the pairs that are not among the others."""
    others = {frozenset(pair) for pair in others}
    return [pair for pair in pairs if frozenset(pair) not in others]


def print_pairs(figures, n_originals):
    print(f"\nNear duplicates: {n_originals} photographs and one altered copy of each")
    print(f"{'':<22}{'pairs':>9}{'right':>7}{'precision':>11}{'recall':>8}", end="")
    print(f"{'seconds':>9}{'ratio':>7}{'CPU s':>8}{'import':>8}{'MB':>6}")
    for tool, line in figures.items():
        precision = "-" if line["precision"] is None else f"{line['precision']:.4f}"
        ratio = line["seconds"] / figures["skin_lesion"]["seconds"]
        print(
            f"{tool:<22}{line['pairs']:>9}{line['right']:>7}{precision:>11}{line['recall']:>8.4f}"
            f"{line['seconds']:>9.1f}{ratio:>7.2f}{line['cpu_seconds']:>8.1f}"
            f"{line['import_seconds']:>8.1f}{line['peak_mb']:>6.0f}"
        )
    kinds = list(figures["skin_lesion"]["recall_by_kind"])
    print(f"\n{'Recall by kind':<22}" + "".join(f"{kind:>13}" for kind in kinds))
    for tool, line in figures.items():
        recalls = (line["recall_by_kind"][kind] for kind in kinds)
        print(f"{tool:<22}" + "".join(f"{recall:>13.3f}" for recall in recalls))
    for what, verb in (("wrong_pairs", "takes for one photograph"), ("missed_pairs", "misses")):
        for pair in figures["skin_lesion"][what][:8]:
            print(f"skin_lesion {verb}: {pair[0]} and {pair[1]}")


def measure_cost(rows, work, sizes, search_sizes):
    """Audit more and more images, and return the figures with an extrapolation."""
    descriptors = str(work / "descriptors.npy")
    audits = {
        n: apart(audit_rows, rows=str(rows), n_images=n, descriptors=descriptors) for n in sizes
    }
    searches = {
        n: apart(search_mixtures, descriptors=descriptors, n_images=n) for n in search_sizes
    }
    seconds = {"whole audit": {n: audit["seconds"] for n, audit in audits.items()}}
    for part in ("scan_images", "find_near_duplicates", "measure_shortcuts"):
        seconds[part] = {n: audit["parts"].get(part, 0.0) for n, audit in audits.items()}
    seconds["the rest"] = {
        n: audit["seconds"] - sum(audit["parts"].values()) for n, audit in audits.items()
    }
    exponents = {part: fit_power(times)[0] for part, times in seconds.items()}
    exponents["whole audit, CPU"] = fit_power({n: audits[n]["cpu_seconds"] for n in audits})[0]
    exponents["search in mixtures"] = fit_power(
        {n: search["seconds"] for n, search in searches.items()}
    )[0]
    most = max(sizes)
    estimate = {
        "scan_images": seconds["scan_images"][most] / most * N_TO_EXTRAPOLATE,
        "find_near_duplicates": extrapolate({n: s["seconds"] for n, s in searches.items()}),
        "measure_shortcuts": extrapolate(seconds["measure_shortcuts"], MAX_IN_SHORTCUTS),
        "the rest": extrapolate(seconds["the rest"]),
    }
    slope, constant = np.polyfit(sizes, [audits[n]["peak_mb"] for n in sizes], 1)
    figures = {
        "audits": round_all(audits),
        "searches": round_all(searches),
        "exponents": round_all(exponents),
        "extrapolated_seconds": round_all(estimate),
        "extrapolated_mb": round(float(max(slope, 0) * N_TO_EXTRAPOLATE + constant)),
    }
    print_cost(seconds, figures)
    return figures


def fit_power(times):
    """Return exponent and logarithm of the factor of the power law through seconds by n."""
    if min(times.values()) <= 0:
        return float("nan"), float("nan")
    return tuple(np.polyfit(np.log(list(times)), np.log(list(times.values())), 1))


def extrapolate(times, n_images=N_TO_EXTRAPOLATE):
    """Follow the power law, or a line where that is steeper, from the largest n on."""
    most = max(times)
    if times[most] <= 0:
        return 0.0
    return times[most] * (n_images / most) ** np.fmax(fit_power(times)[0], 1)


def round_all(figures):
    if isinstance(figures, dict):
        return {name: round_all(value) for name, value in figures.items()}
    return round(float(figures), 3)


def print_cost(seconds, figures):
    sizes = list(figures["audits"])
    print("\nSeconds of an audit, by number of images")
    print(f"{'':<22}" + "".join(f"{n:>9}" for n in sizes) + f"{'exponent':>10}{'400,000':>10}")
    estimate = figures["extrapolated_seconds"]
    estimate = {"whole audit": sum(estimate.values()), **estimate}
    for part, times in seconds.items():
        line = "".join(f"{times[n]:>9.1f}" for n in sizes)
        print(f"{part:<22}{line}{figures['exponents'][part]:>10.2f}{estimate[part]:>10.0f}")
    cpu = "".join(f"{audit['cpu_seconds']:>9.1f}" for audit in figures["audits"].values())
    print(f"{'whole audit, CPU s':<22}{cpu}{figures['exponents']['whole audit, CPU']:>10.2f}")
    peaks = "".join(f"{audit['peak_mb']:>9.0f}" for audit in figures["audits"].values())
    print(f"{'peak memory, MB':<22}{peaks}{'':>10}{figures['extrapolated_mb']:>10}")
    print("\nSeconds of the search for near duplicates alone, in mixtures of real descriptors")
    for n, search in figures["searches"].items():
        print(
            f"{n:>9} images{search['seconds']:>9.1f} s{search['cpu_seconds']:>9.1f} CPU s"
            f"{search['peak_mb']:>8.0f} MB"
        )
    print(f"{'exponent':>16}{figures['exponents']['search in mixtures']:>9.2f}")


def time_others(rows, work, n_images, ours):
    """Return what the other tools need for the largest audit, for which they get no labels."""
    folder = work / "all"
    folder.mkdir()
    paths = pd.read_json(rows).sample(n_images, random_state=0)["path"]
    for number, path in enumerate(map(Path, paths)):
        shutil.copyfile(path, folder / f"{number:06d}_{path.name}")
    cases = {
        "CleanVision, duplicates": ("CleanVision", {}),
        "CleanVision, every issue": ("CleanVision", {"every_issue": True}),
        "imagededup PHash": ("imagededup PHash", {}),
    }
    measures = ("seconds", "cpu_seconds", "peak_mb")
    figures = {"skin_lesion, whole audit": {name: ours[name] for name in measures}}
    for case, (tool, options) in cases.items():
        if not is_missing(tool):
            found = apart(find_pairs, tool=tool, folder=str(folder), **options)
            figures[case] = round_all({name: found[name] for name in measures})
    print(f"\nBeside others: {n_images} images")
    for case, line in figures.items():
        ratio = line["seconds"] / ours["seconds"]
        print(
            f"{case:<26}{line['seconds']:>8.1f} s{ratio:>7.2f}{line['cpu_seconds']:>9.1f} CPU s"
            f"{line['peak_mb']:>8.0f} MB"
        )
    return figures


def is_missing(tool):
    module = tool.split()[0].lower()
    return module in INSTALL and not find_spec(module)


def find_data(data):
    if data is None and os.environ.get("SKIN_LESION_DATA"):
        data = Path(os.environ["SKIN_LESION_DATA"], "ham10000")
        data = data if data.is_dir() else None
    return data


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder of photographs")
    parser.add_argument("--quick", action="store_true", help="a smaller set")
    parser.add_argument("--originals", type=int, help="how many photographs to alter")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        name, options = arguments.step
        print(json.dumps(STEPS[name](**json.loads(options))))
        return
    n_originals, sizes, search_sizes = (
        (300, [250, 500, 1000], [5000, 10_000])
        if arguments.quick
        else (2000, [1000, 2000, 5000, 10_000], [40_000, 100_000, N_TO_EXTRAPOLATE])
    )
    n_originals = arguments.originals or n_originals
    for tool, command in INSTALL.items():
        if is_missing(tool):
            print(f"{tool} is skipped, it is not installed: {command}")

    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        data = find_data(arguments.data)
        if data is None:
            source = f"drawn by make_lesion_images, {DRAWN_SIZE[0]}x{DRAWN_SIZE[1]} pixels"
            folder = work / "drawn"
            folder.mkdir()
            n_images = max(n_originals, max(sizes))
            table = pd.DataFrame(apart(draw_images, folder=str(folder), n_images=n_images))
        else:
            source = data.name
            table = list_images(data)
            # All of them where that is about as many, such as the 10,015 of HAM10000.
            largest = len(table) if len(table) < 1.01 * max(sizes) else max(sizes)
            sizes = [n for n in sizes[:-1] if n < largest] + [largest]
        for path in table["path"]:
            Path(path).read_bytes()
        rows = work / "rows.json"
        table.to_json(rows)
        figures = {
            "images": source,
            **describe_run("cleanvision", "imagededup", "pandas", "Pillow"),
        }
        for name, value in figures.items():
            print(f"{name:>22}  {value}")
        figures["near_duplicates"] = compare_tools(rows, work, n_originals)
        figures["borders"] = compare_borders(rows, work, min(N_IN_BORDERS, n_originals))
        figures["cost"] = measure_cost(rows, work, sizes, search_sizes)
        ours = figures["cost"]["audits"][sizes[-1]]
        figures["others"] = time_others(rows, work, sizes[-1], ours)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
