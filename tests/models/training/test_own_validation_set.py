"""A validation set of one's own, as `fit` takes it."""

import hashlib
import os

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skin_lesion import (
    AveragedClassifier,
    FitCheckpoint,
    ImageLoader,
    TestTimeAugmentation,
    load_image_folder,
    make_lesion_images,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def others():
    return make_lesion_images(
        30, n_classes=3, images_per_lesion=1.5, image_size=(24, 24), random_state=1
    )


@pytest.fixture
def own(others):
    return {"X_val": others.images, "y_val": others.target}


def loss_on(classifier, X, y):
    found = classifier.predict_proba(X)[np.arange(len(y)), np.searchsorted(classifier.classes_, y)]
    return -np.log(found)


def test_its_loss_is_in_the_history_and_all_rows_are_trained_on(smallest, lesions, others, own):
    classifier = smallest().fit(lesions.images, lesions.target, **own)
    loss = loss_on(classifier, others.images, others.target).mean()
    assert classifier.history_["val_loss"][-1] == pytest.approx(loss, rel=1e-4)
    accuracy = classifier.score(others.images, others.target)
    assert classifier.history_["val_accuracy"][-1] == pytest.approx(accuracy)
    assert len(classifier.history_["val_loss"]) == classifier.best_epoch_ == 2
    assert len(classifier.validation_indices_) == 0
    # Nor does it change what is learnt.
    without = smallest().fit(lesions.images, lesions.target)
    np.testing.assert_array_equal(
        classifier.predict_proba(others.images), without.predict_proba(others.images)
    )
    np.testing.assert_array_equal(classifier.training_prior_, without.training_prior_)


def test_early_stopping_goes_by_it(small, lesions, others, own):
    classifier = small(early_stopping=True, epochs=6, learning_rate=0.3, patience=2)
    classifier.fit(lesions.images, lesions.target, **own)
    losses = classifier.history_["val_loss"]
    assert classifier.best_epoch_ == np.argmin(losses) + 1
    assert len(classifier.validation_indices_) == 0
    loss = loss_on(classifier, others.images, others.target).mean()
    assert loss == pytest.approx(min(losses), rel=1e-3)


def test_weights_count_in_it(smallest, lesions, others, own):
    weight = np.arange(30, dtype=float)
    given = weight.copy()
    classifier = smallest().fit(lesions.images, lesions.target, sample_weight_val=weight, **own)
    loss = np.average(loss_on(classifier, others.images, others.target), weights=weight)
    assert classifier.history_["val_loss"][-1] == pytest.approx(loss, rel=1e-4)
    np.testing.assert_array_equal(weight, given)


@pytest.mark.parametrize(
    "balancing", [{"class_weight": "balanced"}, {"sampler": RandomOverSampler()}]
)
def test_its_classes_weigh_as_in_training(smallest, lesions, others, balancing):
    def take_few_of_a_class(drawn):
        rows = (drawn.target != drawn.target_names[0]) | (np.arange(len(drawn.target)) < 10)
        return drawn.images[rows], drawn.target[rows]

    X_val, y_val = take_few_of_a_class(others)
    classifier = smallest(epochs=1, learning_rate=0.005, **balancing)
    classifier.fit(*take_few_of_a_class(lesions), X_val=X_val, y_val=y_val)
    losses = loss_on(classifier, X_val, y_val)
    by_class = [losses[y_val == name].mean() for name in classifier.classes_]
    assert losses.mean() != pytest.approx(np.mean(by_class), rel=1e-3)
    assert classifier.history_["val_loss"][-1] == pytest.approx(np.mean(by_class), rel=1e-4)


def test_paths_frames_and_features(smallest, lesion_folder, lesions, others):
    folder = load_image_folder(lesion_folder)
    X, y = folder.data, folder.target
    is_own = np.isin(folder.groups, np.unique(folder.groups)[:10])
    loader = ImageLoader((24, 24))
    sets = {"X_val": pd.Series(np.ravel(X[is_own])), "y_val": pd.Series(y[is_own])}
    classifier = smallest(loader=loader, epochs=1).fit(
        X[~is_own],
        y[~is_own],
        groups=folder.groups[~is_own],
        groups_val=folder.groups[is_own],
        **sets,
    )
    loss = loss_on(classifier, X[is_own], y[is_own]).mean()
    assert classifier.history_["val_loss"][-1] == pytest.approx(loss, rel=1e-4)
    rows = [images.reshape(len(images), -1)[:, :40] for images in (lesions.images, others.images)]
    classifier = smallest(epochs=1).fit(rows[0], lesions.target, X_val=rows[1], y_val=others.target)
    loss = loss_on(classifier, rows[1], others.target).mean()
    assert classifier.history_["val_loss"][-1] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y_val": None}, "y_val was not provided"),
        ({"X_val": None}, "X_val was not provided"),
        ({"X_val": None, "y_val": None, "sample_weight_val": [1.0]}, "X_val and y_val was not"),
        ({"X_val": ["a.jpg"] * 30}, "X_val holds paths, but X holds pixels"),
        (
            {"X_val": np.zeros((30, 9, 9, 3), "uint8")},
            r"X_val has .* \(9, 9, 3\), but X has .* \(24, ",
        ),
        ({"X_val": np.zeros((30, 7))}, "X_val does not fit X.*7 features"),
        ({"X_val": np.full((30, 24, 24, 3), 0.5)}, "X_val does not fit X. X_val has float64"),
        ({"y_val": ["scar"] * 30}, r"y_val has the classes \['scar'\], but y has \['mela"),
        ({"y_val": ["nevus"] * 29}, "inconsistent numbers of samples"),
        ({"y_val": [None] * 30}, "y_val"),
        ({"sample_weight_val": -np.ones(30)}, "Negative values"),
        ({"sample_weight_val": np.zeros(30)}, "at least one non-zero"),
        ({"groups_val": np.arange(30)}, "groups_val is provided, but groups was not"),
        ({"groups": np.arange(90)}, "groups is provided, but groups_val was not"),
    ],
)
def test_what_does_not_fit_is_an_error(smallest, lesions, own, changed, message):
    classifier = smallest()
    with pytest.raises(ValueError, match=message):
        classifier.fit(lesions.images, lesions.target, **{**own, **changed})
    assert not hasattr(classifier, "classes_")


