"""A fit that comes to nothing says so, and names what to set."""

import re
import warnings

import keras
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit

from skin_lesion import Backbone, ConvNet, make_lesion_images


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


def means_of_channels(input_shape, n_classes):
    layers = keras.layers
    pixels = [keras.Input(input_shape), layers.Rescaling(1 / 128, -1)]
    output = layers.Dense(n_classes, activation="softmax")
    return keras.Sequential([*pixels, layers.GlobalAveragePooling2D(), output])


@pytest.fixture
def tiny(small):
    return lambda **parameters: small(
        **{"architecture": means_of_channels, "learning_rate": 0.002, **parameters}
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
    classifier = tiny(architecture=ConvNet(filters=(4,)), optimizer="sgd", learning_rate=1e30)
    with pytest.raises(ValueError, match=r"at a learning rate of 1e\+30: training has diverged"):
        classifier.partial_fit(lesions.images, lesions.target)


def test_search_goes_on_past_a_rate_that_diverges(tiny, lesions):
    cv = StratifiedShuffleSplit(1, random_state=0)
    classifier = tiny(architecture=ConvNet(filters=(4,)), optimizer="sgd", epochs=2)
    search = GridSearchCV(classifier, {"learning_rate": [0.01, 1e30]}, cv=cv, refit=False)
    with pytest.warns(FitFailedWarning, match="training has diverged"):
        search.fit(lesions.images, lesions.target)
    assert np.isfinite(search.cv_results_["mean_test_score"]).tolist() == [True, False]


def test_no_class_is_the_most_probable_of_none(tiny, lesions):
    classifier = tiny(epochs=1).fit(lesions.images, lesions.target)
    classifier.model_.set_weights([w * np.nan for w in classifier.model_.get_weights()])
    with pytest.raises(ValueError, match="90 of 90 rows have probabilities that are not finite"):
        classifier.predict(lesions.images)


class Shift(keras.callbacks.Callback):
    """Shift the biases of the output towards the last class, at the start of an epoch."""

    def __init__(self, value, at):
        super().__init__()
        self.value, self.at = value, at

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.at:
            *weights, biases = self.model.get_weights()
            self.model.set_weights([*weights, biases + self.value * np.arange(3)])


def find_convergence_warnings(classifier, lesions):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier.fit(lesions.images, lesions.target)
    ours = [warning for warning in caught if warning.category is ConvergenceWarning]
    assert {warning.filename for warning in ours} <= {__file__}
    return [str(warning.message) for warning in ours]


@pytest.mark.parametrize("early_stopping", [True, False])
def test_loss_that_never_fell_names_the_learning_rate(tiny, lesions, early_stopping):
    classifier = tiny(
        callbacks=[Shift(50.0, at=1)], learning_rate=1e-4, epochs=5, early_stopping=early_stopping
    )
    (message,) = find_convergence_warnings(classifier, lesions)
    expected = (
        r"In 5 epochs the loss never fell .* at a learning rate of 0\.0001.* smaller learning"
    )
    assert re.search(expected, message)


@pytest.mark.parametrize("n_steps", [pytest.param(5, marks=pytest.mark.slow), 25])
def test_rate_of_a_schedule_is_its_peak(tiny, lesions, n_steps):
    # Below 20 steps there is no warm-up, and the schedule begins at its peak.
    classifier = tiny(
        learning_rate="auto", epochs=5, batch_size=450 // n_steps, callbacks=[Shift(50.0, at=1)]
    )
    (message,) = find_convergence_warnings(classifier, lesions)
    assert f"at a learning rate of {classifier.learning_rate_:g}, which" in message
    classifier.set_params(callbacks=[Spoil(np.nan, at=4)])
    with pytest.raises(ValueError, match=r"rate of 0\.002: .* such as 0\.0002\."):
        classifier.fit(lesions.images, lesions.target)


@pytest.mark.parametrize("class_weight", [pytest.param(None, marks=pytest.mark.slow), (3, 1, 2)])
def test_one_class_for_all_names_the_learning_rate(tiny, class_weight):
    lesions = make_lesion_images(
        60, n_classes=3, weights=[0.2, 0.6, 0.2], image_size=(16, 16), random_state=0
    )
    if class_weight is not None:
        class_weight = dict(zip(np.unique(lesions.target), class_weight, strict=True))
    classifier = tiny(
        callbacks=[Shift(10.0, at=0)],
        learning_rate=0.002,
        early_stopping=True,
        validation_fraction=0.3,
        epochs=5,
        class_weight=class_weight,
    )
    (message,) = find_convergence_warnings(classifier, lesions)
    (predicted,) = np.unique(classifier.predict(lesions.images[classifier.validation_indices_]))
    assert f"the network predicts {str(predicted)!r} for all 18 validation rows" in message
    assert message.startswith("After 5 epochs at a learning rate")
    assert "epochs, for example" not in message


def test_one_class_for_all_is_seen_without_a_validation_set(tiny, lesions):
    classifier = tiny(callbacks=[Shift(10.0, at=0)], epochs=5)
    (message,) = find_convergence_warnings(classifier, lesions)
    (predicted,) = np.unique(classifier.predict(lesions.images))
    assert message.startswith("After 5 epochs")
    assert f"predicts {str(predicted)!r} for 90 rows that it was trained on" in message


@pytest.mark.parametrize("early_stopping", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_frequent_class_may_be_the_most_probable_one_of_all(small, early_stopping):
    """A good network, of which only the prior hides that it tells dark images from bright ones."""

    def network(input_shape, n_classes):
        layers = keras.layers
        weights = keras.initializers.Constant([[0, 1.6 / 765]])
        biases = keras.initializers.Constant([0, 0.2])
        inputs = keras.Input(input_shape)
        x = layers.Dense(
            2, activation="softmax", kernel_initializer=weights, bias_initializer=biases
        )(layers.GlobalAveragePooling2D()(inputs))
        return keras.Model(inputs, x)

    y = np.where(np.arange(100) % 5 == 0, "melanoma", "nevus")
    images = np.where(y == "nevus", 255, 0).astype("uint8")[:, None, None, None]
    images = images * np.ones((1, 4, 4, 3), "uint8")
    images[:, 0, 0, 0] = np.arange(100)  # no copies
    classifier = small(
        architecture=network,
        optimizer="sgd",
        learning_rate=1e-6,
        epochs=5,
        early_stopping=early_stopping,
        validation_fraction=0.2,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="After|In .* epochs the loss never fell")
        classifier.fit(images, y)
    assert np.unique(classifier.predict(images)) == ["nevus"]
    classifier.set_params(prior="uniform")
    np.testing.assert_array_equal(classifier.predict(images), y)


def test_few_epochs_are_too_few(tiny, lesions):
    classifier = tiny(learning_rate=1e-9, early_stopping=True, epochs=1)
    (message,) = find_convergence_warnings(classifier, lesions)
    assert "Increase the number of epochs, for example to 2" in message


@pytest.mark.usefixtures("tiny_file")
def test_random_frozen_weights_need_no_epochs(small):
    lesions = make_lesion_images(30, n_classes=2, image_size=(32, 32), random_state=0)
    classifier = small(
        architecture=Backbone("TinyNet", weights=None, trainable="head"),
        epochs=1,
        early_stopping=True,
    )
    with pytest.warns(UserWarning, match="random weights .* Pass weights='imagenet'") as caught:
        classifier.fit(lesions.images, lesions.target)
    assert not [warning for warning in caught if warning.category is ConvergenceWarning]
