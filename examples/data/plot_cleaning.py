"""
===============================
Take out what is not the lesion
===============================

Hair, the dark around a round field of view and the colour of the lamp are in the photograph, but
not in the skin. Three transformers take them out; each looks at one image at a time and learns
nothing, so that none can leak.
"""

# %%
# Three photographs, three disturbances
# -------------------------------------
#
# The first drawn photograph is hairy as it is. The second is put behind a round field of view, and
# the third under a yellow lamp.

import matplotlib.pyplot as plt
import numpy as np

from skin_lesion import BorderCropper, ColorConstancy, HairRemover, make_lesion_images

photographs = make_lesion_images(
    12, n_classes=4, image_size=(200, 200), random_state=0
).images
y, x = np.mgrid[:200, :200] - 99.5
round_field = (np.hypot(x, y) < 75)[..., np.newaxis]
lamp = np.array([1.0, 0.85, 0.6])

hairy = photographs[9]
framed = photographs[2] * round_field
tinted = np.rint(photographs[5] * lamp).astype(np.uint8)

# %%
# Before and after
# ----------------

rows = [(HairRemover(), hairy), (BorderCropper(), framed), (ColorConstancy(), tinted)]
figure, axes = plt.subplots(3, 3, figsize=(7.5, 7.8))
for row, (transformer, image) in zip(axes, rows, strict=True):
    cleaned = transformer.transform(image)
    row[0].imshow(image)
    row[1].imshow(cleaned)
    row[0].set_ylabel(type(transformer).__name__, fontsize=11)
    if cleaned.shape == image.shape:
        difference = np.abs(cleaned.astype(int) - image).mean(axis=2)
        row[2].imshow(difference, cmap="gray_r", vmin=0, vmax=80)
    else:
        height, width = cleaned.shape[:2]
        row[2].text(
            0.5, 0.5, f"200 x 200\nto\n{height} x {width}", ha="center", va="center"
        )
for ax, title in zip(axes[0], ("before", "after", "what was changed"), strict=True):
    ax.set_title(title)
for ax in axes.ravel():
    ax.set(xticks=[], yticks=[])
plt.show()

# %%
# Was it right?
# -------------
#
# One photograph under three lamps: its share of red, green and blue differs before, and no longer
# after.


def shares(image):
    return (image.mean(axis=(0, 1)) / image.mean() / 3).round(2)


for name, lamp in (
    ("white", [1, 1, 1]),
    ("yellow", [1, 0.85, 0.6]),
    ("blue", [0.7, 0.85, 1]),
):
    lit = np.rint(photographs[5] * lamp).astype(np.uint8)
    print(
        f"{name:7} before {shares(lit)}  after {shares(ColorConstancy().transform(lit))}"
    )

# %%
# What is the same under all lamps is not the truth: skin under a white lamp is no grey. With the
# colour of the lamp goes some of that of the skin. Whether a model gains by it has to be measured
# on the data at hand; ``benchmarks/ablation_preprocess.py`` does.
#
# All three work as steps of a pipeline. Better, they go into the loader, where an image is cleaned
# before it is resized, and once for all epochs and folds:
# ``ImageLoader(preprocess=[BorderCropper(), HairRemover(), ColorConstancy()], cache_dir=...)``.
