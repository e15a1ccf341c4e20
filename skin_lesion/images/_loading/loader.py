"""The transformer that reads image files."""

import os
import warnings
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from ..._utils.documentation_link import DocumentedMixin
from ..._utils.read_ahead import ReadAhead, count_threads
from ..._utils.sklearn_private import StrOptions, check_feature_names, fit_context
from ..._utils.validation.messages import warn_caller
from ..._utils.validation.paths import are_paths, check_files_exist, check_paths
from ..._utils.validation.pixels import check_image_size, holds_arrays
from ..._utils.validation.rows import PATHS_EXPECTED, check_rows
from .._transformer import ImageOutputMixin, ImageTransformer
from .cache import ImageCache
from .decode import UnreadableImageError, read_image
from .preprocessing import Preprocessing

# Images that a thread reads at a time. If there are few images, batches are smaller, so that every
# thread has work.
_BATCH_SIZE = 8
_BATCHES_OF_THREAD = 4
_N_FAILURES_NAMED = 3


class ImageLoader(DocumentedMixin, ImageOutputMixin, BaseEstimator):
    """Read image files as a stack of RGB images of one size.

    The loader converts each file as follows:

    - Photographs are turned upright by their EXIF orientation.
    - Transparent pixels are blended with white.
    - Grey images get three equal channels. 16-bit grey is scaled from 0 to 65535 to 0 to 255, and
      12-bit grey of TIFF files from 0 to 4095.
    - If a file has several frames, the first is read.
    - Colour profiles are ignored.
    - Images are scaled with an antialiasing bilinear filter. JPEG files at least twice as large as
      needed are decoded at a half, a quarter or an eighth of their size, then scaled without
      antialiasing. This is faster and the pixels differ little.

    There is nothing to fit: :meth:`transform` works without :meth:`fit`.

    Parameters
    ----------
    image_size : int or tuple of (int, int), default=(224, 224)
        Height and width of the result. One number stands for a square.

    resize : {"crop", "pad", "stretch"}, default="crop"
        How to resize an image of another aspect ratio:

        - "crop" scales it to cover `image_size` and cuts out the centre;
        - "pad" scales it to fit into `image_size` and fills the rest with black;
        - "stretch" scales height and width separately.

    n_jobs : int or None, default=-1
        Number of threads. None means 1, unless in a :func:`joblib.parallel_config` context of
        threads; -1 means all cores of this process. It does not change the result.

    on_error : {"raise", "warn"}, default="raise"
        What to do with a file that is not an image, is damaged, has more than
        `PIL.Image.MAX_IMAGE_PIXELS` pixels, is a JPEG of more than 100 scans, or takes more than
        1 GiB. With "warn", its image is black, and one warning counts and names such files. A path
        that does not exist is always an error.

    preprocess : transformer, list of transformers, Pipeline or None, default=None
        ColorConstancy, HairRemover or BorderCropper, or several of them in order. They clean each
        image before it is cached. Steps up to the last `BorderCropper` receive the photograph
        before it is resized, and the other steps receive the resized image. Put croppers first,
        because the other steps are faster on small images. With a
        :class:`~sklearn.pipeline.Pipeline`, a grid search can set the parameters of its steps.
        Steps that are "passthrough" are skipped.

    cache_dir : str, os.PathLike or None, default=None
        Folder that keeps the loaded images. Later epochs, folds, candidates, processes and runs
        then do not decode a file again. It is created if it does not exist. See Notes.

    verbose : int, default=0
        Above 0, show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Always 1, the column of paths.

    feature_names_in_ : ndarray of shape (1,), of object
        The name of the column, if `X` is a DataFrame.

    See Also
    --------
    skin_lesion.load_image_folder : Find the paths.
    skin_lesion.SkinLesionClassifier : Takes paths and reads them in batches, with its `loader`.

    Notes
    -----
    In a :class:`~sklearn.compose.ColumnTransformer`, use ``ImageEmbedder(loader=ImageLoader(...))``
    instead of two steps. Images are arrays without an index: with
    ``set_output(transform="pandas")``, their features would be joined to wrong rows of a table
    whose index is not 0, 1, 2 and so on.

    The result takes `n * height * width * 3` bytes: 1.5 GB for 10,000 images of 224 x 224 pixels.
    A cache of them takes about as much on disk.

    The cache identifies an image by the content of its file, `image_size`, `resize`, the steps of
    `preprocess` with their parameters, the versions of the libraries that make the pixels, and
    `PIL.ImageFile.LOAD_TRUNCATED_IMAGES`. Loaders with different parameters can therefore share a
    folder. A copy under another name is not decoded again; a file that has changed is. A deleted
    file is an error, even if its image is in the cache. Images that `on_error="warn"` makes black
    are not stored.

    The cache is an SQLite file with auxiliary files, in its own folder in `cache_dir`. Any number
    of threads and processes may use it at once: one of them decodes an image, and the others wait
    for it. A process that is killed or interrupted does not damage the cache. A folder that cannot
    be written, or a damaged cache, is an error. Damage of the pixels is recognised, too, by a
    checksum. The cache grows until you call :meth:`clear_cache`, but it leaves 2 GB of its disk
    free, or a tenth of a smaller disk. A disk without room, or a cache that another program locks,
    is only a warning, because it may occur hours into a search: images that are not stored are then
    decoded each time. Put the cache on a local disk, not on a network drive. On a cluster, every
    machine has its own.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> from skin_lesion import ImageLoader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "grey.png")
    ...     Image.new("L", (600, 450), 128).save(path)
    ...     X = np.array([[path]])
    ...     cropped = ImageLoader(image_size=(64, 64)).fit_transform(X)
    ...     padded = ImageLoader(image_size=(64, 64), resize="pad").transform([path, path])
    >>> cropped.shape, cropped.dtype, int(cropped.min())
    ((1, 64, 64, 3), dtype('uint8'), 128)
    >>> padded.shape, int(padded.min())
    ((2, 64, 64, 3), 0)

    With a cache:

    >>> from skin_lesion import write_lesion_folder, load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = write_lesion_folder(os.path.join(folder, "lesions"), 30, random_state=0)
    ...     lesions = load_image_folder(root)
    ...     loader = ImageLoader((32, 32), cache_dir=os.path.join(folder, "cache"))
    ...     first = loader.transform(lesions.data)
    ...     again = loader.transform(lesions.data)
    ...     n_images = loader.cache_info().n_images
    ...     loader.clear_cache()
    >>> n_images, bool((first == again).all())
    (30, True)
    """

    _parameter_constraints = {
        "image_size": "no_validation",  # our message says more
        "resize": [StrOptions({"crop", "pad", "stretch"})],
        "n_jobs": [Integral, None],
        "on_error": [StrOptions({"raise", "warn"})],
        "preprocess": [ImageTransformer, Pipeline, list, tuple, None],
        "cache_dir": [str, os.PathLike, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        image_size=(224, 224),
        *,
        resize="crop",
        n_jobs=-1,
        on_error="raise",
        preprocess=None,
        cache_dir=None,
        verbose=0,
    ):
        self.image_size = image_size
        self.resize = resize
        self.n_jobs = n_jobs
        self.on_error = on_error
        self.preprocess = preprocess
        self.cache_dir = cache_dir
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters and the form of `X`. No file is read.

        Parameters
        ----------
        X : array-like of shape (n, 1) or (n,), of str or os.PathLike
            Paths: an array, a list, a Series or a one-column DataFrame.

        y : None
            Ignored.

        Returns
        -------
        self : ImageLoader
            The loader itself.

        Raises
        ------
        ValueError
            If a parameter has an invalid value, or if `X` is empty or of another shape.
        TypeError
            If `X` holds images or other values that are not paths.
        """
        self._check(X, reset=True)
        self.n_features_in_ = 1
        return self

    def transform(self, X):
        """Read the images.

        Parameters
        ----------
        X : array-like of shape (n, 1) or (n,), of str or os.PathLike
            Paths: an array, a list, a Series or a one-column DataFrame.

        Returns
        -------
        images : ndarray of shape (n, height, width, 3), uint8
            RGB pixels from 0 to 255, in the order of `X`.

        Raises
        ------
        FileNotFoundError
            If a path does not exist, or is a folder.
        OSError
            If the cache cannot be opened, or is damaged.
        ValueError
            If a file cannot be read as an image and `on_error="raise"`. The message names the first
            such file in `X`, whatever `n_jobs` is. Also if a parameter has an invalid value, or if
            `X` is empty or of another shape.
        TypeError
            If `X` holds images or other values that are not paths.
        MemoryError
            If the pixels of a file take more memory than is available. The message names the file.
        """
        self._validate_params()
        paths, image_size, preprocessing = self._check(X, reset=False)
        check_files_exist(paths)
        cache = None
        if self.cache_dir is not None:
            cache = ImageCache(self.cache_dir, image_size, self.resize, preprocessing)

        images = np.empty((len(paths), *image_size, 3), dtype=np.uint8)
        missing = range(len(paths))
        if cache is not None:
            # In this thread: starting threads takes longer than reading a batch from the cache.
            missing = cache.find_all(paths, images)
        failures = {}
        n_threads = count_threads(self.n_jobs)
        share = len(missing) // (_BATCHES_OF_THREAD * max(n_threads, 1))
        size = min(max(share, 1), _BATCH_SIZE)
        batches = [missing[start : start + size] for start in range(0, len(missing), size)]
        if len(batches) == 1:
            n_threads = 0  # one batch is not worth a thread

        def read(batch):
            return self._read_batch(paths, images, batch, cache, preprocessing)

        with (
            ReadAhead(read, batches, n_threads) as results,
            tqdm(total=len(paths), unit=" images", disable=not self.verbose) as progress,
        ):
            progress.update(len(paths) - len(missing))
            for batch, batch_failures in zip(batches, results, strict=True):
                failures |= batch_failures
                if failures and self.on_error == "raise":
                    break  # results arrive in order, so this is the first unreadable file
                progress.update(len(batch))
        if failures and self.on_error == "raise":
            error = next(iter(failures.values()))
            raise ValueError(
                f"{error} Replace the file, leave it out, or pass on_error='warn' to get a black"
                " image in its place."
            ) from error.__cause__
        if cache is not None and cache.store.problem is not None:
            warnings.warn(
                f"The cache in cache_dir={self.cache_dir!r} fails: {cache.store.problem}. Images"
                " that are not in the cache are decoded each time. Free space if its disk is full,"
                " end the program that locks it, or pass cache_dir=None.",
                stacklevel=2,
            )
        if failures:
            self._tell_of(
                [(str(paths[row]), failures[row]) for row in sorted(failures)], len(paths)
            )
        return images

    def _tell_of(self, failures, n_images):
        """Warn of files that cannot be read: pairs of their paths and errors, in order."""
        named = " ".join(str(error) for _, error in failures[:_N_FAILURES_NAMED])
        n_more = len(failures) - _N_FAILURES_NAMED
        more = f" And {n_more} more." if n_more > 0 else ""
        warn_caller(
            f"{len(failures)} of {n_images} images cannot be read and are black. {named}{more}"
        )

    def cache_info(self):
        """Return the folder, the number of images and the size of the cache.

        Returns
        -------
        info : CacheInfo
            A named tuple: `path`, the folder of the cache; `n_images`, the number of images in it,
            including those of loaders with other parameters; `n_bytes`, its size on disk.

        Raises
        ------
        ValueError
            If `cache_dir` is None.
        OSError
            If the cache cannot be opened.
        """
        return self._open_cache().store.info()

    def clear_cache(self):
        """Delete all images in `cache_dir`, including those of loaders with other parameters.

        Other processes may continue to use the cache: they decode and store images again. On a full
        disk, SQLite cannot delete them: delete the folder that :meth:`cache_info` names.

        Raises
        ------
        ValueError
            If `cache_dir` is None.
        OSError
            If the cache cannot be opened or written.
        """
        self._open_cache().store.clear()

    def _open_cache(self):
        self._validate_params()
        if self.cache_dir is None:
            raise ValueError(
                "cache_dir is None, so this loader has no cache. Expected a folder. Pass"
                " ImageLoader(cache_dir=...)."
            )
        return ImageCache(
            self.cache_dir,
            check_image_size(self.image_size),
            self.resize,
            Preprocessing(self.preprocess),
        )

    def _check(self, X, *, reset):
        image_size = check_image_size(self.image_size)
        preprocessing = Preprocessing(self.preprocess)
        check_rows(X, expected=PATHS_EXPECTED)
        if not are_paths(X) and holds_arrays(X):
            raise TypeError(
                "X holds arrays: these images are loaded already. Expected paths. Leave out"
                " ImageLoader and pass the images to the next step."
            )
        paths = check_paths(X)
        if reset or hasattr(self, "n_features_in_"):
            check_feature_names(self, X, reset=reset)
        return paths, image_size, preprocessing

    def _read_batch(self, paths, images, rows, cache, preprocessing):
        failures = {}
        for row in rows:
            path = str(paths[row])
            try:
                if cache is None:
                    images[row] = read_image(path, images.shape[1:3], self.resize, preprocessing)
                else:
                    cache.fetch(path, images[row])
            except UnreadableImageError as error:
                failures[row] = error
                if self.on_error == "raise":
                    break
                images[row] = 0
        return failures

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        # The loader takes columns of paths, but this tag means columns of numbers.
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags
