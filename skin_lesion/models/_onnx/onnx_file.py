"""A fitted classifier as one ONNX file, with metadata for reading images."""

import hashlib
import json
import os
from functools import lru_cache
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..._utils.atomic_writing import check_folder_of, new_file
from ..._utils.validation.pixels import check_image_size
from ...images import (
    BorderCropper,
    ColorConstancy,
    HairRemover,
    ImageAugmenter,
    ImageLoader,
    flatten_steps,
)
from .._classifier import SkinLesionClassifier
from .._networks.digest import hash_weights
from .._networks.onnx_network import export_model, open_session
from .._training.image_source import resolve_image_shape
from .._training.priors import find_assumed_shares
from .._wrappers.averaged import AveragedClassifier
from .._wrappers.test_time_augmentation import TestTimeAugmentation

_KEY = "skin_lesion"
_FORMAT = 4
_LONGEST_VALUES = 200  # in characters, in a message
_CHECKSUM_KEY = b"skin_lesion_sha256"
_CLEANING = {cls.__name__: cls for cls in (BorderCropper, ColorConstancy, HairRemover)}


def export_onnx(estimator, path):
    """Write a fitted classifier to one ONNX file, which runs without Keras.

    The network takes a float32 batch (n, height, width, 3) of RGB pixels from 0 to 255, which it
    rescales itself. It returns probabilities (n, n_classes), corrected for the current
    `temperature` and `prior` of the classifier. The metadata of the file hold the names of classes
    and features, the class shares that the probabilities assume, how photographs are resized and
    cleaned, and the variants of test-time augmentation, as JSON under the key "skin_lesion".
    :class:`OnnxClassifier` reads all of it. If there are variants, the probabilities of each of
    several networks are further outputs, and each network has a list in "prior_factors", or null:
    divide its probabilities by these before you average variants, multiply the mean by them, and
    let rows sum to 1 each time.

    It needs the extra "onnx", and TensorFlow as the backend of Keras.

    Parameters
    ----------
    estimator : SkinLesionClassifier, TestTimeAugmentation, AveragedClassifier or Pipeline
        Fitted. :class:`TestTimeAugmentation` must be around a SkinLesionClassifier. Its variants
        are drawn once, for the file: with an integer `random_state` they are those of the
        estimator. An :class:`AveragedClassifier` must hold such classifiers, all of which read
        images in the same way and have the same variants. Pass the whole pipeline if there is one:
        the file then loads and cleans images as its steps do. In addition to the classifier, the
        pipeline may contain an :class:`ImageLoader`, :class:`ColorConstancy`, :class:`HairRemover`
        and :class:`BorderCropper`, and steps without effect at prediction: an
        :class:`ImageAugmenter` and samplers.

    path : str or os.PathLike
        The file to write; missing folders are created. An existing file is replaced after a check:
        ONNX Runtime loads the new file, and its probabilities for a batch of noise equal those of
        Keras.

    Raises
    ------
    ImportError
        If the extra is not installed.
    TypeError
        If `estimator` is something else, or if the file cannot represent one of its steps.
    ValueError
        If the network has an operation without a counterpart in ONNX, which the message names, or
        if the probabilities differ. If averaged classifiers read images in different ways, or
        have different variants.
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    NotADirectoryError
        If a file is where a folder has to be.

    See Also
    --------
    OnnxClassifier : Predicts with the file.

    Notes
    -----
    The file takes the same kind of input as the estimator was fitted on. It is unknown how arrays
    were read and cleaned. So the file refuses paths if a classifier was fitted on arrays and has no
    `loader`, or one with another `image_size`.

    References
    ----------
    The ONNX specification: https://onnx.ai/onnx/repo-docs/IR.html

    Examples
    --------
    >>> from skin_lesion import export_onnx
    >>> export_onnx("model", "model.onnx")
    Traceback (most recent call last):
    ...
    TypeError: estimator is of type str. Expected a fitted SkinLesionClassifier...
    """
    write_onnx_file(estimator, path)


