"""What is held out for early stopping, and that none of it is trained on."""

import shutil

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

from skin_lesion import (
    AugmentingOverSampler,
    ImageAugmenter,
    ImageLoader,
    ImageSampler,
    load_image_folder,
)
from skin_lesion.models._training._rows.validation_split import _split_off_validation

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def trained_rows(monkeypatch):
    """Collect the rows of X that are trained on, and how their new images are made."""
    from skin_lesion.models._training import fit as _training

    rows = []

    class Recording(_training.ImageBatches):
        def __init__(self, source, batch_rows, *args, seed=None, **options):
            super().__init__(source, batch_rows, *args, seed=seed, **options)
            if seed is not None:
                rows.append(batch_rows)

    monkeypatch.setattr(_training, "ImageBatches", Recording)
    return rows


@pytest.fixture
def stopping(smallest):
    return lambda **parameters: smallest(early_stopping=True, epochs=1, **parameters)


def test_class_sorted_input_has_every_class_in_validation(stopping, lesions):
    order = np.argsort(lesions.target, kind="stable")
    classifier = stopping().fit(lesions.images[order], lesions.target[order])
    held_out = lesions.target[order][classifier.validation_indices_]
    assert set(held_out) == set(lesions.target_names)
    assert 6 <= len(held_out) <= 12


def test_no_group_is_on_both_sides(stopping, lesions, trained_rows):
    classifier = stopping().fit(lesions.images, lesions.target, groups=lesions.groups)
    held_out = classifier.validation_indices_
    assert not set(lesions.groups[held_out]) & set(lesions.groups[trained_rows[0]])
    assert len(held_out) + len(trained_rows[0]) == 90


def test_without_groups_lesions_are_torn_apart(stopping, lesions):
    """Otherwise the test above would prove nothing."""
    held_out = stopping().fit(lesions.images, lesions.target).validation_indices_
    rest = np.setdiff1d(np.arange(90), held_out)
    assert set(lesions.groups[held_out]) & set(lesions.groups[rest])


@pytest.mark.parametrize("kind", ["images", "rows"])
def test_copies_made_by_a_sampler_in_the_pipeline_stay_on_one_side(
    stopping, lesions, trained_rows, kind
):
    imbalanced = np.flatnonzero((lesions.target != lesions.target_names[0]) | (np.arange(90) < 15))
    X, y = lesions.images[imbalanced], lesions.target[imbalanced]
    if kind == "images":
        sampler, classifier = ImageSampler(RandomOverSampler(random_state=0)), stopping()
    else:
        X = X.reshape(len(X), -1)
        sampler, classifier = RandomOverSampler(random_state=0), stopping(image_shape=(24, 24))
    pipeline = Pipeline([("balance", sampler), ("cnn", classifier)]).fit(X, y)
    copied = sampler.fit_resample(X, y)[0]
    assert len(copied) > len(X)
    held_out = {image.tobytes() for image in copied[pipeline["cnn"].validation_indices_]}
    assert held_out
    assert not held_out & {image.tobytes() for image in copied[trained_rows[0]]}


def test_copied_paths_from_a_sampler_stay_on_one_side(stopping, lesion_folder, trained_rows):
    folder = load_image_folder(lesion_folder, split="train")
    keep = np.flatnonzero((folder.target != folder.target[0]) | (np.arange(len(folder.target)) < 9))
    X, y = folder.data[keep], folder.target[keep]
    sampler = RandomOverSampler(random_state=0)
    pipeline = Pipeline(
        [("balance", sampler), ("cnn", stopping(loader=ImageLoader(image_size=(24, 24))))]
    ).fit(X, y)
    copied = sampler.fit_resample(X, y)[0][:, 0]
    held_out = set(copied[pipeline["cnn"].validation_indices_])
    assert held_out
    assert not held_out & set(copied[trained_rows[0]])


