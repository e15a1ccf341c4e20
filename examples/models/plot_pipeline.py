"""
===========================================
From a folder to predictions, in a pipeline
===========================================

A pipeline of scikit-learn that begins with the paths of images and ends in a convolutional network:
:class:`~skin_lesion.ImageLoader` reads, :class:`~skin_lesion.ColorConstancy` cleans, and
:class:`~skin_lesion.SkinLesionClassifier` learns.
"""

# %%
# A folder
# --------
#
# One subfolder for each class, and a table that says which photographs show the same lesion. The
# images are drawn; ``root`` could be a folder of yours.

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
# The pipeline
# ------------
#
# The classifier varies images anew in every epoch. With ``early_stopping=True`` it holds out
# lesions, which it is told by ``groups``, to know when to stop.

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
# What it says of lesions that it has not seen
# --------------------------------------------
#
# A bar is as long as the class is probable; the true class is hatched.

probabilities = model.predict_proba(test.data)
score = balanced_accuracy_score(
    test.target, model.classes_[probabilities.argmax(axis=1)]
)
print(f"balanced accuracy {score:.2f}, by chance {1 / len(model.classes_):.2f}")

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
# The network is small and has seen little: it is wrong now and then, and sometimes sure of it. How
# sure it may be is the subject of :ref:`sphx_glr_auto_examples_evaluation_plot_calibration.py`.

folder.cleanup()
