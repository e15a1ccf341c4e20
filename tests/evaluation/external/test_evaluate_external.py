import warnings

import numpy as np
import pandas as pd
import polars
import pytest
import scipy.sparse
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Bunch

from skin_lesion import (
    PriorCorrectedClassifier,
    evaluate,
    evaluate_external,
    make_lesion_images,
)

QUICK = {"n_bootstraps": 50, "random_state": 0}
WEIGHTS = {"theirs": [0.1, 0.9], "others": [0.4, 0.6]}


def flatten(images):
    return images.reshape(len(images), -1) / 255.0


@pytest.fixture(scope="module")
def training():
    return make_lesion_images(300, n_classes=2, image_size=16, random_state=0)


@pytest.fixture(scope="module")
def model(training):
    pipeline = make_pipeline(FunctionTransformer(flatten), LogisticRegression(C=0.03))
    return pipeline.fit(training.images, training.target)


@pytest.fixture(scope="module")
def datasets(training):
    """The first holds copies of three training images; one is mirrored, one of several images."""
    sets = {
        name: make_lesion_images(
            240, n_classes=2, weights=weights, image_size=16, random_state=seed
        )
        for seed, (name, weights) in enumerate(WEIGHTS.items(), 1)
    }
    theirs = sets["theirs"]
    names, counts = np.unique(theirs.groups, return_counts=True)
    rows = [
        *np.flatnonzero(theirs.groups == names[counts == 3][0])[:1],
        *np.flatnonzero(np.isin(theirs.groups, names[counts == 1]))[:2],
    ]
    theirs.images[rows] = training.images[[5, 6, 7]]
    theirs.images[rows[2]] = training.images[7][:, ::-1]
    theirs.frame = pd.DataFrame({"sex": np.tile(["female", "male"], 120), "target": theirs.target})
    return sets


@pytest.fixture(scope="module")
def external(model, datasets, training):
    return evaluate_external(
        model,
        datasets,
        positive="melanoma",
        thresholds={"careful": 0.3},
        training=training.images,
        class_prior=[0.5, 0.5],
        **QUICK,
    )


def test_images_of_the_training_are_left_out_and_counted(external):
    counts = external.datasets.loc["theirs"]
    assert counts[["exact_duplicates", "near_duplicates", "same_groups"]].tolist() == [2, 1, 2]
    assert counts["images"] == 240 - 5
    assert external.datasets.loc["others"].iloc[-3:].tolist() == [0, 0, 0]
    assert external.overlap["row"].tolist() == [5, 6, 7]
    assert set(external.overlap["other_dataset"]) == {"theirs"}


def test_scores_and_operating_points_are_those_of_evaluate(external, model, datasets):
    others = datasets["others"]
    alone = evaluate(
        model,
        others.images,
        others.target,
        groups=others.groups,
        positive="melanoma",
        thresholds={"careful": 0.3},
        **QUICK,
    )
    of_positive = alone.class_scores.loc["melanoma"]
    pd.testing.assert_series_equal(
        external.scores.loc[("others", "roc_auc")], of_positive.loc["roc_auc"], check_names=False
    )
    point = external.operating_points.loc[("others", "careful", "sensitivity")]
    assert point["value"] == alone.operating_points.loc[("careful", "sensitivity"), "value"]
    prevalence = np.mean(others.target == "melanoma")
    assert external.datasets.loc["others", "prevalence"] == pytest.approx(prevalence)
    assert external.reports["theirs"].slices.index.unique("column").tolist() == ["sex"]


def test_correcting_the_prior_mends_the_calibration(external):
    """The model was trained on balanced classes, and a tenth of them are melanomas there."""
    intercept = external.calibration.loc[("theirs", "calibration_intercept")]
    assert intercept["high"] < 0
    assert abs(intercept["corrected"]) < abs(intercept["value"])
    brier = external.calibration.loc[("theirs", "brier_score")]
    assert brier["corrected_low"] < brier["corrected"] < brier["value"]
    corrected = external.corrected_reports["theirs"].probabilities
    odds = corrected[:, 0] / corrected[:, 1]
    before = external.reports["theirs"].probabilities
    share = external.datasets.loc["theirs", "prevalence"]
    np.testing.assert_allclose(odds, before[:, 0] / before[:, 1] * share / (1 - share))