def test_missing_and_unreadable_files_are_those_of_the_validation_set(
    smallest, lesion_folder, tmp_path
):
    folder = load_image_folder(lesion_folder)
    X, y = folder.data[:20], folder.target[:20]
    classifier = smallest(loader=ImageLoader((24, 24), on_error="warn"), epochs=1)
    gone = [folder.data[20, 0], str(tmp_path / "gone.jpg")]
    with pytest.raises(FileNotFoundError, match=r"In X_val, 1 of 2 paths .*gone.jpg"):
        classifier.fit(X, y, X_val=gone, y_val=y[:2])
    with pytest.raises(TypeError, match=r"X_val\[1\] is None"):
        classifier.fit(X, y, X_val=[gone[0], None], y_val=y[:2])
    (tmp_path / "gone.jpg").write_bytes(b"no image")
    with pytest.warns(UserWarning, match="1 of 2 images cannot be read") as caught:
        classifier.fit(X, y, X_val=gone, y_val=y[:2])
    assert len(caught) == 1


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_many_classes_as_numbers_are_not_those_as_text(smallest, lesions, own):
    """NumPy converts numbers to text to compare them with text, if there are more than a few."""
    own["y_val"] = np.arange(30).astype(str)
    with pytest.raises(ValueError, match=r"y_val has the classes \['0', .*, but y has \[0, 1"):
        smallest().fit(lesions.images, np.arange(90) % 30, **own)
    classifier = smallest(class_weight=None)
    with pytest.raises(ValueError, match=r"y has the classes \['0', .* Expected some of \[0, 1"):
        classifier.partial_fit(own["X_val"], own["y_val"], classes=np.arange(30))


def test_images_and_groups_on_both_sides_are_errors_that_name_rows(smallest, lesions, others, own):
    images = others.images.copy()
    images[[4, 9]] = lesions.images[[7, 70]]
    with pytest.raises(ValueError, match=r"2 of 30 rows of X_val are exact .*: 4 and 7, 9 and 70"):
        smallest().fit(lesions.images, lesions.target, X_val=images, y_val=others.target)
    groups = np.array([f"other {group}" for group in others.groups], dtype=object)
    groups[3] = lesions.groups[5] = "shared"
    first = np.flatnonzero(lesions.groups == "shared")[0]
    with pytest.raises(ValueError, match=f"1 of 30 .* share a group .*: 3 and {first}"):
        smallest().fit(
            lesions.images, lesions.target, groups=lesions.groups, groups_val=groups, **own
        )
    # Rows without weight are neither trained on nor looked at.
    weight = np.ones(30)
    weight[[4, 9]] = 0
    smallest(epochs=1).fit(
        lesions.images, lesions.target, X_val=images, y_val=others.target, sample_weight_val=weight
    )


