"""`n_jobs` means the same in everything that has it."""

import inspect
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.dummy import DummyClassifier
from sklearn.utils import Bunch

import skin_lesion
from skin_lesion import (
    Backbone,
    BorderCropper,
    ColorConstancy,
    ConvNet,
    HairRemover,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    SkinLesionClassifier,
    audit_dataset,
    estimate_skin_tone,
    evaluate_external,
    find_overlap,
    make_lesion_images,
)

SIZE = (32, 32)
N = 40
RULE = (
    "None means 1, unless in a :func:`joblib.parallel_config` context of threads; -1 means all"
    " cores of this process. It does not change the result."
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    root = skin_lesion.write_lesion_folder(
        tmp_path_factory.mktemp("n_jobs") / "lesions", N, image_size=SIZE, random_state=0
    )
    return skin_lesion.load_image_folder(root).data


@pytest.fixture(scope="module")
def images():
    return make_lesion_images(N, image_size=SIZE, random_state=0).images


def embed(X, n_jobs):
    backbone = Backbone("VGG16", weights=None)
    embedder = ImageEmbedder(backbone, engine="keras", loader=ImageLoader(SIZE), n_jobs=n_jobs)
    embedder.fit_transform(X)


def fit(X, n_jobs):
    loader = ImageLoader(SIZE, n_jobs=n_jobs)
    SkinLesionClassifier(ConvNet(filters=(2,)), loader=loader, epochs=1, early_stopping=False).fit(
        X, np.arange(len(X)) % 2
    )


def judge_elsewhere(X, n_jobs):
    y = np.arange(N // 2) % 2
    there = Bunch(data=X[1::2], target=y)
    evaluate_external(
        DummyClassifier().fit(X[::2], y),
        {"there": there},
        training=X[::2],
        n_bootstraps=2,
        n_jobs=n_jobs,
    )


USES = {
    "ImageLoader": lambda paths, _, n_jobs: ImageLoader(SIZE, n_jobs=n_jobs).transform(paths),
    "ImageEmbedder": lambda paths, _, n_jobs: embed(paths, n_jobs),
    "ImageEmbedder of images": lambda _, images, n_jobs: embed(images, n_jobs),
    "SkinLesionClassifier(loader=...)": lambda paths, _, n_jobs: fit(paths, n_jobs),
    "audit_dataset": lambda paths, _, n_jobs: audit_dataset(paths, n_jobs=n_jobs),
    "find_overlap": lambda paths, _, n_jobs: find_overlap(
        {"a": paths, "b": paths[:9]}, n_jobs=n_jobs
    ),
    "evaluate_external": lambda paths, _, n_jobs: judge_elsewhere(paths, n_jobs),
    "estimate_skin_tone": lambda paths, _, n_jobs: estimate_skin_tone(paths, n_jobs=n_jobs),
    "ImageAugmenter": lambda _, images, n_jobs: ImageAugmenter(n_jobs=n_jobs).fit_transform(images),
    **{
        cleaner.__name__: lambda _, images, n_jobs, cleaner=cleaner: cleaner(
            n_jobs=n_jobs
        ).transform(images)
        for cleaner in (BorderCropper, ColorConstancy, HairRemover)
    },
}
WITH_NETWORK = ["ImageEmbedder", "ImageEmbedder of images", "SkinLesionClassifier(loader=...)"]
CHEAP = ["ImageLoader", "ImageAugmenter", "BorderCropper", "ColorConstancy", "HairRemover"]


@contextmanager
def noted_pools():
    """Note the sizes of the library's pools of threads."""
    sizes = []
    original = ThreadPoolExecutor.__init__

    def start(self, max_workers=None, thread_name_prefix="", *args, **kwargs):
        if thread_name_prefix == "skin_lesion":
            sizes.append(max_workers)
        original(self, max_workers, thread_name_prefix, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "__init__", start)
        yield sizes


@pytest.fixture
def pools(monkeypatch):
    """Let the process have 3 of 8 cores."""
    monkeypatch.setattr("skin_lesion._utils.read_ahead.cpu_count", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with noted_pools() as sizes:
        yield sizes


def with_n_jobs():
    return {
        name: getattr(skin_lesion, name)
        for name in skin_lesion.__all__
        if "n_jobs" in inspect.signature(getattr(skin_lesion, name)).parameters
    }


def test_all_that_has_n_jobs_is_tested_and_says_the_same():
    found = with_n_jobs()
    assert set(found) <= set(USES)
    for name, what in found.items():
        assert RULE in " ".join(what.__doc__.split()), name
    # What reads files is fast by default; what has the pixels in memory leaves it to joblib.
    defaults = {
        name: inspect.signature(x).parameters["n_jobs"].default for name, x in found.items()
    }
    assert {name for name, default in defaults.items() if default == -1} == {
        "ImageLoader",
        "ImageEmbedder",
        "audit_dataset",
        "estimate_skin_tone",
        "evaluate_external",
        "find_overlap",
    }
    assert set(defaults.values()) == {-1, None}


@pytest.mark.parametrize("use", USES)
def test_number_of_workers(paths, images, pools, use):
    expected = {None: 1, -1: 3}
    if use not in WITH_NETWORK:  # it takes seconds to build
        expected |= {1: 1, 2: 2}
    if use in CHEAP:
        expected |= {-2: 2, -9: 1}
    workers = {}
    for n_jobs in expected:
        pools.clear()
        USES[use](paths, images, n_jobs)
        # The thread that asks is a worker, where there is no other.
        workers[n_jobs] = max(pools, default=1)
    assert workers == expected
    with pytest.raises(ValueError, match=r"^n_jobs is 0\. Expected a number of threads"):
        USES[use](paths, images, 0)


@pytest.mark.parametrize("use", CHEAP)
def test_none_is_what_a_context_of_threads_says(paths, images, pools, use):
    for backend, n_jobs, expected in (("threading", 2, 2), ("threading", -1, 3), ("loky", 2, 1)):
        pools.clear()
        with parallel_config(backend, n_jobs=n_jobs):
            USES[use](paths, images, None)
        assert max(pools, default=1) == expected, backend


def count_readers(paths):
    with noted_pools() as sizes:
        ImageLoader(SIZE).transform(paths)
    return max(sizes, default=1)


def test_workers_of_a_search_share_the_cores(paths):
    with parallel_config("loky", inner_max_num_threads=1):
        assert Parallel(n_jobs=2)([delayed(count_readers)(paths)]) == [1]
