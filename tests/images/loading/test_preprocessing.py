"""ImageLoader(preprocess=...)."""

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skin_lesion import (
    BorderCropper,
    ColorConstancy,
    HairRemover,
    ImageAugmenter,
    ImageLoader,
    make_lesion_images,
)


@pytest.fixture(scope="module")
def images():
    lesions = make_lesion_images(10, n_classes=2, image_size=(90, 120), random_state=1)
    images = np.rint(lesions.images * [1.0, 0.9, 0.8]).astype(np.uint8)
    images[:, :12] = images[:, :, :30] = 0
    return images


@pytest.fixture(scope="module")
def paths(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lesions")
    paths = [str(folder / f"{number:02}.png") for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return np.array(paths)


def save_and_load(folder, images, size, **params):
    paths = [str(folder / f"image_{number}.png") for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return ImageLoader(size, **params).transform(paths)


@pytest.mark.parametrize("n_jobs", [None, 3])
@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_clean_after_the_resize(paths, resize, n_jobs):
    loaded = ImageLoader((64, 48), resize=resize).transform(paths)
    steps = [HairRemover(), ColorConstancy()]
    expected = ColorConstancy().transform(HairRemover().transform(loaded))
    assert (expected != loaded).any()
    for preprocess in (steps, tuple(steps), make_pipeline(*steps)):
        loader = ImageLoader((64, 48), resize=resize, preprocess=preprocess, n_jobs=n_jobs)
        np.testing.assert_array_equal(loader.transform(paths), expected)


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_crop_before_the_resize(paths, images, tmp_path, resize):
    size = (40, 40)
    cropped = BorderCropper().transform(list(images))
    assert cropped[0].shape == (78, 90, 3)
    expected = save_and_load(tmp_path, cropped, size, resize=resize)
    loader = ImageLoader(size, resize=resize, preprocess=BorderCropper())
    np.testing.assert_array_equal(loader.transform(paths), expected)

    expected = ColorConstancy().transform(expected)
    loader.preprocess = [BorderCropper(), ColorConstancy()]
    np.testing.assert_array_equal(loader.transform(paths), expected)


def test_what_stands_ahead_of_a_cropper_sees_the_photograph_too(paths, images, tmp_path):
    cleaned = BorderCropper().transform(list(HairRemover().transform(images)))
    expected = save_and_load(tmp_path, cleaned, (40, 40))
    loader = ImageLoader((40, 40), preprocess=[HairRemover(), BorderCropper()])
    np.testing.assert_array_equal(loader.transform(paths), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_cropped_upright(tmp_path, orientation):
    pixels = np.zeros((60, 90, 3), dtype=np.uint8)
    pixels[5:35, 40:85] = (200, 150, 130)
    pixels[5:15, 40:60] = (90, 50, 40)
    path = tmp_path / "image.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    upright = ImageLoader((90, 90), resize="pad").transform([path])
    expected = save_and_load(tmp_path, BorderCropper().transform(upright[0])[np.newaxis], (24, 24))
    loaded = ImageLoader((24, 24), preprocess=BorderCropper()).transform([path])
    assert np.abs(loaded.astype(int) - expected).mean() < 3


def test_crop_does_not_cost_resolution(tmp_path):
    """A JPEG is decoded at a reduced size, but not at one that is too small when cropped."""
    stripes = np.zeros((800, 800, 3), dtype=np.uint8)
    stripes[200:600, 200:600] = 100
    stripes[200:600, 200:600:8] = stripes[200:600, 201:600:8] = 220
    stripes[200:600, 202:600:8] = stripes[200:600, 203:600:8] = 220
    path = tmp_path / "image.jpg"
    Image.fromarray(stripes).save(path, quality=95)
    loaded = ImageLoader((200, 200), preprocess=BorderCropper()).transform([path])[0]
    assert loaded[50:150, 50:150].std() > 45


def test_grey_and_transparent_images_are_cleaned_as_rgb(tmp_path):
    grey = np.full((50, 60), 120, dtype=np.uint8)
    grey[:, :20] = 0
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey).convert("LA").save(tmp_path / "alpha.png")
    for name in ("grey.png", "alpha.png"):
        loader = ImageLoader((10, 10), preprocess=[BorderCropper(), ColorConstancy()])
        assert (loader.transform([tmp_path / name]) == 120).all()


def test_n_jobs_of_the_steps_does_not_matter(paths):
    expected = ImageLoader((32, 32), preprocess=HairRemover()).transform(paths)
    loader = ImageLoader((32, 32), preprocess=HairRemover(n_jobs=2))
    np.testing.assert_array_equal(loader.transform(paths), expected)


# In the cache


def test_cleaned_images_are_what_is_cached(paths, tmp_path, decoded):
    params = {"image_size": (32, 32), "preprocess": [BorderCropper(), HairRemover()]}
    expected = ImageLoader(**params).transform(paths)
    loader = ImageLoader(**params, cache_dir=tmp_path)
    np.testing.assert_array_equal(loader.transform(paths), expected)
    assert len(decoded) == len(paths)
    np.testing.assert_array_equal(clone(loader).transform(paths), expected)
    assert len(decoded) == len(paths)
    assert loader.cache_info().n_images == len(paths)


def test_cache_knows_steps_their_order_and_their_parameters(paths, tmp_path, decoded):
    all_steps = [
        None,
        ColorConstancy(),
        ColorConstancy(power=3),
        ColorConstancy(gamma=2.2),
        HairRemover(),
        BorderCropper(),
        BorderCropper(threshold=40),
        [HairRemover(), ColorConstancy()],
        [ColorConstancy(), HairRemover()],
    ]
    for n_kinds, preprocess in enumerate(all_steps, 1):
        loader = ImageLoader((32, 32), preprocess=preprocess, cache_dir=tmp_path)
        uncached = ImageLoader((32, 32), preprocess=preprocess).transform(paths)
        np.testing.assert_array_equal(loader.transform(paths), uncached)
        assert len(decoded) == n_kinds * len(paths)


def test_cache_knows_what_is_the_same(paths, tmp_path, decoded):
    same = [
        [HairRemover(), ColorConstancy()],
        (HairRemover(n_jobs=2), ColorConstancy(n_jobs=1)),
        make_pipeline(HairRemover(), ColorConstancy()),
        [make_pipeline(HairRemover(), "passthrough", None), [ColorConstancy()]],
    ]
    for preprocess in same:
        ImageLoader((32, 32), preprocess=preprocess, cache_dir=tmp_path).transform(paths)
    for preprocess in (None, [], make_pipeline("passthrough")):
        ImageLoader((32, 32), preprocess=preprocess, cache_dir=tmp_path).transform(paths)
    assert len(decoded) == 2 * len(paths)


def test_cache_knows_the_version_of_a_step(paths, tmp_path, decoded, monkeypatch):
    loader = ImageLoader((32, 32), preprocess=ColorConstancy(), cache_dir=tmp_path)
    loader.transform(paths)
    monkeypatch.setattr(ColorConstancy, "_version", 2)
    loader.transform(paths)
    assert len(decoded) == 2 * len(paths)


# As a parameter


def test_a_search_reaches_steps_and_leaves_them_out(paths):
    steps = Pipeline([("hair", HairRemover()), ("colour", ColorConstancy())])
    loader = ImageLoader((64, 64), preprocess=steps)
    grid = {
        "preprocess__hair": ["passthrough", HairRemover()],
        "preprocess__colour__power": [2, 6],
    }
    seen = set()
    for params in ParameterGrid(grid):
        seen.add(clone(loader).set_params(**params).transform(paths).tobytes())
    assert len(seen) == 4
    single = ImageLoader((32, 32), preprocess=ColorConstancy())
    assert single.set_params(preprocess__power=2).preprocess.power == 2


@pytest.mark.parametrize("method", ["fit", "transform"])
@pytest.mark.parametrize(
    "step", [ImageAugmenter(), FunctionTransformer(), HairRemover, "hair", np.rint]
)
def test_other_steps(paths, method, step):
    for preprocess in ([step], [HairRemover(), [step]]):
        with pytest.raises(TypeError, match=r"preprocess holds .* Expected ColorConstancy"):
            getattr(ImageLoader(preprocess=preprocess), method)(paths)


def test_no_step_at_all(paths):
    with pytest.raises(ValueError, match="The 'preprocess' parameter of ImageLoader"):
        ImageLoader(preprocess="hair").fit(paths)


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_parameters_of_steps_are_checked(paths, method):
    with pytest.raises(ValueError, match="The 'power' parameter of ColorConstancy"):
        getattr(ImageLoader(preprocess=[ColorConstancy(power=-1)]), method)(paths)


@pytest.mark.parametrize("on_error", ["raise", "warn"])
@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("cleaner", [BorderCropper, ColorConstancy])
def test_an_error_in_a_step_is_no_damaged_file(paths, tmp_path, on_error, cached, cleaner):
    class Faulty(cleaner):
        def _clean(self, image):
            raise ValueError("the step has a bug")

    loader = ImageLoader(
        (16, 16),
        preprocess=Faulty(),
        on_error=on_error,
        cache_dir=tmp_path / "cache" if cached else None,
    )
    with pytest.raises(ValueError, match=r"^the step has a bug") as error:
        loader.transform(paths)
    assert str(error.value) == "the step has a bug"
    assert error.value.__notes__ == [
        f"The error occurred in a step of preprocess, on {str(paths[0])!r}."
    ]


def test_a_damaged_file_is_one_before_and_after_the_steps(paths, tmp_path):
    (tmp_path / "damaged.png").write_bytes(b"no image")
    for steps in (BorderCropper(), ColorConstancy(), None):
        loader = ImageLoader((16, 16), preprocess=steps, on_error="warn")
        with pytest.warns(UserWarning, match="1 of 2 images cannot be read and are black"):
            images = loader.transform([paths[0], tmp_path / "damaged.png"])
        assert images[0].any()
        assert not images[1].any()
