"""The head of a pretrained network: fitted first, and trained alone on features."""

import warnings

import numpy as np
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from ..._utils import lazy_keras as keras
from .._backend.fit_network import fit_network
from .._backend.fold_normalization import fold_normalization
from ._course.fit_tasks import place_among_fits
from .stand_in import fit_stand_in

# Inverse regularisation strength; a network has about 1,000 features, mostly between 0 and 2.
_C = 0.01
_MAX_ITER = 100


def fit_output_layer(model, batches, *, keep_features, show_progress):
    """Fit the output layer to the network's features of images without augmentation.

    Otherwise its random weights would send random gradients through the pretrained weights. The
    features stay the same, so one pass over the images is enough, and the best output layer is a
    logistic regression.

    Parameters
    ----------
    model : keras.Model
        The model of a Backbone, whose last layer is a softmax.

    batches : ImageBatches
        If all targets are of one class, nothing is fitted.

    keep_features : bool
        Whether the batches return these features from now on, in place of images.

    show_progress : bool
        Whether to show a bar: on thousands of large images the pass takes minutes.
    """
    labels = batches.targets.argmax(axis=1)
    if len(np.unique(labels)) < 2:
        return
    title = f"fit{place_among_fits.get()}, output layer" if show_progress else None
    features, numbers = _find_features(model, batches, title)
    if keep_features:
        batches.show_features(features, numbers)
    features = features[numbers]
    output = model.layers[-1]
    with warnings.catch_warnings():
        # It only needs to be a good start.
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe = LogisticRegression(C=_C, max_iter=_MAX_ITER)
        probe.fit(features, labels, sample_weight=batches.weights)
    kernel, bias = probe.coef_, probe.intercept_
    if len(probe.classes_) == 2:  # the coefficients are the log odds of the second class
        kernel, bias = np.vstack([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    # A class without rows, so far, gets about the prevalence of a single row.
    typical = logsumexp(features @ kernel.T + bias, axis=1).mean()
    all_bias = np.full(output.units, typical - np.log(len(features) + 1), dtype=bias.dtype)
    all_kernel = np.zeros((features.shape[1], output.units), dtype=kernel.dtype)
    all_kernel[:, probe.classes_], all_bias[probe.classes_] = kernel.T, bias
    output.set_weights([all_kernel, all_bias])


def fit_frozen_head(model, batches, *, validation_data, **options):
    """Train a network with a frozen backbone, like its own `fit`, but on cached features.

    The layers before the dropout compute the same in each epoch. They are computed once, and use
    four bytes per row and feature. Callbacks get the whole network.

    Parameters
    ----------
    model : keras.Model
        The compiled model of a Backbone.

    batches, validation_data : ImageBatches
        Batches with the same images in every epoch. The latter may be None.

    **options : dict
        Options of `keras.Model.fit`.
    """
    if options["initial_epoch"] >= options["epochs"]:  # a FitCheckpoint has the trained weights
        fit_network(model, batches, validation_data=validation_data, **options)
        return
    for used in (batches, validation_data):
        if used is not None and used.features is None:
            used.show_features(*_find_features(model, used))
    head = keras.Model(model.layers[-2].input, model.output)
    fit_stand_in(model, head, batches, validation_data=validation_data, **options)


def _find_features(model, batches, title=None):
    """Return the input of the output layer, as `ImageBatches.predict_with` does."""
    network = keras.Model(model.input, model.layers[-1].input)
    return batches.predict_with(fold_normalization(network, at_prediction=True), title=title)
