"""Selective prediction: refer the least certain cases to a dermatologist."""

import numpy as np
from sklearn.metrics import confusion_matrix_at_thresholds

from ..._utils.sklearn_private import validate_params
from ..._utils.validation.labels import check_labels
from ..._utils.validation.rows import check_lengths, check_order
from .._metrics.input_checks import PARAMETERS, check_classes, check_probabilities, order_columns
from .._plots.style import COLOURS


@validate_params(PARAMETERS, prefer_skip_nested_validation=True)
def referral_curve(y_true, y_prob, *, labels=None):
    """Accuracy on the remaining cases, against the share of referred cases.

    The confidence of a case is its highest class probability. Cases with the lowest confidence are
    referred to a dermatologist first [1]_. If the curve does not rise, the confidence of the model
    does not indicate its errors.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.

    y_prob : array-like of shape (n, n_classes)
        Probabilities of the classes, in sorted order, with rows that sum to 1. The columns of a
        DataFrame are matched by class name.

    labels : array-like of shape (n_classes,), default=None
        The classes of the columns, for a `y_true` that lacks some.

    Returns
    -------
    referred : ndarray of shape (n_points,)
        Share of referred cases, from 0. Cases with the same confidence are referred together.

    accuracy : ndarray of shape (n_points,)
        Share of correct predictions among the remaining cases.

    Raises
    ------
    ValueError
        If lengths differ, if rows of `y_prob` do not sum to 1, or if labels do not match columns.

    Notes
    -----
    At a high share of referred cases, the accuracy is based on few cases. The curve does not
    include the accuracy of dermatologists on referred cases.

    References
    ----------
    .. [1] C. Leibig et al., "Leveraging uncertainty information from deep neural networks for
       disease detection", Scientific Reports 7, 17816, 2017. :doi:`10.1038/s41598-017-17876-z`

    Examples
    --------
    >>> from skin_lesion import referral_curve
    >>> y_prob = [[0.9, 0.1], [0.45, 0.55], [0.2, 0.8], [0.6, 0.4]]
    >>> referred, accuracy = referral_curve(["mel", "mel", "nv", "mel"], y_prob)
    >>> referred.tolist(), accuracy.tolist()
    ([0.0, 0.25, 0.5, 0.75], [0.75, 1.0, 1.0, 1.0])
    """
    check_order(y_true=y_true, y_prob=y_prob)
    y_true = check_labels(y_true)
    columns = np.unique(y_true if labels is None else labels)
    y_prob = check_probabilities(order_columns(y_prob, columns))
    check_lengths(y_true=y_true, y_prob=y_prob)
    if y_prob.ndim != 2:
        raise ValueError(
            f"y_prob has shape {y_prob.shape}. Expected the probabilities of all classes, of shape"
            " (n, n_classes)."
        )
    classes = check_classes(labels, y_true, y_prob.shape[1])
    is_right = classes[y_prob.argmax(axis=1)] == y_true
    falling = confusion_matrix_at_thresholds(is_right, y_prob.max(axis=1))
    wrong_below, wrong, right_below, right, _ = (values[::-1] for values in falling)
    return (wrong_below + right_below) / len(y_true), right / (right + wrong)


class ReferralCurveDisplay:
    """Plot of the accuracy on the remaining cases, against the share of referred cases.

    Create it by :meth:`from_estimator` or :meth:`from_predictions`, as with the displays of
    scikit-learn.

    Parameters
    ----------
    referred, accuracy : ndarray of shape (n_points,)
        As :func:`referral_curve` gives them.

    Attributes
    ----------
    ax_ : matplotlib Axes

    figure_ : matplotlib Figure

    Examples
    --------
    >>> from skin_lesion import ReferralCurveDisplay
    >>> y_prob = [[0.9, 0.1], [0.45, 0.55], [0.2, 0.8], [0.6, 0.4]]
    >>> display = ReferralCurveDisplay.from_predictions(["mel", "mel", "nv", "mel"], y_prob)
    >>> display.ax_.get_ylabel()
    'Accuracy on the remaining cases'
    """

    def __init__(self, *, referred, accuracy):
        self.referred = referred
        self.accuracy = accuracy

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None):
        """Plot the curve of a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier
            With `predict_proba`. Its most probable class counts as predicted, even if its `predict`
            has a threshold.

        X : array-like of n rows
            Images as the estimator takes them.

        y : array-like of shape (n,)
            Their classes, all of which the estimator must know.

        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : ReferralCurveDisplay
            What was drawn.
        """
        check_order(X=X, y=y)
        return cls.from_predictions(y, estimator.predict_proba(X), labels=estimator.classes_, ax=ax)

    @classmethod
    def from_predictions(cls, y_true, y_prob, *, labels=None, ax=None):
        """Plot the curve of given probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n,)
            True labels.

        y_prob : array-like of shape (n, n_classes)
            Probabilities of the classes, as :func:`referral_curve` takes them.

        labels : array-like of shape (n_classes,), default=None
            The classes of the columns, for a `y_true` that lacks some.

        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : ReferralCurveDisplay
            What was drawn.
        """
        referred, accuracy = referral_curve(y_true, y_prob, labels=labels)
        return cls(referred=referred, accuracy=accuracy).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : ReferralCurveDisplay
            What was drawn.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(5.5, 4.2), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        ax.step(self.referred, self.accuracy, where="post", color=COLOURS[0], label="by confidence")
        ax.axhline(self.accuracy[0], color="0.4", linestyle=":", label="at random")
        ax.set(
            xlabel="Share of cases referred",
            ylabel="Accuracy on the remaining cases",
            xlim=(0, 1),
            ylim=(min(0.5, self.accuracy.min()), 1.01),
        )
        ax.legend()
        return self
