"""A picture of each step, as PNG."""

import matplotlib.pyplot as plt
import numpy as np

from ..._utils.atomic_writing import new_file
from ...evaluation import TrainingCurveDisplay
from ...images import ImageLoader
from .network import networks_of

SIZE = 160


def class_counts(data, path):
    """Bars of the number of images by class and side."""
    counts = data.counts()
    figure, axes = plt.subplots(figsize=(8, 0.6 * len(counts) + 1.5), layout="constrained")
    counts.plot.barh(ax=axes, width=0.8)
    for bars in axes.containers:
        axes.bar_label(bars, padding=2, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="Images", ylabel="")
    axes.get_legend().remove()
    figure.legend(loc="outside upper right", ncols=2)  # not over a bar
    _save(figure, path)


def sample_images(data, path, n_columns=8):
    """A row of training images of each class."""
    X, y, _ = data.part(is_test=False)
    classes = np.unique(y)
    rows = [(np.flatnonzero(y == name)[:n_columns], str(name)) for name in classes]
    _save(_contact_sheet(X, rows, n_columns, titles=None), path)


def training_curves(model, path):
    """Loss and accuracy by epoch of the network that was fitted in the end."""
    _save(TrainingCurveDisplay.from_estimator(networks_of(model)[0]).figure_, path)


def right_predictions(data, report, path, n_columns=8):
    """The most confident right predictions; the page of the report shows the wrong ones."""
    X, y, _ = data.part(is_test=True)
    confidence = report.probabilities.max(axis=1)
    by_confidence = np.argsort(-confidence, kind="stable")
    right = by_confidence[(report.predicted == y)[by_confidence]][: 2 * n_columns]
    rows = [(right[start : start + n_columns], "right") for start in (0, n_columns)]

    def title(row):
        return f"{report.predicted[row]} {confidence[row]:.0%}"

    _save(_contact_sheet(X, rows, n_columns, title), path)


def _contact_sheet(X, rows, n_columns, titles):
    loader = ImageLoader(image_size=(SIZE, SIZE), resize="pad")
    figure, grid = plt.subplots(
        len(rows),
        n_columns,
        figsize=(1.7 * n_columns, 1.95 * len(rows) + 0.3),
        squeeze=False,
        layout="constrained",
    )
    for axes_row, (chosen, label) in zip(grid, rows, strict=True):
        for axes in axes_row:
            axes.set(xticks=[], yticks=[], frame_on=False)
        axes_row[0].set_ylabel(label, fontsize=8)
        if not len(chosen):
            continue
        images = loader.transform(X[chosen]) if X.ndim == 2 else X[chosen]
        for axes, row, image in zip(axes_row, chosen, images, strict=False):
            axes.imshow(image)
            if titles is not None:
                axes.set_title(titles(row), fontsize=6)
    return figure


def _save(figure, path):
    with new_file(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=100)
    plt.close(figure)
