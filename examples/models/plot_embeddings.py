"""
===========================
Use SMOTE on image features
===========================

SMOTE makes new examples of a rare class as averages of two existing ones. The average of two
photographs is not a lesion, but the average of two feature vectors can resemble one.
:class:`~skin_lesion.ImageEmbedder` computes such features with a frozen network.

The network is EfficientNet-Lite0. Its ImageNet weights are installed with this library. The images
here have 64 pixels to save time; images of 224 pixels give better features.
"""

# %%
# Compute the features
# --------------------

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
# Plot the features with t-SNE
# ----------------------------
#
# t-SNE shows the features in two dimensions and keeps neighbours together. Hollow markers are
# melanomas made by SMOTE. They lie between the original ones.

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
# Compare scores with and without SMOTE
# -------------------------------------
#
# As a step of a pipeline, SMOTE sees only the training part of each fold.

folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
steps = (StandardScaler(), PCA(20, random_state=0), LogisticRegression(max_iter=1000))
for name, model in (
    ("no SMOTE", make_pipeline(*steps)),
    ("SMOTE", make_pipeline(*steps[:2], SMOTE(random_state=0), steps[2])),
):
    predicted = cross_val_predict(
        model, features, lesions.target, cv=folds, groups=lesions.groups
    )
    found = (predicted == "melanoma")[lesions.target == "melanoma"].mean()
    score = balanced_accuracy_score(lesions.target, predicted)
    print(
        f"{name:9} balanced accuracy {score:.2f}, sensitivity for melanoma {found:.2f}"
    )

# %%
# Balancing raises the sensitivity for the rare class and lowers its specificity
# (:ref:`sphx_glr_auto_examples_models_plot_imbalance.py`). The new points lie among the old ones
# because SMOTE makes them there. This is no evidence that they resemble real melanomas.
