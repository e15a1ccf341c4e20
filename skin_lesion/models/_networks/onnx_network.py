"""The only module that uses ONNX: Keras models to files, and files to sessions."""

import gc
import warnings
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np

from ..._utils import lazy_keras as keras
from ..._utils.atomic_writing import temporary_folder
from .._backend.log import without_retracing_warnings

# Keras exports with these from TensorFlow; other backends need other packages, and name them.
_TO_EXPORT = ("onnx", "tf2onnx")
_TO_RUN = ("onnxruntime",)


def can_export_and_run():
    """Return whether all packages of the extra are installed."""
    return all(find_spec(name) is not None for name in (*_TO_EXPORT, *_TO_RUN))


def export_model(models, corrections=((None, 1.0),), *, with_each=False, with_features=False):
    """Return Keras models as one onnx.ModelProto, for batches of any size.

    It is checked: ONNX Runtime loads it, and gives the same outputs as Keras for a batch of noise.

    Parameters
    ----------
    models : list of keras.Model
        Of the same input shape. Their outputs are averaged.

    corrections : list of (factors, temperature)
        Of each model. Its probabilities are raised to the inverse of the temperature, and
        multiplied by the factors, an ndarray of shape (n_classes,) or None. Rows then sum to 1.

    with_each : bool, default=False
        Whether the corrected outputs of each model are further outputs.

    with_features : bool, default=False
        Whether the input of the last layer of the first model is a further output, the last.
    """
    _require((*_TO_EXPORT, *_TO_RUN), "Exporting to ONNX")
    import onnx

    original, model = (
        _join(versions, corrections, with_each, with_features)
        for versions in (models, [_without_normalization(model) for model in models])
    )
    model(np.zeros((1, *model.input_shape[1:]), dtype=np.float32))  # Keras requires a first call
    with temporary_folder() as folder, warnings.catch_warnings(), _frequent_collection():
        warnings.simplefilter("ignore", FutureWarning)  # of tf2onnx about NumPy's old names
        path = str(folder / "model.onnx")
        model.export(path, format="onnx", verbose=False)
        exported = onnx.load(path)
    if len(exported.graph.input) > 1:
        names = [value.name for value in exported.graph.input[1:]]
        raise ValueError(
            f"{model.name!r} cannot be exported: tf2onnx treats its constants {names} as inputs."
            " Expected a network without constant tensors, such as those of a Normalization layer"
            " in an inner model. Use Rescaling instead."
        )
    _check_operations(model.name, exported.graph.node)
    _compare_outputs(original, exported)
    return exported


@contextmanager
def _frequent_collection():
    """Let Python collect garbage often, and only what is created in this context.

    tf2onnx copies the whole graph for each of its two dozen optimizations. The copies contain
    cycles. Python collects these only when there are many new objects compared with old ones, of
    which Keras has many. By then the copies of a network of 13 MB take 500 MB.
    """
    thresholds, are_frozen = gc.get_threshold(), gc.get_freeze_count() > 0
    if not are_frozen:  # by the caller, who expects them to stay so
        gc.freeze()
    gc.collect()  # counts the objects that are left
    gc.set_threshold(thresholds[0], 2, 2)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if not are_frozen:
            gc.unfreeze()


def _check_operations(name, nodes):
    from onnx.defs import has

    # tf2onnx keeps the TensorFlow names of operations that it does not know.
    unknown = sorted({node.op_type for node in nodes if not has(node.op_type, node.domain)})
    if unknown:
        raise ValueError(
            f"{name!r} cannot be exported: ONNX has no counterpart of its operations {unknown}."
            " Expected a network without them. Replace the layers that use them, for example"
            " activation='gelu' by 'relu', or use save_model."
        )


@without_retracing_warnings()
def _compare_outputs(model, exported):
    noise = np.random.RandomState(0).uniform(0, 255, (3, *model.input_shape[1:]))
    noise = noise.astype(np.float32)
    try:
        session = open_session(exported.SerializeToString(), n_threads=1)
        found = run_for_all_outputs(session, noise)
    except Exception as error:  # ONNX Runtime has a class of its own for each kind of failure
        raise ValueError(
            f"{model.name!r} cannot be exported: ONNX Runtime cannot run the exported model"
            f" ({error}). Expected a network with other layers. Replace those that it names."
        ) from error
    expected = model.predict_on_batch(noise)
    expected = expected if isinstance(expected, list) else [expected]
    for output, expected_output in zip(found, expected, strict=True):
        _compare_output(model, output, np.asarray(expected_output))


