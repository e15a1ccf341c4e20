import numpy as np
import pandas as pd
import pytest
from scipy.stats import zscore
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skin_lesion import RelativeToGroup, load_model, save_model


@pytest.fixture
def lesions():
    """Of 12 patients with 8 lesions each; a patient's lesions are all large or all small."""
    rng = np.random.default_rng(0)
    lesions = pd.DataFrame({"patient_id": np.repeat([f"p{n:02d}" for n in range(12)], 8)})
    lesions["diameter"] = rng.normal(size=12).repeat(8) * 3 + rng.normal(size=96)
    lesions["contrast"] = rng.normal(size=96)
    return lesions.sample(frac=1, random_state=0, ignore_index=True)


def test_z_scores_are_those_of_scipy_within_each_patient(lesions):
    relative = RelativeToGroup().fit_transform(lesions)
    difference = RelativeToGroup(scale=False).fit_transform(lesions)
    assert relative.dtype == np.float64
    for patient, values in lesions.groupby("patient_id"):
        rows = lesions["patient_id"] == patient
        values = values[["diameter", "contrast"]]
        np.testing.assert_allclose(relative[rows], zscore(values))
        np.testing.assert_allclose(difference[rows], values - values.mean())


def test_statistics_are_those_of_the_rows_in_the_call(lesions):
    fitted = RelativeToGroup().fit(lesions.assign(diameter=0.0))
    new = lesions.assign(patient_id="new " + lesions["patient_id"])
    expected = RelativeToGroup().fit_transform(lesions)
    np.testing.assert_array_equal(fitted.transform(new), expected)
    # Whole patients may come in any order and in several calls.
    patients = sorted(set(lesions["patient_id"]))
    for part in (patients[:5], patients[5:]):
        rows = lesions["patient_id"].isin(part)
        found = fitted.transform(lesions[rows][::-1])
        np.testing.assert_allclose(found[::-1], expected[rows])


def test_arrays_with_the_number_of_the_column(lesions):
    expected = RelativeToGroup().fit_transform(lesions)
    mixed = lesions[["diameter", "patient_id", "contrast"]].to_numpy(dtype=object)
    np.testing.assert_array_equal(RelativeToGroup(1).fit_transform(mixed), expected)
    numbers = lesions.assign(patient_id=lesions["patient_id"].str[1:].astype(int)).to_numpy()
    np.testing.assert_array_equal(RelativeToGroup(0).fit_transform(numbers), expected)


def test_single_lesions_missing_values_and_constants():
    X = pd.DataFrame(
        {
            "patient_id": ["a", "a", "a", "b", "c", "c"],
            "constant": [0.1, 0.1, 0.1, 0.1, 0.3, 0.3],
            "partly_missing": [1.0, np.nan, 3.0, 1.0, 2.0, np.nan],
            "counted": pd.array([2, 4, None, 1, 5, 5], dtype="Int64"),
        }
    )
    found = RelativeToGroup().set_output(transform="pandas").fit_transform(X)
    nan = np.nan
    expected = pd.DataFrame(
        {
            "relative_constant": [0.0, 0.0, 0.0, nan, 0.0, 0.0],
            "relative_partly_missing": [-1.0, nan, 1.0, nan, nan, nan],
            "relative_counted": [-1.0, 1.0, nan, nan, 0.0, 0.0],
        }
    )
    pd.testing.assert_frame_equal(found, expected)


def test_warns_where_no_lesion_has_another(lesions):
    fitted = RelativeToGroup().fit(lesions)
    with pytest.warns(UserWarning, match="Pass all lesions of a patient together") as caught:
        assert np.isnan(fitted.transform(lesions[:1])).all()
    assert caught[0].filename == __file__


