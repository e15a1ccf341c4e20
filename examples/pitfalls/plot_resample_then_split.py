"""
====================
Resample, then split
====================

Many notebooks add copies of rare classes before they split or cross-validate. Copies of one
photograph are then in both training and test set. The rarer a class, the more copies it has, and
the higher its score.
"""

# %%
# The data have two rare classes and many nevi. The model is a forest on pixels. The wrong procedure
# resamples all rows and then cross-validates. The right procedure puts the sampler into the
# pipeline, which resamples only the training part of each fold.

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


scores = pd.DataFrame([resample_and_compare(seed) for seed in range(3)])
ax = scores.T.plot(marker="o", color="tab:blue", legend=False, figsize=(6, 4))
ax.set_xticks(range(2), scores.columns)
ax.set(
    xlim=(-0.4, 1.4), ylabel="balanced accuracy", title="Each line is a drawn dataset"
)
ax.axhline(1 / 3, linestyle=":", color="tab:gray")
ax.text(-0.35, 0.35, "chance", color="tab:gray")
print(scores.agg(["mean", "std"]).round(3))

# %%
# The wrong procedure shows an almost perfect model. In truth the model predicts at chance.
#
# With early stopping, :class:`~skin_lesion.SkinLesionClassifier` splits off a validation set. A
# sampler ahead of it in a pipeline would put copies into both parts.
# ``SkinLesionClassifier(sampler=...)`` resamples after this split.
