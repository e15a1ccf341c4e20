"""Compute the sections of a report from the predictions of one or several models."""

import warnings
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import classification_report

from ..._utils.sklearn_private import Interval
from ..._utils.validation.labels import number_labels
from ...datasets import clean_ids
from .._decisions.prevalence import PREDICTED_CLASS, make_prevalence_table
from .._decisions.thresholds import name_thresholds
from .._intervals.grouped_rows import LEAST_GROUPS
from .._intervals.score_tables import count_classes, make_operating_points, make_tables
from .baselines import score_baselines
from .slices import make_slices

# What the parameters that functions for reports share may be.
PARAMETERS = {
    "groups": ["array-like", None],
    "frame": [pd.DataFrame, None],
    "positive": [Real, str, "boolean", None],
    "thresholds": [dict, "array-like", None],
    "prevalence": [Interval(Real, 0, 1, closed="neither"), None],
    "n_bootstraps": [Interval(Integral, 2, None, closed="left")],
    "random_state": ["random_state"],
}
_MAX_ERRORS = 24
_NO_PROBABILITIES = "the estimator gives no probabilities"


def build_sections(
    estimates, pooled, *, pictures, frame, place, thresholds, prevalence, train, seed
):
    """Return the tables of a report by name, notes, and the missing sections with reasons.

    `place` is the number of the positive class, or None.
    """
    classes, parts = estimates.classes, estimates.parts
    counts = count_classes(pooled)
    notes = [*_note_classes(parts), *_note_groups(estimates, pooled.predictions)]
    for note in notes:
        warnings.warn(note, UndefinedMetricWarning, stacklevel=5)
    left_out = {}
    if not estimates.has_probabilities:
        left_out["AUC, calibration and curves"] = _NO_PROBABILITIES
    elif not _predicts_most_probable(pooled.predictions):
        left_out["referral curve"] = "the estimator does not always predict the most probable class"

    scores, class_scores = make_tables(estimates)
    tables = {
        "scores": scores,
        "class_scores": class_scores,
        "class_counts": counts,
        "confusion_matrix": _count_confusions(pooled),
        "classification_report": classification_report(
            pooled.predictions.y,
            pooled.predictions.predicted,
            labels=np.arange(len(classes)),
            target_names=[str(name) for name in classes],
            zero_division=np.nan,
            digits=3,
        ),
        "operating_points": None,
        "at_prevalence": None,
        "baselines": None,
        "slices": None,
        "errors": _find_errors(pooled),
        "participant_flow": _count_participants(train, pooled, frame, counts),
    }
    if thresholds is None:
        left_out["operating points"] = "no thresholds were given (choose_thresholds finds them)"
    elif not estimates.has_probabilities:
        left_out["operating points"] = _NO_PROBABILITIES
    else:
        tables["operating_points"] = make_operating_points(estimates, thresholds, place)
    if prevalence is not None:
        tables["at_prevalence"] = make_prevalence_table(
            estimates, thresholds if estimates.has_probabilities else None, place, prevalence
        )
    train_pictures, y_train, _ = train
    if train_pictures is None or y_train is None:
        left_out["shortcut baselines"] = "no training data were given"
    else:
        unknown = sorted(set(y_train.tolist()) - set(classes.tolist()))
        if unknown:
            raise ValueError(
                f"y_train has the classes {unknown}, which neither the estimator nor y has."
                " Expected the training labels of the estimator."
            )
        tables["baselines"], missing = score_baselines(
            train_pictures, y_train, pictures, pooled, seed, place
        )
        left_out |= {f"baseline of {name}": why for name, why in missing.items()}
    if frame is None:
        left_out["slices"] = "no frame was given"
    else:
        # Rows that are in no test set are not evaluated.
        slices, missing = make_slices(frame.iloc[pooled.rows], pooled, place)
        left_out |= {f"slices by {name}": why for name, why in missing.items()}
        tables["slices"] = slices if len(slices) else None
    if pictures.problem:
        left_out["pictures of errors"] = pictures.problem
    if place is None:
        left_out["decision curve"] = "no positive class was named"
    return tables, notes, left_out


def check_thresholds(thresholds, prevalence, positive):
    """Return thresholds as a dict of names and probabilities, or None."""
    for name, value in {"thresholds": thresholds, "prevalence": prevalence}.items():
        if value is not None and positive is None:
            raise ValueError(
                f"Got {name} without positive. Expected both: name the class, for example"
                " positive='melanoma'."
            )
    if thresholds is None:
        return None
    thresholds = name_thresholds(thresholds)
    if prevalence is not None and PREDICTED_CLASS in thresholds:
        raise ValueError(
            f"An operating point is named {PREDICTED_CLASS!r}, as the decision without a threshold"
            " is in the table at a prevalence. Expected another name."
        )
    for name, threshold in thresholds.items():
        # A threshold just above 1 predicts no positive.
        if not isinstance(threshold, Real) or not 0 <= threshold <= np.nextafter(1, 2):
            raise ValueError(
                f"The threshold {name!r} is {threshold!r}. Expected a probability from 0 to 1."
            )
    return {name: float(threshold) for name, threshold in thresholds.items()} or None


