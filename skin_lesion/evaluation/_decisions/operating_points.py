"""Plot scores against the threshold on the probability of a class."""

import numpy as np
from sklearn.metrics import confusion_matrix_at_thresholds

from ..._utils.validation.rows import check_order
from .._metrics.input_checks import check_one_against_rest, find_classes
from .._plots.style import COLOURS
from .thresholds import name_thresholds


class OperatingPointDisplay:
    """Sensitivity, specificity and PPV against the threshold, with chosen operating points.

    Create it by :meth:`from_estimator` or :meth:`from_predictions`, as with the displays of
    scikit-learn.

    Parameters
    ----------
    cut_offs : ndarray of shape (n_cut_offs,)
        Thresholds in ascending order: cases with at least this score are predicted positive.

    sensitivity, specificity, ppv : ndarray of shape (n_cut_offs,)
        Scores at each threshold. The positive predictive value (PPV) is NaN if no case is predicted
        positive.

    thresholds : DataFrame of choose_thresholds, or dict of str to float, default=None
        Operating points to mark.

    pos_label : str or int, default=None
        The positive class.

    Attributes
    ----------
    ax_ : matplotlib Axes

    figure_ : matplotlib Figure

    See Also
    --------
    choose_thresholds : Finds `thresholds`.

    Examples
    --------
    >>> from skin_lesion import OperatingPointDisplay
    >>> y = ["melanoma", "nevus", "nevus", "melanoma", "nevus"]
    >>> display = OperatingPointDisplay.from_predictions(
    ...     y, [0.9, 0.3, 0.1, 0.4, 0.05], pos_label="melanoma", thresholds={"rule out": 0.2})
    >>> display.cut_offs.tolist(), display.sensitivity.tolist()
    ([0.05, 0.1, 0.3, 0.4, 0.9], [1.0, 1.0, 1.0, 1.0, 0.5])
    """

    def __init__(self, *, cut_offs, sensitivity, specificity, ppv, thresholds=None, pos_label=None):
        self.cut_offs = cut_offs
        self.sensitivity = sensitivity
        self.specificity = specificity
        self.ppv = ppv
        self.thresholds = thresholds
        self.pos_label = pos_label

    @classmethod
    def from_estimator(cls, estimator, X, y, *, pos_label=None, thresholds=None, ax=None):
        """Plot scores of a fitted classifier against the threshold.

        Parameters
        ----------
        estimator : fitted classifier
            With `predict_proba`.

        X : array-like of n rows
            Images as the estimator takes them.

        y : array-like of shape (n,)
            Their classes.

        pos_label : str or int, default=None
            The positive class. None means the second of two classes.

        thresholds : DataFrame of choose_thresholds, or dict of str to float, default=None
            Operating points to mark.

        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : OperatingPointDisplay
            What was drawn.

        Raises
        ------
        ValueError
            If `pos_label` is not a class of the estimator, or is None with more than two classes.
        """
        check_order(X=X, y=y)
        classes = find_classes(estimator).tolist()
        if pos_label is None and len(classes) == 2:
            pos_label = classes[1]
        if pos_label not in classes:
            raise ValueError(
                f"pos_label={pos_label!r} is not among the classes {classes}. Expected one of them."
            )
        probabilities = np.asarray(estimator.predict_proba(X))[:, classes.index(pos_label)]
        return cls.from_predictions(
            y, probabilities, pos_label=pos_label, thresholds=thresholds, ax=ax
        )

    @classmethod
    def from_predictions(cls, y_true, y_score, *, pos_label=None, thresholds=None, ax=None):
        """Plot sensitivity, specificity and PPV of given scores against the threshold.

        Parameters
        ----------
        y_true : array-like of shape (n,)
            True labels.

        y_score : array-like of shape (n,)
            Scores of the positive class, such as its probability.

        pos_label : str or int, default=None
            The positive label. None means 1, for labels of {0, 1} or {-1, 1}.

        thresholds : DataFrame of choose_thresholds, or dict of str to float, default=None
            Operating points to mark.

        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : OperatingPointDisplay
            What was drawn.

        Raises
        ------
        ValueError
            If lengths differ, values are missing, or `pos_label` is None and the labels are others.

        Warns
        -----
        UserWarning
            If no row has the label `pos_label`.
        """
        is_positive, scores, _ = check_one_against_rest(y_true, y_score, pos_label, None)
        falling = confusion_matrix_at_thresholds(is_positive, scores)
        tn, fp, fn, tp, cut_offs = (values[::-1] for values in falling)
        with np.errstate(invalid="ignore"):  # NaN where there are no positives, or no negatives
            return cls(
                cut_offs=cut_offs,
                sensitivity=tp / (tp + fn),
                specificity=tn / (tn + fp),
                ppv=tp / (tp + fp),
                thresholds=thresholds,
                pos_label=pos_label,
            ).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : OperatingPointDisplay
            What was drawn.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        curves = (
            ("sensitivity", self.sensitivity, "-"),
            ("specificity", self.specificity, "--"),
            ("positive predictive value", self.ppv, "-."),
        )
        for (label, values, line), colour in zip(curves, COLOURS, strict=False):
            # A step before each score: thresholds up to it give the same predictions.
            ax.step(self.cut_offs, values, line, where="pre", color=colour, label=label)
        thresholds = {} if self.thresholds is None else name_thresholds(self.thresholds)
        for name, threshold in thresholds.items():
            ax.axvline(threshold, color="0.4", linestyle=":")
            ax.annotate(
                name,
                (threshold, 0.02),
                (-2, 0),
                textcoords="offset points",
                rotation=90,
                fontsize=8,
                va="bottom",
                ha="right",
            )
        what = "the positive class" if self.pos_label is None else self.pos_label
        ax.set(xlabel=f"Threshold on the score of {what}", ylabel="Share", ylim=(-0.02, 1.02))
        ax.legend()
        return self
