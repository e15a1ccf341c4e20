"""A warm start goes on from the weights of the last fit, with the parameters that are set now."""

import copy
from functools import partial

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator

from skin_lesion import Backbone, ConvNet, ImageAugmenter, SkinLesionClassifier, make_lesion_images

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def warm(small, lesions):
    """Return a function that fits once."""

    def fit(**parameters):
        defaults = {"architecture": ConvNet(filters=(4,)), "epochs": 1, "warm_start": True}
        return small(**{**defaults, **parameters}).fit(lesions.images, lesions.target)

    return fit


@pytest.fixture(scope="module")
def fitted_once(small, lesions):
    classifier = small(architecture=ConvNet(filters=(4,)), epochs=1, warm_start=True)
    return classifier.fit(lesions.images, lesions.target)


@pytest.fixture
def fitted(fitted_once):
    """A classifier with every kind of parameter: a copy, which costs less than a fit."""
    return copy.deepcopy(fitted_once)


@pytest.fixture
def warm_smallest(warm, linear):
    """Return a function that fits once, for what is asked whatever is trained."""
    return partial(warm, architecture=linear, optimizer="sgd")


def learning_rate(classifier):
    return float(np.asarray(classifier.model_.optimizer.learning_rate))


@pytest.mark.parametrize(
    ("method", "optimizer"),
    [("fit", keras.optimizers.SGD), ("partial_fit", keras.optimizers.ScheduleFreeAdamW)],
)
def test_what_is_compiled_with_counts(fitted, lesions, method, optimizer):
    classifier = fitted
    weights = [np.array(weight) for weight in classifier.model_.trainable_weights]
    classifier.set_params(
        optimizer=optimizer.__name__,  # the second one copies the weights when it is built
        learning_rate=1e-9,
        loss="focal",
        label_smoothing=0.25,
        architecture__dropout=0.125,
    )
    getattr(classifier, method)(lesions.images, lesions.target)
    model = classifier.model_
    assert isinstance(model.optimizer, optimizer)
    assert learning_rate(classifier) == pytest.approx(1e-9)
    assert isinstance(model.loss, keras.losses.CategoricalFocalCrossentropy)
    assert model.loss.get_config()["label_smoothing"] == 0.25
    (dropout,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert dropout.rate == 0.125
    for weight, earlier in zip(model.trainable_weights, weights, strict=True):
        np.testing.assert_allclose(weight, earlier, atol=1e-6)
    assert classifier.n_iter_ == (1 if method == "fit" else 2)


def test_partial_fit_keeps_the_optimizer_where_nothing_has_changed(warm_smallest, lesions):
    classifier = warm_smallest(optimizer=keras.optimizers.Adam(0.01))
    optimizer = classifier.model_.optimizer
    classifier.partial_fit(lesions.images, lesions.target)
    assert classifier.model_.optimizer is optimizer


class Around(BaseEstimator):
    """An architecture of the user's, with another one inside."""

    def __init__(self, inner, shift=None):
        self.inner = inner
        self.shift = shift

    def __call__(self, input_shape, n_classes):
        assert self.inner.found == 1  # as if it had been fitted
        return self.inner(input_shape, n_classes)


def test_parameters_inside_of_an_own_architecture_count(warm, lesions):
    inner = ConvNet(filters=(4,), dropout=0.25)
    inner.found = 1
    classifier = warm(architecture=Around(inner, np.zeros(2)), optimizer="sgd")
    first = classifier.model_
    classifier.partial_fit(lesions.images, lesions.target)
    assert classifier.model_ is first
    classifier.set_params(architecture__inner__dropout=0.125)
    classifier.partial_fit(lesions.images, lesions.target)
    (dropout,) = [
        layer for layer in classifier.model_.layers if isinstance(layer, keras.layers.Dropout)
    ]
    assert dropout.rate == 0.125
    classifier.set_params(architecture__inner__filters=(8,))
    named = r"since then architecture__inner__filters was set from \(4,\) to \(8,\)\. Expected"
    with pytest.raises(ValueError, match=named):
        classifier.partial_fit(lesions.images, lesions.target)


def test_class_weight_counts(fitted, lesions):
    name = lesions.target_names[0]
    classifier = fitted.set_params(class_weight={name: 100.0}, epochs=2, learning_rate=0.02)
    before = classifier.predict_proba(lesions.images)[:, 0].mean()
    classifier.fit(lesions.images, lesions.target)
    assert classifier.predict_proba(lesions.images)[:, 0].mean() > before + 0.1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"architecture__filters": (8,)}, r"architecture__filters was set from \(4,\) to \(8,\)"),
        ({"architecture__dense_units": 5}, "architecture__dense_units was set from 0 to 5"),
        ({"architecture": "cnn"}, "architecture__filters was set"),
        (
            {"architecture": lambda *shapes: ConvNet((8,))(*shapes)},
            "architecture was set from Conv",
        ),
    ],
)
def test_another_network_is_an_error_that_names_the_parameter(fitted, lesions, change, named):
    classifier = fitted.set_params(**change)
    for fit in (classifier.fit, classifier.partial_fit):
        with pytest.raises(ValueError, match=f"{named}.*warm_start=False to train from"):
            fit(lesions.images, lesions.target)


