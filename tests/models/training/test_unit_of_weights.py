"""Sample weights in any unit: only their ratios matter in fit."""

import numpy as np
import pytest

from skin_lesion import (
    AugmentingOverSampler,
    Backbone,
    ImageSampler,
    SkinLesionClassifier,
    make_lesion_images,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
WEIGHT = np.linspace(0.2, 2.2, 90)
WEIGHT[::10] = 0


def assert_same_fit(one, other):
    for name, values in one.history_.items():
        np.testing.assert_allclose(other.history_[name], values, rtol=1e-4)
    np.testing.assert_allclose(other.class_prior_, one.class_prior_)
    for weights, others in zip(one.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_allclose(others, weights, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"class_weight": "balanced", "early_stopping": True},
        pytest.param({"early_stopping": True}, marks=pytest.mark.slow),
        {"sampler": ImageSampler(), "class_weight": "auto"},
        {"sampler": AugmentingOverSampler()},
    ],
)
def test_a_factor_changes_nothing(smallest, lesions, parameters):
    one, other = (
        smallest(**parameters).fit(lesions.images, lesions.target, sample_weight=weight)
        for weight in (WEIGHT / WEIGHT.sum(), 1000 * WEIGHT)
    )
    assert_same_fit(one, other)


def test_balanced_classes_have_equal_sums_of_weights(smallest, lesions):
    weight = np.where(lesions.target == lesions.target_names[0], 9, WEIGHT)
    classifier = smallest(class_weight="balanced", epochs=1)
    classifier.fit(lesions.images, lesions.target, sample_weight=weight)
    np.testing.assert_allclose(classifier.class_prior_, [1 / 3] * 3)


def test_equal_weights_are_none(smallest, lesions):
    fit = smallest(class_weight="auto").fit
    one = fit(lesions.images, lesions.target)
    weights = [np.array(weight) for weight in one.model_.get_weights()]
    other = fit(lesions.images, lesions.target, sample_weight=np.full(90, 0.25))
    for weight, expected in zip(other.model_.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_a_factor_in_an_own_validation_set(smallest, lesions):
    X, y, weight = lesions.images[60:], lesions.target[60:], WEIGHT[60:]
    one, other = (
        smallest().fit(
            lesions.images[:60],
            lesions.target[:60],
            X_val=X,
            y_val=y,
            sample_weight_val=factor * weight,
        )
        for factor in (1, 0.01)
    )
    assert_same_fit(one, other)


@pytest.mark.parametrize("class_weight", [pytest.param(None, marks=pytest.mark.slow), "auto"])
def test_a_factor_in_the_fit_of_an_output_layer(tiny_file, class_weight):
    images = make_lesion_images(90, n_classes=2, image_size=(32, 32), random_state=0)
    one, other = (
        SkinLesionClassifier(
            Backbone("TinyNet", weights=tiny_file, trainable="head"),
            class_weight=class_weight,
            epochs=2,
            random_state=0,
        ).fit(images.images, images.target, sample_weight=weight)
        for weight in (WEIGHT, WEIGHT / WEIGHT.sum())
    )
    assert_same_fit(one, other)


def test_partial_fit_adds_weights_as_they_are(smallest, lesions):
    classifier = smallest()
    names = lesions.target_names
    of_first = lesions.target == names[0]
    for rows, weight in [(of_first, 3.0), (~of_first, 0.5)]:
        classifier.partial_fit(
            lesions.images[rows],
            lesions.target[rows],
            classes=names,
            sample_weight=np.full(np.count_nonzero(rows), weight),
        )
    first, others = 3 * of_first.sum(), 0.5 * (~of_first).sum()
    assert classifier.class_prior_[0] == pytest.approx(first / (first + others))


def test_a_factor_in_fit_changes_nothing_in_partial_fit(smallest, lesions):
    one, other = (
        smallest(epochs=1)
        .fit(lesions.images, lesions.target, sample_weight=factor * WEIGHT)
        .partial_fit(lesions.images[:20], lesions.target[:20])
        for factor in (1, 1e-3)
    )
    np.testing.assert_allclose(other.class_prior_, one.class_prior_)