def write_onnx_file(estimator, path, *, with_features=False, model_path=None):
    """Write a file as :func:`export_onnx` does, with more in it.

    Parameters
    ----------
    estimator : SkinLesionClassifier, TestTimeAugmentation, AveragedClassifier or Pipeline

    path : str or os.PathLike

    with_features : bool, default=False
        Whether the network returns the input of its last layer, too. Of several, the first does.

    model_path : str or os.PathLike, default=None
        The file of `save_model` with the same estimator. :func:`check_onnx_file` recognises it.
    """
    *steps, last = _flatten(estimator)
    parts = last._checked_parts() if isinstance(last, AveragedClassifier) else [last]
    classifiers, variants = zip(*(_unwrap(part, estimator) for part in parts), strict=True)
    steps = _check_steps(steps)
    for classifier in classifiers:
        check_is_fitted(classifier)
    path = check_folder_of(path)
    described = zip(classifiers, variants, strict=True)
    description = _check_are_same([_describe(list(steps), *each) for each in described])
    networks = [classifier.model_ for classifier in classifiers]
    corrections = [classifier._correction() for classifier in classifiers]
    has_variants = len(description["augmentations"]) > 0
    with_each = has_variants and len(networks) > 1  # the variants of each are averaged by itself
    model = export_model(networks, corrections, with_each=with_each, with_features=with_features)
    description["prior_factors"] = [
        None if factors is None else factors.tolist() for factors, _ in corrections
    ]
    description["model_sha256"] = None if model_path is None else _hash_file(model_path)
    description["weights_sha256"] = hash_weights(networks[0])  # the one that has the features
    description["class_prior"] = _find_class_prior(classifiers)
    names = getattr(estimator, "feature_names_in_", getattr(last, "feature_names_in_", None))
    description["feature_names_in"] = None if names is None else np.asarray(names).tolist()
    text = json.dumps(description, default=lambda number: number.item())  # of NumPy, as in a grid
    model.metadata_props.add(key=_KEY, value=text)
    with new_file(path) as unfinished:
        unfinished.write_bytes(_add_checksum(model.SerializeToString()))


def _find_class_prior(classifiers):
    """Return the class shares that all corrected probabilities assume, or None if they differ."""
    first, *others = (find_assumed_shares(classifier) for classifier in classifiers)
    return first.tolist() if all(np.allclose(first, other) for other in others) else None


def check_onnx_file(path, model_path):
    """Raise a ValueError if a file is damaged, or was not written with this file of `save_model`.

    Files of other versions of this library are refused, too: they may read images in another way.
    """
    _check_content(path)
    description = open_onnx_file(path).description
    if description["version"] != version("skin_lesion"):
        raise ValueError(
            f"{os.fspath(path)!r} is of skin_lesion {description['version']}, not"
            f" {version('skin_lesion')}."
        )
    if description["model_sha256"] != _hash_file(model_path):
        raise ValueError(
            f"{os.fspath(path)!r} does not belong to {os.fspath(model_path)!r}, which has changed"
            " since the export."
        )


def _add_checksum(content):
    """Return a serialised model with one more entry in its metadata: the SHA-256 of the rest.

    The encoding of protocol buffers lets a repeated field go on at the end of the message. So the
    entry can be compared without parsing a file that may be damaged.
    """
    digest = hashlib.sha256(content).hexdigest().encode()
    key_and_value = ((b"\x0a", _CHECKSUM_KEY), (b"\x12", digest))  # fields 1 and 2 of the entry
    entry = b"".join(tag + bytes([len(text)]) + text for tag, text in key_and_value)
    return content + b"\x72" + bytes([len(entry)]) + entry  # field 14 of the model


