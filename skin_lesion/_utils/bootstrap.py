"""Intervals of scores, by a bootstrap over lesions or patients."""

import numpy as np
from scipy import stats
from scipy.sparse import csr_array
from sklearn.utils import check_random_state

from .validation import number_labels

CONFIDENCE = 0.95
# Weights of this many rows times bootstraps are held at once: 16 MB.
_WEIGHTS_AT_ONCE = 2**21
# A score at the very edge of its draws is no reason to trust their last few.
_LEAST_SHARE_BELOW = 0.01
_RATES = ("accuracy", "sensitivity", "specificity")


class GroupBootstrap:
    """Draws of groups with replacement, class by class.

    Photographs of one lesion are no independent cases: lesions are drawn, and each brings all its
    images [1]_. Drawing class by class keeps rare classes in every draw. A group of several
    classes, such as a patient, is drawn with the rarest of them.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Classes.

    groups : ndarray of shape (n,) or None
        Lesions or patients. With None each row is a group of its own.

    n_bootstraps : int

    random_state : int, RandomState instance or None
        An int gives the same draws each time that :meth:`draw` is called.

    Attributes
    ----------
    n_groups : int

    n_groups_of_class : dict
        Number of groups with rows of each class.

    membership : sparse array of shape (n, n_groups)
        Times the weights of the groups gives those of the rows.

    References
    ----------
    .. [1] C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal
       Statistical Society B 69(3), 369-390, 2007. :doi:`10.1111/j.1467-9868.2007.00593.x`
    """

    def __init__(self, y, groups, *, n_bootstraps, random_state):
        self.n_bootstraps = n_bootstraps
        self._random_state = random_state
        classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
        if groups is None:
            groups = np.arange(len(codes))
        group_ids = number_labels(groups, name="groups")[1]
        self.n_groups = int(group_ids.max()) + 1
        self.membership = csr_array(
            (np.ones(len(codes)), (np.arange(len(codes)), group_ids)),
            shape=(len(codes), self.n_groups),
        )
        pairs = np.unique(np.stack([codes, group_ids]), axis=1)
        in_class = np.bincount(pairs[0], minlength=len(classes))
        self.n_groups_of_class = dict(zip(classes.tolist(), in_class.tolist(), strict=True))

        rank = np.empty(len(classes), dtype=int)
        rank[np.argsort(counts, kind="stable")] = np.arange(len(classes))
        rarest = np.full(self.n_groups, len(classes))
        np.minimum.at(rarest, group_ids, rank[codes])
        self._strata = [np.flatnonzero(rarest == number) for number in np.unique(rarest)]

    @property
    def varies(self):
        """Whether draws differ at all: of one group in each class they do not."""
        return any(len(stratum) > 1 for stratum in self._strata)

    def draw(self):
        """Yield how often each group is drawn, as arrays of shape (n_groups, b), of float."""
        rng = check_random_state(self._random_state)
        at_once = int(np.clip(_WEIGHTS_AT_ONCE // self.n_groups, 8, 256))
        for start in range(0, self.n_bootstraps, at_once):
            b = min(at_once, self.n_bootstraps - start)
            weights = np.empty((self.n_groups, b))
            for stratum in self._strata:
                n = len(stratum)
                drawn = rng.randint(n, size=(n, b)) * b + np.arange(b)
                weights[stratum] = np.bincount(drawn.ravel(), minlength=n * b).reshape(n, b)
            yield weights


def find_intervals(values, samples, n_cases):
    """Return the 95% intervals of scores from what they were over all draws.

    Bias-corrected percentiles [1]_, with percentiles for few cases [2]_: those of a bootstrap are
    too narrow by ``sqrt((n - 1) / n)``, and by what a t distribution is wider than a normal one. By
    simulation (benchmarks/coverage.py) plain percentiles of the AUC of a class of 30 lesions hold
    the truth in 92% only.

    Parameters
    ----------
    values : ndarray of shape (n_scores,)
        The scores of the images as they are.

    samples : ndarray of shape (n_scores, n_bootstraps)

    n_cases : ndarray of shape (n_scores,), of int
        Number of lesions or patients that a score hangs on: of the smaller class.

    Returns
    -------
    intervals : ndarray of shape (n_scores, 2)
        NaN where a score is NaN, where all samples are, and where there are less than two cases.

    References
    ----------
    .. [1] B. Efron, "Better bootstrap confidence intervals", Journal of the American Statistical
       Association 82(397), 171-185, 1987. :doi:`10.1080/01621459.1987.10478410`
    .. [2] T. C. Hesterberg, "What teachers should know about the bootstrap: resampling in the
       undergraduate statistics curriculum", The American Statistician 69(4), 371-386, 2015.
       :doi:`10.1080/00031305.2015.1089789`
    """
    tail = (1 - CONFIDENCE) / 2
    intervals = np.full((len(values), 2), np.nan)
    for number, (value, drawn, n) in enumerate(zip(values, samples, n_cases, strict=True)):
        drawn = drawn[~np.isnan(drawn)]
        if np.isnan(value) or not len(drawn) or n < 2:
            continue
        below = np.mean(drawn < value) + np.mean(drawn == value) / 2
        bias = stats.norm.ppf(np.clip(below, _LEAST_SHARE_BELOW, 1 - _LEAST_SHARE_BELOW))
        width = np.sqrt(n / (n - 1)) * stats.t.ppf(1 - tail, n - 1)
        intervals[number] = np.quantile(drawn, stats.norm.cdf(2 * bias + [-width, width]))
    return intervals


def bound_what_never_failed(name, value, n_cases):
    """Return the interval of a score of 0 or 1, of which all draws are alike.

    A bootstrap does not know of errors that did not happen. A rate gets the exact interval of as
    many cases [1]_, of other scores nothing can be said.

    Parameters
    ----------
    name : str

    value : float

    n_cases : int

    Returns
    -------
    low, high : float

    References
    ----------
    .. [1] C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in
       the case of the binomial", Biometrika 26(4), 404-413, 1934. :doi:`10.1093/biomet/26.4.404`
    """
    if name not in _RATES or n_cases < 2:
        return np.nan, np.nan
    bound = ((1 - CONFIDENCE) / 2) ** (1 / n_cases)
    return (bound, 1.0) if value == 1 else (0.0, 1 - bound)
