"""Save a fitted estimator to one file, which runs no code when it is opened."""

import hashlib
import json
import os
import re
import stat
import warnings
from importlib.metadata import version

from sklearn.base import BaseEstimator
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from ..._utils import lazy_keras as keras
from ..._utils.atomic_writing import check_folder_of
from .._classifier import SkinLesionClassifier
from .._features.embedder import ImageEmbedder
from .._networks._files.network_file import (
    check_weights,
    network_from_bytes,
    network_to_bytes,
    weights_to_bytes,
)
from .._networks._files.plain_zip import MAX_SIZE, read_plain_zip, write_plain_zip
from .._networks.applications import build_application
from .._networks.weights import StoredWeights
from .fitted_checks import check_one_hot_encoder, check_one_vs_rest
from .state import StateReader, StateWriter

_FORMAT = 1
_PACKAGES = ("skin_lesion", "scikit-learn", "imbalanced-learn", "keras", "numpy")
_ENTRIES = re.compile(
    r"manifest\.json|estimator\.json|arrays/\d{1,5}\.bin|networks/\d{1,3}\.keras"
    r"|weights/\d{1,3}\.h5"
)
_ANY_SHAPE = (224, 224, 3)  # the weights do not depend on it
_EXPECTED = "Expected a complete file that skin_lesion.save_model wrote."


def save_model(estimator, path):
    """Write a fitted estimator to one file, which runs no code when it is opened.

    Use it to share a model: :func:`load_model` reads and checks the whole file, and is safe for
    files from strangers. pickle and joblib would run any code in a file.

    Parameters
    ----------
    estimator : estimator
        Fitted. A :class:`SkinLesionClassifier`, an :class:`ImageEmbedder`, a classifier that wraps
        another one, such as :class:`TestTimeAugmentation`, or a pipeline or column transformer.
        These may contain each other, the other steps of this library, and estimators of
        scikit-learn and imbalanced-learn that predict with NumPy only, such as encoders, scalers
        and linear models.

    path : str or os.PathLike
        The file to write; missing folders are created. An existing file is replaced atomically: a
        crash leaves the old or the new file.

    Raises
    ------
    TypeError
        If `estimator`, or a part of it, cannot be saved. The message names the part.
    ValueError
        If the network has layers that may contain code, or is too large.
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    OSError
        If the file cannot be written, for example because a file is where a folder has to be.

    See Also
    --------
    load_model : Reads the file.
    export_onnx : Writes a file for programs without Keras.

    Notes
    -----
    The file is a zip archive without compression. It contains networks in the ``.keras`` format,
    everything else as JSON and raw arrays, and a manifest with package versions and the SHA-256
    checksum of each entry. The weights of the backbones of an :class:`ImageEmbedder` are included.

    The file omits everything that belongs to the machine or to training: `cache_dir`, `memory`,
    `callbacks`, an `optimizer` that is an object, the state of any optimizer, the fitted state of
    samplers, and metadata requests. In the loaded estimator these parameters are None. It predicts
    without them. To train it again, set `optimizer` first.

    Your own function or class as `architecture` is code, too. The network that it built is saved if
    it has only layers of Keras without code. The loaded classifier can predict. Its `fit` raises an
    error until you set `architecture`.

    References
    ----------
    The ZIP specification: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

    Examples
    --------
    >>> import os, tempfile
    >>> from skin_lesion import (
    ...     ConvNet, SkinLesionClassifier, load_model, make_lesion_images, save_model)
    >>> lesions = make_lesion_images(60, n_classes=2, image_size=(32, 32), random_state=0)
    >>> classifier = SkinLesionClassifier(
    ...     ConvNet(filters=(8, 16)), epochs=2, early_stopping=False, random_state=0
    ... ).fit(lesions.images, lesions.target)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "lesions.model")
    ...     save_model(classifier, path)
    ...     loaded = load_model(path)
    >>> expected = classifier.predict_proba(lesions.images)
    >>> bool((loaded.predict_proba(lesions.images) == expected).all())
    True
    """
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(
            f"estimator is {estimator!r}, of type {type(estimator).__name__}. Expected a fitted"
            " estimator. From a report or a search, save the estimator in it."
        )
    check_is_fitted(estimator)
    path = check_folder_of(path)
    networks, weights = {}, {}

    def keep_network(classifier):
        if not hasattr(classifier, "model_"):
            return (), None

        name = f"networks/{len(networks)}.keras"
        networks[name] = _network_of(classifier)
        return ("model_", "keras_classifier_", "callbacks_", "_split"), {"network": name}

    def keep_weights(embedder):
        names = []
        for data in _weights_of(embedder):
            names.append(f"weights/{len(weights)}.h5")
            weights[names[-1]] = data
        return ("_stored_weights",), {"weights": names} if names else None

    writer = StateWriter(
        {
            ImageEmbedder: keep_weights,
            OneVsRestClassifier: _refuse_several_classes,
            SkinLesionClassifier: keep_network,
        }
    )
    state = writer.write(estimator, type(estimator).__name__)
    entries = {
        "estimator.json": json.dumps(state).encode(),
        **writer.arrays,
        **networks,
        **weights,
    }
    manifest = {
        "format": _FORMAT,
        "versions": _versions(networks or weights),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in entries.items()},
    }
    manifest = json.dumps(manifest, indent=1).encode()
    write_plain_zip(path, {"manifest.json": manifest, **entries})


