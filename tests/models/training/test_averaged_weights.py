"""An optimizer that keeps moving averages of the weights: these are validated and kept."""

import os

import keras
import numpy as np
import pytest

from skin_lesion import FitCheckpoint
from skin_lesion.models._training.batches import ImageBatches

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
MOMENTUM = 0.8
HOW = "SKIN_LESION_TEST_THIRD_EPOCH"


class Watch(keras.callbacks.Callback):
    """Average the weights of each step by the definition, and end training in the third epoch.

    How is told from outside of the fit, so that it stays the same for a FitCheckpoint.
    """

    def __init__(self):
        super().__init__()
        self.average, self.averages, self.seen = None, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        weights = self.weights = self.model.get_weights()
        if self.average is None:
            self.average = weights
        pairs = zip(self.average, weights, strict=True)
        self.average = [MOMENTUM * old + (1 - MOMENTUM) * new for old, new in pairs]
        if self.epoch == 2 and batch == 1 and os.environ.get(HOW) == "interrupt":
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.averages.append(self.average)
        self.seen.append(self.model.get_weights())
        if epoch == 2 and os.environ.get(HOW) == "stop":
            self.model.stop_training = True


@pytest.fixture
def averaging(smallest, lesions, monkeypatch):
    """Return a function that fits with averages, and returns the classifier and its Watch."""

    def fit(*callbacks, third_epoch="", **parameters):
        monkeypatch.setenv(HOW, third_epoch)
        optimizer = keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=MOMENTUM)
        callbacks = [Watch(), *callbacks]
        parameters = {"epochs": 4, "batch_size": 30, "callbacks": callbacks, **parameters}
        classifier = smallest(**{**parameters, "optimizer": optimizer})
        if third_epoch == "interrupt":
            with pytest.warns(UserWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
                classifier.fit(lesions.images, lesions.target)
        else:
            classifier.fit(lesions.images, lesions.target)
        return classifier, classifier.callbacks_[0]

    return fit


def assert_equal(weights, expected):
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def loss_of(classifier, lesions, rows):
    probabilities = classifier.predict_proba(lesions.images[rows])
    columns = np.searchsorted(classifier.classes_, lesions.target[rows])
    return -np.log(probabilities[np.arange(len(columns)), columns]).mean()


@pytest.mark.parametrize(
    "callback", [None, pytest.param(keras.callbacks.SwapEMAWeights, marks=pytest.mark.slow)]
)
def test_early_stopping_compares_and_restores_averages(averaging, lesions, callback):
    given = [] if callback is None else [callback()]
    classifier, watch = averaging(*given, early_stopping="auto", epochs=8)
    assert classifier.early_stopping_
    assert_equal(watch.seen[-1], watch.averages[-1])
    best = classifier.best_epoch_ - 1
    assert_equal(classifier.model_.get_weights(), watch.averages[best])
    loss = loss_of(classifier, lesions, classifier.validation_indices_)
    assert loss == pytest.approx(min(classifier.history_["val_loss"]), rel=1e-3)


@pytest.mark.parametrize(
    ("parameters", "other"),
    [
        # Averages of the last epoch were taken for those of the best.
        ({"early_stopping": True, "epochs": 8}, "average"),
        # Weights and averages were exchanged.
        ({"third_epoch": "interrupt"}, "weights"),
    ],
)
def test_partial_fit_averages_from_the_weights_that_were_kept(
    averaging, lesions, parameters, other, monkeypatch
):
    losses = iter([2.0, 1.0, *range(3, 9)])  # so the second epoch is the best
    monkeypatch.setattr(keras.callbacks.EarlyStopping, "get_monitor_value", lambda *_: next(losses))
    classifier, watch = averaging(**parameters)
    monkeypatch.delenv(HOW)
    kept = [np.array(weight) for weight in classifier.model_.get_weights()]
    assert np.abs(kept[0] - getattr(watch, other)[0]).max() > 1e-3
    no_gradient = np.full(90, 1e-12)
    classifier.partial_fit(lesions.images, lesions.target, sample_weight=no_gradient)
    assert_equal(classifier.model_.get_weights(), kept)


@pytest.mark.parametrize(
    "third_epoch", ["", pytest.param("stop", marks=pytest.mark.slow), "interrupt"]
)
def test_averages_are_kept_however_training_ends(averaging, third_epoch):
    classifier, watch = averaging(third_epoch=third_epoch)
    assert len(watch.seen) == {"": 4, "stop": 3, "interrupt": 2}[third_epoch]
    assert_equal(classifier.model_.get_weights(), watch.average)


def test_ctrl_c_before_the_first_step(averaging, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageBatches, "__getitem__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        averaging()


def test_a_fit_that_keras_restores_goes_on_with_its_weights_and_averages(averaging, tmp_path):
    whole, _ = averaging()
    averaging(keras.callbacks.BackupAndRestore(tmp_path / "backup"), third_epoch="interrupt")
    resumed, watch = averaging(keras.callbacks.BackupAndRestore(tmp_path / "backup"))
    assert len(watch.seen) == 2
    assert_equal(resumed.model_.get_weights(), whole.model_.get_weights())


@pytest.mark.parametrize("early_stopping", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_resumed_fit_goes_on_with_its_weights(averaging, tmp_path, early_stopping):
    checkpoint = FitCheckpoint(tmp_path)
    whole, _ = averaging(early_stopping=early_stopping)
    averaging(checkpoint, early_stopping=early_stopping, third_epoch="interrupt")
    for n_left in (2, 0):
        resumed, watch = averaging(checkpoint, early_stopping=early_stopping)
        assert len(watch.seen) == n_left
        assert resumed.history_ == whole.history_
        for one, other in zip(
            resumed.model_.get_weights(), whole.model_.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
