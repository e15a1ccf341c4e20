"""A picture of each step, as PNG."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.metrics import confusion_matrix as count_confusions

from ..._utils.atomic_writing import new_file
from ...evaluation import TrainingCurveDisplay
from ...images import ImageLoader

SIZE = 160


def class_counts(data, path):
    """Bars of the number of images by class and side."""
    counts = data.counts()
    figure, axes = plt.subplots(figsize=(8, 0.6 * len(counts) + 1.5), layout="constrained")
    counts.plot.barh(ax=axes, width=0.8)
    for bars in axes.containers:
        axes.bar_label(bars, padding=2, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="Images", ylabel="", title="Images by class")
    _save(figure, path)


def sample_images(data, path, n_columns=8):
    """A row of training images of each class."""
    X, y, _ = data.part(is_test=False)
    classes = np.unique(y)
    rows = [(np.flatnonzero(y == name)[:n_columns], str(name)) for name in classes]
    _save(_contact_sheet(X, rows, n_columns, titles=None), path)


def confusion_matrix(data, report, path):
    """Counts, coloured by the share of the true class."""
    _, y, _ = data.part(is_test=True)
    size = 3 + 0.6 * len(report.class_counts.index)
    figure, axes = plt.subplots(figsize=(size, size), layout="constrained")
    labels = [name for name in report.class_counts.index if name in set(y) | set(report.predicted)]
    display = ConfusionMatrixDisplay.from_predictions(
        y,
        report.predicted,
        labels=labels,
        normalize="true",
        cmap="Blues",
        ax=axes,
        colorbar=False,
        xticks_rotation=45,
    )
    # Colours from the shares, numbers from the counts: rare classes stay legible.
    counts = count_confusions(y, report.predicted, labels=labels)
    for text, count in zip(display.text_.ravel(), counts.ravel(), strict=True):
        text.set_text(str(count))
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    axes.set(title="Test images by true and predicted class")
    _save(figure, path)


def training_curves(model, path):
    """Loss and accuracy by epoch of the model that was refitted."""
    _save(TrainingCurveDisplay.from_estimator(model).figure_, path)


def predictions(data, report, path, n_columns=8):
    """The most confident right and wrong predictions."""
    X, y, _ = data.part(is_test=True)
    confidence = report.probabilities.max(axis=1)
    by_confidence = np.argsort(-confidence, kind="stable")
    is_right = report.predicted == y
    rows = [
        (by_confidence[is_right[by_confidence]][: 2 * n_columns], "right"),
        (by_confidence[~is_right[by_confidence]][: 2 * n_columns], "wrong"),
    ]
    rows = [
        (chosen[start : start + n_columns], f"most confident, {name}")
        for chosen, name in rows
        for start in range(0, len(chosen), n_columns)
    ]

    def title(row):
        text = f"{report.predicted[row]} {confidence[row]:.0%}"
        return text if is_right[row] else f"{text}\nis {y[row]}"

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
        for axes, row, image in zip(axes_row, chosen, loader.transform(X[chosen]), strict=False):
            axes.imshow(image)
            if titles is not None:
                axes.set_title(titles(row), fontsize=6)
    return figure


def _save(figure, path):
    with new_file(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=100)
    plt.close(figure)
