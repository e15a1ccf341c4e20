"""Join tables that describe the same images, and find contradictions between them."""

import pandas as pd

from .groups import GROUP_COLUMNS, clean_ids
from .table_file import clean_values, to_numbers


def join_tables(tables, decisive, messages, names=()):
    """Join tables by image, with all rows and columns. The first known value is used.

    Parameters
    ----------
    tables : list of (str, DataFrame)
        Paths, and tables indexed by the names of images.

    decisive : callable
        Gets the name of a column, and returns whether it decides on labels, splits or groups.

    messages : list of str
        Warnings about contradictions in other columns are appended.

    names : tuple of str
        Columns, in lower case, that name the image. Their values may differ between tables.

    Returns
    -------
    joined : DataFrame

    Raises
    ------
    ValueError
        If two tables contradict each other in a decisive column.
    """
    joined = tables[0][1]
    for n, (path, table) in enumerate(tables[1:], 1):
        index = joined.index.union(table.index, sort=False)
        joined, table = joined.reindex(index), table.reindex(index)
        for column in [name for name in table if name in joined]:
            known, values = _clean(joined[column]), _clean(table[column])
            found = ""
            if column.lower() not in names:
                found = _find_contradiction(known, values, tables[:n], path)
            if found and decisive(column):
                raise ValueError(
                    f"{found}. Expected the same value in both. Correct one, or remove the wrong"
                    " file."
                )
            if found:
                messages.append(f"{found}. The values of the latter are used. Correct the former.")
            joined[column] = known.where(known.notna(), values)
        new = [name for name in table if name not in joined]
        joined = pd.concat([joined, table[new]], axis=1)
    return joined


def _clean(column):
    # Unknown values contradict nothing. A label may be "unknown".
    if column.name in GROUP_COLUMNS:
        return clean_ids(column)
    return column if column.name[0] == "_" else clean_values(column)


def _find_contradiction(known, values, earlier, path):
    differ = known.notna() & values.notna() & (known.astype(str) != values.astype(str))
    if differ.any():
        differ &= to_numbers(known).ne(to_numbers(values))
    if not differ.any():
        return ""
    image = differ.index[differ][0]
    other = next(
        other
        for other, table in earlier
        if known.name in table and pd.notna(_clean(table[known.name]).get(image))
    )
    return (
        f"{path!r} contradicts {other!r} in {differ.sum()} row(s): {known.name.strip('_')!r} of"
        f" {image!r} is {str(values[image])!r} instead of {str(known[image])!r}"
    )
