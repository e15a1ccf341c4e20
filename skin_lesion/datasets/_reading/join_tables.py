"""Join tables that tell of the same images, and find where they contradict each other."""

import pandas as pd

from .groups import GROUP_COLUMNS, clean_ids
from .table_file import clean_values, to_numbers


def join_tables(tables, decisive, messages, names=()):
    """Join tables by image: all their rows, all their columns; the first known value is taken.

    Parameters
    ----------
    tables : list of (str, DataFrame)
        Paths, and tables indexed by the names of images.

    decisive : callable
        Tells of the name of a column whether all its values decide on labels, splits or groups.

    messages : list of str
        What to warn of is added: other columns in which tables contradict each other.

    names : tuple of str
        Columns, in lower case, that name the image; these may do so in several ways.

    Returns
    -------
    joined : DataFrame

    Raises
    ------
    ValueError
        If two tables contradict each other in a column that decides.
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
                messages.append(f"{found}. The values of the latter are taken. Correct the other.")
            joined[column] = known.where(known.notna(), values)
        new = [name for name in table if name not in joined]
        joined = pd.concat([joined, table[new]], axis=1)
    return joined


def _clean(column):
    # What is unknown contradicts nothing; a label may say so.
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
