"""List the shortcuts that a dataset offers, and measure how well each predicts the class."""

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold

from ..._utils.intervals import combine, estimate_rate
from .measures import BORDER_MEASURES, COLOUR_MEASURES

# Share of rows that must have an ISIC id for the id to be measured as a shortcut.
_MIN_SHARE_OF_IDS = 0.9
_COLUMNS = ["balanced_accuracy", "low", "high", "chance", "n_images", "n_classes"]
_MAX_IMAGES = 20_000
_N_FOLDS = 5


def list_shortcuts(rows, measures, frame):
    """Return the properties that may predict the class without the lesion, by their names."""
    shortcuts = {
        "image size": rows[["height", "width"]].to_numpy(dtype=float),
        "file size": rows[["n_bytes"]].to_numpy(dtype=float),
        "border": measures[BORDER_MEASURES].to_numpy(),
        "mean colour": measures[COLOUR_MEASURES].to_numpy(),
    }
    if rows["n_bytes"].isna().all():  # images in memory
        del shortcuts["file size"]
    if rows["isic_id"].notna().mean() >= _MIN_SHARE_OF_IDS:
        # The archive numbers its images as they arrive, source by source.
        numbers = rows["isic_id"].str.removeprefix("ISIC_").astype(float)
        shortcuts["ISIC id"] = numbers.to_numpy().reshape(-1, 1)
    if frame is not None and "source" in frame and frame["source"].nunique(dropna=False) > 1:
        shortcuts["source"] = frame["source"].to_numpy(dtype=object)
    return shortcuts


def measure_shortcuts(features, y, groups, *, n_jobs=1, random_state=0):
    """Predict the class from each shortcut alone, in cross-validation by group.

    A small model can learn the class from the file size or the colour of the border. A network that
    sees the image can learn this, too, and will fail in another clinic [1]_ [2]_ [3]_. A property
    is a shortcut if the interval of its balanced accuracy lies above chance. Colours and borders
    also depend on the lesion itself to some degree: for these, look at the size of the score.

    Parameters
    ----------
    features : dict of str to ndarray
        Of shape (n, k), of float, or of shape (n,), of str or object, for a category such as the
        source. NaN and None are missing values. That a value is missing may predict the class, too.

    y : array-like of shape (n,) or None
        The class of each image. Images without a class are left out.

    groups : array-like of shape (n,), of int
        The lesion or patient of each image, which stays in one fold.

    n_jobs : int
        Number of threads.

    random_state : int, default=0
        The same seed gives the same scores.

    Returns
    -------
    shortcuts : DataFrame
        Indexed by `shortcut`, the names of the features, in their order.

        balanced_accuracy : float
            Mean of the recalls of the classes, from out-of-fold predictions.
        low, high : float
            The 95% interval over groups. It does not include how the model would vary with other
            training images: in 100 sets of 300 images with random labels, it lay above chance in 9
            and below chance in 5.
        chance : float
            1 / n_classes.
        n_images, n_classes : int
            How many were used.

        No rows if there are fewer than 2 classes.

    Notes
    -----
    Classes of fewer than 2 groups are left out. There are 5 folds, or as many as the rarest class
    has groups if it has fewer. If there are more than 20,000 images, the largest classes are
    subsampled at random to one size, so that 20,000 images remain: each class counts the same in
    the score.

    The model is a forest of 50 extremely randomised trees with balanced class weights, whose leaves
    hold at least 0.5% of the images. It needs no scaling or tuning, finds any kind of dependence,
    and treats a missing value as a value. On HAM10000, random forests gave the same scores within
    0.03 but took longer. With smaller leaves, scores from a single number, such as the file size,
    were lower.

    References
    ----------
    .. [1] J. K. Winkler et al., "Association between surgical skin markings in dermoscopic images
       and diagnostic performance of a deep learning convolutional neural network for melanoma
       recognition", JAMA Dermatology 155(10), 1135-1141, 2019.
       :doi:`10.1001/jamadermatol.2019.1735`
    .. [2] A. Bissoto et al., "Debiasing skin lesion datasets and models? Not so fast", CVPR
       Workshops, 2020. :doi:`10.1109/CVPRW50498.2020.00378`
    .. [3] B. Cassidy et al., "Analysis of the ISIC image datasets: Usage, benchmarks and
       recommendations", Medical Image Analysis 75, 102305, 2022.
       :doi:`10.1016/j.media.2021.102305`
    """
    empty = pd.DataFrame(columns=_COLUMNS, index=pd.Index([], name="shortcut"), dtype=float)
    if y is None or not features:
        return empty
    rng = np.random.default_rng(random_state)
    rows, labels, groups = _choose_rows(y, np.asarray(groups), rng)
    n_classes = len(np.unique(labels))
    if n_classes < 2:
        return empty
    folds = _split(labels, groups, random_state)
    table = {}
    for name, values in features.items():
        values = _to_numbers(values)[rows]
        predicted = np.empty_like(labels)
        for train, test in folds:
            model = make_shortcut_model(n_jobs=n_jobs, random_state=random_state)
            predicted[test] = model.fit(values[train], labels[train]).predict(values[test])
        score, low, high = _score(labels, predicted == labels, groups)
        table[name] = [score, low, high, 1 / n_classes, len(rows), n_classes]
    shortcuts = pd.DataFrame.from_dict(table, orient="index", columns=_COLUMNS)
    return shortcuts.astype({"n_images": int, "n_classes": int}).rename_axis("shortcut")


