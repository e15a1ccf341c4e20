import numpy as np
import pandas as pd
import pytest

from skin_lesion._utils.linked_groups import link_groups, merge_groups


def assert_same_partition(ids, expected):
    """Whatever the numbers are: rows have equal ones where `expected` has."""
    np.testing.assert_array_equal(pd.factorize(ids)[0], pd.factorize(np.asarray(expected))[0])


def test_links_join_groups_whole():
    groups = np.array([0, 0, 1, 2, 3, 3])
    linked = link_groups(groups, np.array([1, 2]), np.array([2, 4]))
    assert_same_partition(linked, [0, 0, 0, 1, 0, 0])


def test_without_links_groups_stay_whole():
    groups, nothing = np.array([1, 0, 1]), np.array([], dtype=int)
    assert_same_partition(link_groups(groups, nothing, nothing), groups)


def test_groups_that_share_content_become_one():
    merged = merge_groups(["a", "a", "b", "c"], np.array([0, 1, 1, 2]))
    assert_same_partition(merged, [0, 0, 0, 1])


def test_merging_goes_over_any_number_of_steps():
    # Row i shares its group with one neighbour and its content with the other.
    n = 501
    groups, content_ids = np.arange(n) // 2, (np.arange(n) + 1) // 2
    assert len(set(merge_groups(groups, content_ids))) == 1
    cut = content_ids.copy()
    cut[251:] += n  # between the rows 250 and 251, of two groups, no content is shared any more
    groups[251:] += n
    assert_same_partition(merge_groups(groups, cut), np.arange(n) > 250)


def test_without_groups_content_is_the_group():
    content_ids = np.array([0, 1, 0, 2])
    assert_same_partition(merge_groups(None, content_ids), content_ids)


def test_without_copies_groups_stay():
    groups = np.array(["b", "a", "b", "c"])
    assert_same_partition(merge_groups(groups, np.arange(4)), groups)


@pytest.mark.parametrize("to_form", [list, np.array, pd.Series, lambda g: np.array(g, object)])
def test_forms_of_groups(to_form):
    groups = to_form(["x", "y", "x", "z"])
    assert_same_partition(merge_groups(groups, np.array([0, 1, 2, 1])), [0, 1, 0, 1])


@pytest.mark.parametrize("seed", range(20))
def test_merged_groups_against_joining_one_pair_after_the_other(seed):
    rng = np.random.default_rng(seed)
    groups, content_ids = rng.integers(0, 12, 20), rng.integers(0, 15, 20)
    joined = np.arange(20)
    for ids in (groups, content_ids) * 20:
        for value in np.unique(ids):
            joined[ids == value] = joined[ids == value].min()
    assert_same_partition(merge_groups(groups, content_ids), joined)
