"""How frequent classes were in training, and the `prior` and `temperature` of probabilities."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skin_lesion import (
    AugmentingOverSampler,
    AveragedClassifier,
    FitCheckpoint,
    ImageLoader,
    OperatingPointClassifier,
    PriorCorrectedClassifier,
    TestTimeAugmentation,
    load_model,
    make_lesion_images,
    save_model,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CLINIC = {"melanoma": 0.05, "nevus": 0.95}


@pytest.fixture(scope="module")
def rare():
    """Twelve melanomas and 48 nevi."""
    return make_lesion_images(
        60, n_classes=2, weights=[0.2, 0.8], image_size=(16, 16), random_state=0
    )


@pytest.fixture(scope="module")
def fitted(rare):
    from skin_lesion import ConvNet, SkinLesionClassifier

    return SkinLesionClassifier(
        ConvNet(filters=(8,)),
        class_weight="balanced",
        prior=None,
        epochs=2,
        random_state=0,
    ).fit(rare.images, rare.target)


@pytest.fixture
def at_prior(fitted):
    """Return a function that gives the fitted classifier another prior."""
    yield lambda prior: fitted.set_params(prior=prior)
    fitted.set_params(prior=None, temperature=1.0)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [0.2, 0.8]),
        ({"class_weight": "balanced"}, [0.5, 0.5]),
        ({"class_weight": "sqrt_balanced"}, [1 / 3, 2 / 3]),
        ({"class_weight": {"melanoma": 6}}, [0.6, 0.4]),
        ({"sampler": RandomOverSampler()}, [0.5, 0.5]),
        ({"sampler": AugmentingOverSampler(sampling_strategy=0.5)}, [1 / 3, 2 / 3]),
        ({"sampler": RandomOverSampler(), "class_weight": {"nevus": 3}}, [0.25, 0.75]),
    ],
)
def test_shares_that_were_trained_for(smallest, rare, parameters, expected):
    classifier = smallest(epochs=1, **parameters).fit(rare.images, rare.target)
    np.testing.assert_allclose(classifier.class_prior_, expected)
    np.testing.assert_allclose(classifier.training_prior_, [0.2, 0.8])


def test_weights_count_in_training_and_rows_as_they_came(smallest, rare):
    weight = np.where(rare.target == "melanoma", 2.0, 1.0)
    weight[np.flatnonzero(rare.target == "nevus")[:12]] = 0
    classifier = smallest(epochs=1).fit(rare.images, rare.target, sample_weight=weight)
    np.testing.assert_allclose(classifier.class_prior_, [0.4, 0.6])
    np.testing.assert_allclose(classifier.training_prior_, [0.25, 0.75])


def test_weights_go_with_the_rows_that_a_sampler_repeats(smallest, rare):
    weight = np.where(rare.target == "melanoma", 3.0, 1.0)
    classifier = smallest(epochs=1, sampler=RandomOverSampler())
    classifier.fit(rare.images, rare.target, sample_weight=weight)
    np.testing.assert_allclose(classifier.class_prior_, [0.75, 0.25])


def test_held_out_rows_were_given_and_not_trained_on(smallest, rare):
    classifier = smallest(epochs=1, early_stopping=True, validation_fraction=0.3)
    classifier.fit(rare.images, rare.target)
    trained = np.delete(rare.target, classifier.validation_indices_)
    assert 0 < len(trained) < 60
    assert classifier.class_prior_[0] == np.mean(trained == "melanoma")
    np.testing.assert_allclose(classifier.training_prior_, [0.2, 0.8])


def test_partial_fit_adds_up_and_fit_starts_anew(smallest, rare):
    first, second = np.arange(60) < 20, np.arange(60) >= 20
    classifier = smallest(epochs=1)
    for rows in (first, second):
        classifier.partial_fit(rare.images[rows], rare.target[rows], classes=["melanoma", "nevus"])
    np.testing.assert_allclose(classifier.class_prior_, [0.2, 0.8])

    nevi = np.flatnonzero(rare.target == "nevus")
    even = np.r_[nevi[:12], np.flatnonzero(rare.target == "melanoma")]
    for warm_start in (False, True):
        classifier.set_params(warm_start=warm_start).fit(rare.images[even], rare.target[even])
        assert classifier.class_prior_.tolist() == [0.5, 0.5]


def test_chunks_that_lack_a_class_are_no_error_before_prediction(smallest, rare):
    rows = [np.flatnonzero(rare.target == name) for name in ("nevus", "melanoma")]
    classes = ["melanoma", "nevus"]
    classifier = smallest(prior=CLINIC, epochs=1)
    classifier.partial_fit(rare.images[rows[0]], rare.target[rows[0]], classes=classes)
    with pytest.raises(ValueError, match=r"\['melanoma'\] had no weight in training"):
        classifier.predict(rare.images)
    classifier.partial_fit(rare.images[rows[1]], rare.target[rows[1]])
    assert classifier.predict_proba(rare.images).shape == (60, 2)
    for wrong in ({"prior": {"melanoma": 1.0}}, {"temperature": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            smallest(**wrong).partial_fit(
                rare.images[rows[0]], rare.target[rows[0]], classes=classes
            )


def test_bayes_rule_and_the_most_probable_class(fitted, at_prior, rare):
    as_trained = fitted.predict_proba(rare.images)
    at_prior(CLINIC)
    found = fitted.predict_proba(rare.images)
    odds = as_trained[:, 0] / as_trained[:, 1] * 0.05 / 0.95
    np.testing.assert_allclose(found[:, 0] / found[:, 1], odds)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    predicted = fitted.predict(rare.images)
    assert predicted.tolist() == fitted.classes_[found.argmax(axis=1)].tolist()
    assert (predicted != fitted.classes_[as_trained.argmax(axis=1)]).any()
    np.testing.assert_array_equal(fitted.predict_log_proba(rare.images), np.log(found))

    at_prior("training")
    odds *= 0.95 / 0.05 * 0.2 / 0.8
    found = fitted.predict_proba(rare.images)
    np.testing.assert_allclose(found[:, 0] / found[:, 1], odds)

    at_prior("uniform")  # which it was trained for
    np.testing.assert_allclose(fitted.predict_proba(rare.images), as_trained)


@pytest.mark.parametrize("prior", [[0.05, 0.95], np.array([0.05, 0.95]), pd.Series(CLINIC)[::-1]])
def test_forms_of_shares(fitted, at_prior, rare, prior):
    at_prior(CLINIC)
    expected = fitted.predict_proba(rare.images)
    at_prior(prior)
    np.testing.assert_array_equal(fitted.predict_proba(rare.images), expected)


BAD = [
    ("unifrom", r"Did you mean 'uniform'\?"),
    ({"nevus": 1.0}, r"no share for \['melanoma'\]"),
    ({**CLINIC, "nevi": 0.1}, r"names \['nevi'\].*Did you mean 'nevus'\?"),
    ({"melanoma": 0, "nevus": 1}, "the share 0 for 'melanoma'.*Use a small share"),
    ({"melanoma": 1e-40, "nevus": 1}, "the share 1e-40 for 'melanoma'.*of 1e-30 or more"),
    ({"melanoma": -0.5, "nevus": 1.5}, "the share -0.5 for 'melanoma'"),
    ([0.5, np.nan], "the share nan for 'nevus'"),
    ([0.2, 0.2], "sum to 0.4.*Divide each by the sum"),
    ([0.2, 0.3, 0.5], r"the classes are \['melanoma', 'nevus'\]"),
    (["melanoma", "nevus"], "a positive share for each class"),
]


@pytest.mark.parametrize(("prior", "message"), BAD)
def test_bad_prior_at_predict(fitted, at_prior, rare, prior, message):
    at_prior(prior)
    with pytest.raises(ValueError, match=message):
        fitted.predict(rare.images)


@pytest.mark.parametrize("prior", [prior for prior, _ in BAD])
def test_bad_prior_shows_before_training(smallest, rare, prior, monkeypatch):
    from skin_lesion.models import _training

    monkeypatch.setattr(_training, "train_epochs", None, raising=False)
    with pytest.raises(ValueError, match="prior"):
        smallest(prior=prior).fit(rare.images, rare.target)


def test_class_without_weight_has_no_other_prior(small, rare):
    classifier = small(epochs=1, class_weight={"melanoma": 0}).fit(rare.images, rare.target)
    assert classifier.class_prior_.tolist() == [0, 1]
    as_trained = classifier.predict_proba(rare.images)
    classifier.set_params(prior="training")
    with pytest.raises(ValueError, match=r"\['melanoma'\] had no weight in training"):
        classifier.predict(rare.images)
    # The default is no error: the class stays as improbable as it was.
    classifier.set_params(prior="uniform")
    odds = classifier.predict_proba(rare.images) / as_trained
    np.testing.assert_allclose(odds[:, 0] / odds[:, 1], 2, rtol=1e-5)


@pytest.mark.parametrize("prior", [CLINIC, pd.Series(CLINIC)[::-1]])
def test_saved_and_loaded(fitted, at_prior, rare, tmp_path, prior):
    at_prior(prior)
    fitted.set_params(temperature=np.float32(1.5))
    save_model(fitted, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    expected = fitted.predict_proba(rare.images)
    np.testing.assert_array_equal(loaded.predict_proba(rare.images), expected)
    loaded.set_params(prior="training")
    at_prior("training")
    expected = fitted.predict_proba(rare.images)
    np.testing.assert_array_equal(loaded.predict_proba(rare.images), expected)


def test_temperature_divides_logits_before_the_prior(fitted, at_prior, rare):
    at_prior(None)
    logits = np.log(fitted.predict_proba(rare.images))
    fitted.set_params(temperature=2)
    np.testing.assert_allclose(
        fitted.predict_proba(rare.images), softmax(logits / 2, axis=1), rtol=1e-6
    )
    at_prior(CLINIC)
    np.testing.assert_allclose(
        fitted.predict_proba(rare.images),
        softmax(logits / 2 + np.log([0.05 / 0.5, 0.95 / 0.5]), axis=1),
        rtol=1e-6,
    )


def test_extreme_temperatures(fitted, at_prior, rare):
    at_prior(None)
    predicted = fitted.predict(rare.images)
    fitted.set_params(temperature=1e9)
    np.testing.assert_allclose(fitted.predict_proba(rare.images), 0.5, atol=1e-6)
    fitted.set_params(temperature=1e-9)
    assert set(fitted.predict_proba(rare.images).ravel()) == {0, 1}
    np.testing.assert_array_equal(fitted.predict(rare.images), predicted)


BAD_TEMPERATURES = [0, -1.5, np.nan, np.inf, "warm", "1.5", np.array([1.5]), None]


@pytest.mark.parametrize("temperature", BAD_TEMPERATURES)
def test_bad_temperature(fitted, at_prior, rare, smallest, temperature):
    fitted.set_params(temperature=temperature)
    with pytest.raises(ValueError, match=r"temperature is .*Expected a finite number above 0"):
        fitted.predict(rare.images)
    with pytest.raises(ValueError, match="'temperature' parameter"):
        smallest(temperature=temperature).fit(rare.images, rare.target)


def test_number_that_no_float_holds_shows_before_training(smallest, rare, monkeypatch):
    from skin_lesion.models import _training

    monkeypatch.setattr(_training, "train_epochs", None, raising=False)
    with pytest.raises(ValueError, match=r"temperature is 1000.*Expected a finite number"):
        smallest(temperature=10**400).fit(rare.images, rare.target)


def test_too_high_a_temperature_favours_rare_classes(smallest, rare):
    classifier = smallest(epochs=1, prior="uniform").fit(rare.images, rare.target)
    classifier.set_params(temperature=1e9)
    assert set(classifier.predict(rare.images)) == {"melanoma"}
    classifier.set_params(prior=classifier.class_prior_)
    at_its_own = classifier.predict(rare.images)
    np.testing.assert_array_equal(
        classifier.set_params(temperature=1).predict(rare.images), at_its_own
    )
    np.testing.assert_array_equal(
        classifier.set_params(prior=None).predict(rare.images), at_its_own
    )


def test_searched_without_training_anew(smallest, rare, tmp_path):
    """A checkpoint knows a fit by what trains it: the priors of one fold share a training."""
    search = GridSearchCV(
        smallest(class_weight="balanced", callbacks=[FitCheckpoint(tmp_path)]),
        [{"prior": [None, "training", CLINIC]}, {"temperature": [2]}],
        cv=2,
        scoring="neg_log_loss",
        refit=False,
    ).fit(rare.images, rare.target)
    assert len(list(tmp_path.glob("fit_*.npz"))) == 2
    assert len(set(search.cv_results_["mean_test_score"])) == 4


def test_inside_of_other_classifiers(fitted, at_prior, rare):
    at_prior(CLINIC)
    averaging = TestTimeAugmentation(fitted, n_augmentations=1, random_state=0)
    probabilities = averaging.predict_proba(rare.images)
    at_prior(None)
    assert (averaging.predict_proba(rare.images)[:, 0] > probabilities[:, 0]).all()

    at_prior("training")
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted), method="temperature")
    calibrated.fit(rare.images, rare.target)
    np.testing.assert_array_equal(calibrated.predict(rare.images), fitted.predict(rare.images))


def test_set_after_fit_inside_of_wrappers(smallest, rare):
    network = smallest(epochs=1, prior="uniform")
    averaging = TestTimeAugmentation(network, n_augmentations=1, random_state=0)
    model = OperatingPointClassifier(AveragedClassifier([make_pipeline(averaging)]))
    model.fit(rare.images, rare.target)
    name = "estimator__estimator_0__testtimeaugmentation__"
    fitted = model.estimator_.estimators_[0][-1].estimator_
    logits = np.log(fitted.predict_proba(rare.images))

    model.set_params(**{f"{name}estimator__prior": CLINIC, f"{name}estimator__temperature": 2})
    np.testing.assert_allclose(
        fitted.predict_proba(rare.images),
        softmax((logits + np.log([0.2, 0.8])) / 2 + np.log([0.05 / 0.2, 0.95 / 0.8]), axis=1),
        rtol=1e-5,
    )
    model.set_params(**{f"{name}estimator__loader": ImageLoader((24, 24))})
    assert fitted.loader.image_size == (24, 24)
    before = model.predict_proba(rare.images)
    model.set_params(**{f"{name}n_augmentations": 2, f"{name}estimator__epochs": 9})
    assert (model.predict_proba(rare.images) != before).any()
    assert fitted.epochs == 1  # it was trained for one
    assert model.get_params()[f"{name}estimator__epochs"] == 9


def test_correction_of_a_prior_that_is_set_after_fit(smallest, rare):
    corrected = PriorCorrectedClassifier(smallest(epochs=1, prior="uniform"), CLINIC)
    before = corrected.fit(rare.images, rare.target).predict_proba(rare.images)
    corrected.set_params(estimator__prior="training")
    assert corrected.estimator_.prior == "training"
    np.testing.assert_allclose(corrected.predict_proba(rare.images), before, rtol=1e-6)
