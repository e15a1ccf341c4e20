"""How long ``import skin_lesion`` takes beside ``import tensorflow``.

Run it alone with ``python benchmarks/bench_import.py [--quick] [--json FILE]``. Each import happens
in a process of its own, the statements in turn; what Python itself takes to start is measured as
well, and taken off.
"""

import subprocess
import sys
import time

import numpy as np
from _common import finish, make_parser

STATEMENTS = {
    "Python alone": "pass",
    "skin_lesion": "import skin_lesion",
    "the classifier's name": "from skin_lesion import SkinLesionClassifier",
    "tensorflow": "import tensorflow",
}


def time_statement(statement):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True)
    return time.perf_counter() - start


def main():
    arguments = make_parser(__doc__).parse_args()
    n_runs = 2 if arguments.quick else 7
    seconds = {name: [] for name in STATEMENTS}
    for run in range(n_runs + 1):
        for name, statement in STATEMENTS.items():
            taken = time_statement(statement)
            if run > 0:  # the first brings the files into the page cache
                seconds[name].append(taken)
    alone = np.median(seconds.pop("Python alone"))
    medians = {name: float(np.median(taken) - alone) for name, taken in seconds.items()}
    figures = {
        name: {"seconds": round(median, 3), "times_tensorflow": round(median / whole, 3)}
        for whole in [medians["tensorflow"]]
        for name, median in medians.items()
    }
    print(f"{'import':<24}{'seconds':>10}{'times tensorflow':>20}")
    for name, line in figures.items():
        print(f"{name:<24}{line['seconds']:>10.3f}{line['times_tensorflow']:>20.3f}")
    finish(figures, arguments.json)


if __name__ == "__main__":
    main()
