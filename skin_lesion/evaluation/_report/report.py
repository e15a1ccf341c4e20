"""The report of a model on a set of images."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from ..._utils.atomic_writing import write_text
from ..._utils.sklearn_private import validate_params
from ..._utils.validation.messages import say
from ..._utils.validation.rows import check_lengths, check_order
from .._intervals.estimates import Estimates
from .._intervals.parts import Draws, Part, pool_part
from .._metrics.input_checks import find_class
from .._pictures import Pictures
from .._plots.training_curves import find_training
from . import figures as _figures
from .build_report import PARAMETERS, build_sections, check_groups, check_thresholds
from .model_card import render_model_card
from .page import render_report
from .predictions import read_predictions
from .text import lengthen_tables, render_json, say_score, summarise


class EvaluationReport:
    """The scores of a model with confidence intervals, tables, curves and shortcut baselines.

    :func:`evaluate` and :func:`cross_evaluate` return the report of a model.
    :meth:`from_predictions` makes one from given probabilities. Tables of scores have columns
    `value`, `low` and `high` (the 95% interval), and `groups`, the number of lesions or patients
    behind the score. Undefined scores and missing intervals are NaN (see :func:`evaluate`).

    Attributes
    ----------
    scores : DataFrame indexed by score
        Scores over all classes. From :func:`cross_evaluate`, `value` is the mean over folds and
        `deviation` the standard deviation. With several fits, `value` is the mean over fits and
        `run_deviation` the standard deviation: the run-to-run training variability, which the
        interval does not include.

    class_scores : DataFrame indexed by class and score
        Scores of each class against the rest. `calibration_intercept` and `calibration_slope` are
        those of a logistic recalibration: 0 and 1 if the probabilities are calibrated.

    class_counts : DataFrame indexed by class
        `images`, `groups`, `predicted` (how often) and `few` (fewer than 30 groups).

    confusion_matrix : DataFrame
        Images by true (rows) and predicted class.

    classification_report : str
        The classification report of scikit-learn.

    operating_points : DataFrame indexed by operating point and score, or None
        Scores at the given thresholds: `threshold`, `value`, `low`, `high`, `groups`.

    at_prevalence : DataFrame indexed by operating point and score, or None
        Predictive values and net benefit of the positive class at the given `prevalence`, for the
        predicted class and for each operating point. The net benefit takes the threshold as a risk.

    prevalence : float or None

    baselines : DataFrame indexed by model and score, or None
        Scores of the model, the most frequent class, and a forest on colour and image size.

    slices : DataFrame indexed by column and value, or None
        Scores of subgroups of the images, and their differences to all other images, each with
        columns that end in `_low`, `_high` and `_groups`. `few` marks slices with fewer than 30
        groups.

    participant_flow : DataFrame indexed by step
        Numbers of images, groups and, if the frame has them, lesions and patients in training and
        test set.

    errors : DataFrame
        The most confident errors: `row`, `class`, `predicted` and `confidence`.

    predicted : ndarray of shape (n_images,)
        The predicted class of each image.

    probabilities : ndarray of shape (n_images, n_classes), or None
        Probabilities of the classes of the estimator, in the sorted order of the classes.

    left_out : dict of str to str
        Missing sections, with reasons.

    notes : list of str
        Notes to read before the numbers.

    positive : str or int, or None
        The class to detect.

    n_images, n_groups, n_errors, n_folds, n_fits, n_bootstraps : int
        With several fits, errors, predictions, curves, slices and counts are those of the first.

    has_groups : bool
        Whether lesions or patients were given. Without them, each image is its own group.

    random_state : int
        The seed of the bootstraps. Pass it as `random_state` to repeat them.

    See Also
    --------
    evaluate : Returns a report, with an example.
    cross_evaluate : Returns a report over folds.
    compare : Compares two reports.
    """

    def __init__(
        self,
        parts,
        *,
        pictures,
        frame,
        positive,
        draws,
        thresholds=None,
        prevalence=None,
        train=(None, None, None),
        estimator=None,
        notes=(),
        left_out=(),
    ):
        self._parts, self._draws = parts, draws
        self._estimates, self._pooled = Estimates(parts, draws), pool_part(parts)
        classes = self._pooled.predictions.classes.tolist()
        place = find_class(positive, classes)
        self.positive = None if place is None else classes[place]  # 1 if it was given as True
        tables, found, self.left_out = build_sections(
            self._estimates,
            self._pooled,
            pictures=pictures,
            frame=frame,
            place=place,
            thresholds=thresholds,
            prevalence=prevalence,
            train=train,
            seed=draws.seed,
        )
        for name, table in tables.items():
            setattr(self, name, table)
        self.prevalence = prevalence
        self.notes = [*notes, *found]
        self.n_fits = max(part.repeat for part in parts) + 1
        self.n_folds = sum(part.repeat == 0 for part in parts)
        self.has_groups = parts[0].groups is not None
        self.n_images = len(self._pooled.rows)
        self.n_groups = int(self._estimates.grouped.n_groups)
        predictions = self._pooled.predictions
        self.n_errors = int(np.sum(predictions.y != predictions.predicted))
        self.predicted = predictions.classes[predictions.predicted]
        self.probabilities = None
        if predictions.probabilities is not None:
            self.probabilities = predictions.probabilities[:, predictions.seen]
        self.n_bootstraps = draws.n_bootstraps
        self.random_state = draws.seed
        self._images = pictures.images
        self._training = find_training(estimator)
        if self._training is None:
            self.left_out["training curves"] = "the estimator has no history"
        self.left_out |= left_out  # other reasons

    @classmethod
    @validate_params(
        {
            **PARAMETERS,
            "y_true": ["array-like"],
            "y_prob": ["array-like"],
            "classes": ["array-like"],
        },
        prefer_skip_nested_validation=True,
    )
    def from_predictions(
        cls,
        y_true,
        y_prob,
        *,
        classes,
        groups=None,
        frame=None,
        positive=None,
        thresholds=None,
        prevalence=None,
        n_bootstraps=2000,
        random_state=None,
    ):
        """Make a report from given probabilities, of any program.

        Parameters
        ----------
        y_true : array-like of shape (n,)
            True classes.

        y_prob : array-like of shape (n, n_classes) or (n,)
            Probabilities of the classes, with rows that sum to 1, or with two classes those of
            `positive` alone. The columns of a DataFrame are matched by class name. The most
            probable class is the predicted one.

        classes : array-like of shape (n_classes,)
            The classes of the columns, in their order.

        groups : array-like of shape (n,), default=None
            The lesion or patient of each image. Without groups, each image counts as a separate
            lesion, so several photographs of one lesion make the intervals too narrow.

        frame : DataFrame of n rows, default=None
            Columns for slices, as in :func:`evaluate`.

        positive : str or int, default=None
            The class to detect.

        thresholds : DataFrame, dict of str to float, or array-like of float, default=None
            Operating points on the probability of `positive`, for example from
            :func:`choose_thresholds_from_predictions`.

        prevalence : float in (0, 1), default=None
            Prevalence of `positive` where the model will be used, as in :func:`evaluate`.

        n_bootstraps : int, default=2000
            Number of bootstraps, for the scores at 80% or 90% sensitivity or specificity.

        random_state : int, RandomState instance or None, default=None
            Pass an int for the same intervals in each call.

        Returns
        -------
        report : EvaluationReport
            Without baselines, training curves and pictures, which need the images.

        Raises
        ------
        ValueError
            If lengths differ, labels or groups are missing, `classes` does not match the columns,
            `y_true` has none of the classes, or rows of `y_prob` do not sum to 1. If `y_prob` has
            one column, but there are not two classes, or `positive` is not one of them.

        Warns
        -----
        UndefinedMetricWarning
            As :func:`evaluate` does.
        UserWarning
            If several rows have a group such as "unknown".

        Examples
        --------
        >>> from skin_lesion import EvaluationReport
        >>> y_prob = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7], [0.8, 0.2]]
        >>> report = EvaluationReport.from_predictions(
        ...     ["nevus", "nevus", "melanoma", "nevus", "nevus"], y_prob,
        ...     classes=["nevus", "melanoma"], positive="melanoma", random_state=0)
        >>> report.class_scores.loc[("melanoma", "specificity"), ["value", "groups"]].tolist()
        [0.75, 4.0]
        """
        check_order(y_true=y_true, y_prob=y_prob, groups=groups, frame=frame)
        predictions = read_predictions(y_true, y_prob, classes, positive)
        check_lengths(y_true=predictions.y, groups=groups, frame=frame)
        return cls(
            [Part(predictions, check_groups(groups), np.arange(len(predictions)))],
            pictures=Pictures(None, "no images were given"),
            frame=frame,
            positive=positive,
            thresholds=check_thresholds(thresholds, prevalence, positive),
            prevalence=prevalence,
            draws=Draws(n_bootstraps, choose_seed(random_state)),
            left_out={
                "search for training images": "no images were given (evaluate takes them)",
                "search for training lesions": "evaluate takes their groups",
                "shortcut baselines": "no images were given (evaluate takes them)",
                "training curves": "no estimator was given",
            },
        )

    def __repr__(self):
        return (
            f"<EvaluationReport of {say(self.n_images, 'image')}, {say(self.n_groups, 'group')}:"
            f" balanced accuracy {say_score(self.scores.loc['balanced_accuracy'])}>"
        )

    def summary(self):
        """Print the report as text."""
        print(summarise(self))

    def to_html(self, path):
        """Write the report to one HTML page with all tables, curves and pictures.

        Parameters
        ----------
        path : str or os.PathLike
            The file; missing folders are created.

        Returns
        -------
        path : pathlib.Path
            The file that was written.
        """
        return write_text(path, render_report(self, is_whole=True))

    def _repr_html_(self):
        return render_report(self, is_whole=False)

    def to_frame(self):
        """Return all scores as one table.

        Returns
        -------
        frame : DataFrame
            Columns `section` ("scores", "classes", "operating points", "prevalence", "baselines" or
            "slices"), `name` (of the class, operating point, model or slice), `score`, `value`,
            `low`, `high` and `groups`. Where the report has them, `threshold` of the operating
            points, `prevalence`, `deviation` and `run_deviation`; NaN in rows without.
        """
        return lengthen_tables(self)

    def to_json(self, path=None):
        """Return the report as JSON, and write it to a file if a path is given.

        Parameters
        ----------
        path : str, os.PathLike or None, default=None
            The file; missing folders are created.

        Returns
        -------
        text : str
            Undefined and infinite numbers are null.
        """
        text = render_json(self)
        if path is not None:
            write_text(path, text)
        return text

    def to_model_card(self, path):
        """Write a model card in Markdown, under the headings of TRIPOD+AI and CLAIM.

        It contains the scores, tables and notes of the report, but no curves, confusion matrix,
        classification report or errors. What the report does not know, such as the intended use, is
        marked as to be written by the authors.

        Parameters
        ----------
        path : str or os.PathLike
            The file; missing folders are created.

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
        return write_text(path, render_model_card(self))

    def draw_figures(self):
        """Draw the curves.

        Returns
        -------
        figures : dict of str to matplotlib Figure
            "confusion matrix"; with probabilities "roc", "precision and recall", "reliability" and
            "referral", if the most probable class is always predicted; with a positive class
            "decision curve"; and "training" if the estimator has a history. Bands are 95%
            intervals. With folds, curves use the pooled probabilities of all models; with several
            fits, those of the first. Legends have the values of `class_scores`.
        """
        pooled, predictions = self._pooled, self._pooled.predictions
        positive = find_class(self.positive, predictions.classes.tolist())
        figures = {"confusion matrix": _figures.draw_confusion(self.confusion_matrix)}
        if self._estimates.has_probabilities:
            of_classes = predictions, positive, self.class_scores
            figures["roc"] = _figures.draw_roc(*of_classes)
            figures["precision and recall"] = _figures.draw_precision_recall(*of_classes)
            figures["reliability"] = _figures.draw_reliability(pooled, positive)
            if "referral curve" not in self.left_out:
                figures["referral"] = _figures.draw_referral(predictions)
            if positive is not None:
                figures["decision curve"] = _figures.draw_decision(pooled, positive)
        if self._training is not None:
            figures["training"] = _figures.draw_training(**self._training)
        return figures


def choose_seed(random_state):
    """Return a seed as an int, which can be passed again."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
