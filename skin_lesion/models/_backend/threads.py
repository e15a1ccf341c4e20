"""How many of the machine's cores this process may use, and how the backend learns of it."""

import os

from joblib import cpu_count


def n_own_cores():
    """Return the number of cores that are for this process.

    joblib divides the cores among the workers of a search and tells each its share by
    OMP_NUM_THREADS. Dask, batch systems and users set the same variable.
    """
    told = _told()
    return cpu_count() if told is None else min(told, cpu_count())


def limit_backend_threads():
    """Let TensorFlow, too, keep to OMP_NUM_THREADS, as torch and NumPy do by themselves.

    It is told by its own variables, which it reads when it first computes. That may be before a
    fit: an optimizer that is unpickled in a worker computes. So they are set when the classifier is
    imported, and nothing needs to be imported for it.
    """
    if _told() is not None:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, str(n_own_cores()))


def _told():
    # OpenMP allows a list, one number for each level of nesting.
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None
