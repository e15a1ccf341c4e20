"""A model on ONNX Runtime, which is faster, where it is installed."""

import os
import sys
from pathlib import Path

from ..models import (
    AveragedClassifier,
    OnnxClassifier,
    SkinLesionClassifier,
    TestTimeAugmentation,
    can_export_and_run,
    check_onnx_file,
    write_onnx_file,
)
from ._output import file_beside


def export_beside(model, model_path):
    """Write the ONNX file that :func:`open_beside` opens, where the extra is installed.

    A file of an earlier model is removed.

    Parameters
    ----------
    model : fitted classifier

    model_path : pathlib.Path
        The file that `save_model` wrote.
    """
    path = onnx_path_beside(model_path)
    path.unlink(missing_ok=True)
    if not can_export_and_run():
        return
    try:
        write_onnx_file(model, path, with_features=True, model_path=model_path)
    except Exception as error:  # of tf2onnx, onnx or ONNX Runtime, of any class
        print(f"predict will be slower, because {path.name} cannot be written: {error}")


def open_beside(model_path):
    """Return the classifier in the ONNX file beside a model, which needs no Keras.

    None if there is no such file, or if it is damaged, or not of this model and version. The
    reason is printed.
    """
    path = onnx_path_beside(model_path)
    if not path.is_file() or not Path(model_path).is_file():
        return None
    try:
        check_onnx_file(path, model_path)
    except ImportError:  # ONNX Runtime is not installed
        return None
    except (ValueError, OSError) as error:
        print(f"{error} Only {model_path} is used, which takes longer.", file=sys.stderr)
        return None
    return OnnxClassifier(path)


def onnx_path_beside(model_path):
    """Return the ONNX file that belongs to a model."""
    return file_beside(model_path, ".onnx")


def put_on_onnx(model, folder):
    """Return a classifier of paths that predicts what a model does, on ONNX Runtime.

    Parameters
    ----------
    model : fitted classifier

    folder : str
        For the ONNX files: one, or one for each of averaged classifiers that do not fit into one.

    Returns
    -------
    model : fitted classifier
        The same where ONNX Runtime is not installed, or cannot run it. An average may mix both.
    """
    if not isinstance(model, (AveragedClassifier, SkinLesionClassifier, TestTimeAugmentation)):
        return model
    if getattr(find_network(model), "loader", None) is None:
        return model  # the file would not say how photographs are read
    path = Path(folder, f"{len(os.listdir(folder))}.onnx")
    try:
        write_onnx_file(model, path, with_features=True)
    except Exception:  # of tf2onnx, onnx or ONNX Runtime, of any class
        if not isinstance(model, AveragedClassifier):
            return model
        # Such as networks of different image sizes: a file reads each image once.
        parts = getattr(model, "estimators_", model.estimators)
        return AveragedClassifier([put_on_onnx(part, folder) for part in parts])
    return OnnxClassifier(path)


def find_network(model):
    """Return the first fitted network inside of a model, or None where it has none."""
    if isinstance(model, SkinLesionClassifier):
        # CalibratedClassifierCV fits copies: its own network remains as it was given.
        return model if hasattr(model, "model_") else None
    for name in ("estimators_", "estimators", "estimator_", "estimator"):
        inner = getattr(model, name, None)
        if inner is not None:
            return find_network(inner[0] if isinstance(inner, list) else inner)
    return None