@pytest.mark.parametrize("sampler", [RandomOverSampler(), ImageSampler(), AugmentingOverSampler()])
def test_sampler_of_the_classifier_copies_training_rows_alone(
    stopping, lesions, trained_rows, sampler
):
    imbalanced = np.flatnonzero((lesions.target != lesions.target_names[0]) | (np.arange(90) < 15))
    X, y = lesions.images[imbalanced], lesions.target[imbalanced]
    classifier = stopping(sampler=sampler).fit(X, y)
    counts = np.unique(y[trained_rows[0]], return_counts=True)[1]
    assert len(set(counts)) == 1
    assert len(trained_rows[0]) > len(np.unique(trained_rows[0]))
    assert not set(trained_rows[0]) & set(classifier.validation_indices_)


def test_file_listed_twice_and_copied_file_stay_on_one_side(stopping, lesion_folder, tmp_path):
    folder = load_image_folder(lesion_folder, split="train")
    paths, y = folder.data[:, 0].tolist(), folder.target.tolist()
    renamed = [shutil.copy(path, tmp_path / f"copy_{i}.jpg") for i, path in enumerate(paths)]
    classifier = stopping(loader=ImageLoader(image_size=(24, 24)), validation_fraction=0.3).fit(
        paths + paths + renamed, y * 3
    )
    held_out = set(classifier.validation_indices_)
    n = len(paths)
    assert held_out
    assert {row % n for row in held_out} == {row for row in held_out if row < n}
    assert len(held_out) == 3 * len({row % n for row in held_out})


def test_class_with_one_group_says_so(stopping, lesions):
    groups = np.where(lesions.target == lesions.target_names[1], "one lesion", lesions.groups)
    with pytest.raises(ValueError, match=r"in 1 group\(s\).*early_stopping=False"):
        stopping().fit(lesions.images, lesions.target, groups=groups)


def test_share_that_groups_make_impossible():
    groups = np.arange(90) // 30
    with pytest.warns(UserWarning, match=r"The validation set for .* Set another validation_frac"):
        _split_off_validation(
            np.arange(90), np.arange(90) % 2, groups, 0.1, np.random.RandomState(0)
        )


def test_groups_of_resampled_rows_do_not_fit(stopping, lesions):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        stopping().fit(lesions.images[:50], lesions.target[:50], groups=lesions.groups)


def test_new_images_of_the_sampler_are_trained_on(small, lesions):
    few = np.flatnonzero((lesions.target != lesions.target_names[0]) | (np.arange(90) < 15))
    X, y = lesions.images[few], lesions.target[few]
    sampler = AugmentingOverSampler(random_state=0)
    inside = small(sampler=sampler, epochs=1, batch_size=500).fit(X, y)
    outside = small(epochs=1, batch_size=500).fit(*sampler.fit_resample(X, y))
    np.testing.assert_allclose(inside.history_["loss"], outside.history_["loss"], rtol=1e-4)


def test_augmenting_before_the_split_would_have_inflated_the_score():
    """On labels that mean nothing, an honest score is that of a coin."""
    rng = np.random.RandomState(0)
    X = rng.randint(0, 256, (60, 16, 16, 3), dtype=np.uint8)
    y = rng.permutation(np.repeat(["melanoma", "nevus"], [20, 40]))
    sampler = AugmentingOverSampler(
        ImageAugmenter(rotation=0, horizontal_flip=False, vertical_flip=False),
        sampling_strategy={"melanoma": 200, "nevus": 200},
        random_state=0,
    )
    flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1).astype(float))
    model = Pipeline([("flatten", flatten), ("neighbour", KNeighborsClassifier(1))])
    inflated = cross_val_score(
        model, *sampler.fit_resample(X, y), cv=5, scoring="balanced_accuracy"
    ).mean()
    honest = cross_val_score(
        Pipeline([("balance", sampler), *model.steps]), X, y, cv=5, scoring="balanced_accuracy"
    ).mean()
    assert inflated > 0.75
    assert 0.35 < honest < 0.65
