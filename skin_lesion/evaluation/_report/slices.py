"""Scores of subgroups of images, by sex, age band, site, source or any other column."""

import numpy as np
import pandas as pd

from ..._utils.intervals import combine
from .._intervals.estimates import Estimates
from .._intervals.grouped_rows import number_groups
from .._intervals.score_tables import FEW_GROUPS, SHORT_SCORES, score_shortly

_AGES = {"under 30": 30, "30 to 49": 50, "50 to 69": 70, "70 and over": np.inf}
_MAX_VALUES = 20
_N_QUANTILES = 4
# Codes, such as skin types from 1 to 6, are no quantities.
_MAX_CODES = 10
_MISSING = "missing"
# Fewer than in the report, because there are many slices, each compared with the rest.
_MOST_BLOCKS = 200


def take_subgroups(frame):
    """Return the columns of a loader's frame for subgroups: no ids, paths or classes."""
    names = frame.columns.astype(str).str.lower()
    # The loaders give a column of the metadata another name beside one of their own.
    own = r"(metadata_)?(path|split|target|diagnosis)"
    classes = r"class|dx|malignant|malignancy|benign_malignant|diagnosis_\d|iddx_.*"
    return frame.loc[:, ~names.str.fullmatch(rf"{own}|{classes}|.*_id|.*label.*")]


def make_slices(frame, part, positive):
    """Return the scores of each value of each column, and the reasons for omitted columns.

    Parameters
    ----------
    frame : DataFrame of n rows

    part : Part

    positive : int or None
        The class whose sensitivity, specificity and AUC are also computed.

    Returns
    -------
    slices : DataFrame indexed by column and value
        `images`, `groups`, `classes` (how many occur), `few` (fewer than 30 groups, so intervals
        are wide), each score with its `_low`, `_high` and `_groups` (behind the score), and its
        `_difference` to the score of all other images, also with these.

    left_out : dict of str to str
    """
    lines, left_out = {}, {}
    numbers = number_groups([part], _MOST_BLOCKS)
    for name in frame.columns.unique():
        values, reason = _cut(frame[name], part.predictions.y)
        if reason:
            left_out[str(name)] = reason
            continue
        for value in values.cat.categories:
            is_inside = (values == value).to_numpy()
            lines[str(name), str(value)] = _score(part, is_inside, numbers, positive)
    slices = pd.DataFrame.from_dict(lines, orient="index")
    if len(lines):
        slices.index = pd.MultiIndex.from_tuples(lines, names=["column", "value"])
    return slices, left_out


def _cut(column, y):
    """Return the column as categories in a sensible order, or why it cannot be sliced."""
    if column.ndim > 1:
        return None, "several columns have this name"
    column = column.reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        column = _cut_numbers(column)
    elif not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.map(lambda value: str(value), na_action="ignore").astype("category")
    if len(column.cat.categories) > _MAX_VALUES:  # of a larger table, perhaps
        column = column.cat.remove_unused_categories()
    n_values = len(column.cat.categories)
    if n_values > _MAX_VALUES:
        return None, f"it has {n_values} values, like an id; the maximum is {_MAX_VALUES}"
    column = column.cat.rename_categories([str(value) for value in column.cat.categories])
    if column.isna().any():
        if _MISSING not in column.cat.categories:
            column = column.cat.add_categories(_MISSING)
        column = column.fillna(_MISSING)
    if column.nunique() < 2:
        return None, "it has a single value"
    n_classes = pd.Series(y).groupby(column.to_numpy()).nunique()
    if n_classes.max() == 1 < len(np.unique(y)):
        return None, "each of its values occurs in a single class, so it reveals the class"
    return column, None


def _cut_numbers(column):
    if column.dtype == np.float16:  # pandas has no intervals of these
        column = column.astype(np.float32)
    if column.name == "age":
        bands = [-np.inf, *_AGES.values()]
        return pd.cut(column, bands, right=False, labels=list(_AGES))
    column = column.replace([-np.inf, np.inf], np.nan)
    is_whole = (column.dropna() % 1 == 0).all()
    if column.nunique() <= (_MAX_CODES if is_whole else _N_QUANTILES):
        column = column.astype("category")
        # Beside missing values, whole numbers are floats.
        return column.cat.rename_categories(int) if is_whole else column
    bands = pd.qcut(column, _N_QUANTILES, duplicates="drop").cat.remove_unused_categories()
    if len(bands.cat.categories) < 2:  # most rows have one value: less, this value, more
        bands = np.sign(column - column.mode()[0]).astype("category")
    ends = column.groupby(bands, observed=True).agg(["min", "max"]).to_numpy().tolist()
    names = [f"{low:g} to {high:g}" for low, high in ends]
    if len(set(names)) < len(names):
        names = [f"{low} to {high}" for low, high in ends]
    return bands.cat.rename_categories(names)


def _score(part, is_inside, numbers, positive):
    rows, others = np.flatnonzero(is_inside), np.flatnonzero(~is_inside)
    groups = part.rows if part.groups is None else part.groups
    n_groups = len(np.unique(groups[rows]))
    line = {
        "images": len(rows),
        "groups": n_groups,
        "classes": len(np.unique(part.predictions.y[rows])),
        "few": n_groups < FEW_GROUPS,
    }
    if not len(rows):
        return line
    inside, rest = (Estimates([part.take(side)], numbers=numbers) for side in (rows, others))
    of_rest = score_shortly(rest, positive)
    has_same_classes = inside.grouped.present == rest.grouped.present
    for name, one in score_shortly(inside, positive).items():
        found = {name: one}
        # Means over different classes are not comparable.
        if has_same_classes or name not in (SHORT_SCORES[1], "roc_auc_ovr"):
            found[f"{name}_difference"] = combine([one, of_rest[name]], [1, -1], bounds=(-1, 1))
        for key, score in found.items():
            line |= {
                key: score.value,
                f"{key}_low": score.low,
                f"{key}_high": score.high,
                f"{key}_groups": score.n_groups,
            }
    return line
