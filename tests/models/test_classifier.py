import copy
import os
import pickle
import random
import subprocess
import sys
import textwrap
import threading

import joblib
import keras
import numpy as np
import pytest
from imblearn.under_sampling import RandomUnderSampler
from scikeras import _saving_utils as scikeras_saving
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.class_weight import compute_class_weight

from skin_lesion import (
    AugmentingOverSampler,
    ConvNet,
    ImageAugmenter,
    SkinLesionClassifier,
    TestTimeAugmentation,
    load_model,
    save_model,
)
from skin_lesion.models._training.build_model import build_model
from skin_lesion.models._training.keras_wrapper import undo_scikeras

# Most fits here are too short on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Training ended at epochs")


@pytest.fixture(scope="module")
def fitted(lesions):
    return SkinLesionClassifier(
        ConvNet(filters=(8,)), epochs=2, early_stopping=False, random_state=0
    ).fit(lesions.images, lesions.target)


def run_python(script, *arguments):
    """Run a script in a new process and return what it prints, to both files."""
    environment = {key: os.environ[key] for key in os.environ if key != "TF_CPP_MIN_LOG_LEVEL"}
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout, process.stderr


def test_is_a_classifier_with_classes_and_probabilities(fitted, lesions):
    assert is_classifier(fitted)
    assert get_tags(fitted).classifier_tags is not None
    np.testing.assert_array_equal(fitted.classes_, lesions.target_names)
    probabilities = fitted.predict_proba(lesions.images)
    assert probabilities.shape == (90, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(
        fitted.predict(lesions.images), fitted.classes_[probabilities.argmax(axis=1)]
    )
    assert fitted.n_features_in_ == 24 * 24 * 3
    assert fitted.n_iter_ == fitted.best_epoch_ == 2


def test_probabilities_of_one_row_have_two_dimensions(fitted, lesions):
    one = fitted.predict_proba(lesions.images[:1])
    assert one.shape == (1, 3)
    np.testing.assert_allclose(one, fitted.predict_proba(lesions.images)[:1], atol=1e-6)


def test_learns_lesions(lesions):
    classifier = SkinLesionClassifier(
        ConvNet(filters=(16, 32)), epochs=25, early_stopping=False, random_state=0
    ).fit(lesions.images, lesions.target)
    assert classifier.history_["loss"][-1] < 0.8 * classifier.history_["loss"][0]
    assert classifier.score(lesions.images, lesions.target) > 0.6


def test_leaves_weights_of_the_caller_alone(smallest, lesions):
    weight = np.linspace(0.5, 1.5, 90)
    before = weight.copy()
    smallest(class_weight="balanced", early_stopping=True, epochs=1).fit(
        lesions.images, lesions.target, sample_weight=weight
    )
    np.testing.assert_array_equal(weight, before)


def test_rows_without_weight_count_as_absent(smallest, lesions):
    keep = np.arange(90) % 3 != 0
    weighted = smallest(early_stopping=True, epochs=1, class_weight="balanced").fit(
        lesions.images, lesions.target, sample_weight=keep.astype(float)
    )
    absent = smallest(early_stopping=True, epochs=1, class_weight="balanced").fit(
        lesions.images[keep], lesions.target[keep]
    )
    np.testing.assert_allclose(
        weighted.predict_proba(lesions.images), absent.predict_proba(lesions.images), atol=1e-5
    )


def test_square_roots_of_balanced_class_weights(smallest, lesions):
    kept = np.flatnonzero((lesions.target != lesions.target_names[0]) | (np.arange(90) % 3 == 0))
    images, y = lesions.images[kept], lesions.target[kept]
    balanced = compute_class_weight("balanced", classes=lesions.target_names, y=y)
    weights = dict(zip(lesions.target_names, np.sqrt(balanced), strict=True))
    expected = smallest(epochs=1, class_weight=weights).fit(images, y)
    np.testing.assert_allclose(expected.class_weight_, np.sqrt(balanced))
    for name in ("sqrt_balanced", "auto"):
        found = smallest(epochs=1, class_weight=name).fit(images, y)
        np.testing.assert_array_equal(found.predict_proba(images), expected.predict_proba(images))
        np.testing.assert_allclose(found.class_weight_, np.sqrt(balanced))
    found.set_params(class_weight="balanced").fit(images, y)
    np.testing.assert_allclose(found.class_weight_, balanced)
    found.set_params(class_weight="auto").partial_fit(images, y)
    np.testing.assert_array_equal(found.class_weight_, np.ones(3))


def test_class_weight_shifts_predictions(smallest, lesions):
    name = lesions.target_names[0]
    plain = smallest(learning_rate=1e-4).fit(lesions.images, lesions.target)
    favoured = smallest(learning_rate=1e-4, class_weight={name: 100.0})
    favoured.fit(lesions.images, lesions.target)
    assert (
        favoured.predict_proba(lesions.images)[:, 0].mean()
        > plain.predict_proba(lesions.images)[:, 0].mean() + 0.1
    )


@pytest.fixture(scope="module")
def new_process(fitted, lesions, tmp_path_factory):
    """What a new process prints and saves: predictions of a dumped model, and of one it fits."""
    folder = tmp_path_factory.mktemp("new_process")
    joblib.dump(fitted, folder / "model.joblib")
    np.save(folder / "images.npy", lesions.images)
    script = """
        import os, sys, joblib, numpy as np
        os.chdir(sys.argv[1])
        model = joblib.load("model.joblib")
        np.save("predicted.npy", model.predict_proba(np.load("images.npy")))

        import warnings
        from skin_lesion import (ConvNet, ImageAugmenter, SkinLesionClassifier, make_lesion_images)
        lesions = make_lesion_images(
            90, n_classes=3, images_per_lesion=1.5, image_size=(24, 24), random_state=0)
        classifier = SkinLesionClassifier(
            ConvNet(filters=(8,)), learning_rate=None, class_weight=None, prior=None, epochs=2,
            early_stopping=True, augmenter=ImageAugmenter(), random_state=0)
        warnings.simplefilter("ignore")
        classifier.fit(lesions.images, lesions.target, groups=lesions.groups)
        np.save("fitted.npy", classifier.predict_proba(lesions.images))
    """
    return (
        run_python(script, folder),
        np.load(folder / "predicted.npy"),
        np.load(folder / "fitted.npy"),
    )


def test_same_random_state_gives_same_result_in_a_new_process(small, lesions, new_process):
    printed, _, there = new_process
    # Neither does the backend say a word of processors and drivers.
    assert printed == ("", "")
    here = small(early_stopping=True, augmenter=ImageAugmenter()).fit(
        lesions.images, lesions.target, groups=lesions.groups
    )
    np.testing.assert_array_equal(here.predict_proba(lesions.images), there)


def test_dumped_model_predicts_the_same_in_a_new_process(fitted, lesions, new_process):
    _, there, _ = new_process
    np.testing.assert_array_equal(fitted.predict_proba(lesions.images), there)


def test_what_other_threads_draw_changes_nothing(smallest, lesions):
    def with_dropout(input_shape, n_classes):
        layers = keras.layers
        pixels = [keras.Input(input_shape), layers.Rescaling(1 / 32, -4), layers.Flatten()]
        output = layers.Dense(n_classes, activation="softmax")
        return keras.Sequential([*pixels, layers.Dropout(0.5), output])

    def disturbed(input_shape, n_classes):
        thread = threading.Thread(target=random.seed)
        thread.start()
        thread.join()
        return with_dropout(input_shape, n_classes)

    probabilities = [
        smallest(architecture=architecture)
        .fit(lesions.images, lesions.target)
        .predict_proba(lesions.images)
        for architecture in (with_dropout, disturbed)
    ]
    np.testing.assert_array_equal(*probabilities)


def test_another_random_state_gives_another_result(smallest, lesions):
    one, other = (
        smallest(epochs=1, random_state=seed).fit(lesions.images, lesions.target) for seed in (0, 1)
    )
    assert not np.allclose(
        one.predict_proba(lesions.images), other.predict_proba(lesions.images), atol=1e-3
    )


def test_importing_scikeras_leaves_pickling_of_keras_models_alone(fitted):
    assert "scikeras" in sys.modules
    for cls in (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer):
        assert "scikeras" not in getattr(cls.__reduce__, "__module__", "")
        assert "__deepcopy__" not in vars(cls)


def test_what_scikeras_changes_is_undone():
    network = keras.Model(*[keras.Input((4,))] * 2)
    keras.Model.__deepcopy__ = scikeras_saving.deepcopy_model
    keras.Model.__reduce__ = scikeras_saving.pack_keras_model
    try:
        copy.deepcopy(network)
        assert ">Functional" in keras.saving.get_custom_objects()
    finally:
        undo_scikeras()
    assert not keras.saving.get_custom_objects()
    assert "scikeras" not in keras.Model.__reduce__.__module__
    assert "__deepcopy__" not in vars(keras.Model)


@pytest.mark.slow  # a process that imports Keras
def test_copies_made_by_scikeras_before_do_not_keep_a_model_from_being_saved(tmp_path):
    script = """
        import copy, sys
        import scikeras.wrappers
        import keras
        copy.deepcopy(keras.Model(*[keras.Input((4,))] * 2))
        assert ">Functional" in keras.saving.get_custom_objects()

        from skin_lesion import ConvNet, SkinLesionClassifier, load_model, save_model
        from skin_lesion import make_lesion_images
        lesions = make_lesion_images(20, n_classes=2, image_size=(16, 16), random_state=0)
        network = SkinLesionClassifier(ConvNet(filters=(4,)), epochs=1, random_state=0)
        copied = copy.deepcopy(network.fit(lesions.images, lesions.target))
        save_model(copied, sys.argv[1])
        found = load_model(sys.argv[1]).predict_proba(lesions.images)
        assert (found == network.predict_proba(lesions.images)).all()
        assert "scikeras" not in keras.Model.__reduce__.__module__
    """
    run_python(script, tmp_path / "model.zip")


def test_objects_serve_several_fits_and_stay_unused(smallest, lesions):
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss")
    classifier = smallest(optimizer=optimizer, callbacks=[callback])
    first = classifier.fit(lesions.images, lesions.target).predict_proba(lesions.images)
    second = classifier.fit(lesions.images, lesions.target).predict_proba(lesions.images)
    np.testing.assert_array_equal(first, second)
    assert not optimizer.built
    assert getattr(callback, "_model", None) is None
    assert clone(classifier).fit(lesions.images, lesions.target).n_iter_ == 2


def test_used_callback_does_not_bring_its_model(smallest, lesions):
    class Spy(keras.callbacks.Callback):
        seen = []

        def on_train_begin(self, logs=None):
            Spy.seen.append(self.model)

    used = Spy()
    used.set_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    classifier = smallest(callbacks=[used]).fit(lesions.images, lesions.target)
    assert Spy.seen == [classifier.model_]


def test_used_callbacks_are_kept_without_their_model(smallest, lesions, tmp_path):
    class Count(keras.callbacks.Callback):
        n = 0

        def on_epoch_end(self, epoch, logs=None):
            self.n += 1

    given = [Count(), keras.callbacks.CSVLogger(tmp_path / "log.csv")]
    classifier = smallest(callbacks=given).fit(lesions.images, lesions.target)
    assert [type(callback) for callback in classifier.callbacks_] == [type(c) for c in given]
    assert given[0].n == 0
    assert classifier.callbacks_[0].n == 2
    assert classifier.callbacks_[0].model is None
    assert copy.deepcopy(classifier.set_params(callbacks=None)).n_iter_ == 2  # no open file
    classifier.set_params(callbacks=[Count()]).partial_fit(lesions.images, lesions.target)
    assert [callback.n for callback in classifier.callbacks_] == [1]
    save_model(classifier, tmp_path / "model")
    assert load_model(tmp_path / "model").n_iter_ == 3


def test_logarithm_of_probabilities(fitted, lesions):
    averaging = TestTimeAugmentation(fitted, n_augmentations=1, random_state=0)
    for classifier in (fitted, averaging):
        np.testing.assert_array_equal(
            classifier.predict_log_proba(lesions.images),
            np.log(classifier.predict_proba(lesions.images)),
        )
    assert averaging.n_features_in_ == fitted.n_features_in_
    assert not hasattr(TestTimeAugmentation(clone(fitted)), "n_features_in_")


def test_learning_rate_reaches_the_optimizer(smallest, lesions):
    classifier = smallest(optimizer="SGD", learning_rate=0.25, epochs=1).fit(
        lesions.images, lesions.target
    )
    assert isinstance(classifier.model_.optimizer, keras.optimizers.SGD)
    learning_rate = keras.ops.convert_to_numpy(classifier.model_.optimizer.learning_rate)
    assert learning_rate == pytest.approx(0.25)


def test_focal_loss_and_label_smoothing_reach_the_model(smallest, lesions):
    classifier = smallest(loss="focal", label_smoothing=0.1, epochs=1)
    loss = classifier.fit(lesions.images, lesions.target).model_.loss
    assert isinstance(loss, keras.losses.CategoricalFocalCrossentropy)
    assert loss.get_config()["label_smoothing"] == pytest.approx(0.1)


def test_augmenter_varies_training_and_never_predict(smallest, lesions):
    plain = smallest().fit(lesions.images, lesions.target)
    varied = smallest(augmenter=ImageAugmenter()).fit(lesions.images, lesions.target)
    assert not np.allclose(
        plain.predict_proba(lesions.images), varied.predict_proba(lesions.images), atol=1e-4
    )
    np.testing.assert_array_equal(
        varied.predict_proba(lesions.images), varied.predict_proba(lesions.images)
    )


def test_augmenter_varies_each_epoch_anew(smallest, lesions, monkeypatch):
    drawn = []
    draw = ImageAugmenter.draw

    def record(self, n_images, random_state=None):
        drawn.append(draw(self, n_images, random_state))
        return drawn[-1]

    monkeypatch.setattr(ImageAugmenter, "draw", record)
    smallest(augmenter=ImageAugmenter(), epochs=2, batch_size=90).fit(
        lesions.images, lesions.target
    )
    # Keras may look at the first batch once more before it begins.
    assert len({tuple(draws["angle"]) for draws in drawn}) >= 2


def test_parameters_of_objects_are_searched_by_name(small):
    classifier = small(augmenter=ImageAugmenter())
    classifier.set_params(architecture__filters=(4, 8), augmenter__rotation=15)
    assert classifier.architecture.filters == (4, 8)
    assert classifier.augmenter.rotation == 15
    both = SkinLesionClassifier().set_params(architecture=ConvNet(), architecture__dropout=0.1)
    assert both.architecture.dropout == 0.1


def test_parameters_behind_a_name_or_none_say_what_to_pass():
    with pytest.raises(ValueError, match=r"architecture is 'cnn'.*architecture=ConvNet\(\)"):
        SkinLesionClassifier().set_params(architecture__filters=(4,))
    with pytest.raises(ValueError, match=r"augmenter is 'auto'.*augmenter=ImageAugmenter\(\)"):
        SkinLesionClassifier().set_params(augmenter__rotation=15)
    for has_none in (TestTimeAugmentation(SkinLesionClassifier()), AugmentingOverSampler()):
        with pytest.raises(ValueError, match=r"augmenter is None.*augmenter=ImageAugmenter\(\)"):
            has_none.set_params(augmenter__rotation=15)
    with pytest.raises(ValueError, match="Invalid parameter 'filers' for estimator ConvNet"):
        SkinLesionClassifier(ConvNet()).set_params(architecture__filers=(4,))


def test_warm_start_goes_on_and_a_fresh_fit_does_not(smallest, lesions):
    classifier = smallest(warm_start=True, epochs=3, learning_rate=1e-4)
    classifier.fit(lesions.images, lesions.target)
    first = classifier.history_["loss"]
    again = classifier.fit(lesions.images, lesions.target).history_["loss"]
    assert len(again) == 3
    assert again[0] < first[0]
    anew = classifier.set_params(warm_start=False).fit(lesions.images, lesions.target)
    np.testing.assert_allclose(anew.history_["loss"], first)


def test_warm_start_refuses_other_classes(smallest, lesions):
    classifier = smallest(warm_start=True, epochs=1).fit(lesions.images, lesions.target)
    two = lesions.target != lesions.target_names[0]
    with pytest.raises(ValueError, match="Expected those of the last fit"):
        classifier.fit(lesions.images[two], lesions.target[two])


def test_partial_fit_trains_an_epoch_a_call(smallest, lesions):
    classifier = smallest()
    half = lesions.target != lesions.target_names[0]
    classifier.partial_fit(lesions.images[half], lesions.target[half], classes=lesions.target_names)
    np.testing.assert_array_equal(classifier.classes_, lesions.target_names)
    classifier.partial_fit(lesions.images, lesions.target)
    assert classifier.n_iter_ == 2
    assert classifier.predict_proba(lesions.images).shape == (90, 3)


def test_partial_fit_goes_on_from_fit(fitted, lesions):
    classifier = copy.deepcopy(fitted).partial_fit(lesions.images, lesions.target)
    assert classifier.n_iter_ == 3
    assert classifier.history_["loss"][:2] == fitted.history_["loss"]


def test_partial_fit_trains_a_copy_as_the_original(small, lesions):
    classifier = small(architecture=ConvNet(filters=(4,), dropout=0.5), optimizer="sgd")
    classifier.partial_fit(lesions.images, lesions.target)
    copies = [copy.deepcopy(classifier), pickle.loads(pickle.dumps(classifier))]
    for each in (classifier, *copies):
        each.partial_fit(lesions.images, lesions.target)
    expected = classifier.predict_proba(lesions.images)
    for each in copies:
        np.testing.assert_array_equal(each.predict_proba(lesions.images), expected)


def test_partial_fit_refuses_what_it_cannot_do(smallest, lesions):
    with pytest.raises(ValueError, match="cannot balance"):
        smallest(class_weight="sqrt_balanced").partial_fit(lesions.images, lesions.target)
    two = lesions.target != lesions.target_names[0]
    classifier = smallest().partial_fit(lesions.images[two], lesions.target[two])
    with pytest.raises(ValueError, match="Pass all classes"):
        classifier.partial_fit(lesions.images, lesions.target)
    for missing in (None, np.nan):
        with pytest.raises(ValueError, match=r"classes is missing in 1 of 4.*Leave out missing"):
            smallest().partial_fit(
                lesions.images, lesions.target, classes=[*lesions.target_names, missing]
            )
    classifier.set_params(class_weight="sqrt-balanced")
    with pytest.raises(ValueError, match="'class_weight' parameter of SkinLesionClassifier"):
        classifier.partial_fit(lesions.images[two], lesions.target[two])


def test_label_unseen_in_training_counts_as_wrong_with_a_warning(fitted, lesions):
    predicted = fitted.predict(lesions.images[:4])
    y = predicted.astype(object)
    y[0] = "wart"
    with pytest.warns(UserWarning, match=r"\['wart'\].*1 of 4 rows"):
        assert fitted.score(lesions.images[:4], y) == 0.75


def test_warns_when_training_ended_while_the_loss_still_fell(smallest, lesions):
    classifier = smallest(learning_rate=1e-5, epochs=4, early_stopping=True)
    with pytest.warns(ConvergenceWarning, match="for example to 8") as caught:
        classifier.fit(lesions.images, lesions.target, groups=lesions.groups)
    ours = [warning for warning in caught if warning.category is ConvergenceWarning]
    assert [warning.filename for warning in ours] == [__file__]


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_keeps_the_best_epoch_and_stops_early_without_a_warning(small, lesions):
    classifier = small(learning_rate=0.1, patience=2, epochs=60, early_stopping=True)
    classifier.fit(lesions.images, lesions.target, groups=lesions.groups)
    losses = classifier.history_["val_loss"]
    assert classifier.n_iter_ < 60
    assert classifier.best_epoch_ == np.argmin(losses) + 1 == classifier.n_iter_ - 2
    held_out = classifier.validation_indices_
    probabilities = classifier.predict_proba(lesions.images[held_out])
    columns = np.searchsorted(classifier.classes_, lesions.target[held_out])
    loss = -np.log(probabilities[np.arange(len(columns)), columns]).mean()
    assert loss == pytest.approx(min(losses), rel=1e-3)


def test_balancing_also_balances_the_validation_loss(smallest, lesions):
    weights = {name: float(i + 1) for i, name in enumerate(lesions.target_names)}
    classifier = smallest(
        learning_rate=1e-4, class_weight=weights, patience=1, epochs=3, early_stopping=True
    ).fit(lesions.images, lesions.target)
    held_out = lesions.target[classifier.validation_indices_]
    trained = np.setdiff1d(np.arange(90), classifier.validation_indices_)
    mass = {name: weights[name] * (lesions.target[trained] == name).sum() for name in weights}
    weight = np.array([mass[name] / (held_out == name).sum() for name in held_out])
    probabilities = classifier.predict_proba(lesions.images[classifier.validation_indices_])
    columns = np.searchsorted(classifier.classes_, held_out)
    loss = -np.log(probabilities[np.arange(len(columns)), columns])
    expected = np.average(loss, weights=weight) * weight.sum() / sum(mass.values())
    assert min(classifier.history_["val_loss"]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("verbose", [1, 2])  # without it, new_process says nothing
def test_verbose(smallest, lesions, verbose, capfd):
    smallest(verbose=verbose).fit(lesions.images, lesions.target)
    out, err = capfd.readouterr()
    assert ("Epoch 2/2" in out) == (verbose == 2)
    assert ("6/6" in err) == (verbose == 1)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"epochs": 0}, r"'epochs' parameter .* range \[1, inf\). Got 0"),
        ({"optimizer": "adm"}, "Unknown optimizer 'adm'. Did you mean 'adam'"),
        ({"optimizer": keras.optimizers.Adam(), "learning_rate": 0.1}, "only one of them"),
        ({"architecture": "cn"}, "Unknown architecture 'cn'. Did you mean 'cnn'"),
        ({"architecture": ConvNet(filters=())}, r"filters=\(\)"),
        ({"architecture": ConvNet(dropout=1.5)}, "'dropout' parameter of ConvNet"),
        ({"loss": "hinge"}, "'loss' parameter"),
        ({"augmenter": "strong"}, "'augmenter' parameter"),
        ({"sampler": RandomUnderSampler(replacement="no")}, "'replacement' parameter of RandomU"),
    ],
)
def test_bad_parameters_say_what_is_expected(small, lesions, parameters, message):
    with pytest.raises(ValueError, match=message):
        small(**parameters).fit(lesions.images, lesions.target)


