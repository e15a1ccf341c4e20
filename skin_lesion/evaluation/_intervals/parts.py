"""Predictions of models: for all images, for each fold, and for several fits."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Predictions:
    """The predictions of a model for n images, and their true classes.

    Attributes
    ----------
    y, predicted : ndarray of shape (n,), of int
        True and predicted class, as positions in `classes`.

    probabilities : ndarray of shape (n, n_classes), or None
        Zero in the columns of classes that the model does not know.

    classes : ndarray of shape (n_classes,)
        Sorted classes of the model and of y.

    seen : ndarray of shape (n_classes,), of bool
        Which classes the model knows.
    """

    y: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None
    classes: np.ndarray
    seen: np.ndarray

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """Return the predictions for some rows."""
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        return Predictions(
            self.y[rows], self.predicted[rows], probabilities, self.classes, self.seen
        )

    def rate(self, name, number):
        """Return the hits and the cases of a rate of a class, as masks of rows."""
        is_of_class, is_called = self.y == number, self.predicted == number
        cases = {
            "sensitivity": is_of_class,
            "specificity": ~is_of_class,
            "ppv": is_called,
            "npv": ~is_called,
            # F1 is 2 J / (1 + J) with this rate J. Absent classes are left out, as in all means.
            "f1": (is_of_class | is_called) & is_of_class.any(),
        }[name]
        return cases & (is_of_class == is_called), cases


@dataclass
class Part:
    """Images that one model was evaluated on: all images, or a fold.

    Attributes
    ----------
    predictions : Predictions

    groups : ndarray of shape (n,) or None
        Lesions or patients.

    rows : ndarray of shape (n,)
        Positions in X.

    repeat : int
        Number of the fit, if there are several on the same images.
    """

    predictions: Predictions
    groups: np.ndarray | None
    rows: np.ndarray
    repeat: int = 0

    def take(self, rows):
        """Return the part with some of its images."""
        groups = None if self.groups is None else self.groups[rows]
        return Part(self.predictions.take(rows), groups, self.rows[rows], self.repeat)


@dataclass
class Draws:
    """Settings of the bootstrap, for the same draws each time.

    Attributes
    ----------
    n_bootstraps : int

    seed : int
    """

    n_bootstraps: int
    seed: int


def pool_part(parts, repeat=0):
    """Return the parts of one fit as one part, ordered by row, as if of one model."""
    parts = [part for part in parts if part.repeat == repeat]
    rows = np.concatenate([part.rows for part in parts])
    all_predictions = [part.predictions for part in parts]
    probabilities = None
    if all(one.probabilities is not None for one in all_predictions):
        probabilities = np.concatenate([one.probabilities for one in all_predictions])
    predictions = Predictions(
        np.concatenate([one.y for one in all_predictions]),
        np.concatenate([one.predicted for one in all_predictions]),
        probabilities,
        all_predictions[0].classes,
        np.any([one.seen for one in all_predictions], axis=0),
    )
    groups = None
    if parts[0].groups is not None:
        groups = np.concatenate([part.groups for part in parts])
    joint = Part(predictions, groups, rows, parts[0].repeat)
    return joint.take(np.argsort(rows, kind="stable"))


def mean_of_known(arrays):
    """Return the mean of arrays, ignoring NaN."""
    stacked = np.stack(arrays)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)


def mean(values):
    return float(mean_of_known(list(values)))
