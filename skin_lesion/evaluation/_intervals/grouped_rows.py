"""The lesion or patient of each image, and sums over images."""

from functools import cached_property

import numpy as np

from ..._utils.intervals import count_independent

# With fewer lesions in the smaller class, a score has no interval: its coverage would be too low.
# The partial AUC and a good Brier score depend mostly on a fifth of the lesions or fewer.
LEAST_GROUPS, LEAST_GROUPS_AT_RATE, LEAST_WHERE_FEW_COUNT = 10, 20, 50
_MOST_BLOCKS = 1000


class GroupedRows:
    """The rows of X that parts evaluate, with their groups.

    Parameters
    ----------
    parts : list of Part

    numbers : tuple of two ndarrays, or None
        The group and the block of each row of X, from :func:`number_groups` of more parts.

    Attributes
    ----------
    groups, blocks : ndarray of shape (n_rows,), of int

    y : ndarray of shape (n_rows,), of int
        The true class, or -1 in rows that no part evaluates.
    """

    def __init__(self, parts, numbers):
        self.parts = parts
        self.classes = parts[0].predictions.classes
        self.groups, self.blocks = numbers or number_groups(parts)
        self.n_groups, self.n_blocks = self.groups.max() + 1, self.blocks.max() + 1
        self.y = np.full(len(self.groups), -1)
        for part in parts:
            self.y[part.rows] = part.predictions.y

    @cached_property
    def present(self):
        """The numbers of the classes that occur: means are over these."""
        return np.unique(self.y[self.y >= 0]).tolist()

    def count_groups(self, number):
        """Return how many groups have images of a class, and how many have other images."""
        is_used = self.y >= 0
        return [
            np.count_nonzero(np.bincount(self.groups[is_used & rows]))
            for rows in (self.y == number, self.y != number)
        ]

    def count_equal_groups(self, number):
        """Return how many groups with equal numbers of images vary as much as those of a class.

        The second number is of the other images. Both are smaller than those of
        :meth:`count_groups` if few groups have most images.
        """
        is_used = self.y >= 0
        images = [
            np.bincount(self.groups[is_used & rows])
            for rows in (self.y == number, self.y != number)
        ]
        return [one.sum() ** 2 / np.square(one).sum() for one in images]

    def count_independent(self, number=None, *, others=False):
        """Return the number of independent images that vary as much as those of a class.

        None takes all images, and `others` those of the other classes.
        """
        cases = self.y >= 0
        if number is not None:
            cases &= (self.y == number) != others
        return count_independent(cases, self.groups, self.n_groups)

    def average(self, pick):
        """Return what a mean over the parts sums in each row, and the means of the parts.

        Parameters
        ----------
        pick : callable
            It takes :class:`Predictions`, and returns a value and a mask of cases for each row.

        Returns
        -------
        hits, weights : ndarray of shape (n_rows,)
            The mean over the parts is the sum of `hits`; `weights` are those of its cases.

        of_parts : ndarray of shape (n_parts,)
        """
        picked = [pick(part.predictions) for part in self.parts]
        n_cases = np.array([cases.sum() for _, cases in picked])
        hits, weights = np.zeros((2, len(self.groups)))
        for part, (hit, cases), n in zip(self.parts, picked, n_cases, strict=True):
            if n:
                share = 1 / (n * np.count_nonzero(n_cases))
                hits[part.rows] += share * hit
                weights[part.rows] += share * cases
        with np.errstate(invalid="ignore"):
            of_parts = np.array([hit.sum() for hit, _ in picked]) / n_cases
        return hits, weights, of_parts


def number_groups(parts, most_blocks=_MOST_BLOCKS):
    """Return the group number and the block number of each row of X.

    With more than `most_blocks` groups, the jackknife leaves out blocks of groups. Groups of the
    rarest classes are distributed over the blocks first, so that few share a block.
    """
    n_rows = max(part.rows.max() for part in parts) + 1
    groups, y = np.zeros((2, n_rows), dtype=int)
    rows = np.concatenate([part.rows for part in parts])
    ids = np.concatenate([part.rows if part.groups is None else part.groups for part in parts])
    groups[rows] = np.unique(ids, return_inverse=True)[1]
    y[rows] = np.concatenate([part.predictions.y for part in parts])
    n_groups = groups.max() + 1
    if n_groups <= most_blocks:
        return groups, groups
    rows = np.unique(rows)
    count = np.bincount(y[rows])[y[rows]]
    rarest = np.full(n_groups, len(rows) + 1)
    np.minimum.at(rarest, groups[rows], count)
    rank = np.empty(n_groups, dtype=int)
    rank[np.argsort(rarest, kind="stable")] = np.arange(n_groups)
    return groups, rank[groups] % most_blocks
