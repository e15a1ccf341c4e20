"""Write drawn images to a folder with the layout of the nine-class ISIC set."""

import os
import shutil
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.utils import check_random_state

from ..._utils.sklearn_private import Interval, validate_params
from .._split import train_test_split_by_group
from .make import DRAWING_CONSTRAINTS, make_lesion_images

_JPEG_QUALITY = 95

# Everything is written here first, then moved to its place. Loaders do not read hidden folders.
_UNFINISHED = ".unfinished"

_PARTS = ("Train", "Test")
_TABLE = "metadata.csv"  # moved last


@validate_params(
    {
        "root": "no_validation",
        "test_size": [
            Interval(Real, 0, 1, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
        ],
        **DRAWING_CONSTRAINTS,
    },
    prefer_skip_nested_validation=True,
)
def write_lesion_folder(
    root,
    n_samples=100,
    *,
    test_size=0.2,
    n_classes=9,
    weights=None,
    images_per_lesion=1.3,
    image_size=(96, 96),
    random_state=None,
):
    """Draw dermoscopic images and write them to a folder with a training and a test set.

    The folder has the layout of the nine-class ISIC set, and a table with the lesion of each
    image::

        root/
            metadata.csv
            Train/<class>/<image_id>.jpg
            Test/<class>/<image_id>.jpg

    `metadata.csv` has the columns `image_id`, `lesion_id`, `diagnosis` and `split` ("Train" or
    "Test"). No lesion is in both sets, and every class is in both.

    Parameters
    ----------
    root : str or path-like
        The folder to write. It is created with its parents. If it exists, it must be empty.

    n_samples : int, default=100
        Number of images in both sets together.

    test_size : float in (0, 1) or int, default=0.2
        The share of images, or their number, in the test set. It is approximate, because lesions
        are not split.

    n_classes : int, default=9
        Number of classes, from 2 to 9.

    weights : array-like of shape (n_classes,), default=None
        Proportions of the classes. See :func:`make_lesion_images`.

    images_per_lesion : float, default=1.3
        Mean number of photographs of one lesion, at least 1.

    image_size : int or tuple of 2 ints, default=(96, 96)
        Height and width in pixels, at least 16.

    random_state : int, RandomState instance or None, default=None
        Pass an int to get the same images and the same split at each call.

    Returns
    -------
    root : pathlib.Path
        The folder.

    Raises
    ------
    FileExistsError
        If `root` is a file, or a folder that is not empty.
    ValueError
        If a class has fewer than two lesions, so that it cannot be in both sets, or if a parameter
        is out of range. Nothing is then written.

    See Also
    --------
    make_lesion_images : The same images in memory.
    train_test_split_by_group : The split.

    Notes
    -----
    The files appear only when all of them are written. An interrupted call leaves nothing that
    looks like a dataset, and the next call starts again.

    The images are stored as JPEG files with quality 95. When they are read again, their pixels
    differ a little from those of :func:`make_lesion_images`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from skin_lesion import write_lesion_folder
    >>> with TemporaryDirectory() as folder:
    ...     root = write_lesion_folder(
    ...         f"{folder}/lesions", n_samples=20, n_classes=2, image_size=(32, 32), random_state=0
    ...     )
    ...     metadata = pd.read_csv(root / "metadata.csv")
    ...     sorted(path.name for path in (root / "Train").iterdir())
    ['melanoma', 'nevus']
    >>> metadata["split"].value_counts().to_dict()
    {'Train': 16, 'Test': 4}
    """
    root = Path(root)
    _check_free(root)
    rng = check_random_state(random_state)
    lesions = make_lesion_images(
        n_samples,
        n_classes=n_classes,
        weights=weights,
        images_per_lesion=images_per_lesion,
        image_size=image_size,
        random_state=rng,
    )
    n_lesions = pd.Series(lesions.groups).groupby(lesions.target).nunique()
    if n_lesions.min() < 2:
        raise ValueError(
            f"Class {n_lesions.idxmin()!r} has 1 lesion among {n_samples} images. Expected at least"
            " 2, one for each set. Increase n_samples or the weight of the class, or decrease"
            " images_per_lesion."
        )
    _, test = train_test_split_by_group(
        np.arange(n_samples),
        groups=lesions.groups,
        stratify=lesions.target,
        test_size=test_size,
        random_state=rng,
    )
    metadata = pd.DataFrame(
        {
            "image_id": [f"drawn_{row:06d}" for row in range(n_samples)],
            "lesion_id": lesions.groups,
            "diagnosis": lesions.target,
            "split": np.where(np.isin(np.arange(n_samples), test), "Test", "Train"),
        }
    )
    _remove_unfinished(root)
    try:
        _write(root / _UNFINISHED, lesions, metadata)
        for name in (*_PARTS, _TABLE):
            os.replace(root / _UNFINISHED / name, root / name)
    except BaseException:
        _remove_unfinished(root)
        raise
    (root / _UNFINISHED).rmdir()
    return root


def _remove_unfinished(root):
    for name in (*_PARTS, _UNFINISHED):
        shutil.rmtree(root / name, ignore_errors=True)


def _write(folder, lesions, metadata):
    for split in _PARTS:
        for name in lesions.target_names:
            (folder / split / name).mkdir(parents=True)
    for row, image in zip(metadata.itertuples(), lesions.images, strict=True):
        path = folder / row.split / row.diagnosis / f"{row.image_id}.jpg"
        Image.fromarray(image).save(path, quality=_JPEG_QUALITY)
    metadata.to_csv(folder / _TABLE, index=False)


def _check_free(root):
    if root.is_dir():
        entries = {entry.name for entry in root.iterdir()} - {_UNFINISHED}
        if (root / _UNFINISHED / _TABLE).exists():  # killed while the folders were moved
            entries -= {*_PARTS}
        if not entries:
            return
        found = f"is a folder with {len(entries)} entries, such as {min(entries)!r}"
    elif root.exists():
        found = "is a file"
    else:
        return
    raise FileExistsError(
        f"root {str(root)!r} {found}. Expected an empty folder, or a path that does not exist yet."
        " Choose another path, or remove the existing one."
    )