def test_corrected_reports_have_the_same_bootstraps(external):
    """Two classes keep their order in the correction, and so the intervals of their curves."""
    scores = [
        reports["others"].class_scores.loc["melanoma"].filter(regex="at_90", axis="index")
        for reports in (external.reports, external.corrected_reports)
    ]
    assert scores[0]["low"].notna().all()
    np.testing.assert_allclose(*scores)
    assert external.corrected_reports["theirs"].n_bootstraps == QUICK["n_bootstraps"]


def test_classes_may_be_true_and_false(datasets, training):
    model = make_pipeline(FunctionTransformer(flatten), LogisticRegression(C=0.03))
    model.fit(training.images, training.target == "melanoma")
    others = Bunch(images=datasets["others"].images, target=datasets["others"].target == "melanoma")
    external = evaluate_external(
        model, {"others": others}, positive=True, class_prior="uniform", **QUICK
    )
    assert external.calibration["corrected"].notna().all()


@pytest.mark.filterwarnings("ignore:others. The test set lacks")
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]], ids=["sorted", "in another order"])
def test_a_class_that_the_dataset_lacks_counts_as_half_an_image(datasets, order):
    class Knowing(ClassifierMixin, BaseEstimator):
        """Knows a class more."""

        classes_ = np.array(["melanoma", "nevus", "wart"])[order]

        def __sklearn_is_fitted__(self):
            return True

        def predict_proba(self, X):
            p = flatten(X).mean(axis=1)
            return np.column_stack([p, 0.8 - 0.8 * p, 0.2 - 0.2 * p])[:, order]

        def predict(self, X):
            return self.classes_[self.predict_proba(X).argmax(axis=1)]

    others = datasets["others"]
    external = evaluate_external(
        Knowing(), {"others": others}, positive="melanoma", class_prior="uniform", **QUICK
    )
    counts = [np.count_nonzero(others.target == name) for name in ("melanoma", "nevus")]
    expected = external.reports["others"].probabilities * [*counts, 0.5]
    expected /= expected.sum(axis=1, keepdims=True)
    assert_allclose(external.corrected_reports["others"].probabilities, expected)


def test_unknown_prior_and_no_training_are_noted(model, datasets):
    external = evaluate_external(model, datasets, positive="melanoma", **QUICK)
    assert "was fitted before" in external.notes[0]
    assert "class_prior" in external.notes[0]
    assert "were not searched for" in external.notes[1]
    assert external.calibration["corrected"].isna().all()
    assert external.overlap is None
    assert external.datasets["exact_duplicates"].isna().all()
    assert "were excluded" not in external._repr_html_()


def test_page_summary_and_table(external, tmp_path, capsys):
    page = external.to_html(tmp_path / "new" / "external.html").read_text(encoding="utf-8")
    assert "must not be used" in page
    for text in ("prevalence of melanoma", "theirs: careful", "corrected", "were excluded"):
        assert text in page
    assert "nan" not in page.lower()
    external.summary()
    assert "careful" in capsys.readouterr().out
    table = external.to_frame()
    assert set(table["dataset"]) == set(WEIGHTS)
    assert set(table["is_corrected"]) == {False, True}
    assert repr(external) == "<ExternalEvaluation of 2 datasets: theirs, others>"


def test_without_a_positive_class_and_groups(model, datasets):
    others = Bunch(data=datasets["others"].images, target=datasets["others"].target)
    both = {"others": others, "theirs": datasets["theirs"]}
    external = evaluate_external(model, both, class_prior="uniform", **QUICK)
    assert external.operating_points is None
    assert any("others: no groups were given" in note for note in external.notes)
    assert np.isnan(external.datasets.loc["others", "groups"])
    assert "sensitivity" not in external.scores.loc["others"].index
    assert external.calibration["corrected"].notna().any()
    page = external._repr_html_()
    assert "prevalence" not in page.split("<h2>Scores")[0]
    assert "over lesions or patients" in page  # of the other dataset


