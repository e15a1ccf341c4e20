"""Distinguish ISIC 2019 from 2020 by the rows of a table that has the columns of 2020.

Some resized copies of ISIC 2019 have the columns of 2020.
"""

import numpy as np
import pandas as pd

from .._reading.table_file import clean_values, read_table
from .._taxonomy.names import canonical_name
from .formats import CLASSES_2019, FORMAT_2019_AS_2020, LAST_ID_2019, SPELLINGS
from .ids import isic_id_of

# With fewer ids, only the diagnoses are evidence.
_FEWEST_IDS = 20
# 1 in 10,000 ids of ISIC 2020 is as low as those of ISIC 2019.
_MOST_LOW_IN_2020, _FEWEST_LOW_IN_2019 = 0.1, 0.9

_NAMES_2019 = {canonical_name(name) for name in CLASSES_2019}
# ISIC 2020 has none of these.
_ONLY_IN_2019 = _NAMES_2019 - {"melanoma", "nevus", "benign keratosis"}


def tell_2019_from_2020(path, separator, table_format):
    """Return the format of a table that has the columns of ISIC 2020.

    Parameters
    ----------
    path, separator : str

    table_format : TableFormat
        The format that fits its columns.

    Returns
    -------
    table_format : TableFormat
        The same format, or that of ISIC 2019 with such columns.

    reason : str
        Why the release is unclear, or "" if it is clear.
    """
    table = read_table(path, separator)
    table = table.rename(columns=lambda name: SPELLINGS.get(name.lower(), name))
    ids = table[table_format.id_column].dropna().astype(str).map(isic_id_of).dropna()
    share = np.mean(ids <= LAST_ID_2019) if len(ids) else 0
    if share <= _MOST_LOW_IN_2020:
        return table_format, ""
    values = clean_values(table["diagnosis"]) if "diagnosis" in table else pd.Series(dtype=object)
    values = set(values.dropna().astype(str))
    names = {canonical_name(value) for value in values}
    has_diagnoses_of_2019 = bool(values) and (
        values <= set(CLASSES_2019) or (names <= _NAMES_2019 and bool(names & _ONLY_IN_2019))
    )
    if share >= _FEWEST_LOW_IN_2019 and has_diagnoses_of_2019:
        return FORMAT_2019_AS_2020, ""
    if len(ids) < _FEWEST_IDS:
        return table_format, ""
    reason = (
        f"{path!r} has the columns of ISIC 2020, but {share:.0%} of its {len(ids)} ids are"
        f" up to {LAST_ID_2019}, as in ISIC 2019 and earlier releases"
    )
    return table_format, reason
