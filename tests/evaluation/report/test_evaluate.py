"""The report: its numbers, its sections, and what bad input does to it."""

import json
import re
from base64 import b64decode
from functools import partial
from io import BytesIO

import numpy as np
import pandas as pd
import polars
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from skin_lesion import (
    ConvNet,
    EvaluationReport,
    OperatingPointClassifier,
    SkinLesionClassifier,
    TestTimeAugmentation,
    choose_thresholds_from_predictions,
    evaluate,
    expected_calibration_error,
    load_image_folder,
    make_lesion_images,
    net_benefit,
    referral_curve,
    write_lesion_folder,
)
from skin_lesion.evaluation import take_subgroups
from skin_lesion.evaluation._report.text import describe_slices

QUICK = {"n_bootstraps": 100, "random_state": 0}


class Fixed(ClassifierMixin, BaseEstimator):
    """Says what it is told; X is the number of the row."""

    def __init__(self, classes, probabilities):
        self.classes_ = np.array(classes)
        self.probabilities = np.asarray(probabilities, dtype=float)

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return self.probabilities[np.ravel(X)]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def curves(figure):
    """Return the labels of the curves of classes."""
    labels = [line.get_label() for line in figure.axes[0].lines]
    return [label for label in labels if not label.startswith("_")]


def judge_fixed(classes, probabilities, y, **kwargs):
    rows = np.arange(len(y))[:, np.newaxis]
    return evaluate(Fixed(classes, probabilities), rows, y, **QUICK, **kwargs)


@pytest.fixture(scope="module")
def report(lesions):
    test, train = lesions.test, lesions.train
    return evaluate(
        lesions.model,
        test.X,
        test.y,
        groups=test.groups,
        frame=test.frame,
        positive="melanoma",
        thresholds={"rule out": 0.1, "rule in": 0.6},
        X_train=train.X,
        y_train=train.y,
        groups_train=train.groups,
        n_bootstraps=300,
        random_state=3,
    )


def test_scores_are_those_of_scikit_learn(report, lesions, class_names):
    test = lesions.test
    predicted = lesions.model.predict(test.X)
    probabilities = lesions.model.predict_proba(test.X)
    scores = report.scores["value"]
    assert scores["accuracy"] == pytest.approx(accuracy_score(test.y, predicted))
    assert scores["roc_auc_ovr"] == pytest.approx(
        roc_auc_score(test.y, probabilities, multi_class="ovr")
    )
    recalls = recall_score(test.y, predicted, average=None)
    for name, recall in zip(class_names, recalls, strict=True):
        assert report.class_scores.loc[(name, "sensitivity"), "value"] == pytest.approx(recall)
    np.testing.assert_array_equal(report.confusion_matrix, confusion_matrix(test.y, predicted))
    assert report.n_errors == (predicted != test.y).sum()
    assert "precision" in report.classification_report
    assert report.class_counts["groups"].sum() == report.n_groups == len(np.unique(test.groups))
    assert not report.notes


def test_every_score_lies_in_its_interval(report):
    table = report.to_frame().drop(columns="threshold").dropna()
    assert len(table) > 100
    assert (table["low"] <= table["value"] + 1e-12).all()
    assert (table["value"] <= table["high"] + 1e-12).all()
    assert (table["high"] - table["low"] > 1e-3).all()


def test_same_seed_same_intervals(report, lesions):
    test = lesions.test
    again = evaluate(
        lesions.model, test.X, test.y, groups=test.groups, n_bootstraps=300, random_state=3
    )
    pd.testing.assert_frame_equal(again.scores, report.scores)
    assert again.random_state == 3
    drawn = evaluate(lesions.model, test.X, test.y, groups=test.groups, n_bootstraps=300)
    repeated = evaluate(
        lesions.model,
        test.X,
        test.y,
        groups=test.groups,
        n_bootstraps=300,
        random_state=drawn.random_state,
    )
    pd.testing.assert_frame_equal(drawn.scores, repeated.scores)


def test_groups_widen_the_intervals():
    """Eight photographs of each lesion, all alike."""
    rng = np.random.default_rng(0)
    y = np.repeat(["melanoma", "nevus"], 200)
    lesion = np.arange(400) // 8
    is_right = (rng.random(50) < 0.7)[lesion]
    p = np.where(is_right == (y == "melanoma"), 0.8, 0.2)
    p = np.column_stack([p, 1 - p])
    by_image = judge_fixed(["melanoma", "nevus"], p, y).scores
    by_lesion = judge_fixed(["melanoma", "nevus"], p, y, groups=lesion).scores
    ratio = (by_lesion["high"] - by_lesion["low"]) / (by_image["high"] - by_image["low"])
    assert 2 < ratio["accuracy"] < 4


def test_operating_points(report, lesions):
    test = lesions.test
    p = lesions.model.predict_proba(test.X)[:, list(lesions.model.classes_).index("melanoma")]
    points = report.operating_points
    for name, threshold in (("rule out", 0.1), ("rule in", 0.6)):
        of_point = points.loc[name]
        assert (of_point["threshold"] == threshold).all()
        sensitivity = np.mean(p[test.y == "melanoma"] >= threshold)
        assert of_point.loc["sensitivity", "value"] == pytest.approx(sensitivity)
        expected = net_benefit(test.y, p, threshold=threshold, pos_label="melanoma")
        assert of_point.loc["net_benefit", "value"] == pytest.approx(expected)
    assert (
        points.loc[("rule out", "sensitivity"), "low"]
        > points.loc[("rule in", "sensitivity"), "low"]
    )


def test_baselines(report, lesions):
    baselines = report.baselines["value"]
    assert list(baselines.index.levels[0].sort_values()) == [
        "colour and size",
        "majority class",
        "this model",
    ]
    assert baselines["majority class", "balanced_accuracy"] == pytest.approx(1 / 3)
    assert baselines["majority class", "roc_auc"] == 0.5
    # Drawn lesions differ in colour, too. A forest that knows the test images is right in all.
    assert 0.4 < baselines["colour and size", "balanced_accuracy"] < 0.6
    of_model = report.baselines.loc[("this model", "accuracy")]
    pd.testing.assert_series_equal(of_model, report.scores.loc["accuracy"], check_names=False)


def test_slices(report, lesions):
    test, slices = lesions.test, report.slices
    assert set(slices.index.get_level_values(0)) == {"age", "sex", "site"}
    assert slices.loc["age"].index.tolist() == [
        "under 30",
        "30 to 49",
        "50 to 69",
        "70 and over",
    ]
    for column in ("age", "sex", "site"):
        assert slices.loc[column, "images"].sum() == len(test.y)
    rows = (test.frame["sex"] == "female").to_numpy()
    expected = accuracy_score(test.y[rows], lesions.model.predict(test.X[rows]))
    assert slices.loc[("sex", "female"), "accuracy"] == pytest.approx(expected)
    assert slices.loc["sex"].index.tolist() == ["female", "male", "missing"]
    assert slices.loc[("site", "face"), "few"]
    assert not slices.loc[("site", "trunk"), "few"]
    # Behind each score, not in the slice.
    groups = report.to_frame().query("section == 'slices' and name == 'sex = female'")
    groups = groups.set_index("score")["groups"]
    assert groups["accuracy"] == slices.loc[("sex", "female"), "groups"]
    n_melanomas = len(np.unique(test.groups[rows & (test.y == "melanoma")]))
    assert groups["sensitivity"] == groups["roc_auc"] == n_melanomas
    assert groups["sensitivity_difference"] <= n_melanomas
    assert "reveals the class" in report.left_out["slices by diagnosis"]
    assert "like an id" in report.left_out["slices by image_id"]
    assert "single value" in report.left_out["slices by source"]


def test_ids_and_classes_are_no_subgroups_however_they_are_spelled():
    columns = ["path", "Image_ID", "lesion_id", "Diagnosis", "Own label", "sex", "Site", 7]
    columns += ["Malignant", "benign_malignant", "diagnosis_1", "iddx_2", "dx", "class"]
    assert take_subgroups(pd.DataFrame(columns=columns)).columns.tolist() == ["sex", "Site", 7]


def test_empty_slice_and_numbers(lesions):
    test = lesions.test
    frame = pd.DataFrame(
        {
            "device": pd.Categorical(["a"] * len(test.y), categories=["a", "b"]),
            "diameter": np.linspace(0, 10, len(test.y)),
            "is_new": np.arange(len(test.y)) % 2 == 0,
        }
    )
    frame.loc[0, "device"] = None
    slices = evaluate(lesions.model, test.X, test.y, frame=frame, **QUICK).slices
    empty = slices.loc[("device", "b")]
    assert empty["images"] == 0
    assert np.isnan(empty["accuracy"])
    assert len(slices.loc["diameter"]) == 4
    assert slices.loc["is_new"].index.tolist() == ["False", "True"]


def test_bands_of_numbers_are_named_by_their_values():
    frame = pd.DataFrame(
        {
            "size": np.repeat([1.5, 2, 3, 4.5, 6], 8),
            "close": 1e6 + np.arange(40) / 1e3,
            # Between two quantiles, 5 and 5.25, is no value.
            "tied": np.r_[np.linspace(0, 4, 19), np.full(11, 5), np.arange(6, 16)],
        }
    )
    y, p = np.tile(["a", "b"], 20), np.random.default_rng(0).dirichlet([1, 1], 40)
    slices = judge_fixed(["a", "b"], p, y, frame=frame).slices
    assert slices.loc["size"].index.tolist() == ["1.5 to 2", "3 to 3", "4.5 to 4.5", "6 to 6"]
    assert slices.loc["close"].index[0] == "1000000.0 to 1000000.009"
    assert slices.loc["tied", "images"].tolist() == [10, 20, 10]


def test_codes_are_taken_by_value():
    # Few photographs show dark skin: in a band with others, their scores would disappear.
    skin_type = np.repeat([1, 2, 3, 4, 5, 6, np.nan], [2, 18, 12, 2, 2, 2, 2])
    frame = pd.DataFrame(
        {"skin_type": skin_type, "ten": np.arange(40) // 2 % 10, "eleven": np.arange(40) % 11}
    )
    y, p = np.tile(["a", "b"], 20), np.random.default_rng(0).dirichlet([1, 1], 40)
    slices = judge_fixed(["a", "b"], p, y, frame=frame).slices
    images = slices.loc["skin_type", "images"]
    assert images.index.tolist() == ["1", "2", "3", "4", "5", "6", "missing"]
    assert images.tolist() == [2, 18, 12, 2, 2, 2, 2]
    assert slices.loc["ten"].index.tolist() == [str(number) for number in range(10)]
    assert len(slices.loc["eleven"]) == 4


def test_numbers_that_are_mostly_one_value_are_cut_at_it():
    y, p = np.tile(["a", "b"], 50), np.random.default_rng(0).dirichlet([1, 1], 100)
    zeros = np.r_[np.zeros(80), np.arange(1, 20), np.nan]
    frame = pd.DataFrame({"hair": zeros, "colder": 0.0 - zeros / 2})
    report = judge_fixed(["a", "b"], p, y, frame=frame)
    images = report.slices["images"]
    assert images["hair"].to_dict() == {"0 to 0": 80, "1 to 19": 19, "missing": 1}
    assert images["colder"].to_dict() == {"-9.5 to -0.5": 19, "0 to 0": 80, "missing": 1}


def test_values_that_no_row_has_are_not_counted_where_they_are_many(lesions):
    test = lesions.test
    site = pd.Categorical(np.resize(["0", "9"], len(test.y)), categories=list(map(str, range(30))))
    report = evaluate(lesions.model, test.X, test.y, frame=pd.DataFrame({"site": site}), **QUICK)
    assert report.slices.loc["site"].index.tolist() == ["0", "9"]


def test_missing_values_beside_ones_that_are_named_so(lesions):
    test = lesions.test
    values = np.resize(["missing", None, "trunk"], len(test.y))
    report = evaluate(lesions.model, test.X, test.y, frame=pd.DataFrame({"site": values}), **QUICK)
    images = report.slices.loc["site", "images"]
    assert images["missing"] == (values != "trunk").sum()
    assert images["trunk"] == (values == "trunk").sum()


def test_odd_columns_are_sliced_or_left_out(lesions):
    test = lesions.test
    diameter = np.linspace(0, 10, len(test.y))
    diameter[:3] = np.inf, -np.inf, np.nan
    site = np.resize(["a", "b"], len(test.y))
    frame = pd.DataFrame({"diameter": diameter, "site": site, "again": site})
    report = evaluate(
        lesions.model,
        test.X,
        test.y,
        frame=frame.set_axis(["diameter", "site", "site"], axis=1),
        **QUICK,
    )
    assert report.slices.loc["diameter", "images"]["missing"] == 3
    assert "several columns have this name" in report.left_out["slices by site"]


def test_slices_are_compared_with_all_other_images(no_curves):
    """A model that is right in nine of ten images of one clinic, and in half of the other's."""
    rng = np.random.default_rng(0)
    y = np.tile(["a", "b"], 200)
    clinic = np.repeat(["x", "y"], 200)
    is_right = rng.random(400) < np.where(clinic == "x", 0.9, 0.5)
    p = np.where(is_right == (y == "a"), 0.8, 0.2)
    report = judge_fixed(
        ["a", "b"], np.column_stack([p, 1 - p]), y, frame=pd.DataFrame({"clinic": clinic})
    )
    of_x, of_y = (report.slices.loc[("clinic", name)] for name in "xy")
    difference = of_x["accuracy"] - of_y["accuracy"]
    assert of_x["accuracy_difference"] == pytest.approx(difference)
    assert of_x["accuracy_difference_low"] > 0.25
    assert of_y["accuracy_difference_high"] == pytest.approx(-of_x["accuracy_difference_low"])
    text = report._repr_html_()
    assert f"{difference:.3f}" in text


def test_several_fits_show_what_another_training_would_change(lesions, make_model, capsys):
    train, test = lesions.train, lesions.test
    models = [make_model(C=C).fit(train.X, train.y) for C in (1e-4, 1e-3, 1e-2)]
    options = {"groups": test.groups, "positive": "melanoma", **QUICK}
    report = evaluate(models, test.X, test.y, **options)
    accuracies = [accuracy_score(test.y, model.predict(test.X)) for model in models]
    line = report.scores.loc["accuracy"]
    assert line["value"] == pytest.approx(np.mean(accuracies))
    assert line["run_deviation"] == pytest.approx(np.std(accuracies, ddof=1))
    assert report.n_fits == 3
    assert report.n_images == len(test.y) == report.confusion_matrix.to_numpy().sum()
    first = evaluate(models[0], test.X, test.y, **options)
    np.testing.assert_array_equal(report.confusion_matrix, first.confusion_matrix)
    wide = line["high"] - line["low"]
    alone = first.scores.loc["accuracy"]
    assert 0.7 < wide / (alone["high"] - alone["low"]) < 1.1  # no less for being three
    report.summary()
    assert "deviation over fits" in capsys.readouterr().out
    row = next(row for row in json.loads(report.to_json())["scores"] if row["score"] == "accuracy")
    assert row["run_deviation"] == line["run_deviation"]
    with pytest.raises(ValueError, match="empty list"):
        evaluate([], test.X, test.y)


def test_predictions_from_anywhere_give_the_same_report(lesions):
    test = lesions.test
    options = {"groups": test.groups, "frame": test.frame, "positive": "melanoma", **QUICK}
    expected = evaluate(lesions.model, test.X, test.y, thresholds=[0.3], **options)
    order = [2, 0, 1]
    report = EvaluationReport.from_predictions(
        test.y,
        lesions.model.predict_proba(test.X)[:, order],
        classes=lesions.model.classes_[order],
        thresholds=[0.3],
        **options,
    )
    pd.testing.assert_frame_equal(report.to_frame(), expected.to_frame())
    assert report.draw_figures().keys() == expected.draw_figures().keys()
    assert report.left_out["shortcut baselines"].startswith("no images were given")
    assert report.left_out["training curves"] == "no estimator was given"


@pytest.mark.parametrize("classes", [["nv", "mel"], ["mel", "nv"]])
def test_one_column_is_the_probability_of_positive(classes):
    y, p = ["nv", "mel", "nv", "mel"] * 10, np.tile([0.2, 0.9, 0.6, 0.7], 10)
    points = choose_thresholds_from_predictions(y, p, positive="mel", classes=classes)
    report = EvaluationReport.from_predictions(
        y, p, classes=classes, positive="mel", thresholds=points, n_bootstraps=2
    )
    assert report.scores.loc["accuracy", "value"] == 0.75
    assert report.class_scores.loc[("mel", "sensitivity"), "value"] == 1
    at_point = report.operating_points.loc["sensitivity 0.90", "value"]
    assert at_point["sensitivity"] == points.loc["sensitivity 0.90", "sensitivity"] == 1


def test_columns_named_true_and_false_are_no_mask_of_rows():
    p = np.linspace(0, 1, 40)
    report = EvaluationReport.from_predictions(
        p > 0.6, pd.DataFrame({True: p, False: 1 - p}), classes=[False, True], n_bootstraps=2
    )
    np.testing.assert_array_equal(report.probabilities[:, 1], p)


def test_columns_of_a_frame_are_found_by_their_names(lesions):
    y, p = lesions.test.y, lesions.model.predict_proba(lesions.test.X)
    classes = lesions.model.classes_
    frame = pd.DataFrame(p, columns=classes)
    options = {"classes": classes, "positive": "melanoma", **QUICK}
    expected = EvaluationReport.from_predictions(y, p, **options).to_frame()
    for y_prob in (frame[classes[::-1]], pd.DataFrame(p)):
        found = EvaluationReport.from_predictions(y, y_prob, **options).to_frame()
        pd.testing.assert_frame_equal(found, expected)
    points = [
        choose_thresholds_from_predictions(y, y_prob, positive="melanoma", classes=classes)
        for y_prob in (p, frame[classes[::-1]])
    ]
    pd.testing.assert_frame_equal(*points)
    for use in (EvaluationReport.from_predictions, choose_thresholds_from_predictions):
        with pytest.raises(ValueError, match=r"y_prob has the columns .*Expected the same"):
            use(y, frame.assign(image="a"), classes=classes, positive="melanoma")


def test_columns_of_polars_are_found_by_their_names():
    y, p = ["m", "n", "n", "m"], [0.9, 0.2, 0.4, 0.7]
    frame = polars.DataFrame({"n": [1 - one for one in p], "m": p})
    report = EvaluationReport.from_predictions(y, frame, classes=["m", "n"], **QUICK)
    assert report.scores.loc["accuracy", "value"] == 1
    assert expected_calibration_error(y, frame) == pytest.approx(0.25)
    assert referral_curve(y, frame)[1].tolist() == [1] * 4
    assert choose_thresholds_from_predictions(y, frame, positive="m").iloc[0]["threshold"] == 0.7


def test_predicted_classes_are_no_probabilities():
    y, predicted = np.repeat(["m", "n"], 20), np.tile(["m", "n", "n", "n", "n"], 8)
    options = {"classes": ["m", "n"], "positive": "m"}
    for use in (EvaluationReport.from_predictions, choose_thresholds_from_predictions):
        with pytest.raises(ValueError, match=r"y_prob cannot be read as numbers: .*not predicted"):
            use(y, predicted, **options)
    y_prob = np.column_stack([predicted == "m", predicted == "n"]).astype(int)
    with pytest.warns(UserWarning, match="All probabilities are 0 or 1. If they are predicted"):
        report = EvaluationReport.from_predictions(y, y_prob, **options, **QUICK)
    assert any("All probabilities are 0 or 1" in note for note in report.notes)
    above_1 = np.array([[1 + 2e-16, -1e-17], [0.4, 0.6]] * 20)  # the mean of networks may be
    assert (
        EvaluationReport.from_predictions(y, above_1, **options, **QUICK).probabilities.max() == 1
    )
    y_prob = np.array([["0.2", "0.8"]] * 40, dtype=object)  # numbers as text are
    assert EvaluationReport.from_predictions(y, y_prob, **options, **QUICK).n_images == 40


def test_tables_in_another_order_are_refused():
    """By position, each image would be scored with the probabilities of another."""
    names = list("abcd")
    y = pd.Series(["m", "n", "n", "m"], index=names)
    p = pd.DataFrame({"m": [0.9, 0.2, 0.4, 0.7], "n": [0.1, 0.8, 0.6, 0.3]}, index=names)
    for y_prob, groups in ((p[::-1], None), (p, y[::-1]), (p.to_numpy(), y[::-1])):
        name = "y_prob" if groups is None else "groups"
        for use in (
            partial(EvaluationReport.from_predictions, classes=["m", "n"]),
            partial(choose_thresholds_from_predictions, positive="m"),
        ):
            with pytest.raises(ValueError, match=f"{name} has the index of .* in another order"):
                use(y, y_prob, groups=groups)
    for y_prob in (p.reset_index(drop=True), p.set_axis(list("wxyz")), p.to_numpy()):
        report = EvaluationReport.from_predictions(y, y_prob, classes=["m", "n"], **QUICK)
        assert report.scores.loc["accuracy", "value"] == 1
    shuffled = y.set_axis([2, 0, 3, 1])  # rows of a table in another order, and what follows it
    report = EvaluationReport.from_predictions(
        shuffled, p.reset_index(drop=True), classes=["m", "n"], **QUICK
    )
    assert report.scores.loc["accuracy", "value"] == 1


def test_text_of_variable_width():
    y = np.array(["m", "n", "n", "m"], dtype=np.dtypes.StringDType())
    report = EvaluationReport.from_predictions(
        y, [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]], classes=["m", "n"], groups=y, **QUICK
    )
    assert report.scores.loc["accuracy", "value"] == 1
    assert report.n_groups == 2


@pytest.mark.parametrize(
    ("y_prob", "options", "match"),
    [
        ([[0.9, 0.3], [0.2, 0.8]], {}, "do not sum to 1"),
        ([[0.7, 0.3], [0.2, 0.8]], {"classes": ["a", "b", "c"]}, "a different class for each col"),
        ([[0.7, 0.3], [0.2, 0.8]], {"classes": ["a", "a"]}, "a different class for each column"),
        ([[0.7, 0.3], [0.2, 0.8]], {"classes": ["x", "y"]}, "at least one class in common"),
        ([[0.7, 0.3], [0.2, 0.8]], {"positive": "bb"}, "positive='bb' is not among"),
        ([[0.7, 0.3]], {}, "inconsistent"),
        ([[0.7], [0.2]], {}, r"probability of one of two classes as y_prob\.ravel\(\)"),
        ([[-0.7, -1.3], [-0.2, -0.8]], {}, "the softmax of logits"),
        ([[0.71, 0.3], [0.2, 0.8]], {}, "If they are rounded, divide each row by its sum"),
        ([0.7, 0.2], {}, r"shape \(2,\), .* positive is None\. Expected a column for each class"),
        ([0.7, 0.2], {"classes": ["a", "b", "c"], "positive": "a"}, "with two classes, the prob"),
        ([[1.7, -0.7], [0.2, 0.8]], {}, "Expected probabilities, from 0 to 1"),
        ([[0.7, 0.3], [0.2, 0.8]], {"groups": [1, None]}, "groups is missing in 1 of 2 rows"),
    ],
)
def test_bad_predictions(y_prob, options, match):
    options = {"classes": ["a", "b"]} | options
    with pytest.raises(ValueError, match=match):
        EvaluationReport.from_predictions(["a", "b"], y_prob, **options)


def test_numbers_in_place_of_names_are_explained():
    """As the datasets of torchvision have them."""
    y_true, y_prob, number_of = np.array([1, 0]), [[0.7, 0.3], [0.2, 0.8]], {"b": 1, "a": 0}
    judge = EvaluationReport.from_predictions
    for numbers in (y_true, y_true.astype(float)):
        with pytest.raises(
            ValueError, match=r"turn .* np\.array\(names\)\[np\.asarray\(y_true, int"
        ):
            judge(numbers, y_prob, classes=["a", "b"])
    for use in (judge, choose_thresholds_from_predictions):
        with pytest.raises(TypeError, match=r"dict.* sorted\(classes, key=classes\.get\)"):
            use(["b", "a"], y_prob, classes=number_of, positive="b")


def test_wrong_positive_is_found_before_anything_is_predicted(lesions):
    class Broken:
        classes_ = lesions.model.classes_

        def predict(self, X):
            pytest.fail("it predicted")

    test = lesions.test
    with pytest.raises(ValueError, match=r"not among the classes.*Did you mean 'melanoma'"):
        evaluate(Broken(), test.X, test.y, positive="melanom")


def test_participant_flow_reaches_the_model_card(report, lesions, tmp_path):
    test, train = lesions.test, lesions.train
    flow = report.participant_flow
    assert flow.loc["training"].tolist() == [len(train.y), len(np.unique(train.groups))]
    assert flow.loc["test"].tolist() == [len(test.y), len(np.unique(test.groups))]
    assert flow.loc["test: melanoma", "images"] == (test.y == "melanoma").sum()
    card = report.to_model_card(tmp_path / "card.md").read_text()
    assert "Participant flow (TRIPOD+AI 20a)" in card
    assert f"| training | {len(train.y)} |" in card
    apart = "None of its groups is among those of the training data."
    assert apart in card
    frame = test.frame.assign(patient_id=np.arange(len(test.y)) // 4)
    frame["patient_id"] = [*frame["patient_id"].astype(str)[:-1], "unknown"]
    frame["lesion_id"] = ["L1", "L1 "] * (len(test.y) // 2) + ["L1"] * (len(test.y) % 2)
    found = evaluate(lesions.model, test.X, test.y, frame=frame, **QUICK).participant_flow
    assert found.loc["test", ["lesions", "patients"]].tolist() == [1, -(-(len(test.y) - 1) // 4)]
    assert pd.isna(found.loc["test", "groups"])


def test_curves_have_their_intervals(report):
    figures = report.draw_figures()
    for name in ("reliability", "decision curve"):
        bands = [one for axes in figures[name].axes for one in axes.collections]
        assert len(bands) == 1
        low, high = np.sort(bands[0].get_paths()[0].vertices[:, 1])[[0, -1]]
        assert high - low > 0.1
    label = figures["decision curve"].axes[0].get_xlabel()
    assert label == "Threshold on the probability of melanoma"  # not a risk if prior is another


def test_sections_that_are_left_out_say_so(lesions):
    test = lesions.test
    report = evaluate(lesions.model, test.X, test.y, **QUICK)
    assert set(report.left_out) == {
        "operating points",
        "search for training images",
        "search for training lesions",
        "shortcut baselines",
        "slices",
        "decision curve",
        "training curves",
    }
    assert report.operating_points is report.baselines is report.slices is None
    assert not report.has_groups
    assert "no training data were given" in report.left_out["shortcut baselines"]


def test_no_referral_curve_of_another_class_than_the_predicted():
    """Its accuracy without referral would not be that of the report."""
    y, p = np.tile(["mel", "nv"], 20), np.random.default_rng(0).dirichlet([1, 1], 40)
    for threshold, is_left_out in ((0.2, True), (0.5, False)):
        model = OperatingPointClassifier(Fixed(["mel", "nv"], p), threshold, positive="mel")
        report = evaluate(model, np.arange(40)[:, np.newaxis], y, **QUICK)
        assert ("referral curve" in report.left_out) == is_left_out
        assert ("referral" not in report.draw_figures()) == is_left_out


def test_most_confident_errors(report, lesions):
    errors = report.errors
    assert len(errors) == min(24, report.n_errors)
    assert errors["confidence"].is_monotonic_decreasing
    assert (errors["class"] != errors["predicted"]).all()
    assert (lesions.test.y[errors["row"]] == errors["class"]).all()


def test_page_is_self_contained_and_small(report, tmp_path, read_links):
    path = report.to_html(tmp_path / "new" / "report.html")
    assert path.stat().st_size < 3_000_000
    page = path.read_text(encoding="utf-8")
    links = read_links(page)
    assert len(links) == 6 + len(report.errors)
    assert all(link.startswith("data:image/") for link in links)
    curves = [link for link in links if link.startswith("data:image/png;base64,")]
    figures = report.draw_figures().values()
    for link, figure in zip(curves, figures, strict=True):
        with Image.open(BytesIO(b64decode(link.partition(",")[2]))) as curve:
            assert curve.size == pytest.approx(figure.get_size_inches() * 110, abs=1)
            assert len(curve.getcolors(10**6)) > 20
    assert "http" not in page
    for expected in (
        "must not be used to diagnose",
        "melanoma against the rest",
        "Operating points",
        "Shortcut baselines",
        "Slices",
        " (few)</td>",
        "age = 70 and over",
        "Most confident errors",
        "the estimator has no history",
        "over lesions or patients",
        "The column groups has",
        "How intervals are made",
        "Wilson or exact intervals",
        "difference in balanced accuracy",
    ):
        assert expected in page
    assert "<html" not in report._repr_html_()
    # What stands to the right of a screen of 1,200 pixels is overlooked.
    headers = re.findall(r"<thead>.*?</thead>", page, flags=re.DOTALL)
    assert max(header.count("<th ") for header in headers) <= 11


def test_page_of_numbered_classes_has_pictures(lesions, make_model, no_curves):
    test = lesions.test
    y = (test.y == "melanoma").astype(int)
    report = evaluate(make_model(C=1e-5).fit(test.X, y), test.X, y, **QUICK)
    assert report._repr_html_().count("data:image/jpeg") == len(report.errors) > 0


def test_names_are_shown_not_obeyed(tmp_path, no_curves):
    y = np.repeat(["<b>mel</b>", "nv & co"], 30)
    p = np.random.default_rng(0).dirichlet([1, 1], 60)
    site = np.tile(["arm\n\n# left", "a|b", "<i>leg</i>"], 20)
    frame = pd.DataFrame({"site": site, "<u>\nid": range(60)}, index=range(60)).astype(str)
    report = judge_fixed(["<b>mel</b>", "nv & co"], p, y, positive="<b>mel</b>", frame=frame)
    page = report.to_html(tmp_path / "report.html").read_text()
    card = report.to_model_card(tmp_path / "card.md").read_text()
    for text in (page, card):
        assert not re.findall("<[bi]>|<u>", text)
        assert "&lt;b&gt;mel" in text
    assert "Classes: &lt;b&gt;mel&lt;/b&gt;, nv &amp; co." in card
    assert "\n| site = arm # left |" in card
    assert "\n| site = a\\|b |" in card
    assert "\n- Not reported: slices by &lt;u&gt; id: it has 60 values" in card


def test_summary(report, capsys):
    assert report.summary() is None
    text = capsys.readouterr().out
    for expected in (
        "3 classes; positive class: melanoma",
        "balanced accuracy",
        "rule out: threshold 0.1,",
        "colour and size",
        "age = 70 and over",
        "300 bootstraps",
        "Not reported: training curves",
    ):
        assert expected in text
    assert "balanced accuracy" in repr(report)


def test_json_and_frame(report, tmp_path):
    text = report.to_json(tmp_path / "report.json")
    assert (tmp_path / "report.json").read_text() == text
    content = json.loads(text)
    assert content["positive"] == "melanoma"
    frame = report.to_frame()
    assert len(content["scores"]) == len(frame)
    assert set(frame["section"]) == {
        "scores",
        "classes",
        "operating points",
        "baselines",
        "slices",
    }
    line = frame.query("section == 'classes' and name == 'nevus' and score == 'roc_auc'").iloc[0]
    assert line["value"] == report.class_scores.loc[("nevus", "roc_auc"), "value"]
    columns = ["section", "name", "score", "value", "low", "high", "groups", "threshold"]
    assert list(frame) == columns
    at_points = frame.query("section == 'operating points'").groupby("name")["threshold"]
    assert at_points.unique().to_dict() == {"rule out": [0.1], "rule in": [0.6]}
    assert frame.query("section != 'operating points'")["threshold"].isna().all()
    of_json = pd.DataFrame(content["scores"])[columns]
    pd.testing.assert_frame_equal(of_json, frame, check_dtype=False)


def test_thresholds_near_0_and_1_are_readable(capsys, tmp_path):
    y, p = np.tile(["mel", "nv"], 10), np.linspace(0, 1, 20)
    thresholds = {"sure": np.float32(1) - np.float32(6e-8), "low": 3e-5, "usual": 0.155463005}
    report = EvaluationReport.from_predictions(
        y, p, classes=["mel", "nv"], positive="mel", thresholds=thresholds, n_bootstraps=2
    )
    report.summary()
    card = report.to_model_card(tmp_path / "card.md").read_text()
    for text in (capsys.readouterr().out, card):
        assert "0.99999994" in text
        assert "3e-05" in text
        assert "0.1554" in text  # not rounded up
        assert "0.15546" not in text


def test_json_has_no_nan():
    y = ["a"] * 10 + ["b"] * 10
    with pytest.warns(UndefinedMetricWarning, match=r"The test set lacks the classes \['c'\]"):
        report = judge_fixed(["a", "b", "c"], np.full((20, 3), 1 / 3), y)
    json.loads(report.to_json(), parse_constant=pytest.fail)


def test_model_card(report, tmp_path):
    card = report.to_model_card(tmp_path / "card.md").read_text()
    for number in ("TRIPOD+AI 5", "TRIPOD+AI 23a", "CLAIM: data", "CLAIM: evaluation"):
        assert number in card
    assert "sample size (TRIPOD+AI 10, 12a, 16, 21; CLAIM: data partitions)" in card
    assert "CLAIM: reference standard" in card
    numbers = re.findall(r"TRIPOD\+AI ([^;)]+)", card)
    listed = [number for part in numbers for number in part.split(", ")]
    assert len(listed) == len(set(listed))
    assert "To be written" in card
    assert "| balanced accuracy | 0." in card
    assert "| rule out |" in card
    assert "| age = under 30 |" in card
    assert "\n\nAt the given thresholds:\n\n| " in card
    # "(few)" is explained before the table, and so is estimated skin tone.
    assert f"\n\n{describe_slices(report)}\n\nScores of subgroups:\n\n| " in card


def test_absent_and_unseen_classes():
    y = np.array(["a"] * 30 + ["b"] * 20 + ["d"] * 10)
    p = np.random.default_rng(0).dirichlet([2, 1, 1], 60)
    with pytest.warns(UndefinedMetricWarning) as warned:
        report = judge_fixed(["a", "b", "c"], p, y)
    assert any("lacks the classes ['c']" in str(one.message) for one in warned)
    assert any(
        "not seen the classes ['d'] in training: 10 of 60 predictions" in str(one.message)
        and "map_labels" in str(one.message)
        for one in warned
    )
    assert len(report.notes) == 2
    values = report.class_scores["value"]
    assert np.isnan(values["c", "sensitivity"])
    assert np.isnan(values["d", "roc_auc"])
    assert values["d", "sensitivity"] == 0
    assert report.confusion_matrix.loc["d"].sum() == 10
    assert np.isfinite(report.scores["value"]).all()


def test_an_unknown_class_does_not_change_the_scale_of_the_brier_score():
    p = np.linspace(0.01, 0.99, 100)
    y, p = np.where(p > 0.5, "a", "b"), np.column_stack([p, 1 - p])
    known = judge_fixed(["a", "b"], p, y).scores.loc["brier_score"]
    y[0] = "d"
    with pytest.warns(UndefinedMetricWarning, match="not seen"):
        other = judge_fixed(["a", "b"], p, y).scores.loc["brier_score"]
    # For this image the truth is 1 away, and so is the prediction.
    expected = known["value"] + (0.99**2 + 0.01**2 + 1 - 2 * 0.01**2) / 2 / 100
    assert other["value"] == pytest.approx(expected)
    assert known["low"] < other["value"] < known["high"] + 0.01


def test_one_group_in_each_class():
    y = np.repeat(["a", "b"], 10)
    p = np.random.default_rng(0).dirichlet([1, 1], 20)
    with pytest.warns(UndefinedMetricWarning, match=r"lesions or patients: a \(1\), b \(1\)"):
        report = judge_fixed(["a", "b"], p, y, groups=np.repeat([0, 1], 10))
    assert np.isfinite(report.scores["value"]).all()
    wide = report.class_scores.loc["a"].loc[["sensitivity", "specificity", "roc_auc"]]
    assert (wide["high"] - wide["low"] > 0.8).all()


def test_patient_with_everything():
    y = np.repeat(["a", "b"], 10)
    p = np.random.default_rng(0).dirichlet([1, 1], 20)
    with pytest.warns(UndefinedMetricWarning, match=r"lesions or patients: a \(1\), b \(1\)"):
        report = judge_fixed(["a", "b"], p, y, groups=np.zeros(20), positive="a")
    table = report.to_frame()
    assert (table["groups"] == 1).all()
    assert np.isfinite(table["value"]).sum() > 15
    assert not (table["high"] - table["low"] < 0.5).any()


def test_all_images_of_one_class():
    p = np.random.default_rng(0).dirichlet([1, 1], 30)
    frame = pd.DataFrame({"sex": ["f", "m"] * 15})
    with pytest.warns(UndefinedMetricWarning, match="All images are of one class, a: AUC"):
        report = judge_fixed(["a", "b"], p, ["a"] * 30, positive="a", frame=frame)
    assert np.isfinite(report.class_scores.loc[("a", "sensitivity")]).all()
    assert report.class_scores.loc[("a", ["specificity", "roc_auc"]), "value"].isna().all()
    assert report.scores.loc["f1_macro", "value"] > 0
    assert report.slices["accuracy"].notna().all()
    report.to_json()
    other = judge_fixed(["a", "b"], p, ["b"] * 30, positive="a")
    for figures in (report.draw_figures(), other.draw_figures()):
        assert not curves(figures["roc"])
        assert not curves(figures["precision and recall"])


def test_one_image():
    with pytest.warns(UndefinedMetricWarning, match="All images are of one class, a: AUC"):
        report = judge_fixed(["a", "b"], [[0.9, 0.1]], ["a"], positive="a")
    line = report.scores.loc["accuracy"]
    assert line.tolist() == pytest.approx([1, 0.025, 1, 1])
    assert len(report.draw_figures()) == 6


def test_class_of_one_lesion_widens_the_means():
    y = np.array(["a"] * 40 + ["b"] * 4)
    p = np.random.default_rng(0).dirichlet([1, 1], 44)
    groups = [*range(40), 40, 40, 40, 40]
    with pytest.warns(
        UndefinedMetricWarning,
        match=r"lesions or patients: b \(1\)\. Their rates, F1 and AUC have wide",
    ):
        report = judge_fixed(["a", "b"], p, y, groups=groups)
    line = report.scores.loc["balanced_accuracy"]
    assert line["high"] - line["low"] > 0.4
    assert np.isnan(report.class_scores.loc[("b", "average_precision"), "low"])


def test_what_never_failed_may_fail_the_next_time():
    """All 20 right: the rule of three, more exactly 1 - 0.025 ** (1 / 20)."""
    y = np.repeat(["a", "b"], 20)
    p = np.eye(2)[np.repeat([0, 1], 20)]
    report = judge_fixed(["a", "b"], p, y)
    line = report.class_scores.loc[("a", "sensitivity")]
    assert line["value"] == line["high"] == 1
    assert line["low"] == pytest.approx(0.8316, abs=1e-4)
    wrong = judge_fixed(["a", "b"], p[::-1], y)
    assert wrong.class_scores.loc[("a", "sensitivity"), "high"] == pytest.approx(0.1684, abs=1e-4)
    line = report.class_scores.loc[("a", "roc_auc")]
    assert line["value"] == line["high"] == 1
    assert line["low"] == pytest.approx(0.025 ** (1 / 10))  # as of 10 lesions beside 10


def test_constant_scores(capsys):
    y = np.repeat(["a", "b"], 20)
    with pytest.warns(UndefinedMetricWarning, match="The probabilities are the same for all"):
        report = judge_fixed(["a", "b"], np.full((40, 2), 0.5), y, positive="b")
    assert "AUC is 0.5, calibration intercept and slope are NaN" in report.notes[0]
    report.summary()
    text = capsys.readouterr().out
    assert text.index(report.notes[0]) < text.index("balanced accuracy")
    line = report.class_scores.loc[("b", "roc_auc")]
    assert line["value"] == 0.5
    assert line["low"] < 0.3 < 0.7 < line["high"]
    assert report.class_scores.loc[("b", "partial_auc"), "value"] == pytest.approx(0.02)


def test_legends_have_the_scores_of_the_table(report):
    figures = report.draw_figures()
    values = report.class_scores["value"]
    for name, symbol, score in (
        ("roc", "AUC", "roc_auc"),
        ("precision and recall", "AP", "average_precision"),
    ):
        expected = {
            f"{label} ({symbol} = {values[label, score]:.3f})"
            for label in report.class_counts.index
        }
        assert set(curves(figures[name])) == expected
        assert curves(figures[name])[0].startswith("melanoma (")


def test_curves_of_many_classes_are_counted():
    classes = list("abcdefghijklmn")
    y = np.repeat(classes, 12)
    p = np.random.default_rng(0).dirichlet(np.ones(14), len(y))
    figure = judge_fixed(classes, p, y, positive="n").draw_figures()["roc"]
    assert len(curves(figure)) == 12
    assert curves(figure)[0].startswith("n (AUC")
    assert figure.axes[0].get_legend().get_title().get_text() == "12 of 14 classes"


def test_fits_with_and_without_probabilities(lesions):
    """All that needs probabilities is left out, as the report says."""
    X, y = lesions.test.X.reshape(len(lesions.test.y), -1) / 255, lesions.test.y
    models = [model.fit(X, y) for model in (LogisticRegression(C=1e-3), LinearSVC(C=1e-3))]
    report = evaluate(models, X, y, **QUICK)
    assert "no probabilities" in report.left_out["AUC, calibration and curves"]
    assert list(report.draw_figures()) == ["confusion matrix"]


@pytest.mark.parametrize(
    ("classes", "positive"), [([0, 1], True), ([False, True], 1), ([0, 1], 1.0)]
)
def test_positive_class_that_equals_a_class_is_that_class(classes, positive, no_curves, capsys):
    y, p = np.tile(classes, 20), np.linspace(0, 1, 40)
    report = EvaluationReport.from_predictions(y, p, classes=classes, positive=positive, **QUICK)
    assert repr(report.positive) == repr(classes[1])
    report.summary()
    assert f"{classes[1]} against the rest" in capsys.readouterr().out
    assert f"{classes[1]} against the rest" in report._repr_html_()


def test_history_without_a_best_epoch_has_training_curves():
    """As that of a classifier of scikeras."""
    model = Fixed(["a", "b"], np.random.default_rng(0).dirichlet([1, 1], 40))
    model.history_ = {"loss": [1.0, 0.5]}
    report = evaluate(model, np.arange(40)[:, np.newaxis], np.tile(["a", "b"], 20), **QUICK)
    assert "training curves" not in report.left_out
    assert "training" in report.draw_figures()


def test_undefined_scores_are_undefined_in_the_classification_report():
    """A class that is never predicted, and a class that is only predicted."""
    y = np.repeat(["a", "b", "c"], 20)
    p = np.repeat([[0.8, 0.1, 0.1, 0.0], [0.1, 0.8, 0.1, 0.0], [0.8, 0.1, 0.1, 0.0]], 20, axis=0)
    p[0] = [0.0, 0.1, 0.1, 0.8]
    with pytest.warns(
        UndefinedMetricWarning, match=r"lacks the classes \['d'\].* F1 is 0 for those"
    ):
        report = judge_fixed(["a", "b", "c", "d"], p, y)
    lines = {
        line[0]: line[1:]
        for line in map(str.split, report.classification_report.splitlines())
        if line
    }
    assert lines["c"] == ["nan", "0.000", "0.000", "20"]
    assert lines["d"] == ["0.000", "nan", "0.000", "0"]
    assert np.isnan(report.class_scores.loc[("c", "ppv"), "value"])
    precisions = [19 / 39, 1, 0]  # of all but c
    assert float(lines["macro"][1]) == pytest.approx(np.mean(precisions), abs=5e-4)


def test_numbers_near_0_and_1_are_not_read_as_0_and_1(capsys, tmp_path, no_curves):
    """30 melanomas among 60,000 lesions, and a model that misses a third of them."""
    y = np.repeat(["mel", "nv"], [30, 60_000])
    p = np.repeat([0.8, 0.2, 0.1, 0.9], [20, 10, 59_950, 50])
    report = EvaluationReport.from_predictions(y, p, classes=["mel", "nv"], positive="mel", **QUICK)
    assert report.class_scores.loc[("mel", "npv"), "low"] > 0.9995
    report.summary()
    card = report.to_model_card(tmp_path / "card.md").read_text()
    page = re.sub("<.*?>", "", report._repr_html_())
    for text in (capsys.readouterr().out, card, page):
        assert "0.9998 (0.9997 to 0.9999)" in text
    assert not re.findall(r"\b[01]\.0+\b", card.replace("1.000 (0.884 to 1.000)", "of 30"))


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"positive": "melanom"}, r"not among the classes.*Did you mean 'melanoma'\?"),
        ({"thresholds": [0.5]}, "Got thresholds without positive"),
        ({"thresholds": [0.5, "a"], "positive": "melanoma"}, "threshold 'a' is 'a'"),
        ({"thresholds": [1.5], "positive": "melanoma"}, "Expected a probability from 0 to 1"),
        ({"groups": [1, 2]}, "inconsistent"),
        ({"frame": pd.DataFrame({"a": [1]})}, "inconsistent"),
        ({"n_bootstraps": 0}, "n_bootstraps"),
    ],
)
def test_bad_parameters(lesions, kwargs, match):
    test = lesions.test
    with pytest.raises(ValueError, match=match):
        evaluate(lesions.model, test.X, test.y, **kwargs)


def test_bad_estimators(lesions):
    test = lesions.test
    with pytest.raises(ValueError, match="has no classes_"):
        evaluate(SkinLesionClassifier(), test.X, test.y)
    with pytest.raises(ValueError, match="Expected at least one class in common"):
        evaluate(lesions.model, test.X, np.arange(len(test.y)))
    with pytest.raises(ValueError, match="do not sum to 1"):
        judge_fixed(["a", "b"], np.full((4, 2), 0.9), ["a", "a", "b", "b"])


def test_training_data_that_are_judged_are_noticed(lesions, no_curves):
    test = lesions.test
    with pytest.warns(UserWarning, match="invalid because of data leakage: .* exact copies"):
        report = evaluate(
            lesions.model, test.X, test.y, X_train=test.X[:10], y_train=test.y[:10], **QUICK
        )
    assert "exact copies" in report.notes[0]
    assert "exact copies" in report._repr_html_()


def test_a_search_for_training_images_that_was_not_made_is_named(lesions, capsys):
    test, train = lesions.test, lesions.train
    evaluate(lesions.model, test.X, test.y, groups=test.groups, **QUICK).summary()
    printed = capsys.readouterr().out
    assert "search for training images: no training images were given" in printed
    assert "search for training lesions: groups and groups_train were not both given" in printed
    report = evaluate(
        lesions.model,
        test.X,
        test.y,
        groups=test.groups,
        X_train=train.X,
        groups_train=train.groups,
        **QUICK,
    )
    assert not any("search for" in what for what in report.left_out)
    given = EvaluationReport.from_predictions(
        test.y, report.probabilities, classes=lesions.model.classes_, **QUICK
    )
    assert {"search for training images", "search for training lesions"} <= set(given.left_out)


def test_lesions_that_were_trained_on_are_noticed(lesions, tmp_path):
    test, train = lesions.test, lesions.train
    names = np.array([f"lesion {group}" for group in test.groups])
    with pytest.warns(UserWarning, match="images belong to groups in the training data"):
        evaluate(
            lesions.model,
            test.X,
            test.y,
            groups=names,
            X_train=train.X,
            y_train=train.y,
            groups_train=np.r_[names[:3], np.full(len(train.y) - 3, "another")],
            **QUICK,
        )
    match = "3 of .* images belong to groups in the training data.*Groups of two audits are not"
    with pytest.warns(UserWarning, match=match):
        leaking = evaluate(
            lesions.model,
            test.X,
            test.y,
            groups=np.arange(len(names)),
            groups_train=[0, 1, 2],
            **QUICK,
        )
    card = leaking.to_model_card(tmp_path / "card.md").read_text()
    assert "None of its groups" not in card
    for of_test in (np.arange(len(names)).astype(str), np.arange(len(names)).astype(object)):
        groups_train = [0, 1] if isinstance(of_test[0], str) else ["0", "1"]
        with pytest.raises(TypeError, match="Expected text in both, or numbers in both"):
            evaluate(lesions.model, test.X, test.y, groups=of_test, groups_train=groups_train)
    with pytest.raises(ValueError, match="groups_train is missing in 1 of 2 rows"):
        evaluate(lesions.model, test.X, test.y, groups=names, groups_train=["a", None])
    with pytest.raises(TypeError, match=r"y holds values such as '.*', and y_train such as 0"):
        evaluate(lesions.model, test.X, test.y, X_train=train.X[:2], y_train=[0, 1])


def test_estimator_without_probabilities(lesions, tmp_path):
    X = lesions.test.X.reshape(len(lesions.test.y), -1) / 255
    model = LinearSVC(C=1e-3).fit(X[::2], lesions.test.y[::2])
    report = evaluate(model, X, lesions.test.y, frame=lesions.test.frame, **QUICK)
    assert report.scores.index.tolist() == ["accuracy", "balanced_accuracy", "f1_macro"]
    assert "no probabilities" in report.left_out["AUC, calibration and curves"]
    assert "neither paths of existing files nor RGB images" in report.left_out["pictures of errors"]
    report.to_html(tmp_path / "report.html")
    json.loads(report.to_json(), parse_constant=pytest.fail)


def test_errors_without_probabilities_are_the_first(lesions):
    flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1) / 255)
    model = make_pipeline(flatten, LinearSVC(C=1e-3))
    model.fit(lesions.test.X[::2], lesions.test.y[::2])
    page = evaluate(model, lesions.test.X, lesions.test.y, **QUICK)._repr_html_()
    assert "that come first" in page
    assert "ost confident" not in page
    assert "highest probability" not in page


def test_any_classifier_of_flattened_pixels(lesions):
    train, test = lesions.train, lesions.test
    flat = [images.reshape(len(images), -1) for images in (train.X, test.X)]
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "stratified"]}).fit(
        flat[0], train.y
    )
    report = evaluate(search, flat[1], test.y, X_train=flat[0], y_train=train.y, **QUICK)
    assert "baseline of colour and size" in report.left_out
    assert {"this model", "majority class"} == set(report.baselines.index.levels[0])
    assert np.isfinite(
        evaluate(FrozenEstimator(search), flat[1], test.y, **QUICK).scores.value
    ).all()


def test_numbered_classes_and_two_of_them(lesions):
    y = (lesions.test.y == "melanoma").astype(int)
    p = np.linspace(0, 1, len(y))
    report = judge_fixed([0, 1], np.column_stack([1 - p, p]), y, positive=1)
    assert report.class_scores.loc[(1, "roc_auc"), "value"] == pytest.approx(roc_auc_score(y, p))
    report.summary()
    assert json.loads(report.to_json())["confusion_matrix"]["0"]["1"] > 0
    assert len(report.draw_figures()) == 6


@pytest.mark.filterwarnings("ignore:Training ended at epochs")
def test_network_on_paths(tmp_path, monkeypatch):
    root = write_lesion_folder(
        tmp_path / "root", 60, n_classes=2, image_size=(24, 24), random_state=0
    )
    train, test = (load_image_folder(root, split=side) for side in ("train", "test"))
    from skin_lesion import ImageLoader

    model = SkinLesionClassifier(
        ConvNet(filters=(8,)), loader=ImageLoader((16, 16)), epochs=1, random_state=0
    ).fit(train.data, train.target, groups=train.groups)
    report = evaluate(
        model,
        test.data,
        test.target,
        groups=test.groups,
        X_train=train.data,
        y_train=train.target,
        groups_train=train.groups,
        **QUICK,
    )
    assert report.scores.loc["accuracy", "value"] == model.score(test.data, test.target)
    figures = report.draw_figures()
    assert "training" in figures
    training = {"training": figures["training"]}  # the page with all of them is tested above
    monkeypatch.setattr(EvaluationReport, "draw_figures", lambda report: training)
    assert "training curves" not in report.left_out
    assert "colour and size" in report.baselines.index.levels[0]
    page = report.to_html(tmp_path / "report.html").read_text()
    assert page.count("data:image/jpeg") == report.n_errors


def test_what_averages_over_variants_is_asked_once_and_keeps_its_training_curves():
    lesions = make_lesion_images(40, n_classes=2, image_size=(24, 24), random_state=0)
    network = SkinLesionClassifier(ConvNet(filters=(4,)), epochs=1, random_state=0)
    model = TestTimeAugmentation(network, n_augmentations=1, random_state=0)
    model.fit(lesions.images, lesions.target)

    class Counted(TestTimeAugmentation):
        n_calls = 0

        def predict_proba(self, X):
            self.n_calls += 1
            return super().predict_proba(X)

    counted = Counted(model.estimator_, n_augmentations=1, random_state=0)
    report = evaluate(counted, lesions.images, lesions.target, groups=lesions.groups, **QUICK)
    assert counted.n_calls == 1
    assert "training curves" not in report.left_out
