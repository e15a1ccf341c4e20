"""
========================
Average several networks
========================

Networks that differ only in their seed make errors on different images. A
:class:`~sklearn.ensemble.VotingClassifier` averages their probabilities.
"""

# %%
# Train four networks
# -------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import VotingClassifier
from sklearn.metrics import accuracy_score, log_loss

from skin_lesion import (
    ConvNet,
    SkinLesionClassifier,
    make_lesion_images,
)

train = make_lesion_images(180, n_classes=3, image_size=(24, 24), random_state=0)
test = make_lesion_images(300, n_classes=3, image_size=(24, 24), random_state=1)


def network(seed):
    return SkinLesionClassifier(
        ConvNet(filters=(16, 32)),
        augmenter=None,
        epochs=15,
        early_stopping=False,
        random_state=seed,
    )


ensemble = VotingClassifier(
    [(f"seed {seed}", network(seed)) for seed in range(4)], voting="soft"
)
ensemble.fit(train.images, train.target)

# %%
# Score each network and their average
# ------------------------------------

names = [*ensemble.named_estimators_, "average"]
members = np.array(
    [member.predict_proba(test.images) for member in ensemble.estimators_]
)
answers = [*members, members.mean(axis=0)]
assert np.allclose(answers[-1], ensemble.predict_proba(test.images), atol=1e-5)

accuracies = [
    accuracy_score(test.target, ensemble.classes_[p.argmax(axis=1)]) for p in answers
]
losses = [log_loss(test.target, p) for p in answers]
for name, accuracy, loss in zip(names, accuracies, losses, strict=True):
    print(f"{name:7} accuracy {accuracy:.3f}  log loss {loss:.3f}")

# %%
# Look for errors where the networks disagree
# -------------------------------------------
#
# The first two plots show the scores. For the third, test images are sorted by disagreement: the
# standard deviation of the four probabilities of the predicted class.

together = answers[-1].argmax(axis=1)
spread = members[:, np.arange(len(together)), together].std(axis=0)
is_wrong = ensemble.classes_[together] != test.target
quarters = np.array_split(np.argsort(spread), 4)

figure, axes = plt.subplots(1, 3, figsize=(11, 3.5))
for ax, values, title in zip(
    axes, (accuracies, losses), ("accuracy", "log loss"), strict=False
):
    ax.bar(names, values, color=["#56B4E9"] * len(members) + ["#D55E00"])
    ax.set_title(title)
    ax.tick_params(axis="x", rotation=45)
axes[0].set_ylim(0, 1)
axes[2].bar(range(4), [is_wrong[rows].mean() for rows in quarters], color="#0072B2")
axes[2].set_xticks(range(4), ["agree", "", "", "disagree"])
axes[2].set(title="share of errors", xlabel="test images, in quarters")
plt.show()

# %%
# The log loss of averaged probabilities is never higher than the mean log loss of the networks.
# This is a property of the logarithm. A single network may be better, but without the test set you
# do not know which one. Disagreement shows uncertainty that a single network does not show. The
# price is four times the training time.

assert losses[-1] <= np.mean(losses[:-1])
