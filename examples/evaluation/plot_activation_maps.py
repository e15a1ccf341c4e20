"""
==========================================
Find a shortcut with class activation maps
==========================================

Suppose that a clinic photographs melanomas with another dermatoscope, whose round field of view
leaves dark corners. A network can then learn the dark corners instead of the lesion. Grad-CAM maps
show this on drawn images.
"""

# %%
# Put a shortcut into the data
# ----------------------------
#
# :class:`~skin_lesion.ImageAugmenter` draws dark corners and nothing else here. In the training
# set, every melanoma has them. There are two test sets: one with dark corners around melanomas, as
# in the training set, and one with dark corners around nevi.

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

draw_corners = ImageAugmenter(
    rotation=0,
    width_shift=0,
    height_shift=0,
    zoom=0,
    horizontal_flip=False,
    vertical_flip=False,
    brightness=0,
    contrast=0,
    corners=1,
    random_state=0,
)


def with_corners(lesions, framed):
    images = lesions.images.copy()
    rows = np.flatnonzero(lesions.target == framed)
    images[rows] = draw_corners.fit_transform(images[rows])
    return images


size = {"n_classes": 2, "image_size": (64, 64)}
train = make_lesion_images(200, random_state=0, **size)
test = make_lesion_images(100, random_state=1, **size)

# %%
# Train and score the network
# ---------------------------

model = SkinLesionClassifier(
    ConvNet(filters=(16, 32)),
    augmenter=None,
    epochs=20,
    early_stopping=False,
    random_state=0,
)
model.fit(with_corners(train, "melanoma"), train.target)

for framed in ("melanoma", "nevus"):
    predicted = model.predict(with_corners(test, framed))
    accuracy = accuracy_score(test.target, predicted)
    print(f"dark corners around each {framed:9} accuracy {accuracy:.2f}")

# %%
# Draw the maps
# -------------
#
# Bright areas are evidence for a melanoma, according to the network. The upper row shows melanomas
# with dark corners, the lower row nevi with dark corners.

figure, axes = plt.subplots(2, 5, figsize=(10, 4.6))
for row, name in zip(axes, ("melanoma", "nevus"), strict=True):
    images = with_corners(test, name)[test.target == name][:5]
    display = ActivationMapDisplay.from_estimator(
        model, images, target="melanoma", ax=row
    )
    for ax, predicted in zip(row, model.predict(images), strict=True):
        ax.set_title(f"{name},\npredicted: {predicted}", fontsize=9)
plt.show()

# %%
# The first test set has the same shortcut as the training set, so its score is high. With dark
# corners around nevi, the same network scores below chance. Only external data or the maps reveal
# this.
#
# The maps show where the network finds evidence, not why. A map that lies on the lesion proves
# nothing. :func:`~skin_lesion.audit_dataset` counts rulers, hair and dark corners for each class
# before you train.
