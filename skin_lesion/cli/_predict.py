"""Predict photographs."""

import os
import sys
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from tqdm import tqdm

from .._utils.atomic_writing import write_csv
from .._utils.image_files import image_extensions
from .._utils.validation.messages import say_why_missing
from ..audit import open_images, say
from ..datasets import is_report, walk_files
from ..models import (
    LastLayerInput,
    OnnxClassifier,
    OperatingPointClassifier,
    assumes_equal_shares,
    digest_of_network,
    load_model,
    predict_with_features,
)
from ._known_probabilities import KnownProbabilities
from ._on_onnx import find_network, onnx_path_beside, open_beside, put_on_onnx
from ._options import describe_error
from ._output import check_holds_no_training, check_output
from ._tables.images import read_csv
from ._tables.predictions import (
    check_class_names,
    check_ids,
    check_submission,
    make_submission,
    make_table,
)
from ._unlike import load_unlike, path_beside

_CHUNK = 256  # images between two steps of the bar
_MANY = 200  # photographs for which the export to ONNX, which takes seconds, is worth it
_SMALL = (8, 8)  # of a file that is only looked at


def run(arguments):
    """Write a table with the probability of each class of each photograph.

    What is predicted before an interruption or an error goes to `unfinished_path`.

    Returns
    -------
    n_unread : int
        How many of the paths, or of the photographs in them, could not be read: they are named. The
        rows without a path of a table count as one.

    Raises
    ------
    ValueError, OSError
        If the output is one of the inputs, the model is damaged, or no photograph can be read.
    KeyboardInterrupt
        If the user interrupts it. The message says what is kept.
    """
    output = Path(arguments.output)
    if output.is_dir():
        raise IsADirectoryError(f"--output {output} is a folder. Expected the name of a file.")
    if output.is_file() or not output.exists():  # a pipe or a device is written as it is
        check_output(output.absolute().parent)
    check_holds_no_training(output.absolute().parent, output.name)
    paths, unreadable, reports = find_photographs(arguments.paths, arguments.path_column)
    _check_is_no_input(output, arguments, paths)
    model = open_beside(arguments.model)
    if model is None:
        model = load_classifier(arguments.model)
    check_class_names(model.classes_, arguments.model)
    unlike, why_not = _load_unlike(arguments.model, model)
    if not paths:
        raise ValueError(f"No photograph was found. {' '.join(unreadable)}")
    X = np.array(paths, dtype=str).reshape(-1, 1)
    if arguments.isic:
        check_submission(model.classes_)
        check_ids(paths)
    with _keep_unfinished(output, len(X), unreadable) as parts:
        _predict(model, arguments.model, unlike, X, parts, unreadable)
        table = pd.concat(parts, ignore_index=True)
        images = table["image"]
        if arguments.isic:
            table = make_submission(table, model.classes_)
        write_csv(table, output, index=False)
    if output.is_file():
        _remove_unfinished(unfinished_path(output), images)
    say_unread(unreadable)
    if reports:
        print(f"Skipped: {say(len(reports), 'folder')} with reports, such as {reports[0]}.")
    print(f"{say(len(table), 'photograph')} predicted, {len(unreadable)} not read: {output}")
    if unlike is None:
        print(f"Photographs unlike the training images are not marked: {why_not}.")
    elif "unlike_training" in table:
        print(
            f"{say(int(table['unlike_training'].sum()), 'photograph')} marked as unlike the"
            f" training images. Of held-out test images, {unlike.false_marks:.1%} were marked."
        )
    if isinstance(model, OperatingPointClassifier):
        positive = model.classes_[1] if model.positive is None else model.positive
        print(f"The column call has {positive} from a probability of {model.threshold:.3g}.")
    if assumes_equal_shares(model):
        print(
            "Probabilities assume equally frequent classes, so those of rare classes are too high"
            " for a clinic."
        )
    print("Research software, not a medical device: do not use it to diagnose.")
    return len(unreadable)


def unfinished_path(output):
    """Return the path of the table of a run that ended early: never that of a whole one."""
    return output.with_name(f"{output.stem}.unfinished{output.suffix}")


@contextmanager
def _keep_unfinished(output, n_images, unreadable):
    """Yield a list for parts of the table. If what follows fails, these are written and named.

    So is why files could not be read.
    """
    parts = []
    try:
        yield parts
    except BaseException as error:
        can_keep = parts and (output.is_file() or not output.exists())  # no pipe or device
        text = _write_unfinished(parts, unfinished_path(output), n_images) if can_keep else None
        say_unread(unreadable)
        if text is None:
            raise
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(text) from None
        print(text, file=sys.stderr)
        raise


