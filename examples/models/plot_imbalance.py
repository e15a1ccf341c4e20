"""
======================================
Compare methods to balance the classes
======================================

One training image in nine shows a melanoma. A network trained on such images tends to predict nevus
for every image. This example compares three methods to balance the classes with no balancing. It
trains each with two seeds, because the seed alone changes the scores, too.
"""

# %%
# Draw the training and the test set
# ----------------------------------
#
# The training set has few melanomas. The test set has as many melanomas as nevi, so that
# sensitivity and specificity are about equally precise. It shows other lesions than the training
# set.

from collections import defaultdict

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import RandomOverSampler

from skin_lesion import (
    AugmentingOverSampler,
    ConvNet,
    SkinLesionClassifier,
    make_lesion_images,
    sensitivity_score,
)

size = {"n_classes": 2, "image_size": (24, 24)}
train = make_lesion_images(270, weights=[1, 8], random_state=0, **size)
test = make_lesion_images(200, random_state=1, **size)
print({str(name): int((train.target == name).sum()) for name in train.target_names})

# %%
# Pass samplers to the classifier
# -------------------------------
#
# A sampler inside the classifier resamples only the rows that it trains on. A sampler ahead of it
# would put copies of an image into both the training and the validation set of early stopping.
#
# By default the classifier weighs classes, and its probabilities assume equally frequent classes.
# ``class_weight=None`` and ``prior=None`` switch this off, to show each method alone.

methods = {
    "no balancing": {},
    "class weights": {"class_weight": "balanced"},
    "copies": {"sampler": RandomOverSampler()},
    "augmented copies": {"sampler": AugmentingOverSampler()},
}
recalls = defaultdict(list)
for seed in range(2):
    for method, parameters in methods.items():
        model = SkinLesionClassifier(
            ConvNet(filters=(8, 16)),
            class_weight=None,
            prior=None,
            epochs=12,
            random_state=seed,
        ).set_params(**parameters)
        model.fit(train.images, train.target)
        predicted = model.predict(test.images)
        recalls[method].append(
            [
                sensitivity_score(test.target, predicted, pos_label=name)
                for name in ("melanoma", "nevus")
            ]
        )

# %%
# Compare sensitivity and specificity
# -----------------------------------
#
# A dot is one seed. A bar is the mean.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, label, of_class in zip(
    axes, ("sensitivity for melanoma", "specificity for melanoma"), (0, 1), strict=True
):
    for place, values in enumerate(recalls.values()):
        values = np.array(values)[:, of_class]
        ax.barh(place, values.mean(), color="#56B4E9", zorder=1)
        places = np.full(len(values), place)
        ax.scatter(values, places, color="0.1", s=18, zorder=2, clip_on=False)
    ax.set(xlim=(0, 1), xlabel=label)
    ax.set_yticks(range(len(recalls)), recalls)
axes[0].invert_yaxis()  # shared by both
plt.show()
for method, values in recalls.items():
    sensitivity, specificity = np.mean(values, axis=0)
    print(f"{method:16} sensitivity {sensitivity:.2f}  specificity {specificity:.2f}")

# %%
# Balancing raises sensitivity and lowers specificity. A lower threshold on the probability of
# melanoma has the same effect without another training (:func:`~skin_lesion.choose_thresholds`).
# The distance between the dots of a row shows how much a single run can mislead.
#
# After balancing, the probabilities of rare classes are too high. ``prior="training"`` corrects
# this (:ref:`sphx_glr_auto_examples_evaluation_plot_calibration.py`).
