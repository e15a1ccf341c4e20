"""The pictures that belong to the rows of X, if any."""

from dataclasses import dataclass

import numpy as np

from .._utils.content_ids import content_ids_of_files, content_ids_of_images
from .._utils.validation.paths import find_path_columns
from .._utils.validation.pixels import check_images

_LEAST_FEATURES = 32  # of embeddings and descriptors of colour; tables of metadata have fewer

_NONE = "{} holds neither paths of existing files nor RGB images with pixels from 0 to 255"


@dataclass
class Pictures:
    """The pictures of some rows, for display, measurement and comparison.

    Attributes
    ----------
    images : ndarray of shape (n,), of str, or (n, height, width, 3), or None
        Paths of files, or pixels from 0 to 255; None if the rows have no pictures.

    problem : str
        Why there are none.
    """

    images: np.ndarray | None
    problem: str = ""

    def why_not_compared(self, others):
        """Return why exact copies cannot be searched for in others, or an empty string."""
        problem = self.problem or others.problem
        if not problem and self.images.ndim != others.images.ndim:
            problem = "one of X_train and X holds paths, the other pixels"
        return problem


def find_content_ids(X, pictures):
    """Return a number for each row of X, equal for exact copies, or None if they cannot be known.

    Rows of few or whole numbers, such as an age and a body site, are equal by chance.
    """
    if pictures.images is not None:
        by_file = pictures.images.ndim == 1
        return (content_ids_of_files if by_file else content_ids_of_images)(pictures.images)
    try:
        rows = np.asarray(X)
    except ValueError:  # such as images of different sizes
        return None
    if rows.ndim != 2 or rows.dtype.kind != "f":
        return None
    is_measured = (rows % 1 != 0).any(axis=0)
    return content_ids_of_images(rows) if np.count_nonzero(is_measured) >= _LEAST_FEATURES else None


def find_pictures(X, *, name="X"):
    """Return the :class:`Pictures` of the rows of X; `name` is the name of X in messages.

    X may be the input of any classifier: paths, a table with a column of paths and metadata,
    images, features, sparse rows or text.
    """
    columns = find_path_columns(X)
    if len(columns) > 1:
        return Pictures(None, f"{name} has several columns of paths, {list(columns)}")
    if columns:
        return Pictures(*columns.values())
    try:
        return Pictures(check_images(X))
    except (TypeError, ValueError):
        return Pictures(None, _NONE.format(name))
