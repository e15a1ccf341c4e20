"""External validation: evaluate a fitted classifier on datasets of other clinics."""

import warnings
from collections.abc import Mapping
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.exceptions import UndefinedMetricWarning

from ..._utils.sklearn_private import (
    HasMethods,
    StrOptions,
    num_samples,
    safe_indexing,
    validate_params,
)
from ..._utils.validation.labels import check_labels, number_labels
from ..._utils.validation.rows import check_order
from ...audit import find_overlap, take_images
from ...datasets import OWN_GROUP
from ...models import correct_prior
from .._metrics.input_checks import find_classes
from .._pictures import find_pictures
from .._report.build_report import PARAMETERS
from .._report.evaluate import evaluate
from .._report.report import EvaluationReport, choose_seed
from .._report.slices import take_subgroups
from .external_evaluation import ExternalEvaluation

_TRAINING = "training"


@validate_params(
    {
        **PARAMETERS,
        "estimator": [HasMethods(["predict", "predict_proba"])],
        "datasets": [Mapping],
        "training": "no_validation",  # a Bunch, paths or images
        "class_prior": [StrOptions({"training", "uniform"}), dict, "array-like", None],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def evaluate_external(
    estimator,
    datasets,
    *,
    positive=None,
    thresholds=None,
    training=None,
    class_prior=None,
    n_bootstraps=2000,
    random_state=None,
    n_jobs=-1,
):
    """Evaluate a fitted classifier on datasets from other clinics (external validation).

    The result has for each dataset its size and prevalence, scores with intervals, calibration
    before and after correction for the class shares in the dataset, and scores at the given
    operating points. Training images and near duplicates of them are found and excluded.

    Parameters
    ----------
    estimator : fitted classifier with predict_proba
        Any of scikit-learn's, or a :class:`SkinLesionClassifier`, a pipeline, a search.

    datasets : dict of str to Bunch
        Datasets by name, as the loaders return them: `data` or `images`, `target`, and optionally
        `groups` and `frame`. `data` may be a table, as :func:`evaluate` takes it. Scores are also
        reported for slices by the columns of the frame, except paths, ids, splits and classes. The
        class names must be those of the estimator: see :func:`map_labels`. Include the held-out
        test set of your own clinic for comparison.

    positive : str or int, default=None
        The class to detect, such as "melanoma".

    thresholds : DataFrame, dict of str to float, or array-like of float, default=None
        Operating points on the probability of `positive`, applied to each dataset: pass the table
        of :func:`choose_thresholds`.

    training : Bunch, array-like of paths or images, default=None
        The training data of the estimator, with the calibration images. Exact and near duplicates
        of them are excluded from each dataset, with all other images of their groups. If the Bunch
        has the `groups` of a loader, a note counts the remaining images of these groups: they may
        be other photographs of a training lesion, or two clinics may use the same id. Numbers, as
        the groups of an audit, are not compared, because they mean something else in each dataset.
        With None, nothing is excluded.

    class_prior : {"training", "uniform"}, dict, Series or array-like of shape (n_classes,), \
            default=None
        The class shares that the probabilities of the estimator assume, as in
        :class:`PriorCorrectedClassifier`. None uses what the estimator knows. If it knows nothing,
        calibration is not corrected, and a note says so.

    n_bootstraps : int, default=2000
        Number of bootstraps, for the scores at 80% or 90% sensitivity or specificity.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same intervals in each call.

    n_jobs : int or None, default=-1
        Number of threads for the search for duplicates. None means 1, unless in a
        :func:`joblib.parallel_config` context of threads; -1 means all cores of this process. It
        does not change the result.

    Returns
    -------
    external : ExternalEvaluation
        Tables for all datasets, a report for each, and a page.

    Raises
    ------
    ValueError
        If there is no dataset, if two have the same name, or if a dataset lacks images or target,
        has different numbers of them, has none of the classes, lacks groups in some rows, or
        contains only training images; the message names it. If `class_prior` lacks a class, or is
        "training" and the estimator does not know the shares of its training. Also for the reasons
        of :func:`evaluate` and :func:`find_overlap`.

    Warns
    -----
    UndefinedMetricWarning
        As :func:`evaluate` does. The message begins with the name of the dataset.
    UserWarning
        If groups of a dataset are also in the training data, or if several rows have a group such
        as "unknown".

    See Also
    --------
    evaluate : Makes the report of each dataset.
    find_overlap : Finds the images that datasets share.
    aggregate_by_group : Combines the probabilities of a lesion's images.

    Notes
    -----
    The correction divides probabilities by the shares of the classes that they hold for, and
    multiplies them by those in the dataset, as a clinic would know them [1]_; a class that the
    dataset lacks counts as half an image. Calibration that stays poor after it is not a matter of
    prevalence: images or diseases differ. Sensitivity, specificity and AUC of a class against the
    rest depend on the mix of the rest, too.

    References
    ----------
    .. [1] M. Saerens, P. Latinne and C. Decaestecker, "Adjusting the outputs of a classifier to new
       a priori probabilities", Neural Computation 14(1), 21-41, 2002.
       :doi:`10.1162/089976602753284446`

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skin_lesion import evaluate_external, make_lesion_images
    >>> ours, theirs = (
    ...     make_lesion_images(150, n_classes=2, weights=weights, image_size=16, random_state=seed)
    ...     for seed, weights in enumerate([[0.5, 0.5], [0.2, 0.8]]))
    >>> theirs.images[:5] = ours.images[:5]
    >>> flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1) / 255.0)
    >>> model = make_pipeline(flatten, LogisticRegression(C=0.01)).fit(ours.images, ours.target)
    >>> external = evaluate_external(
    ...     model, {"theirs": theirs}, positive="melanoma", training=ours.images,
    ...     class_prior=[0.5, 0.5], n_bootstraps=200, random_state=0)
    >>> external.datasets["exact_duplicates"].tolist()
    [5]
    >>> external.calibration.columns.tolist()
    ['value', 'low', 'high', 'corrected', 'corrected_low', 'corrected_high', 'groups']
    """
    if not datasets:
        raise ValueError("datasets is empty. Expected at least one Bunch by its name.")
    names = list(map(str, datasets))
    if len(set(names)) < len(names):
        raise ValueError(
            f"Two datasets have one name as text: {names}. Expected another name for each."
        )
    groups = training.get("groups") if isinstance(training, Mapping) else None
    datasets = {str(name): _check(name, dataset, groups) for name, dataset in datasets.items()}
    if _TRAINING in datasets:
        raise ValueError(
            f"A dataset has the name {_TRAINING!r}. Expected datasets of other clinics: pass the"
            " training images of the estimator as training, or choose another name."
        )
    if class_prior is not None:  # a wrong one is found before anything is predicted
        n_classes = len(find_classes(estimator))
        correct_prior(
            estimator, np.full((1, n_classes), 1 / n_classes), "uniform", class_prior=class_prior
        )
    seed, left_out, overlap = choose_seed(random_state), {}, None
    if training is not None:
        images = {name: _take_pictures(one["X"]) for name, one in datasets.items()}
        pictures = _take_pictures(take_images(training))
        overlap = find_overlap({_TRAINING: pictures, **images}, n_jobs=n_jobs)
        overlap = overlap[overlap["dataset"] == _TRAINING].reset_index(drop=True)
        for name, one in datasets.items():
            left_out[name] = _leave_out(name, one, overlap[overlap["other_dataset"] == name])
    reports, corrected, notes = {}, {}, []
    for name, one in datasets.items():
        y, given = one["y"], {"positive": positive, "n_bootstraps": n_bootstraps}
        given |= {"groups": one["groups"], "random_state": seed}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)  # raised once, below
            try:
                reports[name] = evaluate(
                    estimator, one["X"], y, frame=one["frame"], thresholds=thresholds, **given
                )
            except ValueError as error:
                error.add_note(f"This error occurred in the dataset {name!r}.")
                raise
            reports[name].left_out["shortcut baselines"] = "evaluate_external scores none"
            # Images were searched for above, or there is a note.
            del reports[name].left_out["search for training images"]
            if one["groups"] is not None and groups is not None:
                del reports[name].left_out["search for training lesions"]
            try:
                probabilities = _correct(estimator, reports[name], y, class_prior)
            except ValueError as error:
                notes.append(
                    f"Calibration is not corrected for the prevalence of a dataset: {error}"
                )
            else:
                corrected[name] = EvaluationReport.from_predictions(
                    y, probabilities, classes=find_classes(estimator), **given
                )
        for note in reports[name].notes:
            warnings.warn(f"{name}: {note}", UndefinedMetricWarning, stacklevel=3)
        if one["is_shared"].any():
            notes.append(
                f"{name}: {one['is_shared'].sum()} of {len(y)} images have groups that are also in"
                " the training data. If these are the same lesions or patients, the scores are"
                " invalid because of data leakage: leave out these images. If not, put the name of"
                " the dataset before its groups."
            )
            warnings.warn(notes[-1], UserWarning, stacklevel=3)
    if training is None:
        notes.append(
            "No training data were given, so training images in the datasets were not searched for."
        )
    return ExternalEvaluation(
        reports, corrected, left_out=left_out, overlap=overlap, notes=dict.fromkeys(notes)
    )


def _check(name, dataset, training_groups):
    """Return images, classes, groups and frame of a dataset, and which groups are trained on."""
    if not isinstance(dataset, Mapping) or "target" not in dataset:
        raise ValueError(
            f"The dataset {name!r} has no target. Expected datasets by name, each a Bunch from a"
            " loader, or Bunch(data=..., target=..., groups=...): {'clinic': dataset}."
        )
    groups, frame = dataset.get("groups"), dataset.get("frame")
    if frame is not None and not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"The frame of {name!r} is a {type(frame).__module__.split('.')[0]}"
            f" {type(frame).__name__}. Expected a DataFrame of pandas."
        )
    X = take_images(dataset)
    check_order(data=X, target=dataset["target"], groups=groups, frame=frame)
    parts = {
        "X": X if hasattr(X, "shape") else np.asarray(X),
        "y": check_labels(dataset["target"], name=f"datasets[{name!r}].target"),
        # Before rows are excluded by group: a missing group would match other missing groups.
        "groups": None if groups is None else number_labels(groups, name=f"groups of {name!r}")[1],
        "frame": None if frame is None else take_subgroups(frame),
    }
    sizes = {part: num_samples(values) for part, values in parts.items() if values is not None}
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{size} of {part}" for part, size in sizes.items())
        raise ValueError(
            f"The dataset {name!r} has rows of different numbers: {found}. Expected a class, and"
            " where they are given a group and a line of the frame, for each image. Choose the same"
            " rows of all."
        )
    is_shared = np.zeros(len(parts["y"]), dtype=bool)
    if groups is not None and training_groups is not None:
        ids = [value for value in np.ravel(training_groups) if isinstance(value, str)]
        ids = [value for value in ids if not value.startswith(OWN_GROUP)]  # a path is no id
        is_shared = pd.Series(np.ravel(groups)).isin(ids).to_numpy()
    return parts | {"is_shared": is_shared}