def _write_unfinished(parts, path, n_images):
    """Write parts of a table, and return a text that says so, or why they cannot be written."""
    with suppress(OSError, MemoryError):  # the disk or the memory is full
        table = pd.concat(parts, ignore_index=True)
        write_csv(table, path, index=False)
        return (
            f"The predictions of {len(table)} of {say(n_images, 'photograph')} are in {path}."
            " The same command begins anew."
        )
    return f"Nothing is kept, because {path} cannot be written. Run the same command again."


def _remove_unfinished(path, images):
    """Remove the table of an earlier run, unless it has others than these images."""
    try:
        earlier = pd.read_csv(path, usecols=["image"], dtype=str, keep_default_na=False)["image"]
        if earlier.isin(images).all():
            path.unlink()
            return
    except FileNotFoundError:
        return
    except (ValueError, OSError):  # it is another table, or another program has it open
        pass
    print(f"Kept: {path}, which may hold predictions of other photographs.")


def load_classifier(path):
    """Return the classifier in a file of `save_model`.

    Raises
    ------
    ValueError, OSError
        If the file is damaged, or holds something else.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(
            f"MODEL {path} is a folder. Expected a model file, such as"
            f" {os.path.join(path, 'model.zip')}."
        )
    model = load_model(path)
    if not (hasattr(model, "classes_") and hasattr(model, "predict_proba")):
        raise ValueError(
            f"{path} holds a model of type {type(model).__name__}, which gives no probabilities of"
            " classes. Expected a classifier."
        )
    return model


def _load_unlike(model_path, model):
    """Return what marks photographs, or None and why nothing does."""
    unlike = load_unlike(model_path)
    if unlike is None:
        return None, "the model lacks its .features.npz file"
    network = model if isinstance(model, OnnxClassifier) else find_network(model)
    if network is None or unlike.network != digest_of_network(network):
        return None, f"{path_beside(model_path)} was written with another model"
    if not np.isfinite(unlike.limit):
        return None, "the test set of the model had too few lesions to set a limit"
    return unlike, None


def _check_is_no_input(output, arguments, paths):
    """Refuse an output that is the model, what belongs to it, a table of paths, or a photograph."""
    inputs = dict.fromkeys([*arguments.paths, *paths], "a photograph to predict")
    tables = [path for path in arguments.paths if path.lower().endswith(".csv")]
    inputs |= dict.fromkeys(tables, "a table of paths")
    inputs[arguments.model] = "the model"
    if os.path.isfile(arguments.model):
        parts = path_beside(arguments.model), onnx_path_beside(arguments.model)
        inputs |= dict.fromkeys(parts, "a part of the model")
    # Not Path.resolve, which fails on links that lead to themselves.
    outputs = {os.path.realpath(unfinished_path(output)): ", if interrupted,"}
    outputs[os.path.realpath(output)] = ""
    for path, what in inputs.items():
        when = outputs.get(os.path.realpath(path))
        if when is not None:
            raise ValueError(
                f"--output {output} would{when} overwrite {path}, {what}. Expected another file."
                " Pass another --output."
            )


def find_photographs(places, column=None):
    """Return the paths of photographs in files, in folders, and in tables of paths.

    Returns
    -------
    paths : list of str
        Each once.

    problems : list of str
        Why a place was left out: it does not exist, holds no photograph, is a report, is a folder
        that cannot be opened, or is a table that cannot be read, lacks the column or has no paths.
        And which tables have rows without a path.

    reports : list of str
        The folders below others that this program has written: their pictures are left out.
    """
    found, problems, reports = [], [], []
    for place in places:
        try:
            if not place:  # which Path takes for the current folder
                raise ValueError("PATH '' is empty. Expected a photograph or a folder.")
            found += _look_into(Path(place), column, reports, problems)
        except (ValueError, OSError) as error:
            problems.append(describe_error(error))
    return list(dict.fromkeys(found)), problems, list(dict.fromkeys(reports))


def _look_into(place, column, reports, problems):
    if place.is_dir():
        return _list_folder(place, reports, problems)
    if not place.exists():
        raise FileNotFoundError(
            f"{place} does not exist. Expected a photograph or a folder.{say_why_missing(place)}"
        )
    if place.suffix.lower() != ".csv":
        return [str(place)]
    table = read_csv(place, text=[] if column is None else [column])
    name = table.columns[0] if column is None else column
    if name not in table:
        raise ValueError(
            f"{place} has the columns {list(table.columns)}. Expected a column {name!r} of paths:"
            " pass --path-column."
        )
    paths = [str(path) for path in table[name].dropna()]
    if not paths:
        raise ValueError(
            f"{place} has no path in its column {name!r}. Expected a line for each photograph."
        )
    # Spreadsheets write blank rows below a table.
    is_without = (table[name].isna() & table.notna().any(axis=1)).to_numpy()
    if is_without.any():
        problems.append(
            f"{place} has {say(is_without.sum(), 'row')} without a path in the column {name!r}. The"
            f" first is row {is_without.argmax() + 1} below the column names."
        )
    # Of relative paths, those beside the table come first.
    beside = [place.parent / path for path in paths]
    found = [str(near) if near.exists() else path for near, path in zip(beside, paths, strict=True)]
    if not any(map(os.path.exists, found)):
        raise FileNotFoundError(
            f"{place} names no existing file in its column {name!r}, the first is {paths[0]!r}."
            f" Expected paths, from the folder of the table or {os.getcwd()!r}. If they are in"
            " another column, pass --path-column."
        )
    return found


def _list_folder(folder, reports, problems):
    """Return the photographs in a folder, and add to two lists its reports and closed folders."""
    if is_report(folder):
        raise ValueError(
            f"{folder} holds a report of this program, whose pictures are no photographs. Expected"
            " a folder of photographs. To predict photographs in it, name each file."
        )

    def skip(inside):
        if is_report(inside):
            reports.append(str(Path(inside)))
            return True
        return False

    errors = []
    extensions = image_extensions()
    files = walk_files(str(folder), skip=skip, report=errors.append)
    found = [
        str(path)
        for path in sorted(Path(path) for path, _ in files)
        # A link may be one to a folder, on a disk that is not there today.
        if path.suffix.lower() in extensions or (os.path.islink(path) and not os.path.exists(path))
    ]
    if not found and not errors:
        raise FileNotFoundError(f"{folder} holds no photographs. Expected image files.")
    problems += map(describe_error, errors)
    return found


def say_unread(problems):
    """Print why each photograph was left out."""
    for text in problems:
        print(f"Not read: {text}", file=sys.stderr)


def check_reads_photographs(model, path, X):
    """Raise a ValueError if a model cannot predict a photograph that can be read.

    To be called after an error, to find out where it comes from.
    """
    try:
        model.predict_proba(X[:1])
    except (TypeError, ValueError) as error:
        what, kind = (X[0, 0], "image files") if X.ndim == 2 else ("these arrays", "such arrays")
        raise ValueError(
            f"{path} holds a model that cannot predict {what}: {str(error).rstrip('.')}. Expected a"
            f" model that reads {kind}, such as model.zip of train."
        ) from error


def _predict(model, model_path, unlike, X, parts, unreadable):
    """Add parts of the table of predictions to a list, and to another why files cannot be read."""
    with TemporaryDirectory() as folder:
        inner = model
        if isinstance(model, OperatingPointClassifier):
            inner = getattr(model, "estimator_", model.estimator)
        predict = _make_predict(inner, len(X) >= _MANY, unlike is not None, folder)
        with tqdm(total=len(X), disable=None, unit="image") as bar:
            for start in range(0, len(X), _CHUNK):
                chunk = X[start : start + _CHUNK]
                bar.update(len(chunk))
                try:
                    probabilities, features = predict(chunk)
                except (TypeError, ValueError, FileNotFoundError):  # which cannot be read?
                    rows, problems = find_readable(chunk)
                    unreadable += problems
                    if not problems:
                        check_reads_photographs(inner, model_path, chunk)
                        raise
                    if not len(rows):
                        continue
                    chunk = chunk[rows]
                    probabilities, features = predict(chunk)
                part = make_table(chunk, probabilities, model.classes_)
                if inner is not model:
                    known = KnownProbabilities(model.classes_, probabilities)
                    caller = OperatingPointClassifier(
                        known, model.threshold, positive=model.positive
                    )
                    part.insert(2, "call", caller.predict(chunk))
                if unlike is not None and features is not None:
                    part["unlike_training"] = unlike.measure(features) > unlike.limit
                parts.append(part)
    if not parts:
        raise ValueError("No photograph could be read, see above. Expected image files.")


def _make_predict(model, are_many, with_features, folder):
    """Return a function from paths to their probabilities, and to their features or None."""
    fast = put_on_onnx(model, folder) if are_many else model
    if isinstance(fast, OnnxClassifier):
        return partial(predict_with_features, fast)
    network = find_network(model) if with_features else None
    features = None if network is None else LastLayerInput(network)

    def predict(paths):
        found = fast.predict_proba(paths)
        return found, None if features is None else features.compute(paths)

    return predict


def find_readable(X):
    """Return the numbers of rows whose files can be read, and why the others cannot."""
    images, readable, problems = open_images(X), [], []
    for row in range(len(X)):
        try:
            images.load(row, _SMALL, "pad")
        except ValueError as error:
            problems.append(str(error))
        else:
            readable.append(row)
    return np.array(readable, dtype=int), problems
