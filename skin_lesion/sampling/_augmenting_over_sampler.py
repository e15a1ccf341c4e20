"""Fill minority classes with augmented images."""

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.utils import check_target_type
from sklearn.base import clone
from sklearn.utils import check_random_state

from .._utils.documentation_link import DocumentedMixin
from .._utils.sklearn_private import safe_indexing
from .._utils.validation.labels import check_labels
from .._utils.validation.nested_parameters import NestedParametersMixin
from .._utils.validation.paths import are_paths
from .._utils.validation.pixels import check_images, stack_images
from .._utils.validation.rows import IMAGES_EXPECTED, check_lengths, check_order, check_rows
from ..images import ImageAugmenter
from ._imblearn_private import BaseOverSampler


class AugmentingOverSampler(DocumentedMixin, NestedParametersMixin, BaseOverSampler):
    """Oversample minority classes with augmented images instead of copies.

    The sampler chooses rows of the minority classes at random, with replacement, and augments each
    chosen image. The original rows come first, unchanged.

    Parameters
    ----------
    augmenter : ImageAugmenter, default=None
        Augments the images. None stands for ``ImageAugmenter()``. Its `random_state` is not used.

    sampling_strategy : float, str, dict or callable, default='auto'
        Which classes to oversample and how far, as in
        :class:`imblearn.over_sampling.RandomOverSampler`.

    random_state : int, RandomState instance or None, default=None
        Pass an int to get the same new images at each call.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of new images for each class.

    sample_indices_ : ndarray of shape (n_new,)
        The original row of each returned row. The first n returned rows are the original rows; the
        others are variants of theirs.

    augmenter_ : ImageAugmenter
        The augmenter that was used.

    draws_ : ndarray of shape (n_new - n,), structured
        The parameters that :meth:`ImageAugmenter.draw` drew for the new rows.

    n_features_in_ : int
        Height times width times three.

    See Also
    --------
    ImageSampler : Oversamples with copies, or leaves rows out.

    Notes
    -----
    Prefer ``SkinLesionClassifier(sampler=AugmentingOverSampler())``. The classifier then makes the
    new images after its inner validation split, from training rows alone. This also works on paths.

    If you put the sampler ahead of :class:`SkinLesionClassifier` in a pipeline, set
    ``early_stopping=False`` there. The inner validation split cannot recognise variants that were
    made upstream. A variant of a training image in the validation set makes the validation loss
    look better than it is.

    Examples
    --------
    >>> from collections import Counter
    >>> from skin_lesion import AugmentingOverSampler, make_lesion_images
    >>> lesions = make_lesion_images(
    ...     12, n_classes=2, weights=[0.25, 0.75], image_size=(32, 32), random_state=0
    ... )
    >>> sampler = AugmentingOverSampler(random_state=0)
    >>> X, y = sampler.fit_resample(lesions.images, lesions.target)
    >>> sorted((str(name), count) for name, count in Counter(y).items())
    [('melanoma', 9), ('nevus', 9)]
    >>> X.shape, X.dtype
    ((18, 32, 32, 3), dtype('uint8'))
    """

    _parameter_constraints = {
        **BaseOverSampler._parameter_constraints,
        "augmenter": [ImageAugmenter, None],
        "random_state": ["random_state"],
    }

    def __init__(self, augmenter=None, *, sampling_strategy="auto", random_state=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.augmenter = augmenter
        self.random_state = random_state

    def fit_resample(self, X, y):
        """Oversample the minority classes.

        Parameters
        ----------
        X : array-like of shape (n, height, width, 3)
            RGB images, uint8, or floating dtype with values from 0 to 255. Also a list of images of
            one size.

        y : array-like of shape (n,), (n, 1) or (n, n_classes)
            The class of each image, or one-hot columns.

        Returns
        -------
        X_resampled : ndarray of shape (n_new, height, width, 3)
            The images, then the new images.

        y_resampled : array-like of shape (n_new,), (n_new, 1) or (n_new, n_classes)
            Their classes, in the form of y.

        Raises
        ------
        TypeError
            If X holds paths.
        ValueError
            If labels are missing, or a row of one-hot columns does not have exactly one class.
        """
        check_rows(X, expected=IMAGES_EXPECTED)
        check_order(X=X, y=y)
        if not are_paths(X):  # _check_X_y refuses these
            # imbalanced-learn would return nested lists for a list.
            X = stack_images(X)
        is_one_hot = np.shape(y)[1:] not in ((), (1,))
        labels = np.asarray(y) if is_one_hot else check_labels(y, name="y")
        if np.ndim(y) == 1:
            return super().fit_resample(X, y)
        # imbalanced-learn refuses a table of one-hot columns, and returns one column for two.
        X, _ = super().fit_resample(X, labels)
        return X, safe_indexing(y, self.sample_indices_)

    def _check_X_y(self, X, y):
        given = y
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        # imbalanced-learn would take a row of zeros for the first class.
        if binarize_y and (is_wrong := np.sum(given, axis=1) != 1).any():
            raise ValueError(
                f"y has {is_wrong.sum()} of {len(y)} rows without a class. The first is row"
                f" {is_wrong.argmax()}. Expected exactly one 1 in each row of one-hot columns."
                " Label these rows, or remove them from X and y."
            )
        if are_paths(X):
            raise TypeError(
                "X holds paths. AugmentingOverSampler makes new images, which have no path."
                " Expected images of shape (n, height, width, 3). Put ImageLoader ahead of the"
                " sampler, or use SkinLesionClassifier(sampler=AugmentingOverSampler(...)), which"
                " takes paths."
            )
        X = check_images(X)
        check_lengths(X=X, y=y)
        self.n_features_in_ = int(np.prod(X.shape[1:]))
        return X, y, binarize_y

    def _fit_resample(self, X, y):
        self.choose_rows(y)
        new_rows = self.sample_indices_[len(X) :]
        return (
            np.concatenate([X, self.augmenter_.apply(X[new_rows], self.draws_)]),
            np.asarray(y)[self.sample_indices_],
        )

    def choose_rows(self, y):
        """Choose rows by y alone, and draw the variants, which the classifier makes as it trains.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The class of each row.

        Returns
        -------
        sample_indices : ndarray of shape (n_new,), of int
            All rows, then the row that each new image is made of, also in `sample_indices_`.
            `draws_` holds the parameters of each new image.
        """
        rng = check_random_state(self.random_state)
        copier = RandomOverSampler(sampling_strategy=self.sampling_strategy, random_state=rng)
        copier.fit_resample(np.arange(len(y)).reshape(-1, 1), y)
        self.augmenter_ = ImageAugmenter() if self.augmenter is None else clone(self.augmenter)
        self.sampling_strategy_ = copier.sampling_strategy_
        self.sample_indices_ = copier.sample_indices_
        self.draws_ = self.augmenter_.draw(len(self.sample_indices_) - len(y), random_state=rng)
        return self.sample_indices_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        tags.input_tags.two_d_array = False
        tags.input_tags.sparse = False
        tags.input_tags.dataframe = False
        return tags
