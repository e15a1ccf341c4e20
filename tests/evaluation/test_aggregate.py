import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from skin_lesion import aggregate_by_group


def test_two_classes_have_the_mean_of_their_logits():
    p = np.array([0.9, 0.6, 0.3])
    expected = [0.3, expit(logit([0.9, 0.6]).mean())]
    joined = aggregate_by_group(p, ["b", "b", "a"])
    assert joined.index.tolist() == ["a", "b"]
    np.testing.assert_allclose(joined, expected)
    of_both = aggregate_by_group(np.column_stack([1 - p, p]), ["b", "b", "a"])
    np.testing.assert_allclose(of_both[1], expected)


def test_names_of_classes_are_kept_and_rows_sum_to_one():
    rng = np.random.default_rng(0)
    y_prob = pd.DataFrame(rng.dirichlet([1, 1, 1], 50), columns=["mel", "nv", "bcc"])
    joined = aggregate_by_group(y_prob, np.arange(50) // 2)
    assert joined.columns.tolist() == ["mel", "nv", "bcc"]
    np.testing.assert_allclose(joined.sum(axis=1), 1)
    single = aggregate_by_group(y_prob, np.arange(50))
    np.testing.assert_allclose(single, y_prob)


def test_one_image_does_not_rule_out_a_class():
    joined = aggregate_by_group([[1.0, 0.0], [0.001, 0.999]], [0, 0])
    assert 0 < joined.loc[0, 1] < 0.1
    assert joined.loc[0].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("y_prob", "groups", "message"),
    [
        ([[0.5, 0.4]], [0], "do not sum to 1"),
        ([0.5, 0.4], [0], "inconsistent numbers of samples"),
        ([0.5, 0.4], [0, None], "groups"),
        ([1.5], [0], "Expected probabilities"),
    ],
)
def test_errors(y_prob, groups, message):
    with pytest.raises(ValueError, match=message):
        aggregate_by_group(y_prob, groups)
