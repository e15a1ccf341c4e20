"""The one place that knows ONNX: from a Keras model to a file, and from a file to a session."""

import warnings
from importlib.util import find_spec

import numpy as np

from ..._utils import lazy_keras as keras
from ..._utils.atomic_writing import temporary_folder

# Keras exports by these, from TensorFlow; other backends of it ask for others, and say so.
_TO_EXPORT = ("onnx", "tf2onnx")
_TO_RUN = ("onnxruntime",)


def can_export_and_run():
    """Tell whether all that the extra installs is there."""
    return all(find_spec(name) is not None for name in (*_TO_EXPORT, *_TO_RUN))


def export_model(model, factors=None):
    """Return a Keras model as an onnx.ModelProto, for batches of any size.

    ONNX Runtime has loaded it, and puts out for a batch of noise what Keras does.

    Parameters
    ----------
    model : keras.Model

    factors : ndarray of shape (n_classes,), or None
        What probabilities are multiplied by, so that rows sum to 1 again.
    """
    _require((*_TO_EXPORT, *_TO_RUN), "Exporting to ONNX")
    import onnx

    original, model = (_shift(one, factors) for one in (model, _without_normalization(model)))
    model(np.zeros((1, *model.input_shape[1:]), dtype=np.float32))  # Keras asks for a first call
    with temporary_folder() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of tf2onnx about NumPy's old names
        path = str(folder / "model.onnx")
        model.export(path, format="onnx", verbose=False)
        exported = onnx.load(path)
    if len(exported.graph.input) > 1:
        names = [value.name for value in exported.graph.input[1:]]
        raise ValueError(
            f"{model.name!r} cannot be exported: tf2onnx takes constants of it for inputs, {names}."
            " Expected a network without constant tensors, such as those of a Normalization layer"
            " in an inner model. Use Rescaling there."
        )
    _check_operations(model.name, exported.graph.node)
    _compare_outputs(original, exported)
    return exported


def _check_operations(name, nodes):
    from onnx.defs import has

    # tf2onnx leaves those that it does not know under their names in TensorFlow.
    unknown = sorted({node.op_type for node in nodes if not has(node.op_type, node.domain)})
    if unknown:
        raise ValueError(
            f"{name!r} cannot be exported: ONNX has no counterpart of its operations {unknown}."
            " Expected a network of other ones. Replace the layers that use them, such as"
            " activation='gelu' by 'relu', or use save_model."
        )


def _compare_outputs(model, exported):
    noise = np.random.RandomState(0).uniform(0, 255, (3, *model.input_shape[1:]))
    noise = noise.astype(np.float32)
    try:
        found = run_session(open_session(exported.SerializeToString(), n_threads=1), noise)
    except Exception as error:  # ONNX Runtime has a class of its own for each kind of failure
        raise ValueError(
            f"{model.name!r} cannot be exported: ONNX Runtime does not run what was written"
            f" ({error}). Expected a network of other layers. Replace those that it names."
        ) from error
    expected = np.asarray(model.predict_on_batch(noise))
    if not np.allclose(found, expected, rtol=1e-3, atol=1e-4):
        raise ValueError(
            f"{model.name!r} cannot be exported: on a batch of noise ONNX Runtime puts out other"
            f" values than Keras, by up to {np.abs(found - expected).max():.2g}. Expected the same"
            " within 1e-4. A network that draws random numbers at predict or that puts out NaN has"
            " none."
        )


def _without_normalization(model):
    """Return the model, or a copy that rescales where it normalises.

    tf2onnx takes the mean and variance of a Normalization layer for further inputs. EfficientNet
    and ConvNeXt have one, as they come from Keras.
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


def _shift(model, factors):
    """Return the model, or one that shifts its probabilities as `priors.shift` does."""
    if factors is None:
        return model
    inputs = keras.Input(model.input_shape[1:])
    # In half precision factors would be rounded.
    scaled = keras.layers.Rescaling(factors.tolist(), dtype="float32")(model(inputs))
    shifted = scaled / keras.ops.sum(scaled, axis=-1, keepdims=True)
    return keras.Model(inputs, shifted, name=model.name)


def open_session(model, n_threads):
    """Return an onnxruntime.InferenceSession.

    Parameters
    ----------
    model : str or bytes
        A path, or what the file holds.

    n_threads : int
    """
    _require(_TO_RUN, "Running ONNX files")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def runtime_version():
    """Return the version of ONNX Runtime, of whatever package it comes in."""
    import onnxruntime

    return onnxruntime.__version__


def run_session(session, images):
    """Return what the model puts out for images, float32."""
    pixels = images.astype(np.float32, copy=False)
    (output,) = session.run(None, {session.get_inputs()[0].name: pixels})
    return output


def _require(names, what):
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"{what} needs {' and '.join(missing)}, which cannot be found. Expected the extra"
            ' "onnx": pip install "skin_lesion[onnx]".'
        )
