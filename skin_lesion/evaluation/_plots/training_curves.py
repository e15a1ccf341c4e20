"""Loss and accuracy by epoch."""

import numpy as np

from ...models import find_answering


class TrainingCurveDisplay:
    """Curves of loss and accuracy over the epochs of training, with the best epoch.

    Create it by :meth:`from_estimator`, as with the displays of scikit-learn.

    Parameters
    ----------
    history : dict of list
        One value per epoch for 'loss' and 'accuracy' and, with a validation set, for 'val_loss' and
        'val_accuracy'.

    best_epoch : int, default=None
        The epoch whose weights were kept, counted from 1.

    Attributes
    ----------
    ax_ : ndarray of shape (2,), of matplotlib Axes
        Loss and accuracy.

    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> from skin_lesion import TrainingCurveDisplay
    >>> history = {
    ...     "loss": [1.1, 0.8, 0.6], "val_loss": [1.2, 0.9, 1.0],
    ...     "accuracy": [0.3, 0.6, 0.7], "val_accuracy": [0.3, 0.6, 0.5],
    ... }
    >>> display = TrainingCurveDisplay(history=history, best_epoch=2).plot()
    >>> display.ax_[0].get_ylabel()
    'Loss'
    """

    def __init__(self, *, history, best_epoch=None):
        self.history = history
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Plot the training of a fitted classifier.

        Parameters
        ----------
        estimator : SkinLesionClassifier, or a fitted Pipeline or search that ends in one
            Its `history_` and `best_epoch_` are shown.

        ax : sequence of two matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : TrainingCurveDisplay
            What was drawn.

        Raises
        ------
        ValueError
            If no training history is found.
        """
        found = find_training(estimator)
        if found is None:
            raise ValueError(
                f"{estimator!r} has no history_. Expected a fitted SkinLesionClassifier, or a"
                " Pipeline or search that ends in one. Call fit first."
            )
        return cls(**found).plot(ax=ax)

    @property
    def is_still_improving(self):
        """Whether the last epoch was the best one on the validation set: more may be better."""
        return "val_loss" in self.history and self.best_epoch == len(self.history["val_loss"])

    def plot(self, *, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : TrainingCurveDisplay
            What was drawn.

        Raises
        ------
        ValueError
            If `ax` is not two Axes.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
        self.ax_ = np.asarray(ax)
        if self.ax_.shape != (2,):
            raise ValueError(
                f"ax holds Axes of shape {self.ax_.shape}. Expected two, for loss and accuracy:"
                " _, ax = plt.subplots(1, 2)."
            )
        self.figure_ = self.ax_[0].figure
        for axes, metric in zip(self.ax_, ("loss", "accuracy"), strict=True):
            # Lines and markers differ too, for print and for colour-blind readers.
            for name, label, style in (
                (metric, "training", "C0-o"),
                (f"val_{metric}", "validation", "C1--s"),
            ):
                if name in self.history:
                    values = self.history[name]
                    epochs = np.arange(1, len(values) + 1)
                    axes.plot(epochs, values, style, label=label, markersize=3)
            if self.best_epoch is not None:
                axes.axvline(self.best_epoch, color="0.5", linestyle=":", label="best epoch")
            if self.is_still_improving:
                axes.text(
                    0.98, 0.5, "still improving", transform=axes.transAxes, ha="right", color="0.3"
                )
            axes.set(xlabel="Epoch", ylabel=metric.capitalize())
            axes.xaxis.get_major_locator().set_params(integer=True)
            if len(self.history.get(metric, ())) == 1:  # fractions would stand beside it
                axes.set_xticks([1])
            if axes.lines:
                axes.legend()
        self.ax_[1].set_ylim(0, 1)
        return self


def find_training(estimator):
    """Return the history and the best epoch of the innermost classifier, or None."""
    *_, network = find_answering(estimator)
    history = getattr(network, "history_", None)
    if not isinstance(history, dict):
        return None
    # A classifier of scikeras has a history, but no best epoch.
    return {"history": history, "best_epoch": getattr(network, "best_epoch_", None)}
