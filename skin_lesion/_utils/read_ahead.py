"""Work in threads ahead of whoever asks, and leave none behind."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from joblib import Parallel, cpu_count


class ReadAhead:
    """The results of a function of each item, in the order of the items.

    Threads work on the results to come, at most one more than there are threads. They share the
    memory of the process and none of its settings: neither the active backend of joblib, which may
    be one of processes, nor the warning filters, which the tasks of sklearn's Parallel set.

    In a ``with`` statement: whoever stops asking, at Ctrl-C for example, waits for the items that
    are being worked on. A Python that ends while a thread is inside of OpenCV is aborted.

    Parameters
    ----------
    function : callable

    items : iterable
        Iterated over in the thread that asks.

    n_threads : int
        0 works on each item when its result is asked for, in the thread that asks.
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
        """Wait for the items that are being worked on, and forget the others."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def count_workers(n_jobs):
    """Return the number of workers that `n_jobs` stands for: the one rule of the library.

    None takes what a :func:`joblib.parallel_config` of threads says, or else 1, as in scikit-learn.
    Negative numbers count down from the cores of this process: -1 is all of them.
    """
    n_jobs = Parallel(n_jobs=n_jobs, require="sharedmem").n_jobs
    if n_jobs == 0:
        raise ValueError("n_jobs is 0. Expected a number of threads, -1 for all cores, or None.")
    return n_jobs if n_jobs > 0 else max(1, n_own_cores() + 1 + n_jobs)


def count_threads(n_jobs):
    """Return the number of threads for who does nothing but wait: then one needs no thread."""
    n_workers = count_workers(n_jobs)
    return n_workers if n_workers > 1 else 0


def n_own_cores():
    """Return the number of cores that are for this process.

    joblib divides the cores among the workers of a search and tells each its share by
    OMP_NUM_THREADS. Dask, batch systems and users set the same variable.
    """
    told = told_cores()
    return cpu_count() if told is None else min(told, cpu_count())


def told_cores():
    """Return the number of cores that OMP_NUM_THREADS grants, None where it does not say."""
    # OpenMP allows a list, one number for each level of nesting.
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None