@pytest.mark.parametrize(
    "bad",
    [{"optimizer": 3}, {"optimizer": keras.optimizers.Adam}, {"callbacks": ["early_stopping"]}],
)
def test_objects_of_another_kind_are_refused(small, lesions, bad):
    with pytest.raises(TypeError, match=r"Expected.*keras"):
        small(**bad).fit(lesions.images, lesions.target)


@pytest.mark.parametrize("activation", [None, "sigmoid", "tanh", "relu"])
def test_network_that_ends_in_no_softmax_says_what_to_add(small, lesions, activation):
    def network(input_shape, n_classes):
        flat = [keras.layers.Rescaling(1 / 255), keras.layers.GlobalAveragePooling2D()]
        last = keras.layers.Dense(n_classes, activation=activation)
        return keras.Sequential([keras.Input(input_shape), *flat, last])

    with pytest.raises(ValueError, match=r"gives \[.*Expected probabilities.*layers\.Softmax\(\)"):
        small(architecture=network).fit(lesions.images, lesions.target)


def silu(x):
    return keras.ops.abs(x)


@pytest.mark.parametrize("is_nested", [False, True])
def test_own_activation_by_the_name_of_another_is_refused(small, lesions, is_nested):
    def build(input_shape, n_classes):
        inside = keras.Sequential(
            [keras.Input(input_shape), keras.layers.Conv2D(2, 3, activation=silu)]
        )
        layers = [inside] if is_nested else inside.layers
        pool = keras.layers.GlobalAveragePooling2D()
        output = keras.layers.Dense(n_classes, activation="softmax")
        return keras.Sequential([keras.Input(input_shape), *layers, pool, output])

    with pytest.raises(ValueError, match=r"your own activation function 'silu'.*rename"):
        small(architecture=build).fit(lesions.images, lesions.target)


