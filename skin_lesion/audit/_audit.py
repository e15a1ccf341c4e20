"""Find the faults of a dataset, in one call."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from .._utils.read_ahead import count_workers
from .._utils.sklearn_private import validate_params
from .._utils.validation.labels import number_labels
from .._utils.validation.rows import check_lengths, check_order
from ._dataset_audit import DatasetAudit
from ._findings.class_counts import count_classes
from ._findings.copies import find_exact_duplicates
from ._findings.groups import find_group_conflicts, number_photographs
from ._findings.labels import check_probabilities, find_label_conflicts, find_suspected_labels
from ._findings.leaks import find_split_leaks
from ._findings.near_duplicates import (
    describe_pairs,
    find_near_duplicates,
    find_near_duplicates_of_embedding,
)
from ._list_images import add_files, list_images
from ._quality.measures import flag
from ._quality.scan import open_images, scan_images
from ._quality.shortcuts import list_shortcuts, measure_shortcuts


@validate_params(
    {
        "y": ["array-like", None],
        "groups": ["array-like", None],
        "split": ["array-like", None],
        "frame": [pd.DataFrame, None],
        "pred_probas": ["array-like", None],
        "near_duplicates": ["boolean", "array-like"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def audit_dataset(
    X,
    y=None,
    *,
    groups=None,
    split=None,
    frame=None,
    pred_probas=None,
    near_duplicates=True,
    n_jobs=-1,
    verbose=0,
):
    """Find the faults of a dataset before a model learns them.

    The audit reads every image once. It looks for files that cannot be read, exact and near
    duplicates, label conflicts, images and lesions on both sides of a split, and lesions with
    several labels. With out-of-fold predictions, it also looks for suspected labels. It measures
    how well shortcuts alone, such as the image size, predict the class, and it estimates the
    quality of each image. An image that cannot be read is a finding, not an error.

    Parameters
    ----------
    X : array-like of shape (n, 1) or (n,), of paths, or ndarray of shape (n, height, width, 3)
        Paths as in :class:`ImageLoader`, or RGB pixels from 0 to 255.

    y : array-like of shape (n,), default=None
        The class of each image. Without it, the checks that need labels are left out.

    groups : array-like of shape (n,), default=None
        The lesion or patient of each image.

    split : array-like of shape (n,), default=None
        "train", "val" or "test" for each image. Variants such as "Training" and "valid" are
        accepted.

    frame : DataFrame of n rows, default=None
        Metadata of the images, such as the `frame` of :func:`load_image_folder`. The audit uses two
        of its columns. `lesion_id`: photographs of one lesion must have one label, those of one
        patient need not. Placeholders such as "unknown", "?" or -1 are no lesion. A lesion on both
        sides of a split is found by `groups` alone. `source`: the source of an image can be a
        shortcut, too.

    pred_probas : array-like of shape (n, n_classes), default=None
        Out-of-fold probabilities: predictions of models that were trained neither on the row nor
        on its copies (split by the `groups` of an audit). The columns are in the sorted order of
        the classes, or `pred_probas` is a DataFrame whose columns have the names of the classes.

    near_duplicates : bool or array-like of shape (n, n_features), default=True
        Whether to look for near duplicates with a perceptual descriptor. It finds images that were
        re-encoded, resized, brightened, mirrored or rotated by multiples of 90 degrees, but not
        images that were cropped. Or an embedding: rows with a cosine distance up to 0.02 are near
        duplicates.

    n_jobs : int or None, default=-1
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    verbose : int, default=0
        Above 0, show a progress bar.

    Returns
    -------
    audit : DatasetAudit
        The findings as tables, and what to do about them.

    Raises
    ------
    ValueError
        If lengths differ, if labels, groups or splits are missing in some rows, if `split` has
        other names, or if `pred_probas` are not probabilities for these rows and classes.
    TypeError
        If `X` holds neither paths nor images.

    Warns
    -----
    UserWarning
        If several rows have a group such as "unknown".

    See Also
    --------
    assert_no_leak : A quick check of one split.
    load_isic_release : Labels, lesions and patients of the ISIC releases.

    Notes
    -----
    Images are read in batches, and each is kept as descriptors of 2 KB. Memory therefore hardly
    depends on their size. Most of the time goes into reading the images, and a little into the
    search for near duplicates.

    Two photographs of one lesion are not near duplicates. Only `groups` can link them.

    Examples
    --------
    A melanoma is also labelled as a nevus, and the test set contains a mirrored training image:

    >>> import numpy as np
    >>> from skin_lesion import audit_dataset, make_lesion_images
    >>> lesions = make_lesion_images(40, n_classes=2, images_per_lesion=1, random_state=0)
    >>> melanoma, nevus = (lesions.images[lesions.target == name][0]
    ...                    for name in ("melanoma", "nevus"))
    >>> X = np.concatenate([lesions.images, [melanoma, nevus[:, ::-1]]])
    >>> y = [*lesions.target, "nevus", "nevus"]
    >>> split = ["train"] * 30 + ["test"] * 10 + ["train", "test"]
    >>> audit = audit_dataset(X, y, split=split)
    >>> audit
    <DatasetAudit of 42 images: 0 unreadable, 1 exact_duplicates, 1 label_conflicts, ...>
    >>> audit.label_conflicts["labels"].tolist()
    [('melanoma', 'nevus')]
    >>> audit.near_duplicates[["label", "transform"]].values.tolist()
    [['nevus', 'mirrored left to right']]
    >>> keep = audit.keep("drop_conflicts") & audit.keep("drop_leaks")
    >>> int(keep.sum())
    39
    """
    check_order(
        X=X,
        y=y,
        groups=groups,
        split=split,
        frame=frame,
        pred_probas=pred_probas,
        near_duplicates=near_duplicates,
    )
    images = open_images(X)
    rows = list_images(images, y, groups, split, frame)
    classes = labels = None
    if y is not None:
        classes, labels = number_labels(rows["label"], name="y")
    if pred_probas is not None:
        if y is None:
            raise ValueError("Got pred_probas without y. Expected both: pass the labels, too.")
        pred_probas = check_probabilities(pred_probas, classes, len(rows))
    if isinstance(near_duplicates, (bool, np.bool_)):
        near_duplicates = bool(near_duplicates)
    else:
        near_duplicates = check_array(near_duplicates, input_name="near_duplicates")
        check_lengths(X=images, near_duplicates=near_duplicates)

    scan = scan_images(images, n_jobs=n_jobs, verbose=verbose)
    rows = add_files(rows, scan.files)
    pairs = _find_pairs(rows, scan.descriptors, near_duplicates)
    photographs = number_photographs(rows, pairs)
    copies = find_exact_duplicates(rows)
    flags = flag(scan.measures)
    tables = {
        "unreadable": rows.loc[rows["error"] != "", ["path", "label", "error"]]
        .rename_axis("row")
        .reset_index(),
        "exact_duplicates": copies,
        "label_conflicts": find_label_conflicts(rows, photographs),
        "near_duplicates": pairs,
        "split_leaks": find_split_leaks(rows, photographs, groups is not None),
        "group_conflicts": find_group_conflicts(rows, photographs),
        "suspected_labels": find_suspected_labels(rows, classes, labels, pred_probas),
        "class_counts": count_classes(rows),
        "quality": pd.concat([flags, scan.measures], axis=1),
        "quality_by_class": (
            flags[rows["error"] == ""].groupby(rows["label"].fillna("all")).mean()
        ).rename_axis("class"),
    }
    audit = DatasetAudit(
        rows.drop(columns=["content", "error", "lesion"]),
        tables,
        photographs=photographs,
        not_checked=_name_what_is_missing(rows, y, groups, split, pred_probas, near_duplicates),
        source=images,
    )
    # Each content once, and folds by lesion: otherwise the model memorises images.
    sound = audit.keep("first")
    audit.shortcuts = measure_shortcuts(
        {
            name: values[sound]
            for name, values in list_shortcuts(rows, scan.measures, frame).items()
        },
        None if y is None else rows["label"].to_numpy()[sound],
        audit.groups[sound],
        n_jobs=count_workers(n_jobs),
    )
    if audit.shortcuts.empty:
        audit.not_checked.setdefault(
            "shortcuts", "fewer than two classes have two groups without label conflicts"
        )
    return audit


def _find_pairs(rows, descriptors, near_duplicates):
    """Compare each content once."""
    is_new = (rows["error"] == "") & ~rows["content"].duplicated()
    representatives = np.flatnonzero(is_new)
    if isinstance(near_duplicates, np.ndarray):
        pairs = find_near_duplicates_of_embedding(near_duplicates[representatives])
    else:
        representatives = representatives if near_duplicates else representatives[:0]
        pairs = find_near_duplicates(descriptors[representatives])
    return describe_pairs(rows, pairs, representatives)


def _name_what_is_missing(rows, y, groups, split, pred_probas, near_duplicates):
    has_lesions = rows["lesion"].notna().any()
    reasons = {
        "near_duplicates": (near_duplicates is False, "near_duplicates=False"),
        "label_conflicts": (y is None, "no labels were given"),
        "shortcuts": (y is None, "no labels were given"),
        "group_conflicts": (
            groups is None and not (has_lesions and y is not None),
            "no groups were given",
        ),
        "labels of one lesion": (
            y is not None and groups is not None and not has_lesions,
            "no lesion ids were given in frame",
        ),
        "split_leaks": (split is None, "no split was given"),
        "leaks by group": (
            split is not None and groups is None,
            f"no groups were given{', only lesion_id of frame' if has_lesions else ''}",
        ),
        "suspected_labels": (pred_probas is None, "no out-of-fold probabilities were given"),
    }
    return {name: reason for name, (is_missing, reason) in reasons.items() if is_missing}
