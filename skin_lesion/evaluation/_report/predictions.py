"""What a fitted classifier says of images."""

import numpy as np
from sklearn.utils import check_consistent_length

from ..._utils.validation import check_labels
from ...models import SkinLesionClassifier
from .._intervals.parts import Predictions
from .._metrics.input_checks import check_probabilities
from .._plots.training_curves import last_step


def predict_images(estimator, X, y, *, more_classes=()):
    """Return the :class:`Predictions` of a fitted classifier.

    Parameters
    ----------
    estimator : fitted classifier
        With `classes_` and `predict`, and, for all that needs probabilities, `predict_proba`.

    X : array-like of n rows
        As the classifier takes it.

    y : array-like of shape (n,)

    more_classes : array-like
        Classes to have columns even if neither the classifier nor y knows them.

    Raises
    ------
    ValueError
        If there are no `classes_`, if y has none of them, or if probabilities are none.
    """
    y = check_labels(y, name="y")
    known = find_classes(estimator)
    # Not by numpy: it would compare numbers with text by turning both into text.
    if not set(known.tolist()) & set(y.tolist()):
        raise ValueError(
            f"y has the classes {np.unique(y)[:10].tolist()}, the estimator was fitted on"
            f" {known[:10].tolist()}. Expected at least one in common: name them alike, for example"
            " by map_labels."
        )
    probabilities = None
    if hasattr(estimator, "predict_proba"):
        probabilities = check_probabilities(estimator.predict_proba(X), name="predict_proba(X)")
        check_consistent_length(y, probabilities)
    if probabilities is not None and isinstance(last_step(estimator), SkinLesionClassifier):
        # What its predict would do, without reading all images once more.
        predicted = known[probabilities.argmax(axis=1)]
    else:
        predicted = np.asarray(estimator.predict(X))
        check_consistent_length(y, predicted)
        strange = set(predicted.tolist()) - set(known.tolist())
        if strange:
            raise ValueError(
                f"predict(X) gives the classes {sorted(strange)[:10]}, which are not in classes_,"
                f" {known[:10].tolist()}. Expected a classifier."
            )
    return number_predictions(known, y, predicted, probabilities, more_classes)


def find_classes(estimator):
    """Return the classes of a fitted classifier."""
    known = getattr(estimator, "classes_", None)
    if known is None:
        advice = "call fit first"
        if type(estimator).__module__.startswith("keras."):
            advice = "let SkinLesionClassifier(architecture=...) train such a network"
        raise ValueError(
            f"{getattr(estimator, '__name__', type(estimator).__name__)} has no classes_. Expected"
            f" a classifier that was fitted: {advice}."
        )
    return np.asarray(known)


def number_predictions(known, y, predicted, probabilities, more_classes=()):
    """Return predictions by the places of the classes, with columns of zeros for unseen ones."""
    classes = np.array(sorted({*known.tolist(), *y.tolist(), *more_classes}))
    columns = np.searchsorted(classes, known)
    seen = np.zeros(len(classes), dtype=bool)
    seen[columns] = True
    if probabilities is not None:
        of_all = np.zeros((len(y), len(classes)))
        of_all[:, columns] = probabilities
        probabilities = of_all
    return Predictions(
        np.searchsorted(classes, y),
        np.searchsorted(classes, predicted),
        probabilities,
        classes,
        seen,
    )
