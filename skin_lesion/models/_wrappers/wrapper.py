"""Shared by the classifiers that wrap another one."""

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from ..._utils.sklearn_private import BaseSearchCV, fit_context
from ..._utils.validation.messages import warn_caller
from ..._utils.validation.nested_parameters import NestedParametersMixin
from ..._utils.validation.rows import check_order
from .._image_classifier import MostProbableClassMixin
from .._training._course.fit_tasks import FitTasksMixin

_THRESHOLDS = (FixedThresholdClassifier, TunedThresholdClassifierCV)


class FittedPartsMixin(MostProbableClassMixin, FitTasksMixin, ClassifierMixin, MetaEstimatorMixin):
    """A classifier that is fitted if the classifiers in it are, which `_fitted_parts` lists."""

    @property
    def classes_(self):
        """Class names, in the order of the columns of `predict_proba`."""
        return self._fitted_parts()[0].classes_

    @property
    def n_features_in_(self):
        """Number of features of the classifier, or of the first one."""
        return self._fitted_parts()[0].n_features_in_

    @property
    def feature_names_in_(self):
        """Feature names, if the classifier, or the first one, was fitted on a DataFrame."""
        return self._fitted_parts()[0].feature_names_in_

    def __sklearn_is_fitted__(self):
        try:
            for part in self._fitted_parts():
                check_is_fitted(part)
        except ValueError:  # NotFittedError is one
            return False
        return True

    def _fit_clones(self, estimators, X, y, params):
        """Fit a clone of each classifier with its params.

        Returns
        -------
        fitted : list of classifiers
            After Ctrl-C, those that can predict.

        interrupt : KeyboardInterrupt or None
            For the caller to raise.
        """
        check_order(X=X, y=y)
        clones = [clone(each) for each in estimators]
        if self.__sklearn_is_fitted__() and any(map(_has_warm_start, clones)):
            warn_caller(
                f"warm_start=True has no effect in {type(self).__name__}, which fits new clones:"
                " training starts from the beginning. To continue training, fit the classifier"
                " alone and wrap it afterwards."
            )
        fitted, interrupt = self._fit_parts(clones, X, y, params)
        if interrupt is not None and not _is_whole(fitted[-1]):
            fitted = fitted[:-1]
        return fitted, interrupt


class WrapperMixin(FittedPartsMixin, NestedParametersMixin):
    """Use a fitted classifier as it is; `fit` fits a clone of it."""

    _decides_by_threshold = False
    # Parameters that are read at prediction; SkinLesionClassifier also names them.
    _changeable_after_fit = ()

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, **params):
        """Fit a clone of the classifier.

        Parameters
        ----------
        X : array-like of n rows
            Images or rows as the classifier takes them.

        y : array-like of shape (n,)
            Class names.

        sample_weight : array-like of shape (n,), default=None
            Passed to the classifier if it is given.

        **params : dict
            Further parameters of its `fit`, such as `groups`. With metadata routing, only those
            that the classifier requests are passed.

        Returns
        -------
        self : estimator
            The estimator itself.

        Raises
        ------
        KeyboardInterrupt
            At Ctrl-C. What a :class:`SkinLesionClassifier` has learnt until then is kept.
        ValueError
            If the classifier decides by a threshold, which would have no effect here, or if a
            parameter such as `positive` does not fit the classes in y.

        Warns
        -----
        UserWarning
            If the classifier has ``warm_start=True`` and was fitted before. Training starts from
            the beginning.
        """
        check_no_threshold(self, self.estimator)
        self._check_input(X)
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params)["estimator"]["fit"]
        copy = clone(self.estimator)  # an error for a class in place of an object
        has_own_classes = any(map(is_frozen, [copy, *copy.get_params().values()]))
        if not has_own_classes:
            self._check_labels(y, params)  # before hours of training
        fitted, interrupt = self._fit_clones([self.estimator], X, y, [params])
        try:
            if fitted:
                if has_own_classes:
                    self._check_labels(fitted[0].classes_, {})
                (self.estimator_,) = fitted
                self._keep_shares(y, params)
        finally:
            if interrupt is not None:
                raise interrupt
        return self

    def _check_input(self, X):
        """Raise an error before the training if `predict_proba` could not read X."""

    def _check_labels(self, y, params):
        """Raise an error if a parameter does not fit the classes in y.

        `params` are the further parameters that the classifier's `fit` receives.
        """

    def _keep_shares(self, y, params):
        """Keep the class shares that the classifier was fitted to."""

    def set_params(self, **params):
        """Set parameters, including nested ones such as ``estimator__prior``.

        Most nested parameters take effect in the next :meth:`fit`. Those that are read at
        prediction take effect at once, also if this classifier has been fitted: `prior`,
        `temperature` and `loader` of a :class:`SkinLesionClassifier`, `prior` of a
        :class:`PriorCorrectedClassifier`, and `augmenter`, `n_augmentations` and `random_state` of
        :class:`TestTimeAugmentation`. Pipelines may be in between. Other meta-estimators, such as
        a search, :class:`~sklearn.ensemble.VotingClassifier` or
        :class:`~sklearn.calibration.CalibratedClassifierCV`, keep the classifiers that they have
        fitted as they are.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : estimator
            The estimator itself.

        Warns
        -----
        UserWarning
            If such a parameter takes effect only in the next :meth:`fit`, because a fitted
            meta-estimator is in between. Or if `estimator` does, because this classifier has been
            fitted.
        """
        before = self.estimator
        super().set_params(**params)
        if hasattr(self, "estimator_"):
            if self.estimator is not before:
                warn_of_other_estimators(self, "estimator")
            change_fitted(self.estimator_, "estimator", params)
        warn_if_not_changed(self._fitted(), "estimator", params)
        return self

    def get_metadata_routing(self):
        """Return the metadata routing: metadata go to the classifier.

        Returns
        -------
        routing : MetadataRouter
            The routing that scikit-learn reads.
        """
        return MetadataRouter(owner=self).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def _fitted(self):
        return getattr(self, "estimator_", self.estimator)

    def _fitted_parts(self):
        return [self._fitted()]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags


def change_fitted(fitted, name, params):
    """Set those parameters of a fitted clone that are read at prediction.

    Parameters
    ----------
    fitted : estimator

    name : str
        The parameter of the wrapper that holds the estimator, such as "estimator".

    params : dict
        Parameters of the wrapper, such as ``estimator__prior``.
    """
    own = _params_of(name, params)
    fitted.set_params(**{key: own[key] for key in own if _is_changeable(fitted, key)})


def warn_of_other_estimators(wrapper, name):
    """Warn that what a fitted wrapper was given is not used before the next fit."""
    cls = type(wrapper).__name__
    warn_caller(
        f"{name} takes effect only in the next fit, because {cls} has been fitted and predicts with"
        f" clones of the earlier {name}. Call fit again. If the new {name} is already fitted, make"
        f" a new {cls} with it."
    )


def warn_if_not_changed(fitted, name, params):
    """Warn of parameters as in `change_fitted` that do not reach the classifiers that predict.

    Scikit-learn's meta-estimators predict with clones, and their `set_params` does not change them.
    Wrappers inside warn themselves.
    """
    for key in _params_of(name, params):
        keeper = _find_keeper(fitted, key) if _is_changeable(fitted, key) else None
        if keeper is not None:
            warn_caller(
                f"{name}__{key} takes effect only in the next fit, because {type(keeper).__name__}"
                " predicts with classifiers that it has already fitted. To use it now, call fit"
                " again."
            )


def _params_of(name, params):
    nested = [(key.partition("__"), value) for key, value in params.items()]
    return {inner: value for (owner, _, inner), value in nested if owner == name}


def _find_keeper(estimator, name):
    """Return the fitted meta-estimator between an estimator and a parameter in it, or None."""
    while isinstance(estimator, Pipeline):
        first, _, name = name.partition("__")
        estimator = estimator.get_params()[first]
    if hasattr(estimator, "_changeable_after_fit"):  # of this library
        return None
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return None
    return estimator


def _is_changeable(fitted, name):
    first, _, inner = name.partition("__")
    if first in getattr(fitted, "_changeable_after_fit", ()):
        return True
    if not inner or not hasattr(fitted, "get_params"):
        return False
    return _is_changeable(fitted.get_params().get(first), inner)


def _has_warm_start(estimator):
    """Return whether a part has warm_start. Frozen classifiers keep theirs to themselves."""
    params = estimator.get_params().items()
    return any(value for name, value in params if name.split("__")[-1] == "warm_start")


def _is_whole(estimator):
    """Return whether a classifier can predict although Ctrl-C has ended its fit.

    Classifiers of this library are fitted after at least one epoch, or stay as they were. Others,
    such as searches, may have only some of the attributes that a fit sets.
    """
    for part in find_answering(estimator):
        if not (isinstance(part, Pipeline) or hasattr(part, "_changeable_after_fit")):
            return False
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def is_frozen(estimator):
    """Return whether an object is a classifier whose `fit` does nothing."""
    learns = not isinstance(estimator, FrozenEstimator) and getattr(estimator, "_learns", True)
    return not learns and is_classifier(estimator)


def list_classes(y):
    """Return the sorted classes in y, or None if y is empty, or lacks or mixes values."""
    y = np.asarray(y)
    if not y.size or pd.isna(y).any():
        return None
    try:
        return np.unique(y)
    except TypeError:
        return None


def check_no_threshold(wrapper, estimator):
    """Raise an error if a threshold inside would have no effect: wrappers use probabilities."""
    for inner in find_answering(estimator):
        if getattr(inner, "_decides_by_threshold", False) or isinstance(inner, _THRESHOLDS):
            name = type(wrapper).__name__
            advice = f"Pass the classifier inside the {type(inner).__name__}."
            if not getattr(wrapper, "_decides_by_threshold", False):
                advice = (
                    "Put OperatingPointClassifier outermost:"
                    f" OperatingPointClassifier({name}(...), ...)."
                )
            raise ValueError(
                f"The estimator of {name} contains {type(inner).__name__}, whose threshold would"
                f" have no effect: {name} uses only its probabilities. Expected no threshold"
                f" inside. {advice}"
            )


def find_correction(estimator):
    """Return the factors by which a fitted classifier has corrected probabilities for a prior.

    Those of a classifier in a pipeline or wrapper are known, those in an average or a calibrated
    classifier are not: there the correction is not the last thing that was done.

    Returns
    -------
    factors : ndarray of shape (n_classes,), or None
        None if they are unknown, or nothing was corrected.
    """
    found = [each for each in map(_own_factors, find_answering(estimator)) if each is not None]
    return np.prod(found, axis=0) if found else None


def _own_factors(classifier):
    # Asked of the type: a FrozenEstimator has the attributes of the classifier inside.
    return classifier._prior_factors() if hasattr(type(classifier), "_prior_factors") else None


def find_answering(estimator):
    """Yield a classifier and those inside that predict for it, such as the best of a search."""
    while True:
        yield estimator
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, WrapperMixin):
            estimator = estimator._fitted()
        elif isinstance(estimator, (FrozenEstimator, BaseSearchCV)):
            estimator = estimator.estimator
        else:
            return
