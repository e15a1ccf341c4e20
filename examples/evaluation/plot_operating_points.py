"""
===========================================
Where to draw the line, and when to pass on
===========================================

Choose an operating point: a threshold on the probability of a melanoma, on held-out lesions.
Then choose which photographs a dermatologist should see: a threshold on the model's confidence.
"""

# %%
# Two thresholds, without the test set
# ------------------------------------
#
# :func:`~skin_lesion.choose_thresholds` finds them for the fitted model on held-out lesions, and
# says what they reach there. One is to miss few melanomas, the other to alarm few owners of nevi.

import matplotlib.pyplot as plt

from skin_lesion import (
    ConvNet,
    OperatingPointClassifier,
    OperatingPointDisplay,
    ReferralCurveDisplay,
    SkinLesionClassifier,
    choose_thresholds,
    make_lesion_images,
    sensitivity_score,
    specificity_score,
)

size = {"n_classes": 2, "weights": [1, 2], "image_size": (32, 32)}
train = make_lesion_images(240, random_state=0, **size)
held = make_lesion_images(240, random_state=2, **size)
test = make_lesion_images(600, random_state=1, **size)
model = SkinLesionClassifier(
    ConvNet(filters=(16, 32)), epochs=20, early_stopping=False, random_state=0
)
model.fit(train.images, train.target)
points = choose_thresholds(
    model,
    held.images,
    held.target,
    positive="melanoma",
    groups=held.groups,
    sensitivity=[0.9],
    specificity=[0.9],
)
points.round(3)

# %%
# What they do on other lesions
# -----------------------------

probabilities = model.predict_proba(test.images)
is_melanoma = test.target == "melanoma"
for name, threshold in {"the more probable class": 0.5, **points["threshold"]}.items():
    decide = OperatingPointClassifier(model, threshold, positive="melanoma")
    called = decide.predict(test.images) == "melanoma"
    print(
        f"{name:23} sensitivity {sensitivity_score(is_melanoma, called, pos_label=True):.2f}"
        f"  specificity {specificity_score(is_melanoma, called, pos_label=True):.2f}"
    )

figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
OperatingPointDisplay.from_predictions(
    test.target,
    probabilities[:, 0],
    pos_label="melanoma",
    thresholds=points,
    ax=axes[0],
)
axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3, frameon=False)
ReferralCurveDisplay.from_predictions(test.target, probabilities, ax=axes[1])
plt.show()

# %%
# Thresholds reach on other lesions about what they promised, not exactly: they were chosen on few
# melanomas. Report what they do on the test set, and do not adjust them there.
#
# Right, the images of the lowest confidence are passed on first. A curve that rises says that the
# model knows where it is weak; its right end rests on few images.
