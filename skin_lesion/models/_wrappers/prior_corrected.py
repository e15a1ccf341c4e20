"""Correct the probabilities of a classifier for other class shares."""

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.naive_bayes import ComplementNB
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object
from sklearn.utils.validation import check_is_fitted

from ..._utils.sklearn_private import HasMethods, StrOptions
from .._training.priors import (
    count_classes,
    find_assumed_shares,
    find_factors,
    resolve_prior,
    shift,
)
from .averaged import AveragedClassifier
from .wrapper import WrapperMixin, check_no_threshold, find_answering, is_frozen, list_classes

# Parameters, of any step or member, with which probabilities assume other class shares than those
# of y: in scikit-learn, imbalanced-learn, this library, XGBoost, LightGBM and CatBoost.
_BALANCING = frozenset(
    [
        *("auto_class_weights", "class_prior", "class_weight", "class_weights", "is_unbalance"),
        *("prior", "priors", "sampler", "sampling_strategy", "scale_pos_weight"),
        *("unbalance", "unbalanced_sets"),
    ]
)
_SHARES = [StrOptions({"training", "uniform"}), dict, "array-like"]


class PriorCorrectedClassifier(WrapperMixin, BaseEstimator):
    """Correct a classifier's probabilities for the prevalence of the classes where it is used.

    The probabilities of a classifier assume the class shares of its training, after sampling and
    weighting. This wrapper divides them by these shares and multiplies them by those of `prior`,
    by Bayes' rule [1]_. If the classifier is already fitted, it can predict at once. :meth:`fit`
    fits a clone. :class:`SkinLesionClassifier` has its own `prior`.

    Parameters
    ----------
    estimator : classifier with predict_proba
        Fitted or not.

    prior : {'training', 'uniform'}, dict, Series or array-like of shape (n_classes,), \
            default='uniform'
        Class shares where the probabilities are used. 'training' means the shares in y of
        :meth:`fit`. 'uniform' means equally frequent classes, as balanced accuracy assumes. A dict
        or Series has the share of each class by name, an array in the order of `classes_`. It can
        be changed after `fit`.

    class_prior : {'training', 'uniform'}, dict, Series or array-like of shape (n_classes,), \
            default=None
        Class shares in the training of the estimator, after all balancing: 'uniform' if the
        classes were balanced. Set it before `fit`. None uses what the estimator knows, such as
        `class_prior_` and `prior` of a :class:`SkinLesionClassifier` or an :class:`OnnxClassifier`,
        and otherwise the shares in y of :meth:`fit`, weighted by the `sample_weight` that the
        estimator receives. None is an error if these shares may be wrong, as with class weights,
        samplers, priors or frozen classifiers inside.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone, after :meth:`fit`.

    classes_ : ndarray of shape (n_classes,)
        Class names, in the order of the probabilities.

    class_prior_ : ndarray of shape (n_classes,)
        The class shares that the probabilities of the estimator assumed at the end of :meth:`fit`.

    training_prior_ : ndarray of shape (n_classes,)
        The shares in y of :meth:`fit`. Rows of weight 0 do not count.

    n_features_in_ : int
        Number of features of the classifier.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Feature names of the classifier.

    See Also
    --------
    SkinLesionClassifier : Has `prior` as a parameter.
    sklearn.calibration.CalibratedClassifierCV : Corrects overconfidence, which this does not.

    Notes
    -----
    The correction is valid if images of a class look the same in both places. Temperature scaling
    cannot replace it, because a temperature treats all classes alike.

    References
    ----------
    .. [1] Saerens, M., Latinne, P. and Decaestecker, C. "Adjusting the Outputs of a Classifier to
       New a Priori Probabilities." Neural Computation 14(1), 21-41 (2002).
       :doi:`10.1162/089976602753284446`

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skin_lesion import PriorCorrectedClassifier
    >>> X, y = make_classification(1000, weights=[0.9], class_sep=0.5, random_state=0)
    >>> balanced = LogisticRegression(class_weight="balanced").fit(X, y)
    >>> corrected = PriorCorrectedClassifier(balanced, [0.9, 0.1], class_prior="uniform")
    >>> float(y.mean()), float(balanced.predict_proba(X)[:, 1].mean().round(2))
    (0.102, 0.29)
    >>> float(corrected.predict_proba(X)[:, 1].mean().round(2))
    0.1
    """

    _changeable_after_fit = ("prior",)
    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "prior": _SHARES,
        "class_prior": [*_SHARES, None],
    }

    def __init__(self, estimator, prior="uniform", *, class_prior=None):
        self.estimator = estimator
        self.prior = prior
        self.class_prior = class_prior

    def fit(self, X, y, sample_weight=None, **params):
        """Fit a clone of the classifier, and record the class shares.

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
        self : PriorCorrectedClassifier
            The estimator itself.

        Raises
        ------
        KeyboardInterrupt
            At Ctrl-C. What a :class:`SkinLesionClassifier` has learnt until then is kept.
        ValueError
            If `prior` or `class_prior` lacks a class, names unknown classes, or has shares that are
            not positive or do not sum to 1; where y tells the classes, this is checked before
            training. If `class_prior` is None and the shares cannot be known. If the classifier
            decides by a threshold: put :class:`OperatingPointClassifier` around this one instead.

        Warns
        -----
        UserWarning
            If the classifier has ``warm_start=True`` and was fitted before. Training starts from
            the beginning.
        """
        return super().fit(X, y, sample_weight, **params)

    def _keep_shares(self, y, params):
        y = np.asarray(y).ravel()
        weight, others = self._find_weights(params)
        weight = None if weight is None else np.asarray(weight, dtype=float)
        given = y if weight is None else y[weight > 0]
        self.training_prior_ = _shares(count_classes(given, self.classes_))
        self.class_prior_ = self._find_class_prior(
            _shares(count_classes(y, self.classes_, weight)), self.training_prior_, others
        )
        self._prior_factors()

    def _find_weights(self, params):
        """Return the weights that the classifier inside was fitted with.

        Returns
        -------
        weight : array-like of shape (n,) or None

        others : list of str
            The names of parameters that may hold other weights.
        """
        if not params:  # some classifiers, such as AdaBoostClassifier, cannot be asked for routing
            return None, []
        if not (get_config()["enable_metadata_routing"] and _is_router(self.estimator)):
            names = [name for name in params if name.endswith("sample_weight")]
            return params.get("sample_weight"), [name for name in names if name != "sample_weight"]
        # A router, such as a pipeline, passes them on under the names that its parts request.
        last = _last_step(self.estimator)
        if _is_router(last):
            return None, [name for name in params if name != "groups"]
        name = get_routing_for_object(last).fit.requests.get("sample_weight")
        return params.get("sample_weight" if name is True else name), []

    def _check_labels(self, y, params):
        y = np.asarray(y).ravel()
        weight, _ = self._find_weights(params)
        weight = np.ones(y.shape) if weight is None else np.asarray(weight)
        classes = list_classes(y)
        if classes is None or weight.shape != y.shape:
            return  # the fit of the estimator raises an error
        if len(np.unique(y[weight > 0])) < len(classes):
            return  # only the fitted estimator tells which classes it knows
        shares = _shares(count_classes(y, classes))
        for name in ("prior", "class_prior"):
            if getattr(self, name) is not None:
                resolve_prior(getattr(self, name), classes, shares, name=name)

    def predict_proba(self, X):
        """Return the probability of each class, corrected for `prior`.

        Parameters
        ----------
        X : array-like of n rows
            Images or rows as the classifier takes them.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows sum to 1; columns are in the order of `classes_`.

        Raises
        ------
        ValueError
            As for :meth:`fit`.
        """
        self._validate_params()
        check_is_fitted(self)
        check_no_threshold(self, self._fitted())
        factors = self._prior_factors()
        return shift(self._fitted().predict_proba(X), factors)

    def _prior_factors(self):
        if hasattr(self, "estimator_"):
            class_prior, training_prior = self.class_prior_, self.training_prior_
            known = self._ask_estimator() if self.class_prior is None else None
            if known is not None:  # its `prior` may have been changed since `fit`
                class_prior = known
        else:
            training_prior = getattr(_last_step(self.estimator), "training_prior_", None)
            class_prior = self._find_class_prior(None, training_prior)
        return find_factors(self.prior, self.classes_, class_prior, training_prior)

    def _find_class_prior(self, weighted_shares, training_prior, weights=()):
        if self.class_prior is not None:
            return resolve_prior(
                self.class_prior, self.classes_, training_prior, name="class_prior"
            )
        known = self._ask_estimator()
        if known is not None:
            return known
        if weighted_shares is None or is_frozen(self.estimator):
            why = "was fitted before"
        elif weights:
            why = f"was fitted with {weights[0]}"
        elif balancing := _find_balancing(self._fitted()):
            why = f"may have learnt other class shares than those of y because of {balancing}"
        else:
            return weighted_shares
        raise ValueError(
            f"class_prior is None, but the {type(_last_step(self._fitted())).__name__} {why}, so"
            " the class shares in its training are unknown. Expected class_prior='uniform' if the"
            " classes were balanced, or the share of each class."
        )

    def _ask_estimator(self):
        return _find_shares(_last_step(self._fitted()))


