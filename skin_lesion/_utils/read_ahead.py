"""Work through batches in threads, and leave none behind."""

from contextlib import closing
from threading import Condition

from joblib import Parallel, delayed


def work_in_threads(function, batches, *, n_jobs):
    """Give the results of a function of each batch, in the order of the batches.

    The threads write into what they share: an active backend of processes or of other machines
    would fill a copy of it. They do so without sklearn's Parallel, whose tasks set the warning
    filters of the whole process.

    Whoever stops asking, at Ctrl-C for example, waits for the batches that are being worked on:
    a Python that ends while a thread is inside of OpenCV is aborted.

    Parameters
    ----------
    function : callable

    batches : sequence

    n_jobs : int or None

    Yields
    ------
    result : object
    """
    changed = Condition()
    state = {"n_at_work": 0, "is_over": False}

    def work(batch):
        with changed:
            if state["is_over"]:
                return None
            state["n_at_work"] += 1
        try:
            return function(batch)
        finally:
            with changed:
                state["n_at_work"] -= 1
                changed.notify_all()

    results = Parallel(n_jobs=n_jobs, require="sharedmem", return_as="generator")(
        delayed(work)(batch) for batch in batches
    )
    try:
        with closing(results):
            yield from results
    finally:
        with changed:
            state["is_over"] = True
            changed.wait_for(lambda: not state["n_at_work"])
