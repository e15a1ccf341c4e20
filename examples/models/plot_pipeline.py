"""
======================================
Train a pipeline on a folder of images
======================================

A scikit-learn pipeline takes the paths of images and ends in a convolutional network.
:class:`~skin_lesion.ImageLoader` reads the images, :class:`~skin_lesion.ColorConstancy` cleans
them, and :class:`~skin_lesion.SkinLesionClassifier` learns from them.
"""

# %%
# Load a folder
# -------------
#
# The folder has one subfolder for each class, and a table that says which photographs show the same
# lesion. The images are drawn here. ``root`` can be a folder of your own.

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import Pipeline

from skin_lesion import (
    ColorConstancy,
    ConvNet,
    ImageLoader,
    SkinLesionClassifier,
    load_image_folder,
    write_lesion_folder,
)

folder = tempfile.TemporaryDirectory()
root = write_lesion_folder(f"{folder.name}/lesions", 300, n_classes=3, random_state=0)
train, test = (load_image_folder(root, split=name) for name in ("train", "test"))
print(f"{len(train.data)} training images of {len(np.unique(train.groups))} lesions")
print("X is a column of paths:", train.data.shape)

# %%
# Train the pipeline
# ------------------
#
# The classifier augments the images in every epoch. With ``early_stopping=True`` it holds out a
# validation set by lesion. ``groups`` has the lesion of each image.

model = Pipeline(
    [
        ("load", ImageLoader((48, 48))),
        ("light", ColorConstancy()),
        (
            "cnn",
            SkinLesionClassifier(
                ConvNet(filters=(16, 32)),
                epochs=25,
                early_stopping=True,
                random_state=0,
            ),
        ),
    ]
)
model.fit(train.data, train.target, cnn__groups=train.groups)

# %%
# Predict the test images
# -----------------------
#
# The bars show the probability of each class. The bar of the true class is hatched.

probabilities = model.predict_proba(test.data)
score = balanced_accuracy_score(
    test.target, model.classes_[probabilities.argmax(axis=1)]
)
print(f"balanced accuracy {score:.2f}, chance {1 / len(model.classes_):.2f}")

shown = np.random.RandomState(0).choice(len(test.data), 6, replace=False)
images = ImageLoader((96, 96)).transform(test.data[shown])
figure, axes = plt.subplots(2, 6, figsize=(11, 3.8), height_ratios=(3, 2))
for column, image, row in zip(axes.T, images, shown, strict=True):
    column[0].imshow(image)
    column[0].set_axis_off()
    bars = column[1].barh(
        model.classes_, probabilities[row], color="#56B4E9", edgecolor="0.2"
    )
    bars[list(model.classes_).index(test.target[row])].set_hatch("////")
    column[1].set(xlim=(0, 1), xticks=(0, 1))
    column[1].invert_yaxis()
    if column[1] is not axes[1, 0]:
        column[1].set_yticks([])
plt.show()

# %%
# The network is small and saw few images, so it makes errors.
# :ref:`sphx_glr_auto_examples_evaluation_plot_calibration.py` corrects its confidence.

folder.cleanup()
