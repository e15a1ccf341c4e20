"""
==================================
Search the parameters of a network
==================================

:class:`~sklearn.model_selection.GridSearchCV` searches parameters of the network and of its
training in one grid. Photographs of one lesion stay in the same fold.
"""

# %%
# Pass the groups and run the search
# ----------------------------------
#
# With metadata routing, ``groups`` reach the folds and the validation split inside each fit. No
# lesion is then in both parts of any split.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from skin_lesion import ConvNet, SkinLesionClassifier, isic_scorers, make_lesion_images

sklearn.set_config(enable_metadata_routing=True)
lesions = make_lesion_images(180, n_classes=3, image_size=(24, 24), random_state=0)
classifier = SkinLesionClassifier(
    ConvNet(), class_weight="balanced", epochs=10, patience=10, random_state=0
)
grid = {
    "architecture__filters": [(8, 16), (16, 32)],
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
# Look at all candidates
# ----------------------
#
# Each cell has the mean and the standard deviation over the folds. A frame marks the best
# candidate.

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
ax.set(xlabel="learning rate", ylabel="filters of each block")
figure.colorbar(image, label="balanced accuracy (chance: 1/3)")
plt.show()

# %%
# If candidates differ by less than this standard deviation, the search does not show which is
# better. The best score is also too high, because it was selected from four. Evaluate the refitted
# model on new images with :func:`~skin_lesion.evaluate`, or pass the search to
# :func:`~skin_lesion.cross_evaluate`.
