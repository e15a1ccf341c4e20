from copy import copy
from functools import partial

import numpy as np
import pytest
import sklearn
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from skin_lesion import (
    AveragedClassifier,
    ImageAugmenter,
    ImageLoader,
    OperatingPointClassifier,
    PriorCorrectedClassifier,
    TestTimeAugmentation,
)
from skin_lesion.models._wrappers import test_time_augmentation as _test_time_augmentation


@pytest.fixture(scope="module")
def classifier(small, lesions):
    return small(epochs=3).fit(lesions.images, lesions.target)


def test_probabilities_are_the_mean_over_image_and_variants(classifier, lesions):
    augmenter = ImageAugmenter(brightness=0.3)
    averaging = TestTimeAugmentation(classifier, augmenter, n_augmentations=3, random_state=5)
    images = lesions.images[:10]
    draws = augmenter.draw(3, np.random.RandomState(5))
    expected = [classifier.predict_proba(images)]
    for draw in draws:
        varied = augmenter.apply(images, np.array([draw] * 10, dtype=draws.dtype))
        expected.append(classifier.predict_proba(varied))

    found = averaging.predict_proba(images)
    np.testing.assert_allclose(found, np.mean(expected, axis=0), atol=1e-6)
    assert np.abs(found - expected[0]).max() > 1e-4
    assert averaging.predict(images).tolist() == averaging.classes_[found.argmax(axis=1)].tolist()


def test_mean_of_the_variants_is_corrected_for_the_prior(classifier, lesions):
    images, shares = lesions.images[:10].astype(np.float32), [0.01, 0.19, 0.8]
    average = partial(TestTimeAugmentation, n_augmentations=3, random_state=0)
    as_trained = average(classifier)
    expected = as_trained.predict_proba(images) * shares / classifier.class_prior_
    expected /= expected.sum(axis=1, keepdims=True)
    corrected = copy(classifier).set_params(prior=shares)
    for same in (
        average(corrected),
        average(make_pipeline("passthrough", corrected)),
        average(FrozenEstimator(corrected)),
        average(PriorCorrectedClassifier(classifier, shares)),
        average(PriorCorrectedClassifier(copy(classifier).set_params(prior="uniform"), shares)),
        PriorCorrectedClassifier(as_trained, shares),
        copy(as_trained).set_params(estimator=corrected),
    ):
        np.testing.assert_allclose(same.predict_proba(images), expected, atol=1e-6)
    draws = np.split(as_trained._draw(), 3)
    variants = [as_trained._augmenter().apply(images, np.repeat(draw, 10)) for draw in draws]
    one_by_one = np.mean([corrected.predict_proba(each) for each in (images, *variants)], axis=0)
    assert np.abs(one_by_one - expected).max() > 1e-4


def test_dark_images_may_get_darker(classifier, lesions):
    images = lesions.images[:10].astype(np.float32) / 255 * 1.4
    augmenter = ImageAugmenter(brightness=0.003)
    averaging = TestTimeAugmentation(classifier, augmenter, n_augmentations=6, random_state=0)
    draws = augmenter.draw(6, np.random.RandomState(0))
    darkest = [augmenter.apply(images, np.repeat(draw, 10)).max() for draw in np.split(draws, 6)]
    assert min(darkest) in {0, 1}  # rounded
    found = averaging.predict_proba(images)
    np.testing.assert_allclose(found, classifier.predict_proba(images), atol=0.1)


def test_result_of_an_image_depends_on_no_other(classifier, lesions, monkeypatch):
    averaging = TestTimeAugmentation(classifier, ImageAugmenter(noise=0.1), 2, random_state=0)
    together = averaging.predict_proba(lesions.images[:9])
    np.testing.assert_allclose(
        averaging.predict_proba(lesions.images[7:9]), together[7:], atol=1e-6
    )
    monkeypatch.setattr(_test_time_augmentation, "_BATCH_SIZE", 4)
    np.testing.assert_allclose(averaging.predict_proba(lesions.images[:9]), together, atol=1e-6)

    anew = TestTimeAugmentation(classifier, n_augmentations=2)
    assert (anew.predict_proba(lesions.images) != anew.predict_proba(lesions.images)).any()