@pytest.mark.parametrize("class_prior", [{"a": 1}, [0.5, 0.3, 0.2], [50, 50], "training"])
def test_wrong_class_prior_is_found_before_anything_is_predicted(
    model, datasets, monkeypatch, class_prior
):
    monkeypatch.setattr(LogisticRegression, "predict_proba", None)  # to call it is a TypeError
    with pytest.raises(ValueError, match="class_prior"):
        evaluate_external(model, datasets, class_prior=class_prior, **QUICK)


def test_a_prior_that_was_corrected_before_is_known(model, datasets):
    """Around a fitted classifier, the wrapper is not fitted itself."""
    others = {"others": datasets["others"]}
    once = evaluate_external(model, others, class_prior="uniform", **QUICK)
    shares = {"melanoma": 0.2, "nevus": 0.8}
    wrapped = PriorCorrectedClassifier(model, shares, class_prior="uniform")
    twice = evaluate_external(wrapped, others, **QUICK)
    assert_allclose(twice.calibration["corrected"], once.calibration["corrected"])


def test_lesions_are_searched_for_with_their_groups(model, datasets, training):
    """Images of the training alone do not tell its lesions."""
    others = {"others": datasets["others"]}
    for given, is_known in ((training, True), (training.images, False)):
        report = evaluate_external(model, others, training=given, **QUICK).reports["others"]
        assert ("search for training lesions" not in report.left_out) == is_known
        assert "search for training images" not in report.left_out


def test_sparse_features(training):
    X = scipy.sparse.csr_array(flatten(training.images))
    model = LogisticRegression(C=0.03).fit(X, training.target)
    dataset = Bunch(data=X, target=training.target)
    external = evaluate_external(model, {"same": dataset}, **QUICK)
    report = evaluate(model, X, training.target, **QUICK)
    pd.testing.assert_frame_equal(external.reports["same"].scores, report.scores)


def test_errors_name_the_dataset(model, datasets, training):
    others = datasets["others"]
    with pytest.raises(ValueError, match="datasets is empty"):
        evaluate_external(model, {})
    with pytest.raises(ValueError, match="'others' has no target"):
        evaluate_external(model, {"others": {"data": others.images}})
    with pytest.raises(ValueError, match=r"'images' has no target. Expected datasets by name"):
        evaluate_external(model, others)
    with pytest.raises(ValueError, match="All 300 images of the dataset 'again'"):
        evaluate_external(model, {"again": training}, training=training, **QUICK)
    with pytest.raises(ValueError, match="A dataset has the name 'training'"):
        evaluate_external(model, {"training": training}, training=training)
    with pytest.raises(ValueError, match=r"Two datasets have one name as text: \['1', '1'\]"):
        evaluate_external(model, {1: others, "1": others})
    cut = Bunch(images=others.images, target=others.target, groups=others.groups[:5])
    with pytest.raises(ValueError, match=r"'cut' has .* 240 of X, 240 of y, 5 of groups"):
        evaluate_external(model, {"cut": cut}, training=training, **QUICK)
    gaps = Bunch(images=others.images, target=[None, *others.target[1:]])
    with pytest.raises(ValueError, match=r"datasets\['gaps'\].target is missing in 1 of 240 rows"):
        evaluate_external(model, {"gaps": gaps}, **QUICK)
    frame = polars.DataFrame({"sex": ["f"] * 240})
    with pytest.raises(
        TypeError, match=r"'others' is a polars DataFrame\. Expected a DataFrame of"
    ):
        evaluate_external(model, {"others": Bunch(**others, frame=frame)}, **QUICK)
    renamed = Bunch(images=others.images, target=np.char.upper(others.target))
    with pytest.raises(ValueError, match="map_labels") as caught:
        evaluate_external(model, {"others": renamed}, **QUICK)
    assert "'others'" in caught.value.__notes__[0]


