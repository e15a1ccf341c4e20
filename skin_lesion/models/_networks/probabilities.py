"""Check that the outputs of a network are probabilities."""

import numpy as np


def check_sums(output):
    """Raise an error if a row has negative values or does not sum to 1."""
    # A loose tolerance: half precision is no better. `predict` reports values that are not finite.
    is_wrong = (output < 0).any(axis=1) | (np.abs(output.sum(axis=1) - 1) > 0.01)
    if is_wrong.any():
        raise no_softmax(output[is_wrong.argmax()])


def no_softmax(row):
    """Return the error for a network whose output row shows that it lacks a softmax."""
    return ValueError(
        f"architecture returned a model that gives {row.round(3).tolist()} for an image."
        " Expected probabilities, which are not negative and sum to 1. End the model with"
        f" keras.layers.Dense({len(row)}, activation='softmax'), or add"
        " keras.layers.Softmax() after its logits."
    )
