"""Map the label sets of public data onto each other, where the mapping is medically defined."""

from collections import Counter

import numpy as np
import pandas as pd
from sklearn.utils import column_or_1d

from ..._utils.validation.messages import did_you_mean, say
from .account import account_for
from .label_sets import BINARY, INDETERMINATE, INDETERMINATE_RULES, LABEL_SETS, MEANING, counterpart
from .names import canonical_name, says_missing


def map_labels(y, label_set, *, unmapped="raise", indeterminate="drop", return_account=False):
    """Map labels to the classes of another label set.

    With mapped labels, you can evaluate a model on a dataset that has other classes.

    Parameters
    ----------
    y : array-like of shape (n,), of str
        True or predicted labels of any set that :func:`load_public_dataset` reads: abbreviations
        ("NV", "akiec", "SEK"), full names ("Melanoma, NOS", "melanocytic nevi", "clark nevus") or
        names of class folders, in upper or lower case.

    label_set : {"7-class", "8-class", "9-class", "benign_malignant"}
        The classes of HAM10000 and ISIC 2018, of ISIC 2019, of the class folders known as "Skin
        cancer: ISIC", or "benign" and "malignant".

    unmapped : {"raise", "missing"}, default="raise"
        What to do with labels that are missing or have no counterpart: raise an error that counts
        them, or return None in their place.

    indeterminate : {"drop", "benign", "malignant"}, default="drop"
        The class of lesions that are neither benign nor malignant: actinic keratoses, atypical
        melanocytic proliferations, and lesions that the ISIC archive calls indeterminate. With
        "drop", they have no counterpart, and `unmapped` applies. Used by "benign_malignant" only.

    return_account : bool, default=False
        Return `(labels, account)`.

    Returns
    -------
    labels : ndarray of shape (n,)
        Class names, of str. With `unmapped="missing"` of object, with None for labels without a
        class.

    account : DataFrame
        With `return_account=True`, a row for each distinct label: `label`, `class` (None if there
        is none), `n_rows`, and `reason`. The reason says why there is no class: "missing", "unknown
        name", "indeterminate", or "no counterpart" (it may belong to several classes, or to none).

    Raises
    ------
    ValueError
        If labels have no counterpart and `unmapped="raise"`, or if a parameter is invalid.

    See Also
    --------
    skin_lesion.load_public_dataset : Loads public data with the labels of any set.

    Notes
    -----
    A label is mapped if all diagnoses that it stands for are in one class of the other set. These
    labels have no counterpart:

    - "actinic keratosis or intraepithelial carcinoma" ("akiec") in the 8 and 9 classes: it may be
      either. ISIC 2019 labels 130 of the 327 in HAM10000 as actinic keratosis, and 197 as squamous
      cell carcinoma.
    - "squamous cell carcinoma" in the 7 classes: HAM10000 has only intraepithelial carcinomas [1]_.
      The other sets do not distinguish them from invasive carcinomas [2]_.
    - "benign keratosis" ("bkl") in the 9 classes: "pigmented benign keratosis" includes all of its
      kinds there, and "seborrheic keratosis" is one of them.
    - "actinic keratosis" and "akiec" as benign or malignant: the ISIC archive calls the former
      indeterminate. `indeterminate="malignant"` makes both malignant. With "benign", "akiec" still
      has no counterpart, because an intraepithelial carcinoma is malignant.
    - The classes "BEN_OTH", "MAL_OTH" and "INF" of MILK10k, and their kinds, other than as benign
      or malignant. Inflammation and infection are benign, as in the ISIC archive.
    - "benign" and "malignant" in the other label sets, and lesions that belong to no class, such as
      "lentigo" and "melanoma metastasis".
    - Uncertain labels, such as "melanoma?" and "nevus, rule out melanoma", and names followed by a
      comma and something other than one of their kinds. "Nevus, Spitz" is a nevus; "nevus,
      melanoma" is unknown.

    A label that has no counterpart in general may have one in your data. For example, all squamous
    cell carcinomas of the nine class folders are "akiec" in HAM10000. In such a case, rename the
    labels before the call.

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
    >>> labels = ["NEV", "ACK", "NEV", "BOD"]
    >>> classes, account = map_labels(
    ...     labels, "benign_malignant", unmapped="missing", return_account=True
    ... )
    >>> print(account)
      label      class  n_rows         reason
    0   NEV     benign       2
    1   BOD  malignant       1
    2   ACK       None       1  indeterminate
    """
    check_label_set(label_set)
    if unmapped not in ("raise", "missing"):
        raise ValueError(f"unmapped is {unmapped!r}. Expected 'raise' or 'missing'.")
    check_indeterminate(indeterminate)
    labels = column_or_1d(np.asarray(y, dtype=object))
    codes, distinct = pd.factorize(labels)
    classes = [_find_class(label, label_set, indeterminate) for label in distinct]
    # -1 is the code of a missing value: it picks the None at the end.
    mapped = np.array([*classes, None], dtype=object)[codes]
    unmapped_rows = np.flatnonzero(pd.isna(mapped))
    if unmapped == "raise":
        if len(unmapped_rows):
            raise ValueError(_explain_unmapped(labels[unmapped_rows], label_set))
        mapped = mapped.astype(str)
    return (mapped, account_for(labels, mapped, label_set)) if return_account else mapped


