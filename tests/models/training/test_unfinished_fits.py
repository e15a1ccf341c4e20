"""A fit that fails leaves the classifier as it was; after Ctrl-C it keeps its best epoch."""

import warnings
from functools import partial

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV

from skin_lesion import (
    AveragedClassifier,
    FitCheckpoint,
    OperatingPointClassifier,
    PriorCorrectedClassifier,
    TestTimeAugmentation,
)
from skin_lesion.models._training import fit

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Fail(keras.callbacks.Callback):
    """Raise an error in the second batch of an epoch, or in another one."""

    def __init__(self, error, epoch, batch=1):
        super().__init__()
        self.error, self.epoch, self.batch = error, epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch and self.now == self.epoch:
            raise self.error


@pytest.fixture
def tiny(smallest):
    return partial(smallest, batch_size=20)


@pytest.mark.parametrize(
    "error", [pytest.param(RuntimeError, marks=pytest.mark.slow), KeyboardInterrupt]
)
def test_failed_first_fit_leaves_nothing(tiny, lesions, error):
    classifier = tiny(callbacks=[Fail(error, 0)])
    unfitted = set(vars(classifier))
    for method in ("fit", "partial_fit"):
        with pytest.raises(error):
            getattr(classifier, method)(lesions.images, lesions.target)
        assert set(vars(classifier)) == unfitted
        with pytest.raises(NotFittedError):
            classifier.predict(lesions.images)
    classifier.set_params(callbacks=None).partial_fit(lesions.images, lesions.target)


@pytest.mark.parametrize(
    "method", ["fit", pytest.param("warm fit", marks=pytest.mark.slow), "partial_fit"]
)
def test_failed_later_fit_leaves_the_earlier_one(tiny, lesions, method):
    classifier = tiny(epochs=1).fit(lesions.images, lesions.target)
    before = classifier.predict_proba(lesions.images), classifier.history_, classifier.classes_
    y = lesions.target
    if method == "fit":
        y = np.char.add("other ", y.astype(str))
    epoch = 1 if method == "partial_fit" else 0
    classifier.set_params(
        callbacks=[Fail(RuntimeError, epoch)], warm_start=method == "warm fit", learning_rate=0.001
    )
    with pytest.raises(RuntimeError):
        getattr(classifier, method.removeprefix("warm "))(lesions.images, y)
    np.testing.assert_array_equal(classifier.predict_proba(lesions.images), before[0])
    assert classifier.history_ == before[1]
    assert classifier.classes_ is before[2]
    classifier.set_params(callbacks=None).partial_fit(lesions.images, lesions.target)
    assert classifier.n_iter_ == 2


def test_ctrl_c_keeps_the_best_epoch_and_is_passed_on(tiny, lesions, tmp_path):
    parameters = {"early_stopping": True, "epochs": 6, "learning_rate": 1e-3}
    checkpoint = FitCheckpoint(tmp_path)
    classifier = tiny(**parameters, callbacks=[Fail(KeyboardInterrupt, 4), checkpoint])
    with (
        pytest.warns(UserWarning, match=r"interrupted after 4 of 6 epochs.* epoch \d\.") as caught,
        pytest.raises(KeyboardInterrupt),
    ):
        classifier.fit(lesions.images, lesions.target)
    assert caught[0].filename == __file__
    assert classifier.n_iter_ == len(classifier.history_["val_loss"]) == 4
    best = np.argmin(classifier.history_["val_loss"])
    assert classifier.best_epoch_ == best + 1
    held_out = classifier.validation_indices_
    probabilities = classifier.predict_proba(lesions.images[held_out])
    columns = np.searchsorted(classifier.classes_, lesions.target[held_out])
    loss = -np.log(probabilities[np.arange(len(columns)), columns]).mean()
    assert loss == pytest.approx(classifier.history_["val_loss"][best], rel=1e-3)


def test_ctrl_c_after_the_last_epoch_keeps_the_fit(tiny, lesions, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fit, "find_only_class", interrupt)
    classifier = tiny(epochs=1)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(lesions.images, lesions.target)
    assert classifier.predict(lesions.images).shape == (90,)


