"""
=====================================
SMOTE on features, and a look at them
=====================================

SMOTE makes new examples of a rare class between two that exist. Between the pixels of two
photographs lies a double exposure; between their features, what a frozen network sees in them,
may lie another lesion. :class:`~skin_lesion.ImageEmbedder` turns images into such features.

The backbone is EfficientNet-Lite0, whose weights of ImageNet are installed with this library.
Here it sees images of 64 pixels; of 224 pixels, features are better.
"""

# %%
# Features
# --------

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

from skin_lesion import Backbone, ImageEmbedder, make_lesion_images

lesions = make_lesion_images(
    260, n_classes=3, weights=[1, 6, 6], image_size=(64, 64), random_state=0
)
embedder = ImageEmbedder(Backbone("EfficientNetLite0"), engine="keras", pooling="max")
features = embedder.fit_transform(lesions.images)
print("features:", features.shape)
print({str(name): int((lesions.target == name).sum()) for name in lesions.target_names})

# %%
# What SMOTE makes
# ----------------
#
# t-SNE lays the points out on a plane, neighbours beside each other. New melanomas, hollow, lie
# between the old ones.

scaled = make_pipeline(StandardScaler(), PCA(20, random_state=0)).fit_transform(
    features
)
resampled, labels = SMOTE(random_state=0).fit_resample(scaled, lesions.target)
plane = TSNE(random_state=0, perplexity=20).fit_transform(resampled)
is_new = np.arange(len(labels)) >= len(scaled)

figure, ax = plt.subplots(figsize=(7.5, 5.5))
styles = zip(
    lesions.target_names, ("#D55E00", "#0072B2", "#009E73"), "o^s", strict=True
)
for name, colour, marker in styles:
    for rows, face in (
        ((labels == name) & ~is_new, colour),
        ((labels == name) & is_new, "none"),
    ):
        if rows.any():
            label = f"{name}, made by SMOTE" if face == "none" else name
            ax.scatter(
                *plane[rows].T, marker=marker, s=28, fc=face, ec=colour, label=label
            )
ax.set(xticks=[], yticks=[])
ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
plt.show()

# %%
# What it is worth
# ----------------
#
# As a step of a pipeline SMOTE sees the training side of a fold alone. Without it, and with it:

folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
steps = (StandardScaler(), PCA(20, random_state=0), LogisticRegression(max_iter=1000))
for name, model in (
    ("as it is", make_pipeline(*steps)),
    ("SMOTE", make_pipeline(*steps[:2], SMOTE(random_state=0), steps[2])),
):
    predicted = cross_val_predict(
        model, features, lesions.target, cv=folds, groups=lesions.groups
    )
    found = (predicted == "melanoma")[lesions.target == "melanoma"].mean()
    score = balanced_accuracy_score(lesions.target, predicted)
    print(f"{name:9} balanced accuracy {score:.2f}, melanomas found {found:.2f}")

# %%
# As with every way to balance, more of the rare class is found, and more of the others is taken for
# it (:ref:`sphx_glr_auto_examples_models_plot_imbalance.py`). That the new points lie among the old
# ones in the picture is how they were made, and no evidence that they are melanomas.
