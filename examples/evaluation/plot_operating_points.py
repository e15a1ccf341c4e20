"""
===================================================
Choose an operating point and refer uncertain cases
===================================================

Choose a threshold on the probability of melanoma on held-out lesions. Then choose which photographs
a dermatologist should see, by a threshold on the confidence of the model.
"""

# %%
# Choose two thresholds without the test set
# ------------------------------------------
#
# :func:`~skin_lesion.choose_thresholds` finds them for the fitted model on held-out lesions. It
# reports the sensitivity and specificity on these lesions. The first threshold misses few
# melanomas, the second gives few false alarms.

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
held = make_lesion_images(200, random_state=2, **size)
test = make_lesion_images(400, random_state=1, **size)
model = SkinLesionClassifier(
    ConvNet(filters=(16, 32)),
    augmenter=None,
    epochs=30,
    early_stopping=False,
    random_state=0,
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
# Apply the thresholds to the test set
# ------------------------------------
#
# Left: sensitivity and specificity on the test set at every threshold. Right: the accuracy on the
# remaining images when the least confident images are referred first.

probabilities = model.predict_proba(test.images)
is_melanoma = test.target == "melanoma"
for name, threshold in {"threshold 0.5": 0.5, **points["threshold"]}.items():
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
# On other lesions, sensitivity and specificity differ somewhat from the targets, because the
# thresholds were chosen on few melanomas. Report the values on the test set. Do not adjust the
# thresholds there.
#
# A referral curve that rises shows that errors are more frequent at low confidence. The right end
# of the curve rests on few images.
