"""A fit that comes to nothing says so, and names what to set."""

import keras
import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV

from skin_lesion import ConvNet


class Spoil(keras.callbacks.Callback):
    """Make weights that are not finite, at the end of an epoch or in its last step."""

    def __init__(self, value, at):
        super().__init__()
        self.value, self.at = value, at

    def spoil(self):
        self.model.set_weights([weight + self.value for weight in self.model.get_weights()])

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
