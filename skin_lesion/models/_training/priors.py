"""The shares of the classes that probabilities hold for, and other ones, by Bayes' rule.

A model that was trained on classes of some shares answers for images among which they are as
frequent. Where images of a class look the same everywhere, its probability among classes of other
shares is proportional to that which it gives, times the new share, by the old one. M. Saerens,
P. Latinne and C. Decaestecker, "Adjusting the outputs of a classifier to new a priori
probabilities", Neural Computation 14(1), 21-41, 2002, equation 2.4.
"""

import numpy as np

from ..._utils.validation.messages import did_you_mean

_TOLERANCE = 1e-3  # of sums, of shares that are written with few digits
_EXPECTED = "Expected 'training', 'uniform', or a share above 0 for each class, which sum to 1."


def count_classes(y, classes, weight=None):
    """Return how many rows each class has, or the sum of their weights, as floats."""
    return np.array(
        [
            np.count_nonzero(y == name) if weight is None else weight[y == name].sum()
            for name in classes
        ],
        dtype=float,
    )


def resolve_prior(prior, classes, training_prior, *, name="prior"):
    """Return the shares of the classes that a parameter stands for.

    Parameters
    ----------
    prior : {'training', 'uniform'}, dict, Series or array-like of shape (n_classes,)

    classes : ndarray of shape (n_classes,)

    training_prior : ndarray of shape (n_classes,), or None
        What 'training' stands for; None where that is not known.

    name : str
        What to call the parameter in messages.

    Returns
    -------
    shares : ndarray of shape (n_classes,)
        They sum to 1.

    Raises
    ------
    ValueError
        If `prior` is something else, lacks a class, names others, or has shares that are not
        positive or do not sum to 1.
    """
    if isinstance(prior, str):
        named = {"training": training_prior, "uniform": np.full(len(classes), 1 / len(classes))}
        if prior not in named:
            raise ValueError(
                f"{name}={prior!r} is unknown.{did_you_mean(prior, named)} {_EXPECTED}"
            )
        if named[prior] is None:
            raise ValueError(
                f"{name}={prior!r}, and how frequent the classes were in training is not known."
                " Expected a share for each class: name them, or call fit first."
            )
        return named[prior]
    known = classes.tolist()
    if hasattr(prior, "keys"):  # a dict, or a Series such as value_counts(normalize=True)
        _check_names(list(prior.keys()), known, name)
        prior = [prior[label] for label in known]
    try:
        shares = np.asarray(prior, dtype=float)
    except (TypeError, ValueError):
        shares = np.empty(0)
    if shares.shape != (len(known),):
        raise ValueError(
            f"{name} is {prior!r}, and the classes are {known}. {_EXPECTED} Name the classes, as"
            f" in {dict.fromkeys(known, round(1 / len(known), 3))}, or give shares in this order."
        )
    if not (shares > 0).all() or not np.isfinite(shares).all():
        wrong = known[np.flatnonzero(~((shares > 0) & np.isfinite(shares)))[0]]
        raise ValueError(
            f"{name} has the share {shares[known.index(wrong)]:g} for {wrong!r}. {_EXPECTED} Give a"
            " small share to a class that is rare: with 0 it could never be predicted."
        )
    if abs(shares.sum() - 1) > _TOLERANCE:
        raise ValueError(
            f"{name} has shares that sum to {shares.sum():g}. {_EXPECTED} Divide each by the sum."
        )
    return shares / shares.sum()


def find_factors(prior, classes, class_prior, training_prior):
    """Return what to multiply probabilities by, so that they hold for other shares.

    Parameters
    ----------
    prior : {'training', 'uniform'}, dict, Series, array-like of shape (n_classes,) or None
        The new shares. None leaves probabilities as they are.

    classes : ndarray of shape (n_classes,)

    class_prior : ndarray of shape (n_classes,)
        The shares that the probabilities hold for now.

    training_prior : ndarray of shape (n_classes,), or None
        What 'training' stands for.

    Returns
    -------
    factors : ndarray of shape (n_classes,), or None

    Raises
    ------
    ValueError
        If `prior` is invalid, or if a class had no weight in training, except for 'uniform': that
        leaves the probability of such a class as it is.
    """
    if prior is None:
        return None
    shares = resolve_prior(prior, classes, training_prior)
    has_none = class_prior == 0
    if isinstance(prior, str) and prior == "uniform":
        return np.divide(shares, class_prior, out=np.ones(len(classes)), where=~has_none)
    if has_none.any():
        raise ValueError(
            f"prior={prior!r}, and the classes {classes[has_none].tolist()} had no weight"
            " in training. Expected all classes: without, their probabilities are not known for"
            " any shares. Train on images of them, or use prior='uniform' or None."
        )
    return shares / class_prior


def shift(probabilities, factors):
    """Return probabilities times the factors of their classes, so that rows sum to 1."""
    if factors is not None:
        probabilities = probabilities * factors
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def _check_names(names, known, parameter):
    unknown = [label for label in names if label not in known]
    if unknown:
        hint = did_you_mean(unknown[0], list(map(str, known)))
        raise ValueError(
            f"{parameter} names {unknown}, and the classes are {known}.{hint} {_EXPECTED}"
        )
    missing = [label for label in known if label not in names]
    if missing:
        raise ValueError(f"{parameter} has no share for {missing}. {_EXPECTED} Add them.")
