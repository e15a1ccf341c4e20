import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import ADASYN, SMOTE, SMOTEN, SMOTENC, RandomOverSampler
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import NearMiss, RandomUnderSampler, TomekLinks
from PIL import Image
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from skin_lesion import ImageLoader, ImageSampler, make_lesion_images

COUNTS = {"melanoma": 4, "nevus": 9, "vascular lesion": 2}
y = np.repeat(list(COUNTS), list(COUNTS.values()))[np.random.default_rng(0).permutation(15)]
PATHS = [f"{row}.png" for row in range(15)]


@pytest.fixture(scope="module")
def images():
    images = make_lesion_images(15, image_size=(16, 16), random_state=0).images
    images.setflags(write=False)
    return images


@pytest.fixture
def paths(images, tmp_path):
    """A column of paths to images that are as red as they are rare."""
    paths = []
    for row, name in enumerate(y):
        paths.append(str(tmp_path / f"{row}.png"))
        Image.new("RGB", (16, 16), (250 - 20 * COUNTS[name], 90, 80)).save(paths[-1])
    return np.array(paths).reshape(-1, 1)


def flatten():
    return FunctionTransformer(lambda images: images.reshape(len(images), -1) / 255)


# Rows


def test_oversamples_by_default(images):
    sampler = ImageSampler()
    X_new, y_new = sampler.fit_resample(images, y)
    assert Counter(y_new.tolist()) == dict.fromkeys(COUNTS, 9)
    assert isinstance(sampler.sampler_, RandomOverSampler)
    assert X_new.shape == (27, 16, 16, 3)
    assert X_new.dtype == np.uint8
    # imbalanced-learn's order: all rows first.
    np.testing.assert_array_equal(X_new[:15], images)
    np.testing.assert_array_equal(y_new[:15], y)


def test_undersamples(images):
    sampler = ImageSampler(RandomUnderSampler(random_state=0))
    X_new, y_new = sampler.fit_resample(images, y)
    assert Counter(y_new.tolist()) == dict.fromkeys(COUNTS, 2)
    assert X_new.shape == (6, 16, 16, 3)
    assert len(set(sampler.sample_indices_)) == 6


@pytest.mark.parametrize(
    "sampler",
    [
        None,
        RandomOverSampler(random_state=3),
        RandomOverSampler(sampling_strategy="all", random_state=3),
        RandomUnderSampler(random_state=3),
        RandomUnderSampler(replacement=True, random_state=3),
    ],
)
def test_sample_indices_are_the_rows_returned(images, sampler):
    sampler = ImageSampler(sampler)
    X_new, y_new = sampler.fit_resample(images, y)
    np.testing.assert_array_equal(X_new, images[sampler.sample_indices_])
    np.testing.assert_array_equal(y_new, y[sampler.sample_indices_])


@pytest.mark.parametrize("sampler", [RandomOverSampler, RandomUnderSampler])
def test_the_rows_are_those_imbalanced_learn_chooses(sampler):
    X = np.arange(15).reshape(-1, 1)
    expected, expected_y = sampler(random_state=5).fit_resample(X, y)
    X_new, y_new = ImageSampler(sampler(random_state=5)).fit_resample(X, y)
    np.testing.assert_array_equal(X_new, expected)
    np.testing.assert_array_equal(y_new, expected_y)


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (
            RandomOverSampler(sampling_strategy={"melanoma": 6, "vascular lesion": 3}),
            {"melanoma": 6, "nevus": 9, "vascular lesion": 3},
        ),
        (
            RandomOverSampler(sampling_strategy="minority"),
            {"melanoma": 4, "nevus": 9, "vascular lesion": 9},
        ),
        (
            RandomUnderSampler(sampling_strategy={"nevus": 5}),
            {"melanoma": 4, "nevus": 5, "vascular lesion": 2},
        ),
    ],
)
def test_sampling_strategy(images, sampler, expected):
    sampler = ImageSampler(sampler)
    _, y_new = sampler.fit_resample(images, y)
    assert Counter(y_new.tolist()) == expected
    assert sampler.sampling_strategy_ == sampler.sampler_.sampling_strategy_
    assert all(name in COUNTS for name in sampler.sampling_strategy_)


def test_rows_are_chosen_by_random_state(images):
    def rows(random_state):
        sampler = ImageSampler(RandomUnderSampler(random_state=random_state))
        sampler.fit_resample(images, y)
        return sampler.sample_indices_.tolist()

    assert rows(0) == rows(0)
    assert rows(0) != rows(1)
    sampler = ImageSampler(RandomUnderSampler(random_state=0))
    first = sampler.fit_resample(images, y)[0]
    np.testing.assert_array_equal(sampler.fit_resample(images, y)[0], first)


# Kinds of X and y