def _check_content(path):
    with open(path, "rb") as file:
        content = file.read()
    if content != _add_checksum(content[: -len(_add_checksum(b""))]):
        raise ValueError(
            f"{os.fspath(path)!r} is damaged: its checksum is wrong. Copy it again, or export it"
            " again."
        )


def _hash_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unwrap(part, estimator):
    """Return the classifier in a part of an estimator, and its variants of each image."""
    augmentations = []
    if isinstance(part, TestTimeAugmentation):
        if type(part._augmenter()) is not ImageAugmenter:  # which OnnxClassifier applies
            raise TypeError(
                f"The variants are those of {part.augmenter!r}, of type"
                f" {type(part.augmenter).__name__}, which the file cannot represent. Expected"
                " an ImageAugmenter. Export the classifier without TestTimeAugmentation."
            )
        draws = part._draw()
        augmentations = [dict(zip(draws.dtype.names, draw.tolist(), strict=True)) for draw in draws]
        part = part._fitted()
    if not isinstance(part, SkinLesionClassifier):
        where = "is" if part is estimator else "has a part"
        raise TypeError(
            f"estimator {where} of type {type(part).__name__}. Expected a fitted"
            " SkinLesionClassifier, TestTimeAugmentation around one, AveragedClassifier of these,"
            " or a pipeline that ends in one of them."
        )
    return part, augmentations


def _check_steps(steps):
    """Return the steps of a pipeline that act at prediction. Others than known ones are errors."""
    steps = [
        step
        for step in steps
        # Samplers and augmenters have no effect at prediction.
        if not hasattr(step, "fit_resample") and type(step) is not ImageAugmenter
    ]
    for number, step in enumerate(steps):
        cleans = _CLEANING.get(type(step).__name__) is type(step)
        if not cleans and (type(step) is not ImageLoader or number > 0):
            raise TypeError(
                f"The pipeline has the step {step!r}, of type {type(step).__name__}, which the file"
                " cannot represent. Expected an ImageLoader first, then ColorConstancy, HairRemover"
                " and BorderCropper. Leave the step out, or export only the classifier and apply"
                " the step before each call of OnnxClassifier."
            )
    return steps


