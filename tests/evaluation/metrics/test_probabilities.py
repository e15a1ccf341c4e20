import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest

from skin_lesion import expected_calibration_error, net_benefit, referral_curve


def test_calibration_error_worked_by_hand():
    # Two bins: (0, 0.5] and (0.5, 1]. Confidences 0.5 | 0.6, 0.8, 0.9, right: no | yes, no, yes.
    y_prob = [[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8], [0.9, 0.1, 0]]
    y_true = ["b", "b", "a", "a"]
    expected = 1 / 4 * 0.5 + 3 / 4 * abs(2 / 3 - 2.3 / 3)
    error = expected_calibration_error(y_true, y_prob, n_bins=2, labels=["a", "b", "c"])
    assert error == pytest.approx(expected, abs=1e-12)
    # A row that counts twice is two rows.
    twice = expected_calibration_error(
        [*y_true, "a"], [*y_prob, y_prob[2]], n_bins=2, labels=["a", "b", "c"]
    )
    weighted = expected_calibration_error(
        y_true, y_prob, n_bins=2, labels=["a", "b", "c"], sample_weight=[1, 1, 2, 1]
    )
    assert weighted == pytest.approx(twice, abs=1e-12)


def test_calibration_error_of_one_column():
    # Bins of a fifth: (0, 0.2] and (0.8, 1].
    y_prob, y = [0.1, 0.2, 0.9, 1.0], [0, 1, 1, 1]
    expected = 0.5 * abs(0.5 - 0.15) + 0.5 * abs(1 - 0.95)
    assert expected_calibration_error(y, y_prob, n_bins=5) == pytest.approx(expected, abs=1e-12)
    names = np.array(["nv", "mel"])[y]
    named = expected_calibration_error(names, y_prob, n_bins=5, pos_label="mel")
    assert named == pytest.approx(expected, abs=1e-12)


def test_calibration_error_bins_are_those_of_guo_et_al():
    """Bin m holds the confidences of ((m - 1) / M, m / M], as the paper says."""
    rng = np.random.default_rng(0)
    y_prob = rng.dirichlet(np.ones(3), 500)
    y = rng.integers(0, 3, 500)
    confidence, is_right = y_prob.max(axis=1), y_prob.argmax(axis=1) == y
    expected = 0
    for m in range(1, 16):
        chosen = ((m - 1) / 15 < confidence) & (confidence <= m / 15)
        if chosen.any():
            gap = abs(is_right[chosen].mean() - confidence[chosen].mean())
            expected += chosen.sum() / 500 * gap
    assert expected_calibration_error(y, y_prob) == pytest.approx(expected, abs=1e-12)


def test_certain_and_right_has_no_error():
    assert expected_calibration_error([0, 1, 1], np.eye(2)[[0, 1, 1]]) == 0
    assert expected_calibration_error([1, 0, 0], np.eye(2)[[0, 1, 1]]) == 1


def test_net_benefit_worked_by_hand():
    y, y_prob = [1, 0, 0, 1, 0], [0.9, 0.3, 0.1, 0.4, 0.05]
    assert net_benefit(y, y_prob, threshold=0.2) == pytest.approx(2 / 5 - 1 / 5 / 4, abs=1e-12)
    # Rows at the threshold are treated; the highest is left alone at 0.95.
    expected = [2 / 5 - 3 / 5 * 0, 2 / 5 - 1 / 5 * 3 / 7, 1 / 5, 0]
    values = net_benefit(y, y_prob, threshold=[0, 0.3, 0.5, 0.95])
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)


def test_net_benefit_of_treating_everybody():
    y = np.repeat([1, 0], [20, 80])
    thresholds = np.linspace(0, 0.9, 10)
    expected = 0.2 - 0.8 * thresholds / (1 - thresholds)
    values = net_benefit(y, np.ones(100), threshold=thresholds)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)
    weighted = net_benefit([1, 0], [1, 1], threshold=thresholds, sample_weight=[20, 80])
    np.testing.assert_allclose(weighted, expected, rtol=0, atol=1e-12)


def test_what_is_no_probability():
    with pytest.raises(ValueError, match=r"rows that do not sum to 1, such as row 1 with 1\.1"):
        expected_calibration_error([0, 1], [[0.5, 0.5], [0.5, 0.6]])
    for metric in (
        expected_calibration_error,
        lambda y, p: net_benefit(y, p, threshold=0.5),
    ):
        with pytest.raises(ValueError, match=r"from -1 to 2. Expected probabilities"):
            metric([0, 1], [-1, 2])


def test_columns_and_labels_must_fit():
    with pytest.raises(ValueError, match="3 columns, but there are 2 classes"):
        expected_calibration_error([0, 1], np.full((2, 3), 1 / 3))
    with pytest.raises(ValueError, match=r"labels \['c'\], which are not in labels"):
        expected_calibration_error(["a", "c"], np.full((2, 2), 0.5), labels=["a", "b"])
    assert expected_calibration_error([0, 1], np.full((2, 3), 1 / 3), labels=[0, 1, 2]) >= 0
    for metric in (expected_calibration_error, referral_curve):
        with pytest.raises(ValueError, match=r"\[3, 2\] \(y_true, y_prob\)"):
            metric([0, 1, 1], np.eye(2))
        with pytest.raises(ValueError, match=r"labels \['0', .* not in labels, \[0, 1"):
            metric([str(label) for label in range(20)], np.eye(20), labels=range(20))
        with pytest.raises(ValueError, match=r"labels is \['b', 'a'\]\. Expected .* sorted order"):
            metric(["b", "a"], [[0.9, 0.1], [0.2, 0.8]], labels=["b", "a"])


def test_columns_of_a_frame_are_found_by_their_names():
    rng = np.random.default_rng(0)
    y, p = rng.choice(["BCC", "MEL", "NV"], 60), rng.dirichlet(np.ones(3), 60)
    frame = pd.DataFrame(p, columns=["BCC", "MEL", "NV"])[["MEL", "NV", "BCC"]]
    some = y != "BCC"
    for metric in (expected_calibration_error, referral_curve):
        np.testing.assert_array_equal(metric(y, frame), metric(y, p))
        np.testing.assert_array_equal(metric(y, pd.DataFrame(p)), metric(y, p))
        with pytest.raises(ValueError, match="name all classes if y_true lacks some"):
            metric(y[some], frame[some])
        found = metric(y[some], frame[some], labels=["BCC", "MEL", "NV"])
        np.testing.assert_array_equal(found, metric(y[some], p[some], labels=["BCC", "MEL", "NV"]))


@pytest.mark.parametrize("metric", [expected_calibration_error, partial(net_benefit, threshold=0)])
def test_a_positive_label_of_no_row_has_a_warning(metric):
    with pytest.warns(UserWarning, match=r"has pos_label='Mel'.*Did you mean 'mel'\?"):
        metric(["mel", "nv"], [0.9, 0.1], pos_label="Mel")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metric(["mel", "nv"], [0.9, 0.1], pos_label="mel")
        metric([0, 0], [0.9, 0.1])


@pytest.mark.parametrize("threshold", [1, [0.2, 1.0], -0.1, [[0.1]]])
def test_bad_threshold(threshold):
    with pytest.raises(ValueError, match="threshold"):
        net_benefit([0, 1], [0.2, 0.8], threshold=threshold)
