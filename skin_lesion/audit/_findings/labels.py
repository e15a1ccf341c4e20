"""Find photographs with several labels, and labels that out-of-fold predictions contradict."""

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from .describe_rows import describe_rows

_COLUMNS = ["row", "path", "label", "suggested_label", "self_confidence", "suggested_confidence"]


def find_label_conflicts(rows, photographs):
    """Return a line for each photograph with several labels, over copies and near duplicates."""
    n_labels = rows.groupby(photographs)["label"].transform("nunique")
    conflicting = rows[n_labels > 1]
    found = [
        describe_rows(of_photograph)
        for _, of_photograph in conflicting.groupby(photographs[conflicting.index])
    ]
    return pd.DataFrame(found, columns=["n_images", "labels", "splits", "rows", "paths"])


def find_suspected_labels(rows, classes, labels, pred_probas):
    """Return the rows that confident learning considers mislabelled, least confident first.

    A row belongs confidently to a class if the probability of the class is at least its mean
    probability in the rows with that label. A row is suspected if the most probable of its
    confident classes is not its label [1]_. Rows are ranked by self-confidence, the probability of
    the given label.

    Parameters
    ----------
    rows : DataFrame of n rows

    classes : ndarray of shape (n_classes,)
        Sorted.

    labels : ndarray of shape (n,), of int
        Indices into `classes`.

    pred_probas : ndarray of shape (n, n_classes) or None
        Out-of-fold probabilities, from models that were not trained on the row.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident Learning: Estimating Uncertainty
       in Dataset Labels", Journal of Artificial Intelligence Research 70, 1373-1411, 2021.
       :doi:`10.1613/jair.1.12125`
    """
    if pred_probas is None:
        return pd.DataFrame(columns=_COLUMNS)
    every = np.arange(len(labels))
    thresholds = np.array(
        [pred_probas[labels == label, label].mean() for label in range(len(classes))]
    )
    confident = np.where(pred_probas >= thresholds, pred_probas, -1.0)
    suggested = confident.argmax(axis=1)
    is_suspected = (confident.max(axis=1) >= 0) & (suggested != labels)
    found = pd.DataFrame(
        {
            "row": every,
            "path": rows["path"].to_numpy(),
            "label": classes[labels],
            "suggested_label": classes[suggested],
            "self_confidence": pred_probas[every, labels],
            "suggested_confidence": pred_probas[every, suggested],
        },
        columns=_COLUMNS,
    )[is_suspected]
    return found.sort_values(["self_confidence", "row"], ignore_index=True)


def check_probabilities(pred_probas, classes, n_rows):
    """Return probabilities as an array whose columns are in the order of the classes.

    Raises
    ------
    ValueError
        If they are not probabilities, or not one for each row and class.
    """
    if isinstance(pred_probas, pd.DataFrame):
        missing = [name for name in classes if name not in pred_probas.columns]
        if missing or len(pred_probas.columns) != len(classes):
            raise ValueError(
                f"pred_probas has the columns {list(pred_probas.columns)}. Expected one for each"
                f" class of y: {list(classes)}."
            )
        pred_probas = pred_probas[list(classes)]
    pred_probas = check_array(pred_probas, dtype=float, input_name="pred_probas")
    if pred_probas.shape != (n_rows, len(classes)):
        raise ValueError(
            f"pred_probas has shape {pred_probas.shape}. Expected ({n_rows}, {len(classes)}): a row"
            f" for each row of X, and a column for each class of y in the order {list(classes)}."
        )
    sums = pred_probas.sum(axis=1)
    wrong = np.flatnonzero((np.abs(sums - 1) > 1e-3) | (pred_probas < 0).any(axis=1))
    if len(wrong):
        raise ValueError(
            f"{len(wrong)} row(s) of pred_probas are not probabilities; the first is row"
            f" {wrong[0]}, which sums to {sums[wrong[0]]:g}. Expected numbers of at least 0 that"
            " sum to 1, such as cross_val_predict(..., method='predict_proba') returns."
        )
    return pred_probas
