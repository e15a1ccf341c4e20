"""Map the label sets of the ISIC releases onto each other, where that is medically defined.

Every name stands for a set of diagnoses. A label has a counterpart in another set if all that it
stands for lies in one class there, and in no other. Nothing else is mapped: a benign keratosis is a
seborrheic keratosis or a solar lentigo, and only a look at the lesion tells which.
"""

import re
from collections import Counter

import numpy as np
import pandas as pd
from sklearn.utils import column_or_1d

from .._utils.validation.messages import did_you_mean

# What one look at a lesion, or under the microscope, tells apart.
_MELANOMA = {"melanoma"}
_NEVUS = {"nevus"}
_BASAL_CELL = {"basal cell carcinoma"}
_ACTINIC = {"actinic keratosis"}
_IN_SITU = {"squamous cell carcinoma in situ"}
_INVASIVE = {"invasive squamous cell carcinoma"}
_SEBORRHEIC = {"seborrheic keratosis"}
_KERATOSES = _SEBORRHEIC | {"solar lentigo", "lichen planus-like keratosis"}
_DERMATOFIBROMA = {"dermatofibroma"}
_VASCULAR = {"vascular lesion"}
# In no set of classes but benign and malignant.
_OTHER_BENIGN = {"lentigo simplex", "lentigo", "cafe-au-lait macule", "scar"}
_OTHER_MALIGNANT = {"melanoma metastasis"}
_INDETERMINATE = {"atypical melanocytic proliferation"}

AKIEC = "actinic keratosis or intraepithelial carcinoma"

_COMMON = {
    "melanoma": _MELANOMA,
    "nevus": _NEVUS,
    "basal cell carcinoma": _BASAL_CELL,
    "dermatofibroma": _DERMATOFIBROMA,
    "vascular lesion": _VASCULAR,
}
LABEL_SETS = {
    "7-class": {**_COMMON, AKIEC: _ACTINIC | _IN_SITU, "benign keratosis": _KERATOSES},
    "8-class": {
        **_COMMON,
        "actinic keratosis": _ACTINIC,
        "squamous cell carcinoma": _IN_SITU | _INVASIVE,
        "benign keratosis": _KERATOSES,
    },
    "9-class": {
        **_COMMON,
        "actinic keratosis": _ACTINIC,
        "squamous cell carcinoma": _IN_SITU | _INVASIVE,
        "pigmented benign keratosis": _KERATOSES,
        "seborrheic keratosis": _SEBORRHEIC,
    },
    "benign_malignant": {
        "benign": _NEVUS | _KERATOSES | _DERMATOFIBROMA | _VASCULAR | _OTHER_BENIGN,
        "malignant": _MELANOMA | _BASAL_CELL | _IN_SITU | _INVASIVE | _OTHER_MALIGNANT,
    },
}

# What each name stands for: classes by their sets, diagnoses by themselves.
_MEANING = {
    name: meaning for classes in LABEL_SETS.values() for name, meaning in classes.items()
} | {
    name: {name}
    for name in (
        *(_IN_SITU | _INVASIVE | _KERATOSES),
        *(_OTHER_BENIGN | _OTHER_MALIGNANT | _INDETERMINATE),
    )
}