def _compare_output(model, found, expected):
    if not np.allclose(found, expected, rtol=1e-3, atol=1e-4):
        raise ValueError(
            f"{model.name!r} cannot be exported: on a batch of noise the outputs of ONNX Runtime"
            f" and Keras differ by up to {np.abs(found - expected).max():.2g}. Expected the same"
            " within 1e-4, and a network that neither draws random numbers at prediction nor"
            " returns NaN."
        )


def _without_normalization(model):
    """Return the model, or a copy with Rescaling layers in place of Normalization layers.

    tf2onnx treats the mean and variance of a Normalization layer as further inputs. EfficientNet
    and ConvNeXt of Keras have such a layer.
    """

    def is_normalization(layer):
        return isinstance(layer, keras.layers.Normalization)

    def copy(layer):
        if not is_normalization(layer):
            return type(layer).from_config(layer.get_config())
        mean, variance = (keras.ops.convert_to_numpy(x) for x in (layer.mean, layer.variance))
        scale = 1 / np.maximum(np.sqrt(variance), keras.config.epsilon())
        return keras.layers.Rescaling(scale[0].tolist(), (-mean * scale)[0].tolist())

    if not any(is_normalization(layer) for layer in model.layers):
        return model
    copied = keras.models.clone_model(model, clone_function=copy)
    for layer, its_copy in zip(model.layers, copied.layers, strict=True):
        if not is_normalization(layer):
            its_copy.set_weights(layer.get_weights())
    return copied


def _join(models, corrections, with_each, with_features):
    """Return one model, which averages the corrected probabilities of several.

    For further outputs see `export_model`.
    """
    first = models[0]
    are_as_they_came = all(
        factors is None and temperature == 1 for factors, temperature in corrections
    )
    if len(models) == 1 and are_as_they_came and not with_features:
        return first
    inputs = keras.Input(first.input_shape[1:])
    found, features = [], []
    for number, (model, correction) in enumerate(zip(models, corrections, strict=True)):
        outputs = [model.output]
        if with_features and number == 0:
            outputs.append(model.layers[-1].input)
        # The name is unique: two networks of the same kind have the same one.
        inner = keras.Model(model.input, outputs, name=f"network_{number}")
        probabilities, *further = inner(inputs)
        found.append(_correct(probabilities, *correction))
        features += further
    probabilities = found[0]
    if len(found) > 1:  # an Average layer would compute in the half precision of Keras, if so set
        probabilities = sum(keras.ops.cast(each, "float32") for each in found) / len(found)
    further = [*(found if with_each else []), *features]
    return keras.Model(inputs, [probabilities, *further], name=first.name)


def _correct(probabilities, factors, temperature):
    """Correct symbolic probabilities as `priors.shift` does."""
    if factors is None and temperature == 1:
        return probabilities
    # In half precision the factors would be rounded.
    scaled = keras.ops.cast(probabilities, "float32")
    if temperature != 1:
        largest = keras.ops.max(scaled, axis=-1, keepdims=True)
        scaled = keras.ops.power(scaled / largest, 1 / temperature)
    if factors is not None:
        scaled = keras.layers.Rescaling(factors.tolist(), dtype="float32")(scaled)
    return scaled / keras.ops.sum(scaled, axis=-1, keepdims=True)


def open_session(model, n_threads):
    """Return an onnxruntime.InferenceSession.

    Parameters
    ----------
    model : str or bytes
        A path, or the content of the file.

    n_threads : int
    """
    _require(_TO_RUN, "Running ONNX files")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def runtime_version():
    """Return the version of ONNX Runtime, which comes in several packages."""
    import onnxruntime

    return onnxruntime.__version__


def run_session(session, images):
    """Return the first output of the model for images, float32."""
    return run_for_all_outputs(session, images)[0]


def run_for_all_outputs(session, images):
    """Return the list of outputs of the model for images, float32."""
    pixels = images.astype(np.float32, copy=False)
    return session.run(None, {session.get_inputs()[0].name: pixels})


def _require(names, what):
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"{what} needs {' and '.join(missing)}, which cannot be found. Expected the extra"
            ' "onnx" to be installed: pip install "skin_lesion[onnx]".'
        )
