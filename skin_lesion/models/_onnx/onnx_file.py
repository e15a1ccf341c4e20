"""A fitted classifier in one ONNX file, and what is written beside the network in it."""

import json
import os
from functools import lru_cache
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..._utils.atomic_writing import check_folder_of, new_file
from ..._utils.read_ahead import n_own_cores
from ...images import (
    BorderCropper,
    ColorConstancy,
    HairRemover,
    ImageAugmenter,
    ImageLoader,
    flatten_steps,
)
from .._classifier import SkinLesionClassifier
from .._networks.onnx_network import export_model, open_session
from .._training.image_source import resolve_image_shape

_KEY = "skin_lesion"
_FORMAT = 2
_CLEANING = {cls.__name__: cls for cls in (BorderCropper, ColorConstancy, HairRemover)}


def export_onnx(estimator, path):
    """Write a fitted classifier to one ONNX file, which runs without Keras.

    The network takes a float32 batch (n, height, width, 3) of RGB pixels from 0 to 255, which it
    rescales itself, and puts out the probabilities (n, n_classes), for the present `prior` of the
    classifier. The names of the classes, and how photographs are resized and cleaned before, are in
    the metadata of the file, as JSON under the key "skin_lesion". :class:`OnnxClassifier` reads all
    of it.

    Needs the extra "onnx", and TensorFlow as the backend of Keras.

    Parameters
    ----------
    estimator : SkinLesionClassifier or Pipeline
        Fitted. Pass the whole of a pipeline that ends in a classifier: the file then loads and
        cleans as its steps do. Beside the classifier it may hold an :class:`ImageLoader`,
        :class:`ColorConstancy`, :class:`HairRemover` and :class:`BorderCropper`, and what does
        nothing at predict: an :class:`ImageAugmenter` and samplers.

    path : str or os.PathLike
        The file to write. One that exists is replaced, once ONNX Runtime has loaded the new one and
        its probabilities on a batch of noise are those of Keras.

    Raises
    ------
    ImportError
        If the extra is not installed.
    TypeError
        If `estimator` is something else, or a step of it cannot go into the file.
    ValueError
        If the network has an operation without a counterpart in ONNX, which the message names, or
        if the probabilities differ.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    FileNotFoundError
        If the folder does not exist.

    See Also
    --------
    OnnxClassifier : The file as a classifier.

    Notes
    -----
    The file takes what the estimator was fitted on. A classifier without a `loader` that was fitted
    on arrays gives a file that refuses paths: how these arrays were read and cleaned is unknown.

    References
    ----------
    The ONNX specification: https://onnx.ai/onnx/repo-docs/IR.html

    Examples
    --------
    >>> from skin_lesion import export_onnx
    >>> export_onnx("model", "model.onnx")
    Traceback (most recent call last):
    ...
    TypeError: estimator is 'model', of type str. Expected a fitted SkinLesionClassifier...
    """
    steps, classifier = _split_pipeline(estimator)
    check_is_fitted(classifier)
    path = check_folder_of(path)
    model = export_model(classifier.model_, classifier._prior_factors())
    description = json.dumps(_describe(steps, classifier))
    model.metadata_props.add(key=_KEY, value=description)
    with new_file(path) as unfinished:
        unfinished.write_bytes(model.SerializeToString())


def _split_pipeline(estimator):
    """Return the steps that work at predict, and the classifier behind them."""
    *steps, classifier = _flatten(estimator)
    if not isinstance(classifier, SkinLesionClassifier):
        raise TypeError(
            f"estimator is {estimator!r}, of type {type(estimator).__name__}. Expected a fitted"
            " SkinLesionClassifier, or a pipeline that ends in one."
        )
    steps = [
        step
        for step in steps
        # Samplers and augmenters do nothing at predict.
        if not hasattr(step, "fit_resample") and type(step) is not ImageAugmenter
    ]
    for number, step in enumerate(steps):
        cleans = _CLEANING.get(type(step).__name__) is type(step)
        if not cleans and (type(step) is not ImageLoader or number > 0):
            raise TypeError(
                f"The pipeline has the step {step!r}, of type {type(step).__name__}, which the file"
                " cannot hold. Expected an ImageLoader first, then ColorConstancy, HairRemover and"
                " BorderCropper. Leave the step out, or pass the classifier alone and do the step"
                " before each call of OnnxClassifier."
            )
    return steps, classifier


