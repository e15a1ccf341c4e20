"""
=======================
Predict sets of classes
=======================

:class:`~skin_lesion.ConformalClassifier` predicts a set of classes instead of a single class. The
set contains the true class with the confidence that you choose. A poor model gives large sets.
"""

# %%
# Train a model and hold out lesions
# ----------------------------------

import matplotlib.pyplot as plt
import numpy as np

from skin_lesion import (
    ConformalClassifier,
    ConvNet,
    SkinLesionClassifier,
    make_lesion_images,
)

size = {"n_classes": 4, "image_size": (32, 32)}
train = make_lesion_images(300, random_state=0, **size)
held = make_lesion_images(400, random_state=1, **size)
test = make_lesion_images(500, random_state=2, **size)

model = SkinLesionClassifier(
    ConvNet(filters=(16, 32)),
    augmenter=None,
    epochs=20,
    early_stopping=False,
    random_state=0,
)
model.fit(train.images, train.target)
accuracy = (model.predict(test.images) == test.target).mean()
print(f"accuracy {accuracy:.2f}")

# %%
# Check the coverage
# ------------------
#
# Left: for three confidences, the coverage of each class, which is the share of its test images
# whose set contains it. Black lines show the chosen confidence. Right: the number of classes in a
# set.

confidences = (0.7, 0.8, 0.9)
coverage, sizes = {}, {}
for confidence in confidences:
    conformal = ConformalClassifier(model, confidence=confidence)
    sets = conformal.fit(held.images, held.target, groups=held.groups).predict_set(
        test.images
    )
    holds = sets[np.arange(len(sets)), np.searchsorted(conformal.classes_, test.target)]
    coverage[confidence] = [
        holds[test.target == name].mean() for name in conformal.classes_
    ]
    sizes[confidence] = np.bincount(sets.sum(axis=1), minlength=5) / len(sets)
    mean_size = sets.sum(axis=1).mean()
    print(
        f"confidence {confidence:.1f}, coverage {holds.mean():.2f}, classes {mean_size:.2f}"
    )

colours = ("#56B4E9", "#0072B2", "#D55E00")
figure, axes = plt.subplots(1, 2, figsize=(11, 4), width_ratios=(3, 2))
for place, (confidence, colour) in enumerate(zip(confidences, colours, strict=True)):
    x = np.arange(4) + 0.26 * (place - 1)
    axes[0].bar(
        x, coverage[confidence], 0.24, color=colour, label=f"confidence {confidence}"
    )
    axes[0].hlines(np.full(4, confidence), x - 0.12, x + 0.12, color="k", lw=2)
    axes[1].bar(
        np.arange(5) + 0.26 * (place - 1), sizes[confidence], 0.24, color=colour
    )
axes[0].set_xticks(range(4), [name.replace(" ", "\n") for name in conformal.classes_])
axes[0].set(ylabel="coverage", ylim=(0, 1.25))
axes[0].legend(ncols=3, loc="upper center", frameon=False)
axes[1].set(xlabel="number of classes in the set", ylabel="share of images")
plt.show()

# %%
# Look at single images
# ---------------------
#
# The title of an image is its true class. The text below it is the predicted set.

conformal = ConformalClassifier(model, confidence=0.8)
conformal.fit(held.images, held.target, groups=held.groups)
sets = conformal.predict_set(test.images)
figure, axes = plt.subplots(1, 5, figsize=(11, 3))
shown = np.random.RandomState(1).choice(len(sets), 5, replace=False)
for ax, row in zip(axes, shown, strict=True):
    ax.imshow(test.images[row])
    ax.set(xticks=[], yticks=[], title=test.target[row])
    ax.title.set_fontsize(9)
    ax.set_xlabel("\n".join(conformal.classes_[sets[row]]) or "none", fontsize=9)
plt.show()

# %%
# The guarantee holds on average over lesions like these, apart from chance in a few hundred images.
# It says nothing about a single lesion, and nothing about a clinic with other patients or other
# dermatoscopes.
