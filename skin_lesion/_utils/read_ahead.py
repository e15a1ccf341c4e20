"""Work in threads ahead of whoever asks, and leave none behind."""

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


def count_threads(n_jobs):
    """Return the number of threads for ReadAhead that `n_jobs` stands for, as joblib counts.

    None takes what a :func:`joblib.parallel_config` of threads says, or else 1. One job needs no
    thread of its own.
    """
    n_jobs = Parallel(n_jobs=n_jobs, require="sharedmem").n_jobs
    if n_jobs == 0:
        raise ValueError("n_jobs is 0. Expected a number of threads, -1 for all cores, or None.")
    n_threads = n_jobs if n_jobs > 0 else max(1, cpu_count() + 1 + n_jobs)
    return n_threads if n_threads > 1 else 0
