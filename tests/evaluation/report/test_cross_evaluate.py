import re
import warnings

import imblearn.pipeline
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, VotingClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneOut, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skin_lesion import (
    ImageLoader,
    ImageSampler,
    OnnxClassifier,
    audit_dataset,
    choose_thresholds,
    cross_evaluate,
)

QUICK = {"n_bootstraps": 100, "random_state": 0}


class Asking(ClassifierMixin, BaseEstimator):
    """Keeps the groups that it is fitted with."""

    __metadata_request__fit = {"groups": True}
    fitted_with = []

    def fit(self, X, y, groups=None):
        Asking.fitted_with.append(groups)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_scores_are_means_over_folds(lesions, make_model, class_names):
    train = lesions.train
    sixths = StratifiedGroupKFold(6, shuffle=True, random_state=1)
    parts = [tested for _, tested in sixths.split(train.X, train.y, train.groups)]
    folds = [
        (np.setdiff1d(np.arange(len(train.y)), tested), tested)
        for tested in (np.concatenate(parts[:4]), *parts[4:])  # of unequal size
    ]
    report = cross_evaluate(
        make_model(), train.X, train.y, groups=train.groups, cv=folds, positive="melanoma", **QUICK
    )
    accuracies, areas, losses = [], [], []
    for fitted, tested in folds:
        model = make_model().fit(train.X[fitted], train.y[fitted])
        accuracies.append(accuracy_score(train.y[tested], model.predict(train.X[tested])))
        probabilities = model.predict_proba(train.X[tested])
        losses.append(brier_score_loss(train.y[tested], probabilities))
        column = probabilities[:, class_names.index("melanoma")]
        areas.append(roc_auc_score(train.y[tested] == "melanoma", column))
    assert report.scores.loc["brier_score", "value"] == pytest.approx(np.mean(losses))
    scores = report.scores.loc["accuracy"]
    assert scores["value"] == pytest.approx(np.mean(accuracies))
    assert scores["deviation"] == pytest.approx(np.std(accuracies, ddof=1))
    frame = report.to_frame().set_index(["section", "name", "score"])
    assert frame.loc[("scores", "all", "accuracy"), "deviation"] == scores["deviation"]
    assert report.class_scores.loc[("melanoma", "roc_auc"), "value"] == pytest.approx(
        np.mean(areas)
    )
    assert scores["low"] < scores["value"] < scores["high"]
    assert report.n_folds == 3
    reasons = {name: report.left_out[name].split(" (")[0] for name in report.left_out}
    assert reasons["training curves"] == "each fold has its own model"
    assert reasons["shortcut baselines"] == "cross-validation scores none"
    assert reasons["operating points"] == "cross-validation scores none"
    assert report.n_images == report.confusion_matrix.to_numpy().sum() == len(train.y)
    n_lesions = len(np.unique(train.groups))
    assert report.class_counts["groups"].sum() == report.n_groups == n_lesions < len(train.y)


def test_repeats_show_what_another_training_would_change(lesions):
    """A model whose seed decides what it says, on folds that stay as they are."""

    class Seeded(ClassifierMixin, BaseEstimator):
        def __init__(self, random_state=None):
            self.random_state = random_state

        def fit(self, X, y):
            self.classes_ = np.unique(y)
            self.seed_ = self.random_state
            return self

        def predict(self, X):
            return np.random.RandomState(self.seed_).choice(self.classes_, len(X))

    train = lesions.train
    cv = StratifiedGroupKFold(3, shuffle=True, random_state=1)
    options = {"groups": train.groups, "cv": cv, **QUICK}
    report = cross_evaluate(Seeded(0), train.X, train.y, n_repeats=4, **options)
    once = cross_evaluate(Seeded(0), train.X, train.y, **options)
    assert report.n_fits == 4
    assert report.n_folds == 3
    assert report.n_images == len(train.y)
    np.testing.assert_array_equal(report.confusion_matrix, once.confusion_matrix)
    line = report.scores.loc["accuracy"]
    assert 0.01 < line["run_deviation"] < 0.1
    assert line["value"] != once.scores.loc["accuracy", "value"]
    assert "run_deviation" not in once.scores
    other = cross_evaluate(Seeded(0), train.X, train.y, n_repeats=4, **options)
    assert other.to_json() == report.to_json()
    # With a number of folds, each repeat has other ones.
    parts = cross_evaluate(Seeded(0), train.X, train.y, n_repeats=2, **options | {"cv": 3})._parts
    first, second = ([set(part.rows) for part in parts if part.repeat == one] for one in (0, 1))
    assert len(first) == len(second) == 3
    assert not any(fold in first for fold in second)


def test_folds_without_groups_are_not_called_grouped(tmp_path):
    y = np.tile(["a", "b"], 30)
    X = np.where(y == "a", 0.0, 1.0)[:, np.newaxis]
    for groups, folds in ((None, "2 folds"), (np.arange(60) // 2, "2 grouped folds")):
        report = cross_evaluate(LogisticRegression(), X, y, groups=groups, cv=2, **QUICK)
        card = report.to_model_card(tmp_path / "card.md").read_text()
        assert f"Means over {folds}, 1 time(s)." in card


def test_folds_are_arrays_lists_or_masks_of_rows():
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b"], 90)
    X = rng.normal(np.where(y == "a", 0.0, 1.0))[:, np.newaxis]
    masks = [(np.arange(90) % 3 != fold, np.arange(90) % 3 == fold) for fold in range(3)]
    rows = [tuple(np.flatnonzero(part) for part in fold) for fold in masks]
    kinds = rows, masks, [tuple(part.tolist() for part in fold) for fold in rows]
    expected, *others = (
        cross_evaluate(LogisticRegression(), X, y, groups=None, cv=folds, **QUICK).to_json()
        for folds in kinds
    )
    assert others == [expected] * 2
    choices = [
        choose_thresholds(LogisticRegression(), X, y, positive="b", cv=folds) for folds in kinds
    ]
    pd.testing.assert_frame_equal(choices[0], choices[1])
    pd.testing.assert_frame_equal(choices[0], choices[2])


@pytest.mark.filterwarnings("ignore:Classes with fewer than 10")
def test_one_lesion_of_a_class_in_each_fold():
    """Three of five melanomas are right: as of five lesions, and never 0.600 to 0.600."""
    y = np.tile(["melanoma", *["nevus"] * 9], 5)
    says = np.where(np.arange(50) < 20, "nevus", y)

    class Saying(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return says[np.ravel(X)]

    rows = np.arange(50)
    folds = [(np.flatnonzero(rows // 10 != i), np.flatnonzero(rows // 10 == i)) for i in range(5)]
    report = cross_evaluate(Saying(), rows[:, np.newaxis], y, groups=None, cv=folds, **QUICK)
    line = report.class_scores.loc[("melanoma", "sensitivity")]
    expected = binomtest(3, 5).proportion_ci(method="exact")
    assert line["value"] == pytest.approx(0.6)
    assert [line["low"], line["high"]] == pytest.approx([expected.low, expected.high])
    assert (report.scores["high"] - report.scores["low"] > 0.05).all()


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_folds_of_one_class_have_a_note():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b"], 15)
    X = rng.normal(np.where(y == "a", 0.0, 1.0))[:, np.newaxis]
    with pytest.warns(UndefinedMetricWarning, match="Each test fold has images of one class: AUC"):
        report = cross_evaluate(
            LogisticRegression(), X, y, groups=None, cv=LeaveOneOut(), positive="b", **QUICK
        )
    assert np.isnan(report.scores.loc["roc_auc_ovr", "value"])
    assert np.isfinite(report.class_scores.loc[("b", "calibration_slope"), "value"])  # of all folds
    (text,) = report.draw_figures()["roc"].axes[0].get_legend().get_texts()
    assert text.get_text() == "b"  # without the area of the pooled curve


def test_says_what_the_intervals_leave_out(lesions, make_model, capsys, tmp_path):
    train = lesions.train
    report = cross_evaluate(
        make_model(),
        train.X,
        train.y,
        groups=train.groups,
        cv=2,
        frame=train.frame[["sex"]],
        **QUICK,
    )
    report.summary()
    page = report.to_html(tmp_path / "report.html").read_text()
    for text in (capsys.readouterr().out, page):
        assert "means over 2 folds" in text
        assert "slices, and calibration intercept and slope use the pooled predictions" in text
        assert "do not include training variability either" in text
    assert "deviation over folds" in page
    assert report.slices.loc["sex", "images"].sum() == len(train.y)
    # Not the area of the pooled curve, which is another number.
    area = report.class_scores.loc[("nevus", "roc_auc"), "value"]
    legend = report.draw_figures()["roc"].axes[0].get_legend()
    assert f"nevus (AUC = {area:.3f})" in [text.get_text() for text in legend.get_texts()]
    assert f"{area:.3f}" != f"{roc_auc_score(train.y == 'nevus', report.probabilities[:, 1]):.3f}"


def test_groups_stay_whole_and_reach_the_fit(lesions):
    Asking.fitted_with.clear()
    groups = lesions.train.groups
    pipeline = make_pipeline(FunctionTransformer(), Asking())
    cross_evaluate(pipeline, lesions.train.X, lesions.train.y, groups=groups, cv=4, **QUICK)
    assert len(Asking.fitted_with) == 4
    assert all(0 < len(fitted) < len(groups) for fitted in Asking.fitted_with)
    assert set(np.concatenate(Asking.fitted_with)) == set(groups)


def test_groups_do_not_reach_resampled_rows(lesions):
    """The folds of a search around a sampler still receive them."""
    train = lesions.train
    sampled = imblearn.pipeline.make_pipeline(ImageSampler(), Asking())
    search = GridSearchCV(sampled, {"asking": [Asking()]}, cv=StratifiedGroupKFold(2))
    for estimator, n_fits in ((sampled, 2), (search, 6)):
        Asking.fitted_with.clear()
        report = cross_evaluate(estimator, train.X, train.y, groups=train.groups, cv=2, **QUICK)
        assert report.n_images == len(train.y)
        assert Asking.fitted_with == [None] * n_fits


@pytest.mark.parametrize("cv", [2, StratifiedGroupKFold(2)])
def test_parts_that_cannot_route_metadata_are_fitted_without_groups(cv):
    rng = np.random.default_rng(0)
    y = np.tile(["a", "b"], 30)
    X = rng.normal(np.where(y == "a", 0.0, 3.0))[:, np.newaxis]
    pipeline = make_pipeline(FunctionTransformer(), AdaBoostClassifier(n_estimators=2))
    search = GridSearchCV(pipeline, {"adaboostclassifier__n_estimators": [2]}, cv=cv)
    for estimator in (pipeline, search):
        report = cross_evaluate(estimator, X, y, groups=np.arange(60) // 2, cv=2, **QUICK)
        assert report.n_images == 60


def test_parts_that_lose_their_groups_beside_one_that_cannot_route_metadata_are_named():
    y = np.tile(["a", "b"], 30)
    X = np.where(y == "a", 0.0, 1.0)[:, np.newaxis]
    ada = make_pipeline(FunctionTransformer(), AdaBoostClassifier(n_estimators=2))

    class Unsure(Asking):
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    vote = VotingClassifier([("asking", Unsure()), ("ada", ada)], voting="soft")
    for estimator in (vote, GridSearchCV(vote, {"weights": [None]}, cv=2)):
        match = "^AdaBoostClassifier has not .* groups reach no part of (Voting|GridSearch)"
        for use, options in ((cross_evaluate, QUICK), (choose_thresholds, {"positive": "b"})):
            Asking.fitted_with.clear()
            with pytest.warns(UserWarning, match=match) as caught:
                use(estimator, X, y, groups=np.arange(60) // 2, cv=2, **options)
            assert caught[0].filename == __file__
            assert Asking.fitted_with == [None] * len(Asking.fitted_with) != []


def test_fold_that_lacks_a_class(lesions, make_model):
    train = lesions.train
    order = np.argsort(train.y, kind="stable")
    lacking = order[train.y[order] != "nevus"]
    half = lacking[::2], np.concatenate([lacking[1::2], order[train.y[order] == "nevus"]])
    match = r"1 model\(s\) have not seen the classes \['nevus'\] .* count as wrong\.$"
    with pytest.warns(UndefinedMetricWarning, match=match):
        report = cross_evaluate(
            make_model(), train.X, train.y, groups=None, cv=[half, half[::-1]], **QUICK
        )
    assert np.isfinite(report.scores["value"]).all()


def test_rows_that_no_fold_tests_are_counted(lesions, make_model):
    train = lesions.train
    rows = np.arange(len(train.y))
    fold = next(GroupKFold(3).split(rows, train.y, train.groups))
    report = cross_evaluate(make_model(), train.X, train.y, groups=train.groups, cv=[fold], **QUICK)
    assert report.n_images == len(fold[1])
    assert "in the test set of no fold" in report.notes[0]


def test_same_seed_same_report(lesions, make_model):
    train = lesions.train
    model = make_model()
    reports = [
        cross_evaluate(clone(model), train.X, train.y, groups=train.groups, cv=2, **QUICK)
        for _ in range(2)
    ]
    assert reports[0].to_json() == reports[1].to_json()


def test_bad_folds(lesions, make_model):
    train = lesions.train
    rows = np.arange(len(train.y))
    with pytest.raises(ValueError, match="1 group in both training and test set"):
        cross_evaluate(
            make_model(),
            train.X,
            train.y,
            groups=np.zeros(len(rows)),
            cv=[(rows[:50], rows[50:])],
            **QUICK,
        )
    with pytest.raises(ValueError, match="test set of several folds"):
        cross_evaluate(
            make_model(),
            train.X,
            train.y,
            groups=None,
            cv=[(rows[:50], rows[50:])] * 2,
            **QUICK,
        )


def test_copies_across_folds_have_a_note_and_a_warning(lesions, make_model, tmp_path):
    """Copies under ids of their own, as pixels and as files."""
    train = lesions.train
    copied = np.r_[np.arange(60), np.arange(20)]
    groups = np.r_[train.groups[:60], [f"copy {row}" for row in range(20)]]
    folds = [(np.arange(60), np.arange(60, 80)), (np.arange(60, 80), np.arange(60))]
    X, y = train.X[copied], train.y[copied]
    paths = [tmp_path / f"{row}.png" for row in range(80)]
    for path, image in zip(paths, X, strict=True):
        Image.fromarray(image).save(path)
    read = make_pipeline(ImageLoader((16, 16)), make_model())
    match = "because of data leakage: 40 of 80 images are exact copies of training images of"
    for model, images in ((make_model(), X), (read, paths)):
        options = {"groups": groups, "cv": folds}
        with pytest.warns(UserWarning, match=match) as caught:
            report = cross_evaluate(model, images, y, n_repeats=2, **options, **QUICK)
        assert re.search(match, report.notes[0])
        said = [one.filename for one in caught if re.search(match, str(one.message))]
        assert said == [__file__]
        with pytest.warns(UserWarning, match=match):
            choose_thresholds(model, images, y, positive="melanoma", **options)
    features = np.sin(X.reshape(80, -1)[:, :40])
    model = LogisticRegression()
    with pytest.warns(UserWarning, match=match):
        report = cross_evaluate(model, features, y, groups=groups, cv=folds, **QUICK)
    assert "search for copies across folds" not in report.left_out
    for table in (features[:, :8], np.round(features)):  # equal by chance, perhaps
        with warnings.catch_warnings(action="error", category=UserWarning):
            report = cross_evaluate(model, table, y, groups=groups, cv=folds, **QUICK)
        assert "neither paths" in report.left_out["search for copies across folds"]
    groups = audit_dataset(X, y, groups=groups).groups
    assert not any(
        "leakage" in note
        for note in cross_evaluate(make_model(), X, y, groups=groups, cv=2, **QUICK).notes
    )


def test_images_of_several_sizes_in_a_list():
    """With a classifier that resizes them itself; copies among them are not known."""
    sizes = np.arange(4, 24)
    images = [np.full((size, size, 3), 9, dtype=np.uint8) for size in sizes]
    measure = FunctionTransformer(lambda images: [[len(image)] for image in images])
    model = make_pipeline(measure, LogisticRegression())
    report = cross_evaluate(model, images, sizes % 2, groups=None, cv=2, **QUICK)
    assert "search for copies across folds" in report.left_out


def test_parameters_of_the_estimator_are_checked(lesions, make_model):
    train = lesions.train
    model = make_model(fit_intercept="no")
    with pytest.raises(ValueError, match="'fit_intercept' parameter of LogisticRegression"):
        cross_evaluate(model, train.X, train.y, groups=None, cv=2, **QUICK)
    with pytest.raises(ValueError, match="'fit_intercept' parameter of LogisticRegression"):
        choose_thresholds(model, train.X, train.y, positive="melanoma", cv=2)


def test_wrong_positive_is_found_before_anything_is_trained(lesions):
    train = lesions.train
    Asking.fitted_with.clear()
    with pytest.raises(ValueError, match=r"positive='melanom' is not .* Did you mean 'melanoma'"):
        cross_evaluate(Asking(), train.X, train.y, groups=train.groups, cv=2, positive="melanom")
    assert Asking.fitted_with == []


def test_classifiers_that_no_fold_fits_are_refused_or_named(lesions, make_model):
    """Each fold would be predicted by the model that was trained on it."""
    train, frozen = lesions.train, FrozenEstimator(lesions.model)
    data = {"X": train.X, "y": train.y, "groups": train.groups, "cv": 2}
    calibrated = CalibratedClassifierCV(frozen, method="temperature")
    for use, options in ((cross_evaluate, QUICK), (choose_thresholds, {"positive": "melanoma"})):
        for estimator in (frozen, OnnxClassifier("model.onnx")):
            match = f"^{type(estimator).__name__} is not fitted .*Expected a classifier that learns"
            with pytest.raises(ValueError, match=match):
                use(estimator, **data, **options)
        with pytest.warns(UserWarning, match="^FrozenEstimator is not .* in its place") as caught:
            use(calibrated, **data, **options)
        assert caught[0].filename == __file__
        flatten, last = make_model()
        pipeline = make_pipeline(FrozenEstimator(flatten.fit(train.X)), last)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            use(pipeline, **data, **options)