@pytest.mark.parametrize("transform", ["pandas", "polars"])
def test_frames_and_names(lesions, transform):
    frames = pytest.importorskip(transform)
    expected = RelativeToGroup().fit_transform(lesions)
    transformer = RelativeToGroup().set_output(transform=transform)
    found = transformer.fit_transform(frames.DataFrame(lesions.to_dict("list")))
    assert isinstance(found, frames.DataFrame)
    assert list(found.columns) == ["relative_diameter", "relative_contrast"]
    np.testing.assert_array_equal(found.to_numpy(), expected)
    of_array = RelativeToGroup(0).fit(lesions.to_numpy(dtype=object))
    assert of_array.get_feature_names_out().tolist() == ["relative_x1", "relative_x2"]


def test_ugly_ducklings_in_cross_validation(lesions):
    """What no cut-off of the plain feature finds, the relative one does."""
    relative = RelativeToGroup().fit_transform(lesions)
    y = relative[:, 0] > 0.8
    features = ["diameter", "contrast"]
    accuracy = {}
    for name, columns in {
        "plain": [("passthrough", features)],
        "both": [(RelativeToGroup(), ["patient_id", *features]), ("passthrough", features)],
    }.items():
        model = make_pipeline(
            make_column_transformer(*columns), HistGradientBoostingClassifier(max_iter=10)
        )
        predicted = cross_val_predict(
            model, lesions, y, groups=lesions["patient_id"], cv=StratifiedGroupKFold(3)
        )
        accuracy[name] = (predicted == y).mean()
    assert accuracy["both"] > 0.95
    assert accuracy["plain"] < 0.9


def test_saved_in_a_model(lesions, tmp_path):
    columns = make_column_transformer(
        (RelativeToGroup(scale=False), ["patient_id", "diameter"]), ("passthrough", ["contrast"])
    )
    model = make_pipeline(columns, SimpleImputer(), StandardScaler(), LogisticRegression())
    model.fit(lesions, lesions["contrast"] > 0)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(lesions), model.predict_proba(lesions))


@pytest.mark.parametrize(
    ("transformer", "change", "message"),
    [
        (RelativeToGroup("patient"), {}, "no column .*Did you mean 'patient_id'"),
        (RelativeToGroup(3), {}, "X has 3 feature"),
        (RelativeToGroup(), {"sex": "male"}, "Expected numbers in all columns except 'patient_id'"),
        (RelativeToGroup(), {"diameter": np.inf}, "infinity"),
        (RelativeToGroup(), {"patient_id": None}, "groups .*is missing in 96 of 96 rows"),
        (RelativeToGroup(), {"patient_id": " "}, "groups .*is missing in 96 of 96 rows"),
        (RelativeToGroup(), {"patient_id": "None"}, "groups .*is missing in 96 of 96 rows"),
        (RelativeToGroup(scale="yes"), {}, "'scale' parameter"),
    ],
)
def test_errors(lesions, transformer, change, message):
    with pytest.raises(ValueError, match=message):
        transformer.fit(lesions.assign(**change))


def test_further_errors(lesions):
    with pytest.raises(ValueError, match="X has no column names"):
        RelativeToGroup().fit(lesions.to_numpy(dtype=object))
    with pytest.raises(ValueError, match="Expected further columns"):
        RelativeToGroup().fit(lesions[["patient_id"]])
    with pytest.raises(NotFittedError):
        RelativeToGroup().transform(lesions)
    with pytest.raises(ValueError, match="feature names should match"):
        RelativeToGroup().fit(lesions).transform(lesions[["contrast", "diameter", "patient_id"]])
    assert clone(RelativeToGroup("lesion", scale=False)).get_params() == {
        "group_column": "lesion",
        "scale": False,
    }


@pytest.mark.filterwarnings("ignore:Each group of column")
@parametrize_with_checks(
    [RelativeToGroup(1)],
    expected_failed_checks=lambda _: {
        "check_estimators_pickle": "It writes NaN into all columns; a group may not be missing."
    },
    xfail_strict=True,
)
def test_scikit_learn_check(estimator, check):
    check(estimator)
