"""Evaluate a model on other images, or predictions against their truth."""

import hashlib
import warnings
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd

from .._utils.image_files import open_image_file
from ..audit import say
from ..datasets import (
    GROUP_COLUMNS,
    clean_ids,
    find_group_faults,
    find_spellings_of_ids,
    find_zeros,
    make_groups,
    spell_groups,
)
from ..evaluation import EvaluationReport, evaluate
from ._data import (
    find_positive,
    load_data,
    make_subgroups,
    note_melanomas,
    note_without_id,
    say_groups,
)
from ._options import report_in_options
from ._output import (
    CARD,
    MANIFEST,
    REPORT,
    check_holds_no_images,
    check_holds_no_training,
    check_output,
    keep_edited_card,
    lock_output,
    seal_card,
)
from ._predict import check_reads_photographs, find_readable, load_classifier, say_unread
from ._tables.images import index_by_image, match_images, read_csv
from ._tables.truth import read_probabilities, read_truth


def run(arguments):
    """Print the report, and write it where an output is named.

    Returns
    -------
    n_unread : int
        How many images could not be read: they are named, and the report is about the others.
    """
    if arguments.output is not None:
        output = Path(arguments.output)
        check_output(output)
        check_holds_no_images(output, arguments.root)
        check_holds_no_training(output)
    with nullcontext() if arguments.output is None else lock_output(output):
        return _evaluate_and_write(arguments)


def _evaluate_and_write(arguments):
    line, n_unread = None, 0
    if arguments.model is not None:
        report, line, n_unread = _of_model(arguments)
    else:
        report = _of_predictions(arguments)
    report = report_in_options(report)
    try:
        # Before the summary: what reads it may have ended.
        if arguments.output is not None:
            output = Path(arguments.output)
            page = report.to_html(output / "report.html")
            report.to_json(output / REPORT)
            keep_edited_card(output)
            report.to_model_card(output / CARD)
            seal_card(output)
    finally:
        if line is not None:
            print(line)
        report.summary()
    if arguments.output is not None:
        print(f"\nOpen {page}.")
    return n_unread


def _of_model(arguments):
    """Return the report, a line to print about it, and how many images could not be read."""
    model = load_classifier(arguments.model)
    data = load_data(arguments)
    rows = np.arange(len(data.target)) if data.is_test is None else np.flatnonzero(data.is_test)
    n_all = len(rows)
    manifest_path = Path(arguments.model).with_name(MANIFEST)
    manifest = _read_manifest(manifest_path)
    why_not = f"there is no {MANIFEST} of the model"
    if manifest is not None:
        rows = _leave_out_trained_on(manifest, manifest_path, data.data, rows)
        why_not = f"only identical files were searched for, by {MANIFEST}"
    n_trained_on = n_all - len(rows)
    unreadable = []
    try:
        report = _evaluate(model, data, rows, arguments)
    except (TypeError, ValueError, FileNotFoundError):  # which cannot be read?
        readable, unreadable = find_readable(data.data[rows])
        say_unread(unreadable)  # now: what follows may fail
        if len(readable):
            check_reads_photographs(model, arguments.model, data.data[rows[readable]])
        if not unreadable or not len(readable):
            raise
        rows = rows[readable]
        report = _evaluate(model, data, rows, arguments)
    report.left_out["search for training images"] = why_not
    if manifest is None or data.groups is None:
        why_not = why_not if manifest is None else "lesions and patients are unknown"
        report.left_out["search for training lesions"] = why_not
    else:
        del report.left_out["search for training lesions"]
        report.notes += _note_trained_on(manifest, data.groups[rows])
    part = "all images" if data.is_test is None else "the test split only"
    if n_trained_on:
        part = "all other images" if data.is_test is None else "the rest of the test split"
    text = f"Evaluated on {part}: {say(len(rows), 'image')}"
    if data.groups is not None:
        text += f" of {say_groups(report.n_groups)}"
        report.notes += note_without_id(data.has_id[rows])
    if data.is_test is not None:
        n_others = int((~data.is_test).sum())
        text += f". The other {say(n_others, 'image')} may have been trained on"
    return report, f"{text}.", len(unreadable)


def _read_manifest(path):
    """Return the contents, sides and groups of the images of a training, or None."""
    try:
        return pd.read_csv(path, dtype=str)[["sha256", "split", "group"]]
    except (ValueError, KeyError, OSError):  # there is none, or it is another table
        print(f"There is no {path} of this model: training images, if any, are not left out.")
        return None


def _note_trained_on(manifest, groups):
    """Return a note if lesions or patients have ids of the training, as a list."""
    of_training = manifest["group"][manifest["split"] == "train"]
    is_known = np.isin(groups, of_training.dropna().to_numpy(dtype=str))
    if not is_known.any():
        return []
    note = (
        f"{say(int(is_known.sum()), 'image')} of {len(groups)} have the id of a training image, by"
        f" {MANIFEST}. If it is the same lesion or patient, the scores are too high: leave out"
        " these images."
    )
    return [note]