def same(a, b):
    np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize(
    "to_form",
    [
        lambda names: np.array(names),
        lambda names: np.array(names).reshape(-1, 1),
        lambda names: np.array(names, dtype=object).reshape(-1, 1),
        list,
        lambda names: pd.Series(names, name="path", index=range(100, 115)),
        lambda names: pd.DataFrame({"path": names, "age": range(15)}),
        lambda names: np.random.default_rng(0).random((15, 6)),
        lambda names: np.random.default_rng(0).random((15, 4, 5, 6, 2)),
    ],
)
def test_any_kind_of_X(to_form):
    X = to_form(PATHS)
    sampler = ImageSampler(RandomOverSampler(random_state=0))
    X_new, _ = sampler.fit_resample(X, y)
    assert type(X_new) is type(X)
    assert len(X_new) == 27
    if isinstance(X, list):
        assert X_new == [X[row] for row in sampler.sample_indices_]
    else:
        same(X_new, np.asarray(X)[sampler.sample_indices_])
        assert np.shape(X_new)[1:] == np.shape(X)[1:]
    if isinstance(X, pd.DataFrame):
        assert X_new.columns.tolist() == ["path", "age"]
        assert X_new.dtypes.tolist() == X.dtypes.tolist()


@pytest.mark.parametrize(
    "to_form",
    [
        list,
        lambda y: y.astype(object),
        pd.Series,
        lambda y: pd.Series(y, dtype="category", name="diagnosis"),
        lambda y: np.unique(y, return_inverse=True)[1],
        lambda y: np.unique(y, return_inverse=True)[1].astype(np.int8),
        lambda y: y == "nevus",
        lambda y: (y == "nevus").astype(object),
    ],
)
def test_type_of_y_is_kept(images, to_form):
    labels = to_form(y)
    sampler = ImageSampler(RandomUnderSampler(random_state=0))
    _, y_new = sampler.fit_resample(images, labels)
    assert type(y_new) is type(labels)
    same(y_new, np.asarray(labels)[sampler.sample_indices_])
    if not isinstance(labels, list):
        assert y_new.dtype == labels.dtype
    if isinstance(labels, pd.Series):
        assert y_new.name == labels.name


def test_input_is_not_modified():
    X, labels = PATHS.copy(), y.tolist()
    sampler = RandomOverSampler(random_state=0)
    ImageSampler(sampler).fit_resample(X, labels)
    assert X == PATHS
    assert labels == y.tolist()
    assert not hasattr(sampler, "sample_indices_")  # a clone is fitted
    pixels = np.zeros((15, 4, 4, 3), dtype=np.uint8)
    ImageSampler(RandomUnderSampler()).fit_resample(pixels, y)[0][:] = 1
    assert not pixels.any()


# Samplers that are refused, and one's own


class BaseOfAnother(BaseOverSampler):
    """Of imbalanced-learn's kind; its tags do not say that it has no need of features."""

    def _fit_resample(self, X, y):
        raise AssertionError


@pytest.mark.parametrize(
    "sampler",
    [
        SMOTE(),
        SMOTEN(),  # takes text, but makes new rows
        SMOTENC([0]),
        ADASYN(),
        NearMiss(),
        TomekLinks(),
        SMOTETomek(),
        BaseOfAnother(),
        RandomOverSampler(shrinkage=0.1),
        RandomOverSampler(shrinkage={"melanoma": 0.5}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["fit", "fit_resample"])
def test_samplers_in_feature_space_are_refused(images, sampler, method):
    with pytest.raises(TypeError, match="feature space") as error:
        getattr(ImageSampler(sampler), method)(images, y)
    assert str(error.value).startswith(repr(sampler))
    for hint in ("AugmentingOverSampler", "RandomUnderSampler", "imblearn Pipeline"):
        assert hint in str(error.value)


class FirstOfEachClass(BaseEstimator):
    """Chooses rows by label alone, and knows nothing of imbalanced-learn."""

    def __init__(self, n_rows=1):
        self.n_rows = n_rows

    def fit_resample(self, X, y):
        chosen = [np.flatnonzero(y == name)[: self.n_rows] for name in np.unique(y)]
        self.sample_indices_ = np.concatenate(chosen)
        return X[self.sample_indices_], y[self.sample_indices_]


class Silent(FirstOfEachClass):
    def fit_resample(self, X, y):
        result = super().fit_resample(X, y)
        del self.sample_indices_
        return result


class StrongerOverSampler(RandomOverSampler):
    """Of another module than imbalanced-learn's, but by label like its parent."""


def test_a_sampler_of_ones_own(images):
    sampler = ImageSampler(FirstOfEachClass(n_rows=2))
    X_new, y_new = sampler.fit_resample(images, y)
    assert Counter(y_new.tolist()) == dict.fromkeys(COUNTS, 2)
    np.testing.assert_array_equal(X_new, images[sampler.sample_indices_])
    assert sampler.sampling_strategy_ is None
    assert len(ImageSampler(StrongerOverSampler()).fit_resample(images, y)[0]) == 27


def test_a_sampler_that_does_not_say_which_rows_it_chose(images):
    with pytest.raises(TypeError, match=r"Silent\(\) has no sample_indices_ after fit_resample"):
        ImageSampler(Silent()).fit_resample(images, y)


@pytest.mark.parametrize("sampler", ["RandomOverSampler", 1, LogisticRegression()])
def test_no_sampler(images, sampler):
    with pytest.raises(ValueError, match="'sampler' parameter of ImageSampler"):
        ImageSampler(sampler).fit_resample(images, y)


# Bad input


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (y[:14], r"inconsistent numbers of samples: \[15, 14\] \(X, y\)"),
        (["nevus"] * 15, "more than 1 class"),
        (np.linspace(0, 1, 15), "continuous"),
        ([0.0, 1.0, np.nan] * 5, "missing in 5 of 15 rows"),
        (np.eye(3)[[0, 1, 2] * 5], "1d array"),
        (None, "None"),
    ],
)
def test_bad_y(images, labels, message):
    with pytest.raises(ValueError, match=message):
        ImageSampler().fit_resample(images, labels)


