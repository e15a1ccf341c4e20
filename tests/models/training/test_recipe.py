"""What a fit chooses where parameters are "auto": rate, epochs, early stopping, augmenter."""

import inspect
import os
import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skin_lesion import (
    AveragedClassifier,
    Backbone,
    FitCheckpoint,
    ImageAugmenter,
    ImageSampler,
    SkinLesionClassifier,
    TestTimeAugmentation,
    load_model,
    save_model,
)
from skin_lesion.models._training._course.recipe import choose_recipe, highest_rate
from skin_lesion.models._training.warm_start import as_it_is


class Rates(keras.callbacks.Callback):
    """Record the rate of each step."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_begin(self, batch, logs=None):
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        self.rates.append(float(rate))


class CtrlC(keras.callbacks.Callback):
    """Interrupt before the third epoch, unless the environment says otherwise."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2 and "SKIN_LESION_TEST_GOES_ON" not in os.environ:
            raise KeyboardInterrupt


class Planned(keras.callbacks.Callback):
    """Raise an error that tells how many epochs are to be trained."""

    def on_train_begin(self, logs=None):
        raise InterruptedError(f"{self.params['epochs']} epochs")


@pytest.fixture(scope="module")
def strong(lesions, linear):
    """Return a function that fits a classifier of which only size and length are given."""

    def fit(architecture=None, X=lesions.images, y=lesions.target, **parameters):
        parameters = {"epochs": 2, "random_state": 0, "callbacks": [Rates()], **parameters}
        classifier = SkinLesionClassifier(architecture or linear, **parameters)
        return classifier.fit(X, y)

    return fit


@pytest.fixture(scope="module")
def usual(strong):
    """What is fitted where nothing else is given."""
    return strong()


def rates_of(classifier):
    return np.array(classifier.callbacks_[0].rates)


def test_what_is_written_first():
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(SkinLesionClassifier).parameters.items()
    }
    for name in ("learning_rate", "epochs", "early_stopping", "augmenter", "class_weight"):
        assert defaults[name] == "auto"
    assert defaults["prior"] == "uniform"


def test_rate_rises_to_its_peak_and_falls_to_a_hundredth_at_the_last_step(strong):
    classifier = strong(epochs=5, batch_size=9)
    rates = rates_of(classifier)
    assert len(rates) == 50
    np.testing.assert_allclose(rates[:3], [1e-3, 1.5e-3, 2e-3], rtol=1e-5)
    assert (np.diff(rates[2:]) < 0).all()
    assert rates[26] == pytest.approx(2e-3 * (0.01 + 0.99 * (1 + np.cos(np.pi * 24 / 47)) / 2))
    assert rates[-1] == pytest.approx(2e-5, rel=1e-3)
    assert classifier.learning_rate_ == 2e-3
    assert isinstance(classifier.learning_rate_, float)


def test_steps_are_counted_after_sampling_and_without_rows_of_no_weight(strong, linear, lesions):
    counts = np.unique(lesions.target, return_counts=True)[1]
    sampled = strong(sampler=ImageSampler(), batch_size=9, epochs=3)
    n_steps = 3 * -(-len(counts) * counts.max() // 9)
    assert len(rates_of(sampled)) == n_steps
    assert rates_of(sampled)[-1] == pytest.approx(2e-5, rel=1e-3)
    weight = np.ones(90)
    weight[::2] = 0
    classifier = SkinLesionClassifier(linear, epochs=3, batch_size=9, callbacks=[Rates()])
    classifier.fit(lesions.images, lesions.target, sample_weight=weight)
    assert len(rates_of(classifier)) == 15
    assert rates_of(classifier)[-1] == pytest.approx(2e-5, rel=1e-3)


def test_a_fit_of_one_step_has_the_peak(strong):
    assert rates_of(strong(epochs=1, batch_size=90)) == pytest.approx([2e-3])


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"learning_rate": 0.03}, 0.03),
        pytest.param({"learning_rate": None}, 0.001, marks=pytest.mark.slow),
        ({"learning_rate": None, "optimizer": "SGD"}, 0.01),
        ({"optimizer": keras.optimizers.SGD(0.25)}, 0.25),
    ],
)
def test_other_rates_are_constant(strong, parameters, expected):
    classifier = strong(early_stopping=False, **parameters)
    np.testing.assert_allclose(rates_of(classifier), expected, rtol=1e-6)
    assert classifier.learning_rate_ == pytest.approx(expected)


@pytest.mark.parametrize(
    ("optimizer", "peak"),
    [pytest.param("AdamW", 2e-3, marks=pytest.mark.slow), ("sgd", 0.01), ("Adadelta", 0.001)],
)
def test_peak_follows_the_optimizer(strong, optimizer, peak):
    classifier = strong(optimizer=optimizer)
    assert classifier.learning_rate_ == pytest.approx(peak)
    assert rates_of(classifier)[0] == pytest.approx(peak)
    assert rates_of(classifier)[-1] == pytest.approx(peak / 100, rel=1e-3)


