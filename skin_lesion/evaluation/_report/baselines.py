"""Shortcut baselines: the most frequent class, and a model of only colour and image size."""

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier

from ...audit import make_shortcut_model, open_images
from .._intervals.estimates import Estimates
from .._intervals.parts import Part
from .._intervals.score_tables import make_table, score_shortly
from .predictions import number_predictions

_SIDE = 32
MODEL, MAJORITY, COLOUR = "this model", "majority class", "colour and size"


def score_baselines(train, y_train, test, part, seed, positive):
    """Return the scores of the model and the baselines, and why some baselines are missing.

    Parameters
    ----------
    train, test : Pictures
        Pictures of the training rows of the model, and of the evaluated rows.

    y_train : ndarray of shape (n_train,)

    part : Part
        The model's predictions for X.

    seed : int
        Seed of the forest.

    positive : int or None

    Returns
    -------
    baselines : DataFrame indexed by model and score
        Columns `value`, `low`, `high` and `groups`.

    left_out : dict of str to str
    """
    predictions, left_out = part.predictions, {}
    y = predictions.classes[predictions.y]
    models = {MODEL: predictions}
    nothing = np.zeros((len(y_train), 1)), np.zeros((len(y), 1))
    models[MAJORITY] = _predict(
        DummyClassifier(strategy="prior"), *nothing, y_train, y, predictions.classes
    )
    if train.problem or test.problem:
        left_out[COLOUR] = train.problem or test.problem
    else:
        try:
            features = measure_colour(train.images), measure_colour(test.images)
        except ValueError as error:
            left_out[COLOUR] = str(error)
        else:
            model = make_shortcut_model(n_jobs=1, random_state=seed)
            models[COLOUR] = _predict(model, *features, y_train, y, predictions.classes)
    tables = {}
    for name, of_model in models.items():
        estimates = Estimates([Part(of_model, part.groups, part.rows)])
        found = score_shortly(estimates, positive)
        tables[name] = make_table(found.values(), list(found))
    return pd.concat(tables, names=["model", "score"]), left_out


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