# In lower case and without punctuation, see _simplify.
_ALIASES = {
    "melanoma": ("mel", "melanoma nos", "melanoma in situ", "melanoma invasive"),
    "nevus": ("nv", "nevi", "naevus", "melanocytic nevus", "melanocytic nevi", "nevus spilus"),
    "basal cell carcinoma": ("bcc",),
    "actinic keratosis": ("ak", "actinic keratoses", "solar or actinic keratosis"),
    "squamous cell carcinoma in situ": ("bowen disease", "bowens disease", "bowen s disease"),
    "invasive squamous cell carcinoma": ("squamous cell carcinoma invasive", "keratoacanthoma"),
    "squamous cell carcinoma": ("scc", "squamous cell carcinoma nos"),
    AKIEC: (
        "akiec",
        "actinic keratoses and intraepithelial carcinoma",
        "actinic keratoses and intraepithelial carcinoma bowen s disease",
    ),
    "benign keratosis": ("bkl", "benign keratosis like lesion", "benign keratosis like lesions"),
    "pigmented benign keratosis": ("pbk",),
    "seborrheic keratosis": ("sk", "seborrhoeic keratosis", "seborrheic keratoses"),
    "solar lentigo": ("solar lentigines",),
    "lichen planus-like keratosis": ("lplk", "lichenoid keratosis"),
    "dermatofibroma": ("df",),
    "vascular lesion": (
        "vasc",
        "vascular lesions",
        "angioma",
        "angiokeratoma",
        "hemangioma",
        "pyogenic granuloma",
        "benign soft tissue proliferations vascular",
    ),
    "lentigo": ("lentigo nos",),
    "cafe-au-lait macule": ("cafe au lait macule or patch",),
    "atypical melanocytic proliferation": (
        "aimp",
        "atypical intraepithelial melanocytic proliferation",
        "atypical melanocytic neoplasm",
    ),
}

_MISSING = {"", "unknown", "unk", "nan", "none", "na", "n a"}


def _simplify(name):
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


_BY_SIMPLE_NAME = {_simplify(name): name for name in _MEANING} | {
    alias: name for name, aliases in _ALIASES.items() for alias in aliases
}


def canonical_name(label):
    """Return the full English name of a label, None where it is missing or not known."""
    if not isinstance(label, str):
        return None
    simple = _simplify(label)
    if simple in _BY_SIMPLE_NAME:
        return _BY_SIMPLE_NAME[simple]
    # The archive names kinds of a nevus and of a melanoma, "Nevus, Spitz", and by the dozen.
    kind = next((kind for kind in ("nevus", "melanoma") if label.lower().startswith(kind)), None)
    return kind if kind and label[len(kind) : len(kind) + 1] == "," else None


def counterpart(name, label_set):
    """Return the class of a label set that holds all that a canonical name stands for, or None."""
    classes = LABEL_SETS[label_set]
    if name in classes:
        return name
    meaning = _MEANING[name]
    touched = [other for other, covers in classes.items() if covers & meaning]
    return touched[0] if len(touched) == 1 and meaning <= classes[touched[0]] else None