def _leave_out_trained_on(manifest, path, X, rows):
    """Return the rows without training images, by the manifest beside a model.

    Images that the training excluded, such as those under several labels, are left out, too.

    Raises
    ------
    ValueError
        If none is left.
    """
    # A copy that was excluded has the side of the one that was kept, and "train" comes last.
    side_of = manifest.sort_values("split").groupby("sha256")["split"].last().fillna("excluded")
    images = X[rows, 0] if X.ndim == 2 else X[rows]
    side = pd.Series([_digest(image) for image in images], dtype=object).map(side_of)
    is_known = side.isin(["train", "excluded"] if (side_of == "train").any() else []).to_numpy()
    n_known, n_excluded = int(is_known.sum()), int((side[is_known] == "excluded").sum())
    excluded = ", or its training excluded them" if n_excluded else ""
    if n_known == len(rows):
        raise ValueError(
            f"By {path}, the model was trained on all of {say(n_known, 'image')}{excluded}."
            " Their scores would say nothing about others. Expected images that it has not seen."
        )
    if n_known - n_excluded:
        n = say(n_known - n_excluded, "image")
        print(f"Left out, because the model was trained on it by {path}: {n}.")
    if n_excluded:
        n = say(n_excluded, "image")
        print(f"Left out, because the training excluded it by {path}: {n}.")
    print("Training images are known by their bytes: resized copies are not found.")
    return rows[~is_known]


def _digest(image):
    """Return the SHA-256 of a file, or of the pixels of an array: as the manifest has it."""
    if isinstance(image, np.ndarray):
        return hashlib.sha256(image.tobytes()).hexdigest()
    try:
        with open_image_file(image) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # it will be named among those that cannot be read


def _evaluate(model, data, rows, arguments):
    report = evaluate(
        model,
        data.data[rows],
        data.target[rows],
        groups=None if data.groups is None else data.groups[rows],
        frame=data.subgroups.iloc[rows],
        positive=find_positive(model.classes_),
        random_state=arguments.random_state,
    )
    report.notes += note_melanomas(model.classes_)
    return report


def _of_predictions(arguments):
    truth, classes = read_truth(arguments.truth, arguments.label_column)
    predictions = read_probabilities(arguments.predictions, truth, classes)
    classes = predictions.columns.to_numpy(dtype=str)
    groups, frame, notes = None, None, note_melanomas(classes)
    if arguments.metadata is not None:
        groups, frame, has_id = _read_groups(arguments.metadata, truth.index)
        if groups is not None:
            notes += note_without_id(has_id)
    else:
        print(
            "Lesions are not known: intervals are by image, and may be too narrow. --metadata FILE"
            " names the lesions."
        )
    report = EvaluationReport.from_predictions(
        truth.to_numpy(dtype=str),
        predictions.to_numpy(),
        classes=classes,
        groups=groups,
        frame=frame,
        positive=find_positive(classes),
        random_state=arguments.random_state,
    )
    report.notes += notes
    return report


def _read_groups(path, images):
    """Return the groups of the images, what else is known of them, and which have an id."""
    table = spell_groups(match_images(index_by_image(read_csv(path), path), images))
    ids = {name: clean_ids(table[name]) for name in table if name in GROUP_COLUMNS}
    if not ids:
        raise ValueError(
            f"{path} has the columns {list(table.columns)}. Expected lesion_id or patient_id."
        )
    if not images.isin(table.index).any():
        raise ValueError(
            f"{path} has the {' or '.join(ids)} of none of {say(len(images), 'image')}, the first"
            f" is {images[0]!r}. Expected the same names of images as in the truth. Leave out"
            " --metadata if lesions are unknown."
        )
    messages = find_spellings_of_ids(pd.DataFrame(ids).reindex(images))
    for name in ids:
        messages += find_zeros(table[name], ids[name], path)
    for message in messages:
        warnings.warn(message, stacklevel=2)
    ids = pd.DataFrame(ids).reindex(images)
    has_id = ids.notna().any(axis=1).to_numpy()
    groups = _make_groups(ids, has_id, images, path)
    frame = make_subgroups(table).reindex(images).reset_index(drop=True)
    return groups, frame if frame.shape[1] else None, has_id


def _make_groups(ids, has_id, images, path):
    """Return the patient or lesion of each image, or the image itself; None if none is known."""
    if not has_id.any():
        print(
            f"{path} has no {' or '.join(ids)} of any image: all are blank, or placeholders such as"
            " 'unknown'. Intervals are by image, and may be too narrow. Fill in the ids."
        )
        return None
    n_unknown = int((~has_id).sum())
    if n_unknown:
        print(
            f"{path} has no {' or '.join(ids)} of {say(n_unknown, 'image')}: each counts as a"
            " lesion of its own."
        )
    own = pd.Series(images, index=images, dtype=object)
    groups = make_groups(ids.get("patient_id"), ids.get("lesion_id"), own).to_numpy(dtype=str)
    for message in find_group_faults(groups):
        warnings.warn(message, stacklevel=2)
    return groups
