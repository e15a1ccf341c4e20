"""Balance X of any kind and shape with a sampler that chooses rows by label."""

import numpy as np
from imblearn.base import BaseSampler
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.multiclass import check_classification_targets

from .._utils.documentation_link import DocumentedMixin
from .._utils.sklearn_private import HasMethods, check_y, safe_indexing
from .._utils.validation.labels import check_labels
from .._utils.validation.nested_parameters import NestedParametersMixin
from .._utils.validation.rows import check_lengths, check_order, check_rows


class ImageSampler(DocumentedMixin, NestedParametersMixin, BaseSampler):
    """Balance the classes of images, paths or other data with a sampler that chooses rows.

    The samplers of imbalanced-learn refuse X that is not two-dimensional. A sampler that chooses
    rows by label alone does not need X. This class passes it row numbers, and takes the rows that
    it chooses from X. X can therefore be of any kind and shape.

    Parameters
    ----------
    sampler : imbalanced-learn sampler, default=None
        Chooses the rows: :class:`imblearn.over_sampling.RandomOverSampler` (the meaning of None),
        :class:`imblearn.under_sampling.RandomUnderSampler`, or a sampler of your own that sets
        `sample_indices_` and uses y alone. If it derives from imbalanced-learn's base class, it
        must set both tags: `sampler_tags.sample_indices` and `input_tags.string`.

    Attributes
    ----------
    sampler_ : imbalanced-learn sampler
        The fitted clone of `sampler`.

    sample_indices_ : ndarray of shape (n_new,)
        The chosen rows. A row may be chosen several times.

    sampling_strategy_ : dict
        Number of rows to choose for each class, as imbalanced-learn counts them.

    See Also
    --------
    AugmentingOverSampler : Oversamples minority classes with augmented images instead of copies.

    Notes
    -----
    Balance the training rows alone. Copies made before a split end up on both sides of it. The
    ``sampler=`` of :class:`SkinLesionClassifier` is applied after its inner validation split.

    Examples
    --------
    >>> from collections import Counter
    >>> from imblearn.under_sampling import RandomUnderSampler
    >>> from skin_lesion import ImageSampler, make_lesion_images
    >>> lesions = make_lesion_images(
    ...     12, n_classes=2, weights=[0.25, 0.75], image_size=(32, 32), random_state=0
    ... )
    >>> X, y = ImageSampler().fit_resample(lesions.images, lesions.target)
    >>> sorted((str(name), count) for name, count in Counter(y).items())
    [('melanoma', 9), ('nevus', 9)]
    >>> X.shape
    (18, 32, 32, 3)
    >>> sampler = ImageSampler(RandomUnderSampler(random_state=0))
    >>> sampler.fit_resample(lesions.images, lesions.target)[0].shape
    (6, 32, 32, 3)
    """

    _parameter_constraints = {"sampler": [HasMethods("fit_resample"), None]}

    def __init__(self, sampler=None):
        self.sampler = sampler

    def fit(self, X, y):
        """Check the input and choose rows, without returning them. Use `fit_resample` instead.

        Parameters
        ----------
        X : array-like of length n
            Anything that can be indexed by row.

        y : array-like of shape (n,)
            The class of each row.

        Returns
        -------
        self : ImageSampler
            The estimator itself.
        """
        self.fit_resample(X, y)
        return self

    def fit_resample(self, X, y):
        """Choose rows of X and y.

        Parameters
        ----------
        X : array-like of length n
            An image stack, paths, a list, a DataFrame, or anything else that an array of row
            numbers in any order can index.

        y : array-like of shape (n,) or (n, 1)
            The class of each row.

        Returns
        -------
        X_resampled : array-like of length n_new
            The chosen rows, in the form of X.

        y_resampled : array-like of shape (n_new,) or (n_new, 1)
            Their classes, in the form of y.

        Raises
        ------
        TypeError
            If `sampler` uses features, as SMOTE does, or if X has no rows.
        ValueError
            If labels are missing.
        """
        self._validate_params()
        check_rows(X)
        check_order(X=X, y=y)
        labels = check_labels(y, name="y")
        check_lengths(X=X, y=y)
        check_classification_targets(labels)
        check_y(labels, estimator=self)
        self.choose_rows(labels)
        return safe_indexing(X, self.sample_indices_), safe_indexing(y, self.sample_indices_)

    def _fit_resample(self, X, y):
        return self.fit_resample(X, y)

    def choose_rows(self, y):
        """Choose rows by y alone. The classifier calls this, because it reads images later.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The class of each row.

        Returns
        -------
        sample_indices : ndarray of shape (n_new,), of int
            The chosen rows, also in `sample_indices_`.
        """
        sampler = RandomOverSampler() if self.sampler is None else clone(self.sampler)
        _refuse_feature_space(sampler)
        sampler.fit_resample(np.arange(len(y)).reshape(-1, 1), y)
        if not hasattr(sampler, "sample_indices_"):
            raise TypeError(
                f"{sampler!r} has no sample_indices_ after fit_resample. Expected a sampler that"
                " records which rows it chose, such as RandomOverSampler or RandomUnderSampler."
            )
        self.sampler_ = sampler
        self.sampling_strategy_ = getattr(sampler, "sampling_strategy_", None)
        self.sample_indices_ = sampler.sample_indices_
        return self.sample_indices_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        tags.input_tags.string = True
        return tags


def _refuse_feature_space(sampler):
    """Refuse imbalanced-learn's samplers that interpolate or measure distances.

    With row numbers in place of features, they would run and return meaningless rows.
    """
    tags = get_tags(sampler)
    # Only samplers that derive from imbalanced-learn have these tags. A sampler that takes text
    # measures no distances. SMOTEN does, but it makes new rows and has no indices.
    of_imblearn = getattr(tags, "sampler_tags", None) is not None
    by_label = of_imblearn and tags.sampler_tags.sample_indices and tags.input_tags.string
    smoothed = getattr(sampler, "shrinkage", None) is not None
    if smoothed or (of_imblearn and not by_label):
        raise TypeError(
            f"{sampler!r} works in feature space, or may do so. Distances between images mean"
            " little, and the average of two images shows no lesion. Expected a sampler that"
            " chooses rows by label: RandomOverSampler (without shrinkage) or RandomUnderSampler."
            " For new variants of rare classes, use AugmentingOverSampler. To use this sampler"
            " anyway, put it into an imblearn Pipeline after a step that turns images into rows of"
            " features."
        )
