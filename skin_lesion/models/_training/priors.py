"""Correct probabilities for other class shares, by Bayes' rule.

The probabilities of a model assume the class shares of its training. If images of a class look the
same everywhere, multiply each probability by the new share and divide it by the old one, then
normalise. M. Saerens, P. Latinne and C. Decaestecker, "Adjusting the outputs of a classifier to new
a priori probabilities", Neural Computation 14(1), 21-41, 2002, equation 2.4.
"""

from numbers import Real

import numpy as np

from ..._utils.validation.messages import did_you_mean

_TOLERANCE = 1e-3  # of the sum of shares, which may be rounded to few digits
_SMALLEST = 1e-30  # a share; an exported network multiplies by it in float32
_EXPECTED = "Expected 'training', 'uniform', or a positive share for each class, with sum 1."


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
    """Return the class shares that a parameter means.

    Parameters
    ----------
    prior : {'training', 'uniform'}, dict, Series or array-like of shape (n_classes,)

    classes : ndarray of shape (n_classes,)

    training_prior : ndarray of shape (n_classes,), or None
        The shares for 'training'; None if they are unknown.

    name : str
        The name of the parameter in messages.

    Returns
    -------
    shares : ndarray of shape (n_classes,)
        They sum to 1.

    Raises
    ------
    ValueError
        If `prior` is something else, lacks a class, names unknown classes, or has shares that are
        not positive or do not sum to 1.
    """
    if isinstance(prior, str):
        named = {"training": training_prior, "uniform": np.full(len(classes), 1 / len(classes))}
        if prior not in named:
            raise ValueError(
                f"{name}={prior!r} is unknown.{did_you_mean(prior, named)} {_EXPECTED}"
            )
        if named[prior] is None:
            example = dict.fromkeys(classes.tolist(), round(1 / len(classes), 3))
            raise ValueError(
                f"{name}={prior!r}, but the class shares in training are unknown: the classifier"
                " was fitted before and does not keep them. Expected a share for each class. Pass"
                f" {name} as in {example}, or, if the classifier can be fitted, call fit first."
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
            f"{name} is {prior!r}, but the classes are {known}. {_EXPECTED} Name the classes, as"
            f" in {dict.fromkeys(known, round(1 / len(known), 3))}, or pass shares in this order."
        )
    is_wrong = ~((shares >= _SMALLEST) & np.isfinite(shares))
    if is_wrong.any():
        wrong = known[is_wrong.argmax()]
        raise ValueError(
            f"{name} has the share {shares[known.index(wrong)]:g} for {wrong!r}. {_EXPECTED} Use a"
            f" small share for a rare class, of {_SMALLEST:g} or more: with 0 it would never be"
            " predicted."
        )
    if abs(shares.sum() - 1) > _TOLERANCE:
        raise ValueError(
            f"{name} has shares that sum to {shares.sum():g}. {_EXPECTED} Divide each by the sum."
        )
    return shares / shares.sum()


def find_factors(prior, classes, class_prior, training_prior):
    """Return the factors that correct probabilities for other class shares.

    Parameters
    ----------
    prior : {'training', 'uniform'}, dict, Series, array-like of shape (n_classes,) or None
        The new shares. None means no correction.

    classes : ndarray of shape (n_classes,)

    class_prior : ndarray of shape (n_classes,)
        The shares that the probabilities assume now.

    training_prior : ndarray of shape (n_classes,), or None
        The shares for 'training'.

    Returns
    -------
    factors : ndarray of shape (n_classes,), or None

    Raises
    ------
    ValueError
        If `prior` is invalid, if 'training' has a class without rows, or if a class had no weight
        in training. 'uniform' is allowed then, and does not change the probability of such a class.
    """
    if prior is None:
        return None
    shares = resolve_prior(prior, classes, training_prior)
    has_none = class_prior == 0
    if isinstance(prior, str) and prior == "uniform":
        return np.divide(shares, class_prior, out=np.ones(len(classes)), where=~has_none)
    if has_none.any():
        raise ValueError(
            f"prior={prior!r}, but the classes {classes[has_none].tolist()} had no weight in"
            " training, so their probabilities cannot be corrected. Expected all classes in"
            " training. Train on images of them, or use prior='uniform' or None."
        )
    if not shares.all():
        raise ValueError(
            f"prior={prior!r}, but y of fit has no {classes[shares == 0].tolist()}, which would"
            " never be predicted. Expected all classes in y. Pass a share for each class instead."
        )
    return shares / class_prior


def find_assumed_shares(classifier):
    """Return the class shares that the probabilities of a fitted classifier assume, if it knows.

    Parameters
    ----------
    classifier : classifier
        It has corrected its probabilities for its `prior`, if it has one.

    Returns
    -------
    shares : ndarray of shape (n_classes,), or None
    """
    known = getattr(classifier, "class_prior_", getattr(classifier, "priors_", None))
    if known is None or getattr(classifier, "prior", None) is None:
        return known
    return resolve_prior(classifier.prior, classifier.classes_, classifier.training_prior_)


def check_temperature(temperature):
    """Return a temperature as a float; it may have been set after `fit`.

    Raises
    ------
    ValueError
        If it is not a finite number above 0.
    """
    try:
        number = float(temperature) if isinstance(temperature, Real) else np.nan
    except OverflowError:  # a huge int
        number = np.inf
    if not 0 < number < np.inf:
        raise ValueError(f"temperature is {temperature!r}. Expected a finite number above 0.")
    return number


def shift(probabilities, factors, temperature=1.0):
    """Return probabilities multiplied by the factors of their classes, with rows that sum to 1.

    Before, logits are divided by the temperature: probabilities are raised to its inverse.
    """
    if temperature != 1:
        # Relative to the largest: small powers of small numbers stay above 0.
        largest = probabilities.max(axis=-1, keepdims=True)
        probabilities = (probabilities / largest) ** (1 / temperature)
    if factors is not None:
        probabilities = probabilities * factors
    return probabilities / probabilities.sum(axis=-1, keepdims=True)


def average_variants(probabilities, factors):
    """Return the mean probabilities over variants of the same images, corrected after the mean.

    The mean over variants estimates the probabilities that an image has as trained. Bayes' rule
    holds for these. Corrected one by one, a single variant in which a rare class is a little less
    improbable would count for most of the mean.

    Parameters
    ----------
    probabilities : ndarray of shape (n_variants, n, n_classes)
        Each row has been multiplied by the factors, as `shift` does.

    factors : ndarray of shape (n_classes,), or None

    Returns
    -------
    mean : ndarray of shape (n, n_classes)
    """
    if factors is None:
        return np.mean(probabilities, axis=0)
    return shift(np.mean(shift(probabilities, 1 / factors), axis=0), factors)


def _check_names(names, known, parameter):
    unknown = [label for label in names if label not in known]
    if unknown:
        hint = did_you_mean(unknown[0], known)
        raise ValueError(
            f"{parameter} names {unknown}, but the classes are {known}.{hint} {_EXPECTED}"
        )
    missing = [label for label in known if label not in names]
    if missing:
        raise ValueError(f"{parameter} has no share for {missing}. {_EXPECTED} Add them.")