def test_warnings_name_the_dataset_once_at_the_line_of_the_caller(model, datasets):
    others = datasets["others"]
    few = {
        name: Bunch(images=others.images[:n], target=others.target[:n], groups=groups)
        for name, n, groups in (("a", 20, [*others.groups[:18], "-", "-"]), ("b", 12, None))
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        evaluate_external(model, few, class_prior="uniform", **QUICK)
    assert {warning.filename for warning in caught} == {__file__}
    said = [str(warning.message) for warning in caught]
    assert [text[:24] for text in said] == [
        "Several rows of groups o",
        "a: Classes with fewer th",
        "b: Classes with fewer th",
    ]
    assert "groups of 'a' are '-'" in said[0]


def test_rows_without_a_group_are_an_error_and_no_group(model, datasets, training):
    """Copies of the training in one of them would take all of them along."""
    others = datasets["others"]
    groups = others.groups.astype(object)
    groups[:39] = None
    images = others.images.copy()
    images[0] = training.images[0]
    gaps = Bunch(images=images, target=others.target, groups=groups)
    with pytest.raises(ValueError, match="groups of 'gaps' is missing in 39 of 240 rows"):
        evaluate_external(model, {"gaps": gaps}, training=training, **QUICK)


def test_groups_that_are_also_in_the_training_have_a_note_and_a_warning(model, datasets, training):
    """Other photographs of training lesions, or ids that two clinics use by chance."""
    theirs = datasets["theirs"]
    groups = np.char.add("theirs ", theirs.groups)
    shared = np.isin(theirs.groups, theirs.groups[[20, 60]])
    groups[shared] = theirs.groups[shared]
    images = theirs.images.copy()
    images[20] = training.images[0]  # excluded with all images of its group
    sets = {
        "theirs": Bunch(images=images, target=theirs.target, groups=groups),
        "others": Bunch(images=theirs.images, target=theirs.target),
    }
    known = Bunch(images=training.images[:5], groups=training.groups.astype(object))
    with pytest.warns(UserWarning, match="groups that are also in the training") as caught:
        external = evaluate_external(model, sets, training=known, class_prior="uniform", **QUICK)
    (note,) = (note for note in external.notes if "also in the training" in note)
    n_images = np.count_nonzero(theirs.groups == theirs.groups[60])
    assert note.startswith(f"theirs: {n_images} of {240 - shared.sum() + n_images} images have")
    assert [w.filename for w in caught if str(w.message) == note] == [__file__]
    own = np.array([f"image nevus/{number}.png" for number in range(240)])  # no id is known
    for known_groups, their_groups in [
        (None, groups),
        (np.arange(240), np.arange(240)),  # of an audit
        (own, own),
    ]:
        known = Bunch(images=training.images[:5], groups=known_groups)
        sets = {"theirs": Bunch(images=images[1:], target=theirs.target[1:])}
        sets["theirs"].groups = their_groups[1:]
        external = evaluate_external(model, sets, training=known, class_prior="uniform", **QUICK)
        assert not any("also in the training" in note for note in external.notes)


def test_paths_ids_splits_and_classes_are_no_subgroups(model, datasets):
    others = datasets["others"]
    names = (
        "path",
        "split",
        "target",
        "diagnosis",
        "lesion_id",
        "image_label",
        "metadata_split",
        "sex",
        2,
    )
    frame = pd.DataFrame(dict.fromkeys(names, np.tile(["female", "male"], 120)))
    sliced = Bunch(images=others.images, target=others.target, frame=frame)
    report = evaluate_external(model, {"others": sliced}, **QUICK).reports["others"]
    assert report.slices.index.unique("column").tolist() == ["sex", "2"]
    assert not any("diagnosis" in note for note in report.notes)