def _flatten(estimator):
    """Return the steps of a pipeline and of nested pipelines, without skipped steps."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
    return [inner for step in steps for inner in _flatten(step)]


def _check_are_same(descriptions):
    """Return the one description of all classifiers: the file reads each image once."""
    first, *others = descriptions
    for other in others:
        names = [
            name
            for name, value in first.items()
            # Equal class names may be of another type: text or objects.
            if name != "classes_dtype" and value != other[name]
        ]
        if names:
            differences = ", ".join(
                _say_difference(name, first[name], other[name]) for name in names
            )
            advice = "Export"
            if "augmentations" in names:
                advice = (
                    "Give all TestTimeAugmentation the same augmenter, the same n_augmentations,"
                    " and the same integer as random_state, or export"
                )
            raise ValueError(
                f"The classifiers of AveragedClassifier differ in {differences}. Expected the same,"
                f" because the file reads and augments each image once. {advice} each classifier to"
                " a file of its own and average these:"
                " AveragedClassifier([OnnxClassifier(first_file), OnnxClassifier(second_file)])."
            )
    return first


def _say_difference(name, one, other):
    """Return what differs, with both values if these are short: variants are long."""
    values = f"{one!r} and {other!r}"
    return f"{name} ({values})" if len(values) <= _LONGEST_VALUES else name


def _describe(steps, classifier, augmentations):
    loader, reads_images = classifier.loader, True
    if steps and isinstance(steps[0], ImageLoader):
        loader, reads_images = steps.pop(0), False
    elif steps:
        loader = None  # cleaning steps take only images
    elif loader is None and classifier.n_features_in_ == 1:
        loader = ImageLoader()
    input_shape = classifier.model_.input_shape[1:]
    if loader is not None and check_image_size(loader.image_size) != tuple(input_shape[:2]):
        loader = None  # it has not read the images of fit
    if loader is not None and type(loader) is not ImageLoader:
        raise TypeError(
            f"Images are read by {loader!r}, of type {type(loader).__name__}, which the file cannot"
            " represent. Expected an ImageLoader. Export a classifier of images without a loader,"
            " and read them before each call of OnnxClassifier."
        )
    return {
        "format": _FORMAT,
        "version": version("skin_lesion"),
        "classes": classifier.classes_.tolist(),
        "classes_dtype": classifier.classes_.dtype.str,
        "input_shape": list(input_shape),
        "image_shape": classifier.image_shape and list(resolve_image_shape(classifier.image_shape)),
        "n_features_in": classifier.n_features_in_ if reads_images else 1,
        "loader": loader and {"resize": loader.resize, "on_error": loader.on_error},
        "preprocess": _describe_steps(flatten_steps(loader and loader.preprocess)),
        "reads_images": reads_images,
        "steps": _describe_steps(steps),
        "augmentations": augmentations,
    }


def _describe_steps(steps):
    described = []
    for step in steps:
        if _CLEANING.get(type(step).__name__) is not type(step):
            raise TypeError(
                f"The loader cleans with {step!r}, of type {type(step).__name__}, which the file"
                f" cannot represent. Expected {', '.join(_CLEANING)}."
            )
        described.append([type(step).__name__, step.get_params()])
    return described


def open_onnx_file(path):
    """Return the session, the classes, and how to read X. A damaged file is a ValueError.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    file : SimpleNamespace
        With `session`, `classes`, `loader` (None if paths are refused), `reads_images`, `steps`
        that clean images, `augmentations` (one record each), `factors` (of each network; see
        `average_variants`), `image_shape`, `input_shape`, `n_features_in`, and the whole
        `description`. It is shared by all callers that open the same file.
    """
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"The file path={path!r} does not exist. Expected a file that export_onnx wrote."
        )
    stat = os.stat(path)
    return _open(path, (stat.st_size, stat.st_mtime_ns, stat.st_ino))


@lru_cache(maxsize=4)
def _open(path, state):
    expected = "Expected a file that skin_lesion.export_onnx wrote."
    try:
        session = open_session(path, n_threads=1)  # threads run it side by side
    except ImportError:
        raise
    except Exception as error:  # ONNX Runtime has a class of its own for each kind of failure
        raise ValueError(f"path={path!r} is not a valid ONNX file: {error}. {expected}") from error
    text = session.get_modelmeta().custom_metadata_map.get(_KEY)
    if text is None:
        raise ValueError(
            f"path={path!r} is an ONNX file whose metadata lack the class names and preprocessing"
            f" under the key {_KEY!r}. {expected}"
        )
    if text.startswith(f'{{"format": {_FORMAT},'):  # others may have another checksum
        _check_content(path)  # ONNX Runtime takes any weights
    description = json.loads(text)
    if description["format"] != _FORMAT:
        raise ValueError(
            f"path={path!r} has format {description['format']}, of skin_lesion"
            f" {description['version']}. Expected format {_FORMAT}. Export it again, or use that"
            " version."
        )
    return SimpleNamespace(
        session=session,
        classes=np.array(description["classes"], dtype=description["classes_dtype"]),
        loader=_make_loader(description),
        reads_images=description["reads_images"],
        steps=_make_steps(description["steps"]),
        augmentations=_make_draws(description["augmentations"]),
        factors=[each and np.array(each) for each in description["prior_factors"]],
        image_shape=description["image_shape"],
        input_shape=tuple(description["input_shape"]),
        n_features_in=description["n_features_in"],
        description=description,
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


def _make_draws(described):
    dtype = ImageAugmenter().draw(0).dtype
    rows = [tuple(described_draw[name] for name in dtype.names) for described_draw in described]
    return np.array(rows, dtype=dtype)


def _make_steps(described):
    return [_CLEANING[name](**params) for name, params in described]
