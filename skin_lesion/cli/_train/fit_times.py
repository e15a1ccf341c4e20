"""How long a fit takes, from the time of a few steps."""

import time

import numpy as np
from sklearn import clone

from .._unlike import MOST_KEPT
from .network import make_model, networks_of
from .progress import MeasureSteps

_STEPS_MEASURED = 8
# Of the slowest network here, on one slow core. Where all fits in so, nothing is measured.
_SLOW_PIXELS = 3e5  # a second
_SLOW_START = 5  # seconds
_FIRST_LOOK = 0.4  # of an epoch: the features that the output layer is fitted to
_OF_A_STEP = 1 / 3  # prediction takes


class FitTimes:
    """How long fits take.

    Parameters
    ----------
    paces : dict of str to list of tuple, or None
        Of each preset the seconds until the first step, and of a step, of each network. None
        supposes a slow machine.

    sizes : tuple of int
        Images to train on, and to test on.

    arguments : Namespace
    """

    def __init__(self, paces, sizes, arguments):
        self._paces, self._arguments = paces, arguments
        self._n_rows, self._n_test = sizes
        self._models = {}

    def of_plan(self, searched, final, candidates, n_folds):
        """Return the seconds of each fit: of the folds, and of the slowest final model."""
        n_fold = self._n_rows // n_folds
        of_folds = [
            self._of_fit(searched, candidate, self._n_rows - n_fold, n_fold)
            for candidate in candidates
        ]
        # The final network also computes the features of images, to tell which are unlike them.
        n_more = self._n_test + min(MOST_KEPT, self._n_rows)
        slowest = max(
            self._of_fit(final, candidate, self._n_rows, self._n_test, n_more)
            for candidate in candidates
        )
        return [*np.repeat(of_folds, n_folds).tolist(), slowest]

    def _of_fit(self, preset, candidate, n_rows, n_predicted, n_more=0):
        if preset not in self._models:
            self._models[preset] = make_model(self._arguments, preset)
        model = self._models[preset]
        batch = self._arguments.batch_size
        epochs = candidate.settings_for(model, n_rows)["epochs"] * candidate.rows + _FIRST_LOOK
        n_variants = 1 + getattr(model, "estimators", [model])[0].n_augmentations
        n_computed = n_predicted * n_variants + n_more
        steps = n_rows / batch * epochs + n_computed / batch * _OF_A_STEP
        slow = [
            (_SLOW_START, float(np.prod(network.loader.image_size)) * batch / _SLOW_PIXELS)
            for network in networks_of(model)
        ]
        return float(sum(start + step * steps for start, step in self._paces[preset] or slow))


def measure(model, X, y, arguments):
    """Return of each network the seconds until the first step, and of a step."""
    rng = np.random.RandomState(arguments.random_state)
    rows = rng.permutation(len(y))
    _, firsts = np.unique(y[rows], return_index=True)
    rows = [*rows[firsts], *np.delete(rows, firsts)]  # a rare class, too: one alone is no fit
    # Of a small set as many steps, which repeat images.
    rows = np.resize(rows, _STEPS_MEASURED * arguments.batch_size)
    paces = []
    for network in networks_of(model):
        steps = MeasureSteps()
        begun = time.perf_counter()
        clone(network).set_params(epochs=1, callbacks=[steps]).fit(X[rows], y[rows])
        seconds = time.perf_counter() - begun
        step = float(np.median(np.diff(steps.times)[1:]))
        paces.append((max(0.0, seconds - step * len(steps.times)), step))
    return paces
