"""A frozen backbone as a function from images to features, on Keras or on ONNX Runtime."""

import warnings
from contextlib import ExitStack
from functools import lru_cache, partial
from importlib.metadata import version

import numpy as np

from ..._utils import lazy_keras as keras
from ..._utils.read_ahead import ReadAhead
from .._backend.fold_normalization import fold_normalization
from .._backend.identity import describe_policy
from .._backend.log import without_retracing_warnings
from .._backend.seeds import seeded_keras
from .._networks._files.network_file import weights_as_file
from .._networks.applications import build_application
from .._networks.onnx_network import (
    can_export_and_run,
    export_model,
    open_session,
    run_session,
    runtime_version,
)
from .._networks.weights import StoredWeights


def possible_engines(engine):
    """Return the engines that may compute features, preferred first, without asking Keras."""
    engines = ["onnx", "keras"] if engine == "auto" else [engine]
    return [name for name in engines if name != "onnx" or can_export_and_run()]


def describe_engine(engine):
    """Return a text that identifies the features of an engine. Keras is not imported for it."""
    engine_version = version("keras") if engine == "keras" else runtime_version()
    return f"{engine} {engine_version}{describe_policy()}"


# Cached: each clone in a search would build the same network, which takes longer than to run it.
@lru_cache(maxsize=4)
def open_engine(
    name, weights, described_weights, image_shape, pooling, engine, n_threads, described_policy
):
    """Return a function from an array of images to their features (float32), and its engine.

    Parameters
    ----------
    name : str
        The backbone.

    weights : None, 'imagenet', str or StoredWeights

    described_weights : str
        Identifies the weights: a file with new content opens a new engine.

    image_shape : tuple of (height, width, 3)

    pooling : {"avg", "max"}

    engine : {"auto", "keras", "onnx"}

    n_threads : int
        For ONNX Runtime; Keras uses the threads of its backend.

    described_policy : str
        Identifies the dtype policy of Keras, which the network keeps.

    Returns
    -------
    compute : callable

    engine : {"keras", "onnx"}

    n_features : int
        Number of features of an image.
    """
    model = _build_model(name, weights, image_shape, pooling)
    n_features = model.output_shape[-1]
    folded = fold_normalization(model, at_prediction=True)

    @without_retracing_warnings()
    def compute(images):
        return np.asarray(folded.predict_on_batch(images.astype(np.float32, copy=False)))

    if engine == "keras" or (engine == "auto" and not _prefers_onnx()):
        return compute, "keras", n_features
    try:
        session = open_session(export_model([model]).SerializeToString(), n_threads=1)
    except Exception as error:  # from tf2onnx, onnx or ONNX Runtime, of any class
        if engine == "auto":
            warnings.warn(
                f"{name} cannot be exported to ONNX ({error}), so Keras computes it. Pass"
                " engine='keras' to avoid this warning.",
                UserWarning,
                stacklevel=4,
            )
            return compute, "keras", n_features
        raise
    return partial(_run_image_by_image, session, n_threads), "onnx", n_features


def _run_image_by_image(session, n_threads, images):
    # The feature maps of one image fit into the cache of a core; those of a batch do not.
    with ReadAhead(partial(run_session, session), images[:, np.newaxis], n_threads) as features:
        return np.concatenate(list(features))


def _prefers_onnx():
    # TensorFlow exports, and sessions run on the CPU. Other backends cannot always list devices.
    return (
        can_export_and_run()
        and keras.backend.backend() == "tensorflow"
        and not keras.distribution.list_devices("gpu")
    )


def _build_model(name, weights, image_shape, pooling):
    with ExitStack() as stack:
        if isinstance(weights, StoredWeights):
            weights = stack.enter_context(weights_as_file(weights.data))
        # Random weights must be the same in every process, as in a random projection.
        stack.enter_context(seeded_keras(0))
        network = build_application(name, image_shape, weights)
    pool = {"avg": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
    return keras.Model(network.inputs[0], pool[pooling]()(network.output))
