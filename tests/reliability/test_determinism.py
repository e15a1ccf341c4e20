"""The same seed gives the same result in any process, from paths or pixels, cached or not."""

import os
import subprocess
import sys
import textwrap

import pytest

from skin_lesion import write_lesion_folder

RESULTS = """
    import hashlib, os, sys, warnings
    import numpy as np

    warnings.simplefilter("ignore")
    root, order, cache_dir, n_jobs = sys.argv[1:]
    if order == "reversed":
        # As another disk might list them.
        scandir = os.scandir

        class Reversed:
            def __init__(self, folder):
                with scandir(folder) as entries:
                    self.entries = sorted(entries, key=lambda entry: entry.name)[::-1]

            def __enter__(self):
                return iter(self.entries)

            def __exit__(self, *args):
                pass

        os.scandir = Reversed

    from skin_lesion import (
        AugmentingOverSampler, ConvNet, ImageAugmenter, ImageLoader, SkinLesionClassifier,
        audit_dataset, evaluate, load_image_folder, make_lesion_images, train_test_split_by_group)

    def show(name, *values):
        digest = hashlib.sha256()
        for value in values:
            value = np.asarray(value)
            digest.update(str(value.shape).encode() + value.tobytes())
        print(name, digest.hexdigest())

    dataset = load_image_folder(root)
    show("paths", dataset.data, dataset.target, dataset.groups)
    loader = ImageLoader((24, 24), cache_dir=cache_dir or None, n_jobs=int(n_jobs))
    images = loader.transform(dataset.data)
    show("pixels", images)
    show("drawn", make_lesion_images(9, image_size=(24, 24), random_state=3).images)
    show("augmented", ImageAugmenter(random_state=1).fit_transform(images))
    show("oversampled", *AugmentingOverSampler(ImageAugmenter(), random_state=1).fit_resample(
        images, dataset.target))
    show("split", *train_test_split_by_group(
        np.arange(len(images)), groups=dataset.groups, stratify=dataset.target, random_state=0))
    audit = audit_dataset(dataset.data, dataset.target, groups=dataset.groups, n_jobs=int(n_jobs))
    for name in ("images", "quality", "shortcuts", "near_duplicates"):
        print(name, hashlib.sha256(getattr(audit, name).to_csv().encode()).hexdigest())

    def fit(X):
        return SkinLesionClassifier(
            ConvNet(filters=(8,)), epochs=3, batch_size=8, early_stopping=True,
            augmenter=ImageAugmenter(), random_state=0, loader=loader,
        ).fit(X, dataset.target, groups=dataset.groups)

    from_paths, from_pixels = fit(dataset.data), fit(images)
    show("fit from paths", from_paths.predict_proba(images), from_paths.history_["val_loss"])
    show(
        "fit from pixels", from_pixels.predict_proba(dataset.data), from_pixels.history_["val_loss"]
    )
    report = evaluate(from_paths, dataset.data, dataset.target, groups=dataset.groups,
                      n_bootstraps=50, random_state=0)
    print("report", hashlib.sha256(report.to_frame().to_csv().encode()).hexdigest())
"""


def start(hash_seed, *arguments):
    # Hashes of text differ from process to process, and with them the order of sets.
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RESULTS), *map(str, arguments)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def root(tmp_path):
    return write_lesion_folder(
        tmp_path / "root", 60, n_classes=3, image_size=(32, 32), random_state=0
    )


@pytest.mark.slow
def test_one_result_in_every_process_order_and_cache(root, tmp_path):
    processes = [
        start("1", root, "sorted", "", 1),
        start("2", root, "reversed", tmp_path / "cache", 2),
    ]
    lines = [process.communicate()[0].splitlines() for process in processes]
    one, other = (dict(line.rsplit(" ", 1) for line in found) for found in lines)
    assert len(one) == 13
    assert one == other
    assert one["fit from paths"] == one["fit from pixels"]
    assert len(set(one.values())) == 12
