"""Head first: the output layer of a network that came with weights, fitted before all else."""

import warnings

import numpy as np
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from ..._utils import lazy_keras as keras

# Of the regularised sum of losses; a network's features are some 1,000, mostly between 0 and 2.
_C = 0.01
_MAX_ITER = 100


def fit_output_layer(model, batches, labels, weight):
    """Fit the output layer to the features that the network sees in images as they are.

    Its random weights would otherwise send random gradients through weights that are worth more.
    The features do not change meanwhile, so that one pass over the images is enough, and the best
    output layer for them is a logistic regression.

    Parameters
    ----------
    model : keras.Model
        That of a Backbone, whose last layer is a softmax.

    batches : ImageBatches

    labels : ndarray of shape (n,), of int
        Number of the class of each row of the batches.

        Where they are all of one class nothing is fitted.

    weight : ndarray of shape (n,) or None
    """
    if len(np.unique(labels)) < 2:
        return
    output = model.layers[-1]
    with batches.in_use():
        features = keras.Model(model.inputs, output.input).predict(batches, verbose=0)
    with warnings.catch_warnings():
        # It only has to begin well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe = LogisticRegression(C=_C, max_iter=_MAX_ITER)
        probe.fit(features, labels, sample_weight=weight)
    kernel, bias = probe.coef_, probe.intercept_
    if len(probe.classes_) == 2:  # the log odds of the second
        kernel, bias = np.vstack([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    # A class of which there is nothing, or nothing yet, is about as rare as one row in all.
    typical = logsumexp(features @ kernel.T + bias, axis=1).mean()
    all_bias = np.full(output.units, typical - np.log(len(features) + 1), dtype=bias.dtype)
    all_kernel = np.zeros((features.shape[1], output.units), dtype=kernel.dtype)
    all_kernel[:, probe.classes_], all_bias[probe.classes_] = kernel.T, bias
    output.set_weights([all_kernel, all_bias])
