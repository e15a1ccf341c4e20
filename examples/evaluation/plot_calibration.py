"""
=====================================
Probabilities that mean what they say
=====================================

Of the images that a network calls a melanoma with a probability of 0.8, eight in ten should be
melanomas. Balanced classes, dropout, and too few or too many epochs all make a network say
something else. What balancing has shifted, the prior corrects. Temperature scaling, on lesions that
were held out, then mends overconfidence.
"""

# %%
# Three sides
# -----------
#
# What calibrates must not have been trained on, nor be judged on. It has the classes as frequent as
# they are.

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

size = {"n_classes": 3, "weights": [1, 3, 2], "image_size": (32, 32)}
train = make_lesion_images(300, random_state=0, **size)
held = make_lesion_images(300, random_state=1, **size)
test = make_lesion_images(900, random_state=2, **size)

# %%
# A network trained on balanced classes
# -------------------------------------

model = SkinLesionClassifier(
    ConvNet(filters=(16, 32)),
    sampler=RandomOverSampler(),
    epochs=40,
    early_stopping=False,
    random_state=0,
)
model.fit(train.images, train.target)
balanced = model.predict_proba(test.images)
model.set_params(prior="training")  # the shares of the classes in y
calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="temperature")
calibrated.fit(held.images, held.target)

# %%
# Before and after
# ----------------
#
# Of the class that is named: how probable it is said to be, and how often it is right. Below the
# diagonal a model is surer than it is right, and above it, less sure.

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
    curve.set(xlabel="", ylabel="share that is right", xlim=(0.3, 1.02), ylim=(0, 1.05))
    counts.hist(confidence, bins=np.linspace(0.3, 1, 29), color=colour)
    counts.set(xlabel="probability of the class that is named", ylabel="images")
    print(
        f"{name:18} accuracy {accuracy_score(test.target, predicted):.3f}"
        f"  log loss {log_loss(test.target, probabilities):.3f}"
        f"  calibration error {expected_calibration_error(test.target, probabilities):.3f}"
    )
plt.show()

# %%
# The prior changes which class is the most probable, and one temperature does not: it changes how
# sure a model is, not what it says. What is left of the error is partly chance, of which the number
# is never free, and partly what one number for all classes cannot mend.