def _flatten(estimator):
    """Return the steps of a pipeline and of pipelines in it, without those that are skipped."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
    return [inner for step in steps for inner in _flatten(step)]


def _describe(steps, classifier):
    loader, reads_images = classifier.loader, True
    if steps and isinstance(steps[0], ImageLoader):
        loader, reads_images = steps.pop(0), False
    elif steps:
        loader = None  # cleaning takes images alone
    elif loader is None and classifier.n_features_in_ == 1:
        loader = ImageLoader()
    return {
        "format": _FORMAT,
        "version": version("skin_lesion"),
        "classes": classifier.classes_.tolist(),
        "classes_dtype": classifier.classes_.dtype.str,
        "input_shape": list(classifier.model_.input_shape[1:]),
        "image_shape": classifier.image_shape and list(resolve_image_shape(classifier.image_shape)),
        "n_features_in": classifier.n_features_in_ if reads_images else 1,
        "loader": loader and {"resize": loader.resize, "on_error": loader.on_error},
        "preprocess": _describe_steps(flatten_steps(loader and loader.preprocess)),
        "reads_images": reads_images,
        "steps": _describe_steps(steps),
    }


def _describe_steps(steps):
    described = []
    for step in steps:
        if _CLEANING.get(type(step).__name__) is not type(step):
            raise TypeError(
                f"The loader cleans by {step!r}, of type {type(step).__name__}, which the file"
                f" cannot hold. Expected {', '.join(_CLEANING)}."
            )
        described.append([type(step).__name__, step.get_params()])
    return described


def open_onnx_file(path):
    """Return the session, the classes, and how X is read.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    file : SimpleNamespace
        With `session`, `classes`, `loader`, which is None where paths are refused, `reads_images`,
        `steps` that clean what was read, `image_shape`, `input_shape` and `n_features_in`. Shared
        by all who open the same file.
    """
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"path={path!r} is no existing file. Expected one that export_onnx wrote."
        )
    stat = os.stat(path)
    return _open(path, (stat.st_size, stat.st_mtime_ns, stat.st_ino), n_own_cores())


@lru_cache(maxsize=4)
def _open(path, state, n_threads):
    expected = "Expected one that skin_lesion.export_onnx wrote."
    try:
        session = open_session(path, n_threads)
    except ImportError:
        raise
    except Exception as error:  # ONNX Runtime has a class of its own for each kind of failure
        raise ValueError(f"path={path!r} is no readable ONNX file: {error}. {expected}") from error
    text = session.get_modelmeta().custom_metadata_map.get(_KEY)
    if text is None:
        raise ValueError(
            f"path={path!r} is an ONNX file without the names of classes and the preprocessing"
            f" under the key {_KEY!r} of its metadata. {expected}"
        )
    description = json.loads(text)
    if description["format"] != _FORMAT:
        raise ValueError(
            f"path={path!r} has format {description['format']}, of skin_lesion"
            f" {description['version']}. Expected format {_FORMAT}. Export it anew, or use that"
            " version."
        )
    return SimpleNamespace(
        session=session,
        classes=np.array(description["classes"], dtype=description["classes_dtype"]),
        loader=_make_loader(description),
        reads_images=description["reads_images"],
        steps=_make_steps(description["steps"]),
        image_shape=description["image_shape"],
        input_shape=tuple(description["input_shape"]),
        n_features_in=description["n_features_in"],
    )


def _make_loader(description):
    if description["loader"] is None:
        return None
    height, width, _ = description["input_shape"]
    return ImageLoader(
        (height, width),
        preprocess=_make_steps(description["preprocess"]),
        **description["loader"],
    )


def _make_steps(described):
    return [_CLEANING[name](**params) for name, params in described]
