"""Average the probabilities of several classifiers."""

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from ..._utils.sklearn_private import BaseSearchCV, fit_context
from ..._utils.validation.messages import warn_caller
from .wrapper import (
    FittedPartsMixin,
    change_fitted,
    check_no_threshold,
    find_answering,
    warn_if_not_changed,
    warn_of_other_estimators,
)


class AveragedClassifier(FittedPartsMixin, BaseEstimator):
    """Average the probabilities of several classifiers.

    Networks with different architectures, image sizes or seeds make different errors, which partly
    cancel out [1]_. If the classifiers are already fitted, it can predict at once. :meth:`fit` fits
    a clone of each, one after the other.

    :class:`sklearn.ensemble.VotingClassifier` with ``voting="soft"`` also averages, but takes
    `groups` only with metadata routing, and no classifiers that are already fitted.

    Parameters
    ----------
    estimators : list of classifiers with predict_proba
        Fitted or not. Give networks with the same parameters different integers as `random_state`:
        :meth:`fit` copies a RandomState, and would train the same network again.

    Attributes
    ----------
    estimators_ : list of classifiers
        The fitted clones, after :meth:`fit`.

    classes_ : ndarray of shape (n_classes,)
        Class names, in the order of the probabilities.

    n_features_in_ : int
        Number of features of the first classifier.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Feature names of the first classifier.

    See Also
    --------
    TestTimeAugmentation : Averages over augmented images.
    export_onnx : Writes networks that are averaged to one file.
    make_lesion_classifier : Its preset "best" averages several networks.

    References
    ----------
    .. [1] Lakshminarayanan, B., Pritzel, A. and Blundell, C. "Simple and Scalable Predictive
       Uncertainty Estimation using Deep Ensembles." NeurIPS 2017. `arXiv:1612.01474
       <https://arxiv.org/abs/1612.01474>`_

    Examples
    --------
    >>> from skin_lesion import AveragedClassifier, ConvNet, SkinLesionClassifier
    >>> from skin_lesion import make_lesion_images
    >>> lesions = make_lesion_images(60, n_classes=2, image_size=(32, 32), random_state=0)
    >>> networks = [
    ...     SkinLesionClassifier(ConvNet(filters=(8, 16)), epochs=2, random_state=seed)
    ...     for seed in (0, 1)
    ... ]
    >>> averaged = AveragedClassifier(networks).fit(lesions.images, lesions.target)
    >>> averaged.predict_proba(lesions.images[:3]).shape
    (3, 2)
    """

    _changeable_after_fit = ()  # itself; those inside have their own
    _parameter_constraints = {"estimators": [list, tuple]}

    def __init__(self, estimators):
        self.estimators = estimators

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, **params):
        """Fit a clone of each classifier.

        Parameters
        ----------
        X : array-like of n rows
            Images or rows as the classifiers take them.

        y : array-like of shape (n,)
            Class names.

        sample_weight : array-like of shape (n,), default=None
            Passed to each classifier if it is given.

        **params : dict
            Further parameters of their `fit`, such as `groups`. With metadata routing, each
            classifier receives only those that it requests.

        Returns
        -------
        self : AveragedClassifier
            The estimator itself.

        Raises
        ------
        KeyboardInterrupt
            At Ctrl-C. The classifiers that have been fitted until then are kept, and what a
            :class:`SkinLesionClassifier` has learnt.
        TypeError
            If `estimators` is empty, or one of them has no `predict_proba`.
        ValueError
            If a classifier decides by a threshold, which would have no effect here, or a parameter
            of one has an invalid value.

        Warns
        -----
        UserWarning
            If a classifier has ``warm_start=True`` and all were fitted before. Training starts from
            the beginning. Or if Ctrl-C leaves some classifiers without a fit.
        """
        self._check_estimators()
        for estimator in self.estimators:
            for inner in find_answering(estimator):
                if isinstance(inner, BaseSearchCV):
                    break  # its grid may replace an invalid value
                if hasattr(inner, "_changeable_after_fit"):  # of this library
                    inner._validate_params()  # before hours of training of those ahead
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        passed = [params] * len(self.estimators)
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **params)
            passed = [routed[name]["fit"] for name in self._names()]
        fitted, interrupt = self._fit_clones(self.estimators, X, y, passed)
        if fitted:
            self.estimators_ = fitted
        if interrupt is not None:
            if 0 < len(fitted) < len(self.estimators):
                warn_caller(
                    f"Training was interrupted. AveragedClassifier keeps {len(fitted)} of"
                    f" {len(self.estimators)} classifiers. KeyboardInterrupt is raised."
                )
            raise interrupt
        return self

    def predict_proba(self, X):
        """Return the mean probability of each class.

        Parameters
        ----------
        X : array-like of n rows
            Images or rows as the classifiers take them.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Columns in the order of `classes_`.

        Raises
        ------
        ValueError
            If the classifiers were fitted to different classes, or `estimators` is not a list.
        """
        return np.mean([part.predict_proba(X) for part in self._checked_parts()], axis=0)

    def get_params(self, deep=True):
        """Return the parameters, including nested ones such as ``estimator_0__epochs``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of the classifiers, too.

        Returns
        -------
        params : dict
            Names and values.
        """
        params = super().get_params(deep=False)
        if deep:
            for name, estimator in zip(self._names(), self.estimators, strict=True):
                params[name] = estimator
                for inner, value in getattr(estimator, "get_params", dict)().items():
                    params[f"{name}__{inner}"] = value
        return params

    def set_params(self, **params):
        """Set parameters, including ``estimator_0`` and ``estimator_0__epochs``.

        Those of classifiers inside that are read at prediction, such as ``estimator_0__prior``,
        take effect at once, also if this classifier has been fitted: see
        :meth:`TestTimeAugmentation.set_params`. Others take effect in the next :meth:`fit`.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : AveragedClassifier
            The estimator itself.

        Warns
        -----
        UserWarning
            If such a parameter takes effect only in the next :meth:`fit`, because a fitted
            meta-estimator is in between. Or if `estimators` does, because this classifier has been
            fitted.
        """
        before = self.estimators
        if "estimators" in params:
            super().set_params(estimators=params.pop("estimators"))
        if not params.keys().isdisjoint(self._names()):
            pairs = zip(self._names(), self.estimators, strict=True)
            self.estimators = [params.pop(name, old) for name, old in pairs]
        super().set_params(**params)
        if hasattr(self, "estimators_") and self.estimators != before:
            warn_of_other_estimators(self, "estimators")
        for place, fitted in enumerate(self._fitted_parts()):
            if hasattr(self, "estimators_"):
                change_fitted(fitted, f"estimator_{place}", params)
            warn_if_not_changed(fitted, f"estimator_{place}", params)
        return self

    def get_metadata_routing(self):
        """Return the metadata routing: metadata go to each classifier.

        Returns
        -------
        routing : MetadataRouter
            The routing that scikit-learn reads.
        """
        router = MetadataRouter(owner=self)
        for name, estimator in zip(self._names(), self.estimators, strict=True):
            mapping = MethodMapping().add(caller="fit", callee="fit")
            router.add(method_mapping=mapping, **{name: estimator})
        return router

    def _names(self):
        return [f"estimator_{place}" for place in range(len(self.estimators))]

    def _fitted_parts(self):
        return getattr(self, "estimators_", self.estimators)

    def _checked_parts(self):
        """Return the fitted classifiers. Those that cannot be averaged are an error."""
        self._validate_params()
        self._check_estimators()
        check_is_fitted(self)
        first, *others = parts = self._fitted_parts()
        for other in others:
            if not np.array_equal(other.classes_, first.classes_):
                raise ValueError(
                    f"The classifiers have the classes {first.classes_.tolist()} and"
                    f" {other.classes_.tolist()}. Expected the same classes: fit them to the same."
                )
        return parts

    def _check_estimators(self):
        if not self.estimators:
            raise TypeError("estimators is empty. Expected a list of at least one classifier.")
        for estimator in self.estimators:
            if not (hasattr(estimator, "fit") and hasattr(estimator, "predict_proba")):
                raise TypeError(
                    f"estimators holds {estimator!r}, of type {type(estimator).__name__}. Expected"
                    " classifiers with predict_proba."
                )
            check_no_threshold(self, estimator)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.estimators:
            tags.input_tags = get_tags(self.estimators[0]).input_tags
        return tags
