"""Find images that show the same photograph, re-encoded, resized, brightened, rotated or mirrored.

The descriptor of a photograph is the low frequencies of its brightness, as in perceptual hashes
[1]_. Perceptual hashes keep only the signs of the coefficients; the descriptor keeps their values.
Two images are near duplicates if their descriptors correlate. Coefficients are weighted by their
frequency, for two reasons. The lowest frequencies tell little: every lesion is a dark blob on
bright skin. And natural images have less energy in finer detail [2]_.

Mirroring an image changes the signs of its coefficients. Rotating it by 90 degrees also swaps rows
and columns. One descriptor therefore gives the descriptors of all eight orientations. Without signs
and order, all eight have the same 31 numbers. These are compared first. Only pairs that are close
in them, about one in several thousand, are compared in full.

A black bar or a round dark border is most of what such a descriptor sees: different lesions within
the same border correlate. An image with a border of one colour therefore has a second descriptor.
It sees only what lies within the border, enlarged and faded out towards it. If both images of a
pair have a border, both descriptors must correlate, unless the whole images are nearly equal: dark
corners are not found alike in every copy.

.. [1] C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", diploma
   thesis, Upper Austria University of Applied Sciences, Hagenberg, 2010.
.. [2] D. J. Field, "Relations between the statistics of natural images and the response properties
   of cortical cells", Journal of the Optical Society of America A 4(12), 2379-2394, 1987.
   :doi:`10.1364/JOSAA.4.002379`
"""

import cv2
import numpy as np
import pandas as pd
from scipy.fft import dctn
from sklearn.metrics import pairwise_distances_chunked
from threadpoolctl import threadpool_limits

from .constant_border import find_constant_border

# One minus the correlation of two descriptors. 2,000 photographs of HAM10000 were re-encoded,
# resized, brightened, rotated and mirrored: all stay below 0.03. Pairs of other lesions stay above
# 0.05, except for one pair, which is in fact one photograph listed as two lesions.
MAX_DISTANCE = 0.04
# The same within borders, which are not found alike in every copy. Within black borders, the
# closest other lesions were two small moles on pale skin, at 0.070.
_MAX_DISTANCE_WITHIN_BORDERS = 0.06
# Up to this distance of the whole images, borders need not be found alike. Of 300 other lesions in
# each of 15 borders, one pair is below it.
_MAX_DISTANCE_OF_SURE_PAIRS = 0.003
# One minus the cosine of two rows of an embedding.
MAX_EMBEDDING_DISTANCE = 0.02

_N_FREQUENCIES = 16
_DESCRIBED_SIDE = 64
# In grey levels. An image without contrast would match every other one.
_MIN_CONTRAST = 2.0
# In pixels of the described square.
_FADE = 8

_N_INDEXED = 18
# 1.5 times the largest distance among the 2,000 photographs.
_INDEX_RADIUS = 0.14
_ROUNDING = 1e-6
_ROWS_IN_BLOCK = 1024
_PAIRS_IN_BLOCK = 4096

_HEIGHT = np.hypot(*np.indices((_N_FREQUENCIES, _N_FREQUENCIES))).astype(np.float32)
_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_SIGNS = np.stack([np.ones(_N_FREQUENCIES), (-1.0) ** np.arange(_N_FREQUENCIES)]).astype(np.float32)

# The transform from the first image to the second, in the order of _correlate.
_TRANSFORMS = np.array(
    [
        "none",
        "mirrored left to right",
        "mirrored top to bottom",
        "turned by 180",
        "mirrored along the diagonal",
        "turned by 90 clockwise",
        "turned by 90 counterclockwise",
        "mirrored along the antidiagonal",
    ]
)


