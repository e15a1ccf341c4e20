"""Find images that several datasets share."""

import warnings
from collections.abc import Mapping
from numbers import Integral

import numpy as np
import pandas as pd

from .._utils.sklearn_private import validate_params
from .._utils.validation.messages import say
from ._findings.near_duplicates import find_near_duplicates
from ._quality.scan import open_images, scan_images

_COLUMNS = ["dataset", "row", "path", "other_dataset", "other_row", "other_path"]


@validate_params(
    {"datasets": [Mapping], "n_jobs": [Integral, None], "verbose": ["verbose"]},
    prefer_skip_nested_validation=True,
)
def find_overlap(datasets, *, n_jobs=-1, verbose=0):
    """Find exact and near duplicates between datasets.

    HAM10000 and the ISIC releases share thousands of images, under other names and in other sizes.
    A score on a second dataset is an external validation only if these images are left out.

    Parameters
    ----------
    datasets : dict of str to Bunch, paths or images
        At least two, by their names. From a :class:`~sklearn.utils.Bunch`, as the loaders return
        it, `data` or `images` is used.

    n_jobs : int or None, default=-1
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    verbose : int, default=0
        Above 0, show a progress bar for each dataset.

    Returns
    -------
    pairs : DataFrame
        A line for each pair of images from different datasets that show one photograph: `dataset`,
        `row` and `path`, `other_dataset`, `other_row` and `other_path`, in the order of the
        datasets; `kind`, "content" or "near duplicate"; `distance`; and `transform`, which turns
        the first image into the second.

    Raises
    ------
    ValueError
        If there are fewer than two datasets.
    TypeError
        If a dataset holds neither paths nor images.

    Warns
    -----
    UserWarning
        If images cannot be read. They are not compared.

    See Also
    --------
    audit_dataset : Finds duplicates within a dataset, with the same descriptor.
    evaluate_external : Leaves shared images out of the external test set.

    Examples
    --------
    >>> from skin_lesion import find_overlap, make_lesion_images
    >>> ours, theirs = (make_lesion_images(20, random_state=seed) for seed in (0, 1))
    >>> theirs.images[3] = ours.images[7][:, ::-1]
    >>> pairs = find_overlap({"ours": ours, "theirs": theirs})
    >>> pairs[["row", "other_row", "transform"]].values.tolist()
    [[7, 3, 'mirrored left to right']]
    """
    if len(datasets) < 2:
        raise ValueError(
            f"Got {len(datasets)} dataset(s). Expected at least two, such as"
            " {'ours': paths, 'theirs': other_paths}."
        )
    rows, descriptors, unreadable = [], [], []
    for name, dataset in datasets.items():
        images = open_images(take_images(dataset))
        scan = scan_images(images, n_jobs=n_jobs, verbose=verbose, measures=False)
        readable = scan.files["error"] == ""
        unreadable += scan.files.loc[~readable, "error"].tolist()
        lines = scan.files.loc[readable, ["path", "sha256"]].rename_axis("row").reset_index()
        rows.append(lines.assign(dataset=name, place=len(rows)))
        descriptors.append(scan.descriptors[readable.to_numpy()])
    if unreadable:
        # One stack frame each for find_overlap and validate_params.
        warnings.warn(
            f"{say(len(unreadable), 'image')} cannot be read and could not be compared. The first:"
            f" {unreadable[0]} Replace such files, or leave them out.",
            stacklevel=3,
        )
    rows, descriptors = pd.concat(rows, ignore_index=True), np.concatenate(descriptors)
    # Compare each content once: its copies have the same pairs.
    rows["content"] = pd.factorize(rows["sha256"])[0]
    firsts = np.flatnonzero(~rows["content"].duplicated())
    pairs = find_near_duplicates(descriptors[firsts])
    return _list_pairs(rows, pairs.rename(columns={"first": "content", "second": "other_content"}))


def take_images(dataset):
    """Return the images, or their paths, from a Bunch; return anything else as it is."""
    if isinstance(dataset, Mapping):
        for name in ("data", "images"):
            if name in dataset:
                return dataset[name]
        raise TypeError(
            f"Got a dataset with the entries {sorted(map(str, dataset))}. Expected an entry 'data'"
            " or 'images', as the loaders return it, or the images themselves."
        )
    return dataset


def _list_pairs(rows, pairs):
    """Return the rows of different datasets whose contents are equal or near duplicates."""
    same = pd.unique(rows["content"])
    equal = pd.DataFrame({"content": same, "other_content": same})
    pairs = pairs.assign(kind="near duplicate")
    both_ways = pd.concat(
        [
            equal.assign(kind="content", distance=0.0, transform="none"),
            pairs,
            pairs.rename(columns={"content": "other_content", "other_content": "content"}).assign(
                transform=_turn_back(pairs["transform"])
            ),
        ],
        ignore_index=True,
    )
    found = rows.merge(both_ways, on="content").merge(rows.add_prefix("other_"), on="other_content")
    found = found[found["place"] < found["other_place"]]
    found = found.sort_values(["place", "other_place", "row", "other_row"], ignore_index=True)
    return found[[*_COLUMNS, "kind", "distance", "transform"]]


def _turn_back(transforms):
    """Return the inverse of each transform: reflections and half turns are their own inverse."""
    back = {
        "turned by 90 clockwise": "turned by 90 counterclockwise",
        "turned by 90 counterclockwise": "turned by 90 clockwise",
    }
    return transforms.replace(back)
