"""The drawn images: what they promise about shape, classes, lesions, chance and difficulty."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skin_lesion.datasets import make_lesion_images

ALL_CLASSES = [
    "actinic keratosis",
    "basal cell carcinoma",
    "dermatofibroma",
    "melanoma",
    "nevus",
    "pigmented benign keratosis",
    "seborrheic keratosis",
    "squamous cell carcinoma",
    "vascular lesion",
]


def hash_of(lesions):
    digest = hashlib.sha256(lesions.images.tobytes())
    digest.update(" ".join([*lesions.target, *lesions.groups]).encode())
    return digest.hexdigest()


def summarise_colours(images):
    """Colours of the middle and of the whole image: what the naked eye sees first."""
    pixels = images / 255
    side = images.shape[1] // 4
    middle = pixels[:, side:-side, side:-side]
    quantiles = np.quantile(middle, [0.05, 0.25, 0.75, 0.95], axis=(1, 2))
    return np.hstack([*quantiles, middle.mean((1, 2)), middle.std((1, 2)), pixels.mean((1, 2))])


@pytest.mark.parametrize("image_size", [(96, 96), (16, 16), (33, 47), (20, 101)])
def test_shapes_and_dtypes(image_size):
    lesions = make_lesion_images(9, image_size=image_size, random_state=0)

    assert lesions.images.shape == (9, *image_size, 3)
    assert lesions.images.dtype == np.uint8
    assert lesions.target.shape == lesions.groups.shape == (9,)
    assert lesions.target_names.tolist() == ALL_CLASSES
    assert set(lesions.target) == set(ALL_CLASSES)
    assert all(group.startswith("lesion_") and len(group) == 12 for group in lesions.groups)
    assert "9 photographs" in lesions.DESCR
    # Neither blank nor clipped.
    assert lesions.images.std(axis=(1, 2, 3)).min() > 3
    assert 60 < lesions.images.mean() < 200


def test_two_classes_are_melanoma_and_nevus():
    lesions = make_lesion_images(4, n_classes=2, image_size=(16, 16), random_state=0)
    assert lesions.target_names.tolist() == ["melanoma", "nevus"]


def test_same_random_state_gives_the_same_bytes_in_a_fresh_process():
    call = "make_lesion_images(18, image_size=(40, 50), random_state=3)"
    here = hash_of(make_lesion_images(18, image_size=(40, 50), random_state=3))

    assert here == hash_of(make_lesion_images(18, image_size=(40, 50), random_state=3))
    assert here != hash_of(make_lesion_images(18, image_size=(40, 50), random_state=4))
    code = (
        "import hashlib\n"
        "from skin_lesion.datasets import make_lesion_images\n"
        f"lesions = {call}\n"
        "digest = hashlib.sha256(lesions.images.tobytes())\n"
        'digest.update(" ".join([*lesions.target, *lesions.groups]).encode())\n'
        "print(digest.hexdigest())\n"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert here == there


def test_another_size_shows_the_same_lesions():
    small = make_lesion_images(12, image_size=(32, 32), random_state=0)
    large = make_lesion_images(12, image_size=(128, 128), random_state=0)
    reduced = large.images.reshape(12, 32, 4, 32, 4, 3).mean(axis=(2, 4))

    assert small.target.tolist() == large.target.tolist()
    assert small.groups.tolist() == large.groups.tolist()
    same = np.abs(small.images - reduced).mean(axis=(1, 2, 3))
    other = np.abs(np.roll(small.images, 1, axis=0) - reduced).mean(axis=(1, 2, 3))
    assert same.max() < 8
    assert other.mean() > 3 * same.mean()


def test_classes_are_equally_frequent_by_default():
    lesions = make_lesion_images(95, image_size=(16, 16), random_state=0)
    _, counts = np.unique(lesions.target, return_counts=True)
    assert sorted(counts) == [10] * 4 + [11] * 5


def test_weights_are_proportions_in_the_order_of_target_names():
    lesions = make_lesion_images(
        50, n_classes=3, weights=[5, 3, 2], image_size=(16, 16), random_state=0
    )
    names, counts = np.unique(lesions.target, return_counts=True)
    assert names.tolist() == ["melanoma", "nevus", "seborrheic keratosis"]
    assert counts.tolist() == [25, 15, 10]


def test_every_class_is_drawn_even_with_weight_0():
    lesions = make_lesion_images(
        20, n_classes=3, weights=[0, 1, 0], image_size=(16, 16), random_state=0
    )
    _, counts = np.unique(lesions.target, return_counts=True)
    assert counts.tolist() == [1, 18, 1]


@pytest.mark.parametrize("images_per_lesion", [1, 1.3, 3.5])
def test_mean_number_of_images_per_lesion(images_per_lesion):
    lesions = make_lesion_images(
        35,
        n_classes=2,
        images_per_lesion=images_per_lesion,
        image_size=(16, 16),
        random_state=0,
    )
    _, counts = np.unique(lesions.groups, return_counts=True)
    assert counts.mean() == pytest.approx(images_per_lesion, rel=0.05)
    if images_per_lesion > 1:
        assert counts.min() < images_per_lesion < counts.max()


def test_photographs_of_a_lesion_share_its_class_but_are_not_the_same():
    lesions = make_lesion_images(60, images_per_lesion=3, image_size=(32, 32), random_state=0)
    assert len({image.tobytes() for image in lesions.images}) == 60

    for group in np.unique(lesions.groups):
        assert len(set(lesions.target[lesions.groups == group])) == 1

    # The colours of the middle hardly depend on rotation: alike within a lesion, but not equal.
    middles = lesions.images[:, 10:22, 10:22].mean(axis=(1, 2))
    distances = np.abs(middles[:, np.newaxis] - middles).mean(axis=2)
    same_lesion = lesions.groups[:, np.newaxis] == lesions.groups
    same_class = lesions.target[:, np.newaxis] == lesions.target
    pairs = ~np.eye(60, dtype=bool)
    assert (
        distances[same_lesion & pairs].mean() < 0.75 * distances[same_class & ~same_lesion].mean()
    )


def test_rows_and_lesion_ids_do_not_tell_the_class():
    lesions = make_lesion_images(80, n_classes=2, image_size=(16, 16), random_state=0)
    is_nevus = lesions.target == "nevus"
    lesion_numbers = np.array([int(group.removeprefix("lesion_")) for group in lesions.groups])
    assert abs(np.corrcoef(is_nevus, np.arange(80))[0, 1]) < 0.3
    assert abs(np.corrcoef(is_nevus, lesion_numbers)[0, 1]) < 0.3
    assert sorted(set(lesion_numbers)) == list(range(len(set(lesion_numbers))))


def test_colours_help_on_unseen_lesions_but_do_not_suffice():
    lesions = make_lesion_images(180, image_size=(32, 32), random_state=0)
    predicted = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        summarise_colours(lesions.images),
        lesions.target,
        groups=lesions.groups,
        cv=StratifiedGroupKFold(4, shuffle=True, random_state=0),
    )
    score = balanced_accuracy_score(lesions.target, predicted)
    assert 0.28 < score < 0.65  # chance is 0.11


def test_the_corners_do_not_tell_the_class():
    # Skin, light and artefacts fill the corners; a model must find nothing there.
    lesions = make_lesion_images(
        140, n_classes=2, images_per_lesion=1, image_size=(32, 32), random_state=0
    )
    corners = lesions.images[:, :5, :5].reshape(140, -1, 3)
    predicted = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300)),
        np.hstack([corners.mean(axis=1), corners.std(axis=1)]),
        lesions.target,
        cv=4,
    )
    assert balanced_accuracy_score(lesions.target, predicted) < 0.6


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 8}, "n_samples=8 is less than n_classes=9"),
        ({"n_samples": 0}, "'n_samples' parameter"),
        ({"n_classes": 1}, "'n_classes' parameter"),
        ({"n_classes": 10}, "'n_classes' parameter"),
        ({"n_classes": 2, "weights": [1, 2, 3]}, r"shape \(3,\). Expected 2 numbers"),
        ({"n_classes": 2, "weights": [1, -1]}, "Expected finite numbers of at least 0"),
        ({"n_classes": 2, "weights": [0, 0]}, "not all of them 0"),
        ({"n_classes": 2, "weights": [1, np.nan]}, "Expected finite numbers of at least 0"),
        ({"images_per_lesion": 0.9}, "'images_per_lesion' parameter"),
        ({"image_size": (15, 96)}, "Expected \\(height, width\\)"),
        ({"image_size": (96, 96, 3)}, "Expected \\(height, width\\)"),
        ({"image_size": (96.5, 96)}, "Expected \\(height, width\\)"),
        ({"image_size": 15}, "Expected \\(height, width\\)"),
    ],
)
def test_bad_parameters_are_explained(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_lesion_images(**parameters)