def network(activation="relu", dropout=0.1, initializer="zeros", trainable=True, n_before=0):
    def build(input_shape, n_classes):
        inputs = keras.Input(input_shape)
        x = keras.layers.Conv2D(4, 3, bias_initializer=initializer, trainable=trainable)(inputs)
        for _ in range(n_before):
            keras.layers.Conv2D(4, 3)(inputs)  # names count on
        x = keras.layers.Activation(activation)(x)
        inner = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(dropout, seed=n_before)])
        x = inner(keras.layers.GlobalAveragePooling2D()(x))
        return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(x))

    return build


def pooled(layer):
    def build(input_shape, n_classes):
        last = keras.layers.Dense(n_classes, activation="softmax")
        return keras.Sequential(
            [keras.Input(input_shape), keras.layers.Conv2D(4, 3), layer(), last]
        )

    return build


def shortcut(place):
    def build(input_shape, n_classes):
        tensors = [keras.Input(input_shape)]
        for _ in range(2):
            tensors.append(keras.layers.Conv2D(input_shape[-1], 3, padding="same")(tensors[-1]))
        x = keras.layers.Add()([tensors[place], tensors[2]])
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(tensors[0], keras.layers.Dense(n_classes, activation="softmax")(x))

    return build


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (network("relu"), network("sigmoid")),
        (shortcut(0), shortcut(1)),
        (pooled(keras.layers.GlobalAveragePooling2D), pooled(keras.layers.GlobalMaxPooling2D)),
    ],
)
def test_network_of_the_same_shapes_that_computes_something_else(warm, lesions, before, after):
    classifier = warm(architecture=before, optimizer="sgd").set_params(architecture=after)
    for fit in (classifier.fit, classifier.partial_fit):
        with pytest.raises(ValueError, match=r"architecture was set from.*warm_start=False"):
            fit(lesions.images, lesions.target)


def test_architecture_that_builds_another_network_than_before(warm, lesions):
    activation = "relu"

    def architecture(*shapes):
        return network(activation)(*shapes)

    classifier = warm(architecture=architecture, optimizer="sgd")
    activation = "sigmoid"
    with pytest.raises(
        ValueError, match=r"the architecture .* builds a different network.*warm_start=False"
    ):
        classifier.fit(lesions.images, lesions.target)


def test_own_network_goes_on_where_only_its_training_differs(warm, lesions):
    classifier = warm(architecture=network(), optimizer="sgd")
    classifier.set_params(architecture=network("relu", 0.3, "ones", False, 2), learning_rate=1e-9)
    weights = classifier.model_.get_weights()
    classifier.fit(lesions.images, lesions.target)
    np.testing.assert_allclose(classifier.model_.get_weights()[0], weights[0], atol=1e-6)


def test_fine_tuning_in_two_stages(tiny_file):
    lesions = make_lesion_images(30, n_classes=2, image_size=(32, 32), random_state=0)
    classifier = SkinLesionClassifier(
        Backbone("TinyNet", weights=tiny_file, trainable="head"),
        epochs=1,
        learning_rate=1e-9,
        early_stopping=False,
        warm_start=True,
        random_state=0,
    ).fit(lesions.images, lesions.target)
    first = classifier.predict_proba(lesions.images)
    n_weights = len(classifier.model_.trainable_weights)

    classifier.set_params(architecture__trainable="all").fit(lesions.images, lesions.target)
    assert len(classifier.model_.trainable_weights) > n_weights
    np.testing.assert_allclose(classifier.predict_proba(lesions.images), first, atol=1e-3)
    before = classifier.model_.get_weights()
    classifier.set_params(learning_rate=0.01).fit(lesions.images, lesions.target)
    assert not np.allclose(classifier.model_.get_weights()[0], before[0])

    classifier.set_params(architecture__weights=None)
    with pytest.raises(ValueError, match="architecture__weights was set from"):
        classifier.fit(lesions.images, lesions.target)


