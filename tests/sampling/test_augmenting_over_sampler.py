import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from skin_lesion import AugmentingOverSampler, ImageAugmenter, ImageSampler, make_lesion_images

COUNTS = {"melanoma": 4, "nevus": 9, "vascular lesion": 2}
y = np.repeat(list(COUNTS), list(COUNTS.values()))[np.random.default_rng(0).permutation(15)]
PATHS = [f"{row}.png" for row in range(15)]


@pytest.fixture(scope="module")
def images():
    images = make_lesion_images(15, image_size=(32, 24), random_state=0).images
    images.setflags(write=False)
    return images


# New images


def test_fills_minority_classes(images):
    sampler = AugmentingOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(images, y)
    assert Counter(y_new.tolist()) == dict.fromkeys(COUNTS, 9)
    assert sampler.sampling_strategy_ == {"melanoma": 5, "vascular lesion": 7}
    assert X_new.shape == (27, 32, 24, 3)
    assert X_new.dtype == np.uint8
    assert sampler.n_features_in_ == 32 * 24 * 3


def test_originals_come_first_and_unchanged(images):
    sampler = AugmentingOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(images, y)
    np.testing.assert_array_equal(X_new[:15], images)
    np.testing.assert_array_equal(y_new[:15], y)
    np.testing.assert_array_equal(sampler.sample_indices_[:15], np.arange(15))


def test_new_rows_are_variants_of_rows_of_their_class(images):
    sampler = AugmentingOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(images, y)
    rows = sampler.sample_indices_
    assert len(rows) == 27
    assert len(sampler.draws_) == 12
    np.testing.assert_array_equal(y_new, y[rows])
    replayed = sampler.augmenter_.apply(images[rows[15:]], sampler.draws_)
    np.testing.assert_array_equal(X_new[15:], replayed)


def test_new_images_differ_from_all_others(images):
    X_new, _ = AugmentingOverSampler(random_state=0).fit_resample(images, y)
    assert len(np.unique(X_new.reshape(27, -1), axis=0)) == 27
    for new in X_new[15:]:
        assert (np.abs(new - images.astype(float)).mean(axis=(1, 2, 3)) > 1).all()


def test_the_augmenter_decides_what_varies(images):
    sampler = AugmentingOverSampler(
        ImageAugmenter(
            rotation=0,
            width_shift=0,
            height_shift=0,
            zoom=0,
            horizontal_flip=False,
            vertical_flip=False,
            brightness=0.3,
            contrast=0,
        ),
        random_state=0,
    )
    sampler.fit_resample(images, y)
    assert (sampler.draws_["brightness"] != 0).all()
    assert not sampler.draws_["angle"].any()
    sampler.set_params(augmenter__brightness=0)
    X_new, _ = sampler.fit_resample(images, y)
    np.testing.assert_array_equal(X_new, images[sampler.sample_indices_])


def test_rows_are_those_random_over_sampler_chooses():
    images = np.zeros((15, 4, 4, 3), dtype=np.uint8)
    sampler = AugmentingOverSampler(random_state=7).fit(images, y)
    sampler.fit_resample(images, y)
    copier = RandomOverSampler(random_state=7)
    copier.fit_resample(np.arange(15).reshape(-1, 1), y)
    np.testing.assert_array_equal(sampler.sample_indices_, copier.sample_indices_)


@pytest.mark.parametrize(
    ("sampling_strategy", "expected"),
    [
        ({"melanoma": 6}, {"melanoma": 6, "nevus": 9, "vascular lesion": 2}),
        ("minority", {"melanoma": 4, "nevus": 9, "vascular lesion": 9}),
        ("not majority", {"melanoma": 9, "nevus": 9, "vascular lesion": 9}),
        (
            lambda y: {"vascular lesion": 2 * int(np.sum(y == "vascular lesion"))},
            {"melanoma": 4, "nevus": 9, "vascular lesion": 4},
        ),
    ],
)
def test_sampling_strategy(images, sampling_strategy, expected):
    sampler = AugmentingOverSampler(sampling_strategy=sampling_strategy)
    assert Counter(sampler.fit_resample(images, y)[1].tolist()) == expected


def test_sampling_strategy_as_a_ratio_of_two_classes(images):
    is_nevus = np.array(["nevus"] * 10 + ["melanoma"] * 5)
    sampler = AugmentingOverSampler(sampling_strategy=0.8)
    assert Counter(sampler.fit_resample(images, is_nevus)[1].tolist()) == {
        "nevus": 10,
        "melanoma": 8,
    }


def test_balanced_classes_get_no_new_image(images):
    sampler = AugmentingOverSampler()
    X_new, y_new = sampler.fit_resample(images[:10], ["nevus", "melanoma"] * 5)
    np.testing.assert_array_equal(X_new, images[:10])
    assert y_new == ["nevus", "melanoma"] * 5
    assert len(sampler.draws_) == 0
    assert not any(sampler.sampling_strategy_.values())