def describe(images):
    """Return the descriptors of a stack of images.

    Parameters
    ----------
    images : ndarray of shape (n, side, side, 3), uint8
        Whole photographs, stretched to a square whose side is a multiple of 64.

    Returns
    -------
    descriptors : ndarray of shape (n, 2, 16, 16), float32
        Of the whole image, and of what lies within its border of one colour. Of unit norm. The
        first is zero if the image has no contrast. The second is zero if it has no border, and NaN
        if there is no contrast within it.
    """
    block = images.shape[1] // _DESCRIBED_SIDE
    shape = (len(images), _DESCRIBED_SIDE, block, _DESCRIBED_SIDE, block)
    grey = (images @ _LUMINANCE).reshape(shape).mean(axis=(2, 4))
    within = np.zeros_like(grey)
    is_flat = np.zeros(len(images), dtype=bool)
    for number, image in enumerate(images):
        image = cv2.resize(image, grey.shape[1:], interpolation=cv2.INTER_AREA)
        border = find_constant_border(image)
        if border.any():
            field, weight = _enlarge_field(grey[number], border)
            n_within = max(weight.sum(), 1)
            within[number] = (field - (field * weight).sum() / n_within) * weight
            is_flat[number] = (within[number] ** 2).sum() < _MIN_CONTRAST**2 * n_within
    whole = _describe(grey)
    whole[grey.std(axis=(1, 2)) < _MIN_CONTRAST] = 0
    within = _describe(within)
    within[is_flat] = np.nan  # it correlates with nothing, so the image matches none with a border
    return np.stack([whole, within], axis=1)