def make_shortcut_model(*, n_jobs, random_state):
    """Return a forest that finds any kind of dependence of the class on a few numbers."""
    return ExtraTreesClassifier(
        n_estimators=50,
        min_samples_leaf=0.005,
        max_features=None,
        class_weight="balanced",
        n_jobs=n_jobs,
        random_state=random_state,
    )


def _to_numbers(values):
    """Return a matrix of float; categories are numbered in the order of their frequency."""
    values = np.asarray(values)
    if values.ndim == 2:
        return values.astype(np.float64)
    order = pd.Series(values).value_counts().index
    numbers = order.get_indexer(values).astype(np.float64)
    numbers[numbers < 0] = np.nan
    return numbers[:, np.newaxis]


def _choose_rows(y, groups, rng):
    """Return the rows to use, with the numbers of their classes and their groups."""
    labels, _ = pd.factorize(np.asarray(y, dtype=object), sort=True)
    rows = rng.permutation(np.flatnonzero(labels >= 0))
    rank_in_class = pd.Series(labels[rows]).groupby(labels[rows]).cumcount().to_numpy()
    rows = np.sort(rows[rank_in_class < _find_cap(np.bincount(labels[rows]), _MAX_IMAGES)])
    n_groups = pd.Series(groups[rows]).groupby(labels[rows]).transform("nunique").to_numpy()
    rows = rows[n_groups >= 2]
    return rows, np.unique(labels[rows], return_inverse=True)[1], groups[rows]


def _find_cap(sizes, total):
    """Return the size to which the larger classes are cut so that at most `total` rows remain."""
    cap = max(sizes, default=0)
    for n_smaller, size in enumerate(sorted(sizes)):
        if size * (len(sizes) - n_smaller) > total:  # this class and the larger ones share the rest
            return total // (len(sizes) - n_smaller)
        total -= size
    return cap


def _split(labels, groups, random_state):
    n_groups = pd.Series(groups).groupby(labels).nunique().min()
    cv = StratifiedGroupKFold(min(_N_FOLDS, n_groups), shuffle=True, random_state=random_state)
    return list(cv.split(labels, labels, groups))


def _score(labels, is_hit, groups):
    """Return the balanced accuracy, and its interval over groups."""
    groups = np.unique(groups, return_inverse=True)[1]
    recalls = [
        estimate_rate((rows & is_hit) * 1.0, rows * 1.0, groups, groups.max() + 1)
        for rows in labels == np.arange(labels.max() + 1)[:, np.newaxis]
    ]
    score = combine(recalls, np.full(len(recalls), 1 / len(recalls)), bounds=(0, 1))
    return score.value, float(score.low), float(score.high)
