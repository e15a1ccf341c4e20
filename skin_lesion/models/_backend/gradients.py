"""The last feature maps of a network, and how much each raises the score of a class."""

import numpy as np

from ..._utils import lazy_keras as keras


def find_activations_and_gradients(model, images, columns):
    """Return the last feature maps of a network, and the gradients of class scores for them.

    Scores are taken before the softmax, which would mix the classes.

    Parameters
    ----------
    model : keras.Model
        Functional, ending in a softmax.

    images : ndarray of shape (n, height, width, n_channels)

    columns : ndarray of shape (n,), of int
        The class of each image whose score is differentiated.

    Returns
    -------
    activations, gradients : ndarray of shape (n, rows, columns, n_filters)

    Raises
    ------
    ValueError
        If the network has no feature maps of more than one pixel.
    """
    features = _find_last_maps(model)
    last = model.layers[-1]
    body = keras.Model(model.inputs, features)
    head = keras.Model(features, last.input)
    kernel = getattr(last, "kernel", None)
    n_classes = model.output_shape[-1]
    followed = keras.ops.convert_to_tensor(np.eye(n_classes, dtype="float32")[columns])

    def score(tensor):
        hidden = head(tensor, training=False)
        # A last layer without weights is only the softmax.
        logits = hidden if kernel is None else keras.ops.matmul(hidden, kernel)
        return keras.ops.sum(logits * followed)

    activations = body(keras.ops.convert_to_tensor(images.astype("float32")), training=False)
    gradients = _find_gradient(score, activations)
    return keras.ops.convert_to_numpy(activations), gradients


def _find_last_maps(model):
    for place in reversed(range(len(model.layers) - 1)):
        shape = model.layers[place].output.shape
        # The image, and results of layers before the first weights, are no feature maps.
        has_learnt = any(layer.weights for layer in model.layers[: place + 1])
        if len(shape) == 4 and max(shape[1:3]) > 1 and has_learnt:
            return model.layers[place].output
    raise ValueError(
        f"The network {model.name!r} has no feature maps of more than one pixel before its output."
        " Expected a convolutional network, and images that its pooling does not reduce to one"
        " pixel."
    )


def _find_gradient(function, x):
    """Return the gradient of a function at a point.

    Parameters
    ----------
    function : callable
        Takes a tensor of the shape of x, and returns a number, with Keras layers and `keras.ops`.

    x : tensor or ndarray

    Returns
    -------
    gradient : ndarray of the shape of x

    Raises
    ------
    RuntimeError
        If the backend of Keras is not TensorFlow, JAX or PyTorch.
    """
    backend = keras.backend.backend()
    x = keras.ops.stop_gradient(keras.ops.convert_to_tensor(x))
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        gradient = tape.gradient(value, x)
    elif backend == "jax":
        import jax

        gradient = jax.grad(function)(x)
    elif backend == "torch":
        import torch

        x = x.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(function(x), x)
    else:
        raise RuntimeError(
            f"Gradients are not supported on the backend {backend!r}. Expected 'tensorflow', 'jax'"
            " or 'torch': set KERAS_BACKEND."
        )
    return keras.ops.convert_to_numpy(gradient)
