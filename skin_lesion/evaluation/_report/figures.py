"""The figures of a report, with scikit-learn's displays. Lines differ in more than colour."""

import io
from math import isnan

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, PrecisionRecallDisplay, RocCurveDisplay

from ..._utils.validation.messages import say_number
from .._decisions.selective_prediction import ReferralCurveDisplay
from .._intervals.estimates import Estimates
from .._metrics.probabilities import net_benefit
from .._plots.style import COLOURS
from .._plots.training_curves import TrainingCurveDisplay

_LINES = ("-", "--", "-.", ":")
_MAX_CURVES = 12
_N_BINS = 10
_HIGHEST_THRESHOLD = 0.5
_DPI = 110  # for a figure in half of a page of 1,200 pixels
_WIDE_LABEL = 44  # characters: two of them are wider than the figure


def draw_confusion(confusion):
    """Draw counts of images, coloured by their share of the true class."""
    size = 2.5 + 0.55 * len(confusion)
    figure, axes = _new_figure(size, size)
    counts = confusion.to_numpy()
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    display = ConfusionMatrixDisplay(shares, display_labels=[str(name) for name in confusion])
    display.plot(
        ax=axes, cmap="Blues", colorbar=False, xticks_rotation=45, im_kw={"vmin": 0, "vmax": 1}
    )
    for text, count in zip(display.text_.ravel(), counts.ravel(), strict=True):
        text.set_text(str(count))
    for label in axes.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")
    axes.set(title="Confusion matrix (images)")
    return figure


def draw_roc(predictions, positive, class_scores):
    """Draw the ROC curve of each class against the rest."""
    areas = class_scores["value"].xs("roc_auc", level="score")
    figure, axes = _draw_classes(RocCurveDisplay, predictions, positive, "AUC", areas)
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.set(
        xlabel="1 - specificity",
        ylabel="Sensitivity",
        title="ROC curves, each class against the rest",
    )
    return figure


def draw_precision_recall(predictions, positive, class_scores):
    """Draw the precision-recall curve of each class against the rest."""
    areas = class_scores["value"].xs("average_precision", level="score")
    figure, axes = _draw_classes(PrecisionRecallDisplay, predictions, positive, "AP", areas)
    axes.set(
        xlabel="Recall (sensitivity)",
        ylabel="Precision (PPV)",
        title="Precision-recall curves, each class against the rest",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.05),
    )
    return figure


def draw_reliability(part, positive):
    """Draw the observed share of a class against its predicted probability."""
    figure, axes = _new_figure(5.2, 4.6)
    predictions = part.predictions
    if positive is None:
        confidence = predictions.probabilities.max(axis=1)
        is_right, what = predictions.probabilities.argmax(axis=1) == predictions.y, "highest class"
    else:
        confidence = predictions.probabilities[:, positive]
        is_right, what = predictions.y == positive, str(predictions.classes[positive])
    estimates = Estimates([part])
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, _N_BINS + 1)))
    bins = np.searchsorted(edges[1:-1], confidence)
    points = np.array(
        [
            [confidence[bins == number].mean(), *_limits(estimates.share(is_right, bins == number))]
            for number in np.unique(bins)
        ]
    ).T
    axes.plot([0, 1], [0, 1], color="0.3", linestyle=":", label="perfectly calibrated")
    axes.plot(points[0], points[1], "s-", color=COLOURS[0], label=f"{what}, with 95% intervals")
    axes.fill_between(points[0], points[2], points[3], color=COLOURS[0], alpha=0.2, linewidth=0)
    counts = axes.twinx()
    counts.hist(confidence, bins=np.linspace(0, 1, 21), color="0.8", zorder=0)
    counts.set(ylabel="Images", ylim=(0, 4 * max(1, counts.get_ylim()[1])))
    axes.set_zorder(counts.get_zorder() + 1)
    axes.patch.set_visible(False)
    axes.set(
        xlabel=f"Mean probability of the {what}" if positive is None else f"Probability of {what}",
        ylabel="Observed share",
        title="Reliability",
    )
    axes.legend(fontsize=8, loc="upper left")
    return figure


