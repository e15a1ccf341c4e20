"""
==========================================
Find a shortcut with class activation maps
==========================================

Suppose that a clinic photographs melanomas with a ruler, and nevi without one. A network can then
learn the ruler instead of the lesion. Grad-CAM maps show this on drawn images.
"""

# %%
# Put a shortcut into the data
# ----------------------------
#
# :class:`~skin_lesion.ImageAugmenter` draws rulers and nothing else here. In the training set,
# every melanoma has a ruler. There are two test sets: one with rulers beside melanomas, as in the
# training set, and one with rulers beside nevi.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import accuracy_score

from skin_lesion import (
    ActivationMapDisplay,
    ConvNet,
    ImageAugmenter,
    SkinLesionClassifier,
    make_lesion_images,
)

draw_rulers = ImageAugmenter(
    rotation=0,
    width_shift=0,
    height_shift=0,
    zoom=0,
    horizontal_flip=False,
    vertical_flip=False,
    brightness=0,
    contrast=0,
    ruler=1,
    random_state=0,
)


def with_rulers(lesions, measured):
    images = lesions.images.copy()
    rows = np.flatnonzero(lesions.target == measured)
    images[rows] = draw_rulers.fit_transform(images[rows])
    return images


size = {"n_classes": 2, "image_size": (64, 64)}
train = make_lesion_images(200, random_state=0, **size)
test = make_lesion_images(100, random_state=1, **size)

# %%
# Train and score the network
# ---------------------------

model = SkinLesionClassifier(
    ConvNet(filters=(16, 32, 32)), epochs=15, early_stopping=False, random_state=0
)
model.fit(with_rulers(train, "melanoma"), train.target)

for measured in ("melanoma", "nevus"):
    predicted = model.predict(with_rulers(test, measured))
    accuracy = accuracy_score(test.target, predicted)
    print(f"rulers beside each {measured:9} accuracy {accuracy:.2f}")

# %%
# Draw the maps
# -------------
#
# Bright areas are evidence for a melanoma, according to the network. The upper row shows melanomas
# with a ruler, the lower row nevi with a ruler.

figure, axes = plt.subplots(2, 5, figsize=(10, 4.6))
for row, name in zip(axes, ("melanoma", "nevus"), strict=True):
    images = with_rulers(test, name)[test.target == name][:5]
    display = ActivationMapDisplay.from_estimator(
        model, images, target="melanoma", ax=row
    )
    for ax, predicted in zip(row, model.predict(images), strict=True):
        ax.set_title(f"{name},\npredicted: {predicted}", fontsize=9)
plt.show()

# %%
# The first test set has the same shortcut as the training set, so its score is high. With rulers
# beside nevi, the same network scores below chance. Only external data or the maps reveal this.
#
# The maps show where the network finds evidence, not why. A map that lies on the lesion proves
# nothing. :func:`~skin_lesion.audit_dataset` counts rulers, hair and dark corners for each class
# before you train.
