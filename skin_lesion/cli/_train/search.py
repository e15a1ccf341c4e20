"""Search for the better way to train, on folds that keep lesions whole, and fit the best."""

import warnings

import numpy as np
from sklearn import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from ..._utils.validation.messages import say_number
from ...evaluation import isic_scorers
from ...models import FitCheckpoint
from .._data import find_positive
from .._known_probabilities import KnownProbabilities
from .network import make_model, networks_of, prefixes_of, set_networks
from .progress import CountSteps, Progress


def fit_plan(data, plan, arguments, folder, save):
    """Cross-validate the candidates of a plan, and fit the best on all training images.

    Parameters
    ----------
    data : SplitData

    plan : Plan

    arguments : Namespace

    folder : pathlib.Path
        For what a run that goes on needs.

    save : callable
        What is to be done with the final model before anything else.

    Returns
    -------
    model : fitted classifier

    results : list of dict
        Of each candidate its `name`, and mean and standard deviation of its scores over the folds.
    """
    models = [make_model(arguments, plan.searched_preset)] * (len(plan.expected) - 1)
    final = make_model(arguments, plan.final_preset)
    progress = Progress(plan.expected, [len(networks_of(model)) for model in [*models, final]])
    try:
        with warnings.catch_warnings():
            # The command says it for all fits.
            warnings.filterwarnings("ignore", "Training was interrupted")
            results = _search(data, plan, arguments, folder, progress) if models else []
            best = plan.first
            if results:
                best = plan.candidates[np.argmax([line["balanced_accuracy"] for line in results])]
            X, y, _ = data.part(is_test=False)
            set_networks(final, **best.settings_for(final, len(X), plan.shortened))
            _equip(final, folder, progress)
            model = final.fit(X, y)
        set_networks(model, callbacks=None, loader__cache_dir=None)
        for network in networks_of(model):
            network.set_params(callbacks=None, loader__cache_dir=None)
        save(model)
        progress.end_fit(f"{best.name}, all {len(X)} training images")
    finally:
        progress.close()
    return model, results


def fit_on_faults(data, model):
    """Return the same model, fitted with all faults."""
    X, y, _ = data.part(is_test=False)
    print(f"Training once more, with the faults, on {len(X)} images.", flush=True)
    return clone(model).fit(X, y)


def _search(data, plan, arguments, folder, progress):
    """Return the mean scores of each candidate."""
    X, y, groups = data.part(is_test=False)
    folds = StratifiedGroupKFold(plan.n_folds, shuffle=True, random_state=arguments.random_state)
    folds = list(folds.split(X, y, groups))
    model = make_model(arguments, plan.searched_preset)
    settings = [candidate.settings_for(model, len(folds[0][0])) for candidate in plan.candidates]
    grid = [
        {
            f"{prefix}{name}": [value]
            for prefix in prefixes_of(model)
            for name, value in of_candidate.items()
        }
        for of_candidate in settings
    ]
    names = (
        f"{candidate.name}, fold {number + 1} of {len(folds)}"
        for candidate in plan.candidates
        for number in range(len(folds))
    )
    search = GridSearchCV(
        _equip(model, folder, progress),
        grid,
        scoring=_Scoring(isic_scorers(find_positive(np.unique(y))), progress, names),
        refit=False,
        cv=folds,
        error_score="raise",
    )
    with warnings.catch_warnings():
        # Of a model that never predicts a class the predictive value is none. It is not what the
        # best is chosen by.
        warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
        warnings.filterwarnings("ignore", "One or more of the test scores are non-finite")
        results = search.fit(X, y).cv_results_
    return [
        {
            "name": candidate.name,
            "parameters": {name: repr(value) for name, value in settings[place].items()},
            **{
                name.removeprefix("mean_test_"): float(results[name][place])
                for name in results
                if name.startswith("mean_test_")
            },
            "standard_deviation": float(results["std_test_balanced_accuracy"][place]),
        }
        for place, candidate in enumerate(plan.candidates)
    ]


def _equip(model, folder, progress):
    """Give the networks of a model what keeps and counts their fits, and a cache of images."""
    return set_networks(
        model,
        callbacks=[FitCheckpoint(str(folder / "fits")), CountSteps(progress)],
        loader__cache_dir=str(folder / "images"),
    )


class _Scoring:
    """The scorers of a search: it predicts once, and tells the progress of each fit.

    All copies are the same: scikit-learn 1.8 copies it, and the bar of a terminal has no copy.
    """

    def __init__(self, scorers, progress, names):
        self._scorers, self._progress, self._names = scorers, progress, names

    def __deepcopy__(self, memo):
        return self

    def __call__(self, estimator, X, y):
        given = KnownProbabilities(estimator.classes_, estimator.predict_proba(X))
        scores = {name: scorer(given, X, y) for name, scorer in self._scorers.items()}
        text = f"balanced accuracy {say_number(scores['balanced_accuracy'])}"
        self._progress.end_fit(f"{next(self._names)}: {text}")
        return scores
