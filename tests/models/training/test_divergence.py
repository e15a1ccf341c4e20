"""A fit that comes to nothing says so, and names what to set."""

import keras
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV

from skin_lesion import Backbone, ConvNet, make_lesion_images


class Spoil(keras.callbacks.Callback):
    """Make other biases of the output, at the end of an epoch or in its last step."""

    def __init__(self, value, at):
        super().__init__()
        self.value, self.at = value, at

    def spoil(self):
        weights = self.model.get_weights()
        self.model.set_weights([*weights[:-1], weights[-1] + self.value * np.arange(3)])

    def on_epoch_begin(self, epoch, logs=None):
        if self.at == "validation" and epoch == 1:
            self._after = self.params["steps"] - 1

    def on_train_batch_end(self, batch, logs=None):
        if batch == getattr(self, "_after", None):
            self.spoil()

    def on_epoch_end(self, epoch, logs=None):
        if self.at == epoch + 1:
            self.spoil()


@pytest.fixture
def tiny(small):
    return lambda **parameters: small(
        **{"architecture": ConvNet(filters=(4,)), "learning_rate": 0.002, **parameters}
    )


@pytest.mark.parametrize(
    ("at", "early_stopping", "found"),
    [
        (1, False, r"The loss is nan in epoch 2, at a learning rate of 0\.002: .*such as 0\.0002"),
        ("validation", True, r"The validation loss is nan in epoch 2, at a learning rate of"),
        (3, False, r"Weights are not finite after epoch 3, at a learning rate of"),
    ],
)
def test_what_is_not_finite_ends_the_fit(tiny, lesions, at, early_stopping, found):
    classifier = tiny(
        epochs=3, early_stopping=early_stopping, callbacks=[Spoil(np.nan, at)], batch_size=30
    )
    with pytest.raises(ValueError, match=found):
        classifier.fit(lesions.images, lesions.target)


def test_partial_fit_diverges_with_an_error_too(tiny, lesions):
    classifier = tiny(optimizer="sgd", learning_rate=1e30)
    with pytest.raises(ValueError, match=r"at a learning rate of 1e\+30: training has diverged"):
        classifier.partial_fit(lesions.images, lesions.target)


def test_search_goes_on_past_a_rate_that_diverges(tiny, lesions):
    search = GridSearchCV(
        tiny(optimizer="sgd", epochs=2), {"learning_rate": [0.01, 1e30]}, cv=2, refit=False
    )
    with pytest.warns(FitFailedWarning, match="training has diverged"):
        search.fit(lesions.images, lesions.target)
    assert np.isfinite(search.cv_results_["mean_test_score"]).tolist() == [True, False]


def test_no_class_is_the_most_probable_of_none(tiny, lesions):
    classifier = tiny(epochs=1).fit(lesions.images, lesions.target)
    classifier.model_.set_weights([w * np.nan for w in classifier.model_.get_weights()])
    with pytest.raises(ValueError, match="90 of 90 rows have probabilities that are not finite"):
        classifier.predict(lesions.images)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        (
            {"callbacks": [Spoil(50.0, 1)], "learning_rate": 0.001, "epochs": 2},
            r"never fell below .* 2 epochs at a learning rate of 0\.001.* smaller learning_rate",
        ),
        (
            {"learning_rate": 1e-9, "early_stopping": True, "epochs": 1},
            r"takes all \d+ validation rows for .* a learning rate of 1e-09",
        ),
    ],
)
def test_training_that_came_to_nothing_names_the_learning_rate(tiny, lesions, parameters, found):
    with pytest.warns(ConvergenceWarning, match=found) as caught:
        tiny(**parameters).fit(lesions.images, lesions.target)
    ours = [warning for warning in caught if warning.category is ConvergenceWarning]
    assert [warning.filename for warning in ours] == [__file__]


@pytest.mark.filterwarnings("ignore:MobileNet has random weights .weights=None")
def test_random_frozen_weights_are_named_in_place_of_the_epochs(small):
    lesions = make_lesion_images(30, n_classes=2, image_size=(32, 32), random_state=0)
    classifier = small(architecture=Backbone("MobileNet"), epochs=1, early_stopping=True)
    with pytest.warns(ConvergenceWarning, match="more epochs do not help. Set weights='imagenet'"):
        classifier.fit(lesions.images, lesions.target)
