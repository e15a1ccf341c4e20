import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import AdaBoostClassifier, VotingClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_score,
)
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skin_lesion import (
    AveragedClassifier,
    OperatingPointClassifier,
    PriorCorrectedClassifier,
    TestTimeAugmentation,
    expected_calibration_error,
    load_model,
    net_benefit,
    save_model,
)
from skin_lesion.models import assumes_equal_shares


class Ideal(ClassifierMixin, BaseEstimator):
    """Knows the densities of two classes, normal ones around 0 and 1.2, as equally frequent."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-1.2 * (X[:, 0] - 0.6)))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


def draw(n, rng, prevalence=0.1):
    y = (rng.random(n) < prevalence).astype(int)
    return rng.normal(1.2 * y)[:, np.newaxis], y


def test_temperature_cannot_undo_the_shift_and_the_prior_does():
    rng = np.random.default_rng(0)
    X_held, y_held = draw(5000, rng)
    X, y = draw(100_000, rng)
    balanced = Ideal()
    tempered = CalibratedClassifierCV(FrozenEstimator(balanced), method="temperature")
    tempered.fit(X_held, y_held)
    corrected = PriorCorrectedClassifier(balanced, [0.9, 0.1], class_prior="uniform")

    def judge(model):
        p = model.predict_proba(X)[:, 1]
        return expected_calibration_error(y, p), net_benefit(y, p, threshold=0.1)

    assert judge(balanced) == pytest.approx((0.288, 0.012), abs=0.003)
    assert judge(tempered) == pytest.approx((0.292, 0.012), abs=0.003)
    assert judge(corrected) == pytest.approx((0.003, 0.046), abs=0.003)


@pytest.fixture(scope="module")
def rare():
    return make_classification(
        600, weights=[0.8], class_sep=0.5, flip_y=0, n_informative=3, random_state=0
    )


def test_shares_are_those_of_fit_or_of_the_estimator(rare):
    X, y = rare
    shares = np.bincount(y) / len(y)
    fitted = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    np.testing.assert_allclose(fitted.class_prior_, shares)
    np.testing.assert_allclose(fitted.training_prior_, shares)
    expected = LogisticRegression().fit(X, y).predict_proba(X) / shares
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(X), expected)
    assert (fitted.predict(X) == fitted.predict_proba(X).argmax(axis=1)).all()

    weight = np.where(y == 1, 4.0, 1.0)
    weighted = PriorCorrectedClassifier(LogisticRegression(), "training")
    weighted.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(weighted.class_prior_, np.bincount(y, weight) / weight.sum())
    np.testing.assert_allclose(weighted.training_prior_, shares)

    bayes = GaussianNB(priors=[0.3, 0.7]).fit(X, y)
    at_once = PriorCorrectedClassifier(bayes, [0.3, 0.7])
    np.testing.assert_allclose(at_once.predict_proba(X), bayes.predict_proba(X))


def test_column_of_classes_with_weights(rare):
    X, y = rare
    weight = np.where(y == 1, 4.0, 1.0)
    corrected = PriorCorrectedClassifier(LogisticRegression(), "training")
    expected = clone(corrected).fit(X, y, sample_weight=weight)
    with pytest.warns(DataConversionWarning):
        found = corrected.fit(X, pd.DataFrame({"target": y}), sample_weight=weight)
    np.testing.assert_array_equal(found.class_prior_, expected.class_prior_)
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_warm_start_has_no_effect_and_a_warning_says_so(rare):
    X, y = rare
    inner = LogisticRegression(warm_start=True)
    for wrapped in (
        OperatingPointClassifier(inner),
        PriorCorrectedClassifier(inner),
        AveragedClassifier([inner]),
        OperatingPointClassifier(AveragedClassifier([inner])),  # as around a preset
        OperatingPointClassifier(VotingClassifier([("a", inner)], voting="soft")),
    ):
        with warnings.catch_warnings(action="error"):
            wrapped.fit(X, y)
        with pytest.warns(UserWarning, match="warm_start=True has no effect in") as caught:
            wrapped.fit(X, y)
        assert len(caught) == 1
        assert caught[0].filename == __file__


def test_frozen_classifier_does_not_start_from_the_beginning(rare):
    X, y = rare
    frozen = FrozenEstimator(LogisticRegression(warm_start=True).fit(X, y))
    corrected = PriorCorrectedClassifier(frozen, "training", class_prior="uniform")
    with warnings.catch_warnings(action="error"):
        corrected.fit(X, y)


def test_prior_of_the_classifier_inside_counts(small, lesions):
    classifier = small(class_weight="balanced", temperature=2, epochs=1)
    expected = classifier.fit(lesions.images, lesions.target).predict_proba(lesions.images)
    classifier.set_params(prior=[0.1, 0.2, 0.7])
    for inner in (
        classifier,
        FrozenEstimator(classifier),
        make_pipeline("passthrough", classifier),
    ):
        corrected = PriorCorrectedClassifier(inner, "uniform")
        np.testing.assert_allclose(corrected.predict_proba(lesions.images), expected)
    averaging = TestTimeAugmentation(classifier, n_augmentations=1, random_state=0)
    assert PriorCorrectedClassifier(averaging, "uniform").predict(lesions.images).shape == (90,)
    frozen = PriorCorrectedClassifier(FrozenEstimator(classifier), "training")
    frozen.fit(lesions.images[:20], lesions.target[:20])
    shares = [np.mean(lesions.target[:20] == name) for name in classifier.classes_]
    np.testing.assert_allclose(frozen.training_prior_, shares)
    np.testing.assert_allclose(frozen.class_prior_, [0.1, 0.2, 0.7])


def test_whether_probabilities_assume_equal_shares(rare):
    """The command says so after its predictions."""
    X, y = rare
    plain = LogisticRegression().fit(X, y)
    equal = PriorCorrectedClassifier(LogisticRegression(), "uniform").fit(X, y)
    given = PriorCorrectedClassifier(plain, [0.5, 0.5], class_prior="uniform")  # not fitted itself
    unequal = PriorCorrectedClassifier(equal, [0.9, 0.1])
    for model in (
        equal,
        given,
        OperatingPointClassifier(equal),
        AveragedClassifier([equal, given]),
    ):
        assert assumes_equal_shares(model)
    calibrated = CalibratedClassifierCV(FrozenEstimator(equal)).fit(X, y)
    for model in (plain, unequal, AveragedClassifier([equal, unequal]), calibrated):
        assert not assumes_equal_shares(model)


class WithOption(LogisticRegression):
    """Has the option of a booster."""

    def __init__(self, is_unbalance=False):
        super().__init__(class_weight="balanced" if is_unbalance else None)
        self.is_unbalance = is_unbalance


FITTED = LogisticRegression().fit([[0], [1]], [0, 1])
INNER = PriorCorrectedClassifier(LogisticRegression())


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (MultinomialNB(fit_prior=False), "fit_prior"),
        (MultinomialNB(class_prior=[0.5, 0.5]), "class_prior"),
        (make_pipeline(MinMaxScaler(), BernoulliNB(fit_prior=False)), "bernoullinb__fit_prior"),
        (ComplementNB(), "ComplementNB"),
        (VotingClassifier([("a", GaussianNB(priors=[0.5, 0.5]))], voting="soft"), "a__priors"),
        (
            VotingClassifier(
                [("a", PriorCorrectedClassifier(LogisticRegression()))], voting="soft"
            ),
            "a__prior",
        ),
        (
            CalibratedClassifierCV(PriorCorrectedClassifier(LogisticRegression())),
            "estimator__prior",
        ),
        (make_pipeline(MinMaxScaler(), FrozenEstimator(FITTED)), "frozenestimator"),
        (WithOption(is_unbalance=True), "is_unbalance"),
    ],
)
def test_shares_that_are_not_those_of_y_are_asked_for(rare, estimator, name):
    X, y = rare
    X = np.abs(X[:, :1])
    corrected = PriorCorrectedClassifier(estimator, "training")
    with pytest.raises(
        ValueError, match=f"class_prior is None.* because of {name}, so the class shares"
    ):
        corrected.fit(X, y)
    corrected.set_params(class_prior="uniform").fit(X, y)
    assert corrected.class_prior_.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    "estimator",
    [
        MultinomialNB(),
        WithOption(),
        make_pipeline(FrozenEstimator(StandardScaler().fit([[0], [1]])), LogisticRegression()),
    ],
)
def test_shares_of_y_are_taken_where_they_are_right(rare, estimator):
    X, y = np.abs(rare[0][:, :1]), rare[1]
    corrected = PriorCorrectedClassifier(estimator, "training").fit(X, y)
    np.testing.assert_allclose(corrected.class_prior_, np.bincount(y) / len(y))


def test_weights_of_a_step_are_not_those_of_y(rare):
    X, y = rare
    weight = {"logisticregression__sample_weight": np.where(y == 1, 4.0, 1.0)}
    corrected = PriorCorrectedClassifier(make_pipeline("passthrough", LogisticRegression()))
    with pytest.raises(ValueError, match="was fitted with logisticregression__sample_weight"):
        corrected.fit(X, y, **weight)
    corrected.set_params(class_prior="uniform").fit(X, y, **weight)
    assert corrected.class_prior_.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("request_as", "in_pipeline"),
    [(True, False), ("w", False), (True, True), ("w", True), (False, True)],
)
def test_weights_are_those_that_routing_gives_the_classifier(rare, request_as, in_pipeline):
    X, y = rare
    weight = np.where(y == 1, 4.0, 1.0)
    name = "w" if request_as == "w" else "sample_weight"
    counted = weight if request_as else np.ones(len(y))
    with config_context(enable_metadata_routing=True):
        inner = LogisticRegression().set_fit_request(sample_weight=request_as)
        if in_pipeline:
            scaler = StandardScaler().set_fit_request(sample_weight=name)
            inner = make_pipeline(scaler, inner)
        corrected = PriorCorrectedClassifier(inner).fit(X, y, **{name: weight})
    np.testing.assert_allclose(corrected.class_prior_, np.bincount(y, counted) / counted.sum())


def test_weights_that_a_router_may_pass_on_are_asked_for(rare):
    X, y = rare
    with config_context(enable_metadata_routing=True):
        inner = LogisticRegression().set_fit_request(sample_weight="w")
        corrected = PriorCorrectedClassifier(VotingClassifier([("a", inner)], voting="soft"))
        with pytest.raises(ValueError, match="VotingClassifier was fitted with w, so"):
            corrected.fit(X, y, w=np.where(y == 1, 4.0, 1.0))


@pytest.mark.parametrize(
    "inner", [AdaBoostClassifier(), make_pipeline(StandardScaler(), AdaBoostClassifier())]
)
def test_a_classifier_that_cannot_route_is_fitted_without_weights(rare, inner):
    X, y = rare
    with config_context(enable_metadata_routing=True):
        corrected = PriorCorrectedClassifier(inner).fit(X, y)
    np.testing.assert_allclose(corrected.class_prior_, np.bincount(y) / len(y))


@pytest.mark.parametrize("is_fitted_before", [False, True])
@pytest.mark.parametrize(
    ("keeper", "name"),
    [
        (VotingClassifier([("a", INNER)], voting="soft"), "a"),
        (GridSearchCV(INNER, {"estimator__C": [1.0]}, cv=2), "estimator"),
        (CalibratedClassifierCV(INNER, cv=2), "estimator"),
    ],
)
def test_what_fitted_copies_inside_keep_is_warned_of(rare, keeper, name, is_fitted_before):
    X, y = rare
    keeper = clone(keeper)
    if is_fitted_before:
        corrected = PriorCorrectedClassifier(keeper.fit(X, y), class_prior="uniform")
    else:
        corrected = PriorCorrectedClassifier(make_pipeline(keeper), class_prior="uniform")
        name = f"{type(keeper).__name__.lower()}__{name}"
        with warnings.catch_warnings(action="error"):  # before fit it has its effect
            corrected.set_params(**{f"estimator__{name}__prior": "uniform"})
        corrected.fit(X, y)
    before = corrected.predict_proba(X)
    message = (
        f"estimator__{name}__prior takes .* next fit, because {type(keeper).__name__} predicts"
    )
    averaged = AveragedClassifier([corrected])
    for outermost, ahead in ((corrected, ""), (averaged, "estimator_0__")):
        with pytest.warns(UserWarning, match=message) as record:
            outermost.set_params(**{f"{ahead}estimator__{name}__prior": "training"})
        assert [warning.filename for warning in record] == [__file__]
    np.testing.assert_array_equal(corrected.predict_proba(X), before)
    assert (corrected.fit(X, y).predict_proba(X) != before).any()


@pytest.mark.parametrize("wrapper", [PriorCorrectedClassifier, TestTimeAugmentation])
@pytest.mark.parametrize(
    "inner",
    [
        OperatingPointClassifier(FITTED, 0.1),
        FrozenEstimator(OperatingPointClassifier(FITTED, 0.1)),
        make_pipeline("passthrough", OperatingPointClassifier(FITTED, 0.1)),
        GridSearchCV(OperatingPointClassifier(FITTED), {"threshold": [0.1]}, cv=2),
        HalvingGridSearchCV(OperatingPointClassifier(FITTED), {"threshold": [0.1]}, cv=2),
        FixedThresholdClassifier(FITTED, threshold=0.1),
        TunedThresholdClassifierCV(FITTED),
        TestTimeAugmentation(OperatingPointClassifier(FITTED, 0.1)),
    ],
)
def test_threshold_inside_is_refused(rare, wrapper, inner):
    X, y = rare
    expected = rf"would have.*outermost: OperatingPointClassifier\({wrapper.__name__}\(\.\.\.\), "
    with pytest.raises(ValueError, match=expected):
        wrapper(inner).fit(X, y)


def test_threshold_inside_of_what_is_fitted_is_refused_and_outside_it_decides(rare):
    X, y = rare
    model = LogisticRegression().fit(X, y)
    inside = OperatingPointClassifier(model, 0.1)
    for wrapped in (
        PriorCorrectedClassifier(inside, [0.8, 0.2], class_prior=[0.8, 0.2]),
        TestTimeAugmentation(inside),
    ):
        with pytest.raises(ValueError, match="Put OperatingPointClassifier outermost"):
            wrapped.predict(X)
    same = PriorCorrectedClassifier(model, [0.8, 0.2], class_prior=[0.8, 0.2])
    outside = OperatingPointClassifier(same, 0.1)
    np.testing.assert_array_equal(outside.predict(X), inside.predict(X))


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(class_weight="balanced"),
        make_pipeline(RandomOverSampler(random_state=0), LogisticRegression()),
        GridSearchCV(LogisticRegression(), {"class_weight": ["balanced"]}, cv=2),
        FrozenEstimator(LogisticRegression()),
    ],
)
def test_shares_that_cannot_be_known_are_asked_for(rare, estimator):
    X, y = rare
    if isinstance(estimator, FrozenEstimator):
        estimator.estimator.fit(X, y)
    corrected = PriorCorrectedClassifier(estimator, "training")
    with pytest.raises(ValueError, match=r"class_prior is None.*class_prior='uniform' if"):
        corrected.fit(X, y)
    corrected.set_params(class_prior="uniform").fit(X, y)
    assert corrected.class_prior_.tolist() == [0.5, 0.5]


def test_no_prior_is_no_silent_lack_of_a_correction(rare):
    X, y = rare
    fitted = LogisticRegression().fit(X, y)
    for prior in (None, 3):
        with pytest.raises(ValueError, match="'prior' parameter of PriorCorrectedClassifier"):
            PriorCorrectedClassifier(fitted, prior, class_prior="uniform").predict_proba(X)


def test_bad_input(rare):
    X, y = rare
    model = LogisticRegression().fit(X, y)
    with pytest.raises(ValueError, match=r"are unknown.*Pass prior as in \{0: .*call fit first"):
        PriorCorrectedClassifier(model, "training", class_prior="uniform").predict(X)
    with pytest.raises(ValueError, match=r"class_prior has shares that sum to 0\.6"):
        PriorCorrectedClassifier(model, class_prior=[0.3, 0.3]).predict(X)
    with pytest.raises(ValueError, match=r"prior has no share for \[1\]"):
        PriorCorrectedClassifier(model, {0: 1}, class_prior="uniform").fit(X, y)


class Untrained(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("it was trained")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"prior": {0: 1}}, r"^prior has no share for \[1\]"),
        ({"prior": {0: 0.5, 1: 0.3, 2: 0.2}}, r"^prior names \[2\]"),
        ({"prior": pd.Series([0.5, 0.4], index=[0, 1])}, r"^prior has shares that sum to 0\.9"),
        ({"class_prior": {1: 1.0}}, r"^class_prior has no share for \[0\]"),
    ],
)
def test_bad_shares_show_before_training(rare, parameters, message):
    X, y = rare
    with pytest.raises(ValueError, match=message):
        PriorCorrectedClassifier(Untrained(), **parameters).fit(X, y)
    weight = np.ones(len(y))
    with pytest.raises(ValueError, match=message):
        PriorCorrectedClassifier(Untrained(), **parameters).fit(X, y, sample_weight=weight)


@pytest.mark.parametrize("prior", ["training", "uniform", {0: 0.4, 1: 0.6}, [0.4, 0.6]])
def test_good_shares_let_training_begin(rare, prior):
    with pytest.raises(AssertionError, match="it was trained"):
        PriorCorrectedClassifier(Untrained(), prior).fit(*rare)


def test_classes_that_y_does_not_tell_are_looked_for_after_training(rare):
    """Those of a frozen classifier, and those whose rows have no weight."""
    X, y = rare
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    corrected = PriorCorrectedClassifier(frozen, {0: 0.4, 1: 0.6}, class_prior="uniform")
    assert corrected.fit(X[y == 0], y[y == 0]).predict_proba(X).shape == (len(X), 2)
    with pytest.raises(ValueError, match=r"y of fit has no \[1\], which would never be predicted"):
        corrected.set_params(prior="training").fit(X[y == 0], y[y == 0])
    corrected.set_params(prior={0: 0.4, 1: 0.6})
    calibrated = CalibratedClassifierCV(frozen)
    with pytest.raises(ValueError, match="prior names"):
        PriorCorrectedClassifier(calibrated, {0: 0.4, 1: 0.3, 2: 0.3}, class_prior="uniform").fit(
            X, y
        )
    y_of_three = np.append(y, 2)
    X_of_three, weight = np.append(X, X[:1], axis=0), np.append(np.ones(len(y)), 0)
    with pytest.raises(AssertionError, match="it was trained"):
        PriorCorrectedClassifier(Untrained(), {0: 0.4, 1: 0.6}).fit(X_of_three, y_of_three, weight)


@pytest.mark.parametrize("odd", [None, np.nan, 1])
def test_labels_that_are_missing_or_mixed_are_left_to_the_classifier(odd):
    class Strict(BaseEstimator, ClassifierMixin):
        def fit(self, X, y):
            raise ValueError("y is wrong")

        def predict_proba(self, X):
            raise NotImplementedError

    y = np.array(["a", "b", odd], dtype=object)
    for wrapper in (
        PriorCorrectedClassifier(Strict(), {"a": 0.4, "b": 0.6}),
        OperatingPointClassifier(Strict(), positive="a", threshold=0.5),
    ):
        with pytest.raises(ValueError, match="y is wrong"):
            wrapper.fit(np.zeros((3, 1)), y)


def test_searched_saved_and_routed(rare, tmp_path):
    X, y = rare
    search = GridSearchCV(
        PriorCorrectedClassifier(LogisticRegression()),
        {"prior": ["training", "uniform"], "estimator__C": [1, 10]},
        scoring="balanced_accuracy",
    ).fit(X, y)
    assert search.best_params_["prior"] == "uniform"
    save_model(search.best_estimator_, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), search.predict_proba(X))
    in_series = search.best_estimator_.set_params(prior=pd.Series({1: 0.1, 0: 0.9}))
    save_model(in_series, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), in_series.predict_proba(X))

    with config_context(enable_metadata_routing=True):
        inner = LogisticRegression().set_fit_request(sample_weight=True)
        scores = cross_val_score(
            PriorCorrectedClassifier(inner), X, y, params={"sample_weight": np.ones(len(y))}, cv=2
        )
    assert len(scores) == 2


@parametrize_with_checks([PriorCorrectedClassifier(LogisticRegression())])
def test_scikit_learn_check(estimator, check):
    check(estimator)
