"""Bring age, sex and site of any set into the same words."""

import pandas as pd

from .table_file import change_values, clean_values, to_numbers

_SEXES = {"male": "male", "female": "female", "m": "male", "f": "female"}

# HAM10000 names sites more finely. These are the sites that ISIC 2019 gives to the same images; the
# trunk and the genital region, which it leaves blank, have those of the other releases. Other sets
# have words of their own for them.
SITES = {
    "abdomen": "anterior torso",
    "chest": "anterior torso",
    "back": "posterior torso",
    "trunk": "torso",
    "face": "head/neck",
    "acral": "palms/soles",
    **dict.fromkeys(("scalp", "neck", "ear", "nose", "lip", "head_neck_face"), "head/neck"),
    **dict.fromkeys(("hand", "forearm", "upper_extremity"), "upper extremity"),
    **dict.fromkeys(("foot", "thigh", "lower_extremity"), "lower extremity"),
    **dict.fromkeys(("genital", "genital areas"), "oral/genital"),
    # The ISIC archive of today has three columns of sites, each finer than the last.
    "anterior trunk": "anterior torso",
    "posterior trunk": "posterior torso",
    "lateral trunk": "lateral torso",
    **dict.fromkeys(("head and neck", "head & neck", "head neck"), "head/neck"),
    **dict.fromkeys(("upper limb", "upper limbs", "arm"), "upper extremity"),
    **dict.fromkeys(("lower limb", "lower limbs", "leg"), "lower extremity"),
    **dict.fromkeys(("palms and soles", "palm", "sole", "palm or sole"), "palms/soles"),
    **dict.fromkeys(("oral and genital", "oral or genital", "anogenital"), "oral/genital"),
}


def read_age(column):
    """Return ages in years as floats, NaN where there is none."""
    if not pd.api.types.is_numeric_dtype(column):
        column = change_values(column, lambda text: text.rstrip("+"))  # the archive has "85+"
    return to_numbers(column)


def read_sex(column):
    """Return "male" or "female", or a missing value."""
    return change_values(column, lambda text: _SEXES.get(text.lower()))


def read_site(column):
    """Return the site in the words of ISIC 2019, or in its own, in lower case."""
    return change_values(clean_values(column), lambda text: SITES.get(text.lower(), text.lower()))
