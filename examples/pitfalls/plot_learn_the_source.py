"""
================
Learn the source
================

In many public datasets, most melanomas come from one clinic and most nevi from another. A model
that recognises the light of a dermatoscope then seems to recognise melanomas.
"""

# %%
# Two clinics have different light. Nine of ten melanomas come from the first clinic, and nine of
# ten nevi from the second.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

from skin_lesion import ColorConstancy, audit_dataset, make_lesion_images

LIGHT = np.array([[1.0, 0.85, 0.7], [0.9, 0.95, 1.0]])


def photograph(share_of_melanomas_in_first, seed):
    """Return images, classes and the clinic of each."""
    lesions = make_lesion_images(
        300, n_classes=2, image_size=(32, 32), images_per_lesion=1, random_state=seed
    )
    is_melanoma = lesions.target == "melanoma"
    is_usual = (
        np.random.RandomState(seed).uniform(size=300) < share_of_melanomas_in_first
    )
    clinic = np.where(is_melanoma == is_usual, 0, 1)
    images = np.rint(lesions.images * LIGHT[clinic][:, np.newaxis, np.newaxis])
    return images.astype(np.uint8), lesions.target, clinic


images, y, clinic = photograph(0.9, seed=0)
_, axes = plt.subplots(2, 6, figsize=(8, 3))
for row, name in zip(axes, ("melanoma", "nevus"), strict=True):
    for ax, image in zip(row, images[y == name], strict=False):
        ax.imshow(image)
        ax.set_axis_off()
    row[0].set_title(name)

# %%
# A forest is tested twice. The first test set is a random part of the same data, as in most
# studies. In the second, each clinic has as many melanomas as nevi. Both tests are repeated after
# :class:`~skin_lesion.ColorConstancy`.


def learn_and_compare(seed):
    images, y, _ = photograph(0.9, seed)
    train, test = train_test_split(np.arange(300), stratify=y, random_state=seed)
    new_images, new_y, _ = photograph(0.5, 1000 + seed)

    def score(prepare):
        model = ExtraTreesClassifier(60, random_state=seed)
        model.fit(prepare(images[train]), y[train])
        return (
            balanced_accuracy_score(y[test], model.predict(prepare(images[test]))),
            balanced_accuracy_score(new_y, model.predict(prepare(new_images))),
        )

    as_they_are = score(lambda stack: stack.reshape(len(stack), -1))
    grey_light = score(
        lambda stack: ColorConstancy().transform(stack).reshape(len(stack), -1)
    )
    return pd.Series(
        [*as_they_are, *grey_light],
        index=pd.MultiIndex.from_product(
            [["unchanged", "colour constancy"], ["same data", "clinics balanced"]]
        ),
    )


scores = pd.DataFrame([learn_and_compare(seed) for seed in range(3)])
means = scores.mean().unstack(sort=False)
print(means.round(3))
ax = means.plot.bar(
    rot=0, ylabel="balanced accuracy", title="Means over three drawn datasets"
)
ax.set_ylim(0, 1)
chance = ax.axhline(0.5, linestyle=":", color="tab:gray")

# %%
# Colour constancy corrects only the light. Other traces of the source remain. Measure such
# shortcuts before you train: :func:`~skin_lesion.audit_dataset` predicts the class from the size,
# border and mean colour of the images. If ``frame`` has the source, it also predicts the class from
# the source.

audit = audit_dataset(
    images, y, frame=pd.DataFrame({"source": np.array(["A", "B"])[clinic]})
)
print(audit.shortcuts.round(2))

# %%
# A model whose score is not clearly above these may have learned only shortcuts. Test on a clinic
# that is not in the training set: pass the source as ``groups`` to
# :class:`~sklearn.model_selection.LeaveOneGroupOut`.
