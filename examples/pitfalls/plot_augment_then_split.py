"""
===================
Augment, then split
===================

Many notebooks on small datasets write augmented images to disk and split afterwards. Variants of
one photograph are then in both training and test set, and a model scores by memorising the
photograph.
"""

# %%
# There are 200 lesions with five variants each. A forest on pixels shows the effect quickly.
# Networks show it, too.

# sphinx_gallery_thumbnail_number = 2
import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

from skin_lesion import AugmentationDisplay, ImageAugmenter, make_lesion_images

augmenter = ImageAugmenter(rotation=10, random_state=0)
image = make_lesion_images(12, n_classes=4, image_size=(96, 96), random_state=0).images[
    2
]
display = AugmentationDisplay.from_augmenter(augmenter, image)

# %%
# The wrong procedure splits all images: one forest trains on three quarters of the images and is
# tested on the rest. The right procedure splits the lesions: another forest trains on the variants
# of three quarters of the lesions. It is tested on unchanged photographs of the other lesions.
# Three datasets are drawn with three seeds.


def score(images, y, train, test, seed):
    flat = images.reshape(len(images), -1)
    model = ExtraTreesClassifier(60, random_state=seed).fit(flat[train], y[train])
    return balanced_accuracy_score(y[test], model.predict(flat[test]))


def augment_and_compare(seed):
    lesions = make_lesion_images(
        200, n_classes=5, image_size=(32, 32), images_per_lesion=1, random_state=seed
    )
    variants = [
        augmenter.apply(lesions.images, augmenter.draw(200, random_state=number))
        for number in range(5)
    ]
    images, y = np.concatenate([lesions.images, *variants]), np.tile(lesions.target, 6)
    lesion = np.tile(np.arange(200), 6)

    rows = np.arange(len(y))
    wrong = train_test_split(rows, stratify=y, random_state=seed)
    of_train, of_test = train_test_split(
        np.arange(200), stratify=lesions.target, random_state=seed
    )
    right = np.flatnonzero(np.isin(lesion, of_train)), of_test
    return {
        "augment, then split": score(images, y, *wrong, seed),
        "split, then augment": score(images, y, *right, seed),
    }


scores = pd.DataFrame([augment_and_compare(seed) for seed in range(3)])
ax = scores.T.plot(marker="o", color="tab:blue", legend=False, figsize=(6, 4))
ax.set_xticks(range(2), scores.columns)
ax.set(
    xlim=(-0.4, 1.4), ylabel="balanced accuracy", title="Each line is a drawn dataset"
)
print(scores.agg(["mean", "std"]).round(3))

# %%
# The first score is too high, because the forest was trained on variants of the same photographs.
# Only the second score applies to new lesions.
#
# ``SkinLesionClassifier(augmenter=ImageAugmenter())`` follows the right procedure. It augments only
# the rows that it trains on, after the split, with new variants in each epoch.