def correct_prior(estimator, probabilities, prior, class_prior=None):
    """Return the probabilities of a fitted classifier, corrected for other class shares.

    Raises
    ------
    ValueError
        If it is unknown which shares they assume, as in :class:`PriorCorrectedClassifier`.
    """
    corrected = PriorCorrectedClassifier(estimator, prior, class_prior=class_prior)
    return shift(probabilities, corrected._prior_factors())


def assumes_equal_shares(estimator):
    """Return whether the probabilities of a fitted classifier assume equally frequent classes.

    False if this is unknown, as after a calibration.
    """
    last = _last_step(estimator)
    if isinstance(last, AveragedClassifier):
        return all(map(assumes_equal_shares, last._fitted_parts()))
    shares = _find_shares(last)
    return shares is not None and np.allclose(shares, 1 / len(shares))


def _find_shares(last):
    """Return the class shares that the probabilities of a `_last_step` assume, if it knows."""
    if isinstance(last, PriorCorrectedClassifier) and not hasattr(last, "estimator_"):
        of_training = getattr(_last_step(last.estimator), "training_prior_", None)
        return resolve_prior(last.prior, last.classes_, of_training)
    return find_assumed_shares(last)


def _shares(counts):
    return counts / counts.sum()


def _is_router(estimator):
    return isinstance(get_routing_for_object(estimator), MetadataRouter)


def _last_step(estimator):
    """Return the classifier inside, or the outermost PriorCorrectedClassifier around it."""
    for inner in find_answering(estimator):
        if isinstance(inner, PriorCorrectedClassifier):
            break
    return inner


def _find_balancing(estimator):
    """Return the name of a part or parameter that may change the class shares that are learnt."""
    for part in find_answering(estimator):
        for name, value in {type(part).__name__: part, **part.get_params()}.items():
            if _is_balancing(name.split("__")[-1], value):
                return name
    return None


def _is_balancing(name, value):
    if name == "fit_prior":
        return not value
    return (
        (name in _BALANCING and value is not None and value is not False)
        or hasattr(value, "fit_resample")
        or isinstance(value, ComplementNB)  # ignores the class shares
        or is_frozen(value)
    )