def held_out(classifier, images):
    return {image.tobytes() for image in images[classifier.validation_indices_]}


def test_what_was_held_out_is_held_out_again(warm_smallest, lesions):
    classifier = warm_smallest(early_stopping=True)
    first = held_out(classifier, lesions.images)
    order = np.random.default_rng(0).permutation(90)
    classifier.set_params(random_state=1)
    classifier.fit(lesions.images[order], lesions.target[order])
    assert held_out(classifier, lesions.images[order]) == first
    # So it is of another dtype, and new images come to the training rows.
    more = make_lesion_images(30, n_classes=3, image_size=(24, 24), random_state=5)
    images = np.concatenate([more.images, lesions.images])
    classifier.fit(images.astype(float), np.concatenate([more.target, lesions.target]))
    assert held_out(classifier, images) == first


@pytest.mark.parametrize(
    "unknown",
    [pytest.param("none was held out", marks=pytest.mark.slow), "other images", "partial_fit"],
)
def test_validation_set_that_may_have_been_trained_on_is_spoken_of(warm_smallest, lesions, unknown):
    classifier = warm_smallest(early_stopping=unknown != "none was held out")
    images = lesions.images
    if unknown == "other images":
        images = images[:, ::-1]
    elif unknown == "partial_fit":
        classifier.partial_fit(images, lesions.target)
    classifier.set_params(early_stopping=True)
    found = "X contains 0 of the"
    if unknown != "other images":
        found = "The last fit or partial_fit held out no images"
    with pytest.warns(
        UserWarning, match=f"{found}.* may contain images that the network"
    ) as caught:
        classifier.fit(images, lesions.target)
    assert caught[0].filename == __file__


def test_groups_that_join_both_sides_of_the_last_split_are_spoken_of(warm_smallest, lesions):
    classifier = warm_smallest(early_stopping=True)  # splits images, not lesions
    first = held_out(classifier, lesions.images)
    joined = np.isin(lesions.groups, lesions.groups[classifier.validation_indices_])
    n_trained = joined.sum() - len(first)
    assert n_trained
    found = f"X contains {n_trained} images that the last fit was trained on, in groups of images"
    with pytest.warns(UserWarning, match=found):
        classifier.fit(lesions.images, lesions.target, groups=lesions.groups)
    second = held_out(classifier, lesions.images)
    # From then on the groups are the same. New images of a lesion are held out with it.
    more = lesions.images[classifier.validation_indices_[:1]][:, ::-1]
    images, y, groups = (
        np.concatenate([values, values[classifier.validation_indices_[:1]]])
        for values in (lesions.images, lesions.target, lesions.groups)
    )
    images[-1:] = more
    classifier.fit(images, y, groups=groups)
    assert held_out(classifier, images) == second | {more.tobytes()}


def test_few_of_what_was_held_out_are_no_validation_set(warm_smallest, lesions):
    classifier = warm_smallest(early_stopping=True)
    validation = classifier.validation_indices_
    target = lesions.target
    first_of_class = [validation[target[validation] == name][0] for name in np.unique(target)]
    rows = np.setdiff1d(np.arange(90), np.setdiff1d(validation, first_of_class))
    with pytest.warns(
        UserWarning, match=rf"X contains {len(first_of_class)} of the {len(validation)} images"
    ):
        classifier.fit(lesions.images[rows], target[rows])
    assert len(classifier.validation_indices_) > len(first_of_class)


def test_augmentation_does_not_repeat_itself(warm_smallest, lesions, monkeypatch):
    drawn = []
    draw = ImageAugmenter.draw

    def record(self, n_images, random_state=None):
        drawn.append(draw(self, n_images, random_state))
        return drawn[-1]

    monkeypatch.setattr(ImageAugmenter, "draw", record)
    classifier = warm_smallest(augmenter=ImageAugmenter(), batch_size=90)
    first = tuple(drawn[0]["angle"])
    for _ in range(2):
        del drawn[:]
        classifier.fit(lesions.images, lesions.target)
        assert tuple(drawn[0]["angle"]) != first
