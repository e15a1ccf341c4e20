"""What a newcomer passes by mistake, to every public function that takes it.

Each message says what was found, what was expected, and what to do; none is another library's.
"""

import re
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skin_lesion import (
    AugmentingOverSampler,
    Backbone,
    ColorConstancy,
    ConformalClassifier,
    ConvNet,
    ImageAugmenter,
    ImageEmbedder,
    ImageLoader,
    ImageSampler,
    OperatingPointDisplay,
    ReferralCurveDisplay,
    SkinLesionClassifier,
    TestTimeAugmentation,
    assert_no_leak,
    audit_dataset,
    choose_thresholds,
    class_activation_maps,
    cross_evaluate,
    estimate_skin_tone,
    evaluate,
    expected_calibration_error,
    isic_scorers,
    load_image_folder,
    make_lesion_images,
    map_labels,
    net_benefit,
    referral_curve,
    sensitivity_score,
    train_test_split_by_group,
    write_lesion_folder,
)

N = 24
SIZE = (24, 24)
DRAWN = make_lesion_images(N, n_classes=2, images_per_lesion=1, image_size=SIZE, random_state=0)
X, Y, GROUPS = DRAWN.images, DRAWN.target, DRAWN.groups
X_MANY, Y_MANY = np.tile(X, (2, 1, 1, 1)), np.tile(Y, 2)  # to calibrate on


def flatten(images):
    return np.asarray(images).reshape(len(images), -1) / 255


SMALL = SkinLesionClassifier(
    ConvNet(filters=(2,)),
    epochs=1,
    early_stopping=False,
    loader=ImageLoader(SIZE),
    random_state=0,
)