def test_schedule_of_an_optimizer_is_untouched(strong):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    classifier = strong(optimizer=keras.optimizers.SGD(schedule), early_stopping=False)
    np.testing.assert_allclose(rates_of(classifier), 0.5 ** np.arange(1, 7), rtol=1e-5)
    assert classifier.learning_rate_ is None


class ExcludesAtFirst(keras.optimizers.AdamW):
    def __init__(self, **options):
        super().__init__(**options)
        self.exclude_from_weight_decay(var_names=["bias"])


class ExcludesWhenBuilt(keras.optimizers.AdamW):
    def build(self, variables):
        self.exclude_from_weight_decay(var_names=["bias"])
        super().build(variables)


def test_optimizers_inside_of_one(smallest, lesions):
    optimizers = keras.optimizers
    inside = optimizers.OptimizerMap(optimizers.Adam(0.5), {".*bias": optimizers.SGD(0.25)})
    both = optimizers.MultiOptimizer(inside)
    assert highest_rate(both) == 0.5
    inside.default_optimizer.exclude_from_weight_decay(var_names=["bias"])
    with pytest.raises(ValueError, match=r"decay of the optimizer, Adam, was called"):
        smallest(optimizer=both).fit(lesions.images, lesions.target)
    for own in (ExcludesAtFirst(), ExcludesWhenBuilt()):
        own.build([keras.Variable([1.0], name="bias")])
        as_it_is(own)
    with pytest.raises(ValueError, match="Unknown optimizer 'MultiOptimizer'"):
        smallest(optimizer="MultiOptimizer").fit(lesions.images, lesions.target)


def test_rate_is_constant_where_a_callback_sets_it(strong):
    plateau = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=100)
    with pytest.warns(ConvergenceWarning):
        classifier = strong(epochs=4, callbacks=[Rates(), plateau])
    assert classifier.early_stopping_
    rates = rates_of(classifier)
    assert rates[0] == pytest.approx(2e-3)
    assert rates[-1] == pytest.approx(5e-4)


def test_backbone_is_tuned_at_a_small_rate(strong, tiny_file):
    X = np.repeat(np.repeat(np.arange(90, dtype="uint8").reshape(-1, 1, 1, 1), 32, 1), 32, 2)
    X = np.repeat(X, 3, 3)
    tuned = strong(Backbone("TinyNet", weights=tiny_file, trainable=1), X, epochs=1)
    assert tuned.learning_rate_ == 1e-4
    assert isinstance(tuned.augmenter_, ImageAugmenter)
    head = strong(Backbone("TinyNet", weights=tiny_file, trainable="head"), X, epochs=1)
    assert head.learning_rate_ == 3e-4
    assert head.augmenter_ is None


def test_peak_of_the_network_of_the_presets():
    classifier = SkinLesionClassifier("EfficientNetLite0", batch_size=10)
    classifier.early_stopping_ = False
    schedule = choose_recipe(classifier, SimpleNamespace(image_shape=(32, 32, 3)), 1000)
    assert classifier.learning_rate_ == 2e-4
    assert classifier.epochs_ == 12
    assert float(schedule(60)) == pytest.approx(2e-4)  # after 5% of the steps
    assert float(schedule(1199)) == pytest.approx(2e-6, rel=1e-3)


@pytest.mark.parametrize(
    ("n_steps_an_epoch", "n_epochs", "parameters"),
    [
        (2, 100, {}),
        (12, 84, {}),
        (30, 72, {}),
        (30, 100, {"learning_rate": 0.01}),  # early stopping ends it
        (12, 84, {"learning_rate": 0.01, "early_stopping": False}),
        (15, 84, {"early_stopping": True, "validation_fraction": 0.2}),
        (12, 42, {"epochs": "few"}),
        (30, 36, {"epochs": "few", "learning_rate": 0.01}),
    ],
)
def test_small_sets_are_seen_more_often(n_steps_an_epoch, n_epochs, parameters):
    X = np.random.default_rng(0).integers(0, 256, (n_steps_an_epoch, 4))
    classifier = SkinLesionClassifier(
        image_shape=(2, 2, 1), batch_size=1, callbacks=[Planned()], **parameters
    )
    with pytest.raises(InterruptedError, match=f"^{n_epochs} epochs$"):
        classifier.fit(X, np.arange(len(X)) % 2)


def test_early_stopping_is_off_where_the_schedule_ends(strong, usual):
    assert usual.early_stopping_ is False
    assert len(usual.validation_indices_) == 0
    assert "val_loss" not in usual.history_
    with pytest.warns(ConvergenceWarning, match="epochs=2"):
        classifier = strong(learning_rate=1e-4)  # with which the loss still falls
    assert classifier.early_stopping_ is True
    assert len(classifier.validation_indices_) > 5
    classifier = strong(early_stopping=True)
    assert classifier.early_stopping_ is True
    assert rates_of(classifier)[-1] == pytest.approx(2e-5, rel=1e-3)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow has it")
