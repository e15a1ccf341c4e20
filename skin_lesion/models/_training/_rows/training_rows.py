"""The training rows: checked, balanced and weighted."""

from numbers import Real

import numpy as np
from sklearn.base import clone
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from ...._utils.sklearn_private import check_sample_weight, check_y
from ...._utils.validation.labels import check_labels
from ...._utils.validation.messages import did_you_mean, name_some
from ...._utils.validation.rows import check_lengths, check_rows


def check_targets(estimator, source, y, sample_weight, groups=None, *, suffix=""):
    """Return y and the weights as arrays, after checking that their lengths match the source.

    Parameters
    ----------
    estimator : SkinLesionClassifier
        For messages.

    source : PathSource, ArraySource or FeatureSource

    y, sample_weight, groups : array-like of shape (n,)
        The last two may be None.

    suffix : str
        Suffix of their names in messages.

    Returns
    -------
    y : ndarray of shape (n,)

    sample_weight : ndarray of shape (n,), of float, or None
    """
    labels = check_labels(y, name=f"y{suffix}")
    check_y(y, estimator=estimator)
    y = labels
    check_classification_targets(y)
    given = {"X": source, "y": y, "groups": groups}
    check_lengths(**{f"{name}{suffix}": array for name, array in given.items()})
    if sample_weight is not None:
        check_rows(
            sample_weight,
            name=f"sample_weight{suffix}",
            expected="a weight for each row (for weights of classes, use class_weight)",
            entries=("sample_weight",),
        )
        sample_weight = check_sample_weight(sample_weight, y)
    return y, sample_weight


def find_classes(y, known=None):
    """Return the classes of `fit`: at least two, and the same as in an earlier fit.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Classes of the rows with positive weight.

    known : ndarray or None
        The classes of the earlier fit that this one continues.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
    """
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"y has {len(classes)} class, {classes.tolist()}, in rows with positive weight."
            " Expected at least two classes."
        )
    if known is not None and not np.array_equal(classes, known):
        raise ValueError(
            f"With warm_start=True, y has the classes {classes.tolist()}. Expected those of the"
            f" last fit, {known.tolist()}. Use warm_start=False to train from the beginning."
        )
    return classes


def find_announced_classes(y, classes, known=None):
    """Return the classes of `partial_fit`: announced in the first call, or those of y.

    Parameters
    ----------
    y : ndarray of shape (n,)

    classes : array-like or None
        What the call announces.

    known : ndarray or None
        The classes of the earlier calls.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
    """
    announced = None if classes is None else np.unique(check_labels(classes, name="classes"))
    if known is None:
        known = np.unique(y) if announced is None else announced
        if len(known) < 2:
            raise ValueError(
                f"The first call of partial_fit has {len(known)} class, {known.tolist()}. Expected"
                " at least two classes. Pass all classes as `classes`."
            )
    elif announced is not None and not np.array_equal(announced, known):
        raise ValueError(
            f"classes={announced.tolist()}. Expected those of the earlier calls, {known.tolist()}."
        )
    # Not with NumPy, which would convert numbers to text to compare them with text.
    unseen = sorted(set(y.tolist()) - set(known.tolist()))
    if unseen:
        raise ValueError(
            f"y has the classes {unseen}. Expected some of {known.tolist()}."
            " Pass all classes as `classes` in the first call."
        )
    return known


