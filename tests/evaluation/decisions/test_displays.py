import matplotlib
import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from skin_lesion import OperatingPointDisplay, ReferralCurveDisplay, referral_curve

matplotlib.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def scores(n=60):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    return y, np.round(np.clip(rng.normal(0.3 + 0.4 * y, 0.2), 0, 1), 2)


def test_operating_points_are_those_of_scikit_learn():
    y, score = scores()
    display = OperatingPointDisplay.from_predictions(y, score)
    assert (np.diff(display.cut_offs) > 0).all()
    for place in (0, 7, -1):
        called = score >= display.cut_offs[place]
        assert display.sensitivity[place] == pytest.approx(recall_score(y, called))
        assert display.specificity[place] == pytest.approx(recall_score(1 - y, ~called))
        assert display.ppv[place] == pytest.approx(precision_score(y, called))
    assert len(display.ax_.lines) == 3
    assert len({line.get_linestyle() for line in display.ax_.lines}) == 3


def test_operating_points_that_were_chosen_are_marked():
    y, score = scores()
    _, ax = plt.subplots()
    names = np.array(["nevus", "melanoma"])[y]
    display = OperatingPointDisplay.from_predictions(
        names, score, pos_label="melanoma", thresholds={"rule out": 0.2, "rule in": 0.7}, ax=ax
    )
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert [text.get_text().strip() for text in ax.texts] == ["rule out", "rule in"]
    assert [line.get_xdata()[0] for line in ax.lines[3:]] == [0.2, 0.7]
    assert "melanoma" in ax.get_xlabel()


def test_a_positive_label_of_no_row_has_a_warning():
    with pytest.warns(UserWarning, match=r"No row of y_true has pos_label='Mel'"):
        OperatingPointDisplay.from_predictions(["mel", "nv"], [0.9, 0.1], pos_label="Mel")


def test_operating_points_of_an_estimator(lesions):
    test = lesions.test
    display = OperatingPointDisplay.from_estimator(
        lesions.model, test.X, test.y, pos_label="melanoma"
    )
    column = lesions.model.predict_proba(test.X)[:, 0]
    assert lesions.model.classes_[0] == "melanoma"
    np.testing.assert_array_equal(display.cut_offs, np.unique(column))
    with pytest.raises(ValueError, match=r"pos_label=None is not among the classes"):
        OperatingPointDisplay.from_estimator(lesions.model, test.X, test.y)


def test_referral_curve_worked_by_hand():
    # Confidences 0.5 0.5 0.6 0.9, right: no, yes, no, yes. The first two go together.
    y_prob = [[0.5, 0.5], [0.5, 0.5], [0.6, 0.4], [0.1, 0.9]]
    referred, accuracy = referral_curve(["b", "a", "b", "b"], y_prob)
    np.testing.assert_array_equal(referred, [0, 0.5, 0.75])
    np.testing.assert_array_equal(accuracy, [0.5, 0.5, 1])


def test_referral_curve_display(lesions):
    test = lesions.test
    display = ReferralCurveDisplay.from_estimator(lesions.model, test.X, test.y)
    assert display.accuracy[0] == lesions.model.score(test.X, test.y)
    assert display.referred[0] == 0
    assert display.referred[-1] < 1
    # What the model is sure of it knows better than the rest.
    assert display.accuracy[len(display.accuracy) // 2] > display.accuracy[0]
    _, ax = plt.subplots()
    assert display.plot(ax=ax).ax_ is ax


def test_referral_curve_bad_input():
    with pytest.raises(ValueError, match="Expected the probabilities of all classes"):
        referral_curve([0, 1], [0.5, 0.5])
    with pytest.raises(ValueError, match="do not sum to 1"):
        referral_curve([0, 1], [[0.5, 0.6], [0.5, 0.5]])
    with pytest.raises(ValueError, match="3 columns, but there are 2 classes"):
        referral_curve([0, 1], np.full((2, 3), 1 / 3))
