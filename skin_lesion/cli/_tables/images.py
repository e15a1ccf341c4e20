"""Read tables of images, and find the images of one table in another."""

import os
from collections import Counter

import pandas as pd

from ..._utils.image_files import image_extensions
from ..._utils.validation.messages import say
from ...datasets import (
    ID_COLUMNS,
    WHOLE,
    check_columns_differ,
    drop_unnamed,
    isic_id_of,
    read_header,
    read_table,
    split_image_path,
)

_IMAGE_COLUMNS = ("image", *ID_COLUMNS)
_UNNAMED = "unnamed first column"


def index_by_image(table, path):
    """Return a table indexed by its column of images: ISIC ids, or paths without extension.

    The index has the name of the column.

    Raises
    ------
    ValueError
        If an image has several rows, or a row has no image.
    """
    column = _find_images(table.columns)
    is_missing = table[column].isna().to_numpy()
    if is_missing.any():
        raise ValueError(
            f"{path} has {say(is_missing.sum(), 'row')} without an image in the column {column!r}."
            f" The first is row {is_missing.argmax() + 1} below the column names. Expected an image"
            " in each row. Fill them in, or remove these rows."
        )
    # pandas writes the image 1 as 1.0.
    images = [
        "/".join([*folders, WHOLE.sub(r"\1", name)])
        for *folders, name in split_names(table[column])
    ]
    table = table.drop(columns=[column]).set_axis(pd.Index(images, name=column))
    if table.index.has_duplicates:
        first = table.index[table.index.duplicated()][0]
        raise ValueError(
            f"{path} has several rows of the image {first!r} in the column {column!r}. Expected one"
            " each. Remove the others. If images in several folders have this name, name their"
            " folders, too."
        )
    return table


def match_images(table, images):
    """Give the images of a table the names that the same images have in another table.

    Images are the same by their names. Where images in several folders have one name, their folders
    are compared, too, as many as tell them apart.

    Parameters
    ----------
    table : DataFrame
        Of :func:`index_by_image`.

    images : Index
        Of :func:`index_by_image`, too.

    Returns
    -------
    table : DataFrame
        Images that the other table lacks have another name than all of its images.
    """
    ends = [dict.fromkeys(names, "") for names in (table.index, images)]
    shared, n_parts = {""}, 0
    while shared:
        n_parts += 1
        for end_of in ends:
            for name, end in end_of.items():
                if end in shared:
                    end_of[name] = "/".join(name.split("/")[-n_parts:])
        counts = [Counter(end_of.values()) for end_of in ends]
        shared = {end for count in counts for end, n in count.items() if n > 1}
    name_of = {end: name for name, end in ends[1].items()}
    return table.set_axis([name_of.get(end, end) for end in ends[0].values()])


def _find_images(names):
    """Return which column of a table has the images."""
    by_lower_case = {name.lower(): name for name in names}
    found = (by_lower_case[name] for name in _IMAGE_COLUMNS if name in by_lower_case)
    return next(found, names[0])


def read_csv(path, *, text=(), labels=()):
    """Return a CSV file as a table. Its columns are separated by commas, semicolons or tabs.

    A first column without a name is that of images, such as an index that pandas wrote, unless
    another column has a name of images, or it holds the numbers of the rows.

    Parameters
    ----------
    path : str or os.PathLike

    text : sequence of str
        Columns to read as text, beside that of images.

    labels : sequence of str
        Columns of classes.

    Raises
    ------
    ValueError, OSError
        If it cannot be opened, or read as one.
    """
    path, remedy = os.fspath(path), "pass another file"
    try:
        separator, cells = read_header(path, remedy)
    except OSError as error:
        raise type(error)(
            f"{path} cannot be opened: {error.strerror}. Expected an existing CSV file."
        ) from error
    names = drop_unnamed(cells)
    if not names:
        raise ValueError(
            f"{path} cannot be read as a CSV file: its first line is blank. Expected a line of"
            " column names, then a line for each image."
        )
    check_columns_differ(names, path)
    options = {
        "text": {name.lower() for name in text},
        "labels": {name.lower() for name in labels},
        "numbers_lines": False,
        "remedy": remedy,
    }
    images = _find_images(names)
    if not drop_unnamed(cells[:1]) and images.lower() not in ID_COLUMNS:
        table = read_table(path, separator, first=_UNNAMED, **options)
        if _UNNAMED in table:
            return table
    options["text"].add(images.lower())  # the image 007 is not the image 7
    return read_table(path, separator, **options)


def split_names(names):
    """Return the ISIC id of each image; else its folders, and its name without extension."""
    extensions = image_extensions()
    ids = ((name, isic_id_of(name)) for name in map(str, names))
    return [split_image_path(name, extensions) if i is None else [i] for name, i in ids]
