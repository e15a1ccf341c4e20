"""Search for the better way to balance, on folds that keep lesions whole."""

import warnings

from imblearn.over_sampling import RandomOverSampler
from sklearn import clone, config_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from ...audit import assert_no_leak
from ...evaluation import isic_scorers
from ...images import ImageAugmenter, ImageLoader
from ...models import ConvNet, SkinLesionClassifier

POSITIVE = "melanoma"  # the class to find, where there is one of this name
CANDIDATES = [
    {"cnn__sampler": [RandomOverSampler()], "cnn__class_weight": [None]},
    {"cnn__sampler": [None], "cnn__class_weight": ["balanced"]},
]


def search(data, arguments):
    """Return the fitted GridSearchCV."""
    pipeline = Pipeline(
        [
            ("load", ImageLoader(image_size=(arguments.image_size,) * 2)),
            (
                "cnn",
                SkinLesionClassifier(
                    ConvNet(),
                    augmenter=ImageAugmenter(),
                    epochs=arguments.epochs,
                    batch_size=arguments.batch_size,
                    random_state=arguments.random_state,
                    verbose=1,
                ),
            ),
        ]
    )
    X, y, groups = data.part(is_test=False)
    folds = StratifiedGroupKFold(arguments.folds, shuffle=True, random_state=arguments.random_state)
    folds = list(folds.split(X, y, groups))
    for train, test in folds:
        assert_no_leak(X[train], X[test], groups_train=groups[train], groups_test=groups[test])
    grid = GridSearchCV(
        pipeline,
        CANDIDATES,
        scoring=isic_scorers(POSITIVE if POSITIVE in y else None),
        refit="balanced_accuracy",
        cv=folds,
        error_score="raise",
        verbose=3,
    )
    print(
        f"Grid search: {len(CANDIDATES)} candidates on {arguments.folds} stratified folds that keep"
        f" groups whole, then a fit of the best on all {len(X)} training images.",
        flush=True,
    )
    # With routing the groups also reach the validation split inside each fit.
    with config_context(enable_metadata_routing=True), warnings.catch_warnings():
        # Of a model that never predicts a class the predictive value is none. It is not what the
        # best is chosen by.
        warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
        warnings.filterwarnings("ignore", "One or more of the test scores are non-finite")
        return grid.fit(X, y, groups=groups)


def refit_on_faults(data, model, arguments):
    """Return the same model, fitted with all faults."""
    X, y, _ = data.part(is_test=False)
    print(
        f"\nOnce more with the faults: the same parameters on {len(X)} training images.",
        flush=True,
    )
    return clone(model).fit(X, y)
