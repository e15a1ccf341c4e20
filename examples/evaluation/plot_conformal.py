"""
======================================
Sets of classes that hold the true one
======================================

In place of one class that may be wrong, :class:`~skin_lesion.ConformalClassifier` names a set of
classes, which holds the true one with a confidence that was asked for. What a poor model pays for
it is large sets.
"""

# %%
# A model, and lesions that it has not seen
# -----------------------------------------

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
test = make_lesion_images(800, random_state=2, **size)

model = SkinLesionClassifier(
    ConvNet(filters=(16, 32)), epochs=30, early_stopping=False, random_state=0
)
model.fit(train.images, train.target)
accuracy = (model.predict(test.images) == test.target).mean()
print(f"accuracy {accuracy:.2f}")

# %%
# What is promised, and what is kept
# ----------------------------------
#
# For three confidences: the share of the test images of each class whose set holds it, beside a
# black line for what was asked, and how many classes the sets have.

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
    print(f"asked {confidence:.1f}, kept {holds.mean():.2f}, classes {mean_size:.2f}")

colours = ("#56B4E9", "#0072B2", "#D55E00")
figure, axes = plt.subplots(1, 2, figsize=(11, 4), width_ratios=(3, 2))
for place, (confidence, colour) in enumerate(zip(confidences, colours, strict=True)):
    x = np.arange(4) + 0.26 * (place - 1)
    axes[0].bar(
        x, coverage[confidence], 0.24, color=colour, label=f"asked: {confidence}"
    )
    axes[0].hlines(np.full(4, confidence), x - 0.12, x + 0.12, color="k", lw=2)
    axes[1].bar(
        np.arange(5) + 0.26 * (place - 1), sizes[confidence], 0.24, color=colour
    )
axes[0].set_xticks(range(4), [name.replace(" ", "\n") for name in conformal.classes_])
axes[0].set(ylabel="sets that hold the true class", ylim=(0, 1.25))
axes[0].legend(ncols=3, loc="upper center", frameon=False)
axes[1].set(xlabel="classes in the set", ylabel="share of the images")
plt.show()

# %%
# One at a time
# -------------

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
# Above each image stands what it is, below it the set. The promise holds on average over lesions
# like these, within what chance does to a few hundred images, and says nothing of a single one,
# nor of a clinic with other patients or other dermatoscopes.
