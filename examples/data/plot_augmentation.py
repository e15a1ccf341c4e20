"""
========================================
Inspect augmented images before training
========================================

A lesion keeps its diagnosis when its photograph is rotated, mirrored or slightly brighter.
:class:`~skin_lesion.ImageAugmenter` makes such variants. :class:`~skin_lesion.AugmentationDisplay`
shows them, so that you can choose their strength by eye.
"""

# %%
# Change position and light
# -------------------------
#
# By default the augmenter rotates, shifts, scales and mirrors images, and changes brightness and
# contrast a little.

from skin_lesion import AugmentationDisplay, ImageAugmenter, make_lesion_images

lesions = make_lesion_images(12, n_classes=4, image_size=(128, 128), random_state=0)
image = lesions.images[2]
display = AugmentationDisplay.from_augmenter(ImageAugmenter(random_state=0), image)

# %%
# Add artefacts
# -------------
#
# A network that sees a ruler beside every melanoma learns the ruler as a shortcut. Drawing
# artefacts onto images of all classes makes this shortcut less reliable. Each number is a
# probability.

augmenter = ImageAugmenter(
    saturation=0.2, hue=8, hair=0.4, ruler=0.4, corners=0.4, cutout=0.3, random_state=1
)
display = AugmentationDisplay.from_augmenter(augmenter, image)

# %%
# Recognise excessive augmentation
# --------------------------------
#
# Choose strengths at which each variant still deserves the label of the original. This augmenter is
# too strong: it removes the colours by which a dermatologist recognises a melanoma.

garish = ImageAugmenter(hue=180, saturation=0.9, random_state=0)
display = AugmentationDisplay.from_augmenter(garish, image)

# %%
# Repeat the same augmentation
# ----------------------------
#
# The augmenter first draws the random parameters of each image as a row of a table. Then it applies
# them. Store the table to apply the same augmentation again.

draws = augmenter.draw(3, random_state=0)
for name in ("angle", "zoom", "flip_x", "ruler"):
    print(f"{name:8}", draws[name])

images = lesions.images[:3]
print(
    "same pixels:",
    (augmenter.apply(images, draws) == augmenter.apply(images, draws)).all(),
)