@pytest.fixture(scope="module")
def models():
    """A network, a linear model, and an embedder, all fitted."""
    embedder = ImageEmbedder(
        Backbone("VGG16", weights=None), engine="keras", loader=ImageLoader(32)
    )
    return {
        "network": clone(SMALL).fit(X, Y),
        "linear": make_pipeline(FunctionTransformer(flatten), LogisticRegression()).fit(X, Y),
        "embedder": embedder.fit(np.zeros((1, 32, 32, 3), dtype=np.uint8)),
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_lesion_folder(
        tmp_path_factory.mktemp("wrong") / "root", N, n_classes=2, image_size=24, random_state=0
    )


def message_of(function, *arguments):
    """Return the message of the error that a call raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((TypeError, ValueError, FileNotFoundError)) as caught:
            function(*arguments)
    return str(caught.value)


# What takes X. The first take paths, too; the others take images alone.

OF_PATHS_OR_IMAGES = {
    "fit": lambda X, models: clone(SMALL).fit(X, Y),
    "partial_fit": lambda X, models: clone(SMALL).partial_fit(X, Y),
    "predict": lambda X, models: models["network"].predict(X),
    "predict_proba": lambda X, models: models["network"].predict_proba(X),
    "TestTimeAugmentation.fit": lambda X, models: TestTimeAugmentation(SMALL).fit(X, Y),
    "TestTimeAugmentation.predict": lambda X, models: TestTimeAugmentation(
        models["network"]
    ).predict(X),
    "ImageEmbedder.fit": lambda X, models: clone(models["embedder"]).fit(X),
    "ImageEmbedder.transform": lambda X, models: models["embedder"].transform(X),
    "audit_dataset": lambda X, models: audit_dataset(X),
    "assert_no_leak": lambda X, models: assert_no_leak(X, X),
    "estimate_skin_tone": lambda X, models: estimate_skin_tone(X),
    "evaluate": lambda X, models: evaluate(models["network"], X, Y),
    "class_activation_maps": lambda X, models: class_activation_maps(models["network"], X),
}
OF_ANYTHING = {
    "evaluate, another estimator": lambda X, models: evaluate(models["linear"], X, Y),
    "cross_evaluate": lambda X, models: cross_evaluate(models["linear"], X, Y, groups=None),
    "choose_thresholds": lambda X, models: choose_thresholds(
        models["linear"], X, Y, positive="nevus"
    ),
    "ConformalClassifier.fit": lambda X, models: ConformalClassifier(models["linear"]).fit(X, Y),
    "ConformalClassifier.predict_set": lambda X, models: (
        ConformalClassifier(models["linear"]).fit(X_MANY, Y_MANY).predict_set(X)
    ),
    "ImageSampler": lambda X, models: ImageSampler().fit_resample(X, Y),
    "train_test_split_by_group": lambda X, models: train_test_split_by_group(X, groups=GROUPS),
}
OF_PATHS = {
    "ImageLoader.fit": lambda X, models: ImageLoader(SIZE).fit(X),
    "ImageLoader.transform": lambda X, models: ImageLoader(SIZE).transform(X),
}
OF_IMAGES = {
    "ColorConstancy": lambda X, models: ColorConstancy().fit_transform(X),
    "ImageAugmenter": lambda X, models: ImageAugmenter().fit_transform(X),
    "ImageAugmenter.transform": lambda X, models: ImageAugmenter().transform(X),
    "AugmentingOverSampler": lambda X, models: AugmentingOverSampler().fit_resample(X, Y),
    "TestTimeAugmentation, another estimator": lambda X, models: TestTimeAugmentation(
        models["linear"]
    ).predict(X),
}


def mixed_sizes():
    return [*X[:-1], X[0][:20]]


def as_objects(images):
    array = np.empty(len(images), dtype=object)
    array[:] = list(images)
    return array


# Each makes X, and says what the message must hold.
NO_ROWS = {
    "None": (lambda root: None, "X is None", "such as"),
    "Bunch of images": (lambda root: DRAWN, "X is a Bunch", "X.images"),
    "Bunch of paths": (lambda root: load_image_folder(root), "X is a Bunch", "X.data"),
    "dict": (lambda root: {"image": X, "label": Y}, "X is a dict", "X['image']"),
    "generator": (lambda root: (image for image in X), "X is a generator", "list(X)"),
    "zip": (lambda root: zip(X, Y, strict=True), "X is a zip", "list(X)"),
    "set": (lambda root: {"a.jpg", "b.jpg"}, "X is a set", "sorted(X)"),
    "Keras dataset": (
        lambda root: keras.utils.image_dataset_from_directory(
            root / "Train", image_size=SIZE, verbose=False
        ),
        "Dataset of tensorflow",
        "load_image_folder(folder).data",
    ),
    "Keras model": (
        lambda root: keras.Sequential([keras.layers.Dense(2)]),
        "X is a Sequential of keras",
        "load_image_folder(folder).data",
    ),
    "number": (lambda root: 3, "X is 3, of type int", "Expected"),
    "function": (lambda root: flatten, "of type function", "Expected"),
}
FOLDERS = {
    "folder": (lambda root: root, "X is a folder", "load_image_folder('"),
    "folder, str": (lambda root: str(root), "X is a folder", "load_image_folder('"),
    "pattern": (lambda root: f"{root}/*/*.jpg", "X is a pattern", "sorted(glob.glob('"),
}


@pytest.mark.parametrize("wrong", [*NO_ROWS, *FOLDERS])
@pytest.mark.parametrize("function", [*OF_PATHS_OR_IMAGES, *OF_ANYTHING, *OF_PATHS, *OF_IMAGES])
def test_x_without_rows(function, wrong, models, root):
    takes_images_alone = function in OF_IMAGES
    call = (OF_PATHS_OR_IMAGES | OF_ANYTHING | OF_PATHS | OF_IMAGES)[function]
    make, found, advice = (NO_ROWS | FOLDERS)[wrong]
    message = message_of(call, make(root), models)
    message = re.sub(r"X_train|arrays\[0\]", "X", message)
    assert found in message
    assert "Expected" in message
    assert advice in message
    if takes_images_alone:
        assert "Expected paths" not in message


@pytest.mark.parametrize("make", [mixed_sizes, lambda: as_objects(mixed_sizes())])
@pytest.mark.parametrize(
    "function", [name for name in [*OF_PATHS_OR_IMAGES, *OF_IMAGES] if name != "ColorConstancy"]
)
def test_images_of_several_sizes(function, make, models):
    message = message_of((OF_PATHS_OR_IMAGES | OF_IMAGES)[function], make(), models)
    assert "holds 24 arrays of 2 shapes: (24, 24, 3) in 23, (20, 24, 3) in 1." in message
    assert "ImageLoader(image_size=(224, 224))" in message
    assert "cv2.resize" in message


def test_images_of_one_size_in_any_sequence_are_a_stack(models):
    expected = models["network"].predict_proba(X)
    for images in (list(X), as_objects(X), pd.Series(list(X)), [Image.fromarray(x) for x in X]):
        np.testing.assert_array_equal(models["network"].predict_proba(images), expected)
        assert ImageAugmenter().transform(images).shape == X.shape
    np.testing.assert_array_equal(  # what the advice on mixed sizes comes to
        models["network"].predict_proba(mixed_sizes()[:-1]), expected[:-1]
    )


@pytest.mark.parametrize("function", OF_PATHS)
def test_images_where_paths_are_expected(function, models):
    for images in (X, list(X), mixed_sizes(), as_objects(X), Image.fromarray(X[0])):
        message = message_of(OF_PATHS[function], images, models)
        assert "these images are loaded already. Expected paths. Leave out ImageLoader" in message


@pytest.mark.parametrize("function", OF_IMAGES)
def test_paths_where_images_are_expected(function, models, root):
    for paths in (load_image_folder(root).data, load_image_folder(root).data[:, 0].tolist()):
        message = message_of(OF_IMAGES[function], paths, models)
        assert "X holds paths" in message
        assert "Expected" in message
        assert "ImageLoader" in message or "after the loader" in message


@pytest.mark.parametrize(
    "function",
    [name for name in [*OF_PATHS_OR_IMAGES, *OF_PATHS] if name != "assert_no_leak"],
)
def test_rows_with_and_without_a_path(function, models, root):
    call = (OF_PATHS_OR_IMAGES | OF_PATHS)[function]
    paths = load_image_folder(root).data[:, 0].tolist()
    for missing in (None, np.nan, pd.NA):
        message = message_of(call, pd.Series([missing, *paths[1:]], dtype=object), models)
        assert f"X[0] is {missing!r}" in message
        assert "Drop the rows without a path" in message
    assert "os.fsdecode" in message_of(call, [path.encode() for path in paths], models)


@pytest.mark.parametrize("function", [*OF_PATHS_OR_IMAGES, *OF_PATHS])
def test_table_of_paths_and_metadata(function, models, root):
    call = (OF_PATHS_OR_IMAGES | OF_PATHS)[function]
    frame = load_image_folder(root).frame[["target", "path"]].assign(age=50)
    for table, column in (
        (frame, "[['path']]"),
        (frame[["age", "path"]].to_numpy(), "[:, [1]]"),
        (frame[["age", "path"]].to_numpy().tolist(), "[row[1] for row in X"),
    ):
        message = message_of(call, table, models)
        assert f"has shape ({N}, {len(frame.columns) if table is frame else 2})" in message
        assert column in message


def test_files_that_are_not_there(models, root):
    predict = models["network"].predict
    assert "'a.jpg'. Relative paths are looked up in" in message_of(predict, ["a.jpg"])
    assert "a folder. List its images" in message_of(predict, [root])
    assert "a web address. Download the files first" in message_of(predict, ["https://a.org/b.jpg"])


def test_rows_of_a_network_that_was_fitted_on_images(models):
    message = message_of(models["network"].predict, X.reshape(N, -1))
    assert "np.reshape(X, (-1, 24, 24, 3))" in message
    images = np.reshape(X.reshape(N, -1), (-1, 24, 24, 3))
    assert models["network"].predict(images).shape == (N,)


# What takes labels.

OF_LABELS = {
    "fit": lambda y, models: clone(SMALL).fit(X, y),
    "partial_fit": lambda y, models: clone(SMALL).partial_fit(X, y),
    "score": lambda y, models: models["network"].score(X, y),
    "TestTimeAugmentation.fit": lambda y, models: TestTimeAugmentation(SMALL).fit(X, y),
    "evaluate": lambda y, models: evaluate(models["linear"], X, y),
    "y_train": lambda y, models: evaluate(models["linear"], X, Y, X_train=X, y_train=y),
    "cross_evaluate": lambda y, models: cross_evaluate(models["linear"], X, y, groups=None),
    "choose_thresholds": lambda y, models: choose_thresholds(
        models["linear"], X, y, positive="nevus"
    ),
    "stratify": lambda y, models: train_test_split_by_group(X, groups=GROUPS, stratify=y),
    "audit_dataset": lambda y, models: audit_dataset(X, y),
    "ImageSampler": lambda y, models: ImageSampler().fit_resample(X, y),
    "AugmentingOverSampler": lambda y, models: AugmentingOverSampler().fit_resample(X, y),
    "sensitivity_score": lambda y, models: sensitivity_score(y, Y),
    "expected_calibration_error": lambda y, models: expected_calibration_error(
        y, models["linear"].predict_proba(X)
    ),
    "net_benefit": lambda y, models: net_benefit(
        y, np.linspace(0, 1, N), threshold=0.1, pos_label="nevus"
    ),
    "referral_curve": lambda y, models: referral_curve(y, models["linear"].predict_proba(X)),
    "ReferralCurveDisplay": lambda y, models: ReferralCurveDisplay.from_estimator(
        models["linear"], X, y
    ),
    "OperatingPointDisplay": lambda y, models: OperatingPointDisplay.from_estimator(
        models["linear"], X, y
    ),
    "ConformalClassifier": lambda y, models: ConformalClassifier(models["linear"]).fit(X, y),
    **{
        name: lambda y, models, scorer=scorer: scorer(models["linear"], X, y)
        for name, scorer in isic_scorers(positive="nevus").items()
    },
}


VALIDATED = {
    *("evaluate", "y_train", "cross_evaluate", "stratify", "audit_dataset"),
    *("sensitivity_score", "expected_calibration_error", "net_benefit", "referral_curve"),
    *("ReferralCurveDisplay",),
}


def with_missing(value):
    labels = Y.astype(object)
    labels[3] = value
    return labels


MISSING_LABELS = {
    "NaN": lambda: with_missing(np.nan),
    "None": lambda: with_missing(None),
    "NA": lambda: with_missing(pd.NA),
    "list with NaN": lambda: with_missing(np.nan).tolist(),
    "list with None": lambda: with_missing(None).tolist(),
    "NaN as text": lambda: np.array(with_missing(np.nan).tolist()),
    "string Series": lambda: pd.Series(with_missing(None), dtype="string"),
    "str Series": lambda: pd.Series(with_missing(None).tolist()),
    "categories": lambda: pd.Series(with_missing(None), dtype="category"),
    "column of a table": lambda: pd.DataFrame({"target": with_missing(np.nan)}),
    "float": lambda: np.where(np.arange(N) == 3, np.nan, Y == "nevus"),
    "Int64": lambda: pd.Series(Y == "nevus").astype("Int64").where(np.arange(N) != 3),
    "left join": lambda: (
        pd.DataFrame({"id": range(N)})
        .merge(pd.DataFrame({"id": range(N), "target": Y}).drop(3), how="left")
        .sort_values("id")["target"]
    ),
}


@pytest.mark.parametrize("wrong", MISSING_LABELS)
@pytest.mark.parametrize("function", OF_LABELS)
def test_missing_labels(function, wrong, models):
    message = message_of(OF_LABELS[function], MISSING_LABELS[wrong](), models)
    assert re.search(r"(y|y_true|y_train|stratify) is missing in 1 of 24 rows", message)
    assert "The first is row 3. Expected a class for each row" in message
    assert "keep = pd.notna(" in message


@pytest.mark.parametrize("function", OF_LABELS)
def test_labels_that_are_no_column(function, models):
    call = OF_LABELS[function]
    message = message_of(call, DRAWN, models)
    assert "is a Bunch with the entries 'images', 'target'" in message
    assert ".target." in message
    if function not in VALIDATED:  # where scikit-learn refuses it
        assert "is 'nevus', of type str. Expected a class" in message_of(call, "nevus", models)
    assert "is a dict with the entries 'nevus'" in message_of(call, {"nevus": 1}, models)
    message = message_of(call, np.array([1, "nevus"] * (N // 2), dtype=object), models)
    assert "holds values of the types 'int', 'str'. Expected either text or numbers" in message
    if function not in ("y_train", "stratify", "audit_dataset"):  # they need none
        assert "None" in message_of(call, None, models)


@pytest.mark.parametrize(
    "function", [name for name in OF_LABELS if name != "AugmentingOverSampler"]
)
def test_one_hot_labels(function, models):
    one_hot = (Y[:, np.newaxis] == np.unique(Y)).astype(int)
    message = message_of(OF_LABELS[function], one_hot, models)
    assert "has shape (24, 2)" in message
    assert re.search(r"classes\[\w+\.argmax\(axis=1\)\]", message)


def test_one_hot_labels_may_be_balanced_as_imbalanced_learn_does():
    one_hot = (Y[:, np.newaxis] == np.unique(Y)).astype(int)
    balanced = AugmentingOverSampler().fit_resample(X[2:], one_hot[2:])[1]
    assert len(np.unique(balanced)) == 2


def test_missing_groups():
    groups = [None if row == 5 else group for row, group in enumerate(GROUPS)]
    for call in (
        lambda: clone(SMALL).set_params(early_stopping=True).fit(X, Y, groups=groups),
        lambda: train_test_split_by_group(X, groups=groups),
        lambda: audit_dataset(X, groups=groups),
        lambda: cross_evaluate(LogisticRegression(), flatten(X), Y, groups=groups),
    ):
        message = message_of(call)
        assert "groups is missing in 1 of 24 rows. The first is row 5" in message
        assert "its own id" in message


# Parameters.


def build(input_shape, n_classes):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


@pytest.mark.parametrize(
    ("make", "found", "advice"),
    [
        (lambda: build((24, 24, 3), 2), "a Sequential that is already built", "the function"),
        (lambda: keras.layers.Dense(2), "a Dense that is already built", "the function"),
        (lambda: ConvNet, "a class", "ConvNet(...)."),
        (lambda: Backbone, "a class", "Backbone(...)."),
        (lambda: keras.Sequential, "a class", "a function that builds a Sequential"),
        (lambda: keras.applications.MobileNetV2, "a function of Keras", "'MobileNetV2'"),
        (
            lambda: lambda: build((24, 24, 3), 2),
            "does not accept two arguments",
            "(input_shape, n_classes)",
        ),
        (lambda: "cnnn", "Unknown architecture 'cnnn'", "Did you mean 'cnn'?"),
    ],
)
def test_architectures(make, found, advice):
    message = message_of(clone(SMALL).set_params(architecture=make()).fit, X, Y)
    assert found in message
    assert "Expected" in message
    assert advice in message


def test_architecture_that_is_passed_as_the_message_says():
    assert clone(SMALL).set_params(architecture=build).fit(X, Y).predict(X).shape == (N,)


@pytest.mark.parametrize("size", [(24,), (24, 24, 3), "24", (24.0, 24.0), None, 0, -24, True])
def test_image_sizes_that_are_none(size):
    for call in (
        lambda: ImageLoader(size).fit(["a.jpg"]),
        lambda: ImageLoader(size).transform(["a.jpg"]),
        lambda: make_lesion_images(4, n_classes=2, image_size=size),
        lambda: write_lesion_folder("never", 4, n_classes=2, image_size=size),
    ):
        message = message_of(call)
        assert f"image_size is {size!r}. Expected (height, width)" in message
        assert "image_size=224" in message


def test_one_number_is_a_square(root, tmp_path):
    paths = load_image_folder(root).data
    expected = ImageLoader((16, 16)).transform(paths)
    cached = ImageLoader(16, cache_dir=tmp_path)
    for loader in (ImageLoader(16), ImageLoader(np.int64(16)), ImageLoader(np.array([16, 16]))):
        np.testing.assert_array_equal(loader.transform(paths), expected)
    np.testing.assert_array_equal(cached.transform(paths), expected)
    np.testing.assert_array_equal(
        ImageLoader((16, 16), cache_dir=tmp_path).transform(paths), expected
    )
    assert cached.cache_info().n_images == len(paths)
    drawn = [
        make_lesion_images(4, n_classes=2, image_size=s, random_state=0) for s in (20, (20,) * 2)
    ]
    np.testing.assert_array_equal(drawn[0].images, drawn[1].images)
    by_path = (
        clone(SMALL).set_params(loader=ImageLoader(16)).fit(paths, load_image_folder(root).target)
    )
    assert by_path.model_.input_shape == (None, 16, 16, 3)
    flat = X.reshape(N, -1)
    square, pair = (clone(SMALL).set_params(image_shape=s).fit(flat, Y) for s in (24, (24, 24)))
    np.testing.assert_array_equal(square.predict_proba(flat), pair.predict_proba(flat))
    assert "image_shape is (24.0, 24.0)" in message_of(
        clone(SMALL).set_params(image_shape=(24.0, 24.0)).fit, flat, Y
    )


@pytest.mark.parametrize(
    ("class_weight", "y", "found"),
    [
        ({0: 1, 1: 5}, Y, "the keys 0, 1, but y has the classes 'melanoma', 'nevus'"),
        (
            {"0": 1, "1": 5},
            (Y == "nevus").astype(int),
            "the keys '0', '1', but y has the classes 0, 1",
        ),
        ({"melanoma": 5, "nevi": 1}, Y, "Did you mean 'nevus'?"),
        ({"melanoma": -1}, Y, "class_weight['melanoma'] is -1"),
        ({"melanoma": "five"}, Y, "class_weight['melanoma'] is 'five'"),
        ({"melanoma": np.nan}, Y, "class_weight['melanoma'] is nan"),
    ],
)
def test_class_weights(class_weight, y, found):
    for method in ("fit", "partial_fit"):
        classifier = clone(SMALL).set_params(class_weight=class_weight)
        message = message_of(getattr(classifier, method), X, y)
        assert found in message
        assert "Expected" in message


def test_class_weights_of_classes_that_are_not_there():
    """A fold, or a batch of partial_fit, may lack a rare class."""
    weights = {"melanoma": 5, "nevus": 1, "dermatofibroma": 9}
    clone(SMALL).set_params(class_weight=weights).fit(X, Y)
    learner = clone(SMALL).set_params(class_weight={"melanoma": 5})
    nevi = Y == "nevus"
    learner.partial_fit(X[nevi], Y[nevi], classes=["melanoma", "nevus"])


@pytest.mark.parametrize("classes", [None, ["nevus"]])
def test_first_partial_fit_with_a_single_class(classes):
    message = message_of(clone(SMALL).partial_fit, X, np.full(len(X), "nevus"), classes)
    assert "has 1 class, ['nevus']. Expected at least two classes" in message


def test_what_is_no_fitted_classifier(models):
    assert "LogisticRegression has no classes_" in message_of(evaluate, LogisticRegression, X, Y)
    assert "call fit first" in message_of(evaluate, LogisticRegression(), X, Y)
    network = build((24, 24, 3), 2)
    assert "SkinLesionClassifier(architecture=" in message_of(evaluate, network, X, Y)


def test_names_of_labels_in_a_dict():
    message = message_of(map_labels, Y, {"melanoma": "mel"})
    assert "Expected one of ['7-class'" in message
    assert "pandas.Series(y).map(names)" in message


def test_weights_of_classes_as_weights_of_rows():
    message = message_of(clone(SMALL).fit, X, Y, {"melanoma": 5})
    assert "sample_weight is a dict" in message
    assert "use class_weight" in message
    message = message_of(clone(SMALL).fit, X, Y, "balanced")
    assert "sample_weight is 'balanced', of type str. Expected a weight for each row" in message
    assert "use class_weight" in message


def test_maps_of_a_pipeline_of_one_step(models):
    assert class_activation_maps(make_pipeline(models["network"]), X[:2]).shape == (2, *SIZE)
