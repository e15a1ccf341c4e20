"""What ColorConstancy, HairRemover and BorderCropper have in common."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from skin_lesion import BorderCropper, ColorConstancy, HairRemover, make_lesion_images

TRANSFORMERS = [
    ColorConstancy(),
    ColorConstancy("gray_world", gamma=2.2),
    ColorConstancy("max_rgb"),
    HairRemover(),
    BorderCropper(),
    BorderCropper(corners="cut"),
]
DTYPES = [np.uint8, np.float32, np.float64]

every_transformer = pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)


@pytest.fixture(scope="module")
def images():
    """Hairy, dark at two sides, and of a colour cast, for all to have something to do."""
    lesions = make_lesion_images(12, n_classes=2, image_size=(48, 60), random_state=1)
    images = np.rint(lesions.images * [1.0, 0.9, 0.8]).astype(np.uint8)
    images[:, 10:12, 5:] = 30
    images[:, :3] = images[:, :, :5] = 3
    images.setflags(write=False)  # nothing may be written into what the caller passed
    return images


def noise(*shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)


def one_by_one(transformer, images):
    return [transformer.transform(image) for image in images]


def assert_all_equal(images, others):
    assert len(images) == len(others)
    for image, other in zip(images, others, strict=True):
        assert image.dtype == other.dtype
        np.testing.assert_array_equal(image, other)


# Forms of X


@every_transformer
def test_all_have_something_to_do(transformer, images):
    assert (transformer.transform(images) != images).any()


@every_transformer
@pytest.mark.parametrize("dtype", DTYPES)
def test_stack_keeps_shape_and_dtype(transformer, images, dtype):
    X = images.astype(dtype)
    before = X.copy()
    cleaned = transformer.transform(X)
    assert cleaned.shape == X.shape
    assert cleaned.dtype == dtype
    assert np.isfinite(cleaned).all()
    assert cleaned.min() >= 0
    assert cleaned.max() <= 255
    assert not np.shares_memory(cleaned, X)
    np.testing.assert_array_equal(X, before)


@every_transformer
@pytest.mark.parametrize("dtype", [*DTYPES, np.float16])
def test_single_image_is_taken_like_one_of_a_list(transformer, images, dtype):
    image = images[0].astype(dtype)
    cleaned = transformer.transform(image)
    assert cleaned.ndim == 3
    assert cleaned.dtype == dtype
    assert not np.shares_memory(cleaned, image)
    (of_list,) = transformer.transform([image])
    np.testing.assert_array_equal(cleaned, of_list)


@every_transformer
def test_images_of_several_sizes(transformer, images):
    several = [images[0], images[1][:30], images[2][:, 5:].astype(np.float32)]
    cleaned = transformer.transform(several)
    assert isinstance(cleaned, list)
    assert_all_equal(cleaned, one_by_one(transformer, several))

    array = np.empty(3, dtype=object)
    array[:] = several
    for X in (array, pd.Series(several)):
        cleaned = transformer.transform(X)
        assert cleaned.shape == (3,)
        assert cleaned.dtype == object
        assert_all_equal(cleaned, one_by_one(transformer, several))
    assert_all_equal(transformer.transform(tuple(several)), one_by_one(transformer, several))


@every_transformer
def test_whole_numbers_lists_and_pillow_images(transformer, images):
    expected = transformer.transform(images)
    for X in (images.astype(np.int64), images.tolist()):
        cleaned = transformer.transform(X)
        assert cleaned.dtype == np.uint8
        np.testing.assert_array_equal(cleaned, expected)
    photographs = [Image.fromarray(image) for image in images[:2]]
    assert_all_equal(transformer.transform(photographs), one_by_one(transformer, images[:2]))


@every_transformer
def test_views_and_fortran_order(transformer, images):
    for view in (images[::-1, ::-1], images[:, :, ::-1, ::-1]):
        np.testing.assert_array_equal(transformer.transform(view), transformer.transform(+view))
    fortran = np.asfortranarray(images)
    np.testing.assert_array_equal(transformer.transform(fortran), transformer.transform(images))


@every_transformer
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3), (16, 700)])
@pytest.mark.parametrize("value", [0, 7, 255, None])
def test_tiny_narrow_black_and_white_images(transformer, size, value):
    X = noise(3, *size, 3) if value is None else np.full((3, *size, 3), value, dtype=np.uint8)
    cleaned = transformer.transform(X)
    assert cleaned.shape == X.shape
    if value is not None:
        np.testing.assert_array_equal(cleaned, X)
    assert all(image.size for image in one_by_one(transformer, X))


@every_transformer
def test_huge_image(transformer):
    image = make_lesion_images(2, n_classes=2, image_size=(64, 64), random_state=0).images[0]
    image = np.asarray(Image.fromarray(image).resize((4000, 3000)))
    assert transformer.transform(image).shape == image.shape


# Nothing but the image counts


@every_transformer
@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_n_jobs_and_batches_do_not_matter(transformer, images, n_jobs):
    expected = transformer.transform(images)
    cleaned = clone(transformer).set_params(n_jobs=n_jobs).transform(images)
    np.testing.assert_array_equal(cleaned, expected)
    parts = [transformer.transform(images[:5]), transformer.transform(images[5:])]
    np.testing.assert_array_equal(np.concatenate(parts), expected)


@every_transformer
def test_backend_of_processes_is_not_used(transformer, images):
    expected = transformer.transform(images)
    with joblib.parallel_config("loky", n_jobs=2):
        np.testing.assert_array_equal(transformer.transform(images), expected)


@every_transformer
def test_needs_no_fit_and_learns_nothing(transformer, images):
    fresh = clone(transformer)
    before = vars(fresh).copy()
    expected = fresh.transform(images)
    assert fresh.fit(images[::-1]) is fresh
    assert vars(fresh) == before
    np.testing.assert_array_equal(fresh.transform(images), expected)
    np.testing.assert_array_equal(fresh.fit_transform(images), expected)


@every_transformer
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.float32]),
        st.tuples(st.integers(1, 2), st.integers(1, 30), st.integers(1, 30), st.just(3)),
        elements=st.integers(0, 255),
        fill=st.integers(2, 255),
    )
)
@settings(max_examples=25)
def test_any_pixels_keep_dtype_shape_and_range(transformer, X):
    if X.dtype.kind == "f" and X.max() <= 1:
        X[0, 0, 0, 0] = 2
    cleaned = transformer.transform(X)
    assert (cleaned.shape, cleaned.dtype) == (X.shape, X.dtype)
    assert np.isfinite(cleaned).all()
    assert cleaned.min() >= 0
    assert cleaned.max() <= 255
    np.testing.assert_array_equal(transformer.transform(X), cleaned)


@every_transformer
def test_float_and_uint8_agree(transformer, images):
    expected = transformer.transform(images).astype(float)
    for dtype in (np.float32, np.float64):
        assert np.abs(transformer.transform(images.astype(dtype)) - expected).max() < 1


# Errors


@every_transformer
@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.random.default_rng(0).random((2, 8, 8, 3)), "never exceeds 1.*Multiply by 255"),
        (np.random.default_rng(0).random((8, 8, 3)), "never exceeds 1.*Multiply by 255"),
        ([np.full((8, 8, 3), 0.5)], "never exceeds 1.*Multiply by 255"),
        (noise(2, 8, 8, 3) - 128.0, "values from -1.*Expected pixels from 0 to 255"),
        (noise(8, 8, 3).astype(int) * 256, "Expected pixels from 0 to 255"),
        (np.full((8, 8, 3), np.nan), "contains NaN"),
        ([np.full((8, 8, 3), 9.0), np.full((8, 7, 3), np.inf)], "infinity"),
        (noise(2, 3, 8, 8), r"channels come first: use np\.moveaxis\(X, 1, 3\)"),
        (noise(3, 8, 9), r"channels come first: use np\.moveaxis\(X, 0, 2\)"),
        (noise(8, 3, 9), r"channels come second: use np\.moveaxis\(X, 1, 2\)"),
        (noise(8, 8), "a grey image"),
        (noise(2, 8, 9), "If these are grey images"),
        (noise(8, 8, 1), "a single channel"),
        (noise(2, 8, 8, 1), "grey images"),
        (noise(8, 8, 4), r"transparency: use X\[\.\.\., :3\]"),
        ([noise(8, 8, 3), noise(8, 9)], r"X\[1\] has shape \(8, 9\).*a grey image"),
        ([noise(8, 8, 3), noise(0, 9, 3)], "0 sample"),
        (noise(0, 8, 8, 3), "0 sample"),
        (noise(0, 8, 3), "0 sample"),
        ([], "0 sample"),
        (noise(2, 2, 8, 8, 3), "Expected an RGB image"),
        (noise(3), "Expected an RGB image"),
    ],
)
def test_no_rgb_images(transformer, X, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(transformer, method)(X)


@every_transformer
def test_a_black_image_among_others_is_no_float_from_0_to_1(transformer):
    X = [np.zeros((8, 9, 3)), np.full((9, 8, 3), 100.0)]
    assert_all_equal(transformer.transform(X), X)
    assert_all_equal(transformer.transform(X[:1]), X[:1])
    assert not transformer.transform(X[0]).any()
    assert not transformer.transform(X[0][np.newaxis]).any()


@every_transformer
@pytest.mark.parametrize("X", [["a.png"], np.array([["a.png"], ["b.png"]])])
def test_paths(transformer, X):
    with pytest.raises(TypeError, match=r"holds paths.*Put ImageLoader ahead"):
        transformer.transform(X)


@pytest.mark.parametrize(
    ("transformer", "parameter"),
    [
        (ColorConstancy("grey_world"), "method"),
        (ColorConstancy(power=0.5), "power"),
        (ColorConstancy(power=np.nan), "power"),
        (ColorConstancy(gamma=0), "gamma"),
        (HairRemover(width=0), "width"),
        (HairRemover(width=5), "width"),
        (HairRemover(length=0.01), "length"),
        (HairRemover(contrast=0), "contrast"),
        (BorderCropper(threshold=-1), "threshold"),
        (BorderCropper(threshold=255), "threshold"),
        (BorderCropper(corners="round"), "corners"),
        (BorderCropper(n_jobs=0.5), "n_jobs"),
    ],
)
def test_parameter_out_of_range(images, transformer, parameter):
    for method in (transformer.fit, transformer.transform):
        with pytest.raises(ValueError, match=f"The '{parameter}' parameter of"):
            method(images)


# As estimators


@every_transformer
def test_common_checks(transformer, common_check):
    common_check(transformer)


@every_transformer
def test_every_parameter_is_checked(transformer):
    assert set(transformer._parameter_constraints) == set(transformer.get_params())


@every_transformer
def test_tags_clone_and_pickle(transformer, images):
    tags = get_tags(transformer)
    assert not tags.requires_fit
    assert not tags.input_tags.two_d_array
    assert not tags.non_deterministic
    expected = transformer.transform(images)
    for copy in (clone(transformer), pickle.loads(pickle.dumps(transformer))):
        assert copy.get_params() == transformer.get_params()
        np.testing.assert_array_equal(copy.transform(images), expected)


def test_in_a_pipeline_on_stacks_and_single_images(images):
    pipeline = make_pipeline(HairRemover(), ColorConstancy())
    expected = ColorConstancy().transform(HairRemover().transform(images))
    np.testing.assert_array_equal(pipeline.fit_transform(images), expected)
    np.testing.assert_array_equal(pipeline.transform(images[0]), expected[0])
    with sklearn.config_context(transform_output="pandas"):
        assert pipeline.fit_transform(images).shape == images.shape