def _take_pictures(X):
    """Return X, or the paths in it if it is a table."""
    pictures = find_pictures(X)
    return X if pictures.images is None else pictures.images


def _leave_out(name, dataset, pairs):
    """Drop training images and their groups from a dataset, and return how many of each kind."""
    n = len(dataset["y"])
    is_copy, is_near, is_related = np.zeros((3, n), dtype=bool)
    is_copy[pairs.loc[pairs["kind"] == "content", "other_row"]] = True
    is_near[pairs["other_row"]] = True
    is_near &= ~is_copy
    if dataset["groups"] is not None:
        groups = pd.Series(dataset["groups"])
        is_related = groups.isin(groups[is_copy | is_near]).to_numpy() & ~(is_copy | is_near)
    keep = ~(is_copy | is_near | is_related)
    if not keep.any():
        raise ValueError(
            f"All {n} images of the dataset {name!r} are training images, or show the same lesions."
            " Expected images that the model was not trained on."
        )
    for part, values in dataset.items():
        dataset[part] = None if values is None else safe_indexing(values, keep)
    return {
        "exact_duplicates": int(is_copy.sum()),
        "near_duplicates": int(is_near.sum()),
        "same_groups": int(is_related.sum()),
    }


def _correct(estimator, report, y, class_prior):
    """Return the probabilities, corrected for the class shares in y."""
    known = find_classes(estimator)
    places = np.argsort(np.argsort(known))  # the report has sorted classes
    counts = np.array([np.count_nonzero(y == label) for label in known.tolist()])
    counts = np.maximum(counts, 0.5)
    return correct_prior(
        estimator, report.probabilities[:, places], counts / counts.sum(), class_prior=class_prior
    )