def test_random_state(images):
    def resample(random_state, augmenter=None):
        sampler = AugmentingOverSampler(augmenter, random_state=random_state)
        return sampler.fit_resample(images, y)[0]

    np.testing.assert_array_equal(resample(0), resample(0))
    np.testing.assert_array_equal(resample(np.random.RandomState(0)), resample(0))
    assert not np.array_equal(resample(0), resample(1))
    assert not np.array_equal(resample(None), resample(None))
    # That of the augmenter has no say: copies of one row would otherwise be varied alike.
    np.testing.assert_array_equal(resample(0, ImageAugmenter(random_state=5)), resample(0))
    sampler = AugmentingOverSampler(random_state=0)
    first = sampler.fit_resample(images, y)[0]
    np.testing.assert_array_equal(sampler.fit_resample(images, y)[0], first)


# Kinds of X and y


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_dtype_is_kept(images, dtype):
    X_new, _ = AugmentingOverSampler(random_state=0).fit_resample(images.astype(dtype), y)
    assert X_new.dtype == dtype
    expected, _ = AugmentingOverSampler(random_state=0).fit_resample(images, y)
    assert np.abs(X_new - expected.astype(float)).max() < 2


@pytest.mark.parametrize(
    "to_form",
    [
        list,
        lambda y: y.astype(object),
        lambda y: pd.Series(y, name="diagnosis"),
        lambda y: pd.Series(y, dtype="category"),
        lambda y: np.unique(y, return_inverse=True)[1],
        lambda y: y == "nevus",
    ],
)
def test_type_of_y_is_kept(images, to_form):
    labels = to_form(y)
    sampler = AugmentingOverSampler(random_state=0)
    _, y_new = sampler.fit_resample(images, labels)
    assert type(y_new) is type(labels)
    np.testing.assert_array_equal(np.asarray(y_new), np.asarray(labels)[sampler.sample_indices_])
    if not isinstance(labels, list):
        assert y_new.dtype == labels.dtype
    if isinstance(labels, pd.Series):
        assert y_new.name == labels.name


@pytest.mark.parametrize("to_form", [list, tuple, lambda X: pd.Series(list(X))])
def test_images_in_a_list_become_an_array(images, to_form):
    X_new, y_new = AugmentingOverSampler(random_state=0).fit_resample(to_form(images), y.tolist())
    expected, _ = AugmentingOverSampler(random_state=0).fit_resample(images, y)
    assert isinstance(X_new, np.ndarray)
    assert X_new.dtype == np.uint8
    np.testing.assert_array_equal(X_new, expected)
    assert isinstance(y_new, list)


def test_images_of_several_sizes_in_a_list(images):
    with pytest.raises(ValueError, match=r"X holds 15 arrays of 2 shapes: \(32, 24, 3\) in 14"):
        AugmentingOverSampler().fit_resample([images[0][:30], *images[1:]], y)


def test_input_is_not_modified(images):
    X, labels, augmenter = images.copy(), y.tolist(), ImageAugmenter()
    sampler = AugmentingOverSampler(augmenter, random_state=0)
    X_new, _ = sampler.fit_resample(X, labels)
    X_new[:] = 0
    np.testing.assert_array_equal(X, images)
    assert labels == y.tolist()
    assert sampler.augmenter is augmenter
    assert sampler.augmenter_ is not augmenter
    assert not hasattr(augmenter, "draws_")


# Bad input


@pytest.mark.parametrize(
    "X",
    [
        PATHS,
        [Path(path) for path in PATHS],
        np.array(PATHS),
        np.array(PATHS).reshape(-1, 1),
        np.array(PATHS, dtype=object).reshape(-1, 1),
        pd.Series(PATHS),
        pd.DataFrame({"path": PATHS}),
    ],
)
@pytest.mark.parametrize("method", ["fit", "fit_resample"])
def test_paths_are_refused_with_two_ways_out(X, method):
    with pytest.raises(TypeError, match="X holds paths") as error:
        getattr(AugmentingOverSampler(), method)(X, y)
    for hint in ("ImageLoader", "SkinLesionClassifier(sampler=AugmentingOverSampler(...))"):
        assert hint in str(error.value)