def load_model(path):
    """Read a file that :func:`save_model` wrote, without running any code in it.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    estimator : estimator
        Gives the same predictions as the saved one. Its `fit` trains from the beginning.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file is damaged or is not such a file, if it contains anything that may run code or
        read or write other files, or if it claims more data than it has bytes.
    OSError
        If it cannot be read.

    Warns
    -----
    UserWarning
        If the file was written with another version of this library, scikit-learn,
        imbalanced-learn, Keras or NumPy, or with another backend of Keras: predictions may differ.
        Parameters that were added since then have their defaults.

    See Also
    --------
    save_model : Writes the file, and describes its content.

    Notes
    -----
    Checksums detect damage, not malicious changes, because anyone can recompute them. Before Keras
    reads a network, all classes in its configuration must be on a list of layers without code, and
    its weights must be plain arrays without links to other files.

    The memory and time that the configuration of a network requires are not limited. The
    predictions are not checked either: a network may be wrong on purpose.

    Examples
    --------
    >>> from skin_lesion import load_model
    >>> load_model("missing.model")
    Traceback (most recent call last):
    ...
    FileNotFoundError: The file path='missing.model' does not exist. Expected a complete file...
    """
    path = os.fspath(path)
    data = _read_file(path)
    try:
        entries = read_plain_zip(data, _ENTRIES)
        manifest = json.loads(entries.pop("manifest.json"))
        _check_manifest(manifest, entries)
        state = json.loads(entries["estimator.json"])
        problem = _compare_versions(manifest["versions"])
        estimator = _reader(entries).read(state)
        if not isinstance(estimator, BaseEstimator):
            raise ValueError("it contains no estimator")
    except Exception as error:  # from zipfile, json, h5py, Keras and others, given invalid data
        raise ValueError(_explain(path, error)) from error
    if problem:
        warnings.warn(f"path={path!r} {problem}", UserWarning, stacklevel=2)
    return estimator


def _explain(path, error):
    reason = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    return f"path={path!r} was not opened: {reason}. {_EXPECTED} Request the file again."


def _read_file(path):
    if not os.path.exists(path):
        raise FileNotFoundError(f"The file path={path!r} does not exist. {_EXPECTED}")
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"path={path!r} is a folder or a special file. {_EXPECTED}")
    if found.st_size > MAX_SIZE:
        raise ValueError(f"path={path!r} has {found.st_size} bytes. {_EXPECTED}")
    with open(path, "rb") as file:
        return file.read(found.st_size)