def test_files_on_both_sides_are_found_and_others_are_not_read_whole(
    smallest, tmp_path, monkeypatch
):
    rng = np.random.default_rng(0)
    for n in range(30):
        (tmp_path / f"{n}.jpg").write_bytes(rng.bytes(50_000))
    for n, copy in ((24, 3), (29, 11)):
        (tmp_path / f"{n}.jpg").write_bytes((tmp_path / f"{copy}.jpg").read_bytes())
    whole, digest = [], hashlib.file_digest

    def note(file, name):
        whole.append(os.path.basename(file.name))
        return digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", note)
    X, y = np.array([str(tmp_path / f"{n}.jpg") for n in range(30)]), np.arange(30) % 2
    with pytest.raises(ValueError, match=r"2 of 10 rows of X_val are exact .*: 4 and 3, 9 and 11"):
        smallest().fit(X[:20], y[:20], X_val=X[20:], y_val=y[20:])
    assert sorted(whole) == ["11.jpg", "24.jpg", "29.jpg", "3.jpg"]
    # Files without weight are not compared.
    weight = np.ones(20)
    weight[[3, 11]] = 0
    with pytest.raises(ValueError, match="cannot be read as an image"):  # of random bytes
        smallest().fit(X[:20], y[:20], sample_weight=weight, X_val=X[20:], y_val=y[20:])


def test_groups_of_other_types_share_a_group_or_are_refused(smallest, lesions, own):
    groups = np.arange(90.0)
    for groups_val in (np.arange(89, 119), pd.Series(range(89, 119), dtype="Int64")):
        with pytest.raises(ValueError, match=r"1 of 30 rows of X_val share a group .*: 0 and 89"):
            smallest().fit(
                lesions.images, lesions.target, groups=groups, groups_val=groups_val, **own
            )
    for groups_val in (np.arange(89, 119).astype(str), [f"{i}.0" for i in range(89, 119)]):
        with pytest.raises(
            TypeError, match=r"groups holds .*, and groups_val such as .*Expected text"
        ):
            smallest().fit(
                lesions.images, lesions.target, groups=groups, groups_val=groups_val, **own
            )


@pytest.mark.parametrize("dtypes", [("uint8", float), (float, "uint8"), ("float32", float)])
def test_copies_of_another_dtype_are_copies(smallest, lesions, dtypes):
    images = lesions.images
    if "uint8" not in dtypes:
        images = images * 0.7  # no whole numbers
    X, X_val = (images.astype(dtype) for dtype in dtypes)
    with pytest.raises(ValueError, match="10 of 10 rows of X_val are exact copies"):
        smallest().fit(X, lesions.target, X_val=X_val[:10], y_val=lesions.target[:10])


def test_classes_may_be_missing_from_it(smallest, lesions, others):
    is_nevus = others.target == "nevus"
    classifier = smallest(epochs=1, class_weight="balanced").fit(
        lesions.images,
        lesions.target,
        X_val=others.images[is_nevus],
        y_val=others.target[is_nevus],
    )
    loss = loss_on(classifier, others.images[is_nevus], others.target[is_nevus]).mean()
    assert classifier.history_["val_loss"][-1] == pytest.approx(loss, rel=1e-4)


def test_presets_pass_it_on(smallest, lesions, own):
    model = AveragedClassifier([TestTimeAugmentation(smallest(epochs=1))])
    model.fit(lesions.images, lesions.target, **own)
    assert len(model.estimators_[0].estimator_.history_["val_loss"]) == 1


def test_metadata_routing(smallest, lesions, others, own):
    features = lesions.images.reshape(90, -1)[:, :40].astype(float)
    validation = others.images.reshape(30, -1)[:, :40].astype(float)
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(smallest(epochs=1), {"learning_rate": [0.01]}, cv=2)
        with pytest.raises(ValueError, match="X_val"):
            search.fit(lesions.images, lesions.target, **own)
        search.estimator.set_fit_request(X_val=True, y_val=True)
        search.fit(lesions.images, lesions.target, **own)
        assert "val_loss" in search.best_estimator_.history_
        classifier = smallest(epochs=1).set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("cnn", classifier)], transform_input=["X_val"]
        )
        pipeline.fit(features, lesions.target, X_val=validation, y_val=others.target)
    loss = loss_on(pipeline, validation, others.target).mean()
    assert pipeline[-1].history_["val_loss"] == [pytest.approx(loss, rel=1e-4)]


def test_another_one_is_another_fit_for_a_checkpoint(smallest, lesions, others, own, tmp_path):
    options = {"early_stopping": True, "callbacks": [FitCheckpoint(tmp_path)]}
    smallest(**options).fit(lesions.images, lesions.target, **own)
    own["X_val"] = own["X_val"][::-1]
    smallest(**options).fit(lesions.images, lesions.target, **own)
    assert len(list(tmp_path.glob("fit_*.npz"))) == 2


def test_a_warm_start_after_it_draws_a_new_one(smallest, lesions, own):
    classifier = smallest(epochs=1, warm_start=True)
    classifier.fit(lesions.images, lesions.target, **own)
    with pytest.warns(UserWarning, match="The last fit or partial_fit held out no images"):
        classifier.set_params(early_stopping=True).fit(lesions.images, lesions.target)