def test_class_that_is_not_there(images):
    sampler = ImageSampler(RandomOverSampler(sampling_strategy={"carcinoma": 5}))
    with pytest.raises(ValueError, match="carcinoma"):
        sampler.fit_resample(images, y)


# Pipelines


def test_in_a_pipeline_it_samples_in_fit_alone(images):
    pipeline = Pipeline(
        [
            ("balance", ImageSampler()),
            ("flatten", flatten()),
            ("classify", LogisticRegression(max_iter=1000)),
        ]
    )
    pipeline.fit(images, y)
    assert Counter(y[pipeline["balance"].sample_indices_].tolist()) == dict.fromkeys(COUNTS, 9)
    assert pipeline.predict(images).shape == (15,)


@pytest.mark.parametrize(
    "sampler",
    [
        ImageSampler(RandomOverSampler(random_state=0)),
        ImageSampler(RandomUnderSampler(random_state=0)),
        RandomOverSampler(random_state=0),
        RandomUnderSampler(random_state=0),
    ],
    ids=repr,
)
def test_on_paths_ahead_of_the_loader(paths, sampler):
    pipeline = Pipeline(
        [
            ("balance", sampler),
            ("load", ImageLoader((16, 16))),
            ("flatten", flatten()),
            ("classify", LogisticRegression(C=1000)),
        ]
    )
    pipeline.fit(paths, y)
    n_each = set(Counter(y[pipeline["balance"].sample_indices_].tolist()).values())
    assert n_each in ({9}, {2})
    assert pipeline.predict(paths).tolist() == y.tolist()


def test_a_search_reaches_the_inner_sampler():
    sampler = ImageSampler(RandomOverSampler())
    sampler.set_params(sampler__sampling_strategy={"vascular lesion": 5}, sampler__random_state=0)
    _, y_new = sampler.fit_resample(list(range(15)), y)
    assert Counter(y_new.tolist())["vascular lesion"] == 5


# As an estimator


def test_common_checks(common_check):
    common_check(ImageSampler())


def test_every_parameter_is_checked():
    assert set(ImageSampler._parameter_constraints) == set(ImageSampler().get_params(deep=False))


def test_tags():
    tags = get_tags(ImageSampler())
    assert tags.estimator_type == "sampler"
    assert tags.target_tags.required
    assert tags.input_tags.string


def test_fit_returns_self_and_counts(images):
    sampler = ImageSampler()
    assert sampler.fit(images, y) is sampler
    assert sampler.sampling_strategy_ == {"melanoma": 5, "vascular lesion": 7}


def test_clone_repr_and_pickle(images):
    sampler = ImageSampler(RandomUnderSampler(random_state=0))
    assert repr(sampler) == "ImageSampler(sampler=RandomUnderSampler(random_state=0))"
    X_new, _ = sampler.fit_resample(images, y)
    pickled = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(pickled.sample_indices_, sampler.sample_indices_)
    for copy in (clone(sampler), pickled):
        np.testing.assert_array_equal(copy.fit_resample(images, y)[0], X_new)
    assert not hasattr(clone(sampler), "sample_indices_")


def test_descendants_of_samplers_in_feature_space_are_refused():
    class Mine(NearMiss):
        pass

    with pytest.raises(TypeError, match="AugmentingOverSampler"):
        ImageSampler(Mine()).fit_resample([[0], [1], [2]], ["a", "a", "b"])
