"""The checkpoint of a fit: which fit it is, and where it is kept."""

import hashlib
import json
import sys
from importlib.metadata import version
from numbers import Integral

import cv2
import numpy as np
from sklearn.base import BaseEstimator

from ..._utils import lazy_keras as keras
from ..._utils.documentation_link import DocumentedMixin
from .checkpoint_file import CheckpointFile
from .fingerprint import WITHOUT_EFFECT, describe

# With which pixels and weights are made.
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
    """Let a fit that was interrupted or killed go on at its last epoch.

    As one of the `callbacks` of a :class:`SkinLesionClassifier` it saves the fit after every epoch.
    The next fit with the same parameters and data goes on from there, and comes to the result that
    it would have come to without the interruption. A fit that had ended is not trained again, so
    that a search that was killed goes on, too: any number of fits share a folder.

    Parameters
    ----------
    folder : str or os.PathLike
        Where checkpoints are kept, one file a fit. It is made if it does not exist. Delete it when
        it is no longer needed.

    See Also
    --------
    SkinLesionClassifier : Takes it in its `callbacks`.

    Notes
    -----
    A fit is known by the parameters of the classifier except `prior`, which does not change
    training, and by those of its objects and of its other callbacks; by y, weights and rows; by the
    pixels of an array, or the paths, sizes and times of files; and by the versions of the backend
    and of packages. Of your own functions and classes, such as an
    `architecture`, code, closures, defaults and bound arguments count, and so does what they name:
    other functions, classes and values. The weights of a :class:`Backbone` count by the content of
    their file. What holds something else, such as an open file or a
    generator, is an error: whether a fit is the same cannot be told. Where the folder holds an
    unfinished fit of something else and nothing of this one, a warning says in what they differ,
    and training starts anew; so it does where a checkpoint is damaged. `random_state` must be an
    int. `partial_fit` saves nothing.

    A checkpoint holds the weights, the state of the optimizer and of dropout, the best weights so
    far, and what other callbacks keep in public attributes as numbers, text or lists of arrays, as
    those of Keras do: about four times the size of the weights. It holds no pickled code. It is
    replaced as a whole: a process that is killed while it saves leaves the one of the epoch before.
    The order and the variants of the images follow from `random_state` and the epoch.

    On the processor, the result is the same to the last bit with the same number of threads.

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

    def __init__(self, folder):
        self.folder = folder


def open_checkpoint_file(estimator, source, y, training, validation):
    """Return the file of a fit's checkpoint, or None where no callback asks for one.

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
    if estimator.warm_start or not isinstance(estimator.random_state, Integral):
        raise ValueError(
            f"FitCheckpoint was given with random_state={estimator.random_state!r} and"
            f" warm_start={estimator.warm_start!r}. Expected an int and False: otherwise no later"
            " fit is the same. Set them, or leave the checkpoint out."
        )

    parameters = {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if name not in {"callbacks", "prior"} | WITHOUT_EFFECT
    }
    parameters["callbacks"] = without_checkpoints(estimator.callbacks)
    backend = keras.backend.backend()
    return CheckpointFile(
        found[0].folder,
        {
            **{name: describe(value, name) for name, value in parameters.items()},
            "the data": _fingerprint_data(source, y, training, validation),
            "the backend": f"{backend} {sys.modules[backend].__version__}",
            # OpenCV is asked itself: it is installed under several names.
            "versions of packages": {name: version(name) for name in _PACKAGES}
            | {"OpenCV": cv2.__version__},
        },
    )


def without_checkpoints(callbacks):
    """Return the callbacks that are Keras's own."""
    return [callback for callback in callbacks or [] if not _is_checkpoint(callback)]


def _is_checkpoint(callback):
    return isinstance(callback, FitCheckpoint)


def _fingerprint_data(source, y, training, validation):
    digest = hashlib.sha256(source.fingerprint().encode())
    for values in (np.asarray(y, dtype=str), training.rows, training.weight):
        if values is not None:
            values = np.ascontiguousarray(values)
            digest.update(f"{values.dtype} {values.shape}".encode())
            digest.update(values)
    if validation is not None:
        digest.update(json.dumps(validation.fingerprint()).encode())
    return digest.hexdigest()