class TrainingRows:
    """The training rows, balanced and weighted.

    Attributes
    ----------
    rows : ndarray of shape (n_new,), of int
        Rows of X, each repeated as often as the sampler selected it.

    weight : ndarray of shape (n_new,) or None
        Sample weights times class weights.

    mean_sample_weight : float
        Without class weights.

    class_weight : ndarray of shape (n_classes,)
    """

    def __init__(self, rows, y, sample_weight, sampler, class_weight, classes, rng):
        self._y = y
        self._is_balanced = sampler is not None or class_weight is not None
        self.rows = rows
        self._sampler = None
        if sampler is not None:
            self._sampler = _seeded(sampler, rng)
            self.rows = rows[self._sampler.choose_rows(y[rows])]
        self.weight = None if sample_weight is None else sample_weight[self.rows]
        self.mean_sample_weight = 1.0 if sample_weight is None else self.weight.mean()
        self.class_weight = _weigh_classes(class_weight, y[self.rows], classes, self.weight)
        if class_weight is not None:
            weight = self.class_weight[np.searchsorted(classes, y[self.rows])]
            self.weight = weight if self.weight is None else weight * self.weight

    def new_images(self, positions):
        """Return the augmenter and its draws for the new images at these positions.

        Returns
        -------
        new_images : (ImageAugmenter, mask, draws) or None
            `mask` marks the positions with new images, and `draws` has one record for each.
        """
        draws = getattr(self._sampler, "draws_", None)  # of an AugmentingOverSampler
        if draws is None:
            return None
        first_new = len(self.rows) - len(draws)
        is_new = positions >= first_new
        return self._sampler.augmenter_, is_new, draws[positions[is_new] - first_new]

    @property
    def n_counted(self):
        """Number of rows with weight in training."""
        return len(self.rows) if self.weight is None else int(np.count_nonzero(self.weight))

    def weigh_alike(self, y, sample_weight):
        """Return weights that give each class in other rows the same share as in training.

        Otherwise the majority class would dominate the loss for early stopping, although the model
        is trained on balanced classes. The mean weight is 1, even if classes are missing.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Classes of the other rows.

        sample_weight : ndarray of shape (n,) or None
        """
        if not self._is_balanced and sample_weight is None:
            return None
        weight = np.ones(len(y)) if sample_weight is None else sample_weight.copy()
        if self._is_balanced:
            in_training = np.ones(len(self.rows)) if self.weight is None else self.weight
            for label in np.unique(y):
                share = in_training[self._y[self.rows] == label].sum() / in_training.sum()
                in_class = y == label
                if weight[in_class].any():
                    weight[in_class] *= share * len(y) / weight[in_class].sum()
        return weight * (len(y) / weight.sum()) if weight.any() else weight


def _weigh_classes(class_weight, y, classes, sample_weight):
    """Return the weight of each class, or 1 for balanced classes without a row."""
    if isinstance(class_weight, dict):
        return _look_up_weights(class_weight, classes)
    weights = np.ones(len(classes))
    if class_weight is not None:
        is_there = np.isin(classes, y)
        weights[is_there] = compute_class_weight(
            "balanced", classes=classes[is_there], y=y, sample_weight=sample_weight
        )
    return np.sqrt(weights) if class_weight in ("auto", "sqrt_balanced") else weights


def _look_up_weights(class_weight, classes):
    """Return the weight of each class, or 1 for classes without a key."""
    names = classes.tolist()
    unknown = [name for name in class_weight if name not in names]
    # Extra keys are allowed if all classes have one: a fold may lack a rare class.
    if unknown and any(name not in class_weight for name in names):
        raise ValueError(
            f"class_weight has the keys {name_some(unknown)}, but y has the classes"
            f" {name_some(names)}. Expected classes of y as keys, such as"
            f" {{{names[0]!r}: 1.0, {names[1]!r}: 2.0}}."
            f"{did_you_mean(unknown[0], names)}"
        )
    for name, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 <= weight < np.inf:
            raise ValueError(
                f"class_weight[{name!r}] is {weight!r}. Expected a finite number of at least 0."
            )
    return np.array([class_weight.get(name, 1) for name in names], dtype=float)


def _seeded(sampler, rng):
    """Return a copy of the sampler whose unset random states are drawn from `rng`."""
    # Late, because imbalanced-learn takes 0.4 s to import.
    from imblearn.over_sampling import RandomOverSampler

    from ....sampling import AugmentingOverSampler, ImageSampler

    if not isinstance(sampler, (ImageSampler, AugmentingOverSampler)):
        sampler = ImageSampler(sampler)
    sampler = clone(sampler)
    if isinstance(sampler, ImageSampler) and sampler.sampler is None:
        sampler.sampler = RandomOverSampler()
    unset = [
        name
        for name, value in sampler.get_params().items()
        if name.split("__")[-1] == "random_state" and value is None
    ]
    return sampler.set_params(**{name: rng.randint(2**31 - 1) for name in sorted(unset)})
