"""Read a table with a row for each image, and convert its columns to a common form."""

import csv
import re
import warnings
from collections import Counter

import numpy as np
import pandas as pd

from ..._utils.validation.messages import name_some

_GROUPS = {"lesion_id", "patient_id", "patient"}
# Columns that would lose leading zeros if they were read as numbers.
_TEXT = {"image_id", "isic_id", "image", "image_name", "file", "filename", "path", *_GROUPS}
_UNKNOWN = {"", "unknown", "unk", "nan", "na", "n/a", "#n/a", "<na>", "null"}
# What pandas takes for missing, such as the NA of R, but not None, which may be a class.
_NO_LABEL = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null"),
)
# pandas writes whole numbers in this form if some are missing.
WHOLE = re.compile(r"^(\d+)\.0+$")
# A cell begins at a separator or a line, and pandas skips blanks. Marks inside it are doubled.
_QUOTED = r'(?<![^{}\r\n]) *"([^"]*(?:""[^"]*)*)"'
_LINE_BREAK = re.compile(r"\r\n?|\n")
_UNNAMED = r"(Unnamed: \d+(\.\d+)?)?"
# Fewer rows may be in the order of their classes by chance.
_FEWEST_ORDERED = 40
# The first bytes of an Excel file or an archive, and of an Excel file of before 2007.
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NAMES_OF_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}

# If several are equally frequent, the first is used: the releases have commas.
_SEPARATORS = ",;\t"


def read_header(path, remedy="move it out of the folder"):
    """Return the separator of a table and the cells of its first line.

    Parameters
    ----------
    path : str

    remedy : str
        Another way to solve the problem, for the error message.

    Raises
    ------
    ValueError
        If the file is not UTF-8 text, or an Excel file.
    """
    try:
        with open(path, "rb") as file:
            # Only this line is decoded: the others may be in another encoding, which the reader of
            # the whole table reports.
            line = file.readline()
        if line.startswith(_NO_TEXT):
            raise ValueError("it is an Excel file or an archive")
        line = line.decode("utf-8-sig").split("\r")[0]
        separator = max(_SEPARATORS, key=line.count)
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"{path!r} cannot be read: {error}. Expected a table in UTF-8. Save it again as CSV in"
            f" UTF-8, or {remedy}."
        ) from error
    return separator, cells


def drop_unnamed(names):
    """Return the names of columns without blank ones, and without the names pandas gives those."""
    return [name for name in names if not re.fullmatch(_UNNAMED, name)]


def check_columns_differ(names, where):
    """Raise a ValueError if two columns of a table have the same name."""
    doubled = [name for name, n in Counter(names).items() if n > 1 and name != ""]
    if doubled:
        raise ValueError(
            f"{where} has more than one column with the name(s) {name_some(doubled)}. Expected"
            " each name once. Remove or rename the wrong column."
        )


