"""The checkpoint of a fit: what identifies the fit, and where the file is."""

import hashlib
import json
import os
from importlib.metadata import version
from numbers import Integral

import cv2
import numpy as np
from sklearn.base import BaseEstimator

from ..._utils.documentation_link import DocumentedMixin
from .._backend.identity import describe_backend, describe_policy
from .checkpoint_file import CheckpointFile
from .fingerprint import WITHOUT_EFFECT, describe

# Packages that affect pixels and weights.
_PACKAGES = (
    "skin_lesion",
    "imbalanced-learn",
    "keras",
    "numpy",
    "Pillow",
    "scikeras",
    "scikit-learn",
)


class FitCheckpoint(DocumentedMixin, BaseEstimator):
    """Resume a fit that was interrupted or killed, from its last epoch.

    As one of the `callbacks` of a :class:`SkinLesionClassifier` it saves the fit after every epoch.
    The next fit with the same parameters and data continues from there, and gives the same result
    as without the interruption. A completed fit is not trained again. Any number of fits can share
    a folder, so a killed search can be resumed, too.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder for the checkpoints, one file per fit. It is created if it does not exist. Delete it
        when you no longer need it.

    See Also
    --------
    SkinLesionClassifier : Accepts it in `callbacks`.

    Notes
    -----
    A fit is identified by:

    - the parameters of the classifier, except `prior` and `temperature`, which do not change
      training, and those of its nested objects and other callbacks;
    - y, weights and rows;
    - the pixels of an array, or the paths, sizes and modification times of files;
    - the versions of the backend and of packages, and the dtype policy of Keras.

    Your own functions and classes, such as an `architecture`, are identified by their code,
    closures, defaults and bound arguments, and by the functions, classes and values that they refer
    to. The weights of a :class:`Backbone` are identified by the content of their file. Other files
    that your functions read are not compared: if such a file changes, use another folder. Objects
    with other content, such as an open file or a generator, raise an error, because they cannot be
    identified. `random_state` must be an int. `partial_fit` saves nothing.

    If the folder holds no checkpoint of this fit but an unfinished one of another fit, a warning
    says how they differ, and training starts from the beginning. The same happens if a checkpoint
    is damaged.

    A checkpoint holds the weights, the state of the optimizer and of dropout, and the best weights
    so far. It also holds the public attributes of other callbacks that are numbers, text or lists
    of arrays, as in those of Keras. It is about four times as large as the weights, and contains no
    pickled code. It is replaced atomically: if the process is killed while it saves, the previous
    checkpoint remains. The order and the augmentation of the images follow from `random_state` and
    the epoch.

    On a CPU, the result is identical to the last bit if the number of threads is the same.

    Examples
    --------
    >>> import tempfile
    >>> from skin_lesion import ConvNet, FitCheckpoint, SkinLesionClassifier, make_lesion_images
    >>> lesions = make_lesion_images(60, n_classes=2, image_size=(32, 32), random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     classifier = SkinLesionClassifier(
    ...         ConvNet(filters=(8,)), epochs=2, early_stopping=False, random_state=0,
    ...         callbacks=[FitCheckpoint(folder)],
    ...     )
    ...     first = classifier.fit(lesions.images, lesions.target).history_
    ...     again = classifier.fit(lesions.images, lesions.target).history_  # nothing left to train
    >>> first == again
    True
    """

    _parameter_constraints = {"folder": [str, os.PathLike]}

    def __init__(self, folder):
        self.folder = folder


def open_checkpoint_file(estimator, source, y, training, validation):
    """Return the file of a fit's checkpoint, or None if there is no FitCheckpoint.

    Parameters
    ----------
    estimator : SkinLesionClassifier

    source : ArraySource or PathSource

    y : ndarray of shape (n,)

    training : TrainingRows

    validation : ValidationSet or None

    Returns
    -------
    file : CheckpointFile or None
    """
    found = [callback for callback in estimator.callbacks or [] if _is_checkpoint(callback)]
    if not found:
        return None
    if len(found) > 1:
        raise ValueError(f"callbacks holds {len(found)} FitCheckpoint objects. Expected one.")
    found[0]._validate_params()
    if estimator.warm_start or not isinstance(estimator.random_state, Integral):
        raise ValueError(
            f"FitCheckpoint was given with random_state={estimator.random_state!r} and"
            f" warm_start={estimator.warm_start!r}. Expected an int and False: otherwise no later"
            " fit is the same. Set them, or leave out the checkpoint."
        )

    parameters = {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if name not in {"callbacks", "prior", "temperature"} | WITHOUT_EFFECT
    }
    parameters["callbacks"] = without_checkpoints(estimator.callbacks)
    return CheckpointFile(
        found[0].folder,
        {
            **{name: describe(value, name) for name, value in parameters.items()},
            "the data": _fingerprint_data(source, y, estimator.classes_, training, validation),
            "the backend": describe_backend() + describe_policy(),
            # From OpenCV itself: its package has several names.
            "versions of packages": {name: version(name) for name in _PACKAGES}
            | {"OpenCV": cv2.__version__},
        },
    )


def without_checkpoints(callbacks):
    """Return the callbacks except FitCheckpoint objects."""
    return [callback for callback in callbacks or [] if not _is_checkpoint(callback)]


def _is_checkpoint(callback):
    return isinstance(callback, FitCheckpoint)


def _fingerprint_data(source, y, classes, training, validation):
    digest = hashlib.sha256(source.fingerprint().encode())
    # Numbers and their text are sorted differently, so their columns differ.
    names = [np.asarray(labels, dtype=str) for labels in (y, classes)]
    for values in (*names, training.rows, training.weight):
        if values is not None:
            values = np.ascontiguousarray(values)
            digest.update(f"{values.dtype} {values.shape}".encode())
            digest.update(values)
    if validation is not None:
        digest.update(json.dumps(validation.fingerprint()).encode())
    return digest.hexdigest()
