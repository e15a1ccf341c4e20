"""
==========================================
Report scores with intervals and baselines
==========================================

:func:`~skin_lesion.evaluate` reports every score with its interval, also for each class. It scores
shortcut baselines on the same images.
"""

# %%
# Hold out lesions and train
# --------------------------

import matplotlib.pyplot as plt
import numpy as np

from skin_lesion import (
    ConvNet,
    SkinLesionClassifier,
    evaluate,
    make_lesion_images,
    train_test_split_by_group,
)

lesions = make_lesion_images(500, n_classes=3, image_size=(32, 32), random_state=0)
X_train, X_test, y_train, y_test, groups_train, groups_test = train_test_split_by_group(
    lesions.images,
    lesions.target,
    lesions.groups,
    groups=lesions.groups,
    stratify=lesions.target,
    test_size=0.4,
    random_state=0,
)
model = SkinLesionClassifier(
    ConvNet(filters=(16, 32)), epochs=20, early_stopping=False, random_state=0
)
model.fit(X_train, y_train, groups=groups_train)

# %%
# Print the report
# ----------------

report = evaluate(
    model,
    X_test,
    y_test,
    groups=groups_test,
    positive="melanoma",
    X_train=X_train,
    y_train=y_train,
    groups_train=groups_train,
    random_state=0,
)
report.summary()

# %%
# Compare the model with the baselines
# ------------------------------------
#
# One baseline always predicts the most frequent class. The other sees only the size and the mean
# colours of an image.

baselines = report.baselines
names = baselines.index.get_level_values(0).unique()
scores = (
    ("balanced_accuracy", "balanced accuracy", "#0072B2", "o"),
    ("roc_auc", "AUC of melanoma", "#D55E00", "s"),
)
figure, ax = plt.subplots(figsize=(8, 3.4))
for shift, (score, label, colour, marker) in zip((-0.1, 0.1), scores, strict=True):
    of_score = baselines.xs(score, level=1).loc[names]
    places = np.arange(len(names)) + shift
    ax.hlines(places, of_score["low"], of_score["high"], color=colour, lw=2)
    ax.plot(of_score["value"], places, marker, color=colour, label=label)
ax.set_yticks(range(len(names)), names)
ax.invert_yaxis()
ax.set(xlim=(0, 1), xlabel="score with 95% confidence interval over lesions")
ax.legend(loc="upper left", frameon=False)
plt.show()

# %%
# Only performance above these baselines can reflect diagnostic signal. If two intervals overlap,
# test the difference with :func:`~skin_lesion.compare`. The intervals do not include run-to-run
# training variability. ``report.to_html("report.html")`` writes the whole report to one page, with
# curves and the most confident errors.
