"""
===========================
Resample, then split
===========================

Rare classes are often filled up by copies before the data are split or cross-validated. Copies of
one photograph are then on both sides. The rarer a class is, the more copies it has, and the better
it seems to be recognised.
"""

# %%
# Two rare classes among many nevi, and a forest on pixels. The wrong way resamples all rows and
# cross-validates. The right way has the sampler in the pipeline, which resamples the training side
# of each fold.

import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from skin_lesion import make_lesion_images


def resample_and_compare(seed):
    lesions = make_lesion_images(
        300,
        n_classes=3,
        weights=[0.05, 0.85, 0.1],
        image_size=(32, 32),
        images_per_lesion=1,
        random_state=seed,
    )
    X, y = lesions.images.reshape(300, -1), lesions.target
    sampler = RandomOverSampler(random_state=seed)
    forest = ExtraTreesClassifier(60, random_state=seed)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)

    def cross_validate(model, *data):
        return cross_val_score(
            model, *data, cv=folds, scoring="balanced_accuracy"
        ).mean()

    return {
        "resample, then split": cross_validate(forest, *sampler.fit_resample(X, y)),
        "split, then resample": cross_validate(make_pipeline(sampler, forest), X, y),
    }


scores = pd.DataFrame([resample_and_compare(seed) for seed in range(5)])
ax = scores.T.plot(marker="o", color="tab:blue", legend=False, figsize=(6, 4))
ax.set_xticks(range(2), scores.columns)
ax.set(xlim=(-0.4, 1.4), ylabel="balanced accuracy", title="Each line is a drawn set")
ax.axhline(1 / 3, linestyle=":", color="tab:gray")
ax.text(-0.35, 0.35, "chance", color="tab:gray")
print(scores.agg(["mean", "std"]).round(3))

# %%
# An almost perfect model, and one that tells nothing: they are the same.
#
# In :class:`~skin_lesion.SkinLesionClassifier` a sampler in the pipeline is not enough, since the
# classifier splits off a validation set of its own. ``SkinLesionClassifier(sampler=...)`` resamples
# after that split, too.
