"""Tell photographs that are unlike the training images, by the features of the network.

A classifier answers for a photograph of a cat, too. What lies in a thinner region than its nearest
training images do is marked, by scikit-learn's LocalOutlierFactor.
"""

import zipfile

import numpy as np
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._utils.atomic_writing import new_file
from ..models import LastLayerInput, digest_of_network
from ._output import file_beside

FALSE_MARKS = 0.05  # the share of held-out images whose factor is above the limit
_N_NEIGHBOURS = 20
_N_PARTS = 5
MOST_KEPT = 1000
_ROUNDING = 1e-3  # factors differ far less between Keras and ONNX Runtime, measured: 1e-7


class UnlikeTraining:
    """Marks images that are far from those of training.

    It is saved as arrays, without code, and fitted anew when it is loaded.

    Parameters
    ----------
    features : ndarray of shape (n_kept, n_features)
        Of training images.

    network : str
        The :func:`digest_of_network` that computed them. Features of another one would be compared
        with what they have nothing in common with.

    limit : float
        Outlier factor above which an image is marked.

    false_marks : float
        Share of marked images among lesions that neither the model nor the limit has seen.
    """

    def __init__(self, features, network, limit=np.inf, false_marks=np.nan):
        self.features, self.network = features, str(network)
        self.limit, self.false_marks = float(limit), float(false_marks)
        n_neighbors = min(_N_NEIGHBOURS, len(features) - 1)
        factor = LocalOutlierFactor(n_neighbors=n_neighbors, novelty=True)
        self._model = make_pipeline(StandardScaler(), factor).fit(features)

    def measure(self, features):
        """Return the outlier factor of images; of those amid the training images it is about 1."""
        return -self._model.score_samples(features)

    def save(self, model_path):
        """Write it beside a model."""
        with new_file(path_beside(model_path)) as unfinished, open(unfinished, "wb") as file:
            np.savez(
                file,
                features=self.features,
                network=self.network,
                limit=self.limit,
                false_marks=self.false_marks,
            )


def fit_unlike(network, X, X_test, groups_test, random_state):
    """Return the :class:`UnlikeTraining` of a fitted network.

    The limit is set on the lesions that were held out. The share of false marks is that of the
    lesions of each fifth of them, by the limit of the others.

    Parameters
    ----------
    network : SkinLesionClassifier

    X, X_test : ndarray
        Training images, and those held out.

    groups_test : ndarray of shape (n_test,)

    random_state : int
    """
    rng = np.random.RandomState(random_state)
    rows = np.sort(rng.permutation(len(X))[:MOST_KEPT])
    features = LastLayerInput(network)
    unlike = UnlikeTraining(features.compute(X[rows]), digest_of_network(network))
    factors = unlike.measure(features.compute(X_test))
    n_splits = min(_N_PARTS, len(np.unique(groups_test)))
    if n_splits > 1:
        is_marked = np.zeros(len(factors), dtype=bool)
        for others, part in GroupKFold(n_splits).split(factors, groups=groups_test):
            is_marked[part] = factors[part] > _find_limit(factors[others])
        unlike.false_marks = float(is_marked.mean())
        unlike.limit = _find_limit(factors)
    return unlike


def _find_limit(factors):
    """Return a limit just above the factor of an image, which rounding must not mark."""
    return float(np.quantile(factors, 1 - FALSE_MARKS, method="higher")) * (1 + _ROUNDING)


def load_unlike(model_path):
    """Return what lies beside a model, or None where nothing does.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    path = path_beside(model_path)
    if not path.is_file():
        return None
    try:
        if not zipfile.is_zipfile(path):  # NumPy would advise to load it as a pickle
            raise ValueError("it is no archive of arrays")
        with np.load(path, allow_pickle=False) as arrays:
            names = ("features", "network", "limit", "false_marks")
            return UnlikeTraining(*(arrays[name] for name in names))
    except Exception as error:  # a damaged archive raises nearly anything
        raise ValueError(
            f"{path} is damaged: {str(error).rstrip('.')}. Expected the file that was written with"
            " the model. Copy it again, or remove it: photographs unlike the training images are"
            " then not marked."
        ) from error


def path_beside(model_path):
    """Return the file that belongs to a model."""
    return file_beside(model_path, ".features.npz")
