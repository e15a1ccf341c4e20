import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import precision_score, recall_score

from skin_lesion import npv_score, ppv_score, sensitivity_score, specificity_score

# Melanoma against the rest: 3 found, 1 taken for it, 2 missed, 4 others.
Y_TRUE = np.array(["mel"] * 5 + ["nv"] * 3 + ["bkl"] * 2)
Y_PRED = np.array(["mel"] * 3 + ["nv", "bkl"] + ["mel", "nv", "nv"] + ["nv", "bkl"])
EXPECTED = {
    sensitivity_score: 3 / 5,
    specificity_score: 4 / 5,
    ppv_score: 3 / 4,
    npv_score: 4 / 6,
}


@pytest.mark.parametrize("metric", EXPECTED)
def test_worked_example(metric):
    score = metric(Y_TRUE, Y_PRED, pos_label="mel")
    assert type(score) is float
    assert score == pytest.approx(EXPECTED[metric], abs=1e-12)
    of_all = metric(Y_TRUE, Y_PRED)
    assert of_all.shape == (3,)
    assert of_all[1] == score  # sorted: bkl, mel, nv


def test_agree_with_scikit_learn_on_weighted_rows():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.choice(["a", "b", "c"], (2, 200), p=[0.2, 0.3, 0.5])
    weights = rng.random(200)
    expected = {
        sensitivity_score: recall_score(y_true, y_pred, average=None, sample_weight=weights),
        ppv_score: precision_score(y_true, y_pred, average=None, sample_weight=weights),
        # Of the complement of each class.
        specificity_score: [
            recall_score(y_true != name, y_pred != name, sample_weight=weights) for name in "abc"
        ],
        npv_score: [
            precision_score(y_true != name, y_pred != name, sample_weight=weights) for name in "abc"
        ],
    }
    for metric, values in expected.items():
        found = metric(y_true, y_pred, sample_weight=weights)
        np.testing.assert_allclose(found, values, rtol=0, atol=1e-12)


@pytest.mark.parametrize("metric", EXPECTED)
def test_labels_choose_and_order(metric):
    of_all = metric(Y_TRUE, Y_PRED)
    chosen = metric(Y_TRUE, Y_PRED, labels=["nv", "bkl"])
    np.testing.assert_array_equal(chosen, of_all[[2, 0]])


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "match"),
    [
        (sensitivity_score, ["nv", "nv"], ["nv", "mel"], r"sensitivity of \['mel'\] is NaN"),
        (specificity_score, ["mel", "mel"], ["nv", "mel"], r"specificity of \['mel'\] is NaN"),
        (ppv_score, ["nv", "mel"], ["nv", "nv"], "never predicted"),
        (npv_score, ["nv", "mel"], ["mel", "mel"], "always predicted"),
    ],
)
def test_undefined_is_nan_with_a_warning(metric, y_true, y_pred, match):
    with pytest.warns(UndefinedMetricWarning, match=match):
        assert np.isnan(metric(y_true, y_pred, pos_label="mel"))
    with pytest.warns(UndefinedMetricWarning) as warned:
        values = metric(y_true, y_pred)
    assert warned[0].filename == __file__
    assert np.isnan(values).tolist() == [True, False]


def test_rows_without_weight_do_not_count():
    with pytest.warns(UndefinedMetricWarning, match="absent from y_true, not counting rows of wei"):
        assert np.isnan(sensitivity_score([0, 1], [0, 1], pos_label=1, sample_weight=[1, 0]))


@pytest.mark.parametrize("metric", EXPECTED)
def test_bad_input(metric):
    with pytest.raises(ValueError, match=r"not among the labels.*Did you mean 'mel'\?"):
        metric(Y_TRUE, Y_PRED, pos_label="mell")
    with pytest.raises(TypeError, match=r"such as 0, and y_pred such as '0'. Expected text"):
        metric([0, 1, 1], ["0", "1", "1"])
    for labels in (["nv", "mel"], ["0", "1"]):
        with pytest.raises(TypeError, match=f"such as 0, and labels such as '{labels[0]}'. Exp"):
            metric([0, 1, 1], [1, 0, 0], labels=labels)
    with pytest.raises(ValueError, match=r"inconsistent.*\(y_true, y_pred\)"):
        metric(Y_TRUE, Y_PRED[:-1])
    with pytest.raises(ValueError, match="y_pred is missing in 1 of 2 rows"):
        metric(["a", "b"], np.array(["a", None], dtype=object))