def test_output_that_is_not_finite_for_noise_is_no_softmax(small, lesions):
    def network(input_shape, n_classes):
        model = ConvNet(filters=(4,))(input_shape, n_classes)
        return keras.Model(model.inputs, model.output / 0.0 * 0.0)

    with pytest.raises(ValueError, match="Expected probabilities"):
        small(architecture=network).fit(lesions.images, lesions.target)


@pytest.mark.parametrize(
    "random_state", [*range(3), *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 12))]
)
@pytest.mark.parametrize("activation", ["sigmoid", "hard_sigmoid", None])
def test_saturated_sigmoids_are_no_softmax(activation, random_state):
    keras.utils.set_random_seed(random_state)

    def network(input_shape, n_classes):  # without scaling, so that outputs are 0 or 1
        inputs = keras.Input(input_shape)
        x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(inputs))
        x = keras.layers.Dense(n_classes, activation=activation)(x)
        return keras.Model(inputs, x if activation else keras.ops.sigmoid(x))

    compiled_with = ("adam", None, "crossentropy", 0.0)
    with pytest.raises(ValueError, match=r"Expected probabilities.*layers\.Softmax\(\)"):
        build_model(network, (24, 24, 3), 2, None, *compiled_with)


def test_softmax_ahead_of_the_output_is_accepted(small, lesions):
    def network(input_shape, n_classes):
        inputs = keras.Input(input_shape)
        x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(inputs))
        p = keras.layers.Dense(1, activation="sigmoid")(x)
        rest = keras.layers.Dense(n_classes - 1, activation="softmax")(x)
        both = keras.layers.Concatenate()([p, (1 - p) * rest])
        return keras.Model(inputs, keras.layers.Activation("linear", dtype="float32")(both))

    classifier = small(architecture=network, epochs=1).fit(lesions.images, lesions.target)
    np.testing.assert_allclose(classifier.predict_proba(lesions.images).sum(axis=1), 1)


