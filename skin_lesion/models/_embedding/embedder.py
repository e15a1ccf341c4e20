"""Features of a frozen backbone, for the whole of scikit-learn."""

import os
import warnings
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval, StrOptions, check_feature_names, fit_context
from ..._utils.validation.paths import are_paths, check_paths
from ..._utils.validation.pixels import check_images
from ..._utils.validation.rows import check_rows
from ...images import ImageLoader
from .._networks.backbone import Backbone
from .._networks.weights import describe_weights
from .._training.image_source import ArraySource, PathSource, read_batches
from .cache import FeatureCache
from .engine import describe_engine, open_engine, possible_engines


class ImageEmbedder(
    DocumentedMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Turn images into the features that a frozen network sees in them.

    A network that was trained on millions of photographs describes any image by some 1,000 numbers
    in which classes are easy to tell apart [1]_. Behind it a linear classifier trains in a second,
    SMOTE can interpolate, and a :class:`~sklearn.compose.ColumnTransformer` can join age and site.
    Nothing is learnt from `X`, so that it may stand anywhere in a pipeline.

    Parameters
    ----------
    backbone : Backbone, default=None
        The network; of its parameters, `name` and `weights` count. None stands for
        ``Backbone("MobileNetV2", weights="imagenet")``. Random weights (``weights=None``) are the
        same in every embedder.

    pooling : {"avg", "max"}, default="avg"
        What is taken of each map of features.

    engine : {"auto", "keras", "onnx"}, default="auto"
        What computes. ONNX Runtime is two to three times as fast on a processor, after an export
        that takes seconds, once in a process; it needs the extra "onnx". "auto" takes it where it
        is installed, Keras sees no GPU, and the network can be exported. The features of ImageNet
        weights differ by less than 1e-4.

    loader : ImageLoader, default=None
        Reads images where `X` holds paths. None stands for ``ImageLoader()``, with its 224 pixels.

    cache_dir : str, os.PathLike or None, default=None
        Folder in which features are kept, so that no image is embedded twice: by other folds,
        candidates, processes or runs. It is made where it does not exist.

    batch_size : int, default=32
        Images that are read at a time, and that Keras computes at a time; ONNX Runtime computes
        each by itself, so that its features depend on no other image.

    n_jobs : int or None, default=-1
        Number of threads, in which ONNX Runtime computes, too. None means 1, unless in a
        :func:`joblib.parallel_config` context of threads; -1 means all cores of this process. The
        result is the same.

    Attributes
    ----------
    n_features_in_ : int
        1, the column of paths; of a stack of images, pixels times channels.

    feature_names_in_ : ndarray of shape (1,), of object
        The name of the column, where `X` is a DataFrame.

    See Also
    --------
    SkinLesionClassifier : Trains a backbone, instead of using it as it is.

    Notes
    -----
    Images should not be much smaller than those that the network was trained on, mostly of 224
    pixels: of images of 32 pixels MobileNetV2 sees next to nothing.

    In the cache, features are known by the content of the image, what the loader makes of it, the
    backbone and the content of its weights, `pooling`, and the engine that computed them with its
    version: Keras and ONNX Runtime never share features. It is an SQLite file of its
    own in `cache_dir`, as safe as that of :class:`ImageLoader`; delete the folder to be rid of it.
    Where all features are cached, no network is built.

    References
    ----------
    .. [1] Razavian, A. S., Azizpour, H., Sullivan, J. and Carlsson, S. "CNN Features Off-the-Shelf:
       an Astounding Baseline for Recognition." CVPR Workshops 2014. :doi:`10.1109/CVPRW.2014.131`

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skin_lesion import Backbone, ImageEmbedder, make_lesion_images
    >>> lesions = make_lesion_images(20, n_classes=2, image_size=(32, 32), random_state=0)
    >>> embedder = ImageEmbedder(Backbone("MobileNetV2", weights=None), engine="keras")
    >>> embedder.fit_transform(lesions.images).shape
    (20, 1280)
    >>> model = make_pipeline(embedder, StandardScaler(), LogisticRegression())
    >>> model.fit(lesions.images, lesions.target).predict(lesions.images).shape
    (20,)
    """

    _parameter_constraints = {
        "backbone": [Backbone, None],
        "pooling": [StrOptions({"avg", "max"})],
        "engine": [StrOptions({"auto", "keras", "onnx"})],
        "loader": [ImageLoader, None],
        "cache_dir": [str, os.PathLike, None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        backbone=None,
        *,
        pooling="avg",
        engine="auto",
        loader=None,
        cache_dir=None,
        batch_size=32,
        n_jobs=-1,
    ):
        self.backbone = backbone
        self.pooling = pooling
        self.engine = engine
        self.loader = loader
        self.cache_dir = cache_dir
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters, and count the features of the first image.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, or (n, height, width, 3)
            Paths, or pixels from 0 to 255.

        y : None
            Ignored.

        Returns
        -------
        self : ImageEmbedder
            The estimator itself.

        Raises
        ------
        FileNotFoundError
            If a path, or the file of weights, does not exist.
        ImportError
            If ``engine="onnx"`` and the extra is not installed.
        OSError
            If weights cannot be downloaded, or the cache cannot be opened.
        ValueError
            If a parameter has an invalid value, the weights are of another network, the images are
            too small for it, or `X` has another shape.
        """
        items, source = self._open(X, reset=True)
        self._n_features_out = self._embed(items[:1], source).shape[1]
        return self

    def transform(self, X):
        """Compute features, or take them from the cache.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1) of paths, or (n, height, width, 3)
            Paths, or pixels from 0 to 255.

        Returns
        -------
        features : ndarray of shape (n, n_features), float32
            In the order of `X`.

        Raises
        ------
        FileNotFoundError
            If a path does not exist.
        ValueError
            If a file cannot be read as an image, or if `X` has another shape.

        Warns
        -----
        UserWarning
            If the cache fails, as on a full disk.
        """
        # By name: load_model brings weights to those that have it, and others would open a file.
        check_is_fitted(self, "n_features_in_")
        return self._embed(*self._open(X, reset=False))

    def _open(self, X, *, reset):
        """Return the paths or the images, and a source that reads them."""
        check_rows(X)
        if are_paths(X):
            paths = check_paths(X)
            check_feature_names(self, X, reset=reset)
            n_features_in = 1
            source = PathSource(paths, clone(self._own_loader()).set_params(n_jobs=self.n_jobs))
            items = paths.tolist()
        else:
            items = check_images(X, scale_is_known=not reset)
            source = ArraySource(items, self.n_jobs)
            n_features_in = int(np.prod(source.image_shape))
        if reset:
            self.n_features_in_ = n_features_in
            self._image_shape = source.image_shape
        elif source.image_shape != self._image_shape:
            raise ValueError(
                f"X has images of shape {source.image_shape}, ImageEmbedder was fitted on images of"
                f" shape {self._image_shape}. Resize them, for paths by"
                f" loader=ImageLoader(image_size={self._image_shape[:2]})."
            )
        return items, source

    def _own_backbone(self):
        if self.backbone is None:
            return Backbone("MobileNetV2", weights="imagenet")
        return self.backbone

    def _own_loader(self):
        return ImageLoader() if self.loader is None else self.loader

    def _embed(self, items, source):
        backbone = self._own_backbone()
        stored = getattr(self, "_stored_weights", None)  # of one that load_model has read
        if stored is not None and stored.belong_to(backbone):
            weights = stored
        else:
            weights = None if backbone.weights is None else os.fspath(backbone.weights)
        network = (backbone.name, weights, describe_weights(backbone.name, weights))
        cache, features = self._find_all_in_cache(network, items)
        if features is None:
            compute, engine = open_engine(
                *network, source.image_shape, self.pooling, self.engine, source.n_readers
            )
            features, keys = [None] * len(items), [None] * len(items)
            if self.cache_dir is not None:
                cache = self._open_cache(network, engine)
                for row, item in enumerate(items):
                    features[row], keys[row] = cache.look_up(item)
            self._compute_missing(compute, source, items, features, cache, keys)
        if cache is not None and cache.store.problem is not None:
            warnings.warn(
                f"The cache in cache_dir={self.cache_dir!r} fails: {cache.store.problem}. Images"
                " that it does not hold are embedded each time. Make room on its disk, or pass"
                " cache_dir=None.",
                UserWarning,
                stacklevel=3,
            )
        return np.stack(features)

    def _compute_missing(self, compute, source, items, features, cache, keys):
        missing = np.array([row for row, found in enumerate(features) if found is None], dtype=int)
        if not len(missing):
            return
        rows = iter(missing)
        with read_batches(source, missing, self.batch_size) as batches:
            for images in batches:
                for image, found in zip(images, compute(images), strict=True):
                    row = next(rows)
                    features[row] = found
                    # The loader gives a black image for a file that it cannot read.
                    if cache is not None and image.any():
                        cache.add(items[row], keys[row], found)

    def _open_cache(self, network, engine):
        name, _, weights = network
        description = f"{name}, {weights}, {self.pooling}, {describe_engine(engine)}"
        return FeatureCache(self.cache_dir, self._own_loader(), description)

    def _find_all_in_cache(self, network, items):
        """Return the cache and the features of all items, of one engine, or None twice."""
        if self.cache_dir is None:
            return None, None
        for engine in possible_engines(self.engine):
            cache, features = self._open_cache(network, engine), []
            for item in items:
                found, _ = cache.look_up(item)
                if found is None:
                    break
                features.append(found)
            else:
                return cache, features
        return None, None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        # Columns of paths are taken, but this tag promises that numbers are.
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags
