import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator

from skin_lesion import (
    AugmentingOverSampler,
    AveragedClassifier,
    ConformalClassifier,
    ConvNet,
    EvaluationReport,
    ImageSampler,
    OperatingPointClassifier,
    OperatingPointDisplay,
    ReferralCurveDisplay,
    SkinLesionClassifier,
    aggregate_by_group,
    assert_no_leak,
    audit_dataset,
    choose_thresholds,
    choose_thresholds_from_predictions,
    class_activation_maps,
    cross_evaluate,
    evaluate,
    evaluate_external,
    expected_calibration_error,
    net_benefit,
    partial_auc_score,
    referral_curve,
    sensitivity_score,
    train_test_split_by_group,
)
from skin_lesion._utils.validation.labels import check_labels
from skin_lesion._utils.validation.messages import did_you_mean, say_number
from skin_lesion._utils.validation.paths import are_paths, check_files_exist, check_paths
from skin_lesion._utils.validation.pixels import check_images, check_pixels
from skin_lesion._utils.validation.placeholders import is_placeholder
from skin_lesion._utils.validation.rows import check_order

NAMES = ["b.jpg", "a b.jpg", "ä.jpg"]

PATH_FORMS = {
    "list": list,
    "tuple of Path": lambda names: tuple(map(Path, names)),
    "list of mixed": lambda names: [Path(names[0]), *names[1:]],
    "array (n,)": np.array,
    "array (n, 1)": lambda names: np.array(names).reshape(-1, 1),
    "object array (n,)": lambda names: np.array(names, dtype=object),
    "object array (n, 1)": lambda names: np.array(names, dtype=object).reshape(-1, 1),
    "object array of Path": lambda names: np.array([Path(name) for name in names], dtype=object),
    "nested list": lambda names: [[name] for name in names],
    "Series": pd.Series,
    "object Series": lambda names: pd.Series(names, dtype=object, index=[7, 7, 3]),
    "string Series": lambda names: pd.Series(names, dtype="string"),
    "Series of Path": lambda names: pd.Series([Path(name) for name in names]),
    "categorical Series": lambda names: pd.Series(names, dtype="category"),
    "DataFrame": lambda names: pd.DataFrame({"path": names}),
    "string DataFrame": lambda names: pd.DataFrame({"path": names}, dtype="string"),
}

NUMBERS = {
    "uint8 images": np.zeros((2, 4, 4, 3), dtype=np.uint8),
    "rows": np.zeros((3, 5)),
    "float list": [[0.5, 1.0]],
    "int list": [1, 2],
    "bool": np.array([True]),
    "complex": np.array([1j]),
    "object numbers": np.array([[1.0, 2.0]], dtype=object),
    "DataFrame": pd.DataFrame({"a": [1.0], "b": [2.0]}),
    "nullable Series": pd.Series([1, 2], dtype="Int64"),
    "list of images": [np.zeros((4, 4, 3)), np.zeros((4, 4, 3))],
    "list of images of several sizes": [np.zeros((4, 4, 3)), np.zeros((4, 5, 3))],
    "empty list": [],
}


# did_you_mean


@pytest.mark.parametrize(
    ("name", "choices", "expected"),
    [
        ("trian", ["train", "test"], " Did you mean 'train'?"),
        ("mobilenetv2", ["MobileNetV2", "ResNet50"], " Did you mean 'MobileNetV2'?"),
        ("zebra", ["train", "test"], ""),
        ("train", [], ""),
        (3, ["train"], ""),
    ],
)
def test_did_you_mean(name, choices, expected):
    assert did_you_mean(name, choices) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, "0.500"),
        (1, "1.000"),
        (0.0, "0.000"),
        (0.9994, "0.999"),
        (0.9996, "0.9996"),
        (1.0004, "1.0004"),
        (-0.0004, "-0.0004"),
        (np.float64(1 - 1e-6), "0.999999"),
        (1 - 1e-7, ">0.999999"),
        (1e-8, "<0.000001"),
        (1 - 1e-12, "1.000"),
        (-1e-12, "0.000"),
        (np.nan, "nan"),
    ],
)
def test_numbers_near_0_and_1_have_more_decimals(value, expected):
    assert say_number(value) == expected


# Paths


@pytest.mark.parametrize("form", PATH_FORMS)
def test_paths_in_all_forms(form):
    X = PATH_FORMS[form](NAMES)
    assert are_paths(X)
    paths = check_paths(X)
    assert paths.shape == (3,)
    assert paths.dtype.kind == "U"
    assert paths.tolist() == NAMES


def test_numpy_strings_of_variable_width():
    X = np.array(NAMES, dtype=np.dtypes.StringDType()).reshape(-1, 1)
    assert are_paths(X)
    assert check_paths(X).tolist() == NAMES


@pytest.mark.parametrize("path", ["a.jpg", Path("a.jpg")])
def test_single_path_is_told_to_go_into_a_list(path):
    assert are_paths(path)
    with pytest.raises(ValueError, match=r"X is a single path, 'a.jpg'. .*list: \['a.jpg'\]"):
        check_paths(path)


@pytest.mark.parametrize("form", NUMBERS)
def test_numbers_are_no_paths(form):
    assert not are_paths(NUMBERS[form])


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], ValueError, r"Found array with 0 sample\(s\) in X"),
        (np.empty((0, 1), dtype=str), ValueError, r"Found array with 0 sample\(s\) in X"),
        (np.array([NAMES]), ValueError, r"X has shape \(1, 3\). Expected paths as an \(n, 1\)"),
        (np.array("a.jpg"), ValueError, r"X has shape \(\)"),
        (pd.DataFrame({"a": NAMES, "b": NAMES}), ValueError, r"X has shape \(3, 2\)"),
        (["a.jpg", None], TypeError, r"X\[1\] is None, of type NoneType. .*Drop the rows"),
        (["a.jpg", np.nan], TypeError, r"X\[1\] is nan, of type float"),
        (pd.Series(["a.jpg", None], dtype="string"), TypeError, r"X\[1\] is <NA>"),
        (pd.Series(["a.jpg", None]), TypeError, r"X\[1\] is (None|nan)"),
        (["a.jpg", 3], TypeError, r"X\[1\] is 3, of type int"),
        ([b"a.jpg"], TypeError, r"X\[0\] is b'a.jpg', of type bytes"),
    ],
)
def test_paths_that_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        check_paths(X)


def test_paths_are_called_by_their_name():
    with pytest.raises(ValueError, match="in copies"):
        check_paths([], name="copies")


def test_files_that_exist(tmp_path):
    for name in NAMES:
        (tmp_path / name).touch()
    check_files_exist(np.array([str(tmp_path / name) for name in NAMES]))


def test_missing_files_are_counted_and_the_first_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("here.jpg").touch()
    Path("folder").mkdir()
    paths = check_paths(["here.jpg", "gone.jpg", "folder", "gone too.jpg"])
    with pytest.raises(FileNotFoundError) as raised:
        check_files_exist(paths)
    assert str(raised.value) == (
        "3 of 4 paths are not existing files. The first is 'gone.jpg'. Relative paths are looked up"
        f" in {os.getcwd()!r}."
    )


def test_a_missing_file_is_explained_by_its_path(tmp_path):
    link, absolute = tmp_path / "link.jpg", tmp_path / "gone.jpg"
    link.symlink_to(absolute)
    for path, expected in (
        (link, f"{str(link)!r}. It is a link to {str(absolute)!r}. Nothing is there."),
        (absolute, f"{str(absolute)!r}."),
    ):
        with pytest.raises(FileNotFoundError) as raised:
            check_files_exist(check_paths([str(path)]))
        assert str(raised.value).endswith(f"The first is {expected}")


# Images


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_are_not_copied(dtype):
    X = np.full((2, 4, 5, 3), 200, dtype=dtype)
    assert check_images(X) is X


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.int8])
def test_integers_become_uint8(dtype):
    images = check_images(np.full((1, 2, 2, 3), 100, dtype=dtype))
    assert images.dtype == np.uint8
    assert (images == 100).all()


def test_nested_lists_are_images_too():
    assert check_images([[[[0, 128, 255]]]]).tolist() == [[[[0, 128, 255]]]]


def test_integers_up_to_1_are_dark_but_floats_are_rescaled():
    dark = np.ones((1, 2, 2, 3), dtype=np.int64)
    assert (check_images(dark) == 1).all()
    with pytest.raises(ValueError, match=r"float64 pixels and never exceeds 1 \(maximum 1\)"):
        check_images(dark.astype(float))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 8, 8), r"The channels come first: use np.moveaxis\(X, 1, 3\)"),
        ((8, 8, 3), r"This is one image: use X\[np.newaxis\]"),
        ((2, 8, 8, 1), "These are grey images"),
        ((2, 8, 9), "These are grey images"),
        ((2, 8, 8, 4), r"The fourth channel is transparency: use X\[..., :3\]"),
        ((2, 192), r"X has shape \(2, 192\). Expected RGB images"),
        ((), r"X has shape \(\)"),
    ],
)
def test_images_of_another_shape(shape, message):
    with pytest.raises(ValueError, match=message):
        check_images(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((0, 4, 4, 3), dtype=np.uint8), r"0 sample\(s\) \(shape=\(0, 4, 4, 3\)\) in X"),
        (np.full((1, 1, 1, 3), np.nan), "Input X contains NaN"),
        (np.full((1, 1, 1, 3), np.inf), "Input X contains infinity"),
        (np.full((1, 1, 1, 3), -1.0), "X has values from -1 to -1. Expected pixels from 0 to 255"),
        (np.full((1, 1, 1, 3), 256), "X has values from 256 to 256"),
        (np.full((1, 1, 1, 3), 255.5), "X has values from 255.5 to 255.5"),
        (np.full((1, 1, 1, 3), 0.5, np.float32), "float32 pixels and never exceeds 1"),
        (np.full((1, 1, 1, 3), "a"), "X has dtype <U1. Expected pixels from 0 to 255"),
        (np.full((1, 1, 1, 3), None), "X has dtype object"),
        (np.ones((1, 1, 1, 3), dtype=bool), "X has dtype bool"),
        (np.ones((1, 1, 1, 3), dtype=complex), "X has dtype complex128"),
    ],
)
def test_pixels_that_are_refused(pixels, message):
    with pytest.raises(ValueError, match=message):
        check_images(pixels)


def test_pixels_of_any_shape_and_name():
    rows = np.full((3, 12), 7, dtype=np.int32)
    assert check_pixels(rows).dtype == np.uint8
    with pytest.raises(ValueError, match="rows has values from -1"):
        check_pixels(rows - 8.0, name="rows")


def test_each_image_is_judged_by_itself_where_the_scale_is_known():
    black, rescaled = np.zeros((1, 2, 2, 3)), np.full((1, 2, 2, 3), 0.5)
    bright = np.full((1, 2, 2, 3), 200.0)
    for images in (black, black + 1, np.concatenate([bright, black])):
        assert check_images(images, scale_is_known=True) is images
    for images in (rescaled, np.concatenate([bright, rescaled, black])):
        with pytest.raises(ValueError, match=r"never exceeds 1 \(maximum 0\.5\)"):
            check_images(images, scale_is_known=True)


def test_no_warnings_for_valid_input():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for to_form in PATH_FORMS.values():
            check_paths(to_form(NAMES))
        check_images(np.full((1, 2, 2, 3), 100, dtype=np.int64))


def test_text_of_numpy_and_of_python_is_text():
    mixed = np.array([np.str_("melanoma"), "nevus"], dtype=object)
    assert check_labels(mixed).tolist() == ["melanoma", "nevus"]


@pytest.mark.parametrize(("values", "kind"), [([0, 1, 1], "i"), ([False, True, True], "b")])
def test_numbers_in_an_array_of_objects_are_numbers(values, kind):
    values = np.array(values, dtype=object)
    assert check_labels(values).dtype.kind == kind
    assert check_labels(pd.Series(values, dtype=object)).dtype.kind == kind
    cross_evaluate(MODEL, X, np.tile(values[:2], 6), groups=None, cv=2, **FEW)


def test_text_and_numbers_are_not_mixed_in_a_list_either():
    with pytest.raises(TypeError, match=r"groups holds values of the types 'int', 'str'"):
        check_labels(["lesion", 1], name="groups")


# Groups and lengths

X = np.zeros((12, 8, 8, 3), dtype=np.uint8)
X[np.arange(12), 0, 0, 0] = np.arange(12)
Y, P = np.tile(["mel", "nv"], 6), np.tile([0.9, 0.4], 6)
MODEL = DummyClassifier(strategy="prior").fit(X.reshape(12, -1), Y)
FEW = {"n_bootstraps": 2, "random_state": 0}
OF_GROUPS = {
    "evaluate": lambda groups: evaluate(MODEL, X, Y, groups=groups, **FEW),
    "cross_evaluate": lambda groups: cross_evaluate(MODEL, X, Y, groups=groups, cv=2, **FEW),
    "from_predictions": lambda groups: EvaluationReport.from_predictions(
        Y, P, classes=["mel", "nv"], positive="mel", groups=groups, **FEW
    ),
    "choose_thresholds": lambda groups: choose_thresholds(
        MODEL, X, Y, positive="mel", groups=groups
    ),
    "choose_thresholds_from_predictions": lambda groups: choose_thresholds_from_predictions(
        Y, P, positive="mel", groups=groups
    ),
    "aggregate_by_group": lambda groups: aggregate_by_group(P, groups),
    "ConformalClassifier": lambda groups: ConformalClassifier(MODEL).fit(X, Y, groups=groups),
    "train_test_split_by_group": lambda groups: train_test_split_by_group(Y, groups=groups),
    "audit_dataset": lambda groups: audit_dataset(X, Y, groups=groups),
    "assert_no_leak": lambda groups: assert_no_leak(
        X, X + np.uint8(100), groups_train=groups, groups_test=[f"test {n}" for n in range(12)]
    ),
}


@pytest.mark.parametrize("name", OF_GROUPS)
def test_unknown_as_a_group_is_named_at_the_line_of_the_caller(name):
    groups = [f"lesion {number}" for number in range(12)]
    groups[2] = groups[7] = groups[9] = "Unknown"
    with pytest.warns(UserWarning, match=r"rows of groups.* are 'Unknown'. They") as caught:
        OF_GROUPS[name](groups)
    ours = [one for one in caught if "They count as one lesion" in str(one.message)]
    assert {one.filename for one in ours} == {__file__}


NAMES_OF_ROWS = [f"{number}.png" for number in range(12)]
FEATURES = pd.DataFrame(np.eye(12), index=NAMES_OF_ROWS)
CLASSES = pd.Series(Y, index=NAMES_OF_ROWS)[::-1]
PATHS = pd.Series(NAMES_OF_ROWS, index=NAMES_OF_ROWS)
RISKS = pd.DataFrame({"mel": P, "nv": 1 - P}, index=NAMES_OF_ROWS)
IN_ANOTHER_ORDER = {
    "evaluate": lambda: evaluate(MODEL, FEATURES, CLASSES),
    "evaluate, X_train": lambda: evaluate(MODEL, X, Y, X_train=FEATURES, y_train=CLASSES),
    "evaluate, groups": lambda: evaluate(MODEL, X, CLASSES, groups=CLASSES[::-1]),
    "evaluate, frame": lambda: evaluate(MODEL, X, CLASSES, frame=FEATURES),
    "evaluate_external": lambda: evaluate_external(
        MODEL, {"theirs": {"data": FEATURES, "target": CLASSES}}
    ),
    "cross_evaluate": lambda: cross_evaluate(MODEL, FEATURES, CLASSES, groups=None),
    "from_predictions": lambda: EvaluationReport.from_predictions(
        CLASSES, RISKS, classes=["mel", "nv"]
    ),
    "choose_thresholds": lambda: choose_thresholds(MODEL, FEATURES, CLASSES, positive="mel"),
    "choose_thresholds_from_predictions": lambda: choose_thresholds_from_predictions(
        CLASSES, RISKS, positive="mel"
    ),
    "aggregate_by_group": lambda: aggregate_by_group(RISKS, CLASSES),
    "ConformalClassifier": lambda: ConformalClassifier(MODEL).fit(FEATURES, CLASSES),
    "referral_curve": lambda: referral_curve(CLASSES, RISKS),
    "expected_calibration_error": lambda: expected_calibration_error(CLASSES, RISKS),
    "partial_auc_score": lambda: partial_auc_score(CLASSES, RISKS["mel"], pos_label="mel"),
    "net_benefit": lambda: net_benefit(CLASSES, RISKS["mel"], threshold=0.5, pos_label="mel"),
    "OperatingPointDisplay": lambda: OperatingPointDisplay.from_estimator(
        MODEL, FEATURES, CLASSES, pos_label="mel"
    ),
    "ReferralCurveDisplay": lambda: ReferralCurveDisplay.from_estimator(MODEL, FEATURES, CLASSES),
    "sensitivity_score": lambda: sensitivity_score(CLASSES, CLASSES[::-1]),
    "train_test_split_by_group": lambda: train_test_split_by_group(FEATURES, groups=CLASSES),
    "audit_dataset": lambda: audit_dataset(PATHS, CLASSES),
    "audit_dataset, pred_probas": lambda: audit_dataset(X, CLASSES, pred_probas=RISKS),
    "audit_dataset, near_duplicates": lambda: audit_dataset(X, CLASSES, near_duplicates=FEATURES),
    "assert_no_leak, train": lambda: assert_no_leak(
        PATHS, PATHS, groups_train=CLASSES, groups_test=Y
    ),
    "assert_no_leak, test": lambda: assert_no_leak(
        PATHS, PATHS, groups_train=Y, groups_test=CLASSES
    ),
    "AugmentingOverSampler": lambda: AugmentingOverSampler().fit_resample(
        pd.Series(list(X), index=NAMES_OF_ROWS), CLASSES
    ),
    "ImageSampler": lambda: ImageSampler().fit_resample(FEATURES, CLASSES),
    "fit": lambda: SkinLesionClassifier().fit(PATHS, CLASSES),
    "fit, X_val": lambda: SkinLesionClassifier(ConvNet(filters=(2,)), epochs=1).fit(
        X, Y, X_val=PATHS, y_val=CLASSES
    ),
    "fit of a wrapper": lambda: OperatingPointClassifier(MODEL).fit(FEATURES, CLASSES),
    "fit of an average": lambda: AveragedClassifier([MODEL, MODEL]).fit(FEATURES, CLASSES),
    "score": lambda: OperatingPointClassifier(FrozenEstimator(MODEL)).score(FEATURES, CLASSES),
    "class_activation_maps": lambda: class_activation_maps(
        SkinLesionClassifier(ConvNet(filters=(2,)), epochs=1).fit(X, Y), PATHS, CLASSES
    ),
    "partial_fit": lambda: SkinLesionClassifier().partial_fit(PATHS, CLASSES),
}


@pytest.mark.parametrize("name", IN_ANOTHER_ORDER)
def test_tables_in_another_order_are_refused(name):
    with pytest.raises(ValueError, match=r"has the index of .* in another order\. Expected"):
        IN_ANOTHER_ORDER[name]()


def test_tables_whose_order_is_not_known_are_taken_by_position():
    check_order(y=CLASSES, X=FEATURES.reset_index(drop=True))
    check_order(y=CLASSES.reset_index(drop=True), X=FEATURES)
    check_order(y=CLASSES, X=FEATURES.to_numpy(), groups=None)
    check_order(y=CLASSES, X=FEATURES.set_axis(["one"] * 12))
    pairs = pd.MultiIndex.from_product([range(6), list("ab")])
    check_order(y=CLASSES, X=FEATURES.set_axis(pairs))
    with pytest.raises(ValueError, match=r"groups has the index of X.*or groups\.to_numpy\(\) if"):
        check_order(X=FEATURES, y=FEATURES.set_axis(pairs), groups=CLASSES)


@pytest.mark.parametrize("name", OF_GROUPS)
def test_lengths_that_differ_are_named(name):
    with pytest.raises(ValueError, match=r"12, 5\] \(.*groups\w*\)\. Expected the same number"):
        OF_GROUPS[name](["a", "b", "c", "d", "e"])


@pytest.mark.parametrize(
    ("groups", "shared"),
    [
        (["unknown", "a", "unknown", "N/A", "-", "-"], "'unknown', '-'"),
        ([-1, 3, -1, 3], "-1"),
        ([-1.0, 3.0, -1.0], r"-1\.0"),
        (["unknown", "a", "none"], None),  # one row each
        ([0, 0, 5, 5], None),  # a part of the rows may lack the group 1
        (["no 1", "no 1", "id", "id"], None),
    ],
)
def test_placeholders_of_several_rows(groups, shared):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert check_labels(groups, name="groups").tolist() == groups
        check_labels(groups, name="y")  # "unknown" may be a class
    assert len(caught) == (shared is not None)
    if shared is not None:
        with pytest.warns(UserWarning, match=f"Several rows of groups are {shared}. They"):
            check_labels(pd.Series(groups), name="groups")


def test_placeholders_are_told_from_ids():
    for text in ("unknown", " UNK ", "n/a", "-9999", "no patient", "lesion unknown", "?", "null"):
        assert is_placeholder(text)
    for text in ("", "0", "1", "-2", "patient 1", "none of the others", "na1"):
        assert not is_placeholder(text)