def test_gradients_are_not_summed_over_a_single_replica(usual):
    """Each fit would leave its sum behind: test_memory_is_flat_over_20_fits measures it."""
    assert usual.model_.optimizer._all_reduce_sum_gradients is list


def test_augmenter_is_for_colour_images(strong, usual, lesions):
    assert repr(usual.augmenter_) == "ImageAugmenter()"
    assert strong(augmenter=None).augmenter_ is None
    grey = lesions.images[..., 0].reshape(90, -1)
    assert strong(X=grey, image_shape=(24, 24, 1)).augmenter_ is None
    features = lesions.images[:, :2, :2].reshape(90, -1)
    assert strong(X=features).augmenter_ is None
    assert repr(strong(X=features, image_shape=(2, 2)).augmenter_) == "ImageAugmenter()"


def test_varied_as_by_an_augmenter_that_is_named(strong, usual, lesions):
    named = strong(augmenter=ImageAugmenter())
    np.testing.assert_array_equal(
        usual.predict_proba(lesions.images), named.predict_proba(lesions.images)
    )


def test_resumed_fit_goes_on_in_its_schedule(strong, lesions, tmp_path, monkeypatch):
    options = {"epochs": 4, "batch_size": 9}
    callbacks = [Rates(), CtrlC(), FitCheckpoint(tmp_path)]
    with pytest.warns(UserWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
        strong(callbacks=callbacks, **options)
    monkeypatch.setenv("SKIN_LESION_TEST_GOES_ON", "1")
    resumed, whole = strong(callbacks=callbacks, **options), strong(**options)
    np.testing.assert_array_equal(rates_of(resumed), rates_of(whole)[20:])
    np.testing.assert_array_equal(
        resumed.predict_proba(lesions.images), whole.predict_proba(lesions.images)
    )


def test_warm_start_counts_anew(strong, lesions):
    classifier = strong(warm_start=True)
    first = rates_of(classifier)
    classifier.set_params(epochs=3).fit(lesions.images, lesions.target)
    assert rates_of(classifier)[0] == first[0] == pytest.approx(2e-3)
    assert len(rates_of(classifier)) == 9
    assert rates_of(classifier)[-1] == pytest.approx(2e-5, rel=1e-3)


def test_partial_fit_knows_no_end(linear, lesions):
    classifier = SkinLesionClassifier(linear, random_state=0, callbacks=[Rates()])
    for _ in range(2):
        classifier.partial_fit(lesions.images, lesions.target)
        np.testing.assert_allclose(rates_of(classifier), 2e-3, rtol=1e-6)
    assert (classifier.epochs_, classifier.n_iter_) == (1, 2)
    assert classifier.early_stopping_ is False
    two = np.isin(lesions.target, lesions.target_names[:2])
    classifier = SkinLesionClassifier(linear, random_state=0)
    classifier.partial_fit(lesions.images[two], lesions.target[two], classes=lesions.target_names)
    np.testing.assert_allclose(classifier.predict_proba(lesions.images).sum(axis=1), 1)


def test_what_was_chosen_is_saved(strong, tmp_path):
    classifier = strong()
    save_model(classifier, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    for name in ("learning_rate_", "epochs_", "early_stopping_"):
        assert getattr(loaded, name) == getattr(classifier, name)
    np.testing.assert_array_equal(loaded.class_weight_, classifier.class_weight_)
    assert repr(loaded.augmenter_) == "ImageAugmenter()"


def test_rate_with_an_optimizer_object_is_an_error(strong):
    with pytest.raises(ValueError, match="together with an optimizer object"):
        strong(optimizer=keras.optimizers.SGD(0.1), learning_rate=0.1)


@pytest.mark.parametrize("name", ["learning_rate", "epochs", "early_stopping", "augmenter"])
def test_other_words_than_auto_are_errors(strong, name):
    with pytest.raises(ValueError, match=f"The '{name}' parameter .*'auto'"):
        strong(**{name: "automatic"})


def test_one_bar_over_all_steps(strong, capsys):
    strong(verbose=1, batch_size=30)
    shown = capsys.readouterr().err
    assert re.search(r"6/6 .*step.*accuracy=[\d.]+, loss=[\d.]+", shown)
    assert "0/6" in shown
    assert re.search(r"fit: .* 1/6 \[\d\d:\d\d<\d\d:\d\d,", shown)  # the time that remains
    assert "epoch" not in shown


def test_a_bar_for_each_network(linear, lesions, tiny_file, capsys):
    backbone = Backbone("TinyNet", weights=tiny_file, trainable="head")
    networks = [SkinLesionClassifier(each, epochs=1, verbose=1) for each in (backbone, linear)]
    nested = TestTimeAugmentation(networks[1], n_augmentations=1)
    AveragedClassifier([networks[0], nested]).fit(lesions.images, lesions.target)
    shown = re.findall("fit[^:]*:", capsys.readouterr().err)
    titles = ["fit 1 of 2, output layer:", "fit 1 of 2:", "fit 2 of 2:"]
    assert list(dict.fromkeys(shown)) == titles
