"""
===================================
Split by image instead of by lesion
===================================

The 10,015 photographs of HAM10000 show 7,470 lesions. A split by image puts photographs of one
lesion into both training and test set. A model then also scores by recognising lesions that it was
trained on.
"""

# %%
# These are four photographs of one lesion. Position and light differ.

import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_score,
)

from skin_lesion import assert_no_leak, make_lesion_images


def draw(n_samples, images_per_lesion, seed):
    return make_lesion_images(
        n_samples,
        n_classes=5,
        image_size=(32, 32),
        images_per_lesion=images_per_lesion,
        random_state=seed,
    )


lesions = draw(300, 4, seed=0)
name = pd.Series(lesions.groups).value_counts().index[0]
_, axes = plt.subplots(1, 4, figsize=(8, 2.2))
for ax, photograph in zip(axes, lesions.images[lesions.groups == name], strict=False):
    ax.imshow(photograph)
    ax.set_axis_off()

# %%
# This compares folds by image and folds by lesion with the score on 200 new lesions. Three datasets
# are drawn.


def flatten(images):
    return images.reshape(len(images), -1)


def compare_folds(seed):
    drawn = draw(300, 4, seed)
    X, y = flatten(drawn.images), drawn.target
    model = ExtraTreesClassifier(60, random_state=seed)

    def cross_validate(splitter, groups=None):
        folds = splitter(5, shuffle=True, random_state=seed)
        return cross_val_score(
            model, X, y, groups=groups, cv=folds, scoring="balanced_accuracy"
        ).mean()

    new = draw(200, 1, seed=1000 + seed)
    predicted = model.fit(X, y).predict(flatten(new.images))
    return {
        "folds by image": cross_validate(StratifiedKFold),
        "folds by lesion": cross_validate(StratifiedGroupKFold, drawn.groups),
        "new lesions": balanced_accuracy_score(new.target, predicted),
    }


scores = pd.DataFrame([compare_folds(seed) for seed in range(3)])
ax = scores.T.plot(marker="o", color="tab:blue", legend=False, figsize=(6, 4))
ax.set_xticks(range(3), scores.columns)
ax.set(
    xlim=(-0.4, 2.4), ylabel="balanced accuracy", title="Each line is a drawn dataset"
)
print(scores.agg(["mean", "std"]).round(3))

# %%
# :class:`~sklearn.model_selection.StratifiedGroupKFold` and
# :func:`~skin_lesion.train_test_split_by_group` split by lesion. Check an existing split with
# :func:`~skin_lesion.assert_no_leak`:

train, test = next(StratifiedKFold(5).split(lesions.images, lesions.target))
try:
    assert_no_leak(
        lesions.images[train],
        lesions.images[test],
        groups_train=lesions.groups[train],
        groups_test=lesions.groups[test],
    )
except ValueError as error:
    print(textwrap.fill(str(error), 80))

# %%
# Without lesion ids, :func:`~skin_lesion.audit_dataset` finds copies and near duplicates, and its
# ``groups`` join them. Only an id identifies two different photographs of one lesion.
