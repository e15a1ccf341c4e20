"""A fitted classifier in one ONNX file, and what is written beside the network in it."""

import json
import os
from functools import lru_cache
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..._utils.atomic_writing import check_folder_of, new_file
from ...images import ImageLoader, ImageTransformer, flatten_steps
from .._backend.threads import n_own_cores
from .._classifier import SkinLesionClassifier
from .._networks.onnx_network import export_model, open_session

_KEY = "skin_lesion"
_FORMAT = 1


def export_onnx(estimator, path):
    """Write a fitted classifier to one ONNX file, which runs without Keras.

    The network takes a float32 batch (n, height, width, 3) of RGB pixels from 0 to 255 and puts out
    the probabilities (n, n_classes); it rescales the pixels itself. The names of the classes, and
    how photographs are resized and cleaned before, are in the metadata of the file, as JSON under
    the key "skin_lesion". :class:`OnnxClassifier` reads all of it.

    Needs the extra "onnx", and TensorFlow as the backend of Keras.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        Fitted.

    path : str or os.PathLike
        The file to write. One that exists is replaced, once the new one is complete.

    Raises
    ------
    ImportError
        If the extra is not installed.
    TypeError
        If `estimator` is something else.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    FileNotFoundError
        If the folder does not exist.

    See Also
    --------
    OnnxClassifier : The file as a classifier.

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
    if not isinstance(estimator, SkinLesionClassifier):
        raise TypeError(
            f"estimator is {estimator!r}, of type {type(estimator).__name__}. Expected a fitted"
            " SkinLesionClassifier. Of a pipeline pass the last step: its loader is another step,"
            " which the file cannot hold; SkinLesionClassifier(loader=...) reads paths itself."
        )
    check_is_fitted(estimator)
    path = check_folder_of(path)
    model = export_model(estimator.model_)
    model.metadata_props.add(key=_KEY, value=json.dumps(_describe(estimator)))
    with new_file(path) as unfinished:
        unfinished.write_bytes(model.SerializeToString())


def _describe(estimator):
    loader = ImageLoader() if estimator.loader is None else estimator.loader
    return {
        "format": _FORMAT,
        "version": version("skin_lesion"),
        "classes": estimator.classes_.tolist(),
        "classes_dtype": estimator.classes_.dtype.str,
        "input_shape": list(estimator.model_.input_shape[1:]),
        "image_shape": estimator.image_shape and list(estimator.image_shape),
        "n_features_in": estimator.n_features_in_,
        "loader": {"resize": loader.resize, "on_error": loader.on_error},
        "preprocess": [
            [type(step).__name__, step.get_params()] for step in flatten_steps(loader.preprocess)
        ],
    }


def open_onnx_file(path):
    """Return the session, the classes, and how X is read.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    file : SimpleNamespace
        With `session`, `classes`, `loader`, `image_shape`, `input_shape` and `n_features_in`.
        Shared by all who open the same file.
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
        image_shape=description["image_shape"],
        input_shape=tuple(description["input_shape"]),
        n_features_in=description["n_features_in"],
    )


def _make_loader(description):
    steps = {cls.__name__: cls for cls in ImageTransformer.__subclasses__()}
    height, width, _ = description["input_shape"]
    return ImageLoader(
        (height, width),
        preprocess=[steps[name](**params) for name, params in description["preprocess"]],
        **description["loader"],
    )
