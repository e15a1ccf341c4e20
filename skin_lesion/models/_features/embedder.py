"""Features of frozen backbones, for any scikit-learn estimator."""

import os
import warnings
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from ..._utils.documentation_link import DocumentedMixin
from ..._utils.sklearn_private import Interval, StrOptions, check_feature_names, fit_context
from ..._utils.validation.nested_parameters import NestedParametersMixin
from ..._utils.validation.paths import are_paths, check_paths
from ..._utils.validation.pixels import check_images
from ..._utils.validation.rows import check_rows
from ...images import ImageLoader, Preprocessing
from .._backend.identity import describe_policy
from .._networks.backbone import Backbone
from .._networks.weights import describe_weights
from .._training.image_source import ArraySource, PathSource, read_batches
from .cache import FeatureCache
from .engine import describe_engine, open_engine, possible_engines


@dataclass
class _Part:
    """The features of one network: those in its cache, and a function for the others."""

    features: list
    cache: FeatureCache | None = None
    keys: list | None = None
    compute: object = None
    n_features: int | None = None  # where there is a function


class ImageEmbedder(DocumentedMixin, NestedParametersMixin, TransformerMixin, BaseEstimator):
    """Turn images into the features of a frozen backbone.

    A network trained on millions of photographs describes any image with about 1,000 numbers, which
    separate classes well [1]_. On these features a linear classifier trains in a second, SMOTE can
    interpolate, and a :class:`~sklearn.compose.ColumnTransformer` can add age and site. The
    transformer learns nothing from `X`, so it can be anywhere in a pipeline.

    Parameters
    ----------
    backbone : Backbone or list of Backbone, default=None
        The network, or several networks, whose features are concatenated. Only their `name` and
        `weights` matter. A list can only be set as a whole. None means
        ``Backbone("EfficientNetLite0")``, whose ImageNet weights need no download. Random weights
        (``weights=None``) are the same in every embedder that runs on the same backend of Keras.

    pooling : {"avg", "max"}, default="avg"
        Global average or maximum pooling of the feature maps.

    engine : {"auto", "keras", "onnx"}, default="auto"
        The library that computes the features. ONNX Runtime is faster on a CPU, after an
        export of a few seconds, once per process. It needs the extra "onnx". "auto" uses it if it
        is installed, Keras finds no GPU, and the network can be exported. With ImageNet weights the
        features of both engines differ by less than 1e-4.

    loader : ImageLoader, default=None
        Reads images if `X` holds paths. None means ``ImageLoader()``, with 224 x 224 pixels.

    cache_dir : str, os.PathLike or None, default=None
        Folder for cached features. Later calls take them from there, also in other folds,
        candidates, processes and runs. Calls at the same time may embed the same image. The folder
        is created if it does not exist.

    batch_size : int, default=32
        Number of images that are read, and that Keras computes, at a time. ONNX Runtime computes
        one image at a time, so that its features do not depend on other images.

    n_jobs : int or None, default=-1
        Number of threads for reading images and for ONNX Runtime. None means 1, unless in a
        :func:`joblib.parallel_config` context of threads; -1 means all cores of this process. It
        does not change the result.

    Attributes
    ----------
    n_features_in_ : int
        1 for a column of paths, or the number of pixels times channels of an image.

    feature_names_in_ : ndarray of shape (1,), of object
        The name of the column, if `X` is a DataFrame.

    See Also
    --------
    SkinLesionClassifier : Fine-tunes a backbone.

    Notes
    -----
    Features of several networks often classify better than those of one. Each image is read once
    for all networks. The cache stores the features of each network separately, whatever networks
    it is combined with.

    Images should not be much smaller than those that the network was trained on, mostly 224 pixels.
    At 32 pixels the features of MobileNetV2 carry almost no information.

    The cache identifies features by the content of the image, the settings of the loader, the
    backbone and the content of its weights, `pooling`, the engine with its version, and the dtype
    policy of Keras. Random weights are identified by the backend and its version. Keras and ONNX
    Runtime never share features. The cache is a separate SQLite file in `cache_dir`, as safe as
    that of :class:`ImageLoader`, and leaves as much of the disk free. To remove it, delete the
    folder. If all features are cached, no network is built.

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
    >>> embedder = ImageEmbedder(Backbone("EfficientNetLite0"), engine="keras")
    >>> embedder.fit_transform(lesions.images).shape
    (20, 1280)
    >>> embedder.get_feature_names_out()[:2].tolist()
    ['efficientnetlite0_0', 'efficientnetlite0_1']
    >>> model = make_pipeline(embedder, StandardScaler(), LogisticRegression())
    >>> model.fit(lesions.images, lesions.target).predict(lesions.images).shape
    (20,)
    """

    _parameter_constraints = {
        "backbone": [Backbone, list, tuple, None],
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
        """Check the parameters and the form of `X`, and count the features. No image is embedded.

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
            If ``engine="onnx"`` and the extra is not installed, or if a package with weights is not
            installed.
        OSError
            If weights cannot be downloaded, or the cache in `cache_dir` cannot be opened.
        TypeError
            If `backbone` is a list with anything other than Backbone objects, or empty.
        ValueError
            If a parameter has an invalid value, the weights belong to another network, the images
            are too small for it, or `X` has another shape.
        """
        items, source = self._open(X, reset=True)
        parts = self._look_up_all(items[:1], source)
        # No image is embedded: Keras would trace the network for one image, and again for several.
        self._n_features_of = [part.n_features or len(part.features[0]) for part in parts]
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
            Rows in the order of `X`; columns in the order of the networks.

        Raises
        ------
        FileNotFoundError
            If a path does not exist.
        OSError
            If a cache cannot be opened: that in `cache_dir`, or that of the loader.
        ValueError
            If a file cannot be read as an image, or if `X` has another shape.

        Warns
        -----
        UserWarning
            If the cache fails, as on a full disk.
        """
        # By name: load_model adds weights only to embedders with it; others would open a file.
        check_is_fitted(self, "n_features_in_")
        return np.hstack(self._embed(*self._open(X, reset=False)))

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features: the network, and a number.

        Parameters
        ----------
        input_features : array-like of str or None
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_features,), of object
            Such as "mobilenetv2_0"; a network that occurs twice is "mobilenetv2-1" and
            "mobilenetv2-2".
        """
        check_is_fitted(self, "n_features_in_")
        prefixes = [backbone.name.lower() for backbone in self._backbones()]
        names = []
        for place, (prefix, n_features) in enumerate(
            zip(prefixes, self._n_features_of, strict=True)
        ):
            if prefixes.count(prefix) > 1:
                prefix += f"-{prefixes[: place + 1].count(prefix)}"
            names += [f"{prefix}_{number}" for number in range(n_features)]
        return np.array(names, dtype=object)

    def _open(self, X, *, reset):
        """Return the paths or the images, and a source that reads them."""
        check_rows(X)
        if are_paths(X):
            paths = check_paths(X)
            check_feature_names(self, X, reset=reset)
            n_features_in = 1
            loader = clone(self._own_loader()).set_params(n_jobs=self.n_jobs)
            if reset:
                loader._validate_params()  # its fit leaves this out inside of another fit
                Preprocessing(loader.preprocess)  # raises an error if a step is not valid
            source = PathSource(paths, loader)
            items = paths.tolist()
        else:
            items = check_images(X, scale_is_known=not reset)
            source = ArraySource(items, self.n_jobs)
            if reset:  # those of an earlier fit go
                check_feature_names(self, X, reset=True)
            n_features_in = int(np.prod(source.image_shape))
        if reset:
            self.n_features_in_ = n_features_in
            self._image_shape = source.image_shape
        elif source.image_shape != self._image_shape:
            raise ValueError(
                f"X has images of shape {source.image_shape}, but ImageEmbedder was fitted on"
                f" images of shape {self._image_shape}. Resize them; for paths, set"
                f" loader=ImageLoader(image_size={self._image_shape[:2]})."
            )
        return items, source

    def _backbones(self):
        if self.backbone is None:
            return [Backbone("EfficientNetLite0")]
        if isinstance(self.backbone, Backbone):
            return [self.backbone]
        if not self.backbone or not all(isinstance(one, Backbone) for one in self.backbone):
            raise TypeError(
                f"backbone={self.backbone!r}. Expected a Backbone, or a list of at least one, such"
                " as [Backbone('EfficientNetLite0'), Backbone('MobileNetV2')]."
            )
        return list(self.backbone)

    def _network_of(self, backbone):
        """Return the name, the weights, and a text that identifies these weights."""
        weights = self._find_stored_weights(backbone)
        if weights is None and backbone.weights is not None:
            weights = os.fspath(backbone.weights)
        return backbone.name, weights, describe_weights(backbone.name, weights)

    def _find_stored_weights(self, backbone):
        """Return the weights that load_model has read for a backbone, or None."""
        stored = getattr(self, "_stored_weights", ())
        return next((weights for weights in stored if weights.belong_to(backbone)), None)

    def _own_loader(self):
        return ImageLoader() if self.loader is None else self.loader

    def _embed(self, items, source):
        """Return the features of each network."""
        parts = self._look_up_all(items, source)
        self._compute_missing(parts, source, items)
        source.warn_of_unreadable()
        problems = {part.cache.store.problem for part in parts if part.cache is not None} - {None}
        if problems:
            warnings.warn(
                f"The cache in cache_dir={self.cache_dir!r} fails: {problems.pop()}. Images that"
                " are not in it are embedded in each call. Free space if its disk is full, end the"
                " program that locks it, or pass cache_dir=None.",
                UserWarning,
                stacklevel=3,
            )
        return [np.stack(part.features) for part in parts]

    def _look_up_all(self, items, source):
        return [
            self._look_up(self._network_of(backbone), items, source)
            for backbone in self._backbones()
        ]

    def _look_up(self, network, items, source):
        part = self._find_all_in_cache(network, items)
        if part is not None:
            return part
        compute, engine, n_features = open_engine(
            *network,
            source.image_shape,
            self.pooling,
            self.engine,
            source.n_readers,
            describe_policy(),
        )
        part = _Part(
            [None] * len(items),
            keys=[None] * len(items),
            compute=compute,
            n_features=n_features,
        )
        if self.cache_dir is not None:
            part.cache = self._open_cache(network, engine)
            for row, item in enumerate(items):
                part.features[row], part.keys[row] = part.cache.look_up(item)
        return part

    def _compute_missing(self, parts, source, items):
        is_missing = np.array([[found is None for found in part.features] for part in parts])
        rows = np.flatnonzero(is_missing.any(axis=0))
        if not len(rows):
            return
        with read_batches(source, rows, self.batch_size) as batches:
            for images in batches:
                of_batch, rows = rows[: len(images)], rows[len(images) :]
                for part, missing in zip(parts, is_missing[:, of_batch], strict=True):
                    if missing.any():
                        _compute(part, items, of_batch[missing], images[missing])

    def _open_cache(self, network, engine):
        name, _, weights = network
        description = f"{name}, {weights}, {self.pooling}, {describe_engine(engine)}"
        return FeatureCache(self.cache_dir, self._own_loader(), description)

    def _find_all_in_cache(self, network, items):
        """Return the cached features of all items by one engine, or None if some are missing."""
        if self.cache_dir is None:
            return None
        for engine in possible_engines(self.engine):
            part = _Part([], cache=self._open_cache(network, engine))
            for item in items:
                found, _ = part.cache.look_up(item)
                if found is None:
                    break
                part.features.append(found)
            else:
                return part
        return None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        # Columns of paths are accepted, but this tag would promise columns of numbers.
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _compute(part, items, rows, images):
    # With a dtype policy of Keras such as "mixed_float16" they are of another type.
    features = np.asarray(part.compute(images), dtype=np.float32)
    for row, image, found in zip(rows, images, features, strict=True):
        part.features[row] = found
        # The loader gives a black image for a file that it cannot read.
        if part.cache is not None and part.keys[row] is not None and image.any():
            part.cache.add(items[row], part.keys[row], found)
