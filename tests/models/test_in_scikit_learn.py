"""The classifier inside what scikit-learn offers around classifiers."""

import sys
from pathlib import Path

import numpy as np
import pytest
import sklearn
from joblib import Parallel, cpu_count, delayed
from scipy.stats import randint
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, classification_report
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
    cross_val_predict,
    cross_val_score,
    permutation_test_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import skin_lesion
from skin_lesion import (
    Backbone,
    BorderCropper,
    ColorConstancy,
    ConformalClassifier,
    ConvNet,
    HairRemover,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    SkinLesionClassifier,
    load_image_folder,
    make_lesion_images,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def quick(smallest):
    return smallest(epochs=1)


def test_a_number_of_folds_means_stratified_folds(quick, lesions):
    cv = check_cv(3, lesions.target, classifier=sklearn.base.is_classifier(quick))
    assert isinstance(cv, StratifiedKFold)
    order = np.argsort(lesions.target)
    search = GridSearchCV(quick, {"epochs": [1]}, cv=2, error_score="raise")
    search.fit(lesions.images[order], lesions.target[order])
    assert search.classes_.tolist() == lesions.target_names.tolist()


@pytest.mark.slow  # two processes import Keras
def test_grid_search_over_nested_parameters_in_two_processes(quick, lesions):
    quick.set_params(architecture=ConvNet(filters=(4,)))
    grid = {"architecture__filters": [(6,)], "augmenter": [None, ImageAugmenter()]}
    kept = []
    for n_jobs in (1, 2):
        search = GridSearchCV(
            quick,
            grid,
            cv=2,
            n_jobs=n_jobs,
            scoring="roc_auc_ovr",
            refit=False,
            error_score="raise",
        ).fit(lesions.images, lesions.target)
        kept.append(search.cv_results_["mean_test_score"])
    assert len(kept[0]) == 2
    np.testing.assert_allclose(kept[0], kept[1], atol=1e-6)


def backend_threads():
    """Fit, and return the number of threads that TensorFlow computes in, by their names."""
    lesions = make_lesion_images(30, n_classes=2, image_size=(16, 16), random_state=0)
    SkinLesionClassifier(ConvNet(filters=(2,)), epochs=1, early_stopping=False).fit(
        lesions.images, lesions.target
    )
    names = [path.read_text(encoding="ascii") for path in Path("/proc/self/task").glob("*/comm")]
    return sum(name.startswith("tf_Compute") for name in names)


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
@pytest.mark.parametrize("n_jobs", [2, pytest.param(cpu_count() + 1, marks=pytest.mark.slow)])
def test_workers_share_the_cores(n_jobs):
    for_each = max(1, cpu_count() // n_jobs)
    # One worker is asked: in each of the others, Keras would take seconds to be imported.
    (count,) = Parallel(n_jobs=n_jobs)([delayed(backend_threads)()])
    if count == 0:
        pytest.skip("this version of TensorFlow does not name its threads")
    # A pool of threads for operations, and one of others for what is inside of them.
    assert count in (for_each, 2 * for_each)


def test_pipeline_from_paths_to_report(quick, lesion_folder):
    quick.set_params(architecture=ConvNet(filters=(4,)))
    train = load_image_folder(lesion_folder, split="train")
    test = load_image_folder(lesion_folder, split="test")
    pipeline = Pipeline([("load", ImageLoader(image_size=(24, 24))), ("cnn", quick)])
    search = GridSearchCV(
        pipeline, {"cnn__architecture__dropout": [0.5]}, cv=2, scoring="balanced_accuracy"
    ).fit(train.data, train.target)
    report = classification_report(
        test.target, search.predict(test.data), output_dict=True, zero_division=0
    )
    assert set(test.target_names) < set(report)
    display = ConfusionMatrixDisplay.from_estimator(search, test.data, test.target)
    assert display.confusion_matrix.sum() == len(test.target)


@pytest.mark.slow
def test_other_searches(quick, lesions):
    random = RandomizedSearchCV(
        quick, {"batch_size": randint(16, 64)}, n_iter=2, cv=2, random_state=0, error_score="raise"
    ).fit(lesions.images, lesions.target)
    assert random.best_estimator_.n_iter_ == 1
    halving = HalvingGridSearchCV(
        quick, {"learning_rate": [1e-3, 1e-2]}, cv=2, random_state=0, error_score="raise"
    ).fit(lesions.images, lesions.target)
    assert halving.best_params_["learning_rate"] in (1e-3, 1e-2)


def test_cross_validated_predictions(quick, lesions):
    probabilities = cross_val_predict(
        quick, lesions.images, lesions.target, cv=2, method="predict_proba"
    )
    assert probabilities.shape == (90, 3)


@pytest.mark.slow
def test_permutations(quick, lesions):
    score, permuted, p_value = permutation_test_score(
        quick, lesions.images, lesions.target, cv=2, n_permutations=2, random_state=0
    )
    assert 0 <= score <= 1
    assert len(permuted) == 2
    assert 0 < p_value <= 1


def test_voting_and_calibration(quick, lesions):
    voting = VotingClassifier(
        [("a", quick), ("b", sklearn.base.clone(quick).set_params(random_state=1))], voting="soft"
    ).fit(lesions.images, lesions.target)
    members = [member.predict_proba(lesions.images) for member in voting.estimators_]
    np.testing.assert_allclose(voting.predict_proba(lesions.images), np.mean(members, axis=0))
    calibrated = CalibratedClassifierCV(quick, method="temperature", cv=2, ensemble=False)
    probabilities = calibrated.fit(lesions.images, lesions.target).predict_proba(lesions.images)
    assert probabilities.shape == (90, 3)


@pytest.fixture
def seen_groups(monkeypatch):
    """Collect the groups that each fit is given."""
    seen = []
    fit = SkinLesionClassifier.fit

    def record(self, X, y, sample_weight=None, groups=None):
        seen.append(groups)
        fit(self, X, y, sample_weight=sample_weight, groups=groups)
        if groups is not None and self.early_stopping:
            held_out = self.validation_indices_
            rest = np.setdiff1d(np.arange(len(y)), held_out)
            assert not set(np.asarray(groups)[held_out]) & set(np.asarray(groups)[rest])
        return self

    monkeypatch.setattr(SkinLesionClassifier, "fit", record)
    return seen


def test_groups_reach_folds_and_inner_split_with_routing(quick, lesions, seen_groups):
    quick.set_params(early_stopping=True)
    search = GridSearchCV(
        Pipeline([("cnn", quick)]),
        {"cnn__batch_size": [32]},
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    )
    with sklearn.config_context(enable_metadata_routing=True):
        search.fit(lesions.images, lesions.target, groups=lesions.groups)
    assert len(seen_groups) == 2 + 1
    assert all(groups is not None for groups in seen_groups)
    first, second = set(seen_groups[0]), set(seen_groups[1])
    assert not first & second


def test_groups_reach_the_folds_alone_without_routing(quick, lesions, seen_groups):
    quick.set_params(early_stopping=True)
    search = GridSearchCV(quick, {"batch_size": [32]}, cv=StratifiedGroupKFold(2), refit=False)
    search.fit(lesions.images, lesions.target, groups=lesions.groups)
    assert seen_groups == [None, None]


def test_scores_of_grouped_folds(quick, lesions):
    with sklearn.config_context(enable_metadata_routing=True):
        scores = cross_val_score(
            quick,
            lesions.images,
            lesions.target,
            cv=StratifiedGroupKFold(2),
            params={"groups": lesions.groups},
            scoring="balanced_accuracy",
        )
    assert scores.shape == (2,)
    assert not np.isnan(scores).any()


LOADER = ImageLoader((32, 32))
TRANSFORMERS = [
    LOADER,
    ColorConstancy(),
    HairRemover(),
    BorderCropper(),
    ImageAugmenter(random_state=0),
    ImageEmbedder(Backbone("TinyNet", weights=None), loader=LOADER, engine="keras"),
]


def test_all_transformers_are_here():
    found = {
        name
        for name in skin_lesion.__all__
        if isinstance(getattr(skin_lesion, name), type)
        and hasattr(getattr(skin_lesion, name), "transform")
    }
    of_tables = {"RelativeToGroup"}  # tested in features/test_relative_to_group.py
    assert found - of_tables == {type(transformer).__name__ for transformer in TRANSFORMERS}


@pytest.mark.usefixtures("tiny_file")
@pytest.mark.filterwarnings("error")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras
@pytest.mark.parametrize("transform", ["pandas", "polars"])
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda x: type(x).__name__)
def test_set_output(transformer, transform, lesion_folder):
    frames = pytest.importorskip(transform)
    X = load_image_folder(lesion_folder).data[:10]
    if not isinstance(transformer, (ImageLoader, ImageEmbedder)):
        X = LOADER.transform(X)
    transformer = sklearn.base.clone(transformer)
    expected = transformer.fit_transform(X)
    found = transformer.set_output(transform=transform).fit_transform(X)
    is_frame = isinstance(transformer, ImageEmbedder)
    # No data frame holds images.
    assert isinstance(found, frames.DataFrame if is_frame else np.ndarray)
    np.testing.assert_array_equal(np.asarray(found), expected)


@pytest.mark.usefixtures("tiny_file")
@pytest.mark.filterwarnings("error")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("transform", ["pandas", "polars"])
def test_set_output_of_pipelines(quick, lesion_folder, transform):
    pytest.importorskip(transform)
    folder = load_image_folder(lesion_folder)
    *steps, embedder = TRANSFORMERS
    # scikit-learn turns the float32 features of a polars data frame into float64.
    atol = 1e-5 if transform == "polars" else 0
    for pipeline in (
        make_pipeline(*steps, quick),
        make_pipeline(embedder, StandardScaler(), LogisticRegression()),
    ):
        plain = sklearn.base.clone(pipeline).fit(folder.data, folder.target)
        expected = plain.predict_proba(folder.data)
        pipeline.set_output(transform=transform).fit(folder.data, folder.target)
        found = pipeline.predict_proba(folder.data)
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
        with sklearn.config_context(transform_output=transform):
            plain.fit(folder.data, folder.target)
            found = plain.predict_proba(folder.data)
            np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
            sets = ConformalClassifier(plain, confidence=0.5).fit(folder.data, folder.target)
            assert sets.predict_set(folder.data).shape == (60, 2)
