"""
===================================
Four ways to deal with a rare class
===================================

One image in nine shows a melanoma. A network that is trained on such images as they are does well
to call everything a nevus. Four ways to train it are compared here, with two seeds each, since
what the seed does is easily taken for what the way does.
"""

# %%
# Train on few melanomas, test on many
# ------------------------------------
#
# The test set has as many melanomas as nevi, so that sensitivity and specificity rest on as many
# images. It is the same for all, and other lesions than those of the training set.

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

size = {"n_classes": 2, "image_size": (32, 32)}
train = make_lesion_images(270, weights=[1, 8], random_state=0, **size)
test = make_lesion_images(200, random_state=1, **size)
print({str(name): int((train.target == name).sum()) for name in train.target_names})

# %%
# Samplers go into the classifier
# -------------------------------
#
# There they balance what is trained on, after the classifier has held out its validation set, if it
# stops early. A sampler in front of the classifier would put copies of an image on both sides of
# that split. By default classes are weighed and probabilities answer for equally frequent classes:
# ``class_weight=None`` and ``prior=None`` show each way alone.

ways = {
    "as it is": {},
    "class weights": {"class_weight": "balanced"},
    "copies": {"sampler": RandomOverSampler()},
    "variants": {"sampler": AugmentingOverSampler()},
}
recalls = defaultdict(list)
for seed in range(2):
    for way, parameters in ways.items():
        model = SkinLesionClassifier(
            ConvNet(filters=(8, 16)),
            class_weight=None,
            prior=None,
            epochs=12,
            random_state=seed,
        ).set_params(**parameters)
        model.fit(train.images, train.target)
        predicted = model.predict(test.images)
        recalls[way].append(
            [
                sensitivity_score(test.target, predicted, pos_label=name)
                for name in ("melanoma", "nevus")
            ]
        )

# %%
# What each way finds
# -------------------
#
# A dot is one seed, and a bar the mean.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, label, of_class in zip(
    axes, ("melanomas found", "nevi left alone"), (0, 1), strict=True
):
    for place, values in enumerate(recalls.values()):
        values = np.array(values)[:, of_class]
        ax.barh(place, values.mean(), color="#56B4E9", zorder=1)
        places = np.full(len(values), place)
        ax.scatter(values, places, color="0.1", s=18, zorder=2, clip_on=False)
    ax.set(xlim=(0, 1), xlabel="share", title=label)
    ax.set_yticks(range(len(recalls)), recalls)
axes[0].invert_yaxis()  # shared by both
plt.show()
for way, values in recalls.items():
    sensitivity, specificity = np.mean(values, axis=0)
    print(f"{way:14} sensitivity {sensitivity:.2f}  specificity {specificity:.2f}")

# %%
# Balancing buys sensitivity with specificity: it moves where the network draws the line. So would a
# lower threshold on the probability of a melanoma, which costs nothing and can be chosen openly
# (:func:`~skin_lesion.choose_thresholds`). How far the dots of one row lie apart says how little a
# single run proves; and balanced training makes rare classes too probable, which
# ``prior="training"`` corrects (:ref:`sphx_glr_auto_examples_evaluation_plot_calibration.py`).
