"""The class to find."""

from ..datasets import map_labels


def find_positive(classes):
    """Return the class of melanomas by any of its names, or else the only malignant class.

    Parameters
    ----------
    classes : array-like of str
        Such as "Melanoma" or "MEL" among others; or "benign" and "malignant".

    Returns
    -------
    positive : str or None
        None if no class, or more than one, is it.
    """
    for label_set, name in (("9-class", "melanoma"), ("benign_malignant", "malignant")):
        mapped = map_labels(classes, label_set, unmapped="missing")
        found = [str(label) for label, to in zip(classes, mapped, strict=True) if to == name]
        if len(found) == 1:
            return found[0]
    return None