def test_ctrl_c_without_a_validation_set_and_in_a_search(tiny, lesions):
    classifier = tiny(callbacks=[Fail(KeyboardInterrupt, 1)])
    with (
        pytest.warns(UserWarning, match="1 of . epochs.* the current weights"),
        pytest.raises(KeyboardInterrupt),
    ):
        classifier.fit(lesions.images, lesions.target)
    assert classifier.predict(lesions.images).shape == (90,)
    search = GridSearchCV(classifier, {"learning_rate": [0.01, 0.001]}, cv=2)
    with pytest.warns(UserWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
        search.fit(lesions.images, lesions.target)
    assert not hasattr(search, "cv_results_")


def test_ctrl_c_in_wrappers_keeps_the_network(tiny, lesions):
    """As in a preset."""
    wrapped = PriorCorrectedClassifier(TestTimeAugmentation(tiny(), random_state=0))
    network = {"estimator__estimator__callbacks": [Fail(KeyboardInterrupt, 0)]}
    with pytest.raises(KeyboardInterrupt):
        wrapped.set_params(**network).fit(lesions.images, lesions.target)
    with pytest.raises(NotFittedError):
        wrapped.predict(lesions.images)
    network = {"estimator__estimator__callbacks": [Fail(KeyboardInterrupt, 1)]}
    wrapped.set_params(**network)
    with (
        pytest.warns(UserWarning, match="1 of . epochs.* the current weights") as caught,
        pytest.raises(KeyboardInterrupt),
    ):
        wrapped.fit(lesions.images, lesions.target)
    assert caught[0].filename == __file__
    assert wrapped.estimator_.estimator_.n_iter_ == 1
    assert wrapped.predict(lesions.images).shape == (90,)


def test_ctrl_c_keeps_the_networks_before(tiny, lesions):
    averaged = AveragedClassifier([tiny(), tiny(callbacks=[Fail(KeyboardInterrupt, 0)])])
    preset = OperatingPointClassifier(averaged, positive=lesions.target[0])
    with (
        pytest.warns(UserWarning, match="keeps 1 of 2") as caught,
        pytest.raises(KeyboardInterrupt),
    ):
        preset.fit(lesions.images, lesions.target)
    averaged = preset.estimator_
    assert caught[0].filename == __file__
    expected = averaged.estimators_[0].predict_proba(lesions.images)
    np.testing.assert_array_equal(averaged.predict_proba(lesions.images), expected)


class Half(ClassifierMixin, BaseEstimator):
    """Is interrupted after it has set an attribute."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        raise KeyboardInterrupt

    def predict_proba(self, X):
        return self.coef_


def test_ctrl_c_keeps_no_half_of_a_fit():
    for wrapped in (PriorCorrectedClassifier(Half()), AveragedClassifier([Half()])):
        with pytest.raises(KeyboardInterrupt):
            wrapped.fit([[0], [1]], [0, 1])
        with pytest.raises(NotFittedError):
            wrapped.predict([[0]])


@pytest.mark.parametrize(
    ("search", "when"),
    [
        (GridSearchCV, Fail(KeyboardInterrupt, 0)),
        (GridSearchCV, Fail(KeyboardInterrupt, 1, batch=4)),  # the refit has as many batches
        pytest.param(HalvingGridSearchCV, Fail(KeyboardInterrupt, 0), marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_in_a_search_leaves_the_wrapper_as_it_was(tiny, lesions, search, when):
    wrapped = PriorCorrectedClassifier(tiny(epochs=1)).fit(lesions.images, lesions.target)
    before = vars(wrapped).copy()
    wrapped.estimator = search(tiny(), {"callbacks": [[when]]}, cv=2)
    with (
        warnings.catch_warnings(action="ignore", category=UserWarning),
        pytest.raises(KeyboardInterrupt),
    ):
        wrapped.fit(lesions.images, lesions.target)
    assert vars(wrapped) == {**before, "estimator": wrapped.estimator}
