"""Whether what a network puts out are probabilities."""

import numpy as np


def check_sums(output):
    """Raise an error where a row is negative somewhere or does not sum to 1."""
    # Loose: in half precision they do not sum to 1 any better. predict reports what is not finite.
    is_wrong = (output < 0).any(axis=1) | (np.abs(output.sum(axis=1) - 1) > 0.01)
    if is_wrong.any():
        raise no_softmax(output[is_wrong.argmax()])


def no_softmax(row):
    """Return the error of a network of which a row of the output shows that it has no softmax."""
    return ValueError(
        f"architecture returned a model that gives {row.round(3).tolist()} for an image."
        " Expected probabilities, which are not negative and sum to 1. End it in"
        f" keras.layers.Dense({len(row)}, activation='softmax'), or add"
        " keras.layers.Softmax() behind its logits."
    )
