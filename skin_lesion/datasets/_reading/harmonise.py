"""Convert age, sex and site of any set to common terms."""

import pandas as pd

from .table_file import change_values, clean_values, to_numbers

_SEXES = {"male": "male", "female": "female", "m": "male", "f": "female"}

# HAM10000 has finer sites. They are mapped to the sites that ISIC 2019 gives to the same images.
# ISIC 2019 leaves the trunk and the genital region blank: these have the terms of other releases.
# Other sets have their own terms.
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
    # The current ISIC archive has three columns of sites, from coarse to fine.
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
    """Return ages in years as floats, NaN if unknown."""
    if not pd.api.types.is_numeric_dtype(column):
        column = change_values(column, lambda text: text.rstrip("+"))  # the archive has "85+"
    return to_numbers(column)


def read_sex(column):
    """Return "male" or "female", or a missing value."""
    return change_values(column, lambda text: _SEXES.get(text.lower()))


def read_site(column):
    """Return the site in the terms of ISIC 2019, or unmapped in lower case if there is none."""
    return change_values(clean_values(column), lambda text: SITES.get(text.lower(), text.lower()))
