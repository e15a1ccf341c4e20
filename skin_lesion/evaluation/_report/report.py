"""What a reviewer asks for, of a model on a set of images."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ..._utils.atomic_writing import write_text
from .._intervals.score_tables import pool_part
from . import figures as _figures
from .model_card import render_model_card
from .page import render_page
from .text import describe_data, describe_intervals, summarise


class EvaluationReport:
    """The scores of a model with their intervals, beside shortcut baselines.

    Tables of scores have columns `value`, `low` and `high`, the 95% interval; undefined scores are
    NaN, and so are intervals of classes with less than two lesions.

    Attributes
    ----------
    scores : DataFrame indexed by score
        Of all classes together. From :func:`cross_evaluate`, `value` is the mean over folds and
        `deviation` the standard deviation.

    class_scores : DataFrame indexed by class and score
        Of each class against the rest.

    class_counts : DataFrame indexed by class
        `images`, `groups`, `predicted` (how often) and `few` (less than 30 groups).

    confusion_matrix : DataFrame
        Images by true (rows) and predicted class.

    classification_report : str
        That of scikit-learn.

    operating_points : DataFrame indexed by operating point and score, or None
        What the given thresholds do: `threshold`, `value`, `low`, `high`.

    at_prevalence : DataFrame indexed by operating point and score, or None
        Predictive values and net benefit of the positive class at the `prevalence` that was given:
        of the predicted class, and of each operating point.

    prevalence : float or None

    baselines : DataFrame indexed by model and score, or None
        The model, the most frequent class, and a forest on colour and size.

    slices : DataFrame indexed by column and value, or None
        Scores of parts of the images.

    errors : DataFrame
        The most confident errors: `row`, `class`, `predicted` and `confidence`.

    predicted : ndarray of shape (n_images,)
        The predicted class of each image.

    probabilities : ndarray of shape (n_images, n_classes), or None
        Of the classes of the estimator.

    left_out : dict of str to str
        Sections that are missing, and why.

    notes : list of str
        What a reader must know before the numbers.

    positive : str or int, or None
        The class to find.

    n_images, n_groups, n_errors, n_folds, n_bootstraps : int

    has_groups : bool
        Whether lesions or patients were given. Without them images were resampled.

    random_state : int
        The seed of the draws: with it as `random_state` they are the same.

    See Also
    --------
    evaluate : Makes it, with an example.
    cross_evaluate : Makes it over folds.
    compare : Tests two of them against each other.
    """

    def __init__(self, tables, parts, draws, *, positive, images, history, notes, left_out):
        for name, table in tables.items():
            setattr(self, name, table)
        self.positive = positive
        self.notes = notes
        self.left_out = left_out
        self.n_folds = len(parts)
        self.n_images = sum(len(part.rows) for part in parts)
        self.has_groups = parts[0].groups is not None
        pooled = pool_part(parts)
        self.n_groups = len(np.unique(pooled.groups)) if self.has_groups else self.n_images
        predictions = pooled.predictions
        self.n_errors = int(np.sum(predictions.y != predictions.predicted))
        self.predicted = predictions.classes[predictions.predicted]
        self.probabilities = None
        if predictions.probabilities is not None:
            self.probabilities = predictions.probabilities[:, predictions.seen]
        self.n_bootstraps = draws.n_bootstraps
        self.random_state = draws.seed
        self._parts = parts
        self._draws = draws
        self._images = images
        self._history = history

    def __repr__(self):
        score = self.scores.loc["balanced_accuracy"]
        return (
            f"<EvaluationReport of {self.n_images} images, {self.n_groups} groups: balanced"
            f" accuracy {score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})>"
        )

    def summary(self):
        """Print the report as a page of text."""
        print(summarise(self))

    def to_html(self, path):
        """Write the report as one page of HTML with all tables, curves and pictures.

        Parameters
        ----------
        path : str or os.PathLike
            The file; folders on the way are made.

        Returns
        -------
        path : pathlib.Path
            The file that was written.
        """
        return _write(path, render_page(self, is_whole=True))

    def _repr_html_(self):
        return render_page(self, is_whole=False)

    def to_frame(self):
        """Return all scores as one table.

        Returns
        -------
        frame : DataFrame
            Columns `section` ("scores", "classes", "operating points", "prevalence", "baselines" or
            "slices"),
            `name` (of the class, operating point, model or slice), `score`, `value`, `low` and
            `high`.
        """
        parts = [_lengthen("scores", self.scores), _lengthen("classes", self.class_scores)]
        if self.operating_points is not None:
            parts.append(_lengthen("operating points", self.operating_points))
        if self.at_prevalence is not None:
            parts.append(_lengthen("prevalence", self.at_prevalence))
        if self.baselines is not None:
            parts.append(_lengthen("baselines", self.baselines))
        if self.slices is not None:
            parts.append(_lengthen_slices(self.slices))
        return pd.concat(parts, ignore_index=True)

    def to_json(self, path=None):
        """Return the report as JSON, and write it where a path is given.

        Parameters
        ----------
        path : str, os.PathLike or None, default=None
            The file; folders on the way are made.

        Returns
        -------
        text : str
            Undefined numbers are null.
        """
        content = {
            "data": describe_data(self),
            "intervals": describe_intervals(self),
            "images": self.n_images,
            "groups": self.n_groups,
            "folds": self.n_folds,
            "bootstraps": self.n_bootstraps,
            "random_state": self.random_state,
            "positive": self.positive,
            "notes": self.notes,
            "left_out": self.left_out,
            "classes": _to_records(self.class_counts.reset_index()),
            "confusion_matrix": {
                str(label): {str(name): int(count) for name, count in row.items()}
                for label, row in self.confusion_matrix.iterrows()
            },
            "scores": _to_records(self.to_frame()),
            "errors": _to_records(self.errors),
        }
        text = json.dumps(content, indent=2, default=_to_builtin)
        if path is not None:
            _write(path, text)
        return text

    def to_model_card(self, path):
        """Write a model card in Markdown, under the headings of TRIPOD+AI and CLAIM.

        What the report knows is filled in. The rest, such as the intended use, is marked as still
        to be written: nobody but the author knows it.

        Parameters
        ----------
        path : str or os.PathLike
            The file; folders on the way are made.

        Returns
        -------
        path : pathlib.Path
            The file that was written.

        References
        ----------
        G. S. Collins et al., "TRIPOD+AI statement: updated guidance for reporting clinical
        prediction models that use regression or machine learning methods", BMJ 385, e078378, 2024.
        :doi:`10.1136/bmj-2023-078378`

        A. S. Tejani et al., "Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024
        update", Radiology: Artificial Intelligence 6(4), e240300, 2024.
        :doi:`10.1148/ryai.240300`

        M. Mitchell et al., "Model cards for model reporting", FAT*, 2019.
        :doi:`10.1145/3287560.3287596`
        """
        return _write(path, render_model_card(self))

    def draw_figures(self):
        """Draw the curves.

        Returns
        -------
        figures : dict of str to matplotlib Figure
            "confusion matrix"; with probabilities "roc", "precision and recall", "reliability" and
            "referral", with a positive class "decision curve", and "training" where the estimator
            has a history. Of folds, the probabilities of all models together.
        """
        predictions = pool_part(self._parts).predictions
        classes = predictions.classes.tolist()
        positive = None if self.positive is None else classes.index(self.positive)
        figures = {"confusion matrix": _figures.draw_confusion(self.confusion_matrix)}
        if predictions.probabilities is not None:
            figures["roc"] = _figures.draw_roc(predictions, positive)
            figures["precision and recall"] = _figures.draw_precision_recall(predictions, positive)
            figures["reliability"] = _figures.draw_reliability(predictions, positive)
            figures["referral"] = _figures.draw_referral(predictions)
            if positive is not None:
                figures["decision curve"] = _figures.draw_decision(predictions, positive)
        if self._history is not None:
            figures["training"] = _figures.draw_training(*self._history)
        return figures


def _lengthen(section, table):
    long = table[["value", "low", "high"]].reset_index()
    if table.index.nlevels == 1:
        long.insert(0, "name", "all")
    long.columns = ["name", "score", "value", "low", "high"]
    long.insert(0, "section", section)
    return long


def _lengthen_slices(slices):
    names = [name for name in slices if f"{name}_low" in slices]
    lines = [
        ["slices", f"{column} = {value}", name, *line[[name, f"{name}_low", f"{name}_high"]]]
        for (column, value), line in slices.iterrows()
        for name in names
    ]
    return pd.DataFrame(lines, columns=["section", "name", "score", "value", "low", "high"])


def _write(path, text):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return path


def _to_records(table):
    table = table.astype(object)
    return table.where(table.notna(), None).to_dict(orient="records")


def _to_builtin(value):
    return value.item() if isinstance(value, np.generic) else str(value)
