"""
============================
A grid search over a network
============================

:class:`~sklearn.model_selection.GridSearchCV` searches the parameters of the network, of its
training and of the loader in one grid, on folds that keep lesions whole.
"""

# %%
# Groups reach the folds and the network
# --------------------------------------
#
# With metadata routing ``groups`` go to the folds *and* to the validation split that the classifier
# makes inside every fit, so that no lesion is on both sides of any split.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from skin_lesion import ConvNet, SkinLesionClassifier, isic_scorers, make_lesion_images

sklearn.set_config(enable_metadata_routing=True)
lesions = make_lesion_images(210, n_classes=3, image_size=(32, 32), random_state=0)
classifier = SkinLesionClassifier(
    ConvNet(), class_weight="balanced", epochs=10, patience=10, random_state=0
)
grid = {
    "architecture__filters": [(8, 16), (16, 32, 32)],
    "learning_rate": [0.001, 0.01],
}
search = GridSearchCV(
    classifier,
    grid,
    cv=StratifiedGroupKFold(2, shuffle=True, random_state=0),
    scoring=isic_scorers(),
    refit="balanced_accuracy",
)
with warnings.catch_warnings():
    # Ten epochs are too few, and each of the nine fits would say so.
    warnings.simplefilter("ignore", ConvergenceWarning)
    search.fit(lesions.images, lesions.target, groups=lesions.groups)
print(search.best_params_)

# %%
# The whole grid, not the winner alone
# ------------------------------------
#
# The mean of the folds, and their standard deviation. The best candidate is framed.

results = pd.DataFrame(search.cv_results_)
results["filters"] = results["param_architecture__filters"].astype(str)
mean, spread = (
    results.pivot(
        index="filters",
        columns="param_learning_rate",
        values=f"{kind}_balanced_accuracy",
    )
    for kind in ("mean_test", "std_test")
)
best = np.unravel_index(mean.to_numpy().argmax(), mean.shape)
figure, ax = plt.subplots(figsize=(6, 3.2))
image = ax.imshow(mean, cmap="cividis", vmin=1 / 3, aspect="auto")
for (row, column), score in np.ndenumerate(mean.to_numpy(dtype=float)):
    text = f"{score:.2f} ± {spread.iloc[row, column]:.2f}"
    colour = "w" if image.norm(score) < 0.5 else "k"
    ax.text(column, row, text, ha="center", va="center", color=colour)
frame = plt.Rectangle((best[1] - 0.48, best[0] - 0.47), 0.96, 0.94, fill=False, lw=2)
ax.add_patch(frame)
ax.set_xticks(range(mean.shape[1]), mean.columns)
ax.set_yticks(range(mean.shape[0]), mean.index)
ax.set(xlabel="learning rate", ylabel="filters of the blocks")
figure.colorbar(image, label="balanced accuracy (1/3 is chance)")
plt.show()

# %%
# Candidates that lie within the spread of the folds cannot be told apart by this search, and the
# score of the best of four flatters it: it was chosen for that score. Judge the model that the
# search refitted on images that it has not seen, with :func:`~skin_lesion.evaluate`, or nest the
# search in :func:`~skin_lesion.cross_evaluate`.
