"""Read the labels of a release, and give them the names that all releases share."""

import numpy as np
import pandas as pd

from .._reading.one_hot import read_one_hot
from .._reading.table_file import change_values, is_unknown, to_numbers
from .._taxonomy.label_sets import BINARY, LABEL_SETS, counterpart
from .._taxonomy.names import canonical_name
from .formats import FORMAT_2019_AS_2020

# The column for a table's own label, whatever its form in the table.
LABEL = "_label"

_INDETERMINATE = "indeterminate"
_MALIGNANCY = {
    "0": "benign",
    "1": "malignant",
    "0.0": "benign",
    "1.0": "malignant",
    "false": "benign",
    "true": "malignant",
    "benign": "benign",
    "malignant": "malignant",
    # The archive has further values.
    "indeterminate": _INDETERMINATE,
    "indeterminate/benign": _INDETERMINATE,
    "indeterminate/malignant": _INDETERMINATE,
    "unknown": None,
    "": None,
}


# The first column with a value is used.
_MALIGNANCY_COLUMNS = {
    **dict.fromkeys(
        ("2016", "2020", "2024"), ("malignancy", "benign_malignant", "target", "malignant")
    ),
    # The tables of the release have neither; those of resized copies do. In some of these copies,
    # `target` is 1 for melanomas alone: it counts only in tables without a diagnosis.
    "2019": ("benign_malignant", "target"),
    "isic-cli": ("benign_malignant", "diagnosis_1"),
}


def gather_label(table, table_format, path):
    """Replace the columns that hold the label of each row by one column.

    Raises
    ------
    ValueError
        If a row has no class, or is neither benign nor malignant.
    """
    for column in _MALIGNANCY_COLUMNS.get(table_format.release, ()):
        if column in table:
            _to_malignancy(table[column], path)
    if table_format.one_hot:
        columns = [name for name in table_format.one_hot if name in table]
        label = read_one_hot(table[columns], repr(path))
    elif "seborrheic_keratosis" in table:
        columns = ["melanoma", "seborrheic_keratosis"]
        scores = table[columns]
        # In ISIC 2017, all other lesions are nevi. Two diseases at once give -1, which is an error.
        nevus = 1 - scores.apply(to_numbers).sum(axis=1)
        label = read_one_hot(scores.assign(nevus=nevus), repr(path))
    elif "dx" in table:
        columns, label = [], table["dx"]
    elif table_format is FORMAT_2019_AS_2020 and "diagnosis" in table:
        columns, label = [], table["diagnosis"]
    else:
        return table
    return table.drop(columns=columns).assign(**{LABEL: label})


def read_labels(table, release):
    """Return the release's own label of each row, its diagnosis, and whether it is malignant.

    Parameters
    ----------
    table : DataFrame of n rows
        All columns of the release, by ISIC id.

    release : str

    Returns
    -------
    labels : DataFrame of n rows
        Columns `own`, `diagnosis` and `malignancy`: canonical names, or missing values. `own` may
        also be "unknown", if the release says so, and `malignancy` "indeterminate".
    """
    labels = pd.DataFrame({"own": None, "diagnosis": None}, table.index)
    names = _MALIGNANCY_COLUMNS.get(release, ())
    if release == "2019" and LABEL in table:
        names = ("benign_malignant",)
    said = [_to_malignancy(column, "the tables") for column in _present(table, names)]
    malignancy = first_known(
        [column.where(column != _INDETERMINATE, None) for column in said], table.index
    )
    if release == "2024":  # its label is 0 for indeterminate lesions
        said += [change_values(column, str.lower) for column in _present(table, ["iddx_1"])]
    is_indeterminate = np.any([column == _INDETERMINATE for column in said], axis=0)
    is_indeterminate = is_indeterminate & (malignancy != "malignant")
    labels["malignancy"] = malignancy.mask(is_indeterminate, _INDETERMINATE)
    if release in ("2016", "2020", "2024"):
        columns = {"2020": ["diagnosis"], "2024": ["iddx_3"]}.get(release, [])
        labels["diagnosis"] = first_known(_present(table, columns), table.index)
        labels["own"] = malignancy
    elif release == "isic-cli":
        columns = ["diagnosis", "diagnosis_3", "diagnosis_2"]
        labels["diagnosis"] = first_known(_present(table, columns), table.index)
        labels["own"] = labels["diagnosis"]
    elif LABEL in table:
        labels["own"] = labels["diagnosis"] = table[LABEL]
    elif release == "2019":
        labels["own"] = malignancy
    labels["own"] = _name(labels["own"], keep_unknown=True)
    diagnosis = _name(labels["diagnosis"])
    labels["diagnosis"] = diagnosis.mask(diagnosis.isna() & is_indeterminate, _INDETERMINATE)
    return labels


def choose_label(labels, label_set, indeterminate):
    """Return the label of each row in a label set, or with None the release's own label.

    If a release says which lesions are malignant, this is used: ISIC 2020, for example, gives a
    diagnosis for only a fifth of its images. A malignant or indeterminate diagnosis decides first,
    because columns such as `target` may distinguish only melanomas from all other lesions.
    """
    if label_set is None:
        return labels["own"].where(labels["own"] != "unknown", None)
    names = labels["diagnosis"]
    classes = {
        name: counterpart(name, label_set, indeterminate)
        for name in names.dropna().unique()
        if canonical_name(name) is not None
    }
    mapped = names.map(classes).astype(object)
    if label_set == BINARY:
        said = labels["malignancy"]
        decides = names.isin([name for name in classes if counterpart(name, BINARY) != "benign"])
        rule = None if indeterminate == "drop" else indeterminate
        mapped = mapped.where(decides | said.isna(), said.mask(said == _INDETERMINATE, rule))
    return mapped.where(mapped.notna(), None)


def is_label_set(label):
    return label is None or label in LABEL_SETS


def _present(table, columns):
    return [table[column] for column in columns if column in table]


def first_known(columns, index):
    """Return the first value of each row that is not missing."""
    values = pd.Series(None, index, dtype=object)
    for column in columns:
        values = values.where(values.notna(), column.astype(object))
    return values


def _to_malignancy(column, path):
    malignancy = change_values(column, lambda text: _MALIGNANCY.get(text.lower(), "wrong"))
    wrong = malignancy == "wrong"
    if wrong.any():
        isic_id = wrong.index[wrong.to_numpy()][0]
        raise ValueError(
            f"{path!r} has {wrong.sum()} value(s) of {column.name!r} that are neither benign nor"
            f" malignant. The first is {str(column[isic_id])!r} for {isic_id!r}. Expected 0 and 1,"
            " or 'benign' and 'malignant'. Repair these rows."
        )
    return malignancy


def _name(column, keep_unknown=False):
    """Return canonical names of diagnoses. Diagnoses of no label set keep their lower-case name."""

    def name(text):
        if is_unknown(text):
            return "unknown" if keep_unknown else None
        return canonical_name(text) or text.lower()

    return change_values(column, name)
