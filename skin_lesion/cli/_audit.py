"""Audit a dataset."""

import sys
from pathlib import Path

from ..audit import audit_dataset
from ._data import load_data
from ._output import check_holds_no_images, check_holds_no_training, check_output, lock_output


def run(arguments):
    """Print what is wrong with a dataset, and write it as a page and as tables."""
    output = Path(arguments.output)
    check_output(output)
    check_holds_no_images(output, arguments.root)
    check_holds_no_training(output)
    with lock_output(output):
        _audit(arguments, output)


def _audit(arguments, output):
    data = load_data(arguments)
    audit = audit_dataset(
        data.data,
        data.target,
        groups=data.groups,
        split=data.split,
        frame=data.frame,
        verbose=int(sys.stderr.isatty()),
    )
    try:
        # Before the summary: what reads it may have ended.
        audit.to_csv(output / "tables")
        page = audit.to_html(output / "audit.html")
    finally:
        audit.summary()
    print(f"\nOpen {page}. Tables are in {output / 'tables'}.")
