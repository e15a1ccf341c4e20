"""Checks of estimators from a file that compute positions in memory from their attributes.

SciPy converts a sparse matrix to a dense one without checking that its indices are in range.
"""

from numbers import Integral

import numpy as np

from ..._utils.sklearn_private import one_hot_columns


def check_one_hot_encoder(encoder, beside):
    """Check that the column of each category is inside the matrix.

    Raises
    ------
    ValueError
        If one is not. Attributes that are missing, or of other types, raise an error in use.
    """
    if not hasattr(encoder, "categories_"):
        return
    categories = encoder.categories_
    widths, dropped, infrequent, mappings = one_hot_columns(encoder)
    if dropped is None:
        dropped = [None] * len(categories)
    elif type(dropped) is not np.ndarray or dropped.shape != (len(categories),):
        _refuse()
    if infrequent is None and mappings is None:
        infrequent = mappings = [None] * len(categories)
    parts = [categories, widths, infrequent, mappings]
    if any(type(part) is not list or len(part) != len(categories) for part in parts):
        _refuse()
    for column in zip(*parts, dropped, strict=True):
        _check_column(*column)


def _check_column(categories, width, infrequent, mapping, dropped):
    if type(categories) is not np.ndarray or categories.ndim != 1:
        _refuse()
    codes = np.arange(len(categories))
    # Numbers are found by bisection, which may end after the last one if they are not sorted.
    if not all(item is None or isinstance(item, (str, bytes)) for item in categories.tolist()):
        with np.errstate(invalid="ignore"):
            found = np.searchsorted(categories, categories)
        if not np.array_equal(found, codes):
            _refuse()
    if (infrequent is None) != (mapping is None):
        _refuse()
    if mapping is not None:
        if not 0 <= infrequent[0] < len(categories):
            _refuse()
        codes[:] = np.take(mapping, codes)
    if dropped is not None:
        if not isinstance(dropped, Integral) or dropped < 0:
            _refuse()
        kept = codes[codes != dropped]
        codes = kept - (kept > dropped)
    if not isinstance(width, Integral) or ((codes < 0) | (codes >= width)).any() or width < 0:
        _refuse()


def _refuse():
    raise ValueError("its OneHotEncoder has categories without their own column")


def check_one_vs_rest(classifier, beside):
    """Check that a classifier predicts one class per image: label sets are a sparse matrix.

    Raises
    ------
    ValueError
        If it predicts several classes.
    """
    if not hasattr(classifier, "label_binarizer_"):
        return
    if getattr(classifier.label_binarizer_, "y_type_", None) not in ("binary", "multiclass"):
        raise ValueError("its OneVsRestClassifier predicts several classes at a time")
