"""Reports on whatever a classifier takes for X: which pictures they show, and what they say."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array, csr_matrix
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import Bunch
from sklearn.utils import _safe_indexing as take

from skin_lesion import (
    ConformalClassifier,
    ImageLoader,
    choose_thresholds,
    cross_evaluate,
    evaluate,
    evaluate_external,
    load_image_folder,
    write_lesion_folder,
)

pytestmark = pytest.mark.usefixtures("no_curves")

QUICK = {"n_bootstraps": 20, "random_state": 0}
NO_PICTURES = "X holds neither paths of existing files nor RGB images with pixels from 0 to 255"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = write_lesion_folder(
        tmp_path_factory.mktemp("kinds") / "root",
        60,
        n_classes=2,
        images_per_lesion=1,
        image_size=(24, 24),
        random_state=0,
    )
    return load_image_folder(root)


@pytest.fixture(scope="module")
def table(folder):
    """Metadata, and paths in the middle of them."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "sex": rng.choice(["female", "male"], 60),
            "path": folder.data[:, 0],
            "age": rng.integers(20, 80, 60),
        },
        index=np.arange(60)[::-1] + 100,
    )


@pytest.fixture(scope="module")
def images(folder):
    return ImageLoader((16, 16)).transform(folder.data)


def measure(paths):
    """Return the mean colour of each file."""
    return ImageLoader((8, 8)).transform(paths).mean(axis=(1, 2))


def column(number, to_number):
    """Return a model of one column of rows."""
    to_features = FunctionTransformer(lambda X: [[to_number(row[number])] for row in X])
    return make_pipeline(to_features, LogisticRegression())


WITH_PICTURES = {
    "table of paths and metadata": lambda table, images: (
        make_pipeline(
            make_column_transformer(
                (FunctionTransformer(measure), ["path"]), (StandardScaler(), ["age"])
            ),
            RandomForestClassifier(10, random_state=0),
        ),
        table,
    ),
    "table, paths first": lambda table, images: (
        make_pipeline(make_column_transformer((StandardScaler(), ["age"])), LogisticRegression()),
        table[["path", "age"]],
    ),
    "object array": lambda table, images: (column(2, float), table.to_numpy()),
    "list of rows": lambda table, images: (column(2, float), table.to_numpy().tolist()),
    "Series of paths": lambda table, images: (
        make_pipeline(FunctionTransformer(measure), LogisticRegression()),
        table["path"],
    ),
    "list of images": lambda table, images: (column(0, np.mean), list(images)),
}

WITHOUT_PICTURES = {
    "features": lambda images: (LogisticRegression(), images.mean(axis=(1, 2))),
    "table of features": lambda images: (
        LogisticRegression(),
        pd.DataFrame(images.mean(axis=(1, 2)), columns=["red", "green", "blue"]),
    ),
    "list of lists": lambda images: (LogisticRegression(), images.mean(axis=(1, 2)).tolist()),
    "sparse matrix": lambda images: (LogisticRegression(), csr_matrix(images.mean(axis=(1, 2)))),
    "sparse array": lambda images: (LogisticRegression(), csr_array(images.mean(axis=(1, 2)))),
    "table of words and numbers": lambda images: (
        column(1, float),
        [["female", image.mean()] for image in images],
    ),
    "text": lambda images: (column(0, ord), [f"{image.max()} is white" for image in images]),
    "pixels from 0 to 1": lambda images: (column(0, np.mean), images / 255),
    "standardised pixels": lambda images: (column(0, np.mean), images / 127.5 - 1),
    "grey images": lambda images: (column(0, np.mean), images.mean(axis=3)),
}


def judge(model, X, y, **options):
    """Return the report on the odd rows of a model that was fitted on the even ones."""
    train, test = np.arange(0, len(y), 2), np.arange(1, len(y), 2)
    model.fit(take(X, train), y[train])
    return evaluate(
        model, take(X, test), y[test], X_train=take(X, train), y_train=y[train], **QUICK, **options
    )


