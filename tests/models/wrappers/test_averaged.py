"""Averaging several classifiers: the mean of their probabilities, groups passed on, saved whole."""

import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skin_lesion import (
    AveragedClassifier,
    OperatingPointClassifier,
    PriorCorrectedClassifier,
    SkinLesionClassifier,
    TestTimeAugmentation,
    load_model,
    save_model,
)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


def make():
    return AveragedClassifier([LogisticRegression(max_iter=500), GaussianNB()])


def test_probabilities_are_the_mean(iris):
    X, y = iris
    averaged = make().fit(X, y)
    each = [estimator.fit(X, y).predict_proba(X) for estimator in make().estimators]
    np.testing.assert_allclose(averaged.predict_proba(X), np.mean(each, axis=0))
    best = averaged.classes_[np.mean(each, axis=0).argmax(axis=1)]
    assert (averaged.predict(X) == best).all()
    assert averaged.n_features_in_ == 4
    assert is_classifier(averaged)


def test_fitted_classifiers_are_averaged_as_they_are(iris):
    X, y = iris
    fitted = [estimator.fit(X, y) for estimator in make().estimators]
    given = AveragedClassifier(fitted).predict_proba(X)
    np.testing.assert_array_equal(given, make().fit(X, y).predict_proba(X))


def test_weights_reach_each_classifier(iris):
    X, y = iris
    weight = np.where(y == "virginica", 5.0, 1.0)
    averaged = make().fit(X, y, sample_weight=weight)
    each = [
        estimator.fit(X, y, sample_weight=weight).predict_proba(X)
        for estimator in make().estimators
    ]
    np.testing.assert_allclose(averaged.predict_proba(X), np.mean(each, axis=0))


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_each_classifier(smallest, lesions, routing):
    networks = [
        smallest(early_stopping=True, validation_fraction=0.3, epochs=1, random_state=seed)
        for seed in (0, 1)
    ]
    with sklearn.config_context(enable_metadata_routing=routing):
        averaged = AveragedClassifier(networks)
        averaged.fit(lesions.images, lesions.target, groups=lesions.groups)
    for network in averaged.estimators_:
        held_out = np.zeros(len(lesions.target), dtype=bool)
        held_out[network.validation_indices_] = True
        assert not set(lesions.groups[held_out]) & set(lesions.groups[~held_out])


def test_parameters_of_each_are_searched(iris):
    averaged = make()
    grid = {"estimator_0__C": [1e-6, 1.0], "estimator_1": [LogisticRegression(C=1e-6)]}
    search = GridSearchCV(averaged, grid, cv=3).fit(*iris)
    assert search.best_estimator_.estimators[0].C == 1.0
    assert averaged.estimators[0].C == 1.0
    copy = clone(averaged).set_params(estimator_1=None)
    assert copy.estimators[1] is None
    assert copy.get_params()["estimator_1"] is None
    copy = clone(averaged).set_params(estimator_1__var_smoothing=0.5)
    assert copy.estimators[1].var_smoothing == 0.5
    assert averaged.estimators[1].var_smoothing == 1e-9


def test_another_classifier_after_a_fit_is_warned_of(iris):
    averaged, other = make().fit(*iris), [GaussianNB().fit(*iris)]
    corrected = PriorCorrectedClassifier(GaussianNB()).fit(*iris)
    changes = ((averaged, "estimators", other), (averaged, "estimator_0", *other))
    for wrapper, name, value in (*changes, (corrected, "estimator", *other)):
        cls, known = type(wrapper).__name__, wrapper.predict_proba(iris[0])
        with warnings.catch_warnings(action="error"):
            wrapper.set_params(**wrapper.get_params(deep=False))
        with pytest.warns(UserWarning, match=f"next fit, because {cls} has been") as caught:
            wrapper.set_params(**{name: value})
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(wrapper.predict_proba(iris[0]), known)
        wrapper.set_params(**{name: clone(value)})


def test_saved_and_loaded(smallest, lesions, tmp_path):
    averaged = AveragedClassifier([smallest(epochs=1, random_state=seed) for seed in (0, 1)])
    averaged.fit(lesions.images, lesions.target)
    save_model(averaged, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    expected = averaged.predict_proba(lesions.images)
    np.testing.assert_array_equal(loaded.predict_proba(lesions.images), expected)


def test_shares_of_a_balanced_one_inside_are_not_those_of_y(iris):
    inner = AveragedClassifier([GaussianNB(), LogisticRegression(class_weight="balanced")])
    with pytest.raises(ValueError, match="because of estimator_1__class_weight"):
        PriorCorrectedClassifier(inner, "training").fit(*iris)


def test_other_classes_are_refused(iris):
    X, y = iris
    fitted = [GaussianNB().fit(X, y), GaussianNB().fit(X[:100], y[:100])]
    with pytest.raises(ValueError, match=r"'virginica'.*Expected the same"):
        AveragedClassifier(fitted).predict_proba(X)


@pytest.mark.parametrize(
    ("estimators", "error", "match"),
    [
        ([], TypeError, "empty"),
        ([LinearSVC()], TypeError, "LinearSVC.*predict_proba"),
        ([GaussianNB(), None], TypeError, "holds None.*predict_proba"),
        (
            [OperatingPointClassifier(LogisticRegression(), 0.3, positive="setosa")],
            ValueError,
            "Put OperatingPointClassifier outermost",
        ),
    ],
)
def test_what_cannot_be_averaged_is_refused(iris, estimators, error, match):
    with pytest.raises(error, match=match):
        AveragedClassifier(estimators).fit(*iris)


def test_a_wrong_parameter_shows_before_the_first_is_trained(iris):
    class Untrained(LogisticRegression):
        def fit(self, X, y):
            raise AssertionError("it was trained")

    network = SkinLesionClassifier(prior="unifrom")
    for wrong, name in (
        (make_pipeline(StandardScaler(), network), "prior"),
        (TestTimeAugmentation(network), "prior"),
        (TestTimeAugmentation(Untrained(), augmenter="auto"), "augmenter"),
    ):
        with pytest.raises(ValueError, match=f"'{name}' parameter of"):
            AveragedClassifier([Untrained(), wrong]).fit(*iris)
    search = GridSearchCV(TestTimeAugmentation(network), {"estimator__prior": ["uniform"]}, cv=2)
    with pytest.raises(AssertionError, match="it was trained"):  # the grid replaces what is wrong
        AveragedClassifier([Untrained(), search]).fit(*iris)


def test_a_fitted_classifier_alone_is_no_list(iris):
    X, y = iris
    with pytest.raises(ValueError, match=r"'estimators' parameter.*'list'"):
        AveragedClassifier(GaussianNB().fit(X, y)).predict_proba(X)


def test_classes_that_were_not_learnt_are_warned_of_at_the_line_that_scores(iris):
    X, y = iris
    search = GridSearchCV(AveragedClassifier([GaussianNB()]), {}, cv=2).fit(X[:100], y[:100])
    with pytest.warns(UserWarning, match=r"'virginica'\], which.* 50 of 150 rows") as caught:
        search.score(X, y)
    assert caught[0].filename == __file__