def _check_manifest(manifest, entries):
    if manifest["format"] != _FORMAT:
        raise ValueError(
            f"it has format {manifest['format']!r}, of skin_lesion"
            f" {manifest['versions']['skin_lesion']}, but this version reads format {_FORMAT}."
            " Install that version, or save the model again with this one"
        )
    found = {name: hashlib.sha256(data).hexdigest() for name, data in entries.items()}
    if found.keys() != manifest["sha256"].keys():
        raise ValueError("its entries differ from those in its manifest")
    wrong = [name for name in found if found[name] != manifest["sha256"][name]]
    if wrong:
        raise ValueError(f"it is damaged: the checksum of entry {wrong[0]!r} is wrong")


def _versions(with_keras):
    versions = {name: version(name) for name in _PACKAGES}
    if with_keras:
        versions["backend of Keras"] = keras.backend.backend()
    return versions


def _compare_versions(saved):
    here = _versions("backend of Keras" in saved)
    other = [f"{name} {saved.get(name)} (here {here[name]})" for name in here]
    other = [text for name, text in zip(here, other, strict=True) if saved.get(name) != here[name]]
    if other:
        return (
            f"was saved with {', '.join(other)}. Predictions may differ: compare some with those of"
            " the original model, or install the same versions."
        )
    return None


def _reader(entries):
    def add_network(classifier, beside):
        if beside is None:
            return

        classifier.model_ = network_from_bytes(entries.pop(beside["network"]))
        classifier.keras_classifier_ = _NotTrainable(classifier.model_)

    def add_weights(embedder, beside):
        names = [] if beside is None else beside["weights"]
        backbones = _backbones_with_weights(embedder)
        if len(names) != len(backbones):
            raise ValueError("the weights of its ImageEmbedder are missing")
        embedder._stored_weights = []
        for name, backbone in zip(names, backbones, strict=True):
            data = entries.pop(name)
            check_weights(data)
            embedder._stored_weights.append(StoredWeights(data, backbone))

    special = {
        ImageEmbedder: add_weights,
        OneHotEncoder: check_one_hot_encoder,
        OneVsRestClassifier: check_one_vs_rest,
        SkinLesionClassifier: add_network,
    }
    return StateReader(entries, special)


def _network_of(classifier):
    try:
        return network_to_bytes(classifier.model_)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ValueError(
            f"The network of the {type(classifier).__name__} cannot be saved: {error}. Expected"
            " only layers of Keras without code. Build it from these, use export_onnx, or use"
            " joblib if the users of the file trust you."
        ) from error


def _weights_of(embedder):
    """Return the weights of a fitted embedder's networks as bytes, except random ones."""
    return [
        weights_to_bytes(build_application(backbone.name, _ANY_SHAPE, backbone.weights))
        if (stored := embedder._find_stored_weights(backbone)) is None
        else stored.data
        for backbone in _backbones_with_weights(embedder)
    ]


def _backbones_with_weights(embedder):
    if not hasattr(embedder, "n_features_in_"):
        return []
    return [backbone for backbone in embedder._backbones() if backbone.weights is not None]


def _refuse_several_classes(classifier):
    try:
        check_one_vs_rest(classifier, None)
    except ValueError as error:
        raise TypeError(
            f"The file could not be opened again: {error}. Expected one class per image. Use joblib"
            " if the users of the file trust you."
        ) from None
    return (), None


class _NotTrainable:
    """Placeholder for the scikeras classifier: a file contains only its network."""

    def __init__(self, model):
        self.model_ = model

    def _refuse(self, *args, **params):
        raise ValueError(
            "The classifier was loaded from a file, which contains no training state. Expected a"
            " classifier that was fitted in this process. To train from the beginning, use fit with"
            " warm_start=False, or partial_fit of a clone."
        )

    get_params = set_params = fit = partial_fit = _refuse
