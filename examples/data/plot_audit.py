"""
==========================================
Find the faults of a folder before a model
==========================================

The public sets of dermoscopic images hold copies, images under two labels, and test images that
stand, turned or made smaller, in the training set. :func:`~skin_lesion.audit_dataset` finds
them. Here faults are planted in a drawn folder, and the audit has to find each of them.
"""

# %%
# A folder with faults
# --------------------

import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageEnhance

from skin_lesion import audit_dataset, load_image_folder, write_lesion_folder

folder = tempfile.TemporaryDirectory()
root = Path(folder.name) / "lesions"
write_lesion_folder(root, 120, n_classes=3, images_per_lesion=1, random_state=0)
melanomas, nevi = (
    sorted((root / "Train" / name).iterdir()) for name in ("melanoma", "nevus")
)

# A melanoma that is filed as a nevus, too.
shutil.copy(melanomas[0], root / "Train" / "nevus" / "filed_twice.jpg")
# Training images in the test set: turned, made smaller, made brighter.
Image.open(nevi[0]).transpose(Image.Transpose.ROTATE_90).save(
    root / "Test" / "nevus" / "turned.jpg"
)
Image.open(nevi[1]).resize((64, 64)).save(root / "Test" / "nevus" / "smaller.jpg")
ImageEnhance.Brightness(Image.open(melanomas[1])).enhance(1.2).save(
    root / "Test" / "melanoma" / "brighter.jpg"
)
# A file that a download left empty.
(root / "Train" / "melanoma" / "empty.jpg").touch()
# As in most folders, nothing says which photographs show the same lesion.
(root / "metadata.csv").unlink()

# %%
# The audit
# ---------

lesions = load_image_folder(root)
audit = audit_dataset(lesions.data, lesions.target, split=lesions.split)
audit.summary()

# %%
# Look at them
# ------------
#
# Every finding is a DataFrame with the rows that it concerns. In a notebook ``audit`` alone shows
# such pictures, and ``audit.to_html`` writes them to a page.

pairs = [
    ("one file, two labels", *conflict.paths[:2])
    for conflict in audit.label_conflicts.itertuples()
]
for pair in audit.near_duplicates.itertuples():
    moved = "not turned" if pair.transform == "none" else pair.transform
    pairs.append((f"near copy,\n{moved}", pair.path, pair.other_path))
figure, axes = plt.subplots(2, len(pairs), figsize=(2.5 * len(pairs), 5.4))
for column, (finding, *paths) in zip(axes.T, pairs, strict=True):
    for ax, path in zip(column, paths, strict=True):
        ax.imshow(Image.open(path))
        split, name = Path(path).parts[-3:-1]
        ax.set(xticks=[], yticks=[], xlabel=f"{split}: {name}")
    column[0].set_title(finding, fontsize=10)
plt.show()

# %%
# The other way round: of the images that nobody tampered with, none is reported.

planted = {"filed_twice", "turned", "smaller", "brighter", "empty"}
found = {Path(path).stem for _, *paths in pairs for path in paths}
found |= {Path(path).stem for path in audit.unreadable["path"]}
print("planted and found:", sorted(planted & found))
print("planted and missed:", sorted(planted - found))

# %%
# What to do about it
# -------------------
#
# Masks drop the faults. What is left can be trained on, with lesions merged over duplicates as
# groups.

keep = audit.keep("first") & audit.keep("drop_leaks")
X, y, groups = lesions.data[keep], lesions.target[keep], audit.groups[keep]
print(f"{keep.sum()} of {len(keep)} images are kept, {len(np.unique(groups))} groups")

folder.cleanup()
