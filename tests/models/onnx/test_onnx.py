import gc
import json
import pickle
import subprocess
import sys
import warnings
import weakref
from copy import copy

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skin_lesion import (
    AveragedClassifier,
    BorderCropper,
    ColorConstancy,
    HairRemover,
    ImageAugmenter,
    ImageLoader,
    OnnxClassifier,
    PriorCorrectedClassifier,
    TestTimeAugmentation,
    export_onnx,
    save_model,
)
from skin_lesion.images import ImageTransformer
from skin_lesion.models import (
    LastLayerInput,
    check_onnx_file,
    digest_of_network,
    predict_with_features,
    write_onnx_file,
)
from skin_lesion.models._networks import onnx_network as _onnx

onnxruntime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
pytest.importorskip("tf2onnx")


@pytest.fixture(scope="module")
def paths(lesions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    paths = [str(folder / f"{number}.png") for number in range(len(lesions.images))]
    for path, image in zip(paths, lesions.images, strict=True):
        Image.fromarray(image).resize((40, 30)).save(path)
    return paths


@pytest.fixture(scope="module")
def exported(lesions, paths, tmp_path_factory):
    """A classifier of paths, and the file that it was exported to."""
    from skin_lesion import ConvNet, SkinLesionClassifier

    loader = ImageLoader(
        (24, 24), resize="pad", preprocess=[BorderCropper(), ColorConstancy(method="max_rgb")]
    )
    classifier = SkinLesionClassifier(
        ConvNet(filters=(8,)), epochs=2, early_stopping=False, random_state=0, loader=loader
    ).fit(paths, lesions.target)
    file = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_onnx(classifier, file)
    return classifier, file


def test_probabilities_are_those_of_keras(exported, lesions, paths):
    classifier, file = exported
    from_file = OnnxClassifier(file)
    for X in (paths, np.array(paths)[:1], lesions.images, lesions.images[:1].astype(float)):
        expected, found = classifier.predict_proba(X), from_file.predict_proba(X)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert (from_file.predict(X) == classifier.predict(X)).all()
    assert from_file.classes_.tolist() == classifier.classes_.tolist()
    assert from_file.n_features_in_ == 1
    assert names_in(file.parent) == ["model.onnx"]


STEPS = {
    "border": BorderCropper(threshold=np.int64(80)),  # as of a grid
    "constancy": ColorConstancy(method="max_rgb"),
    "hair": HairRemover(contrast=2),
    "augmenter": ImageAugmenter(),
}


def test_steps_are_all_that_the_library_has():
    assert set(ImageTransformer.__subclasses__()) | {ImageAugmenter} == {
        type(step) for step in STEPS.values()
    }


@pytest.fixture(scope="module")
def of_pixels(small, lesions, paths):
    """A loader, and a classifier of the pixels that it reads."""
    loader = ImageLoader((24, 24), resize="pad")
    return loader, small().fit(loader.transform(paths), lesions.target)


@pytest.mark.parametrize("step", STEPS)
def test_pipeline_and_its_file_agree(of_pixels, lesions, paths, tmp_path, step):
    """Without the step the labels are others: the file has to hold it."""
    loader, fitted = of_pixels
    file = tmp_path / "model.onnx"
    pipeline = make_pipeline(loader, make_pipeline(STEPS[step], "passthrough"), fitted)
    export_onnx(pipeline, file)
    expected = pipeline.predict_proba(paths)
    np.testing.assert_allclose(OnnxClassifier(file).predict_proba(paths), expected, atol=1e-5)
    if step != "augmenter":
        assert np.abs(fitted.predict_proba(loader.transform(paths)) - expected).max() > 1e-3
    with pytest.raises(TypeError, match=r"X holds no paths.*begins with an ImageLoader"):
        OnnxClassifier(file).predict(lesions.images)

    on_images = pipeline[1:]
    export_onnx(on_images, file)
    expected = on_images.predict_proba(lesions.images)
    found = OnnxClassifier(file).predict_proba(lesions.images)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(TypeError, match=r"X holds paths.*export the whole pipeline"):
        OnnxClassifier(file).predict(paths)


@pytest.mark.parametrize("loader", [None, ImageLoader((24, 32))])
def test_file_of_a_classifier_of_pixels_takes_no_paths(of_pixels, paths, tmp_path, loader):
    """A loader of another size has not read the pixels."""
    file = tmp_path / "model.onnx"
    export_onnx(copy(of_pixels[1]).set_params(loader=loader), file)
    with pytest.raises(TypeError, match=r"X holds paths.*pipeline.*ImageLoader\(\(24, 24\)\)"):
        OnnxClassifier(file).predict(paths)


def test_step_that_the_file_cannot_hold(smallest, lesions, tmp_path):
    class ColorConstancy(STEPS["constancy"].__class__):
        """Another one of the same name."""

    class Darker(ImageAugmenter):
        """Varies images in a way of its own."""

    class Dark(ImageLoader):
        """Reads images in a way of its own."""

    fitted = smallest(epochs=1).fit(lesions.images, lesions.target)
    with pytest.raises(TypeError, match=r"variants are those of Darker.*cannot represent"):
        export_onnx(TestTimeAugmentation(fitted, Darker()), tmp_path / "model.onnx")
    with pytest.raises(TypeError, match=r"step FunctionTransformer.*cannot represent"):
        export_onnx(make_pipeline(FunctionTransformer(), fitted), tmp_path / "model.onnx")
    fitted.set_params(loader=Dark((24, 24)))
    with pytest.raises(TypeError, match=r"read by Dark.*cannot represent"):
        export_onnx(fitted, tmp_path / "model.onnx")
    fitted.set_params(loader=ImageLoader((24, 24), preprocess=ColorConstancy()))
    with pytest.raises(TypeError, match=r"loader cleans with ColorConstancy.*cannot represent"):
        export_onnx(fitted, tmp_path / "model.onnx")
    assert names_in(tmp_path) == []


def with_gelu(input_shape, n_classes):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="gelu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(n_classes, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("are_frozen", [False, True])
def test_export_collects_its_garbage_and_leaves_the_collector_as_it_was(
    exported, tmp_path, monkeypatch, are_frozen
):
    class Cycle:
        def __init__(self):
            self.itself = self

    settings, left = gc.get_threshold(), []
    gc.unfreeze()  # what was there when all tests were collected

    def export(*args, **params):
        cycle = Cycle()
        found = weakref.ref(cycle)
        gc.collect(1)  # it is now among the old objects
        del cycle
        kept = [[] for _ in range(20 * settings[0])]
        left.append(found() is not None and len(kept) > 0)
        raise RuntimeError("as tf2onnx may")

    monkeypatch.setattr(keras.Model, "export", export)
    if are_frozen:
        gc.freeze()
    try:
        with pytest.raises(RuntimeError, match="as tf2onnx may"):
            export_onnx(exported[0], tmp_path / "model.onnx")
        assert left == [False]
        assert gc.get_threshold() == settings
        assert (gc.get_freeze_count() > 0) is are_frozen
    finally:
        gc.freeze()


def test_operation_without_counterpart_is_named_and_the_old_file_stays(
    smallest, exported, lesions, tmp_path
):
    file = tmp_path / "model.onnx"
    file.write_bytes(exported[1].read_bytes())
    fitted = smallest(architecture=with_gelu, epochs=1).fit(lesions.images, lesions.target)
    with pytest.raises(ValueError, match=r"no counterpart of its operations \['Erfc'\]"):
        export_onnx(fitted, file)
    assert file.read_bytes() == exported[1].read_bytes()
    assert names_in(tmp_path) == ["model.onnx"]


def test_file_that_computes_something_else_is_not_written(exported, tmp_path, monkeypatch):
    run = _onnx.run_for_all_outputs
    monkeypatch.setattr(
        _onnx, "run_for_all_outputs", lambda *args: [output[:, ::-1] for output in run(*args)]
    )
    with pytest.raises(ValueError, match="outputs of ONNX Runtime and Keras differ"):
        export_onnx(exported[0], tmp_path / "model.onnx")
    assert names_in(tmp_path) == []


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_is_a_fitted_classifier_of_scikit_learn(exported, lesions):
    classifier, file = exported
    from_file = OnnxClassifier(str(file))
    assert is_classifier(from_file)
    assert clone(from_file).fit(lesions.images, lesions.target).score(
        lesions.images, lesions.target
    ) == classifier.score(lesions.images, lesions.target)
    again = pickle.loads(pickle.dumps(from_file))
    np.testing.assert_array_equal(
        again.predict_proba(lesions.images), from_file.predict_proba(lesions.images)
    )
    calibrated = CalibratedClassifierCV(FrozenEstimator(from_file), method="temperature")
    calibrated.fit(lesions.images, lesions.target)
    assert calibrated.predict(lesions.images).shape == lesions.target.shape


@pytest.mark.parametrize(
    ("prior", "temperature"),
    [
        pytest.param("uniform", 1, marks=pytest.mark.slow),
        ([0.01, 0.09, 0.9], 1.5),
        pytest.param(None, 3, marks=pytest.mark.slow),
    ],
)
def test_prior_and_temperature_go_into_the_network(small, lesions, tmp_path, prior, temperature):
    classifier = small(class_weight="balanced", prior=prior, temperature=temperature)
    classifier.fit(lesions.images, lesions.target)
    export_onnx(classifier, tmp_path / "model.onnx")
    from_file = OnnxClassifier(tmp_path / "model.onnx")
    expected = classifier.predict_proba(lesions.images)
    np.testing.assert_allclose(from_file.predict_proba(lesions.images), expected, atol=1e-5)
    np.testing.assert_array_equal(
        from_file.predict(lesions.images), classifier.predict(lesions.images)
    )
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    np.testing.assert_allclose(_onnx.run_session(session, lesions.images), expected, atol=1e-5)


def test_file_says_which_shares_its_probabilities_assume(exported, lesions, paths, tmp_path):
    file, shares = tmp_path / "model.onnx", np.array([0.2, 0.3, 0.5])
    classifier = copy(exported[0]).set_params(prior=shares)
    export_onnx(classifier, file)
    assert np.abs(classifier.class_prior_ - shares).max() > 0.05
    clinic = dict(zip(classifier.classes_.tolist(), [0.01, 0.09, 0.9], strict=True))
    expected = PriorCorrectedClassifier(classifier, clinic).predict_proba(paths)
    rare = [*range(len(paths)), *np.flatnonzero(lesions.target == classifier.classes_[0])]
    of_one_class = lesions.target == classifier.classes_[1]
    for rows in (rare, of_one_class):
        corrected = PriorCorrectedClassifier(OnnxClassifier(file), clinic)
        for _ in range(2):  # as it is, and fitted
            np.testing.assert_allclose(corrected.predict_proba(paths), expected, atol=1e-5)
            corrected.fit(np.array(paths)[rows], lesions.target[rows])
        np.testing.assert_allclose(corrected.class_prior_, shares)

    both = OnnxClassifier(tmp_path / "both.onnx")
    export_onnx(AveragedClassifier([classifier, exported[0]]), both.path)
    assert not hasattr(both, "class_prior_")
    for inside in (both, AveragedClassifier([OnnxClassifier(file)])):
        with pytest.raises(ValueError, match=r"class_prior is None.*Expected class_prior="):
            PriorCorrectedClassifier(inside, clinic).fit(paths, lesions.target)
    averaged = AveragedClassifier([OnnxClassifier(file)])
    stated = PriorCorrectedClassifier(averaged, clinic, class_prior=shares)
    np.testing.assert_allclose(stated.predict_proba(paths), expected, atol=1e-5)
    expected = both.predict_proba(paths) * list(clinic.values()) / shares
    expected /= expected.sum(axis=1, keepdims=True)
    stated = PriorCorrectedClassifier(both, clinic, class_prior=shares)
    np.testing.assert_allclose(stated.predict_proba(paths), expected, atol=1e-5)


def test_test_time_augmentation_goes_into_the_file(exported, lesions, paths, tmp_path):
    augmenter = ImageAugmenter(shear=5, hue=9, blur=0.02, noise=0.02, jpeg=40, hair=1, cutout=0.3)
    averaged = TestTimeAugmentation(
        exported[0], augmenter, n_augmentations=3, random_state=np.random.RandomState(5)
    )
    export_onnx(averaged, tmp_path / "model.onnx")
    from_file = OnnxClassifier(tmp_path / "model.onnx")
    expected = averaged.set_params(random_state=np.random.RandomState(5)).predict_proba(paths)
    assert np.abs(exported[0].predict_proba(paths) - expected).max() > 1e-3
    np.testing.assert_allclose(from_file.predict_proba(paths), expected, atol=1e-5)
    for row in (0, 41):
        np.testing.assert_allclose(
            from_file.predict_proba(paths[row : row + 1]), expected[[row]], atol=1e-5
        )

    on_images = make_pipeline(ColorConstancy(), averaged)
    on_images[-1].set_params(random_state=1)
    export_onnx(on_images, tmp_path / "model.onnx")
    expected = on_images.predict_proba(lesions.images)
    np.testing.assert_allclose(from_file.predict_proba(lesions.images), expected, atol=1e-5)

    rare = copy(exported[0]).set_params(prior=[0.9, 0.09, 0.01])
    on_rare = TestTimeAugmentation(rare, ImageAugmenter(), n_augmentations=3, random_state=0)
    export_onnx(on_rare, tmp_path / "model.onnx")
    expected = on_rare.predict_proba(paths)
    np.testing.assert_allclose(from_file.predict_proba(paths), expected, atol=1e-5)
    export_onnx(rare, tmp_path / "one.onnx")  # and around a file
    around = clone(on_rare).set_params(estimator=OnnxClassifier(tmp_path / "one.onnx"))
    images = lesions.images.astype(np.float32)
    expected = on_rare.predict_proba(images)
    np.testing.assert_allclose(around.predict_proba(images), expected, atol=1e-5)

    other = TestTimeAugmentation(make_pipeline(exported[0]))
    with pytest.raises(TypeError, match=r"part of type Pipeline.*TestTimeAugmentation around one"):
        export_onnx(other, tmp_path / "other.onnx")


def test_averaged_networks_are_one_file(exported, lesions, paths, tmp_path):
    first, _ = exported
    loader = first.loader
    second = clone(first).set_params(architecture__filters=(8, 8), temperature=1.5, epochs=1)
    second.set_params(prior="uniform").fit(paths, lesions.target.astype(object))
    assert second.classes_.dtype != first.classes_.dtype
    augmenter = ImageAugmenter(hue=9)
    parts = [
        TestTimeAugmentation(each, augmenter, n_augmentations=2, random_state=0)
        for each in (first, second, first)
    ]
    averaged, file = AveragedClassifier(parts), tmp_path / "model.onnx"
    parts[2].set_params(estimator=copy(first).set_params(prior=[0.9, 0.09, 0.01]))
    write_onnx_file(averaged, file, with_features=True)
    expected = averaged.predict_proba(paths)
    assert np.abs(expected - parts[0].predict_proba(paths)).max() > 1e-2
    found, features = predict_with_features(OnnxClassifier(file), paths)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(features, LastLayerInput(first).compute(paths), atol=1e-4)
    assert digest_of_network(OnnxClassifier(file)) == digest_of_network(first)

    table = pd.DataFrame({"path": paths})
    pipeline = make_pipeline(clone(loader).fit(table), AveragedClassifier([first, second]))
    export_onnx(pipeline, file)
    expected = AveragedClassifier([first, second]).predict_proba(paths)
    with warnings.catch_warnings(action="error"):
        found = OnnxClassifier(file).predict_proba(table)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert OnnxClassifier(file).feature_names_in_.tolist() == ["path"]
    np.testing.assert_allclose(OnnxClassifier(file).class_prior_, np.full(3, 1 / 3))

    apart = [OnnxClassifier(tmp_path / name) for name in ("0.onnx", "1.onnx")]
    parts[1].set_params(random_state=1)
    with pytest.raises(ValueError, match=r"differ in augmentations\. .* the same integer"):
        export_onnx(averaged, file)
    pads = copy(second).set_params(loader=clone(loader).set_params(resize="stretch"))
    with pytest.raises(
        ValueError, match=r"in loader \(.*'pad'.* and .*\)\. .* Export each"
    ) as error:
        export_onnx(AveragedClassifier([first, pads]), file)
    assert "random_state" not in str(error.value)
    for part, one in zip(parts, apart, strict=False):
        export_onnx(part, one.path)
    np.testing.assert_allclose(  # what the message advises
        AveragedClassifier(apart).predict_proba(paths),
        AveragedClassifier(parts[:2]).predict_proba(paths),
        atol=1e-5,
    )
    other_prior = copy(second).set_params(prior=[0.2, 0.3, 0.5])
    export_onnx(AveragedClassifier([first, other_prior]), file)
    assert not hasattr(OnnxClassifier(file), "class_prior_")
    nested = r"has a part of type AveragedClassifier. Expected a fitted SkinLesion"
    with pytest.raises(TypeError, match=nested):
        export_onnx(AveragedClassifier([first, AveragedClassifier([second])]), file)
    with pytest.raises(NotFittedError):
        export_onnx(AveragedClassifier([first, clone(second)]), file)
    with pytest.raises(TypeError, match="estimators is empty"):
        export_onnx(AveragedClassifier([]), file)


def test_features_and_the_saved_model_of_a_file(exported, lesions, paths, tmp_path):
    classifier, _ = exported
    file, saved = tmp_path / "model.onnx", tmp_path / "model.zip"
    save_model(classifier, saved)
    write_onnx_file(classifier, file, with_features=True, model_path=saved)
    check_onnx_file(file, saved)
    from_file = OnnxClassifier(file)
    probabilities, features = predict_with_features(from_file, paths)
    np.testing.assert_array_equal(from_file.predict_proba(paths), probabilities)
    np.testing.assert_allclose(probabilities, classifier.predict_proba(paths), atol=1e-5)
    np.testing.assert_allclose(features, LastLayerInput(classifier).compute(paths), atol=1e-4)
    assert predict_with_features(OnnxClassifier(exported[1]), paths)[1] is None

    content = file.read_bytes()
    for place in range(0, len(content), len(content) // 9):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ValueError, match=r"model.onnx' is damaged: its checksum is wrong"):
            check_onnx_file(file, saved)
        with pytest.raises(ValueError, match=r"model.onnx' is "):
            OnnxClassifier(file).predict_proba(paths)
    file.write_bytes(content)
    saved.write_bytes(saved.read_bytes() + b" ")
    with pytest.raises(ValueError, match=r"does not belong to '.*model.zip', which has changed"):
        check_onnx_file(file, saved)
    with pytest.raises(ValueError, match="does not belong to"):
        check_onnx_file(exported[1], saved)


def test_flattened_rows_and_rows_of_features(small, smallest, lesions, tmp_path):
    rows = lesions.images.reshape(len(lesions.images), -1)
    numbers = np.unique(lesions.target, return_inverse=True)[1]
    side = np.int64(24)
    classifier = smallest(image_shape=(side, side, np.int64(3)), epochs=1).fit(rows, numbers)
    export_onnx(classifier, tmp_path / "rows.onnx")
    from_file = OnnxClassifier(tmp_path / "rows.onnx")
    np.testing.assert_allclose(
        from_file.predict_proba(rows), classifier.predict_proba(rows), atol=1e-5
    )
    assert from_file.classes_.dtype == classifier.classes_.dtype
    assert not hasattr(from_file, "feature_names_in_")

    X = pd.DataFrame(np.random.RandomState(0).normal(size=(40, 5)), columns=list("abcde"))
    classifier = small(epochs=1).fit(X, np.repeat([False, True], 20))
    export_onnx(classifier, tmp_path / "features.onnx")
    from_file = OnnxClassifier(tmp_path / "features.onnx")
    with warnings.catch_warnings(action="error"):
        found = from_file.predict_proba(X)
    np.testing.assert_allclose(found, classifier.predict_proba(X), atol=1e-5)
    assert from_file.classes_.tolist() == [False, True]
    assert from_file.feature_names_in_.tolist() == list("abcde")
    with pytest.raises(ValueError, match="feature names should match"):
        from_file.predict_proba(X[list("edcba")])


def test_program_without_keras_finds_all_in_the_file(exported, lesions):
    classifier, file = exported
    session = onnxruntime.InferenceSession(str(file))
    description = json.loads(session.get_modelmeta().custom_metadata_map["skin_lesion"])
    assert description["classes"] == classifier.classes_.tolist()
    assert description["input_shape"] == [24, 24, 3]
    name = session.get_inputs()[0].name
    (found,) = session.run(None, {name: lesions.images[:2].astype(np.float32)})
    np.testing.assert_allclose(found, classifier.predict_proba(lesions.images[:2]), atol=1e-5)


def test_predicts_without_importing_keras(exported, paths):
    code = f"""
import sys
from skin_lesion import OnnxClassifier
OnnxClassifier({str(exported[1])!r}).predict([{paths[0]!r}])
print({{"keras", "tensorflow"}} & set(sys.modules))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


def test_file_that_changed_is_opened_again(smallest, exported, lesions, tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(exported[1].read_bytes())
    from_file = OnnxClassifier(file)
    assert len(from_file.classes_) == 3
    two = lesions.target != lesions.target[0]
    export_onnx(smallest(epochs=1).fit(lesions.images[two], lesions.target[two]), file)
    assert len(from_file.classes_) == 2


def test_files_that_are_not_ours(exported, tmp_path):
    missing = OnnxClassifier(tmp_path / "missing.onnx")
    with pytest.raises(FileNotFoundError, match=r"missing.onnx' does not exist"):
        missing.predict(["a.png"])
    text = tmp_path / "text.onnx"
    text.write_text("no model")
    with pytest.raises(ValueError, match=r"is not a valid ONNX file.*export_onnx wrote"):
        OnnxClassifier(text).predict_proba(["a.png"])

    model = onnx.load(str(exported[1]))
    entry = next(entry for entry in model.metadata_props if entry.key == "skin_lesion")
    entry.value = entry.value.replace('"format": 4', '"format": 5')
    newer = tmp_path / "newer.onnx"
    onnx.save(model, str(newer))
    with pytest.raises(ValueError, match=r"has format 5.*Expected format 4"):
        OnnxClassifier(newer).predict(["a.png"])
    del model.metadata_props[:]
    other = tmp_path / "other.onnx"
    onnx.save(model, str(other))
    with pytest.raises(ValueError, match=r"metadata lack the class names.*export_onnx wrote"):
        OnnxClassifier(other).predict(["a.png"])


def test_bad_input(exported, small, lesions, tmp_path):
    classifier, file = exported
    with pytest.raises(ValueError, match=r"images of shape \(12, 12, 3\)"):
        OnnxClassifier(file).predict(lesions.images[:, ::2, ::2])
    for wrong, what in (
        (LogisticRegression(), "is of type LogisticRegression"),
        (make_pipeline(ImageLoader()), "has a part of type ImageLoader"),
        (TestTimeAugmentation(AveragedClassifier([classifier])), "has a part of type Averaged"),
        (AveragedClassifier([classifier, OnnxClassifier(file)]), "has a part of type OnnxClass"),
    ):
        with pytest.raises(TypeError, match=f"estimator {what}.*Expected a fitted SkinLesion"):
            export_onnx(wrong, tmp_path / "model.onnx")
    with pytest.raises(NotFittedError):
        export_onnx(small(), tmp_path / "model.onnx")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file' is not a folder"):
        export_onnx(classifier, tmp_path / "file" / "model.onnx")


def test_extra_that_is_not_installed(exported, tmp_path, monkeypatch):
    classifier, file = exported
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(file.read_bytes())
    monkeypatch.setattr(_onnx, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'onnx and tf2onnx.*pip install "skin_lesion\[onnx\]"'):
        export_onnx(classifier, tmp_path / "model.onnx")
    with pytest.raises(ImportError, match="Running ONNX files needs onnxruntime"):
        OnnxClassifier(copy).predict(["a.png"])
    assert names_in(tmp_path) == ["copy.onnx"]


def test_common_checks(common_check, exported):
    common_check(OnnxClassifier(exported[1]))
