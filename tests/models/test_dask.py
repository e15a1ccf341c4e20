"""The same search on a Dask cluster: worker processes, one that dies, and one without us."""

import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

import distributed
import numpy as np
import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from skin_lesion import ImageLoader, load_image_folder

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.slow,
]


@pytest.fixture
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def folder(lesion_folder):
    return load_image_folder(lesion_folder, split="train")


@pytest.fixture
def make_search(small, folder, tmp_path):
    """Return a search as the user guide has it: what is not a list would be lost with a worker."""
    splits = StratifiedGroupKFold(2).split(folder.data, folder.target, folder.groups)
    splits = [(train.tolist(), test.tolist()) for train, test in splits]

    def make(n_jobs=None):
        loader = ImageLoader((24, 24), cache_dir=tmp_path / "cache")
        return GridSearchCV(
            small(loader=loader),
            {"learning_rate": [0.001, 0.01, 0.1]},
            cv=splits,
            scoring="neg_log_loss",
            refit=False,
            error_score="raise",
            n_jobs=n_jobs,
        )

    return make


@pytest.fixture
def scores_here(make_search, folder):
    """Scores of the search in workers of this machine, with as many threads as Dask gives them."""
    with parallel_config("loky", inner_max_num_threads=1):
        return scores(make_search(n_jobs=2), folder)


def scores(search, folder):
    search.fit(folder.data.ravel().tolist(), folder.target.tolist())
    return [search.cv_results_[f"split{number}_test_score"] for number in range(2)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_search_with_a_worker_that_is_killed_equals_the_one_here(
    client, make_search, folder, scores_here
):
    killed = []

    def kill_a_busy_worker():
        while not any(client.processing().values()):
            time.sleep(0.02)
        busy = next(address for address, tasks in client.processing().items() if tasks)
        pids = client.run(os.getpid)
        os.kill(pids[busy], signal.SIGKILL)
        killed.append(pids[busy])

    killer = threading.Thread(target=kill_a_busy_worker)
    killer.start()
    with parallel_config("dask"):
        scores_there = scores(make_search(), folder)
    killer.join()
    assert killed
    assert killed[0] not in client.run(os.getpid).values()
    np.testing.assert_array_equal(scores_there, scores_here)


@pytest.fixture
def worker_without_the_package(tmp_path):
    """Start the worker of a cluster, in an environment that has everything else."""
    environment = tmp_path / "environment"
    environment.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "skin_lesion" not in entry.name:
            (environment / entry.name).symlink_to(entry)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        # -S: without the environment of the tests
        command = [sys.executable, "-S", "-m", "distributed.cli.dask_worker", "--no-dashboard"]
        worker = subprocess.Popen(
            [*command, cluster.scheduler_address],
            env={**os.environ, "PYTHONPATH": str(environment)},
            cwd=tmp_path,
        )
        client.wait_for_workers(1, timeout=60)
        yield client
        worker.terminate()
        worker.wait(timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_worker_without_the_package_is_found_before_the_search(worker_without_the_package):
    with pytest.warns(UserWarning, match=r"Mismatched versions[\s\S]*\| skin_lesion .* None "):
        worker_without_the_package.get_versions(packages=["skin_lesion"], check=True)