def _enlarge_field(grey, border):
    """Return what a border surrounds, at the size of the image, and weights that fade out."""
    left, top, width, height = cv2.boundingRect(1 - border)
    box = np.s_[top : top + height, left : left + width]
    field = cv2.resize(grey[box], border.shape, interpolation=cv2.INTER_LINEAR)
    border = cv2.resize(border[box], border.shape, interpolation=cv2.INTER_NEAREST)
    around = np.pad(border, 1, constant_values=1)
    depth = cv2.distanceTransform(1 - around, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return field, np.clip((depth - 1) / _FADE, 0, 1)


def _describe(grey):
    coefficients = dctn(grey, axes=(1, 2), norm="ortho")[:, :_N_FREQUENCIES, :_N_FREQUENCIES]
    descriptors = coefficients * _HEIGHT
    norms = np.sqrt((descriptors**2).sum(axis=(1, 2), keepdims=True))
    return np.divide(descriptors, norms, out=np.zeros_like(descriptors), where=norms > 0)


def find_near_duplicates(descriptors):
    """Return the pairs of images that show one photograph.

    Parameters
    ----------
    descriptors : ndarray of shape (n, 2, 16, 16), float32
        From :func:`describe`.

    Returns
    -------
    pairs : DataFrame
        Columns `first` and `second` (indices into `descriptors`, first < second), `distance` from 0
        to `MAX_DISTANCE`, of the whole images, and `transform`, which turns the first image into
        the second. Sorted by distance.
    """
    descriptors, within_borders = descriptors[:, 0], descriptors[:, 1]
    described = np.flatnonzero(descriptors.any(axis=(1, 2)))
    # The products are small. On a busy machine, several threads take ten times as long for one
    # product as a single thread does.
    with threadpool_limits(1, user_api="blas"):
        blocks = [
            _compare(descriptors, within_borders, described[first], described[second])
            for first, second in _find_candidates(_invariants(descriptors[described]))
        ]
    return _sorted_by_distance(blocks)


def find_near_duplicates_of_embedding(embedding):
    """Return the pairs of rows whose cosine distance is at most `MAX_EMBEDDING_DISTANCE`.

    Every row is compared with every other, in blocks: time grows with the square of their number.

    Parameters
    ----------
    embedding : ndarray of shape (n, n_features)

    Returns
    -------
    pairs : DataFrame
        As :func:`find_near_duplicates` returns them, with an unknown transform.
    """
    blocks, start = [], 0
    for distances in pairwise_distances_chunked(embedding, metric="cosine"):
        first, second = np.nonzero(distances <= MAX_EMBEDDING_DISTANCE)
        found = distances[first, second]
        first += start
        once = first < second
        blocks.append(_to_frame(first[once], second[once], found[once], "unknown"))
        start += len(distances)
    return _sorted_by_distance(blocks)


def describe_pairs(rows, pairs, representatives):
    """Return a line for each pair of contents that show one photograph.

    Parameters
    ----------
    rows : DataFrame

    pairs : DataFrame
        Indices into `representatives`, distance and transform.

    representatives : ndarray of int
        The first row of each content that was compared.
    """
    found = pd.DataFrame(index=pairs.index)
    for end, prefix in (("first", ""), ("second", "other_")):
        chosen = representatives[pairs[end]]
        found[f"{prefix}row"] = chosen
        for column in ("path", "label", "split", "group"):
            found[f"{prefix}{column}"] = rows[column].to_numpy()[chosen]
    found["distance"] = pairs["distance"].astype(float)
    found["transform"] = pairs["transform"]
    return found


def _invariants(descriptors):
    """Return the lowest frequencies without signs; the larger of two mirror images comes first."""
    rows, columns = np.triu_indices(_N_FREQUENCIES)
    from_low_to_high = np.argsort(_HEIGHT[rows, columns], kind="stable")[:_N_INDEXED]
    rows, columns = rows[from_low_to_high], columns[from_low_to_high]
    size = np.abs(descriptors)
    one, other = size[:, rows, columns], size[:, columns, rows]
    is_pair = rows != columns
    return np.hstack([np.maximum(one, other), np.minimum(one, other)[:, is_pair]])


def _find_candidates(invariants):
    """Yield arrays of pairs of rows with close invariants, each pair once.

    Blocks of rows are compared as a product of matrices. In so many dimensions, this is far faster
    than a tree. Rows are sorted along the direction in which they differ most. A block is therefore
    only compared with the blocks that follow within the radius.
    """
    if len(invariants) < 2:
        return
    centred = invariants - invariants.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    place = centred @ axes[:, -1]
    order = np.argsort(place, kind="stable")
    centred, place = centred[order], place[order]
    # The product of two rows is half of the squared radius less half of the squared distance.
    half = (_INDEX_RADIUS**2 / 2 - (centred**2).sum(axis=1)) / 2
    one = np.ones_like(half)
    left, right = np.column_stack([centred, half, one]), np.column_stack([centred, one, half])
    for start in range(0, len(left), _ROWS_IN_BLOCK):
        rows = left[start : start + _ROWS_IN_BLOCK]
        reach = place[start + len(rows) - 1] + _INDEX_RADIUS + _ROUNDING
        end = np.searchsorted(place, reach, side="right")
        for other in range(start, end, _ROWS_IN_BLOCK):
            block = right[other : min(other + _ROWS_IN_BLOCK, end)]
            # On the flat array, this is many times faster than np.nonzero on a matrix.
            near = np.flatnonzero(rows @ block.T >= -_ROUNDING)
            first, second = near // len(block) + start, near % len(block) + other
            once = first < second
            pairs = np.sort(order[np.stack([first[once], second[once]])], axis=0)
            for part in range(0, pairs.shape[1], _PAIRS_IN_BLOCK):
                yield pairs[:, part : part + _PAIRS_IN_BLOCK]


def _compare(descriptors, within_borders, first, second):
    """Return the pairs that show one photograph in any of the eight orientations."""
    correlations = _correlate(descriptors[first], descriptors[second])
    orientation = correlations.argmax(axis=1)
    # Rounding may leave a correlation a little above 1.
    distance = np.maximum(1 - correlations.max(axis=1), 0)
    same = np.flatnonzero(distance <= MAX_DISTANCE)
    one, other = within_borders[first[same]], within_borders[second[same]]
    have_borders = one.any(axis=(1, 2)) & other.any(axis=(1, 2))
    within = 1 - _correlate(one, other).max(axis=1)
    is_near = within <= _MAX_DISTANCE_WITHIN_BORDERS
    is_sure = (distance[same] <= _MAX_DISTANCE_OF_SURE_PAIRS) & np.isfinite(within)
    same = same[is_near | is_sure | ~have_borders]
    return _to_frame(first[same], second[same], distance[same], _TRANSFORMS[orientation[same]])


def _correlate(first, second):
    """Return the correlations of pairs of descriptors, shape (n, 8).

    Mirroring changes the signs of the odd frequencies of rows or columns. Multiplying the product
    by both sign patterns from either side sums it up for all four reflections at once.
    """
    return np.concatenate(
        [
            (_SIGNS @ (one * second) @ _SIGNS.T).reshape(-1, 4)
            for one in (first, first.transpose(0, 2, 1))
        ],
        axis=1,
    )


def _to_frame(first, second, distance, transform):
    return pd.DataFrame(
        {"first": first, "second": second, "distance": distance, "transform": transform}
    )


def _sorted_by_distance(blocks):
    nothing = _to_frame(*(np.array([], dtype=dtype) for dtype in (int, int, float, str)))
    pairs = pd.concat([block for block in blocks if len(block)] or [nothing])
    return pairs.sort_values(["distance", "first", "second"], ignore_index=True)
