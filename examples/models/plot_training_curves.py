"""
===========================
Choose the number of epochs
===========================

:class:`~skin_lesion.TrainingCurveDisplay` shows whether training ended too early. Early stopping
finds the number of epochs for you.
"""

# %%
# Recognise training that ended too early
# ---------------------------------------
#
# With a constant learning rate, the classifier holds out a validation set by lesion. It keeps the
# weights of the epoch with the lowest validation loss. It warns if training used all ``epochs`` and
# the best epoch was in their later half.

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
    augmenter=None,
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
# Let early stopping end training
# -------------------------------
#
# Set ``epochs`` to a high limit. Training ends when the validation loss has not fallen for
# ``patience`` epochs. The classifier then restores the weights of the best epoch.

model.set_params(epochs=100, patience=12)
model.fit(lesions.images, lesions.target, groups=lesions.groups)
print(f"{model.n_iter_} epochs, best epoch: {model.best_epoch_}")

display = TrainingCurveDisplay.from_estimator(model)

# %%
# After the best epoch, the training loss falls further but the validation loss does not: the
# network memorises its training images. Augmentation, which ``augmenter=None`` switches off here,
# delays this. The validation curve is noisy because the validation set is small. Do not report
# validation scores as results, because the validation set chose the epoch.

print(f"lowest validation loss: {min(model.history_['val_loss']):.3f}")