def test_paths_are_read_by_the_loader_of_the_classifier(smallest, lesions, tmp_path):
    paths = [str(tmp_path / f"{number}.png") for number in range(len(lesions.images))]
    for path, image in zip(paths, lesions.images, strict=True):
        Image.fromarray(image).save(path)
    classifier = smallest(loader=ImageLoader((24, 24))).fit(paths, lesions.target)
    averaging = TestTimeAugmentation(classifier, n_augmentations=2, random_state=0)
    np.testing.assert_allclose(
        averaging.predict_proba(paths), averaging.predict_proba(lesions.images), atol=1e-6
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("routing", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "wrap",
    [
        partial(TestTimeAugmentation, n_augmentations=1, random_state=0),
        partial(OperatingPointClassifier, positive="nevus"),
        PriorCorrectedClassifier,
    ],
    ids=["augmentation", "operating point", "prior"],
)
def test_fit_fits_a_clone_and_passes_groups_on(smallest, lesions, wrap, routing):
    inner = smallest(early_stopping=True, validation_fraction=0.3, epochs=1)
    wrapper = wrap(inner)
    with pytest.raises(NotFittedError):
        check_is_fitted(wrapper)
    with pytest.raises(NotFittedError):
        wrapper.predict(lesions.images)
    with sklearn.config_context(enable_metadata_routing=routing):
        wrapper.fit(lesions.images, lesions.target, groups=lesions.groups)
    check_is_fitted(wrapper)
    assert not hasattr(inner, "model_")
    held_out = np.isin(np.arange(90), wrapper.estimator_.validation_indices_)
    assert held_out.any()
    assert not set(lesions.groups[held_out]) & set(lesions.groups[~held_out])
    assert wrapper.score(lesions.images, lesions.target) >= 0


def test_in_a_cross_validation(smallest, lesions):
    averaging = TestTimeAugmentation(smallest(), n_augmentations=1, random_state=0)
    assert len(cross_val_score(averaging, lesions.images, lesions.target, cv=2)) == 2


def test_any_classifier_of_images_behind_a_loader(lesions, tmp_path):
    path = str(tmp_path / "one.png")
    Image.fromarray(lesions.images[0]).save(path)
    dummy = DummyClassifier(strategy="prior")
    model = make_pipeline(ImageLoader((24, 24)), TestTimeAugmentation(dummy))
    assert model.fit([path, path], ["a", "b"]).predict_proba([path]).tolist() == [[0.5, 0.5]]

    dummy.fit(lesions.images, lesions.target)
    with pytest.raises(TypeError, match=r"X holds paths.*DummyClassifier.*after\s+the loader"):
        TestTimeAugmentation(dummy).predict([path])
    with pytest.raises(TypeError, match=r"AveragedClassifier.*around each network of an average"):
        TestTimeAugmentation(AveragedClassifier([dummy])).predict([path])


def test_paths_that_cannot_be_predicted_are_refused_before_training(smallest, tmp_path):
    path = str(tmp_path / "missing.png")
    network = smallest(loader=ImageLoader((24, 24)))
    for inside in (
        GridSearchCV(network, {"epochs": [1]}),
        AveragedClassifier([network]),
        PriorCorrectedClassifier(network),
    ):
        with pytest.raises(
            TypeError, match=rf"X holds paths.*{type(inside).__name__}.*around this"
        ):
            TestTimeAugmentation(inside).fit([path, path], ["a", "b"])


def test_bad_input(classifier, lesions):
    with pytest.raises(ValueError, match="n_augmentations"):
        TestTimeAugmentation(classifier, n_augmentations=0).predict(lesions.images)
    with pytest.raises(ValueError, match=r"images of shape \(12, 12, 3\)"):
        TestTimeAugmentation(classifier).predict(lesions.images[:, ::2, ::2])


def test_rows_of_features_cannot_be_varied(smallest):
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(40, 5)), np.repeat([0, 1], 20)
    with pytest.raises(ValueError, match="Expected RGB images"):
        TestTimeAugmentation(smallest().fit(X, y)).predict(X)


def test_common_checks(common_check, smallest):
    common_check(TestTimeAugmentation(smallest()))