@pytest.mark.parametrize(
    ("to_wrong", "message"),
    [
        (lambda X: X.reshape(15, -1), "Expected RGB images of shape"),
        (lambda X: np.moveaxis(X, 3, 1), "channels come first"),
        (lambda X: X[..., :1], "grey images"),
        (lambda X: X / 255, "never exceeds 1"),
        (lambda X: X - 128.0, "Expected pixels from 0 to 255"),
        (lambda X: X.astype(float) * np.nan, "NaN"),
        (lambda X: X[:14], r"inconsistent numbers of samples: \[14, 15\]"),
    ],
)
def test_bad_X(images, to_wrong, message):
    with pytest.raises(ValueError, match=message):
        AugmentingOverSampler().fit_resample(to_wrong(images), y)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (y[:14], r"inconsistent numbers of samples: \[15, 14\] \(X, y\)"),
        (["nevus"] * 15, "more than 1 class"),
        (np.linspace(0, 1, 15), "continuous"),
        ([0.0, 1.0, np.nan] * 5, "missing in 5 of 15 rows"),
        (None, "None"),
        (np.eye(4)[[*range(4), *range(4), *range(4), 3, 3, 3]][:, :3], "y has 6 of 15 .* is row 3"),
    ],
)
def test_bad_y(images, labels, message):
    with pytest.raises(ValueError, match=message):
        AugmentingOverSampler().fit_resample(images, labels)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"augmenter": "flip"}, "'augmenter' parameter of AugmentingOverSampler"),
        ({"augmenter": ImageAugmenter(zoom=2)}, "'zoom' parameter of ImageAugmenter"),
        ({"random_state": "0"}, "'random_state' parameter of AugmentingOverSampler"),
        ({"sampling_strategy": "everything"}, "'sampling_strategy' parameter"),
        ({"sampling_strategy": {"carcinoma": 20}}, "carcinoma"),
        ({"sampling_strategy": {"nevus": 3}}, "greater or equal to the original number"),
    ],
)
def test_bad_parameters(images, params, message):
    with pytest.raises(ValueError, match=message):
        AugmentingOverSampler(**params).fit_resample(images, y)


# Pipelines


def test_in_a_pipeline_it_augments_in_fit_alone(images):
    seen = []

    def flatten(X):
        seen.append(X)
        return X.reshape(len(X), -1) / 255

    pipeline = Pipeline(
        [
            ("balance", AugmentingOverSampler(random_state=0)),
            ("flatten", FunctionTransformer(flatten)),
            ("classify", LogisticRegression(max_iter=1000)),
        ]
    )
    pipeline.fit(images, y)
    pipeline.predict(images)
    expected, _ = AugmentingOverSampler(random_state=0).fit_resample(images, y)
    np.testing.assert_array_equal(seen[0], expected)
    np.testing.assert_array_equal(seen[-1], images)


# As an estimator


def test_common_checks(common_check):
    common_check(AugmentingOverSampler())


def test_every_parameter_is_checked():
    params = AugmentingOverSampler().get_params(deep=False)
    assert set(AugmentingOverSampler._parameter_constraints) == set(params)


def test_tags():
    tags = get_tags(AugmentingOverSampler())
    assert tags.estimator_type == "sampler"
    assert tags.target_tags.required
    assert not tags.input_tags.two_d_array


def test_fit_returns_self_and_counts(images):
    sampler = AugmentingOverSampler()
    assert sampler.fit(images, y) is sampler
    assert sampler.sampling_strategy_ == {"melanoma": 5, "vascular lesion": 7}


def test_clone_repr_and_pickle(images):
    sampler = AugmentingOverSampler(ImageAugmenter(zoom=0.3), random_state=0)
    assert repr(sampler) == (
        "AugmentingOverSampler(augmenter=ImageAugmenter(zoom=0.3), random_state=0)"
    )
    X_new, _ = sampler.fit_resample(images, y)
    pickled = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(pickled.draws_, sampler.draws_)
    for copy in (clone(sampler), pickled):
        np.testing.assert_array_equal(copy.fit_resample(images, y)[0], X_new)
    assert not hasattr(clone(sampler), "draws_")


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_hot_labels_keep_their_form(images, n_classes):
    numbers = np.arange(len(images)) % n_classes
    numbers[:2] = 0
    columns = pd.DataFrame(np.eye(n_classes, dtype=int)[numbers])
    for labels in (columns.to_numpy(), columns, columns.to_numpy().tolist()):
        sampler = AugmentingOverSampler(random_state=0)
        X_new, y_new = sampler.fit_resample(images, labels)
        assert type(y_new) is type(labels)
        assert np.shape(y_new) == (len(X_new), n_classes)
        np.testing.assert_array_equal(
            np.asarray(y_new), columns.to_numpy()[sampler.sample_indices_]
        )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sampler", [AugmentingOverSampler(random_state=0), ImageSampler()])
@pytest.mark.parametrize("to_form", [np.array, pd.DataFrame, list], ids=lambda form: form.__name__)
def test_a_column_of_labels_keeps_its_form(images, sampler, to_form):
    labels = to_form(y.reshape(-1, 1).tolist())
    X_new, y_new = sampler.fit_resample(images, labels)
    assert type(y_new) is type(labels)
    assert np.shape(y_new) == (len(X_new), 1)
    np.testing.assert_array_equal(np.asarray(y_new), y[sampler.sample_indices_].reshape(-1, 1))
