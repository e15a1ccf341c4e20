"""
=================================
A network that looks at the ruler
=================================

In photographs of a clinic melanomas are measured, and nevi are not: a ruler tells the class.
Grad-CAM shows what comes of it, on drawn images in which the ruler is put beside melanomas alone.
"""

# %%
# A shortcut in the data
# ----------------------
#
# Rulers are drawn by :class:`~skin_lesion.ImageAugmenter`, with all else switched off. In the
# training images every melanoma has one. The test images come twice: as the training images, and
# with the rulers beside the nevi.

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
# A score to be proud of
# ----------------------

model = SkinLesionClassifier(
    ConvNet(filters=(16, 32, 32)), epochs=15, early_stopping=False, random_state=0
)
model.fit(with_rulers(train, "melanoma"), train.target)

for measured in ("melanoma", "nevus"):
    predicted = model.predict(with_rulers(test, measured))
    accuracy = accuracy_score(test.target, predicted)
    print(f"rulers beside each {measured:9} accuracy {accuracy:.2f}")

# %%
# Where it looks
# --------------
#
# Bright is what speaks for a melanoma, by the network: in the upper row in melanomas with a ruler,
# in the lower row in nevi with one.

figure, axes = plt.subplots(2, 5, figsize=(10, 4.6))
for row, name in zip(axes, ("melanoma", "nevus"), strict=True):
    images = with_rulers(test, name)[test.target == name][:5]
    display = ActivationMapDisplay.from_estimator(
        model, images, target="melanoma", ax=row
    )
    for ax, predicted in zip(row, model.predict(images), strict=True):
        ax.set_title(f"{name}, called {predicted}", fontsize=9)
plt.show()

# %%
# On test images that share the fault of the training images, nothing is amiss. Where the rulers are
# beside the nevi, the same network falls below chance. Only a test set from elsewhere, or a look at
# what the network looks at, tells. The maps say where, not why: a map that lies on the lesion would
# prove nothing. :func:`~skin_lesion.audit_dataset` counts rulers, hair and dark corners by class
# before anything is trained.
