"""
=======================
Calibrate probabilities
=======================

Of the images that get a probability of 0.8 for melanoma, 80% should be melanomas. Balanced classes,
dropout, and too few or too many epochs make probabilities too low or too high. Setting the prior
corrects the effect of balancing. Temperature scaling on held-out lesions then corrects
overconfidence and underconfidence.
"""

# %%
# Draw training, calibration and test sets
# ----------------------------------------
#
# Use the calibration set for neither training nor testing. Keep its natural class frequencies.

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import RandomOverSampler
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, log_loss

from skin_lesion import (
    ConvNet,
    SkinLesionClassifier,
    expected_calibration_error,
    make_lesion_images,
)

size = {"n_classes": 3, "weights": [1, 8, 3], "image_size": (32, 32)}
train = make_lesion_images(240, random_state=0, **size)
held = make_lesion_images(200, random_state=1, **size)
test = make_lesion_images(400, random_state=2, **size)

# %%
# Train on balanced classes, then calibrate
# -----------------------------------------

model = SkinLesionClassifier(
    ConvNet(filters=(8, 16, 32)),
    sampler=RandomOverSampler(),
    epochs=60,
    early_stopping=False,
    random_state=0,
)
model.fit(train.images, train.target)
balanced = model.predict_proba(test.images)
model.set_params(prior="training")  # the shares of the classes in y
calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="temperature")
calibrated.fit(held.images, held.target)

# %%
# Compare before and after
# ------------------------
#
# The curves compare the probability of the predicted class with the share of correct predictions.
# Below the diagonal the model is overconfident, above it underconfident.

figure, axes = plt.subplots(2, 3, figsize=(12, 6), height_ratios=(3, 1), sharex=True)
for (curve, counts), name, probabilities, colour in zip(
    axes.T,
    ("as trained", "prior", "prior, temperature"),
    (balanced, model.predict_proba(test.images), calibrated.predict_proba(test.images)),
    ("#D55E00", "#009E73", "#0072B2"),
    strict=True,
):
    confidence = probabilities.max(axis=1)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    CalibrationDisplay.from_predictions(
        predicted == test.target,
        confidence,
        pos_label=True,
        n_bins=8,
        strategy="quantile",
        ax=curve,
        color=colour,
        name=name,
    )
    curve.set(
        xlabel="",
        ylabel="share of correct predictions",
        xlim=(0.3, 1.02),
        ylim=(0, 1.05),
    )
    counts.hist(confidence, bins=np.linspace(0.3, 1, 29), color=colour)
    counts.set(xlabel="probability of the predicted class", ylabel="images")
    print(
        f"{name:18} accuracy {accuracy_score(test.target, predicted):.3f}"
        f"  log loss {log_loss(test.target, probabilities):.3f}"
        f"  calibration error {expected_calibration_error(test.target, probabilities):.3f}"
    )
plt.show()

# %%
# Setting the prior changes which class is the most probable. A temperature does not: it changes the
# confidence, not the predicted class. A part of the remaining calibration error is chance, which is
# never 0. The rest is an error that a single temperature for all classes cannot correct.
