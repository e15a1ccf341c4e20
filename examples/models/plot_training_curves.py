"""
==========================
How many epochs are enough
==========================

Twenty epochs are the habit of many notebooks. :class:`~skin_lesion.TrainingCurveDisplay` shows what
such training leaves on the table, and how a classifier finds by itself when to stop.
"""

# %%
# Stopped too early
# -----------------
#
# At a constant learning rate the classifier holds out lesions of its training data and keeps the
# weights of the epoch that was best on them. Where the number of epochs ended training, and that
# was in their later half, it warns.

# sphinx_gallery_thumbnail_number = 2
import warnings

from sklearn.exceptions import ConvergenceWarning

from skin_lesion import (
    ConvNet,
    SkinLesionClassifier,
    TrainingCurveDisplay,
    make_lesion_images,
)

lesions = make_lesion_images(200, n_classes=2, image_size=(32, 32), random_state=0)
model = SkinLesionClassifier(
    ConvNet(filters=(16, 32), dropout=0),
    learning_rate=0.01,
    epochs=4,
    validation_fraction=0.25,
    random_state=0,
)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", ConvergenceWarning)
    model.fit(lesions.images, lesions.target, groups=lesions.groups)
for warning in caught:
    if issubclass(warning.category, ConvergenceWarning):
        print(warning.message)

display = TrainingCurveDisplay.from_estimator(model)

# %%
# Left to stop by itself
# ----------------------
#
# ``epochs`` is a limit, not a plan: with many of them, ``patience`` ends training when the held-out
# loss has not fallen for so many epochs, and the weights of the best epoch are restored.

model.set_params(epochs=100, patience=12)
model.fit(lesions.images, lesions.target, groups=lesions.groups)
print(f"{model.n_iter_} epochs trained, those of epoch {model.best_epoch_} kept")

display = TrainingCurveDisplay.from_estimator(model)

# %%
# The curves of training go on where those of the held-out lesions do not follow: from there the
# network learns its training images by heart. A held-out set of this size is a rough guide, as the
# zigzag of its curve tells; the score of a model is never read off it, since it chose the epoch.

print(f"lowest held-out loss: {min(model.history_['val_loss']):.3f}")