def test_predicted_rows_that_do_not_sum_to_one_are_not_divided(small, lesions):
    classifier = small(architecture=ConvNet(filters=(4,)), epochs=1)
    model = classifier.fit(lesions.images, lesions.target).model_
    classifier.model_ = keras.Model(model.inputs, 1.02 * model.output)
    with pytest.raises(ValueError, match=r"gives \[.*Expected probabilities.*layers\.Softmax\(\)"):
        classifier.predict_proba(lesions.images)


@pytest.mark.parametrize(
    "policy", [pytest.param("mixed_float16", marks=pytest.mark.slow), "mixed_bfloat16"]
)
def test_rounding_in_half_precision_is_no_wrong_sum(small, lesions, policy):
    keras.config.set_dtype_policy(policy)
    try:
        classifier = small(architecture=ConvNet(filters=(4,)), epochs=1)
        classifier.fit(lesions.images, lesions.target)
        probabilities = classifier.predict_proba(lesions.images)
        output = np.asarray(classifier.model_.predict_on_batch(lesions.images))
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    # Half precision has fewer values, and would give images the same probability.
    assert output.dtype == np.float32
    assert len(np.unique(output)) > 260
    np.testing.assert_allclose(output.sum(axis=1), 1, atol=1e-6)


def test_predicting_before_fitting(small, lesions):
    for method in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(small(), method)(lesions.images)
    with pytest.raises(NotFittedError):
        small().score(lesions.images, lesions.target)


@pytest.mark.parametrize("dtype", [int, bool])
def test_numbers_in_an_array_of_objects_are_classes(smallest, lesions, dtype):
    y = (lesions.target == lesions.target_names[0]).astype(dtype)
    classifier = smallest(epochs=1).fit(lesions.images, y.astype(object))
    assert classifier.classes_.dtype == dtype
    found = classifier.score(lesions.images, y.astype(object))
    assert found == classifier.score(lesions.images, y)


def test_bad_targets(small, lesions):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        small().fit(lesions.images, lesions.target[:-1])
    with pytest.raises(ValueError, match="1 class"):
        small().fit(lesions.images, np.full(90, "nevus"))
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        small().fit(lesions.images, lesions.target, sample_weight=-np.ones(90))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        small().fit(lesions.images, lesions.target, groups=lesions.groups[:5])