def draw_decision(part, positive):
    """Draw the net benefit of the model, of treating all cases, and of treating none."""
    figure, axes = _new_figure(5.2, 4.6)
    predictions, estimates = part.predictions, Estimates([part])
    thresholds = np.linspace(0.01, _HIGHEST_THRESHOLD, 50)
    is_positive = predictions.y == positive
    of_model, low, high = np.array(
        [_limits(estimates.cut_off("net_benefit", positive, one)) for one in thresholds]
    ).T
    of_all = net_benefit(is_positive, np.ones(len(is_positive)), threshold=thresholds)
    axes.plot(thresholds, of_model, color=COLOURS[0], label="model, with 95% intervals")
    axes.fill_between(thresholds, low, high, color=COLOURS[0], alpha=0.2, linewidth=0)
    axes.plot(thresholds, of_all, color=COLOURS[1], linestyle="--", label="all")
    axes.axhline(0, color="0.3", linestyle=":", label="none")
    top = max(is_positive.mean(), of_model.max(), high.max())
    axes.set(
        xlabel=f"Threshold on the probability of {predictions.classes[positive]}",
        ylabel="Net benefit",
        title="Decision curve",
        ylim=(-0.25 * top, 1.1 * top),
    )
    axes.legend(fontsize=8)
    return figure


def draw_referral(predictions):
    """Draw the accuracy on the remaining cases, against the share of referred cases."""
    figure, axes = _new_figure(5.2, 4.6)
    ReferralCurveDisplay.from_predictions(
        predictions.y,
        predictions.probabilities,
        labels=np.arange(len(predictions.classes)),
        ax=axes,
    )
    axes.set(title="Referral of the least confident images")
    return figure


def draw_training(history, best_epoch):
    """Draw loss and accuracy by epoch."""
    figure, axes = _new_figure(8, 3.4, n_columns=2)
    TrainingCurveDisplay(history=history, best_epoch=best_epoch).plot(ax=axes)
    return figure


def to_png(figure):
    """Return a figure as the bytes of a PNG file."""
    file = io.BytesIO()
    # savefig would lay it out and draw it once more than it needs.
    figure.set_dpi(_DPI)
    figure.canvas.print_png(file)
    return file.getvalue()


def _limits(estimate):
    return estimate.value, estimate.low, estimate.high


def _new_figure(width, height, n_columns=1):
    # Without pyplot, which keeps figures open and may need a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, n_columns)
    return figure, axes


def _draw_classes(display, predictions, positive, symbol, areas):
    """Draw the curve of each class against the rest with a scikit-learn display.

    The legend has the areas of the tables. With folds or fits, these are means, and not those of
    the drawn curves.
    """
    figure, axes = _new_figure(5.2, 5.2)
    numbers, labels = _choose_curves(predictions, positive), []
    for place, number in enumerate(numbers[:_MAX_CURVES]):
        label, area = str(predictions.classes[number]), areas.iloc[number]
        labels.append(label if isnan(area) else f"{label} ({symbol} = {say_number(area)})")
        display.from_predictions(
            predictions.y == number, predictions.probabilities[:, number], ax=axes
        ).line_.set(
            label=labels[-1],
            color=COLOURS[place % len(COLOURS)],
            linestyle=_LINES[place % len(_LINES)],
            linewidth=2.2 if number == positive else 1.0,
        )
    # Many curves leave no room for the legend, so it is below.
    if labels:
        is_short = max(map(len, labels)) < _WIDE_LABEL
        axes.legend(
            title=f"{len(labels)} of {len(numbers)} classes" if numbers[_MAX_CURVES:] else None,
            fontsize=8,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.14),
            ncols=2 if is_short else 1,
        )
    return figure, axes


def _choose_curves(predictions, positive):
    """Return the numbers of the classes that have a curve, the positive one first."""
    numbers = [
        number
        for number in range(len(predictions.classes))
        if predictions.seen[number] and 0 < (predictions.y == number).sum() < len(predictions)
    ]
    if positive is not None and len(predictions.classes) == 2:
        numbers = [number for number in numbers if number == positive]  # the other is its mirror
    return sorted(numbers, key=lambda number: number != positive)
