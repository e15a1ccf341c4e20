import numpy as np
import pandas as pd
import pytest

from skin_lesion import make_lesion_images, train_test_split_by_group
from skin_lesion.datasets import _split

# Rows by class, about a tenth of the 9-class ISIC set.
ISIC_COUNTS = [11, 38, 10, 44, 36, 46, 8, 18, 14]


def lesions(class_counts, rng, largest=4):
    """Classes and groups of rows in random order; each group is of one class."""
    y, groups = [], []
    for label, count in enumerate(class_counts):
        while count > 0:
            size = min(rng.integers(1, largest + 1), count)
            lesion = f"lesion_{len(groups):04d}_{label}"
            y += [f"class {label}"] * size
            groups += [lesion] * size
            count -= size
    order = rng.permutation(len(y))
    return np.array(y)[order], np.array(groups)[order]


def split_rows(n, groups=None, **kwargs):
    return train_test_split_by_group(np.arange(n), groups=groups, **kwargs)


# What the split promises


@pytest.mark.parametrize("test_size", [0.1, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(10))
def test_groups_are_whole_and_every_class_is_on_both_sides(seed, test_size):
    y, groups = lesions(ISIC_COUNTS, np.random.default_rng(seed))
    train, test = split_rows(
        len(y), groups=groups, stratify=y, test_size=test_size, random_state=seed
    )
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
    assert not set(groups[train]) & set(groups[test])
    assert set(y[train]) == set(y[test]) == set(y)


@pytest.mark.parametrize("test_size", [0.2, 0.35, 0.5])
def test_share_of_each_class_is_as_near_as_whole_groups_allow(test_size):
    for seed in range(20):
        y, groups = lesions([40, 60, 200], np.random.default_rng(seed), largest=4)
        _, test = split_rows(
            len(y), groups=groups, stratify=y, test_size=test_size, random_state=seed
        )
        for name in np.unique(y):
            n_rows = np.sum(y == name)
            assert abs(np.sum(y[test] == name) - test_size * n_rows) <= 4  # a group


def test_without_groups_the_share_of_each_class_is_exact():
    y = np.repeat(["a", "b"], [100, 20])
    _, test = split_rows(120, stratify=y, test_size=0.25, random_state=0)
    assert np.sum(y[test] == "a") == 25
    assert np.sum(y[test] == "b") == 5


def test_share_is_unbiased_over_random_states():
    y, groups = lesions([31, 53, 97], np.random.default_rng(0))
    shares = [
        len(split_rows(181, groups=groups, stratify=y, test_size=0.3, random_state=seed)[1]) / 181
        for seed in range(100)
    ]
    assert abs(np.mean(shares) - 0.3) < 0.01


def test_share_of_many_small_classes_is_not_rounded_down_in_each():
    y = np.repeat(np.arange(9), 10)  # a quarter of each class is 2.5 rows
    shares = [len(split_rows(90, stratify=y, test_size=0.25, random_state=i)[1]) for i in range(20)]
    assert abs(np.mean(shares) - 22.5) <= 2


def test_groups_of_every_size_and_place_are_equally_likely():
    rng = np.random.default_rng(0)
    sizes = rng.permutation(np.repeat([1, 2, 3, 4], 20))
    groups = np.repeat(np.arange(80), sizes)
    n_states = 300
    times_in_test = np.zeros(80)
    for seed in range(n_states):
        _, test = split_rows(len(groups), groups=groups, test_size=0.25, random_state=seed)
        times_in_test[np.unique(groups[test])] += 1
    share = times_in_test / n_states
    for size in (1, 2, 3, 4):
        assert abs(share[sizes == size].mean() - 0.25) < 0.03
    for quarter in np.split(share, 4):
        assert abs(quarter.mean() - 0.25) < 0.03
    assert share.min() > 0.1
    assert share.max() < 0.4


def test_groups_that_no_other_is_like_are_equally_likely():
    """As patients are, who have several lesions of several classes."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 1 + rng.poisson(4, 40))
    y = rng.choice(7, len(groups), p=[0.4, 0.2, 0.1, 0.1, 0.08, 0.07, 0.05])
    times_in_test, tests = np.zeros(40), set()
    for seed in range(60):
        _, test = split_rows(len(y), groups=groups, stratify=y, random_state=seed)
        times_in_test[np.unique(groups[test])] += 1
        tests.add(tuple(test))
    assert len(tests) > 50
    assert times_in_test.min() > 0
    assert times_in_test.max() < 40


def test_a_class_of_two_groups_has_one_on_each_side():
    y = np.repeat(["common", "rare"], [50, 7])
    groups = np.r_[np.arange(50), [100] * 6, 101]
    for seed in range(20):
        _, test = split_rows(57, groups=groups, stratify=y, test_size=0.2, random_state=seed)
        # 1 of 7 rows is nearer to a fifth than 6 are.
        assert {100, 101} & set(groups[test]) == {101}


@pytest.mark.parametrize("random_state", range(10))
def test_groups_of_two_classes(random_state):
    """As when one image is filed under two classes."""
    rng = np.random.default_rng(random_state)
    y, groups = lesions([60, 40, 12], rng)
    for _ in range(5):  # a lesion of class 0 is also filed as class 1 or 2
        row = rng.choice(np.flatnonzero(y == "class 0"))
        other = rng.choice(np.flatnonzero(y != "class 0"))
        groups[groups == groups[other]] = groups[row]
    train, test = split_rows(
        len(y), groups=groups, stratify=y, test_size=0.25, random_state=random_state
    )
    assert not set(groups[train]) & set(groups[test])
    assert set(y[train]) == set(y[test]) == set(y)
    assert abs(len(test) / len(y) - 0.25) < 0.06


def test_rare_class_in_groups_of_a_common_one_is_on_both_sides():
    # Drawn with the common class, both rows of "rare" would often be on one side.
    y = np.array((["common"] * 3 + ["rare"]) * 2 + ["common"] * 40)
    groups = np.r_[[0] * 4, [1] * 4, np.arange(2, 42)]
    for seed in range(20):
        train, test = split_rows(48, groups=groups, stratify=y, test_size=0.2, random_state=seed)
        assert "rare" in y[train]
        assert "rare" in y[test]


@pytest.mark.parametrize("y", ["ABAB", "ABBA", "BAAB", "BABA"])
def test_two_groups_of_two_equally_rare_classes(y):
    train, test = split_rows(
        4, groups=[1, 1, 2, 2], stratify=list(y), test_size=0.5, random_state=0
    )
    assert sorted([train.tolist(), test.tolist()]) == [[0, 1], [2, 3]]


def patients_of_mixed_lesions(rng):
    """As in ISIC 2020: few rows of a rare class, in a fifth of the patients, among many others."""
    sizes = rng.geometric(1 / 16, size=600)
    groups = np.repeat(np.arange(600), sizes)
    has_melanoma = np.repeat(rng.random(600) < 0.2, sizes)
    y = np.where(has_melanoma & (rng.random(len(groups)) < 0.08), "melanoma", "nevus")
    return y, groups


@pytest.mark.parametrize("test_size", [0.1, 0.2, 0.35])
def test_share_of_a_rare_class_within_patients(test_size):
    y, groups = patients_of_mixed_lesions(np.random.default_rng(0))
    sides = set()
    for seed in range(20):
        _, test = split_rows(
            len(y), groups=groups, stratify=y, test_size=test_size, random_state=seed
        )
        assert abs(len(test) / len(y) - test_size) < 0.002
        assert abs(np.mean(np.isin(np.flatnonzero(y == "melanoma"), test)) - test_size) < 0.005
        sides.add(tuple(groups[test]))
    assert len(sides) == 20


def test_a_large_group_does_not_decide_the_share():
    groups = np.r_[[0] * 70, np.arange(1, 31)]
    for seed in range(20):
        assert len(split_rows(100, groups=groups, test_size=0.2, random_state=seed)[1]) == 20


def test_a_group_that_fits_on_neither_side_is_said():
    with pytest.warns(UserWarning, match=r"18 of 100 rows \(largest group: 82\)\. .* 0\.2") as said:
        split_rows(100, groups=np.r_[[0] * 82, np.arange(18) + 1], test_size=0.2, random_state=0)
    assert said[0].filename == __file__
    y = np.repeat(["nevus", "melanoma"], [100, 30])
    groups = np.r_[np.arange(100), [100] * 15, [101] * 15]
    with pytest.warns(UserWarning, match=r"15 of 30 rows of class 'melanoma' \(largest group: 15"):
        split_rows(130, groups=groups, stratify=y, test_size=0.2, random_state=0)


# Parameters


def test_test_size_as_a_number_of_rows():
    train, test = split_rows(40, test_size=7, random_state=0)
    assert (len(train), len(test)) == (33, 7)
    y = np.repeat(["a", "b"], 20)
    _, test = split_rows(40, stratify=y, test_size=10, random_state=0)
    assert np.unique(y[test], return_counts=True)[1].tolist() == [5, 5]
    assert len(split_rows(40, test_size=np.int64(7), random_state=0)[1]) == 7


def test_default_test_size_is_a_fifth():
    assert len(split_rows(50, random_state=0)[1]) == 10


def test_extreme_test_sizes_leave_a_group_on_either_side():
    groups = np.repeat(np.arange(5), 10)
    for test_size, n_test in [(0.001, 10), (1, 10), (0.999, 40), (49, 40)]:
        with pytest.warns(UserWarning, match=rf"{n_test} of 50 rows \(largest group: 10"):
            _, test = split_rows(50, groups=groups, test_size=test_size, random_state=0)
        assert len(test) == n_test


def test_random_state():
    def test_side(random_state):
        return split_rows(60, test_size=0.3, random_state=random_state)[1].tolist()

    assert test_side(0) == test_side(0) == test_side(np.random.RandomState(0))
    assert test_side(0) != test_side(1)
    assert test_side(None) != test_side(None)  # one chance in 10 ** 16
    rng = np.random.RandomState(0)
    assert test_side(rng) != test_side(rng)


def test_the_split_depends_on_neither_the_names_of_groups_nor_the_arrays():
    y, groups = lesions([20, 40], np.random.default_rng(0))
    train, test = split_rows(60, groups=groups, stratify=y, random_state=0)
    renamed = [f"patient {name}" for name in groups]
    _, _, rows_train, rows_test = train_test_split_by_group(
        y, np.arange(60), groups=renamed, stratify=y, random_state=0
    )
    np.testing.assert_array_equal(rows_train, train)
    np.testing.assert_array_equal(rows_test, test)


# Arrays


def test_every_kind_of_array_keeps_its_type_and_its_rows_together():
    images = np.arange(12 * 4 * 5 * 3).reshape(12, 4, 5, 3).astype(np.uint8)
    arrays = [
        images,
        np.array([f"{i}.png" for i in range(12)]).reshape(-1, 1),
        [f"{i}.png" for i in range(12)],
        pd.DataFrame({"row": range(12), "path": list("abcdefghijkl")}, index=range(100, 112)),
        pd.Series(range(12), name="row", index=range(100, 112)),
    ]
    split = train_test_split_by_group(*arrays, groups=None, test_size=0.25, random_state=0)
    train, test = split_rows(12, test_size=0.25, random_state=0)
    assert len(split) == 10
    for (on_train, on_test), array in zip(
        zip(split[::2], split[1::2], strict=True), arrays, strict=True
    ):
        assert type(on_train) is type(on_test) is type(array)
        assert (len(on_train), len(on_test)) == (9, 3)
    np.testing.assert_array_equal(split[0], images[train])
    np.testing.assert_array_equal(split[3][:, 0], [f"{i}.png" for i in test])
    assert split[4] == [f"{i}.png" for i in train]
    pd.testing.assert_frame_equal(split[7], arrays[3].iloc[test])
    assert split[8].index.tolist() == (100 + train).tolist()


def test_rows_stay_in_order():
    y, groups = lesions(ISIC_COUNTS, np.random.default_rng(0))
    for rows in split_rows(len(y), groups=groups, stratify=y, random_state=0):
        assert (np.diff(rows) > 0).all()


def test_input_is_left_as_it_is():
    y, groups = lesions([10, 20], np.random.default_rng(0))
    X = np.arange(30)
    for array in (X, y, groups):
        array.setflags(write=False)
    train, _ = train_test_split_by_group(X, groups=groups, stratify=y, random_state=0)
    train[:] = -1
    np.testing.assert_array_equal(X, np.arange(30))


@pytest.mark.parametrize(
    "to_form", [list, np.array, pd.Series, pd.Categorical, lambda y: np.array(y, dtype=object)]
)
def test_forms_of_classes_and_groups(to_form):
    y, groups = lesions([20, 40], np.random.default_rng(0))
    expected = split_rows(60, groups=groups, stratify=y, random_state=0)
    for rows, expected_rows in zip(
        split_rows(
            60, groups=to_form(groups.tolist()), stratify=to_form(y.tolist()), random_state=0
        ),
        expected,
        strict=True,
    ):
        np.testing.assert_array_equal(rows, expected_rows)


def test_twice_gives_training_validation_and_test_sets():
    drawn = make_lesion_images(
        90, n_classes=3, images_per_lesion=1.5, image_size=(16, 16), random_state=0
    )
    X, X_test, y, y_test, groups, groups_test = train_test_split_by_group(
        drawn.images,
        drawn.target,
        drawn.groups,
        groups=drawn.groups,
        stratify=drawn.target,
        test_size=0.2,
        random_state=0,
    )
    X_train, X_val, y_train, y_val, groups_train, groups_val = train_test_split_by_group(
        X, y, groups, groups=groups, stratify=y, test_size=0.25, random_state=0
    )
    for part in (X_train, X_val, X_test):
        assert part.shape[1:] == (16, 16, 3)
    for part, share in ((y_train, 0.6), (y_val, 0.2), (y_test, 0.2)):
        assert set(part) == set(drawn.target_names)
        assert abs(len(part) / 90 - share) < 0.06
    sides = [set(groups_train), set(groups_val), set(groups_test)]
    assert sum(map(len, sides)) == len(set.union(*sides)) == len(set(drawn.groups))


# Errors


@pytest.mark.parametrize(
    "wrong",
    [{"groups": [0] * 9}, {"stratify": ["a"] * 11}, {"groups": range(10), "stratify": ["a"] * 9}],
)
def test_lengths_differ(wrong):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        split_rows(10, **wrong)


def test_lengths_of_arrays_differ():
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[10, 9\]"):
        train_test_split_by_group(np.arange(10), list(range(9)), groups=None)


def test_groups_must_be_named():
    """Lesions among the arrays, but not as groups, would be split like rows."""
    with pytest.raises(TypeError, match="'groups'"):
        train_test_split_by_group(np.arange(10), list("aabbccddee"))


def test_tables_in_another_order():
    y = pd.Series(["nevus", "melanoma"] * 3, index=list("abcdef"))
    with pytest.raises(ValueError, match="stratify has the index of groups in another order"):
        train_test_split_by_group(np.arange(6), groups=y[::-1], stratify=y)


def test_no_array():
    with pytest.raises(ValueError, match=r"arrays\[1\] is None.*Leave it out, or pass the groups"):
        train_test_split_by_group([1, 2], None, groups=None)
    with pytest.raises(ValueError, match="Expected at least one, such as X or y"):
        train_test_split_by_group(groups=[0, 1])


def test_class_of_one_group_is_named():
    y = np.array(["nevus"] * 10 + ["melanoma"] * 3)
    groups = np.r_[np.arange(10), [20] * 3]
    with pytest.raises(ValueError, match=r"'melanoma' has 3 row\(s\) in 1 group") as error:
        split_rows(13, groups=groups, stratify=y)
    for hint in ("at least 2 groups", "Add images", "leave the class out"):
        assert hint in str(error.value)


def test_classes_that_no_draw_divides_are_named():
    with pytest.raises(ValueError, match=r"has 2 row.* in 2 group.*none of 20 draws.*another"):
        split_rows(6, groups=[1, 1, 2, 2, 3, 3], stratify=list("abacbc"), random_state=0)


def test_class_of_one_row_is_named():
    with pytest.raises(ValueError, match=r"'melanoma' has 1 row\(s\) in 1 group"):
        split_rows(5, stratify=["nevus"] * 4 + ["melanoma"])


@pytest.mark.parametrize("test_size", [0, 0.0, 1.0, -1, -0.2, 1.5, "0.2", None])
def test_bad_test_size(test_size):
    with pytest.raises(ValueError, match="'test_size' parameter of train_test_split_by_group"):
        split_rows(10, test_size=test_size)


@pytest.mark.parametrize("test_size", [10, 11])
def test_test_size_that_leaves_no_training_rows(test_size):
    with pytest.raises(ValueError, match=rf"test_size={test_size} leaves none of 10 rows"):
        split_rows(10, test_size=test_size)


def test_bad_random_state():
    with pytest.raises(ValueError, match="'random_state' parameter"):
        split_rows(10, random_state="0")


@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize("name", ["groups", "stratify"])
def test_missing_groups_and_classes_are_counted(name, missing):
    values = np.array(["a", "b", missing, "a", "b", missing], dtype=object)
    with pytest.raises(ValueError, match=rf"{name} is missing in 2 of 6 rows. .* row 2"):
        split_rows(6, **{name: values})


def test_number_of_test_rows_is_met_over_many_small_classes():
    y = np.repeat([f"class {i}" for i in range(9)], 10)
    for seed in range(10):
        _, test = split_rows(90, stratify=y, test_size=23, random_state=seed)
        assert abs(len(test) - 23) <= 1


def test_groups_with_the_same_rows_in_each_class_are_measured_once(monkeypatch):
    """Each move of 16,577 images of 114 classes took a second otherwise."""
    measured, original = [], _split._measure

    def measure(held, *arguments):
        measured.append(np.size(held) // held.shape[-1])
        return original(held, *arguments)

    monkeypatch.setattr(_split, "_measure", measure)
    split_rows(3000, stratify=np.arange(3000) % 30, random_state=0)
    assert max(measured) == 60  # a row of each class into the test set, or out of it


@pytest.mark.parametrize(("n_rows", "found"), [(1, "1 row"), (5, "5 rows")])
def test_one_group_cannot_be_split(n_rows, found):
    with pytest.raises(ValueError, match=f"Found {found} in one group. Expected at least two"):
        train_test_split_by_group(list(range(n_rows)), groups=["a"] * n_rows)
