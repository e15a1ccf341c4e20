"""
==============================
Accuracy on imbalanced classes
==============================

If nine of ten lesions are nevi, a model that always predicts nevus has an accuracy of 90% and finds
no melanoma.
"""

# %%
# This example compares three models: one that always predicts nevus, a random forest, and a forest
# with balanced class weights. By accuracy the first two are almost equal, and the third is the
# worst. Balanced accuracy ranks the third one first.

from functools import partial

import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split

from skin_lesion import evaluate, make_lesion_images

METRICS = {
    "accuracy": accuracy_score,
    "balanced accuracy": balanced_accuracy_score,
    "sensitivity for melanoma": partial(recall_score, pos_label="melanoma"),
}


def split(seed):
    lesions = make_lesion_images(
        600,
        n_classes=2,
        weights=[0.1, 0.9],
        image_size=(32, 32),
        images_per_lesion=1,
        random_state=seed,
    )
    X, y = lesions.images.reshape(600, -1), lesions.target
    return train_test_split(X, y, stratify=y, test_size=0.5, random_state=seed)


def make_models(seed):
    return {
        "always nevus": DummyClassifier(),
        "forest": ExtraTreesClassifier(60, random_state=seed),
        "forest, classes balanced": ExtraTreesClassifier(
            60, min_samples_leaf=8, class_weight="balanced", random_state=seed
        ),
    }


rows = []
for seed in range(3):
    X_train, X_test, y_train, y_test = split(seed)
    for name, model in make_models(seed).items():
        predicted = model.fit(X_train, y_train).predict(X_test)
        rows.append(
            {"model": name} | {key: f(y_test, predicted) for key, f in METRICS.items()}
        )

scores = pd.DataFrame(rows).groupby("model", sort=False).mean()
ax = scores.T.plot.bar(rot=0, title="Means over three drawn datasets", figsize=(8, 4))
ax.set(ylabel="score", ylim=(0, 1.25))
print(scores.round(3))

# %%
# :func:`~skin_lesion.evaluate` scores the majority class in every report:

report = evaluate(
    model, X_test, y_test, groups=None, X_train=X_train, y_train=y_train, random_state=0
)
print(report.baselines["value"].unstack()[["accuracy", "balanced_accuracy"]].round(3))
