"""
============================
Find the faults of a dataset
============================

Public datasets of dermoscopic images contain duplicates, label conflicts and data leakage.
:func:`~skin_lesion.audit_dataset` finds these faults. This example adds faults to a drawn dataset
and checks that the audit finds each of them.
"""

# %%
# Draw a folder and add faults
# ----------------------------

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

# A melanoma that is also filed as a nevus.
shutil.copy(melanomas[0], root / "Train" / "nevus" / "filed_twice.jpg")
# Copies of training images in the test set: rotated, smaller, brighter.
Image.open(nevi[0]).transpose(Image.Transpose.ROTATE_90).save(
    root / "Test" / "nevus" / "turned.jpg"
)
Image.open(nevi[1]).resize((64, 64)).save(root / "Test" / "nevus" / "smaller.jpg")
ImageEnhance.Brightness(Image.open(melanomas[1])).enhance(1.2).save(
    root / "Test" / "melanoma" / "brighter.jpg"
)
# An empty file, as after a failed download.
(root / "Train" / "melanoma" / "empty.jpg").touch()
# Most folders do not tell which photographs show the same lesion.
(root / "metadata.csv").unlink()

# %%
# Run the audit
# -------------

lesions = load_image_folder(root)
audit = audit_dataset(lesions.data, lesions.target, split=lesions.split)
audit.summary()

# %%
# Look at the findings
# --------------------
#
# Every finding is a DataFrame. In a notebook, ``audit`` shows such pictures, and ``audit.to_html``
# writes them to a page.

pairs = [
    ("label conflict", *conflict.paths[:2])
    for conflict in audit.label_conflicts.itertuples()
]
for pair in audit.near_duplicates.itertuples():
    moved = "not rotated" if pair.transform == "none" else pair.transform
    pairs.append((f"near duplicate,\n{moved}", pair.path, pair.other_path))
figure, axes = plt.subplots(2, len(pairs), figsize=(2.5 * len(pairs), 5.4))
for column, (finding, *paths) in zip(axes.T, pairs, strict=True):
    for ax, path in zip(column, paths, strict=True):
        ax.imshow(Image.open(path))
        split, name = Path(path).parts[-3:-1]
        ax.set(xticks=[], yticks=[], xlabel=f"{split}: {name}")
    column[0].set_title(finding, fontsize=10)
plt.show()

# %%
# Compare with the added faults
# -----------------------------

added = {"filed_twice", "turned", "smaller", "brighter", "empty"}
found = {Path(path).stem for _, *paths in pairs for path in paths}
found |= {Path(path).stem for path in audit.unreadable["path"]}
print("added and found: ", sorted(added & found))
print("added and missed:", sorted(added - found))

# %%
# Remove the faults
# -----------------
#
# ``audit.keep`` returns a mask of the rows to keep. ``audit.groups`` gives near duplicates the same
# group, so that a split by group keeps them together.

keep = audit.keep("first") & audit.keep("drop_leaks")
X, y, groups = lesions.data[keep], lesions.target[keep], audit.groups[keep]
print(f"{keep.sum()} of {len(keep)} images are kept, {len(np.unique(groups))} groups")

folder.cleanup()
