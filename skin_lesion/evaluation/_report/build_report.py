"""Put a report together from the predictions of one model, or of one for each fold."""

import warnings
from numbers import Real

import numpy as np
import pandas as pd
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import classification_report

from ..._utils.validation import did_you_mean
from .._decisions.prevalence import make_prevalence_table
from .._decisions.thresholds import name_thresholds
from .._intervals.score_tables import count_classes, make_operating_points, make_tables, pool_part
from .baselines import score_baselines
from .predictions import last_step
from .report import EvaluationReport
from .slices import make_slices

_MAX_ERRORS = 24
_NO_PROBABILITIES = "the estimator gives no probabilities"


def build_report(
    parts,
    *,
    pictures,
    frame,
    positive,
    thresholds,
    train,
    estimator,
    draws,
    notes,
    prevalence=None,
):
    """Return the report on the predictions of one model, or of one for each fold."""
    classes = parts[0].predictions.classes
    place = find_class(positive, classes)
    pooled = pool_part(parts)
    has_probabilities = pooled.predictions.probabilities is not None
    counts = count_classes(pooled)
    notes = [*notes, *_note_classes(parts), *_note_groups(parts, draws, counts)]
    left_out = {} if has_probabilities else {"AUC, calibration and curves": _NO_PROBABILITIES}

    scores, class_scores = make_tables(parts, draws)
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
            zero_division=0,
            digits=3,
        ),
        "operating_points": None,
        "baselines": None,
        "slices": None,
        "errors": _find_errors(pooled),
    }
    if thresholds is None:
        left_out["operating points"] = "no thresholds were given (choose_thresholds finds them)"
    elif not has_probabilities:
        left_out["operating points"] = _NO_PROBABILITIES
    else:
        tables["operating_points"] = make_operating_points(parts, draws, thresholds, place)
    tables["prevalence"], tables["at_prevalence"] = prevalence, None
    if prevalence is not None:
        tables["at_prevalence"] = make_prevalence_table(
            class_scores, tables["operating_points"], positive, prevalence
        )
    train_pictures, y_train = train
    problem = "" if train_pictures is None else train_pictures.why_not_compared(pictures)
    if problem:
        left_out["search for training images"] = problem
    if train_pictures is None or y_train is None:
        left_out["shortcut baselines"] = "no training data were given"
    else:
        unknown = sorted(set(y_train.tolist()) - set(classes.tolist()))
        if unknown:
            raise ValueError(
                f"y_train has the classes {unknown}, which neither the estimator nor y has."
                " Expected what the estimator was fitted on."
            )
        tables["baselines"], missing = score_baselines(
            train_pictures, y_train, pictures, pooled, draws, place
        )
        left_out |= {f"baseline of {name}": why for name, why in missing.items()}
    if frame is None:
        left_out["slices"] = "no frame was given"
    else:
        slices, missing = make_slices(frame, pooled, draws, place)
        left_out |= {f"slices by {name}": why for name, why in missing.items()}
        tables["slices"] = slices if len(slices) else None
    if pictures.problem:
        left_out["pictures of errors"] = pictures.problem
    if place is None:
        left_out["decision curve"] = "no positive class was named"
    history = getattr(last_step(estimator), "history_", None)
    if not isinstance(history, dict):
        history = None
        left_out["training curves"] = "the estimator has no history"
    return EvaluationReport(
        tables,
        parts,
        draws,
        positive=positive,
        images=pictures.images,
        history=None if history is None else (history, last_step(estimator).best_epoch_),
        notes=notes,
        left_out=left_out,
    )


def find_class(positive, classes):
    """Return the place of the positive class among the classes, None where there is none.

    Raises
    ------
    ValueError
        If it is not among them.
    """
    if positive is None:
        return None
    known = classes.tolist()
    if positive not in known:
        raise ValueError(
            f"positive={positive!r} is not among the classes {known}. Expected one of"
            f" them.{did_you_mean(positive, list(map(str, known)))}"
        )
    return known.index(positive)


def check_thresholds(thresholds, positive):
    """Return thresholds as a dict of names and probabilities, or None."""
    if thresholds is None:
        return None
    if positive is None:
        raise ValueError(
            "Got thresholds without positive. Expected the class whose probability they are for:"
            " positive='melanoma', for example."
        )
    thresholds = name_thresholds(thresholds)
    for name, threshold in thresholds.items():
        # What is just above 1 calls nobody positive.
        if not isinstance(threshold, Real) or not 0 <= threshold <= np.nextafter(1, 2):
            raise ValueError(
                f"The threshold {name!r} is {threshold!r}. Expected a probability from 0 to 1."
            )
    return {name: float(threshold) for name, threshold in thresholds.items()} or None


def _note_classes(parts):
    classes, notes = parts[0].predictions.classes, []
    counts = np.array([np.bincount(part.predictions.y, minlength=len(classes)) for part in parts])
    absent = classes[counts.sum(axis=0) == 0].tolist()
    if absent:
        notes.append(
            f"y lacks the classes {absent}: their scores are NaN, and means leave them out."
        )
    unseen = ~np.array([part.predictions.seen for part in parts])
    if unseen.any():
        who = "The model has" if len(parts) == 1 else f"{unseen.any(axis=1).sum()} model(s) have"
        notes.append(
            f"{who} never seen the classes {classes[unseen.any(axis=0)].tolist()}:"
            f" {counts[unseen].sum()} of {counts.sum()} images count as wrong."
        )
    for note in notes:
        warnings.warn(note, UndefinedMetricWarning, stacklevel=5)
    return notes


def _note_groups(parts, draws, counts):
    notes = []
    lone = counts.index[counts["groups"] == 1].tolist()
    if not any(bootstrap.varies for bootstrap in draws.bootstraps(parts)):
        notes.append(
            "There is one group in each class: nothing can be drawn, and intervals are NaN."
        )
    elif lone:
        notes.append(
            f"The classes {lone} have one lesion or patient each: they have no intervals, and those"
            " of means over classes are too narrow."
        )
    for note in notes:
        warnings.warn(note, UndefinedMetricWarning, stacklevel=5)
    return notes


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