@pytest.mark.parametrize("kind", WITH_PICTURES)
def test_pictures_are_found(kind, folder, table, images, tmp_path):
    model, X = WITH_PICTURES[kind](table, images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # that training images are judged, above all
        report = judge(model, X, folder.target)
    assert report.n_errors > 0
    for page in (report._repr_html_(), report.to_html(tmp_path / "report.html").read_text()):
        assert page.count("data:image/jpeg") == len(report.errors)
    assert "colour and size" in report.baselines.index.levels[0]
    assert set(report.left_out) == {
        "operating points",
        "search for training lesions",
        "slices",
        "decision curve",
        "training curves",
    }


@pytest.mark.parametrize("kind", WITHOUT_PICTURES)
def test_what_needs_pictures_is_left_out_and_said(kind, folder, images, tmp_path):
    model, X = WITHOUT_PICTURES[kind](images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = judge(model, X, folder.target)
    assert not report.notes
    for page in (report._repr_html_(), report.to_html(tmp_path / "report.html").read_text()):
        assert "data:image/jpeg" not in page
        assert f"<li>pictures of errors: {NO_PICTURES}</li>" in page
    of_training = NO_PICTURES.replace("X", "X_train", 1)
    assert report.left_out["search for training images"] == of_training
    assert report.left_out["baseline of colour and size"] == of_training


def test_pictures_of_the_rows_that_are_wrong(folder, table, tmp_path):
    """The file beside each picture is that of the row, whatever the index of the table."""
    model, X = WITH_PICTURES["table, paths first"](table, None)
    report = judge(model, X, folder.target)
    page = report._repr_html_()
    expected = table["path"].to_numpy()[1::2][report.errors["row"]]
    assert [path in page for path in table["path"].to_numpy()[1::2]].count(True) == len(expected)
    assert all(path in page for path in expected)


def test_training_images_are_found_in_a_table(folder, table):
    model, X = WITH_PICTURES["table of paths and metadata"](table, None)
    y = folder.target
    model.fit(X, y)
    judged = X.iloc[:20].assign(age=50)  # the rows are others, the photographs are not
    with pytest.warns(UserWarning, match="20 of 20 test rows are exact copies"):
        report = evaluate(model, judged, y[:20], X_train=X, y_train=y, **QUICK)
    assert "data leakage" in report.notes[0]


def test_several_columns_of_paths(folder, table):
    model, X = WITH_PICTURES["table, paths first"](table, None)
    report = judge(model, X.assign(mask=X["path"]), folder.target)
    assert (
        report.left_out["pictures of errors"] == "X has several columns of paths, ['path', 'mask']"
    )


def test_files_that_are_no_images_and_missing_ones(folder, table, tmp_path):
    (tmp_path / "note.txt").write_text("melanoma")
    model, X = WITH_PICTURES["table, paths first"](table, None)
    for other in (tmp_path / "note.txt", tmp_path / "lost.jpg", None):
        paths = (
            X["path"]
            .astype(object)
            .where(np.arange(60) != 1, None if other is None else str(other))
        )
        report = judge(model, X.assign(path=paths), folder.target)
        assert report.left_out["pictures of errors"] == NO_PICTURES


def test_paths_to_train_on_and_pixels_to_judge(folder, images):
    y = folder.target
    model = make_pipeline(
        FunctionTransformer(lambda X: images[: len(X)].mean(axis=(1, 2))), LogisticRegression()
    )
    model.fit(folder.data, y)
    report = evaluate(model, images, y, X_train=folder.data, y_train=y, **QUICK)
    assert "holds paths, the other pixels" in report.left_out["search for training images"]


@pytest.mark.parametrize("kind", ["table of paths and metadata", "list of rows"])
def test_folds_thresholds_and_sets(kind, folder, table, images, tmp_path):
    model, X = WITH_PICTURES[kind](table, images)
    y = folder.target
    report = cross_evaluate(model, X, y, groups=folder.groups, cv=2, **QUICK)
    page = report.to_html(tmp_path / "report.html").read_text()
    assert page.count("data:image/jpeg") == len(report.errors) > 0
    thresholds = choose_thresholds(
        model, X, y, positive="melanoma", groups=folder.groups, cv=2, random_state=0
    )
    assert len(thresholds) == 3
    sets = ConformalClassifier(model.fit(X, y)).fit(X, y).predict_set(X)
    assert sets.shape == (60, 2)


def test_tables_of_other_clinics_keep_their_names_without_training_images(folder, table):
    model, X = WITH_PICTURES["table of paths and metadata"](table, None)
    y = folder.target
    external = evaluate_external(
        model.fit(X, y),
        {"theirs": Bunch(data=X, target=y)},
        training=X.iloc[:5],
        class_prior="uniform",
        **QUICK,
    )
    counts = external.datasets.loc["theirs"]
    assert counts[["images", "exact_duplicates", "near_duplicates"]].tolist() == [55, 5, 0]
    report = external.reports["theirs"]
    np.testing.assert_array_equal(report.predicted, model.predict(X.iloc[5:]))
    assert report.left_out["shortcut baselines"] == "evaluate_external scores none"
