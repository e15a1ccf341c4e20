from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skin_lesion import TestTimeAugmentation, TrainingCurveDisplay

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HISTORY = {
    "loss": [1.2, 0.8, 0.5, 0.3],
    "accuracy": [0.3, 0.6, 0.7, 0.9],
    "val_loss": [1.3, 0.9, 0.7, 0.8],
    "val_accuracy": [0.2, 0.5, 0.65, 0.6],
}
TRAINING_ONLY = {name: HISTORY[name] for name in ("loss", "accuracy")}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def fitted():
    """What is read of a fitted SkinLesionClassifier."""
    return SimpleNamespace(history_=HISTORY, best_epoch_=3)


def curves(axes):
    """The curves by label, without the line at the best epoch."""
    return {line.get_label(): line for line in axes.lines if line.get_label() != "best epoch"}


def test_lines_show_the_history():
    display = TrainingCurveDisplay(history=HISTORY, best_epoch=3).plot()
    assert len(display.ax_) == 2
    for axes, metric in zip(display.ax_, ("loss", "accuracy"), strict=True):
        lines = curves(axes)
        assert set(lines) == {"training", "validation"}
        for label, name in (("training", metric), ("validation", f"val_{metric}")):
            np.testing.assert_array_equal(lines[label].get_xdata(), [1, 2, 3, 4])
            np.testing.assert_array_equal(lines[label].get_ydata(), HISTORY[name])
        assert axes.get_xlabel() == "Epoch"
        assert axes.get_ylabel() == metric.capitalize()
    assert display.ax_[1].get_ylim() == (0, 1)


def test_lines_differ_in_more_than_their_colour():
    display = TrainingCurveDisplay(history=HISTORY).plot()
    for axes in display.ax_:
        training, validation = (curves(axes)[name] for name in ("training", "validation"))
        assert training.get_linestyle() != validation.get_linestyle()


def test_best_epoch_is_marked():
    display = TrainingCurveDisplay(history=HISTORY, best_epoch=3).plot()
    for axes in display.ax_:
        (marks,) = (line for line in axes.lines if line.get_label() == "best epoch")
        assert set(marks.get_xdata()) == {3}
        assert [text.get_text() for text in axes.get_legend().get_texts()] == [
            "training",
            "validation",
            "best epoch",
        ]
    without = TrainingCurveDisplay(history=HISTORY).plot()
    assert all(len(axes.lines) == 2 for axes in without.ax_)


def test_training_that_still_improves_is_marked():
    for best_epoch, is_marked in ((4, True), (3, False)):
        display = TrainingCurveDisplay(history=HISTORY, best_epoch=best_epoch).plot()
        assert display.is_still_improving == is_marked
        for axes in display.ax_:
            assert ([text.get_text() for text in axes.texts] == ["still improving"]) == is_marked
    assert not TrainingCurveDisplay(history=TRAINING_ONLY, best_epoch=4).is_still_improving


def test_without_validation_rows():
    display = TrainingCurveDisplay(history=TRAINING_ONLY).plot()
    assert [list(curves(axes)) for axes in display.ax_] == [["training"], ["training"]]


def test_epochs_are_whole_numbers():
    history = {"loss": [1.0, 0.5], "accuracy": [0.4, 0.6]}
    display = TrainingCurveDisplay(history=history).plot()
    display.figure_.canvas.draw()
    for axes in display.ax_:
        ticks = axes.get_xticks()
        np.testing.assert_array_equal(ticks, np.round(ticks))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda fitted: fitted,
        lambda fitted: Pipeline([("load", "passthrough"), ("cnn", fitted)]),
        TestTimeAugmentation,
        lambda fitted: SimpleNamespace(best_estimator_=fitted),
        lambda fitted: SimpleNamespace(
            best_estimator_=Pipeline([("load", "passthrough"), ("cnn", fitted)])
        ),
        lambda fitted: Pipeline(
            [
                ("load", "passthrough"),
                (
                    "search",
                    SimpleNamespace(best_estimator_=Pipeline([("cnn", fitted)])),
                ),
            ]
        ),
    ],
    ids=[
        "classifier",
        "pipeline",
        "averaged",
        "search",
        "search over a pipeline",
        "pipeline with a search",
    ],
)
def test_from_estimator(fitted, wrap):
    display = TrainingCurveDisplay.from_estimator(wrap(fitted))
    assert isinstance(display, TrainingCurveDisplay)
    assert display.history == HISTORY
    assert display.best_epoch == 3
    np.testing.assert_array_equal(
        curves(display.ax_[0])["validation"].get_ydata(), HISTORY["val_loss"]
    )


def test_history_without_a_best_epoch():
    """As that of a classifier of scikeras."""
    display = TrainingCurveDisplay.from_estimator(SimpleNamespace(history_=HISTORY))
    assert display.best_epoch is None
    assert "best epoch" not in [line.get_label() for line in display.ax_[0].lines]


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        Pipeline([("classify", LogisticRegression())]),
        GridSearchCV(LogisticRegression(), {}),
    ],
    ids=["classifier", "pipeline", "search"],
)
def test_no_history(estimator):
    with pytest.raises(ValueError, match=r"has no history_\. Expected a fitted SkinLesion"):
        TrainingCurveDisplay.from_estimator(estimator)
    assert not plt.get_fignums()  # no empty figure is left


def test_axes_that_are_given_are_drawn_on(fitted):
    figure, ax = plt.subplots(2, 1)
    for display in (
        TrainingCurveDisplay.from_estimator(fitted, ax=ax),
        TrainingCurveDisplay(history=HISTORY).plot(ax=list(ax)),
    ):
        assert display.figure_ is figure
        assert list(display.ax_) == list(ax)
    assert len(plt.get_fignums()) == 1
    assert len(ax[0].lines) == 5


def test_plot_returns_the_display_and_leaves_the_history():
    history = {name: list(values) for name, values in HISTORY.items()}
    display = TrainingCurveDisplay(history=history)
    assert display.plot() is display
    assert history == HISTORY
    first = display.figure_
    assert display.plot().figure_ is not first


def test_figure_can_be_saved(tmp_path):
    display = TrainingCurveDisplay(history=HISTORY, best_epoch=3).plot()
    display.figure_.savefig(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 5000


def test_a_single_epoch_has_no_fractions_beside_it():
    history = {name: values[:1] for name, values in HISTORY.items()}
    for axes in TrainingCurveDisplay(history=history, best_epoch=1).plot().ax_:
        assert axes.get_xticks().tolist() == [1]
