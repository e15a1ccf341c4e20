"""The whole job: load, audit, search, fit, judge, draw."""

import os
import shlex
import shutil
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..._utils.atomic_writing import new_file
from ...models import save_model
from .._data import load_data, note_melanomas
from .._on_onnx import export_beside
from .._output import (
    MANIFEST,
    PLAN,
    UNFINISHED,
    check_holds_no_images,
    check_holds_no_others,
    check_output,
    lock_output,
)
from .._tables.predictions import check_class_names
from .._unlike import FALSE_MARKS, fit_unlike
from .clean import clean
from .data import draw_folder
from .judge import judge, write_report
from .network import check_network, networks_of, use_size_of_arrays
from .page import WRITTEN, remove_description, write_index
from .plan import check_resumes, choose_plan, list_candidates, load_plan, say_arguments
from .search import fit_on_faults, fit_plan

_MODEL = "model.zip"
# Without ROOT: a small network on small images, which shows all steps within a minute.
_DEMO = {"from_scratch": True, "image_size": 32, "epochs": 20, "folds": 2, "candidates": 2}


def run(arguments):
    """Train on what the arguments name.

    Raises
    ------
    ValueError, OSError
        If the input cannot be used, or nothing can be written: before anything is computed.
    KeyboardInterrupt
        With what is to be done to go on.
    """
    print(
        "skin_lesion is research software. It is not a medical device and must not be used to"
        " diagnose.",
        flush=True,
    )
    start = time.monotonic()
    output = Path(arguments.output)
    check_output(output)
    check_holds_no_images(output, arguments.root)
    check_holds_no_others(output, WRITTEN - {"audit.html"})
    if (output / UNFINISHED / PLAN).is_file() and not arguments.resume:
        print(
            f"{output} holds an interrupted run, which this run will remove. To continue it"
            " instead, end this run now and add --resume.",
            flush=True,
        )
    try:
        with lock_output(output):
            _clean_and_train(arguments, output, start)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(str(interrupt) or _say_what_is_kept(output)) from None


def _clean_and_train(arguments, output, start):
    if arguments.root is arguments.table is None:
        for name, value in _DEMO.items():
            if not getattr(arguments, name):
                setattr(arguments, name, value)
        arguments.root = draw_folder(output / "drawn_images", arguments.random_state)
    else:
        check_network(arguments)
    said = say_arguments(arguments)
    if arguments.resume:
        check_resumes(output / UNFINISHED / PLAN, said)
    with warnings.catch_warnings():
        if arguments.resume:  # the interrupted run has named these images
            warnings.simplefilter("ignore", UserWarning)
        data = load_data(arguments)
        use_size_of_arrays(data.data, arguments)
        source = arguments.root if arguments.table is None else arguments.table
        check_class_names(np.unique(data.target), source, with_truth=True)
        for note in note_melanomas(np.unique(data.target)):
            print(note)
        cleaned = clean(data, arguments)
    cleaned.audit.to_html(output / "audit.html")
    print(cleaned.summary(), flush=True)
    _train(cleaned, arguments, said, output, start)


def _say_what_is_kept(output):
    """Return what a run that ended early has left, and how to go on; "" if it left nothing."""
    plan = output / UNFINISHED / PLAN
    if not plan.is_file():
        return ""
    kept = "All finished fits and epochs are"
    model = output / _MODEL
    if model.is_file() and model.stat().st_mtime >= plan.stat().st_mtime:
        kept = f"The model is trained, and {model} can be used. It and all finished fits are"
    return f"{kept} kept in {output}: go on with the same command and --resume."


def _train(cleaned, arguments, said, output, start):
    data = cleaned.used
    folder = output / UNFINISHED
    if not arguments.resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    candidates = list_candidates(data.part(is_test=False)[1], arguments.random_state)
    plan = load_plan(folder / PLAN, candidates)
    if plan is None:
        plan = choose_plan(data, arguments, candidates, start)
        plan.save(folder / PLAN, said)
    if plan.is_resumed:
        print(
            f"{output} holds an interrupted run, which this run continues. Finished fits are not"
            " trained again if the image files and the versions of the packages are the same."
        )
    print(plan.describe(arguments), flush=True)
    try:
        _fit_and_judge(cleaned, plan, arguments, folder, output)
    except Exception:
        print(_say_what_is_kept(output), file=sys.stderr)
        raise
    try:
        with suppress(OSError):  # open in another program, on Windows
            (folder / PLAN).unlink()
        # Some systems keep a file while it is open, such as the cache of images.
        shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"The training is finished: open {output / 'index.html'}."
        ) from None


def _fit_and_judge(cleaned, plan, arguments, folder, output):
    # Drawing needs time to load, and a display that it does not have.
    import matplotlib

    matplotlib.use("Agg")
    from . import pictures as _pictures

    data, model_path = cleaned.used, output / _MODEL

    def save(model):
        with new_file(model_path) as new_model:
            # Both are written first: on a full disk the earlier model stays, with all its files.
            save_model(model, new_model)
            cleaned.write_manifest(folder / MANIFEST)
            # What belongs to the earlier model goes: this run may end before it writes its own.
            remove_description(output)
        os.replace(folder / MANIFEST, output / MANIFEST)

    model, results = fit_plan(data, plan, arguments, folder, save)
    X, _, _ = data.part(is_test=False)
    X_test, _, groups_test = data.part(is_test=True)
    unlike = fit_unlike(networks_of(model)[0], X, X_test, groups_test, arguments.random_state)
    unlike.save(model_path)
    on_faults = None
    if cleaned.faulty is not None:
        on_faults = fit_on_faults(cleaned.faulty, model)
    judgement = judge(cleaned, model, results, on_faults, unlike, plan, arguments)
    write_report(judgement, model, data, output)
    _pictures.class_counts(data, output / "class_counts.png")
    _pictures.sample_images(data, output / "sample_images.png")
    _pictures.training_curves(model, output / "training_curves.png")
    _pictures.right_predictions(data, judgement.report, output / "right_predictions.png")
    export_beside(model, model_path)
    command = f"skin-lesion predict {shlex.quote(str(model_path))} PATH --output predictions.csv"
    write_index(cleaned, judgement, command, output)
    print("\n".join(["", *judgement.short]))
    if np.isfinite(unlike.limit):
        print(
            "predict marks photographs unlike the training images. Of the test images it marks"
            f" {unlike.false_marks:.1%} (target: {FALSE_MARKS:.0%})."
        )
    if cleaned.left_out and cleaned.faulty is None:
        print("To see how the faults change the score, train with --compare-with-faults.")
    print(f"\nOpen {output / 'index.html'}. To predict other photographs:\n  {command}")