def map_labels(y, label_set, *, unmapped="raise"):
    """Name labels by the classes of another label set, so that one model is scored on another set.

    Parameters
    ----------
    y : array-like of shape (n,), of str
        Labels of any release, as abbreviations ("NV", "akiec"), full names ("Melanoma, NOS",
        "melanocytic nevi") or class folders, in upper or lower case; true ones or predicted ones.

    label_set : {"7-class", "8-class", "9-class", "benign_malignant"}
        The classes of HAM10000 and ISIC 2018, of ISIC 2019, of the folders that circulate as "Skin
        cancer: ISIC", or "benign" and "malignant".

    unmapped : {"raise", "missing"}, default="raise"
        What to do with labels that are missing or have no counterpart: raise an error that counts
        them, or return None in their place.

    Returns
    -------
    labels : ndarray of shape (n,)
        Class names, of str; with `unmapped="missing"` of object, and None where there is none.

    Raises
    ------
    ValueError
        If labels have no counterpart and `unmapped="raise"`, or if a parameter is invalid.

    See Also
    --------
    skin_lesion.load_isic_release : Loads any release with the labels of any set.

    Notes
    -----
    A label is mapped if all that it stands for lies in one class of the other set. These have no
    counterpart:

    - "actinic keratosis or intraepithelial carcinoma" ("akiec") in the 8 and 9 classes: it is
      either. Of the 327 in HAM10000, ISIC 2019 files 130 as actinic keratosis and 197 as squamous
      cell carcinoma.
    - "squamous cell carcinoma" in the 7 classes: HAM10000 has the intraepithelial ones only [1]_,
      the other sets do not tell them from invasive ones [2]_.
    - "benign keratosis" ("bkl") in the 9 classes: "pigmented benign keratosis" has all of its kinds
      there, and "seborrheic keratosis" one of them.
    - "actinic keratosis" and "akiec" as benign or malignant: the ISIC archive calls the former
      indeterminate.
    - "benign" and "malignant" in the others, and lesions that no class holds, such as "lentigo"
      and "melanoma metastasis".

    A label that has no counterpart in general may have one in your data. All squamous cell
    carcinomas of the nine class folders are "akiec" in HAM10000, for example: rename them before
    the call.

    References
    ----------
    .. [1] Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset, a large collection of
       multi-source dermatoscopic images of common pigmented skin lesions. Scientific Data 5,
       180161 (2018). https://doi.org/10.1038/sdata.2018.161
    .. [2] Hernandez-Perez C, Combalia M, et al. BCN20000: dermoscopic lesions in the wild.
       Scientific Data 11, 641 (2024). https://doi.org/10.1038/s41597-024-03387-w

    Examples
    --------
    >>> from skin_lesion import map_labels
    >>> map_labels(["pigmented benign keratosis", "actinic keratosis", "melanoma"], "7-class")
    array(['benign keratosis', 'actinic keratosis or intraepithelial carcinoma',
           'melanoma'], dtype='<U46')
    >>> map_labels(["NV", "SCC", "AK"], "benign_malignant", unmapped="missing")
    array(['benign', 'malignant', None], dtype=object)
    """
    _check_label_set(label_set)
    if unmapped not in ("raise", "missing"):
        raise ValueError(f"unmapped is {unmapped!r}. Expected 'raise' or 'missing'.")
    codes, distinct = pd.factorize(column_or_1d(np.asarray(y, dtype=object)))
    classes = [_find_class(label, label_set) for label in distinct]
    # -1 is the code of a missing value: it picks the None at the end.
    mapped = np.array([*classes, None], dtype=object)[codes]
    if unmapped == "missing":
        return mapped
    unmapped_rows = np.flatnonzero(pd.isna(mapped))
    if len(unmapped_rows):
        raise ValueError(_explain_unmapped(np.asarray(y, dtype=object)[unmapped_rows], label_set))
    return mapped.astype(str)


def _check_label_set(label_set):
    """Raise a ValueError if there is no label set of this name."""
    if not isinstance(label_set, str) or label_set not in LABEL_SETS:
        own = " For names of your own: pandas.Series(y).map(names)."
        raise ValueError(
            f"label_set is {label_set!r}. Expected one of {list(LABEL_SETS)}."
            f"{own if isinstance(label_set, dict) else did_you_mean(label_set, LABEL_SETS)}"
        )


def _find_class(label, label_set):
    name = canonical_name(label)
    return None if name is None else counterpart(name, label_set)


def _explain_unmapped(labels, label_set):
    """Say of labels without a counterpart why they have none, and count them."""
    counts = Counter("" if pd.isna(label) else str(label) for label in labels)
    missing = sum(counts.pop(label) for label in list(counts) if _simplify(label) in _MISSING)
    strange = {label: n for label, n in counts.items() if canonical_name(label) is None}
    ambiguous = {label: n for label, n in counts.items() if label not in strange}
    found = []
    if ambiguous:
        found.append(f"without a counterpart in it: {_write_out(ambiguous)}")
    if strange:
        closest = did_you_mean(next(iter(strange)), _MEANING)
        found.append(f"of no known name: {_write_out(strange)}.{closest}".removesuffix("."))
    if missing:
        found.append(f"missing: {missing}")
    return (
        f"{len(labels)} labels cannot be mapped to the {label_set} label set;"
        f" {'; '.join(found)}. Expected labels all of whose kinds lie in one of its classes,"
        f" {list(LABEL_SETS[label_set])}. Drop these rows, rename their labels, or pass"
        " unmapped='missing' to get None in their place."
    )


def _write_out(counts):
    return ", ".join(f"{label!r} ({n})" for label, n in sorted(counts.items()))
