"""
======================
Select on the test set
======================

If you try many models and report the best test score, a part of this score is chance. The smaller
the test set, the larger this part.
"""

# %%
# The wrong procedure trains 48 forests (six settings, eight seeds) on 60 lesions and selects the
# best on 60 test lesions. The right procedure selects one of six settings by cross-validation. Then
# 300 new lesions, used in neither selection, show how good both models are.

import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, ParameterGrid, train_test_split

from skin_lesion import make_lesion_images

KINDS = {"max_features": ["sqrt", 0.02], "min_samples_leaf": [1, 3, 6]}
SEEDS = {"random_state": list(range(8))}


def draw(n_samples, seed):
    lesions = make_lesion_images(
        n_samples,
        n_classes=5,
        image_size=(32, 32),
        images_per_lesion=1,
        random_state=seed,
    )
    return lesions.images.reshape(n_samples, -1), lesions.target


def score(model, X, y):
    return balanced_accuracy_score(y, model.predict(X))


def select_and_compare(seed):
    X, y = draw(120, seed)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, stratify=y, test_size=60, random_state=seed
    )
    new = draw(300, 1000 + seed)
    forests = [
        ExtraTreesClassifier(20, **parameters).fit(X_train, y_train)
        for parameters in ParameterGrid(KINDS | SEEDS)
    ]
    best = max(forests, key=lambda forest: score(forest, X_test, y_test))
    search = GridSearchCV(
        ExtraTreesClassifier(20, random_state=seed),
        KINDS,
        scoring="balanced_accuracy",
        cv=3,
    ).fit(X_train, y_train)
    columns = pd.MultiIndex.from_product(
        [
            ["best on the test set", "best in cross-validation"],
            ["test set", "new lesions"],
        ]
    )
    values = [
        score(model, *data)
        for model in (best, search)
        for data in ((X_test, y_test), new)
    ]
    return pd.Series(values, index=columns)


scores = pd.DataFrame([select_and_compare(seed) for seed in range(3)])
print(scores.agg(["mean", "std"]).T.round(3))
ax = (
    scores.mean()
    .unstack(sort=False)
    .plot.bar(
        rot=0, ylabel="balanced accuracy", title="Means over three drawn datasets"
    )
)
ax.set_ylim(0, 0.6)

# %%
# :class:`~sklearn.model_selection.GridSearchCV` selects on folds of the training set. The test set
# is used once.
#
# Do not choose the epoch or the threshold on the test set either.
# :class:`~skin_lesion.SkinLesionClassifier` stops on its own validation set.
# :func:`~skin_lesion.choose_thresholds` takes held-out lesions, or uses out-of-fold predictions.
