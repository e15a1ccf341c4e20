"""Shortcut baselines: the most frequent class, and what colour and image size alone achieve."""

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier

from ..._utils.validation import are_paths
from ...audit import make_shortcut_model, open_images
from .._intervals.score_tables import Part, make_short_table
from .predictions import number_predictions

_SIDE = 32
MODEL, MAJORITY, COLOUR = "this model", "majority class", "colour and size"


def score_baselines(X_train, y_train, X, part, draws, positive):
    """Return the scores of the baselines beside those of the model, and why some are left out.

    Parameters
    ----------
    X_train, X : array-like
        Images.

    y_train : ndarray of shape (n_train,)

    part : Part
        The model's predictions for X.

    draws : Draws

    positive : int or None

    Returns
    -------
    baselines : DataFrame indexed by model and score
        Columns `value`, `low` and `high`.

    left_out : dict of str to str
    """
    predictions, left_out = part.predictions, {}
    y = predictions.classes[predictions.y]
    models = {MODEL: predictions}
    nothing = np.zeros((len(y_train), 1)), np.zeros((len(y), 1))
    models[MAJORITY] = _predict(
        DummyClassifier(strategy="prior"), *nothing, y_train, y, predictions.classes
    )
    if holds_images(X_train) and holds_images(X):
        try:
            features = measure_colour(X_train), measure_colour(X)
        except ValueError as error:
            left_out[COLOUR] = str(error)
        else:
            model = make_shortcut_model(n_jobs=1, random_state=draws.seed)
            models[COLOUR] = _predict(model, *features, y_train, y, predictions.classes)
    else:
        left_out[COLOUR] = "X holds neither paths nor images of shape (n, height, width, 3)"
    tables = {
        name: make_short_table(Part(of_model, part.groups, part.rows), draws, positive)
        for name, of_model in models.items()
    }
    return pd.concat(tables, names=["model", "score"]), left_out


def holds_images(X):
    """Tell whether X is paths or a stack of RGB images, which can be shown and measured."""
    return are_paths(X) or (np.ndim(X) == 4 and np.shape(X)[3] == 3)


def measure_colour(X):
    """Return height, width, and mean and standard deviation of each channel of each image."""
    images = open_images(X)
    rows = []
    for row in range(len(images)):
        pixels, (height, width), *_ = images.load(row, (_SIDE, _SIDE), "stretch")
        channels = pixels.reshape(-1, 3)
        rows.append([height, width, *channels.mean(axis=0), *channels.std(axis=0)])
    return np.array(rows, dtype=float)


def _predict(model, features_train, features, y_train, y, classes):
    model.fit(features_train, y_train)
    return number_predictions(
        model.classes_, y, model.predict(features), model.predict_proba(features), classes.tolist()
    )
