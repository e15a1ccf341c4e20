"""
=================================
Look at variants before you train
=================================

Photographs of skin have no up and no left, and every dermatoscope has a light of its own: a lesion
that is turned, mirrored or lit otherwise keeps its diagnosis. :class:`~skin_lesion.ImageAugmenter`
makes such variants, and :class:`~skin_lesion.AugmentationDisplay` shows them, so that strengths can
be chosen by eye.
"""

# %%
# Position and light
# ------------------
#
# By default images are turned, shifted, scaled and mirrored, and get a little brighter or darker.

from skin_lesion import AugmentationDisplay, ImageAugmenter, make_lesion_images

lesions = make_lesion_images(12, n_classes=4, image_size=(128, 128), random_state=0)
image = lesions.images[2]
display = AugmentationDisplay.from_augmenter(ImageAugmenter(random_state=0), image)

# %%
# Hair, rulers, dark corners
# --------------------------
#
# A network that sees a ruler beside every melanoma learns the ruler. Artefacts that are drawn onto
# images of *all* classes tell it nothing. Each has the probability that is given.

augmenter = ImageAugmenter(
    saturation=0.2, hue=8, hair=0.4, ruler=0.4, corners=0.4, cutout=0.3, random_state=1
)
display = AugmentationDisplay.from_augmenter(augmenter, image)

# %%
# Too much of it
# --------------
#
# A strength is right where one would still give each variant the label of the first. Here one would
# not: the colours by which a dermatologist tells a melanoma are gone.

garish = ImageAugmenter(hue=180, saturation=0.9, random_state=0)
display = AugmentationDisplay.from_augmenter(garish, image)

# %%
# What is drawn can be replayed
# -----------------------------
#
# What is done to an image is drawn first, as one row of a table, and then applied. The record of an
# experiment can be kept, and applied again to the same pixels.

draws = augmenter.draw(3, random_state=0)
for name in ("angle", "zoom", "flip_x", "ruler"):
    print(f"{name:8}", draws[name])

images = lesions.images[:3]
print(
    "same pixels:",
    (augmenter.apply(images, draws) == augmenter.apply(images, draws)).all(),
)