def read_table(
    path,
    separator=",",
    names=None,
    *,
    text=(),
    labels=(),
    first=None,
    numbers_lines=True,
    remedy="download it again",
):
    """Read a table. Numbers are read as numbers, except in columns of ids and file names.

    Parameters
    ----------
    path : str

    separator : str

    names : list of str or None
        The names of the columns, if the file has no header.

    text : collection of str
        Further columns, in lower case, to read as text even if they look like numbers.

    labels : collection of str
        Columns of classes, in lower case, to read as text: pandas would take "None" for missing.

    first : str or None
        The name for a first column that has none, to keep it and read it as text. It is still
        dropped if it is blank or holds the numbers of the rows.

    numbers_lines : bool
        Whether the index is the line number of each row in the file. If so, a blank line turns
        whole numbers into floats, and there must be no blank line before the header.

    remedy : str
        Another way to solve the problem, for the error message.

    Returns
    -------
    table : DataFrame
        Without unnamed columns, such as an index that pandas wrote.

    Raises
    ------
    ValueError
        If the file is not such a table, or a quotation mark that is not closed joins rows.
    """
    options = {
        "sep": separator,
        "encoding": "utf-8-sig",
        "header": 0 if names is None else None,
        "names": names,
        "index_col": False,
        "skipinitialspace": True,
        "skip_blank_lines": not numbers_lines,
        "low_memory": False,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            columns = pd.read_csv(path, nrows=0, **options).columns
            labels, text = (
                [name for name in columns if str(name).strip().lower() in each]
                for each in (labels, _TEXT.union(text, labels))
            )
            if first is not None:
                text.append(columns[0])
            if labels:
                options["keep_default_na"] = False
                options["na_values"] = {
                    name: _NO_LABEL if name in labels else (*_NO_LABEL, "None") for name in columns
                }
            table = pd.read_csv(path, dtype=dict.fromkeys(text, str), **options)
    except (ValueError, pd.errors.ParserWarning) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        if isinstance(error, pd.errors.ParserWarning):  # pandas would drop the last cells
            reason = "its rows have more cells than its first line"
        raise ValueError(
            f"{path!r} cannot be read: {reason}. Expected a table"
            " in UTF-8 whose rows all have the columns of the first line, separated by"
            f" {_NAMES_OF_SEPARATORS[separator]}. Repair it, or {remedy}."
        ) from error
    _check_quotes(path, separator, len(table) + (names is None), len(columns), remedy)
    table.index += 1 if names else 2
    table.columns = [str(column).strip() for column in table.columns]
    # An index that a program wrote reveals the order of the table, and often with it the class.
    check_columns_differ(table.columns, repr(path))
    named = drop_unnamed(table)
    has_unnamed_first = first is not None and named[0] != table.columns[0]
    if has_unnamed_first and not _are_row_numbers(table.iloc[:, 0].dropna(), table[named[0]]):
        table = table.rename(columns={table.columns[0]: first})
    return table[drop_unnamed(table)].dropna(how="all")


def _check_quotes(path, separator, n_rows, n_columns, remedy):
    """Raise a ValueError if a quoted cell holds a whole row: the rows up to the next mark are lost.

    A note of several lines is no row: it has fewer separators, or blanks after them, unless the
    header has such blanks, too. Two stray marks that open one cell and close it cannot be found.
    """
    with open(path, encoding="utf-8-sig", newline="") as file:
        text = file.read()
    n_lines = text.count("\n") + text.count("\r") - text.count("\r\n") + (text[-1:] not in "\r\n")
    if '"' not in text or n_lines <= n_rows:
        return  # for speed
    header = re.match(r"[^\r\n]*", text)[0]
    count = re.compile(separator if f"{separator} " in header else f"{separator}(?! )").findall
    for quoted in re.finditer(_QUOTED.format(separator), text):
        _, *rows = _LINE_BREAK.split(quoted[1])
        # The last line goes on behind the cell. It is a row if the closing mark opens another cell.
        rest = re.compile(r"[^\r\n]*").match(text, quoted.end())[0]
        if rows and rest.lstrip(" ")[:1] not in ("", separator):
            rows[-1] += rest
        if any(len(count(row)) >= max(n_columns - 1, 1) for row in rows):
            line = len(_LINE_BREAK.findall(text[: quoted.start(1)])) + 1
            raise ValueError(
                f"{path!r} cannot be read: the quoted cell that begins in line {line} holds"
                f" {len(rows) + 1} lines, of which one has as many separators as a row. Expected a"
                " row in each line: a quotation mark is probably missing. Remove the mark or close"
                f" it, or {remedy}. If the cell is a note, remove its line breaks."
            )


def _are_row_numbers(values, other):
    """Tell whether a first column without a name holds the numbers of rows, not images.

    Numbers from 0 to the last row are row numbers. R begins at 1, and pandas keeps the numbers of
    rows that it selects: such numbers could be images, too. They are row numbers if they rise and
    the next column can hold the images, because it has text without repetitions.
    """
    if set(values) == set(map(str, range(len(values)))):
        return True
    if not values.str.fullmatch("0|[1-9][0-9]*").all():
        return False
    numbers = [int(value) for value in values]
    can_be_images = other.is_unique and not pd.api.types.is_numeric_dtype(other)
    is_group = other.name.lower() in _GROUPS
    return numbers == sorted(set(numbers)) and can_be_images and not is_group


def rename_taken(table, taken):
    """Return a table in which columns with a taken name begin with `metadata_`.

    Parameters
    ----------
    table : DataFrame

    taken : collection of str
    """
    renamed = {}
    for name in table:
        while (new := renamed.get(name, name)) in taken or (name in renamed and new in table):
            renamed[name] = f"metadata_{new}"
    return table.rename(columns=renamed)


def change_values(column, change):
    """Change the values that are not missing. Each distinct value is changed once, for speed.

    Parameters
    ----------
    column : Series of n rows

    change : callable
        Gets a value as text, and returns a new value, or None for a missing one.

    Returns
    -------
    changed : Series of n rows, of object
    """
    codes, distinct = pd.factorize(column)
    changed = [change(str(value).strip()) for value in distinct]
    changed = [np.nan if value is None else value for value in changed]
    # -1 is the code of a missing value: it picks the one at the end.
    changed = np.array([*changed, np.nan], dtype=object)[codes]
    return pd.Series(changed, column.index, dtype=object, name=column.name)


def is_unknown(text):
    """Tell whether a value means that nothing is known."""
    return text.lower() in _UNKNOWN


def clean_values(column):
    """Turn values that mean unknown into missing values, in columns of text."""
    # Beside missing values, truth values are objects.
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.infer_dtype(column) == "boolean":
        return column
    return change_values(column, lambda text: None if is_unknown(text) else text)


def to_text(column):
    """Return a column as text, with missing values if unknown, and with 1 instead of 1.0."""
    return change_values(column, lambda text: None if is_unknown(text) else WHOLE.sub(r"\1", text))


def to_numbers(column):
    """Return a column as floats, NaN if a value is not a number. Decimal commas are accepted."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(str).str.replace(",", ".", regex=False)
    return pd.to_numeric(column, errors="coerce").astype(float)


def find_ordered_columns(frame, target):
    """Return a warning about columns of numbers that are in the order of the classes.

    Parameters
    ----------
    frame : DataFrame of n rows

    target : Series of n rows
    """
    names = [
        name
        for name in frame.select_dtypes("number")
        if len(frame) >= _FEWEST_ORDERED and _tells_class(frame[name], target)
    ]
    if not names:
        return []
    message = (
        f"The column(s) {names} of the table reveal the class: their values are in the order of the"
        " classes, like row numbers of a sorted table. Expected no such column. Do not use them as"
        " features, or remove them."
    )
    return [message]


def _tells_class(values, target):
    ranges = values.groupby(np.asarray(target)).agg(["min", "max"]).sort_values("min")
    lows, highs = ranges["min"].to_numpy(), ranges["max"].to_numpy()
    # Nothing is greater than a missing value.
    return len(ranges) > 1 and bool((lows[1:] > highs[:-1]).all())
