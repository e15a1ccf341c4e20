"""
==========================================
Remove hair, dark borders and colour casts
==========================================

Hair, the dark border around a round field of view and the colour of the lamp carry no diagnostic
signal. Three transformers remove them. Each treats one image at a time and learns nothing from the
data, so it cannot cause data leakage.
"""

# %%
# Draw three photographs with artefacts
# -------------------------------------
#
# The first photograph has hair, the second a dark border, and the third a yellow colour cast.

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
# Clean them
# ----------
#
# The right column shows the pixels that changed, or the new size of the image.

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
for ax, title in zip(axes[0], ("before", "after", "change"), strict=True):
    ax.set_title(title)
for ax in axes.ravel():
    ax.set(xticks=[], yticks=[])
plt.show()

# %%
# Check colour constancy
# ----------------------
#
# One photograph under three lamps: the shares of red, green and blue differ before cleaning, and
# agree after it.


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
# Colour constancy also removes some of the colour of the skin, which is not grey. Measure on your
# own data whether a model gains from it, for example with ``benchmarks/ablation_preprocess.py``.
#
# All three transformers work as steps of a pipeline. Prefer to pass them to the loader:
# ``ImageLoader(preprocess=[BorderCropper(), HairRemover(), ColorConstancy()], cache_dir=...)``. It
# cleans an image before it resizes it, and only once for all epochs and folds.
