"""Join rows that share a group or content, or are linked as pairs, over any number of steps."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .validation.labels import number_labels


def link_groups(group_ids, rows, other_rows):
    """Join the groups of rows that are linked.

    Parameters
    ----------
    group_ids : ndarray of shape (n,), of int
        From 0 on.

    rows, other_rows : ndarray of shape (n_links,), of int
        The two rows of each link.

    Returns
    -------
    linked : ndarray of shape (n,), of int
    """
    n_groups = group_ids.max() + 1
    links = coo_array(
        (np.ones(len(rows)), (group_ids[rows], group_ids[other_rows])), shape=(n_groups, n_groups)
    )
    return connected_components(links, directed=False)[1][group_ids]


def merge_groups(groups, content_ids):
    """Join rows that share a group or content, over any number of steps.

    Parameters
    ----------
    groups : array-like of shape (n,) or None
        Lesions or patients.

    content_ids : ndarray of shape (n,), of int

    Returns
    -------
    merged : ndarray of shape (n,), of int
    """
    if groups is None:
        return content_ids.copy()
    _, group_ids = number_labels(groups, name="groups")
    _, first, content = np.unique(content_ids, return_index=True, return_inverse=True)
    return link_groups(group_ids, np.arange(len(content)), first[content])
