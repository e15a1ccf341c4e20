"""Fit models on grouped folds."""

import warnings
from inspect import signature
from numbers import Integral

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import get_routing_for_object

from .._utils.sklearn_private import BaseSearchCV, InvalidParameterError, safe_indexing
from .._utils.validation.labels import number_labels
from .._utils.validation.messages import say, warn_caller
from ..models import is_frozen


def split_folds(y, groups, cv, random_state):
    """Return the folds as a list of (train, test) rows.

    Parameters
    ----------
    y : ndarray of shape (n,)

    groups : array-like of shape (n,) or None

    cv : int, splitter or iterable of (train, test)
        An int is the number of stratified grouped folds.

    random_state : int, RandomState instance or None

    Raises
    ------
    ValueError
        If a group is on both sides of a fold, or a row in two test sets.
    """
    groups = np.arange(len(y)) if groups is None else number_labels(groups, name="groups")[1]
    if isinstance(cv, Integral):
        seed = check_random_state(random_state).randint(2**31 - 1)
        cv = StratifiedGroupKFold(int(cv), shuffle=True, random_state=seed)
    rows = np.arange(len(y))  # a splitter of the user may give lists or masks of rows
    folds = [
        tuple(safe_indexing(rows, part) for part in fold)
        for fold in check_cv(cv).split(np.zeros(len(y)), y, groups)
    ]
    for number, (train, test) in enumerate(folds):
        shared = np.intersect1d(groups[train], groups[test])
        if len(shared):
            raise ValueError(
                f"Fold {number} has {say(len(shared), 'group')} in both training and test set."
                " Expected none: use cv=5, or a splitter that keeps groups together, such as"
                " StratifiedGroupKFold."
            )
    tested = np.concatenate([test for _, test in folds])
    if len(np.unique(tested)) < len(tested):
        raise ValueError(
            "Some rows are in the test set of several folds. Expected each row in at most one: use"
            " a splitter without repeats."
        )
    return folds


def warn_of_copies(ids, folds):
    """Return a note, and warn, if test images are exact copies of training images of their fold.

    Parameters
    ----------
    ids : ndarray of shape (n,), or None
        From :func:`find_content_ids`.

    folds : list of (train, test)
        From :func:`split_folds`.

    Returns
    -------
    notes : list of str
    """
    if ids is None:
        return []
    n_copies = sum(np.isin(ids[test], ids[train]).sum() for train, test in folds)
    if not n_copies:
        return []
    note = (
        f"Predictions of the folds are invalid because of data leakage: {n_copies} of"
        f" {len(ids)} images are exact copies of training images of their fold. Expected none: pass"
        " groups=audit_dataset(images, y, groups=groups).groups, and put samplers into the"
        " pipeline, where they resample the training images of each fold."
    )
    warn_caller(note)
    return [note]


def check_learns(estimator):
    """Raise an error if an estimator is a frozen classifier, and warn if a part of it is one."""
    for part in [estimator, *getattr(estimator, "get_params", dict)().values()]:
        if not is_frozen(part):
            continue
        found = (
            f"{type(part).__name__} is not fitted again in each fold, so its predictions are not"
            " out of fold if it was trained on these images."
        )
        if part is estimator:
            raise ValueError(
                f"{found} Expected a classifier that learns in fit: pass the one that was frozen or"
                " exported, or use the fitted classifier on held-out images, without folds."
            )
        warn_caller(
            f"{found} Use images that it was not trained on, or put the classifier that was frozen"
            " or exported in its place."
        )
        return


def fit_fold(estimator, X, y, groups, rows):
    """Return a clone of an estimator, fitted on some rows, with their groups if it requests them.

    The groups also reach the validation split inside a :class:`SkinLesionClassifier` in pipelines
    and searches, except behind a sampler, and with a warning beside a part that cannot route them.
    """
    fold = clone(estimator)
    groups = None if groups is None else safe_indexing(np.asarray(groups), rows)
    try:
        return _fit(fold, safe_indexing(X, rows), y[rows], groups)
    except InvalidParameterError as error:
        # `validate_params` would replace the name of the estimator by that of our function.
        raise ValueError(str(error)) from error


def _fit(fold, X, y, groups):
    if groups is None:
        return fold.fit(X, y)
    with config_context(enable_metadata_routing=True):
        _keep_groups_from_resampled_rows(fold)
        try:
            routing = get_routing_for_object(fold)
        except NotImplementedError as error:  # of a part such as AdaBoostClassifier
            routing = None
            if _has_part_that_requests_groups(fold):
                # One stack frame each for fit_fold, cross_evaluate and validate_params.
                warnings.warn(
                    f"{error} So groups reach no part of {type(fold).__name__}. With early"
                    " stopping, its validation set can share groups with its training set. The"
                    " test folds share none. Use early_stopping=False, or leave out the part that"
                    " cannot route metadata.",
                    stacklevel=5,
                )
        if routing is not None and routing.consumes("fit", ["groups"]):
            return fold.fit(X, y, groups=groups)
    if routing is None and _splits_by_group(fold):
        with config_context(enable_metadata_routing=False):
            return fold.fit(X, y, groups=groups)
    return fold.fit(X, y)


def _keep_groups_from_resampled_rows(estimator):
    """Let no part behind a sampler in a pipeline request groups, which do not fit its rows."""
    for pipeline in [estimator, *estimator.get_params().values()]:
        steps = pipeline.steps if isinstance(pipeline, Pipeline) else []
        resamples = [hasattr(step, "fit_resample") for _, step in steps]
        if not any(resamples):
            continue
        for part in pipeline[resamples.index(True) :].get_params().values():
            set_request = getattr(part, "set_fit_request", None)
            if set_request is not None and "groups" in signature(set_request).parameters:
                set_request(groups=False)


def _has_part_that_requests_groups(estimator):
    for part in estimator.get_params().values():
        try:
            if get_routing_for_object(part).consumes("fit", ["groups"]):
                return True
        except NotImplementedError:  # its own parts follow
            continue
    return False


def _splits_by_group(estimator):
    """Return whether an estimator is a search whose folds need groups.

    Without metadata routing, a search passes groups to its folds alone.
    """
    if not isinstance(estimator, BaseSearchCV):
        return False
    return bool(get_routing_for_object(check_cv(estimator.cv)).consumes("split", ["groups"]))