def check_indeterminate(rule):
    """Raise a ValueError if the rule for indeterminate lesions is unknown."""
    if rule not in INDETERMINATE_RULES:
        raise ValueError(
            f"indeterminate is {rule!r}. Expected one of {list(INDETERMINATE_RULES)}."
            f"{did_you_mean(rule, INDETERMINATE_RULES)}"
        )


def check_label_set(label_set):
    """Raise a ValueError if no label set has this name."""
    if not isinstance(label_set, str) or label_set not in LABEL_SETS:
        own = " For names of your own: pandas.Series(y).map(names)."
        raise ValueError(
            f"label_set is {label_set!r}. Expected one of {list(LABEL_SETS)}."
            f"{own if isinstance(label_set, dict) else did_you_mean(label_set, LABEL_SETS)}"
        )


def _find_class(label, label_set, indeterminate):
    name = canonical_name(label)
    return None if name is None else counterpart(name, label_set, indeterminate)


def _explain_unmapped(labels, label_set):
    """Return a message that counts labels without a counterpart, and says why they have none."""
    counts = Counter("" if pd.isna(label) else str(label) for label in labels)
    missing = sum(counts.pop(label) for label in list(counts) if says_missing(label))
    strange = {label: n for label, n in counts.items() if canonical_name(label) is None}
    ambiguous = {label: n for label, n in counts.items() if label not in strange}
    found = []
    if ambiguous:
        found.append(f"without a counterpart in it: {_write_out(ambiguous)}")
    if strange:
        closest = did_you_mean(next(iter(strange)), MEANING)
        found.append(f"with unknown names: {_write_out(strange)}.{closest}".removesuffix("."))
    if missing:
        found.append(f"missing: {missing}")
    rule = ""
    if label_set == BINARY and any(MEANING[canonical_name(x)] & INDETERMINATE for x in ambiguous):
        rule = " indeterminate='malignant' or 'benign' gives indeterminate lesions a class."
    return (
        f"{say(len(labels), 'label')} cannot be mapped to the {label_set} label set;"
        f" {'; '.join(found)}. Expected labels whose kinds all belong to one of its classes,"
        f" {list(LABEL_SETS[label_set])}. Drop these rows, rename their labels, or pass"
        f" unmapped='missing' to get None in their place.{rule}"
    )


def _write_out(counts):
    return ", ".join(f"{label!r} ({n})" for label, n in sorted(counts.items()))