def check_groups(groups):
    """Return groups as numbers, or None if there are none."""
    return None if groups is None else number_labels(groups, name="groups")[1]


def _predicts_most_probable(predictions):
    """Return whether no other class is more probable than the predicted one."""
    of_predicted = np.take_along_axis(
        predictions.probabilities, predictions.predicted[:, np.newaxis], axis=1
    )
    return not (predictions.probabilities > of_predicted).any()


def _note_classes(parts):
    classes, notes = parts[0].predictions.classes, []
    counts = np.array([np.bincount(part.predictions.y, minlength=len(classes)) for part in parts])
    absent = classes[counts.sum(axis=0) == 0].tolist()
    if absent:
        notes.append(
            f"The test set lacks the classes {absent}. Their sensitivity, F1 and AUC are undefined,"
            " and means over classes leave them out. In the classification report of scikit-learn,"
            " F1 is 0 for those of them that are predicted."
        )
    unseen = ~np.array([part.predictions.seen for part in parts])
    if unseen.any():
        who = "The model has" if len(parts) == 1 else f"{unseen.any(axis=1).sum()} model(s) have"
        advice = ""
        if unseen.all(axis=0).any():  # no training set of a fold has it either
            advice = " If they are other names of its classes, map them with map_labels."
        notes.append(
            f"{who} not seen the classes {classes[unseen.any(axis=0)].tolist()} in training:"
            f" {counts[unseen].sum()} of {counts.sum()} predictions count as wrong.{advice}"
        )
    return notes


def _note_groups(estimates, pooled):
    grouped, notes = estimates.grouped, []
    names = [str(grouped.classes[number]) for number in grouped.present]
    counts = [grouped.count_groups(number)[0] for number in grouped.present]
    few = [f"{name} ({n})" for name, n in zip(names, counts, strict=True) if n < LEAST_GROUPS]
    if few:
        notes.append(
            f"Classes with fewer than {LEAST_GROUPS} lesions or patients: {', '.join(few)}."
            " Their rates, F1 and AUC have wide intervals. Most of their other scores have none."
        )
    if len(names) == 1:
        notes.append(
            f"All images are of one class, {names[0]}: AUC and other scores that compare classes"
            " are NaN."
        )
    elif not any(np.ptp(part.predictions.y) for part in estimates.parts):
        notes.append(
            "Each test fold has images of one class: AUC and similar scores are NaN, and F1 leaves"
            " out false alarms."
        )
    elif estimates.has_probabilities and not np.ptp(pooled.probabilities, axis=0).any():
        notes.append(
            "The probabilities are the same for all images: AUC is 0.5, calibration intercept and"
            " slope are NaN, and the Brier score may have no interval."
        )
    elif estimates.has_probabilities and np.isin(pooled.probabilities, (0, 1)).all():
        notes.append(
            "All probabilities are 0 or 1. If they are predicted classes, AUC, average precision"
            " and calibration are not those of the model: pass its probabilities."
        )
    return notes


def _count_participants(train, part, frame, counts):
    """Return the numbers of images, lesions and patients at each step, where known."""
    pictures, y_train, groups_train = train
    lines = {}
    for known in (y_train, groups_train, None if pictures is None else pictures.images):
        if known is not None:
            n_groups = np.nan if groups_train is None else len(set(np.ravel(groups_train)))
            lines["training"] = {"images": len(known), "groups": n_groups}
            break
    n_groups = np.nan if part.groups is None else len(np.unique(part.groups))
    lines["test"] = {"images": len(part.rows), "groups": n_groups}
    for name in ("lesion_id", "patient_id"):
        if frame is not None and name in frame:
            lines["test"][name.replace("_id", "s")] = (
                clean_ids(frame[name]).iloc[part.rows].nunique()
            )
    for label, line in counts.iterrows():
        n_groups = np.nan if part.groups is None else line["groups"]
        lines[f"test: {label}"] = {"images": line["images"], "groups": n_groups}
    table = pd.DataFrame.from_dict(lines, orient="index").astype("Int64")
    return table.rename_axis("step")


def _count_confusions(part):
    predictions = part.predictions
    k = len(predictions.classes)
    cells = np.bincount(predictions.y * k + predictions.predicted, minlength=k * k)
    return pd.DataFrame(
        cells.reshape(k, k),
        index=pd.Index(predictions.classes, name="true"),
        columns=pd.Index(predictions.classes, name="predicted"),
    )


def _find_errors(part):
    """Return the errors with the highest probability of the wrong class."""
    predictions = part.predictions
    wrong = np.flatnonzero(predictions.y != predictions.predicted)
    confidence = np.full(len(wrong), np.nan)
    if predictions.probabilities is not None:
        confidence = predictions.probabilities[wrong, predictions.predicted[wrong]]
    order = np.argsort(-confidence, kind="stable")[:_MAX_ERRORS]
    return pd.DataFrame(
        {
            "row": part.rows[wrong[order]],
            "class": predictions.classes[predictions.y[wrong[order]]],
            "predicted": predictions.classes[predictions.predicted[wrong[order]]],
            "confidence": confidence[order],
        }
    )
