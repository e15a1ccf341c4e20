"""Compute results ahead in threads, and leave no thread running."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from joblib import Parallel, cpu_count


class ReadAhead:
    """The results of a function for each item, in the order of the items.

    Threads compute the next results ahead of time, at most one more than there are threads. They
    share the memory of the process, but do not use its settings: neither the active backend of
    joblib, which may use processes, nor the warning filters that tasks of sklearn's Parallel set.

    Use it in a ``with`` statement. On leaving it early, for example at Ctrl-C, it waits for the
    items in progress, because Python aborts if it ends while a thread runs OpenCV.

    Parameters
    ----------
    function : callable

    items : iterable
        The calling thread iterates over them.

    n_threads : int
        With 0, the calling thread computes each result when it needs it.
    """

    def __init__(self, function, items, n_threads):
        self._function = function
        self._items = iter(items)
        self._n_threads = n_threads
        self._threads = ThreadPoolExecutor(n_threads, "skin_lesion") if n_threads else None
        self._ahead = deque()

    def __iter__(self):
        return self

    def __next__(self):
        if not self._n_threads:
            return self._function(next(self._items))
        for item in islice(self._items, self._n_threads + 1 - len(self._ahead)):
            self._ahead.append(self._threads.submit(self._function, item))
        if not self._ahead:
            raise StopIteration
        return self._ahead.popleft().result()

    def close(self):
        """Wait for the items in progress, and cancel the others."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def count_workers(n_jobs):
    """Return the number of workers for `n_jobs`, by the rule that the whole library uses.

    None stands for the number in a :func:`joblib.parallel_config` of threads, or 1 without one, as
    in scikit-learn. Negative numbers count down from the cores of this process: -1 is all of them.
    """
    n_jobs = Parallel(n_jobs=n_jobs, require="sharedmem").n_jobs
    if n_jobs == 0:
        raise ValueError("n_jobs is 0. Expected a number of threads, -1 for all cores, or None.")
    return n_jobs if n_jobs > 0 else max(1, n_own_cores() + 1 + n_jobs)


def count_threads(n_jobs):
    """Return the number of threads for a caller that only waits: a single worker needs none."""
    n_workers = count_workers(n_jobs)
    return n_workers if n_workers > 1 else 0


def n_own_cores():
    """Return the number of cores that this process may use.

    joblib divides the cores among the workers of a search, and passes each its share in
    OMP_NUM_THREADS. Dask, batch systems and users set the same variable.
    """
    told = told_cores()
    return cpu_count() if told is None else min(told, cpu_count())


def told_cores():
    """Return the number of cores in OMP_NUM_THREADS, or None if it has none."""
    # OpenMP allows a list, one number for each level of nesting.
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None
