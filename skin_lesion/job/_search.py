"""Search for the better way to balance, on folds that keep lesions whole."""

from imblearn.over_sampling import RandomOverSampler
from sklearn import config_context
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from ..images import ImageAugmenter, ImageLoader
from ..models import ConvNet, SkinLesionClassifier

CANDIDATES = [
    {"cnn__sampler": [RandomOverSampler()], "cnn__class_weight": [None]},
    {"cnn__sampler": [None], "cnn__class_weight": ["balanced"]},
]


def search(data, arguments):
    """Return the fitted GridSearchCV."""
    pipeline = Pipeline(
        [
            ("load", ImageLoader(image_size=(arguments.image_size,) * 2, n_jobs=-1)),
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
    grid = GridSearchCV(
        pipeline,
        CANDIDATES,
        scoring="balanced_accuracy",
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
    with config_context(enable_metadata_routing=True):
        return grid.fit(X, y, groups=groups)
